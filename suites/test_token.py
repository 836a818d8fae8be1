"""TOKEN: can the VM get a token for Azure Resource Manager with its managed identity, and is it the right one?

The metadata service is asked directly, with curl: once the agent is installed, az asks the agent instead (TOKEN-004).
What leaves the VM of a token is what it claims, never the token: see `suites.probes.imds_token`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from plugins import (
    AzureVmView,
    Principal,
    Profile,
    Vm,
    blocked,
    check,
    fail,
    not_applicable,
    recommended,
    required,
    unknown,
    warn,
)
from suites import ARTICLE
from suites.probes import imds_token
from suites.probes.az_login import KNOWN_MESSAGES, AzLogin
from suites.probes.azcmagent_output import HIMDS
from suites.probes.imds_token import TokenAnswer
from suites.rules.arm_resources import restart
from suites.wording import plain, sentence

_RECREATE = (
    "A managed identity works only when the VM was created with it; adding it later shows it in Azure but gives no "
    "tokens. Compare IDENTITY-001 and IDENTITY-002, and create the VM again with the identity (--mi-system-assigned, "
    "or --mi-user-assigned ID)."
)
_PLATFORM = (
    "Wait a minute and run again. If it stays so, restart the VM through Azure (az networkcloud virtualmachine "
    "restart), and open a support request with this message."
)


def _whose(vm: Vm) -> str:
    if user := imds_token.user_assigned(vm):
        return f"the user-assigned identity {_name(user)}"
    return "the system-assigned identity" if vm.identity else "the VM's identity"


def _name(id: str) -> str:
    return id.rstrip("/").rpartition("/")[2]


@check(
    "TOKEN-001",
    required,
    # Not those that only az or the environment's proxy could stumble over: the request goes past both.
    caused_by=["IDENTITY-001", "IDENTITY-002", "IMDS-002"],
    remedy=_RECREATE,
    docs=ARTICLE,
    component="vm",
)
def test_imds_issues_a_token(arm_token: TokenAnswer, vm: Vm, profile: Profile) -> str:
    """IMDS issues a Resource Manager token for the expected identity.

    Success: HTTP 200 with an access_token, for the identity that the inventory expects.
    Failure: another answer, or none. Statuses that may pass by themselves were asked twice, 2 s apart.
    Unknown: throttled or being updated, which says nothing about the identity; curl is missing.
    """
    answer, whose = arm_token, _whose(vm)
    code, error = answer.curl.code, sentence(answer.error)
    if 200 <= code < 300:
        return _issued(answer, whose, vm)
    if not code:
        _no_answer(answer, vm, profile)
    said = f"IMDS answered {code}{' twice' if answer.tries > 1 else ''}{error}"
    expected = f"expected 200 and a token for {whose}"
    again = restart(vm)
    if answer.curl.proxied_by:
        again = ()
        said = f"A proxy ({answer.curl.proxied_by}) answered in place of IMDS with {code}{error}"
    if code == 400:
        if not vm.identity:
            fail(
                f"{said}; {expected}. The VM has none, or it has several and the inventory does not say which.",
                remedy=f"{_RECREATE} If it has several user-assigned identities and no system-assigned one, state the "
                "one to use in the inventory (identity: its ARM id).",
            )
        fail(f"{said}; {expected}. As the metadata service sees it, the VM does not have that identity.")
    if code in (401, 403):
        fail(
            f"{said}; {expected}. The service knows the request but does not trust this VM with it.",
            remedy="Look at IDENTITY-001 and IDENTITY-002, then restart the VM through Azure (az networkcloud "
            "virtualmachine restart); if it stays so, open a support request with this message.",
            fix=again,
        )
    if code == 404:
        fail(
            f"{said}; {expected}. What listens at {profile.imds} serves no tokens, or not yet.",
            remedy="If the VM has only just started, wait a minute and run again. Else see IMDS-002: is this the "
            "sidecar? If it is, restart the VM through Azure and open a support request if it stays so.",
        )
    if code == 410:
        unknown(
            f"{said}: the service is being updated; {expected}.",
            remedy="It takes about a minute: wait and run again.",
        )
    if code == 429:
        unknown(
            f"{said}: the service is throttling; {expected}.",
            remedy="Find what asks so often on this VM (a script in a loop, as a rule), wait a minute and run again.",
        )
    if code >= 500:
        fail(
            f"{said}; {expected}. The service, or the platform behind it, is in trouble.",
            remedy=_PLATFORM,
            fix=again,
        )
    fail(f"{said}; {expected}.", remedy=_PLATFORM, fix=again)


def _issued(answer: TokenAnswer, whose: str, vm: Vm) -> str:
    code, error = answer.curl.code, sentence(answer.error)
    if answer.curl.exit:
        fail(
            f"IMDS answered {code}, but the answer broke off: curl ended with "
            f"{answer.curl.exit}{sentence(answer.curl.error)}.",
            remedy=_PLATFORM,
            fix=restart(vm),
        )
    if not answer.issued:
        fail(
            f"IMDS answered {code}, but without an access_token{error}; expected a token for {whose}. Something else "
            "than the Nexus sidecar may answer.",
            remedy="See IMDS-002: look at what the VM has at the metadata address (ip route get 169.254.169.254).",
        )
    again = " at the second try" if answer.tries > 1 else ""
    return f"IMDS issued a token for {whose} in {answer.curl.seconds:.2f} s{again}."


def _no_answer(answer: TokenAnswer, vm: Vm, profile: Profile) -> None:
    curl, at = answer.curl, f"{profile.imds} port 80"
    if curl.exit == 28 and curl.peer:
        fail(
            f"IMDS took the request for a token but did not answer within {curl.seconds:.0f} s. The sidecar waits for "
            "the platform's token service.",
            remedy=_PLATFORM,
            fix=restart(vm),
        )
    why = {
        7: f"{at} refuses the connection or has no route",
        28: f"{at} did not accept a connection within {curl.seconds:.0f} s",
    }.get(curl.exit, f"curl ended with {curl.exit}")
    fail(
        f"IMDS did not answer the request for a token: {why}{sentence(curl.error)}.",
        remedy=f"See IMDS-002: without {at} there are no tokens.",
    )


@check(
    "TOKEN-002",
    required,
    requires=["TOKEN-001"],
    caused_by=["IDENTITY-002"],
    remedy="State the identity to enroll with in the inventory (identity: system, or the ARM id of a user-assigned "
    "one), and see IDENTITY-002 for what the VM has.",
    docs=ARTICLE,
    component="vm",
)
def test_the_token_is_the_right_one(
    arm_token: TokenAnswer, expected_principal: Principal | None, vm: Vm, profile: Profile
) -> str:
    """The token's audience, tenant, object id and lifetime are right.

    Success: it is for Resource Manager, valid now, and of the expected identity, as far as inventory and Azure say
    which that is; the message says what could not be compared.
    Failure: another audience, identity or tenant; expired or not valid yet. Warning: it expires within minutes.
    Unknown: the token cannot be read, or states no expiry.
    """
    token = arm_token
    if token.claims is None:
        unknown(
            "The token that IMDS issued is opaque: it is no JWT whose claims could be read.",
            remedy="azcmagent connect will tell whether it works; tell Microsoft support that tokens are opaque.",
        )
    _audience(token, vm, profile)
    compared = _identity(token, expected_principal, vm)
    left = _lifetime(token)
    rest = "" if compared else " Nothing says which identity is expected, so that was not compared."
    return (
        f"The token is for {token.claim('aud')}, of object id {token.claim('oid') or 'unknown'} in tenant "
        f"{token.claim('tid') or 'unknown'}{f' ({compared})' if compared else ''}, and valid for another {left}.{rest}"
    )


def _audience(token: TokenAnswer, vm: Vm, profile: Profile) -> None:
    known = (*imds_token.token_rules().audiences.get(vm.target.cloud, ()), imds_token.resource(vm, profile))
    audience = token.claim("aud")
    if _bare(audience) not in map(_bare, known):
        fail(
            f"The token is for the audience {audience or '(none)'}; expected {imds_token.resource(vm, profile)}. "
            "Resource Manager does not accept it.",
            remedy="The request names the right resource, so the metadata service is at fault: open a support request "
            f"with this message. (If {audience or 'the audience'} is right for your cloud, add it to "
            "plugins/requirements/data/token.toml.)",
        )


def _bare(text: str) -> str:
    return text.rstrip("/").lower()


def _identity(token: TokenAnswer, principal: Principal | None, vm: Vm) -> str:
    """Stops when the token is of somebody else; says what it was compared with, "" = nothing."""
    compared = []
    whose = _whose(vm) if vm.identity or principal is None else str(principal)
    for claim, what, expected in (
        ("oid", "object id", principal and principal.principal_id),
        ("tid", "tenant", principal and principal.tenant_id),
        ("appid", "client id", principal and principal.client_id),
    ):
        if not expected:
            continue
        found = token.claim(claim) or (token.fields.get("client_id", "") if claim == "appid" else "")
        if not found:
            continue
        if _bare(found) != _bare(expected):
            fail(f"The token's {what} is {found}; expected {expected}, that of {whose}. {_other(token, vm)}".rstrip())
        compared.append(f"{what} as Azure has it")
    if said := _resource_of(token, vm, whose):
        compared.append(said)
    return ", ".join(compared)


def _resource_of(token: TokenAnswer, vm: Vm, whose: str) -> str:
    """Compare the claim xms_mirid: the ARM id of the identity, or of the VM whose system-assigned one it is.

    What it holds for the system-assigned identity of a Nexus VM is not documented, so there only what is clearly
    something else counts: a user-assigned identity, or another VM of Operator Nexus.
    """
    source, lower = token.claim("xms_mirid"), _bare(token.claim("xms_mirid"))
    if not source:
        return ""
    if user := imds_token.user_assigned(vm):
        if lower != _bare(user):
            fail(f"The token is of {source}; expected {whose} ({user}).")
        return "identity as the inventory has it"
    is_user = "/userassignedidentities/" in lower
    if vm.identity and is_user:
        fail(f"The token is of the user-assigned identity {source}; expected {whose}, as the inventory says.")
    if "/microsoft.networkcloud/virtualmachines/" in lower and vm.resource_id:
        if lower != _bare(vm.resource_id):
            fail(
                f"The token is of another VM, {source}; expected {vm.resource_id}.",
                remedy="Look at resource_id of this VM in the inventory and at the address behind its name. If both "
                "are right, the platform has mixed up two VMs: open a support request with this message.",
            )
        return "VM as the inventory has it"
    return "system-assigned, as the inventory has it" if vm.identity and not is_user else ""


def _other(token: TokenAnswer, vm: Vm) -> str:
    """Whose token it is, where that is somebody else than this VM."""
    source = token.claim("xms_mirid")
    return f"It is of {source}." if source and _bare(source) != _bare(vm.resource_id or "") else ""


def _lifetime(token: TokenAnswer) -> str:
    """How long the token will do, for a sentence; stops when it does not do now."""
    expires, begins = token.time("exp"), token.time("nbf") or token.time("iat")
    if expires is None:
        unknown(
            "The token does not state when it expires (claim exp).",
            remedy="azcmagent connect will tell whether it works; tell Microsoft support what the token lacks.",
        )
    if not token.received:
        unknown("This evidence does not say when it was gathered.", remedy="Gather again.")
    now = token.received
    clocks = "By the clock of the machine that runs this suite, the token"
    if expires <= now:
        fail(
            f"{clocks} expired {_span(now - expires)} ago ({_when(expires)}). IMDS gives out what it has cached, or "
            "a clock is wrong.",
            remedy="Compare the clocks (SSH-003, and this machine's). If they are right, restart the VM through Azure "
            "(az networkcloud virtualmachine restart): its sidecar then asks for a new token.",
        )
    if begins is not None and begins > now + imds_token.token_rules().backdated:
        fail(
            f"{clocks} is valid only in {_span(begins - now)} ({_when(begins)}): a clock is wrong.",
            remedy="Compare the clocks: that of this machine with Azure's, and the VM's with both (SSH-003).",
        )
    if expires < now + imds_token.token_rules().nearly_expired:
        warn(
            f"The token expires in {_span(expires - now)}: it may do so while the agent connects.",
            remedy="Wait until it has expired and run again: IMDS then gives out a new one.",
        )
    return _span(expires - now)


def _span(seconds: float) -> str:
    """``190 s``, ``59 min``, ``23 h``."""
    if seconds < 600:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min" if seconds < 7_200 else f"{seconds // 3600:.0f} h"


def _when(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f} seconds after 1970"


@check(
    "TOKEN-003",
    recommended,
    requires=["TOKEN-001"],
    caused_by=["IDENTITY-001", "IDENTITY-002"],
    remedy="Roles of the identity itself count at once, but membership in groups rides in the token. Wait until this "
    "one has expired, or restart the VM through Azure (az networkcloud virtualmachine restart), then run again.",
    docs=ARTICLE,
    component="vm",
)
def test_the_token_is_newer_than_the_roles(arm_token: TokenAnswer, azure: AzureVmView) -> str:
    """The token was issued after the last change of the identity's roles.

    Success: it was issued after the newest role assignment at the target scope was made or changed.
    Failure: it is older: only ever a warning, since most role changes act without a new token.
    Unknown: the token states no time, Azure could not be read, or the two lie too close together to tell.
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
        (moment, each)
        for each in azure.access(principal.principal_id).assignments
        if (moment := _moment(each.updated_on)) is not None
    ]
    if not dated:
        not_applicable(f"{str(principal).capitalize()} has no role assignments with a date (see ROLES-001).")
    changed, newest = max(dated, key=lambda pair: pair[0])
    if issued >= changed:
        return f"The token was issued {_when(issued)}, after the last change of its roles ({_when(changed)})."
    if issued + imds_token.token_rules().backdated >= changed:
        unknown(
            f"The token is dated {_when(issued)} and {plain(str(newest))} was changed {_when(changed)}. Entra dates "
            "tokens back by up to five minutes, so which came first is open.",
            remedy="Run again in five minutes.",
        )
    group = f" It comes through the group {newest.via_group}." if newest.via_group else ""
    fail(
        f"The token was issued {_when(issued)}, before {plain(str(newest))} was changed ({_when(changed)}). IMDS gives "
        f"out cached tokens, so it may not know of it yet.{group}"
    )


def _moment(text: str | None) -> int | None:
    """``2026-08-21T10:00:00.0000000Z``: seconds since 1970, or None."""
    found = re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d", text or "")
    try:
        return int(datetime.fromisoformat(found[0]).replace(tzinfo=UTC).timestamp()) if found else None
    except ValueError:
        return None


@check(
    "TOKEN-004",
    required,
    caused_by=[
        *("IDENTITY-001", "IDENTITY-002", "TOKEN-001", "IMDS-002", "IMDS-003", "PROXY-002", "AGENT-002", "CLI-001"),
        *("ROLES-001", "ROLES-002", "ROLES-003", "CSN-001", "CSN-002", "PROXY-001", "PROXY-003", "NET-001", "NET-003"),
    ],
    remedy="Run az login --identity on the VM by hand, with --debug, and see which request fails: the one to "
    "169.254.169.254 (IMDS-003, TOKEN-001) or the one to Resource Manager (NET-001).",
    docs=ARTICLE,
    component="guest",
)
def test_az_logs_in_with_the_identity(az_login: AzLogin, vm: Vm) -> str:
    """The Azure CLI logs in with the identity and gets a token.

    Success: az login --identity and az account get-access-token work, in a configuration folder of their own.
    Failure: one of them does not; the message has its words.
    Unknown: az did not end within the time.
    Not applicable: no az on this VM, or the VM is enrolled. Blocked: the agent is installed but not connected.
    """
    az = az_login
    if not az.installed:
        not_applicable("The Azure CLI is not installed on this VM: TOKEN-001 asks IMDS without it.")
    if az.agent is not None:
        _asks_the_agent(az.agent)
    options = imds_token.token_rules().identity_options
    command = "az login --identity" + (
        f" {options[0]} {_name(imds_token.user_assigned(vm))}" if vm.identity and imds_token.user_assigned(vm) else ""
    )
    _step(az, az.login, command)
    _step(az, az.token, "az account get-access-token")
    return f"{command} and az account get-access-token worked, in {az.seconds:.1f} s."


def _asks_the_agent(status: str) -> None:
    why = (
        f"{HIMDS} is installed, so az asks the agent (localhost:40342) for tokens and not IMDS, and gets none with "
        "the VM's managed identity"
    )
    if status == "Connected":
        not_applicable(f"The VM is enrolled already. {why}.")
    blocked(
        f"Not judged: {why}; see AGENT-002. TOKEN-001 asks IMDS itself.",
        by="AGENT-002",
        remedy="Go by TOKEN-001. On a VM that is to log in with az, install the agent last (AGENT-002).",
    )


def _step(az: AzLogin, step: tuple[int | None, str] | None, command: str) -> None:
    """Stops when the step did not work."""
    if step is None or step[0] is None:
        unknown(
            f"{command} had not ended when the probe's time was up. az itself sets no limit: it waits for IMDS, or "
            "for the proxy.",
            remedy="See TOKEN-001, IMDS-003, PROXY-002 and NET-001. If they pass, az is just slow here: run it by "
            "hand.",
        )
    status, said = step
    if status == 0:
        return
    words = sentence(_last_words(said))
    for sign, meaning, remedy in KNOWN_MESSAGES:
        if re.search(sign, said, re.I):
            fail(f"{command} ended with {status}{words}. {meaning}", remedy=remedy)
    fail(f"{command} ended with {status}{words}.")


def _last_words(said: str) -> str:
    """The last line that az marked as an error, else its last line.

    ``ERROR: HTTPConnectionPool(host='169.254.169.254', port=80): Max retries exceeded with url: /metadata/...
    (Caused by NewConnectionError("...: [Errno 111] Connection refused"))``: the cause is worth more than the address.
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR: ")]
    return plain(re.sub(r" with url: \S+", "", (errors or lines or [""])[-1].removeprefix("ERROR: ")))
