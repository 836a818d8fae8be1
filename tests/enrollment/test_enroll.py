"""The steps of enrollment in their order, on the ready VMs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError
from plugins.enrollment import arc_machines, runner
from plugins.judge.judge import Judge
from plugins.model import ProbeResult, Severity, Status, Verdict, Vm
from plugins.pytest_adapter.enrollment import enroll_ready_vms, plan_page
from plugins.ssh import client as ssh
from suites.probes.azcmagent_connect import AgentCommand, ArcMachine
from tests.enrollment.sites import ID, OK, PROBES, VM_A, VM_B, Site, _quiet, done, machine
from tests.support.suite_rows import PROFILE


def verdict(id: str, status: Status, severity: Severity = Severity.REQUIRED, parameter: str = "") -> Verdict:
    return Verdict(id, "a", parameter, status, severity, "It is so.")


SHOWN = f"\n@text\nResource Id          : {ID}\nAgent Status         : Connected\n"


CONNECTED = done("enroll_connect", "@run\nConnected\n@exit 0\n")


ANSWERS = {
    ("a", "enroll_connect"): CONNECTED,
    ("a", "enroll_show"): done("enroll_show", SHOWN),
    ("a", "enroll_disconnect"): done("enroll_disconnect", "@run\n@exit 0\n\n@text\nAgent Status : Disconnected\n"),
}


def test_connect_then_show_then_azure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = Site(monkeypatch, tmp_path, ANSWERS)
    site.machines = [machine("web-ab", "Error"), machine("WEB-A")]
    assert site.enroll("connect")
    assert site.visits == [("a", "enroll_connect"), ("a", "enroll_show")]
    results = site.results("a")
    assert list(results) == ["healthz", "enroll_connect", "enroll_show", "enroll_machine"]
    assert ArcMachine.read(results["enroll_machine"]).status == "Connected"
    assert "secretish" not in results["enroll_machine"].stdout
    assert site.archive["a"].vm == VM_A  # the VM without the values from Azure
    assert site.archive["a"].session == OK


def test_roundtrip_disconnects_what_it_connected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = Site(monkeypatch, tmp_path, ANSWERS)
    assert site.enroll("roundtrip")
    assert [key for _, key in site.visits] == ["enroll_connect", "enroll_show", "enroll_disconnect"]
    assert ArcMachine.read(site.results("a")["enroll_gone"]) == ArcMachine()


def test_a_machine_that_was_connected_before_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    already = {("a", "enroll_connect"): done("enroll_connect", f"@already\nResource Id : {ID}\n")}
    site = Site(monkeypatch, tmp_path, ANSWERS | already)
    assert site.enroll("roundtrip")
    assert ("a", "enroll_disconnect") not in site.visits
    assert (
        AgentCommand.read(site.results("a")["enroll_disconnect"]).missing
        == "The machine was connected before this run."
    )


@pytest.mark.parametrize(
    "first",
    [done("enroll_connect", "@run\nAZCM0044\n@exit 44\n", 44), ProbeResult("enroll_connect", "", "timed out")],
    ids=["failed", "timed out"],
)
def test_a_failed_connect_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, first: ProbeResult) -> None:
    site = Site(monkeypatch, tmp_path, {("a", "enroll_connect"): first})
    assert site.enroll("roundtrip")
    assert site.visits == [("a", "enroll_connect")]
    assert set(site.results("a")) == {"healthz", "enroll_connect"}


def test_a_lost_session_affects_no_other_vm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answers = ANSWERS | {("b", key): answer for (_, key), answer in ANSWERS.items()}
    site = Site(monkeypatch, tmp_path, answers)
    site.lost = {("a", "enroll_connect")}
    assert site.enroll("roundtrip", (VM_A, VM_B))
    assert [name for name, key in site.visits if key != "enroll_connect"] == ["b", "b"]
    seen = site.results("a")["enroll_connect"]
    assert seen.state == "lost"
    assert AgentCommand.read(seen).missing == "The session ended while this ran: It broke."
    assert seen.command.startswith("[ -x /opt/azcmagent/bin/azcmagent ]")
    assert site.archive["a"].session == OK


def test_an_interrupt_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = Site(monkeypatch, tmp_path, ANSWERS | {("stop", ""): CONNECTED})
    assert not site.enroll("roundtrip")
    assert site.visits == [("a", "enroll_connect")]


def test_no_request_is_sent_when_azure_is_switched_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = Site(monkeypatch, tmp_path, ANSWERS)
    assert site.enroll("roundtrip", look=False)
    assert not ArcMachine.read(site.results("a")["enroll_machine"]).queried


def test_what_azure_refuses_is_not_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = Site(monkeypatch, tmp_path, ANSWERS)
    site.machines = ReadError("Azure refused to show it.")
    assert site.enroll("roundtrip")
    assert ArcMachine.read(site.results("a")["enroll_gone"]).missing == "Azure refused to show it."


def test_azure_is_given_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = Site(monkeypatch, tmp_path, ANSWERS)
    states = iter(["Creating", "Creating"])

    def look(cloud: str, group: str) -> Answer:
        return Answer("GET", [machine("web-a", next(states, "Connected"))])

    pauses: list[float] = []
    sleep = time.sleep

    def pause(seconds: float) -> None:
        # Threads of earlier tests may still wait for something.
        (pauses.append if threading.current_thread() is threading.main_thread() else sleep)(seconds)

    monkeypatch.setattr(site, "look", look)
    monkeypatch.setattr(arc_machines, "PATIENCE", 60.0)
    monkeypatch.setattr(time, "sleep", pause)
    assert site.enroll("connect")
    assert ArcMachine.read(site.results("a")["enroll_machine"]).status == "Connected"
    assert pauses == [arc_machines.PAUSE] * 2


def test_only_the_ready_are_enrolled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = Site(monkeypatch, tmp_path, ANSWERS)
    lines: list[str] = []
    assert _whole(site, [VM_A, VM_B], {"a": Status.PASS, "b": Status.FAIL}, lines)
    assert site.visits == [("a", "enroll_connect"), ("a", "enroll_show")]
    assert lines[0] == "--enroll=connect: 1 of 2 VMs is being connected to Azure Arc now."
    assert lines[-1] == "  b: Not connected, because the VM is not ready: IMDS-002 failed."
    assert set(site.results("b")) == {"healthz"}


def test_two_vms_do_not_become_one_resource(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = Site(monkeypatch, tmp_path, {})
    twin = replace(VM_B, resource_id=VM_A.resource_id)
    lines: list[str] = []
    assert _whole(site, [VM_A, twin], {"a": Status.PASS, "b": Status.PASS}, lines)
    assert not site.visits
    assert "a and b would become the same resource" in lines[-1]
    assert "a and b would become the same resource" in AgentCommand.read(site.results("a")["enroll_connect"]).missing


def test_a_vm_without_a_target_is_not_visited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = Site(monkeypatch, tmp_path, {})
    assert _whole(site, [Vm("a")], {"a": Status.PASS}, [])
    assert not site.visits
    assert "the target is not known" in AgentCommand.read(site.results("a")["enroll_connect"]).missing


def test_an_interrupt_while_azure_is_asked_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = Site(monkeypatch, tmp_path, ANSWERS)

    def interrupted(*arguments: object) -> dict[str, ProbeResult]:
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "wait_for_machines", interrupted)
    assert not _whole(site, [VM_A], {"a": Status.PASS}, [])
    assert site.visits == [("a", "enroll_connect"), ("a", "enroll_show")]


def test_a_plan_shows_the_steps_in_their_order() -> None:
    def item(vm: Vm) -> Any:
        known = {"vm": vm, "profile": PROFILE}
        planned = [probe.plan(name, known) for name, probe in reversed(PROBES.items())]
        return SimpleNamespace(vm=vm, check=SimpleNamespace(area="ENROLL"), planned=lambda run: planned)

    page = cast(Callable[..., list[str]], plan_page)
    lines = page([item(VM_A), item(VM_A), item(VM_B)], None, "roundtrip")
    assert [line for line in lines if line.startswith("# ")] == [
        "# enroll_connect on a (as root; at most 660 s)",
        "# enroll_connect on b (as root; at most 660 s)",
        "# enroll_show on a, b (at most 30 s)",
        "# enroll_disconnect on a, b (as root; at most 300 s)",
    ]
    assert not any("enroll_disconnect" in line for line in page([item(VM_A)], None, "connect"))
    private = page([item(VM_A), item(replace(VM_B, path="relay"))], None, "connect")
    assert [line for line in private if line.startswith("# ")] == [
        "# enroll_connect on a (as root; at most 660 s)",
        "# enroll_show on a (at most 30 s)",
        "# b: Not connected, because its path is relay: azcmagent connect existing needs the private key that was made with "
        "the Arc machine. State its file on the VM: target.private_key_file in the inventory.",
    ]


def _whole(site: Site, vms: Sequence[Vm], health: Mapping[str, Status], said: list[str]) -> bool:
    def item(vm: Vm, area: str) -> Any:
        return SimpleNamespace(vm=vm, check=SimpleNamespace(area=area), probes=PROBES if area == "ENROLL" else {})

    items = [item(vm, area) for vm in vms for area in ("IMDS", "ENROLL")]
    judge = SimpleNamespace(
        verdict=lambda item: verdict("IMDS-002", health[item.vm.name]),
        context=SimpleNamespace(facts=AzureSnapshot()),
    )
    options = ssh.Options(run_timeout=5)
    return enroll_ready_vms(
        items,
        vms,
        cast(Judge, judge),
        site.archive,
        profile=PROFILE,
        mode="connect",
        options=options,
        azure=None,
        progress=_quiet,
        write_line=said.append,
    )


@pytest.mark.parametrize("stage", ["enroll_show", "enroll_disconnect"])
def test_an_interrupt_at_any_stage_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stage: str) -> None:
    site = Site(monkeypatch, tmp_path, ANSWERS)
    visit = vars(runner)["gather"]

    def stopped(vms: Any, plans: Any, *more: Any) -> bool:
        return bool(visit(vms, plans, *more)) and plans["a"][0].key != stage

    monkeypatch.setattr(runner, "gather", stopped)
    assert not site.enroll("roundtrip")
    assert site.visits[-1] == ("a", stage)
