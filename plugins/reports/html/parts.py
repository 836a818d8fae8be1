"""``--split-by TAG``: the VMs of each page, and the names of the files.

A tag is text from outside: a file name keeps only its letters and digits; if that changes the text, a hash of the
value distinguishes names, also on file systems that ignore case.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

#: The largest number of pages; each has a quarter of a megabyte of its own.
MOST = 500


def parts(vms: Iterable[Mapping[str, Any]], tag: str) -> dict[str | None, list[str]]:
    """Value of the tag -> the names of its VMs; None: those without it, last. `vms` have ``name`` and ``tags``."""
    values: dict[str | None, list[str]] = {}
    for vm in vms:
        values.setdefault(vm["tags"].get(tag), []).append(vm["name"])
    return dict(sorted(values.items(), key=lambda item: (item[0] is None, item[0] or "")))


def folder(tag: str) -> str:
    """The folder of the pages, beside the whole page: ``by-owner``."""
    return f"by-{_slug(tag)}"


def file_name(tag: str, value: str | None) -> str:
    """``owner-alice.html``; ``_without-owner.html`` for the VMs without the tag."""
    return f"_without-{_slug(tag)}.html" if value is None else f"{_slug(tag)}-{_slug(value)}.html"


def _slug(text: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]
    if plain == text:
        return plain
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{plain}-{digest}".lstrip("-")
