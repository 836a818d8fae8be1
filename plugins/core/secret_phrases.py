"""Passwords behind the word for password of another language, and in the lines of programs that write it after a blank.

::

    contraseña: x1   mot de passe : x1   Das Kennwort lautet x1   пароль: x1   パスワード: x1
    user anna x1 (ftp)   anna * x1 * (chap-secrets)   AUTH x1, requirepass x, ACL SETUSER anna on >x1 (Redis)

An unquoted value has a letter and a digit: "contraseña: incorrecta" and "AUTH LOGIN" have none.
"""

from __future__ import annotations

import re

_HAS = r"(?=[^\s\"']{0,99}\d)(?=[^\s\"']{0,99}[A-Za-z])"
#: A word with a letter and a digit, which ends its line.
MIXED = rf"(?P<bare>{_HAS}[^\s\"'<>]{{6,128}})[ \t\r]*$"

_WORDS = (
    *("mot de passe", "mot_de_passe", "mot-de-passe", "motdepasse", "palavra-passe", "palavra passe"),
    *(
        "contraseña",
        "contrasena",
        "clave",
        "passe",
        "motdepasse",
        "kennwort",
        "passwort",
        "senha",
        "parola",
        "lösenord",
    ),
    *("losenord", "passord", "adgangskode", "wachtwoord", "hasło", "haslo", "heslo", "salasana", "şifre", "пароль"),
    *("пароля", "パスワード", "暗証番号", "密码", "密碼", "口令", "비밀번호", "암호"),
)

#: What a line must hold in lower case, one of them, and the pattern.
PHRASES: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        _WORDS,
        re.compile(
            rf"(?:{'|'.join(_WORDS)})(?<![a-z]clave)(?![^\W\d_])[\w-]{{0,20}}"
            rf"(?:[ \t][\w'\u2019]{{1,20}}){{0,3}}?[\"']?[ \t]*"
            rf"(?:[:=\uff1a]|[ \t](?:es|est|ist|lautet|é|är)(?=[: \t])[ \t]?:?)[ \t]*"
            rf"[\"'「]?(?P<bare>{_HAS}[^\s\"'<>{{}}()「」]{{5,128}}(?<![.,;]))",
            re.I,
        ),
    ),
    (
        ("user ", "quote "),
        re.compile(
            rf"^(?:[^\n>]{{0,20}}>)?[ \t]*(?:user[ \t]+[\w.@-]{{1,64}}|quote[ \t]+pass)[ \t]+{MIXED}", re.I | re.M
        ),
    ),
    (
        (" * ", "\t*\t", '"*"', "pppd", "l2tpd", "xl2tpd", "pptpd"),
        re.compile(
            r"^[ \t]*(?:\"[^\"\n]{1,64}\"|[\w.@\\-]{1,64})[ \t]+(?:\"?\*\"?|\w*(?:pppd|l2tpd|pptpd))[ \t]+"
            rf"(?:\"(?P<secret>[^\"\n]+)\"|(?P<bare>{_HAS}[^\s\"']{{6,128}}))(?:[ \t]+(?:\"?\*\"?|[\d./]+))?[ \t\r]*$",
            re.M,
        ),
    ),
    # d-i passwd/root-password password x, of debconf
    (
        ("password ", "string "),
        re.compile(r"[ \t][\w-]+/\S*(?:pass|wpa|wep)\S*[ \t]+(?:password|string)[ \t]+(?P<bare>[^\s\"'|]{4,})"),
    ),
    # a1 LOGIN anna x1 (IMAP), ---> PASS x1 and "PASS x1\r\n" (FTP, POP)
    (
        ("login ", "pass ", "auth "),
        re.compile(
            r"(?:(?m:^)(?:[A-Za-z]?\d{1,5}[ ])?LOGIN[ ][^\s\"]+[ ]|(?:--->|[<>\"]|C:)[ ]?(?:PASS|AUTH(?=[ ]\S+\\r))[ ])"
            r"(?!(?:CRAM|SCRAM|DIGEST|NTLM)-)(?P<bare>(?=[^\s\"']{0,99}[\d!@#$%^&*.])[^\s\"'\\<>]{5,128})"
        ),
    ),
    # smtp.example.net:587 anna:x1 (Postfix), proxy-user = anna:x1, user = "anna:x1" (curl)
    (
        (":587 ", ":465 ", ":25 ", ":submission ", "user = ", "user=", "user: ", "--user ", "-u "),
        re.compile(
            r"^[ \t]*(?:\[?[\w.-]{1,100}\]?:(?:587|465|25|submission)[ \t]+|-u[ \t]+|-{0,2}(?:proxy-)?user"
            r"[ \t]*[ =:][ \t]*)"
            r"[\"']?[\w.@+\\-]{1,64}:(?P<bare>(?=[^\s\"']{0,99}[^\W\d])(?=[^\s\"']{0,99}[^A-Za-z\s\"'])"
            r"[^\s\"'<>]{5,128})[\"']?[ \t\r]*$",
            re.M,
        ),
    ),
    # "AUTH" "x" of Redis' MONITOR, a1 LOGIN "anna" "x"
    (
        ('auth"', "login "),
        re.compile(
            r"(?:\"AUTH\"[ ](?:\"[^\"\n]+\"[ ])?(?=\"[^\"\n]*\"$)|\bLOGIN[ ]\"[^\"\n]+\"[ ])\"(?P<bare>[^\"\n]{4,})\"",
            re.I | re.M,
        ),
    ),
    # C: AUTH PLAIN AGFubmEAeDE=
    (
        ("auth ",),
        re.compile(
            r"\bAUTH[ ](?:PLAIN|LOGIN|CRAM-\w+|XOAUTH2)[ ](?P<bare>[A-Za-z0-9+/]{8,}={0,2})",
            re.I,
        ),
    ),
    # AUTH 1 PLAIN service=imap resp=AGFubmEAeDE= of Dovecot
    (("resp=",), re.compile(r"\bresp=(?P<bare>[A-Za-z0-9+/]{12,}={0,2})")),
    # psk - hexdump_ascii(len=8): 01 02, of wpa_supplicant
    (
        ("hexdump",),
        re.compile(
            r"(?:psk|passphrase|password|key)\b[^\n]{0,60}hexdump(?:_ascii)?\(len=\d+\):[ ]?(?P<bare>\S[^\n]*)", re.I
        ),
    ),
    # cs1Label=password cs1=x of CEF
    (
        ("cs1label=", "cs2label="),
        re.compile(r"\b(?P<label>cs\d)Label=\S{0,40}(?:pass|secret|token)\S{0,40}[ ](?P=label)=(?P<secret>\S+)", re.I),
    ),
    # Enter pass phrase for server.key: x1
    (
        ("pass phrase",),
        re.compile(
            rf"(?:^[ \t]*pass phrase[ \t]*[:=][ \t]*(?P<secret>\S[^\n]*)|"
            rf"pass phrase(?: for [^\s:]{{1,80}})?[ \t]*[:=][ \t]*{MIXED})",
            re.I | re.M,
        ),
    ),
    # Your verification code is 123456
    (
        ("verification code", "one-time code"),
        re.compile(r"(?:verification|one-time)[ ]code(?:[ ]is|:)?[ ](?P<bare>\d{4,8})\b", re.I),
    ),
    (("auth ",), re.compile(rf"(?:^|>)[ \t]*(?:AUTH|auth)[ \t]+(?:\w+[ \t]+)?(?=\S*[a-z]){MIXED}", re.M)),
    (
        ("requirepass", "masterauth", "bindpw", "rootpw", "insecure-password", "stats auth"),
        re.compile(
            r"(?:^|\bset)[ \t]*(?:requirepass|masterauth|bindpw|rootpw(?:[ \t]+--\w+)*|stats[ \t]+auth[ \t]+"
            r"[^\s:]+:(?=\S)|"
            r"user[ \t]+\S+[ \t]+insecure-password)[ \t]*(?<=[ \t:])[\"']?(?P<bare>[^\s\"']+)[\"']?[ \t\r]*$",
            re.I | re.M,
        ),
    ),
    (
        ("on >", "off >"),
        re.compile(
            r"(?:\bsetuser|^[ \t]*user)[ \t]+\S+[ \t]+(?:[^\n>]{0,80}[ \t])?"
            r"(?:on|off)[ \t]+>(?P<bare>[^\s>]{4,})",
            re.I | re.M,
        ),
    ),
)
