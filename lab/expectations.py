"""Compare a run's results with what the planted faults must cause: no more and no less.

Keys of `expects`, the most specific one wins::

    "NET-001[pas.windows.net]": "fail"    this check for this parameter
    "NET-001": "fail"                     this check, for every parameter
    "NET-*": "fail"                       every check of this area
    "*": "blocked"                        every other check
    (no key)                              "pass" or "not applicable", as on a healthy VM

A status may have alternatives: "pass|unknown" if the fault is a race.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lab.faults import Fault

HEALTHY = frozenset({"pass", "not applicable"})

#: If two faults of a VM expect different statuses of a check, the later one in this list wins.
_RANK = ["pass", "not applicable", "warn", "fail", "unknown", "blocked"]


def _hides(status: str) -> int:
    return max(_RANK.index(word) for word in status.split("|"))


def combine(expectations: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The expectations of several faults of one VM."""
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
    """One line for each result in a run's `results.json` that differs from the expected one, and for each missing one.

    `planted` has the expectations by VM, also those of the healthy VMs, which are empty.
    """
    differences: list[str] = []
    vms = {vm["name"]: vm["results"] for vm in results["vms"]}
    for name in planted.keys() - vms.keys():
        differences.append(f"{name} is missing in the results")
    for name in vms.keys() - planted.keys():
        differences.append(f"{name} was not planted")
    for name, expects in planted.items():
        seen = vms.get(name, [])
        if name in vms and not seen:
            differences.append(f"{name} has no results")
        keys = set()
        for result in seen:
            check, parameter, status = result["id"], result.get("parameter") or "", result["status"]
            keys |= {f"{check}[{parameter}]", check, _area(check)}
            wanted = expected(expects, check, parameter)
            if status not in wanted:
                label = f"{check}[{parameter}]" if parameter else check
                differences.append(f"{name} {label}: {status}, planted was {' or '.join(sorted(wanted))}")
        if seen:
            differences += [f"{name} {key}: planted, but not in the results" for key in expects.keys() - keys - {"*"}]
    return sorted(differences)


def cause_differences(results: Mapping[str, Any], planted: Mapping[str, Sequence[Fault]]) -> list[str]:
    """One line for each VM of `results.json` whose root causes are not exactly the planted ones, in this order.

    One of several faults may hide another (a VM that is off hides all faults of its guest) or explain it. So a planted
    root that is blocked, or whose declared causes fail or are unknown, too, is not expected.
    """
    differences = []
    for vm in results["vms"]:
        faults = planted[vm["name"]]
        expects = combine(fault.expects for fault in faults)
        in_trouble = {key.partition("[")[0] for key, word in expects.items() if word in ("fail", "unknown")}
        wanted = [
            root
            for root in dict.fromkeys(root for fault in faults for root in fault.roots)
            if not _hidden(root, vm["results"])
            and (len(faults) == 1 or not in_trouble & _declared(results["checks"][root]))
        ]
        seen = list(dict.fromkeys(result["id"] for result in _in_order(vm["results"])))
        if set(seen) != set(wanted) or (seen and len(faults) == 1 and seen[0] != wanted[0]):
            names = ", ".join(fault.name for fault in faults)
            differences.append(f"{vm['name']} ({names}): root causes {seen}, planted {wanted}")
        for result in vm["results"]:
            if result["root_cause"] and result["caused_by"]:
                differences.append(f"{vm['name']} {result['id']}: a root cause, and caused by {result['caused_by']}")
    return differences


def _hidden(root: str, results: Iterable[Mapping[str, Any]]) -> bool:
    return all(result["status"] in HEALTHY | {"blocked"} for result in results if result["id"] == root)


def _declared(check: Mapping[str, Any]) -> set[str]:
    return {*check["caused_by"], *check["requires"]}


def _in_order(results: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The root causes in reading order: failures of required checks, unknown required checks, then the rest."""
    place = ("fail", "unknown", "warn")
    return sorted(
        (result for result in results if result["root_cause"]),
        key=lambda result: (
            result["severity"] != "required" or result["status"] == "warn",
            place.index(result["status"]),
        ),
    )
