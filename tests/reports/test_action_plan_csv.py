"""ActionPlan.csv: one row per root cause, and no cell that a spreadsheet would evaluate."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.core.sanitize import harmless
from plugins.judge.operator_command import readable
from plugins.reports import action_plan_csv as action_plan
from tests.support.report_builder import Json, Story, run, saved, vm


@cache
def openers() -> str:
    """The first characters of formulas, in every width."""
    return "".join(c for c in map(chr, range(0x110000)) if unicodedata.normalize("NFKC", c) in ("=", "+", "-", "@"))


@cache
def dangerous() -> re.Pattern[str]:
    """Beginnings of cells that a spreadsheet evaluates."""
    return re.compile(rf"""^[\s"'\u2018\u2019\u201c\u201d\uff02\uff07]*[{re.escape(openers())}]|^[\t\r\n]""")


def rows(results: Json, separator: str = ",") -> list[dict[str, str]]:
    """The rows, read like a spreadsheet, with no formula in a cell."""
    text = action_plan.render(harmless(results))
    assert text.startswith("\ufeff")
    rows = list(
        csv.DictReader(
            io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=separator, strict=separator == ","
        )
    )
    for row in rows:
        for value in row.values():
            assert isinstance(value, str)
            assert not dangerous().match(value.removeprefix("'")) or value.startswith("'"), value
            assert len(value) <= 32_767
    return rows


def test_a_row_has_what_a_ticket_needs() -> None:
    first = rows(saved("six-vms"))[0]
    assert first == {
        "Step": "1",
        "Headline": "Add gbl.his.arc.azure.com to the egress list of csn-01",
        "Changes": "1",
        "Owner": "",
        "Site": "edge-01",
        "Check": "CSN-002",
        "Problem": "egress list lacks an endpoint",
        "Title": "The cloud services network allows the endpoint",
        "Severity": "required",
        "Status": "fail",
        "Component": "cloud services network csn-01",
        "Component id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/net/providers/Microsoft.NetworkCloud/cloudServicesNetworks/csn-01",
        "Parameters": "gbl.his.arc.azure.com",
        "VMs": "2",
        "VM names": "db-01, edge-gateway-with-a-long-name-01",
        "VMs held back": "2",
        "VMs ready by it": "1",
        "VMs ready after it": "2",
        "Sentence": "Add gbl.his.arc.azure.com to the egress list of csn-01 (CSN-002): 1 VM becomes ready; 1 more still waits for IDENTITY-001.",
        "Seen": "The cloud services network csn-01 does not allow gbl.his.arc.azure.com:443.",
        "Remedy": "Add the endpoint to `additionalEgressEndpoints` of the cloud services network.",
        "Commands": "1",
        "Command": "az networkcloud cloudservicesnetwork update --name csn-01 --resource-group net --additional-egress-endpoints '[]'",
        "Docs": "https://learn.microsoft.com/azure/operator-nexus/troubleshoot-virtual-machines-arc-enroll-with-managed-identities",
    }


def test_owners_and_sites_are_those_of_the_causes_vms() -> None:
    tags = [{"Owner": "bo", "site": "=1"}, {"owner": "al", "SITE": "north"}, {"owner": "al"}, {}]
    story: Story = {"VM-001": ("fail", "The VM is off.")}
    results = run([vm(f"vm-{number}", story, number, tag or {"x": "y"}) for number, tag in enumerate(tags)])
    (row,) = rows(results)
    assert (row["Headline"], row["Changes"]) == ("Start 4 VMs that are powered off", "4")
    assert (row["Owner"], row["Site"]) == ("bo, al", "'=1, north")


def test_the_rows_are_the_plan_and_then_what_keeps_no_vm_back() -> None:
    entries = [
        (row["Step"], row["Check"], row["VMs held back"], row["VMs ready after it"]) for row in rows(saved("six-vms"))
    ]
    assert entries == [
        ("1", "CSN-002", "2", "2"),
        ("2", "PROXY-002", "1", "3"),
        ("3", "IDENTITY-001", "1", "4"),
        ("4", "SSH-001", "1", "4"),
        ("5", "SSH-002", "1", "4"),
        ("6", "SSH-003", "0", ""),
        ("7", "AGENT-006", "0", ""),
        ("8", "CLOUDINIT-002", "0", ""),
    ]


def test_a_ready_fleet_has_a_head_alone() -> None:
    assert rows(saved("ready")) == []


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("\r=1", r"\x0d=1"),
        (" =1", "'=1"),
        ('"=1', "'\"=1"),
        ("' =1", "'' =1"),
        ("\uff1d1", "'\uff1d1"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1", "'\uff0d1"),
        ("\uff20x", "'\uff20x"),
        ("\u00a0=1", "'=1"),
        ("x;=1", "x,=1"),
        ('x; "=1', 'x, "=1'),
        ("its principal; --no-azure judges", "its principal, --no-azure judges"),
        ("x=1, y-2; z@3", "x=1, y-2; z@3"),
        ("two\nlines", "two lines"),
    ],
)
def test_what_would_begin_a_formula_gets_an_apostrophe(text: str, cell: str) -> None:
    assert action_plan.cell(text) == cell


def test_every_width_of_a_formulas_first_character_is_known() -> None:
    assert len(openers()) > 4
    assert [opener for opener in openers() if action_plan.cell(f"{opener}1") != f"'{opener}1"] == []


@given(st.text(st.one_of(st.characters(), st.sampled_from("=+-@;,\"'\t\r\n\uff1d "))))
def test_no_text_is_a_formula_in_either_half_of_europe(text: str) -> None:
    cell = action_plan.cell(text)
    assert len(cell.splitlines()) <= 1
    for part in (cell, *cell.split(";")):
        assert not dangerous().match(part) or part.lstrip("'\"").lstrip() == "" or part.startswith("'"), part


@pytest.mark.parametrize("name", ["six-vms", "hostile"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_no_cell_of_a_report_is_a_formula(name: str, separator: str) -> None:
    results = saved(name)
    for cause in results["causes"]:
        cause["message"] = cause["remedy"] = '=HYPERLINK("http://x";"y");=2+5+cmd|\' /C calc\'!A0'
        cause["vms"] = ["=1", "+2", *cause["vms"]]
        cause["parameters"] = ["@x"]
        cause["component"] = {"kind": "csn", "id": "-1+1", "name": "=1"}
    text = action_plan.render(harmless(results)).removeprefix("\ufeff")
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        for value in row:
            assert not dangerous().match(value) or value.startswith("'"), value


def test_a_command_is_to_the_letter_or_not_there() -> None:
    def command(*commands: str) -> str:
        results = run([vm("web-01", {"PROXY-002": ("fail", "no_proxy is empty.")})])
        results["causes"][0]["fix"] = [{"command": readable(command), "vms": ["web-01"]} for command in commands]
        return rows(results)[0]["Command"]

    assert command() == ""
    assert command("az x --name 'a b'") == "az x --name 'a b'"
    for other in ("az 'two  spaces'", "az 'a\nb'", "az 'a;=1'", "az '\x1b'", "az '", "az " + "x" * 40_000):
        assert command(other) == "see fixes.sh"
    assert command("az 1", "az 2") == "see fixes.sh"


def test_a_big_fleet_fits_into_its_cells() -> None:
    results = run([vm("web-01", {"PROXY-002": ("fail", "x")})])
    results["causes"][0]["vms"] = [f"{n}-" + "x" * 300 for n in range(100_000)]
    (row,) = rows(results)
    assert row["VMs"] == "100000"
    assert row["VM names"].endswith(" and 99800 more")
