"""JUnit XML, for CI servers: one ``<testsuite>`` per VM, one ``<testcase>`` per result.

JUnit knows four outcomes, the suite seven words. Nothing that was not seen may look green there::

    pass                                    passed
    warn                                    passed, with <system-out> and the property status=warn
    fail                                    <failure>
    unknown                                 <error>
    blocked, not applicable, waived         <skipped>, with the reason
"""

from __future__ import annotations

from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Properties, Property, Skipped, TestCase, TestSuite

from plugins.reports.facts import Json, seconds, ssh_failure, subject
from plugins.reports.safe import middle_cut, one_line, visible

_EXCERPT = 2_000  # characters of evidence below a failure: enough to see it, small enough for a CI server's page


def write(results: Json, path: Path) -> None:
    """Write `results` as JUnit XML to `path`."""
    document = JUnitXml("Azure Arc readiness")
    for vm in results["vms"]:
        document.append(_suite(vm, results))  # not add_testsuite(): it compares with every suite before, n² for a fleet
    document.update_statistics()
    document.write(str(path))  # not pretty: a second document in memory, and four fifths of the time


def _suite(vm: Json, results: Json) -> TestSuite:
    suite = TestSuite(one_line(vm["name"]))
    suite.timestamp = results["started"].removesuffix("Z")
    suite.hostname = one_line(vm["address"])
    suite.add_property("readiness", vm["readiness"])
    suite.add_property("run", one_line(results["run_id"]))
    for key, value in vm["tags"].items():
        suite.add_property(f"tag.{one_line(key)}", one_line(value))
    session = ssh_failure(vm)
    suite.extend([_case(vm, result) for result in ([session] if session else []) + vm["results"]])
    suite.update_statistics()
    return suite


def _case(vm: Json, result: Json) -> TestCase:
    parameter = f" [{one_line(result['parameter'])}]" if result["parameter"] else ""
    case = TestCase(
        f"{result['id']} {one_line(result['title'])}{parameter}",
        _classname(result),
        seconds(vm, result) or 0.0,
    )
    properties = Properties()
    for name in ("id", "severity", "status", "remedy", "docs"):
        properties.add_property(Property(name, one_line(result[name])))
    case.append(properties)
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
