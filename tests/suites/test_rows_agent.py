"""AGENT-001..007: every outcome, word for word; and the readers of the agent's answers."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plugins.checks.probe import Planned, Probe, probe_of
from plugins.model import Seen, Status, Target, Vm
from suites import agent as probes
from suites import test_agent
from tests.suites.test_suite_commands import SHELLS, run
from tests.support.suite_rows import NOW, PROFILE, VM, Row, captured, seen

ABSENT = seen("@absent\n")
NOT_THERE = seen("")
ID = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a"
SHOW_CONNECTED = captured("azcmagent/show-1.58-connected")
SHOW_NEVER = captured("azcmagent/show-1.64-never-connected")
SHOW_EXPIRED = captured("azcmagent/show-1.58-expired")
SHOW_NO_SERVICE = captured("azcmagent/show-no-service")


def there(version: str = "1.61.03319.2737", *, since: int = 0, boot: int = 0, received: float = NOW) -> Seen:
    """The probe `agent` where the agent is installed."""
    times = f"@since {since}\n@instance {boot + 9}\n@instance {boot}\n" if since else ""
    return seen(
        "@has /opt/azcmagent/bin/azcmagent\n@has /opt/azcmagent/bin/himds\n"
        f"{times}@version\nazcmagent version {version}\n",
        received=received,
    )


def show(text: str) -> Seen:
    return seen(f"{{}}\n\n@text\n{text}")


def unit(name: str, active: str = "active", sub: str = "running", result: str = "success", load: str = "loaded") -> str:
    return f"Result={result}\nId={name}.service\nLoadState={load}\nActiveState={active}\nSubState={sub}\n"


def units(**changed: str) -> Seen:
    """All four services active, but for those that are given."""
    return seen("\n".join(changed.get(name) or unit(name) for name in probes.UNITS))


def stamp(ago: int) -> str:
    return f"{datetime.fromtimestamp(NOW - ago, UTC):%Y-%m-%dT%H:%M:%SZ}"


def logs(*lines: str, cloud_init: str = "", journal: str = "") -> Seen:
    """Lines of azcmagent.log (and others), as the probe prints them; every log is there."""
    text = "".join(f"{line}\n" for line in lines)
    return seen(
        f"@now {NOW:.0f}\n@log /var/opt/azcmagent/log/himds.log\n@log /var/opt/azcmagent/log/azcmagent.log\n{text}"
        f"@log /var/log/cloud-init-output.log\n{cloud_init}@log journal\n{journal}"
    )


def logged(ago: int, message: str) -> str:
    return f'{stamp(ago)}\ttime="{stamp(ago)}" level=error msg="{message}"'


VM_ID = "5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11"


def fleet(**vm_ids: str) -> dict[str, probes.Show]:
    """What the agents of a fleet's VMs say, by VM name."""
    return {name.replace("_", "-"): probes.Show(status="Connected", vm_id=vm_id) for name, vm_id in vm_ids.items()}


NETWORK = logged(3600, "AZCM0026: Network Error")
HELD = Vm(
    "vm-a", resource_id="/subscriptions/S/resourceGroups/rg-vm/providers/Microsoft.NetworkCloud/virtualMachines/vm-a"
)
TOLD = replace(HELD, target=Target("00000000-0000-0000-0000-000000000001", "RG-ARC", "eastus"))

VERSION = [
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
        "Update the agent with the VM's package manager:",
    ),
    Row(
        "older than the list",
        {"agent": there("1.34.02475.1319")},
        Status.WARN,
        "azcmagent 1.34 is older than 1.56 (September 2025); supported are versions of the last year.",
        "Update the agent with the VM's package manager:",
    ),
    Row(
        "so old a list that it says nothing",
        {"agent": there("1.80.1.1", received=NOW + 400 * 86_400)},
        Status.UNKNOWN,
        "azcmagent 1.80 is newer than any release this suite knows (1.67, August 2026), and that is more than a year ago.",
        "Look the version up in the release notes, and",
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
        "azcmagent version told no version (it said: segmentation fault).",
        "Run 'azcmagent version' on the VM by hand;",
    ),
    Row(
        "not dated",
        {"agent": there(received=0.0)},
        Status.UNKNOWN,
        "This evidence does not say when it was gathered.",
        "Gather again.",
    ),
]

BAKED = [
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
        "Install the agent after the steps with the",
    ),
    Row(
        "part of the image",
        {"agent": there(since=1_795_000_000, boot=1_795_300_000), "agent_show": SHOW_NEVER},
        Status.WARN,
        "The agent is installed (/opt/azcmagent/bin/himds) but was never connected. It was there before this VM's first boot: it is part of the image. az login --identity now asks the agent on localhost:40342 instead of IMDS, and gets no token.",
        "Install the agent after the steps with the",
    ),
    Row(
        "installed on the VM",
        {"agent": there(since=1_795_300_500, boot=1_795_300_000), "agent_show": SHOW_NEVER},
        Status.WARN,
        "The agent is installed (/opt/azcmagent/bin/himds) but was never connected. It was installed on this VM. az login --identity now asks the agent on localhost:40342 instead of IMDS, and gets no token.",
        "Install the agent after the steps with the",
    ),
    Row(
        "its service is down",
        {"agent": there(), "agent_show": SHOW_NO_SERVICE},
        Status.UNKNOWN,
        "The agent is installed; whether it is connected is not known: azcmagent show tells no status (it said: FATAL   AZCM0061: Unable to reach agent service).",
        "See AGENT-003 and AGENT-005.",
    ),
]

SERVICES = [
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
        "On the VM: systemctl restart himdsd, then",
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
        "On the VM: systemctl restart himdsd, then",
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
        "On the VM: systemctl restart himdsd, then",
    ),
    Row(
        "it runs but does not answer",
        {"agent": there(), "agent_show": seen(state="timed out"), "agent_services": units()},
        Status.UNKNOWN,
        "himdsd runs; whether gcad, extd and arcproxyd are due is not known, as azcmagent show has no answer: the command did not answer in time.",
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
        "Run the command shown below on the VM by hand,",
    ),
]

REACHED = [
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
        "See NET-001 for the way to the endpoint, and",
    ),
    Row(
        "newer table, one missing",
        {"agent": there(), "agent_check": captured("azcmagent/check-newer-one-missing")},
        Status.FAIL,
        "azcmagent check --location eastus does not reach 1 of 4 endpoints: eastus-gas.guestconfiguration.azure.com. AZCM0026: The network is not set up as the agent needs it, or a service that it cannot do without is unavailable just now.",
        "See NET-001 for the way to the endpoint, and",
    ),
    Row(
        "JSON, a list",
        {"agent": there(), "agent_check": captured("azcmagent/check-json-list")},
        Status.FAIL,
        "azcmagent check --location eastus does not reach 1 of 2 endpoints: pas.windows.net.",
        "See NET-001 for the way to the endpoint, and",
    ),
    Row(
        "JSON, by endpoint",
        {"agent": there(), "agent_check": captured("azcmagent/check-json-map")},
        Status.PASS,
        "azcmagent check --location eastus reaches all 2 required endpoints.",
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
        "azcmagent check --location eastus does not reach 1 of 1 endpoints: pas.windows.net. Its PROXY column says 'not set'.",
        "See NET-001 for the way to the endpoint, and",
    ),
    Row(
        "only a host that nothing needs",
        {
            "agent": there(),
            "agent_check": seen(
                "@check eastus\nENDPOINT|REACHABLE|PROXY\nhttps://pas.windows.net|true|set\nhttps://login.windows.net|false|set\n"
            ),
        },
        Status.WARN,
        "azcmagent check --location eastus reaches all it needs, but not login.windows.net, which nothing needs any more.",
        "Update the agent: newer ones do not try it.",
    ),
    Row(
        "it does not say",
        {
            "agent": there(),
            "agent_check": seen("@check eastus\nENDPOINT|REACHABLE|PROXY\nhttps://pas.windows.net|unknown|set\n"),
        },
        Status.UNKNOWN,
        "azcmagent check --location eastus does not say whether it reaches pas.windows.net.",
        "Run it on the VM by hand, with --verbose.",
    ),
    Row(
        "no location",
        {"agent": there(), "agent_check": seen("@nowhere\n")},
        Status.UNKNOWN,
        "What the agent reaches is not known: no location is known to check for.",
        "Say in the inventory where the Arc resource goes:",
    ),
    Row(
        "no root",
        {"agent": there(), "agent_check": seen(state="no root")},
        Status.UNKNOWN,
        "What the agent reaches is not known: the command needs root, and there is none.",
        "Log in as root, or give the login user",
    ),
    Row(
        "no table",
        {"agent": there(), "agent_check": seen("@check eastus\nFATAL   AZCM0018: root needed\n", exit=18)},
        Status.UNKNOWN,
        "The answer of the probe agent_check could not be read: expected a table with the columns ENDPOINT and REACHABLE, found 'FATAL   AZCM0018: root needed'.",
        "Run the command shown below on the VM by hand and",
    ),
    Row(
        "too slow",
        {"agent": there(), "agent_check": seen(state="timed out")},
        Status.UNKNOWN,
        "The probe agent_check was stopped after its limit of 120 s.",
        "Run the command shown below on the VM by hand and",
    ),
]

STATE = [
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
        "Already enrolled: connected as /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a. The inventory does not say where it should be, so this was not compared.",
    ),
    Row(
        "connected in another place",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.FAIL,
        "The machine is connected already, as another resource: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a (subscription 00000000-0000-0000-0000-000000000001, expected S; resource group rg-arc, expected rg-vm). Connecting would end with AZCM0067.",
        "If that resource is the right one, correct the",
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
        "If that resource is the right one, correct the",
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
        "azcmagent show says Disconnected, though the machine was connected as /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a. Its last heartbeat was 2026-11-01T10:00:00Z. Expected Connected, or never connected; connecting again would end with AZCM0067.",
        "If it should be that resource, see why the agent",
    ),
    Row(
        "expired",
        {"agent": there(), "agent_show": SHOW_EXPIRED},
        Status.FAIL,
        "azcmagent show says Expired for /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/vm-a: AZCM0026 Network Error: no route to gbl.his.arc.azure.com (2026-11-21T20:00:00Z). Its last heartbeat was 2026-08-21T22:41:07Z. AZCM0026: The network is not set up as the agent needs it, or a service that it cannot do without is unavailable just now.",
        "Run azcmagent check --location LOCATION on the VM",
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
        "azcmagent show says Error: HIS17 out of cheese.",
        "Run 'azcmagent disconnect' on the VM (with",
    ),
    Row(
        "error without a reason",
        {"agent": there(), "agent_show": show("Agent Status : Error\n")},
        Status.FAIL,
        "azcmagent show says Error, and no reason.",
        "Run 'azcmagent disconnect' on the VM (with",
    ),
    Row(
        "a status nobody describes",
        {"agent": there(), "agent_show": show("Agent Status : Dreaming\n")},
        Status.UNKNOWN,
        "azcmagent show says 'Dreaming'; expected Connected, Disconnected, Expired or Error.",
        "Look at 'azcmagent show' on the VM by hand.",
    ),
    Row(
        "its service is down",
        {"agent": there(), "agent_show": SHOW_NO_SERVICE},
        Status.UNKNOWN,
        "Whether the machine is connected, and as what, is not known: azcmagent show tells no status (it said: FATAL   AZCM0061: Unable to reach agent service).",
        "Run the command shown below on the VM by hand,",
    ),
    Row(
        "no answer in time",
        {"agent": there(), "agent_show": seen(state="timed out")},
        Status.UNKNOWN,
        "Whether the machine is connected, and as what, is not known: the command did not answer in time.",
        "Run the command shown below on the VM by hand,",
    ),
]

LOGS = [
    Row(
        "nothing",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": logs()},
        Status.PASS,
        "No AZCM code and no known connection error of the last day in himds.log, azcmagent.log, cloud-init-output.log and journal.",
    ),
    Row(
        "not installed, cloud-init said nothing of it",
        {
            "agent": NOT_THERE,
            "agent_show": ABSENT,
            "agent_logs": seen(f"@now {NOW:.0f}\n@log /var/log/cloud-init-output.log\n"),
        },
        Status.PASS,
        "No AZCM code and no known connection error of the last day in cloud-init-output.log.",
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
        "Look at /var/opt/azcmagent/log on the VM: the",
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
        "AZCM0141: On a Nexus VM that path must not answer",
    ),
    Row(
        "a code",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": logs(NETWORK)},
        Status.WARN,
        'azcmagent.log at 2026-11-21 21:45 UTC: "AZCM0026: Network Error". AZCM0026: The network is not set up as the agent needs it, or a service that it cannot do without is unavailable just now.',
        "AZCM0026: Run azcmagent check --location LOCATION",
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
        "AZCM0042: Read the message that stands beside the",
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
        "Resource provider not registered: Register it, by",
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
        "The proxy itself not reached: azcmagent config",
    ),
    Row(
        "a code nobody lists",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": logs(logged(60, "AZCM0999: new"))},
        Status.WARN,
        'azcmagent.log at 2026-11-21 22:44 UTC: "AZCM0999: new". AZCM0999: No article lists this code.',
        "AZCM0999: Read the message that stands beside it;",
    ),
    Row(
        "success is no error",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": logs(logged(60, "AZCM0000: success"))},
        Status.PASS,
        "No AZCM code and no known connection error of the last day in himds.log, azcmagent.log, cloud-init-output.log and journal.",
    ),
    Row(
        "two days ago",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": logs(logged(2 * 86_400, "AZCM0026: Network Error"))},
        Status.PASS,
        "No AZCM code and no known connection error of the last day in himds.log, azcmagent.log, cloud-init-output.log and journal.",
    ),
    Row(
        "before a successful connect",
        {
            "agent": there(),
            "agent_show": SHOW_CONNECTED,
            "agent_logs": logs(NETWORK, logged(60, "Connected machine to Azure"), journal=f"{stamp(90)}\tAZCM0026\n"),
        },
        Status.PASS,
        "No AZCM code and no known connection error of the last day in himds.log, azcmagent.log, cloud-init-output.log and journal.",
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
        "AZCM0026: Run azcmagent check --location LOCATION",
    ),
    Row(
        "what cloud-init tried, and it is connected now",
        {
            "agent": there(),
            "agent_show": SHOW_CONNECTED,
            "agent_logs": logs(cloud_init="\tERROR: Failed to connect to Azure Arc\n"),
        },
        Status.PASS,
        "No AZCM code and no known connection error of the last day in himds.log, azcmagent.log, cloud-init-output.log and journal.",
    ),
    Row(
        "no root",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": seen(state="no root")},
        Status.UNKNOWN,
        "What the logs hold is not known: the command needs root, and there is none.",
        "Log in as root, or give the login user",
    ),
    Row(
        "no clock",
        {"agent": there(), "agent_show": SHOW_NEVER, "agent_logs": seen("")},
        Status.UNKNOWN,
        "The answer of the probe agent_logs could not be read: expected '@now' and the seconds since 1970, found 'nothing'.",
        "Run the command shown below on the VM by hand and",
    ),
]

CLONES = [
    Row(
        "not installed",
        {"agent": NOT_THERE, "agent_show": ABSENT},
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
        parameters={"fleet_agent_show": {}},
    ),
    Row(
        "never connected",
        {"agent": there(), "agent_show": SHOW_NEVER},
        Status.NOT_APPLICABLE,
        "The agent has no VM ID: it was never connected.",
        parameters={"fleet_agent_show": fleet(vm_a="", vm_b="")},
    ),
    Row(
        "alone",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.PASS,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is this VM's; no other VM of this run has one to compare with.",
        parameters={"fleet_agent_show": fleet(vm_a=VM_ID)},
    ),
    Row(
        "alone with an id",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.PASS,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is this VM's; no other VM of this run has one to compare with.",
        parameters={"fleet_agent_show": fleet(vm_a=VM_ID, vm_b="")},
    ),
    Row(
        "different",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.PASS,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is this VM's alone among 3 VMs that have one.",
        parameters={"fleet_agent_show": fleet(vm_a=VM_ID, vm_b="b", vm_c="b")},
    ),
    Row(
        "copied",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.FAIL,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is also that of vm-b and vm-d; expected an id of its own.",
        "One image with a connected agent was copied. On",
        parameters={"fleet_agent_show": fleet(vm_a=VM_ID, vm_b=VM_ID.upper(), vm_c="c", vm_d=VM_ID)},
    ),
    Row(
        "copied, and another copy keeps the resource",
        {"agent": there(), "agent_show": SHOW_CONNECTED},
        Status.FAIL,
        "The VM ID 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11 is also that of vm-a; expected an id of its own.",
        "One image with a connected agent was copied. On",
        parameters={"fleet_agent_show": fleet(vm_a=VM_ID, vm_b=VM_ID)},
        vm=Vm("vm-b"),
    ),
    Row(
        "its service is down",
        {"agent": there(), "agent_show": SHOW_NO_SERVICE},
        Status.UNKNOWN,
        "The VM ID is not known: azcmagent show tells no status (it said: FATAL   AZCM0061: Unable to reach agent service).",
        "Run the command shown below on the VM by hand,",
        parameters={"fleet_agent_show": {}},
    ),
]


@pytest.mark.parametrize("row", VERSION, ids=lambda row: row.name)
def test_agent_001(row: Row) -> None:
    row.assert_holds(test_agent.test_the_agent_is_within_its_support_window)


@pytest.mark.parametrize("row", BAKED, ids=lambda row: row.name)
def test_agent_002(row: Row) -> None:
    row.assert_holds(test_agent.test_the_agent_is_installed_after_the_identity_steps)


@pytest.mark.parametrize("row", SERVICES, ids=lambda row: row.name)
def test_agent_003(row: Row) -> None:
    row.assert_holds(test_agent.test_the_agents_services_run)


@pytest.mark.parametrize("row", REACHED, ids=lambda row: row.name)
def test_agent_004(row: Row) -> None:
    row.assert_holds(test_agent.test_the_agent_reaches_every_required_endpoint)


@pytest.mark.parametrize("row", STATE, ids=lambda row: row.name)
def test_agent_005(row: Row) -> None:
    row.assert_holds(test_agent.test_the_agent_is_ready_to_connect_or_connected_as_expected)


@pytest.mark.parametrize("row", LOGS, ids=lambda row: row.name)
def test_agent_006(row: Row) -> None:
    row.assert_holds(test_agent.test_the_logs_hold_no_known_error)


@pytest.mark.parametrize("row", CLONES, ids=lambda row: row.name)
def test_agent_007(row: Row) -> None:
    row.assert_holds(test_agent.test_no_other_vm_has_the_same_vm_id)


# ------------------------------------------------------------------------------------------------------- readers

PROBES: dict[str, Probe] = {name: each for name, value in vars(probes).items() if (each := probe_of(value))}
PLANNED = {name: each.plan(name, {"vm": VM, "profile": PROFILE}) for name, each in PROBES.items()}


@pytest.mark.parametrize("name", PROBES)
@given(st.text(), st.text(max_size=20))
@example("@text\nAgent Status : \n[{", "")
@example("@check x\nENDPOINT|REACHABLE\na|b|c\nhttps://a.b|maybe", "")
@example("@now 1\n@log x\n9999-99-99T99:99:99Z\tAZCM0001", "")
@example("@now 1\n@log x\n2026-02-31T00:00:00Z\tAZCM0001", "")
@example("[" * 5000, "")
def test_garbage_is_read_or_refused(name: str, stdout: str, stderr: str) -> None:
    reader = PROBES[name].read
    assert reader
    for marked in (stdout, f"@version\n{stdout}", f"{{}}\n@text\n{stdout}", f"@check x\n{stdout}", f"@now 1\n{stdout}"):
        with contextlib.suppress(ValueError):
            reader(Seen(name, "", "done", 0, marked, stderr))


def test_a_setting_that_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected an address as proxy\.url, found 'squid'"):
        probes.Config.read(seen("@list\n proxy.url : squid\n"))
    with pytest.raises(ValueError, match=r"expected the value of proxy\.url, found 'FATAL   AZCM0018: root needed'"):
        probes.Config.read(seen("@list\n@get proxy.url\nFATAL   AZCM0018: root needed\n"))


def test_get_stands_in_for_a_list_that_an_old_agent_does_not_have() -> None:
    config = probes.Config.read(
        seen("@list\nunknown command\n@get proxy.url\nhttp://169.254.0.11:3128\n@get proxy.bypass\n[ARM,Arc]\n")
    )
    assert (config.url, config.bypass) == ("http://169.254.0.11:3128", ("ARM", "Arc"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('time="x" level=error msg="Get" Error="Get \\"https://a\\": no"', 'Get: Get "https://a": no'),
        ("2026-11-21T20:15:01+0000 vm-a himdsd[812]: it stopped", "it stopped"),
        ('2026-11-21T20:15:01+0000 vm-a himdsd[812]: time="x" msg="it stopped"', "it stopped"),
        ("INFO    AZCM0026: Network Error", "INFO    AZCM0026: Network Error"),
    ],
)
def test_what_a_line_says(text: str, said: str) -> None:
    assert probes.Line("azcmagent.log", 0.0, text).said == said


# ------------------------------------------------------------------------------------------------------ commands

FAKE = """#!/bin/sh
echo "$*" >>"$0.asked"
case "$*" in
version) echo azcmagent version 1.61.03319.2737 ;;
"show -j") echo '{"status": "Connected"}' ;;
show) printf 'Agent Status : Connected\\nLocation                                : westeurope\\nVM ID : v\\n' ;;
"config list") printf 'Local Configuration Settings\\n  proxy.url : http://user:s3cret@169.254.0.11:3128\\n' ;;
"config get "*) echo "$3 has not been set" ;;
check*) printf 'ENDPOINT|REACHABLE\\nhttps://pas.windows.net|true\\n' ;;
esac
"""


@pytest.fixture
def guest(tmp_path: Path) -> Path:
    """A folder that stands for / in the probes: with an agent, and its logs."""
    programs = tmp_path / "opt/azcmagent/bin"
    programs.mkdir(parents=True)
    for name in ("azcmagent", "himds"):
        (programs / name).write_text(FAKE)
        (programs / name).chmod(0o755)
    (tmp_path / "var/opt/azcmagent/log").mkdir(parents=True)
    (tmp_path / "var/log").mkdir(parents=True)
    return tmp_path


def asked(guest: Path, shell: list[str], name: str, vm: Vm = VM) -> tuple[subprocess.CompletedProcess[str], Any]:
    """Run a probe as the engine does, with `guest` as the root of its paths, and read its answer."""
    planned = PROBES[name].plan(name, {"vm": vm, "profile": PROFILE})
    command = re.sub(r"(?<!\w)/(?=opt/azcmagent|var/opt|var/log|var/lib)", f"{guest}/", planned.command)
    result = run(shell, replace(planned, command=command), guest)
    reader = PROBES[name].read
    assert reader
    stdout = result.stdout.replace(f"{guest}/", "/")
    return result, reader(Seen(name, command, "done", result.returncode, stdout, result.stderr))


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", PLANNED)
def test_the_shell_accepts_it(shell: list[str], name: str) -> None:
    result = subprocess.run([*shell, "-n", "-c", PLANNED[name].command], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", PLANNED)
def test_it_changes_nothing(name: str) -> None:
    command: str = PLANNED[name].command
    assert not [each for each in re.findall(r"(?<![<&0-9])>\s*([\w/.$]+)", command) if each not in ("/dev/null", "20")]
    assert not re.search(
        r"\b(rm|mv|cp|touch|mkdir|tee|chmod|chown|ln|install|kill|sed -i|systemctl (?!show))\b", command
    )
    assert set(re.findall(r"bin/azcmagent (\w+)", command)) <= {"version", "show", "config", "check"}
    assert set(re.findall(r"azcmagent config (\w+)", command)) <= {"list", "get"}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", PLANNED)
def test_an_agent_that_is_not_there_is_no_error(shell: list[str], name: str, tmp_path: Path) -> None:
    if any(not shutil.which(tool) for tool in PLANNED[name].needs):
        pytest.skip(f"{name} needs {PLANNED[name].needs}")
    result, answer = asked(tmp_path, shell, name)
    assert result.returncode == 0
    if isinstance(answer, probes.Agent):
        assert (answer.installed, answer.himds) == (False, False)
    elif not isinstance(answer, probes.Logs | probes.Services):
        assert answer.missing == "the agent is not installed"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_agent_is_asked(shell: list[str], guest: Path) -> None:
    _, agent = asked(guest, shell, "agent")
    assert (agent.installed, agent.himds, agent.version) == (True, True, (1, 61, 3319, 2737))
    _, shown = asked(guest, shell, "agent_show")
    assert (shown.status, shown.location, shown.vm_id) == ("Connected", "westeurope", "v")


@pytest.mark.parametrize("shell", SHELLS)
def test_what_came_before_the_first_boot_is_part_of_the_image(shell: list[str], guest: Path) -> None:
    marks = guest / "var/lib/cloud/instance/sem"
    marks.mkdir(parents=True)
    (marks / "config_ssh").touch()
    _, agent = asked(guest, shell, "agent")
    assert agent.baked is False  # the same second
    since = (guest / "opt/azcmagent/bin/himds").stat().st_ctime
    assert probes.Agent.read(seen(f"@since {since:.0f}\n@instance {since + 5:.0f}\n")).baked is True


@pytest.mark.parametrize("shell", SHELLS)
def test_a_login_of_the_proxy_stays_on_the_vm(shell: list[str], guest: Path) -> None:
    result, config = asked(guest, shell, "agent_config")
    assert "s3cret" not in result.stdout + result.stderr
    assert config.url == "http://***@169.254.0.11:3128"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("location", "given"),
    [("East US", "eastus"), (None, "westeurope"), ("$(touch x)'; touch y;", "$(touchx)';touchy;")],
)
def test_the_location_is_an_argument(shell: list[str], guest: Path, location: str | None, given: str) -> None:
    _, reached = asked(guest, shell, "agent_check", Vm("vm-a", target=Target(location=location)))
    assert reached.location == given
    assert [each.host for each in reached.endpoints] == ["pas.windows.net"]
    told = (guest / "opt/azcmagent/bin/azcmagent.asked").read_text().splitlines()
    assert told[-1] == f"check --location {given}"


def test_another_cloud_is_named() -> None:
    vm = Vm("vm-a", target=Target(location="usgovvirginia", cloud="AzureUSGovernment"))
    assert PROBES["agent_check"].plan("agent_check", {"vm": vm}).command.endswith(" --cloud AzureUSGovernment")


@pytest.mark.parametrize("shell", SHELLS)
def test_lines_are_picked_on_the_vm(shell: list[str], guest: Path) -> None:
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    (guest / "var/opt/azcmagent/log/azcmagent.log").write_text(
        f'time="{now}" level=debug msg="nothing of interest"\n'
        f'time="{now}" level=error msg="AZCM0026" Error="--service-principal-secret s3cret http://u:s3cret@x eyJhbGci.e30.s3cret"\n'
        " 20% [==> ]\r 40% [===>]\rFATAL   AZCM0042: no resource\r\n"
    )
    (guest / "var/log/cloud-init-output.log").write_text(
        "Cloud-init v. 23.1 running 'init-local' at Sat, 21 Nov 2026 20:00:00 +0000. Up 5.3 seconds.\n"
        "AZCM0143: of the first boot\n"
        "Cloud-init v. 23.1 running 'init-local' at Sat, 21 Nov 2026 22:00:00 +0000. Up 5.3 seconds.\n"
        + "".join(f"AZCM0145: try {number}\n" for number in range(30))
    )
    result, logs = asked(guest, shell, "agent_logs")
    assert "s3cret" not in result.stdout
    assert "of interest" not in result.stdout
    found = [(line.log, what.name) for line, what in logs.found]
    assert found[:2] == [("azcmagent.log", "AZCM0026"), ("azcmagent.log", "AZCM0042")]
    assert found[2:] == [("cloud-init-output.log", "AZCM0145")] * 20
    assert logs.found[1][0].time == logs.found[0][0].time > 0  # the last time that stood before it
    assert logs.found[1][0].text == "FATAL   AZCM0042: no resource"
    assert logs.found[-1][0].text == "AZCM0145: try 29"


def test_what_systemd_shows() -> None:
    services = probes.Services.read(
        seen(
            "Result=success\nEnvironment=HTTPS_PROXY=http://169.254.0.11:3128\nEnvironment=NO_PROXY=localhost\n"
            "Id=himdsd.service\nLoadState=loaded\nActiveState=active\nSubState=running\n\n"
            "Result=exit-code\nId=extd.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\n"
        )
    )
    assert services.units["himdsd"].environment == {"HTTPS_PROXY": "http://169.254.0.11:3128", "NO_PROXY": "localhost"}
    assert (services.units["extd"].runs, services.units["extd"].detail) == (False, "exit-code")


@pytest.mark.parametrize("shell", SHELLS)
def test_of_a_services_environment_only_proxies_leave(shell: list[str], tmp_path: Path) -> None:
    fake = tmp_path / "systemctl"
    fake.write_text(
        "#!/bin/sh\necho 'Id=himdsd.service'\n"
        """echo 'Environment=TOKEN=s3cret HTTPS_PROXY=http://u:s3cret@169.254.0.11:3128 "OTHER=a b"'\n"""
    )
    fake.chmod(0o755)
    planned: Planned = PLANNED["agent_services"]
    result = run(shell, planned, tmp_path, PATH=f"{tmp_path}:/usr/bin:/bin")
    assert result.stdout == "Id=himdsd.service\nEnvironment=HTTPS_PROXY=http://***@169.254.0.11:3128\n"
