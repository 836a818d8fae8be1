"""AGENT-003 and 004: the agent's services and the endpoints that it reaches; every outcome, word for word."""

from __future__ import annotations

from dataclasses import replace

from plugins.model import ProbeResult, Status
from suites.probes.azcmagent_services import UNITS
from tests.suites.agent_evidence import (
    ABSENT,
    NOT_THERE,
    SHOW_CONNECTED,
    SHOW_NEVER,
    SHOW_NO_SERVICE,
    installed,
    missing,
    there,
)
from tests.support.suite_rows import Row, captured, seen

ROWS: dict[str, list[Row]] = {}


def unit(name: str, active: str = "active", sub: str = "running", result: str = "success", load: str = "loaded") -> str:
    return f"Result={result}\nId={name}.service\nLoadState={load}\nActiveState={active}\nSubState={sub}\n"


def units(**changed: str) -> ProbeResult:
    """All four services active, except for those given."""
    return seen("\n".join(changed.get(name) or unit(name) for name in UNITS))


ROWS["AGENT-003"] = [
    Row(
        "not installed",
        missing(agent_services=units()),
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
    ),
    Row(
        "not installed, no systemd",
        missing(agent_services=seen(stderr="systemctl", state="no tool")),
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
    ),
    Row(
        "connected, all four",
        installed(SHOW_CONNECTED, agent_services=units()),
        Status.PASS,
        "himdsd, gcad, extd and arcproxyd run. The machine is connected.",
    ),
    Row(
        "never connected: himdsd is enough",
        installed(
            SHOW_NEVER,
            agent_services=units(gcad=unit("gcad", "inactive", "dead"), extd=unit("extd", "failed", "failed")),
        ),
        Status.PASS,
        "himdsd runs. The machine is not connected; the other services are required once it is.",
    ),
    Row(
        "connected, one failed",
        installed(SHOW_CONNECTED, agent_services=units(extd=unit("extd", "failed", "failed", "exit-code"))),
        Status.FAIL,
        "extd (failed, exit-code) does not run; expected active. The machine is connected.",
        "On the VM: systemctl restart himdsd, then 'systemctl status himdsd gcad extd arcproxyd' and journalctl -u himdsd show why it ends; enable it with systemctl enable --now.",
    ),
    Row(
        "connected, two have ended",
        installed(
            SHOW_CONNECTED,
            agent_services=units(
                gcad=unit("gcad", "inactive", "dead"), extd=unit("extd", "failed", "failed", "exit-code")
            ),
        ),
        Status.FAIL,
        "gcad (inactive, dead) and extd (failed, exit-code) do not run; expected active. The machine is connected.",
    ),
    Row(
        "connected, two are down",
        installed(
            SHOW_CONNECTED,
            agent_services=units(
                gcad=unit("gcad", "inactive", "dead"), arcproxyd=unit("arcproxyd", "inactive", "dead", load="not-found")
            ),
        ),
        Status.FAIL,
        "gcad (inactive, dead) and arcproxyd (systemd does not know it) do not run; expected active. The machine is connected.",
    ),
    Row(
        "an old agent has no arcproxyd",
        installed(
            SHOW_CONNECTED,
            agent=there("1.48.1.1"),
            agent_services=units(arcproxyd=unit("arcproxyd", "inactive", "dead", load="not-found")),
        ),
        Status.PASS,
        "himdsd, gcad and extd run. The machine is connected.",
    ),
    Row(
        "himdsd keeps restarting",
        installed(
            SHOW_NO_SERVICE, agent_services=units(himdsd=unit("himdsd", "activating", "auto-restart", "exit-code"))
        ),
        Status.FAIL,
        "himdsd (activating, auto-restart, exit-code) does not run; expected active.",
    ),
    Row(
        "it runs but does not answer",
        installed(seen(state="timed out"), agent_services=units()),
        Status.UNKNOWN,
        "himdsd runs; whether gcad, extd and arcproxyd are required is not known, because azcmagent show did not answer: the command did not answer in time.",
        "See AGENT-005.",
    ),
    Row(
        "no systemd",
        installed(
            SHOW_NEVER,
            agent_services=seen(
                "", "System has not been booted with systemd as init system (PID 1). Can't operate.\n", exit=1
            ),
        ),
        Status.UNKNOWN,
        "The state of the agent's services is not known: the service manager does not answer (System has not been booted with systemd as init system (PID 1). Can't operate.).",
        "Run the command shown below on the VM by hand, and check the agent's service: systemctl status himdsd.",
    ),
]

#: A table in which every required endpoint is reachable.
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
        "azcmagent check --location eastus does not reach 1 of 4 endpoints: eastus-gas.guestconfiguration.azure.com. AZCM0026: The network does not meet the requirements of the agent, or a service that the agent requires is unavailable at the moment.",
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
        "azcmagent check --location eastus reaches all it needs, but not login.windows.net, which are no longer required.",
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
        "The answer of the probe agent_check is incomplete: its output was longer than the limit and was truncated.",
        "Run the command shown below on the VM by hand and check how it ends.",
    ),
    Row(
        "no location",
        {"agent": there(), "agent_check": seen("@nowhere\n")},
        Status.UNKNOWN,
        "Which endpoints the agent reaches is not known: no location is known to check for.",
        "State in the inventory where the Arc resource goes: target: {location: eastus}.",
    ),
    Row(
        "no root",
        {"agent": there(), "agent_check": seen(state="no root")},
        Status.UNKNOWN,
        "Which endpoints the agent reaches is not known: the command needs root, which the login does not have.",
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
