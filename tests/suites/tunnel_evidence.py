"""curl's output for a request through the proxy, for the rows of NET and DNS."""

from __future__ import annotations

from plugins.model import ProbeResult, Status
from plugins.requirements.profile import Endpoint
from tests.support.suite_rows import PROFILE, VM, Row

ENDPOINTS = {str(endpoint): endpoint for endpoint in PROFILE.endpoints(VM)}
ARM = ENDPOINTS["management.azure.com"]
HIS = ENDPOINTS["gbl.his.arc.azure.com"]
PACKAGES = ENDPOINTS["packages.microsoft.com"]
PROXY = "169.254.0.11"


def reach(
    name: str, tunnel: ProbeResult, status: Status, message: str, remedy: str = "", endpoint: Endpoint = ARM
) -> Row:
    return Row(name, {"tunnel": tunnel}, status, message, remedy, {"endpoint": endpoint})
