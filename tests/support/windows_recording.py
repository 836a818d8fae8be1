"""The answers of every Windows probe on a real PowerShell, as data that scripts/record-windows writes.

PowerShell runs each probe's text in the product's engine. `STAND_INS` lists the stand-ins for parts that only Windows
has; the output of azcmagent is captured. So a recording shows PowerShell's execution of the text, not the values of a
real Windows. curl connects to a closed port, so its connections are refused. A name such as "tunnel, answered" is the
same probe with curl's servers running, or with a connected agent.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from socketserver import TCPServer
from types import SimpleNamespace
from typing import Any

import pytest

from lab.cloud_model import Cloud
from lab.metadata import metadata_answer
from lab.odd_proxy import OddProxy
from lab.spec import Spec
from lab.standins import MetadataService
from lab.tokens import Issuer
from plugins.checks.probe import ProbeCommand
from plugins.model import ProbeResult, Target
from plugins.requirements.profile import Timeouts
from tests.support.paths import ROOT
from tests.support.powershell import PROGRAMS, run
from tests.support.powershell_grammar import ENDPOINT, PLANNED, PROBES, VM
from tests.support.suite_rows import NOW, PROFILE, captured, seen
from tests.support.tls_origin import certificate, serves
from tests.support.windows_stand_ins import ALL_RUN, OTHERS, SERVICES, standing_in

FILE = ROOT / "tests" / "data" / "windows" / "answers.json"

CURL = """#!/bin/sh
for word; do shift; [ "$word" = NUL ] && word=/dev/null; set -- "$@" "$word"; done
exec {curl} "$@"
"""

STAND_INS = {
    "PowerShell": "PowerShell 7 for Linux; it calls itself 5.1.17763.1",
    "registry": "a class: Windows Server 2022 Datacenter, .NET Framework 4.7.2, no setting of SCHANNEL, the service himds, the product Azure Connected Machine Agent",
    "services": "a class: himds runs, GCArcService is stopped, the others are not there",
    "Machine environment": "the environment of the process, with each name in both cases",
    "system drive": "C:, of which 28672 MB are free",
    "role Administrator": "not asked for",
    "paths": "/ for \\",
    "azcmagent.exe": "a shell script that prints captured texts",
    "logs of the agent": "one line each, written by hand",
    "curl.exe": "curl of the machine, to a closed port of 127.0.0.1 as proxy and as metadata service",
    "connected": "all services run, and azcmagent.exe prints captured texts of a connected machine",
    "answered": "the lab's metadata service (also as the CSN proxy's port), and a proxy with a TLS server behind it that "
    "answers 400, both on 127.0.0.1",
    "addresses": "127.0.0.1 for the metadata service that is pinged, and for the endpoint that is resolved",
}

_PROXY = "http://169.254.0.11:3128"
_NOTHING = "127.0.0.1:1"
_PATIENT = replace(PROFILE, timeouts=Timeouts(imds=25, connect=25, total=30))

#: Probes that are recorded a second time.
_CONNECTED = ("agent_show", "agent_services", "agent_check")
_ANSWERED = ("clock", "healthz", "healthz_as_is", "imds_compute", "arm_token", "proxy_port", "tunnel")
_DATED = (
    b"HTTP/1.1 400 Bad Request\r\nDate: Sat, 21 Nov 2026 22:45:58 GMT\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


def _connected(name: str) -> ProbeCommand:
    # Without a location in the inventory: the agent's own is in its JSON.
    planned = PROBES[name].plan(name, {"vm": replace(VM, target=Target())})
    text = planned.command.replace("$env:ProgramW6432", "$env:ProgramW6432\\connected")
    there = standing_in(replace(planned, command=text))
    return replace(
        there, key=f"{name}, connected", command=there.command.replace(SERVICES.replace("@STATUS@", "Running"), ALL_RUN)
    )


def _other(name: str) -> ProbeCommand:
    """A probe with another registry."""
    planned = PLANNED[name.partition(",")[0]]
    if name.startswith("agent, "):
        planned = replace(planned, command=planned.command.replace("$env:ProgramW6432", "$env:ProgramW6432\\gone"))
    return replace(standing_in(planned, OTHERS[name]), key=name)


def _answered(name: str, proxy: int, imds: int) -> ProbeCommand:
    profile = replace(_PATIENT, proxy_url=f"http://127.0.0.1:{proxy}", imds=f"127.0.0.1:{imds}")
    planned = PROBES[name].plan(name, {"vm": VM, "profile": profile, "endpoint": ENDPOINT})
    return replace(standing_in(planned), key=f"{name}, answered")


@contextmanager
def _serving(server: TCPServer) -> Iterator[int]:
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    with server:
        yield int(server.server_address[1])
        server.shutdown()


def _probes() -> list[ProbeCommand]:
    nothing = replace(_PATIENT, proxy_url=f"http://{_NOTHING}", imds=_NOTHING)
    probes = []
    for name, probe in PROBES.items():
        profile = replace(nothing, imds="127.0.0.1") if name == "ping" else nothing
        endpoint = replace(ENDPOINT, host="127.0.0.1") if name == "resolved" else ENDPOINT
        planned = standing_in(probe.plan(name, {"vm": VM, "profile": profile, "endpoint": endpoint}))
        probes.append(replace(planned, key=name))
    return probes


def program(path: Path, text: str) -> None:
    """Write a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def agent_texts() -> dict[str, str]:
    """The output of azcmagent on a machine that was never connected, by its arguments."""
    json_text, _, shown = captured("azcmagent/show-1.64-never-connected").stdout.partition("\n@text\n")
    settings, *gets = captured("azcmagent/config-set").stdout.partition("@list\n")[2].split("@get ")
    return {
        "version": "azcmagent version 1.64.03414.2961\n",
        "show -j": json_text.rstrip("\n") + "\n",
        "show": shown,
        "config list": settings,
        **{f"config get {name}": text for name, _, text in (get.partition("\n") for get in gets)},
        "check --location eastus": captured("azcmagent/check-2023-reached").stdout.partition("@check eastus\n")[2],
    }


def _azcmagent(folder: Path) -> None:
    """The agent's programs and logs."""
    agent, texts = folder / "AzureConnectedMachineAgent", agent_texts()
    program(agent / "himds.exe", "#!/bin/sh\n")
    _prints(agent, texts)
    connected = captured("azcmagent/show-1.58-connected").stdout.partition("@text\n")[2]
    json_text = captured("azcmagent/show-json-connected").stdout.partition("\n@text")[0]
    json_text, check = json_text.rstrip("\n") + "\n", texts["check --location eastus"]
    place = json.loads(json_text)["location"]
    there = {
        "show -j": json_text,
        "show": connected.replace("\nLocation ", "\nStandort "),
        f"check --location {place}": check,
    }
    _prints(folder / "connected" / agent.name, there)
    (agent / "Log").mkdir()
    for name in ("himds", "azcmagent"):
        (agent / "Log" / f"{name}.log").write_text('time="2026-11-21T21:45:58+01:00" level=info msg="Started"\n')


def _prints(agent: Path, texts: Mapping[str, str]) -> None:
    """An azcmagent.exe that prints a text for each of its arguments."""
    agent.mkdir(parents=True, exist_ok=True)
    if PROGRAMS:
        for arguments, text in texts.items():
            (agent / f"{arguments}.txt").write_text(text)
        shutil.copy(f"{PROGRAMS}/agent.exe", agent / "azcmagent.exe")
        return
    cases = ""
    for number, (arguments, text) in enumerate(texts.items()):
        (agent / str(number)).write_text(text)
        cases += f"'{arguments}') exec cat '{agent}/{number}' ;;\n"
    program(agent / "azcmagent.exe", f'#!/bin/sh\ncase "$*" in\n{cases}*) exit 64 ;;\nesac\n')


def _there(planned: ProbeCommand, folder: Path) -> ProbeCommand:
    """The probe, which looks for files in this folder: Windows itself sets the variables that name its folders."""
    if not PROGRAMS:
        return planned
    folders = r"%ProgramData%|\$env:(?:ProgramW6432|ProgramData|SystemRoot)\b"
    return replace(planned, command=re.sub(folders, f"Z:{folder}", planned.command))


def record(folder: Path) -> dict[str, ProbeResult]:
    """Run every probe with the stand-ins, which are written to an empty folder."""
    if not PROGRAMS:
        program(folder / "bin" / "curl.exe", CURL.format(curl=shutil.which("curl")))
    _azcmagent(folder)
    variables = {"HTTPS_PROXY": _PROXY, "HTTP_PROXY": _PROXY, "NO_PROXY": "localhost,127.0.0.1,::1,169.254.169.254"}
    with pytest.MonkeyPatch.context() as environment:
        for name in os.environ:
            if name.lower().endswith("_proxy") or name in ("CURL_HOME", "XDG_CONFIG_HOME", "TEMP"):
                environment.delenv(name)
        for name, value in variables.items():
            environment.setenv(name, value)
            environment.setenv(name.lower(), value)
        for name in ("HOME", "ProgramW6432", "ProgramData", "SystemRoot"):
            environment.setenv(name, str(folder))
        environment.setenv("SystemDrive", "C:")
        environment.setenv("PROCESSOR_ARCHITECTURE", "AMD64")
        environment.setenv("PATH", f"{folder}/bin:/usr/bin:/bin")
        _, trusted = certificate(folder, "good", ENDPOINT.host)
        environment.setenv("CURL_CA_BUNDLE", str(trusted))
        tls = OddProxy(("127.0.0.1", 0), lambda _: "", {"": serves(folder / "good.pem", answer=_DATED)})
        # Tokens with a fixed time.
        for module in ("lab.tokens", "lab.metadata"):
            environment.setattr(f"{module}.time", SimpleNamespace(time=lambda: NOW))
        (plan,) = Spec(1, {}, []).plans()
        place = Cloud.of([plan]).places[plan.name]
        sidecar = {"127.0.0.1": partial(metadata_answer, plan=plan, place=place, issuer=Issuer())}
        with _serving(tls) as proxy, _serving(MetadataService(("127.0.0.1", 0), sidecar)) as imds:
            answered = [_answered(name, imds if name == "proxy_port" else proxy, imds) for name in _ANSWERED]
            probes = [*_probes(), *map(_connected, _CONNECTED), *map(_other, OTHERS), *answered]
            return run(*(_there(planned, folder) for planned in probes))


def _settled(text: str) -> str:
    """The text with fixed times."""
    text = re.sub(r"^@(now|clock) \d+$", rf"@\1 {NOW:.0f}", text, flags=re.M)
    text = re.sub(r"^Date: .*", "Date: Sat, 21 Nov 2026 22:45:58 GMT", text, flags=re.M)
    text = re.sub(r"(?<=CAfile: ).*/", "", text)
    text = re.sub(r"\brequest=[1-9]\d*", "request=79", text)  # the size depends on curl's version
    return re.sub(r"\btotal=[\d.]+", "total=0.000000", re.sub(r"\bafter \d+ ms", "after 0 ms", text))


def _data(answers: Mapping[str, ProbeResult]) -> dict[str, Any]:
    return {
        name: {
            "state": answer.state,
            "exit": answer.exit,
            "stdout": _settled(answer.stdout).split("\n"),
            "stderr": _settled(answer.stderr).split("\n"),
        }
        for name, answer in sorted(answers.items())
    }


def comparable(answers: Mapping[str, ProbeResult]) -> dict[str, Any]:
    """The part of the answers that is the same on every machine, without curl's messages, which its version changes."""
    data = _data(answers)
    for name, answer in data.items():
        if "'curl.exe'" in PLANNED[name.partition(",")[0]].command:
            del answer["stderr"]
    del data["curl_version"]["stdout"]
    return data


def _answers() -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))["answers"]
    return answers


def recorded(name: str) -> ProbeResult:
    """The recorded answer of a probe."""
    answer = _answers()[name]
    return seen("\n".join(answer["stdout"]), "\n".join(answer["stderr"]), answer["exit"], answer["state"])


def names() -> list[str]:
    """The names of all recorded answers."""
    return list(_answers())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        answers = record(Path(folder))
        version = run(ProbeCommand("version", "[string]$PSVersionTable.PSVersion", 200, False, (), 4096))[
            "version"
        ].stdout
    curl = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout.split(" (")[0]
    head = {"powershell": version.strip(), "curl": curl, "stand_ins": STAND_INS}
    FILE.write_text(json.dumps({**head, "answers": _data(answers)}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
