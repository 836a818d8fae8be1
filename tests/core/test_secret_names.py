"""How surely a name is a secret's, and which values beside one are none: `plugins.core.secret_names`."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.core.secret_names import LIKELY, NONE, STRONG, WEAK, is_plain_value, is_secret_name, secret_level, surely

LEVELS = {
    NONE: [
        *"bypass public_api_key host_api_key FOOKEY key my_keys cache_key public_key_token PublicKeyToken pat".split(),
        *"user_pat sas my_sas pin passes passs APIKEYOPENAI TOKEN_X_URL MY_PASSWORDFILE libsecret lib_password".split(),
        *"2 _ password_file authorization_header chpasswd nopasswd SECRETA_B A_B pas".split(),
        "password " + "x" * 92,
    ],
    LIKELY: [
        *"foo_key fooKey PASSWORD_REDIS password_redis API_KEY_OPENAI PASSPHRASE_A SECRET_A TOKEN_A".split(),
        *"ACCESSKEY_A ACCESS_KEY_A".split(),
        "token card",
        "password " + "x" * 91,
    ],
    WEAK: [
        *"secrets token tokens access_tokens max_token pass idtoken authtokens no_pass lone_credential".split(),
        *"credential credentials pass1".split(),
    ],
    STRONG: [
        *"password passwords passwd secret dbpass keypass api_key apiKeys FOO_KEY primary_key connectionString".split(),
        *"azure.account.key myazure.account.key key_token USER_PAT SAS_SAS user_pin user_pins access_token".split(),
        *"db_pass password2 password_1 client_secret_value secret_id sas_token ABC_PASS cookie authorization".split(),
        *"user-pass so_pin".split(),
        "user pin",
        "SO PIN",
        "snmp community",
        "key material",
        "x" * 99 + "password",
    ],
}


@pytest.mark.parametrize(("level", "name"), [(level, name) for level, names in LEVELS.items() for name in names])
def test_how_surely_a_name_is_a_secrets(level: int, name: str) -> None:
    assert secret_level(name) == level
    assert is_secret_name(name) is (level > LIKELY)
    assert surely(level) == (STRONG if level > LIKELY else level)


#: Name, value, level: a state, a placeholder, a path, a count.
PLAIN: list[tuple[str, str, int, dict[str, Any]]] = [
    ('password', '', STRONG, {}),
    ('token', '', WEAK, {}),
    ('foo_key', '', LIKELY, {}),
    ('password', ' ', STRONG, {}),
    ('token', ' ', WEAK, {}),
    ('foo_key', ' ', LIKELY, {}),
    ('password', '0', STRONG, {}),
    ('token', '0', WEAK, {}),
    ('foo_key', '0', LIKELY, {}),
    ('password', '1', STRONG, {}),
    ('token', '1', WEAK, {}),
    ('foo_key', '1', LIKELY, {}),
    ('token', '2', WEAK, {}),
    ('foo_key', '2', LIKELY, {}),
    ('password', 'password', STRONG, {}),
    ('foo_key', 'password', LIKELY, {}),
    ('password', 'PASSWORD', STRONG, {}),
    ('token', 'PASSWORD', WEAK, {}),
    ('foo_key', 'PASSWORD', LIKELY, {}),
    ('password', '****', STRONG, {}),
    ('token', '****', WEAK, {}),
    ('foo_key', '****', LIKELY, {}),
    ('password', '$TOKEN', STRONG, {}),
    ('token', '$TOKEN', WEAK, {}),
    ('foo_key', '$TOKEN', LIKELY, {}),
    ('password', '${TOKEN:-}', STRONG, {}),
    ('token', '${TOKEN:-}', WEAK, {}),
    ('foo_key', '${TOKEN:-}', LIKELY, {}),
    ('foo_key', 'hunter2', LIKELY, {}),
    ('token', 'x <secret:1> y', WEAK, {}),
    ('foo_key', 'x <secret:1> y', LIKELY, {}),
    ('password', 'true', STRONG, {}),
    ('token', 'true', WEAK, {}),
    ('foo_key', 'true', LIKELY, {}),
    ('password', 'True', STRONG, {}),
    ('token', 'True', WEAK, {}),
    ('foo_key', 'True', LIKELY, {}),
    ('password', 'TRUE', STRONG, {}),
    ('token', 'TRUE', WEAK, {}),
    ('foo_key', 'TRUE', LIKELY, {}),
    ('token', 'set.', WEAK, {}),
    ('foo_key', 'set.', LIKELY, {}),
    ('password', 'set to blue', STRONG, {}),
    ('token', 'set to blue', WEAK, {}),
    ('foo_key', 'set to blue', LIKELY, {}),
    ('password', 'Set to blue', STRONG, {}),
    ('token', 'Set to blue', WEAK, {}),
    ('foo_key', 'Set to blue', LIKELY, {}),
    ('password', 'password for the box', STRONG, {}),
    ('token', 'password for the box', WEAK, {}),
    ('foo_key', 'password for the box', LIKELY, {}),
    ('password', 'Hunter2 for the box', STRONG, {}),
    ('token', 'Hunter2 for the box', WEAK, {}),
    ('foo_key', 'Hunter2 for the box', LIKELY, {}),
    ('token', '/etc/shadow', WEAK, {}),
    ('foo_key', '/etc/shadow', LIKELY, {}),
    ('token', 'a.pem', WEAK, {}),
    ('foo_key', 'a.pem', LIKELY, {}),
    ('password', 'ssh-rsa AAAA', STRONG, {}),
    ('token', 'ssh-rsa AAAA', WEAK, {}),
    ('foo_key', 'ssh-rsa AAAA', LIKELY, {}),
    ('password', 'https://x/y', STRONG, {}),
    ('token', 'https://x/y', WEAK, {}),
    ('foo_key', 'https://x/y', LIKELY, {}),
    ('foo_key', 'https://u:p@x/y', LIKELY, {}),
    ('token', '1234', WEAK, {}),
    ('foo_key', '1234', LIKELY, {}),
    ('foo_key', '123456789', LIKELY, {}),
    ('password', 'set', STRONG, {'quoted': True}),
    ('password', 'set', STRONG, {'after': 'to blue'}),
    ('password', 'Set', STRONG, {'after': 'to blue'}),
    ('password', 'Set', STRONG, {}),
    ('token', 'Set', WEAK, {}),
    ('password', 'x the y', STRONG, {}),
    ('PASSWD', '/bin/ls', STRONG, {}),
    ('PASSWD', '!/bin/ls', STRONG, {}),
    ('PASSWD', 'ALL', STRONG, {}),
    ('passwd', 'ALL', STRONG, {}),
    ('PWD', '/root', STRONG, {}),
    ('PWD', '~', STRONG, {}),
    ('PWD', '.x', STRONG, {}),
    ('OLDPWD', '/x', STRONG, {}),
    ('Authorization', 'Bearer abc', STRONG, {}),
    ('authorization', 'abcdefghijklm', STRONG, {}),
    ('authorization', 'a1b2c3d4e5f', STRONG, {}),
    ('customData', 'AAAAAAAAAAAAAAAAAAAAAAA', STRONG, {}),
    ('custom_data', 'a b', STRONG, {}),
    ('client_key', '/etc/x/key', STRONG, {}),
    ('client_key', 'server.key', STRONG, {}),
    ('api_keys', '/etc/x/key', STRONG, {}),
    ('api_keys', 'server.key', STRONG, {}),
    ('access_token', '/etc/x/key', STRONG, {}),
    ('access_token', 'server.key', STRONG, {}),
    ('credential', '/etc/x/key', STRONG, {}),
    ('credential', 'server.key', STRONG, {}),
    ('credentials', '/etc/x/key', STRONG, {}),
    ('credentials', 'server.key', STRONG, {}),
    ('cred', '/etc/x/key', STRONG, {}),
    ('cred', 'server.key', STRONG, {}),
    ('creds', '/etc/x/key', STRONG, {}),
    ('creds', 'server.key', STRONG, {}),
    ('client_secret', '/etc/x/key', STRONG, {}),
    ('client_secret', 'server.key', STRONG, {}),
    ('cookie', '/etc/x/key', STRONG, {}),
    ('cookie', 'server.key', STRONG, {}),
    ('cookie', 'sid=', STRONG, {}),
    ('set_cookie', 'a.b-c=', STRONG, {}),
    ('api_key', '1234567', STRONG, {}),
    ('tokens', '123', STRONG, {}),
    ('passwords', '123', STRONG, {}),
    ('foo_key', 'started', LIKELY, {}),
    ('FOO_KEY', 'Hunter22', LIKELY, {}),
]  # fmt: skip

SECRET: list[tuple[str, str, int, dict[str, Any]]] = [
    ('password', '2', STRONG, {}),
    ('token', 'password', WEAK, {}),
    ('password', 'hunter2', STRONG, {}),
    ('token', 'hunter2', WEAK, {}),
    ('password', 'x <secret:1> y', STRONG, {}),
    ('password', 'set.', STRONG, {}),
    ('password', '/etc/shadow', STRONG, {}),
    ('password', 'a.pem', STRONG, {}),
    ('password', 'https://u:p@x/y', STRONG, {}),
    ('token', 'https://u:p@x/y', WEAK, {}),
    ('password', '1234', STRONG, {}),
    ('password', '123456789', STRONG, {}),
    ('token', '123456789', WEAK, {}),
    ('password', 'set to blue', STRONG, {'quoted': True}),
    ('password', 'hunter2', STRONG, {'after': 'the box will go'}),
    ('password', 'x the y', STRONG, {'quoted': True}),
    ('PASSWD', 'ALLES', STRONG, {}),
    ('PWD', 'root', STRONG, {}),
    ('MYSQL_PWD', '/x', STRONG, {}),
    ('Authorization', 'Bearer abcd', STRONG, {}),
    ('Proxy-Authorization', 'a1b2c3d4e5f6', STRONG, {}),
    ('customData', 'AAAAAAAAAAAAAAAAAAAAAAAA', STRONG, {}),
    ('customData', 'AAAAAAAAAAAAAAAAAAAAAAAA==', STRONG, {}),
    ('password', '/etc/x/key', STRONG, {}),
    ('password', 'server.key', STRONG, {}),
    ('cookie', 'sid=1', STRONG, {}),
    ('token', 'sid=', STRONG, {}),
    ('api_key', '12345678', STRONG, {}),
    ('tokens', '1234', STRONG, {}),
    ('passwords', '1234', STRONG, {}),
    ('password', '123', STRONG, {}),
    ('foo_key', 'aB3aB3aB3a', LIKELY, {}),
    ('FOO_PASS', 'Hunter22', LIKELY, {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "level", "how"), PLAIN)
def test_a_value_that_is_no_secret(name: str, value: str, level: int, how: dict[str, Any]) -> None:
    assert is_plain_value(name, value, level, **how)


@pytest.mark.parametrize(("name", "value", "level", "how"), SECRET)
def test_a_value_that_may_be_one(name: str, value: str, level: int, how: dict[str, Any]) -> None:
    assert not is_plain_value(name, value, level, **how)
