"""Settings of a VM with real curls: the address in IMDS-003, and the addresses that NO_PROXY exempts.

Two services of this machine stand in for the metadata service (127.0.0.1) and a proxy (127.0.0.2). Each answers with
its own name, with which the result of IMDS-003 is compared.
"""

from __future__ import annotations

import random
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from lab.odd_proxy import OddProxy, answers
from plugins.model import ProbeResult
from suites.probes.imds_as_is import OwnSettings
from suites.rules.no_proxy import bypasses
from tests.support.curls import CURLS, version_of
from tests.support.suite_probes import DECLARED
from tests.support.suite_rows import PROFILE, VM

#: Environment and configuration files; {P} is the proxy, {I} the service's port.
_PROXIES = (
    "http://{P}",
    "{P}",
    "HTTP://{P}/",
    "http://user:s3cret@{P}",
    "http://user:s3@cret@{P}",
    "http://user:12/s3cret@{P}",
    "user:s3cret@{P}",
    '"http://{P}"',
    "http://{P} ",
    "http://{P}\t",
    "http://{P}\r",
    "http://127.0.0.2",
    "http://[::1]:9",
    "http://[",
    "socks5://{P}",
    "socks4://{P}",
    "socks5h://user:s3cret@{P}",
    "https://{P}",
    "ftp://{P}",
    "http://proxy.invalid:3128",
    "socks5h://proxy.invalid:1080",
    "http://127.0.0.1:{I}",
    "",
    " ",
)
_EXEMPT = ("127.0.0.1", "127.0.0.0/8", "127.0.0.0/255.0.0.0", "0.0.0.0/0", "*", "localhost 127.0.0.1", "localhost")
_FILES = (
    "proxy = http://{P}",
    "--proxy http://{P}",
    "-x {P}",
    "-x{P}",
    "socks5 = {P}",
    "proxy = http://user:s3cret@{P}",
    'proxy = "http://{P}"\nnoproxy = "127.0.0.1"',
    "proxytunnel\nproxy = {P}",
    "noproxy = *",
    "silent",
    "preproxy = socks5://{P}",
    "bogus-option",
)
SETTINGS: list[tuple[Mapping[str, str], Mapping[str, str]]] = [
    *(({"http_proxy": value}, {}) for value in _PROXIES),
    *(({"all_proxy": value}, {}) for value in _PROXIES[:6]),
    *(({"ALL_PROXY": value}, {}) for value in _PROXIES[:2]),
    ({"HTTP_PROXY": "http://{P}"}, {}),
    ({"https_proxy": "http://{P}"}, {}),
    *(({"http_proxy": "http://{P}", "no_proxy": value}, {}) for value in _EXEMPT),
    *(({"http_proxy": "http://{P}", "NO_PROXY": value}, {}) for value in _EXEMPT),
    ({"http_proxy": "http://{P}", "no_proxy": "x", "NO_PROXY": "127.0.0.1"}, {}),
    ({"http_proxy": "http://{P}", "no_proxy": "", "NO_PROXY": "127.0.0.1"}, {}),
    *(({}, {".curlrc": text}) for text in _FILES),
    *(({}, {".config/curlrc": text}) for text in _FILES[:2]),
    ({"XDG_CONFIG_HOME": "{H}/xdg"}, {"xdg/curlrc": "proxy = {P}"}),
    ({"XDG_CONFIG_HOME": "{H}/xdg"}, {"xdg/.curlrc": "proxy = {P}"}),
    ({"XDG_CONFIG_HOME": "{H}/xdg"}, {".config/curlrc": "proxy = {P}"}),
    ({"CURL_HOME": "{H}/own"}, {"own/.curlrc": "proxy = {P}"}),
    ({"CURL_HOME": "{H}/own"}, {".curlrc": "proxy = {P}"}),
    ({"CURL_HOME": "{H}/own"}, {"own/.curlrc": "silent", ".curlrc": "proxy = {P}"}),
    ({"http_proxy": "http://{P}"}, {".curlrc": 'noproxy = "127.0.0.1"'}),
    ({"http_proxy": "http://{P}"}, {".curlrc": "stderr = /dev/null"}),
]


@dataclass(frozen=True)
class Here:
    """The ports of the service and of the proxy."""

    service: int
    proxy: int


@pytest.fixture(scope="module")
def here() -> Iterator[Here]:
    with ExitStack() as stack:
        ports = []
        for address, name in (("127.0.0.1", "service"), ("127.0.0.2", "proxy")):
            acts = {name: answers(f"HTTP/1.1 200 OK\r\nX-Name: {name}\r\nContent-Length: 0\r\n\r\n".encode())}
            server = stack.enter_context(OddProxy((address, 0), partial(_always, name), acts))
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            stack.callback(server.shutdown)
            ports.append(server.server_address[1])
        yield Here(*ports)


def _always(name: str, client: str) -> str:
    return name


def _as_is(curl: str, home: Path, here: Here, setting: tuple[Mapping[str, str], Mapping[str, str]]) -> OwnSettings:
    """IMDS-003's probe with these settings and with the service's port."""
    variables, files = setting

    def filled(text: str) -> str:
        return (
            text.replace("{P}", f"127.0.0.2:{here.proxy}").replace("{I}", str(here.service)).replace("{H}", str(home))
        )

    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(filled(text) + "\n")
    profile = replace(PROFILE, imds="127.0.0.1")
    command = DECLARED["healthz_as_is"].plan("healthz_as_is", {"vm": VM, "profile": profile}).command
    command = command.replace("http://127.0.0.1/", f"http://127.0.0.1:{here.service}/")
    (home / "bin").mkdir()
    (home / "bin/curl").symlink_to(curl)
    done = subprocess.run(
        ["sh", "-c", command],
        env={"PATH": f"{home}/bin:/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C"}
        | {name: filled(value) for name, value in variables.items()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert not re.search("s3@|s3cret|user:", done.stderr), "a login left the VM"
    return OwnSettings.read(ProbeResult("healthz_as_is", "", "done", done.returncode, done.stdout, done.stderr))


@pytest.mark.parametrize("curl", CURLS)
def test_where_the_request_went_is_known_of_every_curl(curl: str, here: Here, tmp_path: Path) -> None:
    version = version_of(curl)

    def wrong(number: int) -> str:
        home = tmp_path / str(number)
        home.mkdir()
        way = _as_is(curl, home, here, SETTINGS[number])
        came_from, names_file = way.answer.header("X-Name"), bool(SETTINGS[number][1])
        if not came_from or (came_from == "service" and way.proxied):  # no answer, or the service as its own proxy
            return ""
        if not way.tried:
            return "" if "stderr" in str(SETTINGS[number]) else f"no address: {way}"
        if (came_from == "service") is not way.goes_to("127.0.0.1"):
            return f"answered by the {came_from}, {way}"
        if came_from == "proxy" and names_file and not way.curlrc(version):
            return f"no file named: {way}"
        return ""

    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(wrong, range(len(SETTINGS))))
    assert not any(rows), "\n".join(f"{SETTINGS[at]}: {why}" for at, why in enumerate(rows) if why)


_ENTRIES = (
    *("localhost", "127.0.0.1", "127.0.0.0/8", "127.0.0.0/255.0.0.0", "0.0.0.0/0", "127.0.0.1/0", "127.0.0.1/33"),
    *(
        "127.0.0",
        "0.1",
        ".127.0.0.1",
        "::1",
        "::1/128",
        "[::1]",
        "*",
        "",
        "example.org",
        "169.254.169.254",
        "azure.com",
    ),
)


@pytest.mark.parametrize("curl", CURLS)
def test_no_proxy_is_read_as_every_curl_reads_it(curl: str, here: Here) -> None:
    version, chosen = version_of(curl), random.Random(17)
    values = list(_ENTRIES)
    for _ in range(60):
        by = chosen.choice((",", ", ", " ", ",,", " ,", "\t"))
        values.append(by.join(chosen.choice(_ENTRIES) for _ in range(chosen.randint(2, 4))))

    def direct(value: str) -> bool:
        done = subprocess.run(
            [curl, "-q", "-sv", "-o", "/dev/null", f"http://127.0.0.1:{here.service}/"],
            env={"PATH": "/usr/bin:/bin", "http_proxy": f"http://127.0.0.2:{here.proxy}", "no_proxy": value},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return "X-Name: service" in done.stderr

    with ThreadPoolExecutor(4) as pool:
        rows = dict(zip(values, pool.map(direct, values), strict=True))
    assert {value: bypasses("curl", value, "127.0.0.1", version) for value in values} == rows
