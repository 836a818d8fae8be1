"""Sentences about waivers that need attention, which are not in `results.json`."""

from __future__ import annotations

from collections.abc import Iterator

from plugins.reports.queries import Json

_SHOW = 5  # waivers of each kind


def waiver_warnings(results: Json) -> Iterator[str]:
    """A sentence for each waiver that can be deleted or expires soon. Not sanitized: the caller escapes them."""
    waivers = results.get("waivers", [])
    yield from _listed(
        [waiver for waiver in waivers if waiver["unused"]], "no longer matches any finding; delete it: ", "unused"
    )
    soon = [waiver for waiver in waivers if waiver["expiring_soon"] and not waiver["unused"]]
    yield from _listed(soon, "expires on {expires}. Fix the finding or agree on a new date: ", "expiring soon")


def _listed(waivers: list[Json], what: str, more: str) -> Iterator[str]:
    for waiver in waivers[:_SHOW]:
        of = f" [{waiver['parameter']}]" if waiver["parameter"] else ""
        about = f"Warning: the waiver of {waiver['id']}{of} on {waiver['vms']} "
        yield f"{about}{what.format(**waiver)}{waiver['owner']}, {waiver['tracker']}."
    if len(waivers) > _SHOW:
        yield f"Warning: and {len(waivers) - _SHOW} more waivers, {more}: see results.json."
