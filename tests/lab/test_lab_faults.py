"""The catalogue of faults: every fault has a story and valid expectations, and every check has a fault."""

from __future__ import annotations

import re

from lab import azure, expectations
from lab.faults import FAULTS, RUN_FAULTS
from lab.plan import RunPlan, VmPlan
from tests.support import catalogue

#: Some fault must affect each of these checks; those of ENROLL judge --enroll (test_lab_enroll.py).
CHECKS = {id for id in catalogue.CHECKS if not id.startswith("ENROLL-")}
AREAS = {check[:-3] for check in CHECKS}
WORDS = {"pass", "fail", "warn", "unknown", "blocked", "not applicable"}

EVERY = FAULTS | RUN_FAULTS


def test_a_fault_has_a_story() -> None:
    for fault in EVERY.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", fault.name)
        assert fault.story.endswith("."), fault.name
        assert len(fault.story) > 20, fault.name


def test_expectations_name_checks_and_status_words() -> None:
    for fault in EVERY.values():
        for key, status in fault.expects.items():
            assert key == "*" or re.fullmatch(r"[A-Z]+-(\*|\d{3}(\[[\w.-]+\])?)", key), (fault.name, key)
            check = key.partition("[")[0]
            area = check[:-1] if check.endswith("-*") else None
            assert key == "*" or check in CHECKS or area in AREAS, (fault.name, key)
            assert set(status.split("|")) <= WORDS, (fault.name, status)


def test_a_fault_changes_the_plan() -> None:
    for fault in EVERY.values():
        plan, healthy = (RunPlan(), RunPlan()) if fault.name in RUN_FAULTS else (VmPlan(1), VmPlan(1))
        fault.plant(plan)
        assert plan != healthy, fault.name


def test_every_check_fails_warns_or_is_unknown_by_some_fault() -> None:
    provoked = {
        key.partition("[")[0]
        for fault in EVERY.values()
        for key, status in fault.expects.items()
        if not set(status.split("|")) <= expectations.HEALTHY | {"blocked"}
    }
    missing = {check for check in CHECKS if check not in provoked and f"{check[:-3]}*" not in provoked}
    assert not missing


def test_names_and_keys_of_azure_are_unique() -> None:
    assert len({endpoint.key for endpoint in azure.endpoints()}) == len(azure.endpoints())
    assert len({endpoint.address for endpoint in azure.endpoints()}) == len(azure.endpoints())
    assert all(endpoint.need in ("required", "install", "") for endpoint in azure.endpoints())


def test_the_most_specific_key_wins() -> None:
    expects = {
        "NET-001[a.example]": "fail",
        "NET-001": "unknown",
        "SSH-001": "unknown",
        "*": "blocked",
        "CSN-*": "warn",
    }
    assert expectations.expected(expects, "CSN-003", "") == {"warn"}
    assert expectations.expected(expects, "NET-001", "a.example") == {"fail"}
    assert expectations.expected(expects, "NET-001", "b.example") == {"unknown"}
    assert expectations.expected(expects, "SSH-001", "") == {"unknown"}
    assert expectations.expected(expects, "DNS-001", "b.example") == {"blocked"}
    assert expectations.expected({}, "DNS-001", "b.example") == {"pass", "not applicable"}


def test_several_faults_of_one_vm_add_up() -> None:
    either = [{"CSN-001": "pass|blocked"}, {"CSN-001": "fail|unknown"}]
    assert expectations.combine(either) == {"CSN-001": "pass|blocked"}
    assert expectations.combine([{"NET-001": "warn", "SSH-001": "fail"}, {"NET-001": "fail"}]) == {
        "NET-001": "fail",
        "SSH-001": "fail",
    }


def test_differences_are_found_in_both_directions() -> None:
    def vm(name: str, **statuses: str) -> dict[str, object]:
        return {
            "name": name,
            "results": [{"id": f"IMDS-{n[1:]}", "parameter": "", "status": s} for n, s in statuses.items()],
        }

    results = {"vms": [vm("vm1", a001="pass"), vm("vm2", a001="warn", a002="fail"), vm("vm3", a001="pass"), vm("vm5")]}
    planted = {"vm1": {}, "vm2": {"IMDS-001": "warn"}, "vm3": {"IMDS-009": "fail"}, "vm4": {}, "vm5": {}}
    assert expectations.differences(results, planted) == [
        "vm2 IMDS-002: fail, planted was not applicable or pass",
        "vm3 IMDS-009: planted, but not in the results",
        "vm4 is missing in the results",
        "vm5 has no results",
    ]
