"""The manifest: by which files a run judged, what it ran and asked, and what took longest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plugins.azure.snapshot import Call
from plugins.model import Evidence, ProbeResult, Severity, SshSession, Status, Verdict, Vm
from plugins.results.provenance import Manifest, hashes
from tests.support.paths import ROOT


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_hashes_are_those_of_the_files_as_sha256sum_prints_them(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.yaml"
    fleet.write_bytes(b"vms: [web1]\n")
    found = hashes("2510", fleet)
    profile = (ROOT / "plugins/requirements/data/profile-2510.toml").read_bytes()
    assert found["profile"] == found["plugins/requirements/data/profile-2510.toml"] == digest(profile)
    assert found["inventory"] == digest(b"vms: [web1]\n")
    assert found["plugins/requirements/data/azcm.toml"] == digest(
        (ROOT / "plugins/requirements/data/azcm.toml").read_bytes()
    )
    assert {"suites", "plugins"} < found.keys()


def test_a_profile_is_a_file_or_what_was_saved_with_the_evidence(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_bytes(b'base = "2510"\n')
    assert hashes(str(own), None)["profile"] == digest(own.read_bytes()) == hashes(own.read_bytes(), None)["profile"]
    assert "inventory" not in hashes("2510", None)
    assert "profile" not in hashes("", None)  # evidence of a run that is older than saved profiles


def manifest(
    fleet: Mapping[str, Evidence], calls: Sequence[Call] = (), verdicts: Mapping[str, Sequence[Verdict]] | None = None
) -> dict[str, Any]:
    found = Manifest()
    for name, each in fleet.items():
        found.add(each, (verdicts or {}).get(name, ()))
    return found.as_results({}, calls)


def evidence(name: str, seconds: float = 1.0, **seen: ProbeResult) -> Evidence:
    return Evidence(Vm(name, name), SshSession("ok", seconds={"connect": 0.5, "probes": seconds}), seen)


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
    assert manifest(fleet)["commands"] == [
        {"command": "curl /healthz", "key": "healthz", "vms": 2},
        {"command": "id a", "key": "own", "vms": 1},
        {"command": "id b", "key": "own", "vms": 1},
    ]


def test_a_secret_in_a_command_is_redacted() -> None:
    fleet = {"a": evidence("a", proxy=ran("proxy", "curl -x http://user:hunter2@169.254.0.11:3128 /"))}
    assert "hunter2" not in str(manifest(fleet))


def test_requests_to_azure_are_counted_and_alike_ones_are_one() -> None:
    calls = [
        Call("GET", "https://a/1", 429),
        Call("GET", "https://a/1", 200),
        Call("GET", "https://a/1", 200),
        Call("GET", "https://a/2"),
    ]
    assert manifest({}, calls)["azure"] == {
        "requests": 4,
        "calls": [
            {"request": "GET https://a/1", "status": 429, "times": 1},
            {"request": "GET https://a/1", "status": 200, "times": 2},
            {"request": "GET https://a/2", "status": None, "times": 1},
        ],
    }


def test_the_slowest_ten_are_named_slowest_first() -> None:
    fleet = {f"vm{number}": evidence(f"vm{number}", seconds=number) for number in range(15)}
    verdicts = {
        "vm1": [verdict("NET-001", "a", 3.456), verdict("NET-001", "b", 0.0), verdict("IMDS-002", "", 1.0)],
        "vm2": [verdict("NET-001", "a", 2.0), verdict("IMDS-002", "", 5.0)],
    }
    found = manifest(fleet, (), verdicts)
    assert found["slowest_vms"][0] == {"vm": "vm14", "seconds": 14.5} and len(found["slowest_vms"]) == 10
    assert found["slowest_checks"] == [
        {"id": "IMDS-002", "parameter": "", "seconds": 5.0},
        {"id": "NET-001", "parameter": "a", "seconds": 3.46},
    ]


def verdict(id: str, parameter: str, seconds: float) -> Verdict:
    return Verdict(id, "vm", parameter, Status.PASS, Severity.REQUIRED, "Well.", seconds=seconds)
