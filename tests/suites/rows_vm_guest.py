"""VM-004 and VM-005: every outcome, word for word."""

from __future__ import annotations

from dataclasses import replace

from plugins.model import ProbeResult, Status
from tests.support.suite_rows import Row, captured, seen

ROWS: dict[str, list[Row]] = {}

LOOK = "Look it up in the current table, https://learn.microsoft.com/azure/azure-arc/servers/prerequisites: what it does not list is not supported. If it is there, add it to plugins/requirements/data/operating-systems.toml; if it is not, use an image of a system that is."
IMAGE = "Create the VM from an image of a supported system."


def system(id: str, version: str, name: str, machine: str = "x86_64", like: str = "") -> ProbeResult:
    text = f'NAME="{name.split()[0]}"\nID={id}\n' + (f'VERSION_ID="{version}"\n' if version else "")
    return seen(text + (f'ID_LIKE="{like}"\n' if like else "") + f'PRETTY_NAME="{name}"\n\n@machine {machine}\n')


DEBIAN = captured("os/debian-12")
RHEL = system("rhel", "9.4", "Red Hat Enterprise Linux 9.4 (Plow)", like="fedora")

ROWS["VM-004"] = [
    Row(
        "Debian 12",
        {"system": DEBIAN},
        Status.PASS,
        "Debian GNU/Linux 12 (bookworm) on x86_64 is supported by the agent.",
    ),
    Row(
        "Debian 13",
        {"system": captured("os/debian-13")},
        Status.PASS,
        "Debian GNU/Linux 13 (trixie) on x86_64 is supported by the agent.",
    ),
    Row(
        "Ubuntu on ARM",
        {"system": system("ubuntu", "22.04", "Ubuntu 22.04.5 LTS", "aarch64", "debian")},
        Status.PASS,
        "Ubuntu 22.04.5 LTS on aarch64 is supported by the agent.",
    ),
    Row(
        "a minor version",
        {"system": RHEL},
        Status.PASS,
        "Red Hat Enterprise Linux 9.4 (Plow) on x86_64 is supported by the agent.",
    ),
    Row(
        "a service pack",
        {"system": system("sles", "15.5", "SUSE Linux Enterprise Server 15 SP5", like="suse")},
        Status.PASS,
        "SUSE Linux Enterprise Server 15 SP5 on x86_64 is supported by the agent.",
    ),
    *(
        Row(
            f"limited: {name}",
            {"system": system(id, version, name)},
            Status.WARN,
            f"{name} is supported with limits: {why}.",
            f"Upgrade to {newest} or newer.",
        )
        for id, version, name, why, newest in (
            (
                "sles",
                "15.4",
                "SLES 15 SP4",
                "support for 15 SP4 is limited since 2026-07-03",
                "SUSE Linux Enterprise Server 16",
            ),
            (
                "debian",
                "11",
                "Debian GNU/Linux 11 (bullseye)",
                "support for Debian 11 is limited since 2026-07-03",
                "Debian 13",
            ),
            (
                "amzn",
                "2",
                "Amazon Linux 2",
                "support for Amazon Linux 2 is limited since 2026-07-03",
                "Amazon Linux 2023",
            ),
        )
    ),
    *(
        Row(
            f"ended: {name}",
            {"system": system(id, version, name)},
            Status.FAIL,
            f"{name} is no longer supported: {since}.",
            IMAGE,
        )
        for id, version, name, since in (
            (
                "sles",
                "15.3",
                "SLES 15 SP3",
                "support for 15 SP3 ended on 2026-07-03, and agent 1.58 is the last one for it",
            ),
            (
                "mariner",
                "2.0",
                "CBL-Mariner/Linux",
                "support ended on 2026-07-07, and agent 1.64 is the last one for it",
            ),
            (
                "azurelinux",
                "2.0",
                "Azure Linux 2.0",
                "support ended on 2026-07-07, and agent 1.64 is the last one for it",
            ),
        )
    ),
    *(
        Row(
            f"on ARM since agent 1.62: {name}",
            {"system": system(id, "10.1", name, "aarch64")},
            Status.PASS,
            f"{name} on aarch64 is supported by the agent.",
        )
        for id, name in (("almalinux", "AlmaLinux 10.1"), ("rocky", "Rocky Linux 10.1"))
    ),
    Row(
        "Rocky 9 on ARM",
        {"system": system("rocky", "9.4", "Rocky Linux 9.4", "aarch64")},
        Status.UNKNOWN,
        "Rocky Linux 9.4 is in Microsoft's table of 2026-08-20, but not for aarch64.",
        LOOK,
    ),
    Row(
        "32-bit",
        {"system": system("debian", "12", "Debian GNU/Linux 12 (bookworm)", "i686")},
        Status.FAIL,
        "Debian GNU/Linux 12 (bookworm) on i686 is 32-bit; expected x86-64 or, for some systems, 64-bit ARM.",
        IMAGE,
    ),
    Row(
        "not for this architecture",
        {"system": system("rhel", "9.4", "Red Hat Enterprise Linux 9.4 (Plow)", "aarch64", "fedora")},
        Status.UNKNOWN,
        "Red Hat Enterprise Linux 9.4 (Plow) is in Microsoft's table of 2026-08-20, but not for aarch64.",
        LOOK,
    ),
    Row(
        "an architecture nobody listed",
        {"system": system("rhel", "9.4", "Red Hat Enterprise Linux 9.4 (Plow)", "s390x", "fedora")},
        Status.UNKNOWN,
        "Red Hat Enterprise Linux 9.4 (Plow) is in Microsoft's table of 2026-08-20, but not for s390x.",
        LOOK,
    ),
    Row(
        "a version that is not listed",
        {"system": system("ubuntu", "16.04", "Ubuntu 16.04.7 LTS", like="debian")},
        Status.UNKNOWN,
        "Ubuntu 16.04.7 LTS has the version 16.04, which is not in Microsoft's table of 2026-08-20 (Ubuntu: 18.04, 20.04, 22.04, 24.04, 26.04).",
        LOOK,
    ),
    Row(
        "no version",
        {"system": system("debian", "", "Debian GNU/Linux forky/sid")},
        Status.UNKNOWN,
        "Debian GNU/Linux forky/sid has the version (none), which is not in Microsoft's table of 2026-08-20 (Debian: 12, 13).",
        LOOK,
    ),
    Row(
        "a system that is not listed",
        {"system": system("linuxmint", "22", "Linux Mint 22", like="ubuntu debian")},
        Status.UNKNOWN,
        "Linux Mint 22 (linuxmint) is not in Microsoft's table of 2026-08-20. Its ID_LIKE is ubuntu and debian, which does not count.",
        LOOK,
    ),
    Row(
        "no os-release",
        {"system": seen("\n@machine x86_64\n")},
        Status.UNKNOWN,
        "The VM has no /etc/os-release, so what it runs (x86_64) is not known.",
        LOOK,
    ),
    Row(
        "garbage",
        {"system": seen("hello")},
        Status.UNKNOWN,
        "The answer of the probe system could not be read: expected '@machine' and what uname -m says, found 'hello'.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
]

TOOLS = ("systemctl", "openssl", "gpg", "curl", "wget")


def guest(
    init: str = "systemd",
    tools: tuple[str, ...] = TOOLS,
    held: tuple[str, ...] = (),
    mounts: tuple[str, ...] = ("/ rw,relatime",),
    free: tuple[str, ...] = ("/opt 24869792", "/var 24869792"),
    locks: str = "@locks\n",
) -> ProbeResult:
    lines = [f"@init {init}", *(["@booted"] if init == "systemd" else [])]
    lines += [f"@has {tool} /usr/bin/{tool}" for tool in tools]
    text = "\n".join(lines) + f"\n{locks}" + "".join(f"@held {lock}\n" for lock in held)
    text += "".join(f"@mount {mount}\n" for mount in mounts)
    for filesystem in free:
        path, kib = filesystem.split()
        text += f"@free {path}\nFilesystem     1024-blocks     Used Available Capacity Mounted on\n"
        text += f"/dev/vda1         30298176  5412000  {kib}      18% /\n"
    return seen(text)


def with_(**more: tuple[str, ...] | str) -> dict[str, ProbeResult]:
    return {"guest": guest(**more), "system": DEBIAN}  # type: ignore[arg-type]


ROWS["VM-005"] = [
    Row(
        "all there",
        with_(),
        Status.PASS,
        "systemd, openssl, curl and wget and the like are there; 24286 MB on /opt, 24286 MB on /var are free.",
    ),
    Row(
        "no gnupg, and none needed",
        {"guest": guest(tools=("systemctl", "openssl", "curl")), "system": RHEL},
        Status.PASS,
        "systemd, openssl, curl and the like are there; 24286 MB on /opt, 24286 MB on /var are free.",
    ),
    Row(
        "no systemd",
        with_(init="init"),
        Status.FAIL,
        "The VM does not run systemd (process 1 is init): the installation script stops with AZCM0130.",
        "Use an image that boots with systemd: the agent's services are systemd's.",
    ),
    Row(
        "no process 1",
        with_(init=""),
        Status.FAIL,
        "The VM does not run systemd (process 1 is not to be seen): the installation script stops with AZCM0130.",
        "Use an image that boots with systemd: the agent's services are systemd's.",
    ),
    Row(
        "no systemctl",
        with_(tools=("openssl", "gpg", "curl")),
        Status.FAIL,
        "The VM does not run systemd (systemctl is missing): the installation script stops with AZCM0130.",
        "Use an image that boots with systemd: the agent's services are systemd's.",
    ),
    Row(
        "no gnupg",
        with_(tools=("systemctl", "openssl", "wget")),
        Status.FAIL,
        "gnupg is missing: apt needs it for Microsoft's signing key.",
        "apt-get install -y gnupg.",
    ),
    Row(
        "several things",
        {
            "guest": guest(
                tools=("systemctl",), free=("/opt 24869792", "/var 102400"), mounts=("/ rw", "/var rw,noexec")
            ),
            "system": RHEL,
        },
        Status.FAIL,
        "openssl is missing. Neither curl nor wget is there to download the agent with. 100 MB are free on /var; expected 500 or more. /var/lib/waagent is on /var, which is mounted noexec: the agent or its extensions run programs from there.",
        "dnf install -y openssl. dnf install -y curl. Make space on /var, or enlarge the disk. mount -o remount,exec /var, and remove noexec from its line in /etc/fstab.",
    ),
    Row(
        "a lock",
        with_(
            held=(
                "/var/lib/dpkg/lock-frontend 4711 unattended-upgr",
                "/var/lib/dpkg/lock 4711 unattended-upgr",
                "/var/lib/apt/lists/lock 0 ?",
            )
        ),
        Status.FAIL,
        "unattended-upgr (process 4711) holds /var/lib/dpkg/lock-frontend and /var/lib/dpkg/lock: the installation script waits five minutes for it and stops with AZCM0145. A hidden process holds /var/lib/apt/lists/lock: the installation script waits five minutes for it and stops with AZCM0145.",
        "Wait until it is done and run again; if it hangs, find out what it does: ps -fp 4711. Wait until it is done and run again; if it hangs, find out what it does: ps -fp 0.",
    ),
    Row(
        "no space",
        with_(free=("/opt 511999", "/var 512000")),
        Status.FAIL,
        "499 MB are free on /opt; expected 500 or more.",
        "Make space on /opt, or enlarge the disk.",
    ),
    *(
        Row(
            f"read-only: {mounts}",
            with_(mounts=mounts),
            Status.FAIL,
            f"{at} is mounted read-only, so nothing can be written to {paths}; expected rw.",
            f"Find out why (dmesg | grep -iE 'remount|I/O error|EXT4-fs error|XFS'): a file system with errors is remounted read-only. Repair it, then mount -o remount,rw {at} and check its line in /etc/fstab.",
        )
        for mounts, at, paths in (
            (("/ ro,relatime",), "/", "/opt and /var"),
            (("/ ro,relatime", "/var rw"), "/", "/opt"),
            (("/ rw,relatime,errors=remount-ro", "/var ro,nosuid"), "/var", "/var"),
            (("/ rw", "/opt ro"), "/opt", "/opt"),
        )
    ),
    Row(
        "a read-only root below, and writable file systems where the agent goes",
        with_(mounts=("/ ro,relatime", "/var rw", "/opt rw")),
        Status.PASS,
        "systemd, openssl, curl and wget and the like are there; 24286 MB on /opt, 24286 MB on /var are free.",
    ),
    *(
        Row(
            f"no curl on {name}",
            {"guest": guest(tools=("systemctl", "openssl", "gpg")), "system": system(id, version, name, like=like)},
            Status.FAIL,
            "Neither curl nor wget is there to download the agent with.",
            f"{tool} install -y curl.",
        )
        for id, version, name, like, tool in (
            ("sles", "12.5", "SLES 12 SP5", "", "zypper"),
            ("sles", "15.6", "SLES 15 SP6", "suse", "zypper"),
            ("opensuse-leap", "15.6", "openSUSE Leap", "suse opensuse", "zypper"),
            ("azurelinux", "3.0", "Azure Linux", "", "tdnf"),
            ("mariner", "2.0", "CBL-Mariner", "", "tdnf"),
            ("photon", "5.0", "Photon", "", "tdnf"),
            ("rhel", "7.9", "RHEL 7", "fedora", "yum"),
            ("centos", "7", "CentOS 7", "rhel fedora", "yum"),
            *((id, "7.9", f"{id} alone", "", "yum") for id in ("ol", "scientific", "amzn", "centos", "rhel")),
            ("rhel", "8", "RHEL 8", "fedora", "dnf"),
            *((id, "15", f"SUSE ({id})", "", "zypper") for id in ("sled", "sle_hpc", "sle-micro")),
            ("amzn", "2", "Amazon Linux 2", "centos rhel fedora", "yum"),
            ("amzn", "2023", "Amazon Linux 2023", "fedora", "dnf"),
            ("rocky", "9.4", "Rocky 9", "rhel centos fedora", "dnf"),
            ("linuxmint", "22", "Mint", "ubuntu debian", "apt-get"),
        )
    ),
    Row(
        "noexec above",
        with_(mounts=("/ rw", "/var/lib rw,nosuid,noexec", "/opt rw")),
        Status.FAIL,
        "/var/lib/waagent is on /var/lib, which is mounted noexec: the agent or its extensions run programs from there.",
        "mount -o remount,exec /var/lib, and remove noexec from its line in /etc/fstab.",
    ),
    Row(
        "noexec, and something else on top",
        with_(mounts=("/ rw", "/var rw,noexec", "/var/lib/waagent rw,exec", "/opt rw,noexec", "/opt rw")),
        Status.PASS,
        "systemd, openssl, curl and wget and the like are there; 24286 MB on /opt, 24286 MB on /var are free.",
    ),
    Row(
        "curl is a snap",
        {
            "guest": replace(
                guest(tools=("systemctl", "openssl", "gpg")),
                stdout=guest(tools=("systemctl", "openssl", "gpg")).stdout + "@has curl /snap/bin/curl\n",
            ),
            "system": DEBIAN,
        },
        Status.WARN,
        "curl is the snap (/snap/bin/curl), which may write only to its own folders; expected the distribution's. The installation script stops there with AZCM0157.",
        "snap remove curl && apt-get install -y curl",
    ),
    Row(
        "not told",
        with_(free=("/opt 24869792",), mounts=(), locks=""),
        Status.UNKNOWN,
        "The VM did not report how much space is free on /var and how /opt and /var/lib/waagent are mounted and who holds which lock; all other requirements are met.",
        "On the VM, run: df -h /opt /var; findmnt /; cat /proc/locks.",
    ),
    Row(
        "garbage",
        {"guest": seen("hello\n"), "system": DEBIAN},
        Status.UNKNOWN,
        "The answer of the probe guest could not be read: expected '@init' and the name of process 1, found 'hello\\n@end\\n'.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
]
