"""CLI-002 and CLI-003: every outcome, word for word."""

from __future__ import annotations

from plugins.azure.az_cli import AzCli
from plugins.model import Status
from plugins.requirements.profile_file import load_profile
from tests.support.fake_azure import INVENTORY
from tests.support.suite_rows import Row

ROWS: dict[str, list[Row]] = {}

NEWER = load_profile("2602")


def az(core: str = "2.76.0", networkcloud: str | None = "4.0.0") -> AzCli:
    return AzCli(core, {"k8s-extension": "1.6.1"} | ({"networkcloud": networkcloud} if networkcloud else {}))


BROKEN = AzCli(error="az version -o json ended with 1: ModuleNotFoundError: No module named 'azure'")


ROWS["CLI-002"] = [
    Row(
        "new enough",
        {},
        Status.PASS,
        "The runner's Azure CLI core is 2.76.0 (expected 2.75.0 or later).",
        parameters={"az_cli": az()},
        vm=INVENTORY,
    ),
    Row(
        "exactly the floor",
        {},
        Status.PASS,
        "The runner's Azure CLI core is 2.75.0 (expected 2.75.0 or later).",
        parameters={"az_cli": az("2.75.0")},
        vm=INVENTORY,
    ),
    Row(
        "the second part counts as a number",
        {},
        Status.PASS,
        "The runner's Azure CLI core is 2.100.0 (expected 2.75.0 or later).",
        parameters={"az_cli": az("2.100.0")},
        vm=INVENTORY,
    ),
    Row(
        "too old",
        {},
        Status.WARN,
        "The runner's Azure CLI core is 2.9.1; expected 2.75.0 or later.",
        "On the runner: az upgrade --yes",
        parameters={"az_cli": az("2.9.1")},
        vm=INVENTORY,
    ),
    Row(
        "no version",
        {},
        Status.UNKNOWN,
        "az on the runner states version 'dev' of azure-cli-core, which is not a version.",
        "On the runner: az version",
        parameters={"az_cli": az("dev")},
        vm=INVENTORY,
    ),
    Row(
        "no az",
        {},
        Status.NOT_APPLICABLE,
        "az is not installed on the runner, or not on its PATH. The suite does not need it.",
        parameters={"az_cli": AzCli()},
        vm=INVENTORY,
    ),
    Row(
        "broken",
        {},
        Status.UNKNOWN,
        "The versions of az on the runner are not known: az version -o json ended with 1: ModuleNotFoundError: No module named 'azure'.",
        "On the runner: az version -o json, and az extension list -o json. Repair az, or remove it: the suite does not need it.",
        parameters={"az_cli": BROKEN},
        vm=INVENTORY,
    ),
]


ROWS["CLI-003"] = [
    Row(
        "recommended",
        {},
        Status.PASS,
        "The runner's networkcloud extension is 4.0.0 (expected 4.0.0 or later).",
        parameters={"az_cli": az()},
        vm=INVENTORY,
    ),
    Row(
        "newer",
        {},
        Status.PASS,
        "The runner's networkcloud extension is 5.0.0b2 (expected 4.0.0 or later).",
        parameters={"az_cli": az(networkcloud="5.0.0b2")},
        vm=INVENTORY,
    ),
    Row(
        "a beta is older than its release",
        {},
        Status.WARN,
        "The runner's networkcloud extension is 4.0.0b1: enough (expected 4.0.0b1 or later), but 4.0.0 or later is recommended.",
        "On the runner: az extension update --name networkcloud",
        parameters={"az_cli": az(networkcloud="4.0.0b1")},
        vm=INVENTORY,
    ),
    Row(
        "a beta below the floor",
        {},
        Status.FAIL,
        "The runner's networkcloud extension is 4.0.0b1; expected 4.0.0 or later.",
        parameters={"az_cli": az(networkcloud="4.0.0b1")},
        vm=INVENTORY,
        profile=NEWER,
    ),
    Row(
        "too old",
        {},
        Status.FAIL,
        "The runner's networkcloud extension is 3.0.0; expected 4.0.0b1 or later (4.0.0 or later is recommended).",
        parameters={"az_cli": az(networkcloud="3.0.0")},
        vm=INVENTORY,
    ),
    Row(
        "missing",
        {},
        Status.FAIL,
        "az is on the runner without its networkcloud extension; expected 4.0.0b1 or later. The first az networkcloud command would stop, or install whichever version it finds.",
        "On the runner: az extension add --name networkcloud",
        parameters={"az_cli": az(networkcloud=None)},
        vm=INVENTORY,
    ),
    Row(
        "no version",
        {},
        Status.UNKNOWN,
        "az on the runner states version 'latest' of the networkcloud extension, which is not a version.",
        "On the runner: az version",
        parameters={"az_cli": az(networkcloud="latest")},
        vm=INVENTORY,
    ),
    Row(
        "no az",
        {},
        Status.NOT_APPLICABLE,
        "az is not installed on the runner, or not on its PATH. The suite does not need it.",
        parameters={"az_cli": AzCli()},
        vm=INVENTORY,
    ),
    Row(
        "broken",
        {},
        Status.UNKNOWN,
        "The versions of az on the runner are not known: az version -o json ended with 1: ModuleNotFoundError: No module named 'azure'.",
        "On the runner: az version -o json, and az extension list -o json. Repair az, or remove it: the suite does not need it.",
        parameters={"az_cli": BROKEN},
        vm=INVENTORY,
    ),
]
