"""Secrets that a VM prints are taken out before anything is recorded."""

from __future__ import annotations

import pytest

from plugins.core import redaction
from plugins.core.redaction import redact, redact_all, remember, remember_environment

JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL21hbmFnZW1lbnQifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f'{{"access_token":"{JWT}","expires_in":"86400"}}', JWT),
        (f"header only {JWT.split('.')[0]}", JWT.split(".")[0]),
        ("HTTPS_PROXY=http://alice:hunter22@169.254.0.11:3128", "hunter22"),
        ("https://x.blob.core.windows.net/c?sv=2023&sig=Zm9vYmFy%3D&se=2026", "Zm9vYmFy%3D"),
        ("> Proxy-Authorization: Basic YWxpY2U6aHVudGVyMg==", "YWxpY2U6aHVudGVyMg=="),
        ("authorization: Bearer abcdef0123456789", "abcdef0123456789"),
        ("client_secret=s3cr3t-value&x=1", "s3cr3t-value"),
        ('"AccountKey": "q83vASNFZ4k="', "q83vASNFZ4k="),
        ("Server=sql1;Uid=arc;Pwd=hunter22222;", "hunter22222"),
        ("pwd: 'hunter 22222'", "hunter 22222"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE cut off", "b3BlbnNzaC1rZXktdjE"),
    ],
)
def test_a_secret_is_replaced(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert "<secret:" in redact(text)


def test_a_key_whose_beginning_was_cut_off_is_replaced() -> None:
    key = "MIIEowIBAAKCAQEA7vYm9Zq1\nc2VjcmV0c2VjcmV0c2VjcmV0"
    shown = redact(f"the log of a rotation\n{key}\n-----END RSA PRIVATE KEY-----\ndone")
    assert shown.startswith("the log of a rotation\n<secret:")
    assert shown.endswith(">-----END RSA PRIVATE KEY-----\ndone")
    assert not set(key.split("\n")) & set(shown.split("\n"))


@pytest.mark.parametrize("before", ["", "\n", "no base64 here, only words\n"])
def test_the_end_of_a_key_without_a_key_before_it_stays(before: str) -> None:
    text = f"{before}-----END RSA PRIVATE KEY-----\n"
    assert redact(text) == text


def test_a_text_of_before_is_looked_at_again_for_a_new_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_remembered", [])
    text = "user anna, word of-the-runner-4"
    assert redact(text) == text
    redaction.remember("of-the-runner-4")
    assert redact(text) == f"user anna, word {redaction.mark('of-the-runner-4')}"


def test_the_environment_gives_secrets_by_name_and_logins_of_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_remembered", [])
    remember_environment(
        {
            "HTTP_PROXY": "http://anna:x@[::1",  # no address
            "AZURE_CLIENT_SECRET": "by-its-name-1",
            "https_proxy": "alice:of-a-proxy-2@169.254.0.11:3128",
            "GIT_REMOTE": "alice:of-no-proxy-3@git.example",  # no proxy: its shape is for `redact` to recognise
            "no_proxy": "localhost",
        }
    )
    shown = redact("by-its-name-1 of-a-proxy-2 of-no-proxy-3 localhost")
    assert shown.count("<secret:") == 2
    assert shown.endswith("of-no-proxy-3 localhost")


@pytest.mark.parametrize("between", [", ", " ", " and ", ";token="])
def test_a_secret_before_one_that_was_cut_is_cut(between: str) -> None:
    line = f"password=hunter22{between}<secret:3f9a41c7>"
    shown = redact(line)
    assert "hunter22" not in shown
    assert shown.endswith("<secret:3f9a41c7>")
    assert redact(shown) == shown


def test_what_surrounds_a_secret_stays_readable() -> None:
    assert redact("http://a:b@169.254.0.11:3128").startswith("http://<secret:")
    assert redact("http://a:b@169.254.0.11:3128").endswith(">@169.254.0.11:3128")
    assert redact("password: <<EOF\nhunter2 x\nEOF\nplain words").endswith(">\nEOF\nplain words")


def test_the_same_secret_gets_the_same_mark_and_another_one_another() -> None:
    same = {redact("password=correct-horse"), redact("password=correct-horse")}
    assert len(same) == 1
    assert redact("password=battery-staple") not in same


def test_redacting_twice_changes_nothing_more() -> None:
    once = redact(f"password=abc123 {JWT} http://a:b@c/")
    assert redact(once) == once
    passwords = "Set the following 'random' passwords\nubuntu:"
    assert redact(f"{passwords}<secret:9d9037dd>\nroot:K0011qZ7vLmW3xT").startswith(
        f"{passwords}<secret:9d9037dd>\nroot:<secret:"
    )


def test_a_secret_ends_with_its_line() -> None:
    assert redact("PASSWORD=correct horse \\\nplain words").partition(">")[2] == "\nplain words"


@pytest.mark.parametrize(
    "text",
    [
        "azureuser ALL=(ALL) NOPASSWD: ALL",
        "NO_PROXY=localhost,127.0.0.1",
        "http://169.254.0.11:3128",
        "curl: (56) CONNECT tunnel failed, response 403",
    ],
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_texts_together_are_redacted_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    known = redaction.mark("of-the-runner-4")
    harmless = ["mysql \\", "-phunter22", "since", "of-the-runner-4", "a long text of harmless words"]
    secret = [
        "mysql \\\n-phunter22",  # a command that goes on
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
        "run: ['mysql', '-u', 'root', '-phunter22']",
        "DB_PASS=hunter22\0HOME=/root",
        "p\0a\0s\0s\0w\0o\0r\0d\0=\0h\0u\0n\0t\0e\0r\x002\x002\0",
        "since\nof-the-runner-4",
        "since of-the-runner-4\npassword=hunter22",
        "a long text of harmless words\n" * 50 + "password=hunter22",
        "\n".join("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdH" + end for end in ("0/", "1+")),
    ]
    monkeypatch.setattr(redaction, "_harmless", set())
    monkeypatch.setattr(redaction, "_shown", {})
    monkeypatch.setattr(redaction, "_remembered", [])
    assert redact_all(harmless) == harmless
    assert redaction._harmless >= set(harmless)
    monkeypatch.setattr(redaction, "_remembered", [("of-the-runner-4", known)])
    together: list[str] = []
    for _ in range(2):  # with new lines, and with lines that are known
        redaction._shown.clear()
        together = redact_all(secret)
        assert [text for text, shown in zip(secret, together, strict=True) if text == shown] == []
        redaction._shown.clear()
        assert together == [redact(text) for text in secret]
    assert redact_all([*secret, *harmless[:3]]) == [*together, *harmless[:3]]  # as they were shown before


def test_what_was_seen_in_other_texts_hides_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_remembered", [])
    many = "nothing to hide, correct-horse-battery\n" * 40  # long enough to be looked at line by line
    assert redact(many) == many
    assert redact(f"{many}password=staple-9\n{many}").count("<secret:") == 1
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{many}-----END RSA PRIVATE KEY-----"
    assert "horse" not in redact(key)  # though each line of it was seen where it was none
    remember("correct-horse-battery")
    assert "horse" not in redact(many)


PROXY_LOGINS = [
    "http://user:pa@ssw0rd@169.254.0.11:3128",
    "http://user:pa/ssw0rd@169.254.0.11:3128",
    "http://user:12/ssw0rd@proxy:3128",
    "http://user:12?ssw0rd@proxy:3128",
    "http://user@corp:pa@ssw0rd@proxy:3128",
    "socks5h://user:p/a@ssw0rd@proxy:1080",
    "user:pa@ssw0rd@proxy:3128",
    "user:pa/ssw0rd@proxy:3128",
    "http://user:qx ssw0rd@169.254.0.11:3128",
    "http://user:qx qx ssw0rd@169.254.0.11:3128",
    'http://user:qx"ssw0rd@169.254.0.11:3128',
    "http://user:qx'ssw0rd@proxy:3128",
    "http://user:qx's s@ssw0rd@proxy:3128",
    "http://user:12qx <ssw0rd>@proxy:3128",
    'http://user"qx:qx ssw0rd@proxy:3128',
    'socks5h://user:"qx ssw0rd@[fd00::1]:1080',
    "user:qx ssw0rd@proxy:3128",
]


@pytest.mark.parametrize("proxy", PROXY_LOGINS)
@pytest.mark.parametrize(
    "text",
    [
        "HTTPS_PROXY={}",
        "  proxy.url    : {}",
        "Environment=https_proxy={}",
        'proxy = "{}"',
        "--proxy {} https://management.azure.com",
        "curl: (5) Unsupported proxy syntax in '{}'",
        'level=error msg="Get https://x: proxyconnect tcp: {}: bad"',
        "export http_proxy='{}'",
        "https_proxy: {}",
        "  https_proxy: '{}'",
        '"httpProxy": "{}",',
        'declare -x HTTPS_PROXY="{}"',
        'Environment="https_proxy={}" "NO_PROXY=localhost"',
    ],
)
def test_a_proxys_password_is_cut_with_any_characters(text: str, proxy: str) -> None:
    shown = redact(text.format(proxy))
    assert not any(part in shown for part in ("qx", "ssw0rd", "user")), shown
    assert "3128" in shown or "1080" in shown


@pytest.mark.parametrize(
    "text",
    [
        "GET http://host:8080/a@b",
        "see https://learn.microsoft.com/x/@y",
        "http://host:80/p@q HTTP/1.1",
        "HTTPS_PROXY=https://proxy.example:3128/",
        "HTTPS_PROXY=https://proxy.example/team@v1",
        "HTTPS_PROXY=proxy.example:3128/team@v1",
    ],
)
def test_an_address_with_an_at_sign_in_its_path_is_no_login(text: str) -> None:
    assert redact(text) == text
