"""`--gate`, `--against` and `--waivers` through pytest itself, on the lab's recorded run."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plugins.gates import decision as decide
from plugins.model import Vm
from plugins.results.schema import problems
from tests.support.newest_run import newest_run
from tests.support.paths import ROOT
from tests.support.pytest_process import run_pytest

Json = dict[str, Any]

#: A part of the suite is enough here, and quicker: it is the whole catalogue of the project. In it, of the ten recorded VMs, vm5 cannot be reached, vm3 has no
#: NO_PROXY, vm6 has no metadata service, vm7 lacks a role, and the others are ready.
MODULES = [f"suites/test_{area}.py" for area in ("ssh", "imds", "roles")]
CANARIES = {"vm1", "vm4"}

WAIVER = """\
  - check: {check}
    vms: {vms}
    reason: The upgrade is planned.
    owner: anna
    tracker: CHG-1044
    expires: {expires}
"""


class Project:
    """Run the suite on the recorded evidence, with the reports in a separate folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.evidence = folder / "recorded"
        shutil.copytree(ROOT / "lab" / "recorded", self.evidence)
        saved = json.loads((self.evidence / "run.json").read_text())
        for vm in saved["fleet"]:
            vm["tags"] = {"ring": "canary" if vm["name"] in CANARIES else "wide"}
        (self.evidence / "run.json").write_text(json.dumps(saved))
        (folder / "pyproject.toml").write_text(
            f'[tool.pytest.ini_options]\ntestpaths = ["suites"]\npythonpath = ["{ROOT}"]\n'
        )
        shutil.copy(ROOT / "conftest.py", folder)
        (folder / "suites").mkdir()
        for module in ("suites/conftest.py", *MODULES):
            shutil.copy(ROOT / module, folder / module)
        for name in ("docs", "lab"):
            (folder / name).symlink_to(ROOT / name)

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["-p", "no:cacheprovider", "-q"]
        command += [f"--evidence={self.evidence}", f"--reports={self.folder / 'reports'}", *arguments]
        return run_pytest(*command, cwd=self.folder, env={**os.environ, "COLUMNS": "400"})

    @property
    def results(self) -> Json:
        document: Json = json.loads((newest_run(self.folder / "reports") / "results.json").read_text())
        assert problems(document) == []
        return document

    def save(self, name: str, change: Callable[[Json], object]) -> Path:
        """Save changed results of the latest run as an earlier run."""
        results = self.results
        change(results)
        path = self.folder / name
        path.write_text(json.dumps(results))
        return path

    def waivers(self, *entries: tuple[str, str], expires: str = "9999-12-31") -> str:
        """The option for a file with these waivers: (check, VMs)."""
        path = self.folder / "exceptions.yaml"
        path.write_text("waivers:\n" + "".join(WAIVER.format(check=c, vms=v, expires=expires) for c, v in entries))
        return f"--waivers={path}"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("decisions"))


@pytest.fixture(scope="module")
def earlier(project: Project) -> Path:
    """An earlier run."""
    assert project().returncode == 1
    return project.save("earlier.json", lambda results: results.update(run_id="earlier"))


def result(results: Json, vm: str, id: str, parameter: str = "") -> Json:
    (rows,) = [
        result
        for machine in results["vms"]
        for result in machine["results"]
        if (machine["name"], result["id"], result["parameter"]) == (vm, id, parameter)
    ]
    return rows  # type: ignore[no-any-return]


# --- the gate -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (["--gate=all"], 1, "GATE NOT PASSED (all): 6 of 10 VMs ready, all needed (3 not ready, 1 could not be judged)."),
        (["--gate=70%"], 10, "GATE NOT PASSED (70%): 6 of 10 VMs (60.0 %) ready, 70 % needed (3 not ready, 1 could not be judged)."),
        (["--gate=canary=all,rest=50%"], 0, "GATE PASSED (canary=all,rest=50%): canary 2 of 2 ready; rest 4 of 8 (50.0 %) ready, 50 % needed."),
        (["--gate=canary=all,unknown=0"], 10, "GATE NOT PASSED (canary=all,unknown=0): 1 of 10 VMs could not be judged, none allowed; canary 2 of 2 ready."),
        (["--gate=60%", "-n2"], 0, "GATE PASSED (60%): 6 of 10 VMs (60.0 %) ready, 60 % needed."),
    ],
)  # fmt: skip
def test_the_exit_code_is_the_gates(project: Project, arguments: list[str], exit_code: int, sentence: str) -> None:
    ended = project(*arguments)
    assert ended.returncode == exit_code, ended.stdout
    assert project.results["gate"]["sentence"] == sentence
    assert sentence in ended.stdout.splitlines()


def test_results_without_a_gate_have_no_entry_for_one(project: Project) -> None:
    assert project("--vm=vm5").returncode == 10
    assert not {"gate", "changes", "waivers"} & set(project.results)


def test_a_run_that_was_cut_short_passes_no_gate(project: Project) -> None:
    ended = project("--gate=60%", "--maxfail=1")
    assert ended.returncode == 10, ended.stdout
    # vm3 is the first that is not ready; the later ones were not judged.
    assert project.results["gate"]["sentence"] == (
        "GATE NOT PASSED (60%): 2 of 10 VMs (20.0 %) ready, 60 % needed (1 not ready, 7 could not be judged)."
    )


@pytest.mark.parametrize("text", ["def test_other(): assert False\n", "import nothing_of_this_name\n"])
def test_no_gate_speaks_for_a_test_that_is_no_check(project: Project, text: str) -> None:
    other = project.folder / "test_other.py"
    other.write_text(text)
    ended = project("--gate=10%", "--vm=vm1", "--continue-on-collection-errors", "suites", str(other))
    assert ended.returncode == 1, ended.stdout
    assert project.results["gate"]["passed"] is True


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--gate=canry=all"], "--gate=canry=all: no VM has the tag 'canry'. Did you mean 'canary'? Known are ring:canary, ring:wide."),
        (["--gate="], "--gate=: '' is not a rule. A rule is all, 98%, GROUP=all, GROUP=98%, unknown=0, unknown=2%, no-regressions or chosen (docs/gates.md)."),
        (["--vm=vm1", "--gate=wide=all"], "--gate=wide=all: no VM has the tag 'wide'. Known are ring:canary."),
        (["--gate=no-regressions"], "--gate=no-regressions: no-regressions needs a run to compare with. Add --against=RUN."),
        (["--against=nowhere"], "--against nowhere: no such run directory or results.json"),
        (["--waivers=nowhere.yaml"], "nowhere.yaml: there is no such file. Give the path of a waiver file (docs/gates.md)."),
    ],
)  # fmt: skip
def test_a_mistake_is_one_clear_error_at_the_start(project: Project, arguments: list[str], error: str) -> None:
    before = set(project.folder.glob("reports/2*"))
    ended = project(*arguments)
    assert (ended.returncode, ended.stdout) == (4, "")
    assert ended.stderr.splitlines() == [f"ERROR: {error}", ""]
    assert set(project.folder.glob("reports/2*")) == before


# --- the baseline -------------------------------------------------------------------------------------------------


def better(vm: str, id: str, readiness: str) -> Callable[[Json], None]:
    """Make the earlier run better than this one."""

    def change(results: Json) -> None:
        result(results, vm, id).update(status="pass", root_cause=False)
        for machine in results["vms"]:
            if machine["name"] == vm:
                machine["readiness"] = readiness

    return change


def test_the_same_again_is_no_regression(project: Project, earlier: Path) -> None:
    assert project(f"--against={earlier}", "--gate=no-regressions").returncode == 0
    data = project.results
    assert data["gate"]["sentence"] == "GATE PASSED (no-regressions): no regressions since earlier."
    persisting = {(change["vm"], change["id"]) for change in data["changes"]["persisting"]}
    assert persisting == {(vm, cause["id"]) for cause in data["causes"] for vm in cause["vms"]}
    assert data["changes"]["sentence"] == f"Since earlier: {len(data['changes']['persisting'])} persisting."


@pytest.mark.parametrize(
    ("vm", "id", "now", "exit_code"), [("vm6", "IMDS-002", "fail", 1), ("vm5", "SSH-001", "unknown", 10)]
)
def test_a_regression_stops_the_gate(
    project: Project, earlier: Path, vm: str, id: str, now: str, exit_code: int
) -> None:
    results = json.loads(earlier.read_text())
    better(vm, id, "not ready")(results)
    baseline = project.folder / "better.json"
    baseline.write_text(json.dumps(results))
    ended = project(f"--against={baseline}", "--gate=10%,no-regressions", f"--vm={vm}", "--vm=vm1")
    assert ended.returncode == exit_code, ended.stdout
    data = project.results
    sentence = f"1 regression since earlier: {vm} {id} was pass, is {now}"
    assert data["gate"]["rules"][1] == {"rule": "no-regressions", "passed": False, "sentence": sentence}
    assert [(change["vm"], change["id"]) for change in data["changes"]["new"]] == [(vm, id)]
    assert len(data["changes"]["vms_removed"]) == 8
    assert data["changes"]["sentence"] in ended.stdout.splitlines()


def test_the_latest_run_is_the_newest_before_this_one(project: Project, earlier: Path) -> None:
    assert project("--vm=vm1").returncode == 0
    before = project.results["run_id"]
    assert project("--vm=vm1", "--against=latest").returncode == 0
    assert project.results["changes"]["against"] == before
    assert project.results["changes"]["sentence"] == f"Since {before}: nothing changed."


@pytest.mark.parametrize(
    ("arguments", "everything"),
    [
        ({"inventory": "fleet.yaml"}, True),
        ({"vm": ["vm1"]}, True),  # without an inventory, these VMs are the fleet
        ({"vm": ["vm1"], "inventory": "fleet.yaml"}, False),
        ({"vm": ["vm1"], "azure_fleet": "s"}, False),
        ({"vm": ["vm1"], "evidence": "reports/latest"}, False),
        ({"inventory": "fleet.yaml", "keyword": "red"}, False),
        ({"inventory": "fleet.yaml", "file_or_dir": ["suites/test_imds.py::test_x[vm1]"]}, False),
        ({"inventory": "fleet.yaml", "file_or_dir": ["suites/test_imds.py"]}, True),
    ],
)
def test_it_is_known_whether_a_run_looks_at_everything(arguments: Json, everything: bool, tmp_path: Path) -> None:
    nothing: Json = {
        "vm": [],
        "inventory": None,
        "azure_fleet": None,
        "evidence": None,
        "keyword": "",
        "file_or_dir": [],
    }
    option = argparse.Namespace(gate=None, against=None, waivers=None, **nothing | arguments)
    assert decide.read(option, [Vm("vm1")], tmp_path, 0.0).everything is everything


# --- waivers ------------------------------------------------------------------------------------------------------


def test_a_waiver_is_applied_to_a_replayed_run(project: Project) -> None:
    waivers = project.waivers(("ROLES-002", "vm7"), ("ROLES-003", "{ring: wide}"), ("IMDS-002", "vm1"))
    ended = project("--vm=vm7", "--vm=vm1", waivers, "--gate=all")
    assert ended.returncode == 0, ended.stdout
    data = project.results
    assert [vm["readiness"] for vm in data["vms"]] == ["ready", "ready"]
    waived = result(data, "vm7", "ROLES-002")
    assert (waived["status"], waived["remedy"], waived["fix"], waived["root_cause"]) == ("waived", "", [], False)
    assert waived["message"].startswith(
        "Waived until 9999-12-31: The upgrade is planned (anna, CHG-1044). Otherwise it would fail: Principal "
    )
    assert data["causes"] == []
    assert [(waiver["id"], waiver["vms"], waiver["used"]) for waiver in data["waivers"]] == [
        ("ROLES-002", "vm7", 1),
        ("ROLES-003", "ring:wide", 1),
        ("IMDS-002", "vm1", 0),
    ]
    assert "2 waived" in ended.stdout


@pytest.mark.parametrize("processes", ["0", "2"])
def test_what_is_behind_a_waived_check_is_judged_by_itself(project: Project, processes: str) -> None:
    assert project("--vm=vm6").returncode == 1
    assert result(project.results, "vm6", "IMDS-004")["status"] == "blocked"
    assert result(project.results, "vm6", "IMDS-003")["caused_by"] == ["IMDS-002"]
    assert project("--vm=vm6", f"-n{processes}", project.waivers(("IMDS-002", "vm6"))).returncode == 1
    data = project.results
    assert result(data, "vm6", "IMDS-002")["status"] == "waived"
    assert result(data, "vm6", "IMDS-004")["status"] not in ("blocked", "waived")
    # The consequence still fails, and is now a root cause.
    consequence = result(data, "vm6", "IMDS-003")
    assert (consequence["status"], consequence["root_cause"], consequence["caused_by"]) == ("fail", True, [])
    assert "IMDS-002" not in {cause["id"] for cause in data["causes"]}
    assert "IMDS-003" in {cause["id"] for cause in data["causes"]}


def test_missing_evidence_is_never_waived(project: Project) -> None:
    assert project("--vm=vm5", project.waivers(("SSH-001", "'*'"), ("IMDS-002", "'*'"))).returncode == 10
    assert result(project.results, "vm5", "SSH-001")["status"] == "unknown"
    assert result(project.results, "vm5", "IMDS-002")["status"] == "blocked"


def test_unused_waivers_and_those_that_end_soon_are_listed(project: Project) -> None:
    soon = project.waivers(("ROLES-002", "vm7"), ("IMDS-002", "nobody"))
    path = Path(soon.partition("=")[2])
    day = (datetime.now(UTC) + timedelta(days=13)).date()
    path.write_text(path.read_text().replace("9999-12-31", str(day)))
    ended = project(soon)
    lines = ended.stdout.splitlines()
    assert (
        "Warning: the waiver of IMDS-002 on nobody no longer matches any finding; delete it: anna, CHG-1044." in lines
    )
    assert (
        f"Warning: the waiver of ROLES-002 on vm7 expires on {day}. Fix the finding or agree on a new date: anna, CHG-1044."
        in lines
    )
    # A run on some VMs does not report it.
    assert "no longer matches" not in project(soon, "--vm=vm1").stdout


def test_every_mistake_of_the_waivers_is_an_error_before_anything_is_judged(project: Project) -> None:
    before = set(project.folder.glob("reports/2*"))
    option = project.waivers(("IMDS-02", "vm1"), ("IMDS-002", "vm1"), expires="2020-02-01")
    path = option.partition("=")[2]
    # Only one module is collected, but every check id is known.
    ended = project(option, "suites/test_roles.py", "-n2")
    assert ended.returncode == 4
    lines = [line for line in ended.stderr.splitlines() if line]
    assert [line.partition("; today is ")[0] for line in lines] == [
        f"ERROR: {path}:2: waivers[0].check: there is no check 'IMDS-02'. Did you mean 'IMDS-002'?",
        f"{path}:7: waivers[0].expires: this waiver expired on 2020-02-01",
        f"{path}:13: waivers[1].expires: this waiver expired on 2020-02-01",
    ]
    assert set(project.folder.glob("reports/2*")) == before


def test_the_waivers_beside_the_inventory_are_used_and_named(project: Project) -> None:
    folder = project.folder / "fleet"
    folder.mkdir()
    (folder / "fleet.yaml").write_text("vms: [vm1]\n")
    shutil.copy(project.waivers(("ROLES-002", "vm7")).partition("=")[2], folder / "waivers.yaml")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--plan", "--no-azure"]
    for more, line in [
        ([], f"nexus: 1 waiver of {folder / 'waivers.yaml'}"),
        ([f"--waivers={folder / 'waivers.yaml'}", "--gate=all"], f"nexus: 1 waiver of {folder / 'waivers.yaml'}\nnexus: gate all"),
    ]:  # fmt: skip
        ended = subprocess.run(
            [*command, f"--inventory={folder / 'fleet.yaml'}", *more],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 0
        assert line in ended.stdout
