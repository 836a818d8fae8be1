"""Short names of Azure components: the last segment of the id, with resource group or subscription if ambiguous."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence


def short_names(ids: Sequence[str]) -> list[str]:
    """One name for each of the different `ids`, ARM ids or image names: ``lab-cluster``, ``lab-cluster (rg-2)``."""
    forms = [[last_part(id), *(f"{last_part(id)} ({group})" for group in _places(id))] for id in ids]
    alike = Counter(form.lower() for of_id in forms for form in of_id)
    return [
        next((form for form in of_id if alike[form.lower()] == 1), id) for id, of_id in zip(ids, forms, strict=True)
    ]


def places(ids: Iterable[str]) -> dict[str, str]:
    """ID in lower case -> the scope that distinguishes it from others of its type and name; "" if unique."""
    groups: dict[str, dict[str, str]] = {}
    for id in ids:
        kind_and_name = "/".join(id.rstrip("/").lower().split("/")[-2:])
        groups.setdefault(kind_and_name, {})[id.lower()] = id
    labels = {}
    for group in groups.values():
        alike = Counter(scope for id in group.values() for scope in _places(id))
        for key, id in group.items():
            own = (scope for scope in _places(id) if alike[scope] == 1)
            labels[key] = next(own, id) if len(group) > 1 else ""
    return labels


def last_part(id: str) -> str:
    """The last part of an ARM id, or of an image name."""
    return id.rstrip("/").rpartition("/")[2]


def _places(id: str) -> list[str]:
    """Resource group, subscription, and both."""
    parts = [*id.split("/"), "", "", "", ""]
    return [parts[4], parts[2], f"{parts[4]}, {parts[2]}"]
