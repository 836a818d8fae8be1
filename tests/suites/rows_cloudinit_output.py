"""CLOUDINIT-002: the output of cloud-init; every outcome, word for word."""

from __future__ import annotations

from dataclasses import replace

from plugins.model import ProbeResult, Status
from tests.suites.cloudinit_evidence import DONE, NO_CLOUD_INIT, WAIT, status
from tests.support.suite_rows import Row, captured, seen

ROWS: dict[str, list[Row]] = {}

LOG = "/var/log/cloud-init-output.log"
FROM_THERE = "Read the log from there on: the first failure often explains the others. If the step was repeated by hand since, waive this finding: the line stays in the log."
MISSING_PROGRAM = (
    "Install the program first, or correct its name and PATH; check the step before that should have installed it."
)

MISSING_FILE = "Look for the earlier step that should have created the file, and correct the path."
NO_PACKAGE = "Add the source that has it (packages-microsoft-prod for Microsoft's), refresh the lists (apt-get update), and check the name."
MODULE = "Read /var/log/cloud-init.log for the module, correct its keys in the user data, and create the VM again, or repeat the step by hand."
CODE = "Explain the code (pytest --explain AZCM0026), then connect again."
LOCKED = "Wait for it in the script (apt-get -o DPkg::Lock::Timeout=600), and repeat the step."
DOWNLOAD = "Give the program the CSN proxy (HTTPS_PROXY=http://169.254.0.11:3128, or its own setting), and put the host into the egress list."
USER_DATA = (
    "Begin the user data with #cloud-config or #!, check it with cloud-init schema --system, and create the VM again."
)

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
        f"4 lines of {LOG} in the boot of Sun, 22 Nov 2026 00:10:28 +0000 report failures: "
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
        f"3 lines of {LOG} in the boot of Sun, 22 Nov 2026 00:11:05 +0000 report failures: "
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
        f"1 line of {LOG} in the boot of Sun, 22 Nov 2026 00:02:39 +0000 reports a failure: line 219: “FATAL   AZCM0026: Network Error” (azcmagent, or signing in for it, failed (AGENT-006 explains its codes)).",
        f"{CODE} {FROM_THERE}",
    ),
    Row(
        "no beginning",
        {"cloudinit": NO_CLOUD_INIT, "cloudinit_output": output("7:E: Could not get lock", begin="@from ?\n")},
        Status.FAIL,
        f"1 line of {LOG} in all of the log (it names no boot) reports a failure: line 7: “E: Could not get lock” (another process held the package manager's lock).",
        f"{LOCKED} {FROM_THERE}",
    ),
    Row(
        "the first boot failed, and the last one did not",
        {
            "cloudinit": DONE,
            "cloudinit_output": output("7:E: Unable to locate package azure-cli", BOOT_2, end="@end\n"),
        },
        Status.FAIL,
        f"1 line of {LOG} in the first boot (Sun, 22 Nov 2026 00:02:39 +0000) reports a failure: line 218: “E: Unable to locate package azure-cli” (the package manager does not have the package, or not what it depends on).",
        f"{NO_PACKAGE} {FROM_THERE}",
    ),
    Row(
        "both boots failed",
        {"cloudinit": DONE, "cloudinit_output": output("7:E: a", BOOT_2, "9:curl: (7) Failed to connect")},
        Status.FAIL,
        f"2 lines of {LOG} in the first boot (Sun, 22 Nov 2026 00:02:39 +0000) and the boot of Mon, 23 Nov 2026 08:00:00 +0000 report failures: line 218: “E: a” (a program reports a problem); line 508: “curl: (7) Failed to connect” (a download failed (PROXY-001, NET-001, NET-002)).",
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
        f"1 line of {LOG} in the boot of Sun, 22 Nov 2026 00:02:39 +0000 reports a failure: line 220: “2025-01-21 10:00:12,007 - __init__.py[WARNING]: Unhandled non-multipart (text/x-not-multipart) userdata: 'b'IyEv...'” (cloud-init did not take the user data, or a part of it: the steps in it did not run).",
        f"{USER_DATA} {FROM_THERE}",
    ),
    Row(
        "more than is quoted, and more than is sent",
        {
            "cloudinit": DONE,
            "cloudinit_output": output("1:E: a", "2:E: b", "2:E: b", "3:E: c", "4:E: d", end="@more 7\n@end\n"),
        },
        Status.FAIL,
        f"4 or more lines of {LOG} in the boot of Sun, 22 Nov 2026 00:02:39 +0000 report failures: line 212: “E: a” (a program reports a problem); line 213: “E: b” (a program reports a problem); line 214: “E: c” (a program reports a problem); and 1 more.",
        FROM_THERE,
    ),
    Row(
        "a program complains, and nothing more",
        {"cloudinit": DONE, "cloudinit_output": output("9:rm: cannot remove '/tmp/x': No such file or directory")},
        Status.WARN,
        f"1 line of {LOG} in the boot of Sun, 22 Nov 2026 00:02:39 +0000 contains a complaint, but no certain failure: line 220: “rm: cannot remove '/tmp/x': No such file or directory” (a file was missing: the step that should have created it failed, or never ran).",
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
        f"1 line of {LOG} in the first boot (Sun, 22 Nov 2026 00:02:39 +0000) reports a failure: line 220 of {LOG}.1 (modules:final): “curl: (28) Connection timed out after 30001 milliseconds” (a download failed (PROXY-001, NET-001, NET-002)).",
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
        f"1 line of {LOG} in the boot of Sun, 22 Nov 2026 00:02:39 +0000 contains a complaint, but no certain failure: line 214: “curl: (7) Failed to connect” (a download failed (PROXY-001, NET-001, NET-002)).",
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
        "This needs root on the VM, which the login does not have (sudo -n printed: sudo: a password is required).",
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
