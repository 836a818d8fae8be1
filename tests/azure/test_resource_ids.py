"""ARM ids: their parts, and how they compare."""

from __future__ import annotations

import pytest

from plugins.azure import resource_ids as ids
from tests.support.azure_site import GROUP, SUBSCRIPTION, vm_id


def test_an_id_is_taken_apart() -> None:
    parts = ids.parse(
        "/Subscriptions/S/resourcegroups/G/providers/Microsoft.NetworkCloud/virtualMachines/v/consoles/default/"
    )
    assert (parts.subscription, parts.resource_group, parts.provider) == ("S", "G", "Microsoft.NetworkCloud")
    assert (parts.type, parts.name, parts.group) == (
        "virtualMachines/consoles",
        "default",
        "/subscriptions/S/resourceGroups/G",
    )


@pytest.mark.parametrize(
    "text", ["", "vm1", "/subscriptions/s", GROUP, f"{GROUP}/providers/X", f"{GROUP}/providers/X/y", f"x{vm_id('a')}", f"{vm_id('a')}/consoles"]
)  # fmt: skip
def test_what_is_no_resource_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a resource id\. Expected /subscriptions/"):
        ids.parse(text)


def test_ids_compare_without_case() -> None:
    assert ids.same("/A/b/", "/a/B")
    assert not ids.same("/a/b", "/a/bc")
    assert not ids.same(None, None)
    assert ids.last("/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/AB-1") == "ab-1"
    assert ids.above(GROUP) == f"/subscriptions/{SUBSCRIPTION}"


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("/", True), ("/Subscriptions/s", True), ("/subscriptions/s/resourcegroups/RG-A", True),
        ("/providers/Microsoft.Management/managementGroups/m", True), ("/subscriptions/s/resourceGroups/rg", False),
        ("/subscriptions/s/resourceGroups/rg-ab", False), ("/subscriptions/s/resourceGroups/rg-a/providers/x/y/z", False),
    ],
)  # fmt: skip
def test_scopes_reach_by_segments(scope: str, expected: bool) -> None:
    assert ids.reaches(scope, "/subscriptions/s/resourceGroups/rg-a") is expected
