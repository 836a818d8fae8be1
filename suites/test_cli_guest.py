"""CLI: the Azure CLI on the VM. The one on the runner is in test_cli.py."""

from __future__ import annotations

from packaging.version import InvalidVersion, Version

from plugins import Profile, check, fail, not_applicable, record_fact, required, unknown
from plugins.checks import package_manager as packages
from suites import ARTICLE
from suites.probes.az_version import AzVersion
from suites.wording import sentence

PACKAGE = "azure-cli"


@check(
    "CLI-001",
    required,
    problem="Azure CLI on the VM is too old",
    action="Upgrade the Azure CLI on {vms}",
    remedy="Update the Azure CLI from Microsoft's package repository "
    f"({packages.words('upgrade', PACKAGE)}), or remove it: tokens come from IMDS without it.",
    docs=ARTICLE,
    component="guest",
)
def test_az_on_the_vm_is_new_enough(az_version: AzVersion, profile: Profile) -> str:
    """The Azure CLI on the VM is new enough.

    Success: its version is the one that the profile requires, or newer.
    Failure: it is older, or az does not print its version.
    Unknown: az printed no version that can be compared.
    Not applicable: az is not installed on the VM; tokens come from IMDS directly.
    """
    az, floor = az_version, profile.floors.azure_cli
    record_fact("Azure CLI", "not installed" if not az.installed else az.core or "broken")
    if not az.installed:
        not_applicable("The Azure CLI is not installed on this VM, and enrolling does not need it.")
    if az.exit:
        fail(
            f"az version ended with {az.exit}{sentence(az.error)}: the Azure CLI on this VM is broken.",
            remedy="Reinstall it from Microsoft's package repository "
            f"({packages.words('reinstall', PACKAGE)}), or remove it: tokens come from IMDS without it.",
            fix=packages.command("reinstall", PACKAGE, profile.proxy_url),
        )
    try:
        older = Version(az.core) < Version(floor)
    except InvalidVersion:
        unknown(
            f"az version answered without a version that can be compared ({az.core or az.error or 'nothing'}).",
            remedy="Run 'az version' on the VM by hand and check its output.",
        )
    if older:
        fail(
            f"The Azure CLI on this VM is {az.core}; expected {floor} or newer.",
            fix=packages.command("upgrade", PACKAGE, profile.proxy_url),
        )
    return f"The Azure CLI on this VM is {az.core}; {floor} or newer is needed."
