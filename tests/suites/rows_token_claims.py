"""TOKEN-002 and 003: the claims and the age of a token; every outcome, word for word."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from plugins.azure.roles import Access, Assignment
from plugins.azure.vm_view import Principal
from plugins.checks.check import CheckOutcome
from plugins.model import Status
from tests.suites.token_evidence import (
    CLAIMS,
    CLIENT,
    NEXUS_VM,
    OID,
    OTHER,
    SYSTEM,
    SYSTEM_VM,
    TENANT,
    USER,
    USER_VM,
    issued,
    numbers,
)
from tests.support.suite_rows import NOW, Row, seen

ROWS: dict[str, list[Row]] = {}


def expected(principal: Principal | None = None) -> dict[str, Any]:
    return {"expected_principal": principal}


ROWS["TOKEN-002"] = [
    Row(
        "as Azure has it",
        {"arm_token": issued()},
        Status.PASS,
        f"The token is for https://management.azure.com/, of object id {OID} in tenant {TENANT} (object id as Azure has it, tenant as Azure has it, VM as the inventory has it), and valid for another 23 h.",
        parameters=expected(SYSTEM),
        vm=SYSTEM_VM,
    ),
    Row(
        "numbers as text, another spelling of the audience",
        {
            "arm_token": issued(
                {
                    "aud": "https://MANAGEMENT.core.windows.net",
                    "exp": str(CLAIMS["exp"]),
                    "nbf": str(CLAIMS["nbf"]),
                    "xms_mirid": NEXUS_VM.lower(),
                }
            )
        },
        Status.PASS,
        f"The token is for https://MANAGEMENT.core.windows.net, of object id {OID} in tenant {TENANT} (VM as the inventory has it), and valid for another 23 h.",
        parameters=expected(),
        vm=SYSTEM_VM,
    ),
    Row(
        "a user-assigned identity, in other casing",
        {
            "arm_token": issued(
                {"xms_mirid": USER.replace("resourceGroups", "resourcegroups"), "appid": None}, client_id=CLIENT
            )
        },
        Status.PASS,
        f"The token is for https://management.azure.com/, of object id {OID} in tenant {TENANT} (object id as Azure has it, client id as Azure has it, identity as the inventory has it), and valid for another 23 h.",
        parameters=expected(Principal("user", USER, OID, CLIENT)),
        vm=USER_VM,
    ),
    Row(
        "nothing to compare with",
        {"arm_token": issued({"xms_mirid": None})},
        Status.PASS,
        f"The token is for https://management.azure.com/, of object id {OID} in tenant {TENANT}, and valid for another 23 h. No expected identity is known, so the identity was not compared.",
        parameters=expected(),
    ),
    Row(
        "what a system-assigned identity is called is not documented",
        {"arm_token": issued({"xms_mirid": "/subscriptions/s/resourceGroups/m/providers/Microsoft.Other/things/x"})},
        Status.PASS,
        f"The token is for https://management.azure.com/, of object id {OID} in tenant {TENANT} (system-assigned, as the inventory has it), and valid for another 23 h.",
        parameters=expected(),
        vm=SYSTEM_VM,
    ),
    Row(
        "another audience",
        {"arm_token": issued({"aud": "https://vault.azure.net"})},
        Status.FAIL,
        "The token is for the audience https://vault.azure.net; expected https://management.azure.com/. Resource Manager does not accept it.",
        "The request names the right resource, so the metadata service is at fault: open a support request with this message. (If https://vault.azure.net is right for your cloud, add it to plugins/requirements/data/token.toml.)",
        parameters=expected(),
    ),
    Row(
        "no audience",
        {"arm_token": issued({"aud": None})},
        Status.FAIL,
        "The token is for the audience (none); expected https://management.azure.com/. Resource Manager does not accept it.",
        "The request names the right resource, so the metadata service is at fault: open a support request with this message. (If the audience is right for your cloud, add it to plugins/requirements/data/token.toml.)",
        parameters=expected(),
    ),
    Row(
        "another identity",
        {"arm_token": issued({"oid": OTHER, "xms_mirid": USER})},
        Status.FAIL,
        f"The token's object id is {OTHER}; expected {OID}, that of the system-assigned identity. It is of {USER}.",
        "State the identity to enroll with in the inventory (identity: system, or the ARM id of a user-assigned one), and see IDENTITY-002 for what the VM has.",
        parameters=expected(SYSTEM),
        vm=SYSTEM_VM,
    ),
    Row(
        "Azure states more than the token does",
        {"arm_token": issued({"tid": None, "xms_mirid": None})},
        Status.PASS,
        f"The token is for https://management.azure.com/, of object id {OID} in tenant unknown (object id as Azure has it), and valid for another 23 h.",
        parameters=expected(SYSTEM),
        vm=SYSTEM_VM,
    ),
    Row(
        "another tenant",
        {"arm_token": issued({"tid": OTHER})},
        Status.FAIL,
        f"The token's tenant is {OTHER}; expected {TENANT}, that of the system-assigned identity.",
        parameters=expected(SYSTEM),
        vm=SYSTEM_VM,
    ),
    Row(
        "another client id",
        {"arm_token": issued({"appid": OTHER, "xms_mirid": None})},
        Status.FAIL,
        f"The token's client id is {OTHER}; expected {CLIENT}, that of the user-assigned identity arc-id.",
        parameters=expected(Principal("user", USER, OID, CLIENT)),
        vm=USER_VM,
    ),
    Row(
        "of the VM instead of the user-assigned identity",
        {"arm_token": issued()},
        Status.FAIL,
        f"The token is of {NEXUS_VM}; expected the user-assigned identity arc-id ({USER}).",
        parameters=expected(),
        vm=USER_VM,
    ),
    Row(
        "user-assigned instead of system-assigned",
        {"arm_token": issued({"xms_mirid": USER})},
        Status.FAIL,
        f"The token is of the user-assigned identity {USER}; expected the system-assigned identity, as the inventory says.",
        parameters=expected(),
        vm=SYSTEM_VM,
    ),
    Row(
        "another VM",
        {"arm_token": issued({"xms_mirid": NEXUS_VM.replace("vm-a", "vm-b")})},
        Status.FAIL,
        f"The token is of another VM, {NEXUS_VM.replace('vm-a', 'vm-b')}; expected {NEXUS_VM}.",
        "Check resource_id of this VM in the inventory and the address behind its name. If both are right, the platform has mixed up two VMs: open a support request with this message.",
        parameters=expected(),
        vm=SYSTEM_VM,
    ),
    Row(
        "expired",
        {"arm_token": issued({"exp": int(NOW) - 3600})},
        Status.FAIL,
        "By the clock of the machine that runs this suite, the token expired 60 min ago (2026-11-21 21:45:58 UTC). IMDS gives out what it has cached, or a clock is wrong.",
        "Compare the clocks (SSH-003, and this machine's). If they are right, restart the VM through Azure (az networkcloud virtualmachine restart): its sidecar then asks for a new token.",
        parameters=expected(),
    ),
    Row(
        "not valid yet",
        {"arm_token": issued({"nbf": int(NOW) + 7200})},
        Status.FAIL,
        "By the clock of the machine that runs this suite, the token is valid only in 2 h (2026-11-22 00:45:58 UTC): a clock is wrong.",
        "Compare the clocks: that of this machine with Azure's, and the VM's with both (SSH-003).",
        parameters=expected(),
    ),
    Row(
        "about to expire",
        {"arm_token": issued({"exp": int(NOW) + 190})},
        Status.WARN,
        "The token expires in 190 s: it may do so while the agent connects.",
        "Wait until it has expired and run again: IMDS then gives out a new one.",
        parameters=expected(),
    ),
    Row(
        "no expiry",
        {"arm_token": issued({"exp": "soon"})},
        Status.UNKNOWN,
        "The token does not state when it expires (claim exp).",
        "Run azcmagent connect to check whether the token works, and report the missing claim to Microsoft support.",
        parameters=expected(),
    ),
    Row(
        "opaque",
        {"arm_token": seen(f"claims=\n@tries 1\n{numbers(200)}")},
        Status.UNKNOWN,
        "The token that IMDS issued is opaque: it is not a JWT, so its claims cannot be read.",
        "Run azcmagent connect to check whether the token works, and report to Microsoft support that tokens are opaque.",
        parameters=expected(),
    ),
    Row(
        "when it was gathered is not known",
        {"arm_token": issued(received=0.0)},
        Status.UNKNOWN,
        "This evidence does not state when it was gathered.",
        "Gather the evidence again.",
        parameters=expected(),
    ),
]


@dataclass
class Azure:
    """The part of AzureVmView that TOKEN-003 reads."""

    expected: Principal = SYSTEM
    assignments: list[Assignment] = field(default_factory=list)

    def access(self, principal_id: str) -> Access:
        assert principal_id == self.expected.principal_id
        return Access("/subscriptions/s/resourceGroups/arc", self.assignments)


class Unreadable(Azure):
    def access(self, principal_id: str) -> Access:
        raise CheckOutcome(
            Status.UNKNOWN, "Azure refused to list the role assignments (403).", "Grant the runner Reader."
        )


def assigned(updated_on: str | None, via_group: str | None = None) -> Assignment:
    return Assignment("r", "Onboarding", "/subscriptions/s", via_group=via_group, updated_on=updated_on)


ROWS["TOKEN-003"] = [
    Row(
        "after the last change",
        {"arm_token": issued()},
        Status.PASS,
        "The token was issued 2026-11-21 22:30:58 UTC, after the last change of its roles (2026-11-20 08:00:00 UTC).",
        parameters={
            "azure": Azure(assignments=[assigned("2026-11-20T08:00:00.1234567Z"), assigned("2026-01-01T00:00:00Z")])
        },
    ),
    Row(
        "before the last change",
        {"arm_token": issued()},
        Status.WARN,
        "The token was issued 2026-11-21 22:30:58 UTC, before Onboarding at /subscriptions/s through group g was changed (2026-11-21 22:40:00 UTC). IMDS gives out cached tokens, so this one may predate the change. It comes through the group g.",
        "Roles of the identity itself count at once, but membership in groups is part of the token. Wait until this one has expired, or restart the VM through Azure (az networkcloud virtualmachine restart), then run again.",
        parameters={"azure": Azure(assignments=[assigned("2026-11-21T22:40:00Z", "g"), assigned(None)])},
    ),
    Row(
        "too close to tell",
        {"arm_token": issued({"iat": None})},
        Status.UNKNOWN,
        "The token is dated 2026-11-21 22:30:58 UTC and Onboarding at /subscriptions/s was changed 2026-11-21 22:33:00 UTC. Entra dates tokens back by up to five minutes, so the order is not known.",
        "Run again in five minutes.",
        parameters={"azure": Azure(assignments=[assigned("2026-11-21T22:33:00Z")])},
    ),
    Row(
        "no roles",
        {"arm_token": issued()},
        Status.NOT_APPLICABLE,
        "The system-assigned identity has no role assignments with a date (see ROLES-001).",
        parameters={"azure": Azure(assignments=[assigned("lately")])},
    ),
    Row(
        "no principal",
        {"arm_token": issued()},
        Status.UNKNOWN,
        "The system-assigned identity has no principal, so it has no roles.",
        "See IDENTITY-002.",
        parameters={"azure": Azure(expected=Principal("system", NEXUS_VM))},
    ),
    Row(
        "Azure could not be read",
        {"arm_token": issued()},
        Status.UNKNOWN,
        "Azure refused to list the role assignments (403).",
        "Grant the runner Reader.",
        parameters={"azure": Unreadable()},
    ),
    Row(
        "undated token",
        {"arm_token": issued({"iat": None, "nbf": None})},
        Status.UNKNOWN,
        "The token does not state when it was issued (claim iat).",
        "Nothing, if ROLES-001 to ROLES-003 pass and were not changed lately.",
        parameters={"azure": Azure()},
    ),
]
