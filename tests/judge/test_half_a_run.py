"""Incomplete answers never make a VM ready: the lab's recorded run, with one incomplete probe at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import Any

from plugins.checks.areas import ENROLL
from plugins.checks.check import Check
from plugins.checks.probe import Probe
from plugins.evidence.archive import Archive
from plugins.judge.judge import Judge
from plugins.judge.readiness import prevents_ready, readiness
from plugins.model import Evidence, ProbeResult, Severity, Status, Verdict, Vm
from plugins.requirements.profile import Profile
from plugins.requirements.profile_file import load_profile
from tests.judge.test_half_an_answer import CUTS, HALVES, INSTEAD, cut_at, matters, passing
from tests.support.catalogue import CHECKS, FUNCTIONS
from tests.support.paths import ROOT
from tests.support.suite_probes import probes_of
from tests.support.suite_rows import ended

PROFILE = load_profile(ROOT / "lab" / "profile.toml")


@dataclass(frozen=True, eq=False)
class Case:
    """A check on a VM, without pytest's items."""

    vm: Vm
    check: Check
    function: Callable[..., str]
    probes: Mapping[str, Probe]
    parameters: Mapping[str, Any]
    nodeid: str = field(default="", init=False)

    @property
    def parameter(self) -> str:
        return "-".join(map(str, self.parameters.values()))

    def keys(self, profile: Profile) -> list[str]:
        known = {"vm": self.vm, "profile": profile, **self.parameters}
        return [probe.key(name, known) for name, probe in self.probes.items()]


def cases_of(vm: Vm) -> Iterator[Case]:
    for id, check in CHECKS.items():
        if check.area != ENROLL:
            for values in product(*(values(vm, PROFILE) for values in check.parametrize.values())):
                parameters = dict(zip(check.parametrize, values, strict=True))
                yield Case(vm, check, FUNCTIONS[id], probes_of(FUNCTIONS[id]), parameters)


def judged(evidence: Evidence, cases: list[Case]) -> dict[Case, Verdict]:
    """The verdicts of these cases, with this evidence instead of the recorded one."""
    archive = Archive(ROOT / "lab" / "recorded")
    archive._keep(evidence)
    judge = Judge(cases, vms=[evidence.vm], profile=PROFILE, archive=archive)
    return {case: judge.verdict(case) for case in cases}


def of_today(evidence: Evidence, cases: list[Case]) -> Evidence:
    """The evidence with the present commands, and their end marks."""
    seen = dict(evidence.results)
    for case in cases:
        known = {"vm": case.vm, "profile": PROFILE, **case.parameters}
        for name, probe in case.probes.items():
            plan = probe.plan(name, known)
            if plan.key in seen:
                seen[plan.key] = ended(replace(evidence.results[plan.key], command=plan.command))
    return replace(evidence, results=seen)


@dataclass(frozen=True)
class Recorded:
    """The verdicts of the recorded run, by VM."""

    evidence: Mapping[str, Evidence]
    cases: Mapping[str, list[Case]]
    whole: Mapping[str, Mapping[Case, Verdict]]
    #: Checks that need more since the run was recorded: they do not pass on any VM.
    older: set[str]

    @property
    def ready(self) -> list[str]:
        return [name for name, all in self.whole.items() if readiness(all.values(), complete=True) == "ready"]


@cache
def recorded() -> Recorded:
    """A fixture, because it takes a second, and every process of the tests imports this module."""
    archive, _, vms = Archive.open(ROOT / "lab" / "recorded")
    cases = {vm.name: list(cases_of(vm)) for vm in vms}
    evidence = {vm.name: of_today(archive[vm.name], cases[vm.name]) for vm in vms}
    whole = {name: judged(evidence, cases[name]) for name, evidence in evidence.items()}
    older = {
        id
        for id, check in CHECKS.items()
        if check.area != ENROLL
        and {verdict.status for verdicts in whole.values() for verdict in verdicts.values() if verdict.id == id}
        <= {Status.UNKNOWN, Status.BLOCKED}
    }
    cases = {name: [case for case in of_vm if case.check.id not in older] for name, of_vm in cases.items()}
    whole = {name: {case: verdicts[case] for case in cases[name]} for name, verdicts in whole.items()}
    return Recorded(evidence, cases, whole, older)


WAYS: dict[str, Callable[[ProbeResult], ProbeResult]] = HALVES | {"cut in half": cut_at(CUTS[3])}


def halves(name: str, key: str) -> Iterator[tuple[str, Evidence]]:
    """The evidence of a VM with an incomplete answer of one probe, in every way that changes the answer."""
    evidence = recorded().evidence[name]
    for way, half in WAYS.items():
        if (seen := half(evidence.results[key])) != evidence.results[key]:
            yield way, replace(evidence, results={**evidence.results, key: seen})


def taking(name: str, key: str) -> list[Case]:
    return [case for case in recorded().cases[name] if key in case.keys(PROFILE)]


@cache
def dispensable() -> set[tuple[str, str]]:
    """The probes that a check does not need on some VMs, by its table."""
    return {*INSTEAD} | {(id, name) for id, row, name in passing() if not matters(id, row, name)}


def relies_on(case: Case, key: str, verdict: Verdict) -> bool:
    """Whether a required check passed with this answer and needs all of it."""
    probe = dict(zip(case.keys(PROFILE), case.probes, strict=True))[key]
    required = (verdict.severity, verdict.status) == (Severity.REQUIRED, Status.PASS)
    return required and (case.check.id, probe) not in dispensable()


def test_no_ready_vm_is_ready_on_half_an_answer() -> None:
    assert len(recorded().ready) >= 2
    assert len(recorded().older) < 3
    still_ready, tried = [], 0
    for name in recorded().ready:
        for key, seen in recorded().evidence[name].results.items():
            cases = taking(name, key)
            if seen.state == "done" and any(relies_on(case, key, recorded().whole[name][case]) for case in cases):
                for way, evidence in halves(name, key):
                    tried += 1
                    verdicts = judged(evidence, cases)
                    if not any(prevents_ready(verdict.severity, verdict.status) for verdict in verdicts.values()):
                        still_ready.append((name, key, way))
    assert still_ready == []
    assert tried >= 300


def test_no_other_vm_becomes_ready_by_half_an_answer() -> None:
    became_ready, tried = [], 0
    for name in recorded().evidence.keys() - {*recorded().ready}:
        open_cases = {
            case
            for case, verdict in recorded().whole[name].items()
            if verdict.status in (Status.FAIL, Status.UNKNOWN)
            if verdict.severity is Severity.REQUIRED
        }
        for key in recorded().evidence[name].results:
            if all(key in case.keys(PROFILE) for case in open_cases):  # else another check keeps it from being ready
                for way, evidence in halves(name, key):
                    if way not in ("killed", "empty", "cut in half"):
                        continue
                    tried += 1
                    if readiness(judged(evidence, recorded().cases[name]).values(), complete=True) == "ready":
                        became_ready.append((name, key, way))
    assert became_ready == []
    assert tried
