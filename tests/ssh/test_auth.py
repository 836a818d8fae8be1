"""The offered keys, and the message if none is accepted: `plugins.ssh.auth` and `plugins.ssh.keys`."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from plugins.ssh.keys import KeyRing, _read
from tests.support.sshd import (
    ME,
    Client,
    Keys,
    Sshd,
    agent,
    hop_of,
    needs_sshd,
    run,
    sshd,
    vm,
)

pytestmark = needs_sshd


@pytest.mark.parametrize(("kind", "more"), [("ed25519", ()), ("ecdsa", ("-b", "384")), ("rsa", ("-b", "2048"))])
def test_each_key_type_logs_in(client: Client, keys: Keys, tmp_path: Path, kind: str, more: tuple[str, ...]) -> None:
    name = f"user-{kind}"
    key = keys.make(name, kind, "", *more)
    (tmp_path / "authorized_keys").write_text(keys.public(name))
    host = f"host-{kind}"
    keys.make(host, kind, "", *more)
    with sshd(keys, tmp_path, host=host) as running:
        client.knows(running)
        (session,) = client.visit(vm(running, keys, key=name))
    assert session.outcome == "ok", (session, key)


def test_a_key_that_the_vm_does_not_know(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    (session,) = client.visit(vm(server, keys, key="stranger"))
    assert session.outcome == "login refused"
    assert str(keys.make("stranger")) in session.message
    assert "It accepts publickey" in session.message
    assert repr(ME) in session.remedy


def test_too_many_keys(client: Client, keys: Keys, tmp_path: Path) -> None:
    with sshd(keys, tmp_path, "MaxAuthTries 2") as running:
        client.knows(running)
        client.configure("".join(f"IdentityFile {keys.make(f'stranger-{n}')}\n" for n in range(4)))
        (session,) = client.visit(vm(running, keys, key=None))
    assert session.outcome == "login refused"
    assert "Too many authentication failures" in session.message
    assert "IdentitiesOnly" in session.remedy


def test_no_key_to_offer(client: Client, server: Sshd, keys: Keys) -> None:
    client.knows(server)
    client.configure("IdentityFile none\n")
    (session,) = client.visit(vm(server, keys, key=None))
    assert session.outcome == "no usable key"


def test_a_key_file_that_is_not_there_or_no_key(client: Client, server: Sshd, keys: Keys, tmp_path: Path) -> None:
    client.knows(server)
    (tmp_path / "junk").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
    client.configure(f"IdentityFile {tmp_path}/missing\nIdentityFile {tmp_path}/junk\n")
    (session,) = client.visit(vm(server, keys, key=None))
    assert session.outcome == "no usable key"
    assert f"there is no file {tmp_path}/missing" in session.message
    assert f"{tmp_path}/junk is not a private key" in session.message


@pytest.mark.parametrize("form", ["OPENSSH", "PEM"])
def test_an_encrypted_key_needs_the_agent(client: Client, keys: Keys, tmp_path: Path, form: str) -> None:
    name = f"locked-{form}"
    locked = keys.make(name, "ecdsa", "open sesame", *(("-m", "PEM") if form == "PEM" else ()))
    (tmp_path / "authorized_keys").write_text(keys.public(name))
    with sshd(keys, tmp_path) as running:
        client.knows(running)
        (session,) = client.visit(vm(running, keys, key=name))
        assert session.outcome == "no usable key"
        assert f"{locked} is encrypted and not in the agent" in session.message
        with agent(tmp_path, locked, passphrase="open sesame") as path:
            client.head = client.head.replace("IdentityAgent none", f"IdentityAgent {path}")
            client.configure("IdentitiesOnly yes\n")
            sessions = client.visit(*(vm(running, keys, f"vm-{n}", key=name) for n in range(6)))
            assert [session.outcome for session in sessions] == ["ok"] * 6


def test_the_agents_keys_are_tried_unless_identities_only(
    client: Client, server: Sshd, keys: Keys, tmp_path: Path
) -> None:
    client.knows(server)
    with agent(tmp_path, keys.make("user")) as path:
        client.head = client.head.replace("IdentityAgent none", f"IdentityAgent {path}")
        client.configure("IdentityFile none\n")
        assert client.visit(vm(server, keys, key=None))[0].outcome == "ok"
        client.configure("IdentityFile none\nIdentitiesOnly yes\n")
        assert client.visit(vm(server, keys, key=None))[0].outcome == "no usable key"
        client.configure("")
        assert client.visit(vm(server, keys, key="stranger"))[0].outcome == "ok", "after the named key"


def test_an_agent_that_is_gone(client: Client, server: Sshd, keys: Keys, tmp_path: Path) -> None:
    client.knows(server)
    client.head = client.head.replace("IdentityAgent none", f"IdentityAgent {tmp_path}/gone")
    client.configure("IdentityFile none\n")
    (session,) = client.visit(vm(server, keys, key=None))
    assert session.outcome == "no usable key"
    assert f"the agent at {tmp_path}/gone does not answer" in session.message


@pytest.mark.parametrize("where", ["beside the key", "CertificateFile", "agent"])
def test_a_certificate_logs_in(client: Client, keys: Keys, tmp_path: Path, where: str) -> None:
    ca = keys.make("ca")
    name = f"signed-{where.replace(' ', '-')}"
    key = keys.make(name)
    run("ssh-keygen", "-q", "-s", ca, "-I", "test", "-n", ME, "-V", "-1h:+1h", key.with_name(f"{name}.pub"))
    certificate = key.with_name(f"{name}-cert.pub")
    (tmp_path / "authorized_keys").write_text("")
    with sshd(keys, tmp_path, f"TrustedUserCAKeys {ca}.pub") as running, agent(tmp_path, key) as path:
        client.knows(running)
        if where == "CertificateFile":
            certificate = certificate.rename(tmp_path / "elsewhere-cert.pub")
            client.configure(f"CertificateFile {certificate}\n")
        if where == "agent":
            client.head = client.head.replace("IdentityAgent none", f"IdentityAgent {path}")
            client.configure("IdentityFile none\n")
        (session,) = client.visit(vm(running, keys, key=None if where == "agent" else name))
    assert session.outcome == "ok", session


def test_a_second_factor_is_named(client: Client, keys: Keys, tmp_path: Path) -> None:
    with sshd(
        keys, tmp_path, "AuthenticationMethods publickey,keyboard-interactive", "KbdInteractiveAuthentication yes"
    ) as running:
        client.knows(running)
        (session,) = client.visit(vm(running, keys))
    assert session.outcome == "login refused"
    assert "keyboard-interactive" in session.message


def forms(keys: Keys, tmp_path: Path) -> dict[str, bytes]:
    """Private keys in the forms of tools and editors."""
    made: dict[str, bytes] = {}
    for kind, form in (("rsa", "PKCS8"), ("rsa", "PEM"), ("ecdsa", "PKCS8"), ("ecdsa", "PEM"), ("ed25519", "OPENSSH")):
        more = ("-m", form) if form != "OPENSSH" else ()
        data = keys.make(f"form-{kind}-{form}", kind, "", *more).read_bytes()
        made[f"{kind} {form}"] = data
        if form != "OPENSSH":
            made |= {
                f"{kind} {form} CRLF": data.replace(b"\n", b"\r\n"),
                f"{kind} {form} BOM": b"\xef\xbb\xbf" + data,
                f"{kind} {form} comment": b"# made by terraform\n\n" + data,
                f"{kind} {form} no end of line": data.rstrip(),
                f"{kind} {form} words behind": data + b"the end\n",
                f"{kind} {form} cut": data[: len(data) // 2],
            }
    return made


def test_a_private_key_is_loaded_as_ssh_loads_it(keys: Keys, tmp_path: Path) -> None:
    """The public key is that of ``ssh-keygen -y``; if it prints none, none is offered."""
    for name, data in forms(keys, tmp_path).items():
        path = tmp_path / name.replace(" ", "-")
        path.write_bytes(data)
        path.chmod(0o600)
        done = subprocess.run(
            ["ssh-keygen", "-y", "-P", "", "-f", path], capture_output=True, text=True, check=False, timeout=60
        )
        offers, problems = KeyRing().offers(hop_of(identity_files=(path,)))
        shown = [f"{offer.key.get_name()} {offer.key.get_base64()}" for offer in offers]
        assert shown == ([" ".join(done.stdout.split()[:2])] if done.returncode == 0 else []), (name, done, problems)


@pytest.mark.parametrize("kept", ["both", "public"])
def test_the_public_key_of_a_file_that_tells_none_is_that_beside_it(keys: Keys, tmp_path: Path, kept: str) -> None:
    """So that the agent is asked for this key; the configured file may also be the public key."""
    key = keys.make("beside", "ecdsa", "secret", "-m", "PEM")
    public = base64.b64decode(keys.public("beside").split()[1])
    assert _read(key).blob == public
    assert _read(key.with_name("beside.pub")).blob == public
    for name in ("beside", "beside.pub") if kept == "both" else ("beside.pub",):
        shutil.copy(keys.folder / name, tmp_path)
    reading = _read(tmp_path / "beside")
    assert reading.blob == public
    assert reading.problem == (
        f"{reading.path} is encrypted and not in the agent" if kept == "both" else f"there is no file {reading.path}"
    )


def test_a_pkcs8_key_logs_in(client: Client, keys: Keys, tmp_path: Path) -> None:
    key = keys.make("user-pkcs8", "rsa", "", "-b", "2048", "-m", "PKCS8")
    assert key.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    (tmp_path / "authorized_keys").write_text(keys.public("user-pkcs8"))
    with sshd(keys, tmp_path) as running:
        client.knows(running)
        (session,) = client.visit(vm(running, keys, key="user-pkcs8"))
    assert session.outcome == "ok", session
