"""The readers of the agent's answers."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plugins.model import ProbeResult
from suites.probes.azcmagent_check import ReachedEndpoints
from suites.probes.azcmagent_config import AgentConfig
from suites.probes.azcmagent_logs import LogLine
from tests.support.suite_probes import DECLARED
from tests.support.suite_rows import seen


@pytest.mark.parametrize("name", [name for name in DECLARED if name.startswith("agent")])
@given(st.text(), st.text(max_size=20))
@example("@text\nAgent Status : \n[{", "")
@example("@check x\nENDPOINT|REACHABLE\na|b|c\nhttps://a.b|maybe", "")
@example("@now 1\n@log x\n9999-99-99T99:99:99Z\tAZCM0001", "")
@example("@now 1\n@log x\n2026-02-31T00:00:00Z\tAZCM0001", "")
@example("[" * 5000, "")
def test_garbage_is_read_or_refused(name: str, stdout: str, stderr: str) -> None:
    reader = DECLARED[name].read
    assert reader
    for marked in (stdout, f"@version\n{stdout}", f"{{}}\n@text\n{stdout}", f"@check x\n{stdout}", f"@now 1\n{stdout}"):
        with contextlib.suppress(ValueError):
            reader(ProbeResult(name, "", "done", 0, marked, stderr))


@pytest.mark.parametrize("key", ["proxy", "proxyStatus", "Proxy Status", "proxy status"])
def test_the_proxy_of_an_endpoint_has_several_names_in_json(key: str) -> None:
    text = json.dumps([{"endpoint": "https://pas.windows.net", "reachable": False, key: "not set"}])
    [endpoint] = ReachedEndpoints.read(seen(f"@check eastus\n{text}\n")).endpoints
    assert (endpoint.url, endpoint.reachable, endpoint.proxy) == ("https://pas.windows.net", False, "not set")


@pytest.mark.parametrize(
    ("word", "reachable"), [("true", True), ("Yes", True), ("false", False), ("No", False), ("maybe", None)]
)
def test_the_words_for_reachable(word: str, reachable: bool | None) -> None:
    text = f"@check eastus\nENDPOINT|REACHABLE\nhttps://pas.windows.net|{word}\n"
    assert [endpoint.reachable for endpoint in ReachedEndpoints.read(seen(text)).endpoints] == [reachable]


def test_a_line_in_brackets_before_the_json_is_not_the_json() -> None:
    text = '@check eastus\n[INFO] testing\n[{"endpoint": "https://pas.windows.net", "reachable": false}]\n'
    assert [endpoint.reachable for endpoint in ReachedEndpoints.read(seen(text)).endpoints] == [False]


def test_a_setting_that_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected an address as proxy\.url, found 'squid'"):
        AgentConfig.read(seen("@list\n proxy.url : squid\n proxy.bypass : []\n"))
    with pytest.raises(ValueError, match=r"expected the value of proxy\.url, found 'FATAL   AZCM0018: root needed'"):
        AgentConfig.read(seen("@list\n@get proxy.url\nFATAL   AZCM0018: root needed\n"))


def test_get_stands_in_for_a_list_that_an_old_agent_does_not_have() -> None:
    config = AgentConfig.read(
        seen("@list\nunknown command\n@get proxy.url\nhttp://169.254.0.11:3128\n@get proxy.bypass\n[ARM,Arc]\n")
    )
    assert (config.url, config.bypass) == ("http://169.254.0.11:3128", ("ARM", "Arc"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('time="x" level=error msg="Get" Error="Get \\"https://a\\": no"', 'Get: Get "https://a": no'),
        ("2026-11-21T20:15:01+0000 vm-a himdsd[812]: it stopped", "it stopped"),
        ('2026-11-21T20:15:01+0000 vm-a himdsd[812]: time="x" msg="it stopped"', "it stopped"),
        ("INFO    AZCM0026: Network Error", "INFO    AZCM0026: Network Error"),
    ],
)
def test_a_log_line_is_summarized_without_time_and_level(text: str, said: str) -> None:
    assert LogLine("azcmagent.log", 0.0, text).summary == said
