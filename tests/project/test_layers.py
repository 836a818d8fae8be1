"""The contracts of `lint-imports` in pyproject.toml: no import is exempt, and an import against them fails.

Test modules have unique names, and no module has more than 400 lines.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tests.support.paths import ROOT


def test_no_import_is_exempt() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    assert settings["root_packages"] == ["plugins", "suites", "lab"]
    assert not settings.get("exclude_type_checking_imports")
    for contract in settings["contracts"]:
        assert "ignore_imports" not in contract, contract["id"]
    layers = next(contract for contract in settings["contracts"] if contract["id"] == "layers")
    assert layers["exhaustive"] and "exhaustive_ignores" not in layers


def test_no_two_test_modules_have_one_name() -> None:
    """pytest imports a test module by its base name, and stops at the second one of a name."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, times in names.items() if times > 1] == []


def test_no_module_is_long() -> None:
    folders = ("plugins", "suites", "tests", "lab", "scripts", "benchmarks")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert [path for path in paths if path.read_bytes().count(b"\n") > 400] == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("plugins", "suites", "lab"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=lambda folder, names: {"__pycache__", "state", "recorded"})
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def broken(tree: Path) -> list[str]:
    """The names of the broken contracts."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, env={"COLUMNS": "200"})
    names = [line.removesuffix(" BROKEN") for line in done.stdout.splitlines() if line.endswith(" BROKEN")]
    assert bool(names) == bool(done.returncode), done.stdout + done.stderr
    return names


def test_imports_against_the_layers_are_red(tree: Path) -> None:
    assert broken(tree) == []
    for path, line in {
        "plugins/evidence/layout.py": "import plugins.results.schema",
        "plugins/gates/policy.py": "import pytest",
        "plugins/core/wording.py": "import paramiko, azure.core",
        "plugins/model.py": "import suites.wording",
        "suites/test_net.py": "import plugins.ssh.client",
        "lab/addresses.py": "import plugins.model",
    }.items():
        with (tree / path).open("a") as file:
            file.write(f"\n{line}\n")
    assert {
        "A package of plugins imports only packages below it",
        "Only the adapter, the declaration of checks and the HTML plugin import pytest",
        "Only ssh imports paramiko",
        "Only azure imports the Azure SDKs",
        "The product does not import checks, the lab or tests",
        "Checks do not reach a VM, other verdicts or a report through their imports",
        "The lab does not share code with the product",
        "No modules and no packages import each other in a circle",
    } <= set(broken(tree))


def test_a_package_without_a_layer_is_red(tree: Path) -> None:
    (tree / "plugins/novelty").mkdir()
    (tree / "plugins/novelty/__init__.py").touch()
    assert broken(tree) == ["A package of plugins imports only packages below it"]
