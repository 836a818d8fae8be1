"""Every message about a failed session, as a pattern, with its remedy."""

from __future__ import annotations

import re

_WHERE = r"\S+ port \d+"
_WHO = r"\S+@\S+:\d+"
_BECAUSE = r"(?: Not offered: .+\.)?(?: Its message: '.*'\.)?"
_PRINTED = r" It printed (?:nothing|'.*')\."
_KEY = r"\S+ SHA256:\S+"

#: Outcome, message, remedy, also for causes that tests reach only by chance.
SENTENCES = (
    ("refused", rf"{_WHERE}: connection refused\. The host is there, but nothing listens on this port\.",
     r"Start sshd on the VM \(systemctl status ssh sshd\), or correct the port\."),
    ("unreachable", rf"{_WHERE}: .+\.",
     r"Check whether this machine has a route to the VM's network \(ip route get ADDRESS\), and whether a VPN is up\."),
    ("unreachable", r"This machine has no file descriptors left, so the VM was not asked\.",
     r"Raise the limit \(ulimit -n 4096\) and visit the VM again: --retry-unknown\."),
    ("unreachable", r"\[Errno \d+\] .+\.", r"See ulimit -n and ulimit -u on this machine\."),
    ("name not resolved", r"'\S+' is not known to the DNS of this machine \(.+\)\.",
     r"Correct the name, add a Host block with a HostName to ~/\.ssh/config, or give the address as 'host'\."),
    ("timed out", rf"{_WHERE} did not answer within \S+ s\.",
     r"Check whether the VM runs and whether a firewall between here and it drops TCP to this port\."),
    ("timed out", rf"Connecting and logging in to {_WHO} took longer than \S+ s, including retries and jump hosts\.",
     r"Find out which phase is slow: name resolution, connection, banner or a jump host \(ssh -v shows it\)\."),
    ("timed out", rf"{_WHERE} did not answer the jump host {_WHO} within \S+ s\.",
     r"Check whether the VM runs and whether the jump host may reach it\."),
    ("(?:refused|timed out|name not resolved|unreachable)",
     rf"The jump host {_WHO} cannot connect to {_WHERE}: '.*'\.",
     r"Check whether the VM and its sshd run, and whether the jump host may reach this address\."),
    ("silent", rf"{_WHERE} accepted the connection, but sent no SSH banner within \S+ s\.",
     r"Check whether sshd on the VM hangs or is overloaded \(journalctl -u ssh\), or another program has the port\."),
    ("silent", rf"{_WHO} sent its banner, but the (?:key exchange|login) did not finish within \S+ s\.",
     r"Check whether the VM is overloaded, or whether a device on the path drops large packets \(MTU\)\."),
    ("not ssh", rf"{_WHERE} answered '.*', not 'SSH-2\.0-\.\.\.'\.",
     r"Another service listens there: correct the port or the address\."),
    ("turned away", rf"{_WHERE} (?:closed|broke) the connection (?:before its banner|during the login|during the key "
     r"exchange)(?: \(.+\)|, with the message '.*')? \((?:1 time|\d+ times)\)\.",
     r"See the VM's sshd log \(journalctl -u ssh\): MaxStartups, PerSourcePenalties, or a firewall\."),
    ("negotiation failed", rf"The key exchange with {_WHO} failed: '.+'\.",
     r"See the VM's sshd log \(journalctl -u ssh\), and whether a device on the path changes the traffic\."),
    ("negotiation failed", rf"{_WHO} and this suite have no (?:key exchange algorithm|host key algorithm|cipher|MAC|"
     r"compression) in common\. It offers '.+', this suite .+\.",
     r"Allow one of these in the VM's sshd_config, or update its sshd \(banner: 'SSH-.+'\)\."),
    ("host key unknown", rf"No key of \S+ is in \S.*\. It shows {_KEY}\.(?: .+\.)?",
     r"Compare with 'ssh-keyscan (?:-p \d+ )?\S+ \| ssh-keygen -lf -' from a place you trust or with the VM's console, "
     r"then connect once with ssh; or run with --host-keys=accept-new\."),
    ("host key unknown", rf"No key of \S+ is in \S.*\. It shows {_KEY}\. (?:Its host certificate .+|\S+ trusts "
     r"a certificate authority for it, but it shows no certificate)\.",
     r"Give the VM a host certificate that is valid for this name \(HostCertificate in its sshd_config\)\."),
    ("host key changed", rf"{_WHO} shows another host key than the known one: {_KEY}; \S+:\d+ has {_KEY}\. "
     r"The connection may be intercepted\.(?: .+\.)?",
     r"If the VM was rebuilt, check the new key on its console, then: ssh-keygen -R '\S+' -f \S+"),
    ("host key revoked", rf"{_WHO} shows a host certificate signed by {_KEY}, which \S+ marks as revoked\.",
     r"Do not connect\. Sign the VM's host key with an authority that is not revoked\."),
    ("host key revoked", rf"{_WHO} shows the host key {_KEY}, which \S+ marks as revoked\.",
     r"Do not connect\. Give the VM new host keys \(ssh-keygen -A after removing the old ones\)\."),
    ("login refused", rf"{_WHO} ended the login(?:, with the message '.*'| \(.+\))?\. Offered: .+\.{_BECAUSE}",
     r"Offer fewer keys \(IdentityFile, IdentitiesOnly yes\), and see the VM's sshd log \(journalctl -u ssh\)\."),
    ("login refused", rf"{_WHO} refused \S.*\. It accepts .+\.{_BECAUSE}",
     r"Check that the user '\S+' is right and has one of these keys in ~/\.ssh/authorized_keys on the VM\."),
    ("login refused", rf"{_WHO} accepted \S.*, and then requires .+ as well\.{_BECAUSE}",
     r"Exempt this user from the second factor in the VM's sshd_config \(AuthenticationMethods publickey\)\."),
    ("no usable key", rf"There is no key to offer to {_WHO}, which accepts .+\.{_BECAUSE}",
     r"Add the key to the agent \(ssh-add\), or name it: IdentityFile in ~/\.ssh/config, or identity_file\."),
    ("jump host failed", rf"The connection to the jump host {_WHO} was lost while the VMs behind it were visited\.",
     r"Check whether the jump host runs and can be reached, then visit these VMs again: --retry-unknown\."),
    ("jump host failed", rf"The jump host {_WHO} does not forward to \S+: '.*'\.",
     r"Allow it in the jump host's sshd_config \(AllowTcpForwarding, PermitOpen\)\."),
    ("jump host failed", r"ProxyCommand [\"'].+[\"'] ended before SSH answered(?:; it printed '.*')?\.",
     r"Run the ProxyCommand by hand on this machine, and find out why it ends\."),
    ("shell refused", rf"The login worked, but {_WHO} (?:refused to open a session \('.*'\)|did not answer the request to "
     r"start a shell within \S+ s|refused to run a command)\.",
     r"Use a user and a key that may run commands \(MaxSessions, PermitOpen, command= and restrict on the VM\)\."),
    ("shell refused", rf"The login to {_WHO} worked, but the script did not reach its shell completely, so none of it "
     rf"ran\.{_PRINTED}",
     r"Find out what the login shell's start-up files \(\.bashrc, \.cshrc, /etc/profile\.d\) read from standard input, and let "
     r"them do so only in an interactive shell\."),
    ("shell refused", rf"The login to {_WHO} worked, but its shell ended with status \S+ before the script did\.{_PRINTED}",
     r"Use a user whose login shell runs programs \(not nologin\), and a key without a forced command\."),
    ("shell refused", rf"The login to {_WHO} worked, but its shell ended with status \S+ before the script did\.{_PRINTED}",
     r"This is a Windows VM: write 'os: windows' for it in the fleet file\. If it is there, check that powershell\.exe is on "
     r"its PATH\."),
    ("too much output", rf"{_WHO} printed more than [\d,]+ bytes, and the session was ended\.",
     r"Find out what floods the login shell \(profile scripts, a forced command\), or a probe without a limit\."),
    ("too much output", rf"{_WHO} sent .+, and was disconnected\.",
     r"A working SSH server does not send this much without a request: find out on the VM's console which "
     r"program has its SSH port\."),
    ("took too long", rf"The script on {_WHO} did not finish within \S+ s; [\d,]+ bytes had arrived\.",
     r"Find out what hangs on the VM \(load, a dead mount, a hanging DNS\), or raise the limit\."),
    ("took too long", r"The time limit of the whole run, \d+ s, was reached before this VM was done\.",
     r"Find out what the other VMs waited for, and visit the rest with --retry-unknown\."),
    ("connection lost", rf"The session on {_WHO} ended (?:before the script started|after [\d.]+ s and [\d,]+ bytes).*\.",
     r"Check whether the VM restarted, or sshd or the script's shell was stopped there; then run again\."),
    ("cancelled", r"The run was stopped before this VM was done\.", r"Run it again\."),
)  # fmt: skip

#: Messages about the configuration, which `tests/ssh/test_config.py` has literally.
_OWN_WORDS = ("cannot be used",)


def is_known(outcome: str, message: str, remedy: str) -> bool:
    """Whether a row has this message; a message about a jump host is that about a VM after the jump host's name."""
    if match := re.fullmatch(rf"Jump host \S+ \({_WHO}\): ([a-z ]+)\. (.+)", message, re.DOTALL):
        return outcome == "jump host failed" and is_known(match[1], match[2], remedy)
    return outcome in _OWN_WORDS or any(
        all(
            re.fullmatch(pattern, text, re.DOTALL)
            for pattern, text in zip(row, (outcome, message, remedy), strict=True)
        )
        for row in SENTENCES
    )
