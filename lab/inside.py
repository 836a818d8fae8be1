"""Inside the namespaces: build the lab, run COMMAND beside it, and end with COMMAND's status.

This is process 1 of the lab's PID namespace. When it ends, the kernel kills every process of the lab, and removes the
mounts, networks and files with the last of them: no clean-up is needed that could fail.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab import addresses, azure, doctor, fabric, guest, handout, network, wire
from lab.children import Children, python
from lab.errors import LabError
from lab.pki import Authority, SshKey
from lab.plan import RunPlan, VmPlan
from lab.spec import Spec

STATE = Path("/run/lab")
HANDOUT = Path(__file__).with_name("state")  # COMMAND's files; lab/state/.gitignore explains the place
AZURE_LOG = STATE / "fabric/azure.jsonl"  # every request to Azure Resource Manager
START_SECONDS = 60.0
_WIRE = "delay"


def main() -> int:
    """Argument 1: the spec, as JSON; argument 2: the file descriptor of the pipe that `lab.holder` holds."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # a signal without a handler does not end process 1
        signal.signal(number, signal.default_int_handler)
    _listen(int(sys.argv[2]))
    umask = os.umask(0o022)
    spec = Spec.from_json(sys.argv[1])
    begun = time.monotonic()
    children = Children()
    try:
        plans, run = spec.plans(), spec.run()
        _private_file_systems()
        host_keys = {plan.name: SshKey.generate() for plan in plans}
        _build(spec, run, plans, host_keys)
        _network(plans, long_wire=spec.delay > 0)
        if spec.delay:
            _start_wire(spec.delay, children)
        _start_fabric(plans, children)
        _start_vms(plans, children)
        if spec.delay:  # not earlier, because the lab itself waits for the banner of every VM
            children.send_signal(_WIRE, signal.SIGUSR1)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        return 130
    many = "1 VM" if spec.vms == 1 else f"{spec.vms} VMs"
    far = f", {2 * spec.delay:g} ms away and back" if spec.delay else ""
    print(f"lab: {many} up in {time.monotonic() - begun:.1f} s{far}", file=sys.stderr, flush=True)
    os.umask(umask)
    return children.run(spec.command, handout.environment(os.environ, run, HANDOUT, AZURE_LOG))


def _listen(lifeline: int) -> None:
    """Send ourselves the signals that `python -m lab` received and wrote to the pipe; exit when the pipe closes."""

    def listen() -> None:
        while number := os.read(lifeline, 1):
            os.kill(os.getpid(), number[0])
        os._exit(1)

    os.set_inheritable(lifeline, False)
    threading.Thread(target=listen, daemon=True).start()


def _run(*command: str, text: str = "") -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        output = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise LabError(f"`{' '.join(command[:4])}` failed: {' | '.join(output[-3:])}")


def _private_file_systems() -> None:
    """Mount a private /run (for `ip netns` and the lab's state), handout and /dev/shm (squid leaves segments there)."""
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "run", "/run")
    HANDOUT.mkdir(exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "handout", str(HANDOUT))
    _run("mount", "-t", "tmpfs", "-o", "mode=1777", "shm", "/dev/shm")
    for folder in (STATE / "vm", STATE / "fabric", STATE / "certificates", Path("/run/netns")):
        folder.mkdir(parents=True)


def _build(spec: Spec, run: RunPlan, plans: Sequence[VmPlan], host_keys: Mapping[str, SshKey]) -> None:
    """Write all files: keys, certificates, the VMs' layers and COMMAND's files."""
    authorities = _authorities()
    intercepted = any("intercepted" in plan.tls.values() for plan in plans)
    settings = {
        "ready": f"{STATE}/fabric/standins.ready",
        "spec": spec.to_json(),
        "log": str(AZURE_LOG),
        "certificates": {
            "azure": _certificates("azure", authorities["azure"]),
            "interceptor": _certificates("interceptor", authorities["interceptor"]) if intercepted else {},
        },
        "tls": {addresses.egress(plan.number): plan.tls for plan in plans if plan.tls},
    }
    (STATE / "fabric/standins.json").write_text(json.dumps(settings), encoding="utf-8")

    client, stranger = SshKey.generate(), SshKey.generate()
    guest.write_base(STATE / "base", client.public, authorities["azure"].root_pem)
    _run("mount", "--bind", f"{STATE}/base/dev", f"{STATE}/base/dev")
    for device in guest.DEVICES:
        _run("mount", "--bind", f"/dev/{device}", f"{STATE}/base/dev/{device}")
    for plan in plans:
        trusted = "".join(authorities[name].root_pem for name in plan.trusts)
        folder = STATE / "vm" / plan.name
        guest.write_vm(folder, plan, host_keys[plan.name].private, trusted, stranger.public)
        (folder / "network").write_text(network.vm(plan), encoding="ascii")
    (STATE / "hosts").write_text(handout.hosts(), encoding="ascii")
    _run("mount", "--bind", f"{STATE}/hosts", "/etc/hosts")
    (HANDOUT / "id_ed25519").touch(mode=0o600)
    (HANDOUT / "id_ed25519").write_text(client.private, encoding="ascii")
    public = {name: key.public for name, key in host_keys.items()}
    (HANDOUT / "known_hosts").write_text(handout.known_hosts(plans, public, stranger.public), encoding="ascii")
    (HANDOUT / "ssh_config").write_text(handout.ssh_config(plans, HANDOUT), encoding="utf-8")
    (HANDOUT / "authorities.pem").write_text(handout.authorities(authorities["azure"].root_pem), encoding="utf-8")
    (HANDOUT / "inventory.yaml").write_text(handout.inventory(plans, HANDOUT), encoding="utf-8")
    handout.write_runner(run, HANDOUT)


def _authorities() -> dict[str, Authority]:
    return {
        "azure": Authority.create(
            "Microsoft Corporation",
            root="Microsoft RSA Root Certificate Authority 2017 (lab stand-in)",
            issuing="Microsoft Azure RSA TLS Issuing CA 04 (lab stand-in)",
        ),
        "interceptor": Authority.create(
            "Zscaler Inc.",
            root="Zscaler Root CA (lab stand-in)",
            issuing="Zscaler Intermediate Root CA (zscaler.net) (lab stand-in)",
        ),
        "nobody": Authority.create("Contoso", root="Contoso Root CA", issuing="Contoso Issuing CA"),
    }


def _certificates(name: str, authority: Authority) -> dict[str, str]:
    """Write a certificate of each Azure endpoint: endpoint -> file."""
    paths = {}
    for endpoint in azure.endpoints():
        path = STATE / "certificates" / f"{name}-{endpoint.key}.pem"
        path.write_text(authority.issue(endpoint.certificate_names), encoding="ascii")
        paths[endpoint.key] = str(path)
    return paths


def _network(plans: Sequence[VmPlan], *, long_wire: bool) -> None:
    no_ipv6 = "for i in all default; do echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6; done"
    _run("sh", "-c", no_ipv6)
    _run("ip", "-batch", "-", text=network.namespaces(plans))
    _run(*_in(network.FABRIC), "sh", "-c", no_ipv6)
    _run("ip", "-n", network.FABRIC, "-batch", "-", text=network.fabric(plans, long_wire=long_wire))
    _run("ip", "-batch", "-", text=network.controller(plans))
    if rules := network.fabric_rules(plans):
        _run(*_in(network.FABRIC), "nft", "-f", "-", text=rules)


def _in(namespace: str) -> list[str]:
    return ["nsenter", f"--net=/run/netns/{namespace}"]


def _start_wire(milliseconds: float, children: Children) -> None:
    program, log = STATE / "fabric/delay", STATE / "fabric/delay.log"
    wire.build(program)
    children.start(_WIRE, [*_in(network.FABRIC), str(program), *wire.ENDS, str(milliseconds)], log=log)
    children.wait_for(_WIRE, lambda: "ready" in _text(log), START_SECONDS)


def _start_fabric(plans: Sequence[VmPlan], children: Children) -> None:
    state = STATE / "fabric"
    # squid drops root itself, for a user whose name differs between distributions.
    user = next((name for name in ("proxy", "squid", "nobody") if _is_user(name)), "root")
    squid = state / "squid"
    squid.mkdir()
    shutil.chown(squid, user)
    Path("/run/squid").mkdir()
    shutil.chown("/run/squid", user)
    (state / "squid.conf").write_text(fabric.squid_config(plans, squid, user), encoding="utf-8")
    here = _in(network.FABRIC)
    resolvers = {"resolver": ([addresses.RESOLVER, addresses.UPSTREAM_RESOLVER], False)}
    if any(plan.resolver == addresses.PRIVATE_LINK_RESOLVER for plan in plans):
        resolvers["private-link resolver"] = ([addresses.PRIVATE_LINK_RESOLVER], True)
    for name, (listen, private_link) in resolvers.items():
        command = fabric.resolver_command(listen, private_link=private_link, user="root")
        children.start(name, [*here, *command], log=state / f"{name}.log")
    children.start("squid", [*here, "squid", "-N", "-f", str(state / "squid.conf")], log=state / "squid.log")
    code = python("lab.standins", f"lab.standins.run_fabric({str(state / 'standins.json')!r})")
    children.start("stand-ins", [*here, *code], log=state / "standins.log")
    children.wait_for("stand-ins", lambda: (state / "standins.ready").exists(), START_SECONDS)
    children.wait_for("squid", lambda: "Accepting HTTP" in _text(squid / "cache.log"), START_SECONDS)


def _start_vms(plans: Sequence[VmPlan], children: Children) -> None:
    """Boot all VMs at once, then wait until each has run its boot script and serves its banner."""
    init = str(Path(__file__).with_name("vm_init.sh"))
    overlay = ",userxattr" if _in_user_namespace() else ""
    for plan in plans:
        if not plan.power:
            continue
        folder = STATE / "vm" / plan.name
        namespaces = [*_in(plan.name), "unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child"]
        children.start(
            plan.name,
            [*namespaces, "sh", init, str(STATE / "base"), str(folder), plan.hostname, str(plan.disk_mb)],
            log=folder / "log",
            env=os.environ | {"LAB_OVERLAY": overlay, "LAB_AZ": str(doctor.AZ) if plan.az == "real" else ""},
        )
    for plan in plans:
        if not plan.power:
            continue
        ready = STATE / "vm" / plan.name / "ready"
        children.wait_for(plan.name, lambda ready=ready: bool(_text(ready)), START_SECONDS)  # type: ignore[misc]
        if plan.answers_ssh:
            children.wait_for(plan.name, lambda plan=plan: _has_banner(plan), START_SECONDS)  # type: ignore[misc]
        elif plan.port22 not in ("sshd", "nobody"):
            flag = STATE / "vm" / plan.name / "port22.ready"
            code = python("lab.standins", f"lab.standins.run_port22({plan.port22!r}, {str(flag)!r})")
            children.start(f"{plan.name} port 22", [*_in(plan.name), *code], log=STATE / "vm" / plan.name / "log22")
            children.wait_for(f"{plan.name} port 22", flag.exists, START_SECONDS)


def _has_banner(plan: VmPlan) -> bool:
    try:
        with socket.create_connection((addresses.mgmt(plan.number), 22), timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _in_user_namespace() -> bool:
    return Path("/proc/self/uid_map").read_text(encoding="ascii").split() != ["0", "0", "4294967295"]
