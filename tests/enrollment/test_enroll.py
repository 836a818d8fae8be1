"""Enrolling: who may, as what, in which order; and what the commands do to a VM, run here against stand-ins."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError
from plugins.checks.areas import AREAS
from plugins.checks.probe import Probe, ProbeCommand
from plugins.enrollment import arc_machines, runner, steps
from plugins.enrollment.request import EnrollmentRequest, announcement, prepare
from plugins.enrollment.steps import refuse, wanted
from plugins.evidence.archive import Archive
from plugins.gather.collector import Progress
from plugins.judge.judge import Judge
from plugins.model import Evidence, ProbeResult, Severity, SshSession, Status, Target, Verdict, Vm
from plugins.pytest_adapter.enrollment import enroll_ready_vms, plan_page
from plugins.ssh import client as ssh
from suites import test_enroll as suite
from suites.probes import azcmagent_connect
from suites.probes.azcmagent_connect import AgentCommand, ArcMachine
from tests.support.suite_probes import probes_of
from tests.support.suite_rows import PROFILE

SUB = "11111111-2222-3333-4444-555555555555"
NEXUS = f"/subscriptions/{SUB}/resourceGroups/vms/providers/Microsoft.NetworkCloud/virtualMachines"
TARGET = Target(SUB, "arc-rg", "eastus", tags={"Site": "NY 3", "app": "web"})
VM_A = Vm("a", resource_id=f"{NEXUS}/web-a", target=TARGET)
VM_B = Vm("b", resource_id=f"{NEXUS}/web-b", target=TARGET)
GROUP = f"/subscriptions/{SUB}/resourceGroups/arc-rg"

PROBES: dict[str, Probe] = {}
for _check in (
    suite.test_the_machine_connects,
    suite.test_both_sides_say_connected,
    suite.test_disconnecting_leaves_nothing,
):
    PROBES |= probes_of(_check)


def verdict(id: str, status: Status, severity: Severity = Severity.REQUIRED, parameter: str = "") -> Verdict:
    return Verdict(id, "a", parameter, status, severity, "It is so.")


# ---------------------------------------------------------------------------------------------- who, and as what


def test_without_the_option_no_check_of_it_is_selected() -> None:
    assert wanted("IMDS-002", None)
    assert not any(wanted(f"ENROLL-00{number}", None) for number in (1, 2, 3))
    assert [wanted(f"ENROLL-00{number}", "connect") for number in (1, 2, 3)] == [True, True, False]
    assert all(wanted(f"ENROLL-00{number}", "roundtrip") for number in (1, 2, 3))


def test_every_probe_of_the_suite_is_a_step() -> None:
    assert set(PROBES) == {steps.CONNECT, steps.SHOW, steps.MACHINE, steps.DISCONNECT, steps.GONE}
    assert all(map(steps.is_step, PROBES))
    assert not steps.is_step("healthz")


def test_a_choice_of_checks_is_refused() -> None:
    everything = [f"{area}-001" for area in AREAS]
    assert not refuse([], everything)
    assert not refuse(["ENROLL-003"], everything)
    assert "leaves out IMDS-002, NET-001." in refuse(["NET-001", "IMDS-002"], everything)
    assert "leaves out SSH, PLATFORM, CLI, VM and 11 more." in refuse([], ["ENROLL-001"])
    guests = [id for id in everything if id[:-4] not in ("PLATFORM", "CSN", "IDENTITY", "ROLES", "RELAY")]
    assert refuse([], guests) == (
        "--enroll connects only VMs that pass every required check, and this choice leaves out PLATFORM, CSN, IDENTITY, "
        "ROLES and 1 more. Drop --no-azure, --check, -k, -m and path arguments, or drop --enroll."
    )


def test_the_resource_is_named_like_the_vm() -> None:
    found = prepare(VM_A, AzureSnapshot())
    assert isinstance(found, EnrollmentRequest)
    assert found.machine == f"{GROUP}/providers/Microsoft.HybridCompute/machines/web-a"


def test_what_the_inventory_leaves_open_comes_from_azure() -> None:
    located = f"{NEXUS}/Web-C"
    facts = AzureSnapshot(located={"c": located})
    facts.answers[located.lower()] = Answer("GET", {"id": located, "location": "westeurope"})
    found = prepare(Vm("c"), facts)
    assert isinstance(found, EnrollmentRequest)
    assert found.machine == f"/subscriptions/{SUB}/resourceGroups/vms/providers/Microsoft.HybridCompute/machines/Web-C"
    assert azcmagent_connect.settings(found.vm)["location"] == "westeurope"
    assert azcmagent_connect.settings(found.vm)["resource-name"] == found.name


@pytest.mark.parametrize(("cloud", "given"), [("AzureCloud", None), ("AzureUSGovernment", "AzureUSGovernment")])
def test_a_cloud_of_its_own_is_named_to_the_agent(cloud: str, given: str | None) -> None:
    found = prepare(replace(VM_A, target=replace(TARGET, cloud=cloud)), AzureSnapshot())
    assert isinstance(found, EnrollmentRequest)
    assert azcmagent_connect.settings(found.vm).get("cloud") == given


KEY_FILE = "/root/arc machine.pem"
RELAY = replace(VM_A, path="relay", target=replace(TARGET, private_key_file=KEY_FILE))
ID_A = f"{GROUP}/providers/Microsoft.HybridCompute/machines/web-a"


def awaiting(**machine: Any) -> AzureSnapshot:
    listed = [{"id": ID_A, "name": "web-a", **machine}]
    return AzureSnapshot(answers={f"{GROUP.lower()}/providers/microsoft.hybridcompute/machines": Answer("GET", listed)})


def test_a_vm_of_the_private_relay_takes_over_its_machine() -> None:
    known = awaiting(properties={"vmId": "v-1"}, identity={"tenantId": "t-1"})
    found = prepare(RELAY, known)
    assert isinstance(found, EnrollmentRequest)
    assert found.machine == ID_A
    assert azcmagent_connect.settings(found.vm) == {
        "subscription-id": SUB,
        "resource-group": "arc-rg",
        "location": "eastus",
        "resource-name": "web-a",
        "vmid": "v-1",
        "tenant-id": "t-1",
    }


@pytest.mark.parametrize(
    ("vm", "facts", "mode", "why"),
    [
        (
            replace(VM_A, path="relay"),
            AzureSnapshot(),
            "connect",
            "Not connected, as its path is relay: azcmagent connect existing needs the private key that was made with "
            "the Arc machine. State its file on the VM: target.private_key_file in the inventory.",
        ),
        (
            RELAY,
            AzureSnapshot(),
            "roundtrip",
            "Not connected, as its path is relay: disconnecting would delete the Arc machine that was made for it. Use "
            "--enroll.",
        ),
        (
            RELAY,
            awaiting(properties={"vmId": "v-1"}),
            "connect",
            "Not connected, as Azure does not state vmId and tenant of an Arc machine web-a, which azcmagent connect "
            "existing needs. See RELAY-003.",
        ),
        (
            RELAY,
            AzureSnapshot(),
            "connect",
            "Not connected, as its Arc machine is not known: Azure was not asked for "
            f"{GROUP.lower()}/providers/microsoft.hybridcompute/machines.",
        ),
    ],
    ids=["no key", "roundtrip", "no tenant", "no answer"],
)
def test_a_vm_of_the_private_relay_is_refused_with_the_reason(
    vm: Vm, facts: AzureSnapshot, mode: str, why: str
) -> None:
    assert prepare(vm, facts, mode) == why


def of_azure(*users: str, system: bool = False) -> AzureSnapshot:
    """A VM a with these identities."""
    kinds = ["SystemAssigned"] * system + ["UserAssigned"] * bool(users)
    identity = {"type": ",".join(kinds), "userAssignedIdentities": {user: {"principalId": "p"} for user in users}}
    value = {"id": VM_A.resource_id, "location": "eastus", "identity": identity}
    return AzureSnapshot(answers={str(VM_A.resource_id).lower(): Answer("GET", value)})


MINE, OTHER = (
    f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}" for name in ("mine", "other")
)


@pytest.mark.parametrize(
    ("facts", "stated", "expected"),
    [
        (of_azure(MINE), None, MINE),
        (of_azure(MINE), OTHER, OTHER),
        (of_azure(MINE, OTHER), None, None),
        (of_azure(MINE, system=True), None, None),
        (of_azure(system=True), None, None),
        (of_azure(), None, None),
        (AzureSnapshot(), None, None),
    ],
)
def test_the_request_names_the_only_user_assigned_identity(
    facts: AzureSnapshot, stated: str | None, expected: str | None
) -> None:
    """msi_res_id: the article demands it for user-assigned identities, and Azure knows which one it is."""
    found = prepare(replace(VM_A, identity=stated), facts)
    assert isinstance(found, EnrollmentRequest)
    assert found.vm.identity == expected
    command = azcmagent_connect._connect(found.vm, PROFILE)
    assert ("msi_res_id=" in command) == (expected is not None)


def test_an_address_is_no_name_to_connect_under() -> None:
    found = prepare(Vm("10.0.0.4", target=TARGET), AzureSnapshot())
    assert str(found).startswith("Not connected, as it is not known under which name: The name of the Arc machine is")


def test_no_target_no_connecting() -> None:
    assert str(prepare(Vm("c"), AzureSnapshot())).startswith(
        "Not connected, as it is not known where to: The resource id"
    )
    nowhere = replace(VM_A, target=replace(TARGET, location=None))
    assert "no location is stated" in str(prepare(nowhere, AzureSnapshot()))


@pytest.mark.parametrize("tags", [{"a,b": "c"}, {"a": "it's"}, {"a": ""}, {"a=b": "c"}, {"a": 'say "x"'}])
def test_a_tag_that_cannot_be_said_is_refused(tags: dict[str, str]) -> None:
    found = prepare(replace(VM_A, target=replace(TARGET, tags=tags)), AzureSnapshot())
    assert "cannot be given the tag" in str(found)


def test_it_is_said_beforehand() -> None:
    found = [request for request in (prepare(VM_A, AzureSnapshot()),) if isinstance(request, EnrollmentRequest)]
    lines = announcement(found, {"b": "Not connected, as the VM is not ready: IMDS-002 failed."}, "roundtrip")
    assert lines == [
        "--enroll=roundtrip: 1 of 2 VMs is being connected to Azure Arc now.",
        "Each with azcmagent connect and a token of its own managed identity, as this resource:",
        f"  a: {GROUP}/providers/Microsoft.HybridCompute/machines/web-a in eastus, tags Site=NY 3, app=web",
        "Then each is disconnected again, which deletes that resource.",
        "  b: Not connected, as the VM is not ready: IMDS-002 failed.",
    ]


# ------------------------------------------------------------------------------------------------------- in which order

OK = SshSession("ok", address="root@10.0.0.4:22", seconds={"login": 0.1})
ID = f"{GROUP}/providers/Microsoft.HybridCompute/machines/web-a"
SHOWN = f"\n@text\nResource Id          : {ID}\nAgent Status         : Connected\n"


class Site:
    """VMs that answer as told, in place of SSH; and Azure, which has what they made."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path, answers: Mapping[tuple[str, str], ProbeResult]
    ) -> None:
        self.answers = dict(answers)
        self.visits: list[tuple[str, str]] = []
        self.lost: set[tuple[str, str]] = set()
        self.machines: list[dict[str, Any]] | ReadError = []
        self.archive = Archive.create(folder, {"id": "x"}, [VM_A, VM_B])
        for vm in (VM_A, VM_B):
            self.archive.store(Evidence(vm, OK, {"healthz": ProbeResult("healthz", "curl", "done", 0)}, 1.0))
        monkeypatch.setattr(runner, "gather", self.gather)
        monkeypatch.setattr(arc_machines, "PAUSE", 0.0)
        monkeypatch.setattr(arc_machines, "PATIENCE", 0.2)

    def gather(
        self,
        vms: Sequence[Vm],
        plans: Mapping[str, Sequence[ProbeCommand]],
        options: ssh.Options,
        archive: Archive,
        progress: Progress,
    ) -> bool:
        for vm in vms:
            (planned,) = plans[vm.name]
            self.visits.append((vm.name, planned.key))
            if (vm.name, planned.key) in self.lost:
                archive.store(Evidence(vm, SshSession("connection lost", "It broke."), {}, 2.0))
                continue
            answer = self.answers[vm.name, planned.key]
            archive.store(Evidence(vm, OK, {planned.key: replace(answer, command=planned.command)}, 2.0))
        return ("stop", "") not in self.answers

    def look(self, cloud: str, group: str) -> Answer | ReadError:
        assert (cloud, group) == ("AzureCloud", GROUP)
        return self.machines if isinstance(self.machines, ReadError) else Answer("GET", self.machines)

    def enroll(self, mode: str, vms: Sequence[Vm] = (VM_A,), look: bool = True) -> bool:
        found = [
            request
            for request in (prepare(vm, AzureSnapshot()) for vm in vms)
            if isinstance(request, EnrollmentRequest)
        ]
        options, asking = ssh.Options(run_timeout=5), self.look if look else None
        return runner.enroll(found, PROBES, PROFILE, mode, options, self.archive, asking, _quiet)

    def results(self, name: str) -> dict[str, ProbeResult]:
        """As it is on disk; in memory it is the same."""
        disk = Archive(self.archive.directory)[name].results
        assert disk == self.archive[name].results
        return disk


class _Nobody:
    def visited(self, evidence: Evidence) -> None:
        """Nobody is told."""


def _quiet(total: int) -> AbstractContextManager[Progress]:
    return nullcontext(_Nobody())


def done(key: str, stdout: str, exit: int = 0) -> ProbeResult:
    return ProbeResult(key, "", "done", exit, stdout)


def machine(name: str, status: str = "Connected") -> dict[str, Any]:
    return {"id": ID, "name": name, "location": "eastus", "properties": {"status": status, "secretish": "x" * 9000}}


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
    assert site.archive["a"].vm == VM_A  # not the VM with what Azure added
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


def test_a_lost_session_says_so_and_touches_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
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


def test_azure_is_not_asked_when_it_is_not_to_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = Site(monkeypatch, tmp_path, ANSWERS)
    assert site.enroll("roundtrip", look=False)
    assert not ArcMachine.read(site.results("a")["enroll_machine"]).asked


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
    monkeypatch.setattr(site, "look", look)
    monkeypatch.setattr(arc_machines, "PATIENCE", 60.0)
    monkeypatch.setattr(time, "sleep", pauses.append)
    assert site.enroll("connect")
    assert ArcMachine.read(site.results("a")["enroll_machine"]).status == "Connected"
    assert pauses == [arc_machines.PAUSE] * 2


# ------------------------------------------------------------------------------------------------------ the whole step


def test_only_the_ready_are_enrolled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = Site(monkeypatch, tmp_path, ANSWERS)
    said: list[str] = []
    assert _whole(site, [VM_A, VM_B], {"a": Status.PASS, "b": Status.FAIL}, said)
    assert site.visits == [("a", "enroll_connect"), ("a", "enroll_show")]
    assert said[0] == "--enroll=connect: 1 of 2 VMs is being connected to Azure Arc now."
    assert said[-1] == "  b: Not connected, as the VM is not ready: IMDS-002 failed."
    assert set(site.results("b")) == {"healthz"}


def test_two_vms_do_not_become_one_resource(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = Site(monkeypatch, tmp_path, {})
    twin = replace(VM_B, resource_id=VM_A.resource_id)
    said: list[str] = []
    assert _whole(site, [VM_A, twin], {"a": Status.PASS, "b": Status.PASS}, said)
    assert not site.visits
    assert "a and b would become the same resource" in said[-1]
    assert "a and b would become the same resource" in AgentCommand.read(site.results("a")["enroll_connect"]).missing


def test_a_vm_without_a_target_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = Site(monkeypatch, tmp_path, {})
    assert _whole(site, [Vm("a")], {"a": Status.PASS}, [])
    assert not site.visits
    assert "not known where to" in AgentCommand.read(site.results("a")["enroll_connect"]).missing


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
        "# b: Not connected, as its path is relay: azcmagent connect existing needs the private key that was made with "
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


# ------------------------------------------------------------------------------------------------ the commands, for real

CLAIMS = {"aud": "https://management.azure.com/", "tid": "99999999-0000-0000-0000-000000000000"}
TOKEN = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"RS256"}', json.dumps(CLAIMS).encode(), b"signature that stays on the VM")
)

AGENT = r"""#!/bin/sh
case $1 in
show) cat "$AGENT_HOME/show" 2>/dev/null; exit 0 ;;
esac
printf '%s\n' "$@" >>"$AGENT_HOME/arguments"
tr '\0' '\n' </proc/$$/environ >"$AGENT_HOME/environment"
for file; do :; done
stat -c %a "$file" >"$AGENT_HOME/mode"
cat "$file" >"$AGENT_HOME/config"
printf ' 20%% [==>  ]\r 40%% [===> ]\rINFO    Connected machine to Azure\n'
printf 'debug: token %s\n' "$(sed 's/.*"[a-z]*-[a-z]*":"\([^"]*\)"}$/\1/' "$file")"
exit "$(cat "$AGENT_HOME/status" 2>/dev/null || echo 0)"
"""

CURL = r"""#!/bin/sh
printf '%s\n' "$@" >"$AGENT_HOME/curl"
cat "$AGENT_HOME/answer"
printf '@code 200'
"""


class Ran:
    """One of the suite's commands, run by a shell of this machine against a stand-in agent and a stand-in curl."""

    def __init__(self, shell: str, folder: Path, command: str, **files: str) -> None:
        self.home, self.room = folder / "home", folder / "room"
        for directory in (self.home, self.room, folder / "bin"):
            directory.mkdir()
        for name, text in (("azcmagent", AGENT), ("curl", CURL)):
            (folder / "bin" / name).write_text(text)
            (folder / "bin" / name).chmod(0o755)
        for name, text in {"answer": json.dumps({"access_token": TOKEN, "expires_in": "86400"}), **files}.items():
            (self.home / name).write_text(text)
        command = command.replace("/opt/azcmagent/bin/azcmagent", str(folder / "bin" / "azcmagent"))
        env = os.environ | {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "AGENT_HOME": str(self.home),
            "room": str(self.room),
        }
        done = subprocess.run([shell, "-c", command], env=env, capture_output=True, text=True, timeout=100, check=False)
        self.stdout, self.stderr, self.exit = done.stdout, done.stderr, done.returncode

    def text(self, name: str) -> str:
        path = self.home / name
        return path.read_text() if path.exists() else ""


@pytest.fixture(params=["dash", "bash"])
def shell(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if not any((Path(place) / name).exists() for place in ("/bin", "/usr/bin")):
        pytest.skip(f"there is no {name} here")
    return name


def _command(name: str, vm: Vm = VM_A) -> str:
    return PROBES[name].plan(name, {"vm": vm, "profile": PROFILE}).command


def test_connect_hands_the_token_over_in_a_file_only(shell: str, tmp_path: Path) -> None:
    ran = Ran(shell, tmp_path, _command("enroll_connect"))
    assert (ran.exit, ran.stderr) == (0, "")
    assert json.loads(ran.text("config")) == {
        "subscription-id": SUB,
        "resource-group": "arc-rg",
        "location": "eastus",
        "resource-name": "web-a",
        "tags": "Site='NY 3',app=web",
        "tenant-id": "99999999-0000-0000-0000-000000000000",
        "access-token": TOKEN,
    }
    assert ran.text("mode") == "600\n"
    assert ran.text("arguments") == f"connect\n--config\n{ran.room}/azcmagent.json\n"
    assert not list(ran.room.iterdir())
    for part in TOKEN.split("."):
        assert part not in ran.stdout + ran.stderr + ran.text("arguments") + ran.text("environment")
    assert ran.stdout == "@run\nINFO    Connected machine to Azure\ndebug: token (cut)\n@exit 0\n"
    assert ran.text("curl").startswith("-q\n-sS\n--noproxy\n*\n")


def test_connect_leaves_a_connected_machine_alone(shell: str, tmp_path: Path) -> None:
    shown = f"Resource Id          : {ID}\nAgent Status         : Connected\n"
    ran = Ran(shell, tmp_path, _command("enroll_connect"), show=shown)
    assert ran.exit == 0
    assert ran.stdout == f"@already\nResource Id          : {ID}\n"
    assert not ran.text("arguments")
    assert not ran.text("curl")


def test_connect_passes_the_exit_status_on_and_removes_the_file(shell: str, tmp_path: Path) -> None:
    ran = Ran(shell, tmp_path, _command("enroll_connect"), status="44", show="Agent Status : Disconnected\n")
    assert ran.exit == 44
    assert ran.stdout.endswith("@exit 44\n")
    assert not list(ran.room.iterdir())


@pytest.mark.parametrize(
    "answer",
    [
        '{"error":"invalid_request","error_description":"Identity not found"}',
        '{"access_token": "eyJ$(touch pwned).b.c"}',
        '{"access_token": "opaque"}',
        '{"access_token": ""}',
        "",
    ],
)
def test_without_a_token_nothing_is_connected(shell: str, tmp_path: Path, answer: str) -> None:
    ran = Ran(shell, tmp_path, _command("enroll_connect"), answer=answer)
    assert (ran.exit, ran.stdout) == (1, "@no token 200\n")
    assert not ran.text("arguments")
    assert not list(ran.room.iterdir())


def rsa_key(format: PrivateFormat) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, format, NoEncryption()).decode()


PKCS1, PKCS8 = rsa_key(PrivateFormat.TraditionalOpenSSL), rsa_key(PrivateFormat.PKCS8)
BASE64 = "".join(PKCS1.splitlines()[1:-1])


def existing(shell: str, folder: Path, key: str | None, **files: str) -> Ran:
    """`connect existing` with this key in the file."""
    file = folder / "the key's file"
    if key is not None:
        file.write_bytes(key.encode())
    vm = replace(RELAY, target=replace(RELAY.target, private_key_file=str(file), vm_id="v-1", tenant="t-1"))
    return Ran(shell, folder, _command("enroll_connect", vm), **files)


@pytest.mark.parametrize(
    "key",
    [PKCS1, PKCS1.replace("\n", "\r\n"), BASE64, f"{BASE64}\n", rsa_key(PrivateFormat.TraditionalOpenSSL)],
    ids=["PEM", "CR LF", "base64", "a line", "another"],
)
def test_connect_existing_hands_the_key_over_in_a_file_only(shell: str, tmp_path: Path, key: str) -> None:
    secret = "".join(line for line in key.split() if len(line) > 20)
    # An agent that prints what it was given.
    ran = existing(shell, tmp_path, key)
    assert (ran.exit, ran.stderr) == (0, "")
    config = json.loads(ran.text("config"))
    assert (config["private-key"], config["vmid"], config["tenant-id"]) == (secret, "v-1", "t-1")
    assert ran.text("mode") == "600\n"
    assert ran.text("arguments") == f"connect\nexisting\n--config\n{ran.room}/azcmagent.json\n"
    assert not ran.text("curl")  # no token is needed
    assert not list(ran.room.iterdir())
    assert secret in ran.text("config")
    for place in (ran.stdout, ran.stderr, ran.text("arguments"), ran.text("environment")):
        assert secret[:40] not in place
    assert ran.stdout.endswith("@exit 0\n")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (None, "file"),
        ("", "form"),
        (PKCS8, "PKCS#8"),
        ("".join(PKCS8.splitlines()[1:-1]), "PKCS#8"),
        (PKCS1.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n", 1), "form"),
        (f'{BASE64}"; touch pwned; "', "form"),
        ("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBkg4LVWM9nuwNSk3yByxZpYRTBnVJk5\n", "form"),
    ],
    ids=["no file", "empty", "PKCS#8", "base64 of it", "encrypted", "hostile", "EC"],
)
def test_another_key_connects_nothing(shell: str, tmp_path: Path, key: str | None, why: str) -> None:
    ran = existing(shell, tmp_path, key)
    assert (ran.exit, ran.stdout) == (1, f"@no key {why}\n")
    assert not ran.text("arguments")
    assert not list(ran.room.iterdir())
    read = AgentCommand.read(ProbeResult("enroll_connect", "", "done", 1, ran.stdout))
    assert (read.why_not, read.detail) == ("no key", why)


def test_a_user_assigned_identity_is_named(shell: str, tmp_path: Path) -> None:
    user = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id arc"
    ran = Ran(shell, tmp_path, _command("enroll_connect", replace(VM_A, identity=user)))
    assert "&msi_res_id=%2Fsubscriptions%2F" in ran.text("curl")
    assert ran.text("curl").endswith("id%20arc\n")


def test_what_an_inventory_says_is_never_run(shell: str, tmp_path: Path) -> None:
    nasty = Target(SUB, "rg'$(touch pwned)`touch pwned`", 'east"us', tags={"a": "$(touch pwned)"})
    ran = Ran(shell, tmp_path, _command("enroll_connect", replace(VM_A, target=nasty)))
    assert json.loads(ran.text("config"))["resource-group"] == nasty.resource_group
    assert json.loads(ran.text("config"))["location"] == 'east"us'
    assert not list(tmp_path.rglob("pwned"))
    assert not Path("pwned").exists()


def test_disconnect_then_show(shell: str, tmp_path: Path) -> None:
    shown = "Resource Id          :\nAgent Status         : Disconnected\n"
    ran = Ran(shell, tmp_path, _command("enroll_disconnect"), show=shown)
    assert ran.exit == 0
    assert json.loads(ran.text("config")) == {"access-token": TOKEN}
    assert ran.text("arguments").startswith("disconnect\n--config\n")
    assert not list(ran.room.iterdir())
    read = AgentCommand.read(ProbeResult("enroll_disconnect", "", "done", 0, ran.stdout))
    assert (read.exit, read.after.status, read.after.resource) == (0, "Disconnected", "")
    assert TOKEN not in ran.stdout


def test_no_agent(shell: str, tmp_path: Path) -> None:
    ran = Ran(shell, tmp_path, _command("enroll_connect").replace("/opt/azcmagent/bin/azcmagent", "/nonexistent"))
    assert (ran.exit, ran.stdout) == (1, "@absent\n")


def test_a_plan_can_be_printed_before_anything_is_known() -> None:
    command = _command("enroll_connect", Vm("c"))
    assert '"location":"<location of the VM>"' in command
    assert '"resource-name":"c"' in command
