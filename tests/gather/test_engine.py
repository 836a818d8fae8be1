"""The engine with every kind of probe beside witnesses, in every shell, in a throwaway root (docs/engine.md).

After each run the test looks for remaining processes and folders. In the gate the kinds of a group run in parallel;
with FUZZ_EXAMPLES (`make fuzz`) each also runs alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.gather.engine_driver import AWAY_WITHIN, NOBODY, SHELLS
from tests.gather.engine_kinds import CHILDREN, ENDS, LOGINS, OUTPUT, REFUSED, RUINOUS, USERS, WORLD
from tests.gather.kinds import ANY, LATE
from tests.gather.kinds import KINDS as BOTH
from tests.support import throwaway
from tests.support.sshd import needs_sshd

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(throwaway.missing()), reason=throwaway.missing())]

ROOT = Path(__file__).resolve().parents[2]
FUZZ = "FUZZ_EXAMPLES" in os.environ

#: Probes whose answers must be complete and right, whatever runs beside them.
WITNESSES = {
    "quick": ("echo one; echo two >&2; exit 4", ["done", 4, "one\n", "two\n", False]),
    "slow": ("sleep 0.4; printf three", ["done", 0, "three", "", False]),
    "long": ("seq 2000 | tail -n 1", ["done", 0, "2000\n", "", False]),
    "last": ("sleep 1.2; cat /proc/sys/kernel/ostype", ["done", 0, "Linux\n", "", False]),
}


def probe(key: str, text: str, timeout: float = 20, root: bool = False) -> list[Any]:
    return [key, text, timeout, root, [], 16_384]


def witnesses(root: bool = False) -> list[list[Any]]:
    return [probe(name, text, root=root) for name, (text, _) in WITNESSES.items()]


def timeout_of(answer: Any) -> float:
    """Seconds. A probe that must time out has to finish its output first, beside 150 others.

    A probe that prints more than is kept also waits for its limit; until the last has ended, "busy" uses a processor.
    """
    if answer[0] == "timed out":
        return 6 if answer[2] else 1
    return 6 if answer[1] == 141 else 60


def answer_to(what: Any, *command: str) -> Any:
    """The answer of a command to `what`, both as JSON."""
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(what), capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


SHARED = {kind.name: (kind.linux, kind.answer) for kind in BOTH}
GROUPS: dict[str, dict[str, tuple[str, Any]]] = {
    "both": SHARED,
    "ends": ENDS,
    "world": WORLD,
    "output": OUTPUT,
    "children": CHILDREN,
}
KINDS = {f"{group}: {name}": kind for group, kinds in GROUPS.items() for name, kind in kinds.items()}
#: These stop the main shell's clock, so they run alone.
ALONE = [name for name in KINDS if "main shell" in name]
#: May stay: it left the session on purpose, or the login started it.
STAY = ["sleep 79", "sleep 75"]
#: When the client disconnects, or which process is killed.
GONE: dict[str, dict[str, Any]] = {
    **{f"gone after {leave}": {"leave": leave} for leave in (0, 0.05, 0.2, 0.7, 1.2)},
    **{f"{name} of main": {"kill": ["main", 0.4, name]} for name in ("SIGHUP", "SIGINT", "SIGTERM", "SIGKILL")},
    "the clock dies": {"kill": ["sleep 1", 0.6, "SIGKILL"]},
    "not watched": {"leave": 1.2, "eof": True},
}
_ALONE = 20_000 + os.getpid() % 40_000  # a user id that neither another program nor another process of these tests has
_SLEEPS = "sleep 77 | sleep 77"
#: Ways to get root and to find remaining processes; each with the kinds of children, some as root.
WAYS: dict[str, dict[str, Any]] = {
    "a kernel that lists no children": {"replace": ["/children", "/no-such-file"]},
    "sudo with a terminal of its own": {"sudoers": "use_pty"},
    "sudo without one": {"sudoers": "!use_pty"},
}
#: More than the pipes of the client and of the VM's sender can hold.
_MUCH = [probe(f"much {number}", "head -c 60000 /dev/zero") for number in range(4)]
STALLED = [*_MUCH, probe("late", "sleep 78 & sleep 78", 3), probe("rooted", "sleep 78 & sleep 78", 3, root=True)]
FOR_LONG = [
    probe("sleeps", _SLEEPS, 20),
    probe("deaf", "trap '' TERM HUP PIPE; sleep 77; sleep 77", 20),
    probe("rooted", _SLEEPS, 20, root=True),
    probe("prints", "while :; do echo x; sleep 0.1; done", 20, root=True),
]


def plans(shell: str) -> dict[tuple[str, str], dict[str, Any]]:
    """All runs in one shell, by test and name."""
    kinds = {name: probe(name, text, timeout_of(answer)) for name, (text, answer) in KINDS.items()}
    rooted = {  # sudo has to answer within the limit
        name: [*kind[:2], max(kind[2], 3), True, *kind[4:]] for name, kind in kinds.items() if name not in ALONE
    }
    together = [kind for name, kind in kinds.items() if name not in ALONE]
    made: dict[tuple[str, str], dict[str, Any]] = {("kinds", "together"): {"probes": together, "patience": 300}}
    made |= {("kinds", name): {"probes": [kinds[name]]} for name in (kinds if FUZZ else ALONE)}
    made["sudo", "together"] = {"probes": list(rooted.values()) if FUZZ else list(rooted.values())[::4]}
    made["sudo", "together"] |= {"user": NOBODY, "patience": 300}
    made |= {
        ("ruins", name): {"probes": [probe("it", text, 2)], "patience": 6} for name, text in shared(shell, RUINOUS)
    }
    for who, user in {"root": None, "user": NOBODY}.items():
        alone = user and _ALONE  # the limit on processes counts all processes of a user
        for name, (env, before, whole) in shared(shell, LOGINS if user is None else USERS):
            made[f"login {who}", name] = {"probes": [], "env": env, "before": before, "user": alone}
            made[f"login {who}", name] |= {"patience": 60 if whole else 4}  # one without an end is waited for so long
        made[f"stalled {who}", "reads again"] = {"probes": STALLED, "user": user, "stall": "sleep 78", "patience": 90}
        made[f"stalled {who}", "leaves"] = {**made[f"stalled {who}", "reads again"], "leave": 0}
        for name, kind in shared(shell, GONE):
            made[f"gone {who}", name] = {"probes": FOR_LONG, "user": user, "patience": 3, **kind}
    names = [name for name in rooted if name.startswith("children: ")]
    some = [*(rooted[name] for name in names[::3]), *(kinds[name] for name in names[1::6])]
    for name, way in shared(shell, WAYS):
        made["ways", name] = {"probes": [*some, *STALLED[-2:]], "user": NOBODY, "patience": 300, **way}
    return {key: {"stay": STAY, **plan, "probes": [*witnesses(), *plan["probes"]]} for key, plan in made.items()}


def shared(shell: str, kinds: dict[str, Any]) -> list[tuple[str, Any]]:
    """A part of the kinds: in the gate each runs in one of the shells."""
    number = list(SHELLS).index(shell)
    return [kind for index, kind in enumerate(kinds.items()) if FUZZ or index % len(SHELLS) == number]


Results = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module", params=SHELLS)
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The results of one shell's runs, by the name of their test."""
    shell = request.param
    if shutil.which(SHELLS[shell]) is None:
        pytest.skip(f"{shell} is not installed here")
    by_key: dict[tuple[str, str], Any] = {}
    shares = side_by_side(plans(shell) | {("stranger", ""): {"stranger": True}})
    runs = [(str(tmp_path_factory.mktemp("root")), [plan for _, plan in planned]) for planned in shares]
    came = answer_to(runs, sys.executable, "-B", "-m", "tests.gather.engine_driver", shell)
    for planned, results in zip(shares, came, strict=True):
        by_key.update(zip((key for key, _ in planned), results, strict=True))
    return lambda test: {name: result for (which, name), result in by_key.items() if which == test}


def side_by_side(planned: dict[tuple[str, str], dict[str, Any]]) -> list[list[tuple[tuple[str, str], dict[str, Any]]]]:
    """Groups of runs: those of a group run in sequence in one throwaway root, and the roots in parallel.

    With FUZZ_EXAMPLES one root has almost all. Logins of the user whose processes are counted are in one group.
    """
    roots: dict[str, list[tuple[tuple[str, str], dict[str, Any]]]] = {}
    for index, (key, plan) in enumerate(planned.items()):
        place = {"kinds": "probes", "sudo": "probes", "login root": f"login {index % 2}"}.get(key[0], "others")
        alone = key[0] if key[0] == "stranger" else ""  # it needs the next process id
        roots.setdefault(alone or ("" if FUZZ else place), []).append((key, plan))
    return list(roots.values())


def complaints(result: Mapping[str, Any], expected: Mapping[str, Any], whole: bool = True) -> list[str]:
    """The errors, also of witnesses, and remaining processes; with `whole`, every answer is required."""
    seen = result["seen"]
    wrong = [f"stayed: {what}" for what in (*result["left"], *result["folders"])]
    if result["gone"] > AWAY_WITHIN:
        wrong.append(f"gone after {result['gone']} s")
    if whole and not result["complete"]:
        wrong.append(f"no end: {result}")
    for name, (_, answer) in WITNESSES.items():
        if seen.get(name, None if whole else answer) != answer and not (not whole and seen[name][0] != "done"):
            wrong.append(f"witness {name}: {seen.get(name)}")
    for name, answer in expected.items():
        if name not in seen:
            wrong += [f"{name}: lost"] * whole
        elif answer is not ANY and not all(map(_fits, seen[name][:3], answer)):
            wrong.append(f"{name}: {seen[name][:4]!r:.300}, not {answer!r:.100}")
    return wrong


def _fits(value: Any, wanted: Any) -> bool:
    return wanted is ANY or (value in wanted if isinstance(wanted, (set, frozenset)) else value == wanted)


@pytest.mark.parametrize("who", ["kinds", "sudo"])
def test_a_probe_changes_no_other_and_leaves_nothing(results: Results, who: str) -> None:
    """The same kinds as root under sudo; no process of root remains."""
    wrong = []
    for name, result in results(who).items():
        names = KINDS.keys() - set(ALONE) if name == "together" else {name}
        expected = {name: KINDS[name][1] for name in names if who == "kinds" or name in result["seen"]}
        wrong += complaints(result, expected)
    assert not wrong, "\n".join(wrong)


def test_a_probe_that_ruins_the_run_leaves_nothing_and_nothing_false(results: Results) -> None:
    wrong = [
        f"{name}: {complaint}"
        for name, result in results("ruins").items()
        for complaint in complaints(result, {}, whole=False)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", ["root", "user"])
def test_what_the_login_brings_does_not_matter_or_is_a_word(results: Results, who: str) -> None:
    wrong = []
    for name, result in results(f"login {who}").items():
        whole = (LOGINS | USERS)[name][2]
        wrong += [f"{name}: {complaint}" for complaint in complaints(result, {}, whole)]
        if name in REFUSED and not result["refused"]:
            wrong += [f"{name}: not refused: {result}"]
        if not (whole or result["complete"] or result["status"] or result["refused"] or result["errors"]):
            wrong += [f"{name}: no word: {result}"] * result["greeted"]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", ["root", "user"])
def test_when_the_client_is_gone_everything_is(results: Results, who: str) -> None:
    """Within two seconds, whenever the client disconnects, and whatever ends the main shell or the clock."""
    wrong = [
        f"{name}: {complaint}"
        for name, result in results(f"gone {who}").items()
        for complaint in complaints(result, {}, whole=False)
    ]
    assert not wrong, "\n".join(wrong)


def test_a_client_that_stalls_delays_no_limit(results: Results) -> None:
    """Late probes are stopped while the client does not read. Then all answers come, or the client disconnects."""
    expected = {name: ("done", 0, ANY) for name, *_ in _MUCH} | {"late": LATE, "rooted": LATE}
    for who in ("root", "user"):
        for name, result in results(f"stalled {who}").items():
            whole = name == "reads again"
            assert not complaints(result, expected if whole else {}, whole), (who, name)


def test_however_root_and_children_are_reached_nothing_stays(results: Results) -> None:
    for name, result in results("ways").items():
        expected = {key: KINDS[key][1] for key in result["seen"] if key in KINDS}
        assert not complaints(result, expected | {"late": LATE, "rooted": LATE}), name


@needs_sshd
def test_a_script_that_was_cut_runs_nothing(tmp_path: Path) -> None:
    """Cut at every 50th byte from either end, over a real sshd; in the gate at a dozen places each."""
    module = (sys.executable, "-B", "-m", "tests.gather.engine_cuts", "50" if FUZZ else "900")
    command = throwaway.command(tmp_path, "env", f"PYTHONPATH={ROOT}", *module)
    *ends, (_, left, folders) = answer_to(None, *command)
    assert (left, folders) == ([], [])
    assert len(ends) > 20
    # A busy sshd rejects some connections before the login (MaxStartups).
    refused = [message for _, outcome, message in ends if outcome == "shell refused"]
    assert {outcome for _, outcome, _ in ends} <= {"shell refused", "turned away"}
    assert all("did not reach its shell completely" in message for message in refused)
    assert len(refused) > 20


def test_a_process_id_that_was_given_away_is_not_stopped(results: Results) -> None:
    assert results("stranger") == {"": True}
