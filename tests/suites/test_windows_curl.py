"""The Windows probes with a real curl and .NET's TLS, on a real PowerShell.

curl.exe is the installed curl, which PowerShell for Linux starts by that name. Rows cover Schannel's messages.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from lab.odd_proxy import answers
from plugins.checks.probe import ProbeCommand
from plugins.model import ProbeResult
from plugins.requirements.profile import Profile
from suites.probes.curl import CurlAnswer
from suites.probes.imds_as_is import OwnSettings
from suites.rules.proxy_path import proxy_path
from suites.rules.tls import Tls
from tests.support.curls import serving
from tests.support.powershell import PROGRAMS, needs_pwsh, run, wine_schannel
from tests.support.powershell_grammar import VM
from tests.support.suite_probes import DECLARED
from tests.support.suite_rows import PROFILE
from tests.support.tls_origin import serves

pytestmark = [needs_pwsh, pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")]

ENDPOINT = next(endpoint for endpoint in PROFILE.endpoints(VM) if endpoint.host == "management.azure.com")
OK = answers(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with curl.exe, into which `-o NUL` writes, and an environment without proxies."""
    (tmp_path / "curl.exe").symlink_to(shutil.which("curl") or "")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path


@pytest.fixture
def ports() -> Iterator[Mapping[str, int]]:
    with serving({"service": OK, "proxy": OK}) as ports:
        yield ports


def _planned(name: str, profile: Profile) -> ProbeCommand:
    planned = DECLARED[name].plan(name, {"vm": VM, "profile": profile, "endpoint": ENDPOINT})
    return replace(planned, timeout=60)


def _answer(planned: ProbeCommand) -> ProbeResult:
    answer = run(planned)[planned.key]
    assert answer.state == "done", answer
    return answer


@pytest.mark.parametrize(
    ("proxy", "way", "error"),
    [
        ("", "service", False),
        ("http://127.0.0.1:{proxy}", "proxy", False),
        ("http://user:s3cret@127.0.0.1:{proxy}", "proxy", False),
        ("http://user:s3@cr/et@127.0.0.1:{proxy}", "", True),
        ("http://127.0.0.1:{refused}", "refused", True),
        ("http://user:s3cret@127.0.0.1:{refused}", "refused", True),
    ],
)
def test_the_way_of_a_request_with_the_sessions_own_settings(
    proxy: str, way: str, error: bool, here: Path, ports: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    if proxy:
        monkeypatch.setenv("http_proxy", proxy.format_map(ports))
    answer = _answer(_planned("healthz_as_is", replace(PROFILE, imds=f"127.0.0.1:{ports['service']}")))
    own = OwnSettings.read(answer)
    assert not any(part in answer.stdout + answer.stderr for part in ("user", "s3", "cr/et", "Basic"))
    assert way == "refused" or own.goes_to("127.0.0.1") is (way == "service")
    assert own.proxied is (way == "proxy")
    assert (own.answer.code, bool(own.answer.error)) == (0 if error else 200, error)
    assert ("withheld" in own.answer.error) is (error and "@" in proxy)
    assert not way or own.tried == f"127.0.0.1:{ports[way]}"


@pytest.mark.parametrize(("number", "serial"), [("-4660", "-1234"), ("4660", "1234"), ("33023", "80FF")])
def test_dotnet_reads_version_issuer_and_serial_number(number: str, serial: str, here: Path) -> None:
    made = f"openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -set_serial {number} -subj /O=Contoso/CN={ENDPOINT.host}"
    subprocess.run(made.split(), cwd=here, capture_output=True, check=True)
    (here / "pem").write_text((here / "key").read_text() + (here / "cert").read_text())
    with serving({"proxy": serves(here / "pem")}) as ports:
        profile = replace(PROFILE, proxy_url=f"http://127.0.0.1:{ports['proxy']}")
        answer = CurlAnswer.read(_answer(_planned("tunnel", profile)))
    path = proxy_path(answer, ENDPOINT, profile)
    tls = Tls.read(answer.verbose)
    # Wine's Schannel has no TLS 1.3.
    assert (answer.exit, path.reached) == (0 if wine_schannel() else 60, True)
    assert (tls.version, tls.organisation) == ("1.2" if PROGRAMS else "1.3", "Contoso")
    assert tls.serial == serial
