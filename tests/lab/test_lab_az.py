"""The lab's VMs and the runner with the real Azure CLI (`make az`), which must behave like the stand-in."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from lab import doctor, expectations, spec
from lab.faults import FAULTS
from lab.plan import AZ
from plugins.azure.az_cli import AzCli, read_versions
from tests.lab.conftest import Suite

pytestmark = pytest.mark.az

#: The faults of one VM, and the additional verdicts that they cause with az.
Planted = tuple[str, dict[str, str]]

#: Every fault of the catalogue that gives a VM az, and others that affect az.
ALONE: list[Planted] = [
    (name, {}) for name in FAULTS if any(plan.az == AZ for plan in spec.Spec(1, {"vm1": [name]}, []).plans())
]
TOGETHER: list[Planted] = [
    ("az-installed,identity-user-assigned", {}),
    ("az-installed,no-proxy-cidr", {}),
    ("az-installed,imds-down", {"TOKEN-004": "fail"}),
    ("az-installed,proxy-unset", {"TOKEN-004": "fail"}),
    ("az-installed,no-proxy-star", {"TOKEN-004": "fail"}),
    ("az-installed,egress-lacks-arm", {"TOKEN-004": "fail"}),
    ("az-installed,tls-untrusted", {"TOKEN-004": "fail"}),
]
#: az has no time limit: only the probe's limit ends it.
FOR_EVER: list[Planted] = [
    ("az-installed,imds-dropped", {"TOKEN-004": "unknown"}),
    ("az-installed,proxy-port-dropped", {"TOKEN-004": "unknown"}),
]


def _judged(suite: Suite, folder: Path, planted: list[Planted]) -> dict[str, Any]:
    """The results of a run over a VM for each of `planted`, which must be those that were expected."""
    faults = {f"vm{i}": [FAULTS[name] for name in names.split(",")] for i, (names, _) in enumerate(planted, 1)}
    expected = {
        vm: expectations.combine([*(fault.expects for fault in of_vm), extra])
        for (vm, of_vm), (_, extra) in zip(faults.items(), planted, strict=True)
    }
    results = suite(faults, "--az")
    wrong = expectations.differences(results, expected) + expectations.cause_differences(results, faults)
    assert not wrong, "\n".join([*(names for names, _ in planted), *wrong])
    assert not re.search(rb"eyJ[\w-]{20,}\.", b"".join(path.read_bytes() for path in folder.glob("*/evidence/*.json")))
    return results


def _said(results: dict[str, Any], check: str) -> list[str]:
    return [result["message"] for vm in results["vms"] for result in vm["results"] if result["id"] == check]


@pytest.mark.parametrize("planted", [ALONE, TOGETHER], ids=["alone", "together"])
def test_the_real_az_causes_the_same_verdicts(suite: Suite, planted: list[Planted], tmp_path: Path) -> None:
    results = _judged(suite, tmp_path, planted)
    assert {message.split(";")[0] for message in _said(results, "CLI-001")} == {
        f"The Azure CLI on this VM is {_version()}"
    }


def test_az_that_waits_for_ever_is_stopped(suite: Suite, tmp_path: Path) -> None:
    results = _judged(suite, tmp_path, FOR_EVER)
    assert _said(results, "TOKEN-004") == [
        "az login --identity did not finish within the probe's time limit. az itself has no limit: it waits for IMDS, or for the proxy."
    ] * len(FOR_EVER)
    assert [vm["evidence"]["az_login"]["state"] for vm in results["vms"]] == ["timed out"] * len(FOR_EVER)


def _version() -> str:
    lock = (doctor.AZ / "installed.lock").read_text(encoding="utf-8")
    return next(line.split("==")[1].rstrip(" \\") for line in lock.splitlines() if line.startswith("azure-cli=="))


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real az on the runner, with an empty configuration; the folder of its extensions."""
    monkeypatch.setenv("PATH", f"{doctor.AZ / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path / "azure"))
    monkeypatch.setenv("AZURE_EXTENSION_DIR", str(tmp_path / "extensions"))
    return tmp_path / "extensions"


def test_the_runner_has_the_real_az(real: Path) -> None:
    assert read_versions() == AzCli(_version(), {})


def test_the_runner_has_an_extension(real: Path) -> None:
    """Not networkcloud itself, which is not on a package index: az only reads the metadata of its wheel."""
    (real / "networkcloud/azext_networkcloud").mkdir(parents=True)
    (real / "networkcloud/azext_networkcloud/azext_metadata.json").write_text('{"azext.minCliCoreVersion": "2.75.0"}')
    (real / "networkcloud/networkcloud-4.0.0b1.dist-info").mkdir()
    wheel = "Metadata-Version: 2.1\nName: networkcloud\nVersion: 4.0.0b1\n"
    (real / "networkcloud/networkcloud-4.0.0b1.dist-info/METADATA").write_text(wheel)
    assert read_versions() == AzCli(_version(), {"networkcloud": "4.0.0b1"})
