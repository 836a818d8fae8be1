"""SSH-001..003: every outcome, word for word."""

from __future__ import annotations

from plugins.model import ProbeResult, SshSession, Status
from tests.support.suite_rows import NOW, Row, seen

ROWS: dict[str, list[Row]] = {}

ROWS["SSH-001"] = [
    Row("ok", {}, Status.PASS, "Logged in to root@10.0.0.4:22 in 0.13 s."),
    Row(
        "ok, through a jump host",
        {},
        Status.PASS,
        "Logged in to azureuser@10.0.0.4:22 via bastion in 1.25 s.",
        session=SshSession(
            "ok", address="azureuser@10.0.0.4:22", via="bastion", seconds={"connect": 0.5, "login": 0.75}
        ),
    ),
    Row(
        "refused",
        {},
        Status.UNKNOWN,
        "10.0.0.4:22 refuses connections.",
        "Start sshd on the VM.",
        session=SshSession("refused", "10.0.0.4:22 refuses connections.", "Start sshd on the VM."),
    ),
    Row(
        "lost after the login",
        {},
        Status.UNKNOWN,
        "The connection was lost after 3 s.",
        "Run again.",
        session=SshSession(
            "lost", "The connection was lost after 3 s.", "Run again.", seconds={"connect": 0.1, "login": 0.2}
        ),
    ),
    Row(
        "an outcome without words",
        {},
        Status.UNKNOWN,
        "The SSH session ended as 'odd'.",
        "Open the SSH session by hand from this machine, with the same alias or address, and fix the reported error.",
        session=SshSession("odd"),
    ),
]

ROWS["SSH-002"] = [
    Row("root", {"root_id": seen("0\n")}, Status.PASS, "Commands run as root."),
    Row(
        "a password is asked for",
        {"root_id": seen(stderr="sudo: a password is required\n", state="no root")},
        Status.FAIL,
        "The login user is not root, and sudo -n did not work (it printed: sudo: a password is required). Checks that need root stay unknown, and azcmagent connect needs root as well (AZCM0018).",
        "Log in as root, or give the login user sudo without a password, by the tag NOPASSWD in a file of /etc/sudoers.d, made with visudo (docs/checks/SSH-002.md shows the line).",
    ),
    Row(
        "sudo-rs asks for a password",
        {"root_id": seen(stderr="sudo: interactive authentication is required\n", state="no root")},
        Status.FAIL,
        "The login user is not root, and sudo -n did not work (it printed: sudo: interactive authentication is required). Checks that need root stay unknown, and azcmagent connect needs root as well (AZCM0018).",
        "Log in as root, or give the login user sudo without a password, by the tag NOPASSWD in a file of /etc/sudoers.d, made with visudo (docs/checks/SSH-002.md shows the line).",
    ),
    Row(
        "no sudo",
        {"root_id": seen(stderr="sh: sudo: not found\n", state="no root")},
        Status.FAIL,
        "The login user is not root, and sudo -n did not work (it printed: sh: sudo: not found). Checks that need root stay unknown, and azcmagent connect needs root as well (AZCM0018).",
    ),
    Row(
        "sudo says nothing",
        {"root_id": seen(state="no root")},
        Status.FAIL,
        "The login user is not root, and sudo -n did not work (it printed nothing). Checks that need root stay unknown, and azcmagent connect needs root as well (AZCM0018).",
    ),
    Row(
        "sudo leads elsewhere",
        {"root_id": seen("1000\n")},
        Status.FAIL,
        "sudo -n works but does not lead to root: id -u printed '1000'; expected 0.",
        "Let sudo run commands as root for the login user (check 'sudo -l' and runas_default).",
    ),
    Row(
        "sudo hangs",
        {"root_id": seen(stderr="sudo -n did not answer within 5 s\n", state="no root", exit=124)},
        Status.UNKNOWN,
        "Whether there is root is not known: sudo -n did not answer within 5 s.",
        "Run 'sudo -n id' on the VM by hand and find out what it waits for: a directory service (LDAP, SSSD) or a host name that does not resolve, usually.",
    ),
    Row(
        "the probe hangs",
        {"root_id": seen(state="timed out")},
        Status.UNKNOWN,
        "The probe root_id was stopped after its limit of 5 s.",
        "Run the command shown below on the VM by hand and find out where it hangs.",
    ),
    Row(
        "the session was lost",
        {"root_id": seen(state="lost")},
        Status.UNKNOWN,
        "The session ended before the probe root_id had answered.",
        "See SSH-001 of this VM, then run again.",
    ),
]

TUNNEL = "HTTP/1.1 200 Connection established\r\n\r\nHTTP/2 400 \r\ndate: Sat, 21 Nov 2026 22:45:58 GMT\r\n\r\n"
SQUID = "HTTP/1.1 403 Forbidden\r\nServer: squid/5.7\r\nDate: Sat, 21 Nov 2026 22:45:58 GMT\r\n\r\n"


def at(offset: int, headers: str = TUNNEL, received: float = NOW) -> dict[str, ProbeResult]:
    return {"clock": seen(f"{headers}@clock {int(NOW) + offset}\n", received=received)}


ROWS["SSH-003"] = [
    Row("right", at(0), Status.PASS, "The clock agrees with Azure (Date header of Azure Resource Manager)."),
    Row(
        "at the limit",
        at(120),
        Status.PASS,
        "The clock is 120 s ahead of Azure (Date header of Azure Resource Manager).",
    ),
    Row(
        "ahead",
        at(121),
        Status.WARN,
        "The clock is 121 s ahead of Azure (Date header of Azure Resource Manager); allowed are 120 s. Certificates and tokens look expired to this VM.",
        "Set the clock and keep it right: 'timedatectl set-ntp true' (or chronyd) with a time source that the VM reaches; 'chronyc makestep' or 'date -s' corrects it at once.",
    ),
    Row(
        "behind by hours",
        at(-7500),
        Status.WARN,
        "The clock is 2 h 5 min behind Azure (Date header of Azure Resource Manager); allowed are 120 s. Certificates and tokens look not yet valid to this VM.",
    ),
    Row(
        "behind by minutes",
        at(-660),
        Status.WARN,
        "The clock is 11 min behind Azure (Date header of Azure Resource Manager); allowed are 120 s. Certificates and tokens look not yet valid to this VM.",
    ),
    Row(
        "years behind",
        at(-86_400 * 400),
        Status.WARN,
        "The clock is 400 days behind Azure (Date header of Azure Resource Manager); allowed are 120 s. Certificates and tokens look not yet valid to this VM.",
    ),
    Row(
        "no answer of Azure: the runner's clock",
        at(3, headers=""),
        Status.PASS,
        "The clock is 3 s ahead of the runner's clock; Azure itself could not be queried.",
    ),
    Row(
        "no answer of Azure, and wrong",
        at(-300, headers=""),
        Status.WARN,
        "The clock is 300 s behind the runner's clock; Azure itself could not be queried; allowed are 120 s. Certificates and tokens look not yet valid to this VM.",
    ),
    Row(
        "the proxy's own error page has a Date, which does not count",
        at(-300, headers=SQUID),
        Status.WARN,
        "The clock is 300 s behind the runner's clock; Azure itself could not be queried; allowed are 120 s. Certificates and tokens look not yet valid to this VM.",
    ),
    Row(
        "a Date that is none",
        at(0, headers=TUNNEL.replace("Sat, 21 Nov 2026", "yesterday")),
        Status.PASS,
        "The clock agrees with the runner's clock; Azure itself could not be queried.",
    ),
    Row(
        "the runner's clock is wrong, not the VM's",
        at(1, received=NOW + 7_300),
        Status.PASS,
        "The clock is 1 s ahead of Azure (Date header of Azure Resource Manager). The clock of the machine that runs this suite is 2 h 1 min off.",
    ),
    Row(
        "nothing to compare with",
        at(0, headers="", received=0),
        Status.UNKNOWN,
        "Azure's time did not arrive, and this evidence does not state when it was gathered.",
        "Gather the evidence again.",
    ),
    Row(
        "garbage of curl, then the time",
        {"clock": seen(f"\x00\x02 no line break\n@clock {int(NOW)}\n")},
        Status.PASS,
        "The clock agrees with the runner's clock; Azure itself could not be queried.",
    ),
    Row(
        "garbage",
        {"clock": seen("\x00\x01")},
        Status.UNKNOWN,
        "The answer of the probe clock could not be read: expected '@clock' and the seconds since 1970, found '\\x00\\x01'.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
]
