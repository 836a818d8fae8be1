"""Every probe for Windows on a real PowerShell.

PowerShell for Linux has no registry, no services and no curl.exe, so a probe's output differs from that on Windows. The
tests show that PowerShell accepts the text, that the text ends, and that each failure has its own frame.
"""

from __future__ import annotations

from plugins.gather.support_logs import probes as support_probes
from tests.support.powershell import PROGRAMS, needs_pwsh, run
from tests.support.powershell_grammar import PLANNED, VM

pytestmark = needs_pwsh


def test_every_probe_runs_on_it() -> None:
    everything = [*PLANNED.values(), *support_probes(VM)]
    answers = run(*everything)
    assert answers.keys() == {probe.key for probe in everything}
    for key, answer in answers.items():
        assert answer.state in ("done", "no tool", "no root", "timed out"), (key, answer)
        assert "did not reach its end" not in answer.stderr, (key, answer)
        assert "ParserError" not in answer.stderr and "is not recognized as" not in answer.stderr, (key, answer)
    for key, probe in PLANNED.items():
        if "Invoke-Tool 'curl.exe'" in probe.command and "catch" not in probe.command and not PROGRAMS:
            assert (answers[probe.key].state, answers[probe.key].stderr) == ("no tool", "curl.exe"), key
