"""The names that `plugins` exports for authors of checks, and the speed of its import."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.support.paths import ROOT

#: Other modules that an author may import: facts about one topic, listed in the docstring of `plugins`.
TOPICS = re.compile(
    r"plugins\.(requirements\.(agent_errors|agent_releases|data_files|log_grammar|log_lines|windows_codes)|azure\.(az_cli|answer_keys|resource_ids|roles)"
    r"|checks\.(agent_log_paths|enrollment_marks|package_manager)|core\.secret_names)"
)


def test_importing_plugins_takes_no_sdk_and_no_ssh() -> None:
    code = "import sys, plugins; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "pytest" in run.stdout.split()
    assert not {"azure", "paramiko", "cryptography", "aiohttp", "requests", "yaml"} & set(run.stdout.split())


def test_the_suites_import_from_plugins_itself() -> None:
    modules = {
        matches
        for path in (ROOT / "suites").rglob("*.py")
        for matches in re.findall(r"^(?:from|import) (plugins\.\S+|plugins) ", path.read_text(), re.M)
    }
    others = {
        f"plugins.{name}"
        for path in (ROOT / "suites").rglob("*.py")
        for area, name in re.findall(r"^from (plugins\.\w+) import (\w+)", path.read_text(), re.M)
        if not TOPICS.fullmatch(f"{area}.{name}")
    }
    assert not others
    assert not [name for name in modules if name.count(".") == 2 and not TOPICS.fullmatch(name)]
