r"""Secrets among the arguments of tools: which tool, which of its options, and where the value ends.

``set -x`` in a script of cloud-init is enough to put these into a log. A command may go on in the next line, behind a
backslash, a backtick (PowerShell) or a caret (cmd). A value is a shell's word, in quotes or without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from plugins.core.secret_names import PLAIN_WORDS
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
        self._patterns = tool, option, flags

    # Compiled when a text first names the tool: most runs never see most tools, and all of them take 50 ms.
    @cached_property
    def _command(self) -> re.Pattern[str]:
        tool, _, flags = self._patterns
        return re.compile(
            rf"\b(?<![.-])(?:{tool})(?:\.exe|\.cmd)?[\"']?(?={_GAP})(?P<rest>(?:[^\n|]|(?<=[\\`^])\n|(?<=[\\`^]\r)\n)++)",
            flags,
        )

    @cached_property
    def _option(self) -> re.Pattern[str]:
        _, option, flags = self._patterns
        return re.compile(rf"(?<![\w=:,.-])(?:{option}){WORD}", flags)

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

#: What stands behind -p beside a user and is no password: a port, a level of the journal, a path, a mode.
_NO_PASSWORD = (
    r"\A(?![-/.~]|[\d:,./]+(?:/\w+)?\Z|(?:emerg|alert|crit|err|error|warning|notice|info|debug|tcp|udp|icmp|all)\b)"
)
_ARGUMENT = r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'-]\S*)"  # of an option

ARGUMENTS: tuple[Tool, ...] = (
    # any tool that is given a user, and a password behind it: -u anna -p x, -U anna -P x, -D cn=anna -w x
    Tool(
        "-p",
        r"[\w.-]+",
        rf"-(?:[uUx]|user|username)(?:{_GAP}{{1,9}}|=)?{_ARGUMENT}(?:{_GAP}{{1,9}}--?[\w-]+(?:(?:{_GAP}{{1,9}}|=){_ARGUMENT})?){{0,4}}"
        rf"{_GAP}{{1,9}}-[pP](?:{_GAP}{{1,9}}|=|(?=['\"]))",
        value=_NO_PASSWORD,
        command=r"^(?!(?:mysql|mariadb)\w*\s)",
    ),
    # user:password: behind -u, among short options (-sSu), glued (-ua:b)
    Tool("curl", "curl", rf"(?:-[A-Za-z#]*?[uU](?:{_GAP}{{1,9}}|=)?|--(?:proxy-)?user{_THEN})", value=_LOGIN),
    Tool("curl", "curl", rf"(?:--(?:proxy-)?(?:tls)?pass(?:word)?|--oauth2-bearer){_THEN}"),
    Tool("curl", "curl", rf"(?:-E|--(?:proxy-)?cert){_THEN}", value=r":(?![\\/])"),
    Tool("curl", "curl", rf"(?:-b|--cookie){_THEN}", value="="),
    Tool("curl", "curl", rf"-H{_THEN}Authorization:(?:\\ )?\w+\\ "),
    # curl -u "anna":"x"
    Tool("curl", "curl", rf"(?:-u|--user){_THEN}(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"':]+):(?=[\"'])"),
    # a login behind another option
    Tool("jenkins", r"java|jenkins\S*", rf"-auth{_THEN}", value=":"),
    Tool(
        "ab -|hey -|check_",
        r"ab|hey|check_\w+",
        rf"(?:-[aAPb]|--(?:proxy-)?auth\w*){_THEN}",
        value=r"\A[\w.@\\-]+:(?!//)",
    ),
    Tool("ctr|nerdctl|crane|govc|gcrane", "ctr|nerdctl|crane|gcrane|govc", rf"(?:-u|--user){_THEN}", value=_LOGIN),
    # the word behind a command of theirs is the secret
    Tool(
        "authtoken cargo doctl snyk flyctl setapikey secret-set-value unwrap set-initial-password teamviewer redis-cli",
        r"ngrok|cargo|doctl|snyk|fly(?:ctl)?|nuget|virsh|vault|neo4j-admin|teamviewer|redis-cli",
        rf"(?:(?:add-)?authtoken|login|auth(?:{_GAP}{{1,9}}(?:init{_GAP}{{1,9}}-t|token))?|setapikey|unwrap|set-initial-password|"
        rf"secret-set-value{_GAP}{{1,9}}\S++|passwd|AUTH){_GAP}{{1,9}}(?!-|(?:login|logout|init|list|token|switch|whoami|"
        rf"signup|docker)\b)",
    ),
    Tool(
        "config http-basic|pypi-token",
        "poetry",
        rf"config{_GAP}{{1,9}}(?:http-basic\S+{_GAP}{{1,9}}\S+|pypi-token\S+){_GAP}{{1,9}}",
    ),
    # all values of a secret, whatever their names
    Tool("--from-literal", r"kubectl|oc|k3s|microk8s", rf"--from-literal{_THEN}[\"']?[\w.-]++="),
    Tool(
        "kv put|kv patch",
        "vault|bao",
        r"(?<=[ \t])(?!-)(?!method=|role_id=|username=|path=|ttl=)[\w.-]++=(?!@)",
        command=r"\bkv[ \t]+(?:put|patch)\b",
    ),
    Tool("--key-value", "az", rf"--key-value{_THEN}"),
    Tool("kubeadm", "kubeadm", rf"--certificate-key{_THEN}"),
    Tool("keytool jarsigner", "keytool|jarsigner", rf"-\w*(?:storepass|keypass)(?::env)?{_THEN}"),
    Tool(
        "openssl mkpasswd",
        rf"openssl{_GAP}{{1,9}}passwd|mkpasswd",
        rf"(?:-(?:[156]|apr1|aixmd5|s)|-m{_GAP}{{1,9}}\S+|--method\S*|-salt{_GAP}{{1,9}}\S+|-S{_GAP}{{1,9}}\S+){_GAP}{{1,9}}(?!-)",
    ),
    Tool("openssl", "openssl", rf"-(?:macopt|pkeyopt|sigopt|kdfopt){_THEN}[\"']?(?:hex)?(?:key|pass|secret):"),
    Tool("swaks", "swaks", rf"-ap{_THEN}"),
    Tool(
        "p4 -|p4.exe|certmonger|getcert|knife|ykman|vmware-cmd|vmrun",
        r"p4|certmonger|i?pa-?getcert|knife|ykman|vmware-cmd|vmrun",
        rf"-P{_THEN}",
    ),
    Tool("ipa-|ipa ", r"ipa(?:-[\w-]+)?", rf"-w{_THEN}"),
    Tool("swift", "swift", rf"-K{_THEN}"),
    Tool("dotnet nuget|nuget push", "dotnet|nuget", rf"(?:-k|-ApiKey){_THEN}"),
    Tool(
        "gitlab-runner|elastic-agent|newrelic|icinga2",
        r"gitlab-runner|elastic-agent|newrelic|icinga2",
        rf"(?:-[rtk]|--ticket){_THEN}",
        command=r"\b(?:register|enroll|install|setup)\b",
    ),
    Tool(
        "signtool dsquery dsget ldifde csvde repadmin",
        r"signtool|ds(?:query|get)|ldifde|csvde|repadmin",
        rf"[/-](?:pw?|b{_GAP}{{1,9}}\S++{_GAP}{{1,9}}\S++)(?::|{_GAP}{{1,9}})(?![/*-])",
        flags=re.I,
    ),
    Tool(
        "mc alias|mc config|authorize-account",
        r"mc|b2|mcli",
        rf"(?:https?://\S++{_GAP}{{1,9}}\S++|authorize-account{_GAP}{{1,9}}\S++){_GAP}{{1,9}}(?!-)",
    ),
    Tool("mosquitto_passwd", "mosquitto_passwd", rf"-\w*b\w*{_GAP}{{1,9}}\S++{_GAP}{{1,9}}\S++{_GAP}{{1,9}}"),
    Tool("isql", r"i(?:usql|sql)", rf"(?<=[ \t])[^\s-]\S*+{_GAP}{{1,9}}[^\s-]\S*+{_GAP}{{1,9}}(?!-)"),
    Tool("iwconfig", "iwconfig|iw", rf"key{_GAP}{{1,9}}(?:s:|(?=\d))"),
    Tool("smbclient", "smbclient", rf"(?://|\\\\)\S++{_GAP}{{1,9}}(?!-)"),
    Tool("rclone", "rclone", rf"\b\w*(?:pass|token|key|secret)(?:{_GAP}{{1,9}}|=)(?!-)", command=r"\bconfig\s"),
    Tool("exp |imp |expdp|impdp|sqlldr", "exp|imp|expdp|impdp|sqlldr", r"(?:userid=)?(?!/)[\w$#]+/(?=[^\s/]*\d)"),
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
    Tool("zip unzip zipcloak", r"(?:un)?zip(?:cloak)?", rf"-\w*P(?:{_GAP}{{1,9}})?"),
    Tool("openssl", "openssl", rf"-pass(?:in|out)?{_THEN}[\"']?pass:"),
    Tool("openssl", "openssl", rf"-(?:[kK]|passwd|password|hmac|psk){_GAP}{{1,9}}(?!-|(?:pass|env|file|fd|stdin)\b)"),
    Tool(
        "net user|net1 user|net.exe|net1.exe|net    user|net   user",
        "net1?",
        rf"user{_GAP}{{1,9}}(?:\"[^\"\n]++\"|'[^'\n]++'|[^\s/\"']++){_GAP}{{1,9}}(?![/*])",
        flags=re.I,
    ),
    Tool(
        "net use|net1 use|net.exe",
        "net1?",
        rf"use{_GAP}{{1,9}}(?:\S:{_GAP}{{1,9}}|\*{_GAP}{{1,9}})?\\\\\S++{_GAP}{{1,9}}(?:/u(?:ser)?:\S++{_GAP}{{1,9}})?(?![/*])",
        flags=re.I,
    ),
    Tool(
        "cmdkey schtasks wmic winrs netdom djoin psexec dsadd dsmod psexec64 ktpass wevtutil wbadmin certreq",
        r"ktpass|wevtutil|wbadmin|certreq|cmdkey|schtasks|wmic|winrs|netdom|djoin|psexec\w*|dsadd|dsmod",
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
    Tool("ipmi", r"ipmi\w*(?:-\w+)?", rf"-[Pp](?:{_GAP}{{1,9}}|(?=['\"]))(?!\d+\b)"),
    Tool("snmp", r"(?:net-)?snmp[\w-]+", rf"-[AX]{_GAP}{{1,9}}(?!/)|-c(?:{_GAP}{{1,9}})?(?!/)"),
    Tool(
        "htpasswd",
        "htpasswd",
        rf"(?:-\w+{_GAP}{{1,9}}){{0,4}}(?:-\w*b\w*{_GAP}{{1,9}}(?:-\w+{_GAP}{{1,9}}){{0,4}}(?:[^\s-]\S*+{_GAP}{{1,9}})|-(?=\w*n)\w*b\w*{_GAP}{{1,9}})"
        rf"[^\s-]\S*+{_GAP}{{1,9}}",
    ),
    Tool("useradd usermod", r"user(?:add|mod)", rf"-p{_GAP}{{1,9}}"),
    Tool("wpa_passphrase", "wpa_passphrase", rf"(?:\"[^\"\n]*\"|'[^'\n]*'|\S++){_GAP}{{1,9}}"),
    Tool("nmcli", "nmcli", rf"(?:password|wep-key\d?|\S*psk){_GAP}{{1,9}}"),
    Tool("vault", "vault", rf"(?:login|unseal){_GAP}{{1,9}}(?:-\S++{_GAP}{{1,9}}){{0,4}}(?![\w-]+=|-)"),
    Tool("freerdp rdesktop", r"[xw]freerdp\d?|rdesktop", rf"(?:/p:|-p{_GAP}{{1,9}})"),
    Tool("lftp ncftp", r"lftp|ncftp\w*", rf"(?:-u{_GAP}{{1,9}}[^\s,]++,|-p{_GAP}{{1,9}})"),
    Tool("ssh-keygen", "ssh-keygen", rf"-[NP]{_GAP}{{1,9}}(?![\"']{{2}})"),
    Tool("ansible", r"ansible\S*", rf"--(?:vault|become)-pass\w*{_GAP}{{1,9}}(?=[^\s/-])"),
)

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

#: Others, that are no options: needles, and a pattern with a word.
COMMANDS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        ("securestring",),
        re.compile(
            rf"To-?SecureString(?:{_GAP}{{1,9}}-(?:AsPlainText|Force|String)\b:?)*{_GAP}{{0,9}}\(?(?![-|)]){WORD}", re.I
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
            "db.auth(",
            "changeuserpassword(",
        ),
        re.compile(
            rf"(?:\w*(?<!Network)Credentials?(?:\]?::new)?|BasicAuth|log[io]n|logon|connect|getConnection|authenticate|db\.auth|changeUserPassword|\bauth=)\s{{0,9}}"
            rf"\((?:[^()\n=]{{0,200}},)\s{{0,9}}(?=[\"']){WORD}(?=[\"']\s{{0,9}}\))",
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
    # -object secret,id=x,data=y of QEMU
    (("secret,id=",), re.compile(rf"\bsecret,id=[^\s,]++(?:,(?!data=)[^\s,]++){{0,4}},data={WORD}")),
    # echo root:x | chpasswd; printf '%s' x | docker login --password-stdin; echo x | sudo -S true
    (
        ("pass", "sudo", "kinit", "stdin", "-token", "cryptsetup", "su ", "devops login"),
        re.compile(
            r"\b(?:echo|printf)(?:[ \t]+-\w+)*[ \t]+(?:(?:\"[^\"\n]{0,40}%s[^\"\n]{0,9}\"|'[^'\n]{0,"
            r"40}%s[^'\n]{0,9}')[ \t]+)?"
            r"(?P<bare>[^\n|]{1,400}?)[ \t]*\|[ \t]*(?:tee[ \t][^\n|]{1,99}\|[ \t]*)?(?:sudo[ \t]+(?:-(?!S)"
            r"\w+[ \t]+)*)?(?:/[\w/]*/)?"
            r"(?:chpasswd|passwd[ \t]|az[ \t]devops[ \t]login|kinit|cryptsetup|smbpasswd|su[ \t]|sudo[ \t]+-S|-S\b|"
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
