"""The command that starts a script on a Linux VM: a bootstrap that runs its stdin completely, or not at all.

A shell that reads commands from stdin runs each line as it arrives. Text that a login shell's start-up file reads
before it (a `read`, an `ssh`, a `cat` in .bashrc) is missing at the front, so the script could begin with any line:
without the lines that set `room`, the line that removes the run's folder would remove another one. So the shell first
reads all of stdin up to a mark, and runs it only if it begins with another mark. The rest of stdin belongs to the
script.
"""

from __future__ import annotations

from collections.abc import Mapping

#: The exit status when the script did not arrive completely.
INCOMPLETE = 97

#: Remedies by exit status, when the shell ends before its script; None: any other status.
ADVICE: Mapping[int | None, str] = {
    INCOMPLETE: "Find out what the login shell's start-up files (.bashrc, .cshrc, /etc/profile.d) read from standard "
    "input, and let them do so only in an interactive shell.",
    None: "Use a user whose login shell runs programs (not nologin), and a key without a forced command.",
}


def bootstrap(mark: str) -> str:
    """A line for `sh -c`, in single quotes, that is valid in sh, bash, dash, busybox, csh, tcsh, fish, zsh and ksh."""
    return (
        f'\'unset -f sed; PATH=$PATH:/usr/bin:/bin; script=$(sed "/^#{mark} end$/q"); '
        f'case $script in "#{mark} begin"*"#{mark} end") eval "$script";; '
        f'*) echo "the script did not arrive as a whole"; exit {INCOMPLETE};; esac\''
    )


def pack(script: str, mark: str = "nexus-arc") -> str:
    """A script between the two marks for `bootstrap`; some versions of sed need one more line before they print one."""
    return f"#{mark} begin\n{script}\n#{mark} end\n\n"


#: Valid in every login shell; the script itself comes on stdin.
COMMAND = f"exec /bin/sh -c {bootstrap('nexus-arc')}"
