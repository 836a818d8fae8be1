"""Outcomes of a server's answers to a login, and of a server that stops reading the script; without a server."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import pytest
from paramiko import AuthenticationException, BadAuthenticationType, SSHException
from paramiko.ssh_exception import IncompatiblePeer

from plugins.ssh.auth import Authenticator, _accepted_methods, _offer
from plugins.ssh.deadline import Deadline
from plugins.ssh.errors import ConnectionDropped, FloodError, SshError
from plugins.ssh.exec import _send
from plugins.ssh.keys import _look_inside
from tests.support.ssh_sentences import is_known
from tests.support.sshd import hop_of

HOP: Any = SimpleNamespace(user="anna", label="anna@vm:22")
OFFER: Any = SimpleNamespace(label="id_rsa", key=None)


def _transport(answer: Any, *, active: bool = True) -> Any:
    def respond(*arguments: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return SimpleNamespace(auth_none=respond, auth_publickey=respond, is_active=lambda: active)


@pytest.mark.parametrize(
    ("answer", "accepts"),
    [
        ([], None),
        (BadAuthenticationType("no", ["publickey", "password"]), "publickey, password"),
        (BadAuthenticationType("no", []), "nothing"),
        (AuthenticationException(), "nothing that it names"),
    ],
)
def test_what_a_server_accepts(answer: Any, accepts: str | None) -> None:
    assert _accepted_methods(_transport(answer), HOP) == accepts


@pytest.mark.parametrize(
    ("answer", "done"), [([], True), (BadAuthenticationType("no", []), False), (AuthenticationException(), False)]
)
def test_what_an_offered_key_comes_to(answer: Any, done: bool) -> None:
    tried: list[str] = []
    assert _offer(_transport(answer), HOP, OFFER, tried) is done
    assert tried == ["id_rsa"]


def test_a_refusal_of_a_connection_that_ended_is_raised() -> None:
    ended = _transport(AuthenticationException("gone"), active=False)
    with pytest.raises(AuthenticationException):
        _accepted_methods(ended, HOP)
    with pytest.raises(AuthenticationException):
        _offer(ended, HOP, OFFER, [])


def test_a_server_that_wants_more_than_a_key_is_refused() -> None:
    with pytest.raises(SshError) as refused:
        _offer(_transport(["password", "keyboard-interactive"]), HOP, OFFER, [])
    assert (refused.value.outcome, refused.value.message) == (
        "login refused",
        "anna@vm:22 accepted id_rsa, and then requires password or keyboard-interactive as well.",
    )


@pytest.mark.parametrize("error", [OSError(), EOFError(), SSHException()])
def test_nothing_is_left_to_send_when_the_connection_has_ended(error: Exception) -> None:
    def send(data: bytes) -> int:
        raise error

    channel: Any = SimpleNamespace(send_ready=lambda: True, send=send)
    assert bytes(_send(channel, memoryview(b"script"))) == b""


def test_what_a_server_has_room_for_is_sent() -> None:
    ready = [True, True, False]
    channel: Any = SimpleNamespace(send_ready=lambda: ready.pop(0), send=lambda data: 2)
    assert bytes(_send(channel, memoryview(b"script"))) == b"pt"


def _openssh(raw: bytes) -> bytes:
    coded = base64.b64encode(raw)
    return b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + coded + b"\n-----END OPENSSH PRIVATE KEY-----\n"


def _parts(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            _openssh(b"openssh-key-v1\0" + _parts(b"none", b"none", b"") + b"\0\0\0\1" + _parts(b"public")),
            (b"public", False),
        ),
        (
            _openssh(b"openssh-key-v1\0" + _parts(b"aes256-ctr", b"bcrypt", b"x") + b"\0\0\0\1" + _parts(b"p")),
            (b"p", True),
        ),
        (_openssh(b"openssh-key-v2\0"), (b"", False)),
        (_openssh(b"x").replace(b"=", b""), (b"", False)),
        (b"Proc-Type: 4,ENCRYPTED", (b"", True)),
        (b"-----BEGIN ENCRYPTED PRIVATE KEY-----", (b"", True)),
        (b"-----BEGIN PRIVATE KEY-----", (b"", False)),
    ],
)
def test_what_a_private_key_file_tells_without_its_passphrase(data: bytes, expected: tuple[bytes, bool]) -> None:
    assert _look_inside(data) == expected


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            FloodError("5 extensions"),
            "too much output: u@vm-a:22 sent 5 extensions, and was disconnected.",
        ),
        (EOFError("no more"), "broke the connection during the login ('no more')"),
        (SSHException("odd"), "broke the connection during the login ('odd')"),
        (OSError("reset"), "broke the connection during the login ('reset')"),
        (ValueError("a bug"), "a bug"),
    ],
)
def test_a_connection_that_breaks_between_two_steps_of_the_login(
    monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    ended: list[bool] = []

    def key() -> Any:
        raise error

    transport = SimpleNamespace(start_client=lambda: None, get_remote_server_key=key, end=lambda: ended.append(True))
    monkeypatch.setattr("plugins.ssh.auth.SshTransport", lambda *arguments: transport)
    connection: Any = None
    with pytest.raises((SshError, ConnectionDropped, ValueError)) as failed:
        Authenticator("strict", 7).log_in(connection, hop_of(), Deadline())
    assert (str(failed.value), ended) == (says, [True])


def _handshake(error: Exception, *, late: bool = False, farewell: str = "") -> str:
    deadline = Deadline()
    deadline.limit(7)

    def start() -> None:
        deadline.late = late
        raise error

    offer = {"kex_algo_list": ["sntrup"], "server_encrypt_algo_list": []}
    transport: Any = SimpleNamespace(
        start_client=start,
        farewell=farewell,
        offer=offer,
        preferred_kex=("a", "b-cert-x"),
        preferred_ciphers=("c",),
        connection=SimpleNamespace(banner="SSH-2.0-x"),
    )
    with pytest.raises((SshError, ConnectionDropped, FloodError)) as failed:
        Authenticator("strict", 7)._handshake(transport, hop_of(), deadline)
    if isinstance(failed.value, SshError):
        assert is_known(failed.value.outcome, failed.value.message, failed.value.remedy)
    return str(failed.value)


def test_a_key_exchange_that_goes_wrong() -> None:
    assert _handshake(IncompatiblePeer("Incompatible ssh peer (no acceptable kex algorithm)")) == (
        "negotiation failed: u@vm-a:22 and this suite have no key exchange algorithm in common. It offers 'sntrup', "
        "this suite a."
    )
    assert _handshake(IncompatiblePeer("Incompatible ssh server (no acceptable ciphers)")) == (
        "negotiation failed: u@vm-a:22 and this suite have no cipher in common. It offers 'none', this suite c."
    )
    wrong = "negotiation failed: The key exchange with u@vm-a:22 failed: "
    assert _handshake(IncompatiblePeer("odd")) == f"{wrong}'odd'."
    assert _handshake(ValueError()) == f"{wrong}'ValueError'."
    assert _handshake(SSHException(), late=True) == (
        "silent: u@vm-a:22 sent its banner, but the key exchange did not finish within 7 s."
    )
    closed = "closed the connection during the key exchange"
    assert _handshake(EOFError()) == closed
    assert _handshake(OSError(), farewell="bye") == f"{closed}, with the message 'bye'"
    assert _handshake(FloodError("5 extensions")) == "5 extensions"


def _login(answer: Any, *, late: bool = False, farewell: str = "", greeting: str = "", keys: int = 1) -> str:
    """The error of a login whose key gets this answer; "" if it succeeds."""
    login, deadline = Authenticator("strict", 7), Deadline()
    deadline.limit(7)

    def respond(*arguments: Any) -> Any:
        deadline.late = late
        if isinstance(answer, Exception):
            raise answer
        return answer

    transport: Any = SimpleNamespace(
        auth_none=respond,
        auth_publickey=respond,
        is_active=lambda: not (late or farewell),
        farewell=farewell,
        get_banner=lambda: greeting,
    )
    ring: Any = SimpleNamespace(offers=lambda hop: ([OFFER] * keys, ["no file x"]))
    login.ring = ring
    failures: list[SshError] = []
    try:
        login._authenticate(transport, hop_of(), deadline)
    except SshError as failure:
        failures.append(failure)
    for one in failures:
        assert is_known(one.outcome, one.message, one.remedy)
    return "".join(f"{one.outcome}: {one.message}" for one in failures)


def test_what_a_login_comes_to() -> None:
    assert _login([]) == ""
    assert _login([], keys=0) == ""
    nothing = "Not offered: no file x."
    assert _login(BadAuthenticationType("no", ["password"]), greeting="Keep out") == (
        f"login refused: u@vm-a:22 refused id_rsa. It accepts password. {nothing} Its message: 'Keep out'."
    )
    assert _login(BadAuthenticationType("no", ["password"]), keys=0) == (
        f"no usable key: There is no key to offer to u@vm-a:22, which accepts password. {nothing}"
    )
    assert _login(["password"]) == (
        f"login refused: u@vm-a:22 accepted id_rsa, and then requires password as well. {nothing}"
    )
    assert _login(AuthenticationException("too many"), farewell="bye") == (
        f"login refused: u@vm-a:22 ended the login, with the message 'bye'. Offered: id_rsa. {nothing}"
    )
    assert _login(SSHException("odd"), keys=0) == (
        f"login refused: u@vm-a:22 ended the login ('odd'). Offered: nothing. {nothing}"
    )
    assert _login(AuthenticationException(), late=True) == (
        "silent: u@vm-a:22 sent its banner, but the login did not finish within 7 s."
    )
