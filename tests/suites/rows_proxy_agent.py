"""PROXY-004..006: the agent's own proxy, word for word."""

from __future__ import annotations

from plugins.model import ProbeResult, Status
from tests.support.suite_rows import Row, captured, seen

ROWS: dict[str, list[Row]] = {}

CSN = "http://169.254.0.11:3128"
NOT_THERE = seen("")
THERE = seen("@has /opt/azcmagent/bin/azcmagent\n@version\nazcmagent version 1.61.03319.2737\n")
ABSENT = seen("@absent\n")
SET = captured("azcmagent/config-set")
UNSET = captured("azcmagent/config-unset")


def config(url: str = "", bypass: str = "[]") -> ProbeResult:
    return seen(f"@list\nLocal Configuration Settings\n  proxy.url : {url}\n  proxy.bypass : {bypass}\n")


def himdsd(proxy: str = "") -> ProbeResult:
    """The agent's services; himdsd's unit with or without its own proxy."""
    own = f"Environment=HTTPS_PROXY={proxy}\n" if proxy else ""
    return seen(f"Result=success\n{own}Id=himdsd.service\nLoadState=loaded\nActiveState=active\nSubState=running\n")


def vm(config: ProbeResult, unit: str = "", manager: str = "", **changed: ProbeResult) -> dict[str, ProbeResult]:
    """A VM with the agent: its configuration, and himdsd's environment from systemd."""
    systemd = seen(f"LANG=C\nHTTPS_PROXY={manager}\n" if manager else "LANG=C\n")
    return {
        "agent": THERE,
        "agent_config": config,
        "agent_services": himdsd(unit),
        "systemd_env": systemd,
        **changed,
    }


def only(config: ProbeResult) -> dict[str, ProbeResult]:
    return {"agent": THERE, "agent_config": config}


ROWS["PROXY-004"] = [
    Row(
        "not installed",
        vm(ABSENT, agent=NOT_THERE),
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
    ),
    Row(
        "not installed, no root",
        vm(seen(state="no root"), agent=NOT_THERE),
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
    ),
    Row("as the article says", vm(SET), Status.PASS, "The agent's proxy.url is http://169.254.0.11:3128."),
    Row(
        "a trailing slash, upper case",
        vm(config("HTTP://169.254.0.11:3128/")),
        Status.PASS,
        "The agent's proxy.url is HTTP://169.254.0.11:3128/.",
    ),
    Row(
        "not set",
        vm(UNSET),
        Status.FAIL,
        "The agent's proxy.url is not set; expected http://169.254.0.11:3128. The agent would bypass the CSN proxy.",
        "On the VM: azcmagent config set proxy.url http://169.254.0.11:3128",
    ),
    Row(
        "not set, but in the unit",
        vm(UNSET, unit=CSN),
        Status.WARN,
        "The agent's proxy.url is not set; expected http://169.254.0.11:3128. Its services get that from systemd's environment, so it works; azcmagent under sudo does not get it.",
    ),
    Row(
        "not set, but in systemd",
        vm(UNSET, manager=CSN),
        Status.WARN,
        "The agent's proxy.url is not set; expected http://169.254.0.11:3128. Its services get that from systemd's environment, so it works; azcmagent under sudo does not get it.",
    ),
    Row(
        "not set, and another one in systemd",
        vm(UNSET, manager="http://10.0.0.1:8080"),
        Status.FAIL,
        "The agent's proxy.url is not set; expected http://169.254.0.11:3128. Its services get http://10.0.0.1:8080 from systemd.",
    ),
    Row(
        "another proxy: it beats the environment",
        vm(config("http://10.0.0.1:8080"), manager=CSN),
        Status.FAIL,
        "The agent's proxy.url is http://10.0.0.1:8080; expected http://169.254.0.11:3128. It overrides every variable of the environment.",
    ),
    Row(
        "another port",
        vm(config("http://169.254.0.11:8080")),
        Status.FAIL,
        "The agent's proxy.url is http://169.254.0.11:8080; expected http://169.254.0.11:3128. It overrides every variable of the environment.",
    ),
    Row(
        "the gateway of the agent itself",
        vm(config("http://localhost:40343")),
        Status.FAIL,
        "The agent's proxy.url is http://localhost:40343; expected http://169.254.0.11:3128. It overrides every variable of the environment.",
    ),
    Row(
        "a login",
        vm(config("http://***@169.254.0.11:3128")),
        Status.FAIL,
        "The agent's proxy.url is http://***@169.254.0.11:3128, with a login; expected http://169.254.0.11:3128. The CSN proxy requires none, and the agent's extension manager is known to fail with one.",
    ),
    Row(
        "no address",
        vm(config("squid")),
        Status.UNKNOWN,
        "The answer of the probe agent_config could not be read: expected an address as proxy.url, found 'squid'.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
    Row(
        "no root",
        vm(seen(state="no root")),
        Status.UNKNOWN,
        "The agent's proxy.url is not known: the command needs root, which the login does not have.",
        "Log in as root, or give the login user passwordless sudo (SSH-002).",
    ),
]

ROWS["PROXY-005"] = [
    Row(
        "not installed",
        {"agent": NOT_THERE, "agent_config": ABSENT},
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
    ),
    Row("empty", only(SET), Status.PASS, "The agent's proxy.bypass is empty."),
    Row("not set", only(UNSET), Status.PASS, "The agent's proxy.bypass is empty."),
    Row(
        "what does not matter",
        only(config(CSN, "[AMA ArcData]")),
        Status.PASS,
        "The agent's proxy.bypass names AMA, ArcData, which enrolling does not need.",
    ),
    Row(
        "Arc",
        only(config(CSN, "[Arc]")),
        Status.FAIL,
        "The agent's proxy.bypass names Arc; expected none of AAD, ARM, Arc. Requests to his.arc.azure.com and guestconfiguration.azure.com would bypass the CSN proxy.",
        "On the VM: azcmagent config clear proxy.bypass",
    ),
    Row(
        "all three",
        only(config(CSN, "AAD,ARM,arc")),
        Status.FAIL,
        "The agent's proxy.bypass names AAD, ARM, arc; expected none of AAD, ARM, Arc. Requests to login.windows.net, login.microsoftonline.com and pas.windows.net; management.azure.com; his.arc.azure.com and guestconfiguration.azure.com would bypass the CSN proxy.",
    ),
    Row(
        "no answer",
        only(seen(state="timed out")),
        Status.UNKNOWN,
        "The agent's proxy.bypass is not known: the command did not answer in time.",
        "Run the command shown below on the VM by hand, and check the agent's service: systemctl status himdsd.",
    ),
]

ROWS["PROXY-006"] = [
    Row(
        "not installed",
        vm(ABSENT, agent=NOT_THERE),
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
    ),
    Row(
        "proxy.url alone",
        vm(SET),
        Status.PASS,
        "systemd gives the agent's services no proxy of their own: proxy.url (http://169.254.0.11:3128) is used.",
    ),
    Row(
        "the same in systemd",
        vm(SET, manager=CSN + "/"),
        Status.PASS,
        "systemd gives the agent's services http://169.254.0.11:3128/, the same as proxy.url.",
    ),
    Row(
        "environment alone",
        vm(UNSET, unit=CSN),
        Status.PASS,
        "systemd gives the agent's services http://169.254.0.11:3128, the CSN proxy.",
    ),
    Row(
        "neither",
        vm(UNSET),
        Status.WARN,
        "The agent has no proxy.url, and systemd gives its services no HTTPS_PROXY: they would bypass the CSN proxy.",
        "On the VM: 'sudo /opt/azcmagent/bin/azcmagent_proxy add http://169.254.0.11:3128' sets it for the agent's services; or set proxy.url, which overrides it, and remove the other value.",
    ),
    Row(
        "another one in the unit, which beats the manager's",
        vm(SET, unit="http://10.0.0.1:8080", manager=CSN),
        Status.WARN,
        "systemd gives himdsd the proxy http://10.0.0.1:8080; proxy.url is http://169.254.0.11:3128. Extensions may take the former.",
    ),
    Row(
        "environment alone, and another one",
        vm(UNSET, manager="http://10.0.0.1:8080"),
        Status.WARN,
        "systemd gives himdsd the proxy http://10.0.0.1:8080; expected is http://169.254.0.11:3128. Extensions may take the former.",
    ),
    Row(
        "no systemd",
        vm(SET, agent_services=seen(stderr="systemctl", state="no tool")),
        Status.UNKNOWN,
        "The proxy that systemd gives the agent's services is not known: systemctl is not installed.",
        "Run the command shown below on the VM by hand, and check the agent's service: systemctl status himdsd.",
    ),
    Row(
        "no root",
        vm(seen(state="no root")),
        Status.UNKNOWN,
        "The agent's proxy.url is not known: the command needs root, which the login does not have.",
        "Log in as root, or give the login user passwordless sudo (SSH-002).",
    ),
]
