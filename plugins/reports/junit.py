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
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

from junitparser import Error, Failure, JUnitXml, Properties, Property, Skipped, TestCase, TestSuite

from plugins.files import write_pieces
from plugins.reports.facts import Json, seconds, ssh_failure, subject
from plugins.reports.safe import middle_cut, one_line, visible

_EXCERPT = 2_000  # characters of evidence below a failure: enough to see it, small enough for a CI server's page


def write(results: Json, path: Path) -> None:
    """Write `results` as JUnit XML to `path`."""
    write_pieces(path, _document(results))


def _document(results: Json) -> Iterator[str]:
    """The document in pieces, one VM each: all elements of a large fleet at once would be more than all else."""
    every = [(vm, result) for vm in results["vms"] for result in _of(vm)]
    kinds = Counter(_KINDS.get(result["status"]) for _, result in every)
    document = JUnitXml("Azure Arc readiness")
    document.tests, document.time = len(every), round(sum(seconds(*each) or 0.0 for each in every), 3)
    document.failures, document.errors, document.skipped = kinds["fail"], kinds["error"], kinds["skip"]
    yield "<?xml version='1.0' encoding='UTF-8'?>\n"
    yield ElementTree.tostring(document._elem, "unicode").removesuffix("/>").rstrip() + ">"
    for vm in results["vms"]:
        suite = _suite(vm, results)
        suite.update_statistics()
        yield ElementTree.tostring(suite._elem, "unicode")
    yield "</testsuites>\n"


#: Which statuses are counted as what.
_KINDS = {
    "fail": "fail",
    "unknown": "error",
    "blocked": "skip",
    "not applicable": "skip",
    "waived": "skip",
}


def _of(vm: Json) -> list[Json]:
    """The results of a VM; with one for its session, when no check has judged that."""
    session = ssh_failure(vm)
    return [session, *vm["results"]] if session else vm["results"]


def _suite(vm: Json, results: Json) -> TestSuite:
    suite = TestSuite(one_line(vm["name"]))
    suite.timestamp = results["started"].removesuffix("Z")
    suite.hostname = one_line(vm["address"])
    suite.add_property("readiness", vm["readiness"])
    suite.add_property("run", one_line(results["run_id"]))
    for key, value in vm["tags"].items():
        suite.add_property(f"tag.{one_line(key)}", one_line(value))
    suite.extend([_case(vm, result) for result in _of(vm)])
    return suite


def _case(vm: Json, result: Json) -> TestCase:
    parameter = f" [{one_line(result['parameter'])}]" if result["parameter"] else ""
    case = TestCase(
        f"{result['id']} {one_line(result['title'])}{parameter}",
        _classname(result),
        seconds(vm, result) or 0.0,
    )
    case.append(_properties(*(result[name] for name in _PROPERTIES)))
    message = one_line(result["message"])
    match result["status"]:
        case "fail":
            failure = Failure(message, "fail")
            failure.text = _text(vm, result)
            case.append(failure)
        case "unknown":
            error = Error(message, "unknown")
            error.text = _text(vm, result)
            case.append(error)
        case "blocked" | "not applicable" | "waived":
            case.append(Skipped(message, result["status"]))
        case "warn":
            case.system_out = _text(vm, result)
    return case


_PROPERTIES = ("id", "severity", "status", "remedy", "docs")


@lru_cache(4096)
def _properties(*values: str) -> Properties:
    """The properties of a result: most of a fleet's VMs share them, and may share the element."""
    properties = Properties()
    for name, value in zip(_PROPERTIES, values, strict=True):
        properties.add_property(Property(name, one_line(value)))
    return properties


def _classname(result: Json) -> str:
    # suites/test_imds.py::test_the_imds_sidecar_is_healthy[vm-a] -> suites.test_imds
    module = one_line(result["nodeid"]).split("::")[0].removesuffix(".py").replace("/", ".")
    return module or f"suites.test_{result['id'].split('-')[0].lower()}"


def _text(vm: Json, result: Json) -> str:
    parts = [f"{subject(result)}: {result['message']}"]
    if result["caused_by"]:
        parts.append(f"Caused by: {', '.join(result['caused_by'])}")
    if result["remedy"]:
        parts.append(f"Remedy: {result['remedy']}")
    if result["docs"]:
        parts.append(f"Documentation: {result['docs']}")
    parts += [_excerpt(key, vm["evidence"][key]) for key in result["evidence"] if key in vm["evidence"]]
    return visible("\n\n".join(parts))


def _excerpt(key: str, seen: Json) -> str:
    ended = seen["state"] if seen["exit"] is None else f"{seen['state']}, exit {seen['exit']}"
    lines = [f"--- {key} ({ended}, {seen['seconds']:.2f} s)", f"$ {middle_cut(seen['command'], _EXCERPT)[0]}"]
    for stream in ("stdout", "stderr"):
        if seen[stream]:
            lines.append(f"{stream}: {middle_cut(seen[stream], _EXCERPT)[0].rstrip()}")
    return "\n".join(lines)
