"""ARM resource ids. Azure may return them in another case, so comparisons ignore case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class ArmId:
    """The parts of a resource id, each as it was written."""

    subscription: str
    resource_group: str
    provider: str  # "Microsoft.NetworkCloud"
    type: str  # "virtualMachines", for a child "virtualMachines/consoles"
    name: str  # the last name

    @property
    def group(self) -> str:
        """The id of its resource group."""
        return group_scope(self.subscription, self.resource_group)


# /subscriptions/<guid>/resourceGroups/<group>/providers/Microsoft.NetworkCloud/virtualMachines/<name>
_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/(?P<provider>[^/]+)"
    r"/(?P<rest>[^/]+/[^/]+(?:/[^/]+/[^/]+)*)/?",
    re.I,
)


@lru_cache(4096)
def parse(text: str) -> ArmId:
    """The parts of a resource id in a resource group. Raises ValueError."""
    match = _ID.fullmatch(text.strip())
    if not match:
        raise ValueError(
            f"{text!r} is not a resource id. Expected /subscriptions/<guid>/resourceGroups/<group>/providers/"
            "<namespace>/<type>/<name>, as `az ... show --query id` prints it."
        )
    words = match["rest"].split("/")
    return ArmId(
        subscription=match["subscription"],
        resource_group=match["group"],
        provider=match["provider"],
        type="/".join(words[::2]),
        name=words[-1],
    )


def key(text: str) -> str:
    """The id for comparisons: lower case, without a trailing slash."""
    return text.strip().rstrip("/").lower()


# 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11, {5A1C...}, (5a1c...), urn:uuid:5a1c..., 5a1c5a666c3c4d1e9d4e0f1f8a2d7c11
_GUID = re.compile(
    r"[{(]?\s*(?:urn:uuid:)?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\s*[)}]?"
)


def guid(text: str) -> str:
    """A GUID for comparisons: lower case, with dashes, without braces; "" for a text that is not one."""
    match = _GUID.fullmatch(text.strip().lower())
    return "-".join(match.groups()) if match else ""


def same(one: str | None, other: str | None) -> bool:
    """True when both name the same resource. None names none."""
    return one is not None and other is not None and key(one) == key(other)


def reaches(scope: str, target: str) -> bool:
    """True when an assignment at `scope` applies at `target`: /…/rg-a does not include /…/rg-ab.

    The id of a management group does not show its members; Azure was queried for the target, so its answer is trusted.
    """
    above, below = key(scope).split("/"), key(target).split("/")
    if above == [""] or above[1:3] == ["providers", "microsoft.management"]:
        return True
    return below[: len(above)] == above


def last(text: str) -> str:
    """The last segment, in lower case: the GUID of a role definition, with or without a subscription before it."""
    return key(text).rpartition("/")[2]


def subscription_scope(subscription: str) -> str:
    """/subscriptions/<subscription>"""
    return f"/subscriptions/{subscription}"


def group_scope(subscription: str, group: str) -> str:
    """/subscriptions/<subscription>/resourceGroups/<group>"""
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def above(id: str) -> str:
    """The subscription that a resource group, or anything else, is in: /subscriptions/<subscription>"""
    return "/".join(id.split("/")[:3])
