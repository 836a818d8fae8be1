"""From test functions to check items: one per VM and parameter, in catalogue order, only those asked for."""

from __future__ import annotations

import difflib
from collections.abc import Generator, Iterable, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

import pytest

from plugins import enroll
from plugins.areas import documented, order
from plugins.checks import Check, check_of
from plugins.inventory import Vm
from plugins.memory import lasting
from plugins.model import Severity
from plugins.plan import merge
from plugins.probes import Planned, Probe, probe_of
from plugins.run import RUN, Run
from plugins.surroundings import CONTROL_PLANE, wants

__all__ = ["CheckItem", "check_items", "plans"]


_NONE: Mapping[str, Any] = MappingProxyType({})


class CheckItem:
    """What the run needs to know of one collected check: the pytest item, read once."""

    __slots__ = ("check", "function", "nodeid", "parameter", "parameters", "probes", "vm")

    def __init__(self, item: pytest.Function, check: Check, probes: Mapping[str, Probe]) -> None:
        """`probes` is what the item's function takes of them: `_probes`, the same for all of its items."""
        params: Mapping[str, Any] = item.callspec.params
        self.check = check
        self.function = item.function
        self.nodeid = item.nodeid
        self.vm: Vm = params["vm"]
        own = {name: value for name, value in params.items() if name != "vm"}
        self.parameters = own or _NONE
        self.parameter = "-".join(map(str, own.values()))
        self.probes = probes

    @property
    def control_plane(self) -> bool:
        """True when the check needs to know what Azure says."""
        return CONTROL_PLANE in wants(self.function)

    def planned(self, run: Run) -> list[Planned]:
        """The commands this check needs on its VM; none where one of them does not exist for its operating system."""
        known = {"vm": self.vm, "profile": run.profile, **self.parameters}
        return [probe.plan(name, known) for name, probe in self.probes.items()] if self._fits() else []

    def keys(self, run: Run) -> list[str]:
        """What the answers of those commands are in the evidence."""
        known = {"vm": self.vm, "profile": run.profile, **self.parameters}
        return [probe.key(name, known) for name, probe in self.probes.items()] if self._fits() else []

    def _fits(self) -> bool:
        return all(probe.fits(self.vm) for probe in self.probes.values())


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


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module of checks becomes many thousand items. They stay to the end, so each is made as small as it can be."""
    if RUN not in collector.config.stash:
        return (yield)
    with lasting():
        report = yield
        _know_checks(report.result or ())
    return report


def _know_checks(collected: Iterable[pytest.Item | pytest.Collector]) -> None:
    """Note what is to be known of each check, and share among the items of a function whatever they can share."""
    firsts: dict[int, tuple[pytest.Function, dict[str, Probe]]] = {}
    nothing: Any = None
    for item in collected:
        if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
            continue
        if (check := check_of(item.function)) is None:
            continue
        if (known := firsts.get(id(item._fixtureinfo))) is None:
            known = firsts[id(item._fixtureinfo)] = item, _probes(item)
        first, probes = known
        item.stash[_ITEM] = CheckItem(item, check, probes)
        # pytest reads the function's source for each item's place, which is the same but for the name.
        path, line, name = first.location
        item.location = path, line, name.removesuffix(first.name) + item.name
        # For a thousand VMs, this is a third of a run's memory. Items differ by name and by their `CheckItem`; the rest
        # is for running a test function, and the same for all of them.
        item.keywords, item.own_markers = first.keywords, first.own_markers
        item.extra_keyword_matches, item.funcargs = first.extra_keyword_matches, first.funcargs
        item.user_properties, item._report_sections = first.user_properties, first._report_sections
        item.fixturenames, item._request = first.fixturenames, first._request
        item.callspec = nothing = nothing or type(item.callspec)()  # pytest looks in it for what to group the items by


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the checks that `--check` and `--no-azure` leave, in the order of a person looking: VM by VM."""
    run = config.stash.get(RUN, None)
    if run is None:
        return
    if run.has_nothing_to_do:
        items[:] = []
    with lasting():
        checks: dict[str, Check] = {}
        for found in check_items(items):
            if (same := checks.setdefault(found.check.id, found.check)) is not found.check:
                raise pytest.UsageError(
                    f"two checks have the id {found.check.id}: {same.title!r}, {found.check.title!r}"
                )
        run.decisions.refuse({*checks, *documented(config.rootpath / "docs" / "checks")})
        in_order = sorted(checks, key=order)
        _select(config, items, in_order, run)
        vms = {vm.name: number for number, vm in enumerate(run.vms)}
        ranks = {id: number for number, id in enumerate(in_order)}

        def place(item: pytest.Item) -> tuple[int, int]:
            found = check_item(item)
            return (vms[found.vm.name], ranks[found.check.id]) if found else (len(vms), 0)

        items.sort(key=place)
    run.selected = True


def _select(config: pytest.Config, items: list[pytest.Item], known: list[str], run: Run) -> None:
    patterns = [each.upper() for each in config.option.check]
    for pattern in patterns:
        if not any(fnmatchcase(id, pattern) for id in known):
            close = difflib.get_close_matches(pattern, known, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise pytest.UsageError(f"--check={pattern}: there is no such check.{hint} Known: {', '.join(known)}.")
    named = {id for id in known if not patterns or any(fnmatchcase(id, pattern) for pattern in patterns)}
    left: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        found = check_item(item)
        if found is None:
            (dropped if patterns else left).append(item)
            continue
        asked = enroll.wanted(found.check.id, config.option.enroll) and not (
            config.option.no_azure and found.control_plane
        )
        if asked and config.option.enroll and found.check.base_severity is Severity.REQUIRED:
            run.required[item.nodeid] = found.check.id
        (left if asked and found.check.id in named else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = left
