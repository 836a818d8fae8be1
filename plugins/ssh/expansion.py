"""OpenSSH's expansions: ``~``, ``${VARIABLE}`` and percent tokens, with the rules of ssh_config(5), section TOKENS."""

from __future__ import annotations

import os
import pwd
import re
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: Tokens of IdentityFile, CertificateFile, IdentityAgent, UserKnownHostsFile and Match exec. (%j and %C are not here:
#: `expand` takes %C when `Tokens.connection` has it, and %j is OpenSSH 9.8's.)
FILES = "LdhiklnpruC"
PROXY_COMMAND = "hknpr"
HOST_NAME = "h"


class ExpansionError(ValueError):
    """A token or variable that cannot be expanded; ssh stops there as well."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The values of the tokens of one login."""

    alias: str  # %n, as given
    address: str  # %h
    port: str  # %p
    user: str  # %r
    key_alias: str  # %k
    connection: str = ""  # %C as ssh computes it; "" = not known

    def value(self, letter: str) -> str:
        """The value of ``%letter``, which is one of `FILES`."""
        match letter:
            case "n":
                return self.alias
            case "h":
                return self.address
            case "p":
                return self.port
            case "r":
                return self.user
            case "k":
                return self.key_alias
            case "C" if self.connection:
                return self.connection
            case "u":
                return local_user()
            case "d":
                return str(home())
            case "i":
                return str(os.getuid())
            case "l":
                return socket.gethostname()
            case "L":
                return socket.gethostname().partition(".")[0]
        raise ExpansionError(f"%{letter} cannot be filled in here")


@cache
def home() -> Path:
    """The home folder as ssh sees it: from the password database; HOME counts only for a user without an entry there.

    Containers often have such users. ssh itself refuses to run for them.
    """
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return Path(os.environ.get("HOME") or "/")


@cache
def local_user() -> str:
    """The name of the user who runs this, by the password database; the number of a user without an entry there."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def expand_tilde(name: str) -> str:
    """``~/x`` and ``~user/x``. Raises `ExpansionError` for an unknown user."""
    if not name.startswith("~"):
        return name
    user, _, rest = name[1:].partition("/")
    try:
        folder = pwd.getpwnam(user).pw_dir if user else str(home())
    except KeyError:
        raise ExpansionError(f"there is no user {user!r} on this machine") from None
    return f"{folder.rstrip('/')}/{rest.lstrip('/')}"


_PART = re.compile(r"%(?P<token>.?)|\$\{(?P<variable>[^}]*)(?P<end>\}?)", re.DOTALL)


def expand(text: str, tokens: Tokens, allowed: str = FILES, *, variables: bool = True) -> str:
    """The text with its tokens and, when `variables`, its ``${NAME}`` filled in. Raises `ExpansionError`."""

    def value(part: re.Match[str]) -> str:
        token, variable = part["token"], part["variable"]
        if variable is not None:
            if not variables:
                return part[0]
            if not part["end"]:
                raise ExpansionError(f"'${{{variable}' has no closing brace")
            if variable not in os.environ:
                raise ExpansionError(f"the environment variable {variable} is not set")
            return os.environ[variable]
        if token == "%":
            return "%"
        if not token or token not in allowed:
            raise ExpansionError(f"'%{token}' is not a token that can be used here")
        return tokens.value(token)

    return _PART.sub(value, text)


def usable_user(name: str) -> bool:
    """OpenSSH's rule for user names that are not from its configuration: none that a shell could run as a command.

    Source: `valid_ruser` of OpenSSH 9.6, and the control characters that 10.1 refuses as well.
    """
    return not (
        name.startswith("-")
        or re.search(r"[\x00-\x1f\x7f'`\";&<>|(){}]", name)
        or re.search(r"\s-", name)
        or name.endswith("\\")
    )


def usable_host(name: str) -> bool:
    """OpenSSH's rule for host names that are not from its configuration (`valid_hostname`)."""
    return not (name.startswith("-") or re.search(r"[\s\x00-\x1f\x7f'`\"$\\;&<>|(){}]", name))
