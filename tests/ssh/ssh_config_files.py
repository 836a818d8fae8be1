"""ssh_config files for tests: fixed ones, and random ones, which are the same for the same seed."""

from __future__ import annotations

import random
from pathlib import Path

from plugins.model import Vm
from plugins.ssh import expansion
from plugins.ssh.config import SshConfig
from plugins.ssh.hop import Hop

USER = expansion.local_user()

ALIASES = ("vm-a", "VM-B", "web.example.com", "10.0.0.7", "vm-a.corp.invalid")
NAMES = (
    *ALIASES,
    "vm-*",
    "*",
    "!vm-a",
    "vm-?",
    "*.example.com",
    "10.*",
    "!*.invalid",
    "nothing",
    "vm-[ab]",
    "vm-a,VM-B",
)


def files(folder: Path, config: str, **more: str) -> Path:
    for name, text in {"config": config, **more}.items():
        path = folder / name.replace("__", "/").replace("_conf", ".conf")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("@DIR@", str(folder)))
    return folder / "config"


class Generator:
    """Random configuration files: every kind of line, in every spelling that OpenSSH accepts, and some wrong ones."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # the same files in every run
        self.included: dict[str, str] = {}

    def file(self, depth: int = 0) -> str:
        lines = [self.setting(depth) for _ in range(self.random.randrange(3))]
        for _ in range(self.random.randrange(1, 5)):
            lines.append(self.header())
            lines += [self.setting(depth) for _ in range(self.random.randrange(4))]
        text = self.random.choice(("\n", "\n", "\n", "\r\n")).join(lines)
        return text + self.random.choice(("\n", "", "\n\n# the end\n"))

    def case(self, word: str) -> str:
        return self.random.choice((word, word, word.lower(), word.upper(), word.title()))

    def line(self, keyword: str, value: str) -> str:
        blank = self.random.choice((" ", " ", "\t", "  ", "=", " = ", "= "))
        plain = keyword in ("Host", "Match") or keyword in CHECKED
        comment = self.random.choice(
            ("", "", "", "", " # it's a comment", '  # "quoted', "\t#x", "#y" if plain else "")
        )
        return self.random.choice(("", "  ", "\t")) + self.case(keyword) + blank + value + comment

    def header(self) -> str:
        pick = self.random.choice
        if self.random.random() < 0.55:
            return self.line("Host", " ".join(self.quoted(pick(NAMES)) for _ in range(self.random.randrange(1, 4))))
        words = []
        for _ in range(self.random.randrange(1, 3)):
            word = pick(("host", "originalhost", "user", "localuser", "final", "canonical", "exec", "host", "final"))
            mark = pick(("", "", "", "!"))
            if word in ("final", "canonical"):
                words.append(mark + self.case(word))
                continue
            value = {
                "user": pick(("anna", "a*", "root,anna", "!anna", "*", USER)),
                "localuser": pick((USER, "nobody", "*", f"!{USER}")),
                "exec": pick(("true", "false", '"test %h = vm-a"', '"test %n = vm-a"', '"test %r = anna"', '"exit 1"')),
            }.get(word, ",".join(pick(NAMES) for _ in range(self.random.randrange(1, 3))))
            words.append(mark + self.case(word) + pick((" ", " ", " ", "=", "\t")) + value)
        if self.random.random() < 0.2:
            words = [*([pick(("final", "canonical"))] if self.random.random() < 0.5 else []), self.case("all")]
        return self.line("Match", " ".join(words))

    def quoted(self, value: str) -> str:
        return self.random.choice((value, value, value, f'"{value}"', f"'{value}'"))

    def setting(self, depth: int) -> str:
        pick, chance = self.random.choice, self.random.random()
        if chance < 0.04:
            return pick(("# a comment", "", "   ", "\t# Host vm-a"))
        if chance < 0.08 and depth < 2:
            name = f"included-{len(self.included)}"
            self.included[name] = ""
            self.included[name] = self.file(depth + 1)
            return self.line("Include", pick((f"@DIR@/{name}", f'"@DIR@/{name}"', f"@DIR@/{name} @DIR@/missing")))
        if chance < 0.10:
            return pick(
                ("Port 70000", "Porto 7", 'User "anna', "IdentitiesOnly maybe", "User a b", "ConnectTimeout -1", "Port")
            )
        if chance < 0.12:
            return self.line("CanonicalizeHostname", pick(("no", "yes", "always", "false")))
        keyword = pick(tuple(VALUES))
        value = pick(VALUES[keyword])
        if keyword in ("ProxyCommand", "ProxyJump"):
            return self.random.choice(("", " ")) + self.case(keyword) + pick((" ", "=", " = ")) + value
        return self.line(keyword, value if " " in value or "\\" in value else self.quoted(value))


#: The keywords whose values we read: a wrong value must be refused.
CHECKED = (
    "HostName",
    "User",
    "Port",
    "IdentityFile",
    "CertificateFile",
    "IdentitiesOnly",
    "HostKeyAlias",
    "ConnectTimeout",
)

VALUES: dict[str, tuple[str, ...]] = {
    "HostName": ("10.0.0.4", "%h.example.com", "VM.Example.com", "fd00::4", "real.example.com", "10.1", "100%%", "%n"),
    "User": ("anna", "azureuser", "CORP\\\\anna", "'anna b'", "a\\ b", "none", "a#b", "über"),
    "Port": ("22", "2222", "0022", "ssh", "1"),
    "IdentityFile": ("~/.ssh/%n", "/k/%h-%p", "none", "${FIELD_DIR}/%r", "~nobody/id", '"/a b/id"', "/k/%d%%%u%i%L%l%k"),
    "CertificateFile": ("~/c-%r", "/c/%n", "none", "${FIELD_DIR}/c"),
    "IdentitiesOnly": ("yes", "no", "true", "FALSE", "Yes"),
    "IdentityAgent": ("none", "~/a-%r", "${FIELD_DIR}/s", "SSH_AUTH_SOCK", "$FIELD_DIR", "/run/%u/%i"),
    "ProxyCommand": ("nc %h %p", "none", '"nc" -x "a b" "%h"', "x %r %n %k %%", "x # no comment", "NONE"),
    "ProxyJump": ("gw", "anna@gw:2201", "gw1,gw2", "none", "[fd00::1]:22", "ssh://anna@gw:7", "10.0.0.1", "gw # a comment"),
    "UserKnownHostsFile": ("~/k", "/k/%k /k/%h", '"/a b/k" /c', "none", "${FIELD_DIR}/k", "/a\\ b", "~/.ssh/%n%%"),
    "GlobalKnownHostsFile": ("/etc/g", "none", "/a /b", "~/g", "/x/%h"),
    "HostKeyAlias": ("Web", "vm", "web.example.com"),
    "ConnectTimeout": ("5", "1m", "1h30m", "none", "0", "2M5s"),
    "CASignatureAlgorithms": ("+ssh-ed25519", "-ecdsa*", "^rsa-sha2-512", "rsa-sha2-256,ssh-ed25519", "-rsa-sha2-256,sk-*"),
    "Ciphers": ("+aes256-ctr", "-aes*-cbc", "^aes128-ctr"),
    "StrictHostKeyChecking": ("no", "accept-new"),
    "SendEnv": ("LANG LC_*", "-LC_*"),
    "LocalForward": ("8080 127.0.0.1:80",),
    "ServerAliveInterval": ("30", "1m"),
}  # fmt: skip


def generated(folder: Path, seed: int) -> Path:
    generator = Generator(seed)
    return files(folder / str(seed), generator.file(), **generator.included)


SIGNS = " \t\"'#=\\,!*?%$~\n\r@:[]{}\x0b\x0c\x00é0aH-"


def bent(seed: int) -> tuple[str, dict[str, str]] | None:
    """A generated file with one to three characters inserted, changed or removed; None if it would run commands."""
    generator, pick = Generator(seed), random.Random(seed)
    text = generator.file()
    for _ in range(pick.randrange(1, 4)):
        place, sign = pick.randrange(len(text)), pick.choice(SIGNS)
        text = text[:place] + pick.choice((sign + text[place : place + 1], sign, "")) + text[place + 1 :]
    commands = "exec" in "".join([text, *generator.included.values()]).lower()
    return None if commands else (text, generator.included)


def by_reader(path: Path) -> SshConfig:
    return SshConfig([path], find_client=lambda: None)


def write(folder: Path, text: str, name: str = "config") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def hop(config: SshConfig, alias: str = "vm-a", **more: str) -> Hop:
    return config.route(Vm(alias, **more))[-1]  # type: ignore[arg-type]
