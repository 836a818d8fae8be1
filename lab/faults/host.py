"""Faults of SSH access and of programs on the VM."""

from __future__ import annotations

from lab.faults.registry import Need, fault
from lab.plan import VmPlan

#: The checks of Azure and of the runner, which pass when the VM cannot be visited.
_ELSEWHERE = {
    **dict.fromkeys(["PLATFORM-*", "CSN-*", "IDENTITY-*", "ROLES-*", "VM-001", "VM-002", "VM-003"], "pass"),
    "RELAY-*": "not applicable",
    "VM-006": "pass|blocked",
    **dict.fromkeys(["CLI-002", "CLI-003"], "pass|not applicable"),
}

#: The VM could not be visited: one unknown, which blocks every other check of the guest.
_NOT_SEEN = {"SSH-001": "unknown", **_ELSEWHERE, "*": "blocked"}

#: The checks that use curl, without curl; another check of this list blocks some of them.
_NO_CURL = {
    "PROXY-003": "unknown",
    "IMDS-002": "unknown",
    "IMDS-003": "unknown",
    "IMDS-004": "blocked",
    "NET-001": "unknown",
    "NET-002": "unknown",
    "NET-003": "blocked",
    "TOKEN-001": "unknown",
    "TOKEN-002": "blocked",
    "TOKEN-003": "blocked",
}

#: The session was lost after the answers of probes without curl had arrived (PROXY-002 reads curl's version); on a slow
#: machine, not all of them.
_HALF_SEEN = {
    "SSH-001": "unknown",
    **_ELSEWHERE,
    "*": "blocked",
    **dict.fromkeys(["SSH-002", "PROXY-001", "IMDS-001"], "pass"),
    **dict.fromkeys(
        ["VM-*", "CLI-*", "CLOUDINIT-*", "AGENT-*", "PROXY-004", "PROXY-005", "PROXY-006", "TOKEN-004"],
        "pass|not applicable|blocked",
    ),
}

_NO_ROOT = {"CLOUDINIT-002": "unknown", "AGENT-006": "unknown"}


@fault("powered-off", roots=("VM-001",), expects=_NOT_SEEN | {"VM-001": "fail"})
def powered_off(vm: VmPlan) -> None:
    """The VM is off: its address does not answer."""
    vm.power = False


@fault("ssh-refused", expects=_NOT_SEEN)
def ssh_refused(vm: VmPlan) -> None:
    """The VM runs without an SSH server: connections are refused."""
    vm.port22 = "nobody"


@fault("ssh-timeout", expects=_NOT_SEEN)
def ssh_timeout(vm: VmPlan) -> None:
    """A firewall on the VM drops packets to port 22; ping works."""
    _nft(vm, "input", "tcp dport 22 drop")


@fault("ssh-unreachable", expects=_NOT_SEEN)
def ssh_unreachable(vm: VmPlan) -> None:
    """A router answers that the VM is unreachable."""
    _nft(vm, "input", "tcp dport 22 reject with icmp type host-unreachable")


@fault("host-key-changed", expects=_NOT_SEEN)
def host_key_changed(vm: VmPlan) -> None:
    """The VM's host key differs from the known one: it was rebuilt, or another machine answers."""
    vm.known_host = "other"


@fault("host-key-unknown", expects=_NOT_SEEN)
def host_key_unknown(vm: VmPlan) -> None:
    """The VM's host key is not in known_hosts."""
    vm.known_host = "absent"


@fault("key-not-accepted", expects=_NOT_SEEN)
def key_not_accepted(vm: VmPlan) -> None:
    """The VM does not accept the operator's key."""
    vm.accepts_client_key = False


@fault("ssh-silent", expects=_NOT_SEEN)
def ssh_silent(vm: VmPlan) -> None:
    """A server on port 22 accepts connections and sends nothing."""
    vm.port22 = "silent"


@fault("ssh-hangs-up", expects=_NOT_SEEN)
def ssh_hangs_up(vm: VmPlan) -> None:
    """A server on port 22 accepts connections and closes them at once, as sshd does for a denied host."""
    vm.port22 = "hangs-up"


@fault("not-ssh", expects=_NOT_SEEN)
def not_ssh(vm: VmPlan) -> None:
    """A web server answers on port 22."""
    vm.port22 = "http"


@fault("dies-at-login", expects=_NOT_SEEN)
def dies_at_login(vm: VmPlan) -> None:
    """The VM's network fails right after the login, before a probe has answered; no connection is closed."""
    vm.put("/etc/ssh/sshrc", _CUT)


@fault("dies-mid-probe", expects=_HALF_SEEN)
def dies_mid_probe(vm: VmPlan) -> None:
    """The VM's network fails during the visit: quick probes have answered, slow ones have not."""
    vm.replace_program("curl", f"sleep 3\n{_CUT}sleep 60\n")


@fault("reboots-mid-probe", expects=_HALF_SEEN)
def reboots_mid_probe(vm: VmPlan) -> None:
    """The VM reboots during the visit: every connection is closed."""
    vm.replace_program("curl", "sleep 3\nkill -9 -1\n")


@fault("cut-mid-frame", expects={"SSH-001": "unknown", **_ELSEWHERE, "*": "pass|not applicable|blocked"})
def cut_mid_frame(vm: VmPlan) -> None:
    """The VM's network fails in the middle of an answer, after half of a frame."""
    # The script sends answers with cat, from its folder.
    half = 'head -q -c 9999999 "$@" >half\nhead -c $(($(wc -c <half) - 9)) half\n'
    send = f"*/.nexus-arc-*:*.o) {half}sleep 1\n{_CUT}sleep 60\n;;\n"
    vm.replace_program("cat", f'case $PWD:$1 in\n{send}esac\nexec head -q -c 9999999 "$@"\n')


@fault("sshd-stays-busy", expects=_NOT_SEEN)
def sshd_stays_busy(vm: VmPlan) -> None:
    """Other clients hold all connections that MaxStartups allows: sshd rejects everyone else."""
    vm.sshd.append("MaxStartups 1")
    hold = "exec 9<>/dev/tcp/127.0.0.1/22 && read -r banner <&9 && read -r more <&9"
    vm.boot.append(f"(while :; do bash -c '{hold}'; sleep 0.1; done) 3>&- </dev/null >/dev/null 2>&1 &")


@fault(
    "prints-1gb",
    roots=("PROXY-002", "SSH-003"),
    expects=_NO_CURL | {"PROXY-002": "unknown", "SSH-003": "unknown"},
)
def prints_1gb(vm: VmPlan) -> None:
    """A program that probes use (curl) prints a gigabyte."""
    vm.replace_program("curl", "exec head -c 1000000000 /dev/zero\n")


@fault("endless-noise", expects=_NOT_SEEN)
def endless_noise(vm: VmPlan) -> None:
    """A start file of root's shell prints without end, so that no command runs."""
    vm.put("/root/.bashrc", "yes 'noise from .bashrc'\n")


@fault("binary-garbage", roots=("PROXY-002",), expects=_NO_CURL | {"PROXY-002": "unknown"})
def binary_garbage(vm: VmPlan) -> None:
    """A program that probes use (curl) prints binary garbage and exits with 0."""
    vm.replace_program("curl", "printf '\\000\\377\\376\\033]0;x\\007\\200'; head -c 3000 /dev/urandom; printf x\n")


_EVIL = (
    '\x1b[2J\x1b[31mpwned\x1b]0;pwned\x07<script>alert(1)</script><img src=x onerror=alert(1)>,=HYPERLINK("http://x")'
)


@fault(
    "ansi-html-injection",
    roots=("PROXY-001", "PROXY-002"),
    expects={
        **_NO_CURL,
        "PROXY-001[HTTPS_PROXY]": "fail",
        "PROXY-001[https_proxy]": "fail",
        # Without curl's version it is not known how curl reads NO_PROXY.
        "PROXY-002[NO_PROXY]": "unknown",
        "PROXY-002[no_proxy]": "unknown",
    },
)
def ansi_html_injection(vm: VmPlan) -> None:
    """All output of the VM contains terminal sequences, HTML and spreadsheet formulas."""
    vm.hostname = "<script>alert(1)</script>"
    vm.environment |= {"HTTPS_PROXY": _EVIL, "https_proxy": f"=cmd|' /C calc'!A0{_EVIL}", "NO_PROXY": f"@SUM(1){_EVIL}"}
    vm.replace_program("curl", f"printf '%s\\n' '{_EVIL}'\nprintf '%s\\n' '{_EVIL}' >&2\nexit 7\n")
    vm.sshd.append("Banner /etc/issue.net")
    vm.put("/etc/issue.net", _EVIL + "\n")


@fault("csh-login-shell", expects={}, needs=(Need("/usr/bin/tcsh", "tcsh"),))
def csh_login_shell(vm: VmPlan) -> None:
    """Root's login shell is csh: commands for sh must not reach it."""
    vm.shell = "/usr/bin/tcsh"


@fault("login-banner-and-noisy-profile", expects={})
def login_banner_and_noisy_profile(vm: VmPlan) -> None:
    """sshd shows a legal banner before the login, and start files print text."""
    vm.sshd.append("Banner /etc/issue.net")
    vm.put("/etc/issue.net", "*" * 60 + "\nAuthorised use only. You are being watched.\n" + "*" * 60 + "\n")
    vm.put("/root/.bashrc", "echo 'welcome, you have mail'; echo 'and a warning' >&2\n")
    vm.put("/root/.profile", "echo 'hello from .profile'\n")
    vm.put("/etc/profile.d/hello.sh", "echo 'hello from profile.d'\n")
    vm.put("/etc/ssh/sshrc", "echo 'hello from sshrc'\n")


@fault("full-disk", expects={"VM-005": "fail"})
def full_disk(vm: VmPlan) -> None:
    """/, /tmp, /var/tmp and /dev/shm are completely full."""
    vm.disk_mb = 4
    vm.boot += [f"head -c 99000000 /dev/zero >{file} 2>/dev/null" for file in ("/var/full", "/dev/shm/full")]


@fault("no-curl", roots=("PROXY-003",), expects=_NO_CURL)
def no_curl(vm: VmPlan) -> None:
    """curl is not installed."""
    vm.remove("/usr/bin/curl")


@fault("no-ping", expects={"IMDS-001": "unknown"})
def no_ping(vm: VmPlan) -> None:
    """ping is not installed."""
    vm.remove("/usr/bin/ping")


@fault("no-nslookup", expects={})
def no_nslookup(vm: VmPlan) -> None:
    """nslookup is not installed, as on minimal images; getent gives the same answer."""
    vm.remove("/usr/bin/nslookup")


@fault("no-getent", expects={})
def no_getent(vm: VmPlan) -> None:
    """getent is not installed; nslookup gives the same answer."""
    vm.remove("/usr/bin/getent")


_FAKETIME = Need("/usr/lib/*/faketime/libfaketime.so.1", "libfaketime")


@fault("wrong-clock", expects={"SSH-003": "warn"}, needs=(_FAKETIME,))
def wrong_clock(vm: VmPlan) -> None:
    """The VM's clock is ten minutes fast."""
    library = (_FAKETIME.files() or [_FAKETIME.path])[0]
    vm.sshd.append(f"SetEnv LD_PRELOAD={library} FAKETIME=+600s FAKETIME_DISABLE_SHM=1")


@fault("busybox-sh", expects={}, needs=(Need("/usr/bin/busybox", "busybox"),))
def busybox_sh(vm: VmPlan) -> None:
    """sh is busybox, and so is root's login shell."""
    vm.links["/usr/bin/sh"] = "busybox"
    vm.shell = "/bin/sh"


@fault("login-as-guest-without-sudo", roots=("SSH-002",), expects={"SSH-002": "fail", **_NO_ROOT})
def login_as_guest_without_sudo(vm: VmPlan) -> None:
    """The login is an ordinary user who may not use sudo."""
    vm.login = "guest"


@fault("login-as-operator-with-sudo", expects={})
def login_as_operator_with_sudo(vm: VmPlan) -> None:
    """The login is an ordinary user who may use sudo without a password."""
    vm.login = "operator"


@fault("sudo-hangs", roots=("SSH-002",), expects={"SSH-002": "unknown", **_NO_ROOT})
def sudo_hangs(vm: VmPlan) -> None:
    """The login is an ordinary user, and sudo hangs."""
    vm.login = "operator"
    vm.replace_program("sudo", "exec sleep 3600\n")


_RULES = "table inet faults {{ chain c {{ type filter hook {hook} priority 0; {rule}; }}; }}"


def _nft(vm: VmPlan, hook: str, rule: str) -> None:
    vm.boot.append(f"nft '{_RULES.format(hook=hook, rule=rule)}'")


#: From now on all packets from the VM are dropped silently.
_CUT = f"nft '{_RULES.format(hook='output', rule='drop')}'\n"
