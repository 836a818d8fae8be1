"""TOKEN: whether the VM gets a token for Azure Resource Manager with its managed identity, and the right one.

The requests go directly to the metadata service, with curl: once the agent is installed, az uses the agent instead
(TOKEN-004). Only the claims of a token leave the VM, never the token: see `suites.probes.imds_token`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from plugins import (
    AzureVmView,
    CheckOutcome,
    Principal,
    Profile,
    Status,
    Vm,
    blocked,
    check,
    fail,
    not_applicable,
    recommended,
    required,
    unknown,
)
from suites import ARTICLE
from suites.probes import imds_token
from suites.probes.az_login import AzLogin, Step
from suites.probes.azcmagent_output import HIMDS
from suites.probes.imds_token import TokenAnswer
from suites.rules import token_claims, token_request
from suites.rules.arm_resources import named
from suites.rules.token_claims import clock_time, duration, lifetime
from suites.rules.token_request import RECREATE, identity_of
from suites.wording import plain, sentence


@check(
    "TOKEN-001",
    required,
    # Not causes that affect only az or the environment's proxy: the request uses neither.
    caused_by=["IDENTITY-001", "IDENTITY-002", "IMDS-002"],
    problem="metadata service issues no token",
    action="Get a token issued for the identity of {vms}",
    remedy=RECREATE,
    docs=ARTICLE,
    component="vm",
)
def test_imds_issues_a_token(
    arm_token: TokenAnswer, expected_principal: Principal | None, vm: Vm, profile: Profile
) -> str:
    """IMDS issues a Resource Manager token for the expected identity.

    Success: HTTP 200 with an access_token, for the identity that the inventory expects.
    Failure: another answer, or none. After a status that may be temporary, the request was repeated 2 s later.
    Unknown: IMDS throttles or is being updated, which shows nothing about the identity; or curl is missing.
    """
    if problem := (
        token_request.unanswered(arm_token, vm, profile)
        or token_request.refused(arm_token, vm, profile, expected_principal)
        or token_request.incomplete(arm_token, vm)
    ):
        raise problem
    again = " at the second try" if arm_token.tries > 1 else ""
    return f"IMDS issued a token for {identity_of(vm)} in {arm_token.curl.seconds:.2f} s{again}."


@check(
    "TOKEN-002",
    required,
    requires=["TOKEN-001"],
    caused_by=["IDENTITY-002"],
    problem="token is for another identity or audience",
    action="State the identity of {vms} in the inventory",
    remedy="State the identity to enroll with in the inventory (identity: system, or the ARM id of a user-assigned "
    "one), and see IDENTITY-002 for what the VM has.",
    docs=ARTICLE,
    component="vm",
)
def test_the_token_is_the_right_one(
    arm_token: TokenAnswer, expected_principal: Principal | None, vm: Vm, profile: Profile
) -> str:
    """The token's audience, tenant, object id and lifetime are right.

    Success: it is for Resource Manager, valid now, and of the expected identity, as far as inventory and Azure state
    that identity; the message lists what could not be compared.
    Failure: another audience, identity or tenant; expired or not valid yet. Warning: it expires within minutes.
    Unknown: the token cannot be read, or states no expiry.
    """
    token = arm_token
    if token.claims is None:
        unknown(
            "The token that IMDS issued is opaque: it is not a JWT, so its claims cannot be read.",
            remedy="Run azcmagent connect to check whether the token works, and report to Microsoft support that "
            "tokens are opaque.",
        )
    if problem := (
        token_claims.wrong_audience(token, vm, profile)
        or token_claims.wrong_identity(token, expected_principal, vm)
        or token_claims.not_valid_now(token)
        or token_claims.expires_soon(token)
    ):
        raise problem
    compared = token_claims.compared(token, expected_principal, vm)
    rest = "" if compared else " No expected identity is known, so the identity was not compared."
    return (
        f"The token is for {token.claim('aud')}, of object id {token.claim('oid') or 'unknown'} in tenant "
        f"{token.claim('tid') or 'unknown'}{f' ({compared})' if compared else ''}, and valid for another "
        f"{duration(lifetime(token))}.{rest}"
    )


@check(
    "TOKEN-003",
    recommended,
    requires=["TOKEN-001"],
    caused_by=["IDENTITY-001", "IDENTITY-002"],
    problem="token is older than the last role change",
    action="Renew the token of {vms}",
    remedy="Roles of the identity itself count at once, but membership in groups is part of the token. Wait until this "
    "one has expired, or restart the VM through Azure (az networkcloud virtualmachine restart), then run again.",
    docs=ARTICLE,
    component="vm",
)
def test_the_token_is_newer_than_the_roles(arm_token: TokenAnswer, azure: AzureVmView) -> str:
    """The token was issued after the last change of the identity's roles.

    Success: it was issued after the newest role assignment at the target scope was made or changed.
    Failure: it is older: only a warning, because most role changes take effect without a new token.
    Unknown: the token states no time, Azure could not be read, or the two times are too close to compare.
    """
    issued = arm_token.time("iat") or arm_token.time("nbf")
    if issued is None:
        unknown(
            "The token does not state when it was issued (claim iat).",
            remedy="Nothing, if ROLES-001 to ROLES-003 pass and were not changed lately.",
        )
    principal = azure.expected
    if not principal.principal_id:
        unknown(f"{str(principal).capitalize()} has no principal, so it has no roles.", remedy="See IDENTITY-002.")
    dated = [
        (moment, assignment)
        for assignment in azure.access(principal.principal_id).assignments
        if (moment := _moment(assignment.updated_on)) is not None
    ]
    if not dated:
        not_applicable(f"{str(principal).capitalize()} has no role assignments with a date (see ROLES-001).")
    changed, newest = max(dated, key=lambda pair: pair[0])
    if issued >= changed:
        return f"The token was issued {clock_time(issued)}, after the last change of its roles ({clock_time(changed)})."
    if issued + imds_token.token_rules().backdated >= changed:
        unknown(
            f"The token is dated {clock_time(issued)} and {plain(str(newest))} was changed "
            f"{clock_time(changed)}. Entra dates tokens back by up to five minutes, so the order is not known.",
            remedy="Run again in five minutes.",
        )
    group = f" It comes through the group {newest.via_group}." if newest.via_group else ""
    fail(
        f"The token was issued {clock_time(issued)}, before {plain(str(newest))} was changed ({clock_time(changed)}). "
        f"IMDS gives out cached tokens, so this one may predate the change.{group}"
    )


def _moment(text: str | None) -> int | None:
    """``2026-08-21T10:00:00.0000000Z``: seconds since 1970, or None."""
    match = re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d", text or "")
    try:
        return int(datetime.fromisoformat(match[0]).replace(tzinfo=UTC).timestamp()) if match else None
    except ValueError:
        return None


@check(
    "TOKEN-004",
    required,
    caused_by=[
        *("IDENTITY-001", "IDENTITY-002", "TOKEN-001", "IMDS-002", "IMDS-003", "PROXY-002", "AGENT-002", "CLI-001"),
        *("ROLES-001", "ROLES-002", "ROLES-003", "CSN-001", "CSN-002", "PROXY-001", "PROXY-003", "NET-001", "NET-003"),
    ],
    problem="Azure CLI does not log in with the identity",
    action="Repair az login --identity on {vms}",
    remedy="Run az login --identity on the VM by hand, with --debug, and see which request fails: the one to "
    "169.254.169.254 (IMDS-003, TOKEN-001) or the one to Resource Manager (NET-001).",
    docs=ARTICLE,
    component="guest",
)
def test_az_logs_in_with_the_identity(az_login: AzLogin, vm: Vm) -> str:
    """The Azure CLI logs in with the identity and gets a token.

    Success: az login --identity and az account get-access-token work, in a configuration folder of their own.
    Failure: one of them fails; the message quotes it.
    Unknown: az did not end within its time limit.
    Not applicable: no az on this VM, or the VM is enrolled. Blocked: the agent is installed but not connected.
    """
    az = az_login
    if not az.installed:
        not_applicable("The Azure CLI is not installed on this VM: TOKEN-001 asks IMDS without it.")
    if az.agent is not None:
        why = (
            f"{HIMDS} is installed, so az asks the agent (localhost:40342) for tokens and not IMDS, and gets none with "
            "the VM's managed identity"
        )
        if az.agent == "Connected":
            not_applicable(f"The VM is enrolled already. {why}.")
        blocked(
            f"Not judged: {why}; see AGENT-002. TOKEN-001 asks IMDS itself.",
            by="AGENT-002",
            remedy="Use the result of TOKEN-001. On a VM that is to log in with az, install the agent last "
            "(AGENT-002).",
        )
    user = imds_token.user_assigned(vm)
    command = "az login --identity" + (f" {imds_token.token_rules().identity_options[0]} {named(user)}" if user else "")
    if problem := _failed(az.login, command) or _failed(az.token, "az account get-access-token"):
        raise problem
    return f"{command} and az account get-access-token worked, in {az.seconds:.1f} s."


def _failed(step: Step | None, command: str) -> CheckOutcome | None:
    """The outcome of a step that did not work."""
    if step is None or step.exit is None:
        return CheckOutcome(
            Status.UNKNOWN,
            f"{command} did not finish within the probe's time limit. az itself has no limit: it waits for IMDS, or "
            "for the proxy.",
            "See TOKEN-001, IMDS-003, PROXY-002 and NET-001. If they pass, az is just slow here: run it by hand.",
        )
    if step.exit == 0:
        return None
    message = f"{command} ended with {step.exit}{sentence(_last_words(step.output))}."
    for refusal in imds_token.token_rules().az_refusals:
        if re.search(refusal.pattern, step.output, re.I):
            return CheckOutcome(Status.FAIL, f"{message} {refusal.meaning}", refusal.remedy)
    return CheckOutcome(Status.FAIL, message)


def _last_words(output: str) -> str:
    """The last line that az marked as an error, else its last line.

    ``ERROR: HTTPConnectionPool(host='169.254.169.254', port=80): Max retries exceeded with url: /metadata/...
    (Caused by NewConnectionError("...: [Errno 111] Connection refused"))``: the cause is more useful than the address.
    """
    # az ends a traceback with: To open an issue, please run: 'az feedback'; To check existing issues, please visit: ...
    lines = [
        line for line in map(str.strip, output.splitlines()) if line and not line.startswith(("To open", "To check"))
    ]
    errors = [line for line in lines if line.startswith("ERROR: ")]
    return plain(re.sub(r" with url: \S+", "", (errors or lines or [""])[-1].removeprefix("ERROR: ")))
