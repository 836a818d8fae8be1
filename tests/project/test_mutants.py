"""What `make mutants` changes, and which tests it tries."""

from __future__ import annotations

import shutil
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

def judge(seen, limit=3):
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
    """Each change that an operator makes: the first line that differs."""
    found = [each for on_line in mutations("x.py", SOURCE).values() for each in on_line if each.operator == operator]
    lines = []
    for mutation in found:
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
        ("NumberReplacer", ["if seen.exit == 1 and seen.stdout:", "if seen.exit == -1 and seen.stdout:"]),
    ],
)
def test_what_an_operator_changes(operator: str, lines: list[str]) -> None:
    assert changed(operator) == lines


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A product of three modules: all of it takes seconds to parse."""
    (tmp_path / "plugins").mkdir()
    for name in ("core/redaction.py", "judge/judge.py", "reports/fixes_markdown.py"):
        shutil.copy(ROOT / "plugins" / name, tmp_path / "plugins")
    monkeypatch.setattr(mutants, "TOP", tmp_path)
    places.cache_clear()
    yield tmp_path
    places.cache_clear()


def test_a_sample_is_the_same_for_the_same_seed_and_every_change_is_python(small: Path) -> None:
    sample = draw(40, 7)
    assert sample == draw(40, 7)
    assert sample != draw(40, 8)
    assert len({(each.path, each.line) for each in sample}) == 40
    for mutation in sample:
        assert difference(mutation), mutation
        compile(mutation.apply((small / mutation.path).read_text("utf-8")), mutation.path, "exec")


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
    known = learn(tree, tmp_path, ["tests"])
    assert known.lines["plugins/x.py"] == {1: ["tests/test_x.py::test_x"], 2: ["tests/test_x.py::test_x"]}


def test_the_table_counts_by_module() -> None:
    results = [
        (Mutation(path, 1, "X", 0), result) for path, result in [("a", "killed"), ("b", "survived"), ("b", "killed")]
    ]
    assert table(results).splitlines() == [
        "  killed  survived  not reached  module",
        "       1         0            0  a",
        "       1         1            0  b",
        "       2         1            0  all",
        "2 of 3 killed (66 %)",
    ]
