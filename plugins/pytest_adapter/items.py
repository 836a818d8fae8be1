"""The items of a run: one for each check, VM and value of the check's own parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from sys import intern
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import pytest

from plugins.checks.check import Check
from plugins.checks.probe import Probe, ProbeCommand, probe_of
from plugins.core.sanitize import case_text
from plugins.judge.context import CONTROL_PLANE, wants
from plugins.model import Vm
from plugins.requirements.profile import Profile


@dataclass(frozen=True, slots=True)
class CheckFunction:
    """A test function that is a check: what all of its items have in common."""

    check: Check
    function: Callable[..., str]
    probes: Mapping[str, Probe]  # those that it takes, by argument
    node: pytest.Function  # as pytest collected it, without a VM
    hooks: Any  # pytest's, for its folder

    @classmethod
    def of(cls, node: pytest.Function, check: Check) -> Self:
        """The check that pytest found."""
        fixtures = {name: definitions[-1] for name, definitions in node._fixtureinfo.name2fixturedefs.items()}
        probes = {name: probe_of(fixture) for name, fixture in fixtures.items() if name not in check.parametrize}
        return cls(
            check,
            node.function,
            {name: definitions for name, definitions in probes.items() if definitions is not None},
            node,
            node.ihook,
        )


class CheckItem(pytest.Item):
    """One check of one VM, for one value of each of its parameters: pytest's item, and the run's data about it.

    A fleet of a thousand VMs has ninety thousand. So an item has three things of its own, and the rest is its
    function's: small, and made in under 2 µs, because `made` goes past the constructor of pytest's items, which takes
    18 µs. Those are for running a test function with fixtures, which a check never needs (see
    `plugins.pytest_adapter.loop`).
    """

    __slots__ = ("_of", "_values", "parameter", "vm")

    _of: CheckFunction
    _values: tuple[Any, ...]
    vm: Vm
    parameter: str  # the values as one text; "" when it has none

    @classmethod
    def made(cls, of: CheckFunction, vm: Vm, values: tuple[Any, ...]) -> Self:
        """`values` are those of the check's own parameters, in their order."""
        item: Self = cls.__new__(cls)
        item._of, item.vm, item._values = of, vm, values
        item.parameter = intern("-".join(map(str, values)))
        node = of.node
        item.parent, item.config, item.session, item.path = node.parent, node.config, node.session, node.path
        return item

    # --- used by the run

    @property
    def check(self) -> Check:
        """The check."""
        return self._of.check

    @property
    def function(self) -> Callable[..., str]:
        """Its test function."""
        return self._of.function

    @property
    def probes(self) -> Mapping[str, Probe]:
        """The probes that it takes, by argument."""
        return self._of.probes

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Its own parameters by name."""
        return dict(zip(self._of.check.parametrize, self._values, strict=True)) if self._values else _NONE

    @property
    def control_plane(self) -> bool:
        """True when the check needs answers of Azure."""
        return CONTROL_PLANE in wants(self.function)

    def planned(self, profile: Profile) -> list[ProbeCommand]:
        """The commands that this check needs on its VM; none when one of them does not exist for the VM's system."""
        arguments = {"vm": self.vm, "profile": profile, **self.parameters}
        return [probe.plan(name, arguments) for name, probe in self.probes.items()] if self._fits() else []

    def keys(self, profile: Profile) -> list[str]:
        """The keys of those commands' answers in the evidence."""
        arguments = {"vm": self.vm, "profile": profile, **self.parameters}
        return [probe.key(name, arguments) for name, probe in self.probes.items()] if self._fits() else []

    def _fits(self) -> bool:
        return all(probe.fits(self.vm) for probe in self.probes.values())

    # --- used by pytest, which sets most of these on each item; therefore they are properties of an `Any` here

    if not TYPE_CHECKING:

        @property
        def name(self) -> str:
            """The name, as of any parametrized test: ``test_the_sidecar_is_healthy[vm-a]``."""
            return f"{self._of.node.name}[{self._case}]"

        @property
        def nodeid(self) -> str:
            """``suites/test_imds.py::test_the_sidecar_is_healthy[vm-a]``"""
            return f"{self._of.node.nodeid}[{self._case}]"

        @property
        def id(self) -> Any:
            """pytest's structured form of it."""
            return self._of.node.id.with_params(self._case)

        @property
        def location(self) -> tuple[str, int | None, str]:
            """File, line and name, for pytest's reports."""
            path, line, name = self._of.node.location
            return path, line, f"{name}[{self._case}]"

        @property
        def ihook(self) -> Any:
            """The hooks of its folder."""
            return self._of.hooks

        @property
        def stash(self) -> pytest.Stash:
            """For plugins; made on demand."""
            return self.__dict__.setdefault("_stash", pytest.Stash())

        keywords = property(lambda self: self._of.node.keywords)
        own_markers = property(lambda self: self._of.node.own_markers)
        extra_keyword_matches = property(lambda self: self._of.node.extra_keyword_matches)
        user_properties = property(lambda self: self._of.node.user_properties)
        originalname = property(lambda self: self._of.node.name)

    @property
    def _case(self) -> str:
        return case_text(f"{self.vm.name}-{self.parameter}" if self._values else self.vm.name)

    def __repr__(self) -> str:
        return f"<Check {self.name}>"

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """The place of the function."""
        path, line, _ = self._of.node.reportinfo()
        return path, line, self.name

    def runtest(self) -> None:
        """For plugins that run items themselves."""
        raise RuntimeError(f"{self.nodeid}: a check is judged, not run (see plugins.pytest_adapter.loop)")


_NONE: Mapping[str, Any] = MappingProxyType({})


def check_items(items: list[pytest.Item]) -> list[CheckItem]:
    """The checks among the collected items."""
    return [item for item in items if isinstance(item, CheckItem)]
