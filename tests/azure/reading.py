"""Helpers of the tests that read the stand-in of Azure."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.azure.fetch import fetch
from plugins.azure.vm_view import AzureVmView
from plugins.checks.check import CheckOutcome
from plugins.model import Vm
from tests.support.arm_server import Arm
from tests.support.azure_site import options


def look(arm: Arm, vms: list[Vm], **more: Any) -> AzureVmView:
    return AzureVmView(vms[0], fetch(vms, options(arm, **more)))


def stopped(view: AzureVmView, name: str) -> CheckOutcome:
    with pytest.raises(CheckOutcome) as caught:
        getattr(view, name)
    return caught.value
