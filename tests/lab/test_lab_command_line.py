"""`python -m lab`: refused arguments and their messages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab import cli, demo, doctor, handout, spec
from lab.errors import LabError
from lab.faults import FAULTS, RUN_FAULTS
from tests.support.newest_run import newest_run
from tests.support.pytest_process import run_pytest


@pytest.mark.parametrize(
    ("vms", "faults", "said"),
    [
        (0, [], "--vms 0: between 1 and 1000 VMs can run"),
        (1001, [], "--vms 1001: between 1 and 1000 VMs can run"),
        (6, ["vm9=imds-down"], "--fault vm9=imds-down: there is no vm9; the VMs are vm1 to vm6"),
        (1, ["vm2=imds-down"], "--fault vm2=imds-down: there is no vm2; the only VM is vm1"),
        (6, ["vm1"], "--fault vm1: expected VM=NAME, such as vm3=imds-down"),
        (6, ["vm1="], "--fault vm1=: expected VM=NAME, such as vm3=imds-down"),
        (
            6,
            ["vm1=imds-dwn"],
            "--fault vm1=imds-dwn: there is no fault 'imds-dwn'; did you mean imds-down? `python -m lab faults` lists them",
        ),
        (6, ["run=no-curl"], "--fault run=no-curl: no-curl is a fault of a VM, not of the run: vm1=no-curl"),
        (
            6,
            ["vm1=bundle-too-old"],
            "--fault vm1=bundle-too-old: bundle-too-old is a fault of the run, not of a VM: run=bundle-too-old",
        ),
        (3, ["vm1+vm4=imds-down"], "--fault vm1+vm4=imds-down: there is no vm4; the VMs are vm1 to vm3"),
        (
            3,
            ["vm1+vm2=imds-down", "vm3+vm2=no-curl"],
            "--fault vm3+vm2=no-curl: vm2 has its faults together with vm1 already",
        ),
        (6, ["vm1=no-curl,"], "--fault vm1=no-curl,: there is no fault ''; `python -m lab faults` lists them"),
    ],
)
def test_what_cannot_be_planted_is_one_clear_error(vms: int, faults: list[str], said: str) -> None:
    with pytest.raises(LabError) as error:
        spec.parse(vms, faults, ["true"])
    assert str(error.value) == said


def test_faults_may_be_repeated_and_listed() -> None:
    spec_plan = spec.parse(3, ["vm3=no-curl,no-ping", "vm1=imds-503", "vm3=imds-down", "vm3=no-curl"], ["true"])
    assert spec_plan.faults == {"vm3": ["no-curl", "no-ping", "imds-down"], "vm1": ["imds-503"]}
    assert [plan.faults for plan in spec_plan.plans()] == [("imds-503",), (), ("no-curl", "no-ping", "imds-down")]


def test_faults_of_the_run_change_what_command_finds() -> None:
    spec_plan = spec.parse(1, ["run=runner-az-too-old,bundle-too-old"], ["true"])
    run = spec_plan.run()
    assert (run.az, run.networkcloud) == ("2.60.0", "4.0.0")
    assert run.profile == 'name = "lab"\nbase = "2510"\n[declared]\nmanagement_bundle = "2509.1"\n'
    assert [plan.faults for plan in spec_plan.plans()] == [()]


def test_the_real_az_is_for_vms_that_have_a_healthy_one() -> None:
    spec_plan = spec.parse(3, ["vm1=az-installed", "vm2=az-too-old"], ["true"], real_az=True)
    assert [plan.az for plan in spec_plan.plans()] == ["real", "2.60.0", None]


def test_the_real_az_must_have_been_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "trouble", lambda: "")
    monkeypatch.setattr(doctor, "AZ", tmp_path)
    assert cli.main(["up", "--vms", "1", "--az", "--", "true"]) == 3
    assert capsys.readouterr().err == "lab: cannot run here: the real Azure CLI is not installed here: make az\n"
    (tmp_path / "installed.lock").touch()
    assert doctor.without_az() == (
        f"{tmp_path} was made with a Python that is not the system's, which VMs do not see: rm -r {tmp_path} && make az"
    )


def test_vms_may_have_their_faults_together() -> None:
    spec_plan = spec.parse(3, ["vm2+vm3=csn-defaults-off", "vm3=no-curl"], ["true"])
    assert spec_plan.faults == {"vm2": ["csn-defaults-off"], "vm3": ["csn-defaults-off", "no-curl"]}
    assert [plan.owner for plan in spec_plan.plans()] == ["vm1", "vm2", "vm2"]
    assert spec.Spec.from_json(spec_plan.to_json()) == spec_plan


def test_a_spec_survives_the_way_into_the_namespaces() -> None:
    plan = spec.parse(2, ["vm2=tls-old", "run=bundle-too-old"], ["sh", "-c", "echo 'a b'"], real_az=True)
    assert spec.Spec.from_json(plan.to_json()) == plan


def test_a_wrong_fault_ends_with_status_2_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["up", "--vms", "6", "--fault", "vm9=x", "--", "true"]) == 2
    assert capsys.readouterr().err == "lab: --fault vm9=x: there is no vm9; the VMs are vm1 to vm6\n"


def test_up_wants_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["up", "--vms", "1"]) == 2
    assert "no command" in capsys.readouterr().err


def test_what_the_lab_misses_is_one_line_and_status_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name, path: None if name in ("squid", "sshd") else name)
    line = "lab: cannot run here: missing programs: sshd, squid; on Debian: apt-get install openssh-server squid\n"
    assert cli.main(["doctor"]) == 3
    assert capsys.readouterr().out == line
    assert cli.main(["up", "--vms", "1", "--", "true"]) == 3
    assert capsys.readouterr().err == line


@pytest.mark.parametrize("delay", ["-1", "1001", "nan"])
def test_a_delay_that_cannot_be_is_refused(delay: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["up", "--vms", "1", "--delay", delay, "--", "true"]) == 2
    assert capsys.readouterr().err == f"lab: --delay {delay}: between 0 and 1000 milliseconds, each way\n"


def test_without_a_compiler_there_is_no_delay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "trouble", lambda: "")
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert cli.main(["up", "--vms", "1", "--delay", "25", "--", "true"]) == 3
    assert capsys.readouterr().err == (
        "lab: cannot run here: --delay needs a C compiler (cc); on Debian: apt-get install gcc libc6-dev\n"
    )


def test_the_lab_names_an_unsupported_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert doctor.trouble() == "the lab needs Linux namespaces, and this is darwin"


def test_the_faults_are_listed_with_what_they_cause(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["faults"]) == 0
    listed = capsys.readouterr().out
    assert "imds-no-ping\n    The metadata service answers HTTP, but not ping" in listed
    assert "    must cause: IMDS-001 warn\n" in listed
    assert [line for line in listed.splitlines() if not line.startswith(" ")] == [*FAULTS, *RUN_FAULTS]


def test_the_demo_without_lab_and_without_recording_names_both(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "trouble", lambda: "missing programs: squid")
    monkeypatch.setattr(demo, "RECORDED", tmp_path)
    assert demo.run() == 3
    assert capsys.readouterr().out == (
        f"lab: cannot run here: missing programs: squid\nlab: no recorded run in {tmp_path}\n"
    )


def test_the_demo_fails_when_the_suites_verdict_differs(capsys: pytest.CaptureFixture[str]) -> None:
    healthy = [{"id": "SSH-001", "parameter": "", "status": "pass", "root_cause": False}]
    results = {"vms": [{"name": vm, "readiness": "ready", "results": healthy} for vm in demo.PLANTED]}
    wrong = demo._judge(results, status=0)
    assert "vm5 SSH-001: pass, planted was unknown" in wrong
    assert "vm2 NET-001[gbl.his.arc.azure.com]: planted, but not in the results" in wrong
    assert "the suite ended with status 0; 1 says that a required check failed" in wrong
    assert "The suite did not find exactly the planted faults." in capsys.readouterr().out


def test_the_recorded_demo_tells_its_stories(tmp_path: Path) -> None:
    """The demo on a machine without the lab: each VM with a fault has its own root cause."""
    words = ["-q", "-p", "no:cacheprovider", f"--profile={handout.PROFILE}", f"--evidence={demo.RECORDED}"]
    done = run_pytest(*words, f"--reports={tmp_path}", cwd=demo.ROOT)
    results = json.loads((newest_run(tmp_path) / "results.json").read_text(encoding="utf-8"))
    assert demo._judge(results, done.returncode) == []
