"""The configuration of the fabric's services: the proxy (squid) and the resolvers (dnsmasq)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lab import addresses as a
from lab import azure
from lab.plan import VmPlan

#: The names of an Arc private link scope: the private-link resolver answers them with private addresses.
PRIVATE_LINK_KEYS = ("his", "guestconfiguration")
PRIVATE_LINK_ADDRESS = "10.20.30.40"


def squid_config(plans: Sequence[VmPlan], state: Path, user: str) -> str:
    """The CSN proxy: HTTPS only, the egress list as its allow-list, and the exceptions of single VMs."""
    lines = [
        f"http_port {a.PROXY}:{a.PROXY_PORT}",
        f"cache_effective_user {user}",
        "visible_hostname csn",
        f"dns_nameservers {a.UPSTREAM_RESOLVER}",
        "hosts_file none",
        "cache deny all",
        "cache_mem 8 MB",
        "pinger_enable off",
        "max_filedescriptors 8192",
        "shutdown_lifetime 1 seconds",
        f"pid_filename {state}/squid.pid",
        f"access_log stdio:{state}/access.log",
        f"cache_log {state}/cache.log",
        f"coredump_dir {state}",
        "acl CONNECT method CONNECT",
        "acl https port 443",
        *(f"acl egress dstdomain {endpoint.domain}" for endpoint in azure.endpoints()),
        "http_access deny !CONNECT",
        "http_access deny !https",
    ]
    if any(plan.proxy_wants_login for plan in plans):
        # No client sends a password, so squid never starts the helper that would verify it.
        lines += [
            "auth_param basic program /bin/cat",
            "auth_param basic children 1 startup=0 idle=1",
            "auth_param basic realm csn",
            "acl known proxy_auth REQUIRED",
        ]
    for plan in plans:
        lines += _one_vm(plan)
    return "\n".join([*lines, "http_access allow egress", "http_access deny all", ""])


def _one_vm(plan: VmPlan) -> list[str]:
    name, lines = plan.name, []
    if plan.proxy_wants_login:
        lines.append(f"http_access deny {name} !known")
    if "*" in plan.egress_lacks:
        lines.append(f"http_access deny {name}")
    elif plan.egress_lacks:
        lines += [f"acl {name}_lacks dstdomain {azure.endpoint(key).domain}" for key in sorted(plan.egress_lacks)]
        lines.append(f"http_access deny {name} {name}_lacks")
    if plan.own_egress:
        lines.append(f"tcp_outgoing_address {a.egress(plan.number)} {name}")
    return [f"acl {name} src {a.csn(plan.number)}", *lines] if lines else []


def resolver_command(listen: Sequence[str], *, private_link: bool, user: str) -> list[str]:
    """dnsmasq in the foreground, with the lab's names and without an upstream: it answers other names with NXDOMAIN."""
    command = ["dnsmasq", "--no-daemon", f"--user={user}", "--conf-file=/dev/null", "--no-resolv", "--no-hosts"]
    command += ["--local=/#/", "--bind-interfaces", "--pid-file=", "--cache-size=0"]
    command += [f"--listen-address={address}" for address in listen]
    for endpoint in azure.endpoints():
        private = private_link and endpoint.key in PRIVATE_LINK_KEYS
        address = PRIVATE_LINK_ADDRESS if private else endpoint.address
        if endpoint.subdomains:
            command.append(f"--address=/{endpoint.name}/{address}")
        else:
            command.append(f"--host-record={endpoint.name},{address}")
    return command
