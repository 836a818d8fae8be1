"""`summary.md`, for the summary page of a CI job: the verdict, the fixes in order, and their VMs.

It is aggregated: every list has a cap, so it stays far below the 1 MiB of a job summary for any fleet.
Features that a run does not use (a gate, a comparison, waivers) have no heading.
"""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import indent

from plugins.core.exit_codes import EXIT_UNKNOWN
from plugins.core.sanitize import Harmless, names
from plugins.core.wording import counted, plural
from plugins.diagnosis.findings import rank
from plugins.reports.fix_commands import in_words, whole
from plugins.reports.markdown_syntax import code, linked, table, text
from plugins.reports.queries import Json, cause_subject, first_to_fix, subject, vms_by_readiness
from plugins.results.coverage import judged_sentence
from plugins.results.verdict import CAVEAT

_CAUSES = 20
_VMS = 40  # of each kind
_ROWS = 20  # of any other table
_COMMAND = 500  # characters: a longer one is only in fixes.sh

_MARK = {"ready": "✅", "not ready": "❌", "partial": "🟨", "unknown": "❔"}


def render(results: Harmless) -> str:
    """`results` as Markdown."""
    parts = [
        f"## {_MARK[results['verdict']]} Azure Arc readiness: {results['verdict']}",
        f"**{text(results['sentence'])}**",
        *_partial(results),
        *map(text, results["notes"]),
        *_gate(results.get("gate")),
        *_plan(results["plan"], results["causes"]),
        *_changes(results.get("changes")),
        *_causes(results["causes"]),
        *_vms(results, "not ready"),
        *_vms(results, "unknown"),
        *_waivers(results.get("waivers", ())),
        *_drift(results["drift"]),
        *_counts(results),
        f"Run {text(results['run_id'])}, profile {text(results['profile'])}, "
        f"{text(results['started'])}, {results['seconds']:.1f} s.",
    ]
    return "\n\n".join(parts) + "\n"


def _partial(results: Json) -> Iterable[str]:
    if not results["judged"]["complete"]:
        yield f"> ⚠️ **Partial run.** {text(judged_sentence(results['judged']))} {CAVEAT}"


def _gate(gate: Json | None) -> Iterable[str]:
    if gate:
        mark = "✅" if gate["passed"] else "❔" if gate["exit"] == EXIT_UNKNOWN else "❌"
        yield f"{mark} **{text(gate['sentence'])}**"


def _step(number: int, step: Json, cause: Json) -> str:
    """An entry of a list, with its only command in a block below it, or a reference to several."""
    commands = [fix["command"] for fix in cause["fix"]]
    line = f"{number}. {text(step['sentence'])}"
    if len(commands) == 1 and whole(commands[0]) and len(commands[0]) <= _COMMAND:
        return f"{line}\n\n{indent(code(commands[0], 'sh'), '   ')}\n"
    return f"{line} {counted(len(commands), 'command')}: step {number} of `fixes.sh`." if commands else line


def _plan(plan: list[Json], causes: list[Json]) -> Iterable[str]:
    if not plan:
        return
    yield "### Fix in this order"
    yield "\n".join(_step(number, step, causes[step["cause"] - 1]) for number, step in enumerate(plan[:_ROWS], 1))
    yield from _more(len(plan) - _ROWS, "step", "fixes.md")


def _changes(changes: Json | None) -> Iterable[str]:
    if not changes:
        return
    yield f"### Changes since {text(changes['against'])}"
    yield text(changes["sentence"])
    if changes["new"]:
        yield table(
            ("", "VM", "Check", "Was", "Now", "Observed"),
            (
                ("new", *map(text, (entry["vm"], subject(entry), entry["was"], entry["now"], entry["message"])))
                for entry in changes["new"][:_ROWS]
            ),
        )  # fmt: skip
        yield from _more(len(changes["new"]) - _ROWS, "change", "the HTML report")


def _waivers(waivers: Iterable[Json]) -> Iterable[str]:
    soon = [waiver for waiver in waivers if waiver["expiring_soon"]]
    if not soon:
        return
    yield "### Waivers that expire soon"
    yield table(
        ("Check", "VM", "Expires", "Owner", "Tracker", "Reason"),
        (
            tuple(text(str(waiver[key])) for key in ("id", "vms", "expires", "owner", "tracker", "reason"))
            for waiver in sorted(soon, key=lambda waiver: str(waiver["expires"]))[:_ROWS]
        ),
    )
    yield from _more(len(soon) - _ROWS, "waiver", "the HTML report")


def _drift(drift: list[Json]) -> Iterable[str]:
    if not drift:
        return
    yield "### Drift: VMs that should be equal and differ"
    yield table(
        ("Group", "Fact", "Most have", "Others"),
        (
            (
                text(entry["group"]),
                text(entry["fact"]),
                f"{text(entry['majority'])} ({entry['count']} of {entry['of']})" if entry["count"] else "no majority",
                _others(entry["outliers"]),
            )
            for entry in drift[:_ROWS]
        ),
    )
    yield from _more(len(drift) - _ROWS, "difference", "the HTML report")


def _others(outliers: list[Json]) -> str:
    shown = [
        f"{text(outlier['value'], 80)} ({len(outlier['vms'])}: {text(names(outlier['vms'], 3))})"
        for outlier in outliers[:3]
    ]
    return "; ".join(shown) + (
        f"; and {len(outliers) - 3} more {plural(len(outliers) - 3, 'value')}" if len(outliers) > 3 else ""
    )


def _more(count: int, what: str, where: str) -> Iterable[str]:
    if count > 0:
        yield f"… and {count} more {plural(count, what)}: see {where}."


def _causes(causes: list[Json]) -> Iterable[str]:
    if not causes:
        return
    yield "### Root causes, most VMs first"
    yield table(
        ("Fix", "Check", "Says", "VM", "Observed", "What to do"),
        (
            (
                text(cause["headline"]),
                linked(cause_subject(cause), cause["docs"]),
                cause["status"],
                f"**{len(cause['vms'])}**: {text(names(cause['vms']))}",
                text(cause["message"]),
                text(in_words(cause, f"the {'commands' if len(cause['fix']) > 1 else 'command'} of fixes.sh")),
            )
            for cause in causes[:_CAUSES]
        ),
    )
    yield from _more(len(causes) - _CAUSES, "root cause", "the HTML report")


def _vms(results: Json, readiness: str) -> Iterable[str]:
    chosen = [vm for vm in results["vms"] if vm["readiness"] == readiness]
    if not chosen:
        return
    yield f"### {_MARK[readiness]} {'Not ready' if readiness == 'not ready' else 'Could not be judged'}: {len(chosen)}"
    yield table(("VM", "Fix first", "Observed", "What to do"), (_vm_row(vm) for vm in chosen[:_VMS]))
    yield from _more(len(chosen) - _VMS, "VM", "the HTML report")


def _vm_row(vm: Json) -> tuple[str, ...]:
    result = first_to_fix(vm)
    if result is None:
        return text(vm["name"]), "", text(vm["session"]["message"]), text(vm["session"]["remedy"])
    return text(vm["name"]), text(subject(result)), text(result["message"]), text(result["remedy"])


def _counts(results: Json) -> Iterable[str]:
    readiness = [vm["readiness"] for vm in vms_by_readiness(results)]
    vms = ", ".join(f"{readiness.count(word)} {word}" for word in dict.fromkeys(readiness))
    counted = sorted(results["counts"].items(), key=lambda item: rank(item[0]))
    yield f"VMs: {vms or 'none'}. Results: " + ", ".join(f"{count} {status}" for status, count in counted) + "."
