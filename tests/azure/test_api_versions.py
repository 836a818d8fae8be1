"""The API version of each request, and the fall-back if a region does not offer it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from plugins.azure.api_versions import ApiVersions
from plugins.azure.fetch import fetch
from plugins.azure.snapshot import AzureSnapshot
from plugins.azure.vm_view import AzureVmView
from plugins.model import Status
from tests.azure.reading import stopped
from tests.support.arm_server import Arm, arm_error
from tests.support.azure_site import options, populate


def offers(*versions: str) -> Any:
    """A cloud that refuses every other API version for Arc machines with ARM's error."""
    text = "No registered resource provider found for location 'x' and API version 'y' for type 'machines'."
    return arm_error(
        400, "NoRegisteredProviderFound", f"{text} The supported api-versions are '{', '.join(versions)}'."
    )


def machine_versions(facts: AzureSnapshot) -> list[str]:
    return [re.findall(r"api-version=([\w-]+)", call.url)[0] for call in facts.calls if "/machines" in call.url]


def test_a_version_that_a_region_does_not_offer_is_followed_by_one_it_names(arm: Arm) -> None:
    vms = populate(arm, 1)
    arm.versions["microsoft.hybridcompute/machines"] = (["2024-07-10"], offers("2024-07-10", "2020-08-02"))
    facts = fetch(vms, options(arm))
    assert AzureVmView(vms[0], facts).arc_machine is None
    assert machine_versions(facts) == ["2026-07-15", "2024-07-10"]


@pytest.mark.parametrize("code", ["InvalidApiVersionParameter", "InvalidResourceType"])
def test_versions_are_tried_in_turn_where_azure_names_none(arm: Arm, code: str) -> None:
    vms = populate(arm, 1)
    refused = arm_error(404 if code == "InvalidResourceType" else 400, code, "Not for this api version.")
    arm.versions["microsoft.hybridcompute/machines"] = (["2024-07-10"], refused)
    facts = fetch(vms, options(arm))
    assert AzureVmView(vms[0], facts).arc_machine is None
    assert machine_versions(facts) == ["2026-07-15", "2025-01-13", "2024-07-10"]


def test_a_chosen_version_is_kept_for_the_questions_that_follow(arm: Arm) -> None:
    vms = populate(arm, 8)
    arm.versions["microsoft.networkcloud/virtualmachines"] = (["2026-07-01"], offers("2026-07-01"))
    facts = fetch(vms, options(arm))
    assert all(AzureVmView(vm, facts).vm for vm in vms)
    version = [re.findall(r"api-version=([\w-]+)", call.url)[0] for call in facts.calls if "NetworkCloud/" in call.url]
    assert version.count("2025-09-01") == 1


def test_a_version_that_two_threads_found_refused_is_followed_by_one() -> None:
    versions = ApiVersions()
    first, second = (versions.current("Microsoft.HybridCompute", "S") for _ in range(2))
    assert versions.refuse("Microsoft.HybridCompute", "s", first, ())
    chosen = versions.current("Microsoft.HybridCompute", "S")
    assert versions.refuse("Microsoft.HybridCompute", "s", second, ("2099-01-01",))
    assert versions.current("Microsoft.HybridCompute", "S") == chosen != first


def test_no_version_that_is_known_is_one_clear_message(arm: Arm) -> None:
    vms = populate(arm, 1)
    arm.versions["microsoft.hybridcompute/machines"] = (["2099-01-01"], offers("2099-01-01"))
    facts = fetch(vms, options(arm))
    problem = stopped(AzureVmView(vms[0], facts), "arc_machine")
    assert problem.status == Status.UNKNOWN
    assert "Azure answered 400 NoRegisteredProviderFound" in problem.message
    assert problem.remedy == (
        "This suite knows none of the versions of Microsoft.HybridCompute that are offered there (2099-01-01): use a "
        "newer version of it."
    )
    assert set(machine_versions(facts)) == {"2026-07-15"}
