"""TOKEN-001..004: every outcome, word for word; and that no token leaves the VM."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from plugins.azure.roles import Access, Assignment
from plugins.azure.vm_view import Principal
from plugins.checks.check import CheckOutcome
from plugins.model import ProbeResult, Status
from tests.support.suite_rows import NOW, VM, Row, captured, seen

ROWS: dict[str, list[Row]] = {}

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
RECREATE = "A managed identity works only when the VM was created with it; adding it later shows it in Azure but gives no tokens. Compare IDENTITY-001 and IDENTITY-002, and create the VM again with the identity (--mi-system-assigned, or --mi-user-assigned ID)."
PAGE = "Look for what takes the request over on the VM (iptables -t nat -L, nft list ruleset), and leave the metadata address out of it; see IMDS-002 for what answers there."
UNEXPLAINED = "If IMDS-002, IDENTITY-001 and IDENTITY-002 pass, restart the VM through Azure (az networkcloud virtualmachine restart), and open a support request with this message if it persists."
PLATFORM = "Wait a minute and run again. If it persists, restart the VM through Azure (az networkcloud virtualmachine restart), and open a support request with this message."


def numbers(code: int, ip: str = IMDS, total: str = "0.034000") -> str:
    return f"@curl code={code:03} connect=000 request={301 if ip else 0} verify=0 total={total}\n"


def groups(claims: Mapping[str, Any]) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return " ".join(payload[at : at + 4] for at in range(0, len(payload), 4))


def issued(
    changes: Mapping[str, Any] | None = None, tries: int = 1, received: float = NOW, **fields: str
) -> ProbeResult:
    """An answer with a token; a claim that is None is left out."""
    claims = {name: value for name, value in (CLAIMS | dict(changes or {})).items() if value is not None}
    beside = "".join(f'{name}="{value}"\n' for name, value in fields.items())
    return seen(f"claims={groups(claims)}\n{beside}@tries {tries}\n{numbers(200)}", received=received)


def refused(code: int, body: str = "", tries: int = 1) -> ProbeResult:
    return seen(f"body={body}\n@tries {tries}\n{numbers(code)}")


def silent(exit: int, error: str, ip: str = "") -> ProbeResult:
    return seen(f"body=\n@tries 1\n{numbers(0, ip, '3.001000')}", f"curl: ({exit}) {error}\n", exit)


def error(word: str, description: str) -> str:
    return json.dumps({"error": word, "error_description": description})


ROWS["TOKEN-001"] = [
    Row(
        "for the system-assigned identity",
        {"arm_token": issued()},
        Status.PASS,
        "IMDS issued a token for the system-assigned identity in 0.03 s.",
        vm=SYSTEM_VM,
    ),
    Row(
        "for a user-assigned identity",
        {"arm_token": issued(tries=2)},
        Status.PASS,
        "IMDS issued a token for the user-assigned identity arc-id in 0.03 s at the second try.",
        vm=USER_VM,
    ),
    Row(
        "an opaque token",
        {"arm_token": seen(f"claims=\n@tries 1\n{numbers(200)}")},
        Status.PASS,
        "IMDS issued a token for the VM's identity in 0.03 s.",
    ),
    Row(
        "no such identity",
        {"arm_token": refused(400, error("invalid_request", "Identity not found"))},
        Status.FAIL,
        "IMDS answered 400 (invalid_request: Identity not found); expected 200 and a token for the user-assigned identity arc-id. As the metadata service sees it, the VM does not have that identity.",
        RECREATE,
        vm=USER_VM,
    ),
    Row(
        "no identity, or several",
        {"arm_token": refused(400, error("invalid_request", "Multiple user assigned identities exist."))},
        Status.FAIL,
        "IMDS answered 400 (invalid_request: Multiple user assigned identities exist); expected 200 and a token for the VM's identity. The VM has several identities, and the request names none.",
        "State the identity to use in the inventory (identity: its ARM id, or system), so that the request names it.",
    ),
    *(
        Row(
            f"400, {name}",
            {"arm_token": refused(400, body)},
            Status.FAIL,
            f"IMDS answered 400 ({shown}); expected 200 and a token for the system-assigned identity. {meaning}".rstrip(),
            remedy,
            vm=replace(VM, identity="system"),
        )
        for name, body, shown, meaning, remedy in (
            (
                "the resource is not known",
                error(
                    "invalid_resource",
                    "AADSTS500011: The resource principal named https://management.azure.com/ was not found in the tenant named Contoso.",
                ),
                "invalid_resource: AADSTS500011: The resource principal named https://management.azure.com/ was not found in the tenant named Contoso",
                "The tenant does not know the resource that the token is for.",
                "Check target.cloud and target.tenant in the inventory: the cloud decides which Resource Manager the token is for, and it has to be the cloud of the VM's tenant.",
            ),
            (
                "the header is missing",
                error("bad_request_102", "Required metadata header not specified"),
                "bad_request_102: Required metadata header not specified",
                "The request arrived without its header Metadata: true, though curl sent it: something on the way takes it off.",
                "Look for what takes the request over on the VM (iptables -t nat -L, nft list ruleset), and leave 169.254.169.254 out of it; see IMDS-002 for what answers there.",
            ),
            (
                "a proxy passed it on",
                "<Error xmlns:i='x'><Code>BadRequest</Code><Details>Header contains 'X-Forwarded-For' are not supported.</Details></Error>",
                "BadRequest Header contains 'X-Forwarded-For' are not supported",
                "The request came to IMDS by way of a proxy, which added X-Forwarded-For: IMDS refuses that.",
                "Something on the way takes the request over, though none was asked: look for it on the VM (iptables -t nat -L, nft list ruleset) and leave 169.254.169.254 out of it. See PROXY-002 for programs that use the environment.",
            ),
            (
                "the request is not understood",
                error("unknown_source", "Unknown Source /metadata/identity/oauth2/token"),
                "unknown_source: Unknown Source /metadata/identity/oauth2/token",
                "The service does not understand the request, though it is the one that Azure documents.",
                "See IMDS-002: is this the sidecar of Nexus? If it is, open a support request with this message.",
            ),
            (
                "a page",
                "<!DOCTYPE html><html><head><title>400 Bad Request</title><style>b{}</style></head><body><h1>Bad Request</h1></body></html>",
                "Bad Request",
                "The answer is a page and not IMDS's JSON: something else answers, a proxy for one.",
                PAGE,
            ),
            ("no reason", error("invalid_request", "Try again"), "invalid_request: Try again", "", UNEXPLAINED),
            ("no words of IMDS", "400 Bad Request", "400 Bad Request", "", UNEXPLAINED),
            (
                "not assigned",
                '{"error":{"code":"BadRequest","message":"Identity \'x\' is not assigned to this machine"}}',
                "BadRequest: Identity 'x' is not assigned to this machine",
                "As the metadata service sees it, the VM does not have that identity.",
                RECREATE,
            ),
        )
    ),
    Row(
        "unauthorized",
        {"arm_token": refused(401, error("unauthorized", ""))},
        Status.FAIL,
        "IMDS answered 401 (unauthorized); expected 200 and a token for the system-assigned identity. The service knows the request but does not trust this VM with it.",
        "Check IDENTITY-001 and IDENTITY-002, then restart the VM through Azure (az networkcloud virtualmachine restart); if it persists, open a support request with this message.",
        vm=SYSTEM_VM,
    ),
    Row(
        "a proxy in between",
        {
            "arm_token": seen(
                f"body=<html>no</html>\n@tries 1\nVia: 1.1 csn (squid/5.7)\n{numbers(403)}",
            )
        },
        Status.FAIL,
        "A proxy (1.1 csn (squid/5.7)) answered in place of IMDS with 403 (no); expected 200 and a token for the VM's identity. The service knows the request but does not trust this VM with it.",
        "Check IDENTITY-001 and IDENTITY-002, then restart the VM through Azure (az networkcloud virtualmachine restart); if it persists, open a support request with this message.",
    ),
    Row(
        "not found",
        {"arm_token": refused(404, error("not_found", "Not found"), tries=2)},
        Status.FAIL,
        "IMDS answered 404 twice (not_found: Not found); expected 200 and a token for the system-assigned identity. What listens at 169.254.169.254 serves no tokens, or not yet.",
        "If the VM has only just started, wait a minute and run again. Else see IMDS-002: is this the sidecar? If it is, restart the VM through Azure and open a support request if it persists.",
        vm=SYSTEM_VM,
    ),
    Row(
        "being updated",
        {"arm_token": refused(410, tries=2)},
        Status.UNKNOWN,
        "IMDS answered 410 twice: the service is being updated; expected 200 and a token for the system-assigned identity.",
        "It takes about a minute: wait and run again.",
        vm=SYSTEM_VM,
    ),
    Row(
        "throttled",
        {"arm_token": refused(429, "Too many requests", tries=2)},
        Status.UNKNOWN,
        "IMDS answered 429 twice (Too many requests): the service is throttling; expected 200 and a token for the system-assigned identity.",
        "Find what asks so often on this VM (a script in a loop, as a rule), wait a minute and run again.",
        vm=SYSTEM_VM,
    ),
    Row(
        "in trouble",
        {"arm_token": refused(503, '{"error":{"code":"ServiceUnavailable","message":"Try later."}}', tries=2)},
        Status.FAIL,
        "IMDS answered 503 twice (ServiceUnavailable: Try later); expected 200 and a token for the system-assigned identity. The service, or the platform behind it, is not healthy.",
        PLATFORM,
        vm=SYSTEM_VM,
    ),
    Row(
        "another status",
        {"arm_token": refused(418, "<html>teapot</html>")},
        Status.FAIL,
        "IMDS answered 418 (teapot); expected 200 and a token for the VM's identity.",
        PLATFORM,
    ),
    Row(
        "200 without a token",
        {"arm_token": seen(f"@tries 1\n{numbers(200)}")},
        Status.FAIL,
        "IMDS answered 200, but without an access_token; expected a token for the VM's identity. Something else than the Nexus sidecar may answer.",
        "See IMDS-002: check the VM's route to the metadata address (ip route get 169.254.169.254).",
    ),
    Row(
        "broken off",
        {"arm_token": seen(f"@tries 1\n{numbers(200)}", "curl: (18) transfer closed\n", 18)},
        Status.FAIL,
        "IMDS answered 200, but the answer broke off: curl exited with 18 (transfer closed).",
        PLATFORM,
    ),
    Row(
        "refused",
        {"arm_token": silent(7, "Failed to connect to 169.254.169.254 port 80 after 0 ms: Couldn't connect to server")},
        Status.FAIL,
        "IMDS did not answer the request for a token: 169.254.169.254 port 80 refuses the connection or has no route (Failed to connect to 169.254.169.254 port 80 after 0 ms: Couldn't connect to server).",
        "See IMDS-002: without 169.254.169.254 port 80 there are no tokens.",
    ),
    Row(
        "dropped",
        {"arm_token": silent(28, "Connection timed out after 3001 milliseconds")},
        Status.FAIL,
        "IMDS did not answer the request for a token: 169.254.169.254 port 80 did not accept a connection within 3 s (Connection timed out after 3001 milliseconds).",
        "See IMDS-002: without 169.254.169.254 port 80 there are no tokens.",
    ),
    Row(
        "hung up",
        {"arm_token": silent(52, "Empty reply from server", IMDS)},
        Status.FAIL,
        "IMDS did not answer the request for a token: curl exited with 52 (Empty reply from server).",
        "See IMDS-002: without 169.254.169.254 port 80 there are no tokens.",
    ),
    Row(
        "accepted and silent",
        {"arm_token": silent(28, "Operation timed out", IMDS)},
        Status.FAIL,
        "IMDS took the request for a token but did not answer within 3 s. The sidecar waits for the platform's token service.",
        PLATFORM,
    ),
    Row(
        "no curl",
        {"arm_token": seen(stderr="curl", state="no tool")},
        Status.UNKNOWN,
        "curl is not installed on the VM, or not on its PATH, so this was not checked.",
        "Install curl on the VM, or judge this by hand.",
    ),
    Row(
        "garbage",
        {"arm_token": seen("hello\n", "curl: (2) failed to initialize\n", 2)},
        Status.UNKNOWN,
        "The answer of the probe arm_token could not be read: curl exited with 2 but printed no @curl line: curl: (2) failed to initialize.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
    *(
        Row(
            f"the only identity of the VM was not named: {name}",
            {"arm_token": refused(400, error("invalid_request", "Identity not found"))},
            Status.FAIL,
            f"IMDS answered 400 (invalid_request: Identity not found); expected 200 and a token for the VM's identity. {why}",
            remedy,
            {"expected_principal": principal},
            vm=replace(VM, resource_id=NEXUS_VM),
        )
        for name, principal, why, remedy in (
            (
                "Azure shows one",
                Principal("user", USER, OID),
                f"Azure shows the user-assigned identity {USER} as the VM's only one, and the request did not name it.",
                f"State it in the inventory, so that the request names it (msi_res_id): identity: {USER} . If that does not help: {RECREATE}",
            ),
            (
                "Azure shows the system's, which needs no name",
                SYSTEM,
                "The VM has none, or it has several and the inventory does not state which.",
                f"{RECREATE} If it has several user-assigned identities and no system-assigned one, state the one to use in the inventory (identity: its ARM id).",
            ),
        )
    ),
]
ROWS["TOKEN-001"] = [
    replace(row, parameters={"expected_principal": None, **row.parameters}) for row in ROWS["TOKEN-001"]
]


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
        "Run azcmagent connect to check whether the token works, and report to Microsoft support what it lacks.",
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
        "Gather again.",
        parameters=expected(),
    ),
]


@dataclass
class Azure:
    """As much of an AzureVmView as TOKEN-003 looks at."""

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


def az(
    login: str = "", exit: int | None = 0, token: str = "2026-11-22 22:45:58.000000", got: int | None = 0
) -> ProbeResult:
    """What az said to each step; an exit of None is a step that did not end."""
    text = "@login\n" + (f"@exit {exit}\n{login}\n" if exit is not None else "")
    if exit == 0:
        text += "@token\n" + (f"@exit {got}\n{token}\n" if got is not None else "")
    ended = exit is not None and (exit != 0 or got is not None)
    return seen(text, state="done" if ended else "timed out")


ROWS["TOKEN-004"] = [
    Row(
        "a traceback of az that ends in an advice",
        {
            "az_login": az(
                "The command failed with an unexpected error. Here is the traceback:\n\nTraceback (most recent call last):\n"
                '  File "msrestazure/azure_active_directory.py", line 704, in _retrieve_token_from_imds_with_retry\n'
                "requests.exceptions.HTTPError\n\nTo open an issue, please run: 'az feedback'",
                1,
            )
        },
        Status.FAIL,
        "az login --identity ended with 1 (requests.exceptions.HTTPError). az got no token from IMDS.",
        "See TOKEN-001: the metadata service is asked there without az, and its answer is quoted.",
    ),
    Row(
        "a proxy passed the request of az on",
        {"az_login": az("ERROR: Header contains 'X-Forwarded-For' are not supported.", 1)},
        Status.FAIL,
        "az login --identity ended with 1 (Header contains 'X-Forwarded-For' are not supported). The request to IMDS went by way of a proxy, which IMDS refuses.",
        "Put the metadata address into NO_PROXY and no_proxy (PROXY-002, IMDS-003).",
    ),
    Row(
        "several identities, and az named none",
        {
            "az_login": az(
                "ERROR: {'error': 'invalid_scope', 'error_description': 'Multiple user assigned identities exist, please specify the clientId'}",
                1,
            )
        },
        Status.FAIL,
        "az login --identity ended with 1 ({'error': 'invalid_scope', 'error_description': 'Multiple user assigned identities exist, please specify the clientId'}). The VM has several identities, and az named none.",
        "State the identity to use in the inventory (identity: its ARM id, or system): see IDENTITY-002 and TOKEN-001.",
    ),
    Row(
        "both work",
        {"az_login": az()},
        Status.PASS,
        "az login --identity and az account get-access-token worked, in 0.0 s.",
    ),
    Row(
        "as a user-assigned identity",
        {"az_login": az()},
        Status.PASS,
        "az login --identity --resource-id arc-id and az account get-access-token worked, in 0.0 s.",
        vm=USER_VM,
    ),
    Row(
        "no az",
        {"az_login": seen(stderr="az", state="no tool")},
        Status.NOT_APPLICABLE,
        "The Azure CLI is not installed on this VM: TOKEN-001 asks IMDS without it.",
    ),
    Row(
        "the agent is there",
        {"az_login": seen("@himds\nAgent Status                            : Disconnected\n")},
        Status.BLOCKED,
        "Not judged: /opt/azcmagent/bin/himds is installed, so az asks the agent (localhost:40342) for tokens and not IMDS, and gets none with the VM's managed identity; see AGENT-002. TOKEN-001 asks IMDS itself.",
        "Go by TOKEN-001. On a VM that is to log in with az, install the agent last (AGENT-002).",
    ),
    Row(
        "the agent is there and does not state more",
        {"az_login": seen("@himds\n")},
        Status.BLOCKED,
        "Not judged: /opt/azcmagent/bin/himds is installed, so az asks the agent (localhost:40342) for tokens and not IMDS, and gets none with the VM's managed identity; see AGENT-002. TOKEN-001 asks IMDS itself.",
        "Go by TOKEN-001. On a VM that is to log in with az, install the agent last (AGENT-002).",
    ),
    Row(
        "enrolled",
        {"az_login": seen("@himds\nAgent Status                            : Connected\n")},
        Status.NOT_APPLICABLE,
        "The VM is enrolled already. /opt/azcmagent/bin/himds is installed, so az asks the agent (localhost:40342) for tokens and not IMDS, and gets none with the VM's managed identity.",
    ),
    Row(
        "no role anywhere",
        {"az_login": captured("az/no-roles")},
        Status.FAIL,
        "az login --identity ended with 1 (No access was configured for the managed identity, hence no subscriptions were found. If this is expected, use '--allow-no-subscriptions' to have tenant level access). It has a token, but the identity sees no subscription: it has no role anywhere yet.",
        "Assign the roles (ROLES-001, ROLES-002), then log in again.",
    ),
    Row(
        "the proxy answered",
        {"az_login": captured("az/proxy-answered")},
        Status.FAIL,
        "az login --identity ended with 1 (Expecting value: line 1 column 1 (char 0)). Something else than IMDS answered: the request went to the proxy, as it does without NO_PROXY.",
        "Put the metadata address into NO_PROXY and no_proxy (PROXY-002, IMDS-003).",
    ),
    Row(
        "a certificate it does not trust",
        {"az_login": captured("az/untrusted")},
        Status.FAIL,
        "az login --identity ended with 1 ([SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:992)). az does not trust the certificate of Resource Manager: it has its own CA bundle.",
        "See NET-003. If a proxy inspects TLS, exempt Azure from it; else set REQUESTS_CA_BUNDLE to the VM's bundle.",
    ),
    Row(
        "the proxy refuses",
        {"az_login": captured("az/tunnel-403")},
        Status.FAIL,
        "az login --identity ended with 1 (('Unable to connect to proxy', OSError('Tunnel connection failed: 403 Forbidden'))). The proxy did not let it through to Resource Manager.",
        "See NET-001 for what the proxy says, and CSN-002: the cloud services network must let Resource Manager out.",
    ),
    Row(
        "nothing listens at the metadata service's address",
        {"az_login": captured("az/imds-refused")},
        Status.FAIL,
        "az login --identity ended with 1 (HTTPConnectionPool(host='169.254.169.254', port=80): Max retries exceeded (Caused by NewConnectionError(\"HTTPConnection(host='169.254.169.254', port=80): Failed to establish a new connection: [Errno 111] Connection refused\"))). It did not reach IMDS.",
        "See IMDS-002 and TOKEN-001: the metadata service is asked there without az.",
    ),
    Row(
        "a traceback that was cut",
        {"az_login": seen("@login\n@exit 1\nERROR: The command failed with an unexpected error.\n  File")},
        Status.FAIL,
        "az login --identity ended with 1 (The command failed with an unexpected error).",
        "Run az login --identity on the VM by hand, with --debug, and see which request fails: the one to 169.254.169.254 (IMDS-003, TOKEN-001) or the one to Resource Manager (NET-001).",
    ),
    Row(
        "no way",
        {"az_login": captured("az/no-proxy-set")},
        Status.FAIL,
        "az login --identity ended with 1 (HTTPSConnection(host='management.azure.com', port=443): Failed to establish a new connection: [Errno 101] Network is unreachable). It did not reach IMDS or Resource Manager in the way the environment says.",
        "See PROXY-001, PROXY-002, IMDS-003 and NET-001.",
    ),
    Row(
        "options it does not know",
        {"az_login": az("ERROR: unrecognized arguments: --username /subscriptions/s", 2)},
        Status.FAIL,
        "az login --identity --resource-id arc-id ended with 2 (unrecognized arguments: --username /subscriptions/s). This az knows none of the options for a user-assigned identity.",
        "Bring az up to date (CLI-001).",
        vm=USER_VM,
    ),
    Row(
        "no identity",
        {"az_login": captured("az/no-identity")},
        Status.FAIL,
        "az login --identity ended with 1 (Identity not found). az got no token from IMDS.",
        "See TOKEN-001: the metadata service is asked there without az, and its answer is quoted.",
    ),
    Row(
        "no token from IMDS",
        {"az_login": az("ERROR: Failed to connect to MSI. Please make sure MSI is configured correctly.", 1)},
        Status.FAIL,
        "az login --identity ended with 1 (Failed to connect to MSI. Please make sure MSI is configured correctly). az got no token from IMDS.",
        "See TOKEN-001: the metadata service is asked there without az, and its answer is quoted.",
    ),
    Row(
        "no access token",
        {"az_login": az(token="ERROR: something new", got=1)},
        Status.FAIL,
        "az account get-access-token ended with 1 (something new).",
    ),
    Row(
        "hangs at the login",
        {"az_login": az(exit=None)},
        Status.UNKNOWN,
        "az login --identity did not finish within the probe's time limit. az itself has no limit: it waits for IMDS, or for the proxy.",
        "See TOKEN-001, IMDS-003, PROXY-002 and NET-001. If they pass, az is just slow here: run it by hand.",
    ),
    Row(
        "hangs at the token",
        {"az_login": az(got=None)},
        Status.UNKNOWN,
        "az account get-access-token did not finish within the probe's time limit. az itself has no limit: it waits for IMDS, or for the proxy.",
        "See TOKEN-001, IMDS-003, PROXY-002 and NET-001. If they pass, az is just slow here: run it by hand.",
    ),
    Row(
        "garbage",
        {"az_login": seen("hello")},
        Status.UNKNOWN,
        "The answer of the probe az_login could not be read: expected '@login' and what az printed, found 'hello'.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
]
