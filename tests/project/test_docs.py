"""Files, folders and tests that the pages name exist in this repository."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from plugins.pytest_adapter.options import add_options
from tests.support.paths import ROOT

#: Without the changelog, which may name removed files.
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("examples/**/*.md"),
        *ROOT.glob("tests/**/*.md"),
    )
    if path.name != "CHANGELOG.md" and "node_modules" not in path.parts
)

TOPS = "plugins|suites|lab|tests|docs|examples|scripts|benchmarks|\\.ci"

#: `tests/ssh/test_client.py::test_name`, `docs/ssh.md`, `plugins/gather/`, `suites/test_*.py`; a `::test_name` alone
#: belongs to the file before it.
NAMED = re.compile(rf"(?<![\w/.@-])((?:{TOPS})/[\w./*-]*[\w/*])?(?:::(test_\w+))?")

#: The target of a Markdown link.
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")

#: A run of the lab writes these.
MADE = re.compile(r"lab/state\b|docs/history\b|tests/support/azurite/node_modules")


def named(text: str) -> list[tuple[str, str]]:
    """The paths in a page, each with the named test in it, or ""."""
    pairs: list[tuple[str, str]] = []
    for path, function in NAMED.findall(text):
        if path or (function and pairs):
            pairs.append((path or pairs[-1][0], function))
    return pairs


def functions(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", PAGES)
def test_every_file_and_test_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    missing = []
    for path, function in named(text):
        if MADE.match(path):
            continue
        if not list(ROOT.glob(path.rstrip("/"))):
            missing.append(path)
        elif function and function not in functions(ROOT / path):
            missing.append(f"{path}::{function}")
    missing += [link for link in LINK.findall(text) if not (ROOT / page).parent.joinpath(link).exists()]
    assert not missing


def test_a_page_that_names_what_is_gone_is_found() -> None:
    text = "see `docs/ssh.md`, `tests/project/test_docs.py::test_a` and `::test_b`, https://x.example/docs/gone"
    assert named(text) == [
        ("docs/ssh.md", ""),
        ("tests/project/test_docs.py", "test_a"),
        ("tests/project/test_docs.py", "test_b"),
    ]


def test_the_readme_names_the_options_as_the_help_does() -> None:
    parser = pytest.Parser(_ispytest=True)
    add_options(parser)
    readme = (ROOT / "README.md").read_text("utf-8")
    for option in parser.getgroup("nexus").options:
        (flag,), attributes = option.names(), option.attrs()
        word = (attributes.get("metavar") or "").partition("|")[0]
        assert re.search(rf"^\|[^|]*`{re.escape(f'{flag} {word}'.rstrip())}[`. ]", readme, re.MULTILINE), flag


def test_security_md_names_a_test_for_what_it_promises() -> None:
    assert sum(bool(function) for _, function in named((ROOT / "SECURITY.md").read_text("utf-8"))) > 40
