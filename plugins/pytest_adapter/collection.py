"""Collection: from test functions to check items, one per VM and parameter, in catalogue order, only those selected."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

import pytest

from plugins.checks.areas import documented, order
from plugins.checks.check import Check, check_of
from plugins.core.gc_pause import gc_paused
from plugins.core.wording import no_such_check
from plugins.enrollment.steps import wanted
from plugins.pytest_adapter.catalogue import measure
from plugins.pytest_adapter.items import CheckFunction, CheckItem, check_items
from plugins.pytest_adapter.run import Run
from plugins.pytest_adapter.stash import RUN


def expand(config: pytest.Config, collected: Any) -> Any:
    """For each check that pytest found, one item per VM, and per value of the check's own parameters there."""
    run = config.stash.get(RUN, None)
    if run is None or not isinstance(collected, list):
        return collected
    with gc_paused():
        return [item for node in collected for item in _expanded(node, run)]


def _expanded(node: pytest.Item | pytest.Collector, run: Run) -> Iterator[pytest.Item | pytest.Collector]:
    check = check_of(node.function) if isinstance(node, pytest.Function) else None
    if not isinstance(node, pytest.Function) or check is None:
        yield node
        return
    if hasattr(node, "callspec"):
        raise pytest.Collector.CollectError(
            f"{node.originalname}: pytest.mark.parametrize is for ordinary tests. A check's parameters are each VM's "
            f"own: declare them with check({check.id!r}, ..., parametrize={{...}})."
        )
    of = CheckFunction.of(node, check)
    if not check.parametrize:
        yield from (CheckItem.made(of, vm, ()) for vm in run.scope.vms)
        return
    for vm in run.scope.vms:
        for values in product(*(choices(vm, run.rules.profile) for choices in check.parametrize.values())):
            yield CheckItem.made(of, vm, values)


def select(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Keep the checks that the options select, in catalogue order, VM by VM. Raises pytest.UsageError."""
    config = session.config
    run = config.stash.get(RUN, None)
    if run is None:
        return
    if run.scope.is_empty:
        items[:] = []
    with gc_paused():
        checks: dict[str, Check] = {}
        for check_item in check_items(items):
            if (same := checks.setdefault(check_item.check.id, check_item.check)) is not check_item.check:
                raise pytest.UsageError(
                    f"two checks have the id {check_item.check.id}: {same.title!r}, {check_item.check.title!r}"
                )
        run.rules.decisions.refuse({*checks, *documented(config.rootpath / "docs" / "checks")})
        in_order = sorted(checks, key=order)
        run.state.coverage = measure(session, check_items(items), run)
        _select(config, items, in_order, run)
        vms = {vm.name: number for number, vm in enumerate(run.scope.vms)}
        ranks = {id: number for number, id in enumerate(in_order)}

        def place(item: pytest.Item) -> tuple[int, int]:
            return (vms[item.vm.name], ranks[item.check.id]) if isinstance(item, CheckItem) else (len(vms), 0)

        items.sort(key=place)
    run.state.selected = True


def _select(config: pytest.Config, items: list[pytest.Item], known: list[str], run: Run) -> None:
    patterns = [glob.upper() for glob in config.option.check]
    for pattern in patterns:
        if not any(fnmatchcase(id, pattern) for id in known):
            raise pytest.UsageError(f"--check={pattern}: {no_such_check(pattern, known)}")
    named = {id for id in known if not patterns or any(fnmatchcase(id, pattern) for pattern in patterns)}
    left: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        if not isinstance(item, CheckItem):
            (dropped if patterns else left).append(item)
            continue
        if not wanted(item.check.id, config.option.enroll):
            continue  # not requested: not "deselected" in pytest's count
        judged = not (config.option.no_azure and item.control_plane)
        (left if judged and item.check.id in named else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
    items[:] = left
