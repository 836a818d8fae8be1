r"""Secrets in the configuration of network devices and of SNMP: a value stands behind a blank, and a type's number.

::

    enable secret 5 $1$mERr$hx5...        neighbor 10.0.0.1 password 7 0458...     radius-server key 7 0835...
    snmp-server community XYZ RO          rocommunity XYZ 10.0.0.0/8               set snmp community XYZ ...

The words are those of the command references of Cisco IOS, Junos, FortiOS, VyOS and Net-SNMP; the expressions are our
own.
"""

from __future__ import annotations

import re

from plugins.core.secret_arguments import WORD
from plugins.core.secret_phrases import MIXED

_KEYS = (
    r"key-string|pre-?shared-key|authentication-key|message-digest-key|passphrase|password|secret|psk|key|md5|sha\d*"
)
#: What stands between the word and the value: the number or the name of its type.
_TYPE = r"(?:(?:\d{1,3}|md5|sha\d*|key-string|ENC|encrypted|ascii-text|ascii|hexadecimal|hex|address[ \t]\S+)[ \t]+)"
#: A value of a type has a digit: "password 7 days" has none.
_CODED = r"(?P<bare>(?=[^\s\"';]{0,80}\d)[^\s\"';]{4,}+)"
_COMMUNITY = (
    r"\bsnmp(?:-server|-agent)?[ \t]+community[ \t]+(?:(?:read|write|cipher|simple)[ \t]+)*+",
    r"(?:^|:)[ \t]*(?:r[ow]|trap)community6?[ \t]+",
    r"^[ \t]*com2sec6?[ \t]+(?:-Cn[ \t]+\S+[ \t]+)?\S+[ \t]+\S+[ \t]+",
    r"\bsnmp-server[ \t]+host[ \t]+\S+[ \t]+(?:(?:traps|informs|version|\d\w?|auth|noauth|priv)[ \t]+)*+",
)
#: Of a user of SNMP version 3.
_USER = (
    r"[ \t]auth[ \t]+(?:md5|sha[\d-]*)[ \t]+",
    r"[ \t]priv[ \t]+(?:3?des|aes)[\d-]*[ \t]+(?:\d{3}[ \t]+)?+",
    r"^[ \t]*createUser[ \t][^\n]{1,80}?[ \t](?:MD5|SHA[\d-]*)[ \t]+",
    r"(?<=[ \t])(?:DES|AES)\d*[ \t]+(?=\S+[ \t]*$)",
)
_FIRST = (
    r"(?:tacacs|radius)-server|neighbor[ \t]+\S+|crypto|enable|standby|vrrp|ip[ \t]+ospf|isis|key-string|"
    r"pre-shared-key|"
    r"wpa-psk"
)

#: What a line must hold in lower case, one of them, and the pattern.
DEVICES: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        ("snmp", "community", "com2sec", "com2sec6"),
        re.compile(rf"(?:{'|'.join(_COMMUNITY)})(?!(?:string|is)\b){WORD}", re.I | re.M),
    ),
    ((" auth md5", " auth sha", " priv ", "createuser"), re.compile(rf"(?:{'|'.join(_USER)}){WORD}", re.I | re.M)),
    # the type of the value is there: password 7 0822455D0A16, message-digest-key 1 md5 x1, set password ENC x1
    (
        ("key", "secret", "password", "passphrase", "psk"),
        re.compile(rf"(?<![\w./-])(?:{_KEYS})[ \t]+{_TYPE}{{1,2}}+(?!{_KEYS})[\"']?{_CODED}", re.I),
    ),
    # it is not, but what it belongs to begins the line
    (
        ("-server", "neighbor", "crypto", "enable ", "key-string", "pre-shared", "authentication", "wpa-psk"),
        re.compile(
            rf"^[ \t]*(?:(?:no|set)[ \t]+)?(?:{_FIRST})[ \t]+(?:[^\n]{{0,120}}?[ \t])??"
            rf"(?:(?<![\w-])(?:{_KEYS})[ \t]+|(?<=-psk[ \t])|(?<=-key[ \t]))"
            rf"(?!(?:is|not|server|chain|config-key|pair|was|generate)\b)(?![\[{{<]){_TYPE}{{0,2}}+{WORD}",
            re.I | re.M,
        ),
    ),
    # set vpn ipsec authentication psk x secret 'x'
    (
        ("set ",),
        re.compile(
            rf"^[ \t]*set[ \t]+(?:[^\n]{{0,200}}[ \t])?[\w-]*(?:password|passwd|passphrase|secret|(?:shared|"
            rf"private)-key|"
            rf"psk)[ \t]+{WORD}"
            r"[\"']?[ \t\r]*$",
            re.M,
        ),
    ),
    # the same behind a log's stamp or a prompt
    (
        ("set ", "enable "),
        re.compile(
            rf"[:#>][ \t]+(?:set|enable)[ \t]+(?:[^\n]{{0,200}}[ \t])?"
            rf"[\w-]*(?:password|passphrase|secret|(?:shared|private)-key|psk)[ \t]+(?:\d[ \t]+)?{MIXED}",
            re.M,
        ),
    ),
)
