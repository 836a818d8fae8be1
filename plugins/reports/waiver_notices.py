"""Sentences about the decision that `results.json` does not hold already: waivers that want attention."""

from __future__ import annotations

from collections.abc import Iterator

from plugins.reports.queries import Json

__all__ = ["waiver_warnings"]

_SHOW = 5  # waivers of each kind


def waiver_warnings(results: Json) -> Iterator[str]:
    """A sentence for each waiver that can go or ends soon. Texts are as they came: make them safe for where they go."""
    waivers = results.get("waivers", [])
    yield from _listed(
        [each for each in waivers if each["unused"]], "no longer matches any finding; delete it: ", "unused"
    )
    soon = [each for each in waivers if each["expiring_soon"] and not each["unused"]]
    yield from _listed(soon, "expires on {expires}. Fix the finding or agree on a new date: ", "expiring soon")


def _listed(waivers: list[Json], what: str, more: str) -> Iterator[str]:
    for each in waivers[:_SHOW]:
        of = f" [{each['parameter']}]" if each["parameter"] else ""
        about = f"Warning: the waiver of {each['id']}{of} on {each['vms']} "
        yield f"{about}{what.format(**each)}{each['owner']}, {each['tracker']}."
    if len(waivers) > _SHOW:
        yield f"Warning: and {len(waivers) - _SHOW} more waivers, {more}: see results.json."
