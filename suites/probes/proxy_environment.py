"""The proxy variables of a VM, as each kind of process gets them. Only these are read; the VM removes logins.

The environments of two kinds of process decide: a command over SSH (the session), and a login shell. The
session represents everything that starts without a login: Ansible, a script over SSH, this suite. The other places
explain: sudo's environment, systemd's, and the files with assignments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import msgspec

from plugins import END, ProbeResult, probe, ps, tool
from suites.probes.no_answer import NoAnswer, Reason, no_answer
from suites.probes.one_value import must_be_once, one_value_each

#: The variables that make a program use a proxy.
PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")

NO_PROXIES = ("NO_PROXY", "no_proxy")

_VARIABLE = re.compile(r"([A-Za-z]+_[Pp][Rr][Oo][Xx][Yy])=(.*)")

#: Replaces a login that was removed: http://***@169.254.0.11:3128
MARK = "***"


@lru_cache(1024)  # most VMs of a fleet have the same
def _assigned(text: str) -> Mapping[str, str]:
    values: list[list[str]] = []
    for line in text.removesuffix("\n").split("\n"):
        match = _VARIABLE.fullmatch(line)
        if match:
            values.append([match[1], match[2]])
        elif values and line != END:
            values[-1][1] += "\n" + line
    return one_value_each((name, value) for name, value in values)


class Variables(msgspec.Struct, frozen=True):
    """The proxy variables of one place, as programs get them, including unprintable characters.

    `suites.wording.visible` shows a value. `missing`: why they are not known.
    """

    values: Mapping[str, str] = {}
    missing: NoAnswer | None = None

    @classmethod
    def read(cls, result: ProbeResult) -> Variables:
        r"""Read ``NAME=value`` lines; any other line, except the mark at the end, belongs to the value before it.

        Only ``\n`` ends a line: the other line ends of `str.splitlines` are part of a value. Raises ValueError when a
        variable has two values.
        """
        if missing := no_answer(result, "it"):
            return cls(missing=missing)
        return cls(_assigned(result.stdout))

    @classmethod
    def read_login(cls, result: ProbeResult) -> Variables:
        """Read the output of `env` in the login shell after the mark; without the mark the shell ran nothing."""
        if result.state == "done" and not re.search(r"^@login$", result.stdout, re.M):
            return cls(missing=NoAnswer(Reason.UNREADABLE, "it ran no command"))
        must_be_once("@login", result.stdout)
        start = result.stdout.rfind("@login\n") + len("@login\n")
        return cls.read(replace(result, stdout=result.stdout[start:]))

    @classmethod
    def read_systemd(cls, result: ProbeResult) -> Variables:
        """Read ``systemctl show-environment``: ``HTTPS_PROXY=http://169.254.0.11:3128``, ``A=$'with blank'``."""
        if result.state == "done" and result.stdout.strip() in ("", END) and result.stderr.strip():
            return cls(missing=NoAnswer(Reason.UNREADABLE, "systemd does not run"))
        variables = cls.read(result)
        unquoted = {name: re.sub(r"\A\$'(.*)'\Z", r"\1", value, flags=re.S) for name, value in variables.values.items()}
        return cls(unquoted, variables.missing)

    @property
    def any_proxy(self) -> bool:
        """True when something makes programs use a proxy here."""
        return any(self.values.get(name) for name in PROXIES)


# Builtins only: no fork. The text before an @ is removed, except the scheme.
_SHOW = """\
for n in HTTPS_PROXY https_proxy HTTP_PROXY http_proxy ALL_PROXY all_proxy NO_PROXY no_proxy; do
  eval "s=\\${$n+x} v=\\${$n-}"
  [ "$s" ] || continue
  case $v in
  *@*)
    s=${v%%://*}
    case $s in
    "$v" | *[!A-Za-z0-9+.\\"\\'-]*) s= ;;
    *) s=$s:// ;;
    esac
    v=$s***@${v##*@}
    ;;
  esac
  printf '%s=%s\\n' "$n" "$v"
done
echo @end"""

# The same for the output of `env`.
_CUT = r"""-e '/^[A-Za-z]*_[Pp][Rr][Oo][Xx][Yy]=/!d' -e 's#=\(["A-Za-z0-9+.$-]*://\)\{0,1\}.*@#=\1***@#'"""


_NAMES = ", ".join(map(ps, (*PROXIES, *NO_PROXIES)))


def _windows(value: str) -> str:
    """PowerShell that prints the variables; `value` reads $name. Windows ignores the case of names."""
    return (
        f"foreach ($name in {_NAMES}) {{\n"
        f"    $value = {value}\n"
        f"    if ($value) {{ \"$name=\" + ($value -replace '(?s)^([A-Za-z0-9+.-]*://)?.*@', '$1{MARK}@') }}\n"
        "}\n"
        f"'{END}'"
    )


_PROCESS = "[Environment]::GetEnvironmentVariable($name, 'Process')"
_MACHINE = "[Environment]::GetEnvironmentVariable($name, 'Machine')"
_USER = "[Environment]::GetEnvironmentVariable($name, 'User')"

session_env = probe(_SHOW, windows=_windows(_PROCESS), timeout=5, cap=4096, read=Variables.read)

sudo_env = probe(
    _SHOW,
    windows=_windows(_PROCESS),
    timeout=5,
    root=True,
    cap=4096,
    accept_states=("no root", "timed out"),
    read=Variables.read,
)

# csh accepts -l only alone, and dash before 0.5.11 not at all. `exec`: the status is that of env.
login_env = probe(
    f"""\
s=${{SHELL:-/bin/sh}} n='
'
v=$(case ${{s##*/}} in
(csh | tcsh) echo 'echo @login; exec env' | "$s" -l ;;
(sh | dash | ash) "$s" -c 'for f in /etc/profile "$HOME/.profile"; do [ -r "$f" ] && . "$f"; done
echo @login; exec env' ;;
(*) "$s" -lc 'echo @login; exec env' ;;
esac 2>/dev/null)
e=$?
case $e$n$v$n in
0*) ;;
*"$n@login$n"*) exit $e ;;
esac
case $n$v$n in
*_[Pp][Rr][Oo][Xx][Yy]=*) printf '%s\\n' "$v" | sed -e '/^@login$/b' {_CUT} ;;
*"$n@login$n"*) echo @login ;;
esac && echo @end""",
    # The environment of every new logon, and of services.
    windows=f"'@login'\n{_windows(_MACHINE)}",
    timeout=6,
    cap=4096,
    accept_states=("timed out",),
    read=Variables.read_login,
)

systemd_env = probe(
    f"""\
v=$(systemctl show-environment) || {{ e=$?; [ $e -lt 126 ] || exit $e; }}
case $v in *_[Pp][Rr][Oo][Xx][Yy]=*) printf '%s\\n' "$v" | sed {_CUT} ;; esac && echo @end""",
    windows=_windows(_MACHINE),
    timeout=5,
    needs=["systemctl"],
    cap=4096,
    accept_states=("no tool", "timed out"),
    read=Variables.read_systemd,
)

# Only the text before the assignment is printed, never its value.
_FILES = (
    "/etc/environment /etc/environment.d/*.conf /etc/profile /etc/profile.d/*.sh /etc/bash.bashrc /etc/bashrc "
    "/etc/zsh/zprofile /etc/csh.login /etc/profile.d/*.csh /etc/systemd/system.conf /etc/systemd/system.conf.d/*.conf"
    ' "$HOME/.profile" "$HOME/.bash_profile" "$HOME/.bash_login" "$HOME/.bashrc"'
)


def _read_written(result: ProbeResult) -> dict[str, list[str]]:
    """The files that assign a variable.

    ::

        /etc/environment:HTTPS_PROXY=
        /etc/profile.d/proxy.sh:export https_proxy=
        /etc/csh.login:setenv HTTPS_PROXY
    """
    files: dict[str, list[str]] = {}
    for line in result.stdout.split("\n"):
        file, _, text = line.partition(":")
        if not re.fullmatch(r"[\w ./@+~-]{1,200}", file):  # a remedy names it, so it may be pasted into a shell
            continue
        for name in re.findall(r"\b([A-Za-z]+_[Pp][Rr][Oo][Xx][Yy])(?:=|[ \t]|$)", text):
            if file not in files.setdefault(name, []):
                files[name].append(file)
    return files


written = probe(
    f"grep -ios '^[^#@]*_proxy[= ]' {_FILES} /dev/null; s=$?; [ $s -le 2 ] || exit $s\necho @end",
    windows=f"foreach ($name in {_NAMES}) {{\n"
    f'    if ({_MACHINE}) {{ "the Machine environment:$name=" }}\n'
    f'    if ({_USER}) {{ "the User environment:$name=" }}\n'
    "}",
    timeout=5,
    cap=4096,
    accept_exits=(0, 1, 2),  # evidence of earlier versions has grep's statuses: lines, no lines, an unreadable file
    read=_read_written,
)


_LIBCURL = re.compile(r"libcurl/(\d+)\.(\d+)\.(\d+)")


def _read_version(result: ProbeResult) -> tuple[int, ...]:
    """``curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.22 ...``; () = no curl, or no version."""
    # libcurl's version counts, and is the second one where they differ.
    match = _LIBCURL.search(result.stdout) if result.state == "done" else None
    return tuple(map(int, match.groups())) if match else ()


curl_version = probe(
    "curl --version && echo @end",
    windows=tool("curl.exe", "--version"),
    timeout=5,
    needs=["curl"],
    cap=1024,
    accept_states=("no tool",),
    read=_read_version,
)
