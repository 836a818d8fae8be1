"""Our hops, compared with the output of ``ssh -G``: fixed cases from several projects, and generated ones.

The client's hops are compared with its own output. The reader, where there is no client, must agree or refuse the file.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from plugins.ssh import expansion, openssh
from plugins.ssh.config import SshConfig
from plugins.ssh.config_syntax import CA_ALGORITHMS, plain_jump
from plugins.ssh.errors import SshError
from plugins.ssh.hop import Hop
from tests.ssh.ssh_config_files import ALIASES, USER, bent, files, generated


def _version() -> tuple[int, int]:
    """The version of OpenSSH in ``ssh -V``: ``OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.20``."""
    if not shutil.which("ssh"):
        return 0, 0
    output = subprocess.run(["ssh", "-V"], capture_output=True, text=True, timeout=60, check=False).stderr
    match = re.match(r"OpenSSH_(?:for_Windows_)?(\d+)\.(\d+)", output)
    return (int(match[1]), int(match[2])) if match else (0, 0)


VERSION = _version()
#: Before 8.7 a comment after a value was an error, and a backslash was not an escape.
pytestmark = pytest.mark.skipif(VERSION < (8, 7), reason="OpenSSH 8.7 or later is not installed")
#: The reader has the rules of these; 10.0 and 10.6 read one and two of 2,000 generated files differently (`Match
#: !final`).
READS_ALIKE = VERSION < (10, 0)

ENVIRONMENT = {"FIELD_DIR": "/srv/field", "FIELD_NAME": "berta"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.delenv("FIELD_UNSET", raising=False)


def printed(path: Path, alias: str) -> dict[str, list[str]] | None:
    """The output of ``ssh -G``; None if it refuses."""
    done = subprocess.run(
        ["ssh", "-G", "-F", path, alias],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    return None if done.returncode else parsed(done.stdout)


def parsed(text: str) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for line in text.split("\n"):
        name, _, value = line.partition(" ")
        values.setdefault(name, []).append(value)
    return values


@cache
def _knows_the_default() -> bool:
    """Whether this machine's ssh has the same default CASignatureAlgorithms as 9.2, which the reader uses."""
    done = subprocess.run(["ssh", "-G", "-F", "none", "x"], capture_output=True, text=True, timeout=60, check=True)
    return parsed(done.stdout)["casignaturealgorithms"] == [",".join(CA_ALGORITHMS)]


def by_rules(hop: Hop | None) -> Hop | None:
    """Without the default of CASignatureAlgorithms, which differs between versions of ssh."""
    return hop if hop is None or _knows_the_default() else replace(hop, ca_algorithms=())


def alike(by_reader: Hop | None, by_client: Hop | None) -> bool:
    """Whether the reader's result is that of ssh, if it has the rules of this version."""
    return by_rules(by_reader) == by_rules(by_client) or not READS_ALIKE


def ours(path: Path, alias: str, *, reader: bool = False, run: openssh.Run = openssh._run) -> Hop | None:
    """The last login on the way; None if the configuration is refused."""
    try:
        config = SshConfig([path], find_client=(lambda: None) if reader else (lambda: shutil.which("ssh")))
        if config._openssh:
            config._openssh._run = run
        return config._hop((alias, None, None, None, None))
    except SshError:
        return None


def compared(hop: Hop) -> dict[str, object]:
    """The values that ``ssh -G`` prints in their final form."""
    shown: dict[str, object] = {
        "hostname": hop.address,
        "user": hop.user,
        "port": str(hop.port),
        "identitiesonly": "yes" if hop.identities_only else "no",
        "userknownhostsfile": " ".join(map(str, hop.user_known_hosts)).replace("//", "/"),
        "globalknownhostsfile": " ".join(map(str, hop.global_known_hosts)).replace("//", "/"),
        "hostkeyalias": hop.known_as,
        "connecttimeout": f"{hop.connect_timeout:.0f}" if hop.connect_timeout else "none",
        "proxyjump": hop.jump,
        "casignaturealgorithms": ",".join(hop.ca_algorithms),
    }
    return shown


def expected(values: dict[str, list[str]]) -> dict[str, object]:
    def one(name: str) -> str:
        value = values.get(name, [""])[0]
        return "" if value == "none" and name not in ("connecttimeout", "user", "hostname") else value

    shown = {name: one(name) for name in ("hostname", "user", "port", "userknownhostsfile", "globalknownhostsfile")}
    for name in ("userknownhostsfile", "globalknownhostsfile"):  # normalize paths
        shown[name] = re.sub(r"(?<=[^ ])/(?= |$)", "", re.sub("/+", "/", shown[name]))
    shown |= {name: one(name) for name in ("hostkeyalias", "proxyjump", "casignaturealgorithms")}
    shown["proxyjump"] = plain_jump(shown["proxyjump"]) if shown["proxyjump"] else ""
    seconds = one("connecttimeout")
    return {
        **shown,
        "identitiesonly": one("identitiesonly"),
        "connecttimeout": "none" if seconds in ("", "0") else seconds,
    }


# --- fixed cases --------------------------------------------------------------------------------------------------

HOME = str(expansion.home())
HOST, SHORT = os.uname().nodename, os.uname().nodename.partition(".")[0]
KNOWN = "user_known_hosts"

#: id -> configuration, alias, the hop's values (None: ssh refuses), other files. S.. are from public reports.
CASES: dict[str, tuple[str, str, dict[str, object] | None, dict[str, str]]] = {
    "S01 the vendor's Match final all": (
        "Include @DIR@/d/*.conf\n",
        "vm-a",
        {"port": 22, "address": "vm-a"},
        {
            "d/50-redhat_conf": "Match final all\n\tInclude @DIR@/openssh.config\n\tGSSAPIAuthentication yes\n",
            "openssh.config": "Ciphers aes256-ctr\n",
        },
    ),
    "S13": ('Match final all\n IdentityAgent "~/.1password/agent.sock"\n', "vm-a", {"agent": f"{HOME}/.1password/agent.sock"}, {}),
    "S04 Match Host": ("Match Host vm-b\n HostName 10.0.0.9\n User root\nHost *\n User azureuser\n", "vm-a", {"address": "vm-a", "user": "azureuser"}, {}),
    "S05 Match OriginalHost": ("Match OriginalHost vm-b\n Port 2222\n", "vm-a", {"port": 22}, {}),
    "S06 Match All": ("Host vm-a\n Port 7\nMatch All\n User azureuser\n", "vm-a", {"user": "azureuser", "port": 7}, {}),
    "MATCH HOST": ("MATCH HOST vm-a\n PORT 2222\n", "vm-a", {"port": 2222}, {}),
    "Match !Host": ("Match !Host vm-b\n Port 2222\n", "vm-a", {"port": 2222}, {}),
    "Match !all": ("Match !all\n Port 2222\n", "vm-a", {"port": 22}, {}),
    "Match User": ("Match User anna\n Port 2\nMatch LocalUser nobody-here\n Port 3\nHost *\n Port 4\n", "vm-a", {"port": 4}, {}),
    "Match host with the case of the alias": ("Match host vm-a\n Port 3\nHost vm-a\n User anna\n", "VM-A", {"port": 3, "user": USER, "address": "vm-a"}, {}),
    "Match exec": ('Match exec "test %h = vm-a"\n Port 3\n', "vm-a", {"port": 3}, {}),
    "Match Exec that fails": ("Match Exec false\n Port 3\n", "vm-a", {"port": 22}, {}),
    "S08 Match keyword=value": ("Match host=*\n User x\n", "vm-a", {"user": "x"}, {}),
    "Match canonical": ("Match canonical\n Port 3\n", "vm-a", {"port": 22}, {}),
    "Match canonical in the final pass": ("Match canonical\n Port 3\nMatch final\n User x\n", "vm-a", {"port": 3, "user": "x"}, {}),
    "Match final loses": ("Match final\n Port 3\nHost *\n Port 4\n", "vm-a", {"port": 4}, {}),
    "Match without words": ("Match\n Port 3\n", "vm-a", None, {}),
    "S36 quotes at both ends": (
        'ProxyCommand "/usr/bin/nc" -x "proxy:3128" "%h" "%p"\n',
        "vm-a",
        {"proxy_command": '"/usr/bin/nc" -x "proxy:3128" "vm-a" "22"'},
        {},
    ),
    "S40": ('UserKnownHostsFile "/a b/known" "/c d/known"\n', "vm-a", {KNOWN: ("/a b/known", "/c d/known")}, {}),
    "escaped blanks": ("UserKnownHostsFile /a\\ b/known '/c d'\n", "vm-a", {KNOWN: ("/a b/known", "/c d")}, {}),
    "S15 comments": ("Match user git    # only the git user\n Port 2022\nMatch all    # end match\n User x\n", "vm-a", {"user": "x", "port": 22}, {}),
    "S16": ("Host vm-a # Tom's machine\n HostName 10.0.0.4\n", "vm-a", {"address": "10.0.0.4"}, {}),
    "S17": ("Host vm-a\n Port 2222 # nat\n", "vm-a", {"port": 2222}, {}),
    "S17c": ("Host vm-a\n User azureuser # made by terraform\n", "vm-a", {"user": "azureuser"}, {}),
    "a comment without a blank is none": ("User azure#user\n", "vm-a", {"user": "azure#user"}, {}),
    "S18 canonical names without domains": ("CanonicalizeHostname yes\nHost vm-a\n HostName 10.0.0.4\n", "vm-a", {"address": "10.0.0.4"}, {}),
    "S19": (
        "CanonicalizeHostname yes\nCanonicalDomains corp.invalid\nHost vm-a\n HostName 10.0.0.4\n",
        "vm-a",
        {"address": "10.0.0.4"},
        {},
    ),
    "S19c not with a jump host": ("CanonicalizeHostname yes\nCanonicalDomains invalid\nHost vm-a\n ProxyJump gw\n", "vm-a", {"address": "vm-a", "jump": "gw"}, {}),
    "a canonical name": (
        "CanonicalizeHostname yes\nCanonicalDomains localdomain\nCanonicalizeMaxDots 0\nHost localhost.localdomain\n Port 3\n",
        "localhost",
        {},
        {},
    ),
    "Host blocks of the canonical name": ("CanonicalizeHostname always\nHost vm-a\n HostName 127.0.0.1\nHost 127.0.0.1\n Port 3\n", "vm-a", {"port": 3}, {}),
    "S20b units of time": ("ConnectTimeout 1m\n", "vm-a", {"connect_timeout": 60.0}, {}),
    "1h30m": ("ConnectTimeout 1h30m5s\n", "vm-a", {"connect_timeout": 5405.0}, {}),
    "none": ("ConnectTimeout none\n", "vm-a", {"connect_timeout": None}, {}),
    "S22 %h is the host name": ("Host vm-*\n ProxyCommand nc %h %p\n HostName %h.example.com\n", "vm-a", {"proxy_command": "nc vm-a.example.com 22"}, {}),
    "S52": ("Host vm-*\n HostName %h.example.com\nMatch host vm-a.example.com\n User azureuser\n", "vm-a", {"user": "azureuser"}, {}),
    "S23 %k": ("UserKnownHostsFile ~/.ssh/known_hosts.d/%k\n", "vm-a", {KNOWN: (f"{HOME}/.ssh/known_hosts.d/vm-a",)}, {}),
    "%k with an alias": ("HostKeyAlias Web\nUserKnownHostsFile /x/%k\n", "vm-a", {KNOWN: ("/x/web",), "known_as": "web"}, {}),
    "S24 a variable": ("IdentityAgent ${FIELD_DIR}/ssh-agent.socket\n", "vm-a", {"agent": "/srv/field/ssh-agent.socket"}, {}),
    "a variable by its old name": ("IdentityAgent $FIELD_DIR\n", "vm-a", {"agent": "/srv/field"}, {}),
    "the usual agent by name": ("IdentityAgent SSH_AUTH_SOCK\n", "vm-a", {"agent": ""}, {}),
    "no agent": ("IdentityAgent none\n", "vm-a", {"agent": ""}, {}),
    "a variable that is not set": ("IdentityFile ${FIELD_UNSET}/x\n", "vm-a", None, {}),
    "an agent whose variable is not set": ("Host other\n IdentityAgent ${FIELD_UNSET}/x\n", "vm-a", None, {}),
    "S65": ("Host vm-a\n HostName 10.0.0.4\n IdentityFile ~/.ssh/%n\n", "vm-a", {"identity_files": (f"{HOME}/.ssh/vm-a",)}, {}),
    "all tokens of files": (
        "Host vm-a\n HostName 10.0.0.4\n User anna\n Port 7\n IdentityFile /k/%d/%h/%i/%k/%L/%l/%n/%p/%r/%u/%%/${FIELD_NAME}\n",
        "vm-a",
        {"identity_files": (f"/k{HOME}/10.0.0.4/{os.getuid()}/vm-a/{SHORT}/{HOST}/vm-a/7/anna/{USER}/%/berta",)},
        {},
    ),
    "all tokens of a ProxyCommand": (
        "Host vm-a\n HostName 10.0.0.4\n User anna\n Port 7\n ProxyCommand x %h %k %n %p %r %% ${FIELD_NAME} $HOME\n",
        "vm-a",
        {"proxy_command": "x 10.0.0.4 vm-a vm-a 7 anna % ${FIELD_NAME} $HOME"},
        {},
    ),
    "%u in a ProxyCommand": ("ProxyCommand x %u\n", "vm-a", None, {}),
    "an unknown token": ("CertificateFile ~/%z\n", "vm-a", None, {}),
    "S66": ("User azureuser\nIdentityAgent ~/.ssh/agent-%r\n", "vm-a", {"agent": f"{HOME}/.ssh/agent-azureuser"}, {}),
    "S30 a comma is no separator in Host": ("Host vm-a,vm-b\n User wrong\nHost *\n User azureuser\n", "vm-a", {"user": "azureuser"}, {}),
    "a comma separates in Match": ("Match host vm-a,vm-b\n User anna\n", "vm-a", {"user": "anna"}, {}),
    "negated in Match": ("Match host *,!vm-a\n User anna\nHost *\n User berta\n", "vm-a", {"user": "berta"}, {}),
    "brackets are no wildcard": ("Host vm-[ab]\n User anna\nHost *\n User berta\n", "vm-a", {"user": "berta"}, {}),
    "a question mark": ("Host vm-?\n User anna\n", "vm-a", {"user": "anna"}, {}),
    "only negated": ("Host !vm-b\n User anna\nHost *\n User berta\n", "vm-a", {"user": "berta"}, {}),
    "quotes around a pattern": ('Host "vm-a"\n User anna\n', "vm-a", {"user": "anna"}, {}),
    "S31 the final pass": (
        "Host alias\n HostName real.example.com\nHost real.example.com\n User realuser\nMatch final host nobody\n Port 1\n",
        "alias",
        {"user": "realuser", "port": 22},
        {},
    ),
    "S37 yes and true": ("IdentitiesOnly true\nIdentityFile ~/.ssh/one\n", "vm-a", {"identities_only": True}, {}),
    "NO": ("IdentitiesOnly NO\n", "vm-a", {"identities_only": False}, {}),
    "S42 ProxyCommand none": ("Host vm-a\n ProxyCommand none\nHost * !gw\n ProxyJump gw\n", "vm-a", {"jump": "", "proxy_command": ""}, {}),
    "ProxyJump none lets a ProxyCommand follow": ("Host vm-a\n ProxyJump none\nHost *\n ProxyCommand nc %h %p\n", "vm-a", {"jump": "", "proxy_command": "nc vm-a 22"}, {}),
    "ProxyJump none and another": ("Host vm-a\n ProxyJump none\nHost *\n ProxyJump gw\n", "vm-a", {"jump": "", "proxy_command": ""}, {}),
    "the first of both": ("ProxyCommand nc %h %p\nProxyJump gw\n", "vm-a", {"jump": "", "proxy_command": "nc vm-a 22"}, {}),
    "the first of both, the other way": ("ProxyJump gw\nProxyCommand nc %h %p\n", "vm-a", {"jump": "gw", "proxy_command": ""}, {}),
    "a jump host with a comment": ("ProxyJump gw # ours\n", "vm-a", {"jump": "gw"}, {}),
    "a jump host that is the host": ("ProxyJump vm-a\n", "vm-a", None, {}),
    "S47 the home of another": ("IdentityFile ~nobody/.ssh/id\n", "vm-a", {"identity_files": (os.path.expanduser("~nobody/.ssh/id"),)}, {}),
    "S62 a doubled backslash": ("User CORP\\\\anna\n", "vm-a", {"user": "CORP\\anna"}, {}),
    "a single backslash": ("User CORP\\anna\n", "vm-a", {"user": "CORP\\anna"}, {}),
    "two certificates": ("CertificateFile /a\nCertificateFile /b\nCertificateFile /a\n", "vm-a", {"certificates": ("/a", "/b")}, {}),
    "the same key twice": ("IdentityFile /a\nIdentityFile /a\n", "vm-a", {"identity_files": ("/a",)}, {}),
    "no key": ("IdentityFile none\n", "vm-a", {"identity_files": (), "default_files": False}, {}),
    "an address in short": ("", "10.1", {"address": "10.0.0.1"}, {}),
    "IPv6 in long": ("Host vm-a\n HostName FD00:0:0:0::4\n", "vm-a", {"address": "fd00::4"}, {}),
    "a host name in capitals": ("HostName VM.Example.COM\n", "vm-a", {"address": "vm.example.com"}, {}),
    "an equals sign": ("Port=7\nUser = anna\nHostName= 10.0.0.4\n", "vm-a", {"port": 7, "user": "anna", "address": "10.0.0.4"}, {}),
    "the port by name": ("Port ssh\n", "vm-a", {"port": 22}, {}),
    "CRLF": ("Host vm-a\r\n User anna\r\n Port 7\r\n", "vm-a", {"user": "anna", "port": 7}, {}),
    "CAs added": ("CASignatureAlgorithms -ecdsa*\n", "vm-a", {}, {}),
    "CAs in front": ("CASignatureAlgorithms ^rsa-sha2-512\n", "vm-a", {}, {}),
    "algorithms that no hop has": ("Ciphers +aes256-ctr\nMACs -hmac-sha1*\nKexAlgorithms ^ecdh-sha2-nistp256\nPort 7\n", "vm-a", {"port": 7}, {}),
    "an unknown keyword": ("Porto 7\n", "vm-a", None, {}),
    "an unknown keyword that is to be ignored": ("IgnoreUnknown Porto,UseKey*\nPorto 7\nUseKeyring yes\nPort 7\n", "vm-a", {"port": 7}, {}),
    "an include in a block that does not match": ("Host vm-b\n Include @DIR@/more\nHost *\n User anna\n", "vm-a", {"port": 22, "user": "anna"}, {"more": "Port 7\nHost vm-a\n Port 8\n"}),
    "an include leaves its Host lines behind": ("Host vm-a\n Include @DIR@/more\n Port 9\n", "vm-a", {"port": 9, "user": USER}, {"more": "Host vm-b\n User berta\n"}),
    "an include of a folder, for a name of digits": ("Include @DIR@/d\nPort 7\n", "1.2.3.4.5", {"port": 7, "address": "1.2.3.4.5"}, {"d/more": "Port 8\n"}),
    "quotes without an end": ('User "anna\n', "vm-a", None, {}),
    "two values": ("User anna berta\n", "vm-a", None, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_known_kinds(tmp_path: Path, name: str) -> None:
    config, alias, right, more = CASES[name]
    path = files(tmp_path, config, **more)
    values, by_client, by_reader = printed(path, alias), ours(path, alias), ours(path, alias, reader=True)
    if right is None:
        assert by_client is None, by_client
        assert by_reader is None, by_reader
        return
    assert by_client is not None
    assert values is not None
    for key, value in right.items():
        got = getattr(by_client, key)
        assert (tuple(map(str, got)) if isinstance(got, tuple) else got) == value, key
    assert compared(by_client) == expected(values)
    assert by_rules(by_reader) in (by_rules(by_client), None)
    refused = name.startswith(("S18", "S19")) or "canonical name" in name
    assert (by_reader is None) == refused, "the reader refuses canonical names only"


def test_files_and_commands_are_what_ssh_uses(tmp_path: Path) -> None:
    """``ssh -v`` prints the files that it reads and the command that it runs."""
    path = files(
        tmp_path,
        "Host vm-a\n HostName 10.0.0.4\n User anna\n Port 7\n HostKeyAlias Web\n IdentitiesOnly yes\n IdentityAgent none\n"
        " IdentityFile @DIR@/%d/%h/%i/%k/%L/%l/%n/%p/%r/%u/%%/${FIELD_NAME}/%C\n IdentityFile ~/none-%n\n"
        " CertificateFile @DIR@/%r-%k-cert.pub\n"
        " ProxyCommand true %h %k %n %p %r %% ${FIELD_NAME}; false\n",
    )
    done = subprocess.run(
        ["ssh", "-v", "-F", path, "-o", "BatchMode=yes", "vm-a"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    hop = ours(path, "vm-a")
    assert hop is not None
    lines = [line.rstrip("\r").removeprefix("debug1: ") for line in done.stderr.splitlines()]
    used = [line.split()[2] for line in lines if line.startswith("identity file ")]
    for file in hop.identity_files:
        assert str(file) in [str(Path(name)) for name in used]
    assert f"Executing proxy command: exec {hop.proxy_command}" in lines
    certificates = [line.split()[2] for line in lines if line.startswith("certificate file ")]
    assert [str(file) for file in hop.certificates] == certificates or not certificates


# --- generated ones -----------------------------------------------------------------------------------------------


def difference(folder: Path, seed: int, alias: str) -> tuple[str, str]:
    """The result for one file and alias, and the error in it, or "".

    ssh runs once: this test reads again what it printed for our client.
    """
    path = generated(folder, seed)
    runs: list[tuple[int, str, str]] = []

    def run(program: str, *arguments: str) -> tuple[int, str, str]:
        runs.append(openssh._run(program, *arguments))
        return runs[-1]

    by_client, by_reader = ours(path, alias, run=run), ours(path, alias, reader=True)
    values = None if runs[-1][0] else parsed(runs[-1][1])
    text = "\n".join(f"--- {file.name}\n{file.read_text()}" for file in sorted(path.parent.iterdir()))
    if values is None:
        wrong = by_client is not None or (by_reader is not None and READS_ALIKE)
        return "refused by ssh", f"{alias}: {by_client} {by_reader}\n{text}" if wrong else ""
    if by_client is None:  # unknown tokens, which ssh refuses only when it uses them; ambiguous blanks
        unclear = "%n" in values["hostname"][0] or " " in values["userknownhostsfile"][0]
        return "refused by us", "" if by_reader is None and unclear else f"{alias}: {values}\n{text}"
    if compared(by_client) != expected(values):
        return "different", f"{alias}: {compared(by_client)}\n{expected(values)}\n{text}"
    if by_reader is None:
        return "refused by the reader", ""
    return "equal", "" if alike(by_reader, by_client) else f"{alias}: client {by_client}\nreader {by_reader}\n{text}"


#: Without `make fuzz`, only the first of its seeds.
FUZZ = "FUZZ_EXAMPLES" in os.environ
GENERATED = 2_000 if FUZZ else 500


def batches() -> list[list[tuple[int, str]]]:
    """(seed, alias) for each file."""
    cases = [(seed, ALIASES[seed % len(ALIASES)]) for seed in range(GENERATED)]
    return [cases[begin : begin + 250] for begin in range(0, len(cases), 250)]


@pytest.mark.parametrize("batch", batches(), ids=lambda batch: f"{batch[0][0]}-{batch[-1][0]}")
def test_generated_configurations(tmp_path: Path, batch: list[tuple[int, str]]) -> None:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda case: difference(tmp_path, *case), batch))
    wrong = [text for _, text in results if text]
    assert not wrong, f"{len(wrong)} of {len(results)} differ, for example:\n{wrong[0]}"
    ends = Counter(end for end, _ in results)
    assert ends["equal"] > 0.4 * len(results), f"most files have to be readable: {ends}"


IGNORED = ("ciphers", "stricthostkeychecking", "sendenv", "localforward", "serveraliveinterval")


def test_bent_configurations(tmp_path: Path) -> None:
    """Files with typing errors: the reader gives the same result as ssh, or refuses."""
    ends: Counter[str] = Counter()
    for seed in range(20_000, 20_600 if FUZZ else 20_250):
        made = bent(seed)
        if made is None:
            continue
        path, alias = files(tmp_path / str(seed), made[0], **made[1]), ALIASES[seed % len(ALIASES)]
        by_reader = ours(path, alias, reader=True)
        code, text, errors = openssh._run("ssh", "-F", str(path), "-oControlPath=%C", "--", alias)
        if code:
            place = re.search(r"^(.+?):? line (\d+): ", errors, re.MULTILINE)
            line = Path(place[1]).read_bytes().decode().split("\n")[int(place[2]) - 1] if place else ""
            ignored = line.strip(" \t\r\x0b\x0c=").lower().startswith(IGNORED)
            assert by_reader is None or ignored or not READS_ALIKE, (errors, made)
            ends["refused by ssh"] += 1
        elif by_reader is not None:
            by_client = ours(path, alias, run=lambda *_, done=(code, text, errors): done)
            assert by_client is not None
            assert alike(by_reader, by_client), (alias, made)
            assert compared(by_client) == expected(parsed(text)), (alias, made)
            ends["equal"] += 1
    assert ends["equal"] > (50 if FUZZ else 20), ends
