"""Queries of the ``results`` dict that several reports share. They select data, and judge nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from plugins.core.wording import counted, plural
from plugins.diagnosis.component_labels import component_label
from plugins.diagnosis.findings import rank
from plugins.judge.readiness import READINESS, prevents_ready
from plugins.results.compact import left_out

Json = dict[str, Any]


def vms_by_readiness(results: Json) -> list[Json]:
    """The VMs, those that are not ready first, otherwise in the order of the inventory."""
    return sorted(results["vms"], key=lambda vm: READINESS.index(vm["readiness"]))


def root_causes(vm: Json) -> list[Json]:
    """The root causes of a VM in the order to fix them: first those that keep it from being ready."""
    results = [result for result in vm["results"] if result["root_cause"]]
    return sorted(results, key=lambda result: (not _prevents_ready(result), rank(result["status"])))


def _prevents_ready(result: Json) -> bool:
    return prevents_ready(result["severity"], result["status"])


def first_to_fix(vm: Json) -> Json | None:
    """The result of a VM to fix first: a root cause that keeps it from being ready.

    ``None`` when the VM is ready, or when no check was judged on it.
    """
    held = next((result for result in vm["results"] if _prevents_ready(result)), None)
    if vm["readiness"] == "ready" or held is None:
        return None
    roots = root_causes(vm)
    # A recommended check that only warns can block a required one, for example an agent that is installed too early.
    behind = [result for result in roots if _prevents_ready(result) or result["id"] in held["caused_by"]]
    return behind[0] if behind else held


def subject(result: Json) -> str:
    """``NET-001 [management.azure.com]``: a check id, with the parameter when there is one."""
    return f"{result['id']} [{result['parameter']}]" if result["parameter"] else str(result["id"])


def cause_subject(cause: Json) -> str:
    """``CSN-002 cloud services network csn-a [gbl.his.arc.azure.com, pas.windows.net and 3 more]``."""
    parameters = cause["parameters"]
    words = [cause["id"]]
    if cause["component"]["name"]:
        words.append(component_label(cause["component"]["kind"], cause["component"]["name"]))
    if parameters:
        more = f" and {len(parameters) - 2} more" if len(parameters) > 2 else ""
        words.append(f"[{', '.join(parameters[:2])}{more}]")
    return " ".join(words)


def fix_order(results: Json) -> Iterator[tuple[Json | None, Json]]:
    """Each (step of the plan, its cause) in the plan's order, then ``None`` with each cause that blocks no VM."""
    causes = {cause["number"]: cause for cause in results["causes"]}
    for step in results["plan"]:
        yield step, causes.pop(step["cause"])
    for cause in causes.values():
        yield None, cause


def component(cause: Json) -> str:
    """The component to fix: ``cloud services network csn-a``; for what has no id of its own, ``each of these VMs``."""
    kind, name = cause["component"]["kind"], cause["component"]["name"]
    if kind in ("guest", "vm"):
        return f"{'the guest' if kind == 'guest' else 'the VM'}{', on each of these VMs' * (len(cause['vms']) > 1)}"
    return component_label(kind, name)


def seconds(vm: Json, result: Json) -> float | None:
    """The duration of the slowest probe of a result; ``None`` without evidence of its probes."""
    evidence = vm["evidence"]
    took = [evidence[probe]["seconds"] for probe in result["evidence"] if probe in evidence]
    return max(took, default=None)


def summaries(vm: Json) -> list[tuple[str, str]]:
    """The results that compact results list by name only, as (status, sentence): ``("pass", "82 checks passed")``."""
    return [(status, _summary(len(names), status)) for status, names in left_out(vm).items() if names]


def _summary(number: int, status: str) -> str:
    return f"{counted(number, 'check')} {'passed' if status == 'pass' else plural(number, 'does', 'do') + ' not apply'}"
