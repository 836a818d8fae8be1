"""What a server's answers to a login come to, and a script that is no longer taken: without a server."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import pytest
from paramiko import AuthenticationException, BadAuthenticationType, SSHException

from plugins.ssh.auth import _accepted_methods, _offer
from plugins.ssh.errors import SshError
from plugins.ssh.exec import _send
from plugins.ssh.keys import _look_inside

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
        "anna@vm:22 accepted id_rsa, and then wants password or keyboard-interactive as well.",
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
