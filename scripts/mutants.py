"""`make mutants`: mutation tests. Change one line of the product at a time, and run the tests of that line.

It draws a sample of all mutations, at most one per line; the same seed and source give the same sample. It tries each
in a copy of the repository, with the tests that run the line, the quickest first; a first run under coverage determines
these. It does not run the tests of the lab and the browser: a mutation that only they detect counts as survived.

    killed      a test failed
    survived    every test that runs the line passed; if the mutation changes behaviour, a test is missing
    not reached no test runs the line
    timed out   the tests did not end in time, because of the mutation or of a busy machine

Some mutations do not change behaviour (the size of a cache, for example): review the survivors, and add missing tests.
"""

from __future__ import annotations

import argparse
import ast
import collections
import concurrent.futures
import difflib
import functools
import hashlib
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
from dataclasses import dataclass, field
from pathlib import Path

from coverage import CoverageData

from scripts.mutations import Mutation, mutations, statement

TOP = Path(__file__).resolve().parent.parent

#: Maximum CPU seconds for the tests of one mutation, by their CPU time without the mutation.
BUDGET = 30.0

#: Time limit for these tests in seconds, plus five times their CPU time.
LIMIT = 60.0

CONFIGURATION = """
[run]
source = plugins, suites
data_file = {folder}/lines
parallel = true
context = ${{PYTEST_CURRENT_TEST-}}
relative_files = true
disable_warnings = no-data-collected, module-not-measured, couldnt-parse
"""


@dataclass
class Coverage:
    """The tests that run each line, the lines that run during an import, and the CPU seconds of each test.

    It also has the sources and the hashes of the tests, so that a later `make mutants` can reuse it.
    """

    lines: dict[str, dict[int, list[str]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    imported: dict[str, list[int]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    learned: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Coverage:
        """Load an earlier run's coverage, with the present line numbers and without tests that have changed."""
        saved = json.loads(path.read_text("utf-8"))
        names = saved.pop("names")
        known = cls(**saved)
        lines = {path: {int(at): [names[n] for n in of] for at, of in v.items()} for path, v in known.lines.items()}
        known.learned = {path: digest for path, digest in known.learned.items() if _digest(path) == digest}
        known.seconds = {test: took for test, took in known.seconds.items() if _module(test) in known.learned}
        known.lines = {}
        for name, of in lines.items():
            if (TOP / name).exists():
                now = (TOP / name).read_text("utf-8").splitlines()
                moved = _moved(known.sources.get(name, "").splitlines(), now)
                known.lines[name] = {
                    at: [test for test in of.get(before, ()) if test in known.seconds] for at, before in moved.items()
                }
                was = set(known.imported.get(name, ()))
                known.imported[name] = [at for at, before in moved.items() if before in was]
                known.sources[name] = "\n".join(now)
        return known

    def save(self, path: Path) -> None:
        """Save it, with the name of each test only once."""
        numbers = {name: number for number, name in enumerate(self.seconds)}
        lines = {
            path: {at: [numbers[test] for test in tests if test in numbers] for at, tests in of.items()}
            for path, of in self.lines.items()
        }
        path.write_text(json.dumps({"names": list(numbers)} | vars(self) | {"lines": lines}), "utf-8")

    def add(self, other: Coverage) -> None:
        """Add the coverage of other tests."""
        for path, of in other.lines.items():
            mine = self.lines.setdefault(path, {})
            for line, tests in of.items():
                mine[line] = sorted({*mine.get(line, ()), *tests})
            self.imported[path] = sorted({*self.imported.get(path, ()), *other.imported[path]})
            self.sources[path] = other.sources[path]
        self.seconds |= other.seconds
        self.learned |= other.learned

    def tests(self, mutation: Mutation) -> list[str]:
        """The quickest tests that run the line, within the budget; among quick ones, those of its package come first.

        Any test may depend on a line that an import runs: use those that run the module, then those of its package.
        """
        package = mutation.path.removeprefix("plugins/").partition("/")[0]
        lines = self.lines.get(mutation.path, {})
        run = statement(self.sources.get(mutation.path, ""), mutation.line)
        near, far = {test for line in run for test in lines.get(line, ())}, set[str]()
        if mutation.line in self.imported.get(mutation.path, ()):
            near = {test for tests in lines.values() for test in tests}
            far = {test for test in self.seconds if test.split("/")[1] in (package, "project")}
        chosen: list[str] = []
        spent = 0.0
        for test in sorted(
            (near | far) & self.seconds.keys(), key=lambda test: (test not in near, self.seconds[test], test)
        ):
            spent += self.seconds[test] + 0.01
            if chosen and spent > BUDGET:
                break
            chosen.append(test)

        def order(test: str) -> tuple[bool, bool, bool, str, float]:
            took = self.seconds[test]
            return took > 1, test not in near, package not in test.split("/"), _module(test), took

        return sorted(chosen, key=order)


def _module(test: str) -> str:
    return test.partition("::")[0]


def _digest(path: str, tree: Path | None = None) -> str:
    file = (tree or TOP) / path
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _moved(before: list[str], now: list[str]) -> dict[int, int]:
    """New line number -> earlier line number; for a new line, that of the line that it replaces or follows."""
    moved: dict[int, int] = {}
    for _, low, high, start, end in difflib.SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
        for at in range(start, end):
            moved[at + 1] = max(min(low + at - start, high - 1), 0) + 1
    return moved


def copy(to: Path) -> Path:
    """Copy the tracked and new files, without ignored ones."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=TOP, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (TOP / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TOP / name, to / name)
    return to


def learn(tree: Path, folder: Path, tests: list[str], workers: int) -> Coverage:
    """Run these tests once, under coverage. Print those that fail without a mutation: they are not used."""
    settings = folder / "coveragerc"
    settings.write_text(CONFIGURATION.format(folder=folder))
    durations = folder / "durations"
    durations.unlink(missing_ok=True)
    # Each program reads the settings itself, so that its context is its test; `patch` would pass on this process's.
    environment = os.environ | {"MUTANTS_DURATIONS": str(durations), "COVERAGE_PROCESS_START": str(settings)}
    options = ["-m", "not lab and not browser", "-p", "scripts.mutants_plugin", "-n", str(workers), "-q"]
    options += ["--dist", "loadscope", "-p", "no:cacheprovider"]
    subprocess.run([sys.executable, "-m", "pytest", *options, *tests], cwd=tree, env=environment, check=False)
    combine = [sys.executable, "-m", "coverage", "combine", "-q", f"--rcfile={settings}"]
    subprocess.run(combine, cwd=tree, check=True)
    seconds: dict[str, float] = collections.defaultdict(float)
    failed = set()
    for line in durations.read_text("utf-8").splitlines():
        test, took, passed = json.loads(line)
        seconds[test] += took
        failed |= set() if passed else {test}
    for test in sorted(failed):
        seconds.pop(test, None)
        print(f"skipped or failed unchanged, so not used: {test}")
    data = CoverageData(str(folder / "lines"))
    data.read()
    known = Coverage(seconds=dict(seconds), learned={path: _digest(path, tree) for path in tests})
    # A program that a test starts in another folder has the absolute path of the same file.
    for path in data.measured_files():
        name = os.path.relpath(tree / path, tree)
        if not (tree / name).is_file():
            continue
        of_file = known.lines.setdefault(name, {})
        known.imported.setdefault(name, [])
        known.sources[name] = (tree / name).read_text("utf-8")
        for number, contexts in data.contexts_by_lineno(path).items():
            of_file[number] = sorted({*of_file.get(number, ()), *map(_test, contexts)} - {""})
            known.imported[name] += [number] if "" in contexts else []
    return known


def _test(context: str) -> str:
    """The node id in a context: `tests/a.py::test_b[c] (call)`, of a started program, or `tests/a.py::test_b[c]`."""
    return re.sub(r" \((?:setup|call|teardown)\)$", "", context)


@functools.cache
def places() -> list[list[Mutation]]:
    """The possible mutations of each line of the product that has any."""
    paths = sorted([*TOP.glob("plugins/**/*.py"), *TOP.glob("suites/**/*.py")])
    sources = ((path.relative_to(TOP).as_posix(), path.read_text("utf-8")) for path in paths)
    return [changes for name, source in sources for changes in mutations(name, source).values()]


def draw(count: int, seed: int) -> list[Mutation]:
    """Draw random lines, and for each of them one mutation that is valid Python."""
    chance = random.Random(seed)  # noqa: S311  a sample, not a secret
    drawn = (chance.sample(changes, len(changes)) for changes in chance.sample(places(), len(places())))
    lines = (next(filter(_is_python, changes), None) for changes in drawn)
    return list(itertools.islice(filter(None, lines), count))


def _is_python(mutation: Mutation) -> bool:
    try:
        ast.parse(mutation.apply((TOP / mutation.path).read_text("utf-8")))
    except (SyntaxError, AttributeError):  # the latter from cosmic-ray, for `except (a.b, c):`
        return False
    return True


class Tree:
    """A copy of the repository, and a process that has collected its tests and forks to try a mutation."""

    def __init__(self, path: Path) -> None:
        self.path = copy(path)
        self.changes = 0
        requests, self.requests = os.pipe()
        self.answers, answers = os.pipe()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "scripts.mutants_server"]
        command += ["-m", "not lab and not browser", "--mutants-channel", str(requests), str(answers), "tests"]
        self.log = (path.parent / f"{path.name}.log").open("w")
        self.process = subprocess.Popen(
            command, cwd=path, pass_fds=(requests, answers), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        os.close(requests)
        os.close(answers)
        self.channel = os.fdopen(self.requests, "w"), os.fdopen(self.answers)
        self.ready = ""
        self.sound: dict[str, bool] = {}

    def close(self) -> None:
        """End the process."""
        for file in self.channel:
            file.close()
        self.process.wait()
        self.log.close()

    def ask(self, mutation: Mutation | None, source: str | None, tests: list[str], limit: float) -> dict[str, str]:
        """Run the tests in a fork; return the result, and the test that failed."""
        path = str(self.path / mutation.path) if mutation else ""
        line = mutation.line if mutation else 0
        request = {"path": path, "line": line, "source": source, "tests": tests, "limit": limit}
        self.channel[0].write(json.dumps(request) + "\n")
        self.channel[0].flush()
        answer: dict[str, str] = json.loads(self.channel[1].readline())
        return answer

    def attempt(self, mutation: Mutation, known: Coverage) -> str:
        """Try a mutation, and restore the file. Return "killed", "survived", "not reached" or "timed out"."""
        if not self.ready:  # until then the process still imports the files
            self.ready = self.channel[1].readline()
        path = self.path / mutation.path
        before, source = path.stat(), path.read_text("utf-8")
        changed = mutation.apply(source)
        while tests := [test for test in known.tests(mutation) if self.sound.get(test, True)]:
            limit = LIMIT + 5 * sum(known.seconds[test] for test in tests)
            path.write_text(changed, "utf-8")
            # Python recompiles a file if its time, in seconds, differs from that in the compiled file.
            self.changes += 1
            os.utime(path, (before.st_atime, before.st_mtime + self.changes))
            try:
                fresh = mutation.line in known.imported.get(mutation.path, ())
                answer = {"result": "unfit"} if fresh else self.ask(mutation, changed, tests, limit)
                if answer["result"] == "unfit":
                    answer = self.start(tests, limit)
            finally:
                path.write_text(source, "utf-8")
                os.utime(path, (before.st_atime, before.st_mtime))
            test, result = answer["test"], answer["result"]
            if result != "killed" or test not in tests:
                return result
            if test not in self.sound:  # does it pass without the mutation, here and alone?
                self.sound[test] = self.ask(None, None, [test], LIMIT + 5 * known.seconds[test])["result"] == "survived"
            if self.sound[test]:
                return "killed"
        return "not reached"

    def start(self, tests: list[str], limit: float) -> dict[str, str]:
        """The same in a new process, for lines that run during the import of a module."""
        listed = self.path / "mutants.args"
        listed.write_text("\n".join(tests), "utf-8")
        try:
            command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"@{listed}"]
            done = subprocess.run(command, cwd=self.path, capture_output=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            return {"result": "timed out", "test": ""}
        return {"result": "survived" if done.returncode == 0 else "killed", "test": ""}


def _modules(path: Path) -> list[Path]:
    return sorted(path.rglob("test_*.py")) if path.is_dir() else [path]


def difference(mutation: Mutation) -> str:
    """The lines before and after the mutation."""
    source = (TOP / mutation.path).read_text("utf-8")
    lines = difflib.unified_diff(source.splitlines(), mutation.apply(source).splitlines(), n=0, lineterm="")
    return "\n".join(f"    {line}" for line in list(lines)[3:])


def table(results: list[tuple[Mutation, str]]) -> str:
    """A line for each module, and one for all modules."""
    by_module: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for mutation, result in results:
        by_module[mutation.path][result] += 1
        by_module["all"][result] += 1
    columns = "killed", "survived", "not reached", "timed out"
    lines = ["".join(f"  {name}" for name in columns) + "  module"]
    for path in sorted(by_module, key=lambda path: (path == "all", path)):
        lines.append("".join(f"{by_module[path][name]:>{len(name) + 2}}" for name in columns) + f"  {path}")
    killed = by_module["all"]["killed"]
    return "\n".join([*lines, f"{killed} of {len(results)} killed ({100 * killed // max(len(results), 1)} %)"])


def main() -> int:
    """Draw, try and report. Return 0, also with survivors, because not every survivor is a missing test."""
    parser = argparse.ArgumentParser(prog="python -m scripts.mutants")
    parser.add_argument("--count", type=int, default=300, help="size of the sample")
    seed = random.SystemRandom().randrange(10_000)
    parser.add_argument("--seed", type=int, default=seed, help="seed of the sample; by default a random one")
    parser.add_argument("--workers", type=int, default=2, help="number of mutations tried in parallel")
    parser.add_argument("--minutes", type=float, default=60, help="start no mutation after this time")
    parser.add_argument(
        "--coverage", type=Path, help="read the coverage of the tests from this file, and save it there"
    )
    parser.add_argument("tests", nargs="*", default=["tests"], help="files or folders of tests to run")
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        known = Coverage.load(options.coverage) if options.coverage and options.coverage.exists() else Coverage()
        modules = [path.relative_to(TOP).as_posix() for place in options.tests for path in _modules(TOP / place)]
        if unknown := [path for path in modules if known.learned.get(path) != _digest(path)]:
            known.add(learn(copy(folder / "learn"), folder, unknown, options.workers))
            if options.coverage:
                known.save(options.coverage)
        trees = [Tree(folder / f"tree{number}") for number in range(options.workers)] if options.count else []
        free: queue.SimpleQueue[Tree] = queue.SimpleQueue()
        for tree in trees:
            free.put(tree)

        def run(mutation: Mutation) -> str:
            if time.monotonic() > end:
                return ""
            tree = free.get()
            try:
                result = tree.attempt(mutation, known)
            finally:
                free.put(tree)
            if result != "killed":
                place = f"{result}: {mutation.path}:{mutation.line} {mutation.operator}"
                print(f"{place}\n{difference(mutation)}", flush=True)
            return result

        sample = draw(options.count, options.seed)
        with concurrent.futures.ThreadPoolExecutor(options.workers) as pool:
            tried = list(zip(sample, pool.map(run, sample), strict=True))
        for tree in trees:
            tree.close()
    results = [(mutation, result) for mutation, result in tried if result]
    print(table(results))
    late = len(tried) - len(results)
    print(f"seed {options.seed}; {late} of {len(tried)} not tried, because {options.minutes:g} minutes were over")
    return 0


if __name__ == "__main__":
    sys.exit(main())
