"""A broken component that VMs share is one cause with the right counts; separate components are separate causes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.conftest import Groups, read_results

pytestmark = pytest.mark.lab

PLAN = [
    "Enable the default egress endpoints of vm1-csn (CSN-001): 2 VMs become ready, as far as judged; 1 more still waits for ROLES-001, ROLES-002.",
    "Assign HybridCompute Machine ListAccessDetails Action to the identity of 2 VMs, vm4-id (ROLES-002): 2 VMs become ready.",
    "Exempt the metadata address in NO_PROXY, no_proxy on 2 VMs of image vm6-image:1 (PROXY-002): 2 VMs become ready.",
    "Let vm8 reach gbl.his.arc.azure.com (NET-001): 1 VM becomes ready, as far as judged.",
    "Assign Azure Connected Machine Resource Manager to the identity of vm3 on resource group arc-servers-rg (ROLES-001): 1 VM still waits for ROLES-002.",
    "Assign HybridCompute Machine ListAccessDetails Action to the identity of vm3 on resource group arc-servers-rg (ROLES-002): 1 VM becomes ready, as far as judged.",
    "Install curl on vm9 (PROXY-003): 1 VM can then be judged.",
]


def test_what_is_shared_is_fixed_once(group: Groups, tmp_path: Path) -> None:
    vms = group("shared")
    assert vms.names == [f"vm{number}" for number in range(1, 11)]
    data = read_results(tmp_path, vms.judge(tmp_path))
    causes = {
        (cause["id"], cause["component"]["kind"], cause["component"]["name"]): (cause["vms"], cause["fix"])
        for cause in data["causes"]
        if cause["id"] not in ("CLI-002", "CLI-003")
    }
    assert {key: vms for key, (vms, _) in causes.items()} == {
        ("CSN-001", "csn", "vm1-csn"): ["vm1", "vm2", "vm3"],
        ("ROLES-001", "resource group", "arc-servers-rg"): ["vm3"],
        ("ROLES-002", "resource group", "arc-servers-rg"): ["vm3"],
        ("ROLES-002", "identity", "vm4-id"): ["vm4", "vm5"],
        ("PROXY-002", "image", "vm6-image:1"): ["vm6", "vm7"],
        ("NET-001", "vm", ""): ["vm8"],
        ("PROXY-003", "guest", ""): ["vm9"],
    }
    # A shared component has one command; guests have one each.
    assert [cause["vms"] for cause in causes["CSN-001", "csn", "vm1-csn"][1]] == [["vm1", "vm2", "vm3"]]
    assert [cause["vms"] for cause in causes["ROLES-002", "identity", "vm4-id"][1]] == [["vm4", "vm5"]]
    assert [cause["vms"] for cause in causes["PROXY-002", "image", "vm6-image:1"][1]] == [["vm6"], ["vm7"]]
    assert "apt-get install -y curl" in causes["PROXY-003", "guest", ""][1][0]["command"]
    assert [step["sentence"] for step in data["plan"]] == PLAN
    assert [step["ready"] for step in data["plan"]] == [3, 5, 7, 8, 8, 9, 9]
