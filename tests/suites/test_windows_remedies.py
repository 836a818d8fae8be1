"""A message, a remedy or a fix for a Windows VM names no command and no file of Linux: every row of every check, on Windows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from plugins.gather.windows_command import ADVICE, INCOMPLETE, RESTRICTED, STOPPED
from plugins.requirements.agent_errors import azcm, azcm_codes
from plugins.requirements.known_messages import messages
from plugins.requirements.windows_counterparts import for_windows
from plugins.ssh.shell_command import ADVICE as LINUX_ADVICE
from tests.support.catalogue import CHECKS, FUNCTIONS, ROWS, WINDOWS_ROWS
from tests.support.paths import ROOT
from tests.support.ssh_sentences import SENTENCES
from tests.support.suite_probes import probes_of
from tests.support.suite_rows import WINDOWS_VM, Row

LINUX = re.compile(
    r"\b(sudo|apt|apt-get|dnf|yum|zypper|tdnf|snap|systemctl|journalctl|timedatectl|chronyc|iptables|nft|getent|grep|sed|"
    r"awk|dmesg|modprobe|update-ca-\w+|update-crypto-policies|openssl|chmod|chown|mount|findmnt|bash|sh -c|cloud-init|"
    r"ip (?:route|link|addr)|tail|cat|rm|df|ps -|curl -|nslookup|resolvectl|netplan|nmcli|himdsd|gcad|extd|arcproxyd|visudo|NOPASSWD|nologin|"
    r"login shell|start-up files?|profile scripts?|hostnamectl|loginctl|lsof|ss -|free -|kill -|usermod|useradd|passwd|selinux|"
    r"apparmor|noexec|dpkg|rpm|deb|as root|inode|net\.ipv\d|sysctl|tmpfs|symlink)\b|\.(?:bashrc|cshrc|profile)\b|~/|"
    r"(?<![\w.])/(?:etc|var|opt|usr|proc|run|root|home|dev)/|ca-certificates|crypto policy|passwordless"
)


#: Checks whose answer on Windows has another form, in rows_windows_vm.
OWN_FORM = {"VM-005"}


def on_windows() -> Iterator[tuple[str, Row]]:
    for check in {**ROWS, **WINDOWS_ROWS}:
        linux = [] if check in OWN_FORM else ROWS.get(check, [])
        for row in (*linux, *WINDOWS_ROWS.get(check, ())):
            vm = row.vm if row.vm.os == "windows" else replace(row.vm, os="windows")
            if all(probe.fits(WINDOWS_VM) for probe in probes_of(FUNCTIONS[check]).values()):
                yield check, replace(row, vm=vm)


CASES = list(on_windows())


def test_most_checks_are_looked_at() -> None:
    assert len({check for check, _ in CASES}) > len(CHECKS) / 2


@pytest.mark.parametrize("check", sorted({check for check, _ in CASES}))
def test_messages_remedies_and_fixes_are_for_windows(check: str) -> None:
    rows = {}
    for name, row in CASES:
        # .NET resolves names, so no program can be missing.
        if name != check or "nslookup is installed" in row.message:
            continue
        outcome = row.outcome(FUNCTIONS[check])
        output = "".join(result.stdout + result.stderr for result in row.evidence.values())
        for whole in (outcome.message, outcome.remedy, *map(str, outcome.fix)):
            # A path from the VM's output is not part of the remedy.
            text = " ".join(word for word in whole.split() if word.strip(",;:.") not in output)
            if words := LINUX.findall(text):
                rows[text] = words
    assert not rows


#: What azcmagent and its installation script print on Linux only, and a step on the operator's machine.
OF_LINUX = {"systemd", "packages"}
ON_LINUX = {
    "AZCM0131",
    "AZCM0143",
    "AZCM0157",
    "key in the wrong format",
    "curl: download not written",
    "curl could not write",
    "distribution not known",
    "temporary folder not writable",
    "sudo refused",
}


def explanations() -> dict[str, str]:
    """The remedy for each code and message that the logs of a Windows VM may hold, with its cases."""
    remedies = {code.name: code.remedy for code in map(azcm, azcm_codes()) if code}
    for message in messages():
        if message.family not in OF_LINUX:
            remedies[message.name] = message.values["remedy"]
            remedies |= {f"{message.name}: {case.pattern}": case.values.get("remedy", "") for case in message.cases}
    return {name: remedy for name, remedy in remedies.items() if name not in ON_LINUX}


def test_the_remedy_of_a_code_or_message_is_for_windows() -> None:
    remedies = explanations()
    assert len(remedies) > 200
    assert not {name: words for name, remedy in remedies.items() if (words := LINUX.findall(for_windows(remedy)))}


def test_a_page_whose_remediation_names_a_command_of_linux_names_that_of_windows() -> None:
    lacking = []
    for check in sorted({check for check, _ in CASES}):
        page = (ROOT / "docs" / "checks" / f"{check}.md").read_text("utf-8")
        remediation = page.partition("\n## Remediation\n")[2].partition("\n## ")[0]
        assert remediation
        if LINUX.search(remediation) and "On Windows" not in remediation:
            lacking.append(check)
    assert not lacking


def test_the_test_sees_a_command_of_linux() -> None:
    remedy = "On the VM: ip route get 169.254.0.11"
    assert LINUX.search(remedy) and not LINUX.search(for_windows(remedy))


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence[0])
def test_remedies_for_a_session_name_commands_of_windows(sentence: tuple[str, str, str]) -> None:
    """Except for remedies on this machine or a jump host; a shell that ends has separate advice for each system."""
    outcome, _, pattern = sentence
    remedy = re.sub(r"\\(.)", r"\1", pattern)
    here = "this machine" in remedy or "IdentityFile in ~/.ssh/config" in remedy or "Host block" in remedy
    if outcome != "jump host failed" and not here and remedy not in LINUX_ADVICE.values():
        assert not LINUX.findall(for_windows(remedy))


def test_the_advice_for_powershell_is_for_windows() -> None:
    assert set(ADVICE) == {RESTRICTED, INCOMPLETE, STOPPED, None}
    assert not [remedy for remedy in ADVICE.values() if LINUX.search(remedy)]
