"""TOKEN-001: the metadata service's answer; every outcome, word for word."""

from __future__ import annotations

import json
from dataclasses import replace

from plugins.azure.vm_view import Principal
from plugins.model import ProbeResult, Status
from tests.suites.token_evidence import IMDS, NEXUS_VM, OID, SYSTEM, SYSTEM_VM, USER, USER_VM, issued, numbers
from tests.support.suite_rows import VM, Row, seen

ROWS: dict[str, list[Row]] = {}

RECREATE = "A managed identity works only when the VM was created with it; adding it later shows it in Azure but gives no tokens. Compare IDENTITY-001 and IDENTITY-002, and create the VM again with the identity (--mi-system-assigned, or --mi-user-assigned ID)."
PAGE = "Look for the rule that redirects the request on the VM (iptables -t nat -L, nft list ruleset), and exclude the metadata address from it; see IMDS-002 for the server that answers."
UNEXPLAINED = "If IMDS-002, IDENTITY-001 and IDENTITY-002 pass, restart the VM through Azure (az networkcloud virtualmachine restart), and open a support request with this message if it persists."
PLATFORM = "Wait a minute and run again. If it persists, restart the VM through Azure (az networkcloud virtualmachine restart), and open a support request with this message."


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
        "IMDS answered 400 (invalid_request: Identity not found); expected 200 and a token for the user-assigned identity arc-id. For the metadata service, the VM does not have that identity.",
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
                "The request arrived without its header Metadata: true, although curl sent it: a device on the path removes it.",
                "Look for the rule that redirects the request on the VM (iptables -t nat -L, nft list ruleset), and exclude 169.254.169.254 from it; see IMDS-002 for the server that answers.",
            ),
            (
                "a proxy passed it on",
                "<Error xmlns:i='x'><Code>BadRequest</Code><Details>Header contains 'X-Forwarded-For' are not supported.</Details></Error>",
                "BadRequest Header contains 'X-Forwarded-For' are not supported",
                "The request reached IMDS through a proxy, which added X-Forwarded-For: IMDS refuses such requests.",
                "A rule or device on the path redirects the request, although the request used no proxy: look for a rule on the VM (iptables -t nat -L, nft list ruleset) and exclude 169.254.169.254 from it. See PROXY-002 for programs that use the environment.",
            ),
            (
                "the request is not understood",
                error("unknown_source", "Unknown Source /metadata/identity/oauth2/token"),
                "unknown_source: Unknown Source /metadata/identity/oauth2/token",
                "The service does not understand the request, although Azure documents it.",
                "See IMDS-002: is this the sidecar of Nexus? If it is, open a support request with this message.",
            ),
            (
                "a page",
                "<!DOCTYPE html><html><head><title>400 Bad Request</title><style>b{}</style></head><body><h1>Bad Request</h1></body></html>",
                "Bad Request",
                "The answer is an HTML page, not IMDS's JSON: another server answers, for example a proxy.",
                PAGE,
            ),
            ("no reason", error("invalid_request", "Try again"), "invalid_request: Try again", "", UNEXPLAINED),
            ("no words of IMDS", "400 Bad Request", "400 Bad Request", "", UNEXPLAINED),
            (
                "not assigned",
                '{"error":{"code":"BadRequest","message":"Identity \'x\' is not assigned to this machine"}}',
                "BadRequest: Identity 'x' is not assigned to this machine",
                "For the metadata service, the VM does not have that identity.",
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
        "IMDS answered 404 twice (not_found: Not found); expected 200 and a token for the system-assigned identity. The server at 169.254.169.254 does not issue tokens, or not yet.",
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
        "Find the program on this VM that sends so many requests (usually a script in a loop), wait a minute and run again.",
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
        "Install curl on the VM, or check this by hand.",
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
