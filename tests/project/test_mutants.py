"""The mutations of `make mutants`, and the tests that it runs for each."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import mutants
from scripts.mutants import BUDGET, Coverage, difference, draw, learn, places, table
from scripts.mutants import _test as node_id
from scripts.mutations import Mutation, mutations
from tests.support.paths import ROOT

SOURCE = '''\
"""A docstring."""
WORDS = ["left", "alone"]

def judge(seen, *, limit=3):
    """Another docstring."""
    if seen.exit == 0 and seen.stdout:
        fail("It said " + seen.stdout)
        note(
            "seen",
            f"{seen.exit} it is",
        )
    return seen.exit < limit
'''


def changed(operator: str) -> list[str]:
    """The changes of an operator: the first line that differs in each."""
    rows = [
        mutation
        for on_line in mutations("x.py", SOURCE).values()
        for mutation in on_line
        if mutation.operator == operator
    ]
    lines = []
    for mutation in rows:
        pairs = zip(SOURCE.splitlines(), mutation.apply(SOURCE).splitlines(), strict=False)
        lines.append(next(after.strip() for before, after in pairs if before != after))
    return lines


@pytest.mark.parametrize(
    ("operator", "lines"),
    [
        ("ReturnNone", ["return None"]),
        ("ChangeText", ['fail("XXIt said " + seen.stdout)', '"XXseen",']),
        ("RemoveCall", ["None", "None"]),
        ("ReplaceAndWithOr", ["if seen.exit == 0 or seen.stdout:"]),
        ("ReplaceComparisonOperator_Lt_LtE", ["return seen.exit <= limit"]),
        ("ReplaceBinaryOperator_Mul_Div", []),
        ("NumberReplacer", ["if seen.exit == 1 and seen.stdout:", "if seen.exit == -1 and seen.stdout:"]),
    ],
)
def test_what_an_operator_changes(operator: str, lines: list[str]) -> None:
    assert changed(operator) == lines


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A product of three small modules, because parsing and mutating all of it takes minutes."""
    (tmp_path / "plugins").mkdir()
    for name in ("core/wording.py", "judge/readiness.py", "reports/fixes_markdown.py"):
        shutil.copy(ROOT / "plugins" / name, tmp_path / "plugins")
    monkeypatch.setattr(mutants, "TOP", tmp_path)
    places.cache_clear()
    yield tmp_path
    places.cache_clear()


def test_a_sample_is_the_same_for_the_same_seed_and_every_change_is_python(small: Path) -> None:
    sample = draw(40, 7)
    assert sample == draw(40, 7)
    assert sample != draw(40, 8)
    assert len({(mutation.path, mutation.line) for mutation in sample}) == 40
    for mutation in sample:
        assert difference(mutation), mutation
        compile(mutation.apply((small / mutation.path).read_text("utf-8")), mutation.path, "exec")


def test_a_change_that_the_tool_offers_and_cannot_make_is_not_drawn(small: Path) -> None:
    source = (
        "import a\n\n\ndef ready():\n    try:\n        a.call()\n    except (a.Error, OSError):\n        return 7\n"
    )
    (small / "plugins/dotted.py").write_text(source)
    offered = [mutation for on_line in mutations("plugins/dotted.py", source).values() for mutation in on_line]
    with pytest.raises(AttributeError):
        next(mutation for mutation in offered if mutation.line == 7).apply(source)
    assert {mutation.line for mutation in draw(1000, 7) if mutation.path == "plugins/dotted.py"} >= {8}


def test_the_quickest_tests_of_a_line_are_tried_first_within_the_budget() -> None:
    known = Coverage({"x.py": {7: ["slow", "quick", "endless", "skipped"]}}, {"slow": 2, "quick": 1, "endless": BUDGET})
    assert known.tests(Mutation("x.py", 7, "ReturnNone", 0)) == ["quick", "slow"]
    assert known.tests(Mutation("x.py", 8, "ReturnNone", 0)) == []


@pytest.mark.parametrize(
    ("context", "test"),
    [
        ("tests/a.py::test_b[x (y)|z]", "tests/a.py::test_b[x (y)|z]"),
        ("tests/a.py::test_b[c] (setup)", "tests/a.py::test_b[c]"),
        ("", ""),
    ],
)
def test_a_context_of_coverage_is_a_test(context: str, test: str) -> None:
    assert node_id(context) == test


def test_a_program_that_a_test_starts_elsewhere_counts_for_that_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tmp_path / "tree"
    for folder in ("plugins", "suites", "scripts", "tests"):
        (tree / folder).mkdir(parents=True)
    shutil.copy(ROOT / "scripts/mutants_plugin.py", tree / "scripts")
    (tree / "plugins/x.py").write_text("X = 1\nY = 2\n")
    start = f"subprocess.run([sys.executable, '-c', 'import plugins.x'], cwd={str(tmp_path)!r}, check=True)"
    (tree / "tests/test_x.py").write_text(f"import subprocess, sys\n\ndef test_x():\n    {start}\n")
    monkeypatch.setenv("PYTHONPATH", str(tree))
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    known = learn(tree, tmp_path, ["tests"], 2)
    assert known.lines["plugins/x.py"] == {1: ["tests/test_x.py::test_x"], 2: ["tests/test_x.py::test_x"]}


def test_a_line_runs_when_another_line_of_its_statement_does() -> None:
    source = "def f():\n    raise E(\n        'one'\n        'two'\n    )\n"
    known = Coverage({"x.py": {2: ["a"], 3: ["b"]}}, {"a": 1.0, "b": 2.0}, sources={"x.py": source})
    assert known.tests(Mutation("x.py", 4, "ChangeText", 1)) == ["a", "b"]


def test_what_is_learned_moves_with_its_lines_and_is_learned_again_where_a_test_changes(small: Path) -> None:
    module, test = small / "plugins/redaction.py", small / "tests/test_a.py"
    test.parent.mkdir()
    for name in ("a", "b"):
        test.with_name(f"test_{name}.py").write_text("")
    module.write_text("a\nb\nc\n")
    known = Coverage(
        {"plugins/redaction.py": {2: ["tests/test_a.py::x", "tests/test_b.py::x"], 3: ["tests/test_b.py::x"]}},
        {"tests/test_a.py::x": 1.0, "tests/test_b.py::x": 1.0},
        {"plugins/redaction.py": [1]},
        {"plugins/redaction.py": "a\nb\nc"},
        {f"tests/test_{name}.py": mutants._digest(f"tests/test_{name}.py") for name in ("a", "b")},
    )
    known.save(small / "map")
    module.write_text("a\nnew\nb\nchanged\n")
    test.write_text("changed")
    later = Coverage.load(small / "map")
    assert later.lines == {"plugins/redaction.py": {1: [], 2: [], 3: ["tests/test_b.py::x"], 4: ["tests/test_b.py::x"]}}
    assert (later.imported, later.seconds) == ({"plugins/redaction.py": [1, 2]}, {"tests/test_b.py::x": 1.0})
    assert list(later.learned) == ["tests/test_b.py"]
    later.add(Coverage({"plugins/redaction.py": {3: ["t"]}}, {"t": 2.0}, {"plugins/redaction.py": []}, known.sources))
    assert later.lines["plugins/redaction.py"][3] == ["t", "tests/test_b.py::x"]
    assert later.seconds["t"] == 2.0


PRODUCT = """\
import functools

@functools.cache
def size():
    return 3

def fits(value):
    return value < size()

def wait():
    return True

def made():
    return 7

MADE = made()
"""
TESTS = """\
import gc, time
from plugins import x

gc.freeze()  # as tests/conftest.py does

FIRST = x.size()

def test_size(): assert x.size() == 3
def test_unsound(): assert __name__ == "elsewhere"
def test_fits(tmp_path): assert x.fits(2)
def test_wait():
    while not x.wait(): time.sleep(0.1)
def test_made(): assert x.MADE == 7
"""


def test_a_mutation_is_tried_in_a_fork_and_one_of_an_import_in_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tmp_path / "top"
    for name in ("scripts/mutants_server.py", "tests/support/pytest_process.py"):
        (top / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / name, top / name)
    for folder in ("plugins", "suites"):
        (top / folder).mkdir()
    (top / "plugins/x.py").write_text(PRODUCT)
    (top / "tests/test_x.py").write_text(TESTS)
    subprocess.run(["git", "init", "-q", top], check=True)
    monkeypatch.setattr(mutants, "TOP", top)
    names = ("size", "unsound", "fits", "wait", "made")
    tests = {name: f"tests/test_x.py::test_{name}" for name in names}
    known = Coverage(
        {"plugins/x.py": {5: [tests["size"]], 8: [tests["fits"], tests["unsound"]], 11: [tests["wait"]], 14: [tests["made"]]}},
        dict.fromkeys(tests.values(), 4.0) | {tests["wait"]: 0.1}, {"plugins/x.py": [14]},
    )  # fmt: skip
    (tmp_path / "tree").mkdir()
    tree = mutants.Tree(tmp_path / "tree")
    monkeypatch.setattr(mutants, "LIMIT", 3)  # of `wait`; the others have 20 seconds more
    tried = {
        (line, operator): tree.attempt(Mutation("plugins/x.py", line, operator, occurrence), known)
        for line, operator, occurrence in (
            (5, "NumberReplacer", 0),
            (8, "ReplaceComparisonOperator_Lt_LtE", 0),
            (8, "ReturnNone", 1),
            (11, "ReplaceTrueWithFalse", 0),
            (14, "NumberReplacer", 2),
        )
    }
    tree.close()
    assert tried == {
        (5, "NumberReplacer"): "killed",
        (8, "ReplaceComparisonOperator_Lt_LtE"): "survived",
        (8, "ReturnNone"): "killed",
        (11, "ReplaceTrueWithFalse"): "timed out",
        (14, "NumberReplacer"): "killed",
    }
    assert (tmp_path / "tree/plugins/x.py").read_text() == PRODUCT


def test_the_table_counts_by_module() -> None:
    results = [
        (Mutation(path, 1, "X", 0), result) for path, result in [("a", "killed"), ("b", "survived"), ("b", "killed")]
    ]
    assert table(results).splitlines() == [
        "  killed  survived  not reached  timed out  module",
        "       1         0            0          0  a",
        "       1         1            0          0  b",
        "       2         1            0          0  all",
        "2 of 3 killed (66 %)",
    ]
