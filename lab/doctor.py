"""Whether the lab can run on this machine, and if not, why: one line."""

from __future__ import annotations

import contextlib
import getpass
import importlib.util
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from lab.faults import FAULTS
from lab.holder import environment, unshare

#: Program -> the Debian package that brings it.
PROGRAMS = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mount": "mount",
    "ip": "iproute2",
    "nft": "nftables",
    "ssh": "openssh-client",
    "sshd": "openssh-server",
    "squid": "squid",
    "dnsmasq": "dnsmasq-base",
    "curl": "curl",
    "ping": "iputils-ping",
    "nslookup": "bind9-dnsutils",
    "sudo": "sudo",
}
PROGRAMS_WITHOUT_ROOT = {"newuidmap": "uidmap", "newgidmap": "uidmap"}

#: Linux's settings, and the time limit of `_trial` in seconds.
SETTINGS = Path("/proc/sys")
TRIAL_SECONDS = 30

#: The lab's first steps, in miniature: they fail where namespaces, overlays or bridges are not allowed.
_TRIAL = """\
mount -t tmpfs run /run && mkdir -p /run/lower /run/upper /run/work /run/usr /run/netns &&
mount -t overlay -o "lowerdir=/run/lower:/usr,upperdir=/run/upper,workdir=/run/work" lab /run/usr &&
ip netns add trial && ip link add trial type bridge && ip link add trial0 type veth peer name trial1 netns trial &&
echo 'table inet trial { chain c { type filter hook input priority 0; icmp type echo-request drop; }; }' | nft -f -
"""


def trouble() -> str:
    """Why the lab cannot run here and what to do, in one line; "" if it can."""
    if sys.platform != "linux":
        return f"the lab needs Linux namespaces, and this is {sys.platform}"
    for module, package in (("cryptography", "cryptography"), ("jwt", "pyjwt")):
        if importlib.util.find_spec(module) is None:
            return f"the Python package {package} is missing: pip install {package}"
    programs = PROGRAMS | ({} if os.geteuid() == 0 else PROGRAMS_WITHOUT_ROOT)
    path = environment()["PATH"]
    if missing := [name for name in programs if not shutil.which(name, path=path)]:
        packages = _unique(programs[name] for name in missing)
        return f"missing programs: {', '.join(missing)}; on Debian: apt-get install {' '.join(packages)}"
    if why := _forbidden():
        return f"namespaces are not allowed here: {why}"
    if os.geteuid() != 0 and (file := _without_range()):
        user = getpass.getuser()
        return (
            f"{file} has no range of 65536 ids for {user}; as root: "
            f"usermod --add-subuids 200000-265535 --add-subgids 200000-265535 {user}"
        )
    if why := _trial():
        return f"namespaces are not allowed here: {why}{_ubuntu_hint()}"
    return ""


def _setting(name: str) -> int | None:
    """A kernel setting below /proc/sys; None if this kernel does not have it."""
    try:
        return int((SETTINGS / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _forbidden() -> str:
    """The kernel setting that forbids what the lab needs, and how to change it; "" if there is none."""
    kinds = ["mnt", "net", "pid", "ipc", "uts"]
    if os.geteuid() != 0:
        kinds.insert(0, "user")
        # Only kernels of Debian and its derivatives have this setting.
        if _setting("kernel/unprivileged_userns_clone") == 0:
            return _set("kernel.unprivileged_userns_clone", 1, 0)
    # namespaces(7): a limit for each kind, also for root.
    for kind in kinds:
        if _setting(name := f"user/max_{kind}_namespaces") == 0:
            return _set(name.replace("/", "."), 15000, 0)
    return ""


def _ubuntu_hint() -> str:
    """What to try after a failed trial. On Ubuntu an AppArmor profile may allow it, whatever the setting."""
    name = "kernel/apparmor_restrict_unprivileged_userns"
    if os.geteuid() != 0 and _setting(name) == 1:
        return f"; {_set(name.replace('/', '.'), 0, 1)}"
    return ""


def _set(name: str, right: int, seen: int) -> str:
    return f"{name} is {seen}; as root: sysctl -w {name}={right}"


def _trial() -> str:
    """Run the trial. Return the last line of its output if it failed, else "". It leaves no process behind.

    `unshare --map-auto` forks a helper, and after a failure of `unshare` that helper waits forever. So the trial's
    output goes to a file (a pipe would stay open), and the whole process group is killed.
    """
    with tempfile.TemporaryFile() as errors:
        trial = subprocess.Popen(
            [*unshare(), "sh", "-c", _TRIAL],
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            env=environment(),
            start_new_session=True,
        )
        ended = False
        try:
            end = os.pidfd_open(trial.pid)
            try:
                poll = select.poll()
                poll.register(end, select.POLLIN)
                ended = bool(poll.poll(TRIAL_SECONDS * 1000))
            finally:
                os.close(end)
        finally:
            # Before wait(): until then the id of the process, which is that of the group, is not reused.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(trial.pid, signal.SIGKILL)
            trial.wait()
        errors.seek(0)
        lines = errors.read(100_000).decode(errors="replace").strip().splitlines()
    if not ended:
        return f"the trial did not end within {TRIAL_SECONDS} s" + (f" ({lines[-1]})" if lines else "")
    if trial.returncode:
        return lines[-1] if lines else f"the trial ended with exit status {trial.returncode}"
    return ""


def remarks() -> list[str]:
    """The faults that cannot be planted here, and what they need; the lab itself runs without it."""
    problems = []
    for fault in FAULTS.values():
        if packages := _unique(need.package for need in fault.needs if not need.files()):
            problems.append(f"without {' and '.join(packages)} the fault {fault.name} cannot be planted")
    return problems


def missing_for(faults: Iterable[str]) -> str:
    """Why these faults cannot be planted on this machine; "" if they can."""
    for name in faults:
        for need in FAULTS[name].needs:
            if not need.files():
                return f"the fault {name} needs {need.path}; on Debian: apt-get install {need.package}"
    return ""


#: The virtual environment of the Azure CLI (`make az`). On a VM it is mounted at /opt/az, like that of its packages.
AZ = Path(__file__).resolve().parents[1] / ".az"


def without_az() -> str:
    """Why VMs cannot have the real Azure CLI and what to do, in one line; "" if they can."""
    if not (AZ / "installed.lock").exists():
        return "the real Azure CLI is not installed here: make az"
    # A VM sees this machine's /usr, but not its /usr/local and its home folders.
    python = (AZ / "bin/python3").resolve()
    if not python.is_relative_to("/usr") or python.is_relative_to("/usr/local"):
        return f"{AZ} was made with a Python that is not the system's, which VMs do not see: rm -r {AZ} && make az"
    return ""


def _without_range() -> str:
    """The file in which this user has too few subordinate ids; "" if both have enough."""
    names = {getpass.getuser(), str(os.getuid())}
    for file in ("/etc/subuid", "/etc/subgid"):
        try:
            rows = [row.split(":") for row in Path(file).read_text(encoding="utf-8").splitlines()]
        except OSError:
            return file
        # alice:200000:65536
        if not any(len(row) == 3 and row[0] in names and int(row[2]) >= 65536 for row in rows):
            return file
    return ""


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))
