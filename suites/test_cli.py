"""CLI: the Azure CLI of the runner, with which operators apply remedies."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

from plugins import Profile, check, fail, not_applicable, recommended, required, sh, unknown, warn
from plugins.azure.az_cli import AzCli

INSTALL = "https://learn.microsoft.com/azure/operator-nexus/howto-install-cli-extensions"


def _version(text: str, what: str) -> Version:
    """By PEP 440: 4.0.0b1 is older than 4.0.0, 2.100.0 newer than 2.75.0."""
    try:
        return Version(text)
    except InvalidVersion:
        unknown(
            f"az on the runner states version {text!r} of {what}, which is not a version.",
            remedy="On the runner: az version",
        )


def _installed(az_cli: AzCli) -> str:
    """The version of az on the runner; ends the check without one."""
    if az_cli.error:
        unknown(
            f"The versions of az on the runner are not known: {az_cli.error}.",
            remedy="On the runner: az version -o json, and az extension list -o json. Repair az, or remove it: the "
            "suite does not need it.",
            shared_cause="az on the runner",
        )
    if az_cli.az_core is None:
        not_applicable("az is not installed on the runner, or not on its PATH. The suite does not need it.")
    return az_cli.az_core


_UPGRADE = sh("az upgrade --yes")


@check(
    "CLI-002",
    recommended,
    problem="runner's Azure CLI is too old",
    action="Upgrade the Azure CLI on the runner",
    remedy="Upgrade the runner's Azure CLI: az upgrade",
    docs=INSTALL,
    component="runner",
)
def test_the_azure_cli_of_the_runner_is_new_enough(az_cli: AzCli, profile: Profile) -> str:
    """The runner's Azure CLI core is new enough.

    Success: azure-cli-core is at or above the profile's floor.
    Failure: it is below: a warning, because the suite itself uses the SDK.
    Unknown: az is installed and did not print it. Not applicable: az is not installed.
    """
    core, floor = _installed(az_cli), profile.floors.azure_cli
    if _version(core, "azure-cli-core") < Version(floor):
        fail(
            f"The runner's Azure CLI core is {core}; expected {floor} or later.",
            remedy=f"On the runner: {_UPGRADE}",
            fix=_UPGRADE,
        )
    return f"The runner's Azure CLI core is {core} (expected {floor} or later)."


EXTENSION = "networkcloud"
_ADD = sh("az extension add --name {}", EXTENSION)
_UPDATE = sh("az extension update --name {}", EXTENSION)


@check(
    "CLI-003",
    required,
    caused_by=["CLI-002"],
    problem="runner's networkcloud extension is missing or too old",
    action="Update the networkcloud extension on the runner",
    remedy=f"On the runner: {_UPDATE}",
    docs=INSTALL,
    component="runner",
)
def test_the_networkcloud_extension_is_new_enough(az_cli: AzCli, profile: Profile) -> str:
    """The runner's networkcloud extension is new enough.

    Success: its version is at or above the one the profile recommends.
    Failure: it is below the profile's floor, or missing, so az would install one on first use.
    Warning: between the two, usually a beta.
    Unknown: az is installed and did not print it. Not applicable: az is not installed.
    """
    _installed(az_cli)
    floor, wanted = profile.floors.networkcloud_extension, profile.floors.networkcloud_extension_recommended
    shown = az_cli.extensions.get(EXTENSION)
    if shown is None:
        fail(
            f"az is on the runner without its {EXTENSION} extension; expected {floor} or later. The first az "
            f"{EXTENSION} command would stop, or install whichever version it finds.",
            remedy=f"On the runner: {_ADD}",
            fix=_ADD,
            action="Add the networkcloud extension to the runner's Azure CLI",
        )
    version = _version(shown, f"the {EXTENSION} extension")
    if version < Version(floor):
        also = f" ({wanted} or later is recommended)" if wanted != floor else ""
        fail(f"The runner's {EXTENSION} extension is {shown}; expected {floor} or later{also}.", fix=_UPDATE)
    if version < Version(wanted):
        warn(
            f"The runner's {EXTENSION} extension is {shown}: enough (expected {floor} or later), but {wanted} or later "
            "is recommended.",
            fix=_UPDATE,
        )
    return f"The runner's {EXTENSION} extension is {shown} (expected {wanted} or later)."
