"""The declaration of a probe: one read-only command that runs on the VM, written beside the checks that read it.

A probe is a pytest fixture, so pytest's fixture closure gives, for the selected checks, exactly the commands that
must run::

    healthz = probe("curl --noproxy '*' --max-time 3 ...", timeout=5, needs=["curl"], read=CurlAnswer.read)

    @check("IMDS-002", required, ...)
    def test_the_imds_sidecar_is_healthy(healthz): ...

A probe whose command depends on the check's parameter takes a function instead of a text; the function's argument
names are the parameters that it needs::

    tunnel = probe(lambda endpoint: f"curl --proxy ... {quote(endpoint.url)}", timeout=12, needs=["curl"], read=...)

A probe may have a second command, in PowerShell, for Windows VMs (see docs/windows.md)::

    names = probe("getent hosts ...", windows="[Net.Dns]::GetHostAddresses(...)", timeout=5)

The commands of one VM are sent as one script (see `plugins.gather.script`), so a probe that ten checks use runs
once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from sys import intern
from typing import Any

import pytest

from plugins.checks.signature import parameters
from plugins.model import ProbeResult, ProbeState, Vm

#: Every exit status of a program that ended by itself: 126 and 127 are the shell's (it did not run), 128 and more a
#: signal's.
ANY_ERROR = range(126)

#: The last output of a command. It ran to its end only if its output ends with this, or its exit status is not 0.
END = "@end"

#: The message of a check on a Windows VM when one of its probes has no command for Windows.
LINUX_ONLY = "This check is for Linux guests only."


@dataclass(frozen=True, slots=True)
class Probe:
    """A declared probe. Limits are seconds on the VM and bytes per output stream."""

    command: str | Callable[..., str]
    timeout: float
    root: bool
    needs: Sequence[str]
    cap: int
    accept_states: Collection[ProbeState]
    accept_exits: Collection[int]
    accept_truncated: bool
    read: Callable[[ProbeResult], Any] | None
    windows: str | Callable[..., str] | None  # None: Windows has no equivalent
    linux_only: str  # why, in a sentence

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the check's parameters that the command depends on."""
        return _parameters(self.command)

    def fits(self, vm: Vm) -> bool:
        """True when there is a command for the VM's operating system."""
        return vm.os != "windows" or self.windows is not None

    def key(self, name: str, arguments: Mapping[str, Any]) -> str:
        """The key in the evidence of this probe, called `name`, with one set of parameters."""
        own = _key_parameters(self.command)
        if not own:
            return name
        label = "-".join([str(arguments[parameter]) for parameter in own])
        return intern(f"{name}[{label}]") if label else name  # the same text for each VM of a fleet

    def plan(self, name: str, arguments: Mapping[str, Any]) -> ProbeCommand:
        """The command of this probe, called `name`, for one VM, which it `fits`, and one set of parameters."""
        vm = arguments.get("vm")
        windows = isinstance(vm, Vm) and vm.os == "windows"
        chosen = self.windows if windows else self.command
        assert chosen is not None, f"{name} has no command for {arguments['vm']}"
        if not isinstance(chosen, str):
            chosen = chosen(**{parameter: arguments[parameter] for parameter in _parameters(chosen)})
        needs = () if windows else tuple(self.needs)  # Invoke-Tool reports itself when its program is missing
        chosen = intern(chosen)  # most VMs run the same command, and a fleet's evidence keeps one text of it
        return ProbeCommand(self.key(name, arguments), chosen, self.timeout, self.root, needs, self.cap)


def _parameters(command: str | Callable[..., str]) -> tuple[str, ...]:
    return () if isinstance(command, str) else parameters(command)


@cache
def _key_parameters(command: str | Callable[..., str]) -> tuple[str, ...]:
    """Values shared by the whole run are not part of the key: "tunnel[management.azure.com]"."""
    return tuple(parameter for parameter in _parameters(command) if parameter not in ("vm", "profile"))


@dataclass(frozen=True, slots=True)
class ProbeCommand:
    """One command that will run on one VM."""

    key: str
    command: str
    timeout: float
    root: bool
    needs: tuple[str, ...]
    cap: int


def probe(
    command: str | Callable[..., str],
    *,
    timeout: float,
    root: bool = False,
    needs: Sequence[str] = (),
    cap: int = 16_384,
    accept_states: Sequence[ProbeState] = (),
    accept_exits: Collection[int] = (0,),
    accept_truncated: bool = False,
    read: Callable[[ProbeResult], Any] | None = None,
    windows: str | Callable[..., str] | None = None,
    linux_only: str = "",
) -> Any:
    """Declare a probe and return it as a pytest fixture; assign it to the name the checks use.

    `command` is POSIX shell text, run with stdin closed, in its own subshell, in parallel with the VM's other probes.
    `timeout` seconds after it starts, it and its children are stopped. `root` probes run through ``sudo -n`` unless
    the login is root. `needs` names the programs without which the command is not started. `cap` bounds stdout and
    stderr, each, in bytes. `read` parses the `ProbeResult` for the checks: pure, and total (it raises ValueError with
    what it expected).

    An incomplete answer does not count. Checks that take the probe are *unknown* when it did not run to its end, except
    for the states in `accept_states`, which `read` then handles; when its exit status is not in `accept_exits`; when
    its output was cut at the cap, unless `accept_truncated` (`read` can detect that); and when its command ends with
    ``echo @end`` (``&& echo @end`` after a program or a pipeline, whose status it keeps), exits with 0, and the output
    does not end with that line.

    `windows` is the command for a Windows VM: PowerShell text (`plugins.checks.quoting.ps` and `tool` help to
    write it), whose output `read` can parse too; without it, the checks that take the probe are *not applicable* there,
    and `linux_only` is the sentence with the reason.
    """
    declared = Probe(
        command, timeout, root, needs, cap, accept_states, accept_exits, accept_truncated, read, windows, linux_only
    )

    def value() -> Any:
        raise RuntimeError(
            "a probe is read by checks only (see plugins.judge.evaluate); an ordinary test cannot take it"
        )

    value.__probe__ = declared  # type: ignore[attr-defined]
    return pytest.fixture(value)


def probe_of(fixture: Any) -> Probe | None:
    """The probe behind a fixture definition (pytest's FixtureDef or the module attribute), or None."""
    function = getattr(fixture, "func", None) or getattr(fixture, "_get_wrapped_function", lambda: None)()
    return getattr(function, "__probe__", None)
