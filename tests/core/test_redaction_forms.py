"""Every form of tests/data/secrets/leaks.txt is redacted, and no line of ordinary.txt is altered."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator

import pytest

from plugins.core import redaction
from plugins.core.redaction import clean, redact
from plugins.core.secret_names import LIKELY, NONE, STRONG, WEAK, secret_level
from plugins.core.secret_shapes import SHAPES
from plugins.core.secret_tokens import TOKENS, token_pattern
from tests.support.regex_samples import samples
from tests.support.secret_forms import count, leaks, ordinary


def test_the_numbers() -> None:
    numbers = count()
    assert numbers["forms"] >= 250
    assert numbers["lines"] >= 250
    assert (numbers["leaks"], numbers["altered"]) == (0, 0)


def test_a_form_leaves_nothing() -> None:
    shown = [(form, redact(text)) for form in leaks() for text in (form.text, f"before\n{form.text}\nafter")]
    assert [(form.text, text) for form, text in shown if form.left(text)] == []


def test_an_ordinary_line_stays() -> None:
    assert [redact(line) for line in ordinary() if redact(line) != line] == []


def test_utf_16_that_was_read_as_if_it_were_not() -> None:
    forms = [form for form in leaks()[::9] if form.text.isascii()]  # others have no NUL beside each character
    shown = [(form, redact(form.text.encode("utf-16-le").decode("latin-1"))) for form in forms]
    assert [form.text for form, text in shown if form.left(text.replace("\0", ""))] == []


@pytest.mark.parametrize("digits", ["0123456789", "abcdef", "0123456789abcdef"], ids=["digits", "letters", "both"])
def test_redacting_twice_changes_nothing_more(digits: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the digits of a mark are."""

    def mark(secret: str) -> str:
        numbers = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()[:8]
        return f"<secret:{''.join(digits[number % len(digits)] for number in numbers)}>"

    monkeypatch.setattr(redaction, "mark", mark)
    monkeypatch.setattr(redaction, "_shown", {})
    once = [redact(form.text) for form in leaks()]
    assert [text for text in once if redact(text) != text] == []


def test_a_needle_of_every_finder_is_what_its_pattern_needs() -> None:
    """A long text is looked through by needles: a form is found in it as it is found alone."""
    around = "Zzz zzz\n" * 300
    assert [form.text for form in leaks() if form.left(redact(f"{around}{form.text}\n{around}"))] == []


@pytest.mark.parametrize(
    ("name", "level"),
    [
        *(
            (name, STRONG)
            for name in "GITHUB_TOKEN DB_PASS smtp_pass MYSQL_PWD SIGNING_KEY DD_APP_KEY psk otp USER_PIN".split()
        ),
        *(
            (name, STRONG)
            for name in "ACCESS_PAT x-functions-key ansible_become_pass githubToken adminPassword passwords".split()
        ),
        *((name, LIKELY) for name in "softlayer_key workspaceKey PASSWORD_REDIS API_KEY_OPENAI TOKEN_GITHUB".split()),
        *((name, STRONG) for name in "DB_PASSWORD_PROD secret_string password_super_secure".split()),
        *((name, NONE) for name in "PASSWORD_FILE TOKEN_ENDPOINT gpg_key event_key SECRET_NAME".split()),
        *((name, WEAK) for name in "token tokens pass credential credentials secrets".split()),
        *((name, NONE) for name in "tokenType secretName publicKey key keys PasswordAuthentication chpasswd".split()),
        *(
            (name, NONE)
            for name in "monkey bypass compass HOST_KEY host_private_key CACHE_KEY key_id keyVaultId author max".split()
        ),
    ],
)
def test_how_surely_a_name_is_a_secrets(name: str, level: int) -> None:
    assert secret_level(name) == level


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({"githubToken": "hunter22"}, {}),
        ({"dbPass": "hunter22"}, {}),
        ({"adminPassword": 22}, {}),
        ({"passwords": ["hunter22", "hunter23"]}, {}),
        ({"name": "DB_PASSWORD", "value": "hunter22"}, {"name": "DB_PASSWORD"}),
        ({"Key": "clientSecret", "Value": "hunter22"}, {"Key": "clientSecret"}),
        ({"env": [{"name": "API_TOKEN", "value": "hunter22"}]}, {}),
        ({"disablePasswordAuthentication": True}, {"disablePasswordAuthentication": True}),
        ({"tokens": 5, "maxTokens": 22}, {"tokens": 5, "maxTokens": 22}),
        ({"password": None, "secretName": "db"}, {"password": None, "secretName": "db"}),
    ],
)
def test_data_follows_the_same_table(data: dict[str, object], kept: dict[str, object]) -> None:
    cleaned = clean(data)
    assert "hunter" not in json.dumps(cleaned)
    assert {name: cleaned[name] for name in kept} == kept
    if "adminPassword" in data:
        assert str(cleaned["adminPassword"]).startswith("<secret:")


def test_a_parameter_of_arm_has_its_secret_in_a_field_of_its_own() -> None:
    cleaned = clean({"adminPassword": {"Value": "hunter22", "type": "string", "metadata": {"apiToken": "hunter23"}}})
    assert cleaned == {
        "adminPassword": {
            "Value": redaction.mark("hunter22"),
            "type": "string",
            "metadata": {"apiToken": redaction.mark("hunter23")},
        }
    }


def test_the_environment_follows_the_same_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_remembered", [])
    redaction.remember_environment(
        {
            "MYSQL_PWD": "environment-1",
            "SMTP_PASS": "environment-2",
            "DD_APP_KEY": "environment-3",
            "PWD": "/home/anna/environment-4",
            "FLEET_SSH_KEY": "/home/anna/.ssh/environment-5",
        }
    )
    shown = redact(" ".join(f"environment-{number}" for number in range(1, 6)))
    assert shown.count("<secret:") == 3
    assert shown.endswith("environment-4 environment-5")


@pytest.mark.parametrize("prefixes", [prefixes for prefixes, _ in TOKENS])
def test_a_token_is_found_by_its_prefix_alone(prefixes: str) -> None:
    """Made from the table, as are its needles: none is left out of a line because of another spelling."""
    patterns = {token_pattern(prefix, body).pattern for prefix, body in _bodies(prefixes)}
    for pattern in patterns:
        tokens = list(samples(pattern, 0, 3))
        assert tokens, pattern
        lines = [(token, redact(f"the agent sent {token} to the proxy")) for token in tokens]
        assert [token for token, line in lines if token in line] == []


def _bodies(prefixes: str) -> Iterator[tuple[str, str]]:
    return ((prefix, body) for its, body in TOKENS if its == prefixes for prefix in its.split())


@pytest.mark.parametrize(("needles", "pattern"), SHAPES)
def test_what_a_pattern_finds_has_a_needle(needles: tuple[str, ...], pattern: re.Pattern[str]) -> None:
    found = samples(pattern.pattern, pattern.flags & ~re.UNICODE, 12)
    texts = [re.sub(r"(?:\\[\r\n]+|[`^\\]\r?\n|\s)+", " ", text.lower()) for text in found]
    assert [text for text in texts if not any(needle.removeprefix(">") in text for needle in needles)] == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('password="hunter22 [redacted] hunter23"', ""),
        ('password="[redacted] hunter22"', ""),
        ('password="hunter22 <secret:01234567> hunter23"', "<secret:01234567>"),
        ('"password": "<secret:01234567>hunter22"', "<secret:01234567>"),
        ('password="*** hunter22"', ""),
    ],
)
def test_a_value_that_was_redacted_in_part_keeps_no_other_part(text: str, kept: str) -> None:
    shown = redact(text)
    assert "hunter" not in shown
    assert kept in shown
    assert redact(shown) == shown


_JSON = '{"password":"hunter22","env":[{"name":"DB_PASS","value":"hünter33"}]}'


@pytest.mark.parametrize("read", ["latin-1", "utf-8"])
@pytest.mark.parametrize("written", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_json_in_another_encoding_than_it_was_read_in(written: str, read: str) -> None:
    shown = redact(_JSON.encode(written).decode(read, "replace")).replace("\0", "")
    assert "hunter22" not in shown
    assert "nter33" not in shown


def test_nul_bytes_between_letters_and_between_variables() -> None:
    for text in ("pass\0word=hunter22", "password=hun\0ter22", "p\0a\0s\0s\0:\0hunter\x0022\0"):
        assert "ter" not in redact(text).replace("\0", "")
    assert redact("A=1\0DB_PASS=hunter22\0PATH=/bin\0") == f"A=1\0DB_PASS={redaction.mark('hunter22')}\0PATH=/bin\0"
    assert clean({"pass\0word": "hunter22", "\ufeffpassword": "hunter22"}) == dict.fromkeys(
        ("pass\0word", "\ufeffpassword"), redaction.mark("hunter22")
    )
