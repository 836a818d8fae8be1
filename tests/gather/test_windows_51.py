"""Every text for Windows VMs uses only Windows PowerShell 5.1 and .NET Framework 4.6.2 (tests.support.check51)."""

from __future__ import annotations

import pytest

from plugins.gather.support_logs import probes as support_probes
from tests.gather.test_windows_script import BOOTSTRAP, ENGINE
from tests.support.check51 import complaints
from tests.support.powershell import needs_pwsh
from tests.support.powershell_grammar import PLANNED, VM

pytestmark = needs_pwsh

SENT = {
    "bootstrap": BOOTSTRAP,
    "engine": ENGINE,
    **{name: probe.command for name, probe in PLANNED.items()},
    **{probe.key: probe.command for probe in support_probes(VM)},
}

#: Features of later versions, and the error for each.
LATER = {
    "$a = $b ? 1 : 2": "TernaryExpressionAst",
    "$a ?? 1": "QuestionQuestion",
    "$a ??= 1": "QuestionQuestionEquals",
    "${a}?.Length": "QuestionDot",
    "${a}?[0]": "QuestionLBracket",
    "Invoke-Tool 'a' && Invoke-Tool 'b'": "PipelineChainAst",
    "Invoke-Tool 'a' || Invoke-Tool 'b'": "PipelineChainAst",
    "Invoke-Tool 'a' &": "Background",
    "1..3 | ForEach-Object -Parallel { $_ }": "parameter Parallel",
    "1 | Join-String": "command Join-String",
    "Get-Error": "command Get-Error",
    "'{}' | Test-Json": "command Test-Json",
    "Invoke-WebRequest 'x' -SkipCertificateCheck": "parameter SkipCertificateCheck",
    "Get-Content 'x'": "command Get-Content",
    "Start-Sleep 1": "command Start-Sleep",
    "function f { clean { 'x' } }": "command clean",
    "6u": "number 6u",
    "1n": "number 1n",
    "0b11": "number 0b11",
    '"`u{20ac}"': "escape `u",
    '"`e[0m"': "escape `e",
    "if ($IsWindows) { }": "variable IsWindows",
    "$PSStyle": "variable PSStyle",
    "[Convert]::ToHexString($a)": "call Convert::ToHexString/1",
    "[Security.Cryptography.SHA256]::HashData($a)": "call Security.Cryptography.SHA256::HashData/1",
    "$process.Kill($true)": "call Kill/1",
    "try { } catch { $process.Kill($true) }": "call Kill/1",
    "try { $process.Kill($true) } finally { }": "call Kill/1",
    "$info.ArgumentList.Add('x')": "member ArgumentList",
    "$info.StandardInputEncoding = 1": "member StandardInputEncoding",
    "[IO.File]::ReadAllTextAsync('x')": "call IO.File::ReadAllTextAsync/1",
    "$a.Split('ab')": "call Split(string)",
    "$a.Split('a', 2)": "call Split/2",
    "$a.Replace('a', 'b', 'Ordinal')": "call Replace/3",
    "[string]::IsNullOrEmpty($a)": "call string::IsNullOrEmpty/1",
    "if (": "error Missing",
}


@pytest.fixture(scope="module")
def wrong() -> dict[str, list[str]]:
    texts = [*SENT.values(), *LATER]
    return dict(zip([*SENT, *LATER], complaints(texts), strict=True))


def test_all_that_is_sent_runs_on_5_1(wrong: dict[str, list[str]]) -> None:
    assert {name: wrong[name] for name in SENT if wrong[name]} == {}


@pytest.mark.parametrize("text", LATER)
def test_what_came_later_is_refused(wrong: dict[str, list[str]], text: str) -> None:
    assert any(LATER[text] in complaint for complaint in wrong[text]), wrong[text]
