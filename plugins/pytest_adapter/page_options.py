"""Checks the options of the HTML report, before any VM is visited."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from plugins.core.errors import InputError
from plugins.core.sanitize import names
from plugins.model import Vm
from plugins.reports.html import parts


def validate(option: argparse.Namespace, vms: Sequence[Vm]) -> None:
    """Raise InputError for a ``--split-by`` that no VM has, and for a ``--history`` of less than two runs."""
    if option.history is not None and option.history < 2:
        raise InputError(f"--history {option.history}: a line over time needs at least 2 runs")
    if option.split_by is None:
        return
    if not any(option.split_by in vm.tags for vm in vms):
        tags = list(dict.fromkeys(tag for vm in vms for tag in vm.tags))
        there = f"they have {names(tags, 10)}" if tags else "they have no tags"
        raise InputError(f"--split-by {option.split_by}: no VM of this run has this tag; {there}")
    values = {vm.tags.get(option.split_by) for vm in vms}
    if len(values) > parts.MOST:
        raise InputError(
            f"--split-by {option.split_by}: {len(values):,} values; a run writes at most {parts.MOST} pages"
        )
