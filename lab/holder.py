"""The lab seen from outside: start the process that holds its namespaces, and end it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess

from lab.children import FROM_TERMINAL, python
from lab.spec import Spec

NAMESPACES = ["--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--mount-proc"]

#: For an ordinary user: root inside is the user outside; the other ids are the user's ids in /etc/subuid.
USER_NAMESPACE = ["--user", "--map-root-user", "--map-auto"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


def unshare() -> list[str]:
    """The command that makes the lab's namespaces, for root or for an ordinary user."""
    user = [] if os.geteuid() == 0 else USER_NAMESPACE
    return ["unshare", *user, *NAMESPACES, "--propagation", "private"]


def environment() -> dict[str, str]:
    """The environment with the sbin folders in PATH, which an ordinary user's PATH can lack."""
    path = os.environ.get("PATH", "/usr/bin:/bin")
    missing = [folder for folder in ("/usr/sbin", "/sbin") if folder not in path.split(":")]
    return os.environ | {"PATH": ":".join([path, *missing])}


def up(spec: Spec) -> int:
    """Start the lab, run COMMAND in it, stop the lab in any case, and return COMMAND's exit status.

    Signals to this process go through a pipe to the first process inside (`unshare` ignores them). When this process
    dies, even by SIGKILL, the pipe closes and the lab ends.
    """
    ours, theirs = os.pipe()
    entry = [*unshare(), *python("lab.inside", "sys.exit(lab.inside.main())"), spec.to_json(), str(ours)]
    process = subprocess.Popen(entry, pass_fds=[ours], env=environment())
    os.close(ours)
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        while (status := process.poll()) is None:
            got = signal.sigtimedwait(_SIGNALS, 1.0)
            if got and got.si_signo != signal.SIGCHLD and got.si_code != FROM_TERMINAL:
                with contextlib.suppress(BrokenPipeError):
                    os.write(theirs, bytes([got.si_signo]))
    finally:
        os.close(theirs)
        process.wait()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    return 128 - status if status < 0 else status
