"""A fleet with a Windows VM in it, over real SSH, to a stand-in for its powershell.exe.

The stand-in implements the transport: it decodes the bootstrap, reads the complete script from stdin, and answers with
frames whose lines end with CR LF. It does not run PowerShell.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from plugins.checks.probe import ProbeCommand
from plugins.evidence.archive import Archive
from plugins.gather.collector import gather, limits
from plugins.gather.dry_run import page
from plugins.gather.windows_command import ADVICE, RESTRICTED
from plugins.model import Evidence, Vm
from plugins.ssh import client as ssh
from tests.support.sshd import ME, Keys, Sshd, needs_sshd, sshd

pytestmark = needs_sshd

POWERSHELL = r"""#!PYTHON
import base64, re, sys

assert sys.argv[1:4] == ["-NoProfile", "-NonInteractive", "-EncodedCommand"], sys.argv
assert "$input" in base64.b64decode(sys.argv[4]).decode("utf-16-le")
lines = []
while not lines or not lines[-1].startswith("."):
    lines.append(sys.stdin.readline().rstrip())
script = base64.b64decode("".join(lines[:-1])).decode("utf-8")
nonce = re.search(r"^\$nonce = '(\w+)'$", script, re.M)[1]
codes = re.findall(r"^@\{ index = (\d+); .*code = '(.*)' \}$", script, re.M)
answer = f"\n{nonce} hello\n"
for index, code in codes:
    answer += f"{code}: größer\n\n{nonce} o {index}\n\n{nonce} e {index} e 0 0.25 0.50\n"
answer += f"\n{nonce} end\n"
sys.stderr.write("#< CLIXML\n")
sys.stdout.buffer.write(answer.replace("\n", "\r\n").encode())
"""


@contextmanager
def host(tmp_path: Path, keys: Keys, powershell: str) -> Iterator[Sshd]:
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / "powershell.exe"
    program.write_text(powershell.replace("PYTHON", sys.executable))
    program.chmod(0o755)
    with sshd(keys, tmp_path / "sshd", f"SetEnv PATH={programs}:/usr/bin:/bin") as running:
        yield running


class Nobody:
    def visited(self, evidence: Evidence) -> None:
        """Ignore the progress."""


def gathered(tmp_path: Path, keys: Keys, server: Sshd, *vms: Vm) -> Archive:
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n")
    config = tmp_path / "config"
    config.write_text(f"UserKnownHostsFile {known}\nGlobalKnownHostsFile none\nIdentityAgent none\n")
    archive = Archive.create(tmp_path / "run", {"id": "x"}, list(vms))
    plans = {vm.name: [ProbeCommand(key, "echo " + key, 20, False, (), 64) for key in ("a", "b")] for vm in vms}
    assert gather(vms, plans, ssh.Options(run_timeout=40, config_file=config), archive, Nobody())
    return archive


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"))


def vm(server: Sshd, keys: Keys, name: str, os: str) -> Vm:
    return Vm(name, "127.0.0.1", user=ME, port=server.port, identity_file=str(keys.make("user")), os=os)


def test_a_fleet_of_both(tmp_path: Path, keys: Keys) -> None:
    with host(tmp_path, keys, POWERSHELL) as server:
        archive = gathered(tmp_path, keys, server, vm(server, keys, "lin", "linux"), vm(server, keys, "win", "windows"))
    for name in ("lin", "win"):
        assert archive[name].session.outcome == "ok", archive[name].session
    assert [archive["lin"].results[key].stdout for key in ("a", "b")] == ["a\n", "b\n"]
    assert [archive["win"].results[key].stdout for key in ("a", "b")] == ["echo a: größer\n", "echo b: größer\n"]
    assert (archive["win"].results["a"].seconds, archive["win"].vm.os) == (0.25, "windows")


def test_what_the_bootstrap_says_instead_of_a_script_is_shown(tmp_path: Path, keys: Keys) -> None:
    refuses = "#!/bin/sh\ncat >/dev/null\necho 'PowerShell runs in ConstrainedLanguage mode here; the probes need FullLanguage'\nexit 3\n"
    with host(tmp_path, keys, refuses) as server:
        session = gathered(tmp_path, keys, server, vm(server, keys, "win", "windows"))["win"].session
    assert session.outcome == "shell refused"
    assert "ended with status 3" in session.message
    assert "PowerShell runs in ConstrainedLanguage mode here; the probes need FullLanguage" in session.message
    assert session.remedy == ADVICE[RESTRICTED]


def test_a_powershell_that_ends_by_itself(tmp_path: Path, keys: Keys) -> None:
    with host(tmp_path, keys, "#!/bin/sh\nread -r line\nexit 9\n") as server:
        session = gathered(tmp_path, keys, server, vm(server, keys, "win", "windows"))["win"].session
    assert (session.outcome, session.remedy) == ("shell refused", ADVICE[None])
    assert session.message.endswith(
        "worked, but its shell ended with status 9 before the script did. It printed nothing."
    )


def test_a_session_that_fails_is_mended_with_commands_of_windows(tmp_path: Path, keys: Keys) -> None:
    with host(tmp_path, keys, POWERSHELL) as server:
        refused = replace(vm(server, keys, "win", "windows"), port=1)
        session = gathered(tmp_path, keys, server, refused)["win"].session
    assert session.remedy == "Start sshd on the VM (Start-Service sshd), or correct the port."


@pytest.mark.parametrize(
    "said",
    [
        "'exec' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n",
        "exec : The term 'exec' is not recognized as the name of a cmdlet, function, script file, or operable program.\r\n",
    ],
    ids=["cmd.exe", "PowerShell"],
)
def test_a_windows_vm_that_was_taken_for_a_linux_one(tmp_path: Path, keys: Keys, said: str) -> None:
    (tmp_path / "said").write_text(said)
    with sshd(keys, tmp_path / "sshd", f"ForceCommand cat {tmp_path / 'said'}; exit 1") as server:
        session = gathered(tmp_path, keys, server, vm(server, keys, "win", "linux"))["win"].session
    assert session.outcome == "shell refused"
    assert session.remedy.startswith("This is a Windows VM: write 'os: windows' for it in the fleet file.")


def test_the_plan_lists_the_commands_of_each_vm() -> None:
    windows, linux = Vm("win", os="windows"), Vm("lin")
    one = [ProbeCommand("a", "'x'", 2, False, (), 64)]
    text = page({"win": one, "lin": one}, [windows, linux], limits(ssh.Options(run_timeout=7), [windows, linux]))
    assert (
        "On win: 1 command, run in parallel, in one SSH session per VM.\nNothing is changed there. PowerShell keeps"
        in text
    )
    assert (
        "On lin: 1 command, run in parallel, in one SSH session per VM.\nNothing is changed there. The output is kept"
        in text
    )
    assert "A VM takes at most 72 s (login with retries 45 s, slowest probe 2 s, overhead 25 s)." in text
    assert "All 2 VMs take at most 72 s, 24 at a time." in text
