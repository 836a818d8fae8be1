"""CLOUDINIT: did what the VM was to do at its first boot work? There the article installs az and the agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from plugins import check, fail, not_applicable, recommended, record_fact, required, unknown, warn
from suites import ARTICLE
from suites.probes.cloud_init import CloudInit
from suites.probes.cloud_init_output import BootOutput, log_rules, meaning_of
from suites.wording import listed

_CAUSES = [
    *("NET-001", "NET-002", "PROXY-001", "PROXY-002", "PROXY-003"),
    *("TOKEN-001", "TOKEN-002", "TOKEN-004"),
]

_UNFINISHED = "cloud-init has not finished"


def _some(texts: Sequence[str], most: int = 3) -> str:
    """The first few, quoted."""
    shown = "; ".join(f"“{text}”" for text in texts[:most])
    return f"{shown} and {len(texts) - most} more" if len(texts) > most else shown


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
        what = f"with {_some(errors)}" if errors else f"(exit status {state.exit}) and named no error"
        fail(f"cloud-init says {word}, {what}; expected done, without errors.".replace(", (", " ("))
    if not state.ended and (state.skipped or state.never_begins):
        _stuck(state)
    if not state.ended:
        where = f" in the stage {state.stage}" if state.stage else ""
        unknown(
            f"cloud-init has not finished: it says {state.extended or state.status}{where}.",
            remedy="On the VM: cloud-init status --wait, then run again. If it never ends, see what it waits for at "
            "the end of /var/log/cloud-init-output.log.",
            shared_cause=_UNFINISHED,
        )
    if state.recoverable or "degraded" in state.extended or state.exit == 2:
        what = f": {_some(state.recoverable)}" if state.recoverable else ""
        warn(
            f"cloud-init says {state.extended or state.status} (exit status {state.exit}){what}.",
            remedy="Correct the quoted parts of the user data; cloud-init continued without them. The log is "
            "/var/log/cloud-init.log.",
        )
    if state.exit:
        fail(f"cloud-init says {state.status}, but with exit status {state.exit}; expected 0.")
    source = f" (datasource {state.datasource})" if state.datasource else ""
    return f"cloud-init finished without errors{source}."


def _stuck(state: CloudInit) -> NoReturn:
    """It has not ended, and waiting does not help: a stage was left out, or nothing starts it."""
    if state.never_begins:
        unknown(
            f"cloud-init has not begun, and nothing will start it: it says {state.status}{_why(state.detail)}.",
            remedy="On the VM: see whether its services are enabled (systemctl status cloud-init.target "
            "cloud-init-local cloud-init), enable them (systemctl enable cloud-init-local cloud-init cloud-config "
            "cloud-final), and restart the VM.",
            shared_cause=_UNFINISHED,
        )
    stages = listed(list(state.skipped))
    unknown(
        f"cloud-init says {state.extended or state.status}, but its {stages} never began, though a later stage did: it "
        "will not finish in this boot.",
        remedy="On the VM, see why: systemctl status cloud-init-local cloud-init cloud-config; journalctl -b -u "
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
            remedy="Read /var/log/cloud-init-output.log on the VM and see whether the steps of the user data are done.",
        )
    return "cloud-init is disabled now; when it last ran, it finished without errors."


def _why(detail: str) -> str:
    return f" ({detail.rstrip('.')})" if detail else ""


@check(
    "CLOUDINIT-002",
    recommended,
    caused_by=["CLOUDINIT-001", *_CAUSES],
    problem="output of cloud-init shows failures",
    action="Resolve the failures in cloud-init's output on {vms}",
    remedy="Read the log from there on: the first failure often explains the others. If the step was made good by hand "
    "since, nothing is left to do: the line stays in the log.",
    docs=ARTICLE,
    component="vm",
)
def test_the_output_of_cloud_init_is_clean(cloudinit_output: BootOutput, cloudinit: CloudInit) -> str:
    """The output of cloud-init is free of failures.

    Success: no line of the first boot and of the last one looks like a failure. User data runs at the first boot only.
    Failure: some do, and are quoted, with what they mean: a step in the middle of a script can fail while cloud-init
    itself says done.
    Unknown: the log is not there, or cloud-init still runs.
    """
    known, output = log_rules(), cloudinit_output
    if output.version or not cloudinit.installed:
        record_fact("cloud-init", output.version if cloudinit.installed else "not installed")
    if not output.exists:
        if not cloudinit.installed:
            not_applicable("cloud-init is not installed on this VM.")
        if cloudinit.status == "disabled" and not cloudinit.user_data:
            not_applicable("cloud-init is disabled on this VM and has no user data.")
        unknown(
            f"There is no {known.log}.",
            remedy="Check 'output:' in /etc/cloud/cloud.cfg and /etc/cloud/cloud.cfg.d: it sets the file "
            "for cloud-init's output.",
        )
    boots = [boot for boot in (output.first, output) if boot]
    failing = [(boot, _failures(boot)) for boot in boots]
    failures = [failure for _, found in failing for failure in found]
    complete = all(boot.complete for boot in boots)
    if failures:
        count = f"{len(failures)}{'' if complete else ' or more'} line{'' if len(failures) == 1 else 's'}"
        first = "; ".join(f"line {number}: “{line}” ({meaning})" for number, line, meaning in failures[:3])
        more = f"; and {len(failures) - 3} more" if len(failures) > 3 else ""
        verb = "speaks" if len(failures) == 1 else "speak"
        when = _when([boot for boot, found in failing if found], output)
        fail(f"{count} of {known.log} in {when} {verb} of failure: {first}{more}.")
    if not complete:
        unknown(
            f"The search in {known.log} did not come to its end, and found nothing so far.",
            remedy=f"Read {known.log} on the VM by hand.",
        )
    if cloudinit.installed and not cloudinit.ended and cloudinit.status != "disabled":
        stuck = cloudinit.skipped or cloudinit.never_begins
        unknown(
            f"cloud-init has not finished, and {known.log} shows no failure so far.",
            remedy="See CLOUDINIT-001." if stuck else "On the VM: cloud-init status --wait, then run again.",
            shared_cause=_UNFINISHED,
        )
    return f"{known.log} shows no failure in {_when(boots, output)}."


def _failures(output: BootOutput) -> list[tuple[int, str, str]]:
    """Number, line and meaning of each line of one boot that speaks of a failure."""
    return [(number, line, meaning) for number, line in output.lines if (meaning := meaning_of(line))]


def _when(boots: Sequence[BootOutput], last: BootOutput) -> str:
    """``the boot of Sunday``, ``the first boot (Saturday)``, or both."""
    names = [
        f"the first boot ({boot.boot})"
        if boot is last.first
        else f"the boot of {boot.boot}"
        if boot.boot
        else "all of the log (it names no boot)"
        for boot in boots
    ]
    return " and ".join(names)
