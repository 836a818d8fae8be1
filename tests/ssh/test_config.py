"""`plugins.ssh.config`: the logins on the way to a VM, from the OpenSSH client and from our own reader."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugins.model import Vm
from plugins.ssh import expansion
from plugins.ssh.config import SshConfig, default_files
from plugins.ssh.errors import SshError
from tests.ssh.ssh_config_files import by_reader, hop, write
from tests.support.counted import counted_calls

Read = Callable[[Path], SshConfig]


def by_client(path: Path) -> SshConfig:
    return SshConfig([path])


@pytest.fixture(params=["client", "reader"])
def read(request: pytest.FixtureRequest) -> Read:
    if request.param == "client" and not shutil.which("ssh"):
        pytest.skip("ssh is not installed")
    return by_client if request.param == "client" else by_reader


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Another home folder for the reader; ssh uses the one in the password database."""
    me = pwd.getpwuid(os.getuid())
    moved = pwd.struct_passwd((*me[:5], str(tmp_path), me[6]))
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: moved)
    expansion.home.cache_clear()
    (tmp_path / ".ssh" / "config.d").mkdir(parents=True)
    yield tmp_path
    monkeypatch.undo()
    expansion.home.cache_clear()
    expansion.local_user.cache_clear()


def test_relative_includes_and_the_home_folder(home: Path) -> None:
    write(home / ".ssh", "Port 40\n", "config.d/a")
    write(home / ".ssh", "Include ~/.ssh/config.d/b\n", "more")
    write(home / ".ssh", "User berta\n", "config.d/b")
    ours = hop(by_reader(write(home / ".ssh", "Include config.d/a more config.d/nothing*\n")))
    assert (ours.port, ours.user) == (40, "berta")


def test_a_user_without_an_entry_in_the_password_database(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container that runs with any number as its user."""

    def no_entry(uid: int) -> pwd.struct_passwd:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", no_entry)
    monkeypatch.setenv("HOME", str(tmp_path / "own"))
    expansion.home.cache_clear()
    expansion.local_user.cache_clear()
    assert default_files()[0] == tmp_path / "own/.ssh/config"
    ours = hop(by_reader(write(tmp_path, "IdentityFile ~/key\n")))
    assert (ours.user, ours.identity_files) == (str(os.getuid()), (tmp_path / "own/key",))
    monkeypatch.delenv("HOME")
    expansion.home.cache_clear()
    assert expansion.home() == Path("/")


def test_the_users_file_comes_before_the_systems(home: Path) -> None:
    assert default_files() == [home / ".ssh/config", Path("/etc/ssh/ssh_config")]


def test_an_include_that_includes_itself(home: Path) -> None:
    path = write(home / ".ssh", "Include config\n")
    with pytest.raises(SshError) as refused:
        by_reader(path)
    assert (refused.value.message, refused.value.remedy) == (
        f"{path}:1: Include is nested more than 16 deep.",
        "Remove the loop.",
    )


def test_an_included_file_that_others_can_write_is_refused(folder: Path, read: Read) -> None:
    write(folder, "Port 40\n", "more").chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IWOTH)
    with pytest.raises(SshError, match=r"more|permissions"):
        hop(read(write(folder, f"Include {folder}/more\n")))


@pytest.mark.parametrize("mode", [0o644, 0o664])
def test_an_included_file_that_its_group_may_write_is_read(folder: Path, mode: int) -> None:
    """Debian's ssh allows write access for the user's own group."""
    more = write(folder, "Port 40\n", "more")
    more.chmod(mode)
    assert hop(by_reader(write(folder, f"Include {more}\n"))).port == 40


@pytest.mark.parametrize("mode", [0o602, 0o646])
def test_what_is_said_of_an_included_file_that_others_may_write(folder: Path, mode: int) -> None:
    more = write(folder, "Port 40\n", "more")
    more.chmod(mode)
    with pytest.raises(SshError) as refused:
        by_reader(write(folder, f"Include {more}\n"))
    assert (refused.value.message, refused.value.remedy) == (
        f"{more}: ssh refuses a file that others can write.",
        f"Run: chmod go-w {more}.",
    )


def test_identity_files_and_tokens(folder: Path, read: Read) -> None:
    path = write(
        folder,
        "Host vm-a\n HostName 10.0.0.4\n User anna\n IdentityFile ~/.ssh/%r-%h\n IdentityFile %d/keys/%u\n"
        " CertificateFile ~/certs/%n-cert.pub\n IdentitiesOnly yes\n UserKnownHostsFile ~/a %d/b-%p\n",
    )
    ours, home = hop(read(path)), expansion.home()
    assert ours.identity_files[0] == home / ".ssh" / "anna-10.0.0.4"
    assert ours.identity_files[1].parent == home / "keys"
    assert ours.certificates == (home / "certs" / "vm-a-cert.pub",)
    assert ours.identities_only
    assert ours.user_known_hosts == (home / "a", home / "b-22")
    assert not ours.default_files


def test_without_settings_the_default_files_are_used(folder: Path, read: Read) -> None:
    ours, home = hop(read(write(folder, ""))), expansion.home()
    assert list(ours.identity_files) == [home / ".ssh" / name for name in ("id_ed25519", "id_ecdsa", "id_rsa")]
    assert ours.default_files
    assert ours.user_known_hosts == (home / ".ssh/known_hosts", home / ".ssh/known_hosts2")
    assert (ours.address, ours.port, ours.agent, ours.connect_timeout) == ("vm-a", 22, "", None)


def test_the_fleet_file_wins_and_fills_the_tokens(folder: Path, read: Read) -> None:
    path = write(folder, "User otto\nPort 5\nIdentityFile ~/%r\nProxyJump gw\nConnectTimeout 7\n")
    (ours,) = read(path).route(Vm("vm-a", "10.0.0.4", user="anna", port=6, jump="none"))
    assert (ours.label, ours.identity_files, ours.jump) == ("anna@10.0.0.4:6", (expansion.home() / "anna",), "")
    assert ours.connect_timeout == 7
    (ours,) = read(path).route(Vm("vm-a", identity_file=str(folder / "key"), jump="none"))
    assert ours.identity_files == (folder / "key",)


def test_jump_hosts_have_their_own_configuration(folder: Path, read: Read) -> None:
    path = write(
        folder,
        "Host vm-*\n ProxyJump anna@gw1:2201,gw2\nHost gw1\n HostName 10.0.0.1\n ProxyJump outer\n"
        "Host gw2\n HostName 10.0.0.2\n User berta\n ProxyJump never-used\nHost *\n User otto\n",
    )
    route = read(path).route(Vm("vm-a"))
    assert [step.label for step in route] == [
        "otto@outer:22",
        "anna@10.0.0.1:2201",
        "berta@10.0.0.2:22",
        "otto@vm-a:22",
    ]


def test_the_fleet_files_chain_and_addresses_of_jump_hosts(folder: Path, read: Read) -> None:
    path = write(folder, "User otto\nHost vm-b\n ProxyJump root@[fd00::1]:2201\nHost vm-c\n ProxyJump 10.0.0.1\n")
    labels = [step.label for step in read(path).route(Vm("vm-a", jump="gw1:7,anna@gw2"))]
    assert labels == ["otto@gw1:7", "anna@gw2:22", "otto@vm-a:22"]
    assert [step.label for step in read(path).route(Vm("vm-b"))] == ["root@[fd00::1]:2201", "otto@vm-b:22"]
    assert [step.label for step in read(path).route(Vm("vm-c"))] == ["otto@10.0.0.1:22", "otto@vm-c:22"]


def test_a_proxy_command_of_the_configuration_is_not_used_when_the_fleet_file_says_none(
    folder: Path, read: Read
) -> None:
    path = write(folder, "Host vm-a\n ProxyCommand nc %h %p\nHost vm-b\n ProxyCommand none\n HostName fd00::4\n")
    config = read(path)
    assert hop(config, "vm-a").proxy_command == "nc vm-a 22"
    assert hop(config, "vm-a", jump="none").proxy_command == ""
    ours = hop(config, "vm-b", user="anna")
    assert (ours.proxy_command, ours.label) == ("", "anna@[fd00::4]:22")


@pytest.mark.parametrize("user", ["a$(touch X)", "a;b", "-oProxyCommand=x", "a b -c", "a`b`", "a|b", "a\\", "a\nb"])
def test_a_user_that_openssh_refuses_reaches_no_proxy_command(folder: Path, read: Read, user: str) -> None:
    path = write(folder, "ProxyCommand echo %r\n")
    with pytest.raises(SshError) as refused:
        hop(read(path), "vm-a", user=user)
    assert (refused.value.message, refused.value.remedy) == (
        f"vm-a: the user {user!r} has a character that OpenSSH does not accept in a user name.",
        "Correct the user: it reaches a shell where a ProxyCommand has %r.",
    )


@pytest.mark.parametrize("user", ["CORP\\anna", "anna@corp", "svc-arc$", "anna bell", "größe"])
def test_users_that_openssh_accepts(folder: Path, read: Read, user: str) -> None:
    config = read(write(folder, "ProxyCommand echo %r\n"))
    try:
        outcome = hop(config, "vm-a", user=user).proxy_command
    except SshError as error:  # OpenSSH 10.6 accepts some of them only in its files
        outcome = error.remedy if set(user) & set("\\$") else str(error)
    assert outcome == f"echo {user}" or "write 'User NAME' there" in outcome


@pytest.mark.skipif(not shutil.which("ssh"), reason="ssh is not installed")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Host vm-a\n Port 70000\n", ":2: ssh printed 'Bad "),
        ("\nPorto 7\n", ":2: ssh printed 'Bad configuration option: porto'"),
        ("Match host\n", ":1: ssh printed "),
    ],
)
def test_what_ssh_refuses_is_quoted_with_its_line(folder: Path, text: str, message: str) -> None:
    path = write(folder, text)
    with pytest.raises(SshError) as caught:
        by_client(path).route(Vm("vm-a"))
    assert caught.value.outcome == "cannot be used"
    assert caught.value.message.startswith((f"{path}{message}", "ssh -G vm-a: ssh refuses its configuration and says"))


def test_what_a_lookup_costs_does_not_grow_with_the_hosts(folder: Path) -> None:
    path = write(
        folder,
        "".join(f"Host vm-{n}\n HostName 10.0.0.{n}\n Port {n + 1}\n" for n in range(250)) + "Host *\n User anna\n",
    )
    config = by_reader(path)
    with counted_calls(600_000):  # paramiko alone needs nine million
        assert [config.route(Vm(f"vm-{n}"))[0].port for n in range(250)] == list(range(1, 251))


# --- the client of this machine -----------------------------------------------------------------------------------


def client(folder: Path, script: str) -> SshConfig:
    """A configuration that a stand-in for ssh reads."""
    program = write(folder, f"#!/bin/sh\n{script}\n", "ssh")
    program.chmod(0o755)
    return SshConfig([write(folder, "Port 7\n")], find_client=lambda: str(program))


def test_a_client_that_is_too_old_or_another_program_is_not_asked(folder: Path) -> None:
    assert hop(client(folder, "echo hostname host.invalid")).port == 7, "it prints no proxyjump, so the reader serves"
    assert hop(client(folder, "exit 3")).port == 7
    assert hop(SshConfig([folder / "config"], find_client=lambda: str(folder / "nothing"))).port == 7


OLD = """case "$*" in
*jump.invalid*) echo hostname host.invalid; echo proxyjump jump.invalid; echo userknownhostsfile %%; exit;;
*host.invalid*) echo hostname host.invalid; echo userknownhostsfile %%; exit;;
esac
"""


def test_tokens_that_an_old_client_does_not_fill_in_are_refused(folder: Path) -> None:
    ours = hop(client(folder, OLD + "echo hostname vm-a; echo port 9; echo userknownhostsfile '~/known'"))
    assert (ours.port, ours.user_known_hosts) == (9, (expansion.home() / "known",))
    with pytest.raises(SshError) as caught:
        hop(client(folder, OLD + "echo hostname vm-a; echo userknownhostsfile '~/%k'"))
    assert caught.value.message == (
        "vm-a in the SSH configuration: userknownhostsfile '~/%k': this version of ssh does not print what its tokens "
        "stand for."
    )
    assert caught.value.remedy == "Update the OpenSSH client of this machine, or write the path out."
    with pytest.raises(SshError) as caught:
        hop(client(folder, OLD + "echo hostname vm-a; echo userknownhostsfile '~nobody-of-that-name/known'"))
    assert (caught.value.message, caught.value.remedy) == (
        "vm-a in the SSH configuration: there is no user 'nobody-of-that-name' on this machine.",
        "Correct it.",
    )


def test_names_of_files_that_ssh_prints_without_quotes_are_told_apart_or_refused(folder: Path) -> None:
    answer = OLD + "echo hostname vm-a; echo userknownhostsfile {}"
    assert hop(client(folder, answer.format("/a /b"))).user_known_hosts == (Path("/a"), Path("/b"))
    write(folder, "UserKnownHostsFile '/a b' c\n")
    known = SshConfig([folder / "config"], find_client=lambda: str(folder / "ssh"))
    write(folder, f"#!/bin/sh\n{answer.format('/a b c')}\n", "ssh").chmod(0o755)
    assert hop(known).user_known_hosts == (Path("/a b"), Path("c"))
    with pytest.raises(SshError) as refused:
        hop(client(folder, answer.format("a b")))
    assert (refused.value.message, refused.value.remedy) == (
        "vm-a in the SSH configuration: userknownhostsfile is 'a b': ssh prints names that have blanks without quotes.",
        "Name known_hosts files that have no blank in their path.",
    )


def test_a_client_that_hangs_is_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.ssh.openssh._SECONDS", 0.5)
    with pytest.raises(SshError) as refused:
        hop(client(folder, OLD + "sleep 30"))
    assert (refused.value.message, refused.value.remedy) == (
        "ssh -G vm-a: it did not end within 0.5 s.",
        "Find out what a Match exec or CanonicalizeHostname of the SSH configuration waits for.",
    )


def test_vms_behind_one_jump_host_ask_for_it_once(folder: Path) -> None:
    config = client(
        folder,
        OLD + f'echo "$*" >> {folder}/asked; case "$*" in *vm-*) echo proxyjump gw;; esac; '
        "echo hostname 10.0.0.4; echo userknownhostsfile none",
    )
    for number in range(3):
        assert len(config.route(Vm(f"vm-{number}"))) == 2
    assert [line.split()[-1] for line in (folder / "asked").read_text().splitlines()] == ["vm-0", "gw", "vm-1", "vm-2"]


@pytest.mark.parametrize(
    ("answer", "problem", "remedy"),
    [
        ("echo port 9", "ssh -G vm-a: it printed no host name: 'port 9'.", "Run it and see."),
        (
            "echo no such thing >&2; exit 255",
            "ssh -G vm-a: ssh refuses its configuration and says 'no such thing'.",
            "Correct it: run the command by hand.",
        ),
        (
            "exit 255",
            "ssh -G vm-a: ssh refuses its configuration and says nothing.",
            "Correct it: run the command by hand.",
        ),
        (
            "echo hostname vm-a; echo userknownhostsfile none; echo proxyjump 'gw;x'",
            "jump of vm-a: 'gw;x' has a character that a host name cannot have.",
            "Correct it.",
        ),
    ],
)
def test_what_ssh_prints_that_cannot_be_used(folder: Path, answer: str, problem: str, remedy: str) -> None:
    with pytest.raises(SshError) as refused:
        hop(client(folder, OLD + answer))
    assert (refused.value.message, refused.value.remedy) == (problem, remedy)


def test_a_user_that_newer_clients_take_in_a_file_only(folder: Path) -> None:
    with pytest.raises(SshError) as refused:
        hop(client(folder, OLD + "echo remote username contains invalid characters >&2; exit 255"), user="svc$")
    assert refused.value.remedy == (
        "Correct it: run the command by hand. If it is the user 'svc$': newer versions of OpenSSH take it in their "
        "configuration only. Remove it from the fleet file, and write 'User NAME' there."
    )
