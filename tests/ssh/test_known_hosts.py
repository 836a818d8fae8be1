"""`plugins.ssh.known_hosts`, compared with ssh-keygen's output for the same files."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from plugins.ssh.known_hosts import KnownHosts, fingerprint, host_name

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIJFHGpUcPCJpqKHEtmNS7wHH9mPVJN3T2cUvBHkPMfDq"
OTHER = "AAAAC3NzaC1lZDI1NTE5AAAAIHVRbKn5D2ThmOQj9LZMkzpcUOhYSDKv0LvCL0cHTqfY"


def found(path: Path, name: str) -> list[tuple[int, str]]:
    return [(entry.line, entry.marker) for entry in KnownHosts().find([path], name)]


@pytest.mark.parametrize(
    ("line", "name", "known"),
    [
        (f"vm-a,10.0.0.4 ssh-ed25519 {KEY} a comment", "vm-a", True),
        (f"vm-a,10.0.0.4 ssh-ed25519 {KEY}", "10.0.0.4", True),
        (f"VM-A ssh-ed25519 {KEY}", "vm-a", True),
        (f"vm-a ssh-ed25519 {KEY}", "vm-ab", False),
        (f"vm-a ssh-ed25519 {KEY}", "[vm-a]:2222", False),
        (f"[vm-a]:2222 ssh-ed25519 {KEY}", "[vm-a]:2222", True),
        (f"[vm-?]:2222 ssh-ed25519 {KEY}", "[vm-a]:2222", True),
        (f"*.example.com,!bad.example.com ssh-ed25519 {KEY}", "good.example.com", True),
        (f"*.example.com,!bad.example.com ssh-ed25519 {KEY}", "bad.example.com", False),
        (f"!bad.example.com ssh-ed25519 {KEY}", "good.example.com", False),
        (f"  vm-a\tssh-ed25519  {KEY}", "vm-a", True),
        (f"#vm-a ssh-ed25519 {KEY}", "vm-a", False),
        ("vm-a ssh-ed25519", "vm-a", False),
        ("vm-a ssh-ed25519 not*base64", "vm-a", False),
        (f"|1|bad|bad= ssh-ed25519 {KEY}", "vm-a", False),
        ("", "vm-a", False),
    ],
)
def test_names_and_patterns(tmp_path: Path, line: str, name: str, known: bool) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"{line}\n")
    assert found(path, name) == ([(1, "")] if known else [])


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not installed")
def test_hashed_names(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"vm-a ssh-ed25519 {KEY}\n[10.0.0.4]:2222 ssh-ed25519 {OTHER}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", path], check=True, capture_output=True, timeout=60)
    assert "vm-a" not in path.read_text()
    assert found(path, "vm-a") == [(1, "")]
    assert found(path, "[10.0.0.4]:2222") == [(2, "")]
    assert found(path, "10.0.0.4") == []


def test_markers_and_the_order_of_files(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text(f"@revoked * ssh-ed25519 {OTHER}\n@cert-authority vm-a ssh-ed25519 {KEY}\n")
    second.write_text(f"# comment\nvm-a ssh-ed25519 {KEY}\n")
    entries = KnownHosts().find([first, tmp_path / "missing", second], "vm-a")
    assert [(entry.place, entry.marker) for entry in entries] == [
        (f"{first}:1", "@revoked"),
        (f"{first}:2", "@cert-authority"),
        (f"{second}:2", ""),
    ]


def test_a_line_that_is_not_utf8_spoils_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_bytes(b"\xff\xfe ssh-ed25519 AAAA\n" + f"vm-a ssh-ed25519 {KEY}\n".encode())
    assert found(path, "vm-a") == [(2, "")]


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not installed")
def test_the_fingerprint_is_ssh_keygens(tmp_path: Path) -> None:
    path = tmp_path / "key.pub"
    path.write_text(f"ssh-ed25519 {KEY}\n")
    printed = subprocess.run(["ssh-keygen", "-lf", path], check=True, capture_output=True, text=True, timeout=60).stdout
    assert fingerprint(KEY) == printed.split()[1]


@pytest.mark.parametrize(("host", "port", "name"), [("VM-a", 22, "vm-a"), ("10.0.0.4", 2222, "[10.0.0.4]:2222")])
def test_what_known_hosts_calls_a_host(host: str, port: int, name: str) -> None:
    assert host_name(host, port) == name


@pytest.mark.parametrize(
    ("before", "line"), [(None, 1), ("", 1), (f"vm-b ssh-ed25519 {OTHER}\n", 2), ("# no newline", 2)]
)
def test_adding_a_key(tmp_path: Path, before: str | None, line: int) -> None:
    path = tmp_path / "new" / "known_hosts"
    if before is not None:
        path.parent.mkdir()
        path.write_text(before)
    known = KnownHosts()
    known.find([path], "vm-a")
    known.add(path, "vm-a", "ssh-ed25519", KEY)
    assert [entry.place for entry in known.find([path], "vm-a")] == [f"{path}:{line}"]
    assert found(path, "vm-a") == [(line, "")]
    if before is None:
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_adding_from_many_threads(tmp_path: Path) -> None:
    path, known = tmp_path / "known_hosts", KnownHosts()
    threads = [
        threading.Thread(target=known.add, args=(path, f"vm-{number}", "ssh-ed25519", KEY)) for number in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(path.read_text().splitlines()) == sorted(f"vm-{number} ssh-ed25519 {KEY}" for number in range(30))


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "known_hosts").mkdir()
    with pytest.raises(OSError, match="directory"):
        KnownHosts().add(tmp_path / "known_hosts", "vm-a", "ssh-ed25519", KEY)


# --- the same lines as ssh-keygen, the same judgement as ssh --------------------------------------------------------


def hashed(name: str) -> str:
    salt = hashlib.sha1(name.encode()).digest()  # any 20 bytes
    return "|1|" + "|".join(
        base64.b64encode(part).decode() for part in (salt, hmac.digest(salt, name.encode(), "sha1"))
    )


HOSTS = (
    "vm-a", "VM-A,10.0.0.4", "vm-b", "vm-*", "*", "!vm-a,*", "*,!vm-a", "vm-?", "[vm-a]:2222", "[vm-*]:2222", "vm-[ab]",
    hashed("vm-a"), hashed("[vm-a]:2222"), hashed("10.0.0.4"), "|1|bad|bad=", "|2|x|y", "vm-a,", ",vm-a", "vm-a,,vm-b",
)  # fmt: skip
NAMES = ("vm-a", "vm-b", "10.0.0.4", "[vm-a]:2222", "other")
SHORT = base64.b64encode(b"\0\0\0\x07ssh-rsa").decode()
KEYS = (
    f"ssh-ed25519 {KEY}", f"ssh-ed25519 {OTHER} a comment", f"ssh-rsa {KEY}", "ssh-rsa AAAA", f"ssh-rsa {SHORT}",
    f"ssh-ed25519 {KEY[:-8]}", "ssh-ed25519 not*base64", f"ssh-unknown {KEY}", "ssh-ed25519", f"ssh-ed25519\t{KEY}",
    f"ecdsa-sha2-nistp256 {KEY}", f"ssh-ed25519 {KEY}\r",
)  # fmt: skip
MARKERS = (
    "",
    "",
    "",
    "@revoked ",
    "@cert-authority ",
    "@revoke ",
    "@REVOKED ",
    "@revoked @cert-authority ",
    "@revoked\t",
    "#",
    " ",
)


def random_file(path: Path, pick: random.Random) -> None:
    lines = [f"{pick.choice(MARKERS)}{pick.choice(HOSTS)} {pick.choice(KEYS)}" for _ in range(pick.randrange(1, 8))]
    path.write_bytes("\n".join([*lines, ""]).encode())


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not installed")
def test_the_same_lines_as_ssh_keygen_finds(tmp_path: Path) -> None:
    """200 files; ssh-keygen also lists lines with a broken key, which ssh ignores."""
    pick = random.Random(4)
    path = tmp_path / "known_hosts"
    for _ in range(200):
        random_file(path, pick)
        name = pick.choice(NAMES)
        done = subprocess.run(
            ["ssh-keygen", "-F", name, "-f", path], capture_output=True, text=True, check=False, timeout=60
        )
        lines = [int(number) for number in re.findall(r"^# Host .+ found: line (\d+)", done.stdout, re.MULTILINE)]
        ours = found(path, name)
        assert {number for number, _ in ours} <= set(lines), (name, path.read_text(), done.stdout)
        for number in set(lines) - {number for number, _ in ours}:
            words = path.read_bytes().decode().split("\n")[number - 1].replace("\t", " ").split()
            assert words[-1] != KEY or "ssh-ed25519" not in words, (name, path.read_text(), done.stdout)


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        (f"@revoke vm-a ssh-ed25519 {KEY}", False),  # J4
        (f"@REVOKED vm-a ssh-ed25519 {KEY}", False),
        (f"@revoked @cert-authority vm-a ssh-ed25519 {KEY}", False),
        ("vm-a ssh-rsa AAAA", False),  # J6
        (f"vm-a ssh-rsa {SHORT}", False),
        (f"vm-a ssh-rsa {KEY}", False),  # J8
        (f"vm-a ssh-ed25519 {KEY[:-8]}", False),
        (f"vm-a ssh-unknown {KEY}", False),
        (f"vm-a ssh-ed25519 {KEY}\r", True),
        (f"\tvm-a\tssh-ed25519\t{KEY}", True),
        (f"vm-a\u00a0x ssh-ed25519 {KEY}", False),
    ],
)
def test_lines_that_count(tmp_path: Path, line: str, counts: bool) -> None:
    path = tmp_path / "known_hosts"
    path.write_bytes(f"{line}\n".encode())
    assert bool(found(path, "vm-a")) is counts


def test_hashed_and_plain_lines_are_both_searched(tmp_path: Path) -> None:  # J1, J2
    path = tmp_path / "known_hosts"
    path.write_text(
        f"vm-a ssh-ed25519 {OTHER}\n{hashed('vm-a')} ssh-ed25519 {KEY}\n@revoked {hashed('vm-a')} ssh-ed25519 {KEY}\n"
    )
    assert found(path, "vm-a") == [(1, ""), (2, ""), (3, "@revoked")]
