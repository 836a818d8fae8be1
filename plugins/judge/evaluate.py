"""Judges one check: evidence in, verdict out. Pure: independent of pytest and of the source of the evidence."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from plugins.checks import package_manager as packages
from plugins.checks.areas import ROOT
from plugins.checks.check import Check, CheckOutcome, Component, OnVm, not_applicable, recorded_facts
from plugins.checks.command import Command
from plugins.checks.probe import END, LINUX_ONLY, Probe
from plugins.checks.signature import parameters as parameters_of
from plugins.model import Evidence, ProbeResult, Severity, Status
from plugins.requirements.windows_counterparts import for_windows


class Outcome(msgspec.Struct, frozen=True):  # made in a sixth of a named tuple's time
    """The outcome of a check on one VM, without the VM and the run."""

    status: Status
    message: str
    remedy: str
    severity: Severity
    keys: tuple[str, ...]  # of the evidence that was read
    fix: Sequence[Command | OnVm] = ()
    facts: tuple[tuple[str, str], ...] = ()
    shared_cause: str = ""
    blocked_by: tuple[str, ...] = ()  # the checks that block it
    component: Component | None = None  # the component to change, unless the check's own
    action: str = ""  # the headline of the fix, unless the check's own
    item: str = ""
    caused_by: tuple[str, ...] | None = None  # the declared causes that can explain it; None: all


# A member of an enumeration takes Python 3.11 as long to find as a call.
_PASS, _FAIL, _RECOMMENDED = Status.PASS, Status.FAIL, Severity.RECOMMENDED

#: The statuses without a remedy.
_SILENT = (Status.PASS, Status.NOT_APPLICABLE)


def evaluate_check(
    check: Check,
    function: Callable[..., str],
    probes: Mapping[str, Probe],
    evidence: Evidence,
    profile: Any,
    parameters: Mapping[str, Any],
) -> Outcome:
    """Judge one check on one VM.

    `probes` maps the argument names of `function` that are probes to their declarations; `parameters` holds the
    check's own, and those of its context (`plugins.judge.context`). Every exception of a check or of a probe's reader
    becomes *unknown* with its text: a VM that prints garbage can spoil a verdict, never the run.
    """
    arguments = {"vm": evidence.vm, "session": evidence.session, "profile": profile, **parameters}
    severity = check.grade(arguments)
    used: list[str] = []
    with recorded_facts() as facts:
        word = _call(check, function, probes, evidence, arguments, used)
    status = word.status
    if status is _FAIL and severity is _RECOMMENDED:
        status = Status.WARN
    remedy = "" if status in _SILENT else word.remedy or check.remedy
    if evidence.vm.os == "windows":
        remedy = for_windows(remedy)
    # Commands for a guest are written for a POSIX shell.
    fix = [command for command in word.fix if evidence.vm.os != "windows" or isinstance(command, str)]
    return Outcome(
        status=status,
        message=word.message,
        remedy=remedy,
        severity=severity,
        keys=tuple(used),
        fix=fix,
        facts=tuple(facts.items()),
        shared_cause=word.shared_cause,
        blocked_by=word.blocked_by,
        component=word.component,
        action=word.action,
        item=word.item,
        caused_by=word.caused_by,
    )


def _call(
    check: Check,
    function: Callable[..., str],
    probes: Mapping[str, Probe],
    evidence: Evidence,
    known: Mapping[str, Any],
    used: list[str],
) -> CheckOutcome:
    """The status of the check; adds the keys of the evidence that it read to `used`."""
    try:
        if evidence.vm.os == "windows" and (absent := [p for p in probes.values() if not p.fits(evidence.vm)]):
            why = next((f" {declared.linux_only}" for declared in absent if declared.linux_only), "")
            not_applicable(f"{LINUX_ONLY}{why}")
        arguments = {}
        for name in parameters_of(function):
            if name in probes:
                key = probes[name].key(name, known)
                used.append(key)
                arguments[name] = value(probes[name], key, evidence)
            else:
                arguments[name] = known[name]
        return CheckOutcome(_PASS, function(**arguments))
    except CheckOutcome as word:
        # Its traceback would keep every caller's variables, and garbage collection is off while a fleet is judged.
        word.__traceback__ = word.__context__ = None
        return word
    except Exception as error:  # a defect of the check, or unexpected output
        return CheckOutcome(
            Status.UNKNOWN,
            f"The check could not process the VM's answer ({type(error).__name__}: {error}).",
            "This is a defect of the check; the evidence below shows the answer. Please report it.",
            component="guest",
            action="Report a defect of the suite that the answers of {vms} show",
        )


_AGAIN = "Visit {vms} again"


class _Read(threading.local):
    """The parsed answers of the VM that this thread judges: several checks read the same probe."""

    of: Evidence | None = None
    values: dict[str, tuple[Probe, ProbeResult, Any]]  # by key


_read = _Read()


def value(probe: Probe, key: str, evidence: Evidence) -> Any:
    """The argument of a check for one of its probes; ends the check with *unknown* without an answer."""
    result = evidence.results.get(key)
    if result is None:
        raise CheckOutcome(
            Status.UNKNOWN,
            f"This evidence does not contain the probe {key}.",
            "It was gathered for other checks, or by an older version. Gather the evidence again.",
            action=_AGAIN,
        )
    if probe.read is not None:
        if _read.of is not evidence:
            _read.of, _read.values = evidence, {}
        cached = _read.values.get(key)
        if cached is not None and cached[0] is probe and cached[1] is result:
            return cached[2]
    if result.state != "done" and result.state not in probe.accept_states:
        raise _why_not(result, probe, windows=evidence.vm.os == "windows")
    if incomplete := _incomplete(result, probe):
        raise _unreadable(
            probe, f"{key} is incomplete: {incomplete}", "how it ends", "Find out why a command breaks off"
        )
    if probe.read is None:
        return result
    try:
        value = probe.read(result)
        _read.values[key] = probe, result, value
        return value
    except ValueError as error:
        problem = f"{key} could not be read: {error}"
        raise _unreadable(probe, problem, "its output", "Find out what a command prints") from None


def _unreadable(probe: Probe, problem: str, look: str, action: str) -> CheckOutcome:
    """The outcome for an answer that cannot be used; a broken program has one cause for all checks of its probes."""
    return CheckOutcome(
        Status.UNKNOWN,
        f"The answer of the probe {problem}.",
        f"Run the command shown below on the VM by hand and check {look}.",
        shared_cause=f"unreadable answers of {' '.join(probe.needs)}" if probe.needs else "",
        component="guest",
        action=f"{action} on {{vms}}",
    )


def _incomplete(result: ProbeResult, probe: Probe) -> str:
    """Why the output of a finished probe is not a complete answer, as a clause; "" when it is.

    This rule applies to every reader: an incomplete answer does not count. The output of a killed or cut command often
    looks complete.
    """
    if result.state != "done":
        return ""  # the reader was declared to accept it
    if result.truncated:
        if probe.accept_truncated:
            return ""
        return "its output was longer than the limit and was truncated"
    if result.exit not in probe.accept_exits:
        return _ending(result.exit)
    if result.exit == 0 and _ends_with_mark(result.command) and END not in result.stdout[-_MARKED:].splitlines()[-1:]:
        return f"its output does not end with {END}, so it was cut off"
    return ""


def _ending(status: int | None) -> str:
    """The end of a command, in words."""
    if status is None:
        return "its exit status is missing"
    if 128 < status < 193:
        try:
            name = signal.Signals(status - 128).name
        except ValueError:
            name = f"signal {status - 128}"
        return f"its command was killed by {name} (exit status {status})"
    return f"its command ended with the unexpected exit status {status}"


#: Characters of the last line that holds `END` and nothing else, with the ends of two lines.
_MARKED = len(END) + 4


@lru_cache(4096)
def _ends_with_mark(command: str) -> bool:
    # The evidence has the command that ran: that of an older version did not print the mark.
    return command.endswith((f"\necho {END}", f" && echo {END}", f"\n'{END}'"))


def _why_not(result: ProbeResult, probe: Probe, *, windows: bool) -> CheckOutcome:
    """The standard *unknown* for a probe that did not run to its end, because of the guest."""
    match result.state:
        case "no tool":
            named = result.stderr.strip()
            # A remedy names it and may be pasted into a shell: only one plain word of the VM's text is used.
            tool = named if re.fullmatch(r"[\w.-]{1,40}", named, re.ASCII) else " or ".join(probe.needs) or "A program"
            return CheckOutcome(
                Status.UNKNOWN,
                f"{tool} is not installed on the VM, or not on its PATH, so this was not checked.",
                f"Install {tool} on the VM, or check this by hand.",
                fix=packages.command("install", tool) if tool in _PACKAGES else (),
                shared_cause=f"no {tool}",
                component="guest",
                action=f"Install {tool} on {{vms}}",
            )
        case "no root":
            answer = result.stderr.strip().splitlines()
            message = "This needs root on the VM, which the login does not have"
            message += f" (sudo -n printed: {answer[-1]})." if answer else "."
            return CheckOutcome(
                Status.UNKNOWN,
                f"This needs an Administrator: {answer[-1]}." if answer and windows else message,
                "Log in as root, or give the login user passwordless sudo (SSH-002).",
                shared_cause=ROOT,
                component="guest",
                action="Give the login user root on {vms}",
            )
        case "timed out":
            return CheckOutcome(
                Status.UNKNOWN,
                f"The probe {result.probe} was stopped after its limit of {probe.timeout:g} s.",
                "Run the command shown below on the VM by hand and find out where it hangs.",
                component="guest",
                action="Find out why a command hangs on {vms}",
            )
        case _:
            return CheckOutcome(
                Status.UNKNOWN,
                f"The session ended before the probe {result.probe} had answered.",
                "See SSH-001 of this VM, then run again.",
                component="vm",
                action=_AGAIN,
            )


#: Programs that a package of the same name installs in every family.
_PACKAGES = ("curl", "openssl")
