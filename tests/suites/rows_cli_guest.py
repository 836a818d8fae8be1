"""CLI-001: every outcome, word for word."""

from __future__ import annotations

from plugins.model import Status
from tests.support.suite_rows import Row, seen

ROWS: dict[str, list[Row]] = {}


def versions(core: str) -> str:
    return f'{{\n  "azure-cli": "{core}",\n  "azure-cli-core": "{core}",\n  "azure-cli-telemetry": "1.1.0",\n  "extensions": {{}}\n}}\n'


NEWER = "Update the Azure CLI from Microsoft's package repository (apt-get install --only-upgrade azure-cli, dnf upgrade azure-cli, or zypper update azure-cli), or remove it: tokens come from IMDS without it."

ROWS["CLI-001"] = [
    Row(
        "newer",
        {"az_version": seen(versions("2.91.0"))},
        Status.PASS,
        "The Azure CLI on this VM is 2.91.0; 2.75.0 or newer is needed.",
    ),
    Row(
        "just so",
        {"az_version": seen(versions("2.75.0"))},
        Status.PASS,
        "The Azure CLI on this VM is 2.75.0; 2.75.0 or newer is needed.",
    ),
    Row(
        "by number, not by letter, behind a warning",
        {"az_version": seen("WARNING: something\n" + versions("2.100.0"))},
        Status.PASS,
        "The Azure CLI on this VM is 2.100.0; 2.75.0 or newer is needed.",
    ),
    Row(
        "older",
        {"az_version": seen(versions("2.9.1"))},
        Status.FAIL,
        "The Azure CLI on this VM is 2.9.1; expected 2.75.0 or newer.",
        NEWER,
    ),
    Row(
        "not yet released",
        {"az_version": seen(versions("2.75.0b1"))},
        Status.FAIL,
        "The Azure CLI on this VM is 2.75.0b1; expected 2.75.0 or newer.",
    ),
    Row(
        "the core counts",
        {"az_version": seen('{"azure-cli": "2.80.0", "azure-cli-core": "2.70.0"}')},
        Status.FAIL,
        "The Azure CLI on this VM is 2.70.0; expected 2.75.0 or newer.",
    ),
    Row(
        "broken",
        {
            "az_version": seen(
                "", "Traceback (most recent call last):\nModuleNotFoundError: No module named 'azure'\n", 1
            )
        },
        Status.FAIL,
        "az version ended with 1 (ModuleNotFoundError: No module named 'azure'): the Azure CLI on this VM is broken.",
        "Reinstall it from Microsoft's package repository (apt-get install --reinstall azure-cli, dnf reinstall azure-cli, or zypper install --force azure-cli), or remove it: tokens come from IMDS without it.",
    ),
    Row(
        "not installed",
        {"az_version": seen(stderr="az", state="no tool")},
        Status.NOT_APPLICABLE,
        "The Azure CLI is not installed on this VM, and enrolling does not need it.",
    ),
    Row(
        "no version",
        {"az_version": seen("hello\n")},
        Status.UNKNOWN,
        "az version answered without a version that can be compared (hello).",
        "Run 'az version' on the VM by hand and check its output.",
    ),
    Row(
        "a word",
        {"az_version": seen('{"azure-cli-core": "latest"}')},
        Status.UNKNOWN,
        "az version answered without a version that can be compared (latest).",
        "Run 'az version' on the VM by hand and check its output.",
    ),
    Row(
        "nothing",
        {"az_version": seen("")},
        Status.UNKNOWN,
        "az version answered without a version that can be compared (nothing).",
        "Run 'az version' on the VM by hand and check its output.",
    ),
    Row(
        "hangs",
        {"az_version": seen(state="timed out")},
        Status.UNKNOWN,
        "The probe az_version was stopped after its limit of 30 s.",
        "Run the command shown below on the VM by hand and find out where it hangs.",
    ),
]
