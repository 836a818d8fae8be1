"""The facts that checks record for drift: correct VMs have exactly the same values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from plugins.model import ProbeResult, Status, Vm
from tests.support.catalogue import FUNCTIONS
from tests.support.fake_azure import INVENTORY, azure
from tests.support.paths import ROOT
from tests.support.suite_rows import NOW, Row, seen

#: Every fact that a check records; each has its rows below.
FACTS = {
    *("clock", "proxy variables", "NO_PROXY", "curl", "agent version", "agent proxy.url", "agent config.mode"),
    *("agent proxy.bypass", "Azure CLI", "cloud-init", "operating system", "architecture", "image"),
}


def test_no_fact_is_noted_without_a_row() -> None:
    folder = ROOT / "suites"
    written = {
        name for path in folder.rglob("*.py") for name in re.findall(r'\b_?record_fact\(\s*"([^"]+)"', path.read_text())
    }
    assert written == FACTS


def facts(check: str, evidence: Mapping[str, ProbeResult], vm: Vm = INVENTORY, **parameters: Any) -> dict[str, str]:
    return dict(Row("", evidence, Status.PASS, "", parameters=parameters, vm=vm).outcome(FUNCTIONS[check]).facts)


def clock(offset: int) -> dict[str, ProbeResult]:
    return {"clock": seen(f"@clock {int(NOW) + offset}\n")}


@pytest.mark.parametrize(
    ("offset", "told"),
    [
        *((offset, "within 5 s") for offset in (-5, -1, 0, 2, 5)),
        (6, "6 s ahead"),
        (-37, "37 s behind"),
        (600, "10 min ahead"),
        (-7_500, "2 h 5 min behind"),
    ],
)
def test_right_clocks_are_equal(offset: int, told: str) -> None:
    assert facts("SSH-003", clock(offset)) == {"clock": told}


URL = "http://169.254.0.11:3128"
UPPER, LOWER = f"HTTPS_PROXY={URL}\nHTTP_PROXY={URL}\n", f"https_proxy={URL}\nhttp_proxy={URL}\n"


def environment(session: str, login: str | None = None) -> dict[str, ProbeResult]:
    login = session if login is None else login
    shell = seen(f"@login\n{login}") if login != "-" else seen("", state="timed out")
    return {"session_env": seen(session), "login_env": shell, "written": seen("")}


@pytest.mark.parametrize(
    ("evidence", "told"),
    [
        (environment(UPPER + LOWER), f"HTTPS_PROXY https_proxy HTTP_PROXY http_proxy={URL}"),
        (environment("HTTPS_PROXY=HTTP://169.254.0.11:3128/\nhttps_proxy=169.254.0.11:3128\n"), f"HTTPS_PROXY https_proxy={URL}"),
        (environment("HTTPS_PROXY=http://10.0.0.9:8080\n" + LOWER), f"HTTPS_PROXY=http://10.0.0.9:8080, https_proxy http_proxy={URL}"),
        (environment(""), "not set"),
        (environment("", LOWER), f"the SSH session: not set; the login shell: https_proxy http_proxy={URL}"),
        (environment(UPPER, "-"), f"HTTPS_PROXY HTTP_PROXY={URL}"),
        (environment("HTTPS_PROXY=http://[::1\n"), "HTTPS_PROXY=http://[::1"),
    ],
)  # fmt: skip
def test_proxies_are_noted_by_what_they_mean(evidence: dict[str, ProbeResult], told: str) -> None:
    evidence |= {"sudo_env": seen(""), "systemd_env": seen("")}
    for variable in ("HTTPS_PROXY", "http_proxy"):  # the same for every variable
        actual = facts("PROXY-001", evidence, variable=variable)
        assert actual == {"proxy variables": told}


@pytest.mark.parametrize(
    ("session", "told"),
    [
        ("NO_PROXY=b,A , c\nno_proxy=c,b,a\n", "NO_PROXY no_proxy=a,b,c"),
        ("NO_PROXY=a\nno_proxy=b\n", "NO_PROXY=a, no_proxy=b"),
        ("", "not set"),
    ],
)
def test_exemptions_are_noted_whatever_their_order(session: str, told: str) -> None:
    evidence = {**environment(session), "curl_version": seen("curl 8.5.0 (x86_64) libcurl/8.5.0 OpenSSL/3.0\n")}
    actual = facts("PROXY-002", evidence, variable="NO_PROXY")
    assert actual == {"curl": "8.5.0", "NO_PROXY": told}


INSTALLED = "@has /opt/azcmagent/bin/azcmagent\n@has /opt/azcmagent/bin/himds\n@version\n"
AGENT = {"agent": seen(f"{INSTALLED}azcmagent version 1.61.03319.2737\n")}
CONFIG = (
    "@list\nLocal Configuration Settings\n  proxy.url : {url}\n  proxy.bypass : {bypass}\n  config.mode : monitor\n"
)


@pytest.mark.parametrize(
    ("agent", "found"),
    [
        (AGENT["agent"], {"agent version": "1.61.03319.2737"}),
        (seen("@version\n"), {"agent version": "not installed"}),
        (seen(f"{INSTALLED}Segmentation fault\n"), {}),
    ],
)
def test_the_agents_version(agent: ProbeResult, found: dict[str, str]) -> None:
    assert facts("AGENT-001", {"agent": agent}) == found


def test_the_agents_settings() -> None:
    evidence = AGENT | {"agent_config": seen(CONFIG.format(url=f"{URL}/", bypass="[Arc,aad]"))}
    more = {
        "agent_services": seen("Id=himdsd.service\nLoadState=loaded\nActiveState=active\n"),
        "systemd_env": seen(""),
    }
    assert facts("PROXY-004", evidence | more) == {
        "agent proxy.url": URL,
        "agent config.mode": "monitor",
    }
    assert facts("PROXY-005", evidence) == {"agent proxy.bypass": "aad, Arc"}


@pytest.mark.parametrize(
    ("az", "told"),
    [
        (seen('{"azure-cli-core": "2.76.0"}'), "2.76.0"),
        (seen("", "no module", exit=1), "broken"),
        (seen("", state="no tool"), "not installed"),
    ],
)
def test_the_azure_cli(az: ProbeResult, told: str) -> None:
    assert facts("CLI-001", {"az_version": az}) == {"Azure CLI": told}


def test_cloud_init() -> None:
    began = (
        "@from 1:Cloud-init v. 25.1.4 running 'init-local' at Sun, 22 Nov 2026 00:02:39 +0000. Up 5.85 seconds.\n@end\n"
    )
    done = seen('@status\n{"status": "done", "errors": []}\n@exit 0\n')
    assert facts("CLOUDINIT-002", {"cloudinit_output": seen(began), "cloudinit": done}) == {"cloud-init": "25.1.4"}
    absent = {"cloudinit_output": seen("@absent\n"), "cloudinit": seen("", state="no tool")}
    assert facts("CLOUDINIT-002", absent) == {"cloud-init": "not installed"}


def test_the_system_and_the_image() -> None:
    system = seen('PRETTY_NAME="Ubuntu 22.04.5 LTS"\nID=ubuntu\nVERSION_ID="22.04"\n@machine x86_64\n')
    assert facts("VM-004", {"system": system}) == {
        "operating system": "Ubuntu 22.04.5 LTS",
        "architecture": "x86_64",
    }
    made = azure(vm={"properties": {"vmImage": "contoso.azurecr.io/ubuntu:22.04"}})
    assert facts("VM-001", {}, azure=made) == {"image": "contoso.azurecr.io/ubuntu:22.04"}


def test_what_was_not_seen_is_not_noted() -> None:
    lost = {name: seen("", state="no root") for name in ("agent_config",)}
    assert facts("PROXY-005", AGENT | lost) == {}
    silent = replace(seen(f"@clock {int(NOW)}\n"), received=0.0)
    assert facts("SSH-003", {"clock": silent}) == {}
