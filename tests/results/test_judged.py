"""Coverage: a required check that is missing on one VM counts as missing, whatever the other VMs have."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from plugins.checks.check import Check
from plugins.model import Severity, Status, Verdict, Vm
from plugins.requirements.profile_file import load_profile
from plugins.results.coverage import Coverage, judged_sentence


def test_more_verdicts_on_one_check_do_not_make_up_for_another() -> None:
    coverage = Coverage([Vm("a"), Vm("b")], load_profile("2510"))
    coverage.expect((Check(id, Severity.REQUIRED, id, "Do it.", "", (), (), {}), False) for id in ("VM-001", "NET-001"))

    def verdict(id: str, parameter: str = "") -> Verdict:
        return Verdict(id, "a", parameter, Status.PASS, Severity.REQUIRED, "m", title=id, nodeid=id)

    assert not coverage.add("a", [verdict("VM-001", "1"), verdict("VM-001", "2"), verdict("CLI-001")])
    assert coverage.add("b", [verdict("VM-001"), verdict("NET-001"), verdict("NET-001", "2")])
    judged = coverage.as_results()
    assert (judged["complete"], judged["checks"], judged["vms"]) == (False, ["NET-001"], {"judged": 1, "of": 2})
    assert judged["guest_alone"] is False


def check(id: str, severity: Severity = Severity.REQUIRED) -> Check:
    return Check(id, severity, id, "Do it.", "", (), (), {})


def test_what_was_selected_leaves_out_a_check_that_one_vm_has_not() -> None:
    vms, one, other = [Vm("a"), Vm("b")], check("VM-001"), check("NET-001")
    coverage = Coverage(vms, load_profile("2510"))
    coverage.expect([(one, False), (other, False), (check("VM-009", Severity.RECOMMENDED), False)])

    def case(of: Check, vm: Vm) -> Any:
        return SimpleNamespace(check=of, vm=vm, parameter="", parameters={})

    every = [case(of, vm) for of in (one, other) for vm in vms]
    assert coverage.left_out(every) == []
    assert coverage.left_out([*every[:3], every[0]]) == ["NET-001"], "twice on one VM does not make up for another"
    assert coverage.left_out([case(check("VM-001", Severity.RECOMMENDED), vm) for vm in vms]) == ["VM-001", "NET-001"]


@pytest.mark.parametrize(
    ("missing", "stopped", "reasons", "expected"),
    [
        ([], False, [], (True, False, [])),
        (["NET-001"], False, [], (False, True, ["not all checks ran"])),
        (["NET-001"], False, ["--no-azure"], (False, True, ["--no-azure"])),
        (["NET-001"], True, ["it was interrupted"], (False, False, ["it was interrupted"])),
        (["VM-001"], False, ["-k"], (False, False, ["-k"])),
        (["VM-001", "NET-001"], False, ["-k"], (False, False, ["-k"])),
        ([], True, [], (False, False, ["not all checks ran"])),
    ],
)
def test_a_run_of_the_guests_alone_lacks_what_azure_was_to_tell(
    missing: list[str], stopped: bool, reasons: list[str], expected: tuple[bool, bool, list[str]]
) -> None:
    coverage = Coverage([Vm("a")], load_profile("2510"))
    coverage.expect([(check("VM-001"), False), (check("NET-001"), True)])
    ids = {"VM-001", "NET-001"} - set(missing)
    coverage.add("a", [Verdict(id, "a", "", Status.PASS, Severity.REQUIRED, "m", title=id, nodeid=id) for id in ids])
    coverage.stopped, coverage.reasons = stopped, reasons
    judged = coverage.as_results()
    assert (judged["complete"], judged["guest_alone"], judged["why"]) == expected
    assert judged["required"] == {"judged": 2 - len(missing), "of": 2}
    assert judged["areas"] == [id.partition("-")[0] for id in sorted(missing, reverse=True)]


@pytest.mark.parametrize(
    ("vms", "areas", "sentence"),
    [
        ((1, 1), [], "1 of 2 required checks was judged (-k, -m)."),
        ((1, 2), ["NET"], "1 of 2 required checks was judged (-k, -m), on 1 of 2 VMs all of them; not judged: NET."),
        ((0, 2), ["NET"], "1 of 2 required checks was judged (-k, -m); not judged: NET."),
        (
            (2, 2),
            list("ABCDEFG"),
            "1 of 2 required checks was judged (-k, -m); not judged: A, B, C, D, E, F and 1 more.",
        ),
    ],
)
def test_what_was_judged_is_one_sentence(vms: tuple[int, int], areas: list[str], sentence: str) -> None:
    judged = {
        "required": {"judged": 1, "of": 2},
        "vms": {"judged": vms[0], "of": vms[1]},
        "areas": areas,
        "why": ["-k", "-m"],
    }
    assert judged_sentence(judged) == sentence
