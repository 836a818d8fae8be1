r"""Secrets among the arguments of tools: which tool, which of its options, and where the value ends.

``set -x`` in a script of cloud-init is enough to put these into a log. A command may go on in the next line, behind a
backslash, a backtick (PowerShell) or a caret (cmd). A value is a shell's word, in quotes or without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from plugins.core.secret_needles import OPTION

#: A word of a shell: in quotes to their end, or up to white space or an operator.
WORD = (
    r"(?:(?P<q>\\*[\"'])(?P<secret>(?:(?!(?P=q))(?:\\.|[^\n]))++)"
    r"|(?P<bare>(?:\\(?![\n\"']).|[^\s\"'|<>;&\\]|[;&](?=[^\s;&|])|(?<=[^\s\"'])[\"'](?=\w))++))"
)
_GAP = r"(?:[ \t]|\\\r?\n|`\r?\n|\^\r?\n)"
_THEN = rf"(?:{_GAP}{{1,9}}|=)"  # between an option and its value


class Tool:
    """One or more options of a tool; each is looked for behind the tool's name, up to the end of its command.

    `needles` are what a line must hold in lower case, one of them. `option` ends where the value begins. `value` and
    `command` are patterns of what the value and the command must hold.
    """

    def __init__(self, needles: str, tool: str, option: str, *, value: str = "", command: str = "", flags: int = 0):
        self.needles = tuple(needles.split("|" if "|" in needles else None))
        self._value, self._must = value, command
        self.dashed = option.startswith(("-", "(?:-"))
        self._command = re.compile(
            rf"\b(?<![.-])(?:{tool})(?:\.exe|\.cmd)?[\"']?(?={_GAP})(?P<rest>(?:[^\n|]|(?<=[\\`^])\n|(?<=[\\`^]\r)\n)++)",
            flags,
        )
        self._option = re.compile(rf"(?<![\w=:,.-])(?:{option}){WORD}", flags)

    def find(self, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Where the secrets are between `start` and `end` of `text`."""
        if self.dashed and not OPTION.search(text, start, end):
            return
        for command in self._command.finditer(text, start, end):
            if self._must and not re.search(self._must, command[0], re.I):
                continue
            for option in self._option.finditer(text, *command.span("rest")):
                group = "secret" if option["q"] else "bare"
                if re.search(self._value, option[group]):
                    yield option.span(group)


#: user:password; a template's or a shell's name for the password stays.
_LOGIN = r":(?!//|\$[A-Z_]+$|\$\{\w+\}$|\$?\{\{)"

ARGUMENTS: tuple[Tool, ...] = (
    # user:password: behind -u, among short options (-sSu), glued (-ua:b)
    Tool("curl", "curl", rf"(?:-[A-Za-z#]*?[uU](?:{_GAP}{{1,9}}|=)?|--(?:proxy-)?user{_THEN})", value=_LOGIN),
    Tool("curl", "curl", rf"(?:--(?:proxy-)?(?:tls)?pass(?:word)?|--oauth2-bearer){_THEN}"),
    Tool("curl", "curl", rf"(?:-E|--(?:proxy-)?cert){_THEN}", value=r":(?![\\/])"),
    Tool("curl", "curl", rf"(?:-b|--cookie){_THEN}", value="="),
    Tool("--auth|http -a|https -a|httpie |xh -a", "https?|httpie|xh", rf"(?:-a|--auth){_THEN}", value=r":(?!//)"),
    Tool("sshpass", "sshpass", rf"-p(?:{_THEN})?"),
    Tool("mysql mariadb mycli", r"(?:mysql|mariadb|mycli)\w*(?:-\w+)?", r"-p(?=\S)"),
    Tool("mongo", r"mongo\w*", rf"-p(?:{_THEN})?"),
    Tool("azcmagent", "azcmagent", rf"(?:-p|--service-principal-secret){_THEN}", command=r"\b(?:dis)?connect\b"),
    Tool("login", "az", rf"-p{_THEN}", command=r"\blogin\b"),
    Tool(
        "login",
        "docker|podman|buildah|nerdctl|helm|oc|crane|skopeo|oras|cf|argocd|ibmcloud",
        rf"-p{_THEN}",
        command=r"\blogin\b",
    ),
    Tool("creds", r"skopeo|podman|buildah|oras", rf"--(?:src-|dest-)?creds{_THEN}", value=r":(?!//)"),
    Tool("etcdctl", "etcdctl", rf"--user{_THEN}", value=r":(?!//)"),
    Tool("keyvault", "az", rf"--value{_THEN}", command=r"\bsecret[ \t]+set\b"),
    Tool("mosquitto", r"mosquitto_\w+", rf"-P{_GAP}{{1,9}}"),
    Tool("rabbitmqctl", "rabbitmqctl", rf"(?:add_user|change_password|authenticate_user){_GAP}{{1,9}}\S+{_GAP}{{1,9}}"),
    Tool("racadm", "racadm", rf"-p{_GAP}{{1,9}}"),
    Tool("certutil", r"certutil", rf"-p{_GAP}{{1,9}}", flags=re.I),
    Tool("bitsadmin", "bitsadmin", rf"(?:BASIC|DIGEST|NTLM|NEGOTIATE){_GAP}{{1,9}}\S+{_GAP}{{1,9}}", flags=re.I),
    Tool("obscure", "rclone", rf"obscure{_GAP}{{1,9}}"),
    Tool("suseconnect", "SUSEConnect", rf"(?:-r|--regcode){_THEN}"),
    Tool("attach", "pro|ua|ubuntu-advantage", rf"attach{_GAP}{{1,9}}(?!-)"),
    Tool("sqlplus|sqlldr|expdp|impdp|rman ", "sqlplus|sqlldr|expdp|impdp|rman", r"(?=\w[^\s/]*/[^\s/]+@)[^\s/]+/"),
    Tool("7z 7za 7zr 7zz 7zip", r"7z\w{0,2}", r"-p(?=\S)"),
    Tool("rar unrar", r"(?:un)?rar", r"-h?p(?=[^\s-])"),
    Tool("zip unzip zipcloak", r"(?:un)?zip(?:cloak)?", rf"-P(?:{_GAP}{{1,9}})?"),
    Tool("openssl", "openssl", rf"-pass(?:in|out)?{_THEN}[\"']?pass:"),
    Tool("openssl", "openssl", rf"-(?:[kK]|passwd|password|hmac|psk){_GAP}{{1,9}}(?!-|(?:pass|env|file|fd|stdin)\b)"),
    Tool(
        "net user|net1 user|net.exe|net1.exe",
        "net1?",
        rf"user{_GAP}{{1,9}}(?:\"[^\"\n]++\"|'[^'\n]++'|[^\s/\"']++){_GAP}{{1,9}}(?![/*])",
        flags=re.I,
    ),
    Tool(
        "net use|net1 use|net.exe",
        "net1?",
        rf"use{_GAP}{{1,9}}(?:\S:{_GAP}{{1,9}}|\*{_GAP}{{1,9}})?\\\\\S++{_GAP}{{1,9}}(?![/*])",
        flags=re.I,
    ),
    Tool(
        "cmdkey schtasks wmic winrs netdom djoin psexec dsadd dsmod psexec64",
        r"cmdkey|schtasks|wmic|winrs|netdom|djoin|psexec\w*|dsadd|dsmod",
        rf"[/-](?:pass(?:word)?d?|pwd|rp|p|pd|po|up)(?:[:=]{_GAP}?|{_GAP}{{1,9}})(?![/*])",
        flags=re.I,
    ),
    Tool("/rp", r"\w\S*", rf"/rp(?::|{_GAP}{{1,9}})(?![/*])", flags=re.I),
    Tool("paexec paexec64", r"paexec\w*", rf"-p{_GAP}{{1,9}}", flags=re.I),
    Tool("ldap", r"ldap\w+", rf"-w(?:{_GAP}{{1,9}})?"),
    Tool("ldappasswd", "ldappasswd", rf"-[sa]{_GAP}{{1,9}}"),
    Tool(
        "smb|rpcclient|net ads|net rpc|wmiexec|winexe",
        r"smb\w+|rpcclient|net|wmiexec|winexe",
        rf"(?:-U|--user)(?:{_THEN})?[\"']?[^\s%\"']++%",
    ),
    Tool("redis-cli", "redis-cli", rf"-a{_GAP}{{1,9}}"),
    Tool("sqlcmd|bcp |osql|isql|tsql", "sqlcmd|bcp|osql|isql|tsql", rf"-P{_GAP}{{0,9}}"),
    Tool("ipmi", r"ipmi\w*(?:-\w+)?", rf"-[Pp]{_GAP}{{1,9}}(?!\d+\b)"),
    Tool("snmp", r"snmp\w+", rf"-[AXc]{_GAP}{{1,9}}(?!/)"),
    Tool("htpasswd", "htpasswd", rf"-\w*b\w*{_GAP}{{1,9}}(?:-\w+{_GAP}{{1,9}}){{0,4}}(?:[^\s-]\S*+{_GAP}{{1,9}}){{2}}"),
    Tool("useradd usermod", r"user(?:add|mod)", rf"-p{_GAP}{{1,9}}"),
    Tool("wpa_passphrase", "wpa_passphrase", rf"(?:\"[^\"\n]*\"|'[^'\n]*'|\S++){_GAP}{{1,9}}"),
    Tool("nmcli", "nmcli", rf"(?:password|wep-key\d?|\S*psk){_GAP}{{1,9}}"),
    Tool("vault", "vault", rf"(?:login|unseal){_GAP}{{1,9}}(?:-\S++{_GAP}{{1,9}}){{0,4}}(?![\w-]+=|-)"),
    Tool("freerdp rdesktop", r"[xw]freerdp\d?|rdesktop", rf"(?:/p:|-p{_GAP}{{1,9}})"),
    Tool("lftp ncftp", r"lftp|ncftp\w*", rf"(?:-u{_GAP}{{1,9}}[^\s,]++,|-p{_GAP}{{1,9}})"),
    Tool("ssh-keygen", "ssh-keygen", rf"-[NP]{_GAP}{{1,9}}(?![\"']{{2}})"),
    Tool("ansible", r"ansible\S*", rf"--(?:vault|become)-pass\w*{_GAP}{{1,9}}(?=[^\s/-])"),
)

#: In a sentence: with a letter and a digit, and neither a date nor the name of a hash.
_SPOKEN = (
    r"(?!\d{4}-\d\d-|(?:sha|md|ssha|yescrypt|bcrypt)-?\d)(?P<bare>(?=\S{0,100}\d)(?=\S{0,100}[a-z])"
    r"[^\s\"'`<>]{5,}[^\s\"'`<>.,;])"
)

#: Others, that are no options: needles, and a pattern with a word.
COMMANDS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        ("securestring",),
        re.compile(
            rf"To-?SecureString(?:{_GAP}{{1,9}}-(?:AsPlainText|Force|String)\b:?)*{_GAP}{{0,9}}\(?(?![-|)]){WORD}", re.I
        ),
    ),
    (
        ("credential",),
        re.compile(
            rf"Credential(?:\]?::new)?\s{{0,9}}\(\s{{0,9}}(?:\"[^\"\n]*\"|'[^'\n]*')\s{{0,9}},\s{{0,9}}{WORD}", re.I
        ),
    ),
    # echo root:x | chpasswd; printf '%s' x | docker login --password-stdin; echo x | sudo -S true
    (
        ("pass", "sudo", "kinit", "stdin", "-token", "cryptsetup", "su "),
        re.compile(
            r"\b(?:echo|printf)(?:[ \t]+-\w+)*[ \t]+(?:(?:\"[^\"\n]{0,40}%s[^\"\n]{0,9}\"|'[^'\n]{0,"
            r"40}%s[^'\n]{0,9}')[ \t]+)?"
            r"(?P<bare>[^\n|]{1,400}?)[ \t]*\|[ \t]*(?:tee[ \t][^\n|]{1,99}\|[ \t]*)?(?:sudo[ \t]+(?:-(?!S)"
            r"\w+[ \t]+)*)?(?:/[\w/]*/)?"
            r"(?:chpasswd|passwd[ \t]|kinit|cryptsetup|smbpasswd|su[ \t]|sudo[ \t]+-S|-S\b|"
            r"[^\n|]{1,300}?--(?:password-stdin|stdin|with-token|passphrase-fd|pass-stdin))"
        ),
    ),
    (
        ("<<<",),
        re.compile(
            r"(?:passwd|\bkinit|\bsudo[ \t]+-S|\bsu[ \t]|\brealm[ \t]+join|cryptsetup|--[\w-]*(?:stdin|with-token|"
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
            r"(?:pass(?:word|phrase|code)(?:\s(?:for|of)(?:\s[^\s:]++){1,4}?)?"
            r"(?:\s?:\s{1,9}|"
            r"\s(?:is|(?:(?:was|is|has been)\s)?(?:set|changed|reset)(?:\sto|\sfrom\s\S{1,99}\sto)?)(?:\s?:)?\s{1,9})|"
            r"(?:temporary|initial|new|old|one-time|generated|random|default)\spass(?:word|phrase|code)\s{1,9})"
            rf"[\"'`]?{_SPOKEN}",
            re.I,
        ),
    ),
    (
        ("password was", "password changed"),
        re.compile(rf"password\s(?:was\s|has\sbeen\s)?changed\sfrom\s[\"'`]?{_SPOKEN}", re.I),
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
            rf"/v{_GAP}{{1,9}}[\"']?\w*(?:password|secret|token)\w*[\"']?[^\n]{{0,99}}?{_GAP}/d{_GAP}{{1,9}}{WORD}",
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
)
