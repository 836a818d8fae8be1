"""How the agent's probes ask a Windows VM, and read what it answers."""

from __future__ import annotations

from dataclasses import replace

from suites.probes.azcmagent_services import AgentServices
from tests.suites.rows_windows_agent import services
from tests.support.powershell_grammar import PROBES, VM


def test_services_are_read_by_the_names_of_linux() -> None:
    found = AgentServices.read(services(himdsd="active", gcad="stopped"))
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
