"""docs/coverage.md is complete, and names only existing checks."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

from plugins.checks.areas import AREAS
from plugins.checks.check import check_of
from plugins.requirements import agent_errors as knowledge
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")

#: The commands of the Nexus article, each as its program and its subject, in the article's order.
NEXUS_COMMANDS = [
    "--user-data-content",
    '--enable-default-egress-endpoints "True"',
    "az networkcloud cloudservicesnetwork show --query enableDefaultEgressEndpoints",
    "az networkcloud cloudservicesnetwork show --query additionalEgressEndpoints",
    "az networkcloud cloudservicesnetwork show --query enabledEgressEndpoints",
    "export HTTPS_PROXY",
    "export https_proxy",
    "export HTTP_PROXY",
    "export http_proxy",
    "export NO_PROXY",
    "export no_proxy",
    "azcmagent config set proxy.url",
    "az networkcloud virtualmachine show --query identity",
    "az networkcloud virtualmachine show --query identity.principalId",
    "az identity show --query principalId",
    "az role assignment list --assignee",
    "ping -c 3 169.254.169.254",
    "curl http://169.254.169.254/healthz",
    "curl -I https://management.azure.com/",
    "curl -I https://login.microsoftonline.com/",
    "curl -I https://pas.windows.net/",
    "curl -I https://san-af-eastus-prod.azurewebsites.net/",
    "nslookup management.azure.com",
    "nslookup login.microsoftonline.com",
    "az login --identity",
    "az account get-access-token",
    "azcmagent version",
    "azcmagent show",
    "azcmagent connect --access-token",
    "azcmagent config set log.level DEBUG",
    "journalctl -u azcmagent",
    "az rest --url http://169.254.169.254/metadata/identity/oauth2/token",
    "curl http://169.254.169.254/metadata/identity/oauth2/token",
    "msi_res_id=",
]
AGENT_COMMANDS = [
    "azcmagent --help",
    "--private-link-scope",
    "--force-local-only",
    "azcmagent disconnect",
    "--resource-name",
    r"%TEMP%\installationlog.txt",
    "azcmagent connect --verbose",
    "azcmagent connect --service-principal-id",
    "azcmagent.exe connect",
    "azcmagent check",
]
#: The headings of both articles, each as the beginning of its rows.
NEXUS_HEADINGS = [
    *("introduction", "versions: ", "assumptions", "cloud-init logs", "IMDS sidecar", "CSN: ", "CSN proxy: "),
    *("identity", "roles", "connectivity: ", "error: cannot log in", "error: no access token"),
    *("error: cannot connect", "cannot connect: ", "tokens: ", "unsolved problems: "),
]
AGENT_HEADINGS = ["introduction", "error codes", "verbose log", "root is needed", "connection issues", "next steps"]
NEXUS_ERRORS = [
    "Failed to log in with system-assigned managed identity",
    "Failed to log in with user-assigned managed identity",
    "Failed to retrieve access token",
    "Failed to connect to Azure Arc",
]
#: The codes of the agent article, with the ends of its two ranges.
CODES = [
    *(0, 1, 11, 12, 16, 18, 19, 23, 26, 41, 42, 43, 44, 61, 62, 63, 64, 65, 66, 67, 68, 70, 81),
    *(101, 102, 103, 105, 127, 146, 147, 150, 152, 153, 154, 155, 156, 157),
]
#: Its table of known messages: a text in each.
MESSAGES = [
    "dial tcp 40.126.9.7:443: connect: network is unreachable",
    "Error occurred while sending request for Device Authorization Code: Post https://login.windows.net/x: dial tcp "
    "40.126.9.7:443: connect: network is Forbidden",
    "Failed to execute the refresh request. Error = 'Post https://login.windows.net/x/oauth2/token: Forbidden'",
    "Invalid client secret is provided",
    "Application with identifier 'x' wasn't found in the directory 'y'",
    "does not have authorization to perform action 'Microsoft.HybridCompute/machines/read' over scope '/subscriptions/x'",
    "The subscription isn't registered to use namespace 'Microsoft.HybridCompute'",
    "Get https://management.azure.com/subscriptions/x/providers/Microsoft.HybridCompute/machines/y: Forbidden",
]


def _ids_of_the_suites() -> set[str]:
    rows = set()
    for path in (ROOT / "suites").glob("test_*.py"):
        module = importlib.import_module(f"suites.{path.stem}")
        checks = (check_of(function) for function in vars(module).values() if inspect.isfunction(function))
        rows |= {check.id for check in checks if check}
    return rows


def _rows() -> list[list[str]]:
    """The cells of every table row, without the headings."""
    lines = [line for line in PAGE.splitlines() if line.startswith("|")]
    body = [line for line, after in zip(lines, [*lines[1:], ""], strict=True) if not set(after) <= {"|", "-"}]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in body if not set(line) <= {"|", "-"}]
    assert len(rows) > 100
    return rows


def _codes() -> list[str]:
    """The texts in backticks in the tables."""
    return [code for row in _rows() for cell in row for code in re.findall(r"`([^`]+)`", cell)]


def test_every_check_of_the_page_exists_and_every_check_is_on_it() -> None:
    named = {id for id in re.findall(r"\b([A-Z]+-\d{3})\b", PAGE) if id.rpartition("-")[0] in AREAS}
    assert named == _ids_of_the_suites()


def test_no_id_is_misspelt() -> None:
    assert set(re.findall(r"\b([A-Z]{2,})-\d{3}\b", PAGE)) <= set(AREAS)


def test_every_row_names_a_check_or_says_why_there_is_none() -> None:
    for row in _rows():
        assert re.search(r"[A-Z]+-\d{3}|\*advice\*: .{8,}|^\*Advice\* .{8,}|^as above$|^nothing to detect$", row[-1]), (
            row
        )


@pytest.mark.parametrize("command", [*NEXUS_COMMANDS, *AGENT_COMMANDS])
def test_every_command_is_there(command: str) -> None:
    assert any(code == command for code in _codes()), f"docs/coverage.md has no row for {command!r}"


@pytest.mark.parametrize(
    ("table", "headings"),
    [("Nexus article: paragraphs", NEXUS_HEADINGS), ("Agent article: paragraphs and commands", AGENT_HEADINGS)],
)
def test_every_paragraph_is_there(table: str, headings: list[str]) -> None:
    text = PAGE.partition(f"## {table}\n")[2].partition("\n## ")[0]
    assert [heading for heading in headings if f"\n| {heading}" not in text] == []


@pytest.mark.parametrize("message", NEXUS_ERRORS)
def test_every_error_of_the_nexus_article_is_there(message: str) -> None:
    assert message in _codes()


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_there_and_can_be_explained(code: int) -> None:
    assert re.search(rf"\bAZCM{code:04}\b", PAGE)
    entry = knowledge.azcm(code)
    assert entry is not None
    row = next((row for row in _rows() if re.search(rf"\bAZCM{code:04}\b", row[0])), [])
    assert not entry.checks or set(entry.checks) & set(re.findall(r"[A-Z]+-\d{3}", row[-1])), (entry.checks, row)


@pytest.mark.parametrize("message", MESSAGES)
def test_every_known_message_is_there_and_can_be_explained(message: str) -> None:
    assert any(code in message for code in _codes() if len(code) > 12)
    assert knowledge.error(message) is not None


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert target.startswith("https://learn.microsoft.com/") or (ROOT / "docs" / target).exists(), target
