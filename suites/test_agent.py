"""AGENT: the Connected Machine agent, if it is installed, and its own reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from plugins import (
    Profile,
    Vm,
    check,
    fail,
    not_applicable,
    on_vm,
    recommended,
    record_fact,
    required,
    sh,
    unknown,
    warn,
)
from plugins.azure import resource_ids as arm_ids
from plugins.checks import package_manager as packages
from plugins.requirements.agent_errors import findings
from suites.probes import azcmagent_windows
from suites.probes.azcmagent import Agent, AgentStatus
from suites.probes.azcmagent_check import ReachedEndpoints
from suites.probes.azcmagent_logs import INSTALLING, AgentLogs
from suites.probes.azcmagent_output import HIMDS
from suites.probes.azcmagent_services import UNITS, AgentServices
from suites.probes.no_answer import Reason
from suites.rules import agent_endpoints, agent_release, arc_machine, guest_fixes, log_findings, windows_services
from suites.rules.agent_release import PACKAGE
from suites.rules.arm_resources import named
from suites.rules.azcmagent_state import must_be_installed, must_be_known
from suites.wording import listed

ARC = "https://learn.microsoft.com/azure/azure-arc/servers"


@check(
    "AGENT-001",
    recommended,
    problem="agent is more than a year old",
    action="Update the agent on {vms}",
    remedy=f"Update the agent with the VM's package manager: {packages.words('upgrade', PACKAGE)}.",
    docs=f"{ARC}/agent-release-notes",
    component="guest",
)
def test_the_agent_is_within_its_support_window(agent: Agent, vm: Vm, profile: Profile) -> str:
    """The agent's version is at most a year old.

    Success: the version came out within the last year, or is newer than any this suite knows.
    Failure: it is older, so Microsoft no longer supports it.
    Unknown: the agent prints no version, or this suite's list of releases does not cover it.
    Not applicable: before the installation.
    """
    if agent.version or not agent.installed:
        record_fact("agent version", agent.build or "not installed")
    must_be_installed(agent)
    if not agent.version:
        unknown(
            f"azcmagent version printed no version (output: {agent.output}).",
            remedy="Run 'azcmagent version' on the VM by hand; reinstall the agent if it does not run.",
        )
    if not agent.looked:
        unknown("This evidence does not state when it was gathered.", remedy="Gather the evidence again.")
    return agent_release.in_its_window(agent, vm, profile)


@check(
    "AGENT-002",
    recommended,
    problem="agent is installed before the identity is in place",
    action="Uninstall the agent on {vms} until the identity is in place",
    remedy="Install the agent after the steps with the identity, never into the image: remove it "
    f"({packages.words('remove', PACKAGE)}), get the token, then install and connect. Or get the token from IMDS with "
    "curl.",
    docs=f"{ARC}/managed-identity-authentication",
    component="guest",
)
def test_the_agent_is_installed_after_the_identity_steps(agent: Agent, agent_show: AgentStatus, vm: Vm) -> str:
    """The agent is installed after the identity steps only.

    Success: it is not installed; or it is connected, so the steps are done.
    Failure: it is installed and was never connected: az then asks the agent on localhost:40342 for tokens instead of
    IMDS, and az login --identity fails. The message states whether the agent came with the image.
    Unknown: it is installed, and may be connected or not.
    """
    if not agent.himds:
        return "The agent is not installed yet: az asks IMDS for tokens."
    if agent_show.missing:
        unknown(
            f"The agent is installed; whether it is connected is not known: {agent_show.missing}.",
            remedy="See AGENT-003 and AGENT-005.",
        )
    if agent_show.resource:
        return f"The agent is installed and was connected as {named(agent_show.resource)}: the identity steps are done."
    since = {
        True: " It was there before this VM's first boot: it is part of the image.",
        False: " It was installed on this VM.",
        None: "",
    }[agent.baked]
    here = rf"{azcmagent_windows.FOLDER}\himds.exe" if vm.os == "windows" else HIMDS
    fail(
        f"The agent is installed ({here}) but was never connected.{since} az login --identity now asks the agent on "
        "localhost:40342 instead of IMDS, and gets no token.",
        remedy="Install the agent after the steps with the identity, never into the image: uninstall Azure Connected "
        "Machine Agent, get the token, then install and connect. Or get the token from IMDS with curl."
        if vm.os == "windows"
        else "",
        fix=packages.command("remove", PACKAGE),
    )


@check(
    "AGENT-003",
    required,
    problem="agent has services that do not run",
    action="Start the agent's services on {vms}",
    remedy="On the VM: systemctl restart himdsd, then 'systemctl status himdsd gcad extd arcproxyd' and journalctl -u "
    "himdsd show why it ends; enable it with systemctl enable --now.",
    docs=f"{ARC}/agent-overview",
    component="guest",
)
def test_the_agents_services_run(agent: Agent, agent_show: AgentStatus, agent_services: AgentServices, vm: Vm) -> str:
    """The agent's services run.

    Success: before the machine is connected, himdsd is active; once it is, gcad, extd and (since agent 1.51) arcproxyd
    as well.
    Failure: one of these is not active, or systemd does not know it.
    Unknown: the service manager does not answer, or the machine may be connected or not.
    Not applicable: before the installation.
    Windows: the services are himds, GCArcService, ExtensionService and arcproxy. arcproxy is required only with an
    Arc gateway.
    """
    windows = vm.os == "windows"
    names = azcmagent_windows.NAMES if windows else {name: name for name in UNITS}
    must_be_installed(agent)
    must_be_known(agent_services.missing, "The state of the agent's services")
    due, known = ["himdsd"], True
    if agent_show.connected:
        proxy = not agent.version or agent.version >= (1, 51)
        due = [name for name in UNITS if name != "arcproxyd" or proxy]
        due = windows_services.due(agent_show, agent_services) if windows else due
    down = {}
    for name in due:
        unit = agent_services.units.get(name)
        if unit is None or not unit.loaded:
            known = False
            down[name] = f"{names[name]} ({'Windows' if windows else 'systemd'} does not know it)"
        elif not unit.runs:
            down[name] = f"{names[name]} ({unit.state}{f', {unit.detail}' if unit.detail else ''})"
    why = " The machine is connected." if agent_show.connected else ""
    if down:
        fail(
            f"{listed([*down.values()])} {'does' if len(down) == 1 else 'do'} not run; expected "
            f"{'running' if windows else 'active'}.{why}",
            remedy=windows_services.remedy(agent_services, due) if windows else "",
            fix=guest_fixes.services(*down) if known else (),
        )
    if agent_show.missing:
        unknown(
            f"{names['himdsd']} runs; whether {listed([names[name] for name in UNITS[1:]])} are required is not "
            f"known, because azcmagent show did not answer: {agent_show.missing}.",
            remedy="See AGENT-005.",
        )
    if not agent_show.connected:
        return f"{names['himdsd']} runs. The machine is not connected; the other services are required once it is."
    return f"{listed([names[name] for name in due])} run.{why}"


#: Hosts that older agents try although they are no longer required (network-requirements).
OBSOLETE = ("login.windows.net", "dc.services.visualstudio.com")


@check(
    "AGENT-004",
    required,
    caused_by=["NET-001", "PROXY-004", "PROXY-005", "AGENT-003", "PROXY-003", "PROXY-006"],
    problem="agent does not reach an endpoint",
    action="Let the agent on {vms} reach every endpoint",
    remedy="See NET-001 for the path to the endpoint, and PROXY-004 for whether the agent uses it; then run 'azcmagent "
    "check --location LOCATION' on the VM again.",
    docs=f"{ARC}/azcmagent-check",
    component="guest",
)
def test_the_agent_reaches_every_required_endpoint(
    agent: Agent, agent_check: ReachedEndpoints, vm: Vm, profile: Profile
) -> str:
    """The agent itself reaches every required endpoint.

    Success: azcmagent check, for the location of the Arc resource, reports every required endpoint as reachable.
    Failure: it reports one as not reachable. Warning: only hosts that are no longer needed are not reachable.
    Unknown: root rights are missing, no location is known, or the agent prints no table or no row for a required
    endpoint.
    Not applicable: before the installation.
    """
    must_be_installed(agent)
    must_be_known(agent_check.missing, "Which endpoints the agent reaches")
    command = f"azcmagent check --location {agent_check.location}"
    wanted = [endpoint for endpoint in agent_check.endpoints if endpoint.required]
    lost = [endpoint for endpoint in wanted if endpoint.reachable is False]
    if needed := [endpoint for endpoint in lost if endpoint.host not in OBSOLETE]:
        direct = [endpoint.host for endpoint in needed if endpoint.proxy and endpoint.proxy.lower() != "set"]
        fail(
            f"{command} does not reach {len(needed)} of {len(wanted)} endpoints: "
            f"{listed([endpoint.host for endpoint in needed])}."
            + (f" Its PROXY column shows {needed[0].proxy!r}." if direct else "")
            + log_findings.sentence_about(agent_check.errors)
        )
    if open_ := [host.host for host in wanted if host.reachable is None and host.host not in OBSOLETE]:
        unknown(
            f"{command} does not state whether it reaches {listed(open_)}.",
            remedy="Run it on the VM by hand, with --verbose.",
        )
    if missing := agent_endpoints.without_row(agent_check, vm, profile):
        unknown(
            f"{command} printed no row for {listed(missing)}; expected one for every required endpoint.",
            remedy="Run it on the VM by hand, with --verbose, and check whether it finishes.",
        )
    if lost:
        warn(
            f"{command} reaches all it needs, but not {listed([endpoint.host for endpoint in lost])}, which are no "
            "longer required.",
            remedy="Update the agent: newer ones do not try it.",
        )
    return f"{command} reaches all {len(wanted)} required endpoints."


@check(
    "AGENT-005",
    required,
    caused_by=["AGENT-003", "NET-001", "PROXY-004", "SSH-003"],
    problem="agent is in error or connected elsewhere",
    action="Disconnect the agent on {vms} and connect it again",
    remedy="Run 'azcmagent disconnect' on the VM (with --force-local-only if the resource no longer exists in Azure), "
    "then connect again.",
    docs=f"{ARC}/azcmagent-show",
    component="guest",
)
def test_the_agent_is_ready_to_connect_or_connected_as_expected(agent: Agent, agent_show: AgentStatus, vm: Vm) -> str:
    """The agent is ready to connect, or connected as expected.

    Success: Disconnected and never connected: ready. Connected as the resource that the inventory expects: already
    enrolled.
    Failure: connected as another resource (connecting ends with AZCM0067), disconnected after it was connected,
    Expired, or Error.
    Unknown: azcmagent show prints no status, or one that its documentation does not list.
    Not applicable: before the installation.
    """
    must_be_installed(agent)
    must_be_known(agent_show.missing, "Whether the machine is connected, and to which resource,")
    status, resource = agent_show.status, agent_show.resource
    last = f" Its last heartbeat was {agent_show.heartbeat}." if agent_show.heartbeat else ""
    match status.lower():
        case "connected":
            if problem := arc_machine.another_resource(agent_show, vm):
                raise problem
            return arc_machine.enrolled(agent_show, vm)
        case "disconnected" if not resource:
            return "The agent is installed and was never connected: ready to connect."
        case "disconnected":
            fail(
                f"azcmagent show reports Disconnected, though the machine was connected as {resource}.{last} Expected "
                "Connected, or never connected; connecting again would end with AZCM0067.",
                remedy="If it should be that resource, find out why the agent gets no contact (AGENT-003, AGENT-004). "
                "Else run 'azcmagent disconnect' (with --force-local-only if the resource no longer exists in Azure) "
                "and connect again.",
            )
        case "expired" | "error":
            error = " ".join(filter(None, (agent_show.error_code, agent_show.error_details)))
            finding = next(findings([error]), None)
            fail(
                f"azcmagent show reports {status}"
                + (f" for {resource}" if resource else "")
                + (f": {error.rstrip('.')}" if error else ", and no reason")
                + (f" ({agent_show.error_time})" if agent_show.error_time else "")
                + f".{last}"
                + (f" {finding.explanation.sentence}" if finding else ""),
                remedy=finding.explanation.advice if finding else "",
            )
        case _:
            unknown(
                f"azcmagent show reports {status!r}; expected Connected, Disconnected, Expired or Error.",
                remedy="Run 'azcmagent show' on the VM by hand.",
            )


@check(
    "AGENT-006",
    recommended,
    caused_by=["NET-001", "PROXY-004", "PROXY-003", "AGENT-003", "AGENT-005", "CLOUDINIT-001", "CLOUDINIT-002"],
    problem="agent has errors in its logs",
    action="Resolve the errors in the agent's logs on {vms}",
    remedy="Each code has its own remedy: pytest --explain CODE.",
    docs=f"{ARC}/troubleshoot-agent-onboard",
    component="guest",
)
def test_the_logs_hold_no_known_error(agent: Agent, agent_show: AgentStatus, agent_logs: AgentLogs, vm: Vm) -> str:
    """The agent's recent logs are free of known errors.

    Success: no AZCM code and no error in the last day of the agent's logs and journal, and no known one in what
    cloud-init printed at the last boot; or a successful connect came after it.
    Failure: there are errors; the message quotes them, with cause and remedy.
    Unknown: root rights are missing, the logs could not be read in time, or the agent is installed and has none.
    Not applicable: the agent is not installed yet, and cloud-init has left no output.
    Windows: its logs, gc_agent.log, gc_ext.log and the installation log are judged in the same way.
    """
    if agent_logs.missing and agent_logs.missing.reason is Reason.UNREADABLE:
        unknown(
            f"The content of the logs is not known: {agent_logs.missing}.",
            remedy="Read the log on the VM by hand, as an administrator.",
        )
    must_be_known(agent_logs.missing, "The content of the logs")
    if not agent.installed and not set(agent_logs.read_logs) - {"journal"}:  # a journal always exists
        source = "no installation has left a log" if vm.os == "windows" else "cloud-init has left no output"
        not_applicable(f"The agent is not installed yet, and {source}.")
    if not agent_logs.read_logs:
        if vm.os == "windows":
            unknown(
                "The agent is installed, but no log of it was found.",
                remedy=r"Check %ProgramData%\AzureConnectedMachineAgent\Log on the VM: the folder must be there.",
            )
        unknown(
            "The agent is installed, but neither a log of its nor a journal was found.",
            remedy="Check /var/opt/azcmagent/log on the VM: the folder must be there, and root may write to it.",
        )
    # Failures of an installation no longer count once the machine is connected.
    counting = [
        entry for entry in agent_logs.entries if not (agent_show.connected and entry[0].log.startswith(INSTALLING))
    ]
    if not counting:
        return f"No AZCM code and no error of the last day in {listed(list(agent_logs.read_logs))}."
    message, remedy = log_findings.described(counting)
    fail(message, remedy=remedy)


#: Leaves the resource in Azure to the machine that owns it.
_FORGET = sh("azcmagent disconnect --force-local-only")


@check(
    "AGENT-007",
    required,
    problem="agent has the VM ID of another VM",
    action="Renew the agent's VM ID on {vms}",
    remedy=f"This VM is a copy of a connected machine. On the VM: {_FORGET}, then connect again; and remove the agent "
    "from the image.",
    docs=f"{ARC}/agent-overview",
    component="guest",
)
def test_no_other_vm_has_the_same_vm_id(
    agent: Agent,
    agent_show: AgentStatus,
    vm: Vm,
    fleet_agent_show: Mapping[str, AgentStatus],
    arc_vm_id: Callable[[str], str | None],
) -> str:
    """The agent's VM ID is this VM's alone.

    Success: no other VM of the fleet reports the same VM ID, or in Azure it belongs to this VM's Arc machine.
    Failure: in Azure it belongs to another VM's Arc machine, and this VM's has another one, or there is none and the
    agent is connected as that VM's: it is a copy, and Azure takes both for the same.
    Unknown: another VM reports it too, and Azure does not show which of them it belongs to; or azcmagent show did not
    answer.
    Not applicable: before the installation, and before the agent has a VM ID.
    """
    must_be_installed(agent)
    must_be_known(agent_show.missing, "The VM ID")
    if not agent_show.vm_id:
        not_applicable("The agent has no VM ID: it was never connected.")
    if not (vm_id := arm_ids.guid(agent_show.vm_id)):
        unknown(
            f"azcmagent show printed the VM ID {agent_show.vm_id!r}, which is not a GUID: it cannot be compared.",
            remedy="Run 'azcmagent show' on the VM by hand.",
        )
    ids = {name: arm_ids.guid(show.vm_id) for name, show in fleet_agent_show.items() if show.vm_id and name != vm.name}
    if others := [name for name, other_id in ids.items() if other_id == vm_id]:
        own = arc_vm_id(vm.name)
        owners = [name for name in others if arc_vm_id(name) == vm_id]
        if own == vm_id and not owners:
            return f"The VM ID {agent_show.vm_id} is this VM's, as Azure has it. {listed(others)} also reported it."
        # Azure may list this VM's Arc machine late, elsewhere or under another name: a missing machine does
        # not prove a copy, and a writer in Azure can give a machine any id. Only its own agent, when
        # connected as the other VM's machine, does.
        copied = own != vm_id if own else own == "" and arm_ids.last(agent_show.resource) in map(arm_ids.last, owners)
        if copied and len(owners) == 1:
            fail(
                f"The VM ID {agent_show.vm_id} is that of {owners[0]}, as Azure has it; expected a unique id.",
                fix=on_vm(sh("sudo {}", _FORGET)),
            )
        unknown(
            f"The VM ID {agent_show.vm_id} was also reported by {listed(others)}, and Azure does not show whose it is; "
            "expected a unique id.",
            remedy="Look up the VM ID among the Arc machines in Azure (properties.vmId). Disconnect a VM only when it "
            "is another VM's.",
        )
    if not ids:
        return f"The VM ID {agent_show.vm_id} is this VM's; no other VM of this run has one to compare with."
    return f"The VM ID {agent_show.vm_id} is this VM's alone among {len(ids) + 1} VMs that have one."
