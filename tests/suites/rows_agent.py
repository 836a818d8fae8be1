"""AGENT-001..007: every outcome, word for word; and the readers of the agent's answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from plugins.model import ProbeResult, Status, Target, Vm
from suites.probes.azcmagent import AgentStatus
from suites.probes.azcmagent_services import UNITS
from tests.support.suite_rows import NOW, Row, captured, seen

ROWS: dict[str, list[Row]] = {}

ABSENT = seen("@absent\n")
NOT_THERE = seen("")
ID = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a"
SHOW_CONNECTED = captured("azcmagent/show-1.58-connected")
SHOW_COPIED = replace(SHOW_CONNECTED, stdout=SHOW_CONNECTED.stdout.replace("vm-a", "vm-b"))
SHOW_NEVER = captured("azcmagent/show-1.64-never-connected")
SHOW_EXPIRED = captured("azcmagent/show-1.58-expired")
SHOW_NO_SERVICE = captured("azcmagent/show-no-service")


def there(version: str = "1.61.03319.2737", *, since: int = 0, boot: int = 0, received: float = NOW) -> ProbeResult:
    """The probe `agent` where the agent is installed."""
    times = f"@since {since}\n@instance {boot + 9}\n@instance {boot}\n" if since else ""
    return seen(
        "@has /opt/azcmagent/bin/azcmagent\n@has /opt/azcmagent/bin/himds\n"
        f"{times}@version\nazcmagent version {version}\n",
        received=received,
    )


def show(text: str) -> ProbeResult:
    return seen(f"{{}}\n\n@text\n{text}")


def unit(name: str, active: str = "active", sub: str = "running", result: str = "success", load: str = "loaded") -> str:
    return f"Result={result}\nId={name}.service\nLoadState={load}\nActiveState={active}\nSubState={sub}\n"


def units(**changed: str) -> ProbeResult:
    """All four services active, but for those that are given."""
    return seen("\n".join(changed.get(name) or unit(name) for name in UNITS))


def stamp(ago: int) -> str:
    return f"{datetime.fromtimestamp(NOW - ago, UTC):%Y-%m-%dT%H:%M:%SZ}"


def logs(*lines: str, cloud_init: str = "", journal: str = "") -> ProbeResult:
    """Lines of azcmagent.log (and others), as the probe prints them; every log is there."""
    text = "".join(f"{line}\n" for line in lines)
    return seen(
        f"@now {NOW:.0f}\n@log /var/opt/azcmagent/log/himds.log\n@log /var/opt/azcmagent/log/azcmagent.log\n{text}"
        f"@log /var/log/cloud-init-output.log\n{cloud_init}@log journal\n{journal}"
    )


def logged(ago: int, message: str) -> str:
    return f'{stamp(ago)}\ttime="{stamp(ago)}" level=error msg="{message}"'


VM_ID = "5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11"


def clash(arc: Mapping[str, str | None], **vm_ids: str) -> dict[str, Any]:
    """What the agents of a fleet's VMs report, and the vmId of their Arc machines in Azure, by VM name."""
    reported = {name.replace("_", "-"): AgentStatus(status="Connected", vm_id=vm_id) for name, vm_id in vm_ids.items()}
    return {"fleet_agent_show": reported, "arc_vm_id": arc.get}


WHOSE = (
    "Look up the VM ID among the Arc machines in Azure (properties.vmId). Disconnect a VM only when it is another VM's."
)


NETWORK = logged(3600, "AZCM0026: Network Error")
HELD = Vm(
    "vm-a", resource_id="/subscriptions/S/resourceGroups/rg-vm/providers/Microsoft.NetworkCloud/virtualMachines/vm-a"
)
TOLD = replace(HELD, target=Target("00000000-0000-0000-0000-000000000001", "RG-ARC", "eastus"))

ROWS["AGENT-001"] = [
    Row(
        "not installed",
        {"agent": NOT_THERE},
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
    ),
    Row(
        "within the year",
        {"agent": there()},
        Status.PASS,
        "azcmagent 1.61 came out in February 2026 and is supported until 2027-02-28.",
    ),
    Row(
        "in its last days",
        {"agent": there("1.58.03228.700")},
        Status.PASS,
        "azcmagent 1.58 came out in November 2025 and is supported until 2026-11-30.",
    ),
    Row(
        "newer than any that is known",
        {"agent": there("1.68.1.1")},
        Status.PASS,
        "azcmagent 1.68 is newer than 1.67 (August 2026): it is supported.",
    ),
    Row(
        "a release ago too many",
        {"agent": there("1.57.1.1")},
        Status.WARN,
        "azcmagent 1.57 came out in October 2025 and is supported until 2026-10-31; the newest that this suite knows is 1.67 (August 2026).",
        "Update the agent with the VM's package manager: apt-get install --only-upgrade azcmagent, dnf upgrade azcmagent, or zypper update azcmagent.",
    ),
    Row(
        "older than the list",
        {"agent": there("1.34.02475.1319")},
        Status.WARN,
        "azcmagent 1.34 is older than 1.56 (September 2025); supported are versions of the last year.",
    ),
    Row(
        "so old a list that it says nothing",
        {"agent": there("1.80.1.1", received=NOW + 400 * 86_400)},
        Status.UNKNOWN,
        "azcmagent 1.80 is newer than any release this suite knows (1.67, August 2026), and that is more than a year ago.",
        "Look the version up in the release notes, and update this suite.",
    ),
    Row(
        "the last day of a release",
        {"agent": there("1.57.1.1", received=NOW - 21 * 86_400)},
        Status.PASS,
        "azcmagent 1.57 came out in October 2025 and is supported until 2026-10-31.",
    ),
    Row(
        "newer than the list, on the last day of its newest release",
        {"agent": there("1.68.1.1", received=NOW + 283 * 86_400)},
        Status.PASS,
        "azcmagent 1.68 is newer than 1.67 (August 2026): it is supported.",
    ),
    Row(
        "older than the list, on the last day of its oldest release",
        {"agent": there("1.50.1.1", received=NOW - 52 * 86_400)},
        Status.UNKNOWN,
        "azcmagent 1.50 is older than any release this suite knows (1.56, September 2025).",
        "Look the version up in the release notes.",
    ),
    Row(
        "before the list begins",
        {"agent": there("1.50.1.1", received=NOW - 300 * 86_400)},
        Status.UNKNOWN,
        "azcmagent 1.50 is older than any release this suite knows (1.56, September 2025).",
        "Look the version up in the release notes.",
    ),
    Row(
        "no version",
        {"agent": seen("@has /opt/azcmagent/bin/azcmagent\n@version\nsegmentation fault\n")},
        Status.UNKNOWN,
        "azcmagent version printed no version (output: segmentation fault).",
        "Run 'azcmagent version' on the VM by hand; reinstall the agent if it does not run.",
    ),
    Row(
        "not dated",
        {"agent": there(received=0.0)},
        Status.UNKNOWN,
        "This evidence does not state when it was gathered.",
        "Gather again.",
    ),
]

ROWS["AGENT-002"] = [
    Row(
        "not installed",
        {"agent": NOT_THERE, "agent_show": ABSENT},
        Status.PASS,
        "The agent is not installed yet: az asks IMDS for tokens.",
    ),
    Row(
        "connected",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.PASS,
        "The agent is installed and was connected as vm-a: the identity steps are done.",
    ),
    Row(
        "expired: the steps are done all the same",
        {"agent": there(), "agent_show": SHOW_EXPIRED},
        Status.PASS,
        "The agent is installed and was connected as vm-a: the identity steps are done.",
    ),
    Row(
        "installed too early",
        {"agent": there(), "agent_show": SHOW_NEVER},
        Status.WARN,
        "The agent is installed (/opt/azcmagent/bin/himds) but was never connected. az login --identity now asks the agent on localhost:40342 instead of IMDS, and gets no token.",
        "Install the agent after the steps with the identity, never into the image: remove it (apt-get purge azcmagent, dnf remove azcmagent, or zypper remove azcmagent), get the token, then install and connect. Or get the token from IMDS with curl.",
    ),
    Row(
        "part of the image",
        {"agent": there(since=1_795_000_000, boot=1_795_300_000), "agent_show": SHOW_NEVER},
        Status.WARN,
        "The agent is installed (/opt/azcmagent/bin/himds) but was never connected. It was there before this VM's first boot: it is part of the image. az login --identity now asks the agent on localhost:40342 instead of IMDS, and gets no token.",
    ),
    Row(
        "installed on the VM",
        {"agent": there(since=1_795_300_500, boot=1_795_300_000), "agent_show": SHOW_NEVER},
        Status.WARN,
        "The agent is installed (/opt/azcmagent/bin/himds) but was never connected. It was installed on this VM. az login --identity now asks the agent on localhost:40342 instead of IMDS, and gets no token.",
    ),
    Row(
        "its service is down",
        {"agent": there(), "agent_show": SHOW_NO_SERVICE},
        Status.UNKNOWN,
        "The agent is installed; whether it is connected is not known: azcmagent show printed no status (output: FATAL   AZCM0061: Unable to reach agent service).",
        "See AGENT-003 and AGENT-005.",
    ),
]

ROWS["AGENT-003"] = [
    Row(
        "not installed",
        {"agent": NOT_THERE, "agent_show": ABSENT, "agent_services": units()},
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
    ),
    Row(
        "not installed, no systemd",
        {"agent": NOT_THERE, "agent_show": ABSENT, "agent_services": seen(stderr="systemctl", state="no tool")},
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
    ),
    Row(
        "connected, all four",
        {"agent": there(), "agent_show": SHOW_CONNECTED, "agent_services": units()},
        Status.PASS,
        "himdsd, gcad, extd and arcproxyd run. The machine is connected.",
    ),
    Row(
        "never connected: himdsd is enough",
        {
            "agent": there(),
            "agent_show": SHOW_NEVER,
            "agent_services": units(gcad=unit("gcad", "inactive", "dead"), extd=unit("extd", "failed", "failed")),
        },
        Status.PASS,
        "himdsd runs. The machine is not connected; the other services are due once it is.",
    ),
    Row(
        "connected, one failed",
        {
            "agent": there(),
            "agent_show": SHOW_CONNECTED,
            "agent_services": units(extd=unit("extd", "failed", "failed", "exit-code")),
        },
        Status.FAIL,
        "extd (failed, exit-code) does not run; expected active. The machine is connected.",
        "On the VM: systemctl restart himdsd, then 'systemctl status himdsd gcad extd arcproxyd' and journalctl -u himdsd show why it ends; enable it with systemctl enable --now.",
    ),
    Row(
        "connected, two have ended",
        {
            "agent": there(),
            "agent_show": SHOW_CONNECTED,
            "agent_services": units(
                gcad=unit("gcad", "inactive", "dead"), extd=unit("extd", "failed", "failed", "exit-code")
            ),
        },
        Status.FAIL,
        "gcad (inactive, dead) and extd (failed, exit-code) do not run; expected active. The machine is connected.",
    ),
    Row(
        "connected, two are down",
        {
            "agent": there(),
            "agent_show": SHOW_CONNECTED,
            "agent_services": units(
                gcad=unit("gcad", "inactive", "dead"), arcproxyd=unit("arcproxyd", "inactive", "dead", load="not-found")
            ),
        },
        Status.FAIL,
        "gcad (inactive, dead) and arcproxyd (systemd does not know it) do not run; expected active. The machine is connected.",
    ),
    Row(
        "an old agent has no arcproxyd",
        {
            "agent": there("1.48.1.1"),
            "agent_show": SHOW_CONNECTED,
            "agent_services": units(arcproxyd=unit("arcproxyd", "inactive", "dead", load="not-found")),
        },
        Status.PASS,
        "himdsd, gcad and extd run. The machine is connected.",
    ),
    Row(
        "himdsd keeps restarting",
        {
            "agent": there(),
            "agent_show": SHOW_NO_SERVICE,
            "agent_services": units(himdsd=unit("himdsd", "activating", "auto-restart", "exit-code")),
        },
        Status.FAIL,
        "himdsd (activating, auto-restart, exit-code) does not run; expected active.",
    ),
    Row(
        "it runs but does not answer",
        {"agent": there(), "agent_show": seen(state="timed out"), "agent_services": units()},
        Status.UNKNOWN,
        "himdsd runs; whether gcad, extd and arcproxyd are due is not known, as azcmagent show did not answer: the command did not answer in time.",
        "See AGENT-005.",
    ),
    Row(
        "no systemd",
        {
            "agent": there(),
            "agent_show": SHOW_NEVER,
            "agent_services": seen(
                "", "System has not been booted with systemd as init system (PID 1). Can't operate.\n", exit=1
            ),
        },
        Status.UNKNOWN,
        "The state of the agent's services is not known: systemd does not answer (System has not been booted with systemd as init system (PID 1). Can't operate.).",
        "Run the command shown below on the VM by hand, and check the agent's service: systemctl status himdsd.",
    ),
]

#: A table in which every endpoint that is always asked for is reached.
CHECKED = "@check eastus\nENDPOINT|REACHABLE|PROXY\n" + "".join(
    f"https://{host}|true|set\n"
    for host in (
        *("agentserviceapi.guestconfiguration.azure.com", "gbl.his.arc.azure.com", "login.microsoftonline.com"),
        *("management.azure.com", "pas.windows.net", "eastus-gas.guestconfiguration.azure.com"),
    )
)

ROWS["AGENT-004"] = [
    Row(
        "not installed",
        {"agent": NOT_THERE, "agent_check": ABSENT},
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
    ),
    Row(
        "not installed, no root",
        {"agent": NOT_THERE, "agent_check": seen(state="no root")},
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
    ),
    Row(
        "all reached",
        {"agent": there(), "agent_check": captured("azcmagent/check-2023-reached")},
        Status.PASS,
        "azcmagent check --location eastus reaches all 8 required endpoints.",
    ),
    Row(
        "the proxy is down",
        {"agent": there(), "agent_check": captured("azcmagent/check-2023-proxy-down")},
        Status.FAIL,
        "azcmagent check --location westus3 does not reach 6 of 7 endpoints: agentserviceapi.guestconfiguration.azure.com, gbl.his.arc.azure.com, login.microsoftonline.com, management.azure.com, pas.windows.net and westus3-gas.guestconfiguration.azure.com. The proxy itself not reached: The agent has a proxy, but cannot connect to it: another address than the CSN proxy's, or the proxy does not listen.",
        "See NET-001 for the path to the endpoint, and PROXY-004 for whether the agent uses it; then run 'azcmagent check --location LOCATION' on the VM again.",
    ),
    Row(
        "newer table, one missing",
        {"agent": there(), "agent_check": captured("azcmagent/check-newer-one-missing")},
        Status.FAIL,
        "azcmagent check --location eastus does not reach 1 of 4 endpoints: eastus-gas.guestconfiguration.azure.com. AZCM0026: The network is not set up as the agent needs it, or a service that it cannot do without is unavailable just now.",
    ),
    Row(
        "JSON, a list",
        {"agent": there(), "agent_check": captured("azcmagent/check-json-list")},
        Status.FAIL,
        "azcmagent check --location eastus does not reach 1 of 2 endpoints: pas.windows.net.",
    ),
    Row(
        "JSON, by endpoint",
        {"agent": there(), "agent_check": captured("azcmagent/check-json-map")},
        Status.PASS,
        "azcmagent check --location eastus reaches all 6 required endpoints.",
    ),
    Row(
        "past the proxy",
        {
            "agent": there(),
            "agent_check": seen(
                "@check eastus\nENDPOINT|REACHABLE|PRIVATE|TLS|PROXY\nhttps://pas.windows.net|false|unknown|unknown|not set\n"
            ),
        },
        Status.FAIL,
        "azcmagent check --location eastus does not reach 1 of 1 endpoints: pas.windows.net. Its PROXY column shows 'not set'.",
    ),
    Row(
        "an error that no entry explains",
        {
            "agent": there(),
            "agent_check": seen(
                "@check eastus\nlevel=error msg=quux\nENDPOINT|REACHABLE|PRIVATE|TLS|PROXY\n"
                "https://pas.windows.net|false|unknown|unknown|set\n"
            ),
        },
        Status.FAIL,
        "azcmagent check --location eastus does not reach 1 of 1 endpoints: pas.windows.net. Its first error: level=error msg=quux",
    ),
    Row(
        "only a host that nothing needs",
        {
            "agent": there(),
            "agent_check": seen(f"{CHECKED}https://login.windows.net|false|set\n"),
        },
        Status.WARN,
        "azcmagent check --location eastus reaches all it needs, but not login.windows.net, which nothing needs any more.",
        "Update the agent: newer ones do not try it.",
    ),
    Row(
        "it does not state",
        {
            "agent": there(),
            "agent_check": seen("@check eastus\nENDPOINT|REACHABLE|PROXY\nhttps://pas.windows.net|unknown|set\n"),
        },
        Status.UNKNOWN,
        "azcmagent check --location eastus does not state whether it reaches pas.windows.net.",
        "Run it on the VM by hand, with --verbose.",
    ),
    Row(
        "its output ends after the first rows",
        {
            "agent": there(),
            "agent_check": seen("@check eastus\nENDPOINT|REACHABLE|PROXY\nhttps://pas.windows.net|true|set\n"),
        },
        Status.UNKNOWN,
        "azcmagent check --location eastus printed no row for agentserviceapi.guestconfiguration.azure.com, eastus-gas.guestconfiguration.azure.com, gbl.his.arc.azure.com, login.microsoftonline.com and management.azure.com; expected one for every required endpoint.",
        "Run it on the VM by hand, with --verbose, and check whether it finishes.",
    ),
    Row(
        "killed in the middle",
        {"agent": there(), "agent_check": seen(CHECKED, exit=137)},
        Status.UNKNOWN,
        "The answer of the probe agent_check is incomplete: its command was killed by SIGKILL (exit status 137).",
        "Run the command shown below on the VM by hand and check how it ends.",
    ),
    Row(
        "cut at the limit",
        {"agent": there(), "agent_check": replace(seen(CHECKED), truncated=True)},
        Status.UNKNOWN,
        "The answer of the probe agent_check is incomplete: its output was longer than the limit and was cut.",
        "Run the command shown below on the VM by hand and check how it ends.",
    ),
    Row(
        "no location",
        {"agent": there(), "agent_check": seen("@nowhere\n")},
        Status.UNKNOWN,
        "What the agent reaches is not known: no location is known to check for.",
        "State in the inventory where the Arc resource goes: target: {location: eastus}.",
    ),
    Row(
        "no root",
        {"agent": there(), "agent_check": seen(state="no root")},
        Status.UNKNOWN,
        "What the agent reaches is not known: the command needs root, and there is none.",
        "Log in as root, or give the login user passwordless sudo (SSH-002).",
    ),
    Row(
        "no table",
        {"agent": there(), "agent_check": seen("@check eastus\nFATAL   AZCM0018: root needed\n", exit=18)},
        Status.UNKNOWN,
        "The answer of the probe agent_check could not be read: expected a table with the columns ENDPOINT and REACHABLE, found 'FATAL   AZCM0018: root needed'.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
    Row(
        "too slow",
        {"agent": there(), "agent_check": seen(state="timed out")},
        Status.UNKNOWN,
        "The probe agent_check was stopped after its limit of 120 s.",
        "Run the command shown below on the VM by hand and find out where it hangs.",
    ),
]

ROWS["AGENT-005"] = [
    Row(
        "not installed",
        {"agent": NOT_THERE, "agent_show": ABSENT},
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
    ),
    Row(
        "never connected",
        {"agent": there(), "agent_show": SHOW_NEVER},
        Status.PASS,
        "The agent is installed and was never connected: ready to connect.",
    ),
    Row(
        "connected as expected",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.PASS,
        "Already enrolled: connected as /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a, as expected.",
        vm=TOLD,
    ),
    Row(
        "connected, told in JSON only",
        {"agent": there(), "agent_show": captured("azcmagent/show-json-connected")},
        Status.PASS,
        "Already enrolled: connected as /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a, as expected.",
        vm=TOLD,
    ),
    Row(
        "connected, nothing to compare with",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.PASS,
        "Already enrolled: connected as /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a. The inventory does not state where it should be, so this was not compared.",
    ),
    Row(
        "connected in another place",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.FAIL,
        "The machine is connected already, as another resource: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a (subscription 00000000-0000-0000-0000-000000000001, expected S; resource group rg-arc, expected rg-vm). Connecting would end with AZCM0067.",
        "If that resource is the right one, correct the inventory (resource_id, target). Else run 'azcmagent disconnect' on the VM, then connect again.",
        vm=HELD,
    ),
    Row(
        "connected under another name",
        {
            "agent": there(),
            "agent_show": show(
                "Agent Status : Connected\nResource Name : copy-of-vm\nResource Group Name : rg-arc\nSubscription ID : 00000000-0000-0000-0000-000000000001\n"
            ),
        },
        Status.FAIL,
        "The machine is connected already, as another resource: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/copy-of-vm (name copy-of-vm, expected vm-a). Connecting would end with AZCM0067.",
        "If that resource is the right one, correct the inventory (resource_id, target). Else run 'azcmagent disconnect' on the VM, then connect again.",
        vm=TOLD,
    ),
    Row(
        "connected under another name, by JSON alone",
        {
            "agent": there(),
            "agent_show": seen(
                '{"status": "Connected", "resourceName": "copy-of-vm", "resourceGroup": "rg-arc", "subscriptionId": "00000000-0000-0000-0000-000000000001"}\n\n@text\n'
            ),
        },
        Status.FAIL,
        "The machine is connected already, as another resource: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/copy-of-vm (name copy-of-vm, expected vm-a). Connecting would end with AZCM0067.",
        "If that resource is the right one, correct the inventory (resource_id, target). Else run 'azcmagent disconnect' on the VM, then connect again.",
        vm=TOLD,
    ),
    Row(
        "connected once, without contact",
        {
            "agent": there(),
            "agent_show": show(
                f"Agent Status : Disconnected\nResource Id : {ID}\nAgent Last Heartbeat : 2026-11-01T10:00:00Z\n"
            ),
        },
        Status.FAIL,
        "azcmagent show reports Disconnected, though the machine was connected as /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a. Its last heartbeat was 2026-11-01T10:00:00Z. Expected Connected, or never connected; connecting again would end with AZCM0067.",
        "If it should be that resource, find out why the agent gets no contact (AGENT-003, AGENT-004). Else run 'azcmagent disconnect' (with --force-local-only if the resource no longer exists in Azure) and connect again.",
    ),
    Row(
        "expired",
        {"agent": there(), "agent_show": SHOW_EXPIRED},
        Status.FAIL,
        "azcmagent show reports Expired for /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a: AZCM0026 Network Error: no route to gbl.his.arc.azure.com (2026-11-21T20:00:00Z). Its last heartbeat was 2026-08-21T22:41:07Z. AZCM0026: The network is not set up as the agent needs it, or a service that it cannot do without is unavailable just now.",
        "Run azcmagent check --location LOCATION on the VM and see which endpoint is not reached: name resolution, the CSN proxy, its egress list. In a network with a private link scope, pass --private-link-scope. (NET-001, PROXY-004, PROXY-003, CSN-001, CSN-002, AGENT-004, DNS-001)",
    ),
    Row(
        "error without a known code",
        {
            "agent": there(),
            "agent_show": show(
                "Agent Status : Error\nAgent Error Code : HIS17\nAgent Error Details : out of cheese.\n"
            ),
        },
        Status.FAIL,
        "azcmagent show reports Error: HIS17 out of cheese.",
        "Run 'azcmagent disconnect' on the VM (with --force-local-only if the resource no longer exists in Azure), then connect again.",
    ),
    Row(
        "error without a reason",
        {"agent": there(), "agent_show": show("Agent Status : Error\n")},
        Status.FAIL,
        "azcmagent show reports Error, and no reason.",
    ),
    Row(
        "a status nobody describes",
        {"agent": there(), "agent_show": show("Agent Status : Dreaming\n")},
        Status.UNKNOWN,
        "azcmagent show reports 'Dreaming'; expected Connected, Disconnected, Expired or Error.",
        "Run 'azcmagent show' on the VM by hand.",
    ),
    Row(
        "its service is down",
        {"agent": there(), "agent_show": SHOW_NO_SERVICE},
        Status.UNKNOWN,
        "Whether the machine is connected, and as what, is not known: azcmagent show printed no status (output: FATAL   AZCM0061: Unable to reach agent service).",
        "Run the command shown below on the VM by hand, and check the agent's service: systemctl status himdsd.",
    ),
    Row(
        "no answer in time",
        {"agent": there(), "agent_show": seen(state="timed out")},
        Status.UNKNOWN,
        "Whether the machine is connected, and as what, is not known: the command did not answer in time.",
        "Run the command shown below on the VM by hand, and check the agent's service: systemctl status himdsd.",
    ),
]

ROWS["AGENT-006"] = [
    Row(
        "nothing",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": logs()},
        Status.PASS,
        "No AZCM code and no error of the last day in himds.log, azcmagent.log, cloud-init-output.log and journal.",
    ),
    Row(
        "not installed, cloud-init printed nothing of it",
        {
            "agent": NOT_THERE,
            "agent_show": ABSENT,
            "agent_logs": seen(f"@now {NOW:.0f}\n@log /var/log/cloud-init-output.log\n"),
        },
        Status.PASS,
        "No AZCM code and no error of the last day in cloud-init-output.log.",
    ),
    Row(
        "no logs at all",
        {"agent": NOT_THERE, "agent_show": ABSENT, "agent_logs": seen(f"@now {NOW:.0f}\n")},
        Status.NOT_APPLICABLE,
        "The agent is not installed yet, and cloud-init has left no output.",
    ),
    Row(
        "a journal, but nothing of it",
        {"agent": NOT_THERE, "agent_show": ABSENT, "agent_logs": seen(f"@now {NOW:.0f}\n@log journal\n")},
        Status.NOT_APPLICABLE,
        "The agent is not installed yet, and cloud-init has left no output.",
    ),
    Row(
        "installed, and no logs at all",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": seen(f"@now {NOW:.0f}\n")},
        Status.UNKNOWN,
        "The agent is installed, but neither a log of its nor a journal was found.",
        "Check /var/opt/azcmagent/log on the VM: the folder must be there, and root may write to it.",
    ),
    Row(
        "the installation failed",
        {
            "agent": NOT_THERE,
            "agent_show": ABSENT,
            "agent_logs": logs(cloud_init="\tThe agent cannot be installed (AZCM0141)\n"),
        },
        Status.WARN,
        'cloud-init-output.log: "The agent cannot be installed (AZCM0141)". AZCM0141: The installation script takes the machine for an Azure virtual machine: the metadata address answered /metadata/instance/compute as an Azure VM\'s does.',
        "AZCM0141: On a Nexus VM that path must not answer 2xx: see IMDS-004, and open a support request for the platform. Do not set MSFT_ARC_TEST, it is for tests only. (IMDS-004)",
    ),
    Row(
        "a code",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": logs(NETWORK)},
        Status.WARN,
        'azcmagent.log at 2026-11-21 21:45 UTC: "AZCM0026: Network Error". AZCM0026: The network is not set up as the agent needs it, or a service that it cannot do without is unavailable just now.',
        "AZCM0026: Run azcmagent check --location LOCATION on the VM and see which endpoint is not reached: name resolution, the CSN proxy, its egress list. In a network with a private link scope, pass --private-link-scope. (NET-001, PROXY-004, PROXY-003, CSN-001, CSN-002, AGENT-004, DNS-001)",
    ),
    Row(
        "twice, and another",
        {
            "agent": there(),
            "agent_show": SHOW_NEVER,
            "agent_logs": logs(
                logged(7200, "AZCM0026: Network Error"), NETWORK, logged(60, "AZCM0042: Failed to Create Resource")
            ),
        },
        Status.WARN,
        'azcmagent.log at 2026-11-21 22:44 UTC: "AZCM0042: Failed to Create Resource". AZCM0042: The Arc resource could not be created. azcmagent.log at 2026-11-21 21:45 UTC, 2 times: "AZCM0026: Network Error". AZCM0026: The network is not set up as the agent needs it, or a service that it cannot do without is unavailable just now.',
        "AZCM0042: Read the message beside the code: as a rule it is a missing role, a resource provider that is not registered, or a name that is not allowed. (ROLES-001, ROLES-002, ROLES-003, PLATFORM-005, VM-006, NET-001) AZCM0026: Run azcmagent check --location LOCATION on the VM and see which endpoint is not reached: name resolution, the CSN proxy, its egress list. In a network with a private link scope, pass --private-link-scope. (NET-001, PROXY-004, PROXY-003, CSN-001, CSN-002, AGENT-004, DNS-001)",
    ),
    Row(
        "lines that are not in the order of time",
        {
            "agent": there(),
            "agent_show": SHOW_NEVER,
            "agent_logs": logs(NETWORK, logged(7200, "AZCM0026: Network Error")),
        },
        Status.WARN,
        'azcmagent.log at 2026-11-21 21:45 UTC, 2 times: "AZCM0026: Network Error". AZCM0026: The network is not set up as the agent needs it, or a service that it cannot do without is unavailable just now.',
        "AZCM0026: Run azcmagent check --location LOCATION on the VM and see which endpoint is not reached: name resolution, the CSN proxy, its egress list. In a network with a private link scope, pass --private-link-scope. (NET-001, PROXY-004, PROXY-003, CSN-001, CSN-002, AGENT-004, DNS-001)",
    ),
    Row(
        "a message with curly apostrophes",
        {
            "agent": there(),
            "agent_show": SHOW_NEVER,
            "agent_logs": logs(
                logged(
                    60, "The subscription isn\u2019t registered to use namespace \u2018Microsoft.HybridCompute\u2019"
                )
            ),
        },
        Status.WARN,
        'azcmagent.log at 2026-11-21 22:44 UTC: "The subscription isn\u2019t registered to use namespace \u2018Microsoft.HybridCompute\u2019". Resource provider not registered: The subscription that the Arc resource goes to has not registered the resource provider.',
        "Resource provider not registered: Register it, as Contributor or Owner of the subscription: az provider register --namespace Microsoft.HybridCompute ; likewise Microsoft.GuestConfiguration and Microsoft.HybridConnectivity. (PLATFORM-005)",
    ),
    Row(
        "in the journal",
        {
            "agent": there(),
            "agent_show": SHOW_NEVER,
            "agent_logs": logs(
                journal=f"{stamp(90)}\t{stamp(90)} vm-a himdsd[812]: proxyconnect tcp: dial tcp 169.254.0.11:3128: connection refused\n"
            ),
        },
        Status.WARN,
        'journal at 2026-11-21 22:44 UTC: "proxyconnect tcp: dial tcp 169.254.0.11:3128: connection refused". The proxy itself not reached: The agent has a proxy, but cannot connect to it: another address than the CSN proxy\'s, or the proxy does not listen.',
        "The proxy itself not reached: azcmagent config get proxy.url must print http://169.254.0.11:3128; if it does, see PROXY-003. (PROXY-004, PROXY-003, PROXY-006)",
    ),
    Row(
        "a code nobody lists",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": logs(logged(60, "AZCM0999: new"))},
        Status.WARN,
        'azcmagent.log at 2026-11-21 22:44 UTC: "AZCM0999: new". AZCM0999: No article lists this code.',
        "AZCM0999: Read the message beside it; keep the agent's log, and open a support request if it persists.",
    ),
    Row(
        "success is no error",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": logs(logged(60, "AZCM0000: success"))},
        Status.PASS,
        "No AZCM code and no error of the last day in himds.log, azcmagent.log, cloud-init-output.log and journal.",
    ),
    Row(
        "two days ago",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": logs(logged(2 * 86_400, "AZCM0026: Network Error"))},
        Status.PASS,
        "No AZCM code and no error of the last day in himds.log, azcmagent.log, cloud-init-output.log and journal.",
    ),
    Row(
        "before a successful connect",
        {
            "agent": there(),
            "agent_show": SHOW_CONNECTED,
            "agent_logs": logs(NETWORK, logged(60, "Connected machine to Azure"), journal=f"{stamp(90)}\tAZCM0026\n"),
        },
        Status.PASS,
        "No AZCM code and no error of the last day in himds.log, azcmagent.log, cloud-init-output.log and journal.",
    ),
    Row(
        "after a successful connect",
        {
            "agent": there(),
            "agent_show": SHOW_CONNECTED,
            "agent_logs": logs(logged(7200, "Connected machine to Azure"), NETWORK),
        },
        Status.WARN,
        'azcmagent.log at 2026-11-21 21:45 UTC: "AZCM0026: Network Error". AZCM0026: The network is not set up as the agent needs it, or a service that it cannot do without is unavailable just now.',
        "AZCM0026: Run azcmagent check --location LOCATION on the VM and see which endpoint is not reached: name resolution, the CSN proxy, its egress list. In a network with a private link scope, pass --private-link-scope. (NET-001, PROXY-004, PROXY-003, CSN-001, CSN-002, AGENT-004, DNS-001)",
    ),
    Row(
        "what cloud-init tried, and it is connected now",
        {
            "agent": there(),
            "agent_show": SHOW_CONNECTED,
            "agent_logs": logs(cloud_init="\tERROR: Failed to connect to Azure Arc\n"),
        },
        Status.PASS,
        "No AZCM code and no error of the last day in himds.log, azcmagent.log, cloud-init-output.log and journal.",
    ),
    Row(
        "no root",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": seen(state="no root")},
        Status.UNKNOWN,
        "What the logs hold is not known: the command needs root, and there is none.",
        "Log in as root, or give the login user passwordless sudo (SSH-002).",
    ),
    Row(
        "no clock",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": seen("")},
        Status.UNKNOWN,
        "The answer of the probe agent_logs could not be read: expected '@now' and the seconds since 1970, found 'nothing'.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
]

ROWS["AGENT-007"] = [
    Row(
        "not installed",
        {"agent": NOT_THERE, "agent_show": ABSENT},
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
        parameters=clash({}),
    ),
    Row(
        "never connected",
        {"agent": there(), "agent_show": SHOW_NEVER},
        Status.NOT_APPLICABLE,
        "The agent has no VM ID: it was never connected.",
        parameters=clash({}, vm_a="", vm_b=""),
    ),
    Row(
        "alone",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.PASS,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is this VM's; no other VM of this run has one to compare with.",
        parameters=clash({}, vm_a=VM_ID),
    ),
    Row(
        "alone with an id",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.PASS,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is this VM's; no other VM of this run has one to compare with.",
        parameters=clash({}, vm_a=VM_ID, vm_b=""),
    ),
    Row(
        "different",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.PASS,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is this VM's alone among 3 VMs that have one.",
        parameters=clash({}, vm_a=VM_ID, vm_b="b", vm_c="b"),
    ),
    Row(
        "another VM reports it too, and Azure has it as this VM's",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.PASS,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is this VM's, as Azure has it. vm-b and vm-d also reported it.",
        parameters=clash({"vm-a": VM_ID, "vm-b": "b", "vm-d": None}, vm_b=VM_ID.upper(), vm_c="c", vm_d=VM_ID),
    ),
    Row(
        "copied",
        {"agent": there(), "agent_show": SHOW_COPIED},
        Status.FAIL,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is that of vm-b, as Azure has it; expected a unique id.",
        "This VM is a copy of a connected machine. On the VM: azcmagent disconnect --force-local-only, then connect again; and remove the agent from the image.",
        parameters=clash({"vm-a": "", "vm-b": VM_ID, "vm-d": ""}, vm_b=VM_ID, vm_d=VM_ID),
    ),
    Row(
        "Azure has it as another VM's, and lists no machine of this VM, whose agent names its own",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.UNKNOWN,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 was also reported by vm-b, and Azure does not show whose it is; expected a unique id.",
        WHOSE,
        parameters=clash({"vm-a": "", "vm-b": VM_ID}, vm_b=VM_ID),
    ),
    Row(
        "another VM reports it too, and Azure was not asked",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.UNKNOWN,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 was also reported by vm-b, and Azure does not show whose it is; expected a unique id.",
        WHOSE,
        parameters=clash({}, vm_b=VM_ID),
    ),
    Row(
        "another VM reports it too, and Azure has it as nobody's",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.UNKNOWN,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 was also reported by vm-b, and Azure does not show whose it is; expected a unique id.",
        WHOSE,
        parameters=clash({"vm-a": "a", "vm-b": "b"}, vm_b=VM_ID),
    ),
    Row(
        "it is another VM's in Azure, which does not state what this VM's is",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.UNKNOWN,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 was also reported by vm-b, and Azure does not show whose it is; expected a unique id.",
        WHOSE,
        parameters=clash({"vm-b": VM_ID}, vm_b=VM_ID),
    ),
    Row(
        "Azure has it as that of both",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.UNKNOWN,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 was also reported by vm-b, and Azure does not show whose it is; expected a unique id.",
        WHOSE,
        parameters=clash({"vm-a": VM_ID, "vm-b": VM_ID}, vm_b=VM_ID),
    ),
    Row(
        "its service is down",
        {"agent": there(), "agent_show": SHOW_NO_SERVICE},
        Status.UNKNOWN,
        "The VM ID is not known: azcmagent show printed no status (output: FATAL   AZCM0061: Unable to reach agent service).",
        "Run the command shown below on the VM by hand, and check the agent's service: systemctl status himdsd.",
        parameters=clash({}),
    ),
]
