"""Files of earlier code are still read: a bundle of version 1 (evidence and results.json) of commit 5c25b33."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import DATA, ROOT
from tests.support.pytest_process import run_pytest

BUNDLE = DATA / "run-of-version-1.zip"

#: IMDS-003 needs the last address that curl tried, which old probes did not print: an old answer cannot pass.
UNKNOWN_NOW = {"suites/test_imds.py::test_imds_answers_with_the_vms_own_settings[vm2]": "unknown"}


def statuses(results: dict[str, Any]) -> dict[str, str]:
    """The status of each result, by node id."""
    return {result["nodeid"]: result["status"] for vm in results["vms"] for result in vm["results"]}


@pytest.mark.parametrize("form", ["bundle", "directory"])
def test_a_run_of_version_1_is_judged_and_compared_with(form: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(BUNDLE) as bundle:
        bundle.extractall(tmp_path / "run")
    evidence = BUNDLE if form == "bundle" else tmp_path / "run"
    before = json.loads((tmp_path / "run" / "results.json").read_bytes())
    assert (before["version"], len(statuses(before))) == (1, 180)
    options = [
        f"--evidence={evidence}",
        f"--against={tmp_path / 'run' / 'results.json'}",
        f"--reports={tmp_path / 'r'}",
    ]
    ended = run_pytest("-q", "-p", "no:cacheprovider", *options, cwd=ROOT)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    now = json.loads((tmp_path / "r" / "latest" / "results.json").read_bytes())
    added = {id: status for id, status in statuses(now).items() if id not in statuses(before)}
    assert (now["version"], statuses(now)) == (2, statuses(before) | added | UNKNOWN_NOW)
    assert {(id.partition("::")[0], status) for id, status in added.items()} == {  # a newer area than the run
        ("suites/test_relay.py", "not applicable")
    }
    assert now["changes"]["sentence"].startswith(f"Since {before['run_id']}: ")
    assert [now["changes"][name] for name in ("fixed", "vms_added", "vms_removed")] == [[]] * 3
    for name in ("new", "regressions"):
        assert [(result["vm"], result["id"], result["now"]) for result in now["changes"][name]] == [
            ("vm2", "IMDS-003", "unknown")
        ]
