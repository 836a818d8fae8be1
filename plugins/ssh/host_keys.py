"""The host key policy over `plugins.ssh.known_hosts`, and its messages."""

from __future__ import annotations

import base64
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Literal

from paramiko import PKey

from plugins.ssh.errors import SshError
from plugins.ssh.hop import Hop, unusable
from plugins.ssh.host_certificate import CertificateProblem, HostCertificate, read_certificate
from plugins.ssh.known_hosts import Entry, KnownHosts, fingerprint, host_name, is_host_key

HostKeys = Literal["strict", "accept-new", "off"]


class HostKeyPolicy:
    """Judges the host keys of a run by one policy. Safe to use from many threads."""

    def __init__(self, policy: HostKeys) -> None:
        """strict: only known keys; accept-new: an unknown host's key is added to known_hosts; off: no check."""
        self.policy = policy
        self._known = KnownHosts()
        self._adding = threading.Lock()

    def kinds(self, hop: Hop) -> set[str]:
        """The key types that are known for a host: requested first, as ssh does."""
        if self.policy == "off":
            return set()
        return {entry.kind for entry in self._entries(hop, _name(hop)) if not entry.marker}

    def wants_certificate(self, hop: Hop) -> bool:
        """Whether known_hosts has a certificate authority for the host: its certificate is then requested first."""
        if self.policy == "off":
            return False
        names = {_name(hop), hop.known_as or host_name(hop.address, 22)}
        return any(entry.marker == "@cert-authority" for name in names for entry in self._entries(hop, name))

    def judge(self, hop: Hop, key: PKey) -> str:
        """Check the host key. Returns a sentence when it was accepted as a new one. Raises `SshError`."""
        if self.policy == "off":
            return ""
        shown, problem = _certificate(key)
        if hop.revoked_keys:
            _check_revoked_file(hop, key, shown)
        with self._adding:  # several VMs may share a host, whose key must be added once
            name = _name(hop)
            if shown:
                problem = self._judge_certificate(hop, name, key, shown)
                if not problem:
                    return ""
            return self._judge_key(hop, name, key, problem)

    def _judge_certificate(self, hop: Hop, name: str, key: PKey, shown: HostCertificate) -> str:
        """Why the certificate does not count, so that the key itself has to be known; "" when it counts."""
        entries = self._entries(hop, name)
        _check_not_revoked(hop, entries, key, shown)
        if any(_is_authority(entry, shown) for entry in entries):
            return shown.problem(hop.known_as or hop.address.lower(), hop.ca_algorithms)
        if name.startswith("[") and not hop.known_as:  # as in ssh: the name without a port also covers other ports
            plain = self._entries(hop, host_name(hop.address, 22))
            if any(_is_authority(entry, shown) for entry in plain):
                _check_not_revoked(hop, plain, key, shown)
                return shown.problem(hop.address.lower(), hop.ca_algorithms)
        authority = f"{shown.authority_kind} {fingerprint(shown.authority)}"
        return f"is signed by {authority}, which known_hosts does not name as @cert-authority for it"

    def _judge_key(self, hop: Hop, name: str, key: PKey, problem: str) -> str:
        """The key by itself; `problem`: of its certificate."""
        kind, text = key.get_name(), key.get_base64()
        entries = self._entries(hop, name)
        _check_not_revoked(hop, entries, key, None)
        plain = [entry for entry in entries if not entry.marker]
        if any(entry.key == text for entry in plain):
            return ""
        if plain:
            raise _changed(hop, name, kind, text, plain, problem)
        if name.startswith("[") and not hop.known_as and self._known_without_port(hop, key):
            return ""
        if self.policy == "accept-new":
            return self._accept(hop, name, kind, text)
        raise _unknown(hop, name, kind, text, entries, problem)

    def _known_without_port(self, hop: Hop, key: PKey) -> bool:
        """As in ssh: the plain name also covers another port of the host, when the key is the same."""
        text = key.get_base64()
        plain = self._entries(hop, host_name(hop.address, 22))
        _check_not_revoked(hop, plain, key, None)
        return any(entry.key == text for entry in plain if not entry.marker)

    def _accept(self, hop: Hop, name: str, kind: str, text: str) -> str:
        path = hop.user_known_hosts[0] if hop.user_known_hosts else None
        note = f"Its host key ({kind} {fingerprint(text)}) was not known and is accepted"
        if path is None:
            return f"{note}, but not saved: UserKnownHostsFile is none."
        try:
            self._known.add(path, name, kind, text)
        except OSError as error:
            return f"{note}, but could not be added to {path}: {error.strerror}."
        return f"{note}: it was added to {path}."

    def _entries(self, hop: Hop, name: str) -> list[Entry]:
        return self._known.find(hop.user_known_hosts + hop.global_known_hosts, name)


def _name(hop: Hop) -> str:
    return hop.known_as or host_name(hop.address, hop.port)


def _certificate(key: PKey) -> tuple[HostCertificate | None, str]:
    """The certificate that came with the key, and its problem."""
    blob = key.public_blob
    if blob is None:
        return None, ""
    try:
        return read_certificate(blob.key_blob), ""
    except CertificateProblem as problem:
        return None, str(problem)


def _is_authority(entry: Entry, shown: HostCertificate) -> bool:
    return entry.marker == "@cert-authority" and entry.key == shown.authority


def _check_not_revoked(hop: Hop, entries: list[Entry], key: PKey, shown: HostCertificate | None) -> None:
    """Raise when the key, or the authority that signed its certificate, is marked as revoked."""
    text = key.get_base64()
    for entry in entries:
        if entry.marker == "@revoked" and entry.key == text:
            raise _revoked(hop, key.get_name(), text, entry.place)
        if entry.marker == "@revoked" and shown and entry.key == shown.authority:
            raise _revoked(hop, shown.authority_kind, text, entry.place, authority=shown.authority)


def _check_revoked_file(hop: Hop, key: PKey, shown: HostCertificate | None) -> None:
    """RevokedHostKeys: a list of public keys, or a KRL, which ssh-keygen reads. As in ssh, it has to be readable."""
    try:
        data = Path(hop.revoked_keys).read_bytes()
        revoked = _in_krl(hop.revoked_keys, key) if data.startswith(_KRL) else _in_list(data, key, shown)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise unusable(
            f"RevokedHostKeys {hop.revoked_keys}",
            f"it cannot be read ({error}), and ssh trusts no host then",
            "Correct the file, or check that ssh-keygen is installed",
        ) from None
    if revoked:
        raise _revoked(hop, key.get_name(), key.get_base64(), hop.revoked_keys)


_KRL = b"SSHKRL\n\0"


def _in_list(data: bytes, key: PKey, shown: HostCertificate | None) -> bool:
    ours = {key.get_base64(), shown.authority if shown else ""}
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) < 2 or not is_host_key(words[0], words[1]):
            raise ValueError(f"line {number} is not a public key")
        if words[1] in ours:
            return True
    return False


def _in_krl(path: str, key: PKey) -> bool:
    blob = key.public_blob
    kind, data = (blob.key_type, blob.key_blob) if blob is not None else (key.get_name(), key.asbytes())
    with tempfile.NamedTemporaryFile("w", suffix=".pub") as file:
        file.write(f"{kind} {base64.b64encode(data).decode()}\n")
        file.flush()
        done = subprocess.run(
            ["ssh-keygen", "-Q", "-f", path, file.name],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=10,
        )
    if done.returncode and b"REVOKED" not in done.stdout:
        raise ValueError(done.stderr.decode("utf-8", "replace").strip() or "ssh-keygen -Q failed")
    return bool(done.returncode)


def _more(problem: str) -> str:
    return f" Its host certificate {problem}." if problem else ""


def _unknown(hop: Hop, name: str, kind: str, text: str, entries: list[Entry], problem: str) -> SshError:
    files = ", ".join(str(path) for path in hop.user_known_hosts + hop.global_known_hosts if path.is_file())
    authority = next((entry for entry in entries if entry.marker == "@cert-authority"), None)
    more = _more(problem)
    if authority and not problem:
        more = f" {authority.place} trusts a certificate authority for it, but it shows no certificate."
    port = f"-p {hop.port} " if hop.port != 22 else ""
    return SshError(
        "host key unknown",
        f"No key of {name} is in {files or 'any known_hosts file'}. It shows {kind} {fingerprint(text)}.{more}",
        "Give the VM a host certificate that is valid for this name (HostCertificate in its sshd_config)."
        if authority
        else f"Compare with 'ssh-keyscan {port}{hop.address} | ssh-keygen -lf -' from a place you trust or with the "
        "VM's console, then connect once with ssh; or run with --host-keys=accept-new.",
    )


def _changed(hop: Hop, name: str, kind: str, text: str, others: list[Entry], problem: str) -> SshError:
    old = next((entry for entry in others if entry.kind == kind), others[0])
    return SshError(
        "host key changed",
        f"{hop.label} shows another host key than the known one: {kind} {fingerprint(text)}; "
        f"{old.place} has {old.kind} {fingerprint(old.key)}. The connection may be intercepted.{_more(problem)}",
        f"If the VM was rebuilt, check the new key on its console, then: ssh-keygen -R '{name}' -f {old.file}",
    )


def _revoked(hop: Hop, kind: str, text: str, place: str, authority: str = "") -> SshError:
    if authority:
        return SshError(
            "host key revoked",
            f"{hop.label} shows a host certificate signed by {kind} {fingerprint(authority)}, "
            f"which {place} marks as revoked.",
            "Do not connect. Sign the VM's host key with an authority that is not revoked.",
        )
    return SshError(
        "host key revoked",
        f"{hop.label} shows the host key {kind} {fingerprint(text)}, which {place} marks as revoked.",
        "Do not connect. Give the VM new host keys (ssh-keygen -A after removing the old ones).",
    )
