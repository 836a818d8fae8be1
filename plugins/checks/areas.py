"""The areas of the catalogue in order, from the login to the enrollment."""

from __future__ import annotations

from pathlib import Path

#: The areas of the catalogue, in the order in which an operator would check them.
AREAS = (
    "SSH",
    "PLATFORM",
    "CLI",
    "VM",
    "CLOUDINIT",
    "CSN",
    "PROXY",
    "IMDS",
    "DNS",
    "NET",
    "IDENTITY",
    "ROLES",
    "RELAY",
    "TOKEN",
    "AGENT",
    "ENROLL",
)


#: The area of the only checks whose commands change a VM (`plugins.enrollment`).
ENROLL = "ENROLL"

#: The check that decides whether a VM was reached.
REACHED = "SSH-001"

#: The check that decides whether the login has root; without it, probes that need root have no answer.
ROOT = "SSH-002"


def area_of(check_id: str) -> str:
    """``NET`` of ``NET-001``."""
    return check_id.rpartition("-")[0]


def order(check_id: str) -> tuple[int, str]:
    """The sort key for catalogue order of check ids; a user's own areas come last."""
    area = area_of(check_id)
    return (AREAS.index(area) if area in AREAS else len(AREAS), check_id)


def documented(pages: Path) -> list[str]:
    """The ids of all checks with a page in a folder: the whole catalogue, also checks that a run does not select."""
    return sorted(path.stem for path in pages.glob("*-[0-9][0-9][0-9].md"))
