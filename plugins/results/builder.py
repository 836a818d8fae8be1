"""`results.json`: the results of a run as plain data. Every report is rendered from it and recomputes no verdict."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from plugins.azure.snapshot import Call
from plugins.checks.areas import REACHED, order
from plugins.checks.check import Check
from plugins.core.redaction import redact
from plugins.core.sanitize import case_text, message_text
from plugins.core.version import SUITE_VERSION
from plugins.diagnosis.findings import FindingGroups
from plugins.diagnosis.fleet_causes import CauseFinder
from plugins.diagnosis.root_cause import Diagnosis, diagnose
from plugins.judge.readiness import readiness
from plugins.model import Evidence, ProbeResult, Severity, SshSession, Status, Verdict
from plugins.results import compact, verdict
from plugins.results.coverage import Coverage
from plugins.results.fleet import of_fleet, still_open
from plugins.results.provenance import Provenance
from plugins.results.schema import VERSION

#: The headline for VMs that were not reached, in a run that omits the check for it.
RECONNECT = "Restore the SSH session to {vms}{where}"

#: The fields of a probe's result, without its name, which is the key, and the time of its arrival.
_OF_A_PROBE = tuple(name for name in ProbeResult.__slots__ if name not in ("probe", "received"))


class ResultsBuilder:
    """Builds the results of a run VM by VM: the verdicts of an added VM may be released."""

    def __init__(self, checks: Mapping[str, Check], coverage: Coverage, fleet: int) -> None:
        """`checks` by id, of `coverage`'s catalogue those that were selected; `fleet` is the number of VMs."""
        self.coverage = coverage
        self._incomplete: set[str] = set()  # VMs with omitted required checks
        self._checks = checks
        self._compact = fleet > compact.WHOLE_UP_TO
        self._vms: list[dict[str, Any]] = []
        self._causes = CauseFinder(
            {id: check.component for id, check in checks.items()},
            {REACHED: RECONNECT} | {id: check.action for id, check in checks.items() if check.action},
            {id: check.problem for id, check in checks.items()},
        )
        self._findings = FindingGroups()
        self._counts: Counter[str] = Counter()
        self._tally: Counter[str] = Counter()
        self._provenance = Provenance()

    def add(self, evidence: Evidence, verdicts: Sequence[Verdict], components: Mapping[str, str]) -> None:
        """One more VM, in the fleet's order. `components` is what `plugins.azure.components` found."""
        complete = self.coverage.add(evidence.vm.name, verdicts)
        if not complete:
            self._incomplete.add(evidence.vm.name)
        vm = _vm(evidence, verdicts, self._checks, components, complete)
        self._counts.update(result["status"] for result in vm["results"])
        self._tally[vm["readiness"]] += 1
        self._causes.add(
            vm,
            {(verdict.id, verdict.parameter): (verdict.action, verdict.item) for verdict in verdicts if verdict.action},
        )
        self._findings.add(vm)
        self._provenance.add(evidence)
        self._vms.append(compact.of_vm(vm) if self._compact else vm)

    def results(
        self,
        *,
        run_id: str,
        started: float,
        finished: float,
        profile: str,
        arguments: Sequence[str],
        files: Mapping[str, str],
        calls: Sequence[Call],
    ) -> dict[str, Any]:
        """The results of the run. `files` is that of `provenance.hashes`, `calls` are the requests to Azure."""
        vms, tally = self._vms, self._tally
        judged = self.coverage.as_results()
        return {
            "version": VERSION,
            "run_id": run_id,
            "started": _stamp(started),
            "finished": _stamp(finished),
            "seconds": round(finished - started, 3),
            "verdict": verdict.word(tally, judged),
            "sentence": verdict.sentence(tally, judged),
            "judged": judged,
            "notes": [compact.NOTE] if self._compact else [],
            "profile": profile,
            "arguments": [redact(argument) for argument in arguments],
            "versions": {
                "suite": SUITE_VERSION,
                "python": platform.python_version(),
                **{name: version(name) for name in ("pytest", "paramiko")},
            },
            "counts": {str(status): self._counts[str(status)] for status in Status},
            "checks": {id: _check(self._checks[id]) for id in sorted(self._checks, key=order)},
            **of_fleet(
                vms,
                self._causes.causes(),
                self._findings,
                tally["ready"],
                still_open(vms),
                frozenset(self._incomplete),
            ),
            "provenance": self._provenance.as_results(files, calls),
        }


def _check(check: Check) -> dict[str, Any]:
    return {
        "title": check.title,
        "problem": check.problem,
        "severity": str(check.base_severity),
        "area": check.area,
        "remedy": check.remedy,
        "docs": check.docs,
        "caused_by": list(check.caused_by),
        "requires": list(check.requires),
        "component": check.component,
    }


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _vm(
    evidence: Evidence,
    verdicts: Sequence[Verdict],
    checks: Mapping[str, Check],
    components: Mapping[str, str],
    complete: bool,
) -> dict[str, Any]:
    session = evidence.session
    used = {key for verdict in verdicts for key in verdict.probes}
    stand_in = [] if any(verdict.id == REACHED for verdict in verdicts) else unreached(session)
    return {
        "name": evidence.vm.name,
        "readiness": readiness(verdicts, complete=complete),
        "address": case_text(session.address),
        "session": {
            "outcome": session.outcome,
            "message": message_text(session.message),
            "remedy": message_text(session.remedy),
            "via": case_text(session.via),
            "seconds": session.seconds,
        },
        "tags": {case_text(tag): case_text(value) for tag, value in evidence.vm.tags.items()},
        "components": {kind: case_text(id) for kind, id in components.items()},
        "facts": {fact: redact(value) for verdict in verdicts for fact, value in verdict.facts},
        "results": stand_in + list(map(_result, verdicts, diagnose(verdicts, checks))),
        "evidence": {
            key: {name: getattr(result, name) for name in _OF_A_PROBE}
            for key, result in evidence.results.items()
            if key in used
        },
    }


def _result(verdict: Verdict, diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "id": verdict.id,
        "parameter": verdict.parameter,
        "status": str(verdict.status),
        "severity": str(verdict.severity),
        "message": redact(verdict.message),
        "remedy": redact(verdict.remedy),
        "root_cause": diagnosis.root_cause,
        "caused_by": list(diagnosis.caused_by),
        "nodeid": verdict.nodeid,
        "title": verdict.title,
        "docs": verdict.docs,
        "evidence": list(verdict.probes),
        "fix": [redact(command) for command in verdict.fix],
        **({"component": verdict.component} if verdict.component else {}),
    }


def unreached(session: SshSession) -> list[dict[str, Any]]:
    """The result for a failed session, in a run that did not select the check for it.

    Without it, an unreachable VM would have no findings in the reports.
    """
    if session.outcome == "ok":
        return []
    message = message_text(session.message) or f"The SSH session ended with: {session.outcome}."
    remedy, title = message_text(session.remedy), "an SSH session opens"
    stand_in = Verdict(REACHED, "", "", Status.UNKNOWN, Severity.REQUIRED, message, remedy, title)
    return [_result(stand_in, Diagnosis(root_cause=True, caused_by=()))]
