"""The rows that `azcmagent check` must print before its table proves that every required endpoint is reached."""

from __future__ import annotations

import re

from plugins import REQUIRED_NEEDS, Profile, Vm
from suites.probes.azcmagent_check import ReachedEndpoints

#: The hosts in the captured tables of Azure's public cloud. No document lists the rows for other clouds, nor since
#: which version the table has the other hosts that the agent needs: NET-001 checks those.
_ROWS = {
    "AzureCloud": (
        "agentserviceapi.guestconfiguration.azure.com",
        "gbl.his.arc.azure.com",
        "login.microsoftonline.com",
        "management.azure.com",
        "pas.windows.net",
        "{region}-gas.guestconfiguration.azure.com",
    )
}


def without_row(reached: ReachedEndpoints, vm: Vm, profile: Profile) -> list[str]:
    """The hosts that `profile` requires and the agent always tests, without a row."""
    region = re.sub(r"\s", "", reached.location).lower()
    due = {host.replace("{region}", region) for host in _ROWS.get(vm.target.cloud, ())}
    required = {
        endpoint.host.replace("{region}", region)
        for endpoint in profile.cloud(vm).endpoints
        if endpoint.need in REQUIRED_NEEDS
    }
    return sorted(due & required - {endpoint.host.lower() for endpoint in reached.endpoints})
