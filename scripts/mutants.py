"""`make mutants`: changes one line of the product at a time, and asks whether a test notices.

A sample of all possible changes is drawn (the same one for the same seed and source), each on a line of its own. Each
is tried in a copy of the repository, with the tests that run its line, the quickest first. A first run of every test,
under coverage, shows which those are. The lab and the browser do not take part: what only they hold counts as survived.

    killed      a test failed, or the tests did not end in time
    survived    every test that runs the line passed; if the change has a meaning, a test is missing
    not reached no test runs the line

Some changes change nothing (the size of a cache, say): a person judges a survivor, and adds a test or says why not.
"""

from __future__ import annotations

import argparse
import ast
import collections
import concurrent.futures
import difflib
import functools
import itertools
import json
import os
import queue
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

from scripts.mutations import Mutation, mutations

TOP = Path(__file__).resolve().parent.parent
SIDE_BY_SIDE = 2

#: Most seconds that the tests of one mutation may need, by what they needed unchanged.
BUDGET = 60.0

CONFIGURATION = """
[run]
source = plugins, suites
data_file = {folder}/lines
parallel = true
context = ${{PYTEST_CURRENT_TEST-}}
relative_files = true
disable_warnings = no-data-collected, module-not-measured, couldnt-parse
"""


@dataclass(frozen=True)
class Coverage:
    """Which tests run a line, and the seconds that each needs."""

    lines: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]

    def tests(self, mutation: Mutation) -> list[str]:
        """The quickest tests that run the line, as many as fit the budget."""
        known = [test for test in self.lines.get(mutation.path, {}).get(mutation.line, ()) if test in self.seconds]
        chosen: list[str] = []
        spent = 0.0
        for test in sorted(known, key=lambda test: (self.seconds[test], test)):
            spent += self.seconds[test] + 0.05
            if chosen and spent > BUDGET:
                break
            chosen.append(test)
        return chosen


def copy(to: Path) -> Path:
    """The tracked and the new files, without what is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (TOP / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TOP / name, to / name)
    return to


def learn(tree: Path, folder: Path, tests: list[str]) -> Coverage:
    """Run every test once. Those that fail as it is cannot kill anything, and are named."""
    settings = folder / "coveragerc"
    settings.write_text(CONFIGURATION.format(folder=folder))
    durations = folder / "durations"
    environment = os.environ | {"MUTANTS_DURATIONS": str(durations), "COVERAGE_RCFILE": str(settings)}
    # Every program reads the settings anew, so that its context is the test that starts it: a `patch` hands on its own.
    environment["COVERAGE_PROCESS_START"] = str(settings)
    coverage = [sys.executable, "-m", "coverage"]
    options = ["-m", "not lab and not browser", "-p", "scripts.mutants_plugin", "-n", str(SIDE_BY_SIDE), "-q"]
    options += ["--dist", "loadscope", "-p", "no:cacheprovider"]
    subprocess.run([sys.executable, "-m", "pytest", *options, *tests], cwd=tree, env=environment, check=False)
    del environment["COVERAGE_PROCESS_START"]
    subprocess.run([*coverage, "combine", "-q"], cwd=tree, env=environment, check=True)
    seconds: dict[str, float] = collections.defaultdict(float)
    failed = set()
    for line in durations.read_text("utf-8").splitlines():
        test, took, passed = json.loads(line)
        seconds[test] += took
        failed |= set() if passed else {test}
    for test in sorted(failed):
        seconds.pop(test)
        print(f"skipped or failed unchanged, so not used: {test}")
    data = CoverageData(str(folder / "lines"))
    data.read()
    # A program that a test starts elsewhere names the same file by its whole path.
    lines: dict[str, dict[int, list[str]]] = {}
    for path in data.measured_files():
        of_file = lines.setdefault(os.path.relpath(tree / path, tree), {})
        for number, contexts in data.contexts_by_lineno(path).items():
            of_file[number] = sorted({*of_file.get(number, ()), *map(_test, contexts)} - {""})
    return Coverage(lines, dict(seconds))


def _test(context: str) -> str:
    """The node id: of `tests/a.py::test_b[c] (call)`, as a started program has it, or as it is."""
    return re.sub(r" \((?:setup|call|teardown)\)$", "", context)


@functools.cache
def places() -> list[list[Mutation]]:
    """The possible changes of the product, of each line that has any."""
    paths = sorted([*TOP.glob("plugins/**/*.py"), *TOP.glob("suites/**/*.py")])
    sources = ((path.relative_to(TOP).as_posix(), path.read_text("utf-8")) for path in paths)
    return [changes for name, source in sources for changes in mutations(name, source).values()]


def draw(count: int, seed: int) -> list[Mutation]:
    """A random line that can be changed, then one of its changes that is Python; no line twice."""
    chance = random.Random(seed)  # noqa: S311  a sample, not a secret
    drawn = (chance.sample(changes, len(changes)) for changes in chance.sample(places(), len(places())))
    lines = (next(filter(_is_python, changes), None) for changes in drawn)
    return list(itertools.islice(filter(None, lines), count))


def _is_python(mutation: Mutation) -> bool:
    try:
        ast.parse(mutation.apply((TOP / mutation.path).read_text("utf-8")))
    except SyntaxError:
        return False
    return True


def attempt(mutation: Mutation, tree: Path, tests: list[str], limit: float) -> str:
    """Try one in a copy, which is put right again. "killed", "survived" or "not reached"."""
    if not tests:
        return "not reached"
    path = tree / mutation.path
    source = path.read_text("utf-8")
    path.write_text(mutation.apply(source), "utf-8")
    listed = tree / "mutants.args"
    listed.write_text("\n".join(tests), "utf-8")
    try:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"@{listed}"]
        done = subprocess.run(command, cwd=tree, capture_output=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return "killed"
    finally:
        path.write_text(source, "utf-8")
    return "survived" if done.returncode == 0 else "killed"


def difference(mutation: Mutation) -> str:
    """The lines before and after."""
    source = (TOP / mutation.path).read_text("utf-8")
    lines = difflib.unified_diff(source.splitlines(), mutation.apply(source).splitlines(), n=0, lineterm="")
    return "\n".join(f"    {line}" for line in list(lines)[3:])


def table(results: list[tuple[Mutation, str]]) -> str:
    """A line for each module, and one for all."""
    by_module: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for mutation, result in results:
        by_module[mutation.path][result] += 1
        by_module["all"][result] += 1
    lines = [f"{'killed':>8}{'survived':>10}{'not reached':>13}  module"]
    for path in sorted(by_module, key=lambda path: (path == "all", path)):
        counts = by_module[path]
        lines.append(f"{counts['killed']:>8}{counts['survived']:>10}{counts['not reached']:>13}  {path}")
    killed = by_module["all"]["killed"]
    return "\n".join([*lines, f"{killed} of {len(results)} killed ({100 * killed // max(len(results), 1)} %)"])


def main() -> int:
    """Draw, try, report. Exits 0: whether a survivor matters, a person judges."""
    parser = argparse.ArgumentParser(prog="python -m scripts.mutants")
    parser.add_argument("--count", type=int, default=300, help="size of the sample")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--minutes", type=float, default=60, help="no mutation is begun later than this")
    parser.add_argument(
        "--coverage", type=Path, help="keep what the first run learns in this file, or take it from there"
    )
    parser.add_argument("tests", nargs="*", default=["tests"])
    asked = parser.parse_args()
    end = time.monotonic() + 60 * asked.minutes
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        trees = [copy(folder / f"tree{number}") for number in range(SIDE_BY_SIDE)]
        if asked.coverage and asked.coverage.exists():
            saved = json.loads(asked.coverage.read_text("utf-8"))
            lines = {path: {int(line): tests for line, tests in of.items()} for path, of in saved["lines"].items()}
            known = Coverage(lines, saved["seconds"])
        else:
            known = learn(trees[0], folder, asked.tests)
            if asked.coverage:
                asked.coverage.write_text(json.dumps({"lines": known.lines, "seconds": known.seconds}), "utf-8")
        free: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for tree in trees:
            free.put(tree)

        def run(mutation: Mutation) -> str:
            if time.monotonic() > end:
                return ""
            tree = free.get()
            try:
                tests = known.tests(mutation)
                limit = 30 + 5 * sum(known.seconds[test] for test in tests)
                return attempt(mutation, tree, tests, limit)
            finally:
                free.put(tree)

        sample = draw(asked.count, asked.seed)
        with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            tried = list(zip(sample, pool.map(run, sample), strict=True))
    results = [(mutation, result) for mutation, result in tried if result]
    for mutation, result in sorted(results):
        if result != "killed":
            print(f"{result}: {mutation.path}:{mutation.line} {mutation.operator}\n{difference(mutation)}")
    print(table(results))
    late = len(tried) - len(results)
    print(f"seed {asked.seed}; {late} of {len(tried)} not tried, because {asked.minutes:g} minutes were over")
    return 0


if __name__ == "__main__":
    sys.exit(main())
