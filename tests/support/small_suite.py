"""A suite of five checks for complete runs, the answers of a healthy VM, and the judging of a saved run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugins.results.schema import problems
from tests.support.newest_run import newest_run
from tests.support.paths import ROOT

SUITE = '''
from plugins import *

docs = "https://example.org/"
word = probe("cat /word", timeout=2, needs=["cat"])
colour = probe(lambda colour: f"cat /colour/{quote(colour)}", timeout=3)
rooted = probe("id -u", timeout=2, root=True, accept_states=("no root",))
number = probe("cat /number", timeout=2, read=lambda seen: int(seen.stdout))


@check("SSH-001", required, remedy="Start it.", docs=docs)
def test_session(session):
    """A session opens."""
    if session.outcome != "ok":
        unknown(session.message, remedy=session.remedy)
    return "It opened."


@check("VM-001", required, remedy="Say it.", docs=docs)
def test_word(word):
    """The word is right."""
    if word.stdout == "wrong":
        fail("The word is wrong; expected right.")
    if word.stdout == "odd":
        warn("The word is odd.")
    if word.stdout == "none":
        not_applicable("There is no word here.")
    return f"The word is {word.stdout}."


@check("VM-002", required, requires=["VM-001"], remedy="Number it.", docs=docs)
def test_number(number):
    """The number is even."""
    if number % 2:
        fail(f"{number} is odd.")
    return f"{number} is even."


@check("VM-003", recommended, remedy="Paint it.", docs=docs, caused_by=["VM-001"],
       parametrize={"colour": lambda vm, profile: ["red", "blue"]})
def test_colour(colour_seen, colour):
    """The colour is there."""
    if colour_seen.stdout != colour:
        fail(f"{colour} is not there.")
    return "It is there."


colour_seen = colour


@check("VM-004", required, remedy="Get root.", docs=docs)
def test_root(rooted):
    """Root is to be had."""
    if rooted.state == "no root":
        fail("There is no root.")
    return "There is."
'''

GOOD = {"word": "right", "number": "4", "colour_seen[red]": "red", "colour_seen[blue]": "blue", "rooted": "0"}


def results(project: pytest.Pytester) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((newest_run(project.path / "reports") / "results.json").read_text())
    assert problems(document) == []
    return document


def statuses(project: pytest.Pytester) -> dict[str, str]:
    return {
        f"{vm['name']} {result['id']}{result['parameter'] and '/' + result['parameter']}": result["status"]
        for vm in results(project)["vms"]
        for result in vm["results"]
    }


def check_out(pytester: pytest.Pytester, suite: str, more: str = "") -> None:
    """A separate checkout with the real plugins, this suite, and `more` in its conftest.py."""
    pytester.makepyprojecttoml(f'[tool.pytest.ini_options]\ntestpaths = ["suites"]\npythonpath = ["{ROOT}"]')
    pytester.makeconftest(f"{(ROOT / 'conftest.py').read_text()}\n{more}")
    pytester.mkdir("suites")
    (pytester.path / "suites/test_small.py").write_text(suite)


def judged(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess("--evidence=earlier", *arguments)
