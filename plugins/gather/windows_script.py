"""One script per Windows VM, the counterpart of `plugins.gather.script`, which draws the frames that both send."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from plugins.checks.probe import ProbeCommand
from plugins.checks.quoting import ps
from plugins.gather.script import OVERHEAD, VmScript, file_text
from plugins.gather.windows_command import ADVICE, COMMAND, pack

#: Seconds that PowerShell may need until the first probe runs: two cold starts.
STARTUP = 15.0

#: Seconds before its limit at which a script stops running probes, so that all frames arrive in time.
_SENDING = 3.0


def source(probes: Sequence[ProbeCommand], nonce: str) -> str:
    """The PowerShell text that runs `probes`, those with the longest limit first."""
    longest_first = sorted(enumerate(probes, 1), key=lambda probe: -probe[1].timeout)
    rows = "\n".join(_row(index, probe) for index, probe in longest_first)
    engine = f"$runner = {{\n{file_text('probe.ps1')}\n}}.ToString()\n{file_text('engine.ps1')}"
    return f"$nonce = {ps(nonce)}\n$deadline = {_limit(probes) - _SENDING:g}\n$probes = @(\n{rows}\n)\n{engine}\n"


def _limit(probes: Sequence[ProbeCommand]) -> float:
    return max((probe.timeout for probe in probes), default=0.0) + OVERHEAD + STARTUP


def _row(index: int, planned: ProbeCommand) -> str:
    root = "$true" if planned.root else "$false"
    return (
        f"@{{ index = {index}; limit = {planned.timeout:g}; cap = {planned.cap}; root = {root}; "
        f"code = {ps(planned.command)} }}"
    )


def compile_script(probes: Sequence[ProbeCommand], nonce: str | None = None) -> VmScript:
    """The script that runs `probes` on one Windows VM; `nonce` is for tests."""
    nonce = nonce or f"NEXUS{secrets.token_hex(16)}"
    script = pack(source(probes, nonce))
    return VmScript(script, COMMAND, ADVICE, nonce, tuple(probes), _limit(probes), crlf=True)
