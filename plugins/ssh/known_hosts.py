"""known_hosts files: which host keys are known, with the file and line of each.

A file is parsed once per run. Plain names are looked up in a dict; hashed names (``|1|salt|hash``) cost one HMAC
per entry and are tried only when no plain name matched; patterns (``*.example.com,!bad.example.com``) come last.

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
from fnmatch import fnmatchcase
from pathlib import Path


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


def fingerprint(key: str) -> str:
    """``SHA256:...`` of a base64 key, as ssh-keygen -l prints it."""
    digest = hashlib.sha256(base64.b64decode(key + "=" * (-len(key) % 4))).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def host_name(host: str, port: int) -> str:
    """What known_hosts calls a host: ``10.0.0.4``, or ``[10.0.0.4]:2222`` when the port is not 22."""
    return host.lower() if port == 22 else f"[{host.lower()}]:{port}"


class KnownHosts:
    """All known_hosts files of a run. Safe to use from many threads."""

    def __init__(self) -> None:
        """Start with no file read; each is read when first asked for."""
        self._files: dict[Path, _File] = {}
        self._lock = threading.Lock()

    def find(self, files: Sequence[Path], name: str) -> list[Entry]:
        """The entries for a host, as `host_name` calls it, in file order; marked ones included."""
        return [entry for path in files for entry in self._in_file(self._file(path), name)]

    def add(self, path: Path, name: str, kind: str, key: str) -> None:
        """Append a host key. OSError when the file cannot be written."""
        with self._lock:
            known = self._files.setdefault(path, _File())
            known.plain.setdefault(name, []).append(Entry(name, kind, key, path, 0))
            line = _append(path, f"{name} {kind} {key}\n")
            known.plain[name][-1] = Entry(name, kind, key, path, line)

    def _file(self, path: Path) -> _File:
        with self._lock:
            if path not in self._files:
                self._files[path] = _parse(path)
            return self._files[path]

    @staticmethod
    def _in_file(known: _File, name: str) -> Iterator[Entry]:
        plain = known.plain.get(name, [])
        yield from plain
        if not any(entry.marker == "" for entry in plain):
            raw = name.encode()
            for salt, digest, entry in known.hashed:
                if hmac.digest(salt, raw, "sha1") == digest:
                    yield entry
        for entry in known.patterns:
            if _matches(entry.hosts, name):
                yield entry


def _matches(hosts: str, name: str) -> bool:
    patterns = hosts.lower().split(",")
    if any(pattern.startswith("!") and _like(name, pattern[1:]) for pattern in patterns):
        return False
    return any(_like(name, pattern) for pattern in patterns)


def _like(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern.replace("[", "[[]"))  # "[" is no wildcard here: [10.0.0.4]:2222


def _parse(path: Path) -> _File:
    known = _File()
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return known  # as ssh does: a missing file knows nobody
    for number, line in enumerate(lines, 1):
        marker, words = "", line.split()
        if words and words[0].startswith("@"):
            marker, *words = words
        if len(words) < 3 or words[0].startswith("#") or not _is_key(words[2]):
            continue
        entry = Entry(words[0], words[1], words[2], path, number, marker)
        if entry.hosts.startswith("|1|"):
            parts = entry.hosts.split("|")
            if len(parts) == 4 and _is_key(parts[2]) and _is_key(parts[3]):
                known.hashed.append((base64.b64decode(parts[2]), base64.b64decode(parts[3]), entry))
        elif any(mark in entry.hosts for mark in "*?!"):
            known.patterns.append(entry)
        else:
            for name in entry.hosts.lower().split(","):
                known.plain.setdefault(name, []).append(entry)
    return known


def _is_key(text: str) -> bool:
    return len(text) % 4 == 0 and re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", text) is not None


def _append(path: Path, line: str) -> int:
    """Add a line to the file, made if need be; returns its number."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # another run may do the same
        before = file.read()
        cut = bool(before) and not before.endswith(b"\n")  # the last line may lack its end
        file.write(b"\n" * cut + line.encode())
    return before.count(b"\n") + cut + 1
