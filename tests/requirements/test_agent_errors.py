"""The catalogue of errors is complete, dated and sorted, and matches its own samples."""

from __future__ import annotations

import datetime
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plugins.requirements import agent_errors as knowledge
from plugins.requirements.agent_releases import releases
from plugins.requirements.known_messages import Explanation, _Case, compiled, explanations, messages
from plugins.requirements.log_grammar import stems
from tests.support.catalogue import CHECKS
from tests.support.paths import ROOT

DATA = ROOT / "plugins" / "requirements" / "data"

#: The codes in the older article's rows with one code; its ranges are 127 to 146 and 147 to 152.
OLDER = [0, 1, 11, 12, 16, 18, 19, 23, 26, 41, 42, 43, 44, 62, 63, 67, 68, 61, 64, 65, 66, 70, 81, 101, 102, 103, 105]
OLDER += [150, 153, 154, 155, 156, 157]
#: The codes that the newer article adds, and those of the former ranges.
ADDED = [2, 3, 4, 5, 6, 20, 27, 28, 45, 69, 72, 73, 74, 75, 76, 82, 83, 107, 108, 158, 159, 160, 171]
SPLIT = [130, 131, 132, 133, 141, 143, 145, 146, 147, 148, 149, 151, 152]
CHANGED = [101, 105, 153, 154, 156, 157, *SPLIT]
EXITS = [0, 1, 2, 3, 4, 5, 6, 11, 12, 18, 19, 20, 23, 26, 27, 28, 41, 42, 43, 44, 45, *range(61, 71), *range(72, 77)]
EXITS += [81, 82, 83, 101, 102, 103, 104, 105, 106, 107, 108]


def load(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))


def is_picked(text: str) -> bool:
    """Whether a VM sends a line of the text, because the stems match a failure or a complaint."""
    stem = re.compile("|".join([*stems("first"), *stems("then")]))
    return any(stem.search(line.lower()) for line in text.splitlines())


def everything() -> list[Explanation]:
    codes = [knowledge.azcm(number) for number in range(200)]
    exits = [knowledge.exit_code(number) for number in range(200)]
    return [error for error in (*codes, *exits) if error] + [error for _, error in knowledge.errors()]


@pytest.mark.parametrize("name", ["azcm", "exit-codes", "messages/agent", "agent-releases"])
def test_the_data_says_where_it_is_from_and_when(name: str) -> None:
    data = load(name)
    assert data["source"].startswith("https://learn.microsoft.com/azure/")
    assert datetime.date(2025, 9, 30) <= data["date"] <= datetime.date(2026, 12, 31)


@pytest.mark.parametrize("path", sorted(DATA.rglob("*.toml")), ids=lambda path: path.stem)
def test_every_data_file_says_where_it_is_from_and_when(path: Path) -> None:
    """The file itself, or each of its parts."""
    data = load(str(path.relative_to(DATA).with_suffix("")))
    parts = [data] if "source" in data else [*data.get("role", []), *data.get("clouds", {}).values()]
    assert parts
    for part in parts:
        assert len(part["source"]) > 20
        assert datetime.date(2025, 1, 1) <= part["date"] <= datetime.date(2026, 12, 31)


def test_every_code_of_both_articles_is_known() -> None:
    assert set(OLDER + ADDED + SPLIT) <= set(knowledge.azcm_codes())
    assert set(knowledge.azcm_codes()) - set(OLDER + ADDED + SPLIT) == {
        127,
        128,
        129,
        142,
    }  # only in the installation script
    assert all(knowledge.azcm(number) for number in range(127, 153))


def test_changes_between_the_articles_are_marked() -> None:
    entries = load("azcm")["codes"]
    for number in CHANGED:
        entry = entries[f"{number:04}"]
        assert entry["change"] == "changed", number
        assert entry["earlier"] != entry["cause"]
    for number in ADDED:
        assert entries[f"{number:04}"]["change"] == "new", number
    assert {entry["change"] for entry in entries.values()} == {"same", "changed", "new"}
    assert [code for code, entry in entries.items() if ("earlier" in entry) != (entry["change"] == "changed")] == []
    parsed = knowledge.azcm(101)
    assert parsed is not None
    assert parsed.note.startswith("The article changed this entry in July 2026. For earlier agents, it reads: The comm")


def test_codes_stand_in_order_and_have_four_digits() -> None:
    codes = list(load("azcm")["codes"])
    assert codes == sorted(codes)
    assert all(re.fullmatch(r"\d{4}", code) for code in codes)


def test_every_exit_status_is_explained() -> None:
    assert set(EXITS) <= set(knowledge.exit_codes())
    assert all(knowledge.exit_code(number) for number in knowledge.exit_codes())
    assert knowledge.exit_code(7) is None


def test_an_exit_status_is_the_code_of_its_number() -> None:
    network, code = knowledge.exit_code(26), knowledge.azcm(26)
    assert network is not None and code is not None
    assert (network.name, network.cause, network.note) == (
        "Exit status 26 of azcmagent (network)",
        code.cause,
        "It is the same as AZCM0026.",
    )
    shell = knowledge.exit_code(141)
    assert shell is not None
    assert (shell.name, shell.note) == (
        "Exit status 141 (SIGPIPE)",
        "It is not a code of the installation script, which ends with 1 after any failure.",
    )
    failed = knowledge.exit_code(1)
    assert failed is not None
    assert "The installation script ends with 1, too, after any failure" in failed.note
    own = knowledge.exit_code(104)
    assert own is not None
    assert own.note == "It has no AZCM code."


@pytest.mark.parametrize("each", everything(), ids=lambda each: each.name)
def test_each_code_has_a_cause_a_remedy_and_a_source(each: Explanation) -> None:
    assert each.name[0].isupper()
    assert len(each.cause) >= 20 and each.cause[-1] in ".:)"
    assert len(each.remedy) >= 20
    assert each.source
    assert not re.search(r"\b(todo|tbd|fixme|xxx)\b", each.cause + each.remedy, re.I)
    assert each.advice.startswith(each.remedy)


def test_checks_that_are_named_are_in_the_catalogue() -> None:
    for explanation in everything():
        assert set(explanation.checks) <= CHECKS.keys(), explanation.name
        assert len(set(explanation.checks)) == len(explanation.checks)


@pytest.mark.parametrize(("sample", "meaning"), knowledge.errors(), ids=lambda each: getattr(each, "name", ""))
def test_a_message_is_recognised_however_it_is_quoted(sample: str, meaning: Explanation) -> None:
    assert knowledge.error(sample) == meaning
    assert knowledge.error(f"2026-11-21T20:15:01Z ERROR {sample} and more") == meaning
    for curly in ("\u2018", "\u2019"):
        assert knowledge.error(sample.replace("'", curly)) == meaning
    [message] = [message for message in messages() if message.sample == sample]
    assert any(needle in sample for needle in message.needles)
    assert not message.in_logs or is_picked(sample)


def test_each_sample_is_explained_by_its_own_entry_and_by_no_other() -> None:
    names = [message.name for message in messages()]
    assert len(names) == len(set(names)) > 130
    for message in messages():
        rows = [explanation.name for explanation in explanations(message.sample)]
        assert rows == [message.name[:1].upper() + message.name[1:]], message.family


def test_every_pattern_is_bounded() -> None:
    """No pattern may backtrack over a whole line: each repetition has a limit."""
    for message in messages():
        for pattern in filter(None, (message.pattern, message.unless, *(case.pattern for case in message.cases))):
            outside = re.sub(r"\\.|\[(?:\\.|[^\]])*\]", "x", pattern)
            assert not re.search(r"[*+]|\{\d+,\}", outside), f"{message.name}: {pattern}"


def test_what_an_entry_says_is_about_what_the_line_names() -> None:
    for message in messages():
        groups = set(compiled(message.pattern).groupindex)
        texts = [message.values, *(case.values for case in message.cases)]
        used = {
            name for text in texts for key in ("cause", "remedy") for name in re.findall(r"\{(\w+)", text.get(key, ""))
        }
        used |= {case.group for case in message.cases} | set(filter(None, [message.values.get("subject")]))
        assert used <= groups, message.name


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("The subscription is not registered to use namespace 'Microsoft.GuestConfiguration'", "Resource provider not"),
        ("dial tcp 40.126.9.7:443: connect: network is Forbidden; Post https://login.windows.net/x", ""),
        (
            "Post https://login.windows.net/x: dial tcp 40.126.9.7:443: connect: network is Forbidden",
            "Microsoft Entra ID f",
        ),
        (
            "Post https://login.windows.net/x: dial tcp 40.126.9.7:443: connect: network is unreachable",
            "Microsoft Entra ID n",
        ),
        ("dial tcp 40.126.9.7:443: connect: network is unreachable", "Network unreachable"),
        ("libgpg-error 1.46 installed", ""),
        ("https://management.azure.com/ answered 200", ""),
    ],
)
def test_the_special_comes_before_the_general(line: str, name: str) -> None:
    entry = knowledge.error(line)
    assert entry is None if not name else entry is not None and entry.name.startswith(name)


def test_codes_are_found_in_a_text() -> None:
    lines = ["AZCM0000: fine", "first AZCM0026: Network Error", "exit AZCM00261, XAZCM002", "azcm0042 and AZCM0042"]
    assert [finding.explanation.name for finding in knowledge.findings(lines)] == ["AZCM0026", "AZCM0042"]


def test_a_code_that_nobody_lists_is_found_all_the_same() -> None:
    [actual] = knowledge.findings(["FATAL AZCM0999: new"])
    assert (actual.explanation.name, actual.explanation.cause) == ("AZCM0999", "No article lists this code.")


def test_releases_are_supported_for_a_year() -> None:
    known = {release.name: release for release in releases()}
    assert (known["1.59"].month, known["1.59"].supported_until) == ("December 2025", datetime.date(2026, 12, 31))
    assert known["1.61"].supported_until == datetime.date(2027, 2, 28)
    versions = [release.version for release in releases()]
    assert versions == sorted(versions)


def test_the_first_case_that_fits_counts() -> None:
    cases = (_Case("host", "a.*", {"cause": "First."}), _Case("host", "ab", {"cause": "Second."}))
    message = replace(messages()[0], pattern=r"at (?P<host>\w+)", unless="", cases=cases)
    causes = {}
    for text in ("at ab", "at b"):
        match = message.match(text)
        assert match
        causes[text] = message.explain(match).cause
    assert causes["at ab"] == "First."
    assert causes["at b"] not in ("First.", "Second.")
