"""The lines of ssh_config: keyword, words, quotes, comments, patterns; with the rules of OpenSSH's readconf.c."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from functools import lru_cache

_BLANKS = " \t\r"


class SyntaxProblem(Exception):
    """A line that OpenSSH refuses, or whose meaning is not certain for this reader."""

    def __init__(self, what: str, remedy: str = "Correct the line") -> None:
        """`what` is a sentence without its place."""
        super().__init__(what)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Statement:
    """One line: its keyword in lower case, its words, and the text behind the keyword."""

    key: str
    words: tuple[str, ...]
    rest: str
    place: str  # file:line


def statement(line: str, place: str) -> Statement | None:
    """The statement of a line, its values checked; None for a comment or nothing. Raises `SyntaxProblem`."""
    text = (line[:1] + line[1:].rstrip(" \t\r\n\f")).lstrip(_BLANKS)
    if not text or text.startswith("#"):
        return None
    if "\0" in text:
        raise SyntaxProblem(f"{text[:60]!r} has a NUL character in it", "Remove it")
    match = re.match(r"([A-Za-z0-9]+)(?:[ \t\r]*=[ \t\r]*|[ \t\r]+)(.*)", text, re.DOTALL)
    if not match or not match[2]:
        raise SyntaxProblem(f"{text[:60]!r} is not a setting", "Write 'Keyword value'")
    key, rest = match[1].lower(), match[2]
    if key in ("match", "include", "host"):
        return Statement(key, () if key == "match" else tuple(words(rest)), rest, place)
    return Statement(key, _values(key, rest), rest, place)


def words(text: str) -> list[str]:
    """A line's words: with quotes of both kinds, backslashes before quotes and blanks, and a comment at the end."""
    arguments: list[str] = []
    index, length = 0, len(text)
    while index < length:
        if text[index] in " \t":
            index += 1
            continue
        if text[index] == "#":
            break
        word, quote = "", ""
        while index < length:
            sign, following = text[index], text[index + 1 : index + 2]
            if sign == "\\" and (following in ("'", '"', "\\") or (not quote and following == " ")) and following:
                word += following
                index += 1
            elif not quote and sign in " \t":
                break
            elif not quote and sign in "\"'":
                quote = sign
            elif quote and sign == quote:
                quote = ""
            else:
                word += sign
            index += 1
        if quote:
            raise SyntaxProblem(f"{text[:60]!r} has a quote without its end")
        arguments.append(word)
    return arguments


def next_word(text: str | None) -> tuple[str, str | None]:
    """The next word of a Match line, and the rest: blanks or one ``=`` separate words; double quotes group them."""
    if text is None:
        return "", None
    match = re.search(r'[ \t\r\n"=]', text)
    if not match:
        return text, None
    at = match.start()
    if text[at] == '"':
        end = text.find('"', at + 1)
        if end < 0:
            raise SyntaxProblem("Match has a quote without its end")
        return text[:at] + text[at + 1 : end], text[end + 1 :].lstrip(" \t\r\n")
    word, equals = text[:at], text[at] == "="
    rest = text[at + 1 :].lstrip(" \t\r\n")
    if not equals and rest.startswith("="):
        rest = rest[1:].lstrip(" \t\r\n")
    return word, rest


def match_pattern(text: str, pattern: str) -> bool:
    """``*`` and ``?``, and no other wildcard."""
    return _pattern(pattern).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(sign) or re.escape(sign) for sign in re.sub(r"\*+", "*", pattern)), re.DOTALL)


def match_list(text: str, patterns: str) -> bool:
    """A list with commas; a pattern with ``!`` that matches excludes."""
    result = False
    for pattern in patterns.split(","):
        if pattern.startswith("!"):
            if match_pattern(text, pattern[1:]):
                return False
        elif match_pattern(text, pattern):
            result = True
    return result


# --- values -------------------------------------------------------------------------------------------------------

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_HIGHEST = 2**31 - 1


def _values(key: str, rest: str) -> tuple[str, ...]:
    arguments = words(rest)  # ssh requires balanced quotes even when it takes the line unchanged
    if key == "proxycommand":
        return (rest.lstrip(" \t\r="),)
    if key == "proxyjump":
        return (_jump(rest.lstrip(" \t\r=")),)
    if key in ("userknownhostsfile", "globalknownhostsfile"):
        if not arguments or "" in arguments or (len(arguments) > 1 and "none" in map(str.lower, arguments)):
            raise SyntaxProblem(f"{key} {rest[:60]!r}: an empty name, or 'none' beside others")
        return tuple(arguments)
    if key not in _CHECKED:
        return tuple(arguments)
    if len(arguments) != 1 or not arguments[0]:
        raise SyntaxProblem(f"{key} {rest[:60]!r}: expected one value, got {len(arguments)}")
    return (_CHECKED[key](key, arguments[0]),)


def _any(key: str, value: str) -> str:
    return value


def _port(key: str, value: str) -> str:
    if re.fullmatch(r"[+]?\d+", value) and 1 <= int(value) <= 65535:
        return str(int(value))
    if not re.search(r"\d", value[:1]):
        try:
            return str(socket.getservbyname(value, "tcp"))
        except OSError:
            pass
    raise SyntaxProblem(f"{key} is {value!r}, expected a number from 1 to 65535")


def _time(key: str, value: str) -> str:
    if value == "none":
        return value
    if value and re.fullmatch(r"(?:\d+[smhdwSMHDW]?)+", value):
        seconds = sum(int(number) * _UNITS[unit.lower()] for number, unit in re.findall(r"(\d+)([a-zA-Z]?)", value))
        if seconds <= _HIGHEST:
            return str(seconds)
    raise SyntaxProblem(f"{key} is {value!r}, expected seconds, or a time such as 1m30s")


def _yes_no(key: str, value: str) -> str:
    if value.lower() in ("yes", "true"):
        return "yes"
    if value.lower() in ("no", "false"):
        return "no"
    raise SyntaxProblem(f"{key} is {value!r}, expected yes or no")


#: Key types that OpenSSH knows; a certificate authority uses the first eight.
CA_ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
_KEY_TYPES = (*CA_ALGORITHMS, "ssh-rsa", "ssh-dss")


def _algorithms(key: str, value: str) -> str:
    if not value.startswith("-") and re.search(r"[*?!]", value):
        raise SyntaxProblem(f"{key} is {value!r}: a pattern can be used behind '-' only")
    for name in value[value[:1] in ("+", "-", "^") :].split(","):
        if not any(match_pattern(key_type, name) for key_type in _KEY_TYPES):
            raise SyntaxProblem(f"{key} is {value!r}, and {name!r} is not a key type of OpenSSH")
    return value


def _agent(key: str, value: str) -> str:

    for name in re.findall(r"\$\{([^}]*)\}?", value):
        if name not in os.environ:
            raise SyntaxProblem(f"{key} is {value!r}, and the environment variable {name} is not set")
    if value.startswith("$") and not value.startswith("${") and not re.fullmatch(r"\$[A-Za-z0-9_]+", value):
        raise SyntaxProblem(f"{key} is {value!r}, which is not the name of an environment variable")
    return value


_CHECKED = {
    "hostname": _any,
    "user": _any,
    "port": _port,
    "hostkeyalias": _any,
    "identityfile": _any,
    "certificatefile": _any,
    "identitiesonly": _yes_no,
    "identityagent": _agent,
    "connecttimeout": _time,
    "canonicalizehostname": lambda key, value: "always" if value.lower() == "always" else _yes_no(key, value),
    "casignaturealgorithms": _algorithms,
    "revokedhostkeys": _any,
    "proxyusefdpass": _yes_no,
}

_URI = re.compile(r"(?:[\w.-]+@)?(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::\d+)?", re.ASCII)
_HOP = re.compile(r"(?:(?P<user>.+)@)?(?:\[(?P<six>[^\]\s]+)\]|(?P<host>[^@:\[\]\s]+))(?::(?P<port>[^:]*))?")


def split_jump(text: str) -> tuple[str | None, str, int | None]:
    """``[ssh://][user@]host[:port]`` in its parts. Raises `SyntaxProblem`."""
    plain = text.strip()
    if plain.lower().startswith("ssh://"):
        plain = plain[6:].removesuffix("/")
        if not _URI.fullmatch(plain):
            raise SyntaxProblem(f"{text!r} has a character that an ssh:// address cannot have, or encodes one")
    match = _HOP.fullmatch(plain)
    if not match:
        raise SyntaxProblem(f"{text!r} is not an SSH alias or address", "Write [user@]host[:port]")
    port = int(_port("port of a jump host", match["port"])) if match["port"] is not None else None
    return match["user"], match["six"] or match["host"], port


def plain_jump(chain: str) -> str:
    """A chain of jump hosts in one spelling: ``anna@gw:22,[fd00::1]``."""
    hops = []
    for text in chain.split(","):
        user, host, port = split_jump(text)
        name = f"[{host}]" if ":" in host else host
        hops.append((f"{user}@" if user else "") + name + (f":{port}" if port else ""))
    return ",".join(hops)


def _jump(value: str) -> str:
    """The chain without a comment, each of its hops checked."""
    chain = value.partition("#")[0].rstrip(" \t\r\n")
    if chain.lower() == "none":
        return "none"
    for text in chain.split(","):
        split_jump(text)
    return chain


#: Every keyword of ssh_config(5), OpenSSH 10, and those that OpenSSH accepts as deprecated.
KEYWORDS = frozenset(
    """
    addkeystoagent addressfamily afstokenpassing batchmode bindaddress bindinterface canonicaldomains
    canonicalizefallbacklocal canonicalizehostname canonicalizemaxdots canonicalizepermittedcnames
    casignaturealgorithms certificatefile challengeresponseauthentication channeltimeout checkhostip cipher ciphers
    clearallforwardings compression compressionlevel connectionattempts connecttimeout controlmaster controlpath
    controlpersist dsaauthentication dynamicforward enableescapecommandline enablesshkeysign escapechar
    exitonforwardfailure fallbacktorsh fingerprinthash forkafterauthentication forwardagent forwardx11
    forwardx11timeout forwardx11trusted gatewayports globalknownhostsfile gssapiauthentication
    gssapidelegatecredentials gssapiclientidentity gssapikexalgorithms gssapikeyexchange gssapirenewalforcesrekey
    gssapiserveridentity gssapitrustdns hashknownhosts host hostbasedacceptedalgorithms hostbasedauthentication
    hostbasedkeytypes hostkeyalgorithms hostkeyalias hostname identitiesonly identityagent identityfile
    identityfile2 ignoreunknown include ipqos kbdinteractiveauthentication kbdinteractivedevices
    keepalive kexalgorithms knownhostscommand localcommand localforward loglevel logverbose macs match
    nohostauthenticationforlocalhost numberofpasswordprompts obscurekeystroketiming passwordauthentication
    permitlocalcommand permitremoteopen pkcs11provider port preferredauthentications protocol proxycommand proxyjump
    proxyusefdpass pubkeyacceptedalgorithms pubkeyacceptedkeytypes pubkeyauthentication refuseconnection rekeylimit
    remotecommand remoteforward requesttty requiredrsasize rhostsauthentication rhostsrsaauthentication
    rsaauthentication securitykeyprovider sendenv serveralivecountmax serveraliveinterval sessiontype setenv
    skeyauthentication smartcarddevice stdinnull streamlocalbindmask streamlocalbindunlink stricthostkeychecking
    syslogfacility tag tcpkeepalive tunnel tunneldevice updatehostkeys useprivilegedport userknownhostsfile
    user userroaming userrsaauthentication usersh usekeychain verifyhostkeydns versionaddendum visualhostkey
    warnweakcrypto xauthlocation rsaminsize
    """.split()
)
