"""Lines that our own reader of ssh_config refuses: `plugins.ssh.config_reader`."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.model import Vm
from plugins.ssh.config import SshConfig
from plugins.ssh.config_reader import _succeeds
from plugins.ssh.errors import SshError
from plugins.ssh.expansion import ExpansionError
from tests.ssh.ssh_config_files import by_reader, hop, write

BAD_LINES = [
    ("Host vm-a\n Port 70000\n", ":2: port is '70000', expected a number from 1 to 65535."),
    ("Host vm-a\n Port\n", ":2: 'Port' is not a setting."),
    ("Host 'vm-a\n", ':1: "\'vm-a" has a quote without its end.'),
    ("Match localnetwork 10.0.0.0/8\n", ":1: Match 'localnetwork' is not supported here."),
    ("Match Tagged x\n", ":1: Match 'Tagged' is not supported here."),
    ("Match host\n", ":1: Match 'host' has no argument."),
    ("Match all host x\n", ":1: Match all stands alone"),
    ("Match exec 'true'\n", ":1: Match \"exec 'true'\": versions of OpenSSH read its quotes differently."),
    ("ConnectTimeout soon\n", ":1: connecttimeout is 'soon'"),
    ("Porto 7\n", ":1: 'porto' is not a keyword of OpenSSH."),
    ("IdentitiesOnly perhaps\n", ":1: identitiesonly is 'perhaps', expected yes or no."),
    ("ProxyJump a b:c:d\n", ":1: 'a b:c:d' is not an SSH alias or address"),
    ("User a b\n", ":1: user 'a b': expected one value, got 2."),
    ("IdentityAgent ${NOT_SET_AT_ALL}\n", ":1: identityagent is '${NOT_SET_AT_ALL}', and the environment variable"),
    ("CanonicalizeHostname yes\n", ":1: CanonicalizeHostname needs the OpenSSH client"),
    ("ProxyUseFdpass yes\n", "ProxyUseFdpass is not supported here."),
    ("IdentityFile %x\n", "'%x' is not a token that can be used here."),
    ("IdentityFile %C\n", "%C cannot be filled in here."),
    ("IdentityFile ${NOT_SET_AT_ALL}\n", "the environment variable NOT_SET_AT_ALL is not set."),
    ("UserKnownHostsFile ~no-such-user/x\n", "there is no user 'no-such-user' on this machine."),
    ("User a\0b\n", ":1: 'User a\\x00b' has a NUL character in it."),
    ("CASignatureAlgorithms +ssh-x\n", ":1: casignaturealgorithms is '+ssh-x', and 'ssh-x' is not a key type"),
    ("Include %h\n", ":1: Include '%h': versions of OpenSSH read its tokens differently."),
]


@pytest.mark.parametrize(("text", "message"), BAD_LINES)
def test_what_the_reader_cannot_do_is_refused_with_its_line(folder: Path, text: str, message: str) -> None:
    path = write(folder, text)
    with pytest.raises(SshError) as caught:
        by_reader(path).route(Vm("vm-a"))
    assert caught.value.outcome == "cannot be used"
    start = f"{path}{message}" if message.startswith(":") else f"vm-a in the SSH configuration: {message}"
    assert caught.value.message.startswith(start)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        (
            "Match Tagged x\n",
            "{path}:1: Match 'Tagged' is not supported here.",
            "Known are all, canonical, final, host, originalhost, user, localuser, exec.",
        ),
        (
            "CanonicalizeHostname always\n",
            "{path}:1: CanonicalizeHostname needs the OpenSSH client, which this machine does not have.",
            "Install it (package openssh-client or openssh-clients), or name the hosts in full.",
        ),
        (
            "User anna\nProxyJump anna@vm-a:22\n",
            "vm-a in the SSH configuration: ProxyJump anna@vm-a:22 leads back to the host itself.",
            "Correct it.",
        ),
        (
            "IdentityFile ${A\n",
            "vm-a in the SSH configuration: '${A' has no closing brace.",
            "Correct it.",
        ),
        (
            "IdentityFile a%\n",
            "vm-a in the SSH configuration: '%' is not a token that can be used here.",
            "Correct it.",
        ),
        (
            "ProxyUseFdpass yes\n",
            "vm-a in the SSH configuration: ProxyUseFdpass is not supported here.",
            "Correct it.",
        ),
        (
            "Host vm-a\n ProxyJump gw1\nHost gw1\n ProxyJump gw2\nHost gw2\n ProxyJump gw1\n",
            "ProxyJump gw1: leads to more than 8 jump hosts.",
            "Remove the loop.",
        ),
    ],
)
def test_what_the_reader_says_and_advises(folder: Path, text: str, message: str, remedy: str) -> None:
    path = write(folder, text)
    with pytest.raises(SshError) as caught:
        by_reader(path).route(Vm("vm-a"))
    assert (caught.value.message, caught.value.remedy) == (message.replace("{path}", str(path)), remedy)


def test_canonical_names_are_refused_unless_they_are_off(folder: Path) -> None:
    assert hop(by_reader(write(folder, "CanonicalizeHostname false\nPort 7\n"))).port == 7


def test_of_the_jumps_of_a_line_one_is_the_host_itself_only_with_its_user_and_port(folder: Path) -> None:
    for jump in ("berta@vm-a", "vm-a:23", "vm-b"):
        config = by_reader(write(folder, f"User anna\nProxyJump {jump}\n"))
        assert config._hop(("vm-a", None, None, None, None)).jump == jump


@pytest.mark.parametrize(
    ("line", "problem", "remedy"),
    [
        ("Match host a all", "Match all stands alone, or behind canonical or final", "Correct the line."),
        ("Match all host a", "Match all stands alone, or behind canonical or final", "Correct the line."),
        ("Match #", "Match has no criterion", "Correct the line."),
        ("Match host", "Match 'host' has no argument", "Correct the line."),
        ("Match host #a", "Match 'host' has no argument", "Correct the line."),
        ('Match host "a', "Match has a quote without its end", "Correct the line."),
        ("Match host 'a'", "Match \"host 'a'\": versions of OpenSSH read its quotes differently", "Correct the line."),
        ("Host a !", "Host has no pattern, or an empty one", "Correct the line."),
        ('Host ""', "Host has no pattern, or an empty one", "Correct the line."),
        ("UserKnownHostsFile a none", "userknownhostsfile 'a none': an empty name, or 'none' beside others", ""),
        ("Include a%h", "Include 'a%h': versions of OpenSSH read its tokens differently", "Correct the line."),
        ("Portt 7", "'portt' is not a keyword of OpenSSH", "Correct the line, or see IgnoreUnknown."),
        ("Port", "'Port' is not a setting", "Write 'Keyword value'."),
        ("Port 7\0", "'Port 7\\x00' has a NUL character in it", "Remove it."),
        ('User "a', "'\"a' has a quote without its end", "Correct the line."),
    ],
)
def test_a_line_that_is_refused(folder: Path, line: str, problem: str, remedy: str) -> None:
    path = write(folder, f"# first\n{line}\n")
    with pytest.raises(SshError) as refused:
        hop(by_reader(path))
    assert refused.value.message == f"{path}:2: {problem}."
    assert refused.value.remedy == (remedy or "Correct the line.")


def test_a_system_file_includes_nothing_of_a_home_folder(folder: Path) -> None:
    system = write(folder, "Include ~/more\n")
    with pytest.raises(SshError, match="Include in a system file cannot begin with ~"):
        SshConfig([folder / "none", system], find_client=lambda: None)


def test_an_include_of_a_home_that_is_not_there_is_passed_over(folder: Path) -> None:
    more = write(folder, "Port 40\n", "more")
    assert hop(by_reader(write(folder, f"Include ~nobody-of-that-name/x {more}\n"))).port == 40


def test_a_match_of_a_host_whose_name_has_an_odd_token_is_refused(folder: Path) -> None:
    path = write(folder, "HostName %q\nMatch host a\n Port 4\n")
    with pytest.raises(SshError) as refused:
        hop(by_reader(path))
    assert (refused.value.message.partition(" ")[0], refused.value.remedy) == (f"{path}:2:", "Correct the line.")


def test_a_match_that_cannot_be_tried_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/no/such/shell")
    with pytest.raises(ExpansionError) as caught:
        _succeeds("test -e " + "x" * 60)
    assert str(caught.value) == (
        f"Match exec 'test -e {'x' * 52}': [Errno 2] No such file or directory: '/no/such/shell'"
    )
