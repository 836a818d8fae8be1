"""The provenance of a run: the files that determine its verdicts, its commands, its requests to Azure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from plugins.azure.snapshot import Call
from plugins.model import Evidence, ProbeResult, SshSession, Vm
from plugins.results import provenance as provenance_module
from plugins.results.provenance import Provenance, hashes
from tests.support.paths import ROOT


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_hashes_are_those_of_the_files_as_sha256sum_prints_them(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.yaml"
    fleet.write_bytes(b"vms: [web1]\n")
    digests = hashes("2510", fleet)
    profile = (ROOT / "plugins/requirements/data/profile-2510.toml").read_bytes()
    assert digests["profile"] == digests["plugins/requirements/data/profile-2510.toml"] == digest(profile)
    assert digests["inventory"] == digest(b"vms: [web1]\n")
    data = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "plugins/requirements/data").rglob("*.toml")}
    assert {"plugins/requirements/data/azcm.toml", "plugins/requirements/data/messages/arm.toml"} < data.keys()
    for name, path in data.items():
        assert digests[name] == digest(path.read_bytes())
    assert {"suites", "plugins"} < digests.keys()


def test_the_hash_of_the_code_covers_the_scripts_that_run_on_vms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance_module, "ROOT", tmp_path)
    digests = set()
    for name in ("check.py", "engine.sh", "engine.ps1"):
        (tmp_path / name).write_bytes(b"# 1\n")
        digests.add(provenance_module._of_code.__wrapped__("."))
    assert len(digests) == 3


def test_a_profile_is_a_file_or_what_was_saved_with_the_evidence(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_bytes(b'base = "2510"\n')
    assert hashes(str(own), None)["profile"] == digest(own.read_bytes()) == hashes(own.read_bytes(), None)["profile"]
    assert "inventory" not in hashes("2510", None)
    assert "profile" not in hashes("", None)  # evidence from before profiles were saved


def provenance(fleet: Mapping[str, Evidence], calls: Sequence[Call] = ()) -> dict[str, Any]:
    built = Provenance()
    for evidence in fleet.values():
        built.add(evidence)
    return built.as_results({}, calls)


def evidence(name: str, **seen: ProbeResult) -> Evidence:
    return Evidence(Vm(name, name), SshSession("ok"), seen)


def ran(key: str, command: str, state: str = "done") -> ProbeResult:
    return ProbeResult(key, command, state, exit=0)  # type: ignore[arg-type]


def test_each_distinct_command_that_ran_is_named_once_with_its_vms() -> None:
    fleet = {
        "a": evidence("a", healthz=ran("healthz", "curl /healthz"), own=ran("own", "id a")),
        "b": evidence("b", healthz=ran("healthz", "curl /healthz", "timed out"), own=ran("own", "id b")),
        "c": evidence(
            "c",
            healthz=ran("healthz", "curl /healthz", "lost"),
            root=ran("root", "id -u", "no root"),
            azure=ran("azure-vm", "GET https://management.azure.com/x"),
        ),
    }
    assert provenance(fleet)["commands"] == [
        {"command": "curl /healthz", "key": "healthz", "vms": 2},
        {"command": "id a", "key": "own", "vms": 1},
        {"command": "id b", "key": "own", "vms": 1},
    ]


def test_a_secret_in_a_command_is_redacted() -> None:
    fleet = {"a": evidence("a", proxy=ran("proxy", "curl -x http://user:hunter2@169.254.0.11:3128 /"))}
    assert "hunter2" not in str(provenance(fleet))


def test_requests_to_azure_are_counted_and_alike_ones_are_one() -> None:
    calls = [
        Call("GET", "https://a/1", 429),
        Call("GET", "https://a/1", 200),
        Call("GET", "https://a/1", 200),
        Call("GET", "https://a/2"),
    ]
    assert provenance({}, calls)["requests"] == [
        {"request": "GET https://a/1", "status": 429, "times": 1},
        {"request": "GET https://a/1", "status": 200, "times": 2},
        {"request": "GET https://a/2", "status": None, "times": 1},
    ]
