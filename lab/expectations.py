"""Compare a run's results with what the planted faults must cause: exactly that, and nothing else.

Keys of `expects`, the most specific one wins::

    "NET-001[pas.windows.net]": "fail"    this check for this parameter
    "NET-001": "fail"                     this check, for every parameter
    "NET-*": "fail"                       every check of this area
    "*": "blocked"                        every other check
    (no key)                              "pass" or "not applicable", as on a healthy VM

A status may name alternatives: "pass|unknown" where the fault is a race.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

HEALTHY = frozenset({"pass", "not applicable"})

#: About the machine that COMMAND runs on, whatever its VMs are like.
_RUNNER = ("CLI-002", "CLI-003")

#: When two faults of a VM disagree about a check, the one that hides more wins.
_RANK = ["pass", "not applicable", "warn", "fail", "unknown", "blocked"]


def _hides(status: str) -> int:
    return max(_RANK.index(word) for word in status.split("|"))


def combine(expectations: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What several faults of one VM cause together."""
    combined: dict[str, str] = {}
    for expects in expectations:
        for key, status in expects.items():
            combined[key] = max(combined.get(key, status), status, key=_hides)
    return combined


def expected(expects: Mapping[str, str], check: str, parameter: str) -> frozenset[str]:
    """The statuses that a check may have."""
    for key in (f"{check}[{parameter}]", check, _area(check), "*"):
        if key in expects:
            return frozenset(expects[key].split("|"))
    return HEALTHY


def _area(check: str) -> str:
    return f"{check.rpartition('-')[0]}-*"


def differences(results: Mapping[str, Any], planted: Mapping[str, Mapping[str, str]]) -> list[str]:
    """One line for everything in a run's `results.json` that was not planted, or was planted and is not there.

    `planted` has the expectations by VM; every VM of the lab is in it, the healthy ones with none.
    """
    found: list[str] = []
    vms = {vm["name"]: vm["results"] for vm in results["vms"]}
    for name in planted.keys() - vms.keys():
        found.append(f"{name} is missing in the results")
    for name in vms.keys() - planted.keys():
        found.append(f"{name} was not planted")
    for name, expects in planted.items():
        seen = vms.get(name, [])
        if name in vms and not seen:
            found.append(f"{name} has no results")
        keys = set()
        for result in seen:
            check, parameter, status = result["id"], result.get("parameter") or "", result["status"]
            if check in _RUNNER:
                continue
            keys |= {f"{check}[{parameter}]", check, _area(check)}
            wanted = expected(expects, check, parameter)
            if status not in wanted:
                label = f"{check}[{parameter}]" if parameter else check
                found.append(f"{name} {label}: {status}, planted was {' or '.join(sorted(wanted))}")
        if seen:
            found += [f"{name} {key}: planted, but not in the results" for key in expects.keys() - keys - {"*"}]
    return sorted(found)
