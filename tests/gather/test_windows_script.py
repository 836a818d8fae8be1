"""The script for a Windows VM is valid in PowerShell's grammar, harmless, and quoted by construction.

These tests do not run PowerShell.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.checks.probe import ProbeCommand
from plugins.checks.quoting import ps, tool
from plugins.gather.script import OVERHEAD
from plugins.gather.windows_command import COMMAND, encoded, pack
from plugins.gather.windows_script import STARTUP, compile_script, source
from tests.support.powershell_grammar import PLANNED, commands, mistakes, nodes, parse

BOOTSTRAP = base64.b64decode(COMMAND.rpartition(" ")[2]).decode("utf-16-le")
ENGINE = source([], "N0NCE")


def unpacked(script: bytes) -> str:
    """The script that the bootstrap decodes from stdin."""
    *lines, last = script.decode("ascii").splitlines()
    data = base64.b64decode("".join(lines), validate=True)
    assert last == f". {len(data)} {hashlib.sha256(data).hexdigest().upper()}"
    return data.decode("utf-8")


# --- the grammar --------------------------------------------------------------------------------------------------


def test_the_grammar_finds_mistakes() -> None:
    assert mistakes("if ($a { 'x' }")
    assert mistakes("foreach ($a in 1..3) { 'x'")
    assert not mistakes("if ($a) { 'x' }")


@pytest.mark.parametrize("name", PLANNED)
def test_a_probe_is_well_formed(name: str) -> None:
    assert mistakes(PLANNED[name].command) == []


@pytest.mark.parametrize("text", [BOOTSTRAP, ENGINE], ids=["bootstrap", "engine"])
def test_what_runs_the_probes_is_well_formed(text: str) -> None:
    assert mistakes(text) == []


def test_the_whole_script_is_well_formed_and_holds_every_probe() -> None:
    batch = compile_script(list(PLANNED.values()), nonce="N0NCE")
    script = unpacked(batch.script)
    assert mistakes(script) == []
    assert script == source(list(PLANNED.values()), "N0NCE")
    assert len(re.findall(r"^@\{ index = \d+;", script, re.M)) == len(PLANNED)
    assert all(ps(probe.command) in script for probe in PLANNED.values())


def test_an_empty_batch_is_well_formed() -> None:
    assert mistakes(source([], "N0NCE")) == []


# --- harmless -----------------------------------------------------------------------------------------------------

#: Commands that only read: none with Write-, Set-, New-, Out- or Remove-.
HARMLESS = {"ForEach-Object", "Where-Object"}
OWN = {
    *("Add-Output", "Invoke-Tool", "Add-Limited", "Add-Mark", "Send-Mark", "Get-Call", "Get-Delegate", "Start-Thread"),
    *("Get-Now", "Get-Status", "Get-Time", "Get-Frame", "Start-Probe", "Step-Probe"),
}


@pytest.mark.parametrize("name", PLANNED)
def test_a_probe_calls_nothing_that_changes_the_vm(name: str) -> None:
    assert commands(PLANNED[name].command) <= {"Invoke-Tool", "Add-Output"}


def test_the_engine_calls_nothing_that_changes_the_vm() -> None:
    assert commands(ENGINE) - OWN == HARMLESS


@pytest.mark.parametrize("text", [ENGINE, *(probe.command for probe in PLANNED.values())])
def test_nothing_is_written_to_a_file(text: str) -> None:
    assert [node.text for node in nodes(parse(text)) if node.type == "redirection" and b"2>&1" not in node.text] == []
    for opened in re.findall(r"\[IO\.FileStream\]::new\((.*)\)", text):
        assert re.fullmatch(
            r"\$path, \[IO\.FileMode\]::Open, \[IO\.FileAccess\]::Read, \$shared|\$handle, .*, 1", opened
        )
    assert not re.search(
        r"\[IO\.(File(?!Mode|Access|Share|Info\]::new\(\$path\)\.Exists|Stream)|Directory|StreamWriter)|SetEnvironmentVariable|Set-|New-Item|-OutFile",
        text,
    )


@pytest.mark.parametrize("name", [name for name in PLANNED if "curl.exe" in PLANNED[name].command])
def test_curl_keeps_no_body_of_an_answer(name: str) -> None:
    for line in re.findall(r"Invoke-Tool 'curl\.exe' '.*'", PLANNED[name].command):
        assert "-o NUL" in line or name in ("arm_token", "curl_version")


def test_only_the_claims_of_a_token_are_printed() -> None:
    command = PLANNED["arm_token"].command
    assert re.findall(r"'claims='[^\n]*", command) == ["'claims=' + ($claims -replace '(.{4})', '$1 ').Trim()"]
    assert not re.search(r"^\s*\$(token|body|answer|parts)\s*$", command, re.M)


# --- the way there ------------------------------------------------------------------------------------------------


def test_the_command_means_the_same_to_cmd_and_to_powershell() -> None:
    assert re.fullmatch(r"powershell\.exe -NoProfile -NonInteractive -EncodedCommand [A-Za-z0-9+/]+=*", COMMAND)
    assert len(COMMAND) < 8191, "the longest line that cmd.exe takes"


def test_the_bootstrap_reads_stdin_and_refuses_half_a_script() -> None:
    assert "$stdin = $input" in BOOTSTRAP
    assert "SHA256" in BOOTSTRAP
    assert "FullLanguage" in BOOTSTRAP
    assert BOOTSTRAP.startswith("$ProgressPreference = 'SilentlyContinue'")


@given(st.text(st.characters(codec="utf-8")))
def test_a_script_arrives_as_it_was_written(text: str) -> None:
    packed = pack(text)
    assert max(map(len, packed.split(b"\n"))) <= 4096
    assert unpacked(packed) == text


@given(st.text(st.characters(codec="utf-8")))
def test_an_encoded_command_is_utf_16(text: str) -> None:
    assert base64.b64decode(encoded(text)).decode("utf-16-le") == text


def test_the_batch_says_what_the_decoder_needs() -> None:
    probes = [ProbeCommand("a", "'x'", 3, False, (), 16), ProbeCommand("b", "'y'", 7, True, (), 32)]
    batch = compile_script(probes)
    assert (batch.probes, batch.command, batch.crlf) == (tuple(probes), COMMAND, True)
    assert batch.limit == 7 + OVERHEAD + STARTUP
    assert batch.nonce != compile_script(probes).nonce
    script = unpacked(batch.script)
    assert f"$nonce = '{batch.nonce}'" in script
    assert script.index("@{ index = 2;") < script.index("@{ index = 1;"), "the longest limit first"
    assert "@{ index = 1; limit = 3; cap = 16; root = $false; code = '''x''' }" in script
    assert "@{ index = 2; limit = 7; cap = 32; root = $true; code = '''y''' }" in script


# --- quoting ------------------------------------------------------------------------------------------------------

HOSTILE = [
    "it's",
    "'; Remove-Item C:\\ -Recurse; '",
    "$(Get-Process)",
    '`"$env:PATH`"',
    "a\nb",
    "\u2018\u2019\u201a\u201b",
    "\u2019; exit; \u2018",
    "%PATH%",
    "",
    "''",
    "\U0001f600",
]


def unquoted(text: str) -> str:
    """The value of a single-quoted string in PowerShell: of two quotes of any kind in a row, the second."""
    assert (text[0], text[-1]) == ("'", "'")
    return re.sub("['\u2018-\u201b](['\u2018-\u201b])", r"\1", text[1:-1])


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_stays_one_string(value: str) -> None:
    root = parse(f"foo {ps(value)}")
    strings = [node.text.decode() for node in nodes(root) if node.type == "string_literal"]
    assert (root.has_error, strings) == (False, [ps(value)])
    assert commands(f"foo {ps(value)}") == {"foo"}


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_quoted_value_is_the_value(value: str) -> None:
    assert unquoted(ps(value)) == value
    # All of the four quotes of PowerShell are doubled.
    assert all(len(run) % 2 == 0 for run in re.findall("['\u2018-\u201b]+", ps(value)[1:-1]))


def test_no_command_line_can_carry_a_nul() -> None:
    with pytest.raises(ValueError, match="NUL"):
        ps("a\0b")


def argv(line: str) -> list[str]:
    """The arguments of a Windows program, by the rules of Microsoft's C runtime, implemented independently."""

    def words() -> Iterator[str]:
        word, inside, quoted, at = "", False, False, 0
        while at < len(line):
            slashes = len(line[at:]) - len(line[at:].lstrip("\\"))
            if slashes:
                at += slashes
                if line[at : at + 1] == '"':
                    word += "\\" * (slashes // 2)
                    if slashes % 2:
                        word, at = word + '"', at + 1
                else:
                    word += "\\" * slashes
                inside = True
            elif line[at] == '"':
                quoted, inside, at = not quoted, True, at + 1
            elif line[at] in " \t" and not quoted:
                if inside:
                    yield word
                word, inside, at = "", False, at + 1
            else:
                word, inside, at = word + line[at], True, at + 1
        if inside:
            yield word

    return list(words())


@given(st.lists(st.text("ab \t\"'\\%&|^<>$`", max_size=8), max_size=5))
def test_a_program_gets_its_arguments_as_they_are(arguments: list[str]) -> None:
    text = tool("curl.exe", *arguments)
    assert argv(unquoted(text.removeprefix("Invoke-Tool 'curl.exe' "))) == arguments


def test_variables_that_a_program_goes_without() -> None:
    assert (
        tool("a.exe", "-b", "c d", without=["NO_PROXY", "X"]) == "Invoke-Tool 'a.exe' '-b \"c d\"' @('NO_PROXY', 'X')"
    )
