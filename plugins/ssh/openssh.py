"""``ssh -G``: the OpenSSH client of this machine reads its own configuration.

It prints the final values for a host, after canonical names and ``Match final``. Most of them are expanded; the
exceptions depend on the version, so each run tests the client once with an example (`_Client`).
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from plugins.ssh.errors import CANCELLED, SshError, quoted
from plugins.ssh.expansion import ExpansionError, expand_tilde
from plugins.ssh.hop import unusable

_SECONDS = 15.0  # for one host: Match exec runs commands, and canonical names ask the resolver
_LINE = re.compile(r"(?P<file>.+?):? line (?P<number>\d+): (?P<what>.+)")  # FILE line 3: ..., FILE: line 3: ...
_NOISE = ("Pseudo-terminal", "debug", "Warning:")


Run = Callable[..., tuple[int, str, str]]


@dataclass(frozen=True, slots=True)
class _Client:
    """The behaviour of one version of ssh."""

    expanded: frozenset[str]  # keywords whose values it prints with their tokens filled in
    default_keys: tuple[str, ...]  # what it prints when no IdentityFile is named


class OpenSsh:
    """The configuration as the ssh client of this machine reads it."""

    def __init__(self, program: str, file: Path | None) -> None:
        """`file`: instead of ~/.ssh/config and /etc/ssh/ssh_config."""
        self._program, self._file = program, file
        self._running = _Running()
        self._run: Run = partial(_run, running=self._running)
        self._client = _client(program)

    def stop(self) -> None:
        """End the running processes, from any thread."""
        self._running.stop()

    @property
    def usable(self) -> bool:
        """Whether this ssh prints the required values: OpenSSH 7.6 and later do."""
        return self._client is not None

    @property
    def default_keys(self) -> tuple[str, ...]:
        """The values of ``identityfile`` when the configuration names none."""
        return self._client.default_keys if self._client else ()

    def settings(self, alias: str, user: str | None, port: int | None, jump: str | None) -> dict[str, list[str]]:
        """The final values for a host, for `hop_from`. Raises `SshError` with ssh's own message.

        `user`, `port` and `jump` are the fleet file's and override the configuration; `jump` "none": no jump host
        and no ProxyCommand.
        """
        options = ["-F", str(self._file)] if self._file else []
        options += ["-l", user] if user is not None else []
        options += ["-p", str(port)] if port is not None else []
        if jump is not None:
            options += ["-oProxyJump=none", "-oProxyCommand=none"] if jump.lower() == "none" else ["-J", jump]
        options.append("-oControlPath=%C")  # it is printed expanded: ssh's own hash, for %C in a file name
        try:
            code, printed, errors = self._run(self._program, *options, "--", alias)
        except subprocess.TimeoutExpired:
            raise unusable(
                f"ssh -G {alias}",
                f"it did not end within {_SECONDS:g} s",
                "Find out what a Match exec or CanonicalizeHostname of the SSH configuration waits for",
            ) from None
        if self._running.stopped:
            raise SshError(*CANCELLED)
        if code:
            raise self._refused(alias, user, errors)
        settings = _parsed(printed)
        if "hostname" not in settings:
            raise unusable(f"ssh -G {alias}", f"it printed no host name: {quoted(printed)}", "Run it and see")
        self._finish(alias, settings)
        return settings

    def _finish(self, alias: str, settings: dict[str, list[str]]) -> None:
        """Expand the tokens that this version of ssh expands only when it connects."""
        expanded = self._client.expanded if self._client else frozenset()
        for name in ("userknownhostsfile", "identityagent"):
            if name in expanded:
                continue
            for value in settings.get(name, ()):
                if "%" in value or "${" in value:
                    raise unusable(
                        f"{alias} in the SSH configuration",
                        f"{name} {value!r}: this version of ssh does not print what its tokens stand for",
                        "Update the OpenSSH client of this machine, or write the path out",
                    )
            try:
                settings[name] = [expand_tilde(value) for value in settings.get(name, ())]
            except ExpansionError as error:
                raise unusable(f"{alias} in the SSH configuration", str(error), "Correct it") from None
        for name in ("identityfile", "certificatefile", "proxycommand"):
            if name in expanded:  # a future version: keep `hop_from` from expanding them again
                settings[name] = [value.replace("%", "%%") for value in settings.get(name, ())]

    def _refused(self, alias: str, user: str | None, errors: str) -> Exception:
        lines = [line.strip() for line in errors.splitlines() if line.strip() and not line.startswith(_NOISE)]
        for line in lines:
            if match := _LINE.fullmatch(line):
                place = f"{match['file']}:{match['number']}"
                return unusable(place, f"ssh printed {quoted(match['what'], 200)}", "Correct the line")
        reason = quoted(lines[0], 200) if lines else "nothing"
        remedy = "Correct it: run the command by hand"
        if user is not None and set(user) & set("\\$"):
            # OpenSSH 10.6 refuses CORP\\anna and svc$ after -l, and takes them of its files.
            remedy += (
                f". If it is the user {user!r}: newer versions of OpenSSH take it in their configuration only. "
                "Remove it from the fleet file, and write 'User NAME' there"
            )
        return unusable(f"ssh -G {alias}", f"ssh refuses its configuration and says {reason}", remedy)


def _parsed(printed: str) -> dict[str, list[str]]:
    settings: dict[str, list[str]] = {}
    for line in printed.split("\n"):
        name, _, value = line.partition(" ")
        settings.setdefault(name.lower(), []).append(value)
    return settings


def split_known_hosts(printed: str, candidates: Sequence[str] | None) -> list[str] | None:
    """The files of a line that ssh prints without quotes; None when they cannot be separated.

    `candidates`: the files of our own reader, which are right if they form the same line.
    """
    if candidates is not None and " ".join(candidates) == printed:
        return list(candidates)
    words = printed.split(" ")
    return words if len(words) == 1 or all(word.startswith("/") for word in words) else None


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)  # including children of a Match exec


class _Running:
    """The running processes, which `stop` ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self.stopped = False

    def add(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._processes.add(process)
            if self.stopped:
                _kill(process)

    def discard(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._processes.discard(process)

    def stop(self) -> None:
        with self._lock:
            self.stopped = True
            for process in self._processes:
                _kill(process)


@cache
def _client(program: str) -> _Client | None:
    """Test the client with examples, without any configuration file. None: not OpenSSH, or too old."""
    sample = [f"-o{name}=%%" for name in ("UserKnownHostsFile", "IdentityAgent")]
    more = [f"-o{name}=%%" for name in ("IdentityFile", "CertificateFile", "ProxyCommand")]
    with suppress(OSError, subprocess.TimeoutExpired):
        first = _run(program, "-F", "/dev/null", *sample, "-oProxyJump=jump.invalid", "--", "host.invalid")
        second = _run(program, "-F", "/dev/null", *sample, *more, "--", "host.invalid")
        one, two = _parsed(first[1]), _parsed(second[1])
        if not first[0] and not second[0] and one.get("proxyjump") == ["jump.invalid"] and "hostname" in one:
            expanded = frozenset(name for name, values in two.items() if values == ["%"])
            return _Client(expanded, tuple(one.get("identityfile", ())))
    return None


def _run(program: str, *arguments: str, running: _Running | None = None) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of ``ssh -G``. Raises `TimeoutExpired`."""
    process = subprocess.Popen(
        [program, "-G", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        if running:
            running.add(process)
        try:
            printed, errors = process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise
        finally:
            if running:
                running.discard(process)
    return process.returncode, os.fsdecode(printed), os.fsdecode(errors)
