"""The closing lines on the terminal."""

from __future__ import annotations

import unicodedata

import pytest

from plugins.core.sanitize import harmless
from plugins.judge.operator_command import readable
from plugins.reports.terminal import summary_lines
from tests.support.report_builder import fleet, run, saved, unreachable, vm


def texts(name: str, width: int = 100) -> list[str]:
    return [text for text, _ in summary_lines(harmless(saved(name)), width)]


def test_the_verdict_is_the_first_line_and_coloured() -> None:
    assert summary_lines(harmless(saved("six-vms")), 100)[0] == (
        "NOT READY: 1 of 6 VMs are ready; 3 are not; 2 could not be judged.",
        {"bold": True, "red": True},
    )
    assert summary_lines(harmless(saved("ready")), 100)[0][1] == {"bold": True, "green": True}
    headings = [text for text, markup in summary_lines(harmless(saved("six-vms")), 100)[1:] if markup == {"bold": True}]
    assert [text for text in headings if not text.startswith("  ")] == ["What to fix first:", "VMs:"]


def test_a_step_says_what_it_unlocks_where_what_was_seen_and_what_to_do() -> None:
    lines = texts("six-vms")
    start = lines.index("What to fix first:")
    assert lines[start + 1 : start + 7] == [
        "  1. Add gbl.his.arc.azure.com to the egress list of csn-01 (CSN-002): 1 VM becomes ready; 1 more",
        "     still waits for IDENTITY-001.",
        "     On db-01, edge-gateway-with-a-long-name-01: The cloud services network csn-01 does not allow",
        "     gbl.his.arc.azure.com:443.",
        "     -> Add the endpoint to `additionalEgressEndpoints` of the cloud services network.",
        "az networkcloud cloudservicesnetwork update --name csn-01 --resource-group net --additional-egress-endpoints '[]'",
    ]
    rest = lines[start + 7 :]
    assert "  and 2 more fixes: see the report" in rest
    assert "  Warnings: clock is not that of Azure (SSH-003, 2 VMs), AGENT-006 on 2 VMs, CLOUDINIT-002 on 1 VM" in rest


def with_commands(*commands: str) -> list[str]:
    """The lines about the only step of one VM, with these commands as its fix."""
    results = run([vm("web-02", {"PROXY-002": ("fail", "no_proxy is empty.")})])
    results["causes"][0]["fix"] = [{"command": readable(command), "vms": ["web-02"]} for command in commands]
    lines = [text for text, _ in summary_lines(harmless(results), 60)]
    return lines[lines.index("     On web-02: no_proxy is empty.") + 1 :]


def test_a_command_is_a_line_of_its_own_and_never_cut() -> None:
    long = "ssh -- web-02 'sudo " + "--option-with-hyphens " * 12 + "true'"
    remedy = [
        "     -> Add `169.254.169.254` to NO_PROXY and no_proxy in",
        "        /etc/environment, then log in again.",
    ]
    assert with_commands(long) == [*remedy, long]
    assert with_commands("az 1", "az 2") == [*remedy, "        2 commands: step 1 of fixes.sh"]
    for other in (
        "az " + "x" * 600,
        "az 'a\nb'",
        "az '\x1b'",
        "az '",
        "::error::x",
        "az '##vso[x]'",
        "az 'two  blanks'",
    ):
        assert with_commands(other) == [*remedy, "        1 command: step 1 of fixes.sh"]


def test_a_remedy_names_its_command_and_does_not_repeat_it() -> None:
    results = run([vm("web-02", {"PROXY-002": ("fail", "no_proxy is empty.")})])
    results["causes"][0] |= {"remedy": "az start x ; then wait.", "fix": [{"command": "az start x", "vms": ["web-02"]}]}
    lines = [text for text, _ in summary_lines(harmless(results), 80)]
    assert lines[-2:] == ["     -> Run the command below ; then wait.", "az start x"]
    results["causes"][0]["fix"] += [{"command": "az start y", "vms": ["web-03"]}]
    lines = [text for text, _ in summary_lines(harmless(results), 80)]
    assert lines[-1] == "     -> Run the 2 commands of step 1 of fixes.sh ; then wait."


def test_half_a_remedy_is_not_shown() -> None:
    results = run([vm("web-02", {"VM-001": ("fail", "It is off.")})])
    results["causes"][0]["remedy"] = "Run this: az x " + "--first-option value " * 30
    lines = [text for text, _ in summary_lines(harmless(results), 80)]
    assert lines[-1] == "     -> Step 1 of fixes.md"
    results["causes"][0]["remedy"] = "Run this: az x " + "--first-option value " * 5
    shown = [text for text, _ in summary_lines(harmless(results), 60)][-3:]
    assert all(line.split()[-1] in ("value", "--first-option") for line in shown), "no option is broken"


def test_a_run_over_one_vm_has_no_list_of_vms() -> None:
    assert "VMs:" not in [
        text for text, _ in summary_lines(harmless(run([vm("a", {"VM-001": ("fail", "It is off.")})])), 80)
    ]


def test_what_was_not_measured_has_a_heading_of_its_own() -> None:
    results = run([vm("a", {"VM-001": ("fail", "It is off.")}), unreachable("b")])
    lines = [text for text, _ in summary_lines(harmless(results), 100)]
    first, second = lines.index("What to fix first:"), lines.index("What to fix to be judged:")
    assert lines[first + 1] == "  1. Start a, which is powered off (VM-001): 1 VM becomes ready."
    assert lines[second + 1] == "  2. Restore the SSH session to b (SSH-001): 1 VM can then be judged."
    assert first < second


def test_three_fixes_are_shown_and_no_more() -> None:
    numbers = [text.strip()[:2] for text in texts("six-vms") if text.startswith("  ") and text.strip()[1:2] == "."]
    assert numbers == ["1.", "2.", "3."]


def test_five_warnings_are_named_and_the_others_counted() -> None:
    results = saved("six-vms")
    warning = next(cause for cause in results["causes"] if not cause["blocks_readiness"])
    results["causes"] += [{**warning, "id": f"OURS-{number:03}", "vms": ["a"]} for number in range(4)]
    (line,) = [text for text, _ in summary_lines(harmless(results), 300) if "Warnings: " in text]
    assert line.endswith(", CLOUDINIT-002 on 1 VM, OURS-000 on 1 VM, OURS-001 on 1 VM and 2 more")


def test_for_what_else_a_cause_holds() -> None:
    results = saved("six-vms")
    results["causes"][0]["parameters"] += ["pas.windows.net", "login.microsoftonline.com"]
    lines = [text for text, _ in summary_lines(harmless(results), 200)]
    assert any(
        "gbl.his.arc.azure.com:443. Likewise pas.windows.net, login.microsoftonline.com." in line for line in lines
    )


@pytest.mark.parametrize(("passed", "colour"), [(True, "green"), (False, "red")])
def test_gate_and_changes_stand_below_the_verdict(passed: bool, colour: str) -> None:
    results = saved("six-vms")
    results["gate"] = {"policy": "98%", "passed": passed, "sentence": "GATE SAYS SO.", "rules": []}
    results["changes"] = {"sentence": "Since the run before: 1 new, 2 fixed."}
    assert summary_lines(harmless(results), 100)[1:3] == [
        ("GATE SAYS SO.", {"bold": True, colour: True}),
        ("Since the run before: 1 new, 2 fixed.", {}),
    ]


def test_every_vm_that_is_not_ready_has_its_line() -> None:
    lines = texts("six-vms")
    vms = lines[lines.index("VMs:") + 1 :]
    assert [line.split()[0] for line in vms] == [
        "web-02",
        "db-01",
        "edge-gateway-with-a-long-name-01",
        "db-02",
        "cache-01",
    ]
    assert vms[3].startswith("  db-02                             unknown    SSH-001  Nothing answered"[:60])


def test_a_ready_fleet_needs_one_line() -> None:
    assert len(texts("ready")) == 1


def test_a_big_fleet_does_not_scroll_away() -> None:
    lines = [text for text, _ in summary_lines(harmless(fleet(100)), 120)]
    assert len(lines) < 40
    assert lines[-1] == "  and 22 more"


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("name", ["six-vms", "hostile"])
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    commands = {fix["command"] for cause in saved(name)["causes"] for fix in cause["fix"]}
    assert max(len(text) for text in texts(name, width) if text not in commands) <= width


def test_no_control_character_of_a_vm_reaches_the_terminal() -> None:
    everything = "".join(texts("hostile", 400))
    assert [c for c in everything if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")] == []
    assert r"\x1b[31mred" in everything


@pytest.mark.parametrize(
    "command", ["::error::owned", "##vso[task.setvariable variable=x]y", "##[section]x", "::set-env name=x::y"]
)
def test_a_vm_cannot_command_the_ci_server(command: str) -> None:
    results = saved("six-vms")
    results["sentence"] = command
    for cause in results["causes"]:
        cause.update(message=command, remedy=command)
    for machine in results["vms"]:
        machine["name"] = command
        for result in machine["results"]:
            result["message"] = command
    for text, _ in summary_lines(harmless(results), 100):
        assert not text.strip().startswith("::") and "##[" not in text and "##vso[" not in text
