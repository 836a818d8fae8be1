"""No required check passes with a probe that was killed, or whose output was cut or is empty."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import pytest

from plugins.model import ProbeResult, Severity, Status
from tests.support.catalogue import CHECKS, FUNCTIONS, ROWS, WINDOWS_ROWS
from tests.support.suite_probes import probes_of
from tests.support.suite_rows import Row


def without_the_last(seen: ProbeResult) -> ProbeResult:
    """The output without its last visible character: of a number, a number."""
    return replace(seen, stdout=seen.stdout.rstrip()[:-1])


#: Transmission failures that the frame shows.
HALVES: dict[str, Callable[[ProbeResult], ProbeResult]] = {
    "killed": lambda seen: replace(seen, exit=137),
    "terminated": lambda seen: replace(seen, exit=143),
    "ended by TerminateProcess": lambda seen: replace(seen, exit=-1),
    "ended by Ctrl-C of Windows": lambda seen: replace(seen, exit=-1073741510),
    "lost": lambda seen: replace(seen, state="lost", exit=None, stdout="", stderr=""),
    "without a status": lambda seen: replace(seen, exit=None),
    "stopped at its limit": lambda seen: replace(seen, state="timed out", exit=None),
    "stopped at its limit, and silent": lambda seen: replace(seen, state="timed out", exit=None, stdout="", stderr=""),
    "too long": lambda seen: replace(seen, truncated=True),
    "empty": lambda seen: replace(seen, stdout="", stderr=""),
    "not to be executed": lambda seen: replace(seen, exit=126, stdout="", stderr=""),
    "without its last character": without_the_last,
    "killed and cut": lambda seen: replace(seen, exit=137, stdout=seen.stdout[: len(seen.stdout) // 2]),
}

#: The status is 0, but the end of the output is missing.
CUTS = (0.0, 0.15, 0.35, 0.5, 0.65, 0.8, 0.95)


def cut_at(part: float) -> Callable[[ProbeResult], ProbeResult]:
    """The output up to some character before its last visible one."""

    def cut(seen: ProbeResult) -> ProbeResult:
        text = seen.stdout.rstrip()
        return replace(seen, stdout=text[: int(len(text) * part)])

    return cut


#: Probes that a check passes without although another answer would change its verdict.
INSTEAD = {
    ("VM-006", "agent_show"): "Azure's address of the machine stands in for an agent that does not answer",
}

#: The command prints a status, which decides; a cut after it has no effect.
EARLY = {
    ("ENROLL-003", "enroll_disconnect"): r"^@exit 0\n[^@]*@text\n[^@]*Agent Status",
    ("TOKEN-004", "az_login"): r"^@exit 0\b[^@]*^@[^@]*^@exit 0\b",
}


def passing() -> Iterator[tuple[str, Row, str]]:
    """Every required check with probes, with the rows on which it passes, and each probe in them."""
    for id, rows in (*ROWS.items(), *WINDOWS_ROWS.items()):
        for row in rows:
            if CHECKS[id].base_severity is Severity.REQUIRED and row.status is Status.PASS:
                for name in sorted(set(row.evidence) & set(probes_of(FUNCTIONS[id]))):
                    if row.evidence[name].state == "done":
                        yield id, row, name


def verdict(id: str, row: Row, name: str, half: Callable[[ProbeResult], ProbeResult]) -> Status:
    whole = row.with_ends(FUNCTIONS[id])
    evidence = {**whole.evidence, name: half(whole.evidence[name])}
    return replace(whole, evidence=evidence).judged(FUNCTIONS[id])[0]


PASSING = [pytest.param(id, row, name, id=f"{id}-{row.vm.os}-{row.name}-{name}") for id, row, name in passing()]


@cache
def answers(id: str, name: str, os: str) -> list[ProbeResult]:
    """Every complete answer of a probe in the tables of a check, for one system."""
    table = WINDOWS_ROWS if os == "windows" else ROWS
    rows = (row.with_ends(FUNCTIONS[id]) for row in table[id] if name in row.evidence)
    return [row.evidence[name] for row in rows if row.evidence[name].state == "done"]


def matters(id: str, row: Row, name: str) -> bool:
    """Whether any answer of this probe changes the check to not met; else the check does not need it."""
    met = (Status.PASS, Status.WARN, Status.NOT_APPLICABLE)

    def instead(other: ProbeResult) -> Callable[[ProbeResult], ProbeResult]:
        return lambda seen: replace(other, command=seen.command, probe=seen.probe)

    return any(verdict(id, row, name, instead(other)) not in met for other in answers(id, name, row.vm.os))


@pytest.mark.parametrize(("id", "row", "name"), PASSING)
def test_no_required_check_passes_on_half_an_answer(id: str, row: Row, name: str) -> None:
    passed = [what for what, half in HALVES.items() if verdict(id, row, name, half) is Status.PASS]
    passed += [f"cut at {part}" for part in CUTS if verdict(id, row, name, cut_at(part)) is Status.PASS]
    if passed and (early := EARLY.get((id, name))):
        whole = row.evidence[name]
        kept = {"stopped at its limit": whole.stdout, "without its last character": without_the_last(whole).stdout}
        kept |= {f"cut at {part}": cut_at(part)(whole).stdout for part in CUTS}
        passed = [what for what in passed if not re.search(early, kept.get(what, ""), re.M | re.S)]
    assert not passed or (id, name) in INSTEAD or not matters(id, row, name), passed


def test_every_stand_in_is_used() -> None:
    assert INSTEAD.keys() | EARLY.keys() <= {(id, name) for id, _, name in passing()}
