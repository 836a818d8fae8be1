"""The commands of every probe in every installed POSIX shell: valid, harmless, and without secrets."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from plugins.checks.probe import ProbeCommand
from plugins.model import ProbeResult
from plugins.requirements.profile import Timeouts
from suites.probes.curl import CurlAnswer
from suites.probes.imds_as_is import OwnSettings
from suites.probes.proxy_environment import Variables
from tests.support.shells import SHELLS
from tests.support.suite_probes import DECLARED
from tests.support.suite_rows import PROFILE, VM

ENDPOINT = PROFILE.endpoints(VM)[0]
#: Without those of the enrollment: some are requests to Azure, and the others change the VM.
PROBES = {name: probe for name, probe in DECLARED.items() if name not in ("enroll_machine", "enroll_gone")}
READ_ONLY = [name for name in PROBES if not name.startswith("enroll_")]
PLANNED = {
    name: probe.plan(name, {"vm": VM, "profile": PROFILE, "endpoint": ENDPOINT}) for name, probe in PROBES.items()
}


def run(shell: list[str], planned: ProbeCommand, tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run it like the engine: a function in a subshell with stdin closed."""
    return subprocess.run(
        [*shell, "-c", f"p1() {{\n{planned.command}\n}}\n( p1 )"],
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(tmp_path), "LC_ALL": "C", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def read(name: str, result: subprocess.CompletedProcess[str]) -> object:
    reader = PROBES[name].read
    assert reader
    return reader(ProbeResult(name, "", "done", result.returncode, result.stdout, result.stderr))


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", PLANNED)
def test_the_shell_accepts_it(shell: list[str], name: str, tmp_path: Path) -> None:
    result = subprocess.run([*shell, "-n", "-c", PLANNED[name].command], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", READ_ONLY)
def test_it_changes_nothing(name: str) -> None:
    command = PLANNED[name].command
    awk = r"(?s)awk .*?'\n.*?'$"  # in which > compares, and patterns contain command names
    for program in re.findall(awk, command, re.M):
        assert not re.search(r"system *\(|getline|\bprintf?\b[^;\n}]*[>|]", program), "awk runs or writes something"
    shell = re.sub(awk, "awk", command, flags=re.M)
    written = [path for path in re.findall(r">\s*(\S+)", shell) if not path.startswith(("/dev/null", "&"))]
    assert not written, "a probe writes to a file"
    assert not re.search(
        r"\b(rm|mv|cp|touch|mkdir|tee|chmod|chown|ln|install|kill|sed -i|(?<!in )systemctl (?!show))\b", shell
    )


#: Seconds that a slow VM needs to start curl, and for curl to report a time-out.
SLOW_VM = 5


@pytest.mark.parametrize("name", PLANNED)
def test_curl_stops_before_the_probe_is_stopped(name: str) -> None:
    """With the longest limits of a profile; the token is requested twice, 2 s apart."""
    profile = replace(PROFILE, timeouts=Timeouts(imds=5, connect=5, total=10))
    planned = PROBES[name].plan(name, {"vm": VM, "profile": profile, "endpoint": ENDPOINT})
    limits = [int(limit) for limit in re.findall(r"--max-time (\d+)", planned.command)]
    if "tries=2" in planned.command:
        limits[0] = 2 * limits[0] + 2
    assert max(limits, default=0) + SLOW_VM * bool(limits) <= planned.timeout
    assert sum(limits) < planned.timeout


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", ["session_env", "login_env"])
def test_logins_never_leave_the_vm(shell: list[str], name: str, tmp_path: Path) -> None:
    result = run(
        shell,
        PLANNED[name],
        tmp_path,
        SHELL="/bin/bash",
        HTTPS_PROXY="http://user:s3cret@169.254.0.11:3128",
        https_proxy="user:s3cret://odd@169.254.0.11:3128",
        HTTP_PROXY='"http://user:s3cret@169.254.0.11:3128"',
        http_proxy="http://user:s3cret@x@169.254.0.11:3128",
        NO_PROXY="localhost,127.0.0.1",
        OTHER="s3cret",
    )
    assert "s3cret" not in result.stdout + result.stderr
    assert "user" not in result.stdout
    for password in ("pa@s3cret", "pa/s3cret", "12/s3cret", "a@b/s3@cret"):
        odd = run(shell, PLANNED[name], tmp_path, SHELL="/bin/bash", https_proxy=f"http://user:{password}@h:3128")
        assert "https_proxy=http://***@h:3128\n" in odd.stdout
        assert not re.search("s3|user|pa", odd.stdout + odd.stderr)
    reading = read(name, result)
    assert isinstance(reading, Variables)
    assert reading.values["HTTPS_PROXY"] == "http://***@169.254.0.11:3128"
    assert reading.values["https_proxy"] == "***@169.254.0.11:3128"
    assert reading.values["NO_PROXY"] == "localhost,127.0.0.1"
    assert "OTHER" not in reading.values


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")
@pytest.mark.parametrize(
    "proxy",
    [
        '"http://user:s3cret@127.0.0.1:9"',
        "http://user:s3cret@127.0.0.1:9",
        "http://user:s3@cret@127.0.0.1:9",
        "http://user:12/s3cret@127.0.0.1:9",
        "http://user:s3#cret?x@127.0.0.1:9",
        "user:s3cret@127.0.0.1:9",
    ],
)
def test_nothing_of_a_login_leaves_with_curls_words(shell: list[str], proxy: str, tmp_path: Path) -> None:
    result = run(shell, PLANNED["healthz_as_is"], tmp_path, http_proxy=proxy)
    assert result.returncode in (3, 5, 7, 28, 97)
    output = result.stdout + result.stderr
    assert not re.search("s3|cret|user", output)
    way = read("healthz_as_is", result)
    assert isinstance(way, OwnSettings)
    assert way.answer.error == "its sentence is withheld: the proxy has a login"
    assert not way.goes_to(PROFILE.imds)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")
def test_the_configuration_file_of_curl_is_named(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config/curlrc").write_text("silent\n")
    (tmp_path / ".curlrc").write_text("# x\nproxy = http://user:s3cret@127.0.0.1:9\n")
    result = run(shell, PLANNED["healthz_as_is"], tmp_path)
    way = read("healthz_as_is", result)
    assert isinstance(way, OwnSettings)
    assert way.tried == "127.0.0.1:9"
    assert way.files == (("H", True, f"{tmp_path}/.curlrc"), ("h", False, f"{tmp_path}/.config/curlrc"))
    assert "s3cret" not in result.stderr


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("login", ["/bin/bash", "/bin/dash", "/usr/bin/tcsh", "/bin/busybox"])
def test_the_login_shell_tells_what_its_profile_sets(shell: list[str], login: str, tmp_path: Path) -> None:
    if not Path(login).exists():
        pytest.skip(f"no {login} here")
    if login.endswith("busybox"):
        (tmp_path / "ash").symlink_to(login)
        login = str(tmp_path / "ash")
    (tmp_path / ".profile").write_text("echo welcome; read answer\nexport NO_PROXY=from-the-profile\n")
    (tmp_path / ".login").write_text("echo welcome\nsetenv NO_PROXY from-the-profile\n")
    reading = read("login_env", run(shell, PLANNED["login_env"], tmp_path, SHELL=login, NO_PROXY="from-the-session"))
    assert isinstance(reading, Variables)
    assert reading.missing is None
    assert reading.values["NO_PROXY"] == "from-the-profile"


def test_a_login_shell_that_runs_nothing_is_not_an_empty_one(tmp_path: Path) -> None:
    reading = read("login_env", run(["sh"], PLANNED["login_env"], tmp_path, SHELL="/bin/false"))
    assert isinstance(reading, Variables)
    assert str(reading.missing) == "it ran no command"


@pytest.mark.parametrize("shell", SHELLS)
def test_files_are_named_and_values_are_not(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text(
        "#export HTTPS_PROXY=old\n"
        "  export https_proxy=http://user:s3cret@169.254.0.11:3128\n"
        "export HTTP_PROXY=http://169.254.0.11:3128 http_proxy=http://169.254.0.11:3128\n"
        "curl -x http://user:s3cret@h https://x # no_proxy=\n"
        "setenv NO_PROXY localhost\n"
    )
    result = run(shell, PLANNED["written"], tmp_path)
    assert "s3cret" not in result.stdout
    reading = read("written", result)
    assert isinstance(reading, dict)
    here = str(tmp_path / ".profile")
    assert {name for name, files in reading.items() if here in files} == {
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "NO_PROXY",
    }


def test_systemd_quotes_what_it_shows() -> None:
    seen = ProbeResult("systemd_env", "", "done", 0, "HTTPS_PROXY=http://169.254.0.11:3128\nNO_PROXY=$'a, b'\n")
    reading = Variables.read_systemd(seen)
    assert reading.values == {"HTTPS_PROXY": "http://169.254.0.11:3128", "NO_PROXY": "a, b"}


def test_the_environment_of_systemd_is_read(tmp_path: Path) -> None:
    fake = tmp_path / "systemctl"
    fake.write_text('#!/bin/sh\n[ "$*" = show-environment ] && echo HTTPS_PROXY=http://user:s3cret@169.254.0.11:3128\n')
    fake.chmod(0o755)
    reading = read("systemd_env", run(["sh"], PLANNED["systemd_env"], tmp_path, PATH=f"{tmp_path}:/usr/bin:/bin"))
    assert isinstance(reading, Variables)
    assert reading.values == {"HTTPS_PROXY": "http://***@169.254.0.11:3128"}


def test_no_systemd() -> None:
    seen = ProbeResult(
        "systemd_env", "", "done", 0, "", "System has not been booted with systemd as init system (PID 1).\n"
    )
    assert str(Variables.read_systemd(seen).missing) == "systemd does not run"


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")
@pytest.mark.parametrize("name", ["healthz", "healthz_as_is", "imds_compute", "proxy_port", "tunnel"])
def test_curl_prints_what_the_reader_reads(name: str, tmp_path: Path) -> None:
    # There is no cloud services network here; curl must accept every option and write its numbers.
    result = run(["sh"], PLANNED[name], tmp_path)
    answer = read(name, result)
    if isinstance(answer, OwnSettings):
        answer = answer.answer
    assert isinstance(answer, CurlAnswer)
    assert answer.exit == result.returncode
    assert answer.exit not in (1, 2, 3)  # unsupported, failed to initialise (an option it does not know), malformed URL


def test_the_tunnel_is_requested_for_headers_only() -> None:
    command = PLANNED["tunnel"].command
    assert re.findall(r"\bcurl (?:-\S+ )*-I --proxy ", command) == [
        "curl -q -sS -v -I --proxy ",
        "curl -q -s -v -k -I --proxy ",
    ]


def test_an_endpoint_whose_certificate_nobody_judges_is_asked_without_authorities() -> None:
    for endpoint in PROFILE.endpoints(VM):
        command = DECLARED["tunnel"].plan("tunnel", {"vm": VM, "profile": PROFILE, "endpoint": endpoint}).command
        assert len(re.findall(r"\bcurl -q -sS -v -k -I --proxy ", command)) == (not endpoint.required)
        assert ("openssl" in command) is endpoint.required
