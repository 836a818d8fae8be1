"""Faults of the operating system, the Azure CLI on the VM, and cloud-init."""

from __future__ import annotations

from lab.faults.cloud_access import ALL_ROLES
from lab.faults.imds import NO_TOKEN
from lab.faults.registry import fault
from lab.plan import AZ, FIRST_BOOT, NO_PROXY_VARIABLES, CloudInitPlan, VmPlan

# --- VM


@fault("os-not-listed", expects={"VM-004": "unknown"})
def os_not_listed(vm: VmPlan) -> None:
    """The VM runs a system that is not in Microsoft's table."""
    vm.put("/etc/os-release", 'ID=slackware\nVERSION_ID=15.0\nPRETTY_NAME="Slackware 15.0"\n')


@fault("os-32-bit", expects={"VM-004": "fail"})
def os_32_bit(vm: VmPlan) -> None:
    """The VM's operating system has 32 bits: there is no agent for it."""
    vm.replace_program("uname", "case $1 in -m) echo i686 ;; *) cat /etc/hostname ;; esac\n")


@fault("no-systemd", expects={"VM-005": "fail"})
def no_systemd(vm: VmPlan) -> None:
    """The VM was not booted with systemd."""
    vm.boot.append("rmdir /run/systemd/system")


@fault("no-openssl", expects={"VM-005": "fail"})
def no_openssl(vm: VmPlan) -> None:
    """openssl is not installed."""
    vm.remove("/usr/bin/openssl")


@fault("apt-locked", expects={"VM-005": "fail"})
def apt_locked(vm: VmPlan) -> None:
    """A process holds dpkg's lock and does not end: the installation script would give up after five minutes."""
    # dpkg locks with fcntl's struct flock, not with flock(2).
    lock = "open F, q(>>), q(/var/lib/dpkg/lock-frontend); $l = pack q(s s x4 q q l x4), 1, 0, 0, 0, 0; fcntl F, 6, $l"
    vm.boot += [f"perl -e '{lock}; sleep 1e6' 3>&- </dev/null >/dev/null 2>&1 &", "sleep 0.3"]


@fault("var-noexec", expects={"VM-005": "fail"})
def var_noexec(vm: VmPlan) -> None:
    """/var is mounted noexec, as hardening guides recommend, but extensions run programs from there."""
    vm.boot += ["mount --bind /var /var", "mount -o remount,bind,noexec /var"]


@fault("little-space", expects={"VM-005": "fail"})
def little_space(vm: VmPlan) -> None:
    """The disk has 40 MB, which is not enough for the agent."""
    vm.disk_mb = 40


# --- CLI


@fault("az-installed", expects={})
def az_installed(vm: VmPlan) -> None:
    """The Azure CLI is installed on the VM, is new enough, and can log in."""
    vm.az = AZ


@fault("az-too-old", expects={"CLI-001": "fail"})
def az_too_old(vm: VmPlan) -> None:
    """The Azure CLI on the VM is 2.60.0."""
    vm.az = "2.60.0"


@fault("az-broken", roots=("CLI-001",), expects={"CLI-001": "fail", "TOKEN-004": "fail"})
def az_broken(vm: VmPlan) -> None:
    """The Azure CLI on the VM does not start, because an upgrade removed its Python."""
    vm.az = "broken"


@fault(
    "az-asks-the-proxy", roots=("PROXY-002",), expects={"PROXY-002": "fail", "IMDS-003": "fail", "TOKEN-004": "fail"}
)
def az_asks_the_proxy(vm: VmPlan) -> None:
    """NO_PROXY does not exempt the metadata service: az requests its token from the proxy, which answers with HTML."""
    vm.az = AZ
    for name in NO_PROXY_VARIABLES:
        vm.environment[name] = "localhost,127.0.0.1,::1"


@fault("az-without-identity", roots=("TOKEN-001",), expects={**NO_TOKEN, "TOKEN-004": "fail"})
def az_without_identity(vm: VmPlan) -> None:
    """The identity was added after the VM was created: az gets no token to log in with."""
    vm.az = AZ
    vm.azure.token_identities = []


@fault("az-without-roles", roots=("ROLES-001", "ROLES-002"), expects={**ALL_ROLES, "TOKEN-004": "fail"})
def az_without_roles(vm: VmPlan) -> None:
    """The VM's identity has no role: az gets a token, but sees no subscription."""
    vm.az = AZ
    vm.azure.grants = []


# --- CLOUDINIT


@fault("cloud-init-failed", roots=("CLOUDINIT-001",), expects={"CLOUDINIT-001": "fail", "CLOUDINIT-002": "fail"})
def cloud_init_failed(vm: VmPlan) -> None:
    """cloud-init ended with a critical error: a user script failed."""
    why = "('scripts_user', RuntimeError('Runparts: 1 failures (part-001) in 1 attempted commands'))"
    vm.cloud_init = CloudInitPlan(
        status="error",
        errors=[why],
        exit=1,
        output=[
            "E: Unable to locate package azure-cli",
            "Failed to run module scripts_user (scripts in /var/lib/cloud)",
        ],
    )


@fault("cloud-init-degraded", expects={"CLOUDINIT-001": "warn"})
def cloud_init_degraded(vm: VmPlan) -> None:
    """cloud-init continued after a recoverable error: exit status 2, as since 23.4."""
    vm.cloud_init = CloudInitPlan(recoverable=["Failed at merging in cloud config part from part-001"], exit=2)


@fault("cloud-init-running", roots=("CLOUDINIT-001",), expects={"CLOUDINIT-001": "unknown", "CLOUDINIT-002": "unknown"})
def cloud_init_running(vm: VmPlan) -> None:
    """cloud-init has not finished yet."""
    vm.cloud_init = CloudInitPlan(status="running", stage="modules-final", output=["Reading package lists..."])


@fault("cloud-init-disabled", expects={})
def cloud_init_disabled(vm: VmPlan) -> None:
    """cloud-init is disabled, and the VM has no user data that it should run."""
    vm.cloud_init = CloudInitPlan(status="disabled", user_data=False)


@fault("cloud-init-absent", expects={})
def cloud_init_absent(vm: VmPlan) -> None:
    """cloud-init is not installed."""
    vm.cloud_init = None


@fault("cloud-init-too-old-for-json", expects={})
def cloud_init_too_old_for_json(vm: VmPlan) -> None:
    """cloud-init is 22.1, whose status command does not have --format."""
    vm.cloud_init = CloudInitPlan(version="22.1")


@fault("runcmd-failed-silently", roots=("CLOUDINIT-002",), expects={"CLOUDINIT-002": "fail", "AGENT-006": "warn"})
def runcmd_failed_silently(vm: VmPlan) -> None:
    """A line in the middle of the user data failed. cloud-init reports done; only its output shows the failure."""
    vm.cloud_init = CloudInitPlan(
        output=[
            *FIRST_BOOT[:2],
            "curl: (56) CONNECT tunnel failed, response 403",
            "/var/lib/cloud/instance/scripts/runcmd: 4: azcmagent: not found",
        ]
    )


@fault("earlier-boot-failed", roots=("CLOUDINIT-002",), expects={"CLOUDINIT-002": "fail"})
def earlier_boot_failed(vm: VmPlan) -> None:
    """The output of the first boot, which runs the user data, shows failures; the last boot succeeded."""
    vm.cloud_init = CloudInitPlan(earlier_boot=["E: Could not get lock /var/lib/dpkg/lock-frontend", "AZCM0026"])
