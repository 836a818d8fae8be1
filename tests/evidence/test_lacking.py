"""Each required field of a saved file is removed: the error names the file and the field."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plugins.evidence.archive import Archive
from plugins.evidence.bundle_format import BundleFile, write_bundle
from plugins.evidence.codec import to_data
from plugins.gates import baseline
from plugins.judge.context import CheckContext
from tests.evidence.damage import AZURE, EVIDENCE, PROBE, RESULTS, RUN, SESSION, Steps, lacking, places, refusal, saved


def damage(folder: Path) -> str:
    archive = Archive(folder)
    assert archive.get("vm1") is None
    return archive.damaged["vm1"].message


#: The required fields of each file, and the function that returns its error.
NEEDED: dict[str, tuple[Any, list[Steps], Callable[[Path], str]]] = {
    "run.json": (
        {"version": 1, "shard": RUN["shard"], "fleet": []},
        [("version",), ("fleet",), *(("shard", name) for name in RUN["shard"])],
        lambda folder: refusal(lambda: Archive.open(folder)),
    ),
    "results.json": (
        RESULTS,
        [place for place in places(RESULTS) if place and isinstance(place[-1], str) and "left_out" not in place],
        lambda folder: refusal(lambda: baseline.load(str(folder), folder)),
    ),
    "azure.json": (
        AZURE,
        [("version",), ("answers",), ("located",), ("calls",)],
        lambda folder: CheckContext(Archive(folder), lambda: ()).facts.unreadable,
    ),
    "runner.json": (
        {"az_core": "2.76.0", "extensions": {}, "error": ""},
        [("az_core",), ("extensions",), ("error",)],
        lambda folder: CheckContext(Archive(folder), lambda: ()).az_cli.error,
    ),
    "evidence/vm1.json": (
        to_data(EVIDENCE),
        [place for place in places(to_data(EVIDENCE)) if place[:-1] in (PROBE, SESSION, ())][1:] + [("vm", "name")],
        damage,
    ),
}


@pytest.mark.parametrize("name", NEEDED)
def test_what_a_saved_file_lacks_is_named(name: str, tmp_path: Path) -> None:
    """In one sentence that begins with the file, not as a KeyError."""
    good, needed, read = NEEDED[name]
    folder = saved(tmp_path / "run")
    for place in needed:
        (folder / name).write_text(lacking(good, place))
        text = read(folder)
        assert text.startswith(f"{folder / name}: ")
        assert re.search(rf"object missing required field {place[-1]}(\)$|\.( Remove|$))", text), text


def test_what_a_manifest_lacks_is_named(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    write_bundle(path, kind="run", run_id="r", suite="0", members=[("run.json", b"{}")])
    with zipfile.ZipFile(path) as bundle:
        manifest = json.loads(bundle.read("manifest.json"))
    for place in [("format",), ("version",), ("members",), ("members", "run.json", "sha256")]:
        with zipfile.ZipFile(path, "w") as bundle:
            bundle.writestr("run.json", b"{}")
            bundle.writestr("manifest.json", lacking(manifest, place))
        text = refusal(lambda: BundleFile(path).close())
        begin = "this is not a bundle of this suite: its manifest.json cannot be read ("
        assert text.startswith(begin)
        assert text.endswith(f"object missing required field {place[-1]}).")
