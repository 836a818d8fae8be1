"""``--gate``: parses a policy, and judges a run by it: passed or not, with one sentence.

::

    policy  = "chosen"                           the chosen checks, whatever was left out
            | rule {"," rule}                    canary=all,rest=98%,unknown=0
    rule    = need                               of the fleet
            | group "=" need                     of the VMs with a tag
            | "unknown=" (count | percent)       at most so many VMs that could not be judged
            | "no-regressions"                   nothing is worse than in the run of --against
    need    = "all" | percent                    ready VMs
    group   = tag value | key ":" tag value | "rest"   rest: the VMs of no group that another rule names
    percent = number "%"                         above 0 and up to 100, 99.5 for example

A gate changes the condition, never the meaning of a status: only a VM that is *ready* counts as ready. A rule that
would be met if every VM that could not be judged were ready is *unknown* (exit 10); any other rule that is not met
*fails* (exit 1). A run that omitted checks meets no gate but ``chosen``, which requires less: that the checks that ran
passed on all VMs. It is not a verdict on readiness.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from plugins.core.exit_codes import EXIT_FAIL, EXIT_UNKNOWN
from plugins.core.wording import counted, did_you_mean, first_few
from plugins.model import Vm

REST = "rest"
CHOSEN = "chosen"

FORMS = "all, 98%, GROUP=all, GROUP=98%, unknown=0, unknown=2%, no-regressions or chosen (docs/gates.md)"


class GateError(ValueError):
    """An invalid policy: the text has the reason, and the valid forms."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a rule."""

    word: str  # "pass", "fail" or "unknown"
    sentence: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The input of rules."""

    states: Mapping[str, str]  # VM -> a word of `plugins.judge.readiness.READINESS`
    changes: Mapping[str, Any] | None = None  # those of `results.json`, when there is a baseline
    unfinished: Sequence[str] = ()  # VMs of which not all was judged: the run was cut short
    judged: Mapping[str, Any] | None = None  # that of `results.json`: how much of the catalogue was judged


@dataclass(frozen=True, slots=True)
class Ready:
    """The number or share of VMs of a group that must be ready."""

    text: str
    group: str  # as written, "" for the fleet
    tag: str  # its meaning: "ring:canary", "rest", "" for the fleet
    vms: frozenset[str]
    need: Decimal | None  # percent; None: all

    def judge(self, facts: Facts) -> Outcome:
        """Compare the number of ready VMs with the required one."""
        count = Counter(state for name, state in facts.states.items() if name in self.vms)
        total, ready, unknown = count.total(), count["ready"], count["unknown"] + count["partial"]
        counts = f"{ready:,} of {total:,}"
        summary = f"{self.group} {counts}" if self.group else f"{counts} VMs"
        if not total:
            return Outcome("unknown", f"{summary} ready, because none was judged")
        outcome = "pass" if self._met(ready, total) else "unknown" if self._met(ready + unknown, total) else "fail"
        if self.need is None:
            summary += " ready" if outcome == "pass" else " ready, all needed"
        else:
            summary += f" ({_percent(ready, total, self.need)} %) ready, {self.need} % needed"
        missing = [f"{count['not ready']} not ready"] if count["not ready"] else []
        missing += [f"{unknown} could not be judged"] if unknown else []
        return Outcome(outcome, summary if outcome == "pass" else f"{summary} ({', '.join(missing)})")

    def _met(self, ready: int, total: int) -> bool:
        return ready * 100 >= total * (Decimal(100) if self.need is None else self.need)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The largest number or share of VMs that could not be judged."""

    text: str
    count: int | None
    percent: Decimal | None

    def judge(self, facts: Facts) -> Outcome:
        """Compare the number of VMs that could not be judged with the allowed one."""
        total, unknown = len(facts.states), sum(state in ("unknown", "partial") for state in facts.states.values())
        summary = f"{unknown:,} of {total:,} VMs"
        if self.percent is not None:
            met = unknown * 100 <= total * self.percent
            judged = _percent(total - unknown, total, self.percent)
            summary += f" ({100 - judged} %) could not be judged, {self.percent} % allowed"
        else:
            assert self.count is not None
            met = unknown <= self.count
            summary += f" could not be judged, {self.count or 'none'} allowed"
        return Outcome("pass" if met else "unknown", summary)


@dataclass(frozen=True, slots=True)
class NoRegressions:
    """Nothing is worse than it was in the baseline."""

    text: str

    def judge(self, facts: Facts) -> Outcome:
        """Check for regressions, and for VMs that may hide some."""
        assert facts.changes is not None, "parse() asks for a baseline"
        since, worse = facts.changes["against"], facts.changes["regressions"]
        if worse:
            summary = f"{counted(len(worse), 'regression')} since {since}: {first_few(map(_worse, worse))}"
            return Outcome("fail" if any(result["now"] == "fail" for result in worse) else "unknown", summary)
        if facts.unfinished:
            summary = (
                f"no regression seen since {since}, but some checks were not judged on {first_few(facts.unfinished)}"
            )
            return Outcome("unknown", summary)
        return Outcome("pass", f"no regressions since {since}")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Every required check that ran passed on every VM; omitted checks do not count."""

    text: str

    def judge(self, facts: Facts) -> Outcome:
        """Count the VMs on which no chosen check failed or is unknown."""
        count = Counter(facts.states.values())
        total, bad, unknown = count.total(), count["not ready"], max(count["unknown"], len(facts.unfinished))
        passed = f"the chosen checks passed on {total - bad - unknown} of {counted(total, 'VM')}"
        required = facts.judged["required"] if facts.judged else {"judged": 0, "of": 0}
        summary = f"{passed}, {required['judged']:,} of {counted(required['of'], 'required check')}"
        outcome = "fail" if bad else "unknown" if unknown or not total else "pass"
        return Outcome(
            outcome,
            f"{summary}; this is not a verdict on readiness" if required["judged"] < required["of"] else summary,
        )


Rule = Ready | Unknown | NoRegressions | Chosen


@dataclass(frozen=True, slots=True)
class Gate:
    """A parsed policy."""

    policy: str
    rules: tuple[Rule, ...]

    @property
    def chosen(self) -> bool:
        """True for the policy ``chosen``."""
        return any(isinstance(rule, Chosen) for rule in self.rules)


def parse(text: str, vms: Sequence[Vm], baseline: bool) -> Gate:
    """The policy for these VMs; `baseline`: there is a run to compare with. Raises `GateError`."""
    parts = [re.sub(r"\s*=\s*", "=", part.strip(), count=1) for part in text.split(",")]
    if CHOSEN in parts:
        if len(parts) > 1:
            raise GateError("chosen cannot be combined with other rules. Use it alone.")
        return Gate(CHOSEN, (Chosen(CHOSEN),))
    rules = [_rule(part, vms, baseline) for part in parts]
    named = frozenset[str]().union(*(rule.vms for rule in rules if isinstance(rule, Ready) and rule.group))
    rules = [_rest(rule, named, vms) if isinstance(rule, Ready) and rule.tag == REST else rule for rule in rules]
    _refuse_twice(rules)
    return Gate(",".join(parts), tuple(rules))


def _rule(part: str, vms: Sequence[Vm], baseline: bool) -> Rule:
    group, equals, value = part.rpartition("=")
    if part == "no-regressions":
        if not baseline:
            raise GateError("no-regressions needs a run to compare with. Add --against=RUN.")
        return NoRegressions(part)
    if not equals and (part == "all" or part.endswith("%")):
        return Ready(part, "", "", frozenset(vm.name for vm in vms), _need(part, part))
    if not equals:
        hint = f" A group needs a condition: {part}=all." if part == REST or _tagged(part, vms) else ""
        raise GateError(f"{part!r} is not a rule.{hint} A rule is {FORMS}.")
    if group == "unknown":
        return _unknown(part, value)
    if group == REST:
        return Ready(part, REST, REST, frozenset(), _need(part, value))
    return Ready(part, group, *_group(group, vms), _need(part, value))


def evaluate(gate: Gate, facts: Facts) -> dict[str, Any]:
    """The gate of `results.json`."""
    outcomes = [rule.judge(facts) for rule in gate.rules]
    words = {outcome.word for outcome in outcomes}
    exit_code = EXIT_FAIL if "fail" in words else EXIT_UNKNOWN if "unknown" in words else 0
    # Unmet rules first: they are the point of the sentence.
    reasons = [
        outcome.sentence
        for outcome in sorted(outcomes, key=lambda outcome: ("fail", "unknown", "pass").index(outcome.word))
    ]
    return {
        "policy": gate.policy,
        "passed": not exit_code,
        "exit": exit_code,
        "sentence": f"GATE {'NOT ' * bool(exit_code)}PASSED ({gate.policy}): {'; '.join(reasons)}.",
        "rules": [
            {"rule": rule.text, "passed": judged.word == "pass", "sentence": judged.sentence}
            for rule, judged in zip(gate.rules, outcomes, strict=True)
        ],
    }


def _need(rule: str, value: str) -> Decimal | None:
    if value == "all":
        return None
    number = _number(rule, value)
    if not number:
        raise GateError(f"{rule}: 0% is always met. Give a percentage above 0, or drop the rule.")
    return number


def _number(rule: str, value: str) -> Decimal:
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?%", value, re.ASCII):
        raise GateError(f"{rule}: {value!r} is neither 'all' nor a percentage such as 98%. A rule is {FORMS}.")
    number = Decimal(value[:-1])
    if number > 100:
        raise GateError(f"{rule}: {value} is more than 100 %. Give at most 100%.")
    return number


def _unknown(rule: str, value: str) -> Unknown:
    if value.endswith("%"):
        return Unknown(rule, None, _number(rule, value))
    if not re.fullmatch(r"\d{1,9}", value, re.ASCII):
        raise GateError(
            f"{rule}: {value!r} is not a number of VMs. Give unknown=0, another number, or a percentage (2%)."
        )
    return Unknown(rule, int(value), None)


def _group(name: str, vms: Sequence[Vm]) -> tuple[str, frozenset[str]]:
    """The tag for a group's name, and its VMs."""
    if not name:
        raise GateError(f"a rule has no group before its '='. A rule is {FORMS}.")
    matches = _tagged(name, vms)
    if len(matches) == 1:
        ((tag, members),) = matches.items()
        return tag, frozenset(members)
    if matches:
        raise GateError(f"{name!r} is a value of more than one tag. Write {' or '.join(matches)}.")
    tags = list(dict.fromkeys(f"{key}:{value}" for vm in vms for key, value in vm.tags.items()))
    if not tags:
        raise GateError(f"no VM has the tag {name!r}: no VM has tags. Add `tags` to the inventory.")
    words = [*tags, *(tag.partition(":")[2] for tag in tags)]
    hint = did_you_mean(name, words)
    raise GateError(f"no VM has the tag {name!r}. {hint}{' ' * bool(hint)}Known are {first_few(tags, 20)}.")


def _tagged(name: str, vms: Iterable[Vm]) -> dict[str, list[str]]:
    """The possible tags for a group's name, each with its VMs."""
    groups: dict[str, list[str]] = {}
    for vm in vms:
        for key, value in vm.tags.items():
            if name in (value, tag := f"{key}:{value}"):
                groups.setdefault(tag, []).append(vm.name)
    return groups


def _rest(rule: Ready, named: Collection[str], vms: Iterable[Vm]) -> Ready:
    left = frozenset(vm.name for vm in vms).difference(named)
    if not named:
        raise GateError(
            f"{rule.text}: no rule names a group that this could be the rest of. Write {rule.text.partition('=')[2]}."
        )
    if not left:
        raise GateError(f"{rule.text}: every VM is in a group that another rule names. Drop this rule.")
    return replace(rule, vms=left)


def _refuse_twice(rules: Iterable[Rule]) -> None:
    first: dict[tuple[object, str], str] = {}
    for rule in rules:
        about = (type(rule), rule.tag if isinstance(rule, Ready) else "")
        if about in first:
            raise GateError(f"{first[about]} and {rule.text} are two rules for the same group. Keep one of them.")
        first[about] = rule.text


def _percent(part: int, total: int, limit: Decimal) -> Decimal:
    """A share for the policy, always rounded down: to a tenth, or to the precision of the limit.

    So a displayed share reaches its limit only when the real one does.
    """
    digits = max(1, -int(limit.as_tuple().exponent))
    return (Decimal(part * 100) / total).quantize(Decimal(1).scaleb(-digits), ROUND_FLOOR)


def _worse(entry: Mapping[str, Any]) -> str:
    """``vm-a NET-001 [management.azure.com] was pass, is fail``."""
    of = f" [{entry['parameter']}]" if entry["parameter"] else ""
    was = f"was {entry['was']}" if entry["was"] else "was not judged"
    return f"{entry['vm']} {entry['id']}{of} {was}, is {entry['now']}"
