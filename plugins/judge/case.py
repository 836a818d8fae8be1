"""A check to evaluate on a VM: a protocol that pytest's items and plain data satisfy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from plugins.checks.check import Check
from plugins.checks.probe import Probe
from plugins.model import Vm
from plugins.requirements.profile import Profile


class CheckCase(Protocol):
    """One check, on one VM, for one value of each of its parameters."""

    @property
    def vm(self) -> Vm:
        """The VM."""

    @property
    def check(self) -> Check:
        """The declaration of the check."""

    @property
    def function(self) -> Callable[..., str]:
        """Its test function."""

    @property
    def probes(self) -> Mapping[str, Probe]:
        """The probes that the function takes, by argument."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The values of the check's own parameters, by name."""

    @property
    def parameter(self) -> str:
        """Those values as one text; "" when it has none."""

    @property
    def nodeid(self) -> str:
        """``suites/test_imds.py::test_the_sidecar_is_healthy[vm-a]``"""

    def keys(self, profile: Profile) -> list[str]:
        """The keys of its probes' results in the evidence; none when they have no command for the VM's system."""
