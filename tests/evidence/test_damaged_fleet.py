"""A fleet with damaged VMs is reported in full."""

from __future__ import annotations

import json

import pytest

from plugins.core.strict_json import encode
from plugins.evidence.archive import Archive
from plugins.evidence.codec import to_data
from plugins.model import Evidence, Vm
from tests.evidence.damage import EVIDENCE, VM, bent
from tests.support.newest_run import newest_run
from tests.support.small_suite import check_out

pytest_plugins = "pytester"

SUITE = '''
from plugins import *

word = probe("cat /word", timeout=2)


@check("SSH-001", required, remedy="Start it.", docs="https://example.org/")
def test_session(session):
    """A session opens."""
    if session.outcome != "ok":
        unknown(session.message, remedy=session.remedy)
    return "It opened."


@check("VM-001", required, remedy="Say it.", docs="https://example.org/")
def test_word(word):
    """The word is right."""
    if word.stdout != "right":
        fail("The word is wrong; expected right.")
    return "The word is right."
'''


@pytest.mark.parametrize("form", ["evidence", "run.json"])
def test_a_fleet_with_damaged_vms_is_reported_in_full(pytester: pytest.Pytester, form: str) -> None:
    """Each VM except the first and the last is damaged in another way, and the whole run is judged."""
    check_out(pytester, SUITE)
    good = json.loads(encode(to_data(EVIDENCE) if form == "evidence" else VM.as_dict()))
    legitimate = ("name", "host", "stdout")  # any text is valid there
    ways = [text for place, text in bent(good) if place and place[-1] not in legitimate]
    fleet = [Vm(f"vm{number}") for number in range(len(ways) + 2)]
    archive = Archive.create(pytester.path / "earlier", {"id": "earlier", "profile": "2510", "arguments": []}, fleet)
    for vm in fleet:
        archive.store(Evidence(vm, EVIDENCE.session, EVIDENCE.results, 1000.0))
    run = json.loads((pytester.path / "earlier/run.json").read_bytes())
    for vm, text in zip(fleet[1:-1], ways, strict=True):
        text = text.replace('"vm1"', f'"{vm.name}"', 1)
        if form == "evidence":
            (pytester.path / f"earlier/evidence/{vm.name}.json").write_text(text)
        else:
            run["fleet"][int(vm.name[2:])] = json.loads(text)
    (pytester.path / "earlier/run.json").write_text(encode(run))
    outcome = pytester.runpytest_subprocess("--evidence=earlier", timeout=120)
    document = json.loads((newest_run(pytester.path / "reports") / "results.json").read_bytes())
    by_name = {vm["name"]: vm for vm in document["vms"]}
    assert outcome.ret == 10, outcome.stdout.str()[-3000:]
    assert len(by_name) == len(fleet)
    assert by_name[fleet[0].name]["readiness"] == by_name[fleet[-1].name]["readiness"] == "ready"
    damaged = [vm for vm in document["vms"] if vm["session"]["outcome"] == "damaged"]
    assert len(damaged) > len(ways) // 2
    for vm in damaged:
        assert vm["readiness"] == "unknown"
        first = next(result for result in vm["results"] if result["id"] == "SSH-001")
        assert first["status"] == "unknown"
        assert ".json: " in first["message"]
        assert first["remedy"]
    assert {vm["readiness"] for vm in document["vms"]} == {"ready", "unknown"}, "damage is never a finding about a VM"
    outcome.stdout.fnmatch_lines(["nexus: DAMAGED, so unknown: vm*"])
    outcome.stdout.no_fnmatch_line("*Traceback*")
