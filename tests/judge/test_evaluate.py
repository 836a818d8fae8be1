"""The complete outcome of a check whose probe did not answer: message, remedy, shared cause, component, action."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plugins.checks.check import CheckOutcome
from plugins.checks.probe import END, probe, probe_of
from plugins.judge.evaluate import value
from plugins.model import Evidence, ProbeResult, SshSession, Status, Vm

BY_HAND = "Run the command shown below on the VM by hand and "
BREAKS_OFF = "Find out why a command breaks off on {vms}"
DONE = ProbeResult("word", f"curl x\necho {END}", "done", 0, f"yes\n{END}\n")


def incomplete(why: str) -> tuple[str, str, str, str, str]:
    return (
        f"The answer of the probe word is incomplete: {why}", f"{BY_HAND}check how it ends.",
        "unreadable answers of curl", "guest", BREAKS_OFF,
    )  # fmt: skip


def refuse(result: ProbeResult) -> Any:
    raise ValueError("expected a word")


WORD = probe_of(probe(f"curl x\necho {END}", timeout=7, needs=["curl"]))
UNREADABLE = probe_of(probe(f"curl x\necho {END}", timeout=7, needs=["curl", "sed"], read=refuse))

ROWS: tuple[tuple[str, Any, dict[str, Any], tuple[str, str, str, str, str]], ...] = (
    ("killed", WORD, {"exit": 137}, incomplete("its command was killed by SIGKILL (exit status 137).")),
    (
        "killed by a signal without a name", WORD, {"exit": 192}, incomplete("its command was killed by SIGRTMAX (exit status 192)."),
    ),
    (
        "killed by a signal that Python does not know", WORD, {"exit": 160}, incomplete("its command was killed by signal 32 (exit status 160)."),
    ),
    (
        "ended with the last status before the signals", WORD, {"exit": 128}, incomplete("its command ended with the unexpected exit status 128."),
    ),
    ("failed", WORD, {"exit": 193}, incomplete("its command ended with the unexpected exit status 193.")),
    ("no status", WORD, {"exit": None}, incomplete("its exit status is missing.")),
    ("cut", WORD, {"truncated": True}, incomplete("its output was longer than the limit and was truncated.")),
    ("no end", WORD, {"stdout": "yes\n"}, incomplete(f"its output does not end with {END}, so it was cut off.")),
    (
        "not understood", UNREADABLE, {},
        (
            "The answer of the probe word could not be read: expected a word.",
            f"{BY_HAND}check its output.", "unreadable answers of curl sed", "guest",
            "Find out what a command prints on {vms}",
        ),
    ),
    (
        "no tool", WORD, {"state": "no tool", "stderr": "curl\n"},
        (
            "curl is not installed on the VM, or not on its PATH, so this was not checked.",
            "Install curl on the VM, or check this by hand.", "no curl", "guest", "Install curl on {vms}",
        ),
    ),
    (
        "no tool, named as no tool is", UNREADABLE, {"state": "no tool", "stderr": "a; b"},
        (
            "curl or sed is not installed on the VM, or not on its PATH, so this was not checked.",
            "Install curl or sed on the VM, or check this by hand.", "no curl or sed", "guest",
            "Install curl or sed on {vms}",
        ),
    ),
    (
        "no root", WORD, {"state": "no root", "stderr": "1\nsudo: a password is required\n"},
        (
            "This needs root on the VM, which the login does not have (sudo -n printed: sudo: a password is required).",
            "Log in as root, or give the login user passwordless sudo (SSH-002).", "SSH-002", "guest",
            "Give the login user root on {vms}",
        ),
    ),
    (
        "no root and no word", WORD, {"state": "no root", "stderr": ""},
        (
            "This needs root on the VM, which the login does not have.",
            "Log in as root, or give the login user passwordless sudo (SSH-002).", "SSH-002", "guest",
            "Give the login user root on {vms}",
        ),
    ),
    (
        "timed out", WORD, {"state": "timed out", "exit": None},
        (
            "The probe word was stopped after its limit of 7 s.",
            f"{BY_HAND}find out where it hangs.", "", "guest", "Find out why a command hangs on {vms}",
        ),
    ),
    (
        "lost", WORD, {"state": "lost", "exit": None},
        (
            "The session ended before the probe word had answered.",
            "See SSH-001 of this VM, then run again.", "", "vm", "Visit {vms} again",
        ),
    ),
)  # fmt: skip


@pytest.mark.parametrize(("declared", "change", "expected"), [pytest.param(*row, id=name) for name, *row in ROWS])
def test_a_probe_without_an_answer(declared: Any, change: dict[str, Any], expected: tuple[str, ...]) -> None:
    with pytest.raises(CheckOutcome) as caught:
        value(declared, "word", Evidence(Vm("a"), SshSession("ok"), {"word": replace(DONE, **change)}))
    stop = caught.value
    assert stop.status is Status.UNKNOWN
    assert (stop.message, stop.remedy, stop.shared_cause, stop.component, stop.action) == expected


def test_a_probe_that_was_not_gathered() -> None:
    word: Any = WORD
    with pytest.raises(CheckOutcome) as caught:
        value(word, "word", Evidence(Vm("a"), SshSession("ok"), {"other": DONE}))
    stop = caught.value
    assert (stop.status, stop.message, stop.remedy, stop.action) == (
        Status.UNKNOWN,
        "This evidence does not contain the probe word.",
        "It was gathered for other checks, or by an older version. Gather the evidence again.",
        "Visit {vms} again",
    )


def test_a_reader_reads_an_answer_once() -> None:
    reads: list[str] = []

    def read(result: ProbeResult) -> str:
        reads.append(result.stdout)
        return result.stdout

    declared: Any = probe_of(probe(f"curl x\necho {END}", timeout=7, read=read))
    evidence = Evidence(Vm("a"), SshSession("ok"), {"word": DONE, "other": replace(DONE, stdout=f"no\n{END}\n")})
    again = replace(evidence, results={"word": DONE})
    values = [value(declared, key, one) for one in (evidence, again) for key in ("word", "word")]
    assert values == [DONE.stdout] * 4
    assert value(declared, "other", evidence) == f"no\n{END}\n"
    assert len(reads) == 3
