"""fixes.sh and fixes.md: the plan in its order, with commands that no name can change."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from plugins.checks.check import OnVm
from plugins.checks.command import sh
from plugins.checks.quoting import quote
from plugins.core.sanitize import harmless
from plugins.judge.operator_command import for_operator, readable
from plugins.model import Vm
from plugins.reports import fixes_markdown as fix_page
from plugins.reports import fixes_script as fix_script
from plugins.reports.fix_commands import fix_steps
from tests.support.report_builder import NASTY, Json, run, saved, vm

STOPS = re.compile(r"^exit 64 # before (step \d+|[A-Z]+-\d{3})$", re.MULTILINE)

NAMES = [
    "two words",
    "two\nlines",
    "\nexit 64 # before step 1\n",
    "'; touch owned; '",
    '"; touch owned; "',
    "it's",
    "$(touch owned)",
    "`touch owned`",
    "${PATH}",
    "\n#\ntouch owned",
    "; touch owned #",
    "&& touch owned",
    "*",
    "~",
    "\\",
    "-x",
    "!!",
    "# shellcheck disable=all",
    "<<EOF",
    "",
]


def with_fixes(*commands: str, name: str = "web-01") -> Json:
    """A run in which the first cause has these commands, all for one VM."""
    results = run([vm(name, {"PROXY-002": ("fail", "no_proxy is empty.")})])
    results["causes"][0]["fix"] = [{"command": readable(command), "vms": [name]} for command in commands]
    return results


def do(script: str, folder: Path, *programs: str) -> tuple[list[list[str]], subprocess.CompletedProcess[str]]:
    """Run `script` with only `programs` on PATH, which record their arguments: (the calls, the result)."""
    (folder / "bin").mkdir()
    calls = folder / "calls"
    calls.touch()
    for program in programs:
        stub = folder / "bin" / program
        stub.write_text(f"#!/bin/sh\nprintf '%s\\0' {program} \"$@\" '<end>' >>'{calls}'\n")
        stub.chmod(0o755)
    (folder / "fixes.sh").write_text(script)
    (folder / "here").mkdir()
    done = subprocess.run(
        ["/bin/sh", "../fixes.sh"],
        cwd=folder / "here",
        env={"PATH": str(folder / "bin")},
        capture_output=True,
        text=True,
    )
    assert list((folder / "here").iterdir()) == [], "something in the script made a file"
    words = calls.read_text().split("\0")[:-1]
    rows: list[list[str]] = [[]]
    for word in words:
        if word == "<end>":
            rows.append([])
        else:
            rows[-1].append(word)
    return rows[:-1], done


def checked(script: str, folder: Path) -> str:
    """The output of `sh -n` and shellcheck for a script; empty if it is correct."""
    path = folder / "checked.sh"
    path.write_text(script)
    output = [
        subprocess.run([*program, str(path)], capture_output=True, text=True)
        for program in (["sh", "-n"], ["shellcheck", "--norc"])
    ]
    return "".join(process.stdout + process.stderr for process in output)


@pytest.fixture(autouse=True)
def _shellcheck_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")


def test_the_script_has_the_plan_in_its_order_with_what_is_to_be_known_of_each_step() -> None:
    script = fix_script.render(harmless(saved("six-vms")))
    assert script.startswith(
        "#!/bin/sh\n"
        "# What to fix, in this order: run 20261121T221500Z-ab12, 2026-11-21T22:15:00Z.\n"
        "# Verdict: 1 of 6 VMs are ready; 3 are not; 2 could not be judged.\n"
        "#\n"
        "# These commands have not been run. Read each one, and what it changes, before you run it.\n"
    )
    assert (
        "exit 64 # before step 2\n"
        "\n"
        "# Step 2: Exempt the metadata address on web-02 (PROXY-002): 1 VM becomes ready.\n"
        "# component: the guest\n"
        "# check: PROXY-002\n"
        "# seen:  no_proxy is `localhost,127.0.0.1`: curl 7.81 on this VM sends 169.254.169.254 to the proxy.\n"
        "# do:    Add `169.254.169.254` to NO_PROXY and no_proxy in /etc/environment, then log in again.\n"
        "# helps 1 VM: web-02\n"
        "ssh -- web-02 'sudo sed -i s/^no_proxy=.*/no_proxy=169.254.169.254/ /etc/environment'\n"
    ) in script
    assert (
        "# Step 3: Create edge-gateway-with-a-long-name-01 again with a managed identity (IDENTITY-001): 1 VM becomes ready.\n"
        "# component: the VM\n"
        "# check: IDENTITY-001\n"
        "# seen:  The VM resource has no managed identity; expected one, assigned at creation.\n"
        "# on 1 VM: edge-gateway-with-a-long-name-01\n"
        "# by hand: Re-create the VM with an identity: it cannot be added later.\n"
    ) in script
    heads = re.findall(r"^# (Step \d|Later)", script, re.MULTILINE)
    assert heads == ["Step 1", "Step 2", "Step 3", "Step 4", "Step 5", "Later", "Later", "Later"]


def test_the_thing_is_named_with_its_id() -> None:
    assert (
        "# component: cloud services network csn-01 (/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/net"
        "/providers/Microsoft.NetworkCloud/cloudServicesNetworks/csn-01)\n"
    ) in fix_script.render(harmless(saved("six-vms")))


def test_a_ready_fleet_has_nothing_to_fix() -> None:
    assert fix_script.render(harmless(saved("ready"))).endswith("# There is nothing to fix.\n")
    assert "There is nothing to fix." in fix_page.render(harmless(saved("ready")))


def test_running_the_whole_file_by_accident_does_nothing(tmp_path: Path) -> None:
    calls, done = do(fix_script.render(harmless(saved("six-vms"))), tmp_path, "az", "ssh")
    assert (calls, done.returncode, done.stdout + done.stderr) == ([], 64, "")


def test_without_its_first_stop_it_goes_no_further_than_the_next_one(tmp_path: Path) -> None:
    calls, done = do(STOPS.sub("", fix_script.render(harmless(saved("six-vms"))), count=1), tmp_path, "az", "ssh")
    assert ([call[0] for call in calls], done.returncode) == (["az"], 64)


@pytest.mark.parametrize("name", ["six-vms", "hostile", "ready"])
def test_the_script_is_clean(name: str, tmp_path: Path) -> None:
    assert checked(fix_script.render(harmless(saved(name))), tmp_path) == ""


def test_hostile_values_arrive_as_one_word_each_and_nothing_else_runs(tmp_path: Path) -> None:
    commands = [f"az resource tag --name {quote(name)} --resource-group {quote(name)}" for name in NAMES]
    script = fix_script.render(harmless(with_fixes(*commands)))
    assert checked(script, tmp_path) == ""
    calls, done = do(STOPS.sub("", script, count=1), tmp_path, "az", "touch")
    assert calls == [["az", "resource", "tag", "--name", name, "--resource-group", name] for name in NAMES]
    assert done.stderr == ""


def test_what_is_for_a_guest_arrives_there_as_one_word_each(tmp_path: Path) -> None:
    names = [name for name in NAMES if name]
    commands = [
        for_operator(OnVm(sh("sudo rm -- {}", name)), Vm(name="x", host=f"h{name}", user=f"u{name}"), Path(f"/{name}"))
        for name in names
    ]
    script = fix_script.render(harmless(with_fixes(*commands)))
    assert checked(script, tmp_path) == ""
    calls, done = do(STOPS.sub("", script, count=1), tmp_path, "ssh", "touch")
    assert [call[:5] for call in calls] == [["ssh", "-F", f"/{name}", "--", f"u{name}@h{name}"] for name in names]
    assert done.stderr == ""
    (tmp_path / "guest").mkdir()
    on_guest, _ = do("\n".join(call[5] for call in calls), tmp_path / "guest", "sudo", "touch")
    assert on_guest == [["sudo", "rm", "--", name] for name in names]


@pytest.mark.parametrize("text", [*NAMES, NASTY, "\r", "\x0b", "\x0c", "\x85", "\x1b[2K", "shellcheck disable=all"])
def test_no_text_leaves_its_comment(text: str, tmp_path: Path) -> None:
    name = text + "\ntouch owned"
    results = with_fixes("az version", name=name)
    cause = results["causes"][0]
    cause.update(message=name, remedy=name, parameters=[name], component={"kind": "csn", "id": name, "name": name})
    results.update(run_id=name, sentence=name)
    results["plan"][0]["sentence"] = name
    script = fix_script.render(harmless(results))
    code = [line for line in script.split("\n") if line and not line.startswith("#")]
    assert code == ["exit 64 # before step 1", "az version"]
    assert checked(script, tmp_path) == ""
    calls, _ = do(STOPS.sub("", script, count=1), tmp_path, "az", "touch")
    assert calls == [["az", "version"]]


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("az tag --name 'a\x1b[2Kb'", r"az tag --name 'a\x1b[2Kb'"),
        ("az tag --name 'a\u202eb'", r"az tag --name 'a\u202eb'"),
        ("az tag --name 'paragraph\u2029separator'", r"az tag --name 'paragraph\u2029separator'"),
        ("az tag --name 'line\u2028separator'", r"az tag --name 'line\u2028separator'"),
        ("az tag --name 'a\u200bb'", r"az tag --name 'a\u200bb'"),
        ("az tag --name 'a\r\nb'", "az tag --name 'a b'"),
        ("az tag --name 'a\x00b'", r"az tag --name 'a\x00b'"),
        ("az tag --name 'a", "az tag --name 'a"),
        ("az tag --name a\\", "az tag --name a\\"),
        ("shellcheck disable='", "shellcheck disable='"),
        ("az tag --name 'a ##vso[task.x]b'", "az tag --name 'a # #vso[task.x]b'"),
        ("az tag --name 'a\n::error::b'", "az tag --name 'a : :error::b'"),
    ],
)
def test_what_cannot_be_read_or_has_no_end_is_no_command(command: str, shown: str, tmp_path: Path) -> None:
    results = with_fixes(command, "az version")
    script = fix_script.render(harmless(results))
    assert (
        "# by hand: this command has invisible characters, an open quote, or a command for a CI server. For reading only:\n"
        f"# text: {shown}\n"
    ) in script
    calls, _ = do(STOPS.sub("", script, count=1), tmp_path, "az")
    assert calls == [["az", "version"]]
    assert checked(script, tmp_path) == ""
    by_hand = (
        "By hand: this command has invisible characters, an open quote, or a command for a CI server. For reading only:"
    )
    assert f"\n\n{by_hand}\n\n```text\n" in fix_page.render(harmless(results))


def test_a_long_remedy_is_not_cut() -> None:
    results = with_fixes()
    remedy = results["causes"][0]["remedy"] = " ".join(["az", *["--word"] * 120])
    assert f"# by hand: {remedy}\n" in fix_script.render(harmless(results))
    assert f"- **By hand**: {remedy}\n" in fix_page.render(harmless(results))


def test_a_small_fleet_is_named_in_full_and_a_big_one_is_not() -> None:
    for size, shown in ((50, 50), (51, 10)):
        results = with_fixes("az version")
        results["causes"][0]["vms"] = results["causes"][0]["fix"][0]["vms"] = [f"vm-{n:03}" for n in range(size)]
        more = "" if size == shown else f" and {size - shown} more"
        names = ", ".join(f"vm-{n:03}" for n in range(shown)) + more
        assert f"# helps {size} VMs: {names}\n" in fix_script.render(harmless(results))
        assert f"- **{size} VMs**: {names}" in fix_page.render(harmless(results))


def test_the_page_leaves_what_is_too_much_to_the_script() -> None:
    results = with_fixes(*(f"ssh -- vm-{n} true" for n in range(300)))
    page, script = fix_page.render(harmless(results)), fix_script.render(harmless(results))
    assert (page.count("ssh -- vm-"), script.count("ssh -- vm-")) == (20, 300)
    assert "… and 280 more commands: see `fixes.sh`." in page


def test_the_page_is_the_plan_with_its_commands() -> None:
    page = fix_page.render(harmless(saved("six-vms")))
    assert re.findall(r"^#+ (.*)$", page, re.MULTILINE) == [
        "What to fix, in this order",
        r"Step 1: Add gbl.his.arc.azure.com to the egress list of csn-01 (CSN-002): 1 VM becomes ready; 1 more still waits for IDENTITY-001.",
        r"Step 2: Exempt the metadata address on web-02 (PROXY-002): 1 VM becomes ready.",
        r"Step 3: Create edge-gateway-with-a-long-name-01 again with a managed identity (IDENTITY-001): 1 VM becomes ready.",
        r"Step 4: Restore the SSH session to db-02 (SSH-001): 1 VM can then be judged.",
        r"Step 5: Fix cache-01 (SSH-002): 1 VM can then be judged.",
        "Later: this keeps no VM from being ready",
        "Later: Set the clock on 2 VMs (SSH-003)",
        "Later: Fix 2 VMs (AGENT-006)",
        "Later: Fix cache-01 (CLOUDINIT-002)",
    ]
    step = page.split("## Step 2")[1].split("## Step 3")[0]
    assert step.split("\n\n", 1)[1].split("\n") == [
        "- **Component**: the guest",
        r"- **Check**: [PROXY-002](https://learn.microsoft.com/azure/operator-nexus/troubleshoot-virtual-machines-arc-enroll-with-managed-identities), fail",
        r"- **Seen**: no_proxy is `localhost,127.0.0.1`: curl 7.81 on this VM sends 169.254.169.254 to the proxy.",
        r"- **Do**: Add `169.254.169.254` to NO_PROXY and no_proxy in /etc/environment, then log in again.",
        r"- **1 VM**: web-02",
        "- **After it**: 3 of 6 VMs ready",
        "",
        "```sh",
        "ssh -- web-02 'sudo sed -i s/^no_proxy=.*/no_proxy=169.254.169.254/ /etc/environment'",
        "```",
        "",
        "",
    ]
    assert r"- **By hand**: Re-create the VM with an identity: it cannot be added later." in page


def test_no_command_of_the_page_ends_its_fence() -> None:
    command = "az tag --name '```\n````\n# owned'"
    page = fix_page.render(harmless(with_fixes(command)))
    assert f"`````sh\n{command}\n`````\n" in page


def test_hostile_text_is_no_markup_on_the_page() -> None:
    prose = re.sub(r"^```sh\n.*?^```$", "", fix_page.render(harmless(saved("hostile"))), flags=re.DOTALL | re.MULTILINE)
    assert "<" not in prose and "\x1b" not in prose and "\u202e" not in prose
    assert "](javascript" not in prose.replace("\\](", "")
    assert len(re.findall(r"^# ", prose, re.MULTILINE)) == 2


def test_causes_that_share_their_commands_are_one_step() -> None:
    """One script fixes PROXY-001 and PROXY-002."""
    results = run(
        [
            vm(name, {"PROXY-001": ("fail", "https_proxy is not set."), "PROXY-002": ("fail", "no_proxy is empty.")})
            for name in ("web-01", "web-02")
        ]
    )
    for cause in results["causes"]:
        cause["fix"] = [{"command": f"ssh -- {name} 'sudo x'", "vms": [name]} for name in ("web-01", "web-02")]
    script, page = fix_script.render(harmless(results)), fix_page.render(harmless(results))
    first, second = (title.split(":")[0] for title in re.findall(r"Step \d: .*", script))
    assert (first, second) == ("Step 1", "Step 2")
    assert re.findall(r"^# by the same commands: Step 2: .*\((PROXY-\d+)\)", script, re.MULTILINE) == ["PROXY-002"]
    assert STOPS.findall(script) == ["step 1"]
    assert [text.count("ssh -- web-0") for text in (script, page)] == [2, 2]
    assert page.count("## Step") == 1
    assert "- **By the same commands**: Step 2: " in page
    results["causes"][1]["fix"].append({"command": "ssh -- web-03 'sudo x'", "vms": ["web-03"]})
    assert STOPS.findall(fix_script.render(harmless(results))) == ["step 1", "step 2"], "it has a command of its own"


def test_steps_follow_one_that_needs_no_commands_of_its_own() -> None:
    results = saved("six-vms")
    cause, step = results["causes"][0], results["plan"][0]
    commands = [[{"command": f"az {name}", "vms": []}] for name in ("one", "one", "two")]
    results["causes"] = [{**cause, "number": number, "fix": fix} for number, fix in enumerate(commands, 1)]
    results["plan"] = [{**step, "cause": number} for number in (1, 2, 3)]
    assert [(step.number, len(step.also)) for step in fix_steps(results)] == [(1, 1), (3, 0)]


def test_a_page_of_endless_steps_ends_and_says_where_the_others_are() -> None:
    results = saved("six-vms")
    results["causes"] = [{**results["causes"][0], "number": n, "fix": []} for n in range(1, 1301)]
    results["plan"] = [{**results["plan"][0], "cause": n} for n in range(1, 1301)]
    text = fix_page.render(harmless(results))
    assert text.count("\n## Step") == 200
    assert "\n… and 1,100 more: `ActionPlan.csv` has all of them in this order, and `fixes.sh` the commands.\n" in text
