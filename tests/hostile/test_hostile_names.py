"""Names and enrollments from a stranger: markers in what azcmagent prints, in bundles, in waivers and certificates."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plugins.core.sanitize import message_text
from plugins.enrollment.request import EnrollmentRequest, announcement
from plugins.model import Target, Vm
from plugins.pytest_adapter.output import say
from plugins.ssh.host_certificate import CertificateProblem, read_certificate
from tests.hostile.test_hostile_servers import MARK
from tests.hostile.test_hostile_text import LINE, MARKERS, RECORDED, commands, invisible, problems, ran

#: What each step of an enrollment leaves, as it is printed on the VM or answered by Azure.
STEPS: dict[str, tuple[int, str]] = {
    "enroll_connect": (1, f'@run\nlevel=error msg="{LINE}"\nAZCM0042: {LINE}\n{MARKERS}\n@exit 42\n'),
    "enroll_show": (0, f"\n@text\nResource Id : /subscriptions/{LINE}\nAgent Status : Connected{LINE}\n{MARKERS}"),
    "enroll_machine": (
        0,
        json.dumps({"id": MARKERS, "location": LINE, "tags": {LINE: LINE}, "properties": {"status": f"Gone{LINE}"}}),
    ),
    "enroll_disconnect": (1, f"@run\n{LINE}\n{MARKERS}\n@exit 1\n"),
    "enroll_gone": (0, json.dumps({"id": LINE, "properties": {"status": MARKERS, "errorDetails": [{"m": LINE}]}})),
}


def test_no_marker_acts_that_an_enrollment_or_a_waiver_brings(tmp_path: Path) -> None:
    folder = tmp_path / "earlier"
    (folder / "evidence").mkdir(parents=True)
    run = json.loads((RECORDED / "run.json").read_text())
    run["fleet"] = [vm for vm in run["fleet"] if vm["name"] == "vm1"]
    evidence = json.loads((RECORDED / "evidence/vm1.json").read_text())
    for key, (status, text) in STEPS.items():
        evidence["seen"][key] = evidence["seen"]["healthz"] | {"exit": status, "stdout": text, "stderr": LINE}
    (folder / "evidence/vm1.json").write_text(json.dumps(evidence))
    (folder / "run.json").write_text(json.dumps(run))
    for name in ("azure.json", "runner.json"):
        shutil.copy(RECORDED / name, folder)
    plain = MARK.replace("\x1b", "").replace("\x07", "")
    waiver = dict.fromkeys(("reason", "owner", "tracker"), plain) | {"expires": "2999-01-01", "vms": "vm*"}
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text(json.dumps({"waivers": [{**waiver, "check": "ENROLL-001"}]}))
    printed = ran(
        *(f"--evidence={folder}", "--enroll=roundtrip", f"--waivers={waivers}", f"--reports={tmp_path / 'reports'}"),
        *("-vv", "-rA"),
    )
    (tmp_path / "terminal.txt").write_bytes(printed.encode("utf-8", "surrogateescape"))
    (latest,) = (path for path in (tmp_path / "reports").iterdir() if path.is_dir() and not path.is_symlink())
    outputs = [file for file in latest.rglob("*") if file.is_file() and file.suffix != ".zip" and file.name[0] != "."]
    found = {
        file.name: problem
        for file in (tmp_path / "terminal.txt", *outputs)
        if (problem := next((text for text in problems(file) if "\u26a0\ufe0f" not in text), None))
    }
    assert found == {}
    results = json.loads((latest / "results.json").read_text())
    heard = {result["id"] for vm in results["vms"] for result in vm["results"] if "evil.example" in result["message"]}
    assert {"ENROLL-001", "ENROLL-002"} <= heard, "the waiver's and azcmagent's words are there to be seen"


def test_no_marker_acts_in_the_announcement_of_an_enrollment() -> None:
    vm = Vm(f"vm{MARKERS}", target=replace(Target(), location=MARKERS, tags={MARKERS: MARKERS}))
    lines: list[str] = []
    for line in announcement([EnrollmentRequest(vm, MARKERS)], {MARKERS: MARKERS}, "roundtrip"):
        say(lines.append, line)
    printed = "\n".join(lines)
    assert "evil.example" in printed
    assert [*invisible(printed), *commands(printed)] == []


def _manifest(**changes: Any) -> bytes:
    about = {"format": "nexus-arc-readiness bundle", "version": 1, "suite": "0.1.0", "kind": "run", "run": "x"}
    return json.dumps(about | {"members": {}} | changes).encode()


NAME = f"evidence/{MARK}\n::error::Z"
#: The members of a stranger's zip.
BUNDLES: dict[str, dict[str, bytes]] = {
    "a member's name": {NAME: b"{}", "manifest.json": _manifest()},
    "a member that is only listed": {"manifest.json": _manifest(members={NAME: {"sha256": "0" * 64, "bytes": 2}})},
    "the format": {"manifest.json": _manifest(format=NAME)},
    "the version": {"manifest.json": _manifest(version=NAME, suite=NAME)},
    "a key": {"manifest.json": _manifest(members={NAME: {NAME: NAME}})},
    "no JSON": {"manifest.json": MARKERS.encode("utf-8", "surrogatepass")},
}


@pytest.mark.parametrize("members", BUNDLES.values(), ids=BUNDLES.keys())
def test_no_marker_of_a_strangers_bundle_acts_in_its_error(members: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)
    printed = ran(f"--evidence={path}", f"--reports={tmp_path / 'reports'}")
    assert "bundle.zip" in printed
    assert [*invisible(printed), *commands(printed)] == []


SIGNED: dict[str, Callable[[str], tuple[str, ...]]] = {
    "principal": lambda mark: ("-h", "-I", "x", "-n", mark),
    "key id": lambda mark: ("-h", "-I", mark, "-n", "other"),
    "critical option": lambda mark: ("-h", "-I", "x", "-O", f"critical:{mark}=1"),
}


@pytest.mark.parametrize("field", SIGNED)
def test_no_marker_of_a_host_certificate_acts_in_its_problem(field: str, tmp_path: Path) -> None:
    for name in ("ca", "host"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    mark = MARK.replace(",", "").replace("=", "")
    subprocess.run(["ssh-keygen", "-q", "-s", tmp_path / "ca", *SIGNED[field](mark), tmp_path / "host.pub"], check=True)
    blob = base64.b64decode((tmp_path / "host-cert.pub").read_text().split()[1])
    try:
        problem = read_certificate(blob).problem("127.0.0.1", ("ssh-ed25519",))
    except CertificateProblem as error:
        problem = str(error)
    assert problem
    shown = message_text(f"Its host certificate {problem}.")
    assert [*invisible(shown), *commands(shown)] == []
