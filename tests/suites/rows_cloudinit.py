"""CLOUDINIT-001: the status of cloud-init; every outcome, word for word."""

from __future__ import annotations

from typing import Any

from plugins.model import Status
from tests.suites.cloudinit_evidence import DONE, NO_CLOUD_INIT, WAIT, status
from tests.support.suite_rows import Row, captured, seen

ROWS: dict[str, list[Row]] = {}

READ = "Read /var/log/cloud-init-output.log and /var/log/cloud-init.log on the VM, and fix the failed steps. The scripts run at the first boot only: repeat them by hand, or create the VM again with corrected user data."
WAIT_OR_LOOK = f"{WAIT} If it never finishes, check the end of /var/log/cloud-init-output.log."
NO_STAGE = "On the VM, find out why: systemctl status cloud-init-local cloud-init cloud-config; journalctl -b -u cloud-init. Then restart the VM."
NOT_ENABLED = "On the VM: check whether its services are enabled (systemctl status cloud-init.target cloud-init-local cloud-init), enable them (systemctl enable cloud-init-local cloud-init cloud-config cloud-final), and restart the VM."

NEVER: dict[str, Any] = {"errors": [], "finished": None, "start": None}

FINAL: dict[str, Any] = {"modules-final": {"errors": [], "finished": 1716042086.0, "start": 1716042085.5}}

ROWS["CLOUDINIT-001"] = [
    Row(
        "25.1.4, done",
        {"cloudinit": DONE},
        Status.PASS,
        "cloud-init finished without errors (datasource nocloud).",
    ),
    Row(
        "22.4.2, done",
        {"cloudinit": captured("cloudinit/22.4.2-ok-status")},
        Status.PASS,
        "cloud-init finished without errors (datasource nocloud).",
    ),
    Row(
        "a line that fails in the middle of runcmd is not to be seen here",
        {"cloudinit": captured("cloudinit/25.1.4-middle-status")},
        Status.PASS,
        "cloud-init finished without errors (datasource nocloud).",
    ),
    Row(
        "before 22.3, as text",
        {
            "cloudinit": seen(
                "@status\nstatus: done\ntime: Thu, 01 Jan 1970 00:00:00\ndetail:\nDataSourceNone\n@exit 0\n"
            )
        },
        Status.PASS,
        "cloud-init finished without errors.",
    ),
    Row(
        "25.1.4, a script that failed",
        {"cloudinit": captured("cloudinit/25.1.4-script-status")},
        Status.FAIL,
        "cloud-init reports error - done, with “('scripts-user', RuntimeError('Runparts: 1 failures (part-001) in 1 attempted commands'))”; expected done, without errors.",
        READ,
    ),
    Row(
        "22.4.2, a script that failed",
        {"cloudinit": captured("cloudinit/22.4.2-script-status")},
        Status.FAIL,
        "cloud-init reports error, with “('scripts-user', RuntimeError('Runparts: 1 failures (part-001) in 1 attempted commands'))”; expected done, without errors.",
    ),
    Row(
        "25.1.4, several errors",
        {"cloudinit": captured("cloudinit/25.1.4-bad-status")},
        Status.FAIL,
        "cloud-init reports error - done, with “('runcmd', TypeError('Failed to shellify 7 into file /var/lib/cloud/instances/i-lab-0001/scripts/runcmd'))”; “('package-update-upgrade-install', PackageInstallerError(\"Failed to install the following packages: {'no-such-package-here'}. See associated package manager logs for more details.\"))”; expected done, without errors.",
    ),
    Row(
        "before 22.3, as text, with an error",
        {
            "cloudinit": seen(
                "@status\nstatus: error\ntime: Thu, 01 Jan 1970\ndetail:\n('scripts-user', RuntimeError('{'))\n@exit 1\n"
            )
        },
        Status.FAIL,
        "cloud-init reports error, with “('scripts-user', RuntimeError('{'))”; expected done, without errors.",
    ),
    Row(
        "an error without words",
        {"cloudinit": status("error", 1)},
        Status.FAIL,
        "cloud-init reports error (exit status 1) and named no error; expected done, without errors.",
    ),
    Row(
        "errors in result.json alone",
        {"cloudinit": status("done", result=["a", "b", "c", "d", "e"])},
        Status.FAIL,
        "cloud-init reports done, with “a”; “b”; “c” and 2 more; expected done, without errors.",
    ),
    Row(
        "done, and yet an exit status",
        {"cloudinit": status("done", 1)},
        Status.FAIL,
        "cloud-init reports done, but with exit status 1; expected 0.",
    ),
    Row(
        "failed while it still runs",
        {"cloudinit": status("error", 1, extended_status="error - running", errors=["boom"])},
        Status.FAIL,
        "cloud-init reports error - running, with “boom”; expected done, without errors.",
    ),
    Row(
        "25.1.4, recoverable errors",
        {"cloudinit": captured("cloudinit/25.1.4-degraded-status")},
        Status.WARN,
        "cloud-init reports degraded done (exit status 2): “WARNING: cloud-config failed schema validation! You may run 'sudo cloud-init schema --system' to check the details.”; “WARNING: Format for 'users' key must be a comma-separated string or a dictionary or a list but found int”.",
        "Correct the quoted parts of the user data; cloud-init continued without them. The log is /var/log/cloud-init.log.",
    ),
    Row(
        "25.1.4, running",
        {"cloudinit": captured("cloudinit/25.1.4-running-status")},
        Status.UNKNOWN,
        "cloud-init has not finished: it reports running.",
        WAIT_OR_LOOK,
    ),
    Row(
        "running, in a stage",
        {"cloudinit": status("running", stage="modules-final", extended_status="degraded running")},
        Status.UNKNOWN,
        "cloud-init has not finished: it reports degraded running in the stage modules-final.",
        WAIT_OR_LOOK,
    ),
    Row(
        "22.4.2, not run",
        {"cloudinit": captured("cloudinit/22.4.2-not-run-status")},
        Status.UNKNOWN,
        "cloud-init has not finished: it reports not run.",
        WAIT_OR_LOOK,
    ),
    Row(
        "a stage that never began",
        {"cloudinit": status("running", extended_status="running", errors=[], stage=None, init=NEVER, **FINAL)},
        Status.UNKNOWN,
        "cloud-init reports running, but its init never began, though a later stage did: it will not finish in this boot.",
        NO_STAGE,
    ),
    Row(
        "two stages that never began",
        {"cloudinit": status("running", stage="modules-final", init=NEVER, **FINAL | {"init-local": NEVER})},
        Status.UNKNOWN,
        "cloud-init reports running, but its init-local and init never began, though a later stage did: it will not finish in this boot.",
        NO_STAGE,
    ),
    Row(
        "nothing starts it",
        {
            "cloudinit": status(
                "not started",
                boot_status_code="unknown",
                extended_status="not started",
                detail="Systemd generator may not have run yet.",
            )
        },
        Status.UNKNOWN,
        "cloud-init has not begun, and nothing will start it: it reports not started (Systemd generator may not have run yet).",
        NOT_ENABLED,
    ),
    Row(
        "nothing starts it, as text",
        {
            "cloudinit": seen(
                "@status\nstatus: not run\nboot_status_code: unknown\nlast_update:\ndetail:\nSystemd generator may not have run yet.\n@exit 0\n"
            )
        },
        Status.UNKNOWN,
        "cloud-init has not begun, and nothing will start it: it reports not run (Systemd generator may not have run yet).",
        NOT_ENABLED,
    ),
    Row(
        "before 22.3, as text, with the words of a command that failed",
        {
            "cloudinit": seen(
                "@status\nstatus: error\ntime: Wed, 20 Jan 2021 15:22:31 +0000\ndetail:\n('ssh-import-id', ProcessExecutionError(\"Unexpected error while running command.\nCommand: ['sudo', 'ssh-import-id', 'x']\nExit code: 1\nReason: -\"))\n@exit 1\n"
            )
        },
        Status.FAIL,
        "cloud-init reports error, with “('ssh-import-id', ProcessExecutionError(\"Unexpected error while running command. Command: ['sudo', 'ssh-import-id', 'x'] Exit code: 1 Reason: -\"))”; expected done, without errors.",
    ),
    Row(
        "not installed",
        {"cloudinit": NO_CLOUD_INIT},
        Status.NOT_APPLICABLE,
        "cloud-init is not installed on this VM.",
    ),
    Row(
        "disabled, no user data",
        {
            "cloudinit": status(
                "disabled", user_data=False, detail="Cloud-init disabled by /etc/cloud/cloud-init.disabled"
            )
        },
        Status.NOT_APPLICABLE,
        "cloud-init is disabled on this VM and has no user data (Cloud-init disabled by /etc/cloud/cloud-init.disabled).",
    ),
    Row(
        "disabled since, and well then",
        {"cloudinit": status("disabled", result=[])},
        Status.PASS,
        "cloud-init is disabled now; when it last ran, it finished without errors.",
    ),
    Row(
        "disabled since, and not well then",
        {"cloudinit": status("disabled", result=["boom"])},
        Status.FAIL,
        "cloud-init is disabled now; when it last ran, it ended with “boom”; expected no errors.",
    ),
    Row(
        "disabled, with user data and no record",
        {"cloudinit": status("disabled", detail="Cloud-init disabled by kernel command line.")},
        Status.UNKNOWN,
        "cloud-init is disabled now (Cloud-init disabled by kernel command line), but this VM has user data, and how it ended is not recorded.",
        "Read /var/log/cloud-init-output.log on the VM and check whether the steps of the user data are done.",
    ),
    Row(
        "garbage",
        {"cloudinit": seen("@status\nTraceback (most recent call last):\n@exit 1\n")},
        Status.UNKNOWN,
        "The answer of the probe cloudinit could not be read: expected a status from cloud-init, found 'Traceback (most recent call last):?'.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
    Row(
        "nothing",
        {"cloudinit": seen("")},
        Status.UNKNOWN,
        "The answer of the probe cloudinit could not be read: expected '@status' and the output of cloud-init, found '@end\\n'.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
]
