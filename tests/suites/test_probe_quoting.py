"""Values of a profile, a fleet file or Azure are quoted in a probe's command, in sh and in PowerShell.

Each text in a command is replaced by one that would run `touch` if a shell read it unquoted.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.support.suite_probes import DECLARED
from tests.support.suite_rows import PROFILE, VM

#: The first one reveals missing quotes, the others quotes that were only put around the text.
TAINTS = (";touch;$(touch);`touch`;", "';touch;$(touch);`touch`;\u2019touch")


def tainted(value: Any, taint: str, name: str = "") -> Any:
    """The value with every text tainted, except for texts that select something (the system, the cloud, a need)."""
    if isinstance(value, str):
        return value if name in ("os", "cloud", "path", "need", "name", "version") else value + taint
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {
            field.name: tainted(getattr(value, field.name), taint, field.name) for field in dataclasses.fields(value)
        }
        return replace(value, **changed)
    if isinstance(value, Mapping):
        return {key: tainted(item, taint, str(key)) for key, item in value.items()}
    return tuple(tainted(item, taint) for item in value) if isinstance(value, tuple) else value


def unquoted(command: str, *, windows: bool) -> str:
    """The unquoted part of a command."""
    if windows:  # quotes in quotes are doubled; typographic ones count as quotes
        return re.sub(
            "['\u2018\u2019\u201a\u201b](?:[^'\u2018\u2019\u201a\u201b]|(['\u2018\u2019\u201a\u201b])\\1)*'",
            "",
            command,
        )
    return re.sub(r"""'[^']*'|"'\"""", "", command)


CASES = [
    (name, system)
    for name, probe in DECLARED.items()
    for system in ("linux", "windows")
    if probe.parameters and probe.fits(replace(VM, os=system)) and not name.startswith("enroll_")
]


@pytest.mark.parametrize("taint", TAINTS, ids=["plain", "quotes"])
@pytest.mark.parametrize(("name", "system"), CASES)
def test_no_value_in_the_command_of_a_probe_is_read_by_a_shell(name: str, system: str, taint: str) -> None:
    values = {"vm": VM, "profile": PROFILE, "endpoint": PROFILE.endpoints(VM)[0]}
    places = {key: tainted(value, taint) for key, value in values.items()}
    try:
        command = DECLARED[name].plan(name, {**places, "vm": replace(places["vm"], os=system)}).command
    except ValueError:
        return  # refused, because a command cannot contain it
    assert "touch" not in unquoted(command, windows=system == "windows"), command


def test_an_unquoted_value_is_found() -> None:
    plain, quotes = TAINTS
    assert "touch" in unquoted(f"curl {plain} {plain}", windows=False)
    assert "touch" in unquoted(f"curl '{quotes}'", windows=False)
    assert "touch" in unquoted(f"curl '{quotes}'", windows=True)
