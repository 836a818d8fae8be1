"""The agent's probes for Windows: their commands and readers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from plugins import CheckOutcome, Status
from plugins.requirements.log_grammar import stems
from suites.probes.azcmagent import Agent, AgentStatus
from suites.probes.azcmagent_config import AgentConfig
from suites.probes.azcmagent_services import AgentServices
from suites.rules.azcmagent_state import must_be_installed
from tests.suites.rows_windows_agent import services
from tests.support.catalogue import FUNCTIONS
from tests.support.powershell_grammar import PROBES, VM
from tests.support.suite_rows import PROFILE, Row, seen
from tests.support.windows_recording import recorded


def test_services_are_read_by_the_names_of_linux() -> None:
    reading = AgentServices.read(services(himdsd="active", gcad="stopped"))
    assert [(unit.name, unit.loaded, unit.state) for unit in reading.units.values()] == [
        ("himdsd", True, "active"),
        ("gcad", True, "stopped"),
        ("extd", False, ""),
        ("arcproxyd", False, ""),
    ]


def test_no_administrator() -> None:
    token = "the session's token is not in the role Administrator\n"
    reading = AgentConfig.read(seen(stderr=token, state="no root"))
    assert str(reading.missing) == "the command needs an Administrator's session, which the login does not have"
    row = Row("", {"agent": seen(stderr=token, state="no root")}, Status.UNKNOWN, "", vm=VM)
    message = "This needs an Administrator: the session's token is not in the role Administrator."
    assert row.judged(FUNCTIONS["AGENT-001"])[:2] == (Status.UNKNOWN, message)


def test_a_location_is_stated_or_the_agents_own() -> None:
    command = PROBES["agent_check"].plan("agent_check", {"vm": VM}).command
    assert "$place = 'eastus'" in command
    assert command.endswith('Invoke-Tool $exe "check --location $place"')
    assert recorded("agent_check, connected").stdout.startswith("@check eastus\n"), "by its JSON: the text is German"
    elsewhere = replace(VM, target=replace(VM.target, location=None, cloud="AzureUSGovernment"))
    command = PROBES["agent_check"].plan("agent_check", {"vm": elsewhere}).command
    assert "$place = ''" in command
    assert command.endswith('Invoke-Tool $exe "check --location $place --cloud AzureUSGovernment"')


@pytest.mark.parametrize(
    ("printed", "status", "message"),
    [
        (
            recorded("agent, half removed").stdout,
            Status.UNKNOWN,
            (
                "The Connected Machine agent is half removed: its service himds is registered, and azcmagent.exe is "
                "missing."
            ),
        ),
        (
            recorded("agent, being removed").stdout,
            Status.UNKNOWN,
            (
                "The Connected Machine agent is half removed: its service himds is registered, this service is marked for "
                "deletion and Windows lists it as installed, and azcmagent.exe is missing."
            ),
        ),
        (
            "@setup\n",
            Status.NOT_APPLICABLE,
            (
                "The Connected Machine agent is not installed yet. The feature Azure Arc Setup is there: it installs the "
                "agent, and is not the agent."
            ),
        ),
        (recorded("agent, gone").stdout, Status.NOT_APPLICABLE, "The Connected Machine agent is not installed yet."),
    ],
)
def test_an_agent_that_is_not_there_has_its_own_words(printed: str, status: Status, message: str) -> None:
    with pytest.raises(CheckOutcome) as stopped:
        must_be_installed(Agent.read(seen(printed)))
    assert stopped.value.status is status
    assert stopped.value.message == message


def test_json_counts_before_the_text_in_the_systems_language() -> None:
    text = '{"status": "Connected", "resourceName": "vm-w"}\n\n@text\nAgent Status : Verbunden\nGateway URL :\n'
    reading = AgentStatus.read(seen(text))
    assert (reading.status, reading.connected, reading.name, reading.gateway) == ("Connected", True, "vm-w", False)
    assert AgentStatus.read(seen("@text\n\n@text\nAgent Status : Connected\n")).gateway is None


@pytest.mark.parametrize(
    "text",
    [
        '{"level": "warning", "msg": "a newer version is available"}\n{"status": "Disconnected", "id": ""}',
        '[WARN] x\n{\r\n "Agent Status": "Disconnected",\r\n "Resource Id": null\r\n}',
        '\ufeff{"agent_status": "Disconnected", "resource_name": ""}\nINFO done',
        '[{"status": "Disconnected", "resourceName": ""}]',
    ],
)
def test_the_agents_json_is_the_one_with_a_status(text: str) -> None:
    reading = AgentStatus.read(seen(f"{text}\n\n@text\nAgentenstatus : Getrennt\n"))
    assert (reading.status, reading.vm_id, reading.missing) == ("Disconnected", "", None)


def test_what_show_printed_on_stderr_is_passed_on() -> None:
    reading = AgentStatus.read(seen("\n\n@text\n", "Zugriff verweigert\n"))
    assert str(reading.missing) == "azcmagent show printed no status (output: Zugriff verweigert)"


def test_settings_that_are_unset_on_stderr() -> None:
    unset = "proxy.url has not been set\nproxy.bypass has not been set\n"
    reading = AgentConfig.read(seen("@list\n@get proxy.url\n@get proxy.bypass\n", unset))
    assert (reading.url, reading.missing) == ("", None)


def test_settings_that_were_not_printed_are_not_taken_for_unset_ones() -> None:
    reading = AgentConfig.read(seen("@list\n@get proxy.url\n@get proxy.bypass\n", "ERROR: access is denied\n"))
    assert reading.missing is not None
    assert "access is denied" in str(reading.missing)


def test_lines_are_ranked_as_on_linux() -> None:
    command = PROBES["agent_logs"].plan("agent_logs", {"vm": VM, "profile": PROFILE}).command
    pairs = re.findall(r"@\((\d), \[regex\]::new\('((?:[^']|'')*)'\)\)", command)
    ranks = [("0", "never"), ("3", "back"), ("1", "first"), ("2", "then"), ("3", "last")]
    assert [(rank, pattern.replace("''", "'")) for rank, pattern in pairs] == [
        (rank, "|".join(stems(name))) for rank, name in ranks
    ]
