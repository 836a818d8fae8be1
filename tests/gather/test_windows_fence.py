"""The engine for Windows VMs isolates probes: a failure with one does not cost others their frames, and no value that a
probe can change is trusted. On a real PowerShell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.powershell import needs_pwsh, probe, run

pytestmark = needs_pwsh

#: It ends before its last statement, and appending the error to its stderr fails.
BROKEN = (
    "$field = $STREAM.GetType().GetField('m_ChunkChars', [Reflection.BindingFlags]'Instance, NonPublic'); "
    "'a'; $field.SetValue($STREAM, $null); break"
)
#: Its status is an object whose text comes from the probe's own code.
STATUS = "class Status {{ [string] ToString() {{ {body} }} }}; 'a'; $global:LASTEXITCODE = [Status]::new()"


def test_a_failure_in_what_is_done_for_one_probe_costs_no_other_its_frame() -> None:
    answers = run(
        probe("'before'", key="before"),
        probe(BROKEN.replace("STREAM", "err"), key="stderr"),
        probe(BROKEN.replace("STREAM", "out"), key="stdout"),
        probe("'after'", key="after"),
    )
    for key in ("before", "after"):
        assert (answers[key].state, answers[key].exit, answers[key].stdout) == ("done", 0, f"{key}\n")
        assert not answers[key].stderr
    stderr = answers["stderr"]
    assert (stderr.state, stderr.exit, stderr.stdout) == ("done", 1, "a\n")
    assert stderr.stderr.startswith("the engine failed: ")
    stdout = answers["stdout"]
    assert (stdout.state, stdout.exit, stdout.stdout) == ("done", 1, "")


@pytest.mark.parametrize(
    "body", ["throw 'x'", "[Threading.Thread]::Sleep(3600000); return '7'"], ids=["fails", "waits"]
)
def test_no_code_of_a_probe_runs_for_its_status(body: str) -> None:
    answers = run(probe(STATUS.format(body=body), key="status"), probe("'b'", key="b"))
    status = answers["status"]
    assert (status.state, status.exit, status.stdout, status.stderr) == ("done", 1, "a\n", "")
    assert (answers["b"].exit, answers["b"].stdout) == (0, "b\n")


def test_the_time_of_a_probe_ends_with_its_text(tmp_path: Path) -> None:
    """PowerShell reports the end of this probe three seconds later, and its frame is later still."""
    late = f"""
$type = [Linq.Expressions.Expression]
$now = $type::Call($type::Call([Diagnostics.Stopwatch], 'GetTimestamp', $null), 'ToString', $null)
$line = $type::Call($now, 'PadLeft', $null, $type::Constant(30))
$write = $type::Call([IO.File], 'AppendAllText', $null, $type::Constant('{tmp_path}/ends'), $line)
$wait = $type::Call([Threading.Thread], 'Sleep', $null, $type::Constant(3000))
$arguments = [Management.Automation.Runspaces.RunspaceAvailabilityEventArgs]
$parameters = [Linq.Expressions.ParameterExpression[]]@($type::Parameter([object]), $type::Parameter($arguments))
$body = $type::Block([Linq.Expressions.Expression[]]@($write, $wait))
$handler = $type::Lambda([EventHandler[Management.Automation.Runspaces.RunspaceAvailabilityEventArgs]], $body, $parameters)
[Management.Automation.Runspaces.Runspace]::DefaultRunspace.add_AvailabilityChanged($handler.Compile())
"$($box.begin) $([Diagnostics.Stopwatch]::Frequency)"
"""
    answer = run(probe(late, key="late"))["late"]
    begin, frequency = map(int, answer.stdout.split())
    end = int((tmp_path / "ends").read_text().split()[0])
    # Both times in a frame are rounded to 0.01 s.
    assert answer.seconds <= (end - begin) / frequency + 0.02
