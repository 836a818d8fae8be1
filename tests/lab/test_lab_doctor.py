"""The lab's doctor if namespaces are forbidden: it prints the reason at once, and leaves no process behind."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab import doctor

#: Set the limit to 0 in a new user namespace, as on a machine that forbids them; the caller is not root there.
FORBID = 'for limit in {limits}; do echo 0 >"/proc/sys/user/$limit" || exit 77; done; shift; exec "$@"'
ASK = """\
import os, sys
os.geteuid = lambda: int(sys.argv[1])
from lab import doctor
doctor.PROGRAMS = doctor.PROGRAMS_WITHOUT_ROOT = {}
doctor._without_range = lambda: ""
if sys.argv[2] == "try":
    doctor._forbidden = lambda: ""
    doctor.unshare = lambda: ["sh", "-c", "sleep 613.25 & exec unshare --user --map-root-user true"]
print(doctor.trouble())
"""


def _ask(user: int, how: str, *limits: str) -> tuple[str, float]:
    """The doctor's output for `user` if these limits are 0, and its seconds."""
    inside = ["sh", "-c", FORBID.format(limits=" ".join(limits)), "sh", "--", sys.executable, "-c", ASK, str(user), how]
    own = ["unshare", "--user", "--map-root-user"]
    if subprocess.run([*own, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not allow a user namespace")
    start = time.monotonic()
    done = subprocess.run(
        [*own, *inside], cwd=Path(doctor.__file__).parents[1], capture_output=True, text=True, timeout=200, check=False
    )
    if done.returncode == 77:
        pytest.skip("this machine does not allow a limit of namespaces to be set")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip(), time.monotonic() - start


def _left() -> list[str]:
    """The process ids of a trial's helpers that still run."""
    rows = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if file.read_bytes() == b"sleep\x00613.25\x00":
                rows.append(file.parent.name)
        except OSError:
            continue
    return rows


@pytest.mark.parametrize(
    ("user", "limit"), [(1000, "max_user_namespaces"), (1000, "max_net_namespaces"), (0, "max_pid_namespaces")]
)
def test_a_limit_that_forbids_namespaces_is_named_at_once(user: int, limit: str) -> None:
    output, seconds = _ask(user, "read", limit)
    assert output == f"namespaces are not allowed here: user.{limit} is 0; as root: sysctl -w user.{limit}=15000"
    assert seconds < 100


def test_a_trial_that_fails_tells_the_truth_at_once_and_leaves_no_process() -> None:
    # As with --map-auto, which this user may not use: a helper keeps the outputs open after a failure of unshare.
    output, seconds = _ask(1000, "try", "max_user_namespaces")
    assert output == "namespaces are not allowed here: unshare: unshare failed: No space left on device"
    assert seconds < 100
    assert _left() == []


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("unprivileged_userns_clone", 0, "kernel.unprivileged_userns_clone is 0; as root: sysctl -w kernel.unprivileged_userns_clone=1"),
        ("unprivileged_userns_clone", 1, ""),
    ],
)  # fmt: skip
def test_debians_switch_holds_for_ordinary_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str, value: int, said: str
) -> None:
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel" / setting).write_text(f"{value}\n")
    monkeypatch.setattr(doctor, "SETTINGS", tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert doctor._forbidden() == said
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert doctor._forbidden() == ""


def test_ubuntus_switch_is_named_beside_what_the_trial_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel/apparmor_restrict_unprivileged_userns").write_text("1\n")
    monkeypatch.setattr(doctor, "SETTINGS", tmp_path)
    monkeypatch.setattr(doctor, "PROGRAMS", {})
    monkeypatch.setattr(doctor, "PROGRAMS_WITHOUT_ROOT", {})
    monkeypatch.setattr(doctor, "_without_range", lambda: "")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(doctor, "unshare", lambda: ["sh", "-c", "echo Permission denied >&2; exit 1"])
    switch = "kernel.apparmor_restrict_unprivileged_userns"
    assert (
        doctor.trouble()
        == f"namespaces are not allowed here: Permission denied; {switch} is 1; as root: sysctl -w {switch}=0"
    )


def test_a_trial_that_never_ends_is_ended_with_all_its_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    child = tmp_path / "child"
    monkeypatch.setattr(doctor, "TRIAL_SECONDS", 3)
    monkeypatch.setattr(
        doctor, "unshare", lambda: ["sh", "-c", f"sleep 600 & echo $! >{child}; echo waiting >&2; wait"]
    )
    assert doctor._trial() == "the trial did not end within 3 s (waiting)"
    status = Path("/proc") / child.read_text().strip() / "status"
    deadline = time.monotonic() + 60
    while status.exists() and "State:\tZ" not in status.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not status.exists() or "State:\tZ" in status.read_text()
