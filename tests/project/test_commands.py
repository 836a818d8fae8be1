"""A fix command is a list of words until it is shown: its template is a constant, its values are arguments."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator

import pytest

from plugins.checks.command import Command, first_installed, script, sh
from tests.support.paths import ROOT

SOURCES = sorted([*ROOT.glob("suites/**/*.py"), *ROOT.glob("plugins/**/*.py")])

#: Callables whose first argument must be a constant, or a name for one.
_TEMPLATES = ("sh", "script")


def problems(source: str) -> Iterator[int]:
    """The lines whose template is not a constant."""
    tree = ast.parse(source)
    constants = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
            continue
        template = node.args[0]
        if isinstance(template, ast.Call) and ast.unparse(template) == "_REPAIR.replace('@KEPT@', _KEPT)":
            continue  # both are constants
        fixed = isinstance(template, ast.Constant) or (isinstance(template, ast.Name) and template.id in constants)
        if node.func.id in _TEMPLATES and not fixed:
            yield node.lineno


def test_a_template_is_a_constant() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in SOURCES}
    problems_of = {path: list(problems(text)) for path, text in texts.items() if re.search(r"\b(sh|script)\(", text)}
    assert {path: lines for path, lines in problems_of.items() if lines} == {}


@pytest.mark.parametrize(
    "call", ['sh(f"az {name}")', 'sh("az " + name)', 'sh("az {}".format(name))', 'sh("az %s" % name)', "sh(name)"]
)
def test_a_value_in_a_template_is_found(call: str) -> None:
    assert list(problems(call)) == [1]


@pytest.mark.parametrize(
    "value", ["two words", "it's", "$(id)", ";", "&&", "if", "fi", "{}", ">/dev/null", "", "a\nb", "é"]
)
def test_a_value_is_one_word_whatever_it_is(value: str) -> None:
    command = sh("sudo {} && echo {}; {}", value, [value, "x"], sh("rm -- {}", value))
    assert shlex.split(str(command).replace("; rm", " ; rm")) == [
        *("sudo", value, "&&", "echo", value, "x", ";", "rm", "--", value)
    ]
    assert script("a=@A@; b=@B@", A=value, B="@A@") == f"a={shlex.quote(value)}; b=@A@", "in one pass"


def test_the_number_of_values_is_that_of_the_places() -> None:
    for values in ((), ("a", "b")):
        with pytest.raises(ValueError, match="places than values"):
            sh("sudo {}", *values)


def test_operators_are_rendered_as_a_shell_reads_them() -> None:
    command = first_installed({"apt-get": sh("apt-get update"), "dnf": sh("dnf update")})
    assert isinstance(command, Command)
    assert str(command) == (
        "if command -v apt-get >/dev/null; then apt-get update; elif command -v dnf >/dev/null; then dnf update; fi"
    )
