"""The model of NO_PROXY, compared with this machine's curl and Python's proxy_bypass."""

from __future__ import annotations

import re
import shutil
import subprocess
import urllib.request

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.utils import should_bypass_proxies

from suites.rules.no_proxy import bypasses, misread

IMDS = "169.254.169.254"

TOKENS = [
    "localhost",
    "127.0.0.1",
    "::1",
    IMDS,
    "169.254.0.0/16",
    "169.254.169",
    "254",
    ".azure.com",
    "azure.com",
    "*",
    "",
]
HOSTS = [IMDS, "localhost", "127.0.0.1", "management.azure.com", "notazure.com"]
LISTS = st.lists(st.sampled_from(TOKENS), max_size=4).flatmap(
    lambda words: st.sampled_from([",", ", ", " ", ",,"]).map(lambda by: by.join(words))
)


@pytest.mark.parametrize(
    ("tool", "curl", "value", "expected"),
    [
        ("curl", (7, 68, 0), "169.254.0.0/16", False),
        ("curl", (7, 88, 1), "169.254.0.0/16", True),
        ("curl", (), "169.254.0.0/16", False),  # an unknown version may be old
        ("curl", (7, 68, 0), f"a {IMDS}", True),
        ("curl", (8, 8, 0), f"a {IMDS}", True),
        ("curl", (8, 9, 0), f"a {IMDS}", False),
        ("curl", (8, 9, 0), f"a, {IMDS}", True),
        ("curl", (8, 9, 0), f"{IMDS} a", True),
        ("curl", (8, 9, 0), "*", True),
        ("curl", (8, 9, 0), "a,*", False),
        ("curl", (7, 68, 0), "169.254", True),  # compares the end, as of a name
        ("curl", (7, 88, 0), "169.254", False),
        ("azcmagent (Go)", (), "169.254.0.0/16", True),
        ("azcmagent (Go)", (), f"a {IMDS}", False),
        ("azcmagent (Go)", (), f"a, {IMDS}", True),
        ("azcmagent (Go)", (), "a,*", True),
        ("az (Python)", (), "169.254.0.0/16", True),
        ("az (Python)", (), f"a {IMDS}", False),
        ("az (Python)", (), f"a, {IMDS}", True),
        ("az (Python)", (), "a,*", False),
        ("az (Python)", (), "*", True),
    ],
)
def test_known_differences(tool: str, curl: tuple[int, ...], value: str, expected: bool) -> None:
    assert bypasses(tool, value, IMDS, curl) is expected


def test_an_old_curl_reads_no_address_with_colons() -> None:
    assert [bypasses("curl", "fd00::1", "fd00::1", version) for version in ((7, 58, 0), (7, 59, 0))] == [False, True]


@pytest.mark.parametrize("tool", ["curl", "azcmagent (Go)", "az (Python)"])
@pytest.mark.parametrize("curl", [(7, 68, 0), (8, 9, 0)])
def test_a_leading_dot_stands_for_what_lies_below(tool: str, curl: tuple[int, ...]) -> None:
    assert bypasses(tool, ".azure.com", "management.azure.com", curl)
    assert not bypasses(tool, ".azure.com", "notazure.com", curl)


@pytest.fixture(scope="module")
def curl_here() -> tuple[int, ...]:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed here")
    text = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"libcurl/(\d+)\.(\d+)\.(\d+)", text)
    assert match
    return tuple(map(int, match.groups()))


@pytest.mark.parametrize(
    "value",
    [
        "",
        IMDS,
        f"localhost,127.0.0.1,::1,{IMDS}",
        f"localhost, {IMDS}",
        f"localhost {IMDS}",
        f"{IMDS},localhost",
        "169.254.0.0/16",
        "169.254.0.0/33",
        "169.254",
        "*",
        "a,*",
        f"{IMDS}:80",
        f'"{IMDS}"',
        f"{IMDS};a",
        ".169.254.169.254",
    ],
)
def test_curl_is_read_as_it_behaves(curl_here: tuple[int, ...], value: str) -> None:
    # In both cases curl connects to a closed port of this machine; -v shows its decision.
    result = subprocess.run(
        ["curl", "-q", "-sv", "--max-time", "5", "--connect-to", "::127.0.0.1:9", f"http://{IMDS}/"],
        env={"PATH": "/usr/bin:/bin", "http_proxy": "http://127.0.0.1:9", "no_proxy": value},
        capture_output=True,
        text=True,
        check=False,
    )
    proxied = "Uses proxy env variable http_proxy" in result.stderr
    assert result.returncode == 7
    assert (not proxied) is bypasses("curl", value, IMDS, curl_here)


@given(value=LISTS, host=st.sampled_from(HOSTS))
@settings(max_examples=300)
def test_python_never_proxies_what_urllib_bypasses(value: str, host: str) -> None:
    # requests uses urllib's result last, so az bypasses what urllib bypasses.
    environment = {"no": value}
    bypass = urllib.request.proxy_bypass_environment  # type: ignore[attr-defined]
    if value and bypass(host, environment):
        assert bypasses("az (Python)", value, host)


NETWORKS = [
    *TOKENS,
    *("[::1]", "::1/128", "fe80::/10", "0.0.0.0/0", "169.254.0.0/255.255.0.0", f"{IMDS}/32", f"{IMDS}/0", f"{IMDS}/33"),
    *(f".{IMDS}", "169.254/16", "169.254.0.0/016", "example.org"),
]


@given(
    value=st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=4).flatmap(
        lambda words: st.sampled_from([",", ", ", " ", ",,", " ,"]).map(lambda by: by.join(words))
    ),
    host=st.sampled_from([*HOSTS, "::1"]),
)
@settings(max_examples=500)
def test_az_is_read_as_requests_behaves(value: str, host: str) -> None:
    url = f"http://[{host}]/" if ":" in host else f"http://{host}/"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NO_PROXY", "")
        environment.setenv("no_proxy", value)
        # requests up to 2.32, which az brings, compares ends of names without looking for a dot.
        end = not host[0].isdigit() and any(
            host.endswith(entry) for entry in value.replace(" ", "").split(",") if entry
        )
        assert bypasses("az (Python)", value, host) is bool(value and (end or should_bypass_proxies(url, None)))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("0.0.0.0/0", "curl takes a network of 0 bits for one address, and az does not read it"),
        ("169.254.0.0/255.255.0.0", "no tool reads a netmask"),
        ("169.254.0.0/16", "curl before 7.86 does not know networks"),
    ],
)
def test_a_network_that_does_not_count_is_explained(value: str, why: str) -> None:
    assert misread(value, IMDS).startswith(why)
    assert not bypasses("curl", value, IMDS)


@given(value=st.text(max_size=60), host=st.sampled_from(HOSTS))
@settings(max_examples=300)
def test_any_text_is_read_by_everything(value: str, host: str) -> None:
    for tool in ("curl", "azcmagent (Go)", "az (Python)"):
        for curl in ((), (7, 61, 1), (7, 88, 1), (8, 14, 1)):
            assert bypasses(tool, value, host, curl) in (True, False)
    assert isinstance(misread(value, host), str)
