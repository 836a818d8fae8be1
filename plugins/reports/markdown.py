"""`summary.md`, for the summary page of a CI job: the verdict, what to fix, and on which VMs.

It is aggregated: every list has a cap, so that a fleet of any size stays far below the 1 MiB a job summary may have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from plugins.reports.facts import Json, cause_subject, first_to_fix, rank, subject, vms_by_readiness
from plugins.reports.safe import cut, names, one_line

_CAUSES = 20
_VMS = 40  # of each kind
_SENTENCE = 400  # characters of a message or remedy: a table cell that is longer is not read

_MARK = {"ready": "✅", "not ready": "❌", "unknown": "❔"}

# Everything that means something to GitHub's Markdown in the middle of a line. "@" would notify a person.
_MARKUP = re.compile(r"[\\`*_{}\[\]()#+!|~$@:-]")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def render(results: Json) -> str:
    """`results` as Markdown."""
    parts = [
        f"## {_MARK[results['verdict']]} Azure Arc readiness: {results['verdict']}",
        f"**{_text(results['sentence'])}**",
        *_causes(results["causes"]),
        *_vms(results, "not ready"),
        *_vms(results, "unknown"),
        *_counts(results),
        f"Run {_text(results['run_id'])}, profile {_text(results['profile'])}, "
        f"{_text(results['started'])}, {results['seconds']:.1f} s.",
    ]
    return "\n\n".join(parts) + "\n"


def _causes(found: list[Json]) -> Iterable[str]:
    if not found:
        return
    yield "### Root causes, most VMs first"
    yield _table(
        ("Check", "Says", "VMs", "What was seen", "What to do"),
        (
            (
                _linked(_text(cause_subject(cause)), cause["docs"]),
                cause["status"],
                f"**{len(cause['vms'])}**: {_text(names(cause['vms']))}",
                _text(cause["message"]),
                _text(cause["remedy"]),
            )
            for cause in found[:_CAUSES]
        ),
    )
    if len(found) > _CAUSES:
        yield f"… and {len(found) - _CAUSES} more root causes: see the HTML report."


def _vms(results: Json, readiness: str) -> Iterable[str]:
    chosen = [vm for vm in results["vms"] if vm["readiness"] == readiness]
    if not chosen:
        return
    yield f"### {_MARK[readiness]} {'Not ready' if readiness == 'not ready' else 'Could not be judged'}: {len(chosen)}"
    yield _table(("VM", "Fix first", "What was seen", "What to do"), (_vm_row(vm) for vm in chosen[:_VMS]))
    if len(chosen) > _VMS:
        yield f"… and {len(chosen) - _VMS} more VMs: see the HTML report."


def _vm_row(vm: Json) -> tuple[str, ...]:
    result = first_to_fix(vm)
    if result is None:
        return _text(vm["name"]), "", _text(vm["session"]["message"]), _text(vm["session"]["remedy"])
    return _text(vm["name"]), _text(subject(result)), _text(result["message"]), _text(result["remedy"])


def _counts(results: Json) -> Iterable[str]:
    readiness = [vm["readiness"] for vm in vms_by_readiness(results)]
    vms = ", ".join(f"{readiness.count(word)} {word}" for word in dict.fromkeys(readiness))
    counted = sorted(results["counts"].items(), key=lambda item: rank(item[0]))
    yield f"VMs: {vms or 'none'}. Results: " + ", ".join(f"{count} {status}" for status, count in counted) + "."


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _text(text: str) -> str:
    """`text` as plain words in any Markdown context: one line, no markup, no HTML, of bearable length."""
    return _MARKUP.sub(r"\\\g<0>", cut(one_line(text), _SENTENCE).translate(_HTML))


def _linked(label: str, url: str) -> str:
    # A URL with a character that could end the link is not worth a link.
    return f"[{label}]({url})" if re.fullmatch(r"https?://[\w./?=&%#~+,:;-]+", url, re.ASCII) else label
