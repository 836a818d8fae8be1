"""Waivers: dated exceptions to findings, read from a file, which is refused when anything in it is ambiguous.

::

    waivers:
      - check: IMDS-002
        vms: 'lab-*'                # names and globs, or tags: {ring: canary}
        reason: The sidecar is replaced with the runtime upgrade.
        owner: anna@example.org
        tracker: CHG-1044
        expires: 2026-12-31         # the last day, UTC

A waiver changes *fail* and *warn* to *waived*, never *unknown* or *blocked*: missing evidence
never passes. The current day is read once, when the run begins.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from plugins.core import yaml_config as yaml_file
from plugins.core.redaction import redact
from plugins.core.sanitize import message_text
from plugins.core.schema_errors import Kind, Where, name_of
from plugins.core.wording import did_you_mean
from plugins.core.yaml_config import ConfigErrors, Problem, line_of
from plugins.inventory import selection as inventory
from plugins.model import Status, Verdict, Vm

FILE_NAME = "waivers.yaml"  # beside the fleet file it is used without an option
SCHEMA = Path(__file__).with_name("waivers.schema.json")
KIND = Kind("a waiver file", "docs/gates.md", SCHEMA, "waivers", "a list of exceptions")

_TEXTS = ("reason", "owner", "tracker")

#: The statuses that a waiver changes.
_COVERED = (Status.FAIL, Status.WARN)

SOON = 14  # a waiver within so many days of its end expires soon


@dataclass(frozen=True, slots=True)
class Waiver:
    """One exception."""

    check: str
    vms: str | Mapping[str, str]  # a glob over names, or tags (all of them must match)
    reason: str
    owner: str
    tracker: str
    expires: date  # the last day on which it holds
    parameter: str = ""  # a glob; "" = every parameter

    @property
    def selector(self) -> str:
        """The VMs as text: ``web*``, ``ring:canary,site:berlin``."""
        return self.vms if isinstance(self.vms, str) else ",".join(f"{key}:{value}" for key, value in self.vms.items())

    def covers(self, check: str, vm: Vm, parameter: str) -> bool:
        """Whether this exception is for that check on that VM."""
        if check != self.check or (
            self.parameter not in ("", parameter) and not fnmatchcase(parameter, self.parameter)
        ):
            return False
        if isinstance(self.vms, str):
            return inventory.hits(self.vms, vm)
        return all(vm.tags.get(key) == value for key, value in self.vms.items())

    def applied(self, verdict: Verdict) -> Verdict:
        """The verdict with this exception applied."""
        would = {Status.FAIL: "fail", Status.WARN: "warn"}[verdict.status]
        until = f"Waived until {self.expires}: {self.reason.rstrip('.')} ({self.owner}, {self.tracker})."
        message = f"{message_text(until)} Otherwise it would {would}: {verdict.message}"
        return msgspec.structs.replace(verdict, status=Status.WAIVED, message=message, remedy="", fix=())


@dataclass(frozen=True, slots=True)
class Waivers:
    """The waivers of a run, in the order of their file; the first one that covers a verdict counts."""

    path: str = ""  # as shown to the operator; "" = there is no file
    entries: tuple[Waiver, ...] = ()  # none when there are problems
    today: date = date.min
    checks: tuple[tuple[int, str, str], ...] = ()  # every check that is named: line, its place in the file, id
    problems: tuple[Problem, ...] = ()  # the problems of the file, until `refuse` raises them

    def cover(self, check: str, vm: Vm, parameter: str) -> Waiver | None:
        """The exception for a check on a VM."""
        return next((waiver for waiver in self.entries if waiver.covers(check, vm, parameter)), None)

    def judge(self, verdict: Verdict, vm: Vm) -> Verdict:
        """The verdict, waived when it is a failure or warning that a waiver covers."""
        if verdict.status not in _COVERED:
            return verdict
        waiver = self.cover(verdict.id, vm, verdict.parameter)
        return waiver.applied(verdict) if waiver else verdict

    def refuse(self, known: Collection[str]) -> None:
        """Raise `ConfigErrors` with all problems of the file; `known` are the ids of all checks."""
        problems = [*self.problems]
        for line, place, check in self.checks:
            if check not in known:
                hint = did_you_mean(check.upper(), sorted(known)) or "docs/checks/ has a page for each check."
                problems.append((line, f"{place}: there is no check {check[:40]!r}. {hint}"))
        if problems:
            raise ConfigErrors(yaml_file.formatted(self.path, problems))

    def header(self) -> str:
        """The line at the start of a run."""
        count = "1 waiver" if len(self.entries) == 1 else f"{len(self.entries)} waivers"
        return f"{count} of {self.path}"

    def as_results(self, vms: Iterable[Vm], results: Mapping[str, Any], everything: bool) -> list[dict[str, Any]]:
        """The waivers for `results.json`, with the use of each in this run. `everything`: the run visited all VMs."""
        by_name = {vm.name: vm for vm in vms}
        of_check: dict[str, list[int]] = {}
        for number, waiver in enumerate(self.entries):
            of_check.setdefault(waiver.check, []).append(number)
        messages: list[list[str]] = [[] for _ in self.entries]  # the words of the results that each waiver is for
        for vm in results["vms"]:
            for result in vm["results"]:
                for number in of_check.get(result["id"], ()):
                    if self.entries[number].covers(result["id"], by_name[vm["name"]], result["parameter"]):
                        messages[number].append(result["status"])
                        break
        return [
            {
                "id": waiver.check,
                "vms": redact(waiver.selector),
                "parameter": waiver.parameter,
                "reason": redact(waiver.reason),
                "owner": redact(waiver.owner),
                "tracker": redact(waiver.tracker),
                "expires": waiver.expires.isoformat(),
                "used": words.count(Status.WAIVED),
                "unused": everything
                and waiver.check in results["checks"]
                and not {Status.WAIVED, Status.UNKNOWN, Status.BLOCKED}.intersection(words),
                "expiring_soon": (waiver.expires - self.today).days <= SOON,
            }
            for waiver, words in zip(self.entries, messages, strict=True)
        ]


def load(path: Path, now: float) -> Waivers:
    """The waivers of a file at a time, in seconds since the epoch.

    Raises `ConfigErrors` when there is no such file or when it is not YAML. Problems of its content are kept for
    `Waivers.refuse`, which reports all of them once the checks are known.
    """
    today = datetime.fromtimestamp(now, UTC).date()
    document = yaml_file.parse(path, KIND)
    entries = document.get("waivers") if isinstance(document, Mapping) else None
    entries = entries if isinstance(entries, list) else []
    problems = (*yaml_file.problems(document, KIND), *_own_rules(document, entries, today))
    return Waivers(
        path=str(path),
        entries=() if problems else tuple(map(_waiver, entries)),
        today=today,
        checks=tuple(_checks(document, entries)),
        problems=problems,
    )


def _waiver(entry: Mapping[str, Any]) -> Waiver:
    vms = entry["vms"]
    return Waiver(
        check=str(entry["check"]),
        vms=str(vms) if isinstance(vms, str) else {str(key): str(value) for key, value in vms.items()},
        **{key: " ".join(entry[key].split()) for key in _TEXTS},
        expires=date.fromisoformat(entry["expires"]),
        parameter=str(entry.get("parameter", "")),
    )


def _checks(document: Any, entries: Sequence[Any]) -> Iterator[tuple[int, str, str]]:
    for number, entry in enumerate(entries):
        if isinstance(entry, Mapping) and isinstance(entry.get("check"), str) and entry["check"]:
            where = ("waivers", number, "check")
            yield line_of(document, where), name_of(where), str(entry["check"])


def _own_rules(document: Any, entries: Sequence[Any], today: date) -> Iterator[Problem]:
    first: dict[tuple[str, ...], int] = {}
    for number, entry in enumerate(entries):
        if not isinstance(entry, Mapping):
            continue
        place: Where = ("waivers", number)
        for key in _TEXTS:
            if isinstance(entry.get(key), str) and entry[key] and not entry[key].strip():
                yield line_of(document, (*place, key)), f"{name_of((*place, key))}: is empty. Give a value."
        if problem := _bad_end(entry, today):
            yield line_of(document, (*place, "expires")), f"{name_of((*place, 'expires'))}: {problem}"
        vms = entry.get("vms")
        chosen = sorted(map(str, vms.items())) if isinstance(vms, Mapping) else vms
        same = tuple(str(field) for field in (entry.get("check"), chosen, entry.get("parameter")))
        line = line_of(document, place)
        if same in first:
            text = f"is for the same check and VMs as the waiver on line {first[same]}. Keep one of them."
            yield line, f"{name_of(place)}: {text}"
        elif entry.get("check") and vms:
            first[same] = line


def _bad_end(entry: Mapping[str, Any], today: date) -> str:
    """Why a waiver's last day is not valid; "" when it is, or when the schema reports it."""
    text = entry.get("expires")
    if not isinstance(text, str) or not re.match(r"\d{4}-\d{2}-\d{2}$", text, re.ASCII):
        return ""
    try:
        end = date.fromisoformat(text)
    except ValueError as error:
        return f"{text!r} is not a date ({error}). Give a day that exists."
    if end >= today:
        return ""
    who = entry.get("owner")
    with_owner = f" with {who}" if isinstance(who, str) and who.strip() else ""
    return (
        f"this waiver expired on {end}; today is {today} (UTC). "
        f"Fix the finding and delete the waiver, or agree on a new date{with_owner}."
    )
