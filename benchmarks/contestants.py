"""The contestants: this suite and other tools, each in the best configuration in its documentation, stated in `how`.

There are two workloads. *forty*: forty small commands on every VM, each judged. *probes*: the unchanged script of a
full run of the suite. All contestants log in as the same user with the same key and known_hosts, without an open
connection of an earlier run.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import forty

ROOT = Path(__file__).resolve().parents[1]
PEERS, PYINFRA = ROOT / ".bench/peers/bin", ROOT / ".bench/pyinfra/bin"

#: The number of parallel ssh processes, of ansible's forks, and of VMs that pyinfra visits in parallel.
AT_ONCE = 50

#: For OpenSSH the key exchange of the other tools: its default in OpenSSH 9 is post-quantum and takes 115 ms per login.
KEX = "curve25519-sha256"


@dataclass(frozen=True, slots=True)
class Site:
    """The lab for a contestant, and a folder for its files."""

    folder: Path
    inventory: Path
    ssh_config: Path
    names: Sequence[str]  # of the VMs
    script: Path  # for OpenSSH, ansible and pyinfra
    done: str  # the script's last line of output
    profile: Path  # of the lab

    def hosts(self) -> list[dict[str, str]]:
        """HostName, User, IdentityFile and UserKnownHostsFile of each VM, from the lab's ssh_config."""
        rows: list[dict[str, str]] = []
        for line in self.ssh_config.read_text("utf-8").splitlines():
            word, _, value = line.strip().partition(" ")
            if word == "Host":
                rows.append({"Host": value})
            elif word:
                rows[-1][word] = value
        return rows


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, and a function that counts the VMs that answered."""

    words: list[str]
    answered: Callable[[str], int]  # in its output
    stdin: Path | None = None
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contestant:
    """One row of the results."""

    name: str
    title: str
    how: str
    works: frozenset[str]  # forty, probes
    command: Callable[[Site, str], Command]


# --- this suite


def _suite(site: Site, work: str) -> Command:
    """A complete run, with its reports."""
    reports = site.folder / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    project = forty.project(site.folder / "project") if work == "forty" else ROOT
    words = [str(ROOT / ".venv/bin/python"), "-m", "pytest", f"--rootdir={project}", "-c", f"{project}/pyproject.toml"]
    words += [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "benchmarks.clock",
        f"--inventory={site.inventory}",
        "--no-azure",
        "--gate=chosen",
    ]
    words += [f"--reports={reports}", *([f"--profile={site.profile}"] if work == "probes" else ())]
    clock = {"BENCH_CLOCK": str(site.folder / "clock.json"), "PYTHONPATH": str(ROOT)}

    def answered(output: str) -> int:
        results = json.loads((max(reports.glob("2*")) / "results.json").read_bytes())
        if work == "forty":
            return sum(
                [result["status"] for result in vm["results"]] == ["pass"] * forty.COUNT for vm in results["vms"]
            )
        return sum(
            vm["session"]["outcome"] == "ok" and all(seen["state"] != "lost" for seen in vm["evidence"].values())
            for vm in results["vms"]
        )

    return Command([*words, str(project / "suites")], answered, env=clock)


# --- OpenSSH


def _xargs(site: Site, work: str) -> Command:
    ssh = ["ssh", "-F", str(site.ssh_config), "-o", f"KexAlgorithms={KEX}", "-o", "BatchMode=yes"]
    one = " ".join(f"'{word}'" for word in [*ssh, "{}", "sh -s"])
    one += f" <'{site.script}' >'{site.folder}/{{}}.out' 2>/dev/null"
    names = site.folder / "names"
    names.write_text("\n".join(site.names), "utf-8")

    def answered(output: str) -> int:
        texts = ((site.folder / f"{name}.out").read_text("utf-8", "replace") for name in site.names)
        return sum(site.done in text for text in texts)

    words = ["xargs", "-P", str(AT_ONCE), "-I", "{}", "sh", "-c", one]
    return Command(words, answered, stdin=names)


# --- testinfra

#: The best `-n` for testinfra with 20 VMs on two cores; 4, 8, 16 and 32 were tried, once each. Over paramiko that was 8
#: without distance (9 s) and 16 at 50 ms (19 s); over ssh 4 and 8 without distance (both 7 s) and 8 at 50 ms (22 s).
PROCESSES = {"paramiko": (8, 16), "ssh": (8,)}


def _testinfra(backend: str, processes: int) -> Callable[[Site, str], Command]:
    def command(site: Site, work: str) -> Command:
        test = site.folder / "test_forty.py"
        test.write_text(forty.TESTINFRA, "utf-8")
        config = site.ssh_config
        if backend == "ssh":
            # Without a ControlPath, testinfra's ControlMaster has no effect and each command is a login.
            config = site.folder / "ssh_config"
            shared = f"    ControlPath {site.folder}/%C\n    KexAlgorithms {KEX}\n"
            config.write_text(f"{site.ssh_config.read_text('utf-8')}\nHost *\n{shared}", "utf-8")
        hosts = ",".join(f"{backend}://{name}" for name in site.names)
        words = [str(PEERS / "pytest"), "-q", "-p", "no:cacheprovider", f"--rootdir={site.folder}", f"--hosts={hosts}"]
        words += [f"--ssh-config={config}", *(["-n", str(processes)] if processes else []), str(test)]
        return Command(words, lambda output: forty.passed(output) // forty.COUNT)

    return command


# --- ansible


def _ansible(site: Site, work: str) -> Command:
    (site.folder / "ansible.cfg").write_text(
        f"""\
[defaults]
forks = {AT_ONCE}
host_key_checking = True
local_tmp = {site.folder}/ansible
[ssh_connection]
pipelining = True
control_path_dir = {site.folder}/cp
ssh_args = -F {site.ssh_config} -o ControlMaster=auto -o ControlPersist=60s -o KexAlgorithms={KEX}
transfer_method = piped
""",
        "utf-8",
    )
    hosts = site.folder / "hosts"
    hosts.write_text("\n".join(["[all]", *site.names, ""]), "utf-8")
    words = [str(PEERS / "ansible"), "all", "-i", str(hosts), "-m", "script", "-a", str(site.script)]
    env = {"ANSIBLE_CONFIG": str(site.folder / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "HOME": str(site.folder)}
    return Command(words, lambda output: _hosts_with(output, site.done), env=env)


def _hosts_with(output: str, done: str) -> int:
    # ansible shows the output twice: "stdout": "...", and "stdout_lines": [..., "<done>"]
    return sum(f'"{done}"' in line for line in output.splitlines())


# --- pyinfra


def _pyinfra(site: Site, work: str) -> Command:
    rows = [
        (
            host["Host"],
            {
                "ssh_hostname": host["HostName"],
                "ssh_user": host["User"],
                "ssh_key": host["IdentityFile"],
                "ssh_known_hosts_file": host["UserKnownHostsFile"],
                "ssh_strict_host_key_checking": "yes",
                "ssh_allow_agent": False,
                "ssh_look_for_keys": False,
            },
        )
        for host in site.hosts()
    ]
    inventory = site.folder / "inventory.py"
    inventory.write_text(f"hosts = {rows!r}\n", "utf-8")
    words = [str(PYINFRA / "pyinfra"), "-y", "--parallel", str(AT_ONCE), str(inventory), "exec", "--"]
    words.append(site.script.read_text("utf-8"))
    # [vm1 10.200.0.2]  all forty done          (names are padded; the output also contains the command)
    line = re.compile(rf"\[\S+[^]]*\] +{re.escape(site.done)}")
    return Command(words, lambda output: sum(map(bool, map(line.fullmatch, output.splitlines()))))


BOTH, FORTY = frozenset({"forty", "probes"}), frozenset({"forty"})


def _testinfra_rows() -> list[Contestant]:
    rows = []
    for backend, how in (
        ("paramiko", "`--hosts=paramiko://...`, its default backend"),
        ("ssh", f"`--hosts=ssh://...` with ControlPersist, a ControlPath and {KEX}"),
    ):
        for processes in (0, *PROCESSES[backend]):
            name = f"testinfra-{backend}" + (f"-n{processes}" if processes else "")
            title = f"testinfra, {backend}, " + (f"`-n {processes}`" if processes else "one process")
            rows.append(Contestant(name, title, how, FORTY, _testinfra(backend, processes)))
    return rows


CONTESTANTS: dict[str, Contestant] = {
    contestant.name: contestant
    for contestant in [
        Contestant("suite", "this suite", "`pytest --inventory=...`, as documented", BOTH, _suite),
        Contestant(
            "openssh",
            f"OpenSSH, `xargs -P{AT_ONCE}`",
            f"`ssh HOST 'sh -s' <script`, {KEX}; it only runs the script, and judges and reports nothing",
            BOTH,
            _xargs,
        ),
        Contestant(
            "ansible",
            "ansible-core, `script`",
            f"ad hoc, forks = {AT_ONCE}, pipelining, piped transfer, ControlPersist, {KEX}",
            BOTH,
            _ansible,
        ),
        Contestant(
            "pyinfra",
            "pyinfra, `exec`",
            f"`--parallel {AT_ONCE}`, address, user and key stated for each host",
            BOTH,
            _pyinfra,
        ),
        *_testinfra_rows(),
    ]
}
