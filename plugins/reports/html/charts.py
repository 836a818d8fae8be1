"""Charts of the page, as paths: the ready VMs after each fix of the plan, and over the last runs.

A path fills a box of 1,000 by 200 that the page stretches to its width; numbers and names are text beside it. The
policy forbids style attributes, so colours come from classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from plugins.core.wording import counted, plural
from plugins.reports.queries import Json

WIDTH, HEIGHT = 1000, 200


def staircase(steps: Sequence[Json], ready: int, total: int) -> Json | None:
    """The ready VMs before the plan, and after each of its `steps` (``{"what", "ready"}``).

    None for a single VM, and for a plan that makes no VM ready.
    """
    counts = [ready, *(step["ready"] for step in steps)]
    if total < 2 or counts[-1] == ready:
        return None
    # A plan for the last few of many VMs has steps too low to see on an axis that begins at 0.
    bottom = 0 if ready < total / 2 else _rounded_down(2 * ready - total)
    width = WIDTH / len(counts)

    def y(count: int) -> float:
        return round(HEIGHT - HEIGHT * (count - bottom) / (total - bottom), 1)

    line = "".join(
        f"{'L' if number else 'M'}{number * width:.1f} {y(count)}H{(number + 1) * width:.1f}"
        for number, count in enumerate(counts)
    )
    texts = [f"Now: {ready:,} of {total:,} ready"]
    texts += [
        f"After fix {number}, {step['what']}: {step['ready']:,} of {total:,} ready"
        for number, step in enumerate(steps, 1)
    ]
    hits = [
        {"x": round(number * width, 1), "width": round(width, 1), "text": text} for number, text in enumerate(texts)
    ]
    return {
        "counts": counts,
        "top": total,
        "bottom": bottom,
        "line": line,
        "area": f"{line}V{HEIGHT}H0Z",
        "hits": hits,
        "sentence": f"Of {counted(total, 'VM')}, {ready:,} {plural(ready, 'is', 'are')} ready now, "
        f"{counts[-1]:,} after {counted(len(steps), 'fix', 'fixes')}.",
    }


def _rounded_down(number: int) -> int:
    """Round to one digit: 534 -> 500."""
    text = str(number)
    return int(text[0] + "0" * (len(text) - 1))


def history(runs: Sequence[Json]) -> Json | None:
    """The ready VMs in `runs` (``history`` of `results.json`), the oldest first. None for fewer than two runs."""
    if len(runs) < 2:
        return None
    top = max(run["vms"] for run in runs) or 1
    step = WIDTH / (len(runs) - 1)
    points = [
        (round(number * step, 1), round(HEIGHT - HEIGHT * run["ready"] / top, 1)) for number, run in enumerate(runs)
    ]
    line = "M" + "L".join(f"{x} {y}" for x, y in points)
    first, last = runs[0]["ready"], runs[-1]["ready"]
    ends = [_when(run["started"]) for run in (runs[0], runs[-1])]
    same_day = ends[0]["day"] == ends[1]["day"]
    before = f"{first:,} {plural(first, 'VM was', 'VMs were')} ready in the first of {len(runs)} runs"
    return {
        "top": top,
        "line": line,
        "area": f"{line}V{HEIGHT}H0Z",
        "dots": "".join(f"M{x} {y}h0" for x, y in points),  # with a round cap, a line without length is a dot
        "sentence": f"{before}, {last:,} in the last.",
        "first": ends[0]["time" if same_day else "day"],
        "last": ends[1]["time" if same_day else "day"],
        "runs": [{**run, "not_ready": run["not ready"], **_when(run["started"])} for run in runs],
    }


def _when(started: str) -> Json:
    moment = datetime.fromisoformat(started)
    return {"day": f"{moment:%Y-%m-%d}", "time": f"{moment:%H:%M}"}
