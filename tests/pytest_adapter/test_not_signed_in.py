"""Without a login to Azure: reported at once, before any verdict, and first in the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.fleet_project import Checkout

pytest_plugins = ("pytester", "tests.support.fleet_project")
pytestmark = pytest.mark.slow

SUITE = '''

@check("VM-006", required, remedy="Do it.", docs=docs, problem="VM is off", action="Start {vms}", component="vm")
def test_azure(azure):
    """Azure knows the VM."""
    return str(azure.vm)
'''
CONFTEST = """
from azure.core.exceptions import ClientAuthenticationError
from plugins.azure import fetch
from plugins.azure.clouds import clouds
from plugins.azure.errors import no_login
from plugins.azure.snapshot import AzureSnapshot


def signed_out(vms, options):
    unread = no_login(ClientAuthenticationError("DefaultAzureCredential failed to retrieve a token from the included credentials."), clouds()["AzureCloud"])
    group = "/subscriptions/50000000-0000-4000-8000-000000000001/resourceGroups/rg"
    # vm1 has a resource_id in the inventory, the others were to be looked up by name.
    ids = {"vm1": f"{group}/providers/Microsoft.NetworkCloud/virtualMachines/vm1"}
    located = {vm.name: ids.get(vm.name, unread) for vm in vms}
    return AzureSnapshot(answers={id.lower(): unread for id in ids.values()}, located=located)


fetch.fetch = signed_out
"""


def test_a_missing_login_is_reported_at_once_and_first_in_the_plan(checkout: Checkout) -> None:
    (checkout.path / "suites/test_small.py").open("a").write(SUITE)
    (checkout.path / "conftest.py").open("a").write(CONFTEST)
    checkout.fleet(vm1=checkout.good, vm2={**checkout.good, "cat /word": "wrong"}, vm3=checkout.good)
    done = checkout.run("--vm=vm1", "--vm=vm2", "--vm=vm3")
    assert done.ret == 1, done.stdout.str() + done.stderr.str()
    lines = done.stdout.lines
    (early,) = [line for line in lines if line.startswith("Azure was not queried: the runner is not signed in")]
    assert "az login" in early and "--no-azure" in early
    assert lines.index(early) < next(number for number, line in enumerate(lines) if line.startswith("vm1: "))
    first = checkout.results()["plan"][0]
    assert first["what"] == "Sign in to Azure on the runner, or skip Azure with --no-azure"
    assert (first["judgeable"], first["unlocks"], first["changes"]) == (["vm1", "vm3"], [], 1)
