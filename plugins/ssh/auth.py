"""From a connected stream to a login: key exchange, the host key judged against known_hosts, the keys offered."""

from __future__ import annotations

from paramiko.ssh_exception import AuthenticationException, BadAuthenticationType, IncompatiblePeer, SSHException

from plugins.ssh.config import Hop
from plugins.ssh.dial import Line
from plugins.ssh.errors import Dropped, Failure, quoted
from plugins.ssh.host_keys import HostKeyJudge, HostKeys
from plugins.ssh.keys import KeyRing, Offer
from plugins.ssh.transport import Guard, Link


class Login:
    """What all logins of a run share: the known host keys and the private keys."""

    def __init__(self, host_keys: HostKeys, limit: float) -> None:
        """`limit`: seconds for banner, key exchange and authentication together."""
        self.limit = limit
        self.judge, self.ring = HostKeyJudge(host_keys), KeyRing()

    def log_in(self, line: Line, hop: Hop, guard: Guard) -> tuple[Link, str]:
        """Log in over a line that has shown its banner: the link, and a sentence about a newly accepted host key.

        Raises `Failure` or `Dropped`; the line is then closed.
        """
        guard.limit(self.limit)
        link = Link(line, self.judge.kinds(hop))
        try:
            self._handshake(link, hop, guard)
            note = self.judge.judge(hop, link.get_remote_server_key())
            self._authenticate(link, hop, guard)
        except (SSHException, EOFError, OSError) as error:  # it ended between two steps
            link.end()
            guard.stop()
            raise Dropped(f"broke the connection during the login ({quoted(str(error))})") from None
        except BaseException:
            link.end()
            raise
        return link, note

    # --- key exchange -----------------------------------------------------------------------------------------------

    def _handshake(self, link: Link, hop: Hop, guard: Guard) -> None:
        try:
            link.start_client(timeout=self.limit + 1)
        except IncompatiblePeer as error:
            raise _no_common(link, hop, error) from None
        except Exception as error:  # paramiko passes on whatever its thread met
            guard.stop()
            if guard.late:
                raise _slow(hop, guard, "the key exchange") from None
            if isinstance(error, EOFError | OSError):
                said = f", saying {quoted(link.farewell)}" if link.farewell else ""
                raise Dropped(f"closed the connection during the key exchange{said}") from None
            raise _broken(hop, error) from None

    # --- authentication ---------------------------------------------------------------------------------------------

    def _authenticate(self, link: Link, hop: Hop, guard: Guard) -> None:
        link.auth_timeout = self.limit + 1  # the guard is earlier
        offers, problems = self.ring.offers(hop)
        tried: list[str] = []
        try:
            for offer in offers:
                if _offer(link, hop, offer, tried):
                    return
            accepts = _accepted_methods(link, hop)
            if accepts is None:
                return  # a server that asks for no key at all
        except Failure as failure:
            failure.message += _because(problems)
            raise
        except Exception as error:
            guard.stop()
            if guard.late:
                raise _slow(hop, guard, "the login") from None
            said = f", saying {quoted(link.farewell)}" if link.farewell else f" ({quoted(str(error), 120)})"
            raise Failure(
                "login refused",
                f"{hop.label} ended the login{said}. Offered: {', '.join(tried) or 'nothing'}.{_because(problems)}",
                "Offer fewer keys (IdentityFile, IdentitiesOnly yes), and see the VM's sshd log (journalctl -u ssh).",
            ) from None
        greeting = link.get_banner()
        says = f" It says {quoted(greeting, 200)}." if greeting else ""
        if not tried:
            raise Failure(
                "no usable key",
                f"There is no key to offer to {hop.label}, which accepts {accepts}.{_because(problems)}{says}",
                "Add the key to the agent (ssh-add), or name it: IdentityFile in ~/.ssh/config, or identity_file.",
            )
        raise Failure(
            "login refused",
            f"{hop.label} refused {', '.join(tried)}. It accepts {accepts}.{_because(problems)}{says}",
            f"See that the user {hop.user!r} is right and has one of these keys in ~/.ssh/authorized_keys on the VM.",
        )


def _offer(link: Link, hop: Hop, offer: Offer, tried: list[str]) -> bool:
    """Try one key; True when the login is done."""
    tried.append(offer.label)
    try:
        more = link.auth_publickey(hop.user, offer.key)
    except BadAuthenticationType:
        return False  # no key is welcome here; the server's list says what is
    except AuthenticationException:
        if not link.is_active():
            raise
        return False
    if more:
        raise Failure(
            "login refused",
            f"{hop.label} accepted {offer.label}, and then wants {' or '.join(more)} as well.",
            "Exempt this user from the second factor in the VM's sshd_config (AuthenticationMethods publickey).",
        )
    return True


def _accepted_methods(link: Link, hop: Hop) -> str | None:
    """What the server says it accepts; None when it let us in without anything."""
    try:
        link.auth_none(hop.user)
    except BadAuthenticationType as error:
        return ", ".join(error.allowed_types) or "nothing"
    except AuthenticationException:
        if not link.is_active():
            raise
        return "nothing that it names"
    return None


def _because(problems: list[str]) -> str:
    return f" Not offered: {'; '.join(problems)}." if problems else ""


# --- wording ------------------------------------------------------------------------------------------------------


def _slow(hop: Hop, guard: Guard, phase: str) -> Failure:
    return Failure(
        "silent",
        f"{hop.label} sent its banner, but {phase} did not come to an end within {guard.said}.",
        "See whether the VM is overloaded, or something on the way drops large packets (MTU).",
    )


def _broken(hop: Hop, error: Exception) -> Failure:
    return Failure(
        "negotiation failed",
        f"The key exchange with {hop.label} went wrong: {quoted(str(error) or type(error).__name__, 200)}.",
        "See the VM's sshd log (journalctl -u ssh), and whether something on the way changes the traffic.",
    )


#: paramiko: "Incompatible ssh peer (no acceptable kex algorithm)"; the lists in the offer are named otherwise.
_LISTS = {
    "kex algorithm": ("key exchange algorithm", "kex_algo_list", "preferred_kex"),
    "host key": ("host key algorithm", "server_key_algo_list", "preferred_keys"),
    "ciphers": ("cipher", "server_encrypt_algo_list", "preferred_ciphers"),
    "macs": ("MAC", "server_mac_algo_list", "preferred_macs"),
    "compression": ("compression", "server_compress_algo_list", "preferred_compression"),
}


def _no_common(link: Link, hop: Hop, error: Exception) -> Failure:
    for word, (name, theirs, ours) in _LISTS.items():
        if f"no acceptable {word}" in str(error):
            has = ", ".join(map(str, link.offer.get(theirs, []))) or "none"
            mine = ", ".join(name for name in getattr(link, ours) if "-cert-" not in name)
            return Failure(
                "negotiation failed",
                f"{hop.label} and this side have no {name} in common. It has {quoted(has, 300)}, this side has {mine}.",
                f"Allow one of these in the VM's sshd_config, or update its sshd (banner: {quoted(link.line.banner)}).",
            )
    return _broken(hop, error)
