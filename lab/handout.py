"""COMMAND's files and environment: ssh_config, known_hosts and inventory of the lab's VMs, and access to its Azure."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab import addresses, azure, software
from lab.cloud_docs import TARGET_GROUP, TENANT
from lab.cloud_model import CLIENT_ID, CLIENT_SECRET, Place
from lab.plan import RunPlan, VmPlan

#: Trust stores of Linux distributions.
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem")


def ssh_config(plans: Sequence[VmPlan], folder: Path) -> str:
    """One `Host` per VM with all settings that ssh needs, so that ssh does not use a file in the caller's home."""
    lines = []
    for plan in plans:
        lines += [
            f"Host {plan.name} {addresses.mgmt(plan.number)}",  # a fleet from Azure has only addresses
            f"    HostName {addresses.mgmt(plan.number)}",
            f"    User {plan.login}",
            f"    IdentityFile {folder}/id_ed25519",
            "    IdentitiesOnly yes",
            "    IdentityAgent none",
            f"    UserKnownHostsFile {folder}/known_hosts",
            "    GlobalKnownHostsFile /dev/null",
            "    StrictHostKeyChecking yes",
            "",
        ]
    return "\n".join(lines)


def known_hosts(plans: Sequence[VmPlan], host_keys: Mapping[str, str], strangers_key: str) -> str:
    """The host keys by name and address; wrong or absent where a fault says so."""
    lines = []
    for plan in plans:
        if plan.known_host == "absent":
            continue
        key = host_keys[plan.name] if plan.known_host == "right" else strangers_key
        lines.append(f"{plan.name},{addresses.mgmt(plan.number)} {key}\n")
    return "".join(lines)


def inventory(plans: Sequence[VmPlan], folder: Path) -> str:
    """The fleet file. It names the ssh_config, so a program needs only this file."""
    return "\n".join([f"ssh_config: {folder}/ssh_config", "vms:", *(_entry(plan) for plan in plans), ""])


def _entry(plan: VmPlan) -> str:
    place = Place.of(plan)
    lines = [f"  - name: {plan.name}", f"    host: {plan.name}"]
    if plan.azure.resource_id_stated:
        lines.append(f"    resource_id: {place.vm_id.upper() if plan.azure.upper_case_ids else place.vm_id}")
    if identity := place.stated_identity(plan):
        shout = plan.azure.upper_case_ids and identity != "system"
        lines.append(f"    identity: {identity.upper() if shout else identity}")
    if plan.azure.path != "public":
        lines.append(f"    path: {plan.azure.path}")
    target = f"subscription: {place.target_subscription}, resource_group: {TARGET_GROUP}, location: {azure.REGION}"
    if file := plan.azure.private_key_file:
        target += f", private_key_file: {file}"
    return "\n".join([*lines, f"    target: {{{target}}}"])


#: The declarations of the lab's operator.
PROFILE = Path(__file__).with_name("profile.toml")


def hosts() -> str:
    """The /etc/hosts of the controller, which has no resolver."""
    return (
        "127.0.0.1 localhost\n::1 localhost\n"
        f"{addresses.ARM} {azure.endpoint('arm').name}\n{addresses.LOGIN} {azure.endpoint('login').name}\n"
    )


def write_runner(run: RunPlan, folder: Path) -> None:
    """Write the files that a fault of the run can change: the requirements and the Azure CLI."""
    (folder / "profile.toml").write_text(run.profile, encoding="utf-8")
    (folder / "bin").mkdir()
    for path, file in software.of_the_runner(run, folder).items():
        path.write_text(str(file.content), encoding="utf-8")
        path.chmod(file.mode)


def environment(ambient: Mapping[str, str], run: RunPlan, folder: Path, log: Path) -> dict[str, str]:
    """COMMAND's environment: the lab's files, the login to Azure, and the trusted authorities.

    The lab cannot reach a proxy of this machine, so the proxy variables are removed. The lab's az comes first in PATH.
    """
    kept = {name: value for name, value in ambient.items() if not name.lower().endswith("_proxy")}
    bundle = str(folder / "authorities.pem")
    return kept | {
        "LAB_SSH_CONFIG": f"{folder}/ssh_config",
        "LAB_INVENTORY": f"{folder}/inventory.yaml",
        "LAB_PROFILE": f"{folder}/profile.toml" if run.profile else str(PROFILE),
        "LAB_AZURE_LOG": str(log),
        "PATH": f"{folder}/bin:{ambient.get('PATH', '/usr/bin:/bin')}",
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT_ID,
        "AZURE_CLIENT_SECRET": CLIENT_SECRET,
        **dict.fromkeys(["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"], bundle),
    }


def authorities(lab: str) -> str:
    """The authorities that this machine trusts, and that of the lab's Azure."""
    known = ssl.get_default_verify_paths().cafile or next((file for file in _BUNDLES if Path(file).exists()), None)
    return (Path(known).read_text(encoding="utf-8") if known else "") + lab
