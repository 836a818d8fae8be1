"""Half an answer is no answer: no required check passes on a probe that was killed, cut or emptied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from plugins.model import ProbeResult, Severity, Status
from tests.support.catalogue import CHECKS, FUNCTIONS, ROWS
from tests.support.suite_probes import probes_of
from tests.support.suite_rows import Row

#: What can go wrong on the way of an answer, and is visible in the frame.
HALVES: dict[str, Callable[[ProbeResult], ProbeResult]] = {
    "killed": lambda seen: replace(seen, exit=137),
    "terminated": lambda seen: replace(seen, exit=143),
    "lost": lambda seen: replace(seen, state="lost", exit=None, stdout="", stderr=""),
    "without a status": lambda seen: replace(seen, exit=None),
    "stopped at its limit": lambda seen: replace(seen, state="timed out", exit=None),
    "stopped at its limit, and silent": lambda seen: replace(seen, state="timed out", exit=None, stdout="", stderr=""),
    "too long": lambda seen: replace(seen, truncated=True),
    "empty": lambda seen: replace(seen, stdout="", stderr=""),
    "killed and cut": lambda seen: replace(seen, exit=137, stdout=seen.stdout[: len(seen.stdout) // 2]),
}

#: The status says that all is well, but the end of the output is missing.
CUTS = (0.0, 0.15, 0.35, 0.5, 0.65, 0.8, 0.95)


def cut_at(part: float) -> Callable[[ProbeResult], ProbeResult]:
    """The output up to some character before its last visible one."""

    def cut(seen: ProbeResult) -> ProbeResult:
        text = seen.stdout.rstrip()
        return replace(seen, stdout=text[: int(len(text) * part)])

    return cut


#: Probes that only add to a message, or that a check can do without: what it passes on is in the others.
DISPENSABLE = {
    ("ENROLL-003", "enroll_connect"): "only says whether there is something to undo; the disconnect and Azure decide",
    ("PROXY-001", "sudo_env"): "a wrong value under sudo is a warning; without sudo SSH-002 fails",
    ("PROXY-001", "systemd_env"): "only says where else the variable is set",
    ("PROXY-001", "written"): "only says which files set the variable",
    ("PROXY-002", "curl_version"): "an unknown version is judged as the oldest, which understands least",
    ("PROXY-002", "written"): "only says which files set the variable",
    ("PROXY-004", "agent_services"): "only matters where the agent has no proxy setting of its own",
    ("PROXY-004", "systemd_env"): "only matters where the agent has no proxy setting of its own",
    ("VM-006", "agent_show"): "only tells the machine's own resource from another's, which Azure's answer shows too",
}

#: What decides is the status that the command itself printed; a cut behind it leaves that as it was.
EARLY = {
    ("ENROLL-003", "enroll_disconnect"): "@exit 0 and Agent Status",
    ("TOKEN-004", "az_login"): "@exit 0 of both steps",
}


def passing() -> Iterator[tuple[str, Row, str]]:
    """Every required check that takes probes, with the rows on which it passes, and each probe of those."""
    for id, rows in ROWS.items():
        for row in rows:
            if CHECKS[id].base_severity is Severity.REQUIRED and row.status is Status.PASS:
                for name in sorted(set(row.evidence) & set(probes_of(FUNCTIONS[id]))):
                    if row.evidence[name].state == "done":
                        yield id, row, name


def verdict(id: str, row: Row, name: str, half: Callable[[ProbeResult], ProbeResult]) -> Status:
    whole = row.with_ends(FUNCTIONS[id])
    evidence = {**whole.evidence, name: half(whole.evidence[name])}
    return replace(whole, evidence=evidence).judged(FUNCTIONS[id])[0]


PASSING = [pytest.param(id, row, name, id=f"{id}-{row.name}-{name}") for id, row, name in passing()]


@pytest.mark.parametrize(("id", "row", "name"), PASSING)
def test_no_required_check_passes_on_half_an_answer(id: str, row: Row, name: str) -> None:
    passed = [what for what, half in HALVES.items() if verdict(id, row, name, half) is Status.PASS]
    if (id, name) in EARLY:
        passed = [what for what in passed if what != "stopped at its limit"]
    else:
        passed += [f"cut at {part}" for part in CUTS if verdict(id, row, name, cut_at(part)) is Status.PASS]
    assert not passed or (id, name) in DISPENSABLE, passed


def test_what_is_dispensable_is_taken() -> None:
    assert DISPENSABLE.keys() | EARLY.keys() <= {(id, name) for id, _, name in passing()}
