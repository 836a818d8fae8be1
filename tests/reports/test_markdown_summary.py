"""summary.md: short for any fleet, and text stays text."""

from __future__ import annotations

import re

from plugins.core.sanitize import harmless
from plugins.reports import markdown_summary as markdown
from tests.support.report_builder import EGRESS_STORY, fleet, run, saved, vm


def section(text: str, title: str) -> list[list[str]]:
    """The rows of the table below a heading, as cells."""
    body = text.split(f"### {title}")[1].split("\n### ")[0]
    rows = [line for line in body.splitlines() if line.startswith("|")]
    return [re.split(r"(?<!\\) \| ", row.strip("| ")) for row in rows[2:]]


def test_the_verdict_comes_first() -> None:
    lines = markdown.render(harmless(saved("six-vms"))).splitlines()
    assert lines[0] == "## ❌ Azure Arc readiness: not ready"
    assert lines[2] == "**1 of 6 VMs are ready; 3 are not; 2 could not be judged.**"


def test_root_causes_name_the_vms_and_the_remedy() -> None:
    rows = section(markdown.render(harmless(saved("six-vms"))), "Root causes")
    link = "https://learn.microsoft.com/azure/operator-nexus/"
    link += "troubleshoot-virtual-machines-arc-enroll-with-managed-identities"
    assert rows[0] == [
        "Add gbl.his.arc.azure.com to the egress list of csn-01",
        rf"[CSN-002 cloud services network csn-01 \[gbl.his.arc.azure.com\]]({link})",
        "fail",
        r"**2**: db-01, edge-gateway-with-a-long-name-01",
        r"The cloud services network csn-01 does not allow gbl.his.arc.azure.com:443.",
        r"Add the endpoint to `additionalEgressEndpoints` of the cloud services network.",
    ]


def test_the_plan_comes_before_the_details() -> None:
    text = markdown.render(harmless(saved("six-vms")))
    headings = re.findall(r"^### (.*)$", text, re.MULTILINE)
    assert headings == [
        "Fix in this order",
        "Root causes, most VMs first",
        "❌ Not ready: 3",
        "❔ Could not be judged: 2",
        "Drift: VMs that should be equal and differ",
    ]
    steps = text.split("### Fix in this order\n\n")[1].split("\n\n#")[0].splitlines()
    assert steps[:6] == [
        "1. Add gbl.his.arc.azure.com to the egress list of csn-01 (CSN-002): 1 VM becomes ready; 1 more still waits for IDENTITY-001.",
        "",
        "   ```sh",
        "   az networkcloud cloudservicesnetwork update --name csn-01 --resource-group net --additional-egress-endpoints '[]'",
        "   ```",
        "",
    ]
    assert [step[:2] for step in steps if step[:1].isdigit()] == ["1.", "2.", "3.", "4.", "5."]


def test_a_step_of_several_commands_names_where_they_are() -> None:
    results = saved("six-vms")
    results["causes"][0]["fix"] *= 13
    text = markdown.render(harmless(results))
    assert "still waits for IDENTITY-001. 13 commands: step 1 of `fixes.sh`.\n2. " in text


def test_drift_is_listed_with_the_vms_that_differ() -> None:
    results = saved("six-vms")
    results["drift"].append(
        {"group": "the fleet", "fact": "clock", "majority": "", "count": 0, "of": 2, "outliers": [
            {"value": value, "vms": [f"vm-{value}"]} for value in "abcd"]}
    )  # fmt: skip
    rows = section(markdown.render(harmless(results)), "Drift: VMs that should be equal and differ")
    assert rows == [
        ["cluster Berlin", "agent version", "1.61 (5 of 6)", r"1.52 (1: db-01)"],
        ["the fleet", "clock", "no majority", r"a (1: vm-a); b (1: vm-b); c (1: vm-c); and 1 more value"],
    ]


GATE = {
    "policy": "98%",
    "passed": False,
    "exit": 1,
    "sentence": "The gate 98% is not met: 1 of 6 VMs are ready.",
    "rules": [],
}
CHANGE = {
    "vm": "db-01",
    "id": "CSN-002",
    "parameter": "x",
    "was": "pass",
    "now": "fail",
    "message": "Gone.",
}
CHANGES = {
    "against": "20261120T000000Z-aaaa",
    "sentence": "1 finding is new, 2 are fixed.",
    "new": [CHANGE],
    "fixed": [CHANGE, CHANGE],
    "persisting": [CHANGE],
    "vms_added": [],
    "vms_removed": [],
}
WAIVER = {
    "id": "IMDS-002", "vms": "lab-*", "reason": "It goes | away.", "owner": "anna@example.org", "tracker": "CHG-1",
    "expires": "2026-12-31", "used": 1, "expiring_soon": True,
}  # fmt: skip


def test_the_gate_is_the_line_below_the_verdict() -> None:
    lines = markdown.render(harmless({**saved("six-vms"), "gate": GATE})).splitlines()
    assert lines[4] == r"❌ **The gate 98% is not met: 1 of 6 VMs are ready.**"
    lines = markdown.render(harmless({**saved("six-vms"), "gate": {**GATE, "passed": True}})).splitlines()
    assert lines[4].startswith("✅ ")
    lines = markdown.render(harmless({**saved("six-vms"), "gate": {**GATE, "exit": 10}})).splitlines()
    assert lines[4].startswith("❔ ")


def test_what_is_new_since_an_earlier_run_is_listed() -> None:
    text = markdown.render(harmless({**saved("six-vms"), "changes": CHANGES}))
    assert "\n\n1 finding is new, 2 are fixed.\n\n" in text
    assert section(text, r"Changes since 20261120T000000Z-aaaa") == [
        ["new", r"db-01", r"CSN-002 [x]", "pass", "fail", "Gone."],
    ]


def test_a_waiver_that_expires_soon_is_listed_the_first_one_first() -> None:
    waivers = [{**WAIVER, "expires": "2027-01-01"}, WAIVER, {**WAIVER, "expiring_soon": False}]
    rows = section(markdown.render(harmless({**saved("six-vms"), "waivers": waivers})), "Waivers that expire soon")
    assert rows == [
        [r"IMDS-002", r"lab-\*", date, r"anna\@&#8288;example.org", r"CHG-1", r"It goes \| away."]
        for date in (r"2026-12-31", r"2027-01-01")
    ]


def test_what_a_run_did_not_ask_for_has_no_heading() -> None:
    text = markdown.render(harmless({**saved("ready"), "waivers": [{**WAIVER, "expiring_soon": False}]}))
    assert "Waivers" not in text and "Changes" not in text and "gate" not in text


def test_a_hundred_thousand_vms_with_everything_that_can_be_said_of_them_stay_below_one_mebibyte() -> None:
    nasty = "&" * 10_000  # harmless as text, but an escape would expand it
    results = harmless(fleet(40))
    names = [f"vm-{n}-{nasty[:200]}" for n in range(100_000)]
    results["vms"] = [{**results["vms"][n % 40], "name": name} for n, name in enumerate(names)]
    entry = {**CHANGE, "vm": nasty, "message": nasty, "parameter": nasty}
    (cause, *_) = results["causes"]
    results["causes"] = [{**cause, "vms": names, "message": nasty, "remedy": nasty} for _ in range(100)]
    results["plan"] = [{"sentence": nasty, "cause": 1} for _ in range(100)]
    results["drift"] = [
        {"group": nasty, "fact": nasty, "majority": nasty, "count": 9, "of": 99, "outliers": [{"value": nasty, "vms": names}] * 9}
    ] * 100  # fmt: skip
    results["gate"] = {**GATE, "sentence": nasty}
    results["changes"] = {**CHANGES, "against": nasty, "sentence": nasty, "new": [entry] * 100_000}
    results["waivers"] = [{**WAIVER, "reason": nasty, "vms": nasty}] * 100
    text = markdown.render(results)
    assert len(text.encode()) < 1024 * 1024
    assert "… and 80 more steps: see fixes.md." in text
    assert "… and 99980 more changes: see the HTML report." in text
    assert "… and 80 more waivers: see the HTML report." in text
    assert "… and 80 more differences: see the HTML report." in text


def test_what_only_warns_comes_after_what_keeps_a_vm_back() -> None:
    statuses = [row[2] for row in section(markdown.render(harmless(saved("six-vms"))), "Root causes")]
    assert statuses == ["fail", "fail", "fail", "unknown", "unknown", "warn", "warn", "unknown"]


def test_each_vm_has_one_thing_to_fix_first() -> None:
    text = markdown.render(harmless(saved("six-vms")))
    not_ready = {row[0]: row[1] for row in section(text, "❌ Not ready: 3")}
    unknown = {row[0]: row[1] for row in section(text, "❔ Could not be judged: 2")}
    assert not_ready[r"web-02"] == r"PROXY-002"
    assert unknown == {r"db-02": r"SSH-001", r"cache-01": r"SSH-002"}


def test_a_ready_fleet_is_a_few_lines() -> None:
    text = markdown.render(harmless(saved("ready")))
    assert "### " not in text and text.count("\n\n") == 3
    assert "VMs: 1 ready." in text


def test_hostile_text_is_no_markup() -> None:
    text = markdown.render(harmless(saved("hostile")))
    assert "<" not in text.replace("&lt;", "") and "\x1b" not in text and "\u202e" not in text
    assert r"\\x1b" not in text  # a backslash before a letter has no meaning: test_markdown_syntax.py
    for character in "`|@":
        cells = "\n".join(cell for row in section(text, "Root causes") for cell in row)
        cells = re.sub(r"(?<!`)`[^`|<>&\\]+`(?!`)", "", cells)  # code, in which no character has a meaning
        assert re.search(rf"(?<!\\){re.escape(character)}", cells) is None, character
    assert {len(row) for row in section(text, "Root causes")} == {6}
    assert not any(line.startswith(("#", "E ", "::")) and "nasty" in line for line in text.splitlines())


def test_a_thousand_vms_with_long_messages_stay_small() -> None:
    results = fleet(40)
    long = vm("vm-long", {**EGRESS_STORY, "VM-001": ("fail", "`|<&" * 2_000)})
    vms = [{**(long if n % 2 else results["vms"][n % 40]), "name": f"vm-{n}-" + "x" * 200} for n in range(1_000)]
    causes = [
        {"id": f"VM-{n:03}", "parameters": ["|" * 500], "component": {"kind": "csn", "id": "|" * 500, "name": "|" * 500}, "headline": "|" * 500, "fix": [], "message": "<" * 9_000, "remedy": "&" * 9_000, "docs": "",
         "status": "fail", "severity": "required", "vms": [machine["name"] for machine in vms]}
        for n in range(400)
    ]  # fmt: skip
    text = markdown.render(harmless({**run(vms), "causes": causes}))
    assert len(text.encode()) < 256 * 1024
    assert "and 995 more" in text.replace("\\", "")
    assert "… and 380 more root causes" in text
    assert f"… and {625 - 40} more VMs" in text


def test_a_link_that_could_leave_its_brackets_is_no_link() -> None:
    results = saved("six-vms")
    for cause in results["causes"]:
        cause["docs"] = "https://x.example/)[evil](javascript:alert(1))"
    assert "](http" not in markdown.render(harmless(results))
