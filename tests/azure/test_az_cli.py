"""The commands for the runner's az, and the reading of their output, with a script instead of az."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from plugins.azure.az_cli import AzCli, read_versions
from plugins.core.strict_json import checked

VERSION = """{"azure-cli": "2.76.0", "azure-cli-core": "2.76.0", "azure-cli-telemetry": "1.1.0", "extensions": {}}"""
EXTENSIONS = """[{"experimental": false, "extensionType": "whl", "name": "networkcloud", "preview": false,
  "path": "/root/.azure/cliextensions/networkcloud", "version": "4.0.0b1"},
 {"extensionType": "whl", "name": "k8s-extension", "version": "1.6.1"}]"""


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return folder


def az(folder: Path, version: str = f"echo '{VERSION}'", extensions: str = f"echo '{EXTENSIONS}'") -> Path:
    """A script that prints what az prints, and records its arguments."""
    calls = folder.parent / "calls"
    script = folder / "az"
    script.write_text(
        "#!/bin/sh\n"
        f'echo "$* $AZURE_EXTENSION_USE_DYNAMIC_INSTALL" >> {calls}\n'
        f'case "$1" in\n  version) {version} ;;\n  *) {extensions} ;;\nesac\n'
    )
    script.chmod(0o755)
    return calls


def test_both_versions(bin_folder: Path) -> None:
    calls = az(bin_folder)
    assert read_versions() == AzCli("2.76.0", {"networkcloud": "4.0.0b1", "k8s-extension": "1.6.1"})
    assert sorted(calls.read_text().splitlines()) == ["extension list -o json no", "version -o json no"]


def test_a_runner_survives_its_file(bin_folder: Path) -> None:
    az(bin_folder)
    versions = read_versions()
    assert checked(asdict(versions), AzCli) == versions
    assert checked(asdict(AzCli(error="az hangs")), AzCli).error == "az hangs"


def test_no_az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_versions() == AzCli()


def test_no_extension(bin_folder: Path) -> None:
    az(bin_folder, extensions="echo '[]'")
    assert read_versions() == AzCli("2.76.0", {})


@pytest.mark.parametrize(
    ("version", "extensions", "error"),
    [
        (
            "echo Traceback >&2; echo 'ModuleNotFoundError: azure' >&2; exit 1",
            "exit 0",
            "az version -o json ended with 1: ModuleNotFoundError: azure",
        ),
        ("exit 3", "echo '[]'", "az version -o json ended with 3"),
        ("echo azure-cli 2.76.0", "echo '[]'", "az version -o json did not print JSON"),
        ("echo '{}'", "echo '[]'", "az version does not state azure-cli-core"),
        ("echo '[]'", "echo '[]'", "az version does not state azure-cli-core"),
        (f"echo '{VERSION}'", "echo '{}'", "az extension list did not print a list"),
        (
            f"echo '{VERSION}'",
            "echo 'not allowed' >&2; exit 2",
            "az extension list -o json ended with 2: not allowed",
        ),
    ],
)
def test_a_failing_az_is_an_error_with_its_reason(bin_folder: Path, version: str, extensions: str, error: str) -> None:
    az(bin_folder, version, extensions)
    assert read_versions() == AzCli(error=error)


def test_an_az_without_an_interpreter_is_an_error(bin_folder: Path) -> None:
    (bin_folder / "az").write_text("#!/nowhere/python\n")
    (bin_folder / "az").chmod(0o755)
    assert read_versions().error == "az could not be started (No such file or directory)"


def test_an_az_that_hangs_is_ended_with_its_children(bin_folder: Path) -> None:
    children = bin_folder.parent / "child"
    az(bin_folder, version=f"sleep 600 & echo $! > {children}; wait")
    assert read_versions(limit=5) == AzCli(error="az did not answer within 5 s")
    child = Path("/proc") / children.read_text().strip()
    end = time.monotonic() + 60
    while (child / "stat").exists() and " Z " not in (child / "stat").read_text():
        assert time.monotonic() < end, "the child still runs"
        time.sleep(0.05)
