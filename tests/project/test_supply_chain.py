"""Installed packages, and the packages and workflows that users are asked to install and run."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts import audit_report, lint_workflows, local_audit, sbom
from tests.support.paths import ROOT

LOCK = (ROOT / "requirements.lock").read_text("utf-8")

#: Each requirement of the lock, with its continuation lines.
REQUIREMENTS = [line for line in LOCK.replace("\\\n", "").splitlines() if not line.startswith("#")]


def test_every_requirement_is_one_version_with_hashes() -> None:
    assert len(REQUIREMENTS) > 70
    for requirement in REQUIREMENTS:
        assert re.match(r"[A-Za-z0-9._-]+==[^\s;]+( ; [^-]+)? +--hash=", requirement), requirement[:100]
        hashes = re.findall(r"--hash=(\w+):([0-9a-f]+)", requirement)
        assert hashes, requirement[:100]
        assert {(kind, len(digest)) for kind, digest in hashes} == {("sha256", 64)}


def test_the_lock_names_no_place_to_get_packages_from() -> None:
    assert not re.search(r"://|^-|@ |--index|--find-links|--trusted", LOCK, re.M)


def test_the_environment_is_made_by_hashes_only() -> None:
    assert "--require-hashes" in (ROOT / "scripts/make-env").read_text()


# --- the audit


def row(name: str, *ids: str) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": [{"id": id, "fix_versions": ["1.1"]} for id in ids]}


LOST = {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (1.0)"}


@pytest.mark.parametrize(
    ("rows", "status", "lines"),
    [
        ([row("a"), row("b")], 0, ["2 packages were looked up; none has a known weakness."]),
        ([row("a", "PYSEC-1"), row("b")], 1, ["a 1.0 has PYSEC-1, fixed in 1.1: make lock LOCK=--upgrade"]),
        (
            [LOST],
            3,
            [
                "1 of 1 packages could not be looked up (c), so they are not audited. Run make audit where pip-audit "
                "reaches its advisory service."
            ],
        ),
        ([row("a", "PYSEC-1"), LOST], 1, None),
        ([], 3, None),
    ],
)
def test_an_audit_that_did_not_look_does_not_say_that_all_is_well(rows: Any, status: int, lines: Any) -> None:
    status_of_audit, messages = audit_report.judge({"dependencies": rows})
    assert status_of_audit == status
    assert messages == lines or lines is None


def test_an_audit_without_a_result_fails(tmp_path: Path) -> None:
    assert audit_report.main(tmp_path / "missing.json") == 3


ADVISORY = """\
id: PYSEC-7
published: '2026-03-17T22:15:00Z'
affected:
- package: {name: Some.Package, ecosystem: PyPI}
  ranges:
  - type: GIT
    events: [{introduced: '0'}]
  - type: ECOSYSTEM
    events: [{introduced: '0'}, {fixed: 2.9.3}, {introduced: 2.10.0}, {fixed: 2.10.1}, {introduced: '3'}, {last_affected: '3.1'}]
  versions: [2.11.0, 0.1-bulbasaur]
"""


def copy_of(folder: Path, advisory: str = ADVISORY) -> Path:
    (folder / "vulns/some-package").mkdir(parents=True)
    (folder / "vulns/some-package/PYSEC-7.yaml").write_text(advisory)
    return folder


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ("2.9.2", "some-package 2.9.2 has PYSEC-7, fixed in 2.9.3: make lock LOCK=--upgrade"),
        ("2.10.0", "some-package 2.10.0 has PYSEC-7, fixed in 2.10.1: make lock LOCK=--upgrade"),
        ("2.11.0", "some-package 2.11.0 has PYSEC-7, not fixed yet: make lock LOCK=--upgrade"),
        ("3.1", "some-package 3.1 has PYSEC-7, not fixed yet: make lock LOCK=--upgrade"),
        ("2.9.3", None),
        ("2.10.1", None),
        ("3.2", None),
    ],
)
def test_a_local_copy_of_the_advisories_finds_what_it_knows(tmp_path: Path, version: str, line: str | None) -> None:
    status, lines = local_audit.audit(f"some.package=={version} \\\n    --hash=sha256:00\n", copy_of(tmp_path))
    assert status == (1 if line else 0)
    none = "" if line else ", and none has a known weakness"
    last = f"1 packages were compared with a copy of the advisories{none}; its newest is of 2026-03-17, and it knows nothing later."
    assert lines == ([line] if line else []) + [last]


def test_a_withdrawn_advisory_is_ignored(tmp_path: Path) -> None:
    copy = copy_of(tmp_path, ADVISORY + "withdrawn: '2026-04-01T00:00:00Z'\n")
    assert local_audit.audit("some-package==2.9.2\n", copy)[0] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "holds no advisory (expected vulns/NAME/*.yaml), so nothing is audited."),
        (
            "published: '2026-03-17'\nx: [",
            "PYSEC-7.yaml: cannot be read as YAML (while parsing a flow node). Nothing is audited.",
        ),
        (
            "published: '2026-03-17'\n",
            "PYSEC-7.yaml: not an advisory; expected a mapping with an id. Nothing is audited.",
        ),
    ],
)
def test_a_copy_that_is_none_audits_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, said: str
) -> None:
    lock = tmp_path / "lock"
    lock.write_text("some-package==2.9.2\n")
    copy = tmp_path / "copy" if text is None else copy_of(tmp_path / "copy", text)
    assert local_audit.main(lock, copy) == 3
    assert capsys.readouterr().err.endswith(f"{said}\n")


# --- the bill of materials


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Any:
    target = tmp_path_factory.mktemp("sbom") / "sbom.json"
    assert sbom.main(target) == 0
    return json.loads(target.read_text())


def test_the_bill_names_every_locked_package(bill: Any) -> None:
    assert {component["name"]: component["version"] for component in bill["components"]} == sbom.locked()
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")


def test_the_bill_tells_what_runs_from_what_only_developers_have(bill: Any) -> None:
    scope = {component["name"]: component["scope"] for component in bill["components"]}
    assert {scope[name] for name in ("paramiko", "cryptography", "pytest", "azure-core", "msal")} == {"required"}
    assert {scope[name] for name in ("mypy", "hypothesis", "selenium", "zizmor")} == {"excluded"}
    paramiko = next(dependency for dependency in bill["dependencies"] if dependency["ref"].startswith("paramiko@"))
    assert any(ref.startswith("cryptography@") for ref in paramiko["dependsOn"])


def test_a_bill_that_breaks_the_schema_is_refused(bill: Any) -> None:
    assert sbom.problems(bill) == []
    assert sbom.problems(bill | {"components": [{"name": "x", "type": "nonsense"}]}) != []


# --- sample workflows


def test_every_workflow_is_clean() -> None:
    files = lint_workflows.workflows()
    assert ROOT / "examples/github/readiness.yml" in files
    assert lint_workflows.findings(files) == 0


@pytest.mark.parametrize(
    ("was", "bad"),
    [
        ("actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "actions/checkout@v6"),
        ("persist-credentials: false", "fetch-depth: 1"),
        ("permissions: {}", "permissions: write-all"),
        (
            "          .venv/bin/python -m",
            "          echo ${{ github.event.inputs.fleet }}\n          .venv/bin/python -m",
        ),
    ],
)
def test_a_workflow_that_is_not_clean_is_found(tmp_path: Path, was: str, bad: str) -> None:
    text = (ROOT / "examples/github/readiness.yml").read_text()
    assert was in text
    (tmp_path / ".github/workflows").mkdir(parents=True)
    path = tmp_path / ".github/workflows/x.yml"
    path.write_text(text.replace(was, bad))
    assert lint_workflows.workflows(tmp_path) == [path]
    assert lint_workflows.findings([path]) != 0


def test_the_sample_pins_actions_by_commit_and_asks_for_no_more_than_it_needs() -> None:
    text = (ROOT / "examples/github/readiness.yml").read_text()
    assert all(re.search(r"@[0-9a-f]{40} # v\d", line) for line in text.splitlines() if "uses:" in line)
    assert re.findall(r"^permissions: \{\}$", text, re.M)
    assert set(re.findall(r"^      ([a-z-]+): (?:read|write)\b", text, re.M)) == {"contents", "id-token"}


# --- the repository

#: The files and folders that may be at its top level. Notes belong in issues.
TOP_LEVEL = set(
    """
    .ci .editorconfig .gitignore .pre-commit-config.yaml CHANGELOG.md CONTRIBUTING.md LICENSE Makefile README.md
    SECURITY.md benchmarks conftest.py docs examples lab nexus-arc plugins pyproject.toml requirements-image.lock
    requirements.lock scripts suites tests
    """.split()
)

#: Paths of the development machines and names of their registries, each in two pieces, so that this file does not
#: contain them.
PLACES = [
    r"(?<![\w.@/-])/" r"work\b",
    r"/opt/" r"pypi",
    r"pypi" r"\.org",
    r"python" r"hosted\.org",
    r"npm" r"js\.(?:org|com)",
]


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_nothing_else_stands_at_the_top_level(tracked: list[Path]) -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked} == TOP_LEVEL


@pytest.mark.parametrize("place", PLACES)
def test_no_file_names_a_place_of_this_machine_or_a_registry(tracked: list[Path], place: str) -> None:
    there = [path for path in tracked if re.search(place.encode(), path.read_bytes())]
    assert not there, [str(path.relative_to(ROOT)) for path in there]
