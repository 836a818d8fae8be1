"""Watching: rounds that say only what changed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from plugins.pytest_adapter.watch import interval, report

if TYPE_CHECKING:
    from tests.support.fleet_project import Checkout

pytest_plugins = ("pytester", "tests.support.fleet_project")

NOW = datetime(2026, 11, 21, 21, 15, tzinfo=UTC)


def changed(vm: str, was: str, now: str, parameter: str = "") -> dict[str, str]:
    return {"vm": vm, "id": "VM-003", "parameter": parameter, "was": was, "now": now, "message": f"It is {now}."}


def lines(**changes: Any) -> list[str]:
    nothing: dict[str, Any] = {key: [] for key in ("new", "fixed", "flapping", "vms_added", "vms_removed")}
    results = {"verdict": "not ready", "sentence": "4 of 6 VMs are ready; 2 are not.", "changes": nothing | changes}
    return list(report(results, NOW))


def test_a_round_in_which_nothing_changed_is_one_line() -> None:
    still = [changed("a", "pass", "pass")]
    assert lines(flapping=still) == ["21:15:00Z NOT READY  nothing changed: 4 of 6 VMs are ready; 2 are not."]


def test_what_changed_is_said_once_for_all_its_vms() -> None:
    new = [changed("a", "pass", "fail", "red"), changed("b", "pass", "fail", "red"), changed("c", "pass", "fail")]
    assert lines(new=new, fixed=[changed("d", "fail", "pass")], vms_added=["e"]) == [
        "21:15:00Z NOT READY  4 of 6 VMs are ready; 2 are not.",
        "  new       VM-003 [red] on a, b: It is fail.",
        "  new       VM-003 on c: It is fail.",
        "  fixed     VM-003 on d: It is pass.",
        "  VMs added: e",
    ]


def test_many_changes_are_counted() -> None:
    new = [changed("a", "pass", "fail", str(number)) for number in range(13)]
    assert lines(new=new)[-1] == "  new       and 3 more: see the report"


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7200)])
def test_how_often(text: str, seconds: float) -> None:
    assert interval(text) == seconds


@pytest.mark.parametrize("text", ["15", "0m", "1d", "-5m", "m"])
def test_how_often_is_refused(text: str) -> None:
    with pytest.raises(pytest.UsageError) as caught:
        interval(text)
    assert str(caught.value) == f"--watch={text}: expected how often to look, for example 15m (or 90s, or 1h)."


def test_a_watch_only_looks(checkout: Checkout) -> None:
    done = checkout.run("--vm=a", "--watch=15m", "--enroll")
    assert done.ret == 4
    done.stderr.fnmatch_lines(["ERROR: --watch and --enroll: give one. A watch looks again and again, and only looks."])


def test_rounds(checkout: Checkout) -> None:
    """Good, good, bad: one end of a run, one line, one change; Ctrl-C ends it with the last status."""
    checkout.fleet(a=checkout.good)
    command = [sys.executable, "-m", "pytest", "--vm=a", "--no-azure", "--watch=1s"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=checkout.path) as watch:
        assert watch.stdout is not None
        said: list[str] = []
        for line in watch.stdout:
            said.append(line.rstrip("\n"))
            if "nothing changed" in line:
                checkout.fleet(a={**checkout.good, "cat /word": "wrong"})
            if line.startswith("  new"):
                break
        # Only the parent, as systemd does; the round that may be running is ended by it.
        watch.send_signal(signal.SIGTERM)
        watch.stdout.read()
        assert watch.wait(60) == 1
    text = "\n".join(said)
    assert text.count("= readiness =") == 1
    assert "READY  nothing changed: The VM is ready." in text
    assert said[-1] == "  new       VM-001 on a: The word is wrong; expected right."
    for _ in range(100):  # a round that had not begun to write is gone without a trace
        if len(list(checkout.path.glob("reports/2*/results.json"))) >= 3:
            break
        time.sleep(0.1)
    assert len(list(checkout.path.glob("reports/2*/results.json"))) >= 3


def test_a_round_that_comes_to_nothing_ends_the_watch(checkout: Checkout) -> None:
    done = checkout.run("--vm=a", "--watch=1s", "--check=NO-999")
    assert done.ret == 4
    done.stderr.fnmatch_lines(["ERROR: --check=NO-999: there is no such check.*"])
