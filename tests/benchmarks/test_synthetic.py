"""Synthetic fleets: a clone's own values, and its verdicts, which are those of its original."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import synthetic
from plugins.azure.snapshot import AzureSnapshot
from plugins.evidence.archive import Archive


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def test_a_clone_is_called_otherwise_everywhere_and_its_token_is_its_own(tmp_path: Path) -> None:
    synthetic.write(tmp_path, 2, first=7001, sick=0)
    archive, _, vms = Archive.open(tmp_path)
    assert [vm.name for vm in vms] == ["vm7001", "vm7002"]
    evidence = archive["vm7001"]
    assert evidence.vm == vms[0]
    assert evidence.session.address == "root@10.0.28.2:22"
    claims = evidence.results["arm_token"].stdout.partition("claims=")[2].partition("\n")[0]
    document = json.loads(synthetic._decoded(claims))
    assert document["xms_mirid"].endswith("/virtualMachines/vm7001")
    facts = AzureSnapshot.from_data(_read(tmp_path / "azure.json"))
    resource = facts.answers[str(facts.located["vm7001"]).lower()].value  # type: ignore[union-attr]
    assert document["oid"] == resource["identity"]["principalId"] == synthetic.Clone(7001).id("principal")
    assert any(path.endswith(f"roleassignments?assignedto={document['oid']}") for path in facts.answers)
    # vm1 and vm4 are the originals of the healthy clones: none of their values is left.
    assert not [text for name in ("vm1", "vm4") for text in tmp_path.rglob("*.json") if f'/{name}"' in text.read_text()]


def test_the_cloud_services_network_lists_the_clones(tmp_path: Path) -> None:
    synthetic.write(tmp_path, 20, sick=50)
    answers = _read(tmp_path / "azure.json")["answers"]
    lists = {
        path.rpartition("/")[2]: [
            id.rpartition("/")[2] for id in answer["value"]["properties"]["associatedResourceIds"]
        ]
        for path, answer in answers.items()
        if "cloudservicesnetworks/" in path
    }
    assert lists["vm2-csn"] == ["vm2", "vm18"]  # the first and the ninth that need a fix
    assert sorted(lists["lab-csn"] + lists["vm2-csn"]) == sorted(f"vm{number}" for number in range(1, 21))


def test_the_same_numbers_give_the_same_fleet_and_a_shard_is_a_part_of_it(tmp_path: Path) -> None:
    synthetic.write(tmp_path / "whole", 20)
    synthetic.write(tmp_path / "shard", 10, first=11)
    for number in range(11, 21):
        name = f"evidence/vm{number}.json"
        assert (tmp_path / "shard" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert _read(tmp_path / "shard/run.json")["fleet"][0]["name"] == "vm11"


def test_the_command_line_refuses_a_folder_that_is_not_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit):
        synthetic.main(["--vms", "1", str(tmp_path)])
    assert "is not empty: name a folder that does not exist yet" in capsys.readouterr().err
