"""A lab that several tests share, because each lab and each run of pytest takes a second of CPU.

A test gets a `Group` of VMs, numbered from 1; the lab numbers the VMs of all groups consecutively.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.support.paths import ROOT

Done = subprocess.CompletedProcess[str]


#: The limits of curl that end a fault (`tests.support.patient`), by the beginning of its name.
LIMITS = {
    "imds-dropped": ["imds"],
    "imds-slow": ["imds"],
    "prints-1gb": ["imds", "connect", "total"],
    "proxy-port-dropped": ["connect", "total"],
    "proxy-silent": ["connect", "total"],
    "proxy-half-head": ["connect", "total"],
    "proxy-tunnel-": ["connect", "total"],
}


class SharedLab:
    """N VMs with faults."""

    def __init__(self, lab: subprocess.Popen[str], faults: Sequence[str], errors: IO[str]) -> None:
        """Wait until the VMs are up."""
        self._lab, self._errors = lab, errors
        self.limits = {
            vm: limits
            for vms, _, names in (fault.partition("=") for fault in faults)
            for vm in vms.split("+")
            for name in names.split(",")
            for prefix, limits in LIMITS.items()
            if name.startswith(prefix)
        }
        handed_out = self._answer()
        self.environment: dict[str, str] = handed_out["environment"]
        self._inventory: str = handed_out["inventory"]

    def _answer(self) -> Any:
        assert self._lab.stdout
        if line := self._lab.stdout.readline():
            return json.loads(line)
        self._errors.seek(0)
        raise AssertionError(f"the lab ended with status {self._lab.wait(60)}: {self._errors.read()}")

    def _ask(self, **request: Any) -> Done:
        assert self._lab.stdin
        self._lab.stdin.write(json.dumps(request) + "\n")
        self._lab.stdin.flush()
        return Done("lab", *self._answer())

    def sh(self, script: str, timeout: float = 300) -> Done:
        """Run a script of bash beside the VMs."""
        return self._ask(script=script, timeout=timeout)

    def pytest(self, *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 300) -> Done:
        """Run `python -m pytest ARGUMENTS` beside the VMs, with these variables over the lab's."""
        return self._ask(pytest=arguments, env=env or {}, timeout=timeout)

    def azure_log(self) -> list[dict[str, Any]]:
        """Every request to the lab's Azure Resource Manager."""
        return [json.loads(line) for line in self.sh('cat "$LAB_AZURE_LOG"').stdout.splitlines()]

    def fleet(self, names: Sequence[str]) -> str:
        """The inventory of these VMs alone, as YAML."""
        head, *entries = re.split(r"^(?=  - name: )", self._inventory, flags=re.M)
        return head + "".join(entry for entry in entries if entry.split()[2] in names)


@contextmanager
def shared_lab(vms: int, faults: Sequence[str]) -> Iterator[SharedLab]:
    """A lab with these VMs, which must end with its COMMAND and with status 0."""
    planted = [word for fault in faults for word in ("--fault", fault)]
    command = [sys.executable, "-m", "lab", "up", "--vms", str(vms), *planted]
    command += ["--", sys.executable, "-m", "tests.support.lab_command"]
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=errors, text=True) as lab,
    ):
        yield SharedLab(lab, faults, errors)
    assert lab.returncode == 0


@dataclass(frozen=True)
class Group:
    """Some VMs of a lab."""

    lab: SharedLab
    names: list[str]

    def fleet(self, folder: Path) -> Path:
        """The inventory of these VMs, in a file in `folder`."""
        path = folder / "fleet.yaml"
        path.write_text(self.lab.fleet(self.names), encoding="utf-8")
        return path

    def judge(self, folder: Path, *options: str, env: Mapping[str, str] | None = None, timeout: float = 300) -> Done:
        """Run the suite on these VMs, with the reports in `folder`."""
        profile = (env or self.lab.environment)["LAB_PROFILE"]
        words = [
            "-p",
            "no:cacheprovider",
            "-p",
            "tests.support.patient",
            f"--inventory={self.fleet(folder)}",
            f"--profile={profile}",
        ]
        env = {**(env or {}), "LAB_LIMITS": json.dumps(self.lab.limits)}
        return self.lab.pytest(*words, f"--reports={folder}", *options, env=env, timeout=timeout)


def counted_on(first: int, faults: Sequence[str]) -> list[str]:
    """The faults of a group whose vm1 is the lab's VM number `first`: vm2=no-curl becomes vm12=no-curl."""
    return [
        re.sub(r"vm(\d+)", lambda match: f"vm{int(match[1]) + first - 1}", vms) + f"={names}"
        for vms, _, names in (fault.partition("=") for fault in faults)
    ]
