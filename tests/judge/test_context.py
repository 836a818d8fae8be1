"""Arguments of checks besides probes: Azure, the runner, the other VMs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from zipfile import ZipFile

import pytest

from plugins.azure import answer_keys as paths
from plugins.azure.az_cli import AzCli
from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError
from plugins.evidence.archive import Archive
from plugins.judge.context import CheckContext, wants
from plugins.model import Evidence, ProbeResult, SshSession, Vm
from plugins.results.schema import problems
from tests.support.catalogue import FUNCTIONS
from tests.support.newest_run import newest_run
from tests.support.small_suite import check_out
from tests.support.suite_probes import SHARED

pytest_plugins = "pytester"

ID = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.NetworkCloud/virtualMachines/"

SUITE = '''
from plugins import *

docs = "https://example.org/"
number = probe("cat /number", timeout=2, read=lambda seen: int(seen.stdout))


@check("VM-001", required, remedy="Make it.", docs=docs)
def test_vm(azure):
    """The VM resource exists."""
    if azure.vm is None:
        fail("There is no such VM in Azure.")
    return f"It is {azure.vm['properties']['powerState']}."


@check("CLI-002", recommended, remedy="Install it.", docs=docs)
def test_runner(az_cli):
    """The runner has az."""
    if az_cli.az_core is None:
        fail(f"No az: {az_cli.error}.")
    return f"az {az_cli.az_core}."


@check("AGENT-007", required, remedy="Number it anew.", docs=docs)
def test_unique(number, fleet_number, vm):
    """The number is nobody else's."""
    twins = [name for name, other in fleet_number.items() if other == number and name != vm.name]
    if twins:
        fail(f"{', '.join(twins)} has {number} too.")
    return f"{number} of {len(fleet_number)}."
'''


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    check_out(pytester, SUITE)
    return pytester


def save(
    project: pytest.Pytester, numbers: Mapping[str, str], facts: AzureSnapshot | None, az_cli: AzCli | None
) -> None:
    vms = [Vm(name, resource_id=ID + name) for name in numbers]
    archive = Archive.create(project.path / "earlier", {"id": "earlier", "profile": "2510", "arguments": []}, vms)
    for vm in vms:
        seen = {"number": ProbeResult("number", "cat /number", "done", 0, numbers[vm.name])}
        archive.store(Evidence(vm, SshSession("ok", seconds={"login": 0.1}), seen, 1000.0))
    if facts:
        (archive.directory / "azure.json").write_text(json.dumps(facts.to_data()))
    if az_cli:
        (archive.directory / "runner.json").write_text(json.dumps(asdict(az_cli)))


def judged(project: pytest.Pytester, *arguments: str) -> tuple[int, dict[tuple[str, str], Any], dict[str, Any]]:
    outcome = project.runpytest_subprocess("--evidence=earlier", *arguments)
    results = json.loads((newest_run(project.path / "reports") / "results.json").read_text())
    assert problems(results) == []
    return (
        int(outcome.ret),
        {(vm["name"], result["id"]): result for vm in results["vms"] for result in vm["results"]},
        results,
    )


def cloud(**vms: Answer | ReadError) -> AzureSnapshot:
    return AzureSnapshot({paths.resource(ID + name): answer for name, answer in vms.items()})


RUNNING = Answer("GET https://management.azure.com/vm", {"properties": {"powerState": "On"}})


def test_azure_the_runner_and_the_fleet_are_judged_from_what_was_saved(project: pytest.Pytester) -> None:
    denied = ReadError("Azure refuses to show the VM (403).", "Grant Reader.", "GET https://management.azure.com/vm")
    facts = cloud(a=RUNNING, b=Answer("GET https://management.azure.com/b", None), c=denied)
    save(project, {"a": "1", "b": "2", "c": "1"}, facts, AzCli("2.76.0"))
    status, verdicts, results = judged(project)
    assert status == 1
    verdicts_before = {key: (verdict["status"], verdict["message"]) for key, verdict in verdicts.items()}
    assert verdicts_before == {
        ("a", "VM-001"): ("pass", "It is On."),
        ("b", "VM-001"): ("fail", "There is no such VM in Azure."),
        ("c", "VM-001"): ("unknown", "Azure refuses to show the VM (403)."),
        ("a", "CLI-002"): ("pass", "az 2.76.0."),
        ("b", "CLI-002"): ("pass", "az 2.76.0."),
        ("c", "CLI-002"): ("pass", "az 2.76.0."),
        ("a", "AGENT-007"): ("fail", "c has 1 too."),
        ("b", "AGENT-007"): ("pass", "2 of 3."),
        ("c", "AGENT-007"): ("fail", "a has 1 too."),
    }
    assert verdicts["a", "VM-001"]["evidence"] == ["azure-vm"]
    shown = results["vms"][0]["evidence"]["azure-vm"]
    assert shown["command"] == "GET https://management.azure.com/vm"
    assert '"powerState": "On"' in shown["stdout"]


def test_without_azure_the_guests_alone_are_judged(project: pytest.Pytester) -> None:
    save(project, {"a": "1"}, None, AzCli("2.76.0"))
    status, verdicts, _ = judged(project, "--no-azure")
    assert status == 10, "the guest is ready; Azure was not queried"
    status, _, _ = judged(project, "--no-azure", "--gate=chosen")
    assert status == 0
    assert {id for _, id in verdicts} == {"CLI-002", "AGENT-007"}


def test_azure_that_was_never_asked_is_unknown(project: pytest.Pytester) -> None:
    save(project, {"a": "1"}, None, None)
    status, verdicts, _ = judged(project)
    assert status == 10
    assert verdicts["a", "VM-001"]["status"] == "unknown"
    assert verdicts["a", "VM-001"]["message"].startswith("Azure was not queried for /subscriptions/")
    assert verdicts["a", "CLI-002"]["message"] == "No az: this evidence does not state what the runner had."


def test_an_unreadable_vm_of_the_fleet_does_not_hide_the_others(project: pytest.Pytester) -> None:
    save(project, {"a": "1", "b": "one"}, cloud(a=RUNNING, b=RUNNING), AzCli("2.76.0"))
    status, verdicts, _ = judged(project)
    assert status == 10
    assert verdicts["a", "AGENT-007"]["message"] == "1 of 1."
    assert verdicts["b", "AGENT-007"]["status"] == "unknown"


def test_azure_says_whose_a_vm_id_is() -> None:
    group = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
    machines = [
        {"name": "A", "properties": {"vmId": "5A1C5A66-6C3C-4D1E-9D4E-0F1F8A2D7C11"}},
        {"name": "b", "properties": {}},
    ]
    vms = [Vm(name, resource_id=ID + name) for name in ("a", "b", "c")]
    vms += [Vm("d", resource_id=(ID + "d").replace("/rg/", "/unread/")), Vm("10.0.0.4")]
    context = CheckContext(None, lambda: (Evidence(vm, SshSession("ok")) for vm in vms))
    context.facts = AzureSnapshot({paths.machines(group): Answer("GET …", machines)})
    whose = context.arguments(FUNCTIONS["AGENT-007"], {"agent_show": SHARED["agent_show"]}, vms[0])["arc_vm_id"]
    assert {vm.name: whose(vm.name) for vm in vms} == {
        "a": "5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11",
        "b": "",
        "c": "",
        "d": None,
        "10.0.0.4": None,
    }


def test_one_check_compares_vms() -> None:
    """Only arguments `fleet_...` contain data of other VMs; each such check must state whose data it trusts."""
    assert {id for id, function in FUNCTIONS.items() if any(name.startswith("fleet_") for name in wants(function))} == {
        "AGENT-007"
    }


def test_a_damaged_azure_json_costs_what_it_would_have_answered(project: pytest.Pytester) -> None:
    save(project, {"a": "1"}, cloud(a=RUNNING), None)
    (project.path / "earlier/azure.json").write_text('{"version": 1, "answers"')
    (project.path / "earlier/runner.json").write_text("{")
    outcome = project.runpytest_subprocess("--evidence=earlier", "--bundle")  # without the two files
    assert outcome.ret == 10
    with ZipFile(next((project.path / "reports").glob("2*/bundle/*.zip"))) as bundle:
        assert {"run.json", "evidence/a.json"} <= set(bundle.namelist())
        assert "azure.json" not in bundle.namelist()
    (vm,) = json.loads((newest_run(project.path / "reports") / "results.json").read_text())["vms"]
    unread = [
        result["message"] for result in vm["results"] if "azure.json: is not readable as JSON (" in result["message"]
    ]
    assert unread
    assert {result["status"] for result in vm["results"] if result["message"] in unread} == {"unknown"}
    outcome.stdout.no_fnmatch_line("*Traceback*")


def test_a_plan_names_the_requests_to_azure(project: pytest.Pytester) -> None:
    outcome = project.runpytest_subprocess("--vm=a", "--plan", "--subscription=00000000-0000-0000-0000-000000000001")
    assert outcome.ret == 0
    outcome.stdout.fnmatch_lines(
        [
            "Azure: * read-only requests, at most 303 s.",
            "GET https://management.azure.com/subscriptions/*",
        ]
    )
    outcome = project.runpytest_subprocess("--vm=a", "--plan", "--no-azure")
    outcome.stdout.no_fnmatch_line("*Of Azure*")
