"""Why a probe has no answer: a reason for decisions, and a clause for messages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from plugins import ProbeResult


class Reason(Enum):
    """The reason why a probe did not answer."""

    TIMED_OUT = auto()
    NO_TOOL = auto()
    NO_ROOT = auto()
    LOST = auto()  # the session ended first
    NO_AGENT = auto()  # azcmagent is not installed
    NO_LOCATION = auto()  # azcmagent check needs one
    UNREADABLE = auto()  # the program answered, but without the requested data


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The reason, and a clause for a message that names it."""

    reason: Reason
    text: str

    def __str__(self) -> str:
        return self.text


NO_AGENT = NoAnswer(Reason.NO_AGENT, "the agent is not installed")


def no_answer(result: ProbeResult, subject: str = "the command") -> NoAnswer | None:
    """The reason why a probe did not run to its end, in a clause about `subject`; None when it did."""
    match result.state:
        case "done":
            return None
        case "timed out":
            return NoAnswer(Reason.TIMED_OUT, f"{subject} did not answer in time")
        case "no tool":
            return NoAnswer(Reason.NO_TOOL, f"{result.stderr.strip() or 'the program'} is not installed")
        case "no root":
            # On Windows stderr is that the session's token is not in the role Administrator.
            needed = "an Administrator's session" if "Administrator" in result.stderr else "root"
            return NoAnswer(Reason.NO_ROOT, f"{subject} needs {needed}, which the login does not have")
        case _:
            return NoAnswer(Reason.LOST, "the session was lost")
