"""Coverage: a required check that was left out on one VM is left out, whatever the others have too many of."""

from __future__ import annotations

from plugins.checks.check import Check
from plugins.model import Severity, Status, Verdict, Vm
from plugins.requirements.profile_file import load_profile
from plugins.results.coverage import Coverage


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
