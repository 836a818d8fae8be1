"""The keys to log in with: private key files, their certificates, and the agent. Each is read once per run.

The order of the offers: keys named by IdentityFile or the fleet file (signed by the agent when it holds them), then
the agent's other keys unless IdentitiesOnly says no, then ``~/.ssh/id_*``. A key's certificate goes before the key.
A passphrase is never asked for: an encrypted key needs the agent.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)
from paramiko import ECDSAKey, Ed25519Key, Message, PKey, RSAKey, SSHException
from paramiko.agent import AgentKey, AgentSSH

from plugins.core.files import read_regular
from plugins.ssh.hop import Hop
from plugins.ssh.known_hosts import fingerprint

_AGENT_LIMIT = 10.0  # seconds for one answer of the agent, which may wait for a person


@dataclass(frozen=True, slots=True)
class KeyOffer:
    """One key to try, and its name in messages."""

    key: PKey
    label: str


@dataclass(frozen=True, slots=True)
class _KeyFile:
    path: Path
    blob: bytes = b""  # the public key, if it could be read
    key: PKey | None = None
    certificate: PKey | None = None  # the same key together with FILE-cert.pub
    problem: str = ""  # why there is no key


class _Agent(AgentSSH):
    """An agent that many threads may query, with a time limit."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._turn = threading.Lock()
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_AGENT_LIMIT)
        try:
            connection.connect(path)
            self._connect(connection)  # type: ignore[attr-defined]  # the stubs leave out what subclasses use
        except BaseException:
            connection.close()
            raise

    def _send_message(self, msg: Any) -> Any:
        with self._turn:
            return super()._send_message(msg)  # type: ignore[misc]  # as above

    def close(self) -> None:
        self._close()  # type: ignore[attr-defined]  # as above


class KeyRing:
    """The keys of a run. Safe to use from many threads."""

    def __init__(self) -> None:
        """Start empty; files and agents are read on first use."""
        self._lock = threading.Lock()
        self._files: dict[Path, _KeyFile] = {}
        self._agents: dict[str, tuple[_Agent | None, str]] = {}
        self._offers: dict[tuple[object, ...], tuple[list[KeyOffer], list[str]]] = {}

    def offers(self, hop: Hop) -> tuple[list[KeyOffer], list[str]]:
        """The keys to try for a login, best first, and why other keys cannot be tried."""
        wanted = (hop.identity_files, hop.default_files, hop.identities_only, hop.certificates, hop.agent)
        with self._lock:
            if wanted not in self._offers:
                problems: list[str] = []
                self._offers[wanted] = (list(self._collect(hop, problems)), problems)
            return self._offers[wanted]

    def close(self) -> None:
        """Disconnect from the agents."""
        with self._lock:
            for agent, _ in self._agents.values():
                if agent:
                    agent.close()
            self._agents.clear()
            self._offers.clear()

    def _collect(self, hop: Hop, problems: list[str]) -> Iterator[KeyOffer]:
        held = {key.blob: key for key in self._agent_keys(hop.agent, problems)}
        files = [self._file(path) for path in hop.identity_files]
        named = [] if hop.default_files else files
        used: set[bytes] = set()
        for file in named:
            yield from self._of_file(file, held, used, hop, problems, quiet=False)
        if not hop.identities_only:
            for blob, key in held.items():
                if blob not in used:
                    yield KeyOffer(key, f"the agent's {key.comment or key.name} ({_print(blob)})")
        for file in files if hop.default_files else []:
            if hop.identities_only or file.blob not in held:  # otherwise the agent's keys include it
                yield from self._of_file(file, held, used, hop, problems, quiet=True)

    def _of_file(
        self, file: _KeyFile, held: dict[bytes, AgentKey], used: set[bytes], hop: Hop, problems: list[str], quiet: bool
    ) -> Iterator[KeyOffer]:
        """The offers that one identity file gives; `quiet`: a file may be missing."""
        if file.key is not None:
            for path in hop.certificates:
                if certified := _certified(file.path, path, problems):
                    yield KeyOffer(certified, f"{file.path} with the certificate {path}")
            if file.certificate is not None:
                yield KeyOffer(file.certificate, f"{file.path} with its certificate")
        agents = held.get(file.blob) if file.blob else None
        if agents is not None:
            used.add(file.blob)
            yield KeyOffer(agents, f"{file.path} through the agent ({_print(file.blob)})")
        elif file.key is not None:
            yield KeyOffer(file.key, f"{file.path} ({_print(file.blob)})")
        elif not (quiet and not file.path.exists()):
            problems.append(file.problem)

    def _file(self, path: Path) -> _KeyFile:
        if path not in self._files:
            self._files[path] = _read(path)
        return self._files[path]

    def _agent_keys(self, path: str, problems: list[str]) -> list[AgentKey]:
        if not path:
            return []
        if path not in self._agents:
            try:
                self._agents[path] = (_Agent(path), "")
            except (OSError, SSHException, ValueError) as error:
                self._agents[path] = (None, f"the agent at {path} does not answer ({error})")
        agent, problem = self._agents[path]
        if agent is None:
            problems.append(problem)
            return []
        keys = list(agent.get_keys())
        touch = [key for key in keys if key.name.startswith("sk-")]
        if touch:
            problems.append(f"{len(touch)} security key(s) of the agent need a touch for every VM, and are not offered")
        return [key for key in keys if key not in touch]


def _print(blob: bytes) -> str:
    return fingerprint(base64.b64encode(blob).decode())


def _certified(path: Path, certificate: Path, problems: list[str]) -> PKey | None:
    try:
        key = load_private_key(read_regular(path, _LONGEST))
        _certify(key, certificate)
    except Exception as error:  # the loaders raise many kinds
        problems.append(f"{certificate} is not a certificate for {path} ({error})")
        return None
    return key


def _certify(key: PKey, certificate: Path) -> None:
    """Load ``ssh-ed25519-cert-v01@openssh.com AAAA... comment``: paramiko itself would read a file of any size."""
    blob = base64.b64decode(read_regular(certificate, _LONGEST).split()[1])
    if key.asbytes()[4 + len(key.get_name()) :] not in blob:  # the key without its type, which paramiko compares
        raise ValueError("it is for another key")
    key.load_certificate(Message(blob))


def _read(path: Path) -> _KeyFile:
    try:
        data = read_regular(path, _LONGEST)
    except FileNotFoundError:
        public = path.with_name(path.name + ".pub")  # the private key may be in the agent only
        return _KeyFile(path, _public_line(public), problem=f"there is no file {path}")
    except OSError as error:
        return _KeyFile(path, problem=f"{path} cannot be read ({error.strerror})")
    blob, encrypted = _look_inside(data)
    blob = blob or _public_line(path) or _public_line(path.with_name(path.name + ".pub"))
    if encrypted:
        return _KeyFile(path, blob, problem=f"{path} is encrypted and not in the agent")
    try:
        key = load_private_key(data)
    except Exception as error:  # the loaders raise many kinds; none of them may stop the run
        return _KeyFile(
            path, blob, problem=f"{path} is not a private key that can be used ({type(error).__name__}: {error})"
        )
    certificate: PKey | None = None
    beside = path.with_name(f"{path.name}-cert.pub")
    if beside.is_file():
        try:
            certificate = load_private_key(data)
            _certify(certificate, beside)
        except Exception:  # not a certificate for this key: the key is offered alone, as ssh does
            certificate = None
    return _KeyFile(path, key.asbytes(), key, certificate)


_LONGEST = 1 << 20  # bytes of a key file
_PEM = re.compile(rb"^-----BEGIN ([A-Z ]*PRIVATE KEY)-----[ \t]*$.+?^-----END \1-----", re.DOTALL | re.MULTILINE)


def load_private_key(data: bytes) -> PKey:
    """A private key without a passphrase: OpenSSH's own format, PKCS#8, or PEM; comments or a BOM may precede it.

    Raises the exceptions of the loaders.
    """
    match = _PEM.search(data.replace(b"\r\n", b"\n").removeprefix(b"\xef\xbb\xbf"))
    if not match:
        raise ValueError("it has no private key in it")
    block = match[0] + b"\n"
    if match[1] == b"OPENSSH PRIVATE KEY":
        loaded: Any = load_ssh_private_key(block, None)
    else:
        loaded = load_pem_private_key(block, None)
    text = loaded.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    kind = loaded.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[0].decode()
    classes: dict[str, type[PKey]] = {"ssh-rsa": RSAKey, "ssh-ed25519": Ed25519Key}
    return classes.get(kind, ECDSAKey).from_private_key(io.StringIO(text))


def _public_line(path: Path) -> bytes:
    """The key in a public key file: ``ssh-ed25519 AAAA... comment``."""
    try:
        words = read_regular(path, _LONGEST).decode("utf-8", "replace").split()
        return base64.b64decode(words[1], validate=True) if re.match("ssh-|ecdsa-|sk-", words[0]) else b""
    except (OSError, IndexError, binascii.Error):
        return b""


_MAGIC = b"openssh-key-v1\0"


def _look_inside(data: bytes) -> tuple[bytes, bool]:
    """The public key of a private key file (it is not encrypted), and whether the private part is.

    After the magic: cipher name, KDF name, KDF options, the number of keys, the public key.
    """
    match = re.search(rb"-----BEGIN OPENSSH PRIVATE KEY-----(.+?)-----END", data, re.DOTALL)
    if not match:
        return b"", b"Proc-Type: 4,ENCRYPTED" in data or b"BEGIN ENCRYPTED PRIVATE KEY" in data
    try:
        raw = base64.b64decode(b"".join(match[1].split()))
        if not raw.startswith(_MAGIC):
            return b"", False
        message = Message(raw.removeprefix(_MAGIC))
        cipher, _, _ = (message.get_binary() for _ in range(3))
        message.get_int()
        return message.get_binary(), cipher != b"none"
    except (binascii.Error, SSHException, ValueError):
        return b"", False
