"""`az version` on the VM."""

from __future__ import annotations

import json
from dataclasses import dataclass

from plugins import ANY_ERROR, ProbeResult, probe
from suites.wording import last_line, plain

#: Why the checks of az in the guest are for Linux.
AZ_ON_LINUX = "Microsoft's steps with the Azure CLI in the guest are for Linux."


@dataclass(frozen=True, slots=True)
class AzVersion:
    """The answer of `az version`."""

    installed: bool
    exit: int = 0
    core: str = ""  # "2.76.0", "" = not printed
    error: str = ""  # its last line, when it failed

    @classmethod
    def read(cls, result: ProbeResult) -> AzVersion:
        """Read ``{"azure-cli": "2.76.0", "azure-cli-core": "2.76.0", "azure-cli-telemetry": "1.1.0", ...}``."""
        if result.state == "no tool":
            return cls(installed=False)
        start = result.stdout.find("{")  # older versions may warn on stdout first
        try:
            answer, _ = json.JSONDecoder().raw_decode(result.stdout[start:]) if start >= 0 else ({}, 0)
        except (ValueError, RecursionError):
            answer = {}
        core = answer.get("azure-cli-core") or answer.get("azure-cli")
        return cls(True, result.exit or 0, plain(str(core or "")), last_line(result.stderr) or last_line(result.stdout))


#: In the run's private folder: az creates its configuration folder when it finds none, and compiles its modules.
az_version = probe(
    'export AZURE_CONFIG_DIR="${room:?}/az-version" AZURE_CORE_COLLECT_TELEMETRY=no PYTHONDONTWRITEBYTECODE=1\n'
    "az version -o json",
    timeout=30,
    needs=["az"],
    accept_states=("no tool",),
    accept_exits=ANY_ERROR,
    linux_only=AZ_ON_LINUX,
    read=AzVersion.read,
)
