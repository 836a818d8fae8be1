"""Untrusted text in every output: markers in every field that comes from a VM, a bundle, a name or a server."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest

from plugins.core.sanitize import DEFAULT_IGNORABLE, case_text, defuse_ci_command, escape_invisible, terminal_text
from plugins.evidence.archive import Archive
from plugins.model import Evidence, ProbeResult, SshSession, Vm
from plugins.reports.markdown_syntax import text as markdown
from tests.support.pytest_process import run_pytest
from tests.support.small_suite import check_out

pytest_plugins = "pytester"

MARKERS = (
    "\x1b]0;PWNED\x07\x1b[2J ##vso[task.setvariable]x ##[group]x ##\u034fvso[ \ufe0f::error ::error::PWNED "
    "![x](http://evil.example/a.png) <img src=http://evil.example> www.evil.example a@evil.example \u202egnp \u2800\u3164"
)
SUITE = '''
from plugins import *

docs = "https://example.org/"
word = probe("cat /word", timeout=2)


@check("VM-001", required, remedy="Say it.", docs=docs)
def test_word(word):
    """The word is right."""
    fail(word.stdout, remedy="Not " + word.stdout)
'''


def safe(shown: str) -> list[str]:
    """The parts of the markers that a terminal or a CI server would obey."""
    acts = [
        repr(c)
        for c in shown
        if c not in "\n\t\r" and (unicodedata.category(c) in ("Cc", "Cs", "Cf") or c in "\u034f\ufe0f\u2800\u3164")
    ]
    return acts + re.findall(r"##\w*\[", shown) + re.findall(r"^\s*::\w+", shown, re.M)


@pytest.fixture
def replay(pytester: pytest.Pytester) -> pytest.Pytester:
    """An earlier run with markers in every text."""
    check_out(pytester, SUITE)
    printable = "".join(letter for letter in MARKERS if letter.isprintable())
    # A longer name is refused (tests/evidence/test_damaged.py), and named in the error.
    vm, refused = (Vm(f"vm{name}", host="h", tags={"site": MARKERS}) for name in (printable, MARKERS + "\n::error::x"))
    archive = Archive.create(
        pytester.path / "earlier", {"id": "earlier", "profile": "2510", "arguments": [MARKERS]}, [vm, refused]
    )
    seen = {"word": ProbeResult("word", "cat /word", "done", 0, MARKERS, MARKERS)}
    archive.store(Evidence(vm, SshSession("ok", message=MARKERS, via=MARKERS, seconds={"login": 0.1}), seen, 1000.0))
    return pytester


def test_no_marker_acts_in_the_terminal_nor_in_a_report(replay: pytest.Pytester) -> None:
    done = run_pytest("-p", "no:cacheprovider", "--evidence=earlier", "-v", "-rA", cwd=replay.path)
    assert "PWNED" in done.stdout
    assert "fleet[1].name: " in done.stdout
    assert "Not " in done.stdout
    assert safe(done.stdout + done.stderr) == []
    latest: Path = replay.path / "reports/latest"
    for name in ("summary.md", "fixes.md", "junit.xml", "report.html"):
        shown = (latest / name).read_text()
        assert [
            text for text in safe(shown) if "[" not in text and "::" not in text and text != repr("\u2060")
        ] == [], name
    for name in ("summary.md", "fixes.md"):
        shown = (latest / name).read_text()
        assert "![x](" not in shown
        assert "<img" not in shown
        assert "www.evil" not in re.sub(r"```.*?```|`[^`]*`", "", shown, flags=re.S)
    run = json.loads((latest / "results.sarif").read_text())["runs"][0]
    texts = [result["message"]["text"] for result in run["results"]]
    texts += [rule["help"]["markdown"] for rule in run["tool"]["driver"]["rules"]]
    assert not any("![x](" in text for text in texts)


def test_no_marker_acts_in_an_error(replay: pytest.Pytester) -> None:
    done = run_pytest("-p", "no:cacheprovider", "--evidence=earlier", "--vm=nothing-of-it", cwd=replay.path)
    assert done.returncode == 4
    assert safe(done.stdout + done.stderr) == []
    done = run_pytest("-p", "no:cacheprovider", "--evidence=earlier", "--collect-only", "-q", cwd=replay.path)
    assert safe(done.stdout + done.stderr) == []


def test_every_code_point_that_is_ignored_by_default_is_spelled_out() -> None:
    ranges = [
        0x34F,
        0x115F,
        0x1160,
        0x17B4,
        0x180B,
        0x180F,
        0x2800,
        0x3164,
        0xFE0F,
        0xFFA0,
        0xFFF0,
        0xFFF8,
        0x1D159,
        0xE01EF,
    ]
    for code in ranges:
        assert escape_invisible(chr(code)).startswith("\\"), hex(code)
    known = re.compile(f"[{DEFAULT_IGNORABLE}]")
    format_only = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, *range(0xFFF9, 0xFFFC), 0x110BD, 0x110CD}
    missing = [
        hex(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) == "Cf"
        and code not in format_only
        and not 0x13430 <= code <= 0x1345F
        and not known.match(chr(code))
    ]
    assert missing == []


def test_lines_of_an_error_are_no_commands() -> None:
    assert terminal_text("a\n::error::x\n##vso[x]\n##teamcity[x]") == "a\n: :error::x\n# #vso[x]\n# #teamcity[x]"
    assert defuse_ci_command("##[group]") == "# #[group]"
    # pytest wraps a long word wherever the line ends.
    assert defuse_ci_command("word::error file=x::y; x ::ab c::y") == "word: :error file=x::y; x : :ab c::y"
    for harmless in ("[Environment]::GetEnvironmentVariable('x')", "std::io::x", "localhost,::1", "a.py::test_b[c]"):
        assert defuse_ci_command(harmless) == harmless
    assert case_text("vm\x1b[2J\n::x") == r"vm\x1b[2J ::x"


def test_addresses_are_no_links_in_markdown() -> None:
    assert (
        markdown("www.evil.example/x a@evil.example @you")
        == r"www&#8288;.evil.example/x a\@&#8288;evil.example \@&#8288;you"
    )
