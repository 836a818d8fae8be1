"""A complete run with a small suite: selection, verdicts, exit statuses, and written files."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from plugins.evidence.archive import Archive
from plugins.model import Evidence, ProbeResult, SshSession, Vm
from plugins.reports.formats import FILES
from tests.support.small_suite import GOOD, SUITE, check_out, judged, results, statuses

pytest_plugins = "pytester"


Save = Callable[..., None]


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A separate checkout with the real plugins and the small suite."""
    check_out(pytester, SUITE)
    return pytester


@pytest.fixture
def save(project: pytest.Pytester) -> Save:
    """Make an earlier run of these VMs: name -> (session, output of each probe)."""

    def _save(vms: Mapping[str, Mapping[str, str | ProbeResult | SshSession]]) -> None:
        fleet = [Vm(name) for name in vms]
        archive = Archive.create(project.path / "earlier", {"id": "earlier", "profile": "2510", "arguments": []}, fleet)
        for vm in fleet:
            answers = dict(vms[vm.name])
            session = answers.pop("session", SshSession("ok", seconds={"login": 0.1}))
            assert isinstance(session, SshSession)
            seen = {
                key: answer
                if isinstance(answer, ProbeResult)
                else ProbeResult(key, f"cat {key}", "done", 0, str(answer))
                for key, answer in answers.items()
            }
            archive.store(Evidence(vm, session, seen, 1000.0))

    return _save


def test_a_good_vm_is_ready_and_exits_0(project: pytest.Pytester, save: Save) -> None:
    save({"a": GOOD})
    assert judged(project).ret == 0
    data = results(project)
    assert (data["verdict"], data["sentence"]) == ("ready", "The VM is ready.")
    assert set(statuses(project).values()) == {"pass"}
    left = {path.name for path in (project.path / "reports/latest/").iterdir()}
    assert left == {"results.json", "junit.xml", "report.html", *(name for name, _ in FILES)}
    assert ": ready · Azure Arc readiness" in (project.path / "reports/latest/report.html").read_text("utf-8")


def test_the_last_line_names_every_file(project: pytest.Pytester, save: Save) -> None:
    save({"a": GOOD})
    outcome = judged(project)
    (line,) = [line for line in outcome.outlines if line.startswith("In reports/")]
    assert line.partition(": ")[2].split(", ") == [
        "report.html",
        "summary.md",
        "fixes.md",
        "fixes.sh",
        "ActionPlan.csv",
        "ctrf.json",
        "results.sarif",
        "readiness.prom",
        "results.json",
        "junit.xml",
    ]
    assert {path.name for path in (project.path / "reports/latest/").iterdir()} == set(
        line.partition(": ")[2].split(", ")
    )


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_summary_goes_to_the_ci_servers_page_by_itself_and_once(
    project: pytest.Pytester, save: Save, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    save({"a": GOOD})
    page = project.path / "step_summary"
    page.write_text("# Before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    monkeypatch.setenv("TF_BUILD", "True")
    outcome = judged(project, "-n", workers)
    assert outcome.ret == 0
    run = (project.path / "reports/latest").resolve()
    assert page.read_text() == "# Before\n\n" + (run / "summary.md").read_text()
    assert [line for line in outcome.outlines if "##vso[" in line] == [f"##vso[task.uploadsummary]{run}/summary.md"]


def test_a_failed_required_check_exits_1_and_blocks_what_needs_it(project: pytest.Pytester, save: Save) -> None:
    save({"a": GOOD, "b": {**GOOD, "word": "wrong", "colour_seen[red]": "green"}})
    outcome = judged(project)
    assert outcome.ret == 1
    data = results(project)
    assert data["sentence"] == "1 of 2 VMs is ready; 1 is not."
    assert {key: status for key, status in statuses(project).items() if status != "pass"} == {
        "b VM-001": "fail",
        "b VM-002": "blocked",
        "b VM-003/red": "warn",
    }
    by_id = {(result["id"], result["parameter"]): result for result in data["vms"][1]["results"]}
    assert by_id["VM-002", ""]["message"] == "Not judged: VM-001 failed."
    assert by_id["VM-002", ""]["caused_by"] == ["VM-001"]
    assert by_id["VM-003", "red"]["caused_by"] == ["VM-001"]
    assert [(cause["id"], cause["vms"]) for cause in data["causes"]] == [("VM-001", ["b"])]
    outcome.stdout.fnmatch_lines(
        [
            "*NOT READY: 1 of 2 VMs is ready; 1 is not.*",
            "*1. Fix b (VM-001): 1 VM becomes ready, as far as judged.*",
        ]
    )


def test_warnings_leave_a_vm_ready(project: pytest.Pytester, save: Save) -> None:
    save({"a": {**GOOD, "word": "odd", "colour_seen[blue]": ""}})
    assert judged(project).ret == 0
    assert {key: status for key, status in statuses(project).items() if status != "pass"} == {
        "a VM-001": "warn",
        "a VM-003/blue": "warn",
    }


def test_what_cannot_be_judged_exits_10(project: pytest.Pytester, save: Save) -> None:
    gone = SshSession("refused", "10.0.0.4 port 22: connection refused.", "Start sshd.")
    save({"a": GOOD, "b": {"session": gone}})
    assert judged(project).ret == 10
    b = {key: status for key, status in statuses(project).items() if key.startswith("b")}
    assert b.pop("b SSH-001") == "unknown"
    assert set(b.values()) == {"blocked"}
    messages = {result["id"]: result["message"] for result in results(project)["vms"][1]["results"]}
    assert messages["SSH-001"] == gone.message
    assert messages["VM-001"] == "Not judged: SSH-001, 10.0.0.4 port 22: connection refused."


def test_without_ssh_001_an_unreachable_vm_still_has_one_cause(project: pytest.Pytester, save: Save) -> None:
    save({"b": {"session": SshSession("refused", "10.0.0.4 port 22: connection refused.", "Start sshd.")}})
    assert judged(project, "--check=VM-001").ret == 10
    statuses_by_id = {
        result["id"]: (result["status"], result["message"]) for result in results(project)["vms"][0]["results"]
    }
    assert statuses_by_id.pop("VM-001") == ("unknown", "10.0.0.4 port 22: connection refused.")
    assert statuses_by_id == {"SSH-001": ("unknown", "10.0.0.4 port 22: connection refused.")}, (
        "it stands in for the login"
    )


def test_a_lost_session_keeps_the_answers_before_it(project: pytest.Pytester, save: Save) -> None:
    lost = SshSession("connection lost", "The session ended after 2 s.", "Look.", seconds={"login": 0.1})
    save({"a": {**GOOD, "session": lost, "number": ProbeResult("number", "cat /number", "lost")}})
    assert judged(project).ret == 10
    assert {key: status for key, status in statuses(project).items() if status != "pass"} == {
        "a SSH-001": "unknown",
        "a VM-002": "blocked",
    }


WHY = {
    "no tool": (
        ProbeResult("word", "cat /word", "no tool", stderr="cat\n"),
        "cat is not installed on the VM, or not on its PATH, so this was not checked.",
    ),
    "timed out": (ProbeResult("word", "cat /word", "timed out"), "The probe word was stopped after its limit of 2 s."),
    "no root": (
        ProbeResult("word", "cat /word", "no root", stderr="sudo: a password is required\n"),
        "This needs root on the VM, which the login does not have (sudo -n printed: sudo: a password is required).",
    ),
}


@pytest.mark.parametrize("why", WHY)
def test_a_probe_that_did_not_run_is_unknown_and_says_why(project: pytest.Pytester, save: Save, why: str) -> None:
    seen, message = WHY[why]
    save({"a": {**GOOD, "word": seen}})
    assert judged(project, "--check=VM-001").ret == 10
    (only,) = results(project)["vms"][0]["results"]
    assert (only["status"], only["message"]) == ("unknown", message)


def test_a_check_may_judge_a_state_it_declared(project: pytest.Pytester, save: Save) -> None:
    save({"a": {**GOOD, "rooted": ProbeResult("rooted", "id -u", "no root")}})
    assert judged(project).ret == 1
    assert statuses(project)["a VM-004"] == "fail"


def test_an_answer_that_cannot_be_read_is_unknown(project: pytest.Pytester, save: Save) -> None:
    save({"a": {**GOOD, "number": "four"}})
    assert judged(project).ret == 10
    by_id = {result["id"]: result for result in results(project)["vms"][0]["results"]}
    assert by_id["VM-002"]["message"].startswith("The answer of the probe number could not be read: invalid literal")


def test_evidence_of_an_older_suite_leaves_newer_checks_unknown(project: pytest.Pytester, save: Save) -> None:
    save({"a": {key: value for key, value in GOOD.items() if key != "word"}})
    assert judged(project, "--check=VM-001").ret == 10
    assert results(project)["vms"][0]["results"][0]["message"] == "This evidence does not contain the probe word."


def test_not_applicable_has_a_reason_and_no_remedy(project: pytest.Pytester, save: Save) -> None:
    save({"a": {**GOOD, "word": "none"}})
    assert judged(project).ret == 0
    rows = {result["id"]: result for result in results(project)["vms"][0]["results"]}["VM-001"]
    assert (rows["status"], rows["message"], rows["remedy"]) == ("not applicable", "There is no word here.", "")


def test_node_ids_name_the_vm_and_the_parameter(project: pytest.Pytester, save: Save) -> None:
    save({"vm-a": GOOD})
    judged(project)
    assert [result["nodeid"] for result in results(project)["vms"][0]["results"]] == [
        "suites/test_small.py::test_session[vm-a]",
        "suites/test_small.py::test_word[vm-a]",
        "suites/test_small.py::test_number[vm-a]",
        "suites/test_small.py::test_colour[vm-a-red]",
        "suites/test_small.py::test_colour[vm-a-blue]",
        "suites/test_small.py::test_root[vm-a]",
    ]


def test_secrets_are_not_written_down(project: pytest.Pytester, save: Save) -> None:
    save({"a": {**GOOD, "word": "http://alice:hunter22@proxy:3128 password=opensesame"}})
    assert judged(project).ret == 0
    everything = b"".join(path.read_bytes() for path in project.path.rglob("*") if path.is_file())
    assert b"hunter22" not in everything
    assert b"opensesame" not in everything


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (["--check=VM-003"], {"VM-003"}),
        (["--check=vm-00[12]"], {"VM-001", "VM-002"}),
        (["--check=SSH-*", "--check=VM-004"], {"SSH-001", "VM-004"}),
        (["-k", "colour and red"], {"VM-003"}),
        (["-m", "vm and required"], {"VM-001", "VM-002", "VM-004"}),
        (["-m", "ssh or recommended"], {"SSH-001", "VM-003"}),
        (["--vm=b*", "--check=VM-001"], {"VM-001"}),
    ],
)
def test_selection(project: pytest.Pytester, save: Save, arguments: list[str], kept: set[str]) -> None:
    save({"a": GOOD, "b1": GOOD})
    assert judged(project, *arguments).ret == 10, "a run that left checks out is partial"
    data = results(project)
    assert data["verdict"] == "partial"
    assert {result["id"] for vm in data["vms"] for result in vm["results"]} == kept
    assert [vm["name"] for vm in data["vms"]] == (["b1"] if "--vm=b*" in arguments else ["a", "b1"])


def test_a_plan_prints_the_commands_and_visits_nobody(project: pytest.Pytester) -> None:
    outcome = project.runpytest_subprocess("--vm=a", "--vm=b", "--plan", "--check=VM-00[34]")
    assert outcome.ret == 0
    outcome.stdout.fnmatch_lines(
        [
            "On a, b: 3 commands, run in parallel, in one SSH session per VM.",
            "# colour_seen[[]red] (at most 3 s; 16384 bytes)",
            "cat /colour/red",
            "# rooted (as root; at most 2 s; 16384 bytes)",
            "id -u",
            "A VM takes at most 58 s (login with retries 45 s, slowest probe 3 s, overhead 10 s).",
            "All 2 VMs take at most 58 s, 24 at a time.",
            "The run takes at most 58 s: all of this runs in parallel.",
        ]
    )
    assert not (project.path / "reports").exists()


def test_collect_only_lists_the_checks(project: pytest.Pytester) -> None:
    outcome = project.runpytest_subprocess("--vm=a", "--collect-only", "-q")
    assert outcome.ret == 0
    outcome.stdout.fnmatch_lines(["suites/test_small.py::test_colour[[]a-red]"])
    assert not (project.path / "reports").exists()


def test_without_a_vm_the_usage_is_printed(project: pytest.Pytester) -> None:
    outcome = project.runpytest_subprocess()
    assert outcome.ret == 4
    outcome.stdout.fnmatch_lines(["Select VMs. *", "  pytest --vm=myvm *"])
    outcome.stdout.no_fnmatch_line("*Traceback*")


def _broken(project: pytest.Pytester, what: str) -> list[str]:
    earlier = project.path / "earlier"
    match what:
        case "missing":
            return ["--evidence=nowhere"]
        case "not a run":
            return ["--evidence=suites"]
        case "empty":
            return ["--evidence="]
        case "run.json":
            (earlier / "run.json").write_text("[]")
    return ["--evidence=earlier"]


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("missing", "ERROR: --evidence nowhere: there is no such run directory or bundle"),
        ("not a run", "ERROR: --evidence suites: no run.json in it, so it is not a run directory *"),
        ("empty", "ERROR: --evidence .: no run.json in it, so it is not a run directory *"),
        ("run.json", "ERROR: earlier/run.json: expected an object, found list"),
    ],
)
def test_evidence_that_cannot_be_used_is_one_clear_error(
    project: pytest.Pytester, save: Save, what: str, line: str
) -> None:
    save({"a": GOOD})
    outcome = project.runpytest_subprocess(*_broken(project, what))
    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines([line])
    outcome.stderr.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["--vm=a", "--check=VM-009"],
            "ERROR: --check=VM-009: there is no such check. Did you mean 'VM-00?'? Known: *",
        ),
        (["--vm=a*"], "ERROR: --vm=a[*]: a glob needs a fleet to choose from. *"),
        (["--inventory=nowhere.yaml"], "ERROR: nowhere.yaml: there is no such file. *"),
        (["--vm=a", "--profile=2501"], "ERROR: --profile=2501: neither a profile of this project *"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_clear_error(
    project: pytest.Pytester, arguments: list[str], line: str
) -> None:
    outcome = project.runpytest_subprocess(*arguments)
    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines([line])
    outcome.stderr.no_fnmatch_line("*Traceback*")
    assert not list(project.path.glob("reports/2*"))


def test_a_file_in_the_place_of_the_reports_is_named(project: pytest.Pytester, save: Save) -> None:
    save({"a": GOOD})
    (project.path / "taken").write_text("")
    outcome = project.runpytest_subprocess("--evidence=earlier", "--reports=taken", timeout=120)
    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines(["ERROR: */taken is a file; expected a directory. *--reports=DIR"])


def test_two_checks_with_one_id_are_refused(project: pytest.Pytester) -> None:
    (project.path / "suites/test_twin.py").write_text(SUITE.partition('@check("VM-002"')[0])
    outcome = project.runpytest_subprocess("--vm=a")
    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines(["ERROR: two checks have the id SSH-001: *"])


def test_two_probes_with_one_name_and_two_commands_are_refused(project: pytest.Pytester) -> None:
    twin = SUITE[: SUITE.index('@check("SSH-001"')].replace("cat /word", "cat /other") + (
        '@check("VM-008", required, remedy="r", docs=docs)\ndef test_twin(word):\n    """Twin."""\n    return "x"\n'
    )
    (project.path / "suites/test_twin.py").write_text(twin)
    outcome = project.runpytest_subprocess("--vm=a")
    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines(["ERROR: two probes are called 'word', with different commands: *"])


def test_files_are_the_owners_alone(project: pytest.Pytester, save: Save) -> None:
    save({"a": GOOD})
    judged(project)
    for path in (project.path / "reports").rglob("*"):
        if not path.is_symlink():
            assert oct(path.stat().st_mode & 0o077) == "0o0", path
