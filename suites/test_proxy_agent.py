"""PROXY, second part: the proxy settings of the Connected Machine agent.

`proxy.url` overrides the environment (agent 1.13 and later). Without it, the agent's services take HTTPS_PROXY as
systemd provides it; the environment of a login shell does not count.
"""

from __future__ import annotations

from plugins import Command, Profile, Vm, check, fail, on_vm, recommended, record_fact, required, sh, warn
from suites.probes.azcmagent import Agent
from suites.probes.azcmagent_config import AgentConfig
from suites.probes.azcmagent_services import AgentServices
from suites.probes.proxy_environment import MARK, Variables
from suites.rules.azcmagent_state import must_be_installed, must_be_known
from suites.rules.proxy_address import same_proxy
from suites.rules.windows_proxy import MACHINE, set_machine

DOCS = "https://learn.microsoft.com/azure/azure-arc/servers/manage-agent-proxy-settings"


HTTPS = ("HTTPS_PROXY", "https_proxy")


def _given(services: AgentServices, systemd: Variables) -> str:
    """The HTTPS proxy that systemd provides to himdsd: the unit's own before the manager's; "" = none.

    On Windows it gets the Machine environment, which `systemd_env` prints there.
    """
    unit = services.units.get("himdsd")
    places = [unit.environment if unit else {}, systemd.values]
    return next((variables[name] for variables in places for name in HTTPS if variables.get(name)), "")


def _giver(vm: Vm) -> str:
    return MACHINE if vm.os == "windows" else "systemd"


def _set(url: str) -> Command:
    return sh("azcmagent config set proxy.url {}", url)


_CLEAR = sh("azcmagent config clear proxy.bypass")


@check(
    "PROXY-004",
    required,
    problem="agent's proxy is not the CSN proxy",
    action="Set the agent's proxy.url to the CSN proxy on {vms}",
    remedy="On the VM: azcmagent config set proxy.url http://169.254.0.11:3128",
    docs=DOCS,
    component="guest",
)
def test_the_agents_proxy_is_the_csn_proxy(
    agent: Agent,
    agent_config: AgentConfig,
    agent_services: AgentServices,
    systemd_env: Variables,
    vm: Vm,
    profile: Profile,
) -> str:
    """The agent's proxy.url is the CSN proxy.

    Success: azcmagent config has it; a trailing slash makes no difference.
    Failure: another value, or none. Warning: none, but systemd gives the agent's services the CSN proxy.
    Unknown: root rights are missing, or azcmagent config did not answer.
    Not applicable: before the installation.
    """
    must_be_installed(agent)
    must_be_known(agent_config.missing, "The agent's proxy.url")
    record_fact("agent proxy.url", agent_config.url.rstrip("/") or "not set")
    if agent_config.mode:
        record_fact("agent config.mode", agent_config.mode)
    expected = profile.proxy_url
    to_do, fix = f"On the VM: {_set(expected)}", on_vm(sh("sudo {}", _set(expected)))
    if MARK in agent_config.url:
        fail(
            f"The agent's proxy.url is {agent_config.url}, with a login; expected {expected}. The CSN proxy requires "
            "none, and the agent's extension manager is known to fail with one.",
            remedy=to_do,
            fix=fix,
        )
    if agent_config.url:
        if same_proxy(agent_config.url, expected):
            return f"The agent's proxy.url is {agent_config.url}."
        fail(
            f"The agent's proxy.url is {agent_config.url}; expected {expected}. It overrides every variable of the "
            "environment.",
            remedy=to_do,
            fix=fix,
        )
    given = _given(agent_services, systemd_env)
    if given and same_proxy(given, expected):
        works = f"{MACHINE}, so it works"
        if vm.os != "windows":
            works = "systemd's environment, so it works; azcmagent under sudo does not get it"
        warn(
            f"The agent's proxy.url is not set; expected {expected}. Its services get that from {works}.",
            remedy=to_do,
            fix=fix,
        )
    instead = f"Its services get {given} from {_giver(vm)}." if given else "The agent would bypass the CSN proxy."
    fail(f"The agent's proxy.url is not set; expected {expected}. {instead}", remedy=to_do, fix=fix)


#: The values of `proxy.bypass`, and the hosts that then bypass the proxy. On a Nexus VM, only the proxy reaches them.
BYPASS = {
    "aad": "login.windows.net, login.microsoftonline.com and pas.windows.net",
    "arm": "management.azure.com",
    "arc": "his.arc.azure.com and guestconfiguration.azure.com",
}


@check(
    "PROXY-005",
    required,
    problem="agent bypasses the proxy for Azure",
    action="Clear the agent's proxy.bypass on {vms}",
    remedy=f"On the VM: {_CLEAR}",
    docs=DOCS,
    component="guest",
)
def test_the_agent_sends_everything_through_its_proxy(agent: Agent, agent_config: AgentConfig) -> str:
    """The agent's proxy.bypass keeps AAD, ARM and Arc on the proxy.

    Success: it lists none of the three.
    Failure: it lists one, whose requests then bypass the CSN proxy, the VM's only way out.
    Unknown: root rights are missing, or azcmagent config did not answer.
    Not applicable: before the installation.
    """
    must_be_installed(agent)
    must_be_known(agent_config.missing, "The agent's proxy.bypass")
    record_fact("agent proxy.bypass", ", ".join(sorted(agent_config.bypass, key=str.lower)) or "none")
    astray = [service for service in agent_config.bypass if service.lower() in BYPASS]
    if astray:
        hosts = "; ".join(BYPASS[service.lower()] for service in astray)
        fail(
            f"The agent's proxy.bypass names {', '.join(astray)}; expected none of AAD, ARM, Arc. Requests to {hosts} "
            "would bypass the CSN proxy.",
            # Other exemptions may be intended: the operator must decide which to keep.
            fix=on_vm(sh("sudo {}", _CLEAR)) if len(astray) == len(agent_config.bypass) else (),
        )
    if agent_config.bypass:
        return f"The agent's proxy.bypass names {', '.join(agent_config.bypass)}, which enrolling does not need."
    return "The agent's proxy.bypass is empty."


@check(
    "PROXY-006",
    recommended,
    caused_by=["PROXY-004"],
    problem="agent's services see another proxy",
    action="Set the CSN proxy for the agent's services on {vms}",
    remedy="On the VM: 'sudo /opt/azcmagent/bin/azcmagent_proxy add http://169.254.0.11:3128' sets it for the agent's "
    "services; or set proxy.url, which overrides it, and remove the other value.",
    docs=DOCS,
    component="guest",
)
def test_the_agents_services_see_the_same_proxy(
    agent: Agent,
    agent_config: AgentConfig,
    agent_services: AgentServices,
    systemd_env: Variables,
    vm: Vm,
    profile: Profile,
) -> str:
    """The agent's services see the same proxy as its command line.

    Success: systemd gives the services no other proxy than proxy.url, or the CSN proxy where proxy.url is not set.
    Failure: it gives them another one, or proxy.url is not set and it gives them none.
    Unknown: root rights are missing, or the service manager does not answer.
    Not applicable: before the installation.
    Windows: the services get the Machine environment.
    """
    must_be_installed(agent)
    giver = _giver(vm)
    gives = f"{giver.replace('the', 'The', 1)} gives"
    to_do = set_machine("HTTPS_PROXY", agent_config.url or profile.proxy_url) if vm.os == "windows" else ""
    must_be_known(agent_config.missing, "The agent's proxy.url")
    must_be_known(agent_services.missing or systemd_env.missing, f"The proxy that {giver} gives the agent's services")
    given = _given(agent_services, systemd_env)
    url = agent_config.url
    if not url and not given:
        fail(
            f"The agent has no proxy.url, and {giver} gives its services no HTTPS_PROXY: they would bypass the CSN "
            "proxy.",
            remedy=to_do,
            fix=on_vm(sh("sudo {}", _set(profile.proxy_url))),
        )
    expected = url or profile.proxy_url
    if given and not same_proxy(given, expected):
        comparison = "proxy.url is" if url else "expected is"
        himds = "himds" if vm.os == "windows" else "himdsd"
        fail(
            f"{gives} {himds} the proxy {given}; {comparison} {expected}. Extensions may take the former.",
            remedy=to_do,
        )
    if not given:
        return f"{gives} the agent's services no proxy of their own: proxy.url ({url}) is used."
    return f"{gives} the agent's services {given}, {'the same as proxy.url' if url else 'the CSN proxy'}."
