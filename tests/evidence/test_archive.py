"""A run directory: what can be opened, the errors, and what stays in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from plugins.core.errors import InputError
from plugins.evidence.archive import Archive, read_object
from plugins.model import Evidence, ProbeResult, SshSession, Vm

FLEET = [Vm("vm1"), Vm("vm2")]
SHARD = {"number": 1, "of": 2, "vms": 2, "fleet": "d", "names": ["vm1", "vm2"]}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    archive = Archive.create(tmp_path / "run", {"id": "r"}, FLEET)
    archive.store(Evidence(FLEET[0], SshSession("ok"), {"a": ProbeResult("a", "true", "done", 0)}, 1.0))
    return tmp_path / "run"


def rewritten(run: Path, **changes: Any) -> str:
    """The error of a changed run."""
    path = run / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(InputError) as refused:
        Archive.open(run)
    return str(refused.value).removeprefix(f"{path}: not a run this suite can read ")


@pytest.mark.parametrize(
    ("shard", "why"),
    [
        (SHARD | {"number": 3}, "(shard.number: expected 2 at most, got 3)"),
        (SHARD | {"names": ["vm1", "vm1"]}, "(shard.names: expected names of VMs, none of them twice)"),
        (SHARD | {"names": ["vm1", "-a"]}, "(shard.names: expected names of VMs, none of them twice)"),
    ],
)
def test_a_shard_that_cannot_be_is_refused(run: Path, shard: dict[str, Any], why: str) -> None:
    assert rewritten(run, shard=shard) == why


def test_the_last_shard_is_one(run: Path) -> None:
    path = run / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"shard": SHARD | {"number": 2}}))
    assert Archive.open(run)[1]["shard"]["number"] == 2


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        Archive.open(tmp_path)
    assert str(refused.value) == (
        f"--evidence {tmp_path}: no run.json in it, so it is not a run directory (expected reports/<run-id>)"
    )
    with pytest.raises(InputError, match=f"^{tmp_path}/x.json: there is no such file$"):
        read_object(tmp_path / "x.json")


def test_what_is_held_in_memory_is_what_was_read(run: Path) -> None:
    archive, _, vms = Archive.open(run)
    assert [vm.name for vm in vms] == ["vm1", "vm2"]
    assert (list(archive), len(archive)) == ([], 0)
    assert archive["vm1"].session.outcome == "ok"
    assert (list(archive), len(archive)) == (["vm1"], 1)
    with pytest.raises(KeyError):
        archive["vm2"]


def test_a_vm_whose_record_is_damaged_stays_under_its_name(run: Path) -> None:
    path = run / "run.json"
    fleet = [{"name": "vm1", "port": "x"}, {"name": "vm2"}, {"name": "vm2"}, "odd"]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"fleet": fleet}))
    archive, _, vms = Archive.open(run)
    assert [vm.name for vm in vms] == ["vm1", "vm2", "run.json fleet[2]", "run.json fleet[3]"]
    assert {name: (session.message, session.remedy) for name, session in archive.damaged.items()} == {
        "vm1": (f"{path}: fleet[0].port: expected int or null, got str.", "Gather this VM in a new run."),
        "run.json fleet[2]": (f"{path}: fleet[2].name: it is the name of another VM.", "Gather this VM in a new run."),
        "run.json fleet[3]": (f"{path}: fleet[3]: expected object, got str.", "Gather this VM in a new run."),
    }


def test_evidence_under_the_name_of_another_vm_is_damaged(run: Path) -> None:
    (run / "evidence/vm1.json").rename(run / "evidence/vm2.json")
    archive, _, _ = Archive.open(run)
    with pytest.raises(KeyError):
        archive["vm2"]
    session = archive.damaged["vm2"]
    assert (session.message, session.remedy) == (
        f"{run}/evidence/vm2.json: vm.name: it is that of 'vm1'.",
        "Remove the file and gather this VM again.",
    )
