"""Reads ssh_config like OpenSSH, for machines without an OpenSSH client (`plugins.ssh.openssh` is preferred).

The reader refuses unsupported settings with file and line: canonical host names, other Match words than
`_MATCH_WORDS`, keywords that OpenSSH does not have. It follows OpenSSH's rules for words and comments, the first value
that wins, and the second pass of ``Match final``. Keywords that do not affect a login here are ignored.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import stat
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path

from plugins.ssh.config_syntax import (
    CA_ALGORITHMS,
    KEYWORDS,
    Statement,
    SyntaxProblem,
    match_list,
    match_pattern,
    next_word,
    split_jump,
    statement,
)
from plugins.ssh.expansion import HOST_NAME, ExpansionError, Tokens, expand, expand_tilde, home, local_user
from plugins.ssh.hop import unusable

_DEEPEST = 16  # nested Includes, as in OpenSSH
_SECONDS = 15.0  # for one Match exec
_MATCH_WORDS = ("all", "canonical", "final", "host", "originalhost", "user", "localuser", "exec")
_KNOWN_HOSTS = ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]
_GLOBAL_KNOWN_HOSTS = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]


@dataclass(frozen=True, slots=True)
class _Criterion:
    """``!host web*`` of a Match line."""

    word: str
    negated: bool
    argument: str


@dataclass(slots=True)
class _Block:
    """A Host or Match line, and what follows until the next one. Includes are blocks of blocks."""

    place: str
    hosts: tuple[str, ...] | None = None  # the patterns of a Host line
    criteria: tuple[_Criterion, ...] | None = None  # of a Match line; both None: the beginning of a file
    literal: frozenset[str] | None = None  # the only names that can match; None: any
    body: list[Statement | list[list[_Block]]] = field(default_factory=list)


@dataclass(slots=True)
class _Pass:
    """The state of reading the files for one host."""

    alias: str
    host: str  # the alias; in the final pass the host name
    final: bool
    values: dict[str, list[str]]
    places: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        value = self.values.get(name)
        return value[0] if value else None


class ConfigReader:
    """The configuration files of a run, each read once."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Read the files, first one first. Raises `SshError` for a line that cannot be used."""
        self._final = False
        self._unknown = ""  # IgnoreUnknown
        self._files = [self._read(path, 0, system=len(files) > 1 and index > 0) for index, path in enumerate(files)]

    # --- one host -----------------------------------------------------------------------------------------------

    def settings(self, alias: str, user: str | None, port: int | None, jump: str | None) -> dict[str, list[str]]:
        """The final values for a host, as `plugins.ssh.openssh.OpenSsh.settings` has them."""
        stated: dict[str, list[str]] = {}
        if user is not None:
            stated["user"] = [user]
        if port is not None:
            stated["port"] = [str(port)]
        if jump is not None:
            stated["proxyjump"] = [jump]
        if jump is not None and jump.lower() == "none":
            stated["proxycommand"] = ["none"]
        run = _Pass(alias, alias, False, stated)
        for blocks in self._files:
            self._apply(blocks, run)
        try:
            host = self._host_name(run)
            if self._final:
                again = _Pass(alias, host, True, run.values | {"hostname": [host]}, run.places)
                for blocks in self._files:
                    self._apply(blocks, again)
                run = again
            return self._finished(run, host)
        except ExpansionError as error:
            raise unusable(f"{alias} in the SSH configuration", str(error), "Correct it") from None

    def _host_name(self, run: _Pass) -> str:
        name = run.get("hostname")
        host = run.host if name is None else expand(name, _tokens(run, run.host), HOST_NAME, variables=False)
        if (run.get("canonicalizehostname") or "no") not in ("no", "false"):
            raise unusable(
                run.places.get("canonicalizehostname", f"{run.alias} in the SSH configuration"),
                "CanonicalizeHostname needs the OpenSSH client, which this machine does not have",
                "Install it (package openssh-client or openssh-clients), or name the hosts in full",
            )
        return _numeric(host) or (host if ":" in host else host.lower())

    def _finished(self, run: _Pass, host: str) -> dict[str, list[str]]:
        values = dict(run.values)
        values["hostname"] = [host]
        values.setdefault("user", [local_user()])
        values.setdefault("port", ["22"])
        alias = [name.lower() for name in values.get("hostkeyalias", [])]
        tokens = Tokens(run.alias, host, values["port"][0], values["user"][0], (alias or [run.alias])[0])
        files = values.get("userknownhostsfile", _KNOWN_HOSTS)
        values["userknownhostsfile"] = [
            name if name.lower() == "none" else expand(expand_tilde(name), tokens) for name in files
        ]
        values.setdefault("globalknownhostsfile", _GLOBAL_KNOWN_HOSTS)
        if (agent := values.get("identityagent")) and agent[0].lower() != "none":
            values["identityagent"] = [expand(expand_tilde(agent[0]), tokens)]
        if alias:
            values["hostkeyalias"] = alias
        if algorithms := values.get("casignaturealgorithms"):
            values["casignaturealgorithms"] = [_algorithms(algorithms[0])]
        jump = values.pop("proxyjump", None)
        if jump and jump[0].lower() != "none":
            user, name, port = split_jump(jump[0].rpartition(",")[2])
            if (name, str(port or 22), user or tokens.user) == (host, tokens.port, tokens.user):
                raise ExpansionError(f"ProxyJump {jump[0]} leads back to the host itself")
            values["proxyjump"] = jump
            values.pop("proxycommand", None)
        return values

    def _apply(self, blocks: list[_Block], run: _Pass) -> None:
        for block in blocks:
            if block.literal is not None and run.host not in block.literal:
                continue
            if not self._matches(block, run):
                continue
            for item in block.body:
                if isinstance(item, Statement):
                    _set(item, run)
                else:
                    for included in item:
                        self._apply(included, run)

    def _matches(self, block: _Block, run: _Pass) -> bool:
        if block.hosts is not None:
            active = False
            for pattern in block.hosts:
                if pattern.startswith("!"):
                    if match_pattern(run.host, pattern[1:]):
                        return False
                elif match_pattern(run.host, pattern):
                    active = True
            return active
        result = True
        for criterion in block.criteria or ():
            if criterion.word == "exec" and not result:
                continue  # ssh does not run it either
            result = result and self._holds(criterion, run, block.place) != criterion.negated
        return result

    def _holds(self, criterion: _Criterion, run: _Pass, place: str) -> bool:
        user = run.get("user") or local_user()
        match criterion.word:
            case "all":
                return True
            case "canonical" | "final":
                return run.final
            case "originalhost":
                return match_list(run.alias.lower(), criterion.argument.lower())
            case "user":
                return match_list(user, criterion.argument)
            case "localuser":
                return match_list(local_user(), criterion.argument)
        try:
            name = run.get("hostname")
            if run.final or name is None:
                host = name if run.final and name is not None else run.host
            else:
                host = expand(name, _tokens(run, run.host), HOST_NAME, variables=False)
            if criterion.word == "host":
                return match_list(host.lower(), criterion.argument.lower())
            return _succeeds(expand(criterion.argument, _tokens(run, host), variables=False))
        except ExpansionError as error:
            raise unusable(place, str(error), "Correct the line") from None

    # --- reading ------------------------------------------------------------------------------------------------

    def _read(self, path: Path, depth: int, *, system: bool) -> list[_Block]:
        try:
            _check_owner(path, depth)
            text = path.read_bytes().decode("utf-8", "surrogateescape")
        except OSError:
            return []  # as ssh does for its default files; a file named by the operator was checked before
        blocks = [_Block(str(path))]
        for number, line in enumerate(text.split("\n"), 1):
            where = f"{path}:{number}"
            try:
                statement_ = statement(line, where)
                if statement_ is None:
                    continue
                if statement_.key == "host":
                    blocks.append(_host_block(statement_))
                elif statement_.key == "match":
                    blocks.append(self._match_block(statement_))
                elif statement_.key == "include":
                    blocks[-1].body.append(list(self._include(statement_, depth, system=system)))
                else:
                    self._check_known(statement_, first=len(blocks) == 1 and depth == 0)
                    blocks[-1].body.append(statement_)
            except SyntaxProblem as problem:
                raise unusable(where, str(problem), problem.remedy) from None
        return blocks

    def _check_known(self, statement: Statement, *, first: bool) -> None:
        if statement.key == "ignoreunknown" and first and not self._unknown:
            self._unknown = statement.words[0] if statement.words else ""
        elif statement.key not in KEYWORDS and not match_list(statement.key, self._unknown.lower()):
            raise SyntaxProblem(
                f"{statement.key!r} is not a keyword of OpenSSH", "Correct the line, or see IgnoreUnknown"
            )

    def _match_block(self, statement: Statement) -> _Block:
        if "'" in statement.rest or "\\" in statement.rest:
            raise SyntaxProblem(f"Match {statement.rest[:60]!r}: versions of OpenSSH read its quotes differently")
        criteria: list[_Criterion] = []
        rest: str | None = statement.rest
        while True:
            word, rest = next_word(rest)
            if not word or word.startswith("#"):
                break
            negated, name = word.startswith("!"), word.removeprefix("!").lower()
            if name not in _MATCH_WORDS:
                raise SyntaxProblem(f"Match {word!r} is not supported here", f"Known are {', '.join(_MATCH_WORDS)}")
            argument = ""
            if name == "all":
                following, rest = next_word(rest)
                if len(criteria) > 1 or (following and not following.startswith("#")):
                    raise SyntaxProblem("Match all stands alone, or behind canonical or final")
                if criteria and criteria[0].word not in ("canonical", "final"):
                    raise SyntaxProblem("Match all stands alone, or behind canonical or final")
                rest = None
            elif name not in ("canonical", "final"):
                argument, rest = next_word(rest)
                if not argument or argument.startswith("#"):
                    raise SyntaxProblem(f"Match {word!r} has no argument")
            criteria.append(_Criterion(name, negated, argument))
            self._final = self._final or name == "final"
        if not criteria:
            raise SyntaxProblem("Match has no criterion")
        return _Block(statement.place, criteria=tuple(criteria))

    def _include(self, statement: Statement, depth: int, *, system: bool) -> Iterator[list[_Block]]:
        if depth >= _DEEPEST:
            raise SyntaxProblem(f"Include is nested more than {_DEEPEST} deep", "Remove the loop")
        for name in statement.words:
            if name.startswith("~"):
                if system:
                    raise SyntaxProblem("Include in a system file cannot begin with ~")
                try:
                    name = expand_tilde(name)
                except ExpansionError:
                    continue
            if "%" in name or "${" in name:
                raise SyntaxProblem(f"Include {name[:60]!r}: versions of OpenSSH read its tokens differently")
            folder = Path("/etc/ssh") if system else home() / ".ssh"
            for path in sorted(glob(str(folder / name), include_hidden=False)):
                yield self._read(Path(path), depth + 1, system=system)


# --- the values ---------------------------------------------------------------------------------------------------

_LISTS = ("identityfile", "certificatefile")  # each line adds a value


def _set(item: Statement, run: _Pass) -> None:
    """The first value wins; a jump host and a ProxyCommand exclude each other."""
    values, key = run.values, item.key
    if key in _LISTS:
        earlier = values.setdefault(key, [])
        earlier += [word for word in item.words if word not in earlier]
    elif key in ("proxyjump", "proxycommand"):
        jump = values.get("proxyjump")
        free = jump is None or (key == "proxycommand" and jump[0].lower() == "none")
        if free and "proxycommand" not in values:
            values[key] = list(item.words)
    elif key not in values and not (key == "connecttimeout" and item.words[0] == "none"):  # ssh's "not set"
        values[key] = list(item.words)
        run.places[key] = item.place


def _tokens(run: _Pass, host: str) -> Tokens:
    user = run.get("user") or local_user()
    key_alias = run.get("hostkeyalias") or run.alias
    return Tokens(run.alias, host, run.get("port") or "22", user, key_alias)


def _succeeds(command: str) -> bool:
    shell = os.environ.get("SHELL") or "/bin/sh"
    try:
        done = subprocess.run(
            [shell, "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ExpansionError(f"Match exec {command[:60]!r}: {error}") from None
    return done.returncode == 0


def _numeric(host: str) -> str:
    """An address in its usual spelling, as ssh has it ("10.1" is 10.0.0.1); "" when this is a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if re.fullmatch(r"[0-9a-fA-Fx.]+", host) and host[0].isdigit():
        try:
            return socket.inet_ntoa(socket.inet_aton(host))
        except OSError:
            pass
    return ""


def _algorithms(value: str) -> str:
    """``+a,b``, ``-a*``, ``^a`` change the usual list; anything else replaces it."""
    names, usual = value[1:].split(","), list(CA_ALGORITHMS)
    match value[:1]:
        case "+":
            chosen = usual + [name for name in names if name not in usual]
        case "-":
            chosen = [name for name in usual if not any(match_pattern(name, pattern) for pattern in names)]
        case "^":
            chosen = names + [name for name in usual if name not in names]
        case _:
            chosen = value.split(",")
    return ",".join(chosen)


def _host_block(statement: Statement) -> _Block:
    if not statement.words or any(word in ("", "!") for word in statement.words):
        raise SyntaxProblem("Host has no pattern, or an empty one")
    plain = not any(mark in word for word in statement.words for mark in "*?!")
    return _Block(statement.place, hosts=statement.words, literal=frozenset(statement.words) if plain else None)


def _check_owner(path: Path, depth: int) -> None:
    """ssh refuses an included file that others can write (Debian's ssh lets one's own group write it)."""
    if not depth:
        return
    status = path.stat()
    by_others = stat.S_IWOTH if status.st_gid == os.getgid() else stat.S_IWOTH | stat.S_IWGRP
    if status.st_uid not in (0, os.getuid()) or status.st_mode & by_others:
        raise unusable(str(path), "ssh refuses a file that others can write", f"Run: chmod go-w {path}")
