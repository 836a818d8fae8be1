r"""Secrets among the arguments of tools: which tool, which of its options, and where the value ends.

``set -x`` in a script of cloud-init is enough to put these into a log. A command may go on in the next line, behind a
backslash, a backtick (PowerShell) or a caret (cmd). A value is a shell's word, in quotes or without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from plugins.core.secret_needles import OPTION

#: A word of a shell: in quotes to their end, or up to white space or an operator.
WORD = (
    r"(?:(?P<q>\\*[\"'])(?P<secret>(?:(?!(?P=q))(?:\\.|[^\n]))++)"
    r"|(?P<bare>(?:\\(?![\n\"']).|[^\s\"'|<>;&\\]|[;&](?=[^\s;&|])|(?<=[^\s\"'])[\"'](?=\w))++))"
)
GAP = r"(?:[ \t]|\\\r?\n|`\r?\n|\^\r?\n)"
_THEN = rf"(?:{GAP}{{1,9}}|=)"  # between an option and its value


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
            rf"\b(?<![.-])(?:{tool})(?:\.exe|\.cmd)?[\"']?(?={GAP})(?P<rest>(?:[^\n|]|(?<=[\\`^])\n|(?<=[\\`^]\r)\n)++)",
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

#: What stands behind -p beside a user and is not a password: a port, a level of the journal, a path, a mode.
_NO_PASSWORD = (
    r"\A(?!-[A-Za-z-]|[.~]{0,2}/|[\d:,./]+(?:/\w+)?\Z|"
    r"(?:emerg|alert|crit|err|error|warning|notice|info|debug|tcp|udp|icmp|all)\b)"
)
_ARGUMENT = r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'-]\S*)"  # of an option

#: What a line must hold, a tool, and an option whose value is the secret.
_PLAIN: tuple[tuple[str, str, str], ...] = (
    ("--key-value", "az", "--key-value"),
    ("kubeadm", "kubeadm", "--certificate-key"),
    ("keytool jarsigner", "keytool|jarsigner", r"-\w*(?:storepass|keypass)(?::env)?"),
    ("keytool -storepasswd", "keytool", "-new"),
    ("swaks", "swaks", "-ap"),
    (
        "p4 -|p4.exe|certmonger|getcert|knife|ykman|vmware-cmd|vmrun|mosquitto",
        r"p4|certmonger|i?pa-?getcert|knife|ykman|vmware-cmd|vmrun|agent-auth|mosquitto_\w+",
        "-P",
    ),
    ("ipa-|ipa ", r"ipa(?:-[\w-]+)?", "-w"),
    ("swift", "swift", "-K"),
    ("dotnet nuget|nuget push", "dotnet|nuget", "-(?:k|ApiKey)"),
    ("racadm useradd usermod", "racadm|user(?:add|mod)", "-p"),
    ("certutil paexec paexec64", r"(?i:certutil|paexec\w*)", "-[pP]"),
    ("obscure", "rclone", "obscure"),
    ("suseconnect", "SUSEConnect", "-(?:r|-regcode)"),
    ("ldappasswd", "ldappasswd", "-[sa]"),
    ("redis-cli", "redis-cli", "-a"),
    ("evil-winrm", "evil-winrm", "-H"),
    ("az container|az vm extension|az vmss extension", "az", "--(?:secure-environment-variables|protected-settings)"),
    ("secret-set-value", "virsh", "--base64"),
    ("hdbuserstore", "hdbuserstore", rf"(?i:set)(?:{GAP}{{1,9}}(?!-)\S++){{3}}"),
)

ARGUMENTS: tuple[Tool, ...] = (
    *(Tool(needles, tool, option + _THEN) for needles, tool, option in _PLAIN),
    # any tool that is given a user, and a password behind it: -u anna -p x, -U anna -P x, -D cn=anna -w x
    Tool(
        "-p",
        r"[\w.-]+",
        rf"-(?:[uUx]|user|username)(?:{GAP}{{1,9}}|[=:])?{_ARGUMENT}(?:{GAP}{{1,9}}--?[\w-]+(?:(?:{GAP}{{1,9}}|=){_ARGUMENT})?){{0,4}}"
        rf"{GAP}{{1,9}}-[pP](?:{GAP}{{1,9}}|[=:]|(?=['\"]))",
        value=_NO_PASSWORD,
        command=r"^(?!(?:mysql|mariadb)\w*\s)",
    ),
    # user:password: behind -u, among short options (-sSu), glued (-ua:b)
    Tool("curl", "curl", rf"(?:-[A-Za-z#]*?[uU](?:{GAP}{{1,9}}|=)?|--(?:proxy-)?user{_THEN})", value=_LOGIN),
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
        rf"(?:(?:add-)?authtoken|login|auth(?:{GAP}{{1,9}}(?:init{GAP}{{1,9}}-t|token))?|setapikey|unwrap|set-initial-password|"
        rf"secret-set-value{GAP}{{1,9}}\S++|passwd|AUTH){GAP}{{1,9}}(?!-|(?:login|logout|init|list|token|switch|whoami|"
        rf"signup|docker)\b)",
    ),
    Tool(
        "config http-basic|pypi-token",
        "poetry",
        rf"config{GAP}{{1,9}}(?:http-basic\S+{GAP}{{1,9}}\S+|pypi-token\S+){GAP}{{1,9}}",
    ),
    # all values of a secret, whatever their names
    Tool("--from-literal", r"kubectl|oc|k3s|microk8s", rf"--from-literal{_THEN}[\"']?[\w.-]++="),
    Tool(
        "kv put|kv patch",
        "vault|bao",
        r"(?<=[ \t])(?!-)(?!method=|role_id=|username=|path=|ttl=)[\w.-]++=(?!@)",
        command=r"\bkv[ \t]+(?:put|patch)\b",
    ),
    Tool(
        "openssl mkpasswd",
        rf"openssl{GAP}{{1,9}}passwd|mkpasswd",
        rf"(?:-(?:[156]|apr1|aixmd5|s)|-m{GAP}{{1,9}}\S+|--method\S*|-salt{GAP}{{1,9}}\S+|-S{GAP}{{1,9}}\S+){GAP}{{1,9}}(?!-)",
    ),
    Tool("openssl", "openssl", rf"-(?:macopt|pkeyopt|sigopt|kdfopt){_THEN}[\"']?(?:hex)?(?:key|pass|secret):"),
    Tool(
        "gitlab-runner|elastic-agent|newrelic|icinga2",
        r"gitlab-runner|elastic-agent|newrelic|icinga2",
        rf"(?:-[rtk]|--ticket){_THEN}",
        command=r"\b(?:register|enroll|install|setup)\b",
    ),
    Tool(
        "signtool dsquery dsget ldifde csvde repadmin",
        r"signtool|ds(?:query|get)|ldifde|csvde|repadmin",
        rf"[/-](?:pw?|b{GAP}{{1,9}}\S++{GAP}{{1,9}}\S++)(?::|{GAP}{{1,9}})(?![/*-])",
        flags=re.I,
    ),
    Tool(
        "mc alias|mc config|authorize-account",
        r"mc|b2|mcli",
        rf"(?:https?://\S++{GAP}{{1,9}}\S++|authorize-account{GAP}{{1,9}}\S++){GAP}{{1,9}}(?!-)",
    ),
    Tool("mosquitto_passwd", "mosquitto_passwd", rf"-\w*b\w*{GAP}{{1,9}}\S++{GAP}{{1,9}}\S++{GAP}{{1,9}}"),
    Tool("isql", r"i(?:usql|sql)", rf"(?<=[ \t])[^\s-]\S*+{GAP}{{1,9}}[^\s-]\S*+{GAP}{{1,9}}(?!-)"),
    Tool("iwconfig", "iwconfig|iw", rf"key{GAP}{{1,9}}(?:s:|(?=\d))"),
    Tool("smbclient", "smbclient", rf"(?://|\\\\)\S++{GAP}{{1,9}}(?!-)"),
    Tool("rclone", "rclone", rf"\b\w*(?:pass|token|key|secret)(?:{GAP}{{1,9}}|=)(?!-)", command=r"\bconfig\s"),
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
    Tool("rabbitmqctl", "rabbitmqctl", rf"(?:add_user|change_password|authenticate_user){GAP}{{1,9}}\S+{GAP}{{1,9}}"),
    Tool("bitsadmin", "bitsadmin", rf"(?:BASIC|DIGEST|NTLM|NEGOTIATE){GAP}{{1,9}}\S+{GAP}{{1,9}}", flags=re.I),
    Tool("attach", "pro|ua|ubuntu-advantage", rf"attach{GAP}{{1,9}}(?!-)"),
    Tool("sqlplus|sqlldr|expdp|impdp|rman ", "sqlplus|sqlldr|expdp|impdp|rman", r"(?=\w[^\s/]*/[^\s/]+@)[^\s/]+/"),
    Tool("7z 7za 7zr 7zz 7zip", r"7z\w{0,2}", r"-p(?=\S)"),
    Tool("rar unrar", r"(?:un)?rar", r"-h?p(?=[^\s-])"),
    Tool("zip unzip zipcloak", r"(?:un)?zip(?:cloak)?", rf"-\w*P(?:{GAP}{{1,9}})?"),
    Tool("openssl", "openssl", rf"-pass(?:in|out)?{_THEN}[\"']?pass:"),
    Tool("openssl", "openssl", rf"-(?:[kK]|passwd|password|hmac|psk){GAP}{{1,9}}(?!-|(?:pass|env|file|fd|stdin)\b)"),
    Tool(
        "net user|net1 user|net.exe|net1.exe|net  user|net    user|net   user",
        "net1?",
        rf"user{GAP}{{1,9}}(?:\"[^\"\n]++\"|'[^'\n]++'|[^\s/\"']++){GAP}{{1,9}}(?![/*])",
        flags=re.I,
    ),
    Tool(
        "net use|net1 use|net.exe",
        "net1?",
        rf"use{GAP}{{1,9}}(?:\S:{GAP}{{1,9}}|\*{GAP}{{1,9}})?\\\\\S++{GAP}{{1,9}}(?:/u(?:ser)?:\S++{GAP}{{1,9}})?(?![/*])",
        flags=re.I,
    ),
    Tool(
        "cmdkey schtasks wmic winrs netdom djoin psexec dsadd dsmod psexec64 ktpass wevtutil wbadmin certreq",
        r"ktpass|wevtutil|wbadmin|certreq|cmdkey|schtasks|wmic|winrs|netdom|djoin|psexec\w*|dsadd|dsmod",
        rf"[/-](?:pass(?:word)?d?|pwd|rp|p|pd|po|up)(?:[:=]{GAP}?|{GAP}{{1,9}})(?![/*])",
        flags=re.I,
    ),
    Tool("/rp", r"\w\S*", rf"/rp(?::|{GAP}{{1,9}})(?![/*])", flags=re.I),
    Tool("ldap", r"ldap\w+", rf"-w(?:{GAP}{{1,9}})?"),
    Tool(
        "smb|rpcclient|net ads|net rpc|wmiexec|winexe",
        r"smb\w+|rpcclient|net|wmiexec|winexe",
        rf"(?:-U|--user)(?:{_THEN})?[\"']?[^\s%\"']++%",
    ),
    Tool("sqlcmd|bcp |osql|isql|tsql", "sqlcmd|bcp|osql|isql|tsql", rf"[-/]P{GAP}{{0,9}}"),
    Tool("ipmi", r"ipmi\w*(?:-\w+)?", rf"-[Pp](?:{GAP}{{1,9}}|(?=['\"]))(?!\d+\b)"),
    Tool("snmp", r"(?:net-)?snmp[\w-]+", rf"-[AX]{GAP}{{1,9}}(?!/)|-c(?:{GAP}{{1,9}})?(?!/)"),
    Tool(
        "htpasswd",
        "htpasswd",
        rf"(?:-\w+{GAP}{{1,9}}){{0,4}}(?:-\w*b\w*{GAP}{{1,9}}(?:-\w+{GAP}{{1,9}}){{0,4}}(?:[^\s-]\S*+{GAP}{{1,9}})|-(?=\w*n)\w*b\w*{GAP}{{1,9}})"
        rf"[^\s-]\S*+{GAP}{{1,9}}",
    ),
    Tool("wpa_passphrase", "wpa_passphrase", rf"(?:\"[^\"\n]*\"|'[^'\n]*'|\S++){GAP}{{1,9}}"),
    Tool("nmcli", "nmcli", rf"(?:password|wep-key\d?|\S*psk){GAP}{{1,9}}"),
    Tool("vault", "vault", rf"(?:login|unseal){GAP}{{1,9}}(?:-\S++{GAP}{{1,9}}){{0,4}}(?![\w-]+=|-)"),
    Tool("freerdp rdesktop", r"[xw]freerdp\d?|rdesktop", rf"(?:/p:|-p{GAP}{{1,9}})"),
    Tool("lftp ncftp", r"lftp|ncftp\w*", rf"(?:-u{GAP}{{1,9}}[^\s,]++,|-p{GAP}{{1,9}})"),
    Tool("ssh-keygen", "ssh-keygen", rf"-[NP]{GAP}{{1,9}}(?![\"']{{2}})"),
    Tool("ansible", r"ansible\S*", rf"--(?:vault|become)-pass\w*{GAP}{{1,9}}(?=[^\s/-])"),
)
