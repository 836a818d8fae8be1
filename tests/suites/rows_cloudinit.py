"""CLOUDINIT-001 and 002: every outcome, word for word."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from plugins.model import ProbeResult, Status
from tests.support.suite_rows import Row, captured, seen

ROWS: dict[str, list[Row]] = {}

LOG = "/var/log/cloud-init-output.log"
READ = "Read /var/log/cloud-init-output.log and /var/log/cloud-init.log on the VM, and fix the failed steps. The scripts run at the first boot only: repeat them by hand, or create the VM again with corrected user data."
WAIT = "On the VM: cloud-init status --wait, then run again."
WAIT_OR_LOOK = f"{WAIT} If it never finishes, check the end of /var/log/cloud-init-output.log."
FROM_THERE = "Read the log from there on: the first failure often explains the others. If the step was repeated by hand since, waive this finding: the line stays in the log."
MISSING_PROGRAM = (
    "Install the program first, or correct its name and PATH; check the step before that should have installed it."
)
MISSING_FILE = "Look for the step before that should have brought the file, and correct the path."
NO_PACKAGE = "Add the source that has it (packages-microsoft-prod for Microsoft's), refresh the lists (apt-get update), and check the name."
MODULE = "Read /var/log/cloud-init.log for the module, correct its keys in the user data, and create the VM again or do the step by hand."
CODE = "Explain the code (pytest --explain AZCM0026), then connect again."
LOCKED = "Wait for it in the script (apt-get -o DPkg::Lock::Timeout=600), and repeat the step."
DOWNLOAD = "Give the program the CSN proxy (HTTPS_PROXY=http://169.254.0.11:3128, or its own setting), and put the host into the egress list."
USER_DATA = (
    "Begin the user data with #cloud-config or #!, check it with cloud-init schema --system, and create the VM again."
)
NO_STAGE = "On the VM, find out why: systemctl status cloud-init-local cloud-init cloud-config; journalctl -b -u cloud-init. Then restart the VM."
NOT_ENABLED = "On the VM: check whether its services are enabled (systemctl status cloud-init.target cloud-init-local cloud-init), enable them (systemctl enable cloud-init-local cloud-init cloud-config cloud-final), and restart the VM."
NEVER: dict[str, Any] = {"errors": [], "finished": None, "start": None}
FINAL: dict[str, Any] = {"modules-final": {"errors": [], "finished": 1716042086.0, "start": 1716042085.5}}
NO_CLOUD_INIT = seen(stderr="cloud-init", state="no tool")
DONE = captured("cloudinit/25.1.4-ok-status")


def status(
    word: str, exit: int = 0, user_data: bool = True, result: list[str] | None = None, **more: Any
) -> ProbeResult:
    """What cloud-init would say; written down by hand from its documentation, where it could not be had."""
    text = f"@status\n{json.dumps({'status': word, **more}, indent=1)}\n@exit {exit}\n"
    text += "@userdata\n" if user_data else ""
    text += f"@result\n{json.dumps({'v1': {'datasource': 'x', 'errors': result}})}\n" if result is not None else ""
    return seen(text)


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

BOOT = "@from 212:Cloud-init v. 25.1.4 running 'init-local' at Sun, 22 Nov 2026 00:02:39 +0000. Up 5.85 seconds.\n"


BOOT_2 = "@from 500:Cloud-init v. 25.1.4 running 'init-local' at Mon, 23 Nov 2026 08:00:00 +0000. Up 5.85 seconds."


def output(*lines: str, begin: str = BOOT, end: str = "@end\n") -> ProbeResult:
    return seen(begin + "".join(f"{line}\n" for line in lines) + end)


ROWS["CLOUDINIT-002"] = [
    Row(
        "25.1.4, clean",
        {"cloudinit": DONE, "cloudinit_output": captured("cloudinit/25.1.4-ok-output")},
        Status.PASS,
        f"{LOG} shows no failure in the boot of Sun, 22 Nov 2026 00:10:25 +0000.",
    ),
    Row(
        "22.4.2, clean",
        {
            "cloudinit": captured("cloudinit/22.4.2-ok-status"),
            "cloudinit_output": captured("cloudinit/22.4.2-ok-output"),
        },
        Status.PASS,
        f"{LOG} shows no failure in the boot of Sun, 22 Nov 2026 00:11:02 +0000.",
    ),
    Row(
        "25.1.4, lines that fail in the middle, though it says done",
        {
            "cloudinit": captured("cloudinit/25.1.4-middle-status"),
            "cloudinit_output": captured("cloudinit/25.1.4-middle-output"),
        },
        Status.FAIL,
        f"4 lines of {LOG} in the boot of Sun, 22 Nov 2026 00:10:28 +0000 speak of failure: "
        "line 18: “/var/lib/cloud/instance/scripts/runcmd: 3: curl: not found” (a program was missing: the step that installs it failed, or never ran); "
        "line 22: “E: Unable to locate package no-such-package-here” (the package manager does not have the package, or not what it depends on); "
        "line 23: “/var/lib/cloud/instance/scripts/runcmd: 5: wget: not found” (a program was missing: the step that installs it failed, or never ran); and 1 more.",
        f"{MISSING_PROGRAM} {NO_PACKAGE} {FROM_THERE}",
    ),
    Row(
        "22.4.2, a script that failed",
        {
            "cloudinit": captured("cloudinit/22.4.2-script-status"),
            "cloudinit_output": captured("cloudinit/22.4.2-script-output"),
        },
        Status.FAIL,
        f"3 lines of {LOG} in the boot of Sun, 22 Nov 2026 00:11:05 +0000 speak of failure: "
        "line 19: “/var/lib/cloud/instance/scripts/part-001: line 4: az: command not found” (a program was missing: the step that installs it failed, or never ran); "
        "line 20: “2026-11-22 00:11:06,925 - cc_scripts_user.py[WARNING]: Failed to run module scripts-user (scripts in /var/lib/cloud/instance/scripts)” (a part of cloud-init failed); "
        "line 21: “2026-11-22 00:11:06,925 - util.py[WARNING]: Running module scripts-user (<module 'cloudinit.config.cc_scripts_user' from '/usr/lib/python3/dist-packages/cloudinit/config/cc_scripts_user.py'>) failed” (a part of cloud-init failed).",
        f"{MISSING_PROGRAM} {MODULE} {FROM_THERE}",
    ),
    Row(
        "a later boot, and an exception",
        {
            "cloudinit": DONE,
            "cloudinit_output": output("3:INFO AZCM0000: Success", "8:FATAL   AZCM0026: Network Error"),
        },
        Status.FAIL,
        f"1 line of {LOG} in the boot of Sun, 22 Nov 2026 00:02:39 +0000 speaks of failure: line 219: “FATAL   AZCM0026: Network Error” (azcmagent, or signing in for it, failed (AGENT-006 explains its codes)).",
        f"{CODE} {FROM_THERE}",
    ),
    Row(
        "no beginning",
        {"cloudinit": NO_CLOUD_INIT, "cloudinit_output": output("7:E: Could not get lock", begin="@from ?\n")},
        Status.FAIL,
        f"1 line of {LOG} in all of the log (it names no boot) speaks of failure: line 7: “E: Could not get lock” (another process held the package manager's lock).",
        f"{LOCKED} {FROM_THERE}",
    ),
    Row(
        "the first boot failed, and the last one did not",
        {
            "cloudinit": DONE,
            "cloudinit_output": output("7:E: Unable to locate package azure-cli", BOOT_2, end="@end\n"),
        },
        Status.FAIL,
        f"1 line of {LOG} in the first boot (Sun, 22 Nov 2026 00:02:39 +0000) speaks of failure: line 218: “E: Unable to locate package azure-cli” (the package manager does not have the package, or not what it depends on).",
        f"{NO_PACKAGE} {FROM_THERE}",
    ),
    Row(
        "both boots failed",
        {"cloudinit": DONE, "cloudinit_output": output("7:E: a", BOOT_2, "9:curl: (7) Failed to connect")},
        Status.FAIL,
        f"2 lines of {LOG} in the first boot (Sun, 22 Nov 2026 00:02:39 +0000) and the boot of Mon, 23 Nov 2026 08:00:00 +0000 speak of failure: line 218: “E: a” (a program reports it); line 508: “curl: (7) Failed to connect” (a download failed (PROXY-001, NET-001, NET-002)).",
        f"{DOWNLOAD} {FROM_THERE}",
    ),
    Row(
        "two boots, and both are clean",
        {
            "cloudinit": DONE,
            "cloudinit_output": output("7:ERROR: ld.so: object 'x' from LD_PRELOAD cannot be preloaded", BOOT_2),
        },
        Status.PASS,
        f"{LOG} shows no failure in the first boot (Sun, 22 Nov 2026 00:02:39 +0000) and the boot of Mon, 23 Nov 2026 08:00:00 +0000.",
    ),
    Row(
        "two boots, and not all of the first is sent",
        {"cloudinit": DONE, "cloudinit_output": output("1:x", "@more 3", BOOT_2)},
        Status.UNKNOWN,
        f"The search in {LOG} did not finish, and found nothing so far.",
        f"Read {LOG} on the VM by hand.",
    ),
    Row(
        "user data that was ignored altogether",
        {
            "cloudinit": DONE,
            "cloudinit_output": output(
                "9:2025-01-21 10:00:12,007 - __init__.py[WARNING]: Unhandled non-multipart (text/x-not-multipart) userdata: 'b'IyEv...'"
            ),
        },
        Status.FAIL,
        f"1 line of {LOG} in the boot of Sun, 22 Nov 2026 00:02:39 +0000 speaks of failure: line 220: “2025-01-21 10:00:12,007 - __init__.py[WARNING]: Unhandled non-multipart (text/x-not-multipart) userdata: 'b'IyEv...'” (cloud-init did not take the user data, or a part of it: the steps in it did not run).",
        f"{USER_DATA} {FROM_THERE}",
    ),
    Row(
        "more than is quoted, and more than is sent",
        {
            "cloudinit": DONE,
            "cloudinit_output": output("1:E: a", "2:E: b", "2:E: b", "3:E: c", "4:E: d", end="@more 7\n@end\n"),
        },
        Status.FAIL,
        f"4 or more lines of {LOG} in the boot of Sun, 22 Nov 2026 00:02:39 +0000 speak of failure: line 212: “E: a” (a program reports it); line 213: “E: b” (a program reports it); line 214: “E: c” (a program reports it); and 1 more.",
        FROM_THERE,
    ),
    Row(
        "a program complains, and nothing more",
        {"cloudinit": DONE, "cloudinit_output": output("9:rm: cannot remove '/tmp/x': No such file or directory")},
        Status.WARN,
        f"1 line of {LOG} in the boot of Sun, 22 Nov 2026 00:02:39 +0000 complains, and shows no certain failure: line 220: “rm: cannot remove '/tmp/x': No such file or directory” (a file was missing: what should have brought it failed before, or never ran).",
        f"{MISSING_FILE} {FROM_THERE}",
    ),
    Row(
        "in a stage, in a rotated log",
        {
            "cloudinit": DONE,
            "cloudinit_output": output(
                "2:Cloud-init v. 25.1.4 running 'modules:final' at Sun, 22 Nov 2026 00:03:00 +0000. Up 20.00 seconds.",
                "9:useradd: cannot open /etc/passwd",
                "9:curl: (28) Connection timed out after 30001 milliseconds",
                begin=f"{BOOT}@in {LOG}.1\n",
                end=f"{BOOT_2}\n@end\n",
            ),
        },
        Status.FAIL,
        f"1 line of {LOG} in the first boot (Sun, 22 Nov 2026 00:02:39 +0000) speaks of failure: line 220 of {LOG}.1 (modules:final): “curl: (28) Connection timed out after 30001 milliseconds” (a download failed (PROXY-001, NET-001, NET-002)).",
        f"{DOWNLOAD} {FROM_THERE}",
    ),
    Row(
        "a retry that succeeded, and a deprecation",
        {
            "cloudinit": DONE,
            "cloudinit_output": output(
                "3:curl: (7) Failed to connect to aka.ms port 443",
                "4:attempt 1 failed, retrying",
                "7:the download succeeded",
                "9:2025-01-21 10:00:12,007 - schema.py[WARNING]: Deprecated cloud-config provided: users.0.lock-passwd",
            ),
        },
        Status.PASS,
        f"{LOG} shows no failure in the boot of Sun, 22 Nov 2026 00:02:39 +0000. Notes, which are not failures: line 220: “2025-01-21 10:00:12,007 - schema.py[WARNING]: Deprecated cloud-config provided: users.0.lock-passwd”.",
    ),
    Row(
        "a retry without an end",
        {
            "cloudinit": DONE,
            "cloudinit_output": output("3:curl: (7) Failed to connect", "4:attempt 1 failed, retrying"),
        },
        Status.WARN,
        f"1 line of {LOG} in the boot of Sun, 22 Nov 2026 00:02:39 +0000 complains, and shows no certain failure: line 214: “curl: (7) Failed to connect” (a download failed (PROXY-001, NET-001, NET-002)).",
        f"{DOWNLOAD} {FROM_THERE}",
    ),
    Row(
        "an empty log",
        {"cloudinit": DONE, "cloudinit_output": seen("@empty\n@end\n")},
        Status.UNKNOWN,
        f"{LOG} is empty.",
        "Check 'output:' in /etc/cloud/cloud.cfg and /etc/cloud/cloud.cfg.d: it sets the file for cloud-init's output.",
    ),
    Row(
        "a log that begins in the middle of a boot",
        {"cloudinit": DONE, "cloudinit_output": output("3:fine", begin="@from ?\n", end=f"{BOOT_2}\n@end\n")},
        Status.UNKNOWN,
        f"{LOG} begins in the middle of a boot, and shows no failure from there on.",
        "Check whether the steps of the user data are done; the log of the first boot no longer exists.",
    ),
    Row(
        "not searched to its end",
        {"cloudinit": DONE, "cloudinit_output": replace(output(end=""), truncated=True)},
        Status.UNKNOWN,
        f"The search in {LOG} did not finish, and found nothing so far.",
        f"Read {LOG} on the VM by hand.",
    ),
    Row(
        "still running",
        {"cloudinit": captured("cloudinit/25.1.4-running-status"), "cloudinit_output": output()},
        Status.UNKNOWN,
        f"cloud-init has not finished, and {LOG} shows no failure so far.",
        WAIT,
    ),
    Row(
        "waits for what never comes",
        {"cloudinit": status("not started", boot_status_code="unknown"), "cloudinit_output": output()},
        Status.UNKNOWN,
        f"cloud-init has not finished, and {LOG} shows no failure so far.",
        "See CLOUDINIT-001.",
    ),
    Row(
        "no log",
        {"cloudinit": DONE, "cloudinit_output": seen("@absent\n")},
        Status.UNKNOWN,
        f"There is no {LOG}.",
        "Check 'output:' in /etc/cloud/cloud.cfg and /etc/cloud/cloud.cfg.d: it sets the file for cloud-init's output.",
    ),
    Row(
        "no cloud-init",
        {"cloudinit": NO_CLOUD_INIT, "cloudinit_output": seen("@absent\n")},
        Status.NOT_APPLICABLE,
        "cloud-init is not installed on this VM.",
    ),
    Row(
        "disabled",
        {"cloudinit": status("disabled", user_data=False), "cloudinit_output": seen("@absent\n")},
        Status.NOT_APPLICABLE,
        "cloud-init is disabled on this VM and has no user data.",
    ),
    Row(
        "no root",
        {"cloudinit": DONE, "cloudinit_output": seen(stderr="sudo: a password is required\n", state="no root")},
        Status.UNKNOWN,
        "This needs root on the VM, and there is none (sudo -n printed: sudo: a password is required).",
        "Log in as root, or give the login user passwordless sudo (SSH-002).",
    ),
    Row(
        "garbage",
        {"cloudinit": DONE, "cloudinit_output": seen("hello")},
        Status.UNKNOWN,
        "The answer of the probe cloudinit_output could not be read: expected '@from' and where a boot begins, found 'hello'.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
]
