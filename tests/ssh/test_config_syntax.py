"""The words of a Match line: `plugins.ssh.config_syntax`."""

from __future__ import annotations

import pytest

from plugins.ssh.config_syntax import SyntaxProblem, match_list, next_word, plain_jump, statement, words


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        ("host web", "host", "web"),
        ("host=web", "host", "web"),
        ("host = web", "host", "web"),
        ("host= =web", "host", "=web"),
        ('"a b" c', "a b", "c"),
        ("all", "all", None),
        (None, "", None),
    ],
)
def test_one_equals_sign_or_blanks_part_two_words(text: str | None, word: str, rest: str | None) -> None:
    assert next_word(text) == (word, rest)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("XaX bX", ["XaX", "bX"]),
        ("\"a b\" 'c d'", ["a b", "c d"]),
        (r"a\ b \"c \\d \e", ["a b", '"c', r"\d", r"\e"]),
        ("'a\\ b'", ["a\\ b"]),
        ("a#b # c", ["a#b"]),
        ("", []),
    ],
)
def test_words_are_in_quotes_or_between_blanks(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("line", "key", "values"),
    [
        ("Port 1", "port", ("1",)),
        ("Port 65535", "port", ("65535",)),
        ("Port +022", "port", ("22",)),
        ("Port ssh", "port", ("22",)),
        ("ConnectTimeout 2147483647", "connecttimeout", ("2147483647",)),
        ("ConnectTimeout 0", "connecttimeout", ("0",)),
        ("ConnectTimeout none", "connecttimeout", ("none",)),
        ("ConnectTimeout 1w1d1h1m1s1", "connecttimeout", ("694862",)),
        ("ConnectTimeout 1W1D1H1M1S", "connecttimeout", ("694861",)),
        ("IdentitiesOnly YES", "identitiesonly", ("yes",)),
        ("IdentitiesOnly true", "identitiesonly", ("yes",)),
        ("IdentitiesOnly No", "identitiesonly", ("no",)),
        ("IdentitiesOnly FALSE", "identitiesonly", ("no",)),
        ("CanonicalizeHostname Always", "canonicalizehostname", ("always",)),
        ("CanonicalizeHostname true", "canonicalizehostname", ("yes",)),
        ("CASignatureAlgorithms -ssh-*", "casignaturealgorithms", ("-ssh-*",)),
        ("CASignatureAlgorithms ^ssh-rsa,ssh-dss", "casignaturealgorithms", ("^ssh-rsa,ssh-dss",)),
        ("IdentityAgent $A_1", "identityagent", ("$A_1",)),
        ("ProxyJump NONE # x", "proxyjump", ("none",)),
        ("ProxyJump = gw:1,ssh://a@b/", "proxyjump", ("gw:1,ssh://a@b/",)),
        ("ProxyCommand = nc # %h", "proxycommand", ("nc # %h",)),
        ("UserKnownHostsFile a 'b c'", "userknownhostsfile", ("a", "b c")),
        ("UserKnownHostsFile NONE", "userknownhostsfile", ("NONE",)),
        ("\t Host=a b", "host", ("a", "b")),
        ("Match all", "match", ()),
        ("Include a\f", "include", ("a",)),
        ("SendEnv a b", "sendenv", ("a", "b")),
    ],
)
def test_the_values_of_a_line(line: str, key: str, values: tuple[str, ...]) -> None:
    read = statement(line, "config:3")
    assert read is not None
    assert (read.key, read.words, read.place) == (key, values, "config:3")


@pytest.mark.parametrize("line", ["", "  \t", "# Port 7", " #"])
def test_a_comment_or_nothing_is_no_statement(line: str) -> None:
    assert statement(line, "config:1") is None


_JUMP = "Write [user@]host[:port]"
_URI = "has a character that an ssh:// address cannot have, or encodes one"


@pytest.mark.parametrize(
    ("line", "problem", "remedy"),
    [
        ("Port 0", "port is '0', expected a number from 1 to 65535", ""),
        ("Port 65536", "port is '65536', expected a number from 1 to 65535", ""),
        ("Port 2x", "port is '2x', expected a number from 1 to 65535", ""),
        ("Port no-service", "port is 'no-service', expected a number from 1 to 65535", ""),
        (
            "ConnectTimeout 2147483648",
            "connecttimeout is '2147483648', expected seconds, or a time such as 1m30s",
            "",
        ),
        ("ConnectTimeout 1y", "connecttimeout is '1y', expected seconds, or a time such as 1m30s", ""),
        ("IdentitiesOnly 1", "identitiesonly is '1', expected yes or no", ""),
        (
            "CASignatureAlgorithms ssh-*",
            "casignaturealgorithms is 'ssh-*': a pattern can be used behind '-' only",
            "",
        ),
        (
            "CASignatureAlgorithms -x",
            "casignaturealgorithms is '-x', and 'x' is not a key type of OpenSSH",
            "",
        ),
        (
            "IdentityAgent $A-B",
            "identityagent is '$A-B', which is not the name of an environment variable",
            "",
        ),
        (
            "IdentityAgent ${NOT_SET_AT_ALL",
            "identityagent is '${NOT_SET_AT_ALL', and the environment variable NOT_SET_AT_ALL is not set",
            "",
        ),
        ("ProxyJump a,", "'' is not an SSH alias or address", _JUMP),
        ("ProxyJump ssh://a%41", f"'ssh://a%41' {_URI}", ""),
        ("ProxyJump a:0", "port of a jump host is '0', expected a number from 1 to 65535", ""),
        ("ProxyJump a:", "port of a jump host is '', expected a number from 1 to 65535", ""),
        ("User a b", "user 'a b': expected one value, got 2", ""),
        ("User ''", "user \"''\": expected one value, got 1", ""),
        ("User #", "user '#': expected one value, got 0", ""),
        (f"User '{'x' * 70}", f'"\'{"x" * 59}" has a quote without its end', ""),
        (f"{'x' * 70}", f"'{'x' * 60}' is not a setting", "Write 'Keyword value'"),
    ],
)
def test_what_a_line_cannot_have(line: str, problem: str, remedy: str) -> None:
    with pytest.raises(SyntaxProblem) as refused:
        statement(line, "config:3")
    assert (str(refused.value), refused.value.remedy) == (problem, remedy or "Correct the line")


@pytest.mark.parametrize(
    ("chain", "plain"),
    [
        ("gw", "gw"),
        ("anna@gw:2201,[fd00::1]", "anna@gw:2201,[fd00::1]"),
        ("SSH://anna@gw:7/", "anna@gw:7"),
        (" a@b@gw ,[fd00::1]:7", "a@b@gw,[fd00::1]:7"),
    ],
)
def test_a_chain_of_jump_hosts_in_one_spelling(chain: str, plain: str) -> None:
    assert plain_jump(chain) == plain


@pytest.mark.parametrize(
    ("text", "patterns", "expected"),
    [
        ("a", "a", True),
        ("a", "b,a", True),
        ("a", "a,b", True),
        ("a", "b", False),
        ("a", "a,!a", False),
        ("a", "!a,a", False),
        ("a", "!b", False),
        ("a", "!b,*", True),
        ("ab", "a?", True),
        ("a", "a?", False),
        ("a\nb", "a**b", True),
        ("a", "", False),
    ],
)
def test_a_list_of_patterns(text: str, patterns: str, expected: bool) -> None:
    assert match_list(text, patterns) is expected
