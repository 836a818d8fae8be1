"""Host keys against known_hosts with a real sshd: `plugins.ssh.host_keys`."""

from __future__ import annotations

import base64
import hmac
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plugins.ssh import host_keys
from plugins.ssh.host_certificate import CertificateProblem, read_certificate
from plugins.ssh.host_keys import HostKeys
from tests.support.sshd import (
    ME,
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


def test_an_accepted_host_key_that_cannot_be_added(client: Client, server: Sshd, keys: Keys) -> None:
    client.head = client.head.replace(str(client.known), f"{client.known}/a/b")
    client.configure("")
    (session,) = client.visit(vm(server, keys), host_keys="accept-new")
    assert session.outcome == "ok"
    assert session.message.endswith(f", but could not be added to {client.known}/a/b: Not a directory.")


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


def test_the_known_key_type_is_requested(client: Client, keys: Keys, tmp_path: Path) -> None:
    rsa = keys.make("host-rsa", "rsa", "", "-b", "2048")
    with sshd(keys, tmp_path, f"HostKey {rsa}") as running:  # and the ed25519 one, which would be preferred
        client.known.write_text(f"[127.0.0.1]:{running.port} {keys.public('host-rsa')}")
        (session,) = client.visit(vm(running, keys))
    assert session.outcome == "ok"


def test_the_configuration_cannot_loosen_the_host_key_check(client: Client, server: Sshd, keys: Keys) -> None:
    client.configure("StrictHostKeyChecking no\n")
    (session,) = client.visit(vm(server, keys))
    assert session.outcome == "host key unknown"


# --- the same judgement as ssh ------------------------------------------------------------------------------------


def ssh_says(running: Sshd, client: Client, keys: Keys, *more: str) -> str:
    """The result of a real ssh with the client's known_hosts."""
    done = subprocess.run(
        ["ssh", "-F", client.config, "-i", keys.make("user"), "-p", str(running.port), "-o", "BatchMode=yes",
         "-o", "StrictHostKeyChecking=yes", "-o", "UpdateHostKeys=no", *more, f"{ME}@127.0.0.1", "true"],
        capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode == 0:
        return "ok"
    for words, outcome in (
        ("revoked", "host key revoked"),
        ("REMOTE HOST IDENTIFICATION HAS CHANGED", "host key changed"),
        ("host key is known for", "host key unknown"),
    ):
        if words in done.stderr:
            return outcome
    return done.stderr


def plain_and_hashed(running: Sshd) -> tuple[str, str]:
    name = f"[127.0.0.1]:{running.port}"
    salt = b"x" * 20
    digest = hmac.digest(salt, name.encode(), "sha1")
    return name, "|1|" + "|".join(base64.b64encode(part).decode() for part in (salt, digest))


RIGHT, WRONG = "RIGHT", "WRONG"
#: known_hosts lines (NAME, HASHED, RIGHT and WRONG keys filled in) -> ssh's result
JUDGEMENTS = [
    "NAME RIGHT",
    "HASHED RIGHT",
    "NAME WRONG",
    "HASHED WRONG",
    "NAME WRONG\nHASHED RIGHT",  # J1
    "HASHED WRONG\nNAME RIGHT",
    "NAME RIGHT\n@revoked HASHED RIGHT",  # J3
    "@revoked HASHED RIGHT",
    "NAME RIGHT\n@revoked * WRONG",
    "@revoked * RIGHT\nNAME WRONG",
    "@revoke NAME RIGHT",  # J4
    "NAME RIGHT\n@revoke NAME RIGHT",
    "@REVOKED NAME RIGHT",
    "@cert-authority NAME RIGHT",
    "@cert-authority NAME WRONG\nNAME RIGHT",
    "NAME ssh-rsa AAAA",  # J6
    "NAME ssh-rsa AAAA\nNAME RIGHT",
    "NAME MISMATCH",  # J8
    "127.0.0.1 RIGHT",
    "127.0.0.1 WRONG",
    "127.0.0.1 RIGHT\n@revoked 127.0.0.1 RIGHT",
    "127.0.0.1 RIGHT\nNAME WRONG",
    "[127.*]:* RIGHT",
    "!NAME,* RIGHT",
    "*,!NAME RIGHT",
    "",
]


@pytest.mark.skipif(not shutil.which("ssh"), reason="ssh is not installed")
def test_the_same_judgement_as_ssh(client: Client, server: Sshd, keys: Keys) -> None:
    name, hidden = plain_and_hashed(server)
    wrong = " ".join(keys.public("other").split()[:2])
    for template in JUDGEMENTS:
        text = template.replace("NAME", name).replace("HASHED", hidden).replace("RIGHT", server.host_key)
        text = text.replace("WRONG", wrong).replace("MISMATCH", f"ssh-rsa {server.host_key.split()[1]}")
        client.known.write_text(f"{text}\n")
        (session,) = client.visit(vm(server, keys))
        assert session.outcome == ssh_says(server, client, keys), template


# --- host certificates ----------------------------------------------------------------------------------------------


@dataclass
class Certificate:
    """The signature of a host key, the lines in known_hosts, and the expected result."""

    outcome: str
    known: str = "@cert-authority [127.0.0.1]:PORT CA"
    sign: tuple[str, ...] = ("-h", "-n", "127.0.0.1", "-V", "-1h:+1h")
    says: str = ""
    config: str = ""
    authority: str = "host-ca"
    kind: str = "ed25519"


CERTIFICATES = {
    "trusted": Certificate("ok"),
    "trusted by a pattern": Certificate("ok", "@cert-authority *,[*]:* CA"),
    "trusted under the name without a port": Certificate("ok", "@cert-authority 127.0.0.1 CA"),
    "expired, and trusted under the name without a port": Certificate(
        "host key unknown", "@cert-authority 127.0.0.1 CA", ("-h", "-n", "127.0.0.1", "-V", "-2h:-1h"), "expired at "
    ),
    "for any host": Certificate("ok", sign=("-h", "-V", "-1h:+1h")),
    "for one of several": Certificate("ok", sign=("-h", "-n", "web,127.0.0.1")),
    "by HostKeyAlias": Certificate("ok", "@cert-authority web CA", ("-h", "-n", "web"), config="HostKeyAlias Web\n"),
    "RSA": Certificate("ok", authority="host-ca-rsa", kind="rsa"),
    "ECDSA": Certificate("ok", authority="host-ca-ecdsa", kind="ecdsa"),
    "expired": Certificate("host key unknown", sign=("-h", "-n", "127.0.0.1", "-V", "-2h:-1h"), says="expired at "),
    "not yet valid": Certificate(
        "host key unknown", sign=("-h", "-n", "127.0.0.1", "-V", "+1h:+2h"), says="is not valid before "
    ),
    "another name": Certificate("host key unknown", sign=("-h", "-n", "web"), says="is for 'web', not for 127.0.0.1."),
    "a pattern as the name": Certificate("host key unknown", sign=("-h", "-n", "127.*"), says="is for '127.*', not for"),
    "a user certificate": Certificate(
        "host key unknown", sign=("-n", "127.0.0.1"), says="is a user certificate, not a host certificate."
    ),
    "a critical option": Certificate(
        "host key unknown",
        sign=("-h", "-n", "127.0.0.1", "-O", "critical:x=1"),
        says="Its host certificate has critical options that ssh does not know: 'x'.",
    ),
    "an algorithm that is not allowed": Certificate(
        "host key unknown",
        config="CASignatureAlgorithms rsa-sha2-512\n",
        says="is signed with ssh-ed25519, which CASignatureAlgorithms does not allow.",
    ),
    "a revoked CA": Certificate(
        "host key revoked", "@cert-authority * CA\n@revoked * CA", says="a host certificate signed by ssh-ed25519 SHA256:"
    ),
    "a revoked key": Certificate("host key revoked", "@cert-authority * CA\n@revoked * KEY", says="shows the host key"),
    "an unknown CA": Certificate(
        "host key unknown", "@cert-authority * OTHER", says="which known_hosts does not name as @cert-authority for it."
    ),
    "an unknown CA, the key is known": Certificate("ok", "@cert-authority * OTHER\n[127.0.0.1]:PORT KEY"),
    "expired, the key is known": Certificate(
        "ok", "@cert-authority * CA\n[127.0.0.1]:PORT KEY", ("-h", "-n", "127.0.0.1", "-V", "-2h:-1h")
    ),
    "an unknown CA, another key is known": Certificate(
        "host key changed", "[127.0.0.1]:PORT OTHER"
    ),
    "no authority in known_hosts": Certificate("host key unknown", ""),
}  # fmt: skip


def certified(keys: Keys, folder: Path, case: Certificate) -> tuple[Path, Path]:
    """The authority's key, and the certificate of the host key."""
    authority = keys.make(case.authority, case.kind)
    folder.mkdir(exist_ok=True)
    public = folder / "host.pub"
    shutil.copy(keys.make("host").with_suffix(".pub"), public)
    run("ssh-keygen", "-q", "-s", authority, "-I", "test", *case.sign, public)
    return authority, folder / "host-cert.pub"


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_host_certificate(client: Client, keys: Keys, tmp_path: Path, name: str) -> None:
    case = CERTIFICATES[name]
    authority, certificate = certified(keys, tmp_path / "ca", case)
    with sshd(keys, tmp_path / "sshd", f"HostCertificate {certificate}") as running:
        known = case.known.replace("PORT", str(running.port)).replace("KEY", running.host_key)
        known = known.replace("CA", " ".join(authority.with_suffix(".pub").read_text().split()[:2]))
        client.known.write_text(known.replace("OTHER", " ".join(keys.public("other").split()[:2])) + "\n")
        client.configure(case.config)
        (session,) = client.visit(vm(running, keys))
        assert (session.outcome, ssh_says(running, client, keys)) == (case.outcome, case.outcome), session
    assert case.says in session.message


def test_a_host_whose_authority_is_known_and_that_shows_no_certificate(
    client: Client, server: Sshd, keys: Keys
) -> None:
    client.known.write_text(f"@cert-authority * {' '.join(keys.public('host-ca').split()[:2])}\n")
    (session,) = client.visit(vm(server, keys))
    assert session.outcome == "host key unknown"
    assert f"{client.known}:1 trusts a certificate authority for it, but it shows no certificate." in session.message
    assert "HostCertificate" in session.remedy


@pytest.mark.parametrize(
    "what", ["the CA", "the key", "the key, in a KRL", "another key", "another key, in a KRL", "no file", "no key"]
)
def test_revoked_host_keys(client: Client, keys: Keys, tmp_path: Path, what: str) -> None:
    authority, certificate = certified(keys, tmp_path / "ca", Certificate("ok"))
    host = keys.make("host").with_suffix(".pub")
    revoked = tmp_path / "revoked"
    signer, other = authority.with_suffix(".pub"), keys.make("other").with_suffix(".pub")
    named = {"the CA": signer, "another key": other}.get(what.partition(",")[0], host)
    if what == "no key":
        revoked.write_text("# a list\nnothing\n")
    elif what.endswith("in a KRL"):
        run("ssh-keygen", "-q", "-k", "-f", revoked, named)
    elif what != "no file":
        shutil.copy(named, revoked)
    with sshd(keys, tmp_path / "sshd", f"HostCertificate {certificate}") as running:
        client.known.write_text(
            f"@cert-authority * {' '.join(authority.with_suffix('.pub').read_text().split()[:2])}\n"
        )
        client.configure(f"RevokedHostKeys {revoked}\n")
        (session,) = client.visit(vm(running, keys))
        theirs = ssh_says(running, client, keys)
    unread = dict.fromkeys(("no file", "no key"), "cannot be used")
    right = {"another": "ok", **unread}.get(what if what in unread else what.split()[0], "host key revoked")
    assert session.outcome == right, session
    assert (theirs == "ok") == (right == "ok")
    if right == "cannot be used":
        assert session.remedy.startswith("Correct the file, or check that ssh-keygen is installed")


def test_a_damaged_certificate_is_not_one(keys: Keys, tmp_path: Path) -> None:
    _, certificate = certified(keys, tmp_path / "ca", Certificate("ok"))
    blob = base64.b64decode(certificate.read_text().split()[1])
    assert read_certificate(blob).problem("127.0.0.1", ("ssh-ed25519",)) == ""
    for place in range(4, len(blob), 7):
        with pytest.raises(CertificateProblem):
            read_certificate(blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :])
    for length in range(0, len(blob), 5):
        with pytest.raises(CertificateProblem):
            read_certificate(blob[:length])
    damaged: Any = SimpleNamespace(public_blob=SimpleNamespace(key_blob=b""))
    assert host_keys._certificate(damaged) == (None, "has the type '', which is not known here")
