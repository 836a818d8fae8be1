"""Asking Azure and the runner while the VMs are visited: once per run, only when a selected check wants to know."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from plugins import runner
from plugins.collection import CheckItem
from plugins.inventory import Vm
from plugins.surroundings import Surroundings, wants

if TYPE_CHECKING:
    from plugins.azure.fetch import FetchOptions

__all__ = ["azure_page", "look_around"]


@contextmanager
def look_around(
    surroundings: Surroundings, items: Sequence[CheckItem], vms: Sequence[Vm], option: argparse.Namespace
) -> Iterator[threading.Event]:
    """Look, in threads beside the block, and wait for the answers at its end; the event ends the waiting early."""
    wanted = frozenset().union(*(wants(item.function) for item in items))
    cancelled = threading.Event()
    work: list[Callable[[], None]] = []
    if _asks_azure(wanted, option):
        work.append(lambda: _ask_azure(surroundings, vms, option, cancelled))
    if "runner" in wanted:
        work.append(lambda: setattr(surroundings, "runner", runner.look()))
    failures: list[BaseException] = []

    def guarded(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:  # raised below, where somebody sees it
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(job,), daemon=True) for job in work]
    for thread in threads:
        thread.start()
    yield cancelled
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def azure_page(items: Sequence[CheckItem], vms: Sequence[Vm], option: argparse.Namespace) -> list[str]:
    """The requests to Azure that `--plan` announces."""
    if not _asks_azure(frozenset().union(*(wants(item.function) for item in items)), option):
        return []
    from plugins.azure.plan import planned_calls

    calls = planned_calls(vms, _options(option, threading.Event()))
    return ["", f"Of Azure: {len(calls)} requests, which only read.", *map(str, calls)]


def _asks_azure(wanted: frozenset[str], option: argparse.Namespace) -> bool:
    return not option.no_azure and bool(wanted & {"azure", "expected_principal"})


def _ask_azure(
    surroundings: Surroundings, vms: Sequence[Vm], option: argparse.Namespace, cancelled: threading.Event
) -> None:
    # Imported here: the Azure SDK takes a second to load, and a run of the guests alone does without.
    from plugins.azure.fetch import fetch

    surroundings.facts = fetch(vms, _options(option, cancelled))


def _options(option: argparse.Namespace, cancelled: threading.Event) -> FetchOptions:
    from plugins.azure.fetch import FetchOptions

    return FetchOptions(option.subscription, option.resource_group, cancelled=cancelled.is_set)
