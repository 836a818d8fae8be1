"""The whole catalogue: every check has a page and a table."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import pytest

from plugins.checks.check import Check
from plugins.diagnosis.headline import headline
from plugins.model import Status
from tests.support.catalogue import CHECKS, FUNCTIONS, MODULES, ROWS
from tests.support.paths import ROOT
from tests.support.suite_rows import PROFILE, VM

#: The number of checks in each area, so that no id is lost.
AREAS = {
    "SSH": 3,
    "PLATFORM": 6,
    "CLI": 3,
    "VM": 6,
    "CLOUDINIT": 2,
    "CSN": 3,
    "PROXY": 6,
    "IMDS": 4,
    "DNS": 1,
    "NET": 3,
    "IDENTITY": 2,
    "ROLES": 3,
    "RELAY": 3,
    "TOKEN": 4,
    "AGENT": 7,
    "ENROLL": 3,
}
#: Declared remedies that no row has: reports list them beside the check.
REMEDIES = {
    "AGENT-006": "Each code has its own remedy: pytest --explain CODE.",
    "CLI-002": "Upgrade the runner's Azure CLI: az upgrade",
    "CSN-001": "Allow the default endpoints: az networkcloud cloudservicesnetwork update --enable-default-egress-endpoints True.",
    "CSN-002": "Add the endpoint to the network's list: az networkcloud cloudservicesnetwork update --additional-egress-endpoints.",
    "DNS-001": "Check the VM's resolver: cat /etc/resolv.conf (or resolvectl status), and ask it: getent ahosts NAME.",
    "IDENTITY-002": "Correct identity in the inventory, or create the VM again with that identity.",
    "NET-001": "Make the endpoint reachable through the CSN proxy.",
    "NET-002": "Make the endpoint reachable through the CSN proxy.",
    "NET-003": "Remove TLS inspection from the path to this endpoint.",
    "PLATFORM-001": "Ask the operator of the cluster to upgrade its runtime (az networkcloud cluster update-version).",
    "PLATFORM-005": "Register the resource provider in the subscription that the Arc resource goes to (az provider register).",
    "PLATFORM-006": "Upgrade the cluster's runtime: support ends with the release after the next (az networkcloud cluster update-version).",
    "PROXY-001": "Add the variable to /etc/environment and open a new session.",
    "PROXY-002": "Add the address in /etc/environment, and open a new session.",
    "RELAY-001": "Register the resource provider before the Arc machine is made (az provider register).",
    "RELAY-002": "Give the identity a role that allows Microsoft.NetworkCloud/virtualMachines/assignRelay/action on the VM.",
    "RELAY-003": "Make the Arc machine with the public key of a new key pair, and assign the relay to it (az networkcloud virtualmachine assign-relay), before the agent connects.",
    "ROLES-001": "Assign Azure Connected Machine Resource Manager to the identity, at the target resource group.",
    "ROLES-002": "Assign HybridCompute Machine ListAccessDetails Action In-Built Role to the identity, at the target resource group.",
    "ROLES-003": "Assign the roles of ROLES-001 and ROLES-002, and check for deny assignments on the resource group.",
    "VM-005": "Fix the named items, and run again.",
    "VM-006": "Connect under another name: azcmagent connect --resource-name NAME.",
}
EACH = [pytest.param(check, FUNCTIONS[check.id], id=check.id) for check in CHECKS.values()]


def test_the_checks_of_this_version() -> None:
    declared = [check.id for checks in MODULES.values() for check in checks]
    assert sorted(declared) == sorted(f"{area}-{n:03}" for area, count in AREAS.items() for n in range(1, count + 1))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_holds_one_area_in_order(module: str) -> None:
    ids = [check.id for check in MODULES[module]]
    assert ids == sorted(ids)
    assert {check.area for check in MODULES[module]} == {module.removeprefix("test_").partition("_")[0].upper()}


@pytest.mark.parametrize(("check", "function"), EACH)
class TestEach:
    def test_the_title_is_a_short_sentence(self, check: Check, function: Callable[..., str]) -> None:
        assert 10 <= len(check.title) <= 70
        assert check.title[0].isupper()
        assert not re.search(r"\b(not|no|fails?)\b", check.title) or check.id == "IMDS-004"

    def test_the_problem_is_a_short_phrase(self, check: Check, function: Callable[..., str]) -> None:
        """It is used as a label, and after "Find out whether the"."""
        assert 10 <= len(check.problem) <= 55
        assert check.problem[-1] not in ".:;"
        assert not re.match(r"(?i)(the|an?|no|not|this|it|there)\b", check.problem)
        assert re.search(
            r"\b(is|has|does|do|may|lacks|fails|shows|blocks|bypasses|issues|takes|ended|did)\b|sees? ", check.problem
        )
        assert check.problem.lower() != check.title.lower()

    def test_the_action_is_a_headline_about_something(self, check: Check, function: Callable[..., str]) -> None:
        shown = headline(check.action, "vm", "", ["vm1"], ["an item"])
        assert 10 <= len(shown) <= 110
        assert shown[0].isupper()
        assert shown[-1] not in ".:;"
        assert shown != check.title
        assert not re.search(r"\b(todo|tbd|fixme|it|something)\b", shown.replace("connect it again", ""), re.I)

    def test_the_docstring_says_success_failure_and_unknown(self, check: Check, function: Callable[..., str]) -> None:
        text = inspect.getdoc(function) or ""
        assert all(f"\n{word}: " in text for word in ("Success", "Failure", "Unknown"))

    def test_the_remedy_is_a_sentence(self, check: Check, function: Callable[..., str]) -> None:
        assert len(check.remedy) >= 30
        assert not re.search(r"\b(todo|tbd|fixme|xxx|placeholder)\b", check.remedy, re.I)

    def test_the_link_leads_to_microsofts_documentation(self, check: Check, function: Callable[..., str]) -> None:
        assert re.fullmatch(r"https://learn\.microsoft\.com/azure/[\w/#.-]+", check.docs)

    def test_relations_name_checks(self, check: Check, function: Callable[..., str]) -> None:
        assert set(check.requires) <= CHECKS.keys()
        assert check.id not in (*check.requires, *check.caused_by)
        assert set(check.caused_by) <= CHECKS.keys()
        assert len(set(check.caused_by)) == len(check.caused_by)

    def test_parameters_are_there_for_a_plain_vm(self, check: Check, function: Callable[..., str]) -> None:
        for name, expand in check.parametrize.items():
            values = expand(VM, PROFILE)
            assert values
            assert len({str(value) for value in values}) == len(values)
            assert name in inspect.signature(function).parameters

    def test_there_is_a_page(self, check: Check, function: Callable[..., str]) -> None:
        page = (ROOT / "docs" / "checks" / f"{check.id}.md").read_text()
        assert page.startswith(f"# {check.id}: {check.title}\n")
        assert [line for line in page.splitlines() if line.startswith("## ")] == [
            "## Question",
            "## How it is judged",
            "## Remediation",
            "## Further information",
        ]
        assert check.docs in page
        assert check.base_severity.value in page
        assert not re.search(r"\b(todo|tbd|fixme)\b", page, re.I)

    def test_the_table_passes_and_fails(self, check: Check, function: Callable[..., str]) -> None:
        rows = ROWS[check.id]
        seen = {row.status for row in rows}
        assert Status.PASS in seen
        if check.id == "SSH-001":  # an unreachable VM may be healthy
            assert Status.FAIL not in seen
            assert Status.UNKNOWN in seen
        else:
            assert seen & {Status.FAIL, Status.WARN}
        assert len({row.name for row in rows}) == len(rows)

    def test_the_remedy_of_its_own_stands_somewhere_in_full(self, check: Check, function: Callable[..., str]) -> None:
        """Rows omit the remedy that their check declares: one row, or the list above, has its text."""
        given = {row.remedy for row in ROWS[check.id]}
        assert check.remedy == REMEDIES.get(check.id) or (check.remedy in given and check.id not in REMEDIES)


def test_no_page_without_a_check() -> None:
    pages = {path.stem for path in (ROOT / "docs" / "checks").glob("*-[0-9][0-9][0-9].md")}
    assert pages == CHECKS.keys() == ROWS.keys()
