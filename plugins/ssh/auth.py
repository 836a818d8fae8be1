"""From a connected stream to a login: key exchange, host key check, the offered keys."""

from __future__ import annotations

from paramiko.ssh_exception import AuthenticationException, BadAuthenticationType, IncompatiblePeer, SSHException

from plugins.ssh.deadline import Deadline
from plugins.ssh.dial import Connection
from plugins.ssh.errors import ConnectionDropped, FloodError, SshError, flooded, quoted
from plugins.ssh.hop import Hop
from plugins.ssh.host_keys import HostKeyPolicy, HostKeys
from plugins.ssh.keys import KeyOffer, KeyRing
from plugins.ssh.transport import SshTransport


class Authenticator:
    """The known host keys and the private keys that all logins of a run share."""

    def __init__(self, host_keys: HostKeys, limit: float) -> None:
        """`limit`: seconds for banner, key exchange and authentication together."""
        self.limit = limit
        self.policy, self.ring = HostKeyPolicy(host_keys), KeyRing()

    def log_in(self, connection: Connection, hop: Hop, deadline: Deadline) -> tuple[SshTransport, str]:
        """Log in over a connection whose banner was read: the transport, and a sentence about a new host key.

        Raises `SshError` or `ConnectionDropped`; the connection is then closed.
        """
        deadline.limit(self.limit)
        transport = SshTransport(connection, self.policy.kinds(hop), self.policy.wants_certificate(hop))
        try:
            self._handshake(transport, hop, deadline)
            note = self.policy.judge(hop, transport.get_remote_server_key())
            self._authenticate(transport, hop, deadline)
        except FloodError as error:
            transport.end()
            raise flooded(hop.label, error) from None
        except (SSHException, EOFError, OSError) as error:  # it ended between two steps
            transport.end()
            deadline.stop()
            raise ConnectionDropped(f"broke the connection during the login ({quoted(str(error))})") from None
        except BaseException:
            transport.end()
            raise
        return transport, note

    # --- key exchange -----------------------------------------------------------------------------------------------

    def _handshake(self, transport: SshTransport, hop: Hop, deadline: Deadline) -> None:
        try:
            transport.start_client()
        except FloodError:
            raise
        except IncompatiblePeer as error:
            raise _no_common(transport, hop, error) from None
        except Exception as error:  # paramiko passes on any exception of its thread
            deadline.stop()
            if deadline.late:
                raise _slow(hop, deadline, "the key exchange") from None
            if isinstance(error, EOFError | OSError):
                farewell = f", with the message {quoted(transport.farewell)}" if transport.farewell else ""
                raise ConnectionDropped(f"closed the connection during the key exchange{farewell}") from None
            raise _broken(hop, error) from None

    # --- authentication ---------------------------------------------------------------------------------------------

    def _authenticate(self, transport: SshTransport, hop: Hop, deadline: Deadline) -> None:
        # paramiko's own limits use the clock of this machine, which may be set; the deadline's do not.
        transport.auth_timeout = None
        transport.clear_to_send_timeout = float("inf")
        offers, problems = self.ring.offers(hop)
        tried: list[str] = []
        try:
            for offer in offers:
                if _offer(transport, hop, offer, tried):
                    return
            accepts = _accepted_methods(transport, hop)
            if accepts is None:
                return  # a server that requires no key
        except SshError as failure:
            failure.message += _because(problems)
            raise
        except FloodError:
            raise
        except Exception as error:
            deadline.stop()
            if deadline.late:
                raise _slow(hop, deadline, "the login") from None
            farewell = f" ({quoted(str(error), 120)})"
            if transport.farewell:
                farewell = f", with the message {quoted(transport.farewell)}"
            raise SshError(
                "login refused",
                f"{hop.label} ended the login{farewell}. Offered: {', '.join(tried) or 'nothing'}.{_because(problems)}",
                "Offer fewer keys (IdentityFile, IdentitiesOnly yes), and see the VM's sshd log (journalctl -u ssh).",
            ) from None
        greeting = transport.get_banner()
        says = f" Its message: {quoted(greeting, 200)}." if greeting else ""
        if not tried:
            raise SshError(
                "no usable key",
                f"There is no key to offer to {hop.label}, which accepts {accepts}.{_because(problems)}{says}",
                "Add the key to the agent (ssh-add), or name it: IdentityFile in ~/.ssh/config, or identity_file.",
            )
        raise SshError(
            "login refused",
            f"{hop.label} refused {', '.join(tried)}. It accepts {accepts}.{_because(problems)}{says}",
            f"Check that the user {hop.user!r} is right and has one of these keys in ~/.ssh/authorized_keys on the VM.",
        )


def _offer(transport: SshTransport, hop: Hop, offer: KeyOffer, tried: list[str]) -> bool:
    """Try one key; True when the login is complete."""
    tried.append(offer.label)
    try:
        more = transport.auth_publickey(hop.user, offer.key)
    except BadAuthenticationType:
        return False  # the server accepts no keys; its list has the accepted methods
    except AuthenticationException:
        if not transport.is_active():
            raise
        return False
    if more:
        raise SshError(
            "login refused",
            f"{hop.label} accepted {offer.label}, and then requires {' or '.join(more)} as well.",
            "Exempt this user from the second factor in the VM's sshd_config (AuthenticationMethods publickey).",
        )
    return True


def _accepted_methods(transport: SshTransport, hop: Hop) -> str | None:
    """The methods that the server accepts; None when it allowed the login without any."""
    try:
        transport.auth_none(hop.user)
    except BadAuthenticationType as error:
        return ", ".join(error.allowed_types) or "nothing"
    except AuthenticationException:
        if not transport.is_active():
            raise
        return "nothing that it names"
    return None


def _because(problems: list[str]) -> str:
    return f" Not offered: {'; '.join(problems)}." if problems else ""


# --- wording ------------------------------------------------------------------------------------------------------


def _slow(hop: Hop, deadline: Deadline, phase: str) -> SshError:
    return SshError(
        "silent",
        f"{hop.label} sent its banner, but {phase} did not finish within {deadline.span}.",
        "Check whether the VM is overloaded, or whether a device on the path drops large packets (MTU).",
    )


def _broken(hop: Hop, error: Exception) -> SshError:
    return SshError(
        "negotiation failed",
        f"The key exchange with {hop.label} failed: {quoted(str(error) or type(error).__name__, 200)}.",
        "See the VM's sshd log (journalctl -u ssh), and whether a device on the path changes the traffic.",
    )


#: paramiko: "Incompatible ssh peer (no acceptable kex algorithm)"; the lists in the offer are named otherwise.
_LISTS = {
    "kex algorithm": ("key exchange algorithm", "kex_algo_list", "preferred_kex"),
    "host key": ("host key algorithm", "server_key_algo_list", "preferred_keys"),
    "ciphers": ("cipher", "server_encrypt_algo_list", "preferred_ciphers"),
    "macs": ("MAC", "server_mac_algo_list", "preferred_macs"),
    "compression": ("compression", "server_compress_algo_list", "preferred_compression"),
}


def _no_common(transport: SshTransport, hop: Hop, error: Exception) -> SshError:
    for word, (name, theirs, ours) in _LISTS.items():
        if f"no acceptable {word}" in str(error):
            has = ", ".join(map(str, transport.offer.get(theirs, []))) or "none"
            mine = ", ".join(name for name in getattr(transport, ours) if "-cert-" not in name)
            banner = transport.connection.banner
            return SshError(
                "negotiation failed",
                f"{hop.label} and this suite have no {name} in common. It offers {quoted(has, 300)}, this suite "
                f"{mine}.",
                f"Allow one of these in the VM's sshd_config, or update its sshd (banner: {quoted(banner)}).",
            )
    return _broken(hop, error)
