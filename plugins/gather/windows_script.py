"""One script per Windows VM, the counterpart of `plugins.gather.script`, which draws the frames that both send."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from plugins.checks.probe import Planned
from plugins.checks.quoting import ps
from plugins.gather.script import OVERHEAD, Batch
from plugins.gather.windows_command import COMMAND, pack

__all__ = ["STARTUP", "compile_batch", "source"]

#: Seconds that PowerShell may need until the first probe runs: it is started cold, and twice.
STARTUP = 15.0


@cache
def _engine() -> str:
    text = Path(__file__).with_name("engine.ps1").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def source(probes: Sequence[Planned], nonce: str) -> str:
    """The PowerShell text that runs `probes`."""
    rows = "\n".join(_row(index, each) for index, each in enumerate(probes, 1))
    return f"$nonce = {ps(nonce)}\n$probes = @(\n{rows}\n)\n{_engine()}\n"


def _row(index: int, planned: Planned) -> str:
    root = "$true" if planned.root else "$false"
    return (
        f"@{{ index = {index}; limit = {planned.timeout:g}; cap = {planned.cap}; root = {root}; "
        f"code = {ps(planned.command)} }}"
    )


def compile_batch(probes: Sequence[Planned], nonce: str | None = None) -> Batch:
    """The script that runs `probes` on one Windows VM; `nonce` is for tests."""
    nonce = nonce or f"NEXUS{secrets.token_hex(16)}"
    limit = max((each.timeout for each in probes), default=0.0) + OVERHEAD + STARTUP
    return Batch(pack(source(probes, nonce)), COMMAND, nonce, tuple(probes), limit, crlf=True)
