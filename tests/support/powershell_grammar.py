"""A grammar of PowerShell, if it is installed: PowerShell cannot run a text that it cannot parse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from plugins.checks.probe import Probe, ProbeCommand
from tests.support.suite_probes import DECLARED
from tests.support.suite_rows import PROFILE, WINDOWS_VM

VM = WINDOWS_VM
ENDPOINT = PROFILE.endpoints(VM)[0]

#: Every probe that has a command for Windows, by name.
PROBES: dict[str, Probe] = {name: probe for name, probe in DECLARED.items() if probe.fits(VM)}
PLANNED: dict[str, ProbeCommand] = {
    name: probe.plan(name, {"vm": VM, "profile": PROFILE, "endpoint": ENDPOINT}) for name, probe in PROBES.items()
}


def parse(text: str) -> Any:
    """The root of the text's tree; skips the test without a grammar."""
    language = pytest.importorskip("tree_sitter_powershell", reason="tree-sitter-powershell is not installed here")
    tree_sitter = pytest.importorskip("tree_sitter", reason="tree-sitter is not installed here")
    return tree_sitter.Parser(tree_sitter.Language(language.language())).parse(text.encode()).root_node


def nodes(root: Any) -> Iterator[Any]:
    """The tree, node by node."""
    yield root
    for child in root.children:
        yield from nodes(child)


def mistakes(text: str) -> list[str]:
    """The parts that the grammar could not parse, with their lines."""
    return [
        f"line {node.start_point[0] + 1}: {node.type} {node.text.decode()[:80]!r}"
        for node in nodes(parse(text))
        if node.type == "ERROR" or node.is_missing
    ]


def commands(text: str) -> set[str]:
    """The commands that a text calls by name."""
    return {node.text.decode() for node in nodes(parse(text)) if node.type == "command_name"}
