"""SSH: whether a session to the VM opens, root is available there, and its clock is right."""

from __future__ import annotations

from plugins import (
    ProbeResult,
    Profile,
    SshSession,
    Vm,
    check,
    fail,
    first_installed,
    on_vm,
    recommended,
    record_fact,
    required,
    sh,
    unknown,
)
from suites import ARTICLE
from suites.probes.login_and_clock import Clock
from suites.wording import last_line

#: Headlines by outcome of a session (`plugins.ssh.errors.OUTCOMES`); the check's own for the others.
_ACTIONS = {
    "name not resolved": "Correct the host name of {vms}",
    "host key unknown": "Verify the host key of {vms}, and add it to known_hosts",
    "host key changed": "Find out why the host key of {vms} has changed",
    "host key revoked": "Replace the revoked host key of {vms}",
    "login refused": "Make {vms} accept the login",
    "no usable key": "Give the runner a key for {vms}",
    "jump host failed": "Restore the way to {vms}{where}",
    "no room": "Free space on {vms}",
    "cannot be used": "Correct the SSH settings of {vms}",
    "cancelled": "Visit {vms}: the run was stopped before",
    "not gathered": "Visit {vms}: the run was stopped before",
}


@check(
    "SSH-001",
    required,
    caused_by=["VM-001"],  # a VM that is off, or does not exist, does not answer
    problem="VM is not reachable over SSH",
    action="Restore the SSH session to {vms}{where}",
    remedy="Open the SSH session by hand from this machine, with the same alias or address, "
    "and fix the reported error.",
    docs=ARTICLE,
    component="vm",
)
def test_an_ssh_session_opens(session: SshSession) -> str:
    """An SSH session opens, to the known host key, and stays.

    Success: the login worked and every probe ended.
    Failure: never. A VM that cannot be visited is unknown, not bad.
    Unknown: the VM was not reached, its host key did not match, the login failed, or the session was lost. The VM's
    other checks are blocked by this one, or unknown where the session was lost before their probes ended.
    """
    if session.outcome != "ok":
        unknown(
            session.message or f"The SSH session ended as {session.outcome!r}.",
            remedy=session.remedy,
            action=_ACTIONS.get(session.outcome, ""),
        )
    seconds = session.seconds.get("connect", 0.0) + session.seconds.get("login", 0.0)
    via = f" via {session.via}" if session.via else ""
    return f"Logged in to {session.address}{via} in {seconds:.2f} s."


@check(
    "SSH-002",
    required,
    problem="login user lacks root",
    action="Give the login user root on {vms}",
    remedy="Log in as root, or give the login user sudo without a password, by the tag NOPASSWD in a file of "
    "/etc/sudoers.d, made with visudo (docs/checks/SSH-002.md shows the line).",
    docs="https://learn.microsoft.com/azure/azure-arc/servers/prerequisites#required-permissions",
    component="guest",
)
def test_root_is_available(root_id: ProbeResult, vm: Vm) -> str:
    """Root is available for the probes that need it.

    Success: the login is root, or `sudo -n` works; on Windows, the session's token is in the role Administrator.
    Failure: neither. Probes that need root are then unknown, not failed; azcmagent needs root in any case (AZCM0018).
    Unknown: sudo did not answer in time.
    """
    if vm.os == "windows":
        return _administrator(root_id)
    # sudo: a password is required
    printed = last_line(root_id.stderr).rstrip(".")
    if root_id.state == "no root" and root_id.exit is not None:  # sudo was stopped: it might have allowed it
        unknown(
            f"Whether there is root is not known: {printed}.",
            remedy="Run 'sudo -n id' on the VM by hand and find out what it waits for: a directory service (LDAP, "
            "SSSD) or a host name that does not resolve, usually.",
        )
    if root_id.state == "no root":
        why = f"it printed: {printed}" if printed else "it printed nothing"
        fail(
            f"The login user is not root, and sudo -n did not work ({why}). Checks that need root stay unknown, and "
            "azcmagent connect needs root as well (AZCM0018)."
        )
    if root_id.exit != 0 or root_id.stdout.strip() != "0":
        fail(
            f"sudo -n works but does not lead to root: id -u printed {root_id.stdout.strip()!r}; expected 0.",
            remedy="Let sudo run commands as root for the login user (check 'sudo -l' and runas_default).",
        )
    return "Commands run as root."


def _administrator(root_id: ProbeResult) -> str:
    """OpenSSH gives a member of Administrators an elevated session, so there is no counterpart of sudo to ask."""
    if root_id.state == "no root":
        fail(
            "The login user is not an Administrator. Checks that need an Administrator stay unknown, and azcmagent "
            "connect needs one as well (AZCM0018).",
            remedy="Log in as a member of the group Administrators. Its keys are in "
            r"%ProgramData%\ssh\administrators_authorized_keys, not in the user's own folder.",
        )
    return "Commands run as an Administrator."


_KEEP, _AT_ONCE = sh("timedatectl set-ntp true"), sh("chronyc makestep")
_SET = on_vm(sh("sudo {}; {}", _KEEP, first_installed({"chronyc": sh("sudo {}", _AT_ONCE)})))
_SET_WINDOWS = (
    "Set the clock and keep it right: 'Start-Service w32time ; w32tm /resync' in an elevated PowerShell, with a "
    "time source that the VM reaches ('w32tm /query /status' shows the present one)."
)


@check(
    "SSH-003",
    recommended,
    problem="clock is not that of Azure",
    action="Set the clock on {vms}",
    remedy=f"Set the clock and keep it right: '{_KEEP}' (or chronyd) with a time source that the VM reaches; "
    f"'{_AT_ONCE}' or 'date -s' corrects it at once.",
    docs="https://learn.microsoft.com/azure/azure-arc/servers/agent-release-notes-archive",
    component="guest",
)
def test_the_clock_is_right(clock: Clock, vm: Vm, profile: Profile) -> str:
    """The VM's clock is within the limit of Azure's.

    Success: it differs by no more than 120 s from the `Date` of an answer of Azure Resource Manager or, when none
    came, from the clock of the machine that runs this suite.
    Failure: it differs by more: certificates and tokens look expired, or not yet valid.
    Unknown: the VM printed no time, or there is nothing to compare it with.
    """
    limit = profile.clock_limit
    if clock.azure is None and not clock.runner:
        unknown(
            "Azure's time did not arrive, and this evidence does not state when it was gathered.",
            remedy="Gather the evidence again.",
        )
    source = "Azure (Date header of Azure Resource Manager)" if clock.azure is not None else "the runner's clock"
    offset = round(clock.vm - (clock.azure if clock.azure is not None else clock.runner))
    caveat = "" if clock.azure is not None else "; Azure itself could not be queried"
    record_fact("clock", _about(offset))
    if abs(offset) > limit:
        fail(
            f"The clock is {_span(abs(offset))} {'ahead of' if offset > 0 else 'behind'} {source}{caveat}; allowed are "
            f"{limit} s. Certificates and tokens look {'expired' if offset > 0 else 'not yet valid'} to this VM.",
            remedy=_SET_WINDOWS if vm.os == "windows" else "",
            fix=_SET,
        )
    difference = "agrees with" if not offset else f"is {abs(offset)} s {'ahead of' if offset > 0 else 'behind'}"
    runner = ""
    if clock.azure is not None and clock.runner and abs(clock.azure - clock.runner) > limit:
        runner = (
            f" The clock of the machine that runs this suite is {_span(round(abs(clock.azure - clock.runner)))} off."
        )
    return f"The clock {difference} {source}{caveat}.{runner}"


#: Seconds by which two right clocks may appear to differ, because answers take time.
_ALIKE = 5


def _about(offset: int) -> str:
    """The clock as a fact, equal for right clocks: ``within 5 s``, ``37 s behind``."""
    if abs(offset) <= _ALIKE:
        return f"within {_ALIKE} s"
    return f"{_span(abs(offset))} {'ahead' if offset > 0 else 'behind'}"


def _span(seconds: int) -> str:
    """``190 s``, ``2 h 5 min``, ``3 days``."""
    if seconds < 600:
        return f"{seconds} s"
    if seconds < 7_200:
        return f"{seconds // 60} min"
    if seconds < 172_800:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 86_400} days"
