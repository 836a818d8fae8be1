"""A builder of ``results`` dicts, for the tests of the reports.

``six_vms()`` has six VMs with different findings, ``fleet(n)`` is a large fleet, ``hostile()`` has a VM with hostile
text in every string.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from plugins.diagnosis import drift, fix_plan
from plugins.diagnosis.findings import FindingGroups
from plugins.diagnosis.fleet_causes import Cause, CauseFinder
from plugins.model import SshSession
from plugins.results.builder import unreached
from plugins.results.schema import VERSION

Json = dict[str, Any]

LEARN = (
    "https://learn.microsoft.com/azure/operator-nexus/troubleshoot-virtual-machines-arc-enroll-with-managed-identities"
)
ARC = "https://learn.microsoft.com/azure/azure-arc/servers/troubleshoot-agent-onboard"

ENDPOINTS = (
    "management.azure.com",
    "login.microsoftonline.com",
    "gbl.his.arc.azure.com",
    "agentserviceapi.guestconfiguration.azure.com",
)
VARIABLES = ("HTTPS_PROXY", "https_proxy")

# id, title, severity, causes, parameters, remedy
CATALOGUE: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...], str], ...] = (
    ("SSH-001", "An SSH session opens and the login works", "required", (), (), "Check the address and the jump host."),
    ("SSH-002", "Root is available for the probes that need it", "required", (), (), "Allow `sudo -n` for the login."),
    ("SSH-003", "The clock is within 120 s of Azure's", "recommended", (), (), "Start chrony: `systemctl enable --now chrony`."),
    ("PLATFORM-001", "The cluster runtime is 4.7.0 or later", "required", (), (), "Upgrade the cluster runtime."),
    ("PLATFORM-002", "The management bundle is 2510.1 or later", "required", (), (), "Declare `bundle` in the profile."),
    ("PLATFORM-003", "The resource provider offers 2025-07-01-preview or later", "required", (), (), "Register the provider."),
    ("PLATFORM-004", "The cluster is Running and Connected", "required", (), (), "Look at the cluster's status message."),
    ("PLATFORM-005", "The Arc resource providers are registered", "required", (), (), "`az provider register -n Microsoft.HybridCompute`"),
    ("PLATFORM-006", "The runtime's support end is in the future", "recommended", (), (), "Plan a runtime upgrade."),
    ("CLI-001", "Azure CLI on the VM is 2.75 or later", "required", (), (), "`apt-get install --only-upgrade azure-cli`"),
    ("CLI-002", "Azure CLI on the runner is 2.75 or later", "recommended", (), (), "`az upgrade`"),
    ("VM-001", "The VM resource is provisioned, on and running", "required", (), (), "Start the VM."),
    ("VM-002", "The VM's custom location is its cluster's", "required", (), (), "Move the VM."),
    ("VM-003", "The VM is attached to a cloud services network", "required", (), (), "Attach one."),
    ("VM-004", "The agent supports the guest OS", "required", (), (), "Use a supported image."),
    ("VM-005", "The guest has what the installer needs", "required", (), (), "Free 500 MB on /opt."),
    ("VM-006", "The Arc resource name is valid and free", "required", (), (), "Choose another name."),
    ("CLOUDINIT-001", "cloud-init finished without critical errors", "required", ("NET-001", "PROXY-001"), (), "Read `/var/log/cloud-init.log`."),
    ("CLOUDINIT-002", "The last boot's output holds no failure lines", "recommended", ("NET-001",), (), "Repair the user data and re-create the VM."),
    ("CSN-001", "Default egress endpoints are enabled", "required", (), (), "Set `enableDefaultEgressEndpoints` to True."),
    ("CSN-002", "The cloud services network allows the endpoint", "required", ("CSN-001",), ENDPOINTS, "Add the endpoint to `additionalEgressEndpoints` of the cloud services network."),
    ("CSN-003", "The cloud services network is available", "required", (), (), "Look at its status message."),
    ("PROXY-001", "The variable holds the CSN proxy", "required", (), VARIABLES, "Set it to `http://169.254.0.11:3128` in /etc/environment."),
    ("PROXY-002", "no_proxy exempts 169.254.169.254", "required", (), (), "Add `169.254.169.254` to NO_PROXY and no_proxy in /etc/environment, then log in again."),
    ("PROXY-003", "169.254.0.11:3128 accepts connections", "required", (), (), "Check the VM's network attachment."),
    ("PROXY-004", "azcmagent uses the CSN proxy", "required", (), (), "`azcmagent config set proxy.url http://169.254.0.11:3128`"),
    ("IMDS-001", "169.254.169.254 answers ping", "recommended", (), (), "Nothing to do: ICMP is not promised."),
    ("IMDS-002", "The IMDS sidecar is healthy", "required", (), (), "Restart the VM; if it persists, re-create it with its identity."),
    ("IMDS-003", "The same request works with the VM's own environment", "required", ("PROXY-002", "IMDS-002"), (), "Repair no_proxy."),
    ("IMDS-004", "The Azure-VM path does not answer", "required", (), (), "Open a support request."),
    ("DNS-001", "The endpoint resolves on the VM", "recommended", (), ENDPOINTS, "Check `/etc/resolv.conf`."),
    ("NET-001", "The endpoint is reached through the CSN proxy", "required", ("CSN-002", "CSN-001", "PROXY-003"), ENDPOINTS, "Allow the endpoint on the cloud services network."),
    ("NET-003", "TLS 1.2 and a trusted chain", "required", ("SSH-003", "NET-001"), (), "Repair the trust store."),
    ("IDENTITY-001", "The VM has a managed identity", "required", (), (), "Re-create the VM with an identity: it cannot be added later."),
    ("IDENTITY-002", "It is the identity the inventory expects", "required", (), (), "Correct the inventory."),
    ("ROLES-001", "The identity may onboard machines", "required", (), (), "Assign the role Azure Connected Machine Resource Manager at the resource group."),
    ("ROLES-002", "The identity may list access details", "required", (), (), "Assign HybridCompute Machine ListAccessDetails Action In-Built Role."),
    ("TOKEN-001", "IMDS issues an ARM token", "required", ("IDENTITY-001", "IMDS-002", "IMDS-003"), (), "Look at IMDS-002 and IDENTITY-001."),
    ("TOKEN-002", "The token is for the right audience, tenant and object", "required", (), (), "Check the identity."),
    ("TOKEN-003", "The token is younger than the last role change", "recommended", (), (), "Wait, or restart the VM."),
    ("TOKEN-004", "az login --identity works", "required", ("IDENTITY-001", "IMDS-002", "IMDS-003", "PROXY-002"), (), "Look at TOKEN-001."),
    ("AGENT-001", "azcmagent is within its support window", "recommended", (), (), "Upgrade the agent."),
    ("AGENT-002", "The agent is not baked into the image", "recommended", (), (), "Remove it from the image."),
    ("AGENT-003", "The agent's services run", "required", (), (), "`systemctl restart himdsd`"),
    ("AGENT-004", "azcmagent check reaches every endpoint", "required", ("NET-001", "PROXY-004"), (), "Look at NET-001."),
    ("AGENT-005", "azcmagent show reports ready or enrolled", "required", (), (), "Look up the AZCM code."),
    ("AGENT-006", "No AZCM code in recent logs", "recommended", (), (), "Look up the AZCM code."),
)  # fmt: skip
_BY_ID = {row[0]: row for row in CATALOGUE}
# id: (problem, action); the other checks have none
HEADLINES = {
    "SSH-001": ("VM is not reachable over SSH", "Restore the SSH session to {vms}{where}"),
    "VM-001": ("VM is powered off", "Start {vms:is|are} powered off"),
    "CSN-002": ("egress list lacks an endpoint", "Add {items} to the egress list of {name}"),
    "PROXY-002": ("metadata address is not exempt from the proxy", "Exempt the metadata address on {vms}"),
    "IDENTITY-001": ("VM has no managed identity", "Create {vms} again with a managed identity"),
    "SSH-003": ("clock is not that of Azure", "Set the clock on {vms}"),
}
_GUEST = ("SSH", "CLI", "CLOUDINIT", "PROXY", "IMDS", "DNS", "NET", "TOKEN", "AGENT")
_NO_AGENT = "azcmagent is not installed: that is as it should be before the enrolment."

_COMPONENTS = {"PLATFORM": "cluster", "CSN": "csn", "ROLES": "identity", "IDENTITY": "vm", "VM": "vm"}
_CSN = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/net/providers/Microsoft.NetworkCloud/cloudServicesNetworks"
_FIX = {
    "CSN-002": "az networkcloud cloudservicesnetwork update --name csn-01 --resource-group net --additional-egress-endpoints '[]'",
    "PROXY-002": "ssh -- web-02 'sudo sed -i s/^no_proxy=.*/no_proxy=169.254.169.254/ /etc/environment'",
}


def causes_of(vms: Iterable[Json], components: Mapping[str, str]) -> list[Cause]:
    """The causes of a whole fleet."""
    finder = CauseFinder(
        components,
        {id: action for id, (_, action) in HEADLINES.items()},
        {id: problem for id, (problem, _) in HEADLINES.items()},
    )
    for vm in vms:
        finder.add(vm)
    return finder.causes()


def findings_of(vms: Iterable[Json]) -> list[Json]:
    """The findings of a whole fleet."""
    groups = FindingGroups()
    for vm in vms:
        groups.add(vm)
    return groups.findings()


def _component(id: str) -> str:
    return _COMPONENTS.get(id.split("-")[0], "guest")


# {(id, parameter or ""): (status, message)}; an id alone means all its parameters
Story = dict[tuple[str, str] | str, tuple[str, str]]

PROXY_STORY: Story = {
    "PROXY-002": ("fail", "no_proxy is `localhost,127.0.0.1`: curl 7.81 on this VM sends 169.254.169.254 to the proxy."),
    "IMDS-003": ("fail", "With the VM's own environment GET /healthz answered 403 from the proxy 169.254.0.11:3128; expected 200 from IMDS."),
    "TOKEN-004": ("fail", "az login --identity ended with exit 1: `Failed to connect to MSI`."),
}  # fmt: skip
EGRESS_STORY: Story = {
    ("CSN-002", "gbl.his.arc.azure.com"): ("fail", "The cloud services network csn-01 does not allow gbl.his.arc.azure.com:443."),
    ("NET-001", "gbl.his.arc.azure.com"): ("fail", "CONNECT gbl.his.arc.azure.com:443 was answered with 403 by the proxy; expected 200."),
    "AGENT-006": ("warn", "AZCM0026 in /var/opt/azcmagent/log/azcmagent.log: network error."),
    "SSH-003": ("warn", "The clock is 204 s behind Azure's; expected at most 120 s."),
}  # fmt: skip
UNREACHABLE = "Nothing answered at 10.5.0.14:22 within 5 s: expected an SSH server."


def _result(vm: str, row: tuple[Any, ...], parameter: str, status: str, message: str) -> Json:
    id, title, severity, _, _, remedy = row
    test = f"suites/test_{id.split('-')[0].lower()}.py::test_{id.replace('-', '_').lower()}"
    return {
        "id": id,
        "parameter": parameter,
        "status": status,
        "severity": severity,
        "message": message,
        "remedy": remedy if status in ("fail", "warn", "unknown") else "",
        "root_cause": False,
        "caused_by": [],
        "nodeid": f"{test}[{vm}{'-' + parameter if parameter else ''}]",
        "title": title,
        "docs": ARC if id.startswith("AGENT") else LEARN,
        "evidence": [probe_key(id, parameter)] if id.split("-")[0] in _GUEST and status != "blocked" else [],
        "fix": [_FIX[id]] if id in _FIX and status in ("fail", "warn", "unknown") else [],
    }


def probe_key(id: str, parameter: str) -> str:
    """The evidence key of the fixtures: `imds_002`, or `net_001[management.azure.com]`."""
    key = id.lower().replace("-", "_")
    return f"{key}[{parameter}]" if parameter else key


def _seen(id: str, parameter: str, status: str) -> Json:
    host = parameter or "169.254.169.254"
    if status == "unknown":
        return {"command": "journalctl -u himdsd --since -1h", "state": "no root", "exit": None, "stdout": "",
                "stderr": "sudo: a password is required\n", "truncated": False, "seconds": 0.01}  # fmt: skip
    failed = status in ("fail", "warn")
    return {
        "command": f"curl --noproxy '*' --max-time 3 -sS -o /dev/null -D - -H Metadata:true http://{host}/{id.lower()}",
        "state": "done",
        "exit": 22 if failed else 0,
        "stdout": f"HTTP/1.1 {'403 Forbidden' if failed else '200 OK'}\r\nServer: squid/5.7\r\n"
        f"Date: Sat, 21 Nov 2026 22:15:02 GMT\r\nContent-Length: 0\r\n\r\n",
        "stderr": "curl: (22) The requested URL returned error: 403\n" if failed else "",
        "truncated": id == "AGENT-006",
        "seconds": 0.05 + len(host) / 100,
    }


def vm(name: str, story: Story, number: int = 1, tags: dict[str, str] | None = None) -> Json:
    """One VM: every check passes, or is not applicable without the agent, except for those in its story."""
    results = []
    for row in CATALOGUE:
        for parameter in row[4] or ("",):
            default = (
                ("not applicable", _NO_AGENT) if row[0].startswith("AGENT") else ("pass", f"{row[1]}: as expected.")
            )
            status, message = story.get((row[0], parameter), story.get(row[0], default))
            results.append(_result(name, row, parameter, status, message))
    _explain(results)
    return {
        "name": name,
        "readiness": _readiness(results),
        "address": f"azureuser@10.5.0.{10 + number}:22",
        "session": {"outcome": "ok", "message": "", "remedy": "", "via": "jump.edge-01",
                    "seconds": {"connect": 0.02, "login": 0.31, "probes": 4.2}},
        "tags": tags or {"site": "edge-01", "image": "ubuntu-22.04"},
        "components": {
            "vm": f"/subscriptions/s/resourceGroups/vms/providers/Microsoft.NetworkCloud/virtualMachines/{name}",
            "csn": f"{_CSN}/csn-{'01' if number % 2 else '02'}", "cluster": "/subscriptions/s/clusters/Berlin",
            "image": "registry.example/ubuntu:22.04",
        },
        "facts": {"operating system": "Ubuntu 22.04", "agent version": "1.61" if number != 3 else "1.52"},
        "results": results,
        "evidence": {key: _seen(r["id"], r["parameter"], r["status"]) for r in results for key in r["evidence"]},
    }  # fmt: skip


def unreachable_without_its_check(name: str) -> Json:
    """An unreachable VM in a run that selected only the VM checks."""
    machine = unreachable(name)
    session = machine["session"]
    own = [result for result in machine["results"] if result["id"].startswith("VM-")]
    machine["results"] = unreached(SshSession(session["outcome"], session["message"], session["remedy"])) + own
    return machine


def unreachable(name: str, message: str = UNREACHABLE, number: int = 4) -> Json:
    """An unreachable VM: SSH-001 is unknown, and blocks the other guest checks."""
    story: Story = {row[0]: ("blocked", "Not judged: SSH-001, the VM could not be reached.")
                    for row in CATALOGUE if row[0].split("-")[0] in _GUEST}  # fmt: skip
    story["SSH-001"] = ("unknown", message)
    built = vm(name, story, number)
    for result in built["results"]:
        result["evidence"] = []
        if result["status"] == "blocked":
            result["caused_by"] = ["SSH-001"]
    built["evidence"] = {}
    built["session"] = {"outcome": "timed out", "message": message, "remedy": "Check the address and the jump host.",
                        "via": "", "seconds": {}}  # fmt: skip
    return built


def _explain(results: list[Json]) -> None:
    not_met = {result["id"] for result in results if result["status"] in ("fail", "unknown")}
    for result in results:
        if result["status"] in ("fail", "warn", "unknown"):
            result["caused_by"] = [cause for cause in _BY_ID[result["id"]][3] if cause in not_met]
            result["root_cause"] = not result["caused_by"]


def _readiness(results: Iterable[Json]) -> str:
    required = {result["status"] for result in results if result["severity"] == "required"}
    if "fail" in required:
        return "not ready"
    return "unknown" if required & {"unknown", "blocked"} else "ready"


def run(vms: list[Json]) -> Json:
    """The results dict of some VMs."""
    statuses = Counter(result["status"] for vm in vms for result in vm["results"])
    readiness = Counter(vm["readiness"] for vm in vms)
    causes = causes_of(vms, {row[0]: _component(row[0]) for row in CATALOGUE})
    open_after = frozenset(
        machine["name"] for machine in vms if any(r["status"] == "blocked" for r in machine["results"])
    )
    plan = fix_plan.steps(causes, readiness["ready"], open_after)
    return {
        "version": VERSION,
        "run_id": "20261121T221500Z-ab12",
        "started": "2026-11-21T22:15:00Z",
        "finished": "2026-11-21T22:15:12Z",
        "seconds": 12.3,
        "verdict": "not ready" if readiness["not ready"] else "unknown" if readiness["unknown"] else "ready",
        "judged": {
            "complete": True,
            "guest_alone": False,
            "required": {"judged": 38, "of": 38},
            "vms": {"judged": len(vms), "of": len(vms)},
            "areas": [],
            "checks": [],
            "why": [],
        },
        "sentence": f"{readiness['ready']} of {len(vms)} VMs are ready; {readiness['not ready']} are not; "
        f"{readiness['unknown']} could not be judged.",
        "notes": [],
        "profile": "2510",
        "arguments": ["--fleet=fleet.yaml", "-n", "auto"],
        "versions": {"suite": "0.1.0", "python": "3.11.9", "pytest": "9.2.0", "paramiko": "5.1.0"},
        "counts": {word: statuses[word] for word in
                   ("pass", "fail", "warn", "unknown", "blocked", "not applicable", "waived")},
        "checks": {
            id: {"title": title, "problem": HEADLINES.get(id, ("",))[0], "severity": severity, "area": id.split("-")[0], "remedy": remedy, "docs": LEARN,
                 "caused_by": list(caused_by), "requires": [] if id == "SSH-001" else ["SSH-001"], "component": _component(id)}
            for id, title, severity, caused_by, _, remedy in CATALOGUE
        },
        "vms": vms,
        "causes": [cause.as_dict(number) for number, cause in enumerate(causes, 1)],
        "plan": plan,
        "forecast": fix_plan.forecast(plan, readiness["ready"], len(vms)),
        "findings": findings_of(vms),
        "drift": drift.find(vms),
    }  # fmt: skip


def six_vms() -> Json:
    """Ready, a proxy fault, two egress faults, unreachable, and ready with a waiver but without root."""
    return run(
        [
            vm("web-01", {}, 1),
            vm("web-02", PROXY_STORY, 2),
            vm("db-01", EGRESS_STORY, 3),
            unreachable("db-02", number=4),
            vm("edge-gateway-with-a-long-name-01", {
                **EGRESS_STORY,
                "IDENTITY-001": ("fail", "The VM resource has no managed identity; expected one, assigned at creation."),
                "TOKEN-001": ("fail", "IMDS answered 400 `identity_not_found`; expected an access token."),
            }, 5),
            vm("cache-01", {
                "PLATFORM-002": ("waived", "Waived until 2026-12-31: the bundle upgrade is planned (CHG-1044)."),
                "SSH-002": ("unknown", "sudo asks for a password: the probes that need root could not run."),
                "CLOUDINIT-002": ("unknown", "cloud-init-output.log could not be read: it needs root."),
            }, 6),
        ]
    )  # fmt: skip


def fleet(size: int) -> Json:
    """A fleet: most VMs are ready, the others have one of four stories."""
    vms = []
    for number in range(size):
        name = f"{('web', 'db', 'cache', 'edge')[number % 4]}-{number:03}"
        if number % 17 == 5:
            vms.append(unreachable(name, f"Nothing answered at 10.5.{number // 250}.{number % 250}:22 within 5 s."))
        else:
            story: Story = EGRESS_STORY if number % 5 == 1 else PROXY_STORY if number % 11 == 3 else {}
            vms.append(vm(name, story, number % 200, {"site": f"edge-{number % 3:02}"}))
    return run(vms)


NASTY = (
    "<script>document.title='owned';alert(1)</script><img src=x onerror=\"window.owned=1\">"
    "'\"><svg onload=window.owned=2> `tick` | pipe | ${7*7} {{7*7}} </pre></td></table></script><!-- ]]> &lt;b&gt; "
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x00\x08\r\rover \u202egnp.exe\u2066 \u200b\ufeff \ud800 \uffff "
    "\nE   starts like pytest's error line\n# heading\n| a | b |\n@someone [x](javascript:alert(1)) ::error::x\n"
)


def hostile() -> Json:
    """A run in which the second VM has NASTY in every string without a fixed form."""
    results = six_vms()
    bad = vm("nasty", {**EGRESS_STORY, **PROXY_STORY}, 9)
    bad["name"] = "nasty " + NASTY
    bad["address"] = bad["session"]["message"] = bad["session"]["remedy"] = bad["session"]["via"] = NASTY
    bad["tags"] = {NASTY: NASTY}
    for number, result in enumerate(bad["results"]):
        result.update(message=f"{number} {NASTY}", remedy=NASTY, title=NASTY)
        result["nodeid"] += NASTY
        result["evidence"] = [key + NASTY for key in result["evidence"]]
        if result["parameter"]:
            result["parameter"] += NASTY
    bad["evidence"] = {
        key + NASTY: {**seen, "command": NASTY, "stdout": NASTY * 3, "stderr": NASTY}
        for key, seen in bad["evidence"].items()
    }
    built = run([results["vms"][0], bad, results["vms"][3]])
    built.update(run_id=NASTY, sentence=NASTY, profile=NASTY, arguments=[NASTY])
    built["versions"] = {**built["versions"], NASTY: NASTY}
    return built


#: The fleets for `saved`, by name.
_FLEETS: dict[str, Callable[[], Json]] = {
    "six-vms": six_vms,
    "hostile": hostile,
    "ready": lambda: run([vm("web-01", {})]),
}


@lru_cache
def _text(name: str) -> str:
    return json.dumps(_FLEETS[name]())


def saved(name: str) -> Json:
    """The results of a fleet above, loaded from a file."""
    results: Json = json.loads(_text(name))
    return results
