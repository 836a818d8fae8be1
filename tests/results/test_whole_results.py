"""The complete results.json of a small fleet, compared with tests/data/results-of-a-fleet.json, for review.

`python -m tests.results.test_whole_results` writes that file again.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

import pytest

from plugins.azure.snapshot import Call
from plugins.checks.check import Check, Component
from plugins.model import Evidence, ProbeResult, Severity, SshSession, Status, Verdict, Vm
from plugins.requirements.profile_file import load_profile
from plugins.results import compact
from plugins.results.builder import ResultsBuilder
from plugins.results.coverage import Coverage
from plugins.results.schema import problems
from plugins.results.subset import subset
from tests.support.paths import ROOT

EXPECTED = ROOT / "tests/data/results-of-a-fleet.json"
PART = ROOT / "tests/data/results-of-a-part.json"
SUB = "/subscriptions/11111111-2222-3333-4444-555555555555"
NEXUS = f"{SUB}/resourceGroups/n/providers/Microsoft.NetworkCloud"
R, S = Severity.REQUIRED, Status

CHECKS = {
    id: Check(id, severity, f"{id} holds", "Do it.", f"{id} fails", requires, caused_by, {}, component=cast(Component, component), action=action)
    for id, severity, requires, caused_by, component, action in (
        ("SSH-001", R, (), (), "guest", "Restore the SSH session to {vms}{where}"),
        ("VM-001", R, (), (), "vm", "Start {vms:is|are} powered off"),
        ("CSN-002", R, (), (), "csn", "Add {items} to the egress list of {name}"),
        ("NET-001", R, ("SSH-001",), ("CSN-002",), "guest", "Let {vms} reach {items}{where}"),
        ("PLATFORM-001", R, (), (), "cluster", "Upgrade the runtime of {thing}"),
        ("IMDS-002", R, ("SSH-001",), (), "guest", ""),
        ("SSH-003", Severity.RECOMMENDED, ("SSH-001",), (), "guest", "Set the clock on {vms}"),
    )
}  # fmt: skip


def _verdict(vm: str, id: str, status: Status, parameter: str = "", **more: Any) -> Verdict:
    message = more.pop("message", f"{id} is {status}, password=opensesame.")
    return Verdict(
        id, vm, parameter, status, CHECKS[id].base_severity, message,
        "Do it." if status in (S.FAIL, S.WARN, S.UNKNOWN) else "", f"{id} holds", f"https://x/{id}",
        f"suites/test.py::{id}[{vm}]", **more,
    )  # fmt: skip


def _fleet() -> list[tuple[Evidence, list[Verdict], dict[str, str]]]:
    fleet = []
    for number in range(7):
        name, cluster, csn = f"vm-{number}", f"{NEXUS}/clusters/c-{number % 2}", f"{NEXUS}/cloudServicesNetworks/csn"
        vm = Vm(name, f"10.0.0.{number}", tags={"site": "oslo" if number < 4 else "turin"})
        session = SshSession("ok", address=f"anna@10.0.0.{number}:22", seconds={"login": 0.5})
        facts = (("kernel", "5.15" if number != 3 else "6.8"), ("agent", str(number)))
        verdicts = {
            "SSH-001": _verdict(name, "SSH-001", S.PASS),
            "VM-001": _verdict(name, "VM-001", S.PASS, facts=facts),
            "CSN-002": _verdict(name, "CSN-002", S.PASS, "a.example"),
            "NET-001": _verdict(name, "NET-001", S.PASS, "a.example", probes=("net",), seconds=0.5),
            "PLATFORM-001": _verdict(name, "PLATFORM-001", S.PASS),
            "IMDS-002": _verdict(name, "IMDS-002", S.PASS),
            "SSH-003": _verdict(name, "SSH-003", S.PASS),
        }
        if number in (1, 2):
            fix = ("az networkcloud cloudservicesnetwork update --name csn",)
            verdicts["CSN-002"] = _verdict(name, "CSN-002", S.FAIL, "a.example", fix=fix, item="a.example:443")
            verdicts["NET-001"] = _verdict(
                name, "NET-001", S.FAIL, "a.example", caused_by=("CSN-002",), probes=("net",)
            )
        if number == 2:
            verdicts["VM-001"] = _verdict(name, "VM-001", S.FAIL, action="Bring {vms} to Running", fix=("start 2",))
            verdicts["IMDS-002"] = _verdict(name, "IMDS-002", S.FAIL, shared_cause="no curl", component="vm")
        if number == 3:
            session = SshSession("timed out", "Nothing answered at 10.0.0.3:22.", "Check it.", via="gw", seconds={})
            verdicts["SSH-001"] = _verdict(name, "SSH-001", S.UNKNOWN, message=session.message)
            for id in ("NET-001", "IMDS-002", "SSH-003"):
                verdicts[id] = _verdict(name, id, S.BLOCKED, needs=("SSH-001",))
        if number == 4:
            verdicts["SSH-003"] = _verdict(name, "SSH-003", S.WARN)
            verdicts["VM-001"] = _verdict(name, "VM-001", S.NOT_APPLICABLE)
        if number == 5:
            session = SshSession("refused", "10.0.0.5 port 22: connection refused.", "Start sshd.")
            del verdicts["SSH-001"], verdicts["NET-001"], verdicts["IMDS-002"], verdicts["SSH-003"]
            verdicts["PLATFORM-001"] = _verdict(name, "PLATFORM-001", S.FAIL)
        if number == 6:
            verdicts["IMDS-002"] = _verdict(name, "IMDS-002", S.UNKNOWN, shared_cause="no curl")
            verdicts["NET-001"] = _verdict(name, "NET-001", S.UNKNOWN, "a.example", shared_cause="no curl")
            verdicts["PLATFORM-001"] = _verdict(name, "PLATFORM-001", S.WAIVED)
        probes = {"net": ProbeResult("net", "curl x", "done", number, "out", "err", number == 1, 0.25, 100.0)}
        components = {"vm": f"{NEXUS}/virtualMachines/{name}", "cluster": cluster, "csn": csn}
        fleet.append((Evidence(vm, session, probes, 1.0), list(verdicts.values()), components if number else {}))
    return fleet


def built() -> dict[str, Any]:
    fleet = _fleet()
    coverage = Coverage([evidence.vm for evidence, _, _ in fleet], load_profile("2510"))
    coverage.expect((check, check.area in ("CSN", "PLATFORM", "VM")) for check in CHECKS.values())
    coverage.reasons = ["-k word"]
    builder = ResultsBuilder(CHECKS, coverage, len(fleet))
    for evidence, verdicts, components in fleet:
        builder.add(evidence, verdicts, components)
    results = builder.results(
        run_id="r-1", started=1_700_000_000.25, finished=1_700_000_012.5, profile="2510",
        arguments=["--vm=a", "password=opensesame"],
        files={"suites": "sha256:" + "a" * 64, "plugins": "sha256:" + "b" * 64},
        calls=[Call("GET", "https://management.azure.com/x", 200)] * 2 + [Call("GET", "https://management.azure.com/y")],
    )  # fmt: skip
    return results | {"versions": sorted(results["versions"])}


def _text(results: dict[str, Any]) -> str:
    return re.sub("<secret:[0-9a-f]{8}>", "<secret>", json.dumps(results, indent=1)) + "\n"


def part() -> dict[str, Any]:
    """The data of a page about three of the VMs, without the VMs."""
    results = subset(built(), ["vm-2", "vm-3", "vm-5"])
    return {key: value for key, value in results.items() if key not in ("vms", "checks", "provenance")}


def test_the_results_of_a_fleet_are_those_that_were_reviewed() -> None:
    assert _text(built()) == EXPECTED.read_text("utf-8")
    assert _text(part()) == PART.read_text("utf-8")


@pytest.mark.parametrize(("fleet", "notes"), [(compact.WHOLE_UP_TO, []), (compact.WHOLE_UP_TO + 1, [compact.NOTE])])
def test_results_of_a_large_fleet_say_that_they_are_compact(fleet: int, notes: list[str]) -> None:
    coverage = Coverage([Vm("a")], load_profile("2510"))
    results = ResultsBuilder({}, coverage, fleet).results(
        run_id="r", started=0.0, finished=1.0, profile="2510", arguments=[], calls=[],
        files={"suites": "sha256:" + "a" * 64, "plugins": "sha256:" + "b" * 64},
    )  # fmt: skip
    assert results["notes"] == notes
    assert problems(results) == []


if __name__ == "__main__":
    EXPECTED.write_text(_text(built()), "utf-8")
    PART.write_text(_text(part()), "utf-8")
