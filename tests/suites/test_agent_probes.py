"""The commands of the agent's probes, run in several shells."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plugins.checks.probe import ProbeCommand
from plugins.model import ProbeResult, Target, Vm
from suites.probes.azcmagent import Agent
from suites.probes.azcmagent_connect import settings
from suites.probes.azcmagent_logs import AgentLogs
from suites.probes.azcmagent_services import AgentServices
from tests.suites.test_suite_commands import run
from tests.support.shells import SHELLS
from tests.support.suite_probes import DECLARED
from tests.support.suite_rows import PROFILE, VM, seen

PROBES = {name: probe for name, probe in DECLARED.items() if name.startswith("agent")}

PLANNED = {name: probe.plan(name, {"vm": VM, "profile": PROFILE}) for name, probe in PROBES.items()}


FAKE = """#!/bin/sh
echo "$*" >>"$0.asked"
case "$*" in
version) echo azcmagent version 1.61.03319.2737 ;;
"show -j") echo '{"status": "Connected"}' ;;
show) printf 'Agent Status : Connected\\nLocation                                : westeurope\\nVM ID : v\\n' ;;
"config list") printf 'Local Configuration Settings\\n  proxy.url : http://user:s3cret@169.254.0.11:3128\\n' ;;
"config get "*) echo "$3 has not been set" ;;
check*) printf 'ENDPOINT|REACHABLE\\nhttps://pas.windows.net|true\\n' ;;
esac
"""


@pytest.fixture
def guest(tmp_path: Path) -> Path:
    """A folder that replaces / in the probes, with an agent and its logs."""
    programs = tmp_path / "opt/azcmagent/bin"
    programs.mkdir(parents=True)
    for name in ("azcmagent", "himds"):
        (programs / name).write_text(FAKE)
        (programs / name).chmod(0o755)
    (tmp_path / "var/opt/azcmagent/log").mkdir(parents=True)
    (tmp_path / "var/log").mkdir(parents=True)
    return tmp_path


def asked(guest: Path, shell: list[str], name: str, vm: Vm = VM) -> tuple[subprocess.CompletedProcess[str], Any]:
    """Run a probe as the engine does, with `guest` as the root of its paths, and read its answer."""
    planned = PROBES[name].plan(name, {"vm": vm, "profile": PROFILE})
    command = re.sub(r"(?<!\w)/(?=opt/azcmagent|var/opt|var/log|var/lib)", f"{guest}/", planned.command)
    result = run(shell, replace(planned, command=command), guest)
    reader = PROBES[name].read
    assert reader
    stdout = result.stdout.replace(f"{guest}/", "/")
    return result, reader(ProbeResult(name, command, "done", result.returncode, stdout, result.stderr))


@pytest.mark.parametrize("name", PLANNED)
def test_probes_use_only_reading_commands_of_the_agent(name: str) -> None:
    command: str = PLANNED[name].command
    assert set(re.findall(r"bin/azcmagent (\w+)", command)) <= {"version", "show", "config", "check"}
    assert set(re.findall(r"azcmagent config (\w+)", command)) <= {"list", "get"}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", PLANNED)
def test_an_agent_that_is_not_there_is_no_error(shell: list[str], name: str, tmp_path: Path) -> None:
    if any(not shutil.which(tool) for tool in PLANNED[name].needs):
        pytest.skip(f"{name} needs {PLANNED[name].needs}")
    result, answer = asked(tmp_path, shell, name)
    assert result.returncode == 0
    if isinstance(answer, Agent):
        assert (answer.installed, answer.himds) == (False, False)
    elif not isinstance(answer, AgentLogs | AgentServices):
        assert str(answer.missing) == "the agent is not installed"


@pytest.mark.parametrize("shell", SHELLS)
def test_probes_read_the_agents_answers(shell: list[str], guest: Path) -> None:
    _, agent = asked(guest, shell, "agent")
    assert (agent.installed, agent.himds, agent.version) == (True, True, (1, 61, 3319, 2737))
    _, shown = asked(guest, shell, "agent_show")
    assert (shown.status, shown.location, shown.vm_id) == ("Connected", "westeurope", "v")


@pytest.mark.parametrize("shell", SHELLS)
def test_what_came_before_the_first_boot_is_part_of_the_image(shell: list[str], guest: Path) -> None:
    marks = guest / "var/lib/cloud/instance/sem"
    marks.mkdir(parents=True)
    (marks / "config_ssh").touch()
    _, agent = asked(guest, shell, "agent")
    assert agent.baked is False  # within the same second
    since = (guest / "opt/azcmagent/bin/himds").stat().st_ctime
    assert Agent.read(seen(f"@since {since:.0f}\n@instance {since + 5:.0f}\n")).baked is True


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("password", ["s3cret", "pa@s3cret", "pa/s3cret", "12/s3cret", "a@b/s3cret"])
def test_a_login_of_the_proxy_stays_on_the_vm(shell: list[str], password: str, guest: Path) -> None:
    program = guest / "opt/azcmagent/bin/azcmagent"
    program.write_text(program.read_text().replace("user:s3cret", f"user:{password}"))
    result, config = asked(guest, shell, "agent_config")
    assert not re.search("s3cret|user:|pa@", result.stdout + result.stderr)
    assert config.url == "http://***@169.254.0.11:3128"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("location", "given"),
    [("East US", "eastus"), (None, "westeurope"), ("$(touch x)'; touch y;", "$(touchx)';touchy;")],
)
def test_the_location_is_an_argument(shell: list[str], guest: Path, location: str | None, given: str) -> None:
    _, reached = asked(guest, shell, "agent_check", Vm("vm-a", target=Target(location=location)))
    assert reached.location == given
    assert [endpoint.host for endpoint in reached.endpoints] == ["pas.windows.net"]
    calls = (guest / "opt/azcmagent/bin/azcmagent.asked").read_text().splitlines()
    assert calls[-1] == f"check --location {given}"


def test_another_cloud_is_named() -> None:
    vm = Vm("vm-a", target=Target(location="usgovvirginia", cloud="AzureUSGovernment"))
    assert (
        PROBES["agent_check"]
        .plan("agent_check", {"vm": vm})
        .command.endswith(" --cloud AzureUSGovernment && echo @end")
    )
    assert settings(vm)["cloud"] == "AzureUSGovernment", "azcmagent connect is given it, too"
    assert "cloud" not in settings(VM)


@pytest.mark.parametrize("shell", SHELLS)
def test_lines_are_picked_on_the_vm(shell: list[str], guest: Path) -> None:
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    (guest / "var/opt/azcmagent/log/azcmagent.log").write_text(
        f'time="{now}" level=debug msg="Testing connectivity"\n'
        f'time="{now}" level=error msg="AZCM0026" Error="--service-principal-secret s3cret http://u:s3cret@x eyJhbGci.e30.s3cret"\n'
        " 20% [==> ]\r 40% [===>]\rFATAL   AZCM0042: no resource\r\n"
    )
    (guest / "var/log/cloud-init-output.log").write_text(
        "Cloud-init v. 23.1 running 'init-local' at Sat, 21 Nov 2026 20:00:00 +0000. Up 5.3 seconds.\n"
        "AZCM0143: of the first boot\n"
        "Cloud-init v. 23.1 running 'init-local' at Sat, 21 Nov 2026 22:00:00 +0000. Up 5.3 seconds.\n"
        + "".join(f"AZCM0145: try {number}\n" for number in range(30))
    )
    result, logs = asked(guest, shell, "agent_logs")
    assert "s3cret" not in result.stdout
    assert "Testing" not in result.stdout
    rows = [(line.log, what.name) for line, what in logs.entries]
    assert rows[:2] == [("azcmagent.log", "AZCM0026"), ("azcmagent.log", "AZCM0042")]
    assert rows[2:] == [("cloud-init-output.log", "AZCM0145")] * 20
    assert logs.entries[1][0].time == logs.entries[0][0].time > 0  # the last time before it
    assert logs.entries[1][0].text == "FATAL   AZCM0042: no resource"
    assert logs.entries[-1][0].text == "AZCM0145: try 29"


@pytest.mark.parametrize("shell", SHELLS)
def test_rotated_logs_of_the_last_day_are_read(shell: list[str], guest: Path) -> None:
    folder = guest / "var/opt/azcmagent/log"
    for number, name in enumerate(["himds-2026-11-21T20-00-00.000.log", "azcmagent.log.1", "azcmagent.log.2.gz"]):
        line = f"AZCM002{number}: Error\n".encode()
        (folder / name).write_bytes(gzip.compress(line) if name.endswith(".gz") else line)
    (folder / "himds.log").write_text("AZCM0026: Network Error\n")
    (folder / "azcmagent.log.9").write_text("AZCM0029: Error\n")
    os.utime(folder / "azcmagent.log.9", (0, 0))
    _, logs = asked(guest, shell, "agent_logs")
    assert [(line.log, what.name) for line, what in logs.entries] == [
        ("azcmagent.log.1", "AZCM0021"),
        ("azcmagent.log.2.gz", "AZCM0022"),
        ("himds-2026-11-21T20-00-00.000.log", "AZCM0020"),
        ("himds.log", "AZCM0026"),
    ]


HOSTS = ("gbl.his.arc.azure.com", "management.azure.com", "pas.windows.net", "login.microsoftonline.com")


def network_check(stamp: str) -> str:
    """The agent's lines in azcmagent.log for a successful check of the network."""
    return "".join(
        f'time="{stamp}" level=debug msg="Checking connectivity to https://{host}, proxy status: proxy is not used"\n'
        f'time="{stamp}" level=debug msg="https://{host} is available, using cryptographic protocol: TLS 1.2"\n'
        for host in HOSTS * 2
    )


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("checks", [0, 1, 4, 5, 40, 1200])
def test_harmless_lines_do_not_crowd_a_failure_out(shell: list[str], guest: Path, checks: int) -> None:
    if checks > 40 and "busybox" in shell[0]:
        pytest.skip("busybox' awk takes long for megabytes; none of the supported systems has it")
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    log = guest / "var/opt/azcmagent/log/azcmagent.log"
    log.write_text(f'time="{now}" level=fatal msg="AZCM0041: Invalid credentials"\n' + network_check(now) * checks)
    _, logs = asked(guest, shell, "agent_logs")
    assert [what.name for _, what in logs.entries] == ["AZCM0041"]


@pytest.mark.parametrize("shell", SHELLS)
def test_many_lines_of_one_meaning_leave_room_for_the_others(shell: list[str], guest: Path) -> None:
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    flood = f'time="{now}" level=debug msg="a try" Error="context deadline exceeded {"x" * 600}"\n' * 300
    codes = f'time="{now}" level=error msg="AZCM0026: Network Error"\n' * 300
    (guest / "var/opt/azcmagent/log/azcmagent.log").write_text(
        f'time="{now}" level=fatal msg="AZCM0041: Invalid credentials"\n'
        f'time="{now}" level=debug msg="{"y" * 3000} RequestDisallowedByPolicy"\n{codes}{flood}'
    )
    result, logs = asked(guest, shell, "agent_logs")
    assert len(result.stdout) < 12_000
    assert {what.name for _, what in logs.entries} == {
        "AZCM0041",
        "AZCM0026",
        "Denied by Azure Policy",
        "No answer in time",
    }


#: Lines without an entry in the catalogue, in the agents' formats, and the quoted part.
UNLISTED = [
    ('time="2026-11-21T20:15:01Z" level=error msg="frobnicate" Error="no frob in the pool"', "other"),
    ('{"level":"fatal","ts":1795301158.1,"msg":"frobnicate","error":"is held by process 812"}', "lock"),
    ('ts=2026-11-21T20:15:01Z caller=frob.go:12 level=error err="open /var/x: permission denied"', "permission"),
    ("E1121 20:15:01.123456    1234 frob.go:12] Frobnication was refused", "other"),
    ("[2026-11-21 20:15:01.423] [PID 1] [TID 2] [EXTMGR] [ERROR] [00000000] The frob is broken", "other"),
    (
        "2026-11-21T20:15:01+0000 vm-a gc_linux_service[812]: terminate called after throwing 'std::bad_alloc'",
        "exception",
    ),
    ("panic: runtime error: invalid memory address or nil pointer dereference", "exception"),
]


HARMLESS = [
    'time="2026-11-21T20:15:01Z" level=info msg="Error handling is enabled, 0 failed"',
    '{"level":"info","msg":"retry policy: no errors so far","error":null}',
    "I1121 20:15:01.123456    1234 frob.go:12] Failed items: 0",
    "[2026-11-21 20:15:01.423] [PID 1] [TID 2] [EXTMGR] [INFO] [00000000] No failed extensions",
    "2026-11-21T20:15:01+0000 vm-a himdsd[812]: Deactivated successfully.",
]


@pytest.mark.parametrize("shell", SHELLS)
def test_an_error_that_no_entry_explains_is_picked_by_its_grammar(shell: list[str], guest: Path) -> None:
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    chatter = [f"{line} (item {number})" for number in range(300) for line in HARMLESS]
    lines = [f'time="{now}" level=info msg="Starting"', *(line for line, _ in UNLISTED), *chatter]
    text = re.sub(r"2026-11-21T20:15:01(Z|\+0000)", now, "\n".join(lines)).replace("2026-11-21 20:15:01", now[:19])
    (guest / "var/opt/azcmagent/log/himds.log").write_text(text + "\n")
    _, logs = asked(guest, shell, "agent_logs")
    names = [what.name for _, what in logs.entries]
    assert names == [f"An error without an entry ({kind})" for _, kind in UNLISTED]


def test_of_installing_only_what_is_known_counts() -> None:
    """CLOUDINIT-002 reports other failures of installers, whose logs contain many harmless lines."""
    text = "@now 1795301158\n@log cloud-init-output.log\n\tE: Unable to locate package nginx\n\tAZCM0143: x\n"
    assert [what.name for _, what in AgentLogs.read(seen(text)).entries] == ["AZCM0143"]


def test_a_failure_that_a_retry_takes_back_does_not_count() -> None:
    failed = 'level=error msg="frob" Error="connection refused"'
    text = f"@now 1795301158\n@log himds.log\n\t{failed}\n\tattempt 1 failed, retrying\n"
    assert len(AgentLogs.read(seen(text)).entries) == 1
    assert AgentLogs.read(seen(f"{text}\tfrob succeeded\n")).entries == ()


@pytest.mark.parametrize("success", ["Connected machine to Azure", "Successfully Onboarded Resource to Azure"])
def test_what_came_before_a_success_is_history(success: str) -> None:
    failed = "The client 'a' does not have authorization to perform action 'Microsoft.HybridCompute/machines/read'"
    text = f"@now 1795301158\n@log azcmagent.log\n\t{failed}\n\t{success}\n"
    assert AgentLogs.read(seen(text)).entries == ()


#: The agent requests IMDS at each start; outside Azure a failure is normal.
LOOK = 'msg="Get http://169.254.169.254/metadata/instance: dial tcp 169.254.169.254:80: i/o timeout"'
OF_CURL = 'msg="script: curl: (7) Failed to connect to 10.0.0.4 port 443"'  # nothing that the agent itself does


@pytest.mark.parametrize(
    ("line", "count"),
    [
        (f"level=debug {LOOK}", 0),
        (f"level=error {LOOK}", 0),
        (f"level=info {OF_CURL}", 0),
        (f"level=error {OF_CURL}", 1),
        (f"[ERROR] {OF_CURL}", 1),
    ],
)
def test_a_message_that_may_be_harmless_counts_when_the_agent_calls_it_an_error(line: str, count: int) -> None:
    assert len(AgentLogs.read(seen(f"@now 1795301158\n@log himds.log\n\t{line}\n")).entries) == count


def test_what_systemd_shows() -> None:
    services = AgentServices.read(
        seen(
            "Result=success\nEnvironment=HTTPS_PROXY=http://169.254.0.11:3128\nEnvironment=NO_PROXY=localhost\n"
            "Id=himdsd.service\nLoadState=loaded\nActiveState=active\nSubState=running\n\n"
            "Result=exit-code\nId=extd.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\n"
        )
    )
    assert services.units["himdsd"].environment == {"HTTPS_PROXY": "http://169.254.0.11:3128", "NO_PROXY": "localhost"}
    assert (services.units["extd"].runs, services.units["extd"].detail) == (False, "exit-code")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "assignment",
    [
        "HTTPS_PROXY=http://u:s3cret@169.254.0.11:3128",
        "HTTPS_PROXY=http://u:a@s3cret@169.254.0.11:3128",
        "HTTPS_PROXY=http://u:12/s3cret@169.254.0.11:3128",
        "HTTPS_PROXY=http://u:s3cret s3cret@169.254.0.11:3128",
        'HTTPS_PROXY=http://u:s3cret\\"s3cret@169.254.0.11:3128',
        '"HTTPS_PROXY=http://u:s3cret\\" s3cret@169.254.0.11:3128"',
    ],
)
def test_of_a_services_environment_only_proxies_leave(shell: list[str], assignment: str, tmp_path: Path) -> None:
    fake = tmp_path / "systemctl"
    fake.write_text(
        "#!/bin/sh\necho 'Id=himdsd.service'\n"
        f"""echo 'Environment=TOKEN=s3cret {assignment} "OTHER=a b" "OTHER_TOO=s3cret http_proxy=x"'\n"""
    )
    fake.chmod(0o755)
    planned: ProbeCommand = PLANNED["agent_services"]
    result = run(shell, planned, tmp_path, PATH=f"{tmp_path}:/usr/bin:/bin")
    shown = result.stdout.replace('"', "")
    assert shown == "Id=himdsd.service\nEnvironment=HTTPS_PROXY=http://***@169.254.0.11:3128\n@end\n"


def test_an_address_is_no_login_of_a_service(tmp_path: Path) -> None:
    fake = tmp_path / "systemctl"
    fake.write_text(
        "#!/bin/sh\necho 'Environment=HTTPS_PROXY=http://[fd00::1]:3128 http_proxy=h:3128 NO_PROXY=::1,fd00::1'\n"
    )
    fake.chmod(0o755)
    result = run(["sh"], PLANNED["agent_services"], tmp_path, PATH=f"{tmp_path}:/usr/bin:/bin")
    assert result.stdout.replace("Environment=", "").split() == [
        "HTTPS_PROXY=http://[fd00::1]:3128",
        "http_proxy=h:3128",
        "NO_PROXY=::1,fd00::1",
        "@end",
    ]
