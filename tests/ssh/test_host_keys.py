"""Host keys against known_hosts with a real sshd: `plugins.ssh.host_keys`."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.ssh.host_keys import HostKeys
from tests.support.sshd import (
    Client,
    Keys,
    Sshd,
    needs_sshd,
    run,
    sshd,
    vm,
)

pytestmark = needs_sshd


def test_an_unknown_host_key(client: Client, server: Sshd, keys: Keys) -> None:
    (session,) = client.visit(vm(server, keys))
    assert session.outcome == "host key unknown"
    print_ = run("ssh-keygen", "-lf", keys.make("host").with_suffix(".pub")).split()[1]
    assert print_ in session.message
    assert str(client.known) in session.message
    assert f"ssh-keyscan -p {server.port} 127.0.0.1" in session.remedy
    assert "--host-keys=accept-new" in session.remedy
    assert "login" not in session.seconds


def test_an_unknown_host_key_is_accepted_and_added_once(client: Client, server: Sshd, keys: Keys) -> None:
    client.known.write_text("# no newline at the end")
    sessions = client.visit(vm(server, keys), vm(server, keys, "vm-b"), host_keys="accept-new")
    assert [session.outcome for session in sessions] == ["ok", "ok"]
    assert sorted(f"was added to {client.known}" in session.message for session in sessions) == [False, True]
    assert client.known.read_text() == f"# no newline at the end\n[127.0.0.1]:{server.port} {server.host_key}\n"
    (session,) = client.visit(vm(server, keys))
    assert session.message == ""


@pytest.mark.parametrize("host_keys", ["strict", "accept-new"])
@pytest.mark.parametrize("other", ["other-ed25519", "other-ecdsa"])
def test_a_changed_host_key(client: Client, server: Sshd, keys: Keys, host_keys: HostKeys, other: str) -> None:
    keys.make(other, other.partition("-")[2])
    client.known.write_text(f"# comment\n[127.0.0.1]:{server.port} {keys.public(other)}")
    (session,) = client.visit(vm(server, keys), host_keys=host_keys)
    assert session.outcome == "host key changed"
    assert f"{client.known}:2" in session.message
    for name in ("host", other):
        assert run("ssh-keygen", "-lf", keys.make(name).with_suffix(".pub")).split()[1] in session.message
    assert f"ssh-keygen -R '[127.0.0.1]:{server.port}' -f {client.known}" in session.remedy
    assert client.known.read_text().count("\n") == 2


def test_a_revoked_host_key(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    client.known.write_text(client.known.read_text() + f"@revoked * {server.host_key}\n")
    (session,) = client.visit(vm(server, keys))
    assert session.outcome == "host key revoked"
    assert f"{client.known}:2" in session.message


def test_no_check_at_all(client: Client, server: Sshd, keys: Keys) -> None:
    client.known.write_text(f"[127.0.0.1]:{server.port} {keys.public('another')}")
    (session,) = client.visit(vm(server, keys), host_keys="off")
    assert session.outcome == "ok"


def test_the_known_key_type_is_asked_for(client: Client, keys: Keys, tmp_path: Path) -> None:
    rsa = keys.make("host-rsa", "rsa", "", "-b", "2048")
    with sshd(keys, tmp_path, f"HostKey {rsa}") as running:  # and the ed25519 one, which would be preferred
        client.known.write_text(f"[127.0.0.1]:{running.port} {keys.public('host-rsa')}")
        (session,) = client.visit(vm(running, keys))
    assert session.outcome == "ok"


def test_the_configuration_cannot_loosen_the_host_key_check(client: Client, server: Sshd, keys: Keys) -> None:
    client.configure("StrictHostKeyChecking no\n")
    (session,) = client.visit(vm(server, keys))
    assert session.outcome == "host key unknown"
