"""The steps of an enrollment, and which checks belong to a run that enrolls."""

from __future__ import annotations

from collections.abc import Iterable

from plugins.checks.areas import AREAS, ENROLL, area_of, order
from plugins.model import ProbeResult

ROUNDTRIP = "ENROLL-003"

CONNECT, SHOW, MACHINE, DISCONNECT, GONE = (
    "enroll_connect",
    "enroll_show",
    "enroll_machine",
    "enroll_disconnect",
    "enroll_gone",
)


def changing_steps(mode: str) -> list[str]:
    """The keys of the steps that run on a VM, in their order (`mode`: connect or roundtrip)."""
    return [CONNECT, SHOW, *((DISCONNECT,) if mode == "roundtrip" else ())]


def wanted(check_id: str, mode: str | None) -> bool:
    """Whether a check belongs to a run with this ``--enroll`` (None: without it)."""
    if area_of(check_id) != ENROLL:
        return True
    return mode == "roundtrip" if check_id == ROUNDTRIP else mode is not None


def is_step(key: str) -> bool:
    """Whether a probe is a step of an enrollment: the first gathering omits these."""
    return key.startswith("enroll_")


def not_done(key: str, reason: str, command: str = "") -> ProbeResult:
    """The evidence of a step that was skipped, or has no result."""
    return ProbeResult(key, command, "lost", stderr=reason)


def refuse(left_out: Iterable[str], selected: Iterable[str]) -> str:
    """Why ``--enroll`` cannot be combined with a selection of checks; "" when it can.

    `left_out` are required checks of the catalogue that were not selected, or not for each VM and parameter.
    """
    missing = sorted({id for id in left_out if area_of(id) != ENROLL}, key=order)
    there = {area_of(id) for id in selected}
    missing += [area for area in AREAS if area not in (there | {ENROLL})]
    if not missing:
        return ""
    shown = ", ".join(missing[:4]) + (f" and {len(missing) - 4} more" if len(missing) > 4 else "")
    return (
        f"--enroll connects only VMs that pass every required check, and this choice omits {shown}. "
        "Drop --no-azure, --check, -k, -m and path arguments, or drop --enroll."
    )
