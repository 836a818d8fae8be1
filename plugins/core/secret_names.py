"""Which names are names of secrets: one table for text, for data (JSON keys) and for environment variables.

A name is split into words (``ansible_become_pass``, ``x-functions-key``, ``githubToken``), and its last words decide::

    strong   adminPassword, DB_PASS, MYSQL_PWD, client_secret, psk, otp, DD_APP_KEY     whatever the value is
    weak     token, tokens, pass, secrets, credential: counted and described as well    not ``tokens: 5``
    likely   softlayer_key, PASSWORD_REDIS: only what looks like a secret               not ``event_key: started``
    none     tokenType, secretName, publicKey, PasswordAuthentication, chpasswd

The words follow those of detect-secrets (keyword detector) and gitleaks (generic-api-key), partly from memory, and the
names that Azure, cloud-init, Ansible and Windows use. The sed and awk programs that run on VMs are made of the same
table.
"""

from __future__ import annotations

import re
from functools import lru_cache

NONE, LIKELY, WEAK, STRONG = 0, 1, 2, 3

#: A name that ends with one of these is a secret, also when no separator stands before it: dbpassword, AccessToken.
_ENDINGS = (
    *("password", "passwd", "passphrase", "passcode", "passwort", "secret", "apikey", "accesskey", "secretkey"),
    *("connectionstring", "kennwort", "wachtwoord", "authtok", "activationkey", "licensekey", "licencekey"),
    "dockerconfigjson",
    *(
        "secretkeybase",
        "privatekey",
        "authkey",
        "accountkey",
        "sharedkey",
        "masterkey",
        "signingkey",
        "encryptionkey",
        "storagekey",
    ),
)
#: As a word of their own.
_WORDS = frozenset(
    {
        "pwd",
        "psk",
        "otp",
        "totp",
        "pw",
        "bindpw",
        "rootpw",
        "requirepass",
        "masterauth",
        "jwt",
        "passkey",
        "connstr",
        "connectionstring",
        "cookie",
        "pfx",
        "authorization",
        "nthash",
        "lmhash",
        "authz",
        "setcookie",
    }
)
#: As a word with another one before it, or alone when the value looks like one.
_WEAK = frozenset({"token", "pass", "credential", "cred", "pat", "sas", "pin"})
#: ``pass`` as the end of a word: keypass, srcstorepass; not in these.
_NO_PASS = frozenset("bypass compass encompass multipass overpass surpass trespass underpass nopass pass".split())
#: Words that end like a secret's and are none: a program, a sudoers tag.
_NOT = frozenset("askpass chpasswd gpasswd htpasswd ypasswd nopasswd mkpasswd getpasswd kpasswd jsonwebtoken".split())

#: What stands before ``key`` when the key is a secret.
_KEYS = frozenset(
    (
        "access account activation admin aes api app application auth blob bot client consumer cosmo"
        "s crypto datadog dd "
        "db deploy device encrypt encryption enrollment feed function functions hmac hub instrumentation join jwt "
        "licence license luks master openai preshared primary private product props radius tacacs snmp queue recovery "
        "redis registration relay "
        "root rsa sas search secondary secret sendgrid server service session shared sign signing ssh ssl storage "
        "stripe subscription symm table tls unseal user validation decryption vault verify webhook wifi wireguard wpa "
        "wep"
    ).split()
)
#: What stands before ``KEY`` in a variable that holds none: any other ``*_KEY`` in capitals does.
_NO_KEYS = frozenset(
    "public pub host primary foreign sort partition cache xkb map index hot compose gpg pgp apt rpm object group hash "
    "lookup event idempotency correlation config setting registry issuer fingerprint sequence thumbprint".split()
)
#: What stands before or behind a secret's word in a name in capitals that is not the secret itself: PASSWORD_FILE.
_ABOUT = frozenset(
    "file path dir name id ids url uri endpoint host port type kind length len min max size age days expiry expires "
    "expired expiration policy version algorithm enabled disabled required count status state provider manager store "
    "vault ref reference arn prompt hint changed reset time timeout date at mode format class source cache service "
    "server user username account owner group role realm method config rule check validation history attempts retries "
    "limit lock error code message issuer audience scope command cmd script program helper plugin module library "
    "package header prefix suffix index field label tag region project authentication encryption complexity "
    "requirements agent "
    "generator hashing protection fingerprint thumbprint sha digest signature number pattern regex scope kin"
    "d py sh conf cfg txt yaml yml json log timer".split()
)

#: Last words that say in which shape the secret is: clientSecretValue, password_hash, client-key-data.
_TAILS = frozenset(
    "in base value text plain plaintext base64 b64 data raw old new current hash hashed encrypted secure super prod "
    "production stage staging dev development test qa uat live sandbox secondary backup previous temp tmp".split()
)

#: A line with a secret's name in it has one of these, in lower case: nothing is looked for in other lines.
HINTS = ("pass", "pw", "secret", "token", "key", "cred", "psk", "otp", "string", "signature", "jwt", "cookie") + (
    *(
        "authorization",
        "nthash",
        "lmhash",
        "rediscli_auth",
        "customdata",
        "custom_data",
        "sonar.login",
        "sonar_login",
        "registry-auth",
        "zumo-auth",
        "device_code",
        "devicecode",
    ),
    *("code_verifier", "client_assertion"),
    *("pin=", "pin:", 'pin"', "pin'", "-pin", "pin_code", "userpin", "user_pin"),
    *("authz", "samlresponse", "samlrequest", "dockerconfigjson"),
    *("masterauth", "connstr", "_pat", "sas", "_pin", "community", "art-api"),
    *("kennwort", "wachtwoord", "authtok", "protectedsettings", "identity-header", "identity_header", "pfx"),
)

_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

PLAIN_WORDS = frozenset(
    (
        "configured stored generated created found loaded cached y n chauthtok entered given provided suppli"
        "ed used needed true false yes no null none nil undefined unset empty on off "
        "enabled disabled required optional set missing "
        "expired invalid valid incorrect wrong changed updated unchanged never locked unlocked prompt ask ok failed "
        "not is are was were has have must may can cannot could should will would does did too for the a an of in to "
        "and or but from by with without authentication verification rejected accepted denied unknown absent present "
        "success default hidden redacted masked removed sensitive nopasswd string object number bool"
        "ean bool integer int any "
        "file files compat sss systemd nis ldap winbind str bytes securestring "
        "name running arg falsch ungültig abgelaufen leer erforderlich"
    ).split()
)
#: Words that begin a sentence, when others follow.
_SENTENCES = frozenset(
    "password passwords command user users identity success successfully your this that it key token secret error no "
    "internal login account permission access request context could unexpected server client resource retype reenter "
    "confirm passwd and all load use see run check ask write".split()
)
_PLACEHOLDER = re.compile(
    r"[*•.xX_-]+|<[^<>]*>?|\([a-z ,.-]*\)|\[(?:redacted|hidden|masked|removed|sensitive)[^]]*\]?"
    r"|%\w+%|\$?\{\{.*|!!null|\[(?:parameters|variables|reference|concat|listKeys)\(.*"
    r"|(?:var|local|data|module|each|secrets|env|steps)(?:\.\w+)+"  # Terraform, Actions
    r"|[a-z]+(?:_[a-z0-9]+)+\.\w+\.(?:value|result|id|\w*(?:secret|password|token|key))"
    r"|[a-z_]{2,}(?:\.[a-z_]+)*[(\[](?:\)|[\"'].*)?|\(?(?:Get|Read|New|ConvertTo|Import|Invoke)-[A-Z]\w+"
    r"|\$\{?\w+\}?(?:/|::).*|[a-z_]+(?:\.[a-z_]+)+\(.*|#\s.*|0x[0-9a-f]{1,8}|[a-z]+:|(?:sha|md)\d{1,3}"
    r"|!(?:vault|secret|unsafe|reference|env_var|sub|ref)|\d+ bytes|\d{1,3}(?:\.\d{1,5}){2,3}"
    r"|amd64|arm64|armhf|i386|all|noarch|x86_64|aarch64|(?-i:[A-Z]+(?:_[A-Z]+)+|KEY|SECRET|PASSWORD|TOKEN|VALUE|STRING)"
    r"|\$\(.*|`(?:[^`\d$#@!%^&*{}]*+`?|[`/].*|[^` ]* .*)|%[sdrvq]|\{\w*\}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*"
    r"|_{2,}\w*_{2,}|-[A-Za-z]|--[a-z][a-z-]*",  # the last: ['passwd', '-l', 'ubuntu']
    re.I,
)
_PROSE = re.compile(r"[a-z] (?:the|would|will|was|has been|should) [a-z]")
_PATH = re.compile(r"(?:[\w.-]+:(?=/))?(?:~|\.{1,2})?/(?:[\w.@-]{1,32}/)*[\w.@-]{0,48}|[A-Za-z]:\\+[^\n]*|file:.*")
_FILE = re.compile(r"[\w./@-]{1,80}\.(?:pem|key|crt|cer|pfx|p12|json|ya?ml|txt|conf|env|pub|gpg|asc|py|sh|log|service)")
_PUBLIC = re.compile(r"(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-|sk-(?:ssh|ecdsa))|AAAA[BCE]3Nza|https?://[^@]*\Z")


#: Behind Authorization: the word of a scheme, and what it needs.
_AUTHORIZED = re.compile(
    r"(?:bearer|basic|digest|negotiate|ntlm|token|apikey|splunk|sharedkey\w*)\s+(?!realm|<secret:|\[|<|\*)[^\s,]{4,}"
    r"|(?=\S*\d)[\w+/=.~-]{12,}",
    re.I,
)
#: Of an earlier redaction.
_MARKS = re.compile(r"<secret:[0-9a-f]{8}>?")
#: ``$DB_PASSWORD``, ``${TOKEN:-}``, ``$user:$pass``, ``$(cat x)``: a name in capitals, or without digits.
_REFERENCE = re.compile(
    r"(?:\$(?:[A-Z_][A-Z0-9_]*|[A-Za-z][A-Za-z_]*|\d|env:\w+|\{[A-Za-z_][\w.]*(?::?[-?=+]\}?|\})|\([^\n]*)\)?:?){1,2}"
)


def is_reference(value: str) -> bool:
    """True when a shell or a template puts something else in the place of `value`: ``$TOKEN``, ``${TOKEN:-}``."""
    value = value.strip('"')
    return value[:1] == "$" and bool(_REFERENCE.fullmatch(value))


@lru_cache(8192)
def secret_level(name: str) -> int:
    """How surely a field of that name holds a secret: STRONG, WEAK or NONE."""
    words = [word.lower() for word in _SPLIT.findall(name[-200:].replace("\0", "")[-100:])]
    while len(words) > 1 and (words[-1].isdigit() or (words[-1] in _TAILS and tuple(words[-2:]) not in _PAIRS)):
        words.pop()
    if not words or words[-1].isdigit():
        return NONE
    if words[0] == "lib" or words[0].startswith("lib"):
        return NONE  # libsecret, libpam-passwdqc: packages
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    plural = last.endswith("s") and last[:-1] not in ("pas", "") and not last.endswith("ss")
    if plural and last not in ("sas",):
        last = last[:-1]
    if last in _NOT:
        return NONE
    if (
        last in _WORDS
        or (last.endswith("pass") and last not in _NO_PASS)
        or last.endswith(("pw", "pwd", "psk", *_ENDINGS))
    ):
        return WEAK if plural and last == "secret" else STRONG
    if last == "key":
        return _key(name, words, before, plural)
    if (before, last) in _PAIRS or "azure.account.key" in name:
        return STRONG
    if last == "token" and words[-3:-1] == ["public", "key"]:  # of an assembly of .NET
        return NONE
    if name in ("PIN", "Pin"):
        return WEAK
    if last in _WEAK:
        if last in ("pat", "sas", "pin"):
            return STRONG if before and (name.upper() == name or f"{before} {last}" in _SHORT) else NONE
        return STRONG if before and not plural and last in ("pass", "token") and before not in _COUNTED else WEAK
    if last.endswith("token"):
        return WEAK
    if last in _ABOUT or len(words) < 2 or not _NO_KEYS.isdisjoint(words[-1:]):
        return NONE
    return LIKELY if _WITHIN.search("_".join(words[:-1])) else NONE  # PASSWORD_REDIS, secret_do_not_commit


#: Of the short words, those that are a secret's in small letters, too.
_SHORT = frozenset("user pin|so pin|old pin|new pin|set pin|token pin|card pin|admin pin".split("|"))
#: What the words before the last hold, when the value may be a secret.
_WITHIN = re.compile(r"passw(?:or)?d|passphrase|(?:\b|_)(?:secret|token)(?:_|\b)|(?:api|access)_?key")
#: Last two words.
_PAIRS = frozenset(
    tuple(words.split())
    for words in (
        *(
            "connection string",
            "secret string",
            "conn string",
            "conn str",
            "access signature",
            "amz signature",
            "goog signature",
        ),
        *("community string", "snmp community", "ro community", "rw community", "trap community", "art api"),
        *("protected settings", "protected setting", "identity header", "secret id", "key material"),
        *("pin code", "rediscli auth", "custom data", "sonar login", "pass phrase", "pass word", "pass code"),
        *(
            "registry auth",
            "zumo auth",
            "device code",
            "code verifier",
            "client assertion",
            "saml response",
            "saml request",
        ),
    )
)
#: ``max_token``, ``next token``, ``invalid_token``: a number, or the word of an error.
_COUNTED = frozenset("max min num total next invalid missing unexpected csrf expected per bad no".split())


def _key(name: str, words: list[str], before: str, plural: bool) -> int:
    if before in _KEYS:
        return STRONG if "public" not in words and "host" not in words else NONE
    if plural or len(words) < 2 or not _NO_KEYS.isdisjoint(words):
        return NONE
    return STRONG if "_" in name and name.upper() == name else LIKELY


def surely(level: int) -> int:
    """The level of a name whose value is one for certain, as behind a flag: not described, nor counted."""
    return STRONG if level > LIKELY else level


def is_secret_name(name: str) -> bool:
    """True when a field of that name holds a secret: ``adminPassword``, ``client_secret``."""
    return secret_level(name) > LIKELY


def is_plain_value(name: str, value: str, level: int, *, quoted: bool = False, after: str = "") -> bool:
    """True when `value`, beside the name of a secret, is none itself: a state, a placeholder, a path, a count.

    `after` is what stands behind the value in a line of prose.
    """
    value = value.strip()
    first, _, more = value.partition(" ")
    more = more or after.strip()
    if (
        not value
        or value in ("0", "1")
        or value.lower() == name.lower()
        or _PLACEHOLDER.fullmatch(value)
        or is_reference(value)
        or ("<secret:" in value and not re.search(r"\w", _MARKS.sub("", value)))
    ):
        return True
    word = first.strip(".,;:!?()").lower()
    if name == "PASSWD" and re.match(r"!?/|ALL\b", value):  # a tag of sudoers
        return True
    if word in PLAIN_WORDS and (bool(more) or level == WEAK or first.lower() == word) and not (quoted and more):
        return True
    if more and not quoted and (word in _SENTENCES or _PROSE.search(value)):
        return True
    lowered = name.lower()
    if lowered == "pwd" or lowered.endswith("oldpwd"):
        return value.startswith(("/", "~", "."))
    if _PUBLIC.match(value):
        return True
    about_key = lowered.endswith(
        ("key", "keys", "token", "credential", "credentials", "cred", "creds", "secret", "cookie")
    )
    if lowered.endswith("authorization"):
        return not _AUTHORIZED.match(value)
    if lowered.endswith("data"):
        return not re.fullmatch(r"[A-Za-z0-9+/]{24,}={0,2}", value)
    if about_key and (_PATH.fullmatch(value) or _FILE.fullmatch(value)):
        return True
    if lowered.endswith("cookie") and re.fullmatch(r"[\w.-]+=[a-z]{0,5}", value):  # it is deleted, or a choice
        return True
    if value.isdigit() and (("key" in lowered and len(value) < 8) or (lowered.endswith("s") and len(value) < 4)):
        return True
    if level == LIKELY:
        return not _RANDOM.fullmatch(value) and not ("pass" in lowered and name.isupper() and _CHOSEN.fullmatch(value))
    if level == STRONG:
        return False
    return _is_described(lowered, value, more)


#: Letters and digits without any order, or a password that somebody chose.
_RANDOM = re.compile(
    r"(?![0-9a-fA-F]{8}-[0-9a-fA-F]{4}-)[\w.-]{0,20}?(?:(?=[A-Za-z]*\d)(?=[\dA-Z]*[a-z])(?=[\da-z]*[A-Z])[A-Za-z0-9]{10,}+|"
    r"(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{20,}+)[\w+/=.~-]*"
)
_CHOSEN = re.compile(r"(?!\d{4}-\d\d)(?=\S*\d)(?=\S*[A-Za-z])[^\s/:]{6,}")


def _is_described(name: str, value: str, more: str) -> bool:
    """After a weak name: a number, or a sentence."""
    if value.rstrip("%.,;").replace(",", "").replace(".", "").isdigit():
        return len(value) < 6 or name.endswith("s")
    if name == "pass":
        return bool(more)
    if name.endswith("s") and name != "pass" and re.fullmatch(r"\D*|\d{1,6} [a-z].*|[a-z]+=\d+", value):
        return True
    return bool(more) and re.fullmatch(r"[A-Za-z'(),.:;/-]+", value.split(" ", 1)[0]) is not None


#: A login in an address, whatever its password holds, as sed -E, awk and .NET read it alike. What begins as a port is
#: none, unless all up to the @ is one word.
_PASSWORDS = ("[^0-9/ @:][^@]*", '[0-9]+[^0-9/ "@,:][^@]*', '[^ "@]*')
LOGIN = f"""://([^/: "@]*:({"|".join(_PASSWORDS)})@|[^/: "@]+@[^/: "@]*:[^ "@]*@|[^/@ "]*@)([^ "@]*@)*"""


def sed_mask() -> str:
    """A sed script (POSIX, extended) that cuts off what stands behind a secret's name, for the VM itself.

    It knows the same names, and of their values those that hold a letter and a digit: sed cannot tell a state, a path
    or a count from a secret, and what it cuts off no check ever sees.
    """
    words = [*_ENDINGS, *sorted(_WORDS - {"pwd", "pw"}), "token", "pass", "credential"]
    words += [f"{word}[_.-]?key" for word in sorted(_KEYS - {"ssh"})]
    names = "|".join(_any_case(word) for word in words)
    rest = "[^[:blank:]\"'<>]*"
    mixed = f"({rest}[A-Za-z]{rest}[0-9]|{rest}[0-9]{rest}[A-Za-z]){rest}"
    quote, gap = "[\"']?", "[[:blank:]]*"
    return (
        f"s/(^|[^A-Za-z])(([A-Za-z0-9_.-]*)({names})[sS]?{quote}{gap}(=|:){gap}{quote})"
        f"(\\*\\*\\*|[A-Za-z0-9+!#&=?@^_.,;-]{mixed})/\\1\\2***/g"
    ).replace("'", "'\\''")


def _any_case(words: str) -> str:
    """``pass`` as ``[Pp][Aa][Ss][Ss]``: not every sed has a flag for that; brackets stay as they are."""
    return "".join(
        part if index % 2 else re.sub("[a-z]", lambda at: f"[{at[0].upper()}{at[0]}]", part)
        for index, part in enumerate(re.split(r"(\[[^]]*\]\??)", words))
    )
