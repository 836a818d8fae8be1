"""The right entries explain every error line of the table, and none explains a healthy line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plugins.pytest_adapter.explain import explain
from plugins.requirements.agent_errors import findings
from plugins.requirements.known_messages import messages
from plugins.requirements.log_grammar import stems
from plugins.requirements.log_lines import line_findings, unexplained_errors
from tests.requirements.agent_specimens import HEALTHY, SPECIMENS
from tests.requirements.agent_spellings import SPELLINGS
from tests.support.paths import ROOT

LINES = SPECIMENS + SPELLINGS


@pytest.mark.parametrize(("line", "names"), [pytest.param(line, names, id=id) for id, line, names in LINES])
def test_a_pasted_error_is_explained(line: str, names: tuple[str, ...]) -> None:
    answer = explain(line, ROOT / "docs" / "checks", Path("/nonexistent"))
    assert answer.known
    assert tuple(re.findall(r"^(.*)\nCause:", answer.text, re.M)) == names


def test_what_the_catalogue_explains_is_picked_by_the_grammar() -> None:
    """The stems select the lines that a VM sends; the catalogue only explains them."""
    stem = re.compile("|".join([*stems("first"), *stems("then")]))
    explained = [line for _, text, _ in LINES for line in text.splitlines() if list(findings([line]))]
    assert len(explained) > 100
    assert [line for line in explained if not stem.search(line.lower())] == []


@pytest.mark.parametrize("line", HEALTHY)
def test_a_healthy_line_is_no_finding(line: str) -> None:
    assert [finding.explanation.name for finding in findings([line])] == []
    assert unexplained_errors([line]) == []


def test_healthy_lines_put_together_are_no_finding() -> None:
    assert [finding.explanation.name for finding in line_findings(HEALTHY)] == []


AUTHORIZATION = next(line for id, line, _ in SPECIMENS if id == "A06").replace("LinkedAuthorizationFailed", "403")


@pytest.mark.parametrize("width", [40, 72, 80, 100, 132])
def test_a_message_that_a_console_broke_is_put_together(width: int) -> None:
    broken = [AUTHORIZATION[at : at + width] for at in range(0, len(AUTHORIZATION), width)]
    rows = {finding.explanation.name for finding in line_findings(broken)}
    assert rows <= {"No right on the linked resource"}
    words = "The client 'u' with object id 'o' does not have authorization to\nperform action 'Microsoft.HybridCompute/machines/read'"
    for text in (words, words.replace("authorization", "authori\n    zation").replace("\nperform", " perform")):
        assert [finding.explanation.name for finding in line_findings(text.split("\n"))] == ["No right to the action"]


def test_a_line_that_begins_anew_is_not_put_to_the_one_before() -> None:
    lines = ['time="x" level=info msg="Get https://pas.windows.net/:', 'time="x" level=info msg=": Forbidden"']
    assert list(line_findings(lines)) == []


def test_only_plain_names_of_a_line_are_put_into_a_sentence() -> None:
    """Output of a VM never becomes part of a displayed command."""
    line = "does not have authorization to perform action 'Microsoft.X/$(id)/read' over scope '/s'"
    assert [finding.explanation.subject for finding in findings([line])] == []


def test_the_agents_own_look_for_azure_is_no_finding_in_its_logs() -> None:
    """The agent requests IMDS at each start; outside Azure a failure is normal, so a VM does not send these lines."""
    line = 'level=debug msg="Get http://169.254.169.254/metadata/instance: dial tcp 169.254.169.254:80: i/o timeout"'
    assert [finding.explanation.name for finding in findings([line])] == ["IMDS not reached"]
    [message] = [message for message in messages() if message.name == "IMDS not reached"]
    assert not message.in_logs
