"""Untrusted names and enrollments: markers in azcmagent's output, bundles, waivers and certificates."""

from __future__ import annotations

import base64
import hashlib
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
from tests.hostile.test_hostile_text import NAME as FILE_NAME

_MACHINE = {"id": MARKERS, "location": LINE, "tags": {LINE: LINE}, "properties": {"status": f"Gone{LINE}"}}
#: The output of each step of an enrollment, on the VM or from Azure.
_STEPS = ("enroll_connect", "enroll_show", "enroll_machine", "enroll_disconnect", "enroll_gone")
_AZURE = (0, json.dumps(_MACHINE))
_SHOW = f"\n@text\nResource Id : /subscriptions/{LINE}\nAgent Status : Connected"
_FAILS = (42, f'@run\nlevel=error msg="{LINE}"\nAZCM0042: {LINE}\n{MARKERS}\n@exit 42\n')
_CONNECTS = (0, f"@run\n{LINE} Resource ID=/{LINE}\n@exit 0\n")
_STAYS = (1, f"@run\n{LINE}\n{MARKERS}\n@exit 1\n")
_LEAVES = (0, f"@run\n{LINE}\n@exit 0\n\n@text\nResource Id :\nAgent Status : Disconnected\n")
STEPS: dict[str, dict[str, tuple[int, str]]] = {
    "vm1": dict(zip(_STEPS, (_FAILS, (0, f"{_SHOW}{LINE}\n{MARKERS}"), _AZURE, _STAYS, _AZURE), strict=True)),
    "vm4": dict(zip(_STEPS, (_CONNECTS, (0, f"{_SHOW}\n"), _AZURE, _LEAVES, _AZURE), strict=True)),
}


def test_no_marker_acts_that_an_enrollment_or_a_waiver_brings(tmp_path: Path) -> None:
    folder = tmp_path / "earlier"
    (folder / "evidence").mkdir(parents=True)
    run = json.loads((RECORDED / "run.json").read_text())
    run["fleet"] = [vm for vm in run["fleet"] if vm["name"] in STEPS]
    for name, steps in STEPS.items():
        evidence = json.loads((RECORDED / f"evidence/{name}.json").read_text())
        for key, (status, text) in steps.items():
            evidence["seen"][key] = evidence["seen"]["healthz"] | {"exit": status, "stdout": text, "stderr": LINE}
        (folder / f"evidence/{name}.json").write_text(json.dumps(evidence))
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
    rows = {
        file.name: problem
        for file in (tmp_path / "terminal.txt", *outputs)
        if (problem := next((text for text in problems(file) if "\u26a0\ufe0f" not in text), None))
    }
    assert rows == {}
    results = json.loads((latest / "results.json").read_text())
    heard = {
        f"{vm['name']} {result['id']}"
        for vm in results["vms"]
        for result in vm["results"]
        if "evil.example" in result["message"]
    }
    assert {"vm1 ENROLL-001", "vm4 ENROLL-002", "vm4 ENROLL-003"} <= heard, "all words are there to be seen"


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
    "the version": {"manifest.json": _manifest(version="evidence/\u034f\n::error::Z", suite=NAME)},
    "a key that occurs twice": {"manifest.json": b'{"evidence/\xcd\x8f": 1, "evidence/\xcd\x8f": 1}'},
}


@pytest.mark.parametrize("members", BUNDLES.values(), ids=BUNDLES.keys())
def test_no_marker_of_a_strangers_bundle_acts_in_its_error(members: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)
    printed = ran(f"--evidence={path}", f"--reports={tmp_path / 'reports'}")
    assert "evidence/" in printed, "the name is there to be seen"
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


def _run(folder: Path, evidence: dict[str, bytes], **about: Any) -> Path:
    """A run with VMs of these names, and the content of their evidence."""
    (folder / "evidence").mkdir(parents=True)
    fleet = [{"name": name} for name in evidence]
    (folder / "run.json").write_text(json.dumps({"version": 1, "id": "x", "arguments": [], "fleet": fleet} | about))
    for name, data in evidence.items():
        (folder / f"evidence/{name}.json").write_bytes(data)
    return folder


def _zipped(folder: Path) -> Path:
    """The same, as a bundle."""
    path = folder.with_name(f"b{folder.name}.zip")
    files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    listed = {name: {"sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    with zipfile.ZipFile(path, "w") as bundle:
        for name, data in (files | {"manifest.json": _manifest(members=listed)}).items():
            bundle.writestr(name, data)
    return path


EVIDENCE = json.dumps(json.loads((RECORDED / "evidence/vm1.json").read_text()) | {"vm": {"name": "a"}}).encode()
SHARD = {"of": 2, "vms": 2, "fleet": "x", "names": ["a", "b"]}
#: Two places of evidence, and their contents.
PLACES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "damaged": ({"evidence": {"a": b"{"}}, {"evidence": {"b": b"[]", "c": EVIDENCE}}),
    "no run": ({"evidence": {"a": EVIDENCE}}, {"evidence": {"a": EVIDENCE}, "version": MARKERS}),
    "profiles": ({"evidence": {}, "profile": LINE}, {"evidence": {}, "profile": MARKERS}),
    "a profile": ({"evidence": {}, "profile": LINE}, {"evidence": {}, "profile": LINE}),
    "shards": ({"evidence": {"a": EVIDENCE}, "shard": {**SHARD, "number": 1}}, {"evidence": {}}),
    "fleets": ({"evidence": {}, "shard": {**SHARD, "number": 1}}, {"evidence": {}, "shard": {**SHARD, "number": 2, "of": 3}}),
    "differ": ({"evidence": {"a": EVIDENCE}}, {"evidence": {"a": EVIDENCE.replace(b'"ok"', b'"lost"')}}),
}  # fmt: skip


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES.keys())
def test_no_marker_in_the_name_of_a_place_of_evidence_acts(places: Any, tmp_path: Path) -> None:
    one, two = (_run(tmp_path / f"{number}{FILE_NAME}", **about) for number, about in enumerate(places))
    reports = tmp_path / "reports"
    printed = ran(f"--evidence={one}", f"--evidence={_zipped(two)}", f"--reports={reports}", "-v")
    assert "x::Z" in printed, "the name is there to be seen"
    (tmp_path / "terminal.txt").write_text(printed)
    outputs = [tmp_path / "terminal.txt", *(file for file in reports.rglob("*") if file.is_file())]
    seen = {file.name: [text for text in problems(file) if "\u26a0\ufe0f" not in text] for file in outputs}
    assert {name: texts[0] for name, texts in seen.items() if texts} == {}
