"""CLI-002 and CLI-003: every outcome, word for word."""

from __future__ import annotations

from plugins.azure.az_cli import AzCli
from plugins.model import Status
from plugins.requirements.profile import Profile
from plugins.requirements.profile_file import load_profile
from tests.support.fake_azure import INVENTORY
from tests.support.suite_rows import PROFILE, Row

ROWS: dict[str, list[Row]] = {}

NEWER = load_profile("2602")


def az(core: str = "2.76.0", networkcloud: str | None = "4.0.0") -> AzCli:
    return AzCli(core, {"k8s-extension": "1.6.1"} | ({"networkcloud": networkcloud} if networkcloud else {}))


def az_row(name: str, az_cli: AzCli, status: Status, message: str, remedy: str = "", profile: Profile = PROFILE) -> Row:
    return Row(name, {}, status, message, remedy, {"az_cli": az_cli}, vm=INVENTORY, profile=profile)


BROKEN = AzCli(error="az version -o json ended with 1: ModuleNotFoundError: No module named 'azure'")


#: The outcomes of both checks for a runner whose az does not answer.
WITHOUT_AZ = [
    az_row(
        "no az",
        AzCli(),
        Status.NOT_APPLICABLE,
        "az is not installed on the runner, or not on its PATH. The suite does not need it.",
    ),
    az_row(
        "broken",
        BROKEN,
        Status.UNKNOWN,
        "The versions of az on the runner are not known: az version -o json ended with 1: ModuleNotFoundError: No module named 'azure'.",
        "On the runner: az version -o json, and az extension list -o json. Repair az, or remove it: the suite does not need it.",
    ),
]

ROWS["CLI-002"] = [
    az_row(
        "new enough",
        az(),
        Status.PASS,
        "The runner's Azure CLI core is 2.76.0 (expected 2.75.0 or later).",
    ),
    az_row(
        "exactly the floor",
        az("2.75.0"),
        Status.PASS,
        "The runner's Azure CLI core is 2.75.0 (expected 2.75.0 or later).",
    ),
    az_row(
        "the second part counts as a number",
        az("2.100.0"),
        Status.PASS,
        "The runner's Azure CLI core is 2.100.0 (expected 2.75.0 or later).",
    ),
    az_row(
        "too old",
        az("2.9.1"),
        Status.WARN,
        "The runner's Azure CLI core is 2.9.1; expected 2.75.0 or later.",
        "On the runner: az upgrade --yes",
    ),
    az_row(
        "no version",
        az("dev"),
        Status.UNKNOWN,
        "az on the runner states version 'dev' of azure-cli-core, which is not a version.",
        "On the runner: az version",
    ),
    *WITHOUT_AZ,
]

ROWS["CLI-003"] = [
    az_row(
        "recommended",
        az(),
        Status.PASS,
        "The runner's networkcloud extension is 4.0.0 (expected 4.0.0 or later).",
    ),
    az_row(
        "newer",
        az(networkcloud="5.0.0b2"),
        Status.PASS,
        "The runner's networkcloud extension is 5.0.0b2 (expected 4.0.0 or later).",
    ),
    az_row(
        "a beta is older than its release",
        az(networkcloud="4.0.0b1"),
        Status.WARN,
        "The runner's networkcloud extension is 4.0.0b1: enough (expected 4.0.0b1 or later), but 4.0.0 or later is recommended.",
        "On the runner: az extension update --name networkcloud",
    ),
    az_row(
        "a beta below the floor",
        az(networkcloud="4.0.0b1"),
        Status.FAIL,
        "The runner's networkcloud extension is 4.0.0b1; expected 4.0.0 or later.",
        profile=NEWER,
    ),
    az_row(
        "too old",
        az(networkcloud="3.0.0"),
        Status.FAIL,
        "The runner's networkcloud extension is 3.0.0; expected 4.0.0b1 or later (4.0.0 or later is recommended).",
    ),
    az_row(
        "missing",
        az(networkcloud=None),
        Status.FAIL,
        "az is on the runner without its networkcloud extension; expected 4.0.0b1 or later. The first az networkcloud command would stop, or install whichever version it finds.",
        "On the runner: az extension add --name networkcloud",
    ),
    az_row(
        "no version",
        az(networkcloud="latest"),
        Status.UNKNOWN,
        "az on the runner states version 'latest' of the networkcloud extension, which is not a version.",
        "On the runner: az version",
    ),
    *WITHOUT_AZ,
]
