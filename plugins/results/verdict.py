"""The verdict on a fleet: one word, and one sentence. It never claims more than was judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugins.core.wording import plural
from plugins.results.coverage import judged_sentence

#: The end of the sentence about a partial run.
CAVEAT = "This is not a verdict on readiness."


def word(tally: Mapping[str, int], judged: Mapping[str, Any]) -> str:
    """``not ready``, ``partial``, ``unknown`` or ``ready``. `tally` counts the VMs by readiness.

    A required failure decides, also when other checks were not judged.
    """
    if tally.get("not ready"):
        return "not ready"
    if not judged["complete"]:
        return "partial"
    return "ready" if tally.get("ready") and not tally.get("unknown") else "unknown"


def sentence(tally: Mapping[str, int], judged: Mapping[str, Any]) -> str:
    """ "4 of 6 VMs are ready; 1 is not; 1 could not be judged." """
    total = sum(tally.values())
    if judged["complete"]:
        return _complete(total, tally)
    text = f"{_partial(max(total, judged['vms']['of']), tally, judged)} {judged_sentence(judged)}"
    return text if tally.get("not ready") else f"{text} {CAVEAT}"


def _complete(total: int, tally: Mapping[str, int]) -> str:
    ready, bad, unknown = (tally.get(readiness, 0) for readiness in ("ready", "not ready", "unknown"))
    if not total:
        return "No VM was judged."
    if ready == total:
        return "The VM is ready." if total == 1 else f"All {total:,} VMs are ready."
    if total == 1:
        return "The VM is not ready." if bad else "The VM could not be judged."
    parts = [f"{ready:,} of {total:,} VMs {plural(ready, 'is', 'are')} ready"]
    if bad:
        parts.append(f"{bad:,} {plural(bad, 'is', 'are')} not")
    if unknown:
        parts.append(f"{unknown:,} could not be judged")
    return f"{'; '.join(parts)}."


def _partial(total: int, tally: Mapping[str, int], judged: Mapping[str, Any]) -> str:
    passed, ready = tally.get("partial", 0), tally.get("ready", 0)
    bad, unknown = tally.get("not ready", 0), tally.get("unknown", 0)
    alone = judged["guest_alone"]
    if total == 1:
        if bad:
            return "The VM is not ready."
        if not passed:
            return "The VM could not be judged."
        return "Guest ready; Azure not asked." if alone else "The VM passed all judged checks."
    parts = [f"{bad:,} of {total:,} VMs {plural(bad, 'is', 'are')} not ready"] if bad else []
    if passed and alone:
        parts.append(f"guest ready on {passed:,} of {total:,} VMs; Azure not asked")
    elif passed:
        parts.append(f"{passed:,} of {total:,} VMs passed all judged checks")
    if ready:
        parts.append(f"{ready:,} of {total:,} VMs {plural(ready, 'is', 'are')} ready")
    if unknown:
        parts.append(f"{unknown:,} could not be judged")
    if left := total - sum(tally.values()):
        parts.append(f"{left:,} {plural(left, 'was', 'were')} not judged")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."
