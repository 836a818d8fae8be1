"""The engine for Windows VMs and its bootstrap on a real PowerShell: what plugins/gather/engine.ps1 and probe.ps1
promise.

A PowerShell for Linux runs it here; the programs are sh's. Its promises are those of docs/engine.md.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from plugins.checks.quoting import tool
from plugins.gather.windows_command import INCOMPLETE, STOPPED, pack
from plugins.gather.windows_script import compile_script, source
from plugins.model import ProbeResult
from tests.gather.kinds import KINDS, Kind
from tests.support.powershell import KILLED, PROGRAMS, SH, SLEEP, Run, needs_pwsh, probe, run, start

pytestmark = needs_pwsh


def sh(text: str) -> str:
    return tool(SH, "-c", text)


def forks(mark: str) -> str:
    """A program that keeps starting children, each with a child; all have `mark` among their arguments."""
    if PROGRAMS:
        return tool(f"Z:{PROGRAMS}/forks.exe", mark)
    return tool(SH, "-c", f"while :; do ({SLEEP} {mark} & {SLEEP} {mark}) & sleep 0.1; done", mark)


UTF16 = "größer".encode("utf-16-le")

#: text -> state, exit status, stdout, a part of stderr.
CASES: dict[str, tuple[str, int | None, str, str]] = {
    "'hello'": ("done", 0, "hello\n", ""),
    "return": ("done", 0, "", ""),
    "foreach ($i in 1..3) { $i; if ($i -eq 2) { break } }": ("done", 0, "1\n2\n", ""),
    # A text that does not reach its end does not have status 0.
    "'a'; break": ("done", 1, "a\n", "did not reach its end"),
    "'b'; continue": ("done", 1, "b\n", "did not reach its end"),
    "'c'; break outer": ("done", 1, "c\n", "did not reach its end"),
    "'d'; exit": ("done", 1, "d\n", "did not reach its end"),
    "'e'; exit 0": ("done", 1, "e\n", "did not reach its end"),
    "exit 7": ("done", 7, "", ""),
    "'f'; exit -1073741510; 'no'": ("done", -1073741510, "f\n", ""),
    "exit '7'; 'no'": ("done", 7, "", ""),
    "exit 'no'": ("done", 1, "", "did not reach its end"),
    "try { exit 7 } catch { 'no' } finally { 'f' }": ("done", 7, "f\n", ""),
    "'f'; throw 'x'": ("done", 1, "f\n", "x"),
    "if (": ("done", 1, "", "if ("),
    "[int]'no'; 'g'": ("done", 1, "", "no"),
    # A status that is not a number.
    "$global:LASTEXITCODE = 'abc'": ("done", 1, "", ""),
    "$global:LASTEXITCODE = $null": ("done", 1, "", ""),
    "$global:LASTEXITCODE = @(1, 2)": ("done", 1, "", ""),
    "$global:LASTEXITCODE = 4294967295": ("done", 1, "", ""),
    "$global:LASTEXITCODE = -1073741510": ("done", -1073741510, "", ""),
    sh("echo x >&2; exit 7"): ("done", 7, "", "x\n"),
    # Only the program of the error that ended the text counts as missing.
    tool("nope.exe"): ("no tool", None, "", "nope.exe"),
    f"try {{ {tool('nope.exe')} }} catch {{ }}; throw 'y'": ("done", 1, "", "y"),
    f"try {{ {tool('nope.exe')} }} catch {{ 'caught' }}": ("done", 0, "caught\n", ""),
    tool("/etc/passwd"): ("done", 126, "", "/etc/passwd"),
    # Names that the engine also uses.
    f"$err = 5; $out = 6; $cap = 'x'; $box = 1; $code = 2; $clock = 3; $info = 4; {sh('echo h')}": ("done", 0, "h\n", ""),
    f"$slot = $null; {sh('echo i')}": ("done", 0, "i\n", ""),
    "function Add-Output { throw 'mine' }; 'j'": ("done", 0, "j\n", ""),
    "function global:Add-Output { throw 'mine' }; 'aa'": ("done", 0, "aa\n", ""),
    "${alias:Add-Output} = 'nope'; ${alias:ForEach-Object} = 'nope'; 'ab'": ("done", 0, "ab\n", ""),
    f"function global:Get-Text {{ 'mine' }}; ${{alias:Get-Text}} = 'nope'; {sh('echo ac')}": ("done", 0, "ac\n", ""),
    "$ExecutionContext.InvokeCommand.PreCommandLookupAction = { throw 'x' }; 'ad'": ("done", 0, "ad\n", ""),
    "$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; 'ae'": ("done", 0, "ae\n", ""),
    "[Environment]::ExitCode = 9; 'af'": ("done", 0, "af\n", ""),
    # Output to the console is discarded.
    "[Console]::Out.WriteLine('zz'); [Console]::Error.WriteLine('zz'); [Console]::WriteLine('zz'); 'k'": ("done", 0, "k\n", ""),
    "\"<$([Console]::In.ReadLine())$([Console]::ReadLine())>\"": ("done", 0, "<>\n", ""),
    # Its changes do not affect programs.
    "$env:PATH = ''; $env:NEXUS_X = 1; [Environment]::CurrentDirectory = '/proc'; "
    + tool(Path(SH).name, "-c", "[ $PWD = /proc ]; echo $? \"<$NEXUS_X>\""): ("done", 0, "1 <>\n", ""),
    "Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'; 'l'": ("done", 0, "l\n", ""),
    "Set-StrictMode -Version Latest; $nothing; 'm'": ("done", 1, "", "$nothing"),
    "[Threading.Thread]::CurrentThread.CurrentCulture = 'de-DE'; [string]1.5": ("done", 0, "1.5\n", ""),
    "$global:PSDefaultParameterValues['*:Process'] = { 'mine' }; 'n'": ("done", 0, "n\n", ""),
    "${function:global:ForEach-Object} = { 'mine' }; 'o'": ("done", 0, "o\n", ""),
    "$OFS = ','; [Console]::OutputEncoding = [Text.Encoding]::Unicode; 'ö'": ("done", 0, "ö\n", ""),
    "$Host.SetShouldExit(3); $Host.UI.WriteLine('zz'); $Host.UI.WriteErrorLine('zz'); 'p'": ("done", 0, "p\n", ""),
    "'q' | Out-Host; 'r' | Out-Default; 's'": ("done", 0, "s\n", ""),
    # More ends.
    "": ("done", 0, "", ""),
    "# nothing": ("done", 0, "", ""),
    "function f { exit 3 }; 't'; f; 'no'": ("done", 3, "t\n", ""),
    "'u'; { exit 3 }.Invoke(); 'no'": ("done", 3, "u\n", ""),
    "throw [Management.Automation.PipelineStoppedException]::new()": ("done", 1, "", "did not reach its end"),
    "trap { 'trapped'; continue }; throw 'x'; 'v'": ("done", 0, "trapped\nv\n", ""),
    "trap { 'trapped'; break }; throw 'x'; 'v'": ("done", 1, "trapped\n", "x"),
    "try { throw 'x' } finally { 'w' }": ("done", 1, "w\n", "x"),
    "function g([Parameter(Mandatory)] $x) { $x }; g; 'x'": ("done", 1, "", "x"),
    "$x = @($input).Count; \"y$x\"": ("done", 0, "y0\n", ""),
    "[void][Threading.Tasks.Task]::Delay(60000); 'z'": ("done", 0, "z\n", ""),
    "$p = [PowerShell]::Create().AddScript('while (1) { }'); [void]$p.BeginInvoke(); 'A'": ("done", 0, "A\n", ""),
    sh("kill -9 $$"): ("done", KILLED, "", ""),
    f"{sh('exit 4')}; {sh('echo B')}": ("done", 0, "B\n", ""),
    f"{sh('echo C')}; {sh('exit 4')}": ("done", 4, "C\n", ""),
    sh("cat; echo D"): ("done", 0, "D\n", ""),
    "try { exit 5 } finally { 'ag' }": ("done", 5, "ag\n", ""),
    "try { throw 'x' } finally { exit 6 }": ("done", 6, "", ""),
    "trap { continue }; exit 4; 'no'": ("done", 4, "", ""),
    "$x = $(exit 3); 'no'": ("done", 3, "", ""),
    "1..3 | ForEach-Object { if ($_ -eq 2) { break }; $_ }; 'no'": ("done", 1, "1\n", "did not reach its end"),
    "[Management.Automation.Runspaces.Runspace]::DefaultRunspace = $null; 'ah'": ("done", 0, "ah\n", ""),
    "}": ("done", 1, "", "}"),
    # Changes to the whole process.
    "$t = [Threading.Thread]::new([Threading.ThreadStart]{ throw 'x' }); $t.Start(); [void]$t.Join(500); 'ai'": ("done", 0, "ai\n", ""),
    "[Console]::OpenStandardOutput().Close(); [Console]::OpenStandardInput().Close(); 'aj'": ("done", 0, "aj\n", ""),
    "[Console]::SetOut([IO.StreamWriter]::new([Console]::OpenStandardOutput())); 'ak'": ("done", 0, "ak\n", ""),
    "$order.stopped = $null; $copy = $null; [void]$out.Append('al'); [void][Threading.Monitor]::TryEnter($box.SyncRoot)": ("done", 0, "al", ""),
    "[Globalization.CultureInfo]::DefaultThreadCurrentCulture = 'de-DE'; 'am'": ("done", 0, "am\n", ""),
    "'unclosed": ("done", 1, "", "unclosed"),
    "@'\nhere": ("done", 1, "", "terminator"),
    "class A { [int]$x = 3 }; [A]::new().x": ("done", 0, "3\n", ""),
    "using namespace System.Text\n[StringBuilder]::new().Length": ("done", 0, "0\n", ""),
    # Characters.
    "'a' + [char]0 + 'b'": ("done", 0, "a\0b\n", ""),
    "\"a`rb`r`nc\"": ("done", 0, "a\rb\nc\n", ""),
    "[string][char]0xd800": ("done", 0, "\ufffd\n", ""),
    "'\U0001f600'": ("done", 0, "\U0001f600\n", ""),
    "$null; @{ a = 1 }; 1, 2": ("done", 0, "\nSystem.Collections.Hashtable\n1\n2\n", ""),
    sh("printf '\\n\\n\\n'"): ("done", 0, "\n\n\n", ""),
    sh("printf '\\376\\377\\000a\\000b'"): ("done", 0, "ab\n", ""),
    # Encodings.
    sh("printf 'gr\\303\\266\\303\\237er'"): ("done", 0, "größer\n", ""),
    sh("printf '\\357\\273\\277l'"): ("done", 0, "l\n", ""),
    sh("printf '\\377\\376" + "".join(f"\\{byte:03o}" for byte in UTF16) + "'"): ("done", 0, "größer\n", ""),
    sh("printf '" + "".join(f"\\{byte:03o}" for byte in UTF16) + "'"): ("done", 0, "größer\n", ""),
    sh("printf 'gr\\224\\341er'"): ("done", 0, "größer\n", ""),  # code page 437
}  # fmt: skip


@pytest.fixture(scope="module")
def answers() -> dict[str, ProbeResult]:
    shared = (
        probe(kind.windows, key=kind.name, limit=6 if kind.answer[0] == "timed out" else 200)
        for kind in KINDS
        if kind.windows is not None
    )
    return run(*(probe(text) for text in CASES), *shared)


@pytest.mark.parametrize("text", CASES)
def test_a_probe(answers: dict[str, ProbeResult], text: str) -> None:
    answer = answers[text]
    state, status, stdout, part = CASES[text]
    assert (answer.state, answer.exit, answer.stdout) == (state, status, stdout), answer
    assert part in answer.stderr and bool(part) == bool(answer.stderr)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.windows is not None], ids=lambda kind: kind.name)
def test_a_kind_that_both_engines_know(answers: dict[str, ProbeResult], kind: Kind) -> None:
    state, status, stdout = kind.answer
    answer = answers[kind.name]
    assert answer.state == state
    assert status is None or answer.exit in (status if isinstance(status, frozenset) else {status})
    assert stdout is None or answer.stdout == stdout


def test_limits() -> None:
    """A late probe has a frame with its program's output, its process tree is killed, and it starts nothing more."""
    mark = f"300.{os.getpid()}"
    tree = sh(f"echo part; ({SLEEP} {mark} & {SLEEP} {mark}); echo later")
    answers = run(
        probe(f"{tree}; {sh('echo second')}", limit=4, key="tree"),
        probe(f"try {{ {tree} }} catch {{ }}; {sh('echo second')}", limit=4, key="goes on"),
        probe(f"'forks'; {forks(mark)}", limit=4, key="forks"),
        probe("'said'; while ($true) { }", limit=4, key="busy"),
        probe(f"& {SLEEP} {mark}", limit=4, key="without Invoke-Tool"),
        probe("[Threading.Monitor]::Enter([Console]::Out); [Threading.Thread]::Sleep(60000)", limit=4, key="deaf"),
        probe("'x' * 4097", key="one too many"),
        probe("'x' * 4095", key="exactly"),
        probe("[string][char]0x20ac * 3000", key="characters"),
        probe(sh("yes"), key="endless"),
        probe(sh("cat /dev/zero"), key="zeros"),
        probe("while ($true) { 'y' * 1000 }", limit=4, key="endless text"),
        probe("'w'", key="well"),
    )
    for key in ("tree", "goes on"):
        assert (answers[key].state, answers[key].stdout) == ("timed out", "part\n")
    assert (answers["busy"].state, answers["busy"].stdout) == ("timed out", "said\n")
    assert (answers["forks"].state, answers["forks"].stdout) == ("timed out", "forks\n")
    assert answers["deaf"].state == answers["without Invoke-Tool"].state == "timed out"
    assert [(answers[key].truncated, len(answers[key].stdout)) for key in ("one too many", "exactly")] == [
        (True, 4096),
        (False, 4096),
    ]
    assert answers["characters"].truncated and set(answers["characters"].stdout) <= {"€"}
    for key in ("endless", "zeros"):
        assert answers[key].truncated and answers[key].exit != 0
    assert answers["endless text"].truncated and answers["endless text"].state == "timed out"
    assert (answers["well"].state, answers["well"].stdout) == ("done", "w\n")
    assert not alive(mark)


def alive(mark: str) -> list[str]:
    """The processes of this machine with a word in their arguments."""
    rows = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes().split(b"\0")
        except OSError:
            continue
        if mark.encode() in words:
            rows.append(str(process))
    return rows


def test_only_so_many_programs_run_at_a_time_and_each_has_its_own_time() -> None:
    text = sh("date +%s%N; sleep 6; date +%s%N")
    answers = run(*(probe(text, key=str(index)) for index in range(22)))
    assert {(answer.state, answer.exit) for answer in answers.values()} == {("done", 0)}
    spans = [tuple(map(int, answer.stdout.split())) for answer in answers.values()]
    together = [sum(begin <= at < end for begin, end in spans) for at, _ in spans]
    assert 1 < max(together) <= 16


def test_no_probe_reaches_another_or_the_engine() -> None:
    hostile = (
        "$global:nonce = 'x'; $slot.cap = 9; $box.status = 0; $box.begin = 'x'; $box.end = -1; $box.whole = 'x'; "
        "$script:left = @(); $global:probes = $null; $ErrorActionPreference = 'Stop'; 'a'"
    )
    answers = run(
        probe(hostile, key="hostile"), probe("$global:shared = 1; 'b'", key="b"), probe("[string]$shared", key="c")
    )
    assert [answers[key].stdout for key in ("hostile", "b", "c")] == ["a\n", "b\n", "\n"]
    assert {answer.state for answer in answers.values()} == {"done"}


@pytest.mark.parametrize("status", [0, 7])
def test_a_probe_that_ends_powershell_costs_no_other(status: int) -> None:
    """On .NET; .NET Framework waits for only two seconds (docs/windows.md)."""
    text = f"'a'; [Environment]::Exit({status}); 'no'"
    answers = run(
        probe(text, key="ends", limit=6),
        *(probe(f"{sh('sleep 3')}; 'b'", key=str(index)) for index in range(8)),
        probe("'c'", key="quick"),
    )
    others = [answer for key, answer in answers.items() if key.isdecimal()]
    assert {(answer.state, answer.exit, answer.stdout) for answer in others} == {("done", 0, "b\n")}
    assert answers["quick"].stdout == "c\n"
    assert (answers["ends"].state, answers["ends"].stdout) == ("timed out", "a\n")


@pytest.mark.parametrize(
    "text",
    ["[Environment]::FailFast('x')", "[Diagnostics.Process]::GetCurrentProcess().Kill()"],
    ids=["FailFast", "Kill"],
)
def test_a_probe_that_kills_powershell_costs_no_answer_that_came_before(text: str, tmp_path: Path) -> None:
    wait = sh(f"until [ -e {tmp_path}/now ]; do sleep 0.1; done")
    begun = start([probe("'a'", key="quick"), probe(f"{wait}; {text}", key="kills")])
    begun.read("quick")
    (tmp_path / "now").touch()
    begun.read()
    begun.process.wait(200)
    assert not begun.decoder.complete
    assert {key: (result.state, result.stdout) for key, result in begun.decoder.results.items()} == {
        "quick": ("done", "a\n")
    }


def test_a_probe_that_holds_the_engine_up_costs_no_answer_that_came_before(tmp_path: Path) -> None:
    """It uses up the thread pool, without which no runspace is made and no probe starts."""
    now = tmp_path / "now"
    begin = f"[IO.File]::WriteAllText('{tmp_path}/INDEX', ''); "
    wait = f"{begin}while (-not [IO.FileInfo]::new('{now}').Exists) {{ [Threading.Thread]::Sleep(50) }}; 'b'"
    sleep = (
        "[Linq.Expressions.Expression]::Lambda([Action], [Linq.Expressions.Expression]::Call([Threading.Thread], "
        "'Sleep', $null, [Linq.Expressions.Expression]::Constant(-1))).Compile()"
    )
    hold = (
        f"while ([IO.Directory]::GetFiles('{tmp_path}').Length -lt 2) {{ [Threading.Thread]::Sleep(50) }}; "
        f"[void][Threading.ThreadPool]::SetMinThreads(1, 1); [void][Threading.ThreadPool]::SetMaxThreads(2, 2); "
        f"foreach ($i in 1..40) {{ [void][Threading.Tasks.Task]::Run([Action]({sleep})) }}; "
        f"[IO.File]::WriteAllText('{now}', ''); 'a'"
    )
    # More probes than run in parallel, none of which ends before.
    probes = [
        probe(hold, key="holds"),
        *(probe(wait.replace("INDEX", str(index)), key=str(index), limit=190) for index in range(4)),
    ]
    text, deadlines = re.subn(r"(?m)^\$deadline = \d+$", "$deadline = 30", source(probes, "N0NCE"))
    text, limits = re.subn(r"(?m)^\$together = 16$", "$together = 3", text)
    assert (deadlines, limits) == (1, 1)
    begun = Run(replace(compile_script(probes, nonce="N0NCE"), script=pack(text)))
    begun.read()
    # PowerShell kills itself if its exit hangs, too.
    killed = 255 if PROGRAMS else -signal.SIGKILL
    assert begun.process.wait(200) in (STOPPED, killed) and not begun.decoder.complete
    assert {key: result.stdout for key, result in begun.decoder.results.items()} == {
        "holds": "a\n",
        **{str(index): "b\n" for index in range(2)},
    }


def test_a_probe_that_keeps_powershell_from_its_exit() -> None:
    text = (
        "$type = [Linq.Expressions.Expression]; $arguments = [Linq.Expressions.ParameterExpression[]]@($type::Parameter("
        "[object]), $type::Parameter([EventArgs])); $wait = $type::Call([Threading.Thread], 'Sleep', $null, "
        "$type::Constant(-1)); [AppDomain]::CurrentDomain.add_ProcessExit($type::Lambda([EventHandler], $wait, "
        "$arguments).Compile()); 'a'"
    )
    begun = start([probe(text, key="a")])
    begun.read()
    assert begun.decoder.complete and begun.decoder.results["a"].stdout == "a\n"
    begun.hang_up()


def test_what_a_probe_writes_to_stdout_by_itself_is_in_no_frame() -> None:
    text = "$all = [Console]::OpenStandardOutput(); $all.Write([byte[]](110, 111), 0, 2); $all.Flush(); 'a'"
    answers = run(*(probe(text, key=str(index)) for index in range(4)))
    assert {answer.stdout for answer in answers.values()} == {"a\n"}


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 200
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_an_end_of_stdin_stops_engine_and_programs() -> None:
    mark, more = f"301.{os.getpid()}", f"304.{os.getpid()}"
    texts = [*(sh(f"{SLEEP} {mark} & {SLEEP} {mark}") for _ in range(4)), f"& {SLEEP} {mark}", *[forks(more)] * 4]
    begun = start([probe(text, limit=280, key=str(index)) for index, text in enumerate(texts)])
    begun.read("hello")
    wait_for(lambda: len(alive(mark)) >= 9 and len(alive(more)) >= 30)
    begun.hang_up()  # a list of the processes lacks those that these forks start in the meantime
    wait_for(lambda: not alive(mark) and not alive(more))


def test_a_stdin_that_has_ended_before_the_engine_starts_stops_nothing() -> None:
    begun = start([probe("'a'", key="a")])
    assert begun.process.stdin is not None
    begun.process.stdin.close()
    begun.read()
    assert begun.decoder.results["a"].stdout == "a\n"


def test_a_client_that_does_not_read_delays_no_limit() -> None:
    mark = f"303.{os.getpid()}"
    texts = [f"'x' * 60000; {sh(f'{SLEEP} {mark}')}", *(f"'{key}' * 60000" for key in "abcdef")]
    begun = start([probe(text, limit=200 if index else 5, cap=65_536) for index, text in enumerate(texts)])
    wait_for(lambda: bool(alive(mark)))
    wait_for(lambda: not alive(mark))
    begun.read()
    assert begun.hang_up() == 0
    states = [(begun.decoder.results[text].state, len(begun.decoder.results[text].stdout)) for text in texts]
    assert states == [("timed out", 60_001), *[("done", 60_001)] * 6]


WHOLE = pack(source([probe("'x'")], "N0NCE"))
DAMAGED = {
    "no end": (WHOLE.rpartition(b". ")[0], "and not the last one"),
    "nothing": (b"", "0 lines came on stdin"),
    "a line is missing": (WHOLE.partition(b"\n")[2], "what came on stdin has another length"),
    "a byte is another": ((b"A" if WHOLE[:1] != b"A" else b"B") + WHOLE[1:], "another SHA-256"),
    "something else": (b"%%%\n" + WHOLE, "not base64"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_half_a_script_is_not_run(name: str) -> None:
    feed, words = DAMAGED[name]
    begun = start([probe("'x'")], feed)
    assert begun.process.stdin is not None
    begun.process.stdin.close()
    begun.read()
    assert begun.process.wait(200) == INCOMPLETE
    output = begun.noise.decode()
    assert (
        output.startswith("PowerShell did not get the script as it was sent, and ran none of it: ") and words in output
    )


def test_a_script_whose_stdin_stays_open_is_checked_at_its_last_line() -> None:
    begun = start([probe("'x'")], DAMAGED["a byte is another"][0])
    assert begun.process.wait(200) == INCOMPLETE


def test_a_probe_for_administrators() -> None:
    expected = "done" if os.geteuid() == 0 else "no root"
    assert run(probe("'x'", root=True, key="a"))["a"].state == expected
