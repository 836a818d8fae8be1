"""CLOUDINIT-002 for every kind of failure: it quotes the line, gives the kind's remedy, and names its possible causes."""

from __future__ import annotations

import pytest

from plugins.model import Status
from plugins.requirements.log_grammar import kinds
from suites.test_cloudinit import test_the_output_of_cloud_init_is_clean as cloudinit_002
from tests.support.suite_rows import Row, captured, seen

DONE = captured("cloudinit/25.1.4-ok-status")

#: A line of each kind from a program, and the beginning of its remedy.
LINES = {
    "user-data": (
        "util.py[WARNING]: Failed loading yaml blob. Invalid format at line 3 column 1",
        "Begin the user data",
    ),
    "schema": ("schema.py[WARNING]: cloud-config failed schema validation!", "Run cloud-init schema --system"),
    "proxy": ("curl: (56) CONNECT tunnel failed, response 403", "Put the host into the egress list"),
    "name": ("wget: unable to resolve host address 'aka.ms'", "Give the program the CSN proxy"),
    "tls": ("curl: (60) SSL certificate problem: self-signed certificate", "Exempt the host from TLS inspection"),
    "signature": ("gpg: no valid OpenPGP data found.", "Install the key of the package source again"),
    "space": ("dd: error writing '/mnt/x': No space left on device", "Make space (df -h)"),
    "read-only": ("touch: cannot touch '/opt/x': Read-only file system", "Find out why (dmesg | grep -i remount)"),
    "death": ("part-001: line 1:  1203 Segmentation fault      (core dumped) ./x", "See dmesg for the reason"),
    "lock": ("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 8 (apt)", "Wait for it"),
    "syntax": ("/bin/sh: 3: Syntax error: end of file unexpected", "Correct the script"),
    "command": ("part-001: line 4: helm: command not found", "Install the program first"),
    "network": ("ssh: connect to host 10.0.0.9 port 22: Connection refused", "Give the program the CSN proxy"),
    "package": ("E: Unable to locate package azure-cli", "Add the source that has it"),
    "account": ("useradd: group 'nosuchgroup' does not exist", "Correct the user or group"),
    "permission": ("mkdir: cannot create directory '/opt/x': Permission denied", "Run the step as root"),
    "file": ("cp: cannot stat '/opt/x': No such file or directory", "Look for the earlier step"),
    "service": ("Job for himdsd.service failed because the control process exited with error code.", "On the VM: syst"),
    "agent": ("FATAL   AZCM0042: Failed to create Azure Resource", "Explain the code (pytest --explain AZCM0042)"),
    "usage": ("ls: unrecognized option '--bogus'", "Correct the arguments"),
    "data": ("gzip: stdin: not in gzip format", "Check the file (head)"),
    "exception": ("KeyError: 'AZURE_TENANT_ID'", "Read the lines around it: the last one of a traceback"),
    "module": ("Failed to run module scripts-user (scripts in /x)", "Read /var/log/cloud-init.log for the module"),
    "other": ("[FATAL] it went wrong", "Read the log from there on"),
}


def test_every_kind_has_a_line() -> None:
    assert list(LINES) == list(kinds())


@pytest.mark.parametrize("name", LINES)
def test_the_remedy_and_the_causes_are_those_of_the_kind(name: str) -> None:
    line, remedy = LINES[name]
    mark = "1:Cloud-init v. 25.1.4 running 'init-local' at Sat, 21 Nov 2026 23:57:14 +0000. Up 5.85 seconds."
    final = "8:Cloud-init v. 25.1.4 running 'modules:final' at Sat, 21 Nov 2026 23:57:20 +0000. Up 11.2 seconds."
    output = seen(f"@from {mark}\n{final}\n9:{line}\n@end\n")
    outcome = Row(name, {"cloudinit": DONE, "cloudinit_output": output}, Status.FAIL, "").outcome(cloudinit_002)
    assert outcome.status in (Status.FAIL, Status.WARN)
    assert f"line 9 (modules:final): “{line}” ({kinds()[name].meaning})" in outcome.message
    assert outcome.remedy.startswith(remedy)
    assert set(outcome.caused_by or ()) == {"CLOUDINIT-001", *kinds()[name].checks}
