"""JUnit XML, for CI servers: one ``<testsuite>`` per VM, one ``<testcase>`` per result.

JUnit knows four outcomes, the suite seven words. Nothing that was not seen may look green there::

    pass                                    passed
    warn                                    passed, with <system-out> and the property status=warn
    fail                                    <failure>
    unknown                                 <error>
    blocked, not applicable, waived         <skipped>, with the reason
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from copy import copy
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import IO

from lxml import etree

from plugins.checks.areas import area_of
from plugins.core.files import atomic_write
from plugins.core.sanitize import escape_invisible, middle_cut, one_line
from plugins.reports.queries import Json, seconds, subject, summaries

_EXCERPT = 2_000  # characters of evidence below a failure: enough to see it, small enough for a CI server's page

#: Which statuses are counted as what; the others count as tests only.
_KINDS = {
    "fail": "failures",
    "unknown": "errors",
    "blocked": "skipped",
    "not applicable": "skipped",
    "waived": "skipped",
}

_Element = etree._Element
_Numbers = tuple[int, int, int, int, float]  # tests, failures, errors, skipped, seconds


def write(results: Json, path: Path) -> None:
    """Write `results` as JUnit XML to `path`."""
    with atomic_write(path) as file:
        _write(file, results)


def _write(file: IO[bytes], results: Json) -> None:
    """One case at a time: all elements of a large fleet at once would be more than all else."""
    suites = [_numbers(vm) for vm in results["vms"]]
    total = [sum(column) for column in zip((0, 0, 0, 0, 0.0), *suites, strict=True)]
    with etree.xmlfile(file, encoding="UTF-8") as xml:
        xml.write_declaration()
        with xml.element("testsuites", {"name": "Azure Arc readiness", **_counts(total)}):
            for number, (vm, numbers) in enumerate(zip(results["vms"], suites, strict=True)):
                # The root may have no properties, so the first suite says what holds for all of them.
                notes = () if number else results["notes"]
                with xml.element("testsuite", {**_about(vm, results), **_counts(numbers)}):
                    xml.write(_properties(_of_suite(vm, results, notes)))
                    for case in _cases(vm):
                        xml.write(case)
    file.write(b"\n")


def _numbers(vm: Json) -> _Numbers:
    """What is in a VM's suite, and how long it took."""
    results = vm["results"]
    kinds = Counter(_KINDS.get(result["status"]) for result in results)
    summarized = Counter(_KINDS.get(status) for status, _ in summaries(vm))
    return (
        len(results) + summarized.total(),
        kinds["failures"],
        kinds["errors"],
        kinds["skipped"] + summarized["skipped"],
        sum(seconds(vm, result) or 0.0 for result in results),
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


def _about(vm: Json, results: Json) -> dict[str, str]:
    return {
        "name": one_line(vm["name"]),
        "timestamp": results["started"].removesuffix("Z"),
        "hostname": one_line(vm["address"]),
    }


def _of_suite(vm: Json, results: Json, notes: Iterable[str]) -> Iterator[tuple[str, str]]:
    yield "readiness", vm["readiness"]
    yield "run", one_line(results["run_id"])
    for note in notes:
        yield "note", one_line(note)
    for key, value in vm["tags"].items():
        yield f"tag.{one_line(key)}", one_line(value)


def _properties(pairs: Iterable[tuple[str, str]]) -> _Element:
    properties = etree.Element("properties")
    for name, value in pairs:
        etree.SubElement(properties, "property", {"name": name, "value": value})
    return properties


def _cases(vm: Json) -> Iterator[_Element]:
    """The cases of a VM, each to be written before the next one is asked for: alike ones are one element."""
    for result in vm["results"]:
        yield _case(vm, result)
    for status, sentence in summaries(vm):
        case = _summary(sentence)
        if status == "not applicable":
            _outcome(case, "skipped", "They are named in results.json.", status)
        yield case


def _summary(name: str) -> _Element:
    """The case that stands for all results of a VM that are named only."""
    return etree.Element("testcase", {"name": name, "classname": "suites", "time": "0.0"})


def _case(vm: Json, result: Json) -> _Element:
    shared = _shared(*_told(result), result["nodeid"].partition("::")[0])
    if (status := result["status"]) == "pass":
        shared.set("time", str(seconds(vm, result) or 0.0))
        return shared
    case = copy(shared)
    case.set("time", str(seconds(vm, result) or 0.0))
    message = one_line(result["message"])
    match status:
        case "fail":
            _outcome(case, "failure", message, "fail").text = _text(vm, result)
        case "unknown":
            _outcome(case, "error", message, "unknown").text = _text(vm, result)
        case "blocked" | "not applicable" | "waived":
            _outcome(case, "skipped", message, status)
        case "warn":
            etree.SubElement(case, "system-out").text = _text(vm, result)
    return case


def _outcome(case: _Element, tag: str, message: str, type: str) -> _Element:
    return etree.SubElement(case, tag, {"message": message, "type": type})


_told = itemgetter("id", "title", "parameter", "severity", "status", "remedy", "docs")


@lru_cache(4096)
def _shared(
    id: str, title: str, parameter: str, severity: str, status: str, remedy: str, docs: str, module: str
) -> _Element:
    """What a result's case has in common with those of other VMs: most of a fleet's results pass alike."""
    name = f"{id} {one_line(title)}" + (f" [{one_line(parameter)}]" if parameter else "")
    case = etree.Element("testcase", {"name": name, "classname": _classname(id, module), "time": ""})
    told = {"id": id, "severity": severity, "status": status, "remedy": remedy, "docs": docs}
    case.append(_properties((key, one_line(value)) for key, value in told.items()))
    return case


def _classname(id: str, module: str) -> str:
    # suites/test_imds.py::test_the_imds_sidecar_is_healthy[vm-a] -> suites.test_imds
    name = one_line(module).removesuffix(".py").replace("/", ".")
    return name or f"suites.test_{area_of(id).lower()}"


def _text(vm: Json, result: Json) -> str:
    parts = [f"{subject(result)}: {result['message']}"]
    if result["caused_by"]:
        parts.append(f"Caused by: {', '.join(result['caused_by'])}")
    if result["remedy"]:
        parts.append(f"Remedy: {result['remedy']}")
    if result["docs"]:
        parts.append(f"Documentation: {result['docs']}")
    parts += [_excerpt(key, vm["evidence"][key]) for key in result["evidence"] if key in vm["evidence"]]
    return escape_invisible("\n\n".join(parts))


def _excerpt(key: str, seen: Json) -> str:
    ended = seen["state"] if seen["exit"] is None else f"{seen['state']}, exit {seen['exit']}"
    lines = [f"--- {key} ({ended}, {seen['seconds']:.2f} s)", f"$ {middle_cut(seen['command'], _EXCERPT)[0]}"]
    for stream in ("stdout", "stderr"):
        if seen[stream]:
            lines.append(f"{stream}: {middle_cut(seen[stream], _EXCERPT)[0].rstrip()}")
    return "\n".join(lines)
