"""Installed software with state: systemd's services, cloud-init, the agent, the Azure CLI, packages.

The programs are stand-ins (`programs/`), which print the state in the files that this module writes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lab import cloud_docs as docs
from lab.cloud_model import Place
from lab.plan import AZ, AgentPlan, CloudInitPlan, GuestFile, RunPlan, VmPlan

_PROGRAMS = Path(__file__).with_name("programs")
_LAB = "/var/lib/lab"
_AGENT = "/var/opt/azcmagent"

#: The trust stores of a VM.
BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
_SERVICES = ("himdsd", "gcad", "extd", "arcproxyd")

#: The script of Microsoft's packages, and a line for the lab: az has its own bundle, without the lab's authority.
_REAL_AZ = """\
#!/bin/sh
export REQUESTS_CA_BUNDLE="${REQUESTS_CA_BUNDLE:-/etc/ssl/certs/ca-certificates.crt}"
exec /opt/az/bin/python3 -sm azure.cli "$@"
"""

#: Seconds from a VM's boot to the start of the lab.
_BOOTED_AGO = 3600.0


def base(bundle: str) -> dict[str, GuestFile]:
    """For every VM: the commands of systemd, a package manager, and gpg, which the agent's installer needs.

    `bundle` is the PEM text of the authorities that a VM should trust.
    """
    # On some systems /usr/sbin is a link to /usr/bin.
    update = (str(Path("/usr/sbin").resolve() / "update-ca-certificates"), "/usr/bin/update-ca-trust")
    return {
        **dict.fromkeys(("/usr/bin/apt-get", "/usr/bin/dnf"), _program("apt-get")),
        **dict.fromkeys(update, _program("update-ca-certificates")),
        **_package("ca-certificates", dict.fromkeys(BUNDLES, GuestFile(bundle))),
        "/usr/bin/timedatectl": _program("timedatectl"),
        "/usr/bin/systemctl": _program("systemctl"),
        "/usr/bin/journalctl": _program("journalctl"),
        "/usr/bin/gpg": GuestFile("#!/bin/sh\necho 'gpg (GnuPG) 2.2.40'\n", 0o755),
        f"{_LAB}/units/ssh": GuestFile(_unit("ssh", "active", {})),
        f"{_LAB}/units.environment": GuestFile("LANG=C.UTF-8\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n"),
        "/var/lib/dpkg/lock-frontend": GuestFile("", 0o640),
    }


def files(plan: VmPlan) -> dict[str, GuestFile]:
    """The files of this VM's software."""
    files: dict[str, GuestFile] = {}
    if plan.cloud_init:
        files |= _cloud_init(plan.cloud_init)
    else:
        files["/usr/bin/cloud-init"] = GuestFile(None)
    if plan.agent:
        files |= _agent(plan, plan.agent)
        newest = {f"{_AGENT}/lab/version": GuestFile(f"{AgentPlan().version}\n")}
        files |= _package("azcmagent", newest, removes=["/opt/azcmagent", "/usr/bin/azcmagent", _AGENT])
    if plan.az == "real":
        files["/usr/bin/az"] = GuestFile(_REAL_AZ, 0o755)
    elif plan.az:
        files |= {"/usr/bin/az": _program("az"), f"{_LAB}/az-version": GuestFile(f"{plan.az}\n")}
        files |= _package("azure-cli", {f"{_LAB}/az-version": GuestFile(f"{AZ}\n")})
    else:
        files["/usr/bin/az"] = GuestFile(None)
    for path, file in plan.files.items():
        if file.content is None and Path(path).is_file():  # a program of this machine that the VM lacks
            files |= _package(Path(path).name, {path: GuestFile(Path(path).read_bytes(), 0o755)})
    return files


def links(plan: VmPlan) -> dict[str, str]:
    """Symbolic links of this VM."""
    return {"/usr/bin/azcmagent": "/opt/azcmagent/bin/azcmagent"} if plan.agent else {}


def boot(plan: VmPlan) -> list[str]:
    """Commands at boot, when /run is empty."""
    lines: list[str] = []
    if plan.cloud_init:
        lines.append(
            "ln -s /var/lib/cloud/data/status.json /var/lib/cloud/data/result.json /run/cloud-init 2>/dev/null"
        )
    if plan.agent and plan.agent.baked:
        # The time of the first boot must be later than that of the agent's files, by at least a second.
        lines += ["sleep 1.1", "touch /var/lib/cloud/instance/sem/config_*"]
    return lines


def of_the_runner(plan: RunPlan, folder: Path) -> dict[Path, GuestFile]:
    """COMMAND's Azure CLI: the VMs' stand-in with separate state."""
    listed = [{"extensionType": "whl", "name": "networkcloud", "version": plan.networkcloud}]
    return {
        folder / "bin/az": GuestFile(str(_program("az").content).replace(_LAB, str(folder)), 0o755),
        folder / "az-version": GuestFile(f"{plan.az}\n"),
        folder / "az-extensions": GuestFile(json.dumps(listed if plan.networkcloud else []) + "\n"),
    }


def _package(name: str, files: Mapping[str, GuestFile], removes: Sequence[str] = ()) -> dict[str, GuestFile]:
    """A package for the stand-in of apt-get: the files that it installs and those that it removes."""
    rows = {f"{_LAB}/packages/{name}{path}": file for path, file in files.items()}
    if removes:
        rows[f"{_LAB}/packages/{name}.list"] = GuestFile("".join(f"{path}\n" for path in removes))
    return rows


def _program(name: str) -> GuestFile:
    return GuestFile((_PROGRAMS / name).read_text(encoding="utf-8"), 0o755)


def _unit(name: str, state: str, environment: Mapping[str, str]) -> str:
    detail = {"active": "running", "failed": "failed", "activating": "auto-restart"}.get(state, "dead")
    result = "exit-code" if state in ("failed", "activating") else "success"
    words = " ".join(f"{key}={value}" for key, value in environment.items())
    return (
        f"Result={result}\nEnvironment={words}\nId={name}.service\nLoadState=loaded\nActiveState={state}\n"
        f"SubState={detail}\n"
    )


def _stamp(minutes_ago: float, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    return time.strftime(form, time.gmtime(time.time() - 60 * minutes_ago))


# --- cloud-init


def _cloud_init(plan: CloudInitPlan) -> dict[str, GuestFile]:
    ended = plan.status in ("done", "error")
    booted = time.time() - _BOOTED_AGO
    source = "DataSourceNoCloud [seed=/dev/sr0]"
    stages: dict[str, Any] = {}
    for number, name in enumerate(("init-local", "init", "modules-config", "modules-final")):
        last = name == "modules-final"
        begun = ended or (plan.stage is not None and number <= 2) or name == plan.stage
        stages[name] = {
            "errors": plan.errors if last else [],
            "finished": booted + 7 * number + 6 if begun and name != plan.stage else None,
            "recoverable_errors": {"WARNING": plan.recoverable} if last and plan.recoverable else {},
            "start": booted + 7 * number if begun else None,
        }
    degraded = "degraded " if plan.recoverable and not plan.errors else ""
    extended = "error - done" if plan.status == "error" else f"{degraded}{plan.status}"
    detail = "Cloud-init disabled by /etc/cloud/cloud-init.disabled" if plan.status == "disabled" else source
    status = {
        "boot_status_code": "disabled-by-marker-file" if plan.status == "disabled" else "enabled-by-generator",
        "datasource": "nocloud" if plan.status != "disabled" else "",
        "detail": detail,
        "errors": plan.errors,
        "extended_status": extended,
        **stages,
        "last_update": time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(booted + 27)),
        "recoverable_errors": {"WARNING": plan.recoverable} if plan.recoverable else {},
        "stage": plan.stage,
        "status": plan.status,
    }
    long = f"status: {plan.status}\nextended_status: {extended}\ndetail: {detail}\n"
    files = {
        "/usr/bin/cloud-init": _program("cloud-init"),
        f"{_LAB}/cloud-init/version": GuestFile(f"{plan.version}\n"),
        f"{_LAB}/cloud-init/status.json": GuestFile(json.dumps(status, indent=2) + "\n"),
        f"{_LAB}/cloud-init/status.long": GuestFile(long),
        f"{_LAB}/cloud-init/exit": GuestFile(f"{plan.exit}\n"),
        "/var/lib/cloud/instance/sem/config_scripts_user": GuestFile("4711: 1795300000.0\n"),
    }
    if plan.user_data:
        text = "#cloud-config\nruncmd:\n  - echo the proxy is set, and the metadata service answers\n"
        files["/var/lib/cloud/instance/user-data.txt"] = GuestFile(text, 0o600)
    if plan.status != "disabled":
        files["/var/log/cloud-init-output.log"] = GuestFile(_output(plan, booted, ended), 0o640)
        state = {"v1": {"datasource": source, "stage": plan.stage, **stages}}
        files["/var/lib/cloud/data/status.json"] = GuestFile(json.dumps(state, indent=1) + "\n")
    if ended:
        result = {"v1": {"datasource": source, "errors": plan.errors}}
        files["/var/lib/cloud/data/result.json"] = GuestFile(json.dumps(result, indent=1) + "\n")
    return files


def _output(plan: CloudInitPlan, booted: float, ended: bool) -> str:
    def boot(at: float, output: list[str], *, complete: bool) -> list[str]:
        def when(seconds: float) -> str:
            return time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(at + seconds))

        name = f"Cloud-init v. {plan.version}"
        stages = [("init-local", 5.85), ("init", 7.10), ("modules:config", 12.42), ("modules:final", 20.03)]
        lines = [f"{name} running '{stage}' at {when(up)}. Up {up:.2f} seconds." for stage, up in stages]
        lines.insert(2, "ci-info: | eth0 | True | 10.200.0.2 | 255.255.0.0 | global | 02:00:01:00:00:02 |")
        lines += output
        if complete:
            lines.append(
                f"{name} finished at {when(34.62)}. Datasource DataSourceNoCloud [seed=/dev/sr0].  Up 34.62 seconds"
            )
        return lines

    lines = boot(booted - 86400, plan.earlier_boot, complete=True) if plan.earlier_boot else []
    return "\n".join([*lines, *boot(booted, plan.output, complete=ended), ""])


# --- the agent


def _agent(plan: VmPlan, agent: AgentPlan) -> dict[str, GuestFile]:
    connected = agent.status == "Connected"
    services = dict.fromkeys(_SERVICES, "active" if connected else "inactive") | agent.services
    files = {
        "/opt/azcmagent/bin/azcmagent": _program("azcmagent"),
        "/opt/azcmagent/bin/himds": GuestFile("#!/bin/sh\nexec sleep infinity\n", 0o755),
        f"{_AGENT}/lab/version": GuestFile(f"{agent.version}\n"),
        f"{_AGENT}/lab/generation": GuestFile(f"{agent.generation}\n"),
        f"{_AGENT}/lab/config": GuestFile("".join(f"{key}={value}\n" for key, value in agent.config.items())),
        f"{_AGENT}/lab/resource": GuestFile("".join(f"{k}={v}\n" for k, v in _shown(plan, agent).items())),
        f"{_AGENT}/log/azcmagent.log": GuestFile(
            "".join(f'time="{_stamp(ago)}" level={level} msg="{message}"\n' for ago, level, message in agent.log)
        ),
        f"{_AGENT}/log/himds.log": GuestFile(f'time="{_stamp(60)}" level=info msg="HIMDS is starting"\n'),
        f"{_LAB}/journal": GuestFile("".join(
            f"{_stamp(ago, '%Y-%m-%dT%H:%M:%S+0000')} {plan.hostname} himdsd[812]: {message}\n"
            for ago, message in agent.journal
        )),
    }  # fmt: skip
    for name, state in services.items():
        environment = agent.environment if name == "himdsd" else {}
        files[f"{_LAB}/units/{name}"] = GuestFile(_unit(name, state, environment))
    return files


def _shown(plan: VmPlan, agent: AgentPlan) -> dict[str, str]:
    if not agent.status:
        return dict(agent.shown)
    place = Place.of(plan)
    resource = place.arc_id
    return {
        "Resource Name": place.vm,
        "Resource Group Name": docs.TARGET_GROUP,
        "Resource Namespace": "Microsoft.HybridCompute",
        "Resource Id": resource,
        "Subscription ID": place.target_subscription,
        "Tenant ID": docs.TENANT,
        "VM ID": docs.made_up(plan.name, "vmid"),
        "Correlation ID": docs.made_up(plan.name, "correlation"),
        "VM UUID": docs.made_up(plan.name, "uuid"),
        "Location": "eastus",
        "Cloud": "AzureCloud",
        "Agent Status": agent.status,
        "Agent Last Heartbeat": _stamp(2),
        "Portal Page": f"https://portal.azure.com/#@{docs.TENANT}/resource{resource}/overview",
    } | agent.shown
