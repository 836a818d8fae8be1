"""Azure's answers about a VM, for the rows of the VM checks."""

from __future__ import annotations

from dataclasses import replace

from tests.support.fake_azure import (
    INVENTORY,
)

UNSTATED = replace(INVENTORY, resource_id=None)
