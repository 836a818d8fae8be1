"""`plugins.judge.waivers`: the operator's file, its errors, and the date."""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from plugins.core.yaml_config import ConfigErrors
from plugins.judge.waivers import SCHEMA, Waiver, Waivers, load
from plugins.model import Severity, Status, Verdict, Vm

KNOWN = ["IMDS-002", "PROXY-002", "NET-001"]
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()

ONE = """
waivers:
  - check: IMDS-002
    vms: 'lab-*'
    reason: The sidecar is replaced with the runtime upgrade.
    owner: anna@example.org
    tracker: CHG-1044
    expires: {expires}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("waivers.yaml")


def mistakes(path: Path, text: str, now: float = NOON) -> list[str]:
    path.write_text(textwrap.dedent(text))
    with pytest.raises(ConfigErrors) as caught:
        load(path, now).refuse(KNOWN)
    return caught.value.lines


def test_a_full_file(file: Path) -> None:
    file.write_text(
        """
waivers:
  - check: IMDS-002
    vms: 'lab-*'
    reason: >
      The sidecar is
      replaced.
    owner: anna@example.org
    tracker: https://example.org/CHG-1044
    expires: 2026-12-31
  - {check: NET-001, parameter: '*.azure.com', vms: {ring: canary, site: berlin}, reason: r, owner: o, tracker: "7", expires: "2026-11-21"}
"""
    )
    waivers = load(file, NOON)
    waivers.refuse(KNOWN)
    assert waivers.entries == (
        Waiver("IMDS-002", "lab-*", "The sidecar is replaced.", "anna@example.org", "https://example.org/CHG-1044", date(2026, 12, 31)),
        Waiver("NET-001", {"ring": "canary", "site": "berlin"}, "r", "o", "7", date(2026, 11, 21), "*.azure.com"),
    )  # fmt: skip
    assert waivers.header() == "2 waivers of waivers.yaml"
    assert [entry.selector for entry in waivers.entries] == ["lab-*", "ring:canary,site:berlin"]


def test_the_list_may_be_empty(file: Path) -> None:
    file.write_text("waivers: []\n")
    waivers = load(file, NOON)
    waivers.refuse(KNOWN)
    assert (waivers.entries, waivers.header()) == ((), "0 waivers of waivers.yaml")


MISTAKES = """\
waivers:
  - check: IMDS-02
    vms: 'lab-*'
    reason: r
    owner: o
    tracker: t
    expires: 2026-12-31
  - chek: IMDS-002
    vms: 'lab-*'
    reason: r
    owner: " "
    tracker: 1044
  - check: ABC-001
    vms: {}
    reason:
    owner: anna
    tracker: t
    expires: 2026-11-20
  - check: NET-001
    vms: {ring: 1}
    reason: r
    owner: o
    tracker: t
    expires: 2026-02-30
    until: 2027-01-01
  - check: NET-001
    vms: a
    reason: r
    owner: o
    tracker: t
    expires: 31.12.2026
  - check: NET-001
    vms: a
    reason: again
    owner: o
    tracker: t
    expires: 2026-12-31 12:00:00
  - IMDS-002
  - {}
"""


def test_every_mistake_is_reported_with_its_line(file: Path) -> None:
    assert mistakes(file, MISTAKES) == [
        "waivers.yaml:2: waivers[0].check: there is no check 'IMDS-02'. Did you mean 'IMDS-002'?",
        "waivers.yaml:8: waivers[1].check: it is missing. Add 'check: IMDS-002'.",
        "waivers.yaml:8: waivers[1].chek: unknown key. Did you mean 'check'?",
        "waivers.yaml:8: waivers[1].expires: it is missing. Add 'expires: 2026-12-31'.",
        "waivers.yaml:11: waivers[1].owner: is empty. Give a value.",
        'waivers.yaml:12: waivers[1].tracker: is the number 1044, expected text. Put it in quotes: "1044".',
        "waivers.yaml:13: waivers[2].check: there is no check 'ABC-001'. docs/checks/ has a page for each check.",
        "waivers.yaml:14: waivers[2].vms: is empty. Give a value, or remove the key.",
        "waivers.yaml:15: waivers[2].reason: is empty, expected text. Give text, or remove it.",
        "waivers.yaml:18: waivers[2].expires: this waiver expired on 2026-11-20; today is 2026-11-21 (UTC). "
        "Fix the finding and delete the waiver, or agree on a new date with anna.",
        'waivers.yaml:20: waivers[3].vms.ring: is the number 1, expected text. Put it in quotes: "1".',
        "waivers.yaml:24: waivers[3].expires: '2026-02-30' is not a date (day is out of range for month). Give a day that exists.",
        "waivers.yaml:25: waivers[3].until: unknown key. Known are check, parameter, vms, reason, owner, tracker, expires.",
        "waivers.yaml:31: waivers[4].expires: '31.12.2026' is no date. Expected the last day on which it holds (UTC), as in 2026-12-31.",
        "waivers.yaml:32: waivers[5]: is for the same check and VMs as the waiver on line 26. Keep one of them.",
        "waivers.yaml:37: waivers[5].expires: '2026-12-31 12:00:00' is no date. Expected the last day on which it holds (UTC), as in 2026-12-31.",
        "waivers.yaml:38: waivers[6]: is the text 'IMDS-002', expected a mapping. Give a mapping, or remove it.",
        "waivers.yaml:39: waivers[7].check: it is missing. Add 'check: IMDS-002'.",
        "waivers.yaml:39: waivers[7].expires: it is missing. Add 'expires: 2026-12-31'.",
        "waivers.yaml:39: waivers[7].owner: it is missing. Add 'owner:'.",
        "waivers.yaml:39: waivers[7].reason: it is missing. Add 'reason:'.",
        "waivers.yaml:39: waivers[7].tracker: it is missing. Add 'tracker:'.",
        "waivers.yaml:39: waivers[7].vms: it is missing. Add 'vms: web*'.",
    ]


@pytest.mark.parametrize("key", ["check", "vms", "reason", "owner", "tracker", "expires"])
def test_every_key_but_the_parameter_is_mandatory(file: Path, key: str) -> None:
    lines = [line for line in ONE.format(expires="2026-12-31").splitlines() if f"{key}:" not in line]
    text = "\n".join(lines) if key != "check" else "\n".join(lines).replace("    vms", "  - vms")
    (mistake,) = mistakes(file, text)
    assert mistake.startswith(f"waivers.yaml:3: waivers[0].{key}: it is missing. Add '{key}:")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", ":1: the file is empty. It needs 'waivers:' and a list of exceptions below it (docs/gates.md)."),
        ("- check: IMDS-002\n", ":1: the file: is a list, expected a mapping. Put 'waivers:' and a list of exceptions below it there."),
        ("waiver: []\n", ":1: waiver: unknown key. Did you mean 'waivers'?"),
        ("waivers:\n", ":1: waivers: is empty, expected a list. Give a list, or remove it."),
        ("waivers: [\n", ": not YAML: "),
    ],
)  # fmt: skip
def test_a_file_that_is_something_else(file: Path, text: str, error: str) -> None:
    assert any(error in line for line in mistakes(file, text))


def test_no_file(file: Path) -> None:
    with pytest.raises(
        ConfigErrors,
        match=r"^waivers\.yaml: there is no such file\. Give the path of a waiver file \(docs/gates\.md\)\.$",
    ):
        load(file, NOON)


# --- the date ----------------------------------------------------------------------------------------------


@pytest.fixture(params=["Etc/GMT+12", "UTC", "Pacific/Kiritimati"])
def somewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The runner's own zone, up to 14 hours from UTC."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("somewhere")
@pytest.mark.parametrize(
    ("now", "holds"),
    [
        (datetime(2026, 11, 20, 0, 0, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 21, 0, 0, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 21, 23, 59, 59, 999999, tzinfo=UTC), True),
        (datetime(2026, 11, 22, 0, 0, 0, tzinfo=UTC), False),
        (datetime(2027, 11, 21, 12, 0, 0, tzinfo=UTC), False),
    ],
)
def test_it_holds_to_the_end_of_its_last_day_in_utc(file: Path, now: datetime, holds: bool) -> None:
    file.write_text(ONE.format(expires="2026-11-21"))
    waivers = load(file, now.timestamp())
    if holds:
        waivers.refuse(KNOWN)
        assert len(waivers.entries) == 1
    else:
        with pytest.raises(
            ConfigErrors, match=r"waivers\.yaml:8: waivers\[0\]\.expires: this waiver expired on 2026-11-21"
        ):
            waivers.refuse(KNOWN)
        assert waivers.entries == ()


# --- what it covers -----------------------------------------------------------------------------------------------


def waiver(**changes: Any) -> Waiver:
    given: dict[str, Any] = {"check": "IMDS-002", "vms": "lab-*", "reason": "It is replaced.", "owner": "anna", "tracker": "CHG-1044", "expires": date(2026, 12, 31)}  # fmt: skip
    return Waiver(**{**given, **changes})


VM = Vm("lab-1", tags={"ring": "canary", "site": "berlin"})


@pytest.mark.parametrize(
    ("changes", "covers"),
    [
        ({}, True),
        ({"vms": "lab-1"}, True),
        ({"vms": "*"}, True),
        ({"vms": "LAB-*"}, False),
        ({"vms": "lab"}, False),
        ({"vms": "canary"}, False),
        ({"vms": {"ring": "canary"}}, True),
        ({"vms": {"ring": "canary", "site": "berlin"}}, True),
        ({"vms": {"ring": "canary", "site": "bonn"}}, False),
        ({"vms": {"rack": "1"}}, False),
        ({"check": "IMDS-003"}, False),
        ({"parameter": "a.example"}, True),
        ({"parameter": "*.example"}, True),
        ({"parameter": "b.example"}, False),
    ],
)
def test_what_a_waiver_covers(changes: dict[str, Any], covers: bool) -> None:
    assert waiver(**changes).covers("IMDS-002", VM, "a.example") is covers


def test_a_name_with_a_bracket_is_a_name_too() -> None:
    assert waiver(vms="vm[1]").covers("IMDS-002", Vm("vm[1]"), "")


def verdict(status: Status) -> Verdict:
    return Verdict("IMDS-002", "lab-1", "", status, Severity.REQUIRED, "It answered 503.", "Restart it.", fix=("x",))


@pytest.mark.parametrize("status", Status)
def test_only_trouble_that_was_seen_is_waived(status: Status) -> None:
    waived = Waivers("waivers.yaml", (waiver(),)).judge(verdict(status), VM)
    if status in (Status.FAIL, Status.WARN):
        assert (waived.status, waived.remedy, waived.fix) == (Status.WAIVED, "", ())
        assert waived.message == (
            f"Waived until 2026-12-31: It is replaced (anna, CHG-1044). Otherwise it would {status}: It answered 503."
        )
    else:
        assert waived == verdict(status)


# --- its effect --------------------------------------------------------------------------------------------------


def entry(words: list[str], everything: bool = True, expires: date = date(2026, 12, 31), selected: bool = True) -> Any:
    results = {
        "checks": {"IMDS-002": {}} if selected else {},
        "vms": [
            {"name": name, "results": [{"id": "IMDS-002", "parameter": "", "status": word}]}
            for name, word in zip(("lab-1", "lab-2", "web-1"), words, strict=False)
        ],
    }
    waivers = Waivers("waivers.yaml", (waiver(expires=expires),), today=date(2026, 11, 21))
    (loaded,) = waivers.as_results([Vm("lab-1"), Vm("lab-2"), Vm("web-1")], results, everything)
    return loaded


def test_the_entry_of_results_json() -> None:
    assert entry(["waived", "waived", "fail"]) == {
        "id": "IMDS-002",
        "vms": "lab-*",
        "parameter": "",
        "reason": "It is replaced.",
        "owner": "anna",
        "tracker": "CHG-1044",
        "expires": "2026-12-31",
        "used": 2,
        "unused": False,
        "expiring_soon": False,
    }


def test_a_secret_in_the_file_does_not_reach_the_results() -> None:
    waivers = Waivers("waivers.yaml", (waiver(tracker="https://anna:hunter22@example.org/1"),))
    assert "hunter22" not in str(waivers.as_results([], {"checks": {}, "vms": []}, True))


@pytest.mark.parametrize(
    ("words", "changes", "unused"),
    [
        (["pass", "pass", "fail"], {}, True),
        (["pass", "waived"], {}, False),
        (["pass", "unknown"], {}, False),  # it may still be needed
        (["blocked", "pass"], {}, False),
        ([], {}, True),  # no such VM in the whole fleet
        (["pass", "pass", "fail"], {"everything": False}, False),
        ([], {"selected": False}, False),
    ],
)
def test_a_waiver_is_unused_only_when_it_can_be_removed(
    words: list[str], changes: dict[str, Any], unused: bool
) -> None:
    assert entry(words, **changes)["unused"] is unused


@pytest.mark.parametrize(("day", "soon"), [(21, True), (30, True), (5, True), (6, False)])
def test_fourteen_days_before_its_end_it_is_said_to_end_soon(day: int, soon: bool) -> None:
    month = 11 if day > 20 else 12
    assert entry(["waived"], expires=date(2026, month, day))["expiring_soon"] is soon


def test_of_two_that_cover_the_same_the_first_counts() -> None:
    waivers = Waivers("waivers.yaml", (waiver(vms="lab-1"), waiver()), today=date(2026, 11, 21))
    results = {"checks": {"IMDS-002": {}}, "vms": [{"name": "lab-1", "results": [{"id": "IMDS-002", "parameter": "", "status": "waived"}]}]}  # fmt: skip
    assert [(waiver["used"], waiver["unused"]) for waiver in waivers.as_results([VM], results, True)] == [
        (1, False),
        (0, True),
    ]


def test_the_schema_is_a_schema_and_knows_every_field() -> None:
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    assert set(schema["$defs"]["waiver"]["properties"]) == set(Waiver.__slots__)
