"""Unusable output of `ssh -G`, and the end of its processes, without an ssh client."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from plugins.ssh import openssh
from plugins.ssh.errors import SshError
from plugins.ssh.openssh import OpenSsh, _Client, _Running


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Callable[..., OpenSsh]:
    """A client that expands the tokens of these names; `run` replaces its process."""

    def make(*expanded: str, run: Any = None) -> OpenSsh:
        monkeypatch.setattr(openssh, "_client", lambda program: _Client(frozenset(expanded), ()))
        made = OpenSsh("ssh", None)
        made._run = run
        return made

    return make


@pytest.mark.parametrize(
    ("printed", "message", "remedy"),
    [
        ("userknownhostsfile %d/hosts", "h in the SSH configuration: userknownhostsfile '%d/hosts': this version of ssh does not print what its tokens stand for.", "Update the OpenSSH client of this machine, or write the path out."),
        ("identityagent ${SOCK}", "h in the SSH configuration: identityagent '${SOCK}': this version of ssh does not print what its tokens stand for.", "Update the OpenSSH client of this machine, or write the path out."),
        ("identityagent ~nobody-has-this-name/x", "h in the SSH configuration: there is no user 'nobody-has-this-name' on this machine.", "Correct it."),
    ],
)  # fmt: skip
def test_a_value_that_ssh_does_not_expand_is_refused(
    client: Callable[..., OpenSsh], printed: str, message: str, remedy: str
) -> None:
    ssh = client(run=lambda *arguments: (0, f"hostname h\n{printed}\n", ""))
    with pytest.raises(SshError) as caught:
        ssh.settings("h", None, None, None)
    assert (caught.value.message, caught.value.remedy) == (message, remedy)
    assert client(printed.split()[0], run=ssh._run).settings("h", None, None, None)["hostname"] == ["h"]


def test_a_value_that_ssh_has_expanded_is_not_expanded_again(client: Callable[..., OpenSsh]) -> None:
    printed = "hostname h\nidentityfile /a%b\nidentityfile /c\ncertificatefile /d%e"
    settings = client("identityfile", run=lambda *arguments: (0, printed, "")).settings("h", None, None, None)
    assert (settings["identityfile"], settings["certificatefile"]) == (["/a%%b", "/c"], ["/d%e"])


def test_an_answer_without_a_host_name_is_refused(client: Callable[..., OpenSsh]) -> None:
    with pytest.raises(SshError) as caught:
        client(run=lambda *arguments: (0, "user anna", "")).settings("h", None, None, None)
    assert caught.value.message == "ssh -G h: it printed no host name: 'user anna'."


def test_an_answer_that_does_not_come_is_refused(client: Callable[..., OpenSsh]) -> None:
    def run(*arguments: str) -> None:
        raise subprocess.TimeoutExpired("ssh", 15)

    with pytest.raises(SshError) as caught:
        client(run=run).settings("h", None, None, None)
    assert caught.value.message == "ssh -G h: it did not end within 15 s."


class Process(NamedTuple):
    pid: int


def test_a_stop_ends_the_processes_that_run_and_those_that_start_later(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "killpg", lambda pid, number: killed.append((pid, number)))
    ended, running, late = (Process(pid) for pid in (1, 2, 3))
    processes: Any = _Running()
    processes.add(ended)
    processes.add(running)
    processes.discard(ended)
    assert killed == []
    processes.stop()
    processes.add(late)
    assert killed == [(2, signal.SIGKILL), (3, signal.SIGKILL)]
