"""From the probes of the selected checks to the commands that each VM runs."""

from __future__ import annotations

from collections.abc import Iterable

from plugins.checks.probe import ProbeCommand
from plugins.core.errors import InputError


def merge(probes: Iterable[ProbeCommand]) -> list[ProbeCommand]:
    """Each probe once, in the order first seen. Raises InputError when one name stands for two commands."""
    merged: dict[str, ProbeCommand] = {}
    for probe in probes:
        if merged.setdefault(probe.key, probe) != probe:
            raise InputError(
                f"two probes are called {probe.key!r}, with different commands: {merged[probe.key].command!r} and "
                f"{probe.command!r}. Rename one of them."
            )
    return list(merged.values())
