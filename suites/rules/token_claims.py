"""TOKEN-002: the claims of a token, compared with the inventory and with Azure.

Each function returns None without a finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from plugins import CheckOutcome, Principal, Profile, Status, Vm
from suites.probes.imds_token import TokenAnswer, resource, token_rules, user_assigned
from suites.rules.token_request import identity_of


def _bare(text: str) -> str:
    return text.rstrip("/").lower()


def wrong_audience(token: TokenAnswer, vm: Vm, profile: Profile) -> CheckOutcome | None:
    """The token is not for Resource Manager."""
    expected = resource(vm, profile)
    audience = token.claim("aud")
    if _bare(audience) in map(_bare, (*token_rules().audiences.get(vm.target.cloud, ()), expected)):
        return None
    return CheckOutcome(
        Status.FAIL,
        f"The token is for the audience {audience or '(none)'}; expected {expected}. Resource Manager does not accept "
        "it.",
        "The request names the right resource, so the metadata service is at fault: open a support request with this "
        f"message. (If {audience or 'the audience'} is right for your cloud, add it to "
        "plugins/requirements/data/token.toml.)",
    )


class _Claim(NamedTuple):
    """A claim that is compared with Azure's record of the identity."""

    name: str
    actual: str
    expected: str


def _claims(token: TokenAnswer, principal: Principal | None) -> Iterator[_Claim]:
    """Those that both sides state."""
    if principal is None:
        return
    for claim in (
        _Claim("object id", token.claim("oid"), principal.principal_id or ""),
        _Claim("tenant", token.claim("tid"), principal.tenant_id or ""),
        _Claim("client id", token.claim("appid") or token.fields.get("client_id", ""), principal.client_id or ""),
    ):
        if claim.actual and claim.expected:
            yield claim


def wrong_identity(token: TokenAnswer, principal: Principal | None, vm: Vm) -> CheckOutcome | None:
    """The token belongs to another identity than the expected one."""
    identity = identity_of(vm) if vm.identity or principal is None else str(principal)
    source = token.claim("xms_mirid")
    for claim in _claims(token, principal):
        if _bare(claim.actual) != _bare(claim.expected):
            whose = f"It is of {source}." if source and _bare(source) != _bare(vm.resource_id or "") else ""
            return CheckOutcome(
                Status.FAIL,
                f"The token's {claim.name} is {claim.actual}; expected {claim.expected}, that of {identity}. "
                f"{whose}".rstrip(),
            )
    return _wrong_resource(source, vm, identity)


def _wrong_resource(source: str, vm: Vm, identity: str) -> CheckOutcome | None:
    """Compare the claim xms_mirid: the ARM id of the identity, or of the VM whose system-assigned one it is.

    Its value for the system-assigned identity of a Nexus VM is not documented, so only a clearly wrong one counts:
    a user-assigned identity, or another VM of Operator Nexus.
    """
    user = user_assigned(vm)
    if not source or _bare(source) == _bare(user or vm.resource_id or ""):
        return None
    if user:
        return CheckOutcome(Status.FAIL, f"The token is of {source}; expected {identity} ({user}).")
    if vm.identity and _is_user_assigned(source):
        return CheckOutcome(
            Status.FAIL,
            f"The token is of the user-assigned identity {source}; expected {identity}, as the inventory says.",
        )
    if vm.resource_id and _is_vm(source):
        return CheckOutcome(
            Status.FAIL,
            f"The token is of another VM, {source}; expected {vm.resource_id}.",
            "Check resource_id of this VM in the inventory and the address behind its name. If both are right, "
            "the platform has mixed up two VMs: open a support request with this message.",
        )
    return None


def _is_user_assigned(source: str) -> bool:
    return "/userassignedidentities/" in source.lower()


def _is_vm(source: str) -> bool:
    return "/microsoft.networkcloud/virtualmachines/" in source.lower()


def compared(token: TokenAnswer, principal: Principal | None, vm: Vm) -> str:
    """The values with which the identity of a valid token was compared; "" = none."""
    parts = [f"{claim.name} as Azure has it" for claim in _claims(token, principal)]
    if source := token.claim("xms_mirid"):
        if user_assigned(vm):
            parts.append("identity as the inventory has it")
        elif vm.resource_id and _is_vm(source):
            parts.append("VM as the inventory has it")
        elif vm.identity and not _is_user_assigned(source):
            parts.append("system-assigned, as the inventory has it")
    return ", ".join(parts)


def not_valid_now(token: TokenAnswer) -> CheckOutcome | None:
    """The token has expired, is not valid yet, or does not state when it is valid."""
    expires, begins, now = token.time("exp"), token.time("nbf") or token.time("iat"), token.received
    if expires is None:
        return CheckOutcome(
            Status.UNKNOWN,
            "The token does not state when it expires (claim exp).",
            "Run azcmagent connect to check whether the token works, and report the missing claim to Microsoft "
            "support.",
        )
    if not now:
        return CheckOutcome(
            Status.UNKNOWN, "This evidence does not state when it was gathered.", "Gather the evidence again."
        )
    clock = "By the clock of the machine that runs this suite, the token"
    if expires <= now:
        return CheckOutcome(
            Status.FAIL,
            f"{clock} expired {duration(now - expires)} ago ({clock_time(expires)}). IMDS gives out what it has "
            "cached, or a clock is wrong.",
            "Compare the clocks (SSH-003, and this machine's). If they are right, restart the VM through Azure (az "
            "networkcloud virtualmachine restart): its sidecar then asks for a new token.",
        )
    if begins is not None and begins > now + token_rules().backdated:
        return CheckOutcome(
            Status.FAIL,
            f"{clock} is valid only in {duration(begins - now)} ({clock_time(begins)}): a clock is wrong.",
            "Compare the clocks: that of this machine with Azure's, and the VM's with both (SSH-003).",
        )
    return None


def expires_soon(token: TokenAnswer) -> CheckOutcome | None:
    """The token is valid now, and may expire while the agent connects."""
    left = lifetime(token)
    if left >= token_rules().nearly_expired:
        return None
    return CheckOutcome(
        Status.WARN,
        f"The token expires in {duration(left)}: it may do so while the agent connects.",
        "Wait until it has expired and run again: IMDS then gives out a new one.",
    )


def lifetime(token: TokenAnswer) -> float:
    """Seconds for which a token that states its end is still valid."""
    return (token.time("exp") or 0) - token.received


def duration(seconds: float) -> str:
    """``190 s``, ``59 min``, ``23 h``."""
    if seconds < 600:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min" if seconds < 7_200 else f"{seconds // 3600:.0f} h"


def clock_time(seconds: float) -> str:
    """``2026-11-21 22:45:58 UTC``"""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
