"""The fix commands of checks: the failing rows with one, and their unambiguous quoting."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import pytest

from plugins.checks import package_manager as packages
from plugins.checks.check import OnVm
from plugins.checks.command import Command
from plugins.judge.operator_command import for_operator
from plugins.model import ProbeResult, Status, Vm
from plugins.requirements.profile_file import load_profile
from suites.probes.azcmagent import AgentStatus
from suites.rules import guest_fixes
from suites.rules.certificate import REINSTALL_CA
from tests.support.catalogue import FUNCTIONS, ROWS
from tests.support.fake_azure import CLUSTER_ID, CSN_ID, INVENTORY, SYSTEM, VM_ID, azure, egress
from tests.support.paths import ROOT
from tests.support.suite_probes import probes_of
from tests.support.suite_rows import PROFILE, Row, curl, seen

#: Failing rows without a command, by check, or by check and row if others have one; and the reason.
BY_HAND = {
    "AGENT-003 connected, two are down": "a service that systemd does not know comes back with the agent's package",
    "AGENT-004": "the way or the proxy is to be mended: NET-001, PROXY-004, PROXY-005",
    "AGENT-005": "whether the other resource is still wanted is for a person to say",
    "AGENT-006": "each code has its own remedy",
    "CLOUDINIT-001": "the user data is to be corrected, which only acts when the VM is created again",
    "CLOUDINIT-002": "the user data is to be corrected, which only acts when the VM is created again",
    "CSN-003": "Azure's own state, or a network on another cluster: a support request, or the VM again",
    "DNS-001": "the resolver is the tenant network's, and nobody here knows the right one",
    "ENROLL-001": "what azcmagent said has its own remedy",
    "ENROLL-002": "what the agent's log says has its own remedy",
    "ENROLL-003": "deleting what is left of a machine is for a person to decide",
    "IDENTITY-001": "a VM gets an identity that works only when it is created",
    "IDENTITY-002": "the inventory is to be corrected, or the VM to be created again",
    "IMDS-001": "nothing is to be done when only ping is not answered",
    "IMDS-002 refused": "whether the route is right has to be seen first",
    "IMDS-002 dropped": "whether the route is right has to be seen first",
    "IMDS-002 another service": "something else sits at the address",
    "IMDS-002 intercepted by a proxy": "a rule or device on the path intercepts port 80",
    "IMDS-002 an undocumented 2xx": "nothing is to be done as long as tokens are issued",
    "IMDS-003": "PROXY-002's command repairs it, where it can be repaired on the VM",
    "IMDS-004": "a support request: the sidecar is the platform's",
    "NET-001": "CSN-002's command lets the endpoint through; what lies behind the proxy is not ours to change",
    "NET-002": "CSN-002's command is for what every VM needs; others are a decision",
    "NET-003 intercepted, and trusted": "TLS inspection is to be taken off the path",
    "NET-003 a negative serial number": "the certificate is the origin's or the inspecting device's to replace",
    "NET-003 an unknown issuer, GnuTLS": "TLS inspection is to be taken off the path",
    "NET-003 expired": "SSH-003's command sets the clock",
    "NET-003 not yet valid": "SSH-003's command sets the clock",
    "NET-003 another name": "somebody else answers: to be found out who",
    "NET-003 another name, old curl": "somebody else answers: to be found out who",
    "NET-003 TLS 1.1 at best": "TLS inspection is to be taken off the path, or a policy to be changed",
    "NET-003 an alert about the version": "TLS inspection is to be taken off the path, or a policy to be changed",
    "NET-003 reached with TLS 1.1": "TLS inspection is to be taken off the path, or a policy to be changed",
    "PLATFORM-001 below what newer documents ask for, and no such upgrade is offered": "likewise: see the next one",
    "PLATFORM-001 below, and no upgrade is offered": "the management bundle that offers one is Microsoft's to roll out",
    "PLATFORM-002": "Microsoft rolls management bundles out; the operator declares them",
    "PLATFORM-003": "a management bundle brings new API versions",
    "PLATFORM-004": "a support request, or the way between cluster and Azure",
    "PROXY-001 written, but PAM is off": "sshd's configuration is not changed from afar: a mistake locks everybody out",
    "PROXY-001 sudo has another": "sudo's configuration is not changed from afar",
    "PROXY-002 lacks the address, and is set by a script": "no command edits a script of somebody's own",
    "PROXY-003": "the proxy is the cloud services network's: CSN-003, VM-003",
    "PROXY-006 another one in the unit, which beats the manager's": "where systemd has it from is to be found out",
    "PROXY-006 environment alone, and another one": "where systemd has it from is to be found out",
    "RELAY-002 denied": "a deny assignment cannot be removed by itself",
    "RELAY-002 no identity": "a VM gets an identity that works only when it is created",
    "RELAY-003": "making the machine takes a new key pair, and deleting one is for a person to decide",
    "ROLES-003 denied": "a deny assignment cannot be removed by itself",
    "ROLES-003 denied to everybody": "a deny assignment cannot be removed by itself",
    "SSH-002": "who has no root cannot give it",
    "TOKEN-002": "the inventory, a clock or the platform is wrong",
    "TOKEN-003": "time passes by itself",
    "TOKEN-004": "what az said has its own remedy",
    "VM-001 being scheduled": "wait",
    "VM-001 available, and the last operation failed": "create a VM again that was not created as requested",
    "VM-001 a power state nobody knows": "to be looked at in the portal",
    "VM-001 provisioning failed": "create a VM again that was not created as requested",
    "VM-001 still being created": "wait",
    "VM-001 the VM does not exist": "the inventory is to be corrected, or the VM to be created",
    "VM-002": "a VM stays where it was created",
    "VM-003": "the attachment is made when the VM is created",
    "VM-004": "another image",
    "VM-005 no systemd": "another image",
    "VM-005 no process 1": "another image",
    "VM-005 no systemctl": "another image",
    "VM-005 a lock": "wait for who holds it",
    **{
        name: "a file system with errors is to be repaired first"
        for name in (f"VM-005 {row.name}" for row in ROWS["VM-005"])
        if name.startswith("VM-005 read-only: ")
    },
    "VM-005 no space": "what may go from a disk is for a person to say",
    "VM-006": "whether the machine that has the name is still wanted is for a person to say",
}


#: Checks whose command needs the VM's resource id, which most rows lack.
RESTARTS = ("IMDS-002", "TOKEN-001")


BY_HAND |= {
    "TOKEN-001 no such identity": "a VM gets an identity that works only when it is created",
    "TOKEN-001 no identity, or several": "the inventory is to be corrected, or the VM to be created again",
    "TOKEN-001 the only identity of the VM was not named: Azure shows one": "the inventory is to be corrected",
    "TOKEN-001 the only identity of the VM was not named: Azure shows the system's, which needs no name": "see the next",
    "TOKEN-001 400, the resource is not known": "the inventory is to be corrected",
    **dict.fromkeys(
        ("TOKEN-001 400, the header is missing", "TOKEN-001 400, a proxy passed it on", "TOKEN-001 400, a page"),
        "a rule or device on the path intercepts port 80",
    ),
    "TOKEN-001 400, the request is not understood": "whether it is the sidecar that answers has to be seen first",
    "TOKEN-001 400, not assigned": "a VM gets an identity that works only when it is created",
    "TOKEN-001 not found": "whether it is the sidecar that answers has to be seen first",
    "TOKEN-001 a proxy in between": "a rule or device on the path intercepts port 80",
    "TOKEN-001 200 without a token": "whether it is the sidecar that answers has to be seen first",
    "TOKEN-001 refused": "the same as IMDS-002",
    "TOKEN-001 dropped": "the same as IMDS-002",
    "TOKEN-001 hung up": "the same as IMDS-002",
}


def _rows() -> Iterator[tuple[str, Row, Callable[..., str]]]:
    for id, function in FUNCTIONS.items():
        for row in ROWS[id]:
            if id in RESTARTS and not row.vm.resource_id:
                row = replace(row, vm=replace(row.vm, resource_id=VM_ID))
            yield id, row, function


OUTCOMES = {f"{id} {row.name}": row.outcome(function) for id, row, function in _rows()}


GIVEN = {name: outcome.fix for name, outcome in OUTCOMES.items()}


def test_every_failing_row_has_a_command_or_a_reason() -> None:
    failing = {
        name: name.partition(" ")[0]
        for name, outcome in OUTCOMES.items()
        if outcome.status in (Status.FAIL, Status.WARN)
    }
    without = {name for name in failing if not GIVEN[name]}
    assert sorted(name for name in without if name not in BY_HAND and failing[name] not in BY_HAND) == []
    used = without | {failing[name] for name in without if name not in BY_HAND}
    assert sorted(set(BY_HAND) - used) == [], "these have a command now, or are no rows"
    with_some = {failing[name] for name in failing if GIVEN[name]}
    assert with_some & set(BY_HAND) == set(), "name the rows of a check that has commands for others"


def test_what_passes_has_no_command() -> None:
    well = (Status.PASS, Status.NOT_APPLICABLE)
    assert [name for name, outcome in OUTCOMES.items() if outcome.status in well and outcome.fix] == []


def shown_on_vm(command: Command | OnVm) -> str:
    """The text of a command for the guest; "" for one for the operator."""
    return str(command.command) if isinstance(command, OnVm) else ""


COMMANDS = sorted(
    {str(command.command if isinstance(command, OnVm) else command) for fix in GIVEN.values() for command in fix}
)


GUEST = sorted({str(command.command) for fix in GIVEN.values() for command in fix if isinstance(command, OnVm)})


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_one_line_that_every_shell_reads(command: str) -> None:
    assert "\n" not in command
    shlex.split(command)
    assert subprocess.run(["sh", "-n", "-c", command], capture_output=True, check=False).stderr == b""
    given = next(repair for fix in GIVEN.values() for repair in fix if command in (str(repair), shown_on_vm(repair)))
    through_ssh = for_operator(given if isinstance(given, OnVm) else OnVm(given), Vm("vm-a", host="h"), None)
    assert shlex.split(through_ssh) == ["ssh", "--", "h", command]
    assert subprocess.run(["sh", "-n", "-c", through_ssh], capture_output=True, check=False).stderr == b""


@pytest.mark.parametrize("command", GUEST)
def test_a_command_for_the_guest_asks_nobody(command: str) -> None:
    assert "sudo " in command
    for tool in ("apt-get install", "apt-get purge", "dnf install", "dnf upgrade", "zypper install", "zypper update"):
        for actual in (statement for statement in command.split(";") if f"{tool} " in statement):
            assert " -y" in actual


def test_no_command_holds_a_placeholder() -> None:
    for command in COMMANDS:
        assert not any(
            word in command for word in (" NAME", " CSN", " RG", " ID ", "<", "@PROXY@", "@FILE@", "@AT@")
        ), command


def fix(
    check: str,
    vm: Vm = INVENTORY,
    evidence: Mapping[str, ProbeResult] | None = None,
    **parameters: object,
) -> Sequence[Command | OnVm]:
    return Row("", evidence or {}, Status.FAIL, "", parameters=parameters, vm=vm).outcome(FUNCTIONS[check]).fix


WHERE = "--resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            fix("PLATFORM-001", azure=azure(cluster={"properties": {"clusterVersion": "4.6.0"}})),
            [f"az networkcloud cluster update-version --name cluster-1 {WHERE} --target-cluster-version 4.10.0"],
        ),
        (
            fix(
                "PLATFORM-005",
                azure=azure(providers={"Microsoft.HybridCompute": "NotRegistered"}),
                namespace="Microsoft.HybridCompute",
            ),
            ["az provider register --namespace Microsoft.HybridCompute --subscription 11111111-2222-3333-4444-555555555555 --wait"],
        ),
        (
            fix("VM-001", azure=azure(vm={"properties": {"powerState": "Off", "detailedStatus": "Stopped"}})),
            [f"az networkcloud virtualmachine start --name vm-a {WHERE}"],
        ),
        (
            fix("VM-001", azure=azure(vm={"properties": {"detailedStatus": "Error"}})),
            [f"az networkcloud virtualmachine restart --name vm-a {WHERE}"],
        ),
        (
            fix(
                "CSN-001",
                azure=azure(csn={"properties": {"enableDefaultEgressEndpoints": "False", "enabledEgressEndpoints": []}}),
            ),
            [f"az networkcloud cloudservicesnetwork update --name csn-1 {WHERE} --enable-default-egress-endpoints True"],
        ),
        (
            fix("ROLES-003", azure=azure(roles=[])),
            [
                f"az role assignment create --assignee-object-id {SYSTEM} --assignee-principal-type ServicePrincipal --role {role} "
                "--scope /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus"
                for role in ("f5819b54-e033-4d82-ac66-4fec3cbf3f4c", "e9701b4d-e6e7-4657-91cd-360a0881d224")
            ],
        ),
        (
            fix("IMDS-002", evidence={"healthz": curl(503, ip="169.254.169.254")}),
            [f"az networkcloud virtualmachine restart --name vm-a {WHERE}"],
        ),
        (fix("IMDS-002", Vm("vm-a"), {"healthz": curl(503, ip="169.254.169.254")}), []),
    ],
)  # fmt: skip
def test_the_commands_for_azure(found: Sequence[Command | OnVm], expected: list[str]) -> None:
    assert [str(command) for command in found] == expected


def test_services_that_ended_are_started_by_one_command() -> None:
    assert [shown_on_vm(command) for command in GIVEN["AGENT-003 connected, two have ended"]] == [
        "sudo systemctl enable gcad extd && sudo systemctl restart gcad extd"
    ]


def test_the_commands_of_package_managers() -> None:
    assert shown_on_vm(packages.command("remove", "azcmagent")) == (
        "if command -v apt-get >/dev/null; then sudo apt-get purge -y azcmagent; "
        "elif command -v dnf >/dev/null; then sudo dnf remove -y azcmagent; "
        "elif command -v zypper >/dev/null; then sudo zypper remove -y azcmagent; fi"
    )
    sudo = "sudo env https_proxy=http://169.254.0.11:3128"
    assert shown_on_vm(packages.command("upgrade", "azure-cli", PROFILE.proxy_url)) == (
        f"if command -v apt-get >/dev/null; then {sudo} apt-get update; {sudo} apt-get install --only-upgrade -y azure-cli; "
        f"elif command -v dnf >/dev/null; then {sudo} dnf upgrade -y azure-cli; "
        f"elif command -v zypper >/dev/null; then {sudo} zypper update -y azure-cli; fi"
    )
    assert packages.words("upgrade", "azure-cli") == (
        "apt-get install --only-upgrade azure-cli, dnf upgrade azure-cli, or zypper update azure-cli"
    )


OWN_ID = "5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11"
OTHER_ID = "0b4c1f1e-6f0e-4a3c-8c7e-2f6d1a9b7e55"


@pytest.mark.parametrize(
    ("arc", "fixed"),
    [
        ({"vm-a": OWN_ID, "vm-b": OTHER_ID}, ["vm-b"]),
        ({"vm-a": OWN_ID, "vm-b": ""}, []),  # its agent is connected as another machine than vm-a
        ({"vm-a": "", "vm-b": OWN_ID}, ["vm-a"]),
        ({"vm-a": OWN_ID}, []),  # Azure does not state what vm-b is
        ({"vm-a": "", "vm-b": ""}, []),
        ({}, []),
    ],
)
def test_only_a_copy_by_azures_word_forgets_its_resource(arc: dict[str, str], fixed: list[str]) -> None:
    """Whatever the VMs report: a compromised VM can report anything."""
    shown = {name: AgentStatus(status="Connected", name="vm-b", vm_id=OWN_ID) for name in ("vm-a", "vm-b")}
    text = f"@text\nResource Name : vm-b\nVM ID : {OWN_ID}\nAgent Status : Connected\n"
    installed = "@has /opt/azcmagent/bin/azcmagent\n@version\nazcmagent version 1.61.03319.2737\n"
    evidence = {"agent": seen(installed), "agent_show": seen(f"\n{text}")}
    given = {
        name: [
            shown_on_vm(command)
            for command in fix(
                "AGENT-007", replace(INVENTORY, name=name), evidence, fleet_agent_show=shown, arc_vm_id=arc.get
            )
        ]
        for name in shown
    }
    assert given == {name: ["sudo azcmagent disconnect --force-local-only"] if name in fixed else [] for name in shown}


HOSTILE = "x'; rm -rf ~; $(id) `id` \"& |\t#"


def test_a_hostile_name_stays_one_word() -> None:
    csn_id = CSN_ID.replace("csn-1", HOSTILE)
    listed = azure(
        csn={
            "id": csn_id,
            "properties": {"enabledEgressEndpoints": [], "additionalEgressEndpoints": egress(HOSTILE)},
        }
    )
    pas = next(endpoint for endpoint in PROFILE.endpoints(INVENTORY) if endpoint.host == "pas.windows.net")
    (add,) = fix("CSN-002", azure=listed, endpoint=pas)
    words = shlex.split(str(add))
    assert words[3:6] == ["update", "--name", HOSTILE]
    assert words[-2] == "--additional-egress-endpoints"
    assert json.loads(words[-1])[0]["endpoints"] == [{"domainName": HOSTILE, "port": 443}]
    cluster = {"id": CLUSTER_ID.replace("cluster-1", HOSTILE), "properties": {"clusterVersion": "4.6.0"}}
    (upgrade,) = fix("PLATFORM-001", azure=azure(cluster=cluster))
    assert shlex.split(str(upgrade))[4:6] == ["--name", HOSTILE]
    vm = replace(INVENTORY, resource_id=f"/subscriptions/{HOSTILE}/resourceGroups/{HOSTILE}/providers/a/b/{HOSTILE}")
    (restart,) = fix("TOKEN-001", vm, {"arm_token": curl(503, ip="169.254.169.254")}, expected_principal=None)
    assert shlex.split(str(restart))[4:] == ["--name", HOSTILE, "--resource-group", HOSTILE, "--subscription", HOSTILE]


def test_a_profile_of_ones_own_cannot_break_out_either() -> None:
    profile = replace(load_profile(), proxy_url=f"http://{HOSTILE}", no_proxy_recommended=(HOSTILE,))
    script = shlex.split(str(guest_fixes.environment(profile).command))[-1]
    assert subprocess.run(["sh", "-n", "-c", script], capture_output=True, check=False).stderr == b""
    assert f"new={shlex.quote(f'http://{HOSTILE}')};" in script


def test_a_windows_guest_gets_no_command_for_a_posix_shell() -> None:
    tried = set()
    for id, row, function in _rows():
        probes = probes_of(function).values()
        if all(probe.windows for probe in probes) and any(
            isinstance(command, OnVm) for command in GIVEN[f"{id} {row.name}"]
        ):
            there = replace(row, vm=replace(row.vm, os="windows")).outcome(function)
            assert not any(isinstance(command, OnVm) for command in there.fix), row.name
            tried.add(id)
    assert {"SSH-003", "NET-003"} <= tried


def test_the_certificates_are_installed_anew_only_when_azures_own_are_not_trusted() -> None:
    given = {name: commands for name, commands in GIVEN.items() if name.startswith("NET-003") and commands}
    assert all(commands == [REINSTALL_CA] for commands in given.values())
    assert str(REINSTALL_CA.command) == (
        "if command -v apt-get >/dev/null; then sudo apt-get install --reinstall -y ca-certificates && sudo "
        "update-ca-certificates; elif command -v dnf >/dev/null; then sudo dnf reinstall -y ca-certificates && sudo "
        "update-ca-trust; fi"
    )


def test_the_documentation_lists_the_checks_that_have_commands() -> None:
    text = (ROOT / "docs" / "diagnosis.md").read_text(encoding="utf-8")
    rows = text.partition("| check | commands |")[2].partition("\n\n")[0]
    listed = {
        id for row in rows.splitlines() for id in re.findall(r"[A-Z]+-\d{3}", row.split("|")[1] if "|" in row else "")
    }
    no_curl = packages.command("install", "curl")
    assert listed == {name.partition(" ")[0] for name, given in GIVEN.items() if given and list(given) != [no_curl]}
