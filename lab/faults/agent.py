"""Faults of an installed Connected Machine agent."""

from __future__ import annotations

from lab import cloud_docs as docs
from lab.addresses import PROXY_URL
from lab.faults.registry import fault
from lab.plan import AZ, AgentPlan, VmPlan

#: The warning about an agent that was installed before the identity steps.
_EARLY = {"AGENT-002": "warn"}


def _connected(vm: VmPlan) -> AgentPlan:
    vm.azure.enrolled = True
    vm.agent = AgentPlan(status="Connected")
    return vm.agent


@fault("agent-installed", expects=_EARLY)
def agent_installed(vm: VmPlan) -> None:
    """The agent is installed and configured, but was never connected."""
    vm.agent = AgentPlan()


@fault("agent-of-an-older-generation", expects=_EARLY)
def agent_of_an_older_generation(vm: VmPlan) -> None:
    """The installed agent is 1.60, with the output format of older agents."""
    vm.agent = AgentPlan(version="1.60.03293.2680", generation="old")


@fault("agent-connected", expects={})
def agent_connected(vm: VmPlan) -> None:
    """The VM is enrolled already, as the expected resource."""
    _connected(vm)


@fault("agent-in-the-image", expects={**_EARLY, "TOKEN-004": "blocked"})
def agent_in_the_image(vm: VmPlan) -> None:
    """The agent was in the VM's image: az asks it for tokens instead of the metadata service, and gets none."""
    vm.agent = AgentPlan(baked=True)
    vm.az = AZ


@fault("agent-too-old", expects={"AGENT-001": "warn", **_EARLY})
def agent_too_old(vm: VmPlan) -> None:
    """The agent is 1.42, of May 2024: out of support."""
    vm.agent = AgentPlan(version="1.42.02676.1509", generation="old")


@fault(
    "agent-proxy-unset", roots=("PROXY-004", "AGENT-002"), expects={"PROXY-004": "fail", "PROXY-006": "warn", **_EARLY}
)
def agent_proxy_unset(vm: VmPlan) -> None:
    """The agent has no proxy setting; its services do not get the shell's environment."""
    vm.agent = AgentPlan(config={})


@fault("agent-proxy-from-systemd", roots=("PROXY-004", "AGENT-002"), expects={"PROXY-004": "warn", **_EARLY})
def agent_proxy_from_systemd(vm: VmPlan) -> None:
    """The agent has no proxy.url, but systemd gives its services the proxy."""
    vm.agent = AgentPlan(config={}, environment={"HTTPS_PROXY": PROXY_URL})


@fault(
    "agent-proxy-wrong", roots=("PROXY-004", "AGENT-002"), expects={"PROXY-004": "fail", "AGENT-004": "fail", **_EARLY}
)
def agent_proxy_wrong(vm: VmPlan) -> None:
    """The agent's proxy.url is the company's old proxy, which this network does not have."""
    vm.agent = AgentPlan(config={"proxy.url": "http://10.0.0.99:3128"})


@fault("agent-proxy-bypass", roots=("PROXY-005", "AGENT-002"), expects={"PROXY-005": "fail", **_EARLY})
def agent_proxy_bypass(vm: VmPlan) -> None:
    """The agent's proxy.bypass sends Entra's and Arc's traffic past the proxy, where there is no route."""
    vm.agent = AgentPlan(config={"proxy.url": PROXY_URL, "proxy.bypass": "[AAD,Arc]"})


@fault("agent-services-with-another-proxy", roots=("PROXY-006", "AGENT-002"), expects={"PROXY-006": "warn", **_EARLY})
def agent_services_with_another_proxy(vm: VmPlan) -> None:
    """systemd gives the agent's services a proxy other than proxy.url."""
    vm.agent = AgentPlan(environment={"HTTPS_PROXY": "http://10.0.0.99:3128"})


@fault("agent-service-down", roots=("AGENT-003", "AGENT-002"), expects={"AGENT-003": "fail", **_EARLY})
def agent_service_down(vm: VmPlan) -> None:
    """himdsd exits as soon as it starts."""
    vm.agent = AgentPlan(services={"himdsd": "failed"})


@fault("agent-extension-service-down", expects={"AGENT-003": "fail"})
def agent_extension_service_down(vm: VmPlan) -> None:
    """The VM is enrolled, but the agent's extension service does not run."""
    _connected(vm).services["extd"] = "inactive"


@fault(
    "agent-does-not-reach-his",
    roots=("CSN-002", "AGENT-002"),
    expects={
        "AGENT-004": "fail",
        "NET-001[gbl.his.arc.azure.com]": "fail",
        "NET-003[gbl.his.arc.azure.com]": "blocked",
        "CSN-002[gbl.his.arc.azure.com]": "fail",
        **_EARLY,
    },
)
def agent_does_not_reach_his(vm: VmPlan) -> None:
    """The egress list lacks .his.arc.azure.com, and the agent reports it as unreachable, too."""
    vm.agent = AgentPlan()
    vm.egress_lacks.add("his")


@fault("agent-connected-elsewhere", expects={"AGENT-005": "fail"})
def agent_connected_elsewhere(vm: VmPlan) -> None:
    """The agent is connected as a resource in another resource group."""
    group = docs.group_id(docs.SUBSCRIPTION, docs.SIMILAR_GROUP)
    vm.agent = AgentPlan(
        status="Connected",
        shown={
            "Resource Group Name": docs.SIMILAR_GROUP,
            "Resource Id": f"{group}/providers/Microsoft.HybridCompute/machines/{vm.name}",
        },
    )


@fault("agent-expired", expects={"AGENT-005": "fail"})
def agent_expired(vm: VmPlan) -> None:
    """The agent was connected, and Azure has had no heartbeat for more than 45 days."""
    agent = _connected(vm)
    agent.status = "Expired"
    agent.services |= {"gcad": "active", "extd": "active", "arcproxyd": "active"}
    agent.shown = {
        "Agent Error Code": "AZCM0081",
        "Agent Error Details": "The managed identity's certificate has expired",
        "Agent Error Timestamp": "2026-11-01T08:00:00Z",
    }


@fault("agent-log-with-azcm-code", roots=("AGENT-002", "AGENT-006"), expects={"AGENT-006": "warn", **_EARLY})
def agent_log_with_azcm_code(vm: VmPlan) -> None:
    """An attempt to connect failed an hour ago: the log has AZCM0042 with Azure's reason."""
    why = (
        "AZCM0042: Failed to Create Resource: does not have authorization to perform action"
        " 'Microsoft.HybridCompute/machines/read' over scope '/subscriptions/x' Status Code=403"
    )
    vm.agent = AgentPlan(log=[(60, "fatal", why)])


@fault("agent-journal-with-error", roots=("AGENT-002", "AGENT-006"), expects={"AGENT-006": "warn", **_EARLY})
def agent_journal_with_error(vm: VmPlan) -> None:
    """himdsd logged in the journal that the network is unreachable."""
    message = "dial tcp 20.190.1.1:443: connect: network is unreachable"
    vm.agent = AgentPlan(journal=[(30, message)])


@fault("agent-log-healed", expects={})
def agent_log_healed(vm: VmPlan) -> None:
    """An attempt to connect failed, and the next one succeeded: earlier lines of the log do not count."""
    agent = _connected(vm)
    agent.log = [(50, "fatal", "AZCM0026: Network Error"), (40, "info", "Connected machine to Azure")]


@fault("cloned-image", expects={"AGENT-007": "unknown"}, vms=2)
def cloned_image(vm: VmPlan) -> None:
    """Two VMs were made from the image of a connected one: both report that one's VM ID."""
    _connected(vm).shown = {"VM ID": docs.made_up("the image's VM")}
