"""Each field of each saved file is damaged: the VM or the answer is unknown and named."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from plugins.azure.az_cli import AzCli
from plugins.azure.snapshot import AzureSnapshot, ReadError
from plugins.core.files import write_json, write_large_json
from plugins.core.sanitize import harmless
from plugins.core.strict_json import checked, encode, quick
from plugins.evidence.archive import Archive
from plugins.evidence.bundle_format import BundleFile, write_bundle
from plugins.evidence.codec import to_data
from plugins.gates import baseline
from plugins.judge.context import CheckContext
from plugins.pytest_adapter.saved_options import _Saved
from plugins.results.history import history
from tests.evidence.damage import (
    AZURE,
    EVIDENCE,
    PROBE,
    RESULTS,
    SESSION,
    VM,
    Steps,
    bent,
    lacking,
    places,
    refusal,
    saved,
)
from tests.support.memory import MEGABYTE, most_memory


def ruined(data: Any) -> list[bytes]:
    """Unreadable documents: cut, another version, a duplicate key, not UTF-8, NaN, too large, too deep."""
    text = encode(data).encode()
    return [
        text[: len(text) // 2],
        text.replace(b'"version":', b'"version":9', 1),
        text.replace(b"{", b'{"version":1,', 1),
        text[:-1] + b',"x":"\xff"}',
        *(text[:-1] + b',"x":' + value + b"}" for value in (b"NaN", b"-Infinity", b"1e999", b"[" * 100_000)),
        b"[]",
        b"",
        b"\x00" * 100,
    ]


def test_evidence(tmp_path: Path) -> None:
    path = saved(tmp_path / "run") / "evidence/vm1.json"
    good = json.loads(path.read_bytes())
    damaged = set()
    for place, text in [*bent(good), *(((), raw.decode("latin-1")) for raw in ruined(good))]:
        path.write_text(text, "latin-1")
        archive, _, vms = Archive.open(path.parent.parent)
        notes = archive.load(vms)
        assert archive["vm2"].results == EVIDENCE.results, "the other VM is as it was"
        assert archive.get("vm1") is None or place not in ((), ("version",)), text
        if archive.get("vm1") is None:
            session = archive.damaged["vm1"]
            assert session.message.startswith(f"{path}: "), session.message
            assert session.remedy == "Remove the file and gather this VM again."
            assert notes == [f"DAMAGED, so unknown: vm1. {session.message}"]
            damaged.add(place)
        else:
            json.loads(encode(to_data(archive["vm1"])))
    assert damaged >= set(places(good)), "each place has a value that cannot stand there"


def test_evidence_of_another_vm_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "run") / "evidence/vm1.json"
    path.write_bytes(path.with_name("vm2.json").read_bytes())
    archive, _, vms = Archive.open(path.parent.parent)
    archive.load(vms)
    assert archive.damaged["vm1"].message == f"{path}: vm.name: it is that of 'vm2'."


@pytest.mark.parametrize(
    "place", [place for place in places(to_data(EVIDENCE)) if place[:-1] in (PROBE, SESSION, ())][1:]
)
def test_evidence_that_lacks_a_field_is_no_evidence(place: Steps, tmp_path: Path) -> None:
    folder = saved(tmp_path / "run")
    (folder / "evidence/vm1.json").write_text(lacking(to_data(EVIDENCE), place))
    assert Archive(folder).get("vm1") is None


@pytest.mark.parametrize("number", [-1, 1e300, 10**400])
@pytest.mark.parametrize(
    "place", [("started",), (*PROBE, "received"), (*PROBE, "seconds"), (*SESSION, "seconds", "login")]
)
def test_a_time_that_no_clock_shows_is_no_time(place: Steps, number: float, tmp_path: Path) -> None:
    folder, data = saved(tmp_path / "run"), to_data(EVIDENCE)
    at: Any = data
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = number
    (folder / "evidence/vm1.json").write_text(encode(data))
    assert Archive(folder).get("vm1") is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("name", name) for name in ("-x", "a\nb", " a", "", "\x1b[2J")),
        ("user", "-oProxyCommand=x"),
        ("host", "a;b"),
        ("jump", "a b;c"),
        ("identity", "x"),
        ("resource_id", "/x"),
        ("port", 0),
        ("port", 70_000),
        ("os", "plan9"),
        ("path", "other"),
        ("target", {"cloud": "Elsewhere"}),
    ],
)
def test_a_saved_vm_obeys_the_rules_of_a_fleet_file(field: str, value: object, tmp_path: Path) -> None:
    path = saved(tmp_path / "run") / "run.json"
    run = json.loads(path.read_bytes())
    run["fleet"][0][field] = value
    path.write_text(encode(run))
    archive, _, vms = Archive.open(path.parent)
    (name,) = archive.damaged
    assert name == ("run.json fleet[0]" if field == "name" else "vm1")
    assert archive.damaged[name].message.startswith(f"{path}: fleet[0].{field}")
    assert [vm.name for vm in vms] == [name, "vm2"]


@pytest.mark.parametrize(
    ("bomb", "problem"),
    [
        ("[" * 100_000 + "]" * 100_000, "it is nested too deeply"),
        ("[" + "[]," * 600_000 + "0]", "it has more than 500,000 values"),
        (
            "1" * 10_000,
            "Exceeds the limit (4300 digits) for integer string conversion: value has 10000 digits; "
            "use sys.set_int_max_str_digits() to increase the limit",
        ),
        ("1e999", "the number 1e999 is too large"),
    ],
    ids=["deep", "wide", "digits", "infinite"],
)
def test_a_bomb_in_one_vms_file_costs_that_vm(bomb: str, problem: str, tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "run", {"id": "x"}, [VM])
    (tmp_path / "run/evidence/vm1.json").write_text(f'{{"version": 1, "x": {bomb}}}')
    with most_memory() as most:
        assert archive.get("vm1") is None
    path = tmp_path / "run/evidence/vm1.json"
    assert archive.damaged["vm1"].message == f"{path}: is not readable as JSON ({problem})."
    assert most[0] < 64 * MEGABYTE


@pytest.mark.parametrize("bomb", ["[" * 100_000, "[" + "[]," * 1_200_000 + "0]"], ids=["deep", "wide"])
@pytest.mark.parametrize("name", ["run.json", "azure.json", "runner.json", "results.json"])
def test_a_bomb_in_a_file_about_the_fleet_costs_that_file(name: str, bomb: str, tmp_path: Path) -> None:
    folder = saved(tmp_path / "20261121T221500Z-3f9a")
    (folder / name).write_text(f'{{"version":1,"run_id":"r","vms":[],"answers":{bomb}}}')
    with most_memory() as most:
        if name in ("run.json", "results.json"):
            read = {
                "run.json": lambda: Archive.open(folder),
                "results.json": lambda: baseline.load(str(folder), tmp_path),
            }
            problem = refusal(read[name], f"{folder / name}: ")
        else:
            context = CheckContext(Archive(folder), lambda: ())
            problem = context.facts.unreadable if name == "azure.json" else context.az_cli.error
    assert "values)" in problem or "it is nested too deeply" in problem, problem
    assert most[0] < 64 * MEGABYTE
    assert history({"run_id": "30000101T000000Z-aaaa", "judged": {"complete": False}, "vms": []}, tmp_path, 3) == []


def test_the_second_vm_of_a_name_is_unknown(tmp_path: Path) -> None:
    path = saved(tmp_path / "run") / "run.json"
    run = json.loads(path.read_bytes())
    run["fleet"].append(run["fleet"][0])
    path.write_text(encode(run))
    archive, _, vms = Archive.open(path.parent)
    assert [vm.name for vm in vms] == ["vm1", "vm2", "run.json fleet[2]"]
    assert archive.damaged["run.json fleet[2]"].message == f"{path}: fleet[2].name: it is the name of another VM."


def test_nothing_writes_a_number_that_is_not_json(tmp_path: Path) -> None:
    for write in (write_json, lambda path, data: write_large_json(path, harmless(data))):
        with pytest.raises(ValueError, match="not JSON compliant"):
            write(tmp_path / "x.json", {"a": float("nan")})
        with pytest.raises(ValueError, match="not JSON compliant"):
            write(tmp_path / "x.json", {"list": [{"a": ["b", [float("inf")]]}]})
    assert not list(tmp_path.iterdir())


def test_run_json(tmp_path: Path) -> None:
    path = saved(tmp_path / "run") / "run.json"
    good = json.loads(path.read_bytes())
    refused, unusable = set(), set()
    for place, text in [*bent(good), *(((), raw.decode("latin-1")) for raw in ruined(good))]:
        path.write_text(text, "latin-1")
        if refusal(lambda: Archive.open(path.parent), f"{path}: "):
            refused.add(place)
            continue
        assert place not in ((), ("version",)), text
        archive, _, vms = Archive.open(path.parent)
        archive.load(vms)
        assert place[:2] == ("fleet", 1) or archive["vm2"].results == EVIDENCE.results
        if archive.damaged:
            (session,) = archive.damaged.values()
            assert session.message.startswith(f"{path}: fleet[{(*place, 0)[1]}]"), session.message
            assert session.remedy
            unusable |= {place} - {("fleet",)}
        else:
            assert all(vm.port is None or 1 <= vm.port <= 65_535 for vm in vms)
    entries = {place for place in places(good) if place[:1] == ("fleet",) and len(place) > 1}
    assert unusable == entries
    assert refused >= set(places(good)) - entries - {("options", "vm"), ("options", "vm", 0)}


def test_azure_json(tmp_path: Path) -> None:
    path = saved(tmp_path / "run") / "azure.json"
    archive = Archive(path.parent)
    whole = AzureSnapshot.from_data(AZURE)
    problems = set()
    for place, text in [*bent(AZURE), *(((), raw.decode("latin-1")) for raw in ruined(AZURE))]:
        path.write_text(text, "latin-1")
        facts = CheckContext(archive, lambda: ()).facts
        json.loads(encode(facts.to_data()))
        assert facts.unreadable or place not in ((), ("version",)), text
        if facts.unreadable:
            assert facts.unreadable.startswith(f"{path}: ")
            problems.add(place)
        elif any(isinstance(answer, ReadError) and "damaged" in answer.message for answer in facts.answers.values()):
            assert facts.located == whole.located
            problems.add(place)
        elif any(isinstance(answer, ReadError) and "damaged" in answer.message for answer in facts.located.values()):
            assert facts.answers == whole.answers
            problems.add(place)
    free = {("answers", "/x", "value", "id")}  # Azure may return these
    assert problems >= set(places(AZURE)) - free


def test_runner_json(tmp_path: Path) -> None:
    path = saved(tmp_path / "run") / "runner.json"
    good = {"az_core": "2.76.0", "extensions": {"networkcloud": "4.0.0"}, "error": ""}
    damaged = set()
    unversioned = [raw for raw in ruined(good) if b'"version"' not in raw and raw != encode(good).encode()]
    for place, text in [*bent(good), *(((), raw.decode("latin-1")) for raw in unversioned)]:
        path.write_text(text, "latin-1")
        actual = CheckContext(Archive(path.parent), lambda: ()).az_cli
        assert isinstance(actual, AzCli)
        if actual.error.startswith(f"{path}: "):
            damaged.add(place)
        else:
            assert place != (), text
    assert damaged == set(places(good))


def test_results_json(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    refused = set()
    for place, text in [*bent(RESULTS), *(((), raw.decode("latin-1")) for raw in ruined(RESULTS))]:
        path.write_text(text, "latin-1")
        if refusal(lambda: baseline.load(str(path), tmp_path), f"{path}: "):
            refused.add(place)
        else:
            assert place not in ((), ("version",)), text
    assert refused == set(places(RESULTS))


def test_the_manifest_of_a_bundle(tmp_path: Path) -> None:
    path, refused = tmp_path / "b.zip", set()
    write_bundle(path, kind="run", run_id="r", suite="0", members=[("run.json", b"{}")])
    with zipfile.ZipFile(path) as bundle:
        manifest = json.loads(bundle.read("manifest.json"))
    for place, text in [*bent(manifest), *(((), raw.decode("latin-1")) for raw in ruined(manifest))]:
        with zipfile.ZipFile(path, "w") as bundle:
            bundle.writestr("run.json", b"{}")
            bundle.writestr("manifest.json", text.encode("latin-1"))
        if refusal(lambda: BundleFile(path).close()):
            refused.add(place)
        else:
            assert place not in ((), ("version",)), text
    assert refused == set(places(manifest))


def test_the_options_of_a_resume() -> None:
    for name in _Saved.__annotations__:
        for wrong in (7, [None], {"a": 1}):
            with pytest.raises(ValueError, match=rf"^options\.{name}"):
                checked({name: wrong}, _Saved, "options")


def test_a_large_file_is_read_only_as_far_as_it_is_known() -> None:
    raw = encode(RESULTS).encode()
    fields = frozenset(RESULTS)
    assert quick(raw, baseline._Results, fields) == quick(raw + b"\n", baseline._Results, fields) == RESULTS
    for refused in (raw.replace(b":", b": ", 1), raw[:-1] + b',"x":1}', raw[:-1] + b',"version":2}', raw[:-1], b"[]"):
        assert quick(refused, baseline._Results, fields) is None
