"""One script per Windows VM, the counterpart of `plugins.gather.script`, which draws the frames that both send."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from plugins.checks.probe import ProbeCommand
from plugins.checks.quoting import ps
from plugins.gather.script import OVERHEAD, VmScript
from plugins.gather.windows_command import COMMAND, pack

__all__ = ["STARTUP", "compile_script", "source"]

#: Seconds that PowerShell may need until the first probe runs: it is started cold, and twice.
STARTUP = 15.0


@cache
def _engine() -> str:
    text = Path(__file__).with_name("engine.ps1").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def source(probes: Sequence[ProbeCommand], nonce: str) -> str:
    """The PowerShell text that runs `probes`."""
    rows = "\n".join(_row(index, each) for index, each in enumerate(probes, 1))
    return f"$nonce = {ps(nonce)}\n$probes = @(\n{rows}\n)\n{_engine()}\n"


def _row(index: int, planned: ProbeCommand) -> str:
    root = "$true" if planned.root else "$false"
    return (
        f"@{{ index = {index}; limit = {planned.timeout:g}; cap = {planned.cap}; root = {root}; "
        f"code = {ps(planned.command)} }}"
    )


def compile_script(probes: Sequence[ProbeCommand], nonce: str | None = None) -> VmScript:
    """The script that runs `probes` on one Windows VM; `nonce` is for tests."""
    nonce = nonce or f"NEXUS{secrets.token_hex(16)}"
    limit = max((probe.timeout for probe in probes), default=0.0) + OVERHEAD + STARTUP
    return VmScript(pack(source(probes, nonce)), COMMAND, nonce, tuple(probes), limit, crlf=True)
