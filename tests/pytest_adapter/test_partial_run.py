"""A run that omits checks in any way is partial: never READY, and never with exit code 0."""

from __future__ import annotations

import json
import random
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from plugins.evidence.archive import Archive
from plugins.model import Evidence, ProbeResult, SshSession, Vm
from plugins.results.schema import problems
from tests.support.newest_run import newest_run
from tests.support.paths import ROOT
from tests.support.pytest_process import run_pytest

pytestmark = pytest.mark.slow

HEAD = """
from plugins import *

docs = "https://example.org/"
word = probe("cat /word", timeout=2)


"""
CHECK = '''
@check("{id}", {severity}, remedy="Do it.", docs=docs{more})
def test_{name}({takes}):
    """The {name} is right."""
    {body}
    return "It is."
'''
PASS = 'if word.stdout == "wrong": fail("The word is wrong.")'
MODULES = {
    "ssh": [("SSH-001", "required", "", "session", "pass"), ("SSH-002", "recommended", "", "word", PASS)],
    "vm": [("VM-001", "required", "", "azure", "pass")],
    "net": [
        ("NET-001", "required", ', parametrize={"host": lambda vm, profile: ["red", "blue"]}', "word, host", PASS),
        ("NET-002", "required", "", "word", PASS),
    ],
}
FULL = {
    (vm, *case)
    for vm in ("a", "b")
    for case in (("SSH-001", ""), ("VM-001", ""), ("NET-001", "red"), ("NET-001", "blue"), ("NET-002", ""))
}

#: Ctrl-C after some checks were judged: ``-p stop_6``.
STOP = """
seen = []

def pytest_runtest_logreport(report):
    seen.append(report)
    if len(seen) == {number}:
        raise KeyboardInterrupt
"""

#: Plugins that omit checks without the suite's knowledge: ``-p late``, ``-p hide``.
PLUGINS = {
    "late": "def pytest_collection_finish(session):\n    del session.items[3:]\n",
    "hide": "def pytest_ignore_collect(collection_path):\n    return collection_path.name == 'test_net.py' or None\n",
}

#: Ways to omit checks; the last ones omit none.
WAYS = (
    "--check=SSH-001",
    "--check=NET-*",
    "-k=ssh",
    "-k=not red",
    "-k=a and not b",
    "-m=net",
    "-m=required",
    "--no-azure",
    "--deselect=suites/test_net.py::test_net_002[b]",
    "--ignore=suites/test_net.py",
    "--ignore-glob=*_vm.py",
    "-o=python_functions=test_net_*",
    "-o=python_files=test_s*.py",
    "suites/test_ssh.py",
    "suites/test_net.py::test_net_001[a-red]",
    "-x",
    "--maxfail=2",
    "--maxfail=1",
    "-p=stop_1",
    "-p=stop_6",
    "-p=late",
    "-p=hide",
    "--shard=1/2",
    "--shard=3/3",
    "--enroll",
    "--sw",
    "--lf",
    "--vm=a",
    "suites",
    "-v",
)


def _project(folder: Path, words: dict[str, str]) -> Path:
    (folder / "pyproject.toml").write_text(
        f'[tool.pytest.ini_options]\ntestpaths = ["suites"]\npythonpath = ["{ROOT}"]\n'
    )
    (folder / "conftest.py").write_text((ROOT / "conftest.py").read_text())
    (folder / "suites").mkdir()
    for module, checks in MODULES.items():
        text = HEAD + "\n".join(
            CHECK.format(id=id, severity=severity, more=more, name=id.lower().replace("-", "_"), takes=takes, body=body)
            for id, severity, more, takes, body in checks
        )
        (folder / f"suites/test_{module}.py").write_text(text)
    for number in (1, 6):
        (folder / f"stop_{number}.py").write_text(STOP.format(number=number))
    for name, text in PLUGINS.items():
        (folder / f"{name}.py").write_text(text)
    vms = [Vm(name) for name in words]
    archive = Archive.create(folder / "earlier", {"id": "earlier", "profile": "2510", "arguments": []}, vms)
    for vm in vms:
        seen = {"word": ProbeResult("word", "cat /word", "done", 0, words[vm.name])}
        archive.store(Evidence(vm, SshSession("ok", seconds={"login": 0.1}), seen, 1000.0))
    return folder


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _project(tmp_path_factory.mktemp("healthy"), {"a": "right", "b": "right"})


@pytest.fixture(scope="module")
def sick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _project(tmp_path_factory.mktemp("sick"), {"a": "right", "b": "wrong"})


def _run(project: Path, *options: str) -> tuple[int, str, dict[str, Any] | None]:
    """The exit code, the output, and the results, if any."""
    before = set(project.glob("reports/2*"))
    words = [word for option in options for word in (option.split("=", 1) if option[:3] in _SHORT else [option])]
    done = run_pytest("--evidence=earlier", *words, cwd=project)
    if set(project.glob("reports/2*")) == before:
        return done.returncode, done.stdout, None
    results = json.loads((newest_run(project / "reports") / "results.json").read_text())
    assert problems(results) == []
    return done.returncode, done.stdout, results


_SHORT = ("-k=", "-m=", "-o=", "-p=")


def _cases(results: dict[str, Any]) -> set[tuple[str, str, str]]:
    rows = {
        (vm["name"], result["id"], result["parameter"])
        for vm in results["vms"]
        for result in vm["results"]
        if result["severity"] == "required"
    }
    return rows & FULL


def _holds(project: Path, options: tuple[str, ...]) -> None:
    status, output, results = _run(project, *options)
    if results is None:
        assert status != 0, options
        return
    expected_cases = {case for case in FULL if "--vm=a" not in options or case[0] == "a"}
    if "shard" in results:  # other shards judge the other VMs
        expected_cases = {case for case in expected_cases if case[0] in {vm["name"] for vm in results["vms"]}}
    left_out = expected_cases - _cases(results)
    judged = results["judged"]
    if any(way.startswith(("-p=stop", "--shard")) for way in options):
        assert not (judged["complete"] and left_out), (options, left_out)
    else:
        assert judged["complete"] is (not left_out), (options, left_out)
        assert set(judged["checks"]) == {id for _, id, _ in left_out}, options
    assert status != 0 or judged["complete"], (options, output)
    assert "READY:" not in output.replace("NOT READY:", "") or judged["complete"], options
    for vm in results["vms"]:
        assert vm["readiness"] != "ready" or not any(name == vm["name"] for name, _, _ in left_out), options
    if left_out:
        assert results["verdict"] in ("partial", "not ready"), options
        assert judged["why"], options
        assert {way for way in options if way.startswith("suites/")} <= set(judged["why"]), options
        link = project / "reports/latest"
        assert not link.exists() or link.resolve().name != results["run_id"], options


def test_whatever_is_left_out_of_a_healthy_fleet_it_is_not_ready(healthy: Path) -> None:
    for way in WAYS:
        _holds(healthy, (way,))


def test_no_pair_of_ways_hides_what_is_left_out(healthy: Path, sick: Path) -> None:
    pairs = list(combinations(WAYS, 2))
    for pair in random.Random(14).sample(pairs, 10):
        _holds(healthy, pair)
    for pair in random.Random(41).sample(pairs, 4):
        _holds(sick, pair)


def test_no_three_ways_hide_what_is_left_out(healthy: Path) -> None:
    choices = random.Random(1914)
    for _ in range(6):
        _holds(healthy, tuple(choices.sample(WAYS, 3)))


def test_an_empty_shard_with_a_module_that_cannot_be_loaded_is_not_ready(tmp_path: Path) -> None:
    project = _project(tmp_path, {"a": "right"})
    assert _run(project, "--shard=2/2")[0] == 0
    (project / "suites/test_more.py").write_text("import nothing_of_this_name\n")
    for more in ((), ("--continue-on-collection-errors",)):
        status, output, results = _run(project, "--shard=2/2", *more)
        assert status not in (0, None), output
        assert results is None or results["verdict"] == "partial", output


def test_a_loop_that_judges_nothing_is_not_ready(tmp_path: Path) -> None:
    project = _project(tmp_path, {"a": "right"})
    loop = "import pytest\n\n@pytest.hookimpl(tryfirst=True)\ndef pytest_runtestloop():\n    return True\n"
    (project / "suites/conftest.py").write_text(loop)
    assert _run(project)[0] == 10


def test_a_stop_in_the_middle_leaves_the_rest_unjudged(sick: Path) -> None:
    status, output, results = _run(sick, "-x")
    assert status == 1
    assert results is not None
    assert results["verdict"] == "not ready"
    assert results["judged"]["why"] == ["-x"]
    assert results["judged"]["checks"] == ["NET-001", "NET-002"]
    assert results["judged"]["vms"] == {"judged": 1, "of": 2}
    assert "NOT READY: " in output


def test_the_gate_chosen_passes_a_partial_run_and_states_its_limit(healthy: Path, sick: Path) -> None:
    status, output, results = _run(healthy, "--no-azure", "--gate=chosen")
    assert status == 0
    assert results is not None
    assert (results["verdict"], results["gate"]["passed"]) == ("partial", True)
    text = " ".join(output.split())
    assert (
        "PARTIAL: Guest ready on 2 of 2 VMs; Azure not asked. 3 of 4 required checks were judged (--no-azure)" in text
    )
    assert "GATE PASSED (chosen): the chosen checks passed on 2 of 2 VMs, 3 of 4 required checks; " in text
    assert "this is not a verdict on readiness." in text
    for gate in ("all", "1%", "unknown=2"):
        status, _, results = _run(healthy, "--no-azure", f"--gate={gate}")
        assert status == 10
        assert results is not None
        assert not results["gate"]["passed"]
    assert _run(sick, "--no-azure", "--gate=chosen")[0] == 1
    assert _run(sick, "--no-azure", "--gate=chosen", "--check=SSH-001")[0] == 0
    assert _run(healthy, "--gate=chosen,unknown=0")[0] == 4


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("-k=imds-002",), "-k imds-002: -k matches names of tests, not check ids. Use --check=IMDS-002."),
        (
            ("--check=NET-01",),
            "--check=NET-01: there is no such check. Did you mean 'NET-001'? Known: SSH-001, SSH-002, VM-001, NET-001, "
            "NET-002.",
        ),
        (("-m=requird",), "-m requird: no check has this mark. Did you mean 'required'?"),
        *(((f"-pno:{name}",), f"-p no:{name}: a run needs this plugin of pytest. Drop the option; -q shows less.") for name in ("terminal", "terminalreporter")),
    ],
)  # fmt: skip
def test_a_choice_that_can_match_nothing_is_an_error_before_the_header(
    healthy: Path, options: tuple[str, ...], error: str
) -> None:
    words = [word for option in options for word in (option.split("=", 1) if option[1] != "-" else [option])]
    done = run_pytest("--evidence=earlier", *words, cwd=healthy)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.splitlines() == [f"ERROR: {error}", ""]


def test_reports_of_pytests_own_are_named_where_they_are(healthy: Path) -> None:
    _, output, _ = _run(healthy, "--junitxml=else.xml")
    (line,) = [line for line in output.splitlines() if line.startswith("In reports/")]
    assert "junit.xml" not in line and "report.html" in line
    assert "At else.xml: requested on the command line" in output.splitlines()
    assert (healthy / "else.xml").is_file()


def test_our_junit_xml_needs_no_plugin_of_pytest(healthy: Path) -> None:
    assert _run(healthy, "-pno:junitxml")[0] == 0
    assert (newest_run(healthy / "reports") / "junit.xml").is_file()


def test_the_recorded_vm_that_lacks_a_role_is_never_ready(tmp_path: Path) -> None:
    """The reason for partial runs: without Azure, and so without ROLES-002, vm7 was READY."""
    for options in (["--no-azure"], ["-k", "ssh"], ["-m", "ssh"], ["suites/test_ssh.py"], ["--check=SSH-001"]):
        done = run_pytest(
            "--evidence=lab/recorded", "--vm=vm7", "-p", "no:cacheprovider", f"--reports={tmp_path}", *options, cwd=ROOT
        )
        assert done.returncode == 10, done.stdout
        assert "PARTIAL: " in done.stdout
        results = json.loads((newest_run(tmp_path) / "results.json").read_text())
        assert results["vms"][0]["readiness"] == results["verdict"] == "partial"
        assert "ROLES-002" in results["judged"]["checks"]
        summary = (newest_run(tmp_path) / "summary.md").read_text()
        assert "**Partial run.**" in summary
        page = (newest_run(tmp_path) / "report.html").read_text()
        assert 'class="partial-banner"' in page
    assert not (tmp_path / "latest").exists()
