"""Text of servers and names on this machine is inactive in every output: a live run, over SSH and loopback.

Servers say markers where the protocol lets them: before and in the banner, in the greeting, as names of methods, in the
words of a refusal, of a goodbye and of a shell, and in host certificates: whom one is for, and what signed it. The
inventory's name and the runner's environment hold them, too.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import paramiko
import pytest
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    cMSG_CHANNEL_OPEN_FAILURE,
    cMSG_DISCONNECT,
    cMSG_USERAUTH_BANNER,
)

from tests.hostile.test_hostile_text import commands, invisible, problems
from tests.support.hostile_sshd import Server, message, sshd
from tests.support.newest_run import newest_run
from tests.support.paths import ROOT
from tests.support.pytest_process import run_pytest
from tests.support.sshd import Keys, listener, needs_sshd, run
from tests.support.sshd import sshd as real_sshd

MARK = (
    "Z![z](http://evil.example)::error::Z ##vso[task.x]Z\x1b[31m\u202e\u034f\ufe0f\u3164\x1b]0;T\x07 "
    "<img src=http://evil.example/z onerror=1> [Z](http://evil.example/z) www.evil.example <script>Z</script> `Z` ##[error]Z"
)
#: Raw text, and the stages of a server that continues the handshake.
RAW = {
    "before": f"{MARK}\r\n::error::Z\r\nHTTP/1.1 400 Z\r\n" + "\x1b[2J\r\n" * 3_000,
    "busy": f"Exceeded MaxStartups {MARK}\r\n",
}
STAGES = ("banner", "greeting", "farewell", "refusal", "words", "authority", "principal")


def string(value: bytes) -> bytes:
    return len(value).to_bytes(4) + value


class _Certified(paramiko.Ed25519Key):
    """A host key whose certificate has an authority of a made-up kind, and a signature by a made-up algorithm."""

    def get_name(self) -> str:
        return "ssh-ed25519-cert-v01@openssh.com"

    def asbytes(self) -> bytes:
        said, name = MARK.encode(), string(b"ssh-ed25519")
        key = super().asbytes()[len(name) :]
        numbers = bytes(8) + (2).to_bytes(4) + string(b"id") + string(string(said)) + bytes(8) + b"\xff" * 8
        made_up = string(string(said) + key) + string(string(said) + string(bytes(64)))
        return string(self.get_name().encode()) + string(bytes(32)) + key + numbers + string(b"") * 3 + made_up


class _Speaking(Server):
    def __init__(self, transport: Any, stage: str, keys: Keys) -> None:
        super().__init__(transport)
        self.stage = stage
        if stage == "banner":  # the message has it if there is no common algorithm
            transport.local_version = f"SSH-2.0-{MARK}"
            transport._preferred_kex = ("diffie-hellman-group1-sha1",)
        if stage == "authority":
            certified = _Certified(filename=str(keys.make("authority")))
            transport.server_key_dict = {certified.get_name(): certified}
            transport._preferred_keys = (certified.get_name(),)

    def get_allowed_auths(self, username: str) -> str:
        return f"publickey,keyboard-interactive,{MARK}"

    def check_auth_none(self, username: str) -> int:
        if self.stage == "farewell":
            self.transport._send_message(message(cMSG_DISCONNECT, 11, MARK, ""))
        if self.stage == "greeting":
            self.transport._send_message(message(cMSG_USERAUTH_BANNER, f"{MARK}\r\n::error::Z\n", ""))
        succeeds = self.stage in ("refusal", "words")
        return AUTH_SUCCESSFUL if succeeds else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if self.stage == "refusal":
            self.transport._send_message(message(cMSG_CHANNEL_OPEN_FAILURE, 0, 1, MARK, ""))
        return super().check_channel_request(kind, chanid)

    def check_channel_exec_request(self, channel: Any, command: bytes) -> bool:
        def speak() -> None:
            with suppress(Exception):  # the client has hung up
                channel.recv(1)  # wait for the answer to the request
                channel.sendall(f"{MARK}\n::error::Z\n".encode())
                channel.sendall_stderr(f"{MARK}\n::error::Z\n".encode())
                channel.send_exit_status(3)
                channel.close()

        threading.Thread(target=speak, daemon=True).start()
        return True


@contextmanager
def server(stage: str, key: paramiko.PKey, keys: Keys) -> Iterator[int]:
    """The port of a server that sends markers at this stage of a session."""
    if stage == "principal":
        names = ("-n", MARK.replace(",", ""), "-I", MARK, keys.make("host").with_suffix(".pub"))
        run("ssh-keygen", "-q", "-s", keys.make("ca"), "-h", *names)
        with real_sshd(keys, keys.folder / "sshd", f"HostCertificate {keys.folder}/host-cert.pub") as running:
            yield running.port
        return

    def raw(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.sendall(RAW[stage].encode())
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1 << 16)

    with listener(raw) if stage in RAW else sshd(key, lambda transport: _Speaking(transport, stage, keys)) as port:
        yield port


#: A possible file name.
NAME = f"fleet\n::error::Z {MARK.replace('/', '')}"
ENVIRONMENT = dict.fromkeys(
    "USER LOGNAME HOSTNAME BUILD_ID BUILD_URL BUILD_SOURCEBRANCH GITHUB_REF GITHUB_ACTOR GITHUB_RUN_ID CI_JOB_URL".split(),
    MARK,
)


@needs_sshd
def test_no_marker_of_a_server_or_of_this_machine_acts(tmp_path: Path) -> None:
    key = paramiko.RSAKey.generate(2048)
    keys = Keys(tmp_path)
    known = tmp_path / "known_hosts"
    known.write_text(f"* ssh-rsa {key.get_base64()}\n@cert-authority * {keys.public('ca')}")
    fleet = tmp_path / f"{NAME}.yaml"
    config, reports, log = tmp_path / "config", tmp_path / "reports", tmp_path / "run.log"
    config.write_text(f"UserKnownHostsFile {known}\nGlobalKnownHostsFile none\nIdentityAgent none\nIdentityFile none\n")
    with ExitStack() as servers:
        lines = [
            f"- {{name: vm-{stage}, host: 127.0.0.1, port: {servers.enter_context(server(stage, key, keys))}}}"
            for stage in (*RAW, *STAGES)
        ]
        fleet.write_text("\n".join([f"ssh_config: {config}", "vms:", *lines, ""]))
        done = run_pytest(
            *("-p", "no:cacheprovider", f"--inventory={fleet}", "--ssh-user=anna"),
            *("--no-azure", "--check=SSH-001", "--check=VM-001", f"--reports={reports}", "-vv", "-rA"),
            *(f"--log-file={log}", "--log-file-level=DEBUG"),
            cwd=ROOT,
            env={**os.environ, **ENVIRONMENT, "HOME": str(tmp_path), "COLUMNS": "100"},
        )
    printed = tmp_path / "terminal.txt"
    printed.write_text(done.stdout + done.stderr, "utf-8", "surrogateescape")
    run = newest_run(reports)
    results = (run / "results.json").read_text()
    for stage in (*RAW, *STAGES):
        assert results.count(f'"name":"vm-{stage}"') == 1
    messages = [
        stage
        for stage in (*RAW, *STAGES)
        if "vso[task" in results.split(f'"name":"vm-{stage}"')[1].split('"name":"vm-')[0]
    ]
    assert messages == [*RAW, *STAGES], "each of them is heard"
    # Evidence and the command line keep the original text, because they are judged again.
    kept = {run / "run.json", *(run / "evidence").iterdir()}
    outputs = [
        printed,
        log,
        *(file for file in run.rglob("*") if file.is_file() and file.name[0] != "." and file not in kept),
    ]
    assert len(outputs) >= 12
    assert {
        file.name: problem
        for file in outputs
        if (problem := next((problem for problem in problems(file) if "\u26a0\ufe0f" not in problem), None))
    } == {}


@pytest.mark.parametrize("option", ["--inventory", "--waivers", "--profile", "--evidence", "--against"])
@pytest.mark.parametrize(
    "content", ["", f"{MARK}: [", f'vms: [{{name: "{MARK}"}}, {{"{MARK}": 1}}]\nwaivers: [{{"{MARK}": 1}}]\n']
)
def test_no_marker_of_a_file_or_its_name_acts_in_its_error(option: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.toml"
    path.write_text(content)
    done = run_pytest(
        *("-p", "no:cacheprovider", f"{option}={path}", "--vm=a", "--no-azure", "--plan", f"--reports={tmp_path}"),
        cwd=ROOT,
    )
    printed = done.stdout + done.stderr
    assert [*invisible(printed), *commands(printed)] == []
