"""`plugins.ssh.config` against `ssh -G`, which prints what OpenSSH itself makes of a configuration."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from plugins.model import Vm
from plugins.ssh.config import Hop, SshConfig
from plugins.ssh.errors import SshError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh" / "config.d").mkdir(parents=True)
    return tmp_path


def write(home: Path, text: str, name: str = "config") -> Path:
    path = home / ".ssh" / name
    path.write_text(text)
    return path


def hop(path: Path, alias: str, **more: str) -> Hop:
    return SshConfig([path]).route(Vm(alias, **more))[-1]  # type: ignore[arg-type]


def openssh(path: Path, alias: str) -> dict[str, str]:
    """What `ssh -G` says; the first value of each key."""
    done = subprocess.run(["ssh", "-G", "-F", path, alias], check=True, capture_output=True, text=True, timeout=10)
    answer: dict[str, str] = {}
    for line in done.stdout.splitlines():
        key, _, value = line.partition(" ")
        answer.setdefault(key, value)
    return answer


CONFIGS = {
    "first value wins": "Host vm-a\n Port 1\nHost vm-*\n Port 2\n User carla\nPort 3\nHost *\n Port 4\n",
    "negation": "Host vm-* !vm-a\n Port 1\nHost *\n Port 2\n",
    "global lines first": "User otto\nHost vm-a\n User anna\n Port 3\n",
    "equals signs and quotes": 'Host=vm-a\n Port = 7\n User="anna"\n HostName=10.0.0.%n\nHost *\n Port 8\n',
    "tokens": "Host vm-a\n HostName %h.example.com\n User anna\nHost *\n Port 22\n",
    "include at the top": "Include config.d/*\nHost *\n Port 4\n User otto\n",
    "include in a block": "Host vm-a\n Include config.d/plain\n User anna\nHost vm-b\n User bert\nHost *\n Port 4\n",
    "blocks included in a block": "Host vm-a\n Include config.d/blocks\n Port 5\nHost *\n Port 6\n User otto\n",
    "match host": "Match originalhost vm-a\n Port 9\nMatch all\n Port 10\n",
    "match user": "Host vm-a\n User anna\nMatch user anna\n Port 11\n",
    "comments and blank lines": "# Host vm-a\n\n  # Port 1\nHost vm-a\n\n\tPort 12\n",
}


@pytest.mark.skipif(not shutil.which("ssh"), reason="ssh is not installed")
@pytest.mark.parametrize("alias", ["vm-a", "vm-b", "other"])
@pytest.mark.parametrize("name", CONFIGS)
def test_the_same_as_openssh(home: Path, name: str, alias: str) -> None:
    # ssh takes the home of the password database for relative Includes, so they are made absolute here.
    folder = home / ".ssh" / "config.d"
    write(home, "Port 40\n", "config.d/plain")
    write(home, "Host vm-b\n User berta\nHost vm-*\n User vroni\n", "config.d/blocks")
    path = write(home, CONFIGS[name].replace("config.d", str(folder)).replace("10.0.0.%n", "10.0.0.4"))
    ours, theirs = hop(path, alias), openssh(path, alias)
    assert (ours.address, str(ours.port), ours.user) == (theirs["hostname"], theirs["port"], theirs["user"])


def test_relative_includes_and_the_home_folder(home: Path) -> None:
    write(home, "Port 40\n", "config.d/a")
    write(home, "Include ~/.ssh/config.d/b\n", "more")
    write(home, "User berta\n", "config.d/b")
    ours = hop(write(home, "Include config.d/a more config.d/nothing*\n"), "vm-a")
    assert (ours.port, ours.user) == (40, "berta")


def test_an_include_that_includes_itself(home: Path) -> None:
    path = write(home, "Include config\n")
    with pytest.raises(SshError, match=f"{path}:1: Include is nested more than 16 deep"):
        SshConfig([path])


def test_identity_files_and_tokens(home: Path) -> None:
    path = write(
        home,
        "Host vm-a\n HostName 10.0.0.4\n User anna\n IdentityFile ~/.ssh/%r-%h\n IdentityFile %d/keys/%u\n"
        " CertificateFile ~/certs/%n-cert.pub\n IdentitiesOnly yes\n UserKnownHostsFile ~/a %d/b-%p\n",
    )
    ours = hop(path, "vm-a")
    assert ours.identity_files[0] == home / ".ssh" / "anna-10.0.0.4"
    assert ours.identity_files[1].parent == home / "keys"
    assert ours.certificates == (home / "certs" / "vm-a-cert.pub",)
    assert ours.identities_only
    assert ours.user_known_hosts == (home / "a", home / "b-22")
    assert not ours.default_files


def test_the_usual_files_when_nothing_is_said(home: Path) -> None:
    ours = hop(write(home, ""), "vm-a")
    assert [path.name for path in ours.identity_files] == ["id_ed25519", "id_ecdsa", "id_rsa"]
    assert ours.default_files
    assert ours.user_known_hosts == (home / ".ssh/known_hosts", home / ".ssh/known_hosts2")
    assert (ours.address, ours.port, ours.agent, ours.connect_timeout) == ("vm-a", 22, "", None)


def test_the_fleet_file_wins_and_fills_the_tokens(home: Path) -> None:
    path = write(home, "User otto\nPort 5\nIdentityFile ~/%r\nProxyJump gw\nConnectTimeout 7\n")
    (ours,) = SshConfig([path]).route(Vm("vm-a", "10.0.0.4", user="anna", port=6, jump="none"))
    assert (ours.label, ours.identity_files, ours.jump) == ("anna@10.0.0.4:6", (home / "anna",), "")
    assert ours.connect_timeout == 7
    (ours,) = SshConfig([path]).route(Vm("vm-a", identity_file=str(home / "key"), jump="none"))
    assert ours.identity_files == (home / "key",)


def test_jump_hosts_have_their_own_configuration(home: Path) -> None:
    path = write(
        home,
        "Host vm-*\n ProxyJump anna@gw1:2201,gw2\nHost gw1\n HostName 10.0.0.1\n ProxyJump outer\n"
        "Host gw2\n HostName 10.0.0.2\n User berta\n ProxyJump never-used\nHost *\n User otto\n",
    )
    route = SshConfig([path]).route(Vm("vm-a"))
    assert [step.label for step in route] == [
        "otto@outer:22",
        "anna@10.0.0.1:2201",
        "berta@10.0.0.2:22",
        "otto@vm-a:22",
    ]


def test_proxy_command_and_ipv6(home: Path) -> None:
    path = write(home, "Host vm-a\n ProxyCommand nc %h %p\nHost vm-b\n ProxyCommand none\n HostName fd00::4\n")
    assert hop(path, "vm-a").proxy_command == "nc vm-a 22"
    assert hop(path, "vm-a", jump="none").proxy_command == ""
    ours = hop(path, "vm-b", user="anna")
    assert (ours.proxy_command, ours.label) == ("", "anna@[fd00::4]:22")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Host vm-a\n Port 70000\n", ":2: port is '70000', expected a number from 1 to 65535."),
        ("Host vm-a\n Port\n", ":2: 'Port' is no setting."),
        ("Host 'vm-a\n", ':1: Host "\'vm-a"'),
        ("Match localnetwork 10.0.0.0/8\n", ":1: Match 'localnetwork' is not supported here."),
        ("Match host\n", ":1: Match 'host'"),
        ("ConnectTimeout soon\n", ":1: connecttimeout is 'soon'"),
        ("ProxyJump a b\n", ":1: ProxyJump 'a b': 'a b' is no SSH alias or address"),
    ],
)
def test_a_bad_line_is_named(home: Path, text: str, message: str) -> None:
    path = write(home, text)
    with pytest.raises(SshError) as caught:
        SshConfig([path]).route(Vm("vm-a"))
    assert caught.value.outcome == "cannot be used"
    assert caught.value.message.startswith(f"{path}{message}")
    assert caught.value.remedy


def test_a_thousand_hosts_are_looked_up_quickly(home: Path) -> None:
    path = write(
        home,
        "".join(f"Host vm-{n}\n HostName 10.0.0.{n}\n Port {n + 1}\n" for n in range(1000)) + "Host *\n User anna\n",
    )
    config, began = SshConfig([path]), time.process_time()
    assert [config.route(Vm(f"vm-{n}"))[0].port for n in range(1000)] == list(range(1, 1001))
    assert time.process_time() - began < 2, "paramiko alone needs about ten seconds"


def test_the_name_of_this_machine_is_not_asked_for_in_vain(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def name() -> str:
        asked.append("its name")
        return "runner.example.com"

    monkeypatch.setattr("socket.getfqdn", name)
    path = write(home, "Host vm-a\n IdentityFile ~/keys/%h\nHost vm-b\n IdentityFile ~/keys/%l\n")
    assert hop(path, "vm-a").identity_files == (home / "keys" / "vm-a",)  # a resolver that hangs would hold up all VMs
    assert not asked
    assert hop(path, "vm-b").identity_files == (home / "keys" / "runner.example.com",)
