"""known_hosts files: the known host keys, with the file and line of each.

A file is parsed once per run. Plain names are looked up in a dict; hashed names (``|1|salt|hash``) cost one HMAC per
entry and host; patterns (``*.example.com,!bad.example.com``) are tried one by one. As in OpenSSH, all of them count,
and a line is ignored if its marker is not known, or its key is broken or of another type than stated.

Sample lines::

    vm-a,10.0.0.4 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI...
    [10.0.0.5]:2222 ecdsa-sha2-nistp256 AAAAE2VjZHNh...
    |1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 AAAA...
    @revoked * ssh-rsa AAAA...
    @cert-authority *.example.com ssh-ed25519 AAAA...
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import os
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_public_identity

from plugins.core.files import read_regular
from plugins.ssh.config_syntax import match_list


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a known_hosts file."""

    hosts: str
    kind: str  # "ssh-ed25519"
    key: str  # base64
    file: Path
    line: int
    marker: str = ""  # "@revoked", "@cert-authority"

    @property
    def place(self) -> str:
        """``file:line``."""
        return f"{self.file}:{self.line}"


@dataclass(slots=True)
class _File:
    plain: dict[str, list[Entry]] = field(default_factory=dict)
    hashed: list[tuple[bytes, bytes, Entry]] = field(default_factory=list)
    patterns: list[Entry] = field(default_factory=list)
    by_name: dict[str, list[Entry]] = field(default_factory=dict)  # for the requested names


def fingerprint(key: str) -> str:
    """``SHA256:...`` of a base64 key, as ssh-keygen -l prints it."""
    digest = hashlib.sha256(base64.b64decode(key)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def host_name(host: str, port: int) -> str:
    """The name of a host in known_hosts: ``10.0.0.4``, or ``[10.0.0.4]:2222`` when the port is not 22."""
    return host.lower() if port == 22 else f"[{host.lower()}]:{port}"


class KnownHosts:
    """All known_hosts files of a run. Safe to use from many threads."""

    def __init__(self) -> None:
        """Start with no file read; each is read on first use."""
        self._files: dict[Path, _File] = {}
        self._lock = threading.Lock()

    def find(self, files: Sequence[Path], name: str) -> list[Entry]:
        """The entries for a host, as `host_name` calls it, in file order; marked ones included."""
        return [entry for path in files for entry in self._in_file(self._file(path), name)]

    def add(self, path: Path, name: str, kind: str, key: str) -> None:
        """Append a host key. OSError when the file cannot be written."""
        with self._lock:
            file = self._files.setdefault(path, _File())
            file.by_name.clear()
            file.plain.setdefault(name, []).append(Entry(name, kind, key, path, 0))
            line = _append(path, f"{name} {kind} {key}\n")
            file.plain[name][-1] = Entry(name, kind, key, path, line)

    def _file(self, path: Path) -> _File:
        with self._lock:
            if path not in self._files:
                self._files[path] = _parse(path)
            return self._files[path]

    @staticmethod
    def _in_file(known: _File, name: str) -> list[Entry]:
        if name not in known.by_name:
            known.by_name[name] = sorted(
                (entry for entry in _matching(known, name) if is_host_key(entry.kind, entry.key)),
                key=lambda entry: entry.line,
            )
        return known.by_name[name]


def _matching(known: _File, name: str) -> Iterator[Entry]:
    yield from known.plain.get(name, [])
    raw = name.encode()
    for salt, digest, entry in known.hashed:
        if hmac.digest(salt, raw, "sha1") == digest:
            yield entry
    for entry in known.patterns:
        if match_list(name, entry.hosts.lower()):
            yield entry


def _parse(path: Path) -> _File:
    file = _File()
    try:
        lines = read_regular(path, _LONGEST).decode("utf-8", "replace").split("\n")
    except OSError:
        return file  # as in ssh: a missing file has no keys
    for number, line in enumerate(lines, 1):
        marker, text = _marker(line.strip(" \t\r"))
        words = re.split("[ \t]+", text)
        if marker is None or len(words) < 3 or words[0].startswith("#") or not _is_base64(words[2]):
            continue
        entry = Entry(words[0], words[1], words[2], path, number, marker)
        if entry.hosts.startswith("|"):
            parts = entry.hosts.split("|")
            if len(parts) == 4 and parts[1] == "1" and _is_base64(parts[2]) and _is_base64(parts[3]):
                salt = base64.b64decode(parts[2])
                if len(salt) == _SALT:
                    file.hashed.append((salt, base64.b64decode(parts[3]), entry))
        elif any(mark in entry.hosts for mark in "*?!"):
            file.patterns.append(entry)
        else:
            for name in set(entry.hosts.lower().split(",")):
                file.plain.setdefault(name, []).append(entry)
    return file


def _marker(line: str) -> tuple[str | None, str]:
    """The line's marker and the rest; None: an unknown marker, or two."""
    marker = ""
    while line.startswith("@"):
        word, blank, rest = line.partition(" " if " " in line else "\t")  # a tab ends it only if no blank follows
        if marker or not blank or word not in ("@revoked", "@cert-authority"):
            return None, ""
        marker, line = word, rest.lstrip(" \t")
    return marker, line


_LONGEST = 256 << 20  # bytes of a known_hosts file: 100,000 hosts with three keys have 40 MB
_SALT = 20  # bytes


def _is_base64(text: str) -> bool:
    return len(text) % 4 == 0 and re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", text) is not None


#: The types of host keys.
_KINDS = frozenset(
    "ssh-rsa ssh-ed25519 sk-ssh-ed25519@openssh.com ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 "
    "sk-ecdsa-sha2-nistp256@openssh.com".split()
)
_DSS = "AAAAB3NzaC1kc3M"  # the beginning of an ssh-dss key, which cryptography no longer reads


def is_host_key(kind: str, key: str) -> bool:
    """Whether the base64 text is a key of this type, which the key itself also names."""
    if kind not in _KINDS:
        return kind == "ssh-dss" and key.startswith(_DSS)
    try:
        load_ssh_public_identity(f"{kind} {key}".encode())
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _append(path: Path, line: str) -> int:
    """Add a line to the file, created if necessary; returns its number."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # another run may write at the same time
        before = file.read()
        cut = bool(before) and not before.endswith(b"\n")  # the last line may lack a newline
        file.write(b"\n" * cut + line.encode())
    return before.count(b"\n") + cut + 1
