"""`results.sarif` (SARIF 2.1.0), for code scanning: a rule per check, and a result per VM and root cause on it.

Consequences of another finding are omitted. The levels::

    fail                                    error
    warn, and unknown when required         warning
    unknown when recommended                note
    waived                                  as when it fails, with a suppression for each of its messages

A result points to the evidence of its VM, which is a file of the run. GitHub distinguishes results by rule, file and
the fingerprint ``primaryLocationLineHash``; it accepts 25,000 results in a run, and shows the first 5,000.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from plugins.checks.areas import area_of
from plugins.core.sanitize import Harmless, one_line, truncate
from plugins.core.strict_json import encode_large
from plugins.evidence.layout import file_name
from plugins.reports.markdown_syntax import linked, text
from plugins.reports.queries import Json, cause_subject

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

#: GitHub's limit for one run.
MOST = 25_000

_LEVELS = ("error", "warning", "note")
_MESSAGES = 5  # of one check on one VM: for example one for each endpoint
_MESSAGE = 1_000  # characters


def render(results: Harmless) -> str:
    """`results` as SARIF: the most severe findings first, and at most `MOST`."""
    findings = sorted(_findings(results), key=lambda finding: (finding.waived, _LEVELS.index(finding.level)))
    checks = dict(results["checks"])
    for finding in findings:
        # A check that was not selected has no declared remedy here, but a result, whose text a VM may have affected.
        checks.setdefault(finding.id, {**finding.results[0], "area": area_of(finding.id), "outside": True})
    numbers = {id: number for number, id in enumerate(checks)}
    invocation: Json = {
        "executionSuccessful": True,
        "startTimeUtc": results["started"],
        "endTimeUtc": results["finished"],
    }
    if len(findings) > MOST:
        text = f"{len(findings) - MOST} of {len(findings)} findings are left out here; results.json has them all."
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": text}}]
    run = {
        "tool": {
            "driver": {
                "name": "nexus-arc-readiness",
                "semanticVersion": results["versions"]["suite"],
                "rules": [_rule(id, check) for id, check in checks.items()],
            }
        },
        "automationDetails": {"id": f"nexus-arc-readiness/{one_line(results['run_id'])}"},
        "invocations": [invocation],
        "results": [finding.as_dict(numbers[finding.id]) for finding in findings[:MOST]],
        "properties": {name: results[name] for name in ("verdict", "sentence", "profile")},
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return encode_large(log).decode() + "\n"


class _Finding:
    """The finding of one check on one VM, for one or more of its parameters."""

    def __init__(self, vm: Json, results: Sequence[Json], cause: Json | None) -> None:
        self.vm, self.results, self.cause = vm, results, cause
        self.id: str = results[0]["id"]
        self.waived: bool = results[0]["status"] == "waived"

    @property
    def level(self) -> str:
        return min((_level(result) for result in self.results), key=_LEVELS.index)

    def as_dict(self, rule: int) -> Json:
        vm = self.vm["name"]
        finding: Json = {
            "ruleId": self.id,
            "ruleIndex": rule,
            "level": self.level,
            "message": {"text": self._text()},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(f"evidence/{file_name(vm)}.json")},
                        "region": {"startLine": 1},
                    },
                    "logicalLocations": [{"name": one_line(vm), "kind": "resource"}],
                }
            ],
            "partialFingerprints": {"primaryLocationLineHash": _fingerprint(self.id, vm)},
            "properties": {
                "vm": one_line(vm),
                "readiness": self.vm["readiness"],
                "parameters": [one_line(result["parameter"]) for result in self.results if result["parameter"]],
            },
        }
        if self.cause:
            finding["properties"]["cause"] = one_line(cause_subject(self.cause))
        if self.waived:
            finding["suppressions"] = [
                {"kind": "external", "status": "accepted", "justification": truncate(message, _MESSAGE)}
                for message in self._messages()
            ]
        return finding

    def _messages(self) -> list[str]:
        return list(dict.fromkeys(one_line(result["message"]) for result in self.results))

    def _text(self) -> str:
        messages = self._messages()
        lines = [f"{one_line(self.vm['name'])}: {truncate(messages[0], _MESSAGE)}"]
        lines += [truncate(message, _MESSAGE) for message in messages[1:_MESSAGES]]
        if len(messages) > _MESSAGES:
            lines.append(f"And {len(messages) - _MESSAGES} more like these.")
        if remedy := one_line(self.results[0]["remedy"]):
            lines.append(f"What to do: {truncate(remedy, _MESSAGE)}")
        return "\n".join(lines).replace("](", "] (")  # SARIF takes [words](target) for a link


def _findings(results: Json) -> Iterator[_Finding]:
    causes = {(cause["id"], vm): cause for cause in reversed(results["causes"]) for vm in cause["vms"]}
    for vm in results["vms"]:
        groups: dict[tuple[str, bool], list[Json]] = {}
        for result in vm["results"]:
            waived = result["status"] == "waived"
            if result["root_cause"] or waived:
                groups.setdefault((result["id"], waived), []).append(result)
        for (id, _), of_check in groups.items():
            yield _Finding(vm, of_check, causes.get((id, vm["name"])))


def _level(result: Json) -> str:
    if result["status"] in ("fail", "warn"):
        return "error" if result["status"] == "fail" else "warning"
    required = result["severity"] == "required"
    if result["status"] == "waived":
        return "error" if required else "warning"
    return "warning" if required else "note"


def _rule(id: str, check: Json) -> Json:
    title, remedy, docs = one_line(check["title"]) or id, one_line(check["remedy"]), check["docs"]
    more = f" See {docs}" if docs else ""
    written = text(remedy, _MESSAGE) if check.get("outside") else remedy  # a check's own is Markdown
    rule: Json = {
        "id": id,
        "shortDescription": {"text": title},
        "fullDescription": {"text": title},
        "help": {
            "text": f"What to do: {remedy}{more}".replace("](", "] ("),
            "markdown": f"**What to do**\n\n{written}" + (f"\n\n{linked('Documentation', docs)}" if docs else ""),
        },
        "defaultConfiguration": {"level": "error" if check["severity"] == "required" else "warning"},
        "properties": {"tags": [check["area"], check["severity"]]},
    }
    if docs:
        rule["helpUri"] = docs
    return rule


def _fingerprint(*parts: str) -> str:
    """The same in every run for the same check on the same VM: a hash and a counter, as GitHub's own."""
    text = "\n".join(parts).encode("utf-8", "surrogatepass")
    return f"{hashlib.sha256(text).hexdigest()[:16]}:1"
