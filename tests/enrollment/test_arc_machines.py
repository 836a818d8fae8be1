"""The wait for the Arc machines that an enrollment creates."""

from __future__ import annotations

from plugins.azure.snapshot import Answer
from plugins.enrollment.arc_machines import status, wait_for_machines
from plugins.enrollment.request import EnrollmentRequest
from suites.probes.azcmagent_connect import ArcMachine
from tests.enrollment.sites import VM_A, machine


def test_a_machine_that_is_there_at_once_is_requested_once() -> None:
    requested: list[tuple[str, str]] = []

    def list_machines(cloud: str, group: str) -> Answer:
        requested.append((cloud, group))
        return Answer("GET", [machine("web-a")])

    request = EnrollmentRequest(VM_A, "web-a")
    results = wait_for_machines([request], list_machines, "enroll_machine", lambda found: status(found) == "connected")
    assert {name: ArcMachine.read(result).status for name, result in results.items()} == {"a": "Connected"}
    assert requested == [("AzureCloud", request.group)]
