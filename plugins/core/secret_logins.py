r"""Logins that are written as a user and a password without an address, behind a word that says what they are.

::

    -auth admin:x1      auth=ci:x1      addauth digest super:x1      logging in as ci:x1      Login incorrect: [ci/x1]
    login ci / x1       default admin/x1 credentials      NEO4J_AUTH=neo4j/x1      conn scott/x1@orcl
    app:x1@tcp(10.0.0.7:3306)/app      relay:x1 of Postfix      ["ci", "x1"] behind auth      users ci:CL:x1 of 3proxy
    anna:x1:1001:1001::/home/anna      Administrator:500:LM:NT:::

Without quotes a password has a letter and a digit: "auth: kube:config" has none.
"""

from __future__ import annotations

import re

#: A letter and a digit, but not the name of a hash, a version, or a reference.
_PASSWORD = (
    r"(?!(?:sha|md|v|ssh|aes|rsa|ed)-?\d|[$%{<\[]|//|\d+\b(?!-|[!#$%^&*?+~.]\w))"
    r"(?=[^\s\"'@,;]{0,99}\d)(?=[^\s\"'@,;]{0,99}[A-Za-z])(?P<bare>[^\s\"'<>,;(){}\[\]]{6,128}(?<![.:]))"
)
_USER = r"(?!(?:user|account|system|sha\d*|md5|localhost|https?)[:/])[A-Za-z_][\w.@\\-]{0,63}"
#: Not a name with a number: CONTOSO/admin02 is a user of a domain.
_UNCOUNTED = r"(?!(?-i:[A-Z]?[a-z]+[-_]?\d{1,2})(?![^\s\])\"'@]))"
_AUTH = ("auth ", "auth=", "auth:", 'auth"', "auth'")

#: What a line must hold in lower case, one of them, and the pattern.
LOGINS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        (*_AUTH, "login ", "login:", "login=", "logging in as", "logged in as", "digest ", "creds", "credential"),
        re.compile(
            rf"(?:auth|creds|credentials?|login|\blogg(?:ed|ing)[ ]in[ ]as|addauth[ ]digest)"
            rf"[\"']?[ \t]*[ \t:=][ \t]*[\[(]?[\"']?{_USER}:{_PASSWORD}",
            re.I,
        ),
    ),
    (
        ("auth=", "login ", "login:", "login=", "log in as", "logged in with", "conn ", "tnsping"),
        re.compile(
            rf"(?:\blog[io]n(?:[ ](?:incorrect|ok|failed|failure|is|with|as|for|attempt)){{0,3}}:?[ ]|"
            rf"\blog(?:ged)?[ ]in[ ](?:as|with)[ ]|\b\w{{0,20}}auth=|\bconn[ ]|\btnsping[ ])"
            rf"[\"'(\[]?{_USER}[:/]{_UNCOUNTED}{_PASSWORD}",
            re.I,
        ),
    ),
    (
        ("login ", "login:", "credential"),
        re.compile(
            rf"(?:\b(?:login|credentials?)[ \t]*[: \t][ \t]*{_USER}[ \t]+/[ \t]+{_PASSWORD}"
            r"|\b(?:admin|root|administrator|guest|test|sa|default)/(?P<secret>(?=[^\s/]{0,99}\d)(?=[^\s/]{0,99}[A-Za-z])"
            r"[^\s/\"']{6,128})[ \t]+credentials?\b)",
            re.I,
        ),
    ),
    # -P Tr0ub4dor of any tool: three kinds of characters, and not a path, a port, or a name with a number
    (
        ("-p",),
        re.compile(
            r"(?<![\w=:,.-])-(?:[pP]|pw)[ \t]+(?P<bare>(?![A-Z]?[a-z]+(?:[-_]?\d{1,2}|(?:19|20)\d\d)(?!\S))"
            r"(?=[^\sa-z]*[a-z])(?=[^\sA-Z]*[A-Z])(?=[^\s\d]*\d)[^\s/\\:='\"|<>,;]{8,64})(?!\S)"
        ),
    ),
    # {"auth": ["ci", "x1"]}
    (
        _AUTH[2:],
        re.compile(
            r"\bauth[\"']?[ \t]*[:=][ \t]*[\[(][ \t]*([\"'])[^\"'\n]{1,64}\1,[ \t]*([\"'])"
            r"(?P<bare>(?=[^\"'\n]{0,99}\d)[^\"'\n]{4,128})\2"
        ),
    ),
    # users ci:CL:x1 of 3proxy, :ommysql:host,db,user,x1 of rsyslog, $USER3$=x1 of Nagios
    (
        (":cl:", ":cr:", "ommysql:", "ompgsql:", "$user"),
        re.compile(
            rf"(?::C[LR]:|:om(?:mysql|pgsql):[^\s,]{{1,99}},[^\s,]{{1,99}},[^\s,]{{1,99}},|^\$USER\d{{1,2}}\$=(?!/))"
            rf"{_PASSWORD}",
            re.M,
        ),
    ),
    # BasicAuth ci x1 of Tinyproxy
    (("basicauth ",), re.compile(rf"(?:^|:)[ \t]*BasicAuth[ \t]+{_USER}[ \t]+{_PASSWORD}[ \t\r]*$", re.M)),
    # db2 connect to SAMPLE user db2inst1 using x1
    (("db2 connect",), re.compile(rf"\buser[ \t]+[\w.-]{{1,64}}[ \t]+using[ \t]+{_PASSWORD}", re.I)),
    # the address of a driver of Go
    (
        ("@tcp(", "@unix("),
        re.compile(r"(?<![\w/@.+-])(?P<secret>[\w.+-]{1,64}:[^\s\"'`/<>]{1,128})@(?:tcp|unix)\("),
    ),
    # a password that a program took for a part of the host
    (
        ("resolve host", "resolve proxy"),
        re.compile(r"resolve (?:host|proxy)(?: name)?:? [\"']?(?P<bare>(?=\S{0,99}\d)[^\s@\"']{4,128})@"),
    ),
    # smtp.example.net    relay:x1 of Postfix
    (
        ("smtp", "relay", "mail"),
        re.compile(rf"^[ \t]*\[?(?:smtp|relay|mail)[\w.-]{{1,100}}\]?[ \t]+{_USER}:{_PASSWORD}[ \t\r]*$", re.I | re.M),
    ),
    # a line of passwd(5), or for newusers, with a password where an x stands; two hashes of Windows
    (
        (":/bin/bash", ":/bin/sh", "/nologin"),
        re.compile(r"(?m)^[a-z_][\w.-]{0,31}\$?:(?P<bare>(?![x*!]*:)[^\s:]{2,128}):\d{1,10}:\d{1,10}:[^:\n]{0,99}:/"),
    ),
    (
        ("aad3b435b51404eeaad3b435b51404ee", ":::"),
        re.compile(r"(?<![0-9a-fA-F])(?P<secret>[0-9a-fA-F]{32}:[0-9a-fA-F]{32})(?![0-9a-fA-F])"),
    ),
    # what Windows LAPS keeps: {"n":"Administrator","t":"1d","p":"x"}
    (('"p":"',), re.compile(r"\"n\":\"[^\"\n]{1,64}\",\"t\":\"[^\"\n]{1,40}\",\"p\":\"(?P<secret>[^\"\n]{1,128})\"")),
)
