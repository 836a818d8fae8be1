"""VM: the guest's requirements for the Connected Machine agent. Azure's data about the VM is in test_vm.py."""

from __future__ import annotations

from typing import NamedTuple

from plugins import OnVm, Vm, check, fail, on_vm, record_fact, required, script, sh, unknown, warn
from suites.probes.guest_system import Guest, OperatingSystem, agent_needs
from suites.probes.windows_guest import WindowsGuest
from suites.rules.windows_guest import windows_has_what_the_agent_needs

PREREQUISITES = "https://learn.microsoft.com/azure/azure-arc/servers/prerequisites"


def _fits(version: str, known: str) -> bool:
    """Whether a version matches: ``9.4`` is a 9; ``12`` is not a 1."""
    return version == known or version.startswith(f"{known}.")


@check(
    "VM-004",
    required,
    problem="guest's system is not supported",
    action="Create {vms} again from an image of a supported system",
    remedy="Create the VM from an image of a supported system.",
    docs=PREREQUISITES,
    component="guest",
)
def test_the_agent_supports_the_system(system: OperatingSystem, vm: Vm) -> str:
    """The agent supports the guest's system and architecture.

    Success: the table of Microsoft's prerequisites has both.
    Failure: the system is 32-bit, and has no agent; or its support has ended. Warning: support is limited.
    Unknown: the table does not list it, or not this edition of it; the agent may still accept it.
    """
    needs = agent_needs()
    architecture = needs.architectures.get(system.machine, "")
    called = system.name or "the system"
    record_fact("operating system", system.name or "not known")
    record_fact("architecture", system.machine)
    if architecture == "32-bit":
        fail(f"{called} on {system.machine} is 32-bit; expected x86-64 or, for some systems, 64-bit ARM.")
    listed = f"Microsoft's table of {needs.date}"
    look = (
        f"Look it up in the current table, {needs.source}: what it does not list is not supported. If it is there, add "
        "it to plugins/requirements/data/operating-systems.toml; if it is not, use an image of a system that is."
    )
    if not system.id:
        where = "ProductType in its registry" if vm.os == "windows" else "/etc/os-release"
        unknown(f"The VM has no {where}, so what it runs ({system.machine}) is not known.", remedy=look)
    table = needs.systems.get(system.id)
    if table is None:
        family = f" Its ID_LIKE is {' and '.join(system.like)}, which does not count." if system.like else ""
        unknown(f"{called} ({system.id}) is not in {listed}.{family}", remedy=look)
    if why := table.why_not(system):
        unknown(f"{called} is not in {listed}: {why}.", remedy=look)
    for version, since in table.ended.items():
        if _fits(system.version, version):
            fail(f"{called} is no longer supported: {since}.")
    for version, why in table.limited.items():
        if _fits(system.version, version):
            warn(
                f"{called} is supported with limits: {why}.",
                remedy=f"Upgrade to {table.name} {table.versions[-1]} or newer.",
            )
    versions = [listed_version for listed_version in table.versions if _fits(system.version, listed_version)]
    if not versions:
        unknown(
            f"{called} has the version {system.version or '(none)'}, which is not in {listed} ({table.name}: "
            f"{', '.join(table.versions)}).",
            remedy=look,
        )
    if not architecture or (architecture == "arm64" and not set(versions) & set(table.arm64)):
        unknown(f"{called} is in {listed}, but not for {system.machine}.", remedy=look)
    return f"{called} on {system.machine} is supported by the agent."


_NO_SNAP = "snap remove curl", "apt-get install -y curl"


@check(
    "VM-005",
    required,
    problem="guest lacks what the installation needs",
    action="Prepare {vms} for the installation of the agent",
    remedy="Fix the named items, and run again.",
    docs=PREREQUISITES,
    component="guest",
)
def test_the_guest_has_what_the_agent_needs(guest: Guest | WindowsGuest, system: OperatingSystem) -> str:
    """The guest has what installing the agent needs.

    Success: systemd, openssl, curl or wget and, in Debian's family, gnupg; no lock of apt or dpkg is held; there is
    space on /opt and /var; both can be written; and programs may run from where the agent and its extensions go.
    Failure: some of these are missing; the message lists them, each with its remedy.
    Unknown: the VM did not report its free space, its mounts, or which process holds a lock.
    Windows: Windows PowerShell, .NET Framework, TLS 1.2 not switched off under SCHANNEL, and space on the system drive.
    """
    if isinstance(guest, WindowsGuest):
        return windows_has_what_the_agent_needs(guest, agent_needs().free_megabytes)
    problems = [*_programs(guest, system), *_locks(guest), *_space(guest), *_read_only(guest), *_noexec(guest)]
    if problems:
        fail(
            " ".join(problem.message for problem in problems),
            remedy=" ".join(dict.fromkeys(problem.remedy for problem in problems)),
            fix=[problem.fix for problem in problems if problem.fix],
        )
    if unreported := _unreported(guest):
        unknown(
            f"The VM did not report {' and '.join(unreported)}; all other requirements are met.",
            remedy="On the VM, run: df -h /opt /var; findmnt /; cat /proc/locks.",
        )
    if guest.tools.get("curl", "").startswith("/snap/") and "wget" not in guest.tools:
        warn(
            f"curl is the snap ({guest.tools['curl']}), which may write only to its own folders; expected the "
            "distribution's. The installation script stops there with AZCM0157.",
            remedy=" && ".join(_NO_SNAP),
            action="Replace the curl snap on {vms}",
            fix=on_vm(sh("sudo {} && sudo {}", *(step.split() for step in _NO_SNAP))),
        )
    free = ", ".join(f"{guest.free[path] // 1024} MB on {path}" for path in agent_needs().free_at)
    either = " and ".join(tool for tool in ("curl", "wget") if tool in guest.tools)
    return f"systemd, openssl, {either} and the like are there; {free} are free."


def _unreported(guest: Guest) -> list[str]:
    """A clause for each fact that the verdict needs but the probe did not report."""
    needs = agent_needs()
    space = [path for path in needs.free_at if path not in guest.free]
    mounts = [path for path in needs.executable if not guest.options_of(path)[0]]
    return [
        *([f"how much space is free on {' and '.join(space)}"] if space else []),
        *([f"how {' and '.join(mounts)} are mounted"] if mounts else []),
        *(["who holds which lock"] if guest.locks is None else []),
    ]


class _Problem(NamedTuple):
    """One missing item: a sentence, the remedy, and its command, if one exists."""

    message: str
    remedy: str
    fix: OnVm | None = None


def _not_there(message: str, package: str, system: OperatingSystem) -> _Problem:
    install = sh("{} install -y {}", system.package_tool, package)
    return _Problem(message, f"{install}.", on_vm(sh("sudo {}", install)))


def _programs(guest: Guest, system: OperatingSystem) -> list[_Problem]:
    problems = []
    if not (guest.init == "systemd" or guest.booted) or "systemctl" not in guest.tools:
        runs = f"process 1 is {guest.init}" if guest.init not in ("", "systemd") else "process 1 is not to be seen"
        if guest.init == "systemd" or guest.booted:
            runs = "systemctl is missing"
        problems.append(
            _Problem(
                f"The VM does not run systemd ({runs}): the installation script stops with AZCM0130.",
                "Use an image that boots with systemd: the agent's services are systemd's.",
            )
        )
    if "openssl" not in guest.tools:
        problems.append(_not_there("openssl is missing.", "openssl", system))
    if system.of_debian and "gpg" not in guest.tools:
        problems.append(_not_there("gnupg is missing: apt needs it for Microsoft's signing key.", "gnupg", system))
    if not {"curl", "wget"} & set(guest.tools):
        problems.append(_not_there("Neither curl nor wget is there to download the agent with.", "curl", system))
    return problems


def _locks(guest: Guest) -> list[_Problem]:
    """One problem for each process that holds locks."""
    held: dict[tuple[str, str], list[str]] = {}
    for lock in guest.locks or ():
        held.setdefault((lock.process, lock.pid), []).append(lock.file)
    return [
        _Problem(
            f"{_holder(process, pid)} holds {' and '.join(paths)}: the installation script waits five minutes for it "
            "and stops with AZCM0145.",
            f"Wait until it is done and run again; if it hangs, find out what it does: ps -fp {pid}.",
        )
        for (process, pid), paths in held.items()
    ]


def _holder(process: str, pid: str) -> str:
    return "A hidden process" if process == "?" else f"{process} (process {pid})"


def _space(guest: Guest) -> list[_Problem]:
    need = agent_needs().free_megabytes
    return [
        _Problem(
            f"{guest.free[path] // 1024} MB are free on {path}; expected {need} or more.",
            f"Make space on {path}, or enlarge the disk.",
        )
        for path in agent_needs().free_at
        if guest.free.get(path, need * 1024) < need * 1024
    ]


def _read_only(guest: Guest) -> list[_Problem]:
    """One problem for each file system that the agent writes to and that is mounted read-only."""
    held: dict[str, list[str]] = {}
    for path in agent_needs().free_at:
        at, options = guest.options_of(path)
        if "ro" in options:
            held.setdefault(at, []).append(path)
    return [
        _Problem(
            f"{at} is mounted read-only, so nothing can be written to {' and '.join(paths)}; expected rw.",
            f"Find out why (dmesg | grep -iE 'remount|I/O error|EXT4-fs error|XFS'): a file system with errors is "
            f"remounted read-only. Repair it, then mount -o remount,rw {at} and check its line in /etc/fstab.",
        )
        for at, paths in held.items()
    ]


#: `at` is one of the folders above those of data/operating-systems.toml, so it is plain text to sed as well.
_FSTAB = (
    "f=/etc/fstab; [ -e $f ] || exit 0; [ -e $f.before-arc ] || cp -p $f $f.before-arc; "
    r's="[[:space:]]"; sed -i "\,^[^#]*$s@AT@$s,s/\bnoexec\b/exec/" $f'
)


def _noexec(guest: Guest) -> list[_Problem]:
    problems = []
    for path in agent_needs().executable:
        at, options = guest.options_of(path)
        if "noexec" in options:
            problems.append(
                _Problem(
                    f"{path} is on {at}, which is mounted noexec: the agent or its extensions run programs from there.",
                    f"mount -o remount,exec {at}, and remove noexec from its line in /etc/fstab.",
                    on_vm(sh("sudo sh -c {}; sudo mount -o remount,exec {}", script(_FSTAB, AT=at), at)),
                )
            )
    return problems
