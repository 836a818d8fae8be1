"""Is the host key the known one? The policy over `plugins.ssh.known_hosts`, and what to say when it is not."""

from __future__ import annotations

import threading
from typing import Literal

from paramiko import PKey

from plugins.ssh.config import Hop
from plugins.ssh.errors import SshError
from plugins.ssh.known_hosts import Entry, KnownHosts, fingerprint, host_name

HostKeys = Literal["strict", "accept-new", "off"]


class HostKeyPolicy:
    """Judges the host keys of a run by one policy. Safe to use from many threads."""

    def __init__(self, policy: HostKeys) -> None:
        """strict: only known keys; accept-new: an unknown host's key is added to known_hosts; off: no check."""
        self.policy = policy
        self._known = KnownHosts()
        self._adding = threading.Lock()

    def kinds(self, hop: Hop) -> set[str]:
        """The key types that are known for a host: to be asked for first, as ssh does."""
        if self.policy == "off":
            return set()
        return {entry.kind for entry in self._entries(hop, _name(hop)) if not entry.marker}

    def judge(self, hop: Hop, key: PKey) -> str:
        """Is the host key the known one? Returns a sentence when it was accepted as a new one."""
        if self.policy == "off":
            return ""
        name = _name(hop)
        kind, text = key.get_name(), key.get_base64()
        with self._adding:  # several VMs may be one host, and its key must be added once
            entries = self._entries(hop, name)
            same = [entry for entry in entries if entry.key == text and entry.marker != "@cert-authority"]
            revoked = [entry for entry in same if entry.marker == "@revoked"]
            if revoked:
                raise _revoked(hop, kind, text, revoked[0])
            if same:
                return ""
            others = [entry for entry in entries if not entry.marker]
            if others:
                raise _changed(hop, name, kind, text, others)
            if name.startswith("[") and not hop.known_as and self._known_without_port(hop, text):
                return ""
            if self.policy == "accept-new":
                return self._accept(hop, name, kind, text)
        raise _unknown(hop, name, kind, text, entries)

    def _known_without_port(self, hop: Hop, text: str) -> bool:
        """As ssh does: the plain name vouches for another port of the host, when the key is the same."""
        plain = self._entries(hop, host_name(hop.address, 22))
        same = {entry.marker for entry in plain if entry.key == text}
        return "" in same and "@revoked" not in same

    def _accept(self, hop: Hop, name: str, kind: str, text: str) -> str:
        path = hop.user_known_hosts[0] if hop.user_known_hosts else None
        said = f"Its host key ({kind} {fingerprint(text)}) was not known and is accepted"
        if path is None:
            return f"{said}, but kept nowhere: UserKnownHostsFile is none."
        try:
            self._known.add(path, name, kind, text)
        except OSError as error:
            return f"{said}, but could not be added to {path}: {error.strerror}."
        return f"{said}: it was added to {path}."

    def _entries(self, hop: Hop, name: str) -> list[Entry]:
        return self._known.find(hop.user_known_hosts + hop.global_known_hosts, name)


def _name(hop: Hop) -> str:
    return hop.known_as or host_name(hop.address, hop.port)


def _unknown(hop: Hop, name: str, kind: str, text: str, entries: list[Entry]) -> SshError:
    files = ", ".join(str(path) for path in hop.user_known_hosts + hop.global_known_hosts if path.is_file())
    authority = next((entry for entry in entries if entry.marker == "@cert-authority"), None)
    more = (
        f" {authority.place} trusts a certificate authority for it, but host certificates are not supported here."
        if authority
        else ""
    )
    port = f"-p {hop.port} " if hop.port != 22 else ""
    return SshError(
        "host key unknown",
        f"No key of {name} is in {files or 'any known_hosts file'}. It shows {kind} {fingerprint(text)}.{more}",
        f"Compare with 'ssh-keyscan {port}{hop.address} | ssh-keygen -lf -' from a place you trust or with the VM's "
        "console, then connect once with ssh; or run with --host-keys=accept-new.",
    )


def _changed(hop: Hop, name: str, kind: str, text: str, others: list[Entry]) -> SshError:
    old = next((entry for entry in others if entry.kind == kind), others[0])
    return SshError(
        "host key changed",
        f"{hop.label} shows another host key than the known one: {kind} {fingerprint(text)}; "
        f"{old.place} has {old.kind} {_old_print(old)}. Somebody may be in between.",
        f"If the VM was rebuilt, check the new key on its console, then: ssh-keygen -R '{name}' -f {old.file}",
    )


def _old_print(entry: Entry) -> str:
    try:
        return fingerprint(entry.key)
    except ValueError:
        return "(not a valid key)"


def _revoked(hop: Hop, kind: str, text: str, entry: Entry) -> SshError:
    return SshError(
        "host key revoked",
        f"{hop.label} shows the host key {kind} {fingerprint(text)}, which {entry.place} marks as revoked.",
        "Do not connect. Give the VM new host keys (ssh-keygen -A after removing the old ones).",
    )
