"""TOKEN-001: judges the answer of the metadata service to a token request.

Each function returns None without a finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from plugins import CheckOutcome, Principal, Profile, Status, Vm
from suites.probes.imds_token import KnownRefusal, TokenAnswer, token_rules, user_assigned
from suites.rules.arm_resources import named, restart
from suites.wording import sentence

RECREATE = (
    "A managed identity works only when the VM was created with it; adding it later shows it in Azure but gives no "
    "tokens. Compare IDENTITY-001 and IDENTITY-002, and create the VM again with the identity (--mi-system-assigned, "
    "or --mi-user-assigned ID)."
)
_PLATFORM = (
    "Wait a minute and run again. If it persists, restart the VM through Azure (az networkcloud virtualmachine "
    "restart), and open a support request with this message."
)


def identity_of(vm: Vm) -> str:
    """The identity that the inventory expects, for a message."""
    if user := user_assigned(vm):
        return f"the user-assigned identity {named(user)}"
    return "the system-assigned identity" if vm.identity else "the VM's identity"


def unanswered(answer: TokenAnswer, vm: Vm, profile: Profile) -> CheckOutcome | None:
    """No HTTP status came back."""
    curl, at = answer.curl, f"{profile.imds} port 80"
    if curl.code:
        return None
    if curl.timed_out and curl.accepted:
        return CheckOutcome(
            Status.FAIL,
            f"IMDS took the request for a token but did not answer within {curl.seconds:.0f} s. The sidecar waits for "
            "the platform's token service.",
            _PLATFORM,
            fix=restart(vm),
        )
    why = curl.ending
    if curl.timed_out:
        why = f"{at} did not accept a connection within {curl.seconds:.0f} s{sentence(curl.error)}"
    elif curl.exit == 7:
        why = f"{at} refuses the connection or has no route{sentence(curl.error)}"
    return CheckOutcome(
        Status.FAIL,
        f"IMDS did not answer the request for a token: {why}.",
        f"See IMDS-002: without {at} there are no tokens.",
    )


@dataclass(frozen=True, slots=True)
class _Refusal:
    """The meaning of an HTTP status, and its remedy; "" = the remedy of the check."""

    meaning: str = ""
    remedy: str = ""
    status: Status = Status.FAIL
    restart: bool = False  # a restart of the VM may help


_NOT_TRUSTED = _Refusal(
    "The service knows the request but does not trust this VM with it.",
    "Check IDENTITY-001 and IDENTITY-002, then restart the VM through Azure (az networkcloud virtualmachine "
    "restart); if it persists, open a support request with this message.",
    restart=True,
)

_REFUSALS = {
    401: _NOT_TRUSTED,
    403: _NOT_TRUSTED,
    404: _Refusal(
        "The server at {imds} does not issue tokens, or not yet.",
        "If the VM has only just started, wait a minute and run again. Else see IMDS-002: is this the sidecar? If it "
        "is, restart the VM through Azure and open a support request if it persists.",
    ),
    410: _Refusal("the service is being updated", "It takes about a minute: wait and run again.", Status.UNKNOWN),
    429: _Refusal(
        "the service is throttling",
        "Find the program on this VM that sends so many requests (usually a script in a loop), wait a minute and run "
        "again.",
        Status.UNKNOWN,
    ),
}
_NO_IDENTITY = _Refusal(
    "The VM has none, or it has several and the inventory does not state which.",
    f"{RECREATE} If it has several user-assigned identities and no system-assigned one, state the one to use in the "
    "inventory (identity: its ARM id).",
)
_SERVER_ERROR = _Refusal("The service, or the platform behind it, is not healthy.", _PLATFORM, restart=True)
_OTHER = _Refusal("", _PLATFORM, restart=True)


_UNEXPLAINED = (
    "If IMDS-002, IDENTITY-001 and IDENTITY-002 pass, restart the VM through Azure (az networkcloud virtualmachine "
    "restart), and open a support request with this message if it persists."
)
_PAGE = _Refusal(
    "The answer is an HTML page, not IMDS's JSON: another server answers, for example a proxy.",
    "Look for the rule that redirects the request on the VM (iptables -t nat -L, nft list ruleset), and exclude the "
    "metadata address from it; see IMDS-002 for the server that answers.",
)


def _known(answer: TokenAnswer) -> KnownRefusal | None:
    """The entry of data/token.toml for the text of the answer."""
    return next((refusal for refusal in token_rules().refusals if re.search(refusal.pattern, answer.error, re.I)), None)


def _refusal(answer: TokenAnswer, vm: Vm, expected: Principal | None) -> _Refusal:
    code, refusal = answer.curl.code, _known(answer)
    if refusal and not refusal.create_again and code in (400, 401, 403):
        return _Refusal(refusal.meaning, refusal.remedy)
    if code == 400 and not refusal:
        return _PAGE if answer.page else _Refusal("", _UNEXPLAINED, restart=True)
    if code == 400 and vm.identity:
        return _Refusal(refusal.meaning if refusal else "")
    if code == 400:
        if expected and expected.kind == "user":
            return _Refusal(
                f"Azure shows {expected} as the VM's only one, and the request did not name it.",
                f"State it in the inventory, so that the request names it (msi_res_id): identity: {expected.id} . If "
                f"that does not help: {RECREATE}",
            )
        return _NO_IDENTITY
    return _REFUSALS.get(code, _SERVER_ERROR if code >= 500 else _OTHER)


def refused(answer: TokenAnswer, vm: Vm, profile: Profile, principal: Principal | None = None) -> CheckOutcome | None:
    """The HTTP status is not 2xx. `principal` is the identity to enroll with, as Azure shows it."""
    code = answer.curl.code
    if 200 <= code < 300:
        return None
    refusal, proxy = _refusal(answer, vm, principal), answer.curl.proxied_by
    problem = f"IMDS answered {code}{' twice' if answer.tries > 1 else ''}{sentence(answer.error)}"
    if proxy:
        problem = f"A proxy ({proxy}) answered in place of IMDS with {code}{sentence(answer.error)}"
    expected = f"expected 200 and a token for {identity_of(vm)}"
    meaning = refusal.meaning.replace("{imds}", profile.imds)
    message = f"{problem}; {expected}. {meaning}".rstrip()
    if refusal.status is Status.UNKNOWN:
        message = f"{problem}: {meaning}; {expected}."
    if proxy and code == 400:  # the page of a proxy shows nothing about the VM's identity
        refusal = replace(_PAGE, status=refusal.status)
    return CheckOutcome(
        refusal.status, message, refusal.remedy, fix=restart(vm) if refusal.restart and not proxy else ()
    )


def incomplete(answer: TokenAnswer, vm: Vm) -> CheckOutcome | None:
    """The HTTP status is 2xx, and the answer is not a token."""
    curl = answer.curl
    if curl.exit:
        return CheckOutcome(
            Status.FAIL,
            f"IMDS answered {curl.code}, but the answer broke off: curl exited with {curl.exit}{sentence(curl.error)}.",
            _PLATFORM,
            fix=restart(vm),
        )
    if not answer.issued:
        return CheckOutcome(
            Status.FAIL,
            f"IMDS answered {curl.code}, but without an access_token{sentence(answer.error)}; expected a token for "
            f"{identity_of(vm)}. Something else than the Nexus sidecar may answer.",
            "See IMDS-002: check the VM's route to the metadata address (ip route get 169.254.169.254).",
        )
    return None
