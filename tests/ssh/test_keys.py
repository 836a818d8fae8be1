"""The offered keys, their order and names, and the reasons for omitting others: `plugins.ssh.keys`."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plugins.ssh.keys import KeyRing, _read, load_private_key
from plugins.ssh.known_hosts import fingerprint
from tests.support.sshd import ME, Keys, hop_of, needs_sshd, run

pytestmark = needs_sshd

SOCKET = "/agent"


def ring(*held: Any) -> KeyRing:
    """A key ring with an agent that has these keys."""
    made = KeyRing()
    agent: Any = SimpleNamespace(get_keys=lambda: held, close=lambda: None)
    made._agents[SOCKET] = (agent, "")
    return made


def held(keys: Keys, name: str, comment: str = "") -> Any:
    kind, text = keys.public(name).split()[:2]
    return SimpleNamespace(blob=base64.b64decode(text), name=kind, comment=comment)


def of(keys: Keys, name: str) -> str:
    return fingerprint(keys.public(name).split()[1])


def offered(made: KeyRing, **hop: Any) -> tuple[list[str], list[str]]:
    offers, problems = made.offers(hop_of(agent=SOCKET, **hop))
    return [offer.label for offer in offers], problems


def test_named_files_come_first_then_the_agents_other_keys(keys: Keys) -> None:
    both, file, other = keys.make("both"), keys.make("file"), keys.make("other")
    made = ring(held(keys, "other", "anna@laptop"), held(keys, "both"), held(keys, "third"))
    labels = [f"{file} ({of(keys, 'file')})", f"{both} through the agent ({of(keys, 'both')})"]
    others = [f"the agent's anna@laptop ({of(keys, 'other')})", f"the agent's ssh-ed25519 ({of(keys, 'third')})"]
    assert offered(made, identity_files=(file, both), identities_only=False) == (labels + others, [])
    assert offered(made, identity_files=(file, both), identities_only=True) == (labels, [])
    assert offered(made, identity_files=(file, other), identities_only=True)[0] == [
        labels[0],
        f"{other} through the agent ({of(keys, 'other')})",
    ]


def test_the_usual_files_come_after_the_agents_keys_and_may_be_missing(keys: Keys, tmp_path: Path) -> None:
    both, file = keys.make("both"), keys.make("file")
    usual = {"identity_files": (both, tmp_path / "none", file), "default_files": True}
    made = ring(held(keys, "both", "b"))
    agents, own = f"the agent's b ({of(keys, 'both')})", f"{file} ({of(keys, 'file')})"
    assert offered(made, **usual, identities_only=False) == ([agents, own], [])
    assert offered(made, **usual, identities_only=True) == (
        [f"{both} through the agent ({of(keys, 'both')})", own],
        [],
    )


def test_security_keys_are_not_offered(keys: Keys) -> None:
    touch = [SimpleNamespace(blob=b"x", name="sk-ssh-ed25519@openssh.com", comment=""), held(keys, "file")]
    assert offered(ring(*touch), identities_only=False) == (
        [f"the agent's ssh-ed25519 ({of(keys, 'file')})"],
        ["1 security key(s) of the agent need a touch for every VM, and are not offered"],
    )


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_certificate_goes_before_its_key(keys: Keys, tmp_path: Path, kind: str) -> None:
    for name in ("user", "other"):
        shutil.copy(keys.make(f"{name}-{kind}", kind), tmp_path / name)
        shutil.copy(keys.make(f"{name}-{kind}").with_suffix(".pub"), tmp_path / f"{name}.pub")
    key, other = tmp_path / "user", tmp_path / "other"
    run(
        "ssh-keygen",
        "-q",
        "-s",
        keys.make("ca"),
        "-I",
        "x",
        "-n",
        ME,
        key.with_suffix(".pub"),
        other.with_suffix(".pub"),
    )
    own, wrong = tmp_path / "user-cert.pub", tmp_path / "other-cert.pub"
    elsewhere = tmp_path / "elsewhere"
    shutil.copy(own, elsewhere)
    labels, problems = offered(ring(), identity_files=(key,), certificates=(elsewhere, wrong, tmp_path / "none"))
    plain = f"{key} ({of(keys, f'user-{kind}')})"
    assert labels == [f"{key} with the certificate {elsewhere}", f"{key} with its certificate", plain]
    assert problems == [
        f"{wrong} is not a certificate for {key} (it is for another key)",
        f"{tmp_path}/none is not a certificate for {key} ([Errno 2] No such file or directory: '{tmp_path}/none')",
    ]
    shutil.copy(wrong, own)
    assert offered(ring(), identity_files=(key,)) == ([plain], []), "as ssh does, the key alone"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "{path} is not a private key that can be used (ValueError: it has no private key in it)"),
        (None, "{path} cannot be read (Is a directory)"),
    ],
)
def test_a_file_that_is_not_a_key(tmp_path: Path, text: bytes | None, problem: str) -> None:
    path = tmp_path / "key"
    path.mkdir() if text is None else path.write_bytes(text)
    reading = _read(path)
    assert (reading.key, reading.problem) == (None, problem.format(path=path))


@pytest.mark.parametrize(
    "line", ["", "ssh-ed25519", "rsa AAAA", "ssh-ed25519 A*==", "-----BEGIN X----- AAAA"], ids=repr
)
def test_what_is_not_a_public_key_file_tells_none(tmp_path: Path, line: str) -> None:
    (tmp_path / "key.pub").write_text(line)
    assert _read(tmp_path / "key").blob == b""


@pytest.mark.parametrize("kind", ["ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com", "ssh-rsa"])
def test_a_public_key_file_tells_which_key_the_agent_is_asked_for(tmp_path: Path, kind: str) -> None:
    (tmp_path / "key.pub").write_text(f"{kind} AAAA comment\n")
    assert _read(tmp_path / "key").blob == b"\0\0\0"


def test_a_file_may_hold_other_text_around_its_key(keys: Keys) -> None:
    data = keys.make("file").read_bytes()
    assert load_private_key(b"\xef\xbb\xbf# mine\r\n" + data.replace(b"\n", b"\r\n") + b"more") == load_private_key(
        data
    )


def test_what_is_asked_for_once_is_kept_until_the_ring_is_closed(keys: Keys) -> None:
    closed: list[int] = []
    made = ring()
    agent: Any = SimpleNamespace(get_keys=lambda: [held(keys, "file")], close=lambda: closed.append(1))
    made._agents = {SOCKET: (agent, ""), "/gone": (None, "the agent at /gone does not answer")}
    hop = hop_of(agent=SOCKET, identities_only=False)
    assert made.offers(hop) is made.offers(hop)
    made.close()
    assert (closed, made._agents, made._offers) == ([1], {}, {})
