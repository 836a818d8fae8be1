"""CLI: the Azure CLI on the VM. The one on the runner is in test_cli.py."""

from __future__ import annotations

import json
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from plugins import ProbeResult, check, fail, not_applicable, probe, record_fact, required, unknown
from plugins.checks import package_manager as packages
from plugins.requirements.profile import Profile
from suites.answers import plain, sentence


@dataclass(frozen=True, slots=True)
class AzVersion:
    """What `az version` answered."""

    installed: bool
    exit: int = 0
    core: str = ""  # "2.76.0", "" = it did not say
    error: str = ""  # its last line, when it broke off

    @classmethod
    def read(cls, seen: ProbeResult) -> AzVersion:
        """Read ``{"azure-cli": "2.76.0", "azure-cli-core": "2.76.0", "azure-cli-telemetry": "1.1.0", ...}``."""
        if seen.state == "no tool":
            return cls(installed=False)
        start = seen.stdout.find("{")  # older versions may warn on stdout first
        try:
            said, _ = json.JSONDecoder().raw_decode(seen.stdout[start:]) if start >= 0 else ({}, 0)
        except (ValueError, RecursionError):
            said = {}
        core = said.get("azure-cli-core") or said.get("azure-cli") if isinstance(said, dict) else ""
        lines = (seen.stderr.strip() or seen.stdout.strip()).splitlines()
        return cls(True, seen.exit or 0, plain(str(core or "")), plain(lines[-1].strip()) if lines else "")


#: In a private folder that is removed with the run's: az makes its own where it finds none, and compiles its modules.
az_version = probe(
    'export AZURE_CONFIG_DIR="${room:?}/az-version" AZURE_CORE_COLLECT_TELEMETRY=no PYTHONDONTWRITEBYTECODE=1\n'
    "az version -o json",
    timeout=30,
    needs=["az"],
    accept_states=("no tool",),
    read=AzVersion.read,
)


PACKAGE = "azure-cli"


@check(
    "CLI-001",
    required,
    remedy="Bring the Azure CLI up to date from Microsoft's package repository "
    f"({packages.words('upgrade', PACKAGE)}), or remove it: tokens come from IMDS without it.",
    docs="https://learn.microsoft.com/azure/operator-nexus/troubleshoot-virtual-machines-arc-enroll-with-managed-identities",
    component="guest",
)
def test_az_on_the_vm_is_new_enough(az_version: AzVersion, profile: Profile) -> str:
    """The Azure CLI on the VM is new enough.

    Success: its core has the version the profile asks for, or a newer one.
    Failure: it is older, or az does not even tell its version.
    Unknown: az answered, but not with a version that can be compared.
    Not applicable: there is no az on the VM; tokens come from IMDS directly.
    """
    az, floor = az_version, profile.floors.azure_cli
    record_fact("Azure CLI", "not installed" if not az.installed else az.core or "broken")
    if not az.installed:
        not_applicable("The Azure CLI is not installed on this VM, and enrolling does not need it.")
    if az.exit:
        fail(
            f"az version ended with {az.exit}{sentence(az.error)}: the Azure CLI on this VM is broken.",
            remedy="Install it anew from Microsoft's package repository "
            f"({packages.words('reinstall', PACKAGE)}), or remove it: tokens come from IMDS without it.",
            fix=packages.command("reinstall", PACKAGE, profile.proxy_url),
        )
    try:
        older = Version(az.core) < Version(floor)
    except InvalidVersion:
        unknown(
            f"az version answered without a version that can be compared ({az.core or az.error or 'nothing'}).",
            remedy="Run 'az version' on the VM by hand and look at what it prints.",
        )
    if older:
        fail(
            f"The Azure CLI on this VM is {az.core}; expected {floor} or newer.",
            fix=packages.command("upgrade", PACKAGE, profile.proxy_url),
        )
    return f"The Azure CLI on this VM is {az.core}; {floor} or newer is needed."
