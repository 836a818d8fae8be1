"""JUnit XML, for CI servers: one ``<testsuite>`` per VM, one ``<testcase>`` per result.

JUnit has four outcomes, the suite seven statuses. Nothing without evidence may appear as passed::

    pass                                    passed
    warn                                    passed, with <system-out> and the property status=warn
    fail                                    <failure>
    unknown                                 <error>
    blocked, not applicable, waived         <skipped>, with the reason

GitLab treats cases with the same ``classname``, ``name`` and ``file`` as one, and ignores suites; Jenkins groups by
``classname``. So it is VM and area, ``vm1.IMDS``; the area follows the last dot. GitLab reads 30 MB at most: above
`WHOLE_UP_TO` VMs, the cases of a VM that pass are one case with their number, and so are those that do not apply. A
note says so, and results.json has all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from plugins.checks.areas import area_of
from plugins.core.files import atomic_write
from plugins.core.sanitize import Harmless, middle_cut, one_line
from plugins.reports.queries import Json, seconds, subject, summaries
from plugins.results import compact

#: The largest fleet of which every result has a case.
WHOLE_UP_TO = 200

_SUMMARIZED = ("pass", "not applicable")
_NOTE = f"More than {WHOLE_UP_TO} VMs: checks that pass or do not apply are counted here; results.json names them."
_EXCERPT = 2_000  # characters of evidence below a failure, small enough for a CI server's page

#: The JUnit counter of each status; the others count only as tests.
_KINDS = {
    "fail": "failures",
    "unknown": "errors",
    "blocked": "skipped",
    "not applicable": "skipped",
    "waived": "skipped",
}

_Numbers = tuple[int, int, int, int, float]  # tests, failures, errors, skipped, seconds


def write(results: Harmless, path: Path) -> None:
    """Write `results` as JUnit XML to `path`."""
    with atomic_write(path) as file:
        _write(file, results)


def _write(file: IO[bytes], results: Json) -> None:
    """One case at a time: the whole text of a large fleet would need too much memory."""
    whole = len(results["vms"]) <= WHOLE_UP_TO
    suites = [_numbers(vm, whole) for vm in results["vms"]]
    total = [sum(column) for column in zip((0, 0, 0, 0, 0.0), *suites, strict=True)]
    start = _start("testsuites", {"name": "Azure Arc readiness", **_counts(total)})
    file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n{start}'.encode())
    started = results["started"].removesuffix("Z")
    for number, (vm, numbers) in enumerate(zip(results["vms"], suites, strict=True)):
        # The root may have no properties, so the first suite has those of all suites.
        notes = () if number else [*results["notes"], *(() if whole else (_NOTE,))]
        about = {"name": one_line(vm["name"]), "timestamp": started, "hostname": one_line(vm["address"])}
        file.write(_start("testsuite", {**about, **_counts(numbers)}).encode())
        file.write(_properties(_of_suite(vm, results, notes)).encode())
        file.writelines(case.encode() for case in _cases(vm, whole))
        file.write(b"</testsuite>")
    file.write(b"</testsuites>\n")


def _start(tag: str, attributes: Mapping[str, str]) -> str:
    return f"<{tag}{''.join(f' {name}={quoteattr(value)}' for name, value in attributes.items())}>"


def _element(tag: str, attributes: Mapping[str, str], content: str = "") -> str:
    """An element; `content` is XML already."""
    start = _start(tag, attributes)
    return f"{start}{content}</{tag}>" if content else f"{start[:-1]}/>"


def _named(vm: Json, whole: bool) -> list[Json]:
    """The results of a VM with their own cases."""
    return [result for result in vm["results"] if whole or result["status"] not in _SUMMARIZED]


def _summaries(vm: Json, whole: bool) -> list[tuple[str, str]]:
    """The others, as (status, sentence)."""
    return summaries(vm if whole else compact.of_vm(vm) if "left_out" not in vm else vm)


def _numbers(vm: Json, whole: bool) -> _Numbers:
    """The counts of a VM's suite, and its duration."""
    results = _named(vm, whole)
    kinds = Counter(_KINDS.get(result["status"]) for result in results)
    summarized = Counter(_KINDS.get(status) for status, _ in _summaries(vm, whole))
    return (
        len(results) + summarized.total(),
        kinds["failures"],
        kinds["errors"],
        kinds["skipped"] + summarized["skipped"],
        sum(seconds(vm, result) or 0.0 for result in vm["results"]),
    )


def _counts(numbers: Iterable[float]) -> dict[str, str]:
    tests, failures, errors, skipped, took = numbers
    return {
        "tests": str(tests),
        "failures": str(failures),
        "errors": str(errors),
        "skipped": str(skipped),
        "time": str(round(float(took), 3)),
    }


def _of_suite(vm: Json, results: Json, notes: Iterable[str]) -> Iterator[tuple[str, str]]:
    yield "readiness", vm["readiness"]
    yield "run", one_line(results["run_id"])
    for note in notes:
        yield "note", one_line(note)
    for key, value in vm["tags"].items():
        yield f"tag.{one_line(key)}", one_line(value)


def _properties(pairs: Iterable[tuple[str, str]]) -> str:
    return _element("properties", {}, "".join(_element("property", {"name": n, "value": v}) for n, v in pairs))


def _cases(vm: Json, whole: bool) -> Iterator[str]:
    for result in _named(vm, whole):
        yield _case(vm, result)
    for status, sentence in _summaries(vm, whole):
        content = ""
        if status == "not applicable":
            content = _outcome("skipped", "They are named in results.json.", status)
        # The case in place of the results of a VM that are listed by name only.
        yield _element("testcase", {"name": sentence, "classname": _classname(vm, "summary"), "time": "0.0"}, content)


def _case(vm: Json, result: Json) -> str:
    start, own = _shared(*_fields(result))
    classname = quoteattr(_classname(vm, area_of(result["id"])))
    return f'{start} classname={classname} time="{seconds(vm, result) or 0.0}">{own}{_ending(vm, result)}</testcase>'


def _ending(vm: Json, result: Json) -> str:
    message = one_line(result["message"])
    match status := result["status"]:
        case "fail":
            return _outcome("failure", message, "fail", _text(vm, result))
        case "unknown":
            return _outcome("error", message, "unknown", _text(vm, result))
        case "blocked" | "not applicable" | "waived":
            return _outcome("skipped", message, status)
        case "warn":
            return _element("system-out", {}, escape(_text(vm, result)))
    return ""


def _outcome(tag: str, message: str, type: str, text: str = "") -> str:
    return _element(tag, {"message": message, "type": type}, escape(text))


_fields = itemgetter("id", "title", "parameter", "severity", "status", "remedy", "docs")


@lru_cache(4096)
def _shared(id: str, title: str, parameter: str, severity: str, status: str, remedy: str, docs: str) -> tuple[str, str]:
    """The start of a result's case and its properties, cached: most results of a fleet share them."""
    name = f"{id} {one_line(title)}" + (f" [{one_line(parameter)}]" if parameter else "")
    start = _start("testcase", {"name": name}).removesuffix(">")
    properties = {"id": id, "severity": severity, "status": status, "remedy": remedy, "docs": docs}
    return start, _properties((key, one_line(value)) for key, value in properties.items())


def _classname(vm: Json, area: str) -> str:
    """``vm1.IMDS``"""
    return f"{one_line(vm['name'])}.{area}"


def _text(vm: Json, result: Json) -> str:
    parts = [f"{subject(result)}: {result['message']}"]
    if result["caused_by"]:
        parts.append(f"Caused by: {', '.join(result['caused_by'])}")
    if result["remedy"]:
        parts.append(f"Remedy: {result['remedy']}")
    if result["docs"]:
        parts.append(f"Documentation: {result['docs']}")
    parts += [_excerpt(key, vm["evidence"][key]) for key in result["evidence"] if key in vm["evidence"]]
    return "\n\n".join(parts)


def _excerpt(key: str, result: Json) -> str:
    ended = result["state"] if result["exit"] is None else f"{result['state']}, exit {result['exit']}"
    lines = [f"--- {key} ({ended}, {result['seconds']:.2f} s)", f"$ {middle_cut(result['command'], _EXCERPT)[0]}"]
    for stream in ("stdout", "stderr"):
        if result[stream]:
            lines.append(f"{stream}: {middle_cut(result[stream], _EXCERPT)[0].rstrip()}")
    return "\n".join(lines)
