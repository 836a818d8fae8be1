"""Output of the metadata service and az, for the rows of the token checks."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from plugins.azure.vm_view import Principal
from plugins.model import ProbeResult
from tests.support.suite_rows import NOW, VM, seen

IMDS = "169.254.169.254"
NEXUS_VM = "/subscriptions/s/resourceGroups/vms/providers/Microsoft.NetworkCloud/virtualMachines/vm-a"
USER = "/subscriptions/s/resourceGroups/ids/providers/Microsoft.ManagedIdentity/userAssignedIdentities/arc-id"
OID, OTHER = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
TENANT, CLIENT = "dddddddd-0000-4000-8000-000000000004", "cccccccc-0000-4000-8000-000000000003"

CLAIMS: dict[str, Any] = {
    "aud": "https://management.azure.com/",
    "iss": f"https://sts.windows.net/{TENANT}/",
    "iat": int(NOW) - 900,
    "nbf": int(NOW) - 900,
    "exp": int(NOW) + 85_500,
    "appid": CLIENT,
    "oid": OID,
    "tid": TENANT,
    "xms_mirid": NEXUS_VM,
}

SYSTEM_VM = replace(VM, identity="system", resource_id=NEXUS_VM)
USER_VM = replace(VM, identity=USER, resource_id=NEXUS_VM)
SYSTEM = Principal("system", NEXUS_VM, OID, tenant_id=TENANT)


def numbers(code: int, ip: str = IMDS, total: str = "0.034000") -> str:
    return f"@curl code={code:03} connect=000 request={301 if ip else 0} verify=0 total={total}\n"


def groups(claims: Mapping[str, Any]) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return " ".join(payload[at : at + 4] for at in range(0, len(payload), 4))


def issued(
    changes: Mapping[str, Any] | None = None, tries: int = 1, received: float = NOW, **fields: str
) -> ProbeResult:
    """An answer with a token, without claims that are None."""
    claims = {name: value for name, value in (CLAIMS | dict(changes or {})).items() if value is not None}
    beside = "".join(f'{name}="{value}"\n' for name, value in fields.items())
    return seen(f"claims={groups(claims)}\n{beside}@tries {tries}\n{numbers(200)}", received=received)
