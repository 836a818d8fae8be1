"""Several runs as one: shards, sites, bundles; runs that do not match, and missing parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from plugins.core.errors import InputError
from plugins.core.files import write_json
from plugins.evidence.archive import Archive
from plugins.evidence.layout import PROFILE
from plugins.evidence.merged import MergedSource, open_all
from plugins.inventory.shards import Shard
from plugins.model import Evidence, ProbeResult, SshSession, Vm

if TYPE_CHECKING:
    from tests.support.fleet_project import Checkout

pytest_plugins = ("pytester", "tests.support.fleet_project")

FLEET = [Vm(f"vm{number}") for number in range(1, 6)]


def keep(
    directory: Path,
    vms: list[Vm],
    *,
    shard: Shard | None = None,
    fleet: list[Vm] = FLEET,
    says: str = "right",
    started: float = 1.0,
    profile: str = "2510",
    without: str = "",
) -> str:
    """Make a run directory."""
    about: dict[str, Any] = {
        "id": directory.name,
        "profile": profile,
        "arguments": [],
        "started": started,
        "options": {},
    }
    if shard:
        about["shard"] = shard.record(fleet)
    archive = Archive.create(directory, about, vms)
    for vm in vms:
        if vm.name != without:
            archive.store(
                Evidence(
                    vm,
                    SshSession("ok"),
                    {"word": ProbeResult("word", "cat /word", "done", 0, f"{says} on {vm.name}")},
                    1.0,
                )
            )
    return str(directory)


def shards(tmp_path: Path, of: int = 2, **more: Any) -> list[str]:
    return [
        keep(tmp_path / f"s{number}", Shard(number, of).part(FLEET), shard=Shard(number, of), **more)
        for number in range(1, of + 1)
    ]


def merged(places: list[str]) -> MergedSource:
    source = open_all(places)[0].source
    assert isinstance(source, MergedSource)
    return source


def refused(places: list[str], **how: Any) -> str:
    with pytest.raises(InputError) as caught:
        open_all(places, **how)
    return str(caught.value)


def test_shards_become_the_fleet_in_its_own_order(tmp_path: Path) -> None:
    archive, _, vms = open_all(list(reversed(shards(tmp_path))))
    assert [vm.name for vm in vms] == ["vm1", "vm2", "vm3", "vm4", "vm5"]
    assert archive["vm2"].results["word"].stdout == "right on vm2"
    source = archive.source
    assert isinstance(source, MergedSource)
    assert source.gaps_among(vms) is None
    assert source.header(vms) == ["merged from 2 sources: shards 1 and 2 of 2"]
    assert not {"shard", "options"} & source.run.keys(), "those of a part are not those of the whole"


def test_a_glob_is_a_list_of_runs_and_latest_is_none_of_them(tmp_path: Path) -> None:
    shards(tmp_path)
    (tmp_path / "s9").symlink_to("s1")
    assert merged([f"{tmp_path}/s*"]).header(FLEET) == ["merged from 2 sources: shards 1 and 2 of 2"]
    assert (
        refused([f"{tmp_path}/x*"])
        == f"--evidence={tmp_path}/x*: matches nothing. Expected run directories or bundles."
    )


def test_a_missing_shard_is_named_with_its_vms(tmp_path: Path) -> None:
    places = shards(tmp_path, 5)
    del places[1:3]
    source = merged(places)
    assert str(source.gaps_among(FLEET)) == ("MISSING: shards 2 and 3 of 5; no evidence of 2 VMs: vm2, vm3.")
    assert [vm.name for vm in open_all(places)[2]] == ["vm1", "vm2", "vm3", "vm4", "vm5"]


def test_one_shard_alone_is_not_the_fleet(tmp_path: Path) -> None:
    source = merged(shards(tmp_path)[:1])
    assert str(source.gaps_among(FLEET)) == "MISSING: shard 2 of 2; no evidence of 2 VMs: vm2, vm4."


def test_a_vm_that_a_shard_did_not_get_to_is_missing(tmp_path: Path) -> None:
    source = merged(shards(tmp_path, without="vm3"))
    assert str(source.gaps_among(FLEET)) == "MISSING: no evidence of 1 VM: vm3."


def test_a_vm_in_two_sources_that_differ_is_refused(tmp_path: Path) -> None:
    one, other = keep(tmp_path / "a", FLEET[:2]), keep(tmp_path / "b", FLEET[1:3], says="odd", started=2.0)
    assert refused([one, other]) == (
        f"--evidence: vm2 is in {one} and in {other}, and they differ. Drop one of the two."
    )


def test_a_vm_in_two_sources_that_agree_is_one_vm(tmp_path: Path) -> None:
    one, other = keep(tmp_path / "a", FLEET[:2]), keep(tmp_path / "b", FLEET[1:3], started=2.0)
    assert [vm.name for vm in open_all([one, other])[2]] == ["vm1", "vm2", "vm3"]


def test_the_source_that_has_seen_a_vm_speaks_for_it(tmp_path: Path) -> None:
    one, other = keep(tmp_path / "a", FLEET[:2], without="vm2"), keep(tmp_path / "b", FLEET[1:3], says="odd")
    assert open_all([one, other])[0]["vm2"].results["word"].stdout == "odd on vm2"


def test_shards_of_another_fleet_are_refused(tmp_path: Path) -> None:
    one = keep(tmp_path / "a", FLEET[::2], shard=Shard(1, 2))
    other = keep(tmp_path / "b", FLEET[1:4:2], shard=Shard(2, 2), fleet=FLEET[:4])
    assert refused([one, other]) == (
        f"--evidence: {one} (shard 1 of 2) and {other} (shard 2 of 2) are parts of different fleets (5 VMs in 2 parts, "
        "4 VMs in 2 parts). Shards of one fleet have the same inventory, the same --vm and the same number of parts."
    )


def test_a_run_that_is_no_shard_is_refused_among_shards(tmp_path: Path) -> None:
    one, other = shards(tmp_path)[0], keep(tmp_path / "b", FLEET[1:])
    assert refused([one, other]) == (
        f"--evidence: {one} (shard 1 of 2) is a shard, and {other} is not. Judge the shards of a fleet together, and "
        "other runs on their own."
    )


def test_evidence_for_different_requirements_needs_a_word(tmp_path: Path) -> None:
    one = keep(tmp_path / "a", FLEET[::2], shard=Shard(1, 2))
    other = keep(tmp_path / "b", FLEET[1::2], shard=Shard(2, 2), profile="2602")
    assert refused([one, other]) == (
        f"--evidence: {one} (shard 1 of 2) is for the profile 2510, and {other} (shard 2 of 2) for 2602. State the "
        "requirements to judge all of it by: --profile=NAME"
    )
    open_all([one, other], any_profile=True)


def test_a_profile_of_ones_own_has_to_be_the_same(tmp_path: Path) -> None:
    one, other = shards(tmp_path)
    (tmp_path / "s1" / PROFILE).write_text("a = 1")
    (tmp_path / "s2" / PROFILE).write_text("a = 1")
    open_all([one, other])
    (tmp_path / "s2" / PROFILE).write_text("a = 2")
    assert refused([one, other]) == (
        f"--evidence: {one} (shard 1 of 2) has another {PROFILE} than {other} (shard 2 of 2). State the requirements to "
        "judge all of it by: --profile=NAME"
    )


def test_answers_of_azure_that_one_source_cannot_give_are_named(tmp_path: Path) -> None:
    one, other = shards(tmp_path)
    (tmp_path / "s2/azure.json").write_text("[")
    facts = json.loads(merged([one, other]).read("azure.json") or b"")
    assert facts["answers"] == {}
    assert facts["unreadable"].startswith(f"{other}/azure.json: ")


def test_a_merged_source_says_where_its_files_are(tmp_path: Path) -> None:
    one, other = shards(tmp_path)
    source = merged([one, other])
    assert source.path == Path(one)
    assert source.label("evidence/vm1.json") in {f"{place}/evidence/vm1.json" for place in (one, other)}
    assert source.label("evidence/vm9.json") == "evidence/vm9.json of 2 sources"
    assert [source.has(name) for name in ("run.json", "evidence/vm1.json", "evidence/vm9.json")] == [True, True, False]


def test_a_damaged_shard_record(tmp_path: Path) -> None:
    (place, _) = shards(tmp_path)
    run = json.loads((tmp_path / "s1/run.json").read_text())
    run["shard"]["number"] = "x"
    write_json(tmp_path / "s1/run.json", run)
    assert refused([place]) == f"{place}/run.json: not a run this suite can read (shard.number: expected int, got str)"


def test_the_newest_answer_of_azure_counts_and_none_is_no_answer(tmp_path: Path) -> None:
    old, new = keep(tmp_path / "a", FLEET[:1], started=2.0), keep(tmp_path / "b", FLEET[1:], started=1.0)
    unread = {"request": "GET x", "unread": {"message": "No.", "remedy": "", "status": 403}}

    def answer(value: int) -> dict[str, Any]:
        return {"request": "GET x", "value": value}

    both = {"version": 1, "interrupted": False}
    write_json(
        Path(old) / "azure.json",
        {
            **both,
            "answers": {"/a": answer(2), "/b": unread, "/c": answer(4)},
            "located": {"vm1": "/1"},
            "calls": [["GET", "x", 200]],
        },
    )
    write_json(
        Path(new) / "azure.json",
        {**both, "answers": {"/a": answer(1), "/b": answer(3)}, "located": {"vm2": "/2"}, "calls": []},
    )
    source = merged([old, new])
    facts = json.loads(source.read("azure.json") or b"")
    assert facts["answers"] == {"/a": answer(2), "/b": answer(3), "/c": answer(4)}
    assert facts["located"] == {"vm1": "/1", "vm2": "/2"}
    assert facts["calls"] == [["GET", "x", 200]]
    assert source.header(FLEET) == [
        "merged from 2 sources",
        "Azure answered a path differently to different sources; the newest answer is judged (/a)",
    ]


def test_without_shard_a_run_visits_the_whole_fleet_whatever_variables_are_set(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "2")
    monkeypatch.setenv("JOB_COMPLETIONS", "3")
    checkout.fleet(**dict.fromkeys(("a", "b", "c"), checkout.good))
    fleet = ("--vm=a", "--vm=b", "--vm=c", "--no-azure", "-p", "no:cacheprovider")
    assert checkout.run(*fleet).ret == 0
    assert checkout.readiness() == {"a": "ready", "b": "ready", "c": "ready"}
    assert "shard" not in checkout.results()
    done = checkout.run(*fleet, "--shard=auto", "--reports=part")
    assert done.ret == 0
    done.stdout.fnmatch_lines(["nexus: shard 3 of 3 (Kubernetes): 1 of 3 VMs"])
    assert checkout.readiness(checkout.path / "part/latest") == {"c": "ready"}


def test_a_vm_without_evidence_is_missing_from_merged_runs_that_are_no_shards(tmp_path: Path) -> None:
    first = keep(tmp_path / "first", FLEET[:2])
    second = keep(tmp_path / "second", FLEET[2:], without="vm4")
    archive, _, vms = open_all([first, second])
    assert isinstance(archive.source, MergedSource)
    gaps = archive.source.gaps_among(vms)
    assert gaps is not None
    assert (gaps.vms, gaps.shards, gaps.of) == (["vm4"], [], None)
    assert str(gaps) == "MISSING: no evidence of 1 VM: vm4."
    assert archive.source.gaps_among(FLEET[:3]) is None


def test_a_gate_is_not_judged_when_merged_runs_lack_a_vm(checkout: Checkout) -> None:
    checkout.fleet(**dict.fromkeys(("a", "b", "c"), checkout.good))
    assert checkout.run("--vm=a", "--vm=b", "--no-azure", "--reports=parts/1").ret == 0
    assert checkout.run("--vm=c", "--no-azure", "--reports=parts/2").ret == 0
    (lost,) = (path for path in (checkout.path / "parts/1").glob("2*/evidence/b.json"))
    lost.unlink()
    done = checkout.run("--evidence", "parts/1/latest", "parts/2/latest", "--gate=60%")
    assert done.ret == 10
    done.stdout.fnmatch_lines(
        [
            "UNKNOWN: 2 of 3 VMs are ready; 1 could not be judged. MISSING: no evidence*",
            "GATE NOT JUDGED (60%): the VMs with evidence would pass it. MISSING: no evidence*",
        ]
    )


def test_shards_and_their_merge_are_one_verdict(checkout: Checkout) -> None:
    checkout.fleet(**dict.fromkeys(("a", "b", "c"), checkout.good))
    (checkout.path / "fleet.yaml").write_text("vms: [a, b, c]\n")
    fleet = ("--inventory=fleet.yaml", "--no-azure", "-p", "no:cacheprovider")
    for number in (1, 2):
        done = checkout.run(*fleet, f"--shard={number}/4", f"--reports=parts/{number}")
        assert done.ret == 0
        done.stdout.fnmatch_lines([f"nexus: shard {number} of 4: 1 of 3 VMs"])
    done = checkout.run(*fleet, "--shard=4/4", "--reports=parts/4")
    assert done.ret == 0
    done.stdout.fnmatch_lines(["READY: Shard 4 of 4, 0 of 3 VMs: This shard is empty: there are fewer VMs than*"])

    done = checkout.run("--evidence", "parts/1/latest", "parts/2/latest", "parts/4/latest", "--gate=60%", "-n1")
    assert done.ret == 10
    done.stdout.fnmatch_lines(
        [
            "nexus: merged from 3 sources: shards 1, 2 and 4 of 4",
            "nexus: MISSING: shard 3 of 4; no evidence of 1 VM: c. They are unknown, and this run does not end*",
            "UNKNOWN: 2 of 3 VMs are ready; 1 could not be judged. MISSING: shard 3 of 4;*",
            "GATE NOT JUDGED (60%): the VMs with evidence would pass it. MISSING: shard 3 of*",
        ]
    )
    data = checkout.results(checkout.path / "reports/latest")
    assert data["missing"] == {"vms": ["c"], "shards": [3]}
    assert checkout.readiness(checkout.path / "reports/latest") == {"a": "ready", "b": "ready", "c": "unknown"}

    assert checkout.run(*fleet, "--reports=parts/3", "--shard=3/4").ret == 0
    done = checkout.run("--evidence=parts/*/2*")
    assert done.ret == 0
    assert {vm["results"][0]["nodeid"] for vm in checkout.results(checkout.path / "reports/latest")["vms"]} == {
        f"suites/test_small.py::test_session[{name}]" for name in "abc"
    }
