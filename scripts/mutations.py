"""The mutations for `scripts.mutants`: the places in a module that can be changed, and the changes.

cosmic-ray has operators for logic and numbers. Three operators of ours change messages, returned values, and calls for
their side effect (``fail(...)``), of which this project has many.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from parso.python.tree import Keyword

Position = tuple[tuple[int, int], tuple[int, int]]

#: The operators of cosmic-ray that resemble programming mistakes.
CORE = """
    AddNot ReplaceAndWithOr ReplaceOrWithAnd ReplaceTrueWithFalse ReplaceFalseWithTrue ReplaceUnaryOperator_Delete_Not
    ExceptionReplacer NumberReplacer ZeroIterationForLoop ReplaceBreakWithContinue ReplaceContinueWithBreak
    ReplaceComparisonOperator_Eq_NotEq ReplaceComparisonOperator_NotEq_Eq ReplaceComparisonOperator_Is_IsNot
    ReplaceComparisonOperator_IsNot_Is ReplaceComparisonOperator_Lt_LtE ReplaceComparisonOperator_LtE_Lt
    ReplaceComparisonOperator_Gt_GtE ReplaceComparisonOperator_GtE_Gt ReplaceBinaryOperator_Add_Sub
    ReplaceBinaryOperator_Sub_Add ReplaceBinaryOperator_Mul_Div ReplaceBinaryOperator_Mod_Mul
""".split()


class ReturnNone:
    """Change ``return value`` to ``return None``."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """The return statements with a value."""
        if node.type == "return_stmt" and node.children[1].get_code(include_prefix=False) != "None":
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Return None instead."""
        node.children[1:] = [_nothing(node.children[1], " ")]
        return node


class ChangeText:
    """Insert XX at the beginning of a text."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """Strings, except docstrings; of an f-string, the first part."""
        first = node.type == "fstring_string" and node.get_previous_leaf().type == "fstring_start"
        if first or (node.type == "string" and node.parent.type not in ("simple_stmt", "file_input")):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Insert XX after the opening quotes."""
        node.value = (
            "XX" + node.value
            if node.type == "fstring_string"
            else re.sub(r"^\w*(\"\"\"|'''|.)", r"\g<0>XX", node.value)
        )
        return node


class RemoveCall:
    """Remove a call that is a statement."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """Calls that are statements."""
        if node.type in ("atom_expr", "power") and node.parent.type == "simple_stmt" and _is_call(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Replace it by None."""
        return _nothing(node, node.get_first_leaf().prefix)


def _is_call(node: Any) -> bool:
    last = node.children[-1]
    return bool(last.type == "trailer" and last.children[0].value == "(")


def _nothing(node: Any, prefix: str) -> Keyword:
    return Keyword("None", node.start_pos, prefix)


@functools.cache
def operators() -> dict[str, Any]:
    """Every operator, by its name in the output."""
    ours = {"ReturnNone": ReturnNone(), "ChangeText": ChangeText(), "RemoveCall": RemoveCall()}
    return {name: get_operator(f"core/{name}")() for name in CORE} | ours


@dataclass(frozen=True, order=True)
class Mutation:
    """One change of one module, on this line: the operator applied at its `occurrence`th place in the module."""

    path: str
    line: int
    operator: str
    occurrence: int

    def apply(self, source: str) -> str:
        """The changed module, or the unchanged one if the operator has no such place."""
        changed: str | None = mutate_code(source, operators()[self.operator], self.occurrence)
        return source if changed is None else changed


def mutations(path: str, source: str) -> dict[int, list[Mutation]]:
    """Every possible mutation of a module, by line, except of imports, annotations and ``__all__``."""
    lines = _lines_that_act(source)
    by_line: dict[int, list[Mutation]] = {}
    nodes = list(ast_nodes(get_ast(source)))
    for name, operator in operators().items():
        occurrence = 0
        for node in nodes:
            for (line, _), _ in operator.mutation_positions(node):
                if line in lines and not _is_star(node):
                    by_line.setdefault(line, []).append(Mutation(path, line, name, occurrence))
                occurrence += 1
    return by_line


def _is_star(node: Any) -> bool:
    """Whether it is the `*` before keyword-only parameters, which cosmic-ray mistakes for a multiplication."""
    return bool(node.type == "operator" and node.parent.type in ("parameters", "lambdef"))


def _lines_that_act(source: str) -> set[int]:
    """Lines inside functions: those outside run at the import, before the tests."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in node.body:
                lines |= set(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    return lines


def statement(source: str, line: int) -> range:
    """The lines of the simple statement that contains this line: coverage records only some of them."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            if line in lines:
                return lines
    return range(line, line + 1)
