"""The guest for the Connected Machine agent: its system, its tools, its disks, and the holders of apt's locks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import PurePosixPath

from plugins import ProbeResult, probe, quote
from plugins.requirements.data_files import read_as, read_table
from suites.probes import windows_guest
from suites.probes.one_value import must_be_once
from suites.probes.windows_guest import WindowsGuest
from suites.wording import plain


@dataclass(frozen=True, slots=True)
class SupportedSystem:
    """One system of Microsoft's table. Versions are beginnings of VERSION_ID, part by part."""

    name: str
    versions: tuple[str, ...]
    arm64: tuple[str, ...]
    limited: Mapping[str, str] = field(default_factory=dict)  # version -> why
    ended: Mapping[str, str] = field(default_factory=dict)  # version -> since when
    unlisted: Mapping[str, str] = field(default_factory=dict)  # pattern for a variant or a name -> why it is not in it

    def why_not(self, system: OperatingSystem) -> str:
        """Why the table does not have this variant of a version that it lists; "" = it has it."""
        text = "\n".join((*system.variant, system.name))
        return next((why for pattern, why in self.unlisted.items() if re.search(pattern, text, re.M)), "")


@dataclass(frozen=True, slots=True)
class AgentNeeds:
    """data/operating-systems.toml."""

    source: str
    date: date
    architectures: Mapping[str, str]
    systems: Mapping[str, SupportedSystem]
    free_megabytes: int
    free_at: tuple[str, ...]
    executable: tuple[str, ...]
    locks: tuple[str, ...]


@cache
def agent_needs() -> AgentNeeds:
    """The agent's requirements on a guest, from the data file."""
    return read_as("operating-systems", AgentNeeds)


@dataclass(frozen=True, slots=True)
class OperatingSystem:
    """The content of /etc/os-release and the output of uname."""

    id: str  # "ubuntu", "" = there is no os-release
    version: str  # "22.04", "" for a release without one (Debian testing)
    name: str  # "Ubuntu 22.04.5 LTS"
    like: tuple[str, ...]  # "debian"
    machine: str  # "x86_64"
    variant: tuple[str, ...] = ()  # Windows: EditionID and InstallationType: "ServerStandard", "Server Core"

    @classmethod
    def read(cls, result: ProbeResult) -> OperatingSystem:
        r"""Read the file, then the machine.

        ::

            PRETTY_NAME="Ubuntu 22.04.5 LTS"
            VERSION_ID="22.04"
            ID=ubuntu
            ID_LIKE=debian
            @machine x86_64
        """
        stdout = result.stdout.replace("\r", "")
        must_be_once("@machine", stdout)
        machine = re.search(r"^@machine (\S+)\n", stdout, re.M)  # a word that is cut is a word
        if not machine:
            raise ValueError(f"expected '@machine' and what uname -m says, found {result.stdout[-60:]!r}")
        values = {name: _unquoted(value) for name, value in re.findall(r"^([A-Z_]+)=(.*)$", stdout, re.M)}
        id, version = values.get("ID", "").lower(), values.get("VERSION_ID", "")
        return cls(
            id=id,
            version=version,
            name=values.get("PRETTY_NAME") or " ".join(filter(None, (values.get("NAME") or id, version))),
            like=tuple(values.get("ID_LIKE", "").lower().split()),
            machine=plain(machine[1]),
            variant=tuple(values[key] for key in ("VARIANT_ID", "VARIANT") if values.get(key)),
        )

    @property
    def of_debian(self) -> bool:
        """True for Debian, Ubuntu and their derivatives."""
        return bool({"debian", "ubuntu"} & {self.id, *self.like})

    @property
    def package_tool(self) -> str:
        """The tool that installs packages here, by ID, ID_LIKE and version."""
        family = {self.id, *self.like}
        if self.of_debian:
            return "apt-get"
        if any("suse" in name or name in ("sles", "sled", "sle_hpc", "sle-micro") for name in family):
            return "zypper"
        if family & {"azurelinux", "mariner", "photon"}:
            return "tdnf"
        major = re.match(r"\d+", self.version)
        old = major is not None and int(major[0]) < 8  # RHEL 7 and its kin, Amazon Linux 2
        return "yum" if old and family & {"rhel", "centos", "ol", "amzn", "scientific"} else "dnf"


#: What the shell reads as one word that needs no parser: most values are.
_SIMPLE = re.compile(r'"([^"\\]*)"|([\w.:/@+-]*)')


def _unquoted(value: str) -> str:
    """A value as the shell reads it: ``"Ubuntu 22.04.5 LTS"``, ``ubuntu``."""
    if simple := _SIMPLE.fullmatch(value):
        return plain(simple[1] or simple[2] or "")
    try:
        return plain(" ".join(shlex.split(value)))
    except ValueError:
        return plain(value.strip())


_windows = read_table("operating-systems")["windows"]

system = probe(
    "for file in /etc/os-release /usr/lib/os-release; do\n"
    '  [ -r "$file" ] || continue\n'
    '  while IFS= read -r line || [ "$line" ]; do printf "%s\\n" "$line"; done <"$file"\n'
    "  break\n"
    "done\n"
    "echo\nprintf '@machine '\nexec uname -m",
    windows=windows_guest.system_command(
        *(_windows[key] for key in ("builds", "first_build_of_10", "first_build_of_11"))
    ),
    timeout=5,
    cap=4096,
    read=OperatingSystem.read,
)


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock of apt or dpkg that a process holds."""

    file: str
    pid: str
    process: str  # "apt-get", "?" = not visible


@dataclass(frozen=True, slots=True)
class Guest:
    """Tools, disks, mounts and locks."""

    init: str  # the name of process 1
    booted: bool  # by systemd: /run/systemd/system exists, as sd_booted(3) tests
    tools: Mapping[str, str]  # "curl": "/usr/bin/curl"; only installed ones
    free: Mapping[str, int]  # "/var": available KiB; only mounts that df printed
    mounts: Mapping[str, tuple[str, ...]]  # "/var": ("rw", "noexec"); only those above the relevant paths
    locks: tuple[Lock, ...] | None  # None: the kernel does not list them

    @classmethod
    def read(cls, result: ProbeResult) -> Guest:
        """Read the probe.

        ::

            @init systemd
            @booted
            @has curl /usr/bin/curl
            @locks
            @held /var/lib/dpkg/lock-frontend 4711 unattended-upgr
            @mount / rw,relatime
            @free /opt /var
            Filesystem     1024-blocks     Used Available Capacity Mounted on
            /dev/vda1         30298176  5412000  24869792      18% /
            /dev/vda1         30298176  5412000  24869792      18% /
        """
        text = result.stdout.replace("\r", "")
        init = re.search(r"^@init ?(.*)$", text, re.M)
        must_be_once("@init", text)
        if not init:
            raise ValueError(f"expected '@init' and the name of process 1, found {text[:60]!r}")
        return cls(
            init=plain(init[1].strip()),
            booted=bool(re.search(r"^@booted$", text, re.M)),
            tools=dict(re.findall(r"^@has (\S+) (.+)$", text, re.M)),
            free=_free(text),
            mounts={at: tuple(options.split(",")) for at, options in re.findall(r"^@mount (\S+) (\S+)$", text, re.M)},
            locks=tuple(Lock(*map(plain, match)) for match in re.findall(r"^@held (\S+) (\d+) (.+)$", text, re.M))
            if re.search(r"^@locks$", text, re.M)
            else None,
        )

    def options_of(self, path: str) -> tuple[str, tuple[str, ...]]:
        """The mount that holds `path`, and its options; ("", ()) when it is not listed."""
        folder = path
        while folder not in self.mounts:
            if folder in ("", "/"):
                return "", ()
            folder = folder.rpartition("/")[0] or "/"
        return folder, self.mounts[folder]


def _free(text: str) -> dict[str, int]:
    """KiB by path: df has a row for each, in their order. A path whose row is missing makes all of them unknown."""
    free: dict[str, int] = {}
    for paths, rows in re.findall(r"^@free (.+)\n.*\n((?:.* \d+ +\d+ +\d+ +\d+% .*\n)+)", text, re.M):
        kib = re.findall(r" \d+ +\d+ +(\d+) +\d+% .*\n", rows)
        if len(kib) == len(paths.split()):
            free.update(zip(paths.split(), map(int, kib), strict=True))
    return free


def _command() -> str:
    needs = agent_needs()
    above = {
        str(folder)
        for path in (*needs.executable, *needs.free_at)
        for folder in (PurePosixPath(path), *PurePosixPath(path).parents)
    }
    # The probe takes no lock: the kernel lists the holders of locks, by inode. A waiting "->" line has its fields
    # elsewhere, so it never matches. For a path that does not exist yet, df reads the root, where it would be made.
    return "\n".join(
        [
            "init=",
            "{ read -r init </proc/1/comm; } 2>/dev/null",
            'echo "@init $init"',
            "[ -d /run/systemd/system ] && echo @booted",
            "for tool in systemctl openssl gpg curl wget; do",
            '  command -v "$tool" >/dev/null && printf "@has $tool " && command -v "$tool"',
            "done",
            "[ -r /proc/locks ] && echo @locks",
            f"held=$(ls -i {' '.join(map(quote, needs.locks))} 2>/dev/null)",
            "e=$?",
            "[ $e -lt 126 ] || exit $e",  # 1, 2: not all of these locks exist
            "printf '%s\\n' \"$held\" | while read -r inode file; do",
            '  [ "$inode" ] || continue',
            "  while read -r _ _ _ mode pid place _; do",
            '    case $mode:$place in WRITE:*:"$inode") ;; *) continue ;; esac',
            "    who=",
            '    { read -r who <"/proc/$pid/comm"; } 2>/dev/null',
            '    echo "@held $file $pid ${who:-?}"',
            "  done </proc/locks",
            "done",
            "while read -r _ at _ options _; do",
            f'  case $at in {" | ".join(map(quote, sorted(above)))}) echo "@mount $at $options" ;; esac',
            "done </proc/self/mounts",
            "set --",
            f"for path in {' '.join(map(quote, needs.free_at))}; do",
            '  [ -d "$path" ] || path=/',
            '  set -- "$@" "$path"',
            "done",
            f"echo @free {' '.join(map(quote, needs.free_at))}",
            'df -Pk "$@"',
            "echo @end",
        ]
    )


def _read_guest(result: ProbeResult) -> Guest | WindowsGuest:
    return (WindowsGuest if result.stdout.startswith("@windows") else Guest).read(result)


guest = probe(_command(), windows=windows_guest.GUEST, timeout=8, read=_read_guest)
