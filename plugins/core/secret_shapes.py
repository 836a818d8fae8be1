r"""Secrets that are known by their own shape, wherever they stand: tokens of well-known services, hashes, keys.

Those that begin with a mark of their issuer are in `plugins.core.secret_tokens`. Each pattern comes with what a line
must hold, in lower case, to be worth it.
"""

from __future__ import annotations

import re

#: What a line must hold in lower case, one of them; the secret is the group of that name.
Pattern = tuple[tuple[str, ...], re.Pattern[str]]


def _prefixed(needles: str, pattern: str) -> Pattern:
    return tuple(needles.split()), re.compile(rf"(?<![A-Za-z0-9])(?P<secret>{pattern})")


_SCHEMES = (
    "bearer|basic|digest|negotiate|ntlm|sharedkey(?:lite)?|token|apikey|api-key|splunk|hmac-sha256|aws4-hmac-sha256"
)
#: Between a header's name and its value, in HTTP, JSON, and the dumps of Python, Go, Ruby and PHP; colours, too.
_BETWEEN = r"""(?:\\*["'\])]|\x1b\[[\d;]{0,9}m){0,4}\s{0,9}(?:=>|->|[=:,]|%3[aA]|(?=[\"']b))(?:\s|%20|\x1b\[[\d;]{0,9}m"
    "){0,9}(?:\[\]string)?[\[({\\"'bu]{0,6}"""

SHAPES: tuple[Pattern, ...] = (
    # eyJ0eXAiOiJKV1Qi.eyJhdWQiOiJodHRw.c2lnbmF0dXJl: a JWT; its signature may have been cut off
    (
        ("eyj",),
        re.compile(
            r"(?P<secret>eyJ(?<![A-Za-z0-9]eyJ)[\w-]{8,}+(?:[+/][\w+/-]++)?(?:={1,2}|(?:\.{1,2}[\w-]++){0,4}\.?))"
        ),
    ),
    # the same with blanks in its JSON, and as base64
    _prefixed(">ewog >ewoi >eyai", r"(?:ewog|ewoi|eyAi)[\w-]{8,}+={0,2}\.[\w-]{8,}+={0,2}(?:\.[\w-]++)?"),
    _prefixed(">zxlk", r"ZXlK[A-Za-z0-9+/]{60,}+={0,2}"),
    # addresses that are a secret themselves
    (
        (
            "hooks.slack.com",
            "webhook.office.com",
            "discord.com",
            "discordapp.com",
            "hooks.zapier.com",
            "tines.com/webhook",
        ),
        re.compile(
            r"(?:hooks\.slack\.com/(?:services|workflows|triggers)/|webhook\.office\.com/webhookb2/|"
            r"discord(?:app)?\.com/api/webhooks/|hooks\.zapier\.com/hooks/catch/|tines\.com/webhook/)(?P<secret>[\w/@.+-]{12,}+)"
        ),
    ),
    # Tokens with a mark at their end or in their middle: Mailchimp, Terraform, MaxMind, New Relic, Salesforce, Tableau
    _prefixed(">-us", r"[0-9a-f]{32}-us\d{1,2}(?!\w)"),
    _prefixed("_mmk", r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk"),
    _prefixed(">ffffnral -nrma", r"[0-9a-z]{32}FFFFNRAL|[0-9a-zA-Z]{42}-NRMA"),
    _prefixed("!aq", r"00D[A-Za-z0-9]{12,15}!AQ[\w.]{20,}+"),
    _prefixed("==:", r"[A-Za-z0-9+/]{22}==:[A-Za-z0-9]{32}"),
    # Google's and Entra ID's refresh tokens, and codes of a login; a key of Functions in an address
    (
        ("1//0", "0.a", "1.a"),
        re.compile(r"(?<![\w.-])(?P<secret>1//0[\w-]{30,}+|[01]\.A[\w-]{20,}+(?:\.\d)?\.A[\w-]{60,}+)"),
    ),
    (("code=",), re.compile(r"code=(?<![A-Za-z0-9_-]code=)(?P<secret>(?=[^\s&]{0,80}\d)[\w.%+/=-]{20,}+)")),
    # ?Signature=x of S3 and of Google's storage, and the signature of a signed request
    (("signature=",), re.compile(r"(?<![A-Za-z])Signature=(?P<secret>(?=[^\s&]{0,80}\d)[\w%+/=-]{16,}+)")),
    # Digest username="u", response="0123456789abcdef0123456789abcdef"
    (("response=",), re.compile(r"\bresponse=\\?\"?(?P<secret>[0-9a-f]{32,64})\b")),
    # ConvertFrom-SecureString: with DPAPI (as hexadecimal and as base64), and with a key
    (
        ("d08c9ddf0115d111", ">aqaaancmnd8bfd", "76492d1116743f04"),
        re.compile(
            r"(?P<secret>01000000d08c9ddf0115d111[0-9a-f]{16,}+|AQAAANCMnd8BFd[A-Za-z0-9+/]{8,}+={0,2}|76492d1116743f0423413b16050a5345[\w+/=|]{16,}+)",
            re.I,
        ),
    ),
    (("atlasv1.",), re.compile(r"(?P<secret>[A-Za-z0-9]{14}\.atlasv1\.[\w-]{20,}+)")),
    # a bot of Discord: its number as base64, a time, and a signature
    ((">.",), re.compile(r"(?<![\w.+/-])(?P<secret>[MNO][A-Za-z0-9_-]{21,25}\.[\w-]{6}\.[\w-]{27,40})")),
    # Telegram
    ((">:aa",), re.compile(r"(?<!\d)(?P<secret>\d{8,10}:AA[\w-]{32,34})(?![\w-])")),
    # Azure: keys that carry a signature of their service (AzCa, +ASt, +ACR, AIoT, ASbE, AzFu, AzSe...), DevOps' AZDO
    (
        (">jqqj99", ">azca", ">acdb", ">+ast", ">+acr", ">aiot", ">+asb", ">azfu", ">azse", ">azdo", ">+aeh", ">apim"),
        re.compile(
            r"(?<![A-Za-z0-9+/])(?P<secret>[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}|"
            r"[A-Za-z0-9+/]{32,76}(?:\+ASt|AzCa|ACDb|\+ACR|AIoT|\+ASb|\+AEh|AzFu|AzSe|APIM|AZDO)[A-Za-z0-9+/]{4,8}={0,2})"
            r"(?![A-Za-z0-9+/=])"
        ),
    ),
    # abc8Q~defghijklmnopqrstuvwxyz0123456789AB: a client secret of Entra ID
    (("q~",), re.compile(r"(?<![\w~.-])(?P<secret>[\w~.-]{2,3}\dQ~[\w~.-]{31,40})(?![\w~.-])")),
    # ...?sv=2023-01-03&sig=abc%3D: a shared access signature; also as JSON and forms write it, \u0026sig= and %26sig%3D
    (("sig=", "sig%3d"), re.compile(r"(?<![A-Za-z])sig(?:=|%3D)(?P<secret>[\w%+/=-]{6,})", re.I)),
    # A storage account's key: 64 bytes as base64; a checksum of npm and of browsers says which it is
    (("==",), re.compile(r"(?<![A-Za-z0-9+/])(?<!sha512[-:=])(?P<secret>[A-Za-z0-9+/]{86}==)")),
    # $6$salt$hash: a password's hash, as in /etc/shadow, in cloud-init's user data, and in .htpasswd ($apr1$)
    (
        ("$",),
        re.compile(
            r"(?P<secret>\$(?:1|2[abxy]|5|6|7|8|9|y|gy|apr1|argon2\w{1,2}|pbkdf2[\w-]{0,12})\$[./A-Za-z0-9$=,+-]{16,})"
        ),
    ),
    # {SSHA}x of LDAP and htpasswd, grub.pbkdf2.sha512.10000.x.y
    (
        (
            "sha}",
            "sha224}",
            "sha256}",
            "sha384}",
            "sha512}",
            "md5}",
            "crypt}",
            "grub.pbkdf2",
            "pbkdf2_sha",
            "pbkdf2:sha",
            "scrypt:",
            "scrypt$",
            "bcrypt_sha256",
        ),
        re.compile(
            r"(?P<secret>\{(?:S?SHA(?:224|256|384|512)?|S?MD5|CRYPT)\}[\w+/=.$-]{8,}+|(?:pbkdf2[_:]sha\d+|scrypt|bcrypt_sha256)[$:][\d:]+\$[\w./+$=-]{16,}+|grub\.pbkdf2\.sha\d+\.\d+\.[0-9A-F.]{16,}+)",
            re.I,
        ),
    ),
    # user:realm:hash of htdigest; the realm is a name, other than in image:tag:hash
    (
        (">:",),
        re.compile(
            r"(?m)(?:^|(?<=[\s\"']))[\w.@-]{1,64}+:(?=[a-z\d]{0,64}[A-Z @])[^\s:][^:\n\"'/]{1,64}+:"
            r"(?P<secret>[0-9a-f]{32})(?=[\s\"']|$)"
        ),
    ),
    # a DES hash, which has no mark: anna:XYabcDEF0123.:19700:0:99999:7:::
    (
        (":99999:", ":7:::", ":14:::"),
        re.compile(r"(?m)^[\w.-]+:!{0,2}(?P<secret>[./A-Za-z0-9]{13}):\d*:\d*:(?:99999:|\d*:(?:7|14):::)"),
    ),
    # .pgpass, host:port:database:user:password
    (
        (":5432:", ":*:"),
        re.compile(
            r"(?m)^[ \t]*(?:[\w.-]+|\*):(?:5432|\*):(?:\*|[A-Za-z_][\w.-]*+):[\w.@*-]++:(?P<secret>\S+)[ \t\r]*$"
        ),
    ),
    # : PSK "x" and : EAP "x" of ipsec.secrets, a login of chap-secrets
    (
        tuple(f"{kind} {quote}" for kind in ("psk", "eap", "xauth", "ntlm") for quote in ('"', "'")),
        re.compile(r"(?:^|[:\s])(?:PSK|EAP|XAUTH|NTLM)[ \t]+([\"'])(?P<secret>[^\"'\n]+)\1"),
    ),
    # hashes of Windows: * NTLM : 0123
    (
        ("ntlm", "ntlmv2"),
        re.compile(r"\bNTLM(?:v2)?(?:[ _-]?hash)?[ \t]*[:=]?[ \t]+(?P<secret>[0-9a-f]{32})\b", re.I),
    ),
    # 1 SHA1 HEX:0123 of chrony.keys, -y hmac-sha256:name:base64 of nsupdate and dig
    (
        (" hex:", " ascii:"),
        re.compile(r"^[ \t]*\d{1,5}[ \t]+(?:M|MD5|SHA\d*|AES\w*)[ \t]+(?P<secret>(?:HEX|ASCII):\S{8,})[ \t\r]*$", re.M),
    ),
    (("-y ",), re.compile(r"(?<!\S)-y[ \t]+(?:[\w-]{1,40}:)?[\w.-]{1,80}:(?P<secret>[A-Za-z0-9+/]{12,}={0,2})(?!\S)")),
    # CLIENT_RANDOM x y of SSLKEYLOGFILE
    (
        ("client_random ", "_traffic_secret", "exporter_secret "),
        re.compile(
            r"\b(?:CLIENT_RANDOM|[A-Z_]{4,40}_TRAFFIC_SECRET(?:_0)?|EXPORTER_SECRET)[ ]"
            r"(?P<secret>[0-9a-fA-F]{64}[ ][0-9a-fA-F]{64,96})\b"
        ),
    ),
    # "sensitive": true, "type": "string", "value": "x" of terraform output
    (
        ("sensitive",),
        re.compile(
            r"sensitive\\*[\"']?\s?[:=]\s?true,[^{}\n]{0,200}?\\*[\"']value\\*[\"']\s?:\s?\\*[\"'](?P<secret>[^\"'\\\n]+)"
        ),
    ),
    # :pserver:anna:x@cvs.example, DOM/anna:x@host of Impacket
    (
        (":pserver:", ":ext:", ":gserver:", "impacket"),
        re.compile(
            r"(?::(?:pserver|ext|gserver):|(?i:impacket)\S{0,40}[ \t]+(?:-[\w-]{1,40}[ \t]+){0,9}[\w.-]{1,64}/)"
            r"[\w.$-]{1,64}:(?P<secret>[^\s@]{1,128})@"
        ),
    ),
    # BUNDLE_GEMS__EXAMPLE__NET=user:x of Bundler
    (("bundle_",), re.compile(r"\bBUNDLE_\w{1,99}\s?[:=]\s?[\"']?(?P<secret>[\w.@+-]+:[^\s\"':/]{4,})")),
    # curlftpfs#anna:x@host of fstab
    (("curlftpfs#", "sshfs#"), re.compile(r"(?:curlftp|ssh)fs#[^\s:@/]{1,64}:(?P<secret>[^\s@]{1,128})@")),
    # jdbc:oracle:thin:scott/tiger@h
    (("jdbc:oracle",), re.compile(r"jdbc:oracle:\w+:[^\s/@:]+/(?P<secret>[^\s/@]+)@")),
    # Authorization: Bearer abc / "Proxy-Authorization": "Basic abc" / ('Authorization', 'Basic abc') / Bearer abc
    (
        ("authorization", "bearer", "basic "),
        re.compile(
            rf"(?:authorization(?:-auxiliary)?{_BETWEEN}(?:(?:{_SCHEMES})(?:\s|%20){{1,9}}|[a-z][\w-]{{1,20"
            rf"}}[ ](?=\S{{16}}))|"
            rf"\bbearer(?=\s\S{{16}})(?!\s\w+=\")\s{{1,9}}|"
            rf"\bbasic\s{{1,3}}(?=[A-Za-z0-9+/]{{8,}}={{1,2}}|(?-i:(?=[A-Za-z]*\d)[A-Za-z0-9+/]{{12,}})))(?P<secret>(?![<{{](?!secret:))[^\s'\"\])}}]+)|"
            rf"authorization{_BETWEEN}(?P<bare>[\w+/=.~-]{{16,}}+)",
            re.I,
        ),
    ),
)
