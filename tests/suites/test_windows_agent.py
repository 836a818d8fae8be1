"""The agent of a Windows VM, judged. Its words are those of captured answers; what our own commands print is made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugins.model import ProbeResult, Status
from suites import agent_windows, test_agent, test_proxy_agent
from suites.agent import AZCMAGENT, HIMDS, Services
from tests.support.powershell_grammar import PROBES, VM
from tests.support.suite_rows import NOW, Row, captured, seen

CSN = "http://169.254.0.11:3128"
IN_2026 = NOW


def installed(version: str = "1.64.03414.2961") -> ProbeResult:
    text = f"@has {AZCMAGENT}\n@has {HIMDS}\n@version\nazcmagent version {version}\n"
    return replace(seen(text), received=IN_2026)


def services(**states: str) -> ProbeResult:
    """As agent_windows.SERVICES prints them: a service that is not named is not there."""
    blocks = []
    for name in agent_windows.NAMES:
        state = states.get(name, "")
        blocks.append(f"Id={name}\nLoadState={'loaded' if state else 'not-found'}\nActiveState={state}\n")
    return seen("\n".join(blocks))


NEVER = captured("azcmagent/show-1.64-never-connected")  # captured on Windows
CONNECTED = captured("azcmagent/show-1.58-connected")
EVERYTHING = dict.fromkeys(agent_windows.NAMES, "active")


def config(url: str = CSN, bypass: str = "[]") -> ProbeResult:
    return seen(f"@list\nLocal Configuration Settings\n  proxy.url : {url}\n  proxy.bypass : {bypass}\n")


def machine(proxy: str = "") -> ProbeResult:
    return seen(f"HTTPS_PROXY={proxy}\nhttps_proxy={proxy}\n" if proxy else "")


def row(name: str, evidence: dict[str, ProbeResult], status: Status, message: str, remedy: str = "") -> Row:
    return Row(name, evidence, status, message, remedy, vm=VM)


@pytest.mark.parametrize(
    "row",
    [
        row(
            "too old",
            {"agent": installed("1.42.02676.1509")},
            Status.WARN,
            "azcmagent 1.42 is older than 1.56 (September 2025); supported are versions of the last year.",
            "Update the agent by Microsoft Update, or with its current installer.",
        ),
    ],
    ids=lambda row: row.name,
)
def test_agent_001(row: Row) -> None:
    row.assert_holds(test_agent.test_the_agent_is_within_its_support_window)


def test_agent_002() -> None:
    row(
        "never connected",
        {"agent": installed(), "agent_show": NEVER},
        Status.WARN,
        r"The agent is installed (%ProgramFiles%\AzureConnectedMachineAgent\himds.exe) but was never connected. az login --identity now asks the agent on localhost:40342 instead of IMDS, and gets no token.",
        "Install the agent after the steps with the identity, never into the image: uninstall Azure Connected Machine Agent,",
    ).assert_holds(test_agent.test_the_agent_is_installed_after_the_identity_steps)


@pytest.mark.parametrize(
    "row",
    [
        row(
            "before it is connected",
            {"agent": installed(), "agent_show": NEVER, "agent_services": services(himdsd="active", gcad="stopped")},
            Status.PASS,
            "himds runs. The machine is not connected; the other services are due once it is.",
        ),
        row(
            "connected",
            {"agent": installed(), "agent_show": CONNECTED, "agent_services": services(**EVERYTHING)},
            Status.PASS,
            "himds, GCArcService, ExtensionService and arcproxy run. The machine is connected.",
        ),
        row(
            "stopped, and not there",
            {
                "agent": installed(),
                "agent_show": CONNECTED,
                "agent_services": services(**{**EVERYTHING, "gcad": "stopped", "extd": ""}),
            },
            Status.FAIL,
            "GCArcService (stopped) and ExtensionService (Windows does not know it) do not run; expected running. The machine is connected.",
            "In an elevated PowerShell on the VM: Start-Service himds, GCArcService, ExtensionService, arcproxy ; %ProgramData%",
        ),
        row(
            "no answer of show",
            {
                "agent": installed(),
                "agent_show": seen(state="timed out"),
                "agent_services": services(himdsd="active"),
            },
            Status.UNKNOWN,
            "himds runs; whether GCArcService, ExtensionService and arcproxy are due is not known, as azcmagent show has no answer: the command did not answer in time.",
            "See AGENT-005.",
        ),
    ],
    ids=lambda row: row.name,
)
def test_agent_003(row: Row) -> None:
    row.assert_holds(test_agent.test_the_agents_services_run)


def test_agent_005_reads_what_was_captured_on_windows() -> None:
    row(
        "never connected",
        {"agent": installed(), "agent_show": NEVER},
        Status.PASS,
        "The agent is installed and was never connected: ready to connect.",
    ).assert_holds(test_agent.test_the_agent_is_ready_to_connect_or_connected_as_expected)


@pytest.mark.parametrize(
    "row",
    [
        row(
            "set",
            {"agent": installed(), "agent_config": config(), "agent_services": services(), "systemd_env": machine()},
            Status.PASS,
            "The agent's proxy.url is http://169.254.0.11:3128.",
        ),
        row(
            "from the Machine environment",
            {
                "agent": installed(),
                "agent_config": config(url=""),
                "agent_services": services(himdsd="active"),
                "systemd_env": machine(CSN),
            },
            Status.WARN,
            "The agent's proxy.url is not set; expected http://169.254.0.11:3128. Its services get that from the Machine environment, so it works.",
            "On the VM: azcmagent config set proxy.url http://169.254.0.11:3128",
        ),
        row(
            "another one",
            {
                "agent": installed(),
                "agent_config": config(url=""),
                "agent_services": services(himdsd="active"),
                "systemd_env": machine("http://10.0.0.9:3128"),
            },
            Status.FAIL,
            "The agent's proxy.url is not set; expected http://169.254.0.11:3128. Its services get http://10.0.0.9:3128 from the Machine environment.",
            "On the VM: azcmagent config set proxy.url http://169.254.0.11:3128",
        ),
    ],
    ids=lambda row: row.name,
)
def test_proxy_004(row: Row) -> None:
    row.assert_holds(test_proxy_agent.test_the_agents_proxy_is_the_csn_proxy)


@pytest.mark.parametrize(
    "row",
    [
        row(
            "no other",
            {"agent": installed(), "agent_config": config(), "agent_services": services(), "systemd_env": machine(CSN)},
            Status.PASS,
            "The Machine environment gives the agent's services http://169.254.0.11:3128, the same as proxy.url.",
        ),
        row(
            "another one",
            {
                "agent": installed(),
                "agent_config": config(),
                "agent_services": services(himdsd="active"),
                "systemd_env": machine("http://10.0.0.9:3128"),
            },
            Status.WARN,
            "The Machine environment gives himds the proxy http://10.0.0.9:3128; proxy.url is http://169.254.0.11:3128. Extensions may take the former.",
            "In an elevated PowerShell: [Environment]::SetEnvironmentVariable('HTTPS_PROXY', 'http://169.254.0.11:3128', 'Machine')",
        ),
    ],
    ids=lambda row: row.name,
)
def test_proxy_006(row: Row) -> None:
    row.assert_holds(test_proxy_agent.test_the_agents_services_see_the_same_proxy)


def test_services_are_read_by_the_names_of_linux() -> None:
    found = Services.read(services(himdsd="active", gcad="stopped"))
    assert [(unit.name, unit.loaded, unit.state) for unit in found.units.values()] == [
        ("himdsd", True, "active"),
        ("gcad", True, "stopped"),
        ("extd", False, ""),
        ("arcproxyd", False, ""),
    ]


def test_a_location_is_stated_or_the_agents_own() -> None:
    command = PROBES["agent_check"].plan("agent_check", {"vm": VM}).command
    assert "$place = 'eastus'" in command
    assert command.endswith('Invoke-Tool $exe "check --location $place"')
    elsewhere = replace(VM, target=replace(VM.target, location=None, cloud="AzureUSGovernment"))
    command = PROBES["agent_check"].plan("agent_check", {"vm": elsewhere}).command
    assert "$place = ''" in command
    assert command.endswith('Invoke-Tool $exe "check --location $place --cloud AzureUSGovernment"')
