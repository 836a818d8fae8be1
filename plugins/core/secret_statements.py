r"""Secrets in statements: calls of functions, SQL, pipes of a shell, and sentences that say a password.

::

    login("anna", "x1")      IDENTIFIED BY 'x1'      echo x1 | sudo -S true      The password for user anna is x1
"""

from __future__ import annotations

import re

from plugins.core.secret_arguments import GAP, WORD
from plugins.core.secret_names import PLAIN_WORDS

#: What a sentence says, beside a password.
_NOUNS = (
    *(f"{word} token" for word in "access root api auth bearer join refresh your".split()),
    *(f"{word} key" for word in "api unseal recovery access secret activation license".split()),
    *("secret value", "backup code", "recovery code"),
)
#: What joins a noun and its value.
_IS = (
    r"(?:\s(?:is\sgenerated\s)?(?:for|of)(?:\s[^\s:]++){1,4}?)?(?:\s?:\s{1,9}|"
    r"\s(?:is|was|(?:(?:was|is|has been)\s)?(?:set|changed|reset)(?:\sto|\sfrom\s\S{1,99}\sto)?)(?:\s?:)?\s{1,9})"
)
#: In a sentence: with a letter and a digit, and neither a date nor the name of a hash.
_SPOKEN = (
    rf"(?:(?P<q>[\"'`])(?P<secret>(?!(?:{'|'.join(sorted(PLAIN_WORDS))})\b)[^\"'`\n]{{4,64}})(?P=q)|(?<=:[ \t])"
    rf"(?P<end>(?!(?:{'|'.join(sorted(PLAIN_WORDS))})\b)[^\W\d]\w{{2,}}[\w.!#$%&*+=?@^~-]{{3,64}})[ \t\r]*$|[\"'`]?"
    r"(?!\d{4}-\d\d-|\d+-[a-z]+\b|[0-9a-f]{8}-[0-9a-f]{4}-|https?:|[/(]|(?:sha|md|ssha|yescrypt|bcrypt|base|aes|rfc|rsa)-?\d)(?P<bare>(?=\S{0,100}\d)(?=\S{0,100}[a-z])"
    r"[^\s\"'`<>]{5,}[^\s\"'`<>.,;]))"
)

#: What a line must hold in lower case, one of them, and the pattern.
STATEMENTS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        ("securestring",),
        re.compile(
            rf"To-?SecureString(?:{GAP}{{1,9}}-(?:AsPlainText|Force|String)\b:?)*{GAP}{{0,9}}\(?(?![-|)]){WORD}", re.I
        ),
    ),
    (("securestring",), re.compile(rf"{WORD}[\"']?\s{{0,9}}\|\s{{0,9}}ConvertTo-SecureString", re.I)),
    # setPassword("x"), AzureKeyCredential('x'), crypt.crypt('x', salt)
    (
        ("password(", "secret(", "token(", "passphrase(", "keycredential(", "apikey(", "crypt("),
        re.compile(
            rf"(?:(?:set|with|add|use|put)_?\w*(?:password|secret|token|passphrase|api_?key)|KeyCredential|\bcrypt\.crypt)"
            rf"\(\s{{0,9}}(?=[\"']){WORD}(?=[\"']\s{{0,9}}[,)])",
            re.I,
        ),
    ),
    # login('anna', 'x'), HTTPBasicAuth("anna", "x"), ssh.connect(h, 22, "anna", "x"), ClientSecretCredential(t, c, "x")
    # auth=("anna", "x")
    (
        (
            "credential",
            "basicauth(",
            "login(",
            "logon(",
            "connect(",
            "getconnection(",
            "authenticate(",
            "auth=(",
            "auth(",
            "changeuserpassword(",
        ),
        re.compile(
            rf"(?:\w*(?<!Network)Credentials?(?:\]?::new)?|BasicAuth|log[io]n|logon|connect|getConnection|authenticate|db\.auth|changeUserPassword|\bauth=)\s{{0,9}}"
            rf"\((?:[^()\n=]{{0,200}},)\s{{0,9}}(?=[\"']){WORD}(?=[\"']\s{{0,9}}\))",
            re.I,
        ),
    ),
    # mysqli_connect('h', 'anna', 'x', 'db'), new PDO('mysql:host=h', 'anna', 'x'), username_pw_set("anna", "x")
    (
        (
            "mysqli_connect(",
            "mysqli(",
            "pdo(",
            "pdo::__construct(",
            "pw_set(",
            "createconnection(",
            "createqueueconnection(",
            "crypt(",
        ),
        re.compile(
            rf"(?:mysqli?(?:_connect)?\((?:[^(),\n]{{1,100}},){{2}}|"
            rf"(?:\bPDO(?:::__construct)?|\w*pw_set|\w*connection|pgp_sym_\w*|(?:aes_)?(?:de|en)crypt)\([^()\n]{{1,200}},)"
            rf"\s{{0,9}}(?=[\"']){WORD}(?=[\"']\s{{0,9}}[,)])",
            re.I,
        ),
    ),
    # jedis.auth("x"), SetBasicAuth(anna, x1)
    (
        ("auth(", "basicauth("),
        re.compile(
            rf"(?:\.auth\([ ]?(?=[\"']){WORD}(?=[\"'][ ]?\))|"
            rf"BasicAuth\([^\s,()\"']{{1,64}},[ ]?(?P<end>(?=[^()\s]*\d)[^\s,()\"']{{6,128}})\))",
            re.I,
        ),
    ),
    (
        ("networkcredential",),
        re.compile(
            rf"NetworkCredential(?:\]?::new)?\s{{0,9}}\(\s{{0,9}}[^,()\n]{{1,100}},\s{{0,9}}(?=[\"']){WORD}", re.I
        ),
    ),
    # ParameterBinding(ConvertTo-SecureString): name="String"; value="x" of module logging; EXEC sp_addlogin 'a', 'x'
    (
        ("securestring):", "sp_addlogin", "secret '", 'secret "'),
        re.compile(
            rf"(?:SecureString\):[ ]name=\"String\";[ ]value=|sp_addlogin[ \t]+N?'[^'\n]*',[ \t]*N?|\b(?-i:S"
            rf"ECRET)[ \t]+)(?=[\"']){WORD}",
            re.I,
        ),
    ),
    (
        ("identified by",),
        re.compile(r"identified[ \t]+by[ \t]+(?P<bare>(?=\S*\d)[^\s'\";]{6,})(?=[ \t]*(?:;|$))", re.I | re.M),
    ),
    (("replace",), re.compile(rf"\bidentified[ \t]+by[ \t]+\S+[ \t]+replace[ \t]+(?=[\"']){WORD}", re.I)),
    (("pragma key", "pragma rekey"), re.compile(rf"\bPRAGMA[ \t]+(?:re)?key[ \t]*=[ \t]*(?=['\"]){WORD}", re.I)),
    # -object secret,id=x,data=y of QEMU
    (("secret,id=",), re.compile(rf"\bsecret,id=[^\s,]++(?:,(?!data=)[^\s,]++){{0,4}},data={WORD}")),
    # echo root:x | chpasswd; printf '%s' x | docker login --password-stdin; echo x | sudo -S true
    (
        ("pass", "sudo", "kinit", "stdin", "-token", "cryptsetup", "su ", "devops login"),
        re.compile(
            r"\b(?:echo|printf|yes)(?:[ \t]+-\w+)*[ \t]+(?:(?:\"[^\"\n]{0,40}%s[^\"\n]{0,9}\"|'[^'\n]{0,"
            r"40}%s[^'\n]{0,9}')[ \t]+)?"
            r"(?P<bare>[^\n|]{1,400}?)[ \t]*\|[ \t]*(?:tee[ \t][^\n|]{1,99}\|[ \t]*)?(?:sudo[ \t]+(?:-(?!S)"
            r"\w+[ \t]+)*)?(?:/[\w/]*/)?"
            r"(?:\w*passwd\b|az[ \t]devops[ \t]login|kinit|cryptsetup|smbpasswd|su[ \t]|sudo[ \t]+-S|-S\b|"
            r"[^\n|]{1,300}?--(?:password-stdin|stdin|with-token|passphrase-fd|pass-stdin))"
        ),
    ),
    (
        ("<<<",),
        re.compile(
            r"(?:passwd|(?:private|preshared)-key|--password|\bkinit|\bsudo[ \t]+-S|\bsu[ \t]|\brealm[ \t]+join|"
            r"cryptsetup|--[\w-]*(?:stdin|with-token|"
            r"passphrase-fd)[\w-]*)"
            rf"[^\n<|]{{0,100}}<<<[ \t]*\$?{WORD}"
        ),
    ),
    # --password-file=<(echo x), wg set wg0 private-key <(echo x), restic --password-command 'echo x'
    (
        ("<(", "-command"),
        re.compile(
            rf"(?:pass|secret|key|token)[\w-]*(?:=|[ \t]{{1,9}})(?:<\(|[\"'](?=echo))(?:echo|printf)"
            rf"[ \t]+(?:-\w+[ \t]+)*{WORD}",
            re.I,
        ),
    ),
    # IDENTIFIED BY 'x', WITH PASSWORD = N'x', mysqladmin password 'x', set_password vnc x1
    (
        ("password", "identified by"),
        re.compile(
            rf"(?:identified[ \t]+(?:with[ \t]+\S+[ \t]+)?by(?:[ \t]+password)?[ \t]+|password(?<![$\w.-]password)"
            rf"(?:[ \t]*[=(][ \t]*|[ \t]+)N?)"
            rf"(?=['\"]){WORD}|(?:set_password(?<![\w.-]set_password)|password(?<![\w.-]password))"
            rf"[ \t]+(?:vnc[ \t]+|spice[ \t]+)?(?P<end>(?=\S*\d)"
            rf"(?=\S*[A-Za-z])[^\s'\"<>(){{}}=:,]{{6,}}+)[ \t]*$",
            re.I | re.M,
        ),
    ),
    # The password for user u is x; Your initial password is: x; Generated password for user u: x; changed from x to y;
    # Temporary password x is set
    (
        ("password", "passphrase", "passcode"),
        re.compile(
            rf"(?:pass(?:word|phrase|code){_IS}|"
            rf"(?:temporary|initial|new|old|one-time|generated|random|default)\spass(?:word|phrase|code)\s{{1,9}}){_SPOKEN}",
            re.I | re.M,
        ),
    ),
    (_NOUNS, re.compile(rf"(?:{'|'.join(_NOUNS)})(?:\s\d{{1,2}})?{_IS}{_SPOKEN}", re.I | re.M)),
    (
        ("password was", "password changed"),
        re.compile(rf"password\s(?:was\s|has\sbeen\s)?changed\sfrom\s{_SPOKEN}", re.I),
    ),
    # with bearer token x, the access token x has expired
    (
        ("token", "bearer"),
        re.compile(
            r"\b(?:token|bearer)\s[\"'`]?(?P<bare>(?![0-9a-f]{8}-[0-9a-f]{4}-)(?=[A-Za-z]*\d)(?=[\d]*[A-Za-z])"
            r"[A-Za-z0-9_~+=-]{24,}(?:\.[\w~+/=-]+)*)",
            re.I,
        ),
    ),
    # reg add HKLM\... /v DefaultPassword /t REG_SZ /d x
    (
        ("/d ",),
        re.compile(
            rf"/v{GAP}{{1,9}}[\"']?\w*(?:password|secret|token)\w*[\"']?[^\n]{{0,99}}?{GAP}/d{GAP}{{1,9}}{WORD}",
            re.I,
        ),
    ),
    # machine h login u password x; username u secret 5 x; user u password x
    (
        ("password", "passwd", "secret"),
        re.compile(
            rf"\b(?:login|user(?:name)?|account)\s+(?!and\b|or\b|with\b)[^\s:=,\"']++\s+(?:password|secret|passwd)\s+(?:\d\s+)?+(?!<secret:|(?:changed|expired|updated|reset|is|was|has|not)\b){WORD}",
            re.I,
        ),
    ),
    (("send",), re.compile(r"\bsend(?:_user)?\s+(?:--\s+)?\"(?P<bare>[^\"\n]{4,200})\\r\"")),
    # ip xfrm state add ... enc 'cbc(aes)' 0x0123
    (
        ("xfrm", "cbc(aes)", "rfc4106("),
        re.compile(
            r"\b(?:enc|auth|auth-trunc|aead)[ \t]+[\"']?[\w()-]{1,40}[\"']?[ \t]+(?P<secret>0x[0-9a-fA-F]{32,})"
        ),
    ),
    # a product key of Windows
    (
        ("productkey", "slmgr", "/ipk"),
        re.compile(r"(?<![\w-])(?P<secret>[A-Z0-9]{5}(?:-[A-Z0-9]{5}){4})(?![\w-])"),
    ),
)
