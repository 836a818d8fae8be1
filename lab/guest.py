"""The files of the VMs: the layers of their /usr and /etc, and their own files.

::

    /usr   overlay   the VM's disk  >  its own files  >  base/usr  >  this machine's /usr
    /etc   overlay   the VM's disk  >  its own files  >  base/etc
    rest             the VM's disk, filled from base/disk and its own files; nothing of this machine

This machine's /etc is not a layer. Files in it that programs need are copied into base/etc by name, and only if every
user of this machine may read them. So a secret of the host never gets into a VM.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from lab import software
from lab.plan import GuestFile, VmPlan

#: Files of this machine's /etc that a VM gets: for the dynamic linker, PAM and shells.
HOST_ETC = (
    *("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "crypto-policies", "ssl/openssl.cnf"),
    *("pam.d", "security", "login.defs", "shells"),
    *("profile", "bash.bashrc", "inputrc", "csh", "csh.cshrc", "csh.login"),
    *("os-release", "debian_version", "system-release", "localtime", "host.conf", "protocols", "services"),
)

#: Programs that work only if root owns them: each VM gets a copy. In a user namespace the host's root is `nobody`.
OWNED_BY_ROOT = ("bin/sudo", "libexec/sudo", "lib/sudo")

OPERATOR, GUEST = 1000, 1001

_PASSWD = f"""\
root:x:0:0:root:/root:{{shell}}
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
sshd:x:100:65534::/run/sshd:/usr/sbin/nologin
operator:x:{OPERATOR}:{OPERATOR}:operator:/home/operator:/bin/bash
guest:x:{GUEST}:{GUEST}:guest:/home/guest:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
_GROUP = f"""\
root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
mail:x:8:
sudo:x:27:operator
www-data:x:33:
shadow:x:42:
utmp:x:43:
operator:x:{OPERATOR}:
guest:x:{GUEST}:
nogroup:x:65534:
"""
_SUDOERS = """\
Defaults env_reset
Defaults logfile=/var/log/sudo.log
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
root ALL=(ALL:ALL) ALL
%sudo ALL=(ALL:ALL) NOPASSWD:ALL
"""
_BASHRC = 'case $- in *i*) PS1="\\u@\\h:\\w\\$ " ;; esac\n'

#: Many sessions at once, nothing slow, and PAM, because only PAM reads /etc/environment.
_SSHD_CONFIG = """\
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM yes
UseDNS no
PrintMotd no
PrintLastLog no
PidFile none
MaxStartups 200:30:400
MaxSessions 100
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
"""


#: The folders of an empty disk, and its links into /usr and /run.
_FOLDERS = "dev etc home media mnt opt proc root run srv sys tmp usr var/cache var/lib var/log var/mail var/tmp".split()
_LINKS = {"var/run": "/run", "var/lock": "/run/lock"} | {f: f"usr/{f}" for f in ("bin", "sbin", "lib", "lib64")}

#: /dev: these devices of this machine, which `lab.inside` mounts, and the usual links.
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEVICE_LINKS = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}


def write_base(base: Path, client_public_key: str, trusted: str) -> None:
    """The files that all VMs share; `trusted` is the PEM text of the authorities that a healthy one trusts.

    The nodes of `DEVICES` are empty files, as mount points.
    """
    for name in ("etc", "usr/bin", "dev/pts", "dev/shm", *(f"disk/{folder}" for folder in _FOLDERS)):
        (base / name).mkdir(parents=True)
    for name in DEVICES:
        (base / "dev" / name).touch()
    for folder, links in (("dev", _DEVICE_LINKS), ("disk", _LINKS)):
        for name, target in links.items():
            (base / folder / name).symlink_to(target)
    (base / "disk/root").chmod(0o700)
    for folder in ("disk/tmp", "disk/var/tmp"):
        (base / folder).chmod(0o1777)
    for log in ("auth.log", "sudo.log", "wtmp"):
        (base / "disk/var/log" / log).touch()
    for entry in HOST_ETC:
        _copy_public(Path("/etc") / entry, base / "etc" / entry)
    for entry in OWNED_BY_ROOT:
        _copy_public(Path("/usr") / entry, base / "usr" / entry)
    files = {
        "/etc/default/locale": GuestFile(""),
        "/etc/group": GuestFile(_GROUP),
        "/etc/gshadow": GuestFile("", 0o640),
        "/etc/nsswitch.conf": GuestFile("passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"),
        "/etc/profile.d/README": GuestFile("Scripts here are read by login shells only.\n"),
        "/etc/shadow": GuestFile("".join(f"{row.split(':')[0]}:*:19000:0:99999:7:::\n" for row in _PASSWD.split()
                                         if ":" in row), 0o640),
        "/etc/sudoers": GuestFile(_SUDOERS, 0o440),
        "/usr/share/lab/README": GuestFile("This VM is a stand-in of the lab.\n"),
    }  # fmt: skip
    for home, owner in (("/root", 0), ("/home/operator", OPERATOR), ("/home/guest", GUEST)):
        files[f"{home}/.bashrc"] = GuestFile(_BASHRC, owner=owner)
        files[f"{home}/.ssh/authorized_keys"] = GuestFile(client_public_key + "\n", 0o600, owner)
    _write(_place(base, layer=base), files | software.base(trusted))


def write_vm(vm: Path, plan: VmPlan, host_key: str, trusted: str, strangers_key: str) -> None:
    """The files of one VM, in `vm`, and the script that is its first process.

    `trusted` is the PEM text of its trusted authorities, `strangers_key` a public key other than the controller's.
    """
    for name in ("layer/etc", "layer/usr", "files", "disk"):
        (vm / name).mkdir(parents=True)
    files = {
        "/etc/environment": GuestFile("".join(f"{name}={value}\n" for name, value in plan.environment.items())),
        "/etc/hostname": GuestFile(f"{plan.name}\n"),
        "/etc/hosts": GuestFile(f"127.0.0.1 localhost\n::1 localhost ip6-localhost\n127.0.1.1 {plan.name}\n"),
        "/etc/passwd": GuestFile(_PASSWD.format(shell=plan.shell)),
        "/etc/resolv.conf": GuestFile(f"nameserver {plan.resolver}\noptions timeout:1 attempts:1\n"),
        "/etc/ssh/ssh_host_ed25519_key": GuestFile(host_key, 0o600),
        "/etc/ssh/sshd_config": GuestFile(_sshd_config(plan)),
    }
    for bundle in software.BUNDLES:
        files[bundle] = GuestFile(trusted)
    if not plan.accepts_client_key:
        for home, owner in (("/root", 0), ("/home/operator", OPERATOR), ("/home/guest", GUEST)):
            files[f"{home}/.ssh/authorized_keys"] = GuestFile(strangers_key + "\n", 0o600, owner)
    place = _place(vm, layer=vm / "layer", rest=vm / "files")
    if plan.curl:
        files["/usr/bin/curl"] = GuestFile(Path(plan.curl).read_bytes(), 0o755)
    _write(place, files | software.files(plan) | plan.files)
    for path, target in (software.links(plan) | plan.links).items():
        link = place(path)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    (vm / "boot").write_text(_boot_script(plan), encoding="utf-8")


def _sshd_config(plan: VmPlan) -> str:
    """`_SSHD_CONFIG`, in which the plan's lines replace those with the same keyword."""
    theirs = {line.split()[0] for line in plan.sshd}
    ours = [line for line in _SSHD_CONFIG.splitlines() if line.split()[0] not in theirs]
    return "".join(f"{line}\n" for line in [*plan.sshd, *ours])


def _boot_script(plan: VmPlan) -> str:
    """The VM's first process: it runs the boot commands of software and faults, then becomes sshd."""
    serve = "exec /usr/sbin/sshd -D -r -E /var/log/auth.log" if plan.port22 == "sshd" else "exec sleep infinity"
    return "\n".join(
        [
            "umask 022",
            *software.boot(plan),
            *plan.boot,
            "echo ready >&3",
            f"{serve} 3>&- </dev/null >/dev/null 2>&1",
            "",
        ]
    )


def _place(root: Path, layer: Path, rest: Path | None = None) -> Callable[[str], Path]:
    """A function from a path in the guest to the file to write: /usr and /etc in a layer, the rest beside it."""

    def place(path: str) -> Path:
        top = path.split("/")[1]
        return (layer if top in ("etc", "usr") else rest or root / "disk") / path.lstrip("/")

    return place


def _write(place: Callable[[str], Path], files: dict[str, GuestFile]) -> None:
    for path, file in files.items():
        target = place(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.content is None:
            os.mknod(target, stat.S_IFCHR, os.makedev(0, 0))  # a deleted file, in an overlay
            continue
        data = file.content.encode() if isinstance(file.content, str) else file.content
        target.unlink(missing_ok=True)
        target.write_bytes(data)
        target.chmod(file.mode)
        home = path.split("/")[1:3]
        if file.owner:
            for part in (target, *target.parents):
                os.chown(part, file.owner, file.owner)
                if part.name == home[-1]:
                    break
        if target.parent.name == ".ssh":
            target.parent.chmod(0o700)
            target.parent.parent.chmod(0o700)


def _copy_public(source: Path, target: Path) -> None:
    """Copy a file or folder, without what only some users may read; ignore a missing one."""

    def hidden(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if not _public(Path(folder) / name)]

    if not source.exists() or not _public(source):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, ignore=hidden)
    elif source.is_symlink() and target.parent.name == "etc" and source.name == "os-release":
        target.symlink_to(os.readlink(source))
    else:
        shutil.copy(source, target)


def _public(path: Path) -> bool:
    """Whether every user of this machine may read it. A symbolic link itself contains no secret."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return True
    wanted = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) else 0)
    return (stat.S_ISDIR(mode) or stat.S_ISREG(mode)) and mode & wanted == wanted
