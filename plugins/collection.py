"""From test functions to check items: one per VM and parameter, in catalogue order, only those asked for."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from plugins import enroll
from plugins.areas import documented, order
from plugins.checks import Check, check_of
from plugins.inventory import Vm
from plugins.model import Severity
from plugins.plan import merge
from plugins.probes import Planned, Probe, probe_of
from plugins.run import RUN, Run
from plugins.surroundings import CONTROL_PLANE, wants

__all__ = ["CheckItem", "check_items", "plans"]


class CheckItem:
    """What the run needs to know of one collected check: the pytest item, read once."""

    __slots__ = ("check", "function", "nodeid", "parameter", "parameters", "probes", "vm")

    def __init__(self, item: pytest.Function, check: Check) -> None:
        params: Mapping[str, Any] = item.callspec.params
        self.check = check
        self.function = item.function
        self.nodeid = item.nodeid
        self.vm: Vm = params["vm"]
        self.parameters = {name: value for name, value in params.items() if name != "vm"}
        self.parameter = "-".join(map(str, self.parameters.values()))
        self.probes = _probes(item)

    @property
    def control_plane(self) -> bool:
        """True when the check needs to know what Azure says."""
        return CONTROL_PLANE in wants(self.function)

    def planned(self, run: Run) -> list[Planned]:
        """The commands this check needs on its VM; none where one of them does not exist for its operating system."""
        if not all(probe.fits(self.vm) for probe in self.probes.values()):
            return []
        known = {"vm": self.vm, "profile": run.profile, **self.parameters}
        return [probe.plan(name, known) for name, probe in self.probes.items()]


def _probes(item: pytest.Function) -> dict[str, Probe]:
    """The probes in the item's fixture closure."""
    found = {name: probe_of(defs[-1]) for name, defs in item._fixtureinfo.name2fixturedefs.items()}
    return {name: probe for name, probe in found.items() if probe is not None}


_ITEM = pytest.StashKey[CheckItem]()


def check_items(items: list[pytest.Item]) -> list[CheckItem]:
    """The checks among the collected items."""
    return [item.stash[_ITEM] for item in items if _ITEM in item.stash]


def check_item(item: pytest.Item) -> CheckItem | None:
    """The check that an item is, or None for an ordinary test."""
    return item.stash.get(_ITEM, None)


def plans(items: list[CheckItem], run: Run) -> dict[str, list[Planned]]:
    """What each VM has to run for the selected checks, by VM name; the steps of `plugins.enroll` come later."""
    wanted: dict[str, list[Planned]] = {vm.name: [] for vm in run.vms}
    for item in items:
        wanted[item.vm.name] += [each for each in item.planned(run) if not enroll.is_step(each.key)]
    return {name: merge(probes) for name, probes in wanted.items()}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item per VM, and per value of the check's own parameters on that VM."""
    check = check_of(metafunc.function)
    run = metafunc.config.stash.get(RUN, None)
    if check is None or run is None:
        return
    names = ("vm", *check.each)
    metafunc.fixturenames.extend(name for name in ("vm",) if name not in metafunc.fixturenames)
    rows: list[tuple[Any, ...]] = [(vm,) for vm in run.vms]
    for values in check.each.values():
        rows = [(*row, value) for row in rows for value in values(row[0], run.profile)]
    ids = ["-".join([row[0].name, *map(str, row[1:])]) for row in rows]
    metafunc.parametrize(names, rows, ids=ids)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the checks that `--check` and `--no-azure` leave, in the order of a person looking: VM by VM."""
    run = config.stash.get(RUN, None)
    if run is None:
        return
    if run.has_nothing_to_do:
        items[:] = []
    checks: dict[str, Check] = {}
    for item in items:
        if isinstance(item, pytest.Function) and (check := check_of(item.function)):
            if not hasattr(item, "callspec"):
                continue
            item.stash[_ITEM] = CheckItem(item, check)
            if checks.setdefault(check.id, check) is not check:
                raise pytest.UsageError(
                    f"two checks have the id {check.id}: {checks[check.id].title!r}, {check.title!r}"
                )
    run.decisions.refuse({*checks, *documented(config.rootpath / "docs" / "checks")})
    _select(config, items, sorted(checks, key=order), run)
    place = {vm.name: number for number, vm in enumerate(run.vms)}

    def key(item: pytest.Item) -> tuple[int, tuple[int, str]]:
        found = check_item(item)
        return (place[found.vm.name], order(found.check.id)) if found else (len(place), (0, ""))

    items.sort(key=key)
    run.selected = True


def _select(config: pytest.Config, items: list[pytest.Item], known: list[str], run: Run) -> None:
    patterns = [each.upper() for each in config.option.check]
    for pattern in patterns:
        if not any(fnmatchcase(id, pattern) for id in known):
            close = difflib.get_close_matches(pattern, known, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise pytest.UsageError(f"--check={pattern}: there is no such check.{hint} Known: {', '.join(known)}.")
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        found = check_item(item)
        named = not patterns or (
            found is not None and any(fnmatchcase(found.check.id, pattern) for pattern in patterns)
        )
        asked = found is None or not (
            (config.option.no_azure and found.control_plane) or not enroll.wanted(found.check.id, config.option.enroll)
        )
        if found is not None and asked and found.check.base_severity is Severity.REQUIRED:
            run.required[item.nodeid] = found.check.id
        (kept if named and asked else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept
