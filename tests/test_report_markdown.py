"""summary.md: short for any fleet, and text stays text."""

from __future__ import annotations

import re

from plugins.reports import markdown
from tests.report_builder import EGRESS_STORY, fleet, run, saved, vm


def section(text: str, title: str) -> list[list[str]]:
    """The rows of the table below a heading, as cells."""
    body = text.split(f"### {title}")[1].split("\n### ")[0]
    rows = [line for line in body.splitlines() if line.startswith("|")]
    return [re.split(r"(?<!\\) \| ", row.strip("| ")) for row in rows[2:]]


def test_the_verdict_comes_first() -> None:
    lines = markdown.render(saved("six-vms")).splitlines()
    assert lines[0] == "## ❌ Azure Arc readiness: not ready"
    assert lines[2] == "**1 of 6 VMs are ready; 3 are not; 2 could not be judged.**"


def test_root_causes_name_the_vms_and_the_remedy() -> None:
    rows = section(markdown.render(saved("six-vms")), "Root causes")
    link = "https://learn.microsoft.com/azure/operator-nexus/"
    link += "troubleshoot-virtual-machines-arc-enroll-with-managed-identities"
    assert rows[0] == [
        rf"[CSN\-002 cloud services network csn\-01 \[gbl.his.arc.azure.com\]]({link})",
        "fail",
        r"**2**: db\-01, edge\-gateway\-with\-a\-long\-name\-01",
        r"The cloud services network csn\-01 does not allow gbl.his.arc.azure.com\:443.",
        r"Add the endpoint to \`additionalEgressEndpoints\` of the cloud services network.",
    ]


def test_what_only_warns_comes_after_what_keeps_a_vm_back() -> None:
    statuses = [row[1] for row in section(markdown.render(saved("six-vms")), "Root causes")]
    assert statuses == ["fail", "fail", "fail", "unknown", "unknown", "warn", "warn", "unknown"]


def test_each_vm_has_one_thing_to_fix_first() -> None:
    text = markdown.render(saved("six-vms"))
    not_ready = {row[0]: row[1] for row in section(text, "❌ Not ready: 3")}
    unknown = {row[0]: row[1] for row in section(text, "❔ Could not be judged: 2")}
    assert not_ready[r"web\-02"] == r"PROXY\-002"
    assert unknown == {r"db\-02": r"SSH\-001", r"cache\-01": r"SSH\-002"}


def test_a_ready_fleet_is_a_few_lines() -> None:
    text = markdown.render(saved("ready"))
    assert "### " not in text
    assert "VMs: 1 ready." in text


def test_hostile_text_is_no_markup() -> None:
    text = markdown.render(saved("hostile"))
    assert "<" not in text.replace("&lt;", "") and "\x1b" not in text and "\u202e" not in text
    assert r"\x1b" not in text.replace(r"\\x1b", "")  # the backslash of an escape is escaped as well
    for character in "`|@":
        cells = "\n".join(cell for row in section(text, "Root causes") for cell in row)
        assert re.search(rf"(?<!\\){re.escape(character)}", cells) is None, character
    assert {len(row) for row in section(text, "Root causes")} == {5}
    assert not any(line.startswith(("#", "E ", "::")) and "nasty" in line for line in text.splitlines())


def test_five_thousand_vms_with_long_messages_stay_small() -> None:
    results = fleet(40)
    long = vm("vm-long", {**EGRESS_STORY, "VM-001": ("fail", "`|<&" * 2_000)})
    vms = [{**(long if n % 2 else results["vms"][n % 40]), "name": f"vm-{n}-" + "x" * 200} for n in range(5_000)]
    causes = [
        {"id": f"VM-{n:03}", "parameters": ["|" * 500], "thing": {"kind": "csn", "id": "|" * 500, "name": "|" * 500}, "message": "<" * 9_000, "remedy": "&" * 9_000, "docs": "",
         "status": "fail", "severity": "required", "vms": [machine["name"] for machine in vms]}
        for n in range(400)
    ]  # fmt: skip
    text = markdown.render({**run(vms), "causes": causes})
    assert len(text.encode()) < 256 * 1024
    assert "and 4995 more" in text.replace("\\", "")
    assert "… and 380 more root causes" in text
    assert f"… and {3125 - 40} more VMs" in text


def test_a_link_that_could_leave_its_brackets_is_no_link() -> None:
    results = saved("six-vms")
    for cause in results["causes"]:
        cause["docs"] = "https://x.example/)[evil](javascript:alert(1))"
    assert "](http" not in markdown.render(results)
