"""Reads Azure and the Azure CLI's version while the VMs are visited: once per run, only if a check needs them."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from plugins.azure import az_cli
from plugins.gather.dry_run import azure_lines
from plugins.judge.context import CheckContext, wants
from plugins.model import Vm
from plugins.pytest_adapter.items import CheckItem

if TYPE_CHECKING:
    from plugins.azure.fetch import FetchOptions

#: Seconds after an interruption to save the answers so far.
_LAST_REQUEST = 2.0


@contextmanager
def reading(
    context: CheckContext, items: Sequence[CheckItem], vms: Sequence[Vm], option: argparse.Namespace
) -> Iterator[threading.Event]:
    """Read in threads beside the block, and wait for them at its end; setting the event ends the waiting early.

    A resumed run does not read again, except for what ``--retry-unknown`` finds missing.
    """
    wanted = _wanted(items)
    cancelled = threading.Event()
    work: list[Callable[[], None]] = []
    complete = bool(option.retry_unknown)
    if _asks_azure(wanted, option) and not context.has_facts(complete=complete):
        work.append(lambda: _ask_azure(context, vms, option, cancelled))
    if "az_cli" in wanted and not context.has_az_cli(complete=complete):
        work.append(lambda: setattr(context, "az_cli", az_cli.read_versions()))
    failures: list[BaseException] = []

    def guarded(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:  # raised below, in the main thread
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(job,), daemon=True) for job in work]
    for thread in threads:
        thread.start()
    yield cancelled
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        cancelled.set()  # the threads are daemons, and end with their current request
        for thread in threads:
            thread.join(_LAST_REQUEST)
        raise
    if failures:
        raise failures[0]


def plan_lines(items: Sequence[CheckItem], vms: Sequence[Vm], option: argparse.Namespace) -> list[str]:
    """The requests to Azure that `--plan` announces."""
    if not _asks_azure(_wanted(items), option):
        return []
    from plugins.azure.request_plan import planned_calls

    options = _options(option, threading.Event())
    calls = planned_calls(vms, options)
    return azure_lines([str(call) for call in calls], options.limit)


def time_limit(items: Sequence[CheckItem], option: argparse.Namespace) -> float:
    """The seconds that `reading` takes at most."""
    wanted = _wanted(items)
    limits = [az_cli.LIMIT] if "az_cli" in wanted else []
    if _asks_azure(wanted, option):
        limits.append(_options(option, threading.Event()).limit)
    return max(limits, default=0.0)


def _wanted(items: Sequence[CheckItem]) -> frozenset[str]:
    return frozenset().union(*(wants(item.function) for item in items))


def _asks_azure(wanted: frozenset[str], option: argparse.Namespace) -> bool:
    return not option.no_azure and bool(wanted & {"azure", "expected_principal"})


def _ask_azure(
    context: CheckContext, vms: Sequence[Vm], option: argparse.Namespace, cancelled: threading.Event
) -> None:
    # Imported here: the Azure SDK takes a second to load, and a run of the guests alone does not need it.
    from plugins.azure.fetch import fetch

    context.facts = fetch(vms, _options(option, cancelled))


def _options(option: argparse.Namespace, cancelled: threading.Event) -> FetchOptions:
    from plugins.azure.fetch import FetchOptions

    return FetchOptions(option.subscription, option.resource_group, cancelled=cancelled.is_set)
