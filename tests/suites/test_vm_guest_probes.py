"""The commands of VM-004 and VM-005 on this machine, and the table of systems."""

from __future__ import annotations

import fcntl
import re
import subprocess
from pathlib import Path

import pytest

from plugins.model import ProbeResult
from suites.probes.guest_system import Guest, OperatingSystem, SupportedSystem, agent_needs
from tests.support.shells import SHELLS
from tests.support.suite_probes import DECLARED


def run(shell: list[str], name: str, change: tuple[str, str] = ("", "")) -> ProbeResult:
    probe = DECLARED[name]
    assert isinstance(probe.command, str)
    assert change[0] in probe.command
    result = subprocess.run(
        [*shell, "-c", f"p1() {{\n{probe.command.replace(*change) if change[0] else probe.command}\n}}\n( p1 )"],
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert result.stderr == ""
    return ProbeResult(name, "", "done", result.returncode, result.stdout, result.stderr)


@pytest.mark.parametrize("shell", SHELLS)
def test_this_machine_can_be_read(shell: list[str]) -> None:
    here = Guest.read(run(shell, "guest"))
    assert here.init
    assert set(here.free) == set(agent_needs().free_at)
    assert here.options_of("/opt")[1]
    assert here.locks is not None
    assert {"curl", "openssl", "wget", "gpg", "systemctl"} >= set(here.tools)
    assert OperatingSystem.read(run(shell, "system")).machine


@pytest.mark.parametrize("shell", SHELLS)
def test_a_lock_that_is_held_is_seen(shell: list[str], tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    change = ("/var/lib/dpkg/lock-frontend", str(lock))
    with lock.open("w") as file:
        assert str(lock) not in run(shell, "guest", change).stdout
        fcntl.lockf(file, fcntl.LOCK_EX)  # like dpkg
        seen = Guest.read(run(shell, "guest", change))
        inodes = [line.split()[5].rpartition(":")[2] for line in Path("/proc/locks").read_text().splitlines()]
        if str(lock.stat().st_ino) not in inodes:
            pytest.skip("this file system shows other inodes to the kernel")
    held = [entry for entry in seen.locks or () if entry.file == str(lock)]
    assert len(held) == 1
    assert held[0].process


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ('"Ubuntu 22.04.5 LTS"', "Ubuntu 22.04.5 LTS"),
        (r'"The \"own\" Linux"', 'The "own" Linux'),
        ("Debian\\ 12", "Debian 12"),
        ("Alice's Linux ", "Alice's Linux"),  # a shell would report the quote that nothing closes
    ],
)
def test_a_value_is_read_as_a_shell_reads_it(value: str, name: str) -> None:
    answer = f"ID=ubuntu\nPRETTY_NAME={value}\n@machine x86_64\n"
    assert OperatingSystem.read(ProbeResult("system", "", "done", 0, answer)).name == name


@pytest.mark.parametrize("name", ["guest", "system"])
def test_no_lock_is_taken(name: str) -> None:
    probe = DECLARED[name]
    assert isinstance(probe.command, str)
    assert not re.search(r"\b(flock|apt|apt-get|dpkg) ", probe.command), "it would take the lock that it looks for"


@pytest.mark.parametrize(("id", "table"), agent_needs().systems.items())
def test_the_table_makes_sense(id: str, table: SupportedSystem) -> None:
    assert re.fullmatch(r"[a-z]+", id)
    assert all(re.fullmatch(r"\d+(\.\d+)?", text) for text in (*table.versions, *table.limited, *table.ended))
    assert set(table.arm64) <= set(table.versions)
    assert not (set(table.limited) | set(table.ended)) & set(table.versions)
    assert not set(table.limited) & set(table.ended)
    assert sorted(table.versions, key=lambda each: [int(part) for part in each.split(".")]) == list(table.versions)
