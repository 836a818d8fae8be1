"""The loop in which checks are judged: pytest's own options must work as usual."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Mapping

import pytest

from plugins.core.gc_pause import gc_paused
from plugins.evidence.archive import Archive
from plugins.model import Evidence, ProbeResult, SshSession, Vm
from plugins.pytest_adapter.configure import ALONE
from tests.support.small_suite import check_out

pytest_plugins = "pytester"


SUITE = '''
import pytest
from plugins import *

docs = "https://example.org/"
word = probe("cat /word", timeout=2)


@check("VM-001", required, remedy="Say it.", docs=docs)
def test_word(word):
    """The word is right."""
    if word.stdout == "wrong":
        fail("The word is wrong; expected right.")
    if word.stdout == "odd":
        unknown("Odd words are not known.")
    return "The word is right."


@pytest.fixture
def thing():
    print("set up")
    yield 7
    print("torn down")


def test_ordinary(thing):
    """An ordinary test beside the checks."""
    assert thing == 7
'''

Judge = Callable[..., pytest.RunResult]


@pytest.fixture
def judge(pytester: pytest.Pytester) -> Judge:
    """Judge VMs, given as name -> output of the probe `word`, in a separate checkout with the suite above."""
    check_out(pytester, SUITE)
    (pytester.path / "test_far.py").write_text(
        "import pytest\n@pytest.mark.parametrize('i', range(8))\ndef test_far(i): pass\n"
    )

    def _judge(words: Mapping[str, str], *arguments: str) -> pytest.RunResult:
        earlier = pytester.path / "earlier"
        if not earlier.exists():
            fleet = [Vm(name) for name in words]
            archive = Archive.create(earlier, {"id": "earlier", "profile": "2510", "arguments": []}, fleet)
            for vm in fleet:
                seen = {"word": ProbeResult("word", "cat /word", "done", 0, words[vm.name])}
                archive.store(Evidence(vm, SshSession("ok", seconds={"login": 0.1}), seen, 1000.0))
        return pytester.runpytest_subprocess("--evidence=earlier", *arguments)

    return _judge


def test_verbose_output_names_place_and_word(judge: Judge) -> None:
    judge({"a": "right", "b": "wrong", "c": "odd"}, "-v").stdout.fnmatch_lines(
        [
            "suites/test_small.py::test_word?a? VM-001 PASS*",
            "suites/test_small.py::test_word?b? VM-001 FAIL*",
            "suites/test_small.py::test_word?c? VM-001 UNKNOWN (Odd words are not...)*",
            "suites/test_small.py::test_ordinary PASSED*",
        ]
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), ["a: 1 pass", "b: 1 fail", "c: 1 unknown"]),
        (("--check=VM-001",), ["a: 1 pass", "b: 1 fail", "c: 1 unknown"]),  # a check is the last test
        (("-x",), ["a: 1 pass", "b: 1 fail"]),
    ],
    ids=["all", "checks", "-x"],
)
def test_output_that_is_no_terminal_has_one_line_for_each_vm(
    judge: Judge, options: tuple[str, ...], expected: list[str]
) -> None:
    lines = judge({"a": "right", "b": "wrong", "c": "odd"}, *options).stdout.lines
    assert [line for line in lines if line[:3] in ("a: ", "b: ", "c: ")] == expected
    assert not [line for line in lines if line.startswith("suites/test_small.py .")]


def test_maxfail_ends_the_loop(judge: Judge) -> None:
    outcome = judge({"a": "right", "b": "wrong", "c": "right"}, "-x")
    outcome.stdout.fnmatch_lines(["*stopping after 1 failures*"])
    outcome.assert_outcomes(passed=1, failed=1)


def test_the_last_failed_are_remembered(judge: Judge) -> None:
    judge({"a": "right", "b": "wrong"}).assert_outcomes(passed=2, failed=1)
    judge({"a": "right", "b": "wrong"}, "--lf").assert_outcomes(failed=1)


def test_an_ordinary_test_keeps_its_fixtures(judge: Judge) -> None:
    outcome = judge({"a": "right"}, "-s")
    outcome.assert_outcomes(passed=2)
    text = outcome.stdout.str()
    assert text.index("set up") < text.index("torn down")


def test_errors_of_collection_end_the_run_before_it_judges(judge: Judge, pytester: pytest.Pytester) -> None:
    (pytester.path / "suites/test_broken.py").write_text("import nothing_of_that_name")
    outcome = judge({"a": "right"})
    assert outcome.ret == 2
    outcome.stdout.fnmatch_lines(["*Interrupted: 1 error during collection*"])
    outcome.assert_outcomes(errors=1)
    assert not list(pytester.path.glob("reports/*/*.html"))


@pytest.mark.parametrize("asked", [["-n", "2"], ["-nauto"], ["--dist=load", "--tx=2*popen"]], ids=" ".join)
def test_a_fleet_is_judged_in_one_process_and_the_header_says_so(judge: Judge, asked: list[str]) -> None:
    outcome = judge({"a": "right", "b": "wrong"}, *asked)
    outcome.assert_outcomes(passed=2, failed=1)
    outcome.stdout.fnmatch_lines([f"nexus: {ALONE}"])
    outcome.stdout.no_fnmatch_line("*workers*")
    assert "nexus: -n" not in judge({}, "-n0").stdout.str()


def test_tests_without_a_vm_are_distributed_as_ever(judge: Judge, pytester: pytest.Pytester) -> None:
    pytester.runpytest_subprocess("-n2", "test_far.py").stdout.fnmatch_lines(["*2 workers*"])


def test_without_xdist_there_is_nothing_to_leave_aside(judge: Judge) -> None:
    judge({"a": "right"}, "-p", "no:xdist").assert_outcomes(passed=2)


def test_garbage_is_collected_again_after_a_block_that_keeps_everything() -> None:
    with gc_paused():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.unfreeze()


def test_of_a_large_fleet_what_passes_is_named_only(judge: Judge, pytester: pytest.Pytester) -> None:
    words = {"a": "right", "b": "wrong", "c": "odd"}
    judge(words, "--reports=whole")
    with (pytester.path / "conftest.py").open("a") as file:
        file.write("\nimport plugins.results.compact\nplugins.results.compact.WHOLE_UP_TO = 2\n")
    judge(words, "--reports=compact")
    whole, compact = (
        json.loads((pytester.path / run / "latest" / "results.json").read_bytes()) for run in ("whole", "compact")
    )
    for key in ("verdict", "sentence", "counts", "checks", "causes", "plan", "drift"):
        assert compact[key] == whole[key]
    assert whole["notes"] == []
    assert compact["notes"] == [
        "The fleet has more than 5,000 VMs: results that pass or do not apply are named, without evidence. To see "
        "all results of a VM, judge its evidence again: --evidence=... --vm=NAME."
    ]
    a, b, c = compact["vms"]
    assert (a["results"], a["evidence"]) == ([], {})
    assert a["left_out"] == {"pass": ["VM-001"], "not applicable": []}
    for vm, of_whole in zip((b, c), whole["vms"][1:], strict=True):
        assert vm.pop("left_out") == {"pass": [], "not applicable": []}
        assert vm == of_whole


def test_an_item_is_what_pytest_takes_for_a_parametrized_test(judge: Judge) -> None:
    words = {"west": "right", "east": "wrong"}
    listed = judge(words, "--collect-only")
    listed.stdout.fnmatch_lines(
        ["*<Check test_word[[]west]>", "*<Check test_word[[]east]>", "*<Function test_ordinary>"]
    )
    for arguments in (
        ["suites/test_small.py::test_word[west]"],
        ["-k", "test_word and west"],
        ["-k", "word", "--deselect", "suites/test_small.py::test_word[east]"],
        ["-m", "vm", "--vm=west"],
    ):
        judge(words, *arguments).assert_outcomes(passed=1, deselected=None)


def test_a_vm_that_is_judged_is_forgotten(judge: Judge, pytester: pytest.Pytester) -> None:
    """A hundred thousand VMs would need too much memory; and garbage collection is off meanwhile."""
    with (pytester.path / "conftest.py").open("a") as file:
        file.write(
            """
import gc

from plugins.model import Evidence, Verdict


def pytest_runtest_logfinish():
    print("living", *(sum(isinstance(each, kind) for each in gc.get_objects()) for kind in (Evidence, Verdict)))


import plugins.evidence.archive

plugins.evidence.archive.IN_MEMORY = 1
"""
        )
    words = dict(zip(("vm1", "vm2", "vm3", "vm4", "vm5", "vm6"), ("right", "wrong", "odd") * 2, strict=True))
    done = judge(words, "-s", "-q", "--check=VM-001")
    counted = [line.partition("living ")[2] for line in done.outlines if "living" in line]
    assert counted == ["1 1"] * 6  # only of the VM that was just judged


def test_pytests_cache_does_not_grow_with_the_fleet(judge: Judge, pytester: pytest.Pytester) -> None:
    judge({"a": "right", "b": "wrong"})
    assert sorted(path.name for path in (pytester.path / ".pytest_cache/v/cache").iterdir()) == ["lastfailed"]


def test_a_check_that_is_parametrized_like_an_ordinary_test_is_told_how_it_is_done(
    judge: Judge, pytester: pytest.Pytester
) -> None:
    with (pytester.path / "suites/test_small.py").open("a") as file:
        file.write(
            """
@check("VM-002", required, remedy="Say it.", docs=docs)
@pytest.mark.parametrize("colour", ["red", "blue"])
def test_colour(colour):
    \"\"\"The colour is right.\"\"\"
    return "It is."
"""
        )
    done = judge({"a": "right"})
    assert done.ret == 2
    output = " ".join(" ".join(done.outlines).split())
    assert (
        "test_colour: pytest.mark.parametrize is for ordinary tests. A check's parameters are each VM's own: declare"
        in output
    )
    assert "Traceback" not in output
