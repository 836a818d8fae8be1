"""CLOUDINIT: the steps of the VM's first boot, with which the article installs az and the agent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NoReturn

from plugins import check, fail, not_applicable, record_fact, required, unknown, warn
from plugins.requirements.log_grammar import Level
from suites import ARTICLE
from suites.probes.cloud_init import CloudInit
from suites.probes.cloud_init_output import LOG, Boot, BootOutput
from suites.wording import listed

_CAUSES = [
    *("NET-001", "NET-002", "PROXY-001", "PROXY-002", "PROXY-003"),
    *("TOKEN-001", "TOKEN-002", "TOKEN-004"),
]

_GENERAL = (
    "Read the log from there on: the first failure often explains the others. If the step was repeated by hand since, "
    "waive this finding: the line stays in the log."
)

_VERBS = {
    Level.CERTAIN: ("reports a failure", "report failures"),
    Level.COMPLAINT: ("contains a complaint, but no certain failure", "contain complaints, but no certain failure"),
}

_UNFINISHED = "cloud-init has not finished"


def _some(texts: Sequence[str]) -> str:
    """The first few texts, quoted."""
    shown = "; ".join(f"“{text}”" for text in texts[:3])
    return f"{shown} and {len(texts) - 3} more" if len(texts) > 3 else shown


@check(
    "CLOUDINIT-001",
    required,
    caused_by=_CAUSES,
    problem="last boot ended with errors of cloud-init",
    action="Repair the failed steps of cloud-init on {vms}",
    remedy="Read /var/log/cloud-init-output.log and /var/log/cloud-init.log on the VM, and fix the failed steps. The "
    "scripts run at the first boot only: repeat them by hand, or create the VM again with corrected user data.",
    docs=ARTICLE,
    component="vm",
)
def test_cloud_init_finished(cloudinit: CloudInit) -> str:
    """This boot's cloud-init finished without critical errors.

    Success: status done, exit status 0, and no errors in result.json.
    Failure: status error, or errors in result.json. Recoverable errors (since 23.4, exit status 2) are a warning.
    Unknown: it still runs, has not begun, or was disabled after it had been given user data.
    Not applicable: it is not installed, or disabled and without user data.
    """
    state = cloudinit
    if not state.installed:
        not_applicable("cloud-init is not installed on this VM.")
    if state.status == "disabled":
        return _disabled(state)
    errors = state.errors or (state.result or () if state.ended else ())
    if state.status == "error" or errors:
        word = state.extended or state.status
        reason = f"with {_some(errors)}" if errors else f"(exit status {state.exit}) and named no error"
        fail(f"cloud-init reports {word}, {reason}; expected done, without errors.".replace(", (", " ("))
    if not state.ended and (state.skipped or state.never_begins):
        _stuck(state)
    if not state.ended:
        where = f" in the stage {state.stage}" if state.stage else ""
        unknown(
            f"cloud-init has not finished: it reports {state.extended or state.status}{where}.",
            remedy="On the VM: cloud-init status --wait, then run again. If it never finishes, check "
            "the end of /var/log/cloud-init-output.log.",
            shared_cause=_UNFINISHED,
        )
    if state.recoverable or "degraded" in state.extended or state.exit == 2:
        reason = f": {_some(state.recoverable)}" if state.recoverable else ""
        warn(
            f"cloud-init reports {state.extended or state.status} (exit status {state.exit}){reason}.",
            remedy="Correct the quoted parts of the user data; cloud-init continued without them. The log is "
            "/var/log/cloud-init.log.",
        )
    if state.exit:
        fail(f"cloud-init reports {state.status}, but with exit status {state.exit}; expected 0.")
    source = f" (datasource {state.datasource})" if state.datasource else ""
    return f"cloud-init finished without errors{source}."


def _stuck(state: CloudInit) -> NoReturn:
    """cloud-init has not finished, and never will: a stage was skipped, or nothing starts it."""
    if state.never_begins:
        unknown(
            f"cloud-init has not begun, and nothing will start it: it reports {state.status}{_why(state.detail)}.",
            remedy="On the VM: check whether its services are enabled (systemctl status cloud-init.target "
            "cloud-init-local cloud-init), enable them (systemctl enable cloud-init-local cloud-init cloud-config "
            "cloud-final), and restart the VM.",
            shared_cause=_UNFINISHED,
        )
    stages = listed(list(state.skipped))
    unknown(
        f"cloud-init reports {state.extended or state.status}, but its {stages} never began, though a later stage "
        "did: it will not finish in this boot.",
        remedy="On the VM, find out why: systemctl status cloud-init-local cloud-init cloud-config; journalctl -b -u "
        "cloud-init. Then restart the VM.",
        shared_cause=_UNFINISHED,
    )


def _disabled(state: CloudInit) -> str:
    if not state.user_data:
        not_applicable(f"cloud-init is disabled on this VM and has no user data{_why(state.detail)}.")
    if state.result:
        fail(f"cloud-init is disabled now; when it last ran, it ended with {_some(state.result)}; expected no errors.")
    if state.result is None:
        unknown(
            f"cloud-init is disabled now{_why(state.detail)}, but this VM has user data, and how it ended is not "
            "recorded.",
            remedy="Read /var/log/cloud-init-output.log on the VM and check whether the steps of the user data are "
            "done.",
        )
    return "cloud-init is disabled now; when it last ran, it finished without errors."


def _why(detail: str) -> str:
    return f" ({detail.rstrip('.')})" if detail else ""


@check(
    "CLOUDINIT-002",
    required,
    caused_by=["CLOUDINIT-001", *_CAUSES],
    problem="output of cloud-init shows failures",
    action="Resolve the failures in cloud-init's output on {vms}",
    remedy=_GENERAL,
    docs=ARTICLE,
    component="vm",
)
def test_the_output_of_cloud_init_is_clean(cloudinit_output: BootOutput, cloudinit: CloudInit) -> str:
    """The output of cloud-init is free of failures.

    Success: no line of the first and the last boot reports a failure. User data runs only at the first boot.
    Failure: some lines do; the message quotes and explains them. A step in the middle of a script can fail while
    cloud-init itself reports done. Warning: a program complains, but does not fail.
    Unknown: the log is missing, is empty or begins in the middle of a boot, or cloud-init is still running.
    """
    output = cloudinit_output
    if output.version or not cloudinit.installed:
        record_fact("cloud-init", output.version if cloudinit.installed else "not installed")
    if not output.boots:
        _no_output(output, cloudinit)
    for level, report in ((Level.CERTAIN, fail), (Level.COMPLAINT, warn)):
        if any(boot.at(level) for boot in output.boots):
            report(_findings(output, level), remedy=_remedy(output, level), caused_by=_causes(output, level))
    if not output.complete:
        unknown(
            f"The search in {LOG} did not finish, and found nothing so far.",
            remedy=f"Read {LOG} on the VM by hand.",
        )
    if cloudinit.installed and not cloudinit.ended and cloudinit.status != "disabled":
        stuck = cloudinit.skipped or cloudinit.never_begins
        unknown(
            f"cloud-init has not finished, and {LOG} shows no failure so far.",
            remedy="See CLOUDINIT-001." if stuck else "On the VM: cloud-init status --wait, then run again.",
            shared_cause=_UNFINISHED,
        )
    if output.torn:
        unknown(
            f"{LOG} begins in the middle of a boot, and shows no failure from there on.",
            remedy="Check whether the steps of the user data are done; the log of the first boot no longer exists.",
        )
    notes = [f"line {note.number}: “{note.line}”" for boot in output.boots for note in boot.at(Level.NOTE)]
    also = f" Notes, which are not failures: {'; '.join(notes[:2])}." if notes else ""
    return f"{LOG} shows no failure in {_when(output.boots, output)}.{also}"


def _no_output(output: BootOutput, cloudinit: CloudInit) -> NoReturn:
    if not cloudinit.installed:
        not_applicable("cloud-init is not installed on this VM.")
    if cloudinit.status == "disabled" and not cloudinit.user_data:
        not_applicable("cloud-init is disabled on this VM and has no user data.")
    unknown(
        f"{LOG} is empty." if output.exists else f"There is no {LOG}.",
        remedy="Check 'output:' in /etc/cloud/cloud.cfg and /etc/cloud/cloud.cfg.d: it sets the file for cloud-init's "
        "output.",
    )


def _findings(output: BootOutput, level: Level) -> str:
    """The number of lines of a level, and the first three of them, with their meanings."""
    boots = [boot for boot in output.boots if boot.at(level)]
    failures = [(boot, failure) for boot in boots for failure in boot.at(level)]
    count = f"{len(failures)}{'' if output.complete else ' or more'} line{'' if len(failures) == 1 else 's'}"
    first = "; ".join(
        f"line {failure.number}{f' of {boot.file}' if boot.file else ''}"
        f"{f' ({failure.stage})' if failure.stage else ''}: "
        f"“{failure.line}” ({failure.reading.kind.meaning})"
        for boot, failure in failures[:3]
    )
    more = f"; and {len(failures) - 3} more" if len(failures) > 3 else ""
    one, many = _VERBS[level]
    says = one if len(failures) == 1 else many
    return f"{count} of {LOG} in {_when(boots, output)} {says}: {first}{more}."


def _remedy(output: BootOutput, level: Level) -> str:
    """The remedies of the first two kinds, then the general one."""
    failures = [failure for boot in output.boots for failure in boot.at(level)]
    kinds = list(dict.fromkeys(failure.reading.kind for failure in failures))
    code = next((match[0] for failure in failures if (match := re.search(r"AZCM\d{4}", failure.line))), "CODE")
    own = " ".join(kind.remedy for kind in kinds[:2] if kind.name != "other").replace("CODE", code)
    return f"{own} {_GENERAL}".strip()


def _causes(output: BootOutput, level: Level) -> list[str]:
    """The checks that test the causes of these lines."""
    kinds = {failure.reading.kind for boot in output.boots for failure in boot.at(level)}
    return ["CLOUDINIT-001", *(cause for cause in _CAUSES if any(cause in kind.checks for kind in kinds))]


def _when(boots: Sequence[Boot], output: BootOutput) -> str:
    """``the boot of Sunday``, ``the first boot (Saturday)``, or both."""
    names = [
        f"the boot of {boot.began}"
        if boot.began and boot is output.boots[-1]
        else f"the first boot ({boot.began})"
        if boot.began
        else "all of the log (it names no boot)"
        if len(output.boots) == 1
        else "a boot whose beginning is not in the log"
        for boot in boots
    ]
    return listed(names)
