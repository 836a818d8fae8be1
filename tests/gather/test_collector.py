"""The evidence on disk for each way in which a session can end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from plugins.checks.probe import ProbeCommand
from plugins.evidence.archive import Archive
from plugins.gather.collector import gather
from plugins.gather.frames import REFUSALS
from plugins.model import Evidence, SshSession, Vm
from plugins.ssh import client as ssh

PLAN = [ProbeCommand(key, f"echo {key}", 2, False, (), 1024) for key in ("a", "b")]
VM = Vm("vm-a")


class Recorded:
    def __init__(self) -> None:
        self.names: list[str] = []

    def visited(self, evidence: Evidence) -> None:
        self.names.append(evidence.vm.name)


Answer = Callable[[str], bytes]


def gathered(
    monkeypatch: pytest.MonkeyPatch, folder: Path, answer: Answer | None, session: SshSession
) -> tuple[Evidence, bool]:
    """Gather one VM whose shell answers `answer(nonce)`, or does not start if that is None."""

    def visit_all(
        vms: Sequence[Vm],
        program_for: Callable[[Vm], ssh.Program],
        sink_for: Callable[[Vm], ssh.Sink],
        options: ssh.Options,
        on_end: Callable[[Vm, SshSession], None],
        cancelled: threading.Event,
    ) -> None:
        for vm in vms:
            if answer is not None:
                nonce = program_for(vm).script.decode().partition("\nN=")[2].partition(" ")[0]
                sink_for(vm).feed(answer(nonce))
            on_end(vm, session)

    monkeypatch.setattr(ssh, "visit_all", visit_all)
    progress = Recorded()
    archive = Archive.create(folder, {"id": "x"}, [VM])
    whole = gather([VM], {VM.name: PLAN}, ssh.Options(run_timeout=5), archive, progress)
    assert progress.names == [VM.name]
    return Archive(folder)[VM.name], whole  # from disk


def frame(nonce: str, index: int, text: str) -> str:
    return f"{text}\n{nonce} o {index}\n\n{nonce} e {index} e 0 1.00 1.50\n"


OK = SshSession("ok", seconds={"login": 0.1})


def test_a_whole_answer_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def answer(n: str) -> bytes:
        return f"\n{n} hello\n{frame(n, 1, 'one')}{frame(n, 2, 'two')}\n{n} end\n".encode()

    evidence, whole = gathered(monkeypatch, tmp_path, answer, OK)
    assert whole
    assert evidence.session.outcome == "ok"
    assert {key: (seen.state, seen.stdout) for key, seen in evidence.results.items()} == {
        "a": ("done", "one"),
        "b": ("done", "two"),
    }


def test_a_session_that_is_lost_keeps_what_came_and_names_what_did_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost = SshSession("connection lost", "The session ended after 2 s.", "Look.", seconds={"login": 0.1})

    def answer(n: str) -> bytes:
        return f"\n{n} hello\n{frame(n, 2, 'two')}".encode()

    evidence, _ = gathered(monkeypatch, tmp_path, answer, lost)
    assert evidence.session == lost
    assert {key: seen.state for key, seen in evidence.results.items()} == {"a": "lost", "b": "done"}


def test_a_vm_that_was_not_reached_has_no_probes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    refused = SshSession("refused", "10.0.0.4 port 22: connection refused.", "Start sshd.")
    evidence, whole = gathered(monkeypatch, tmp_path, None, refused)
    assert whole
    assert (evidence.session, evidence.results) == (refused, {})


def test_no_place_to_write_is_an_outcome_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def answer(n: str) -> bytes:
        return f"\n{n} hello\n\n{n} full \x1b[2J\n\n{n} end\n".encode()

    evidence, _ = gathered(monkeypatch, tmp_path, answer, OK)
    assert evidence.session.outcome == "no room"
    assert evidence.session.message == (
        "No folder on the VM can be written, so no probe could run "
        "(tried /dev/shm $XDG_RUNTIME_DIR /run /tmp /var/tmp $HOME)."
    )
    assert evidence.results == {}


def test_what_the_callers_code_raises_is_not_swallowed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def visit_all(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(ssh, "visit_all", visit_all)
    with pytest.raises(OSError, match="disk full"):
        gather([VM], {VM.name: PLAN}, ssh.Options(run_timeout=5), Archive(tmp_path), Recorded())


def test_an_interrupt_is_reported_and_keeps_the_evidence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def visit_all(vms: Sequence[Vm], *rest: object) -> None:
        on_end = rest[3]
        assert callable(on_end)
        on_end(vms[0], SshSession("cancelled", "The run was stopped.", "Run it again."))
        raise KeyboardInterrupt

    monkeypatch.setattr(ssh, "visit_all", visit_all)
    archive = Archive.create(tmp_path, {"id": "x"}, [VM])
    assert not gather([VM], {VM.name: PLAN}, ssh.Options(run_timeout=5), archive, Recorded())
    assert archive[VM.name].session.outcome == "cancelled"


def test_evidence_is_stored_beside_the_loop_that_answers_the_vms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redaction and disk writes are slow: other VMs do not wait for them, and all evidence is stored at the end."""
    threads: dict[str, int] = {}
    stored: list[str] = []

    class Slow:
        def store(self, evidence: Evidence) -> None:
            threads["store"] = threading.get_ident()
            stored.append(evidence.vm.name)

        def sync(self) -> None:
            assert stored == ["a", "b"]

    def visit_all(vms: Sequence[Vm], program: object, sink: object, options: object, ended: Any, stop: object) -> None:
        threads["loop"] = threading.get_ident()
        for vm in vms:
            ended(vm, SshSession("cancelled"))

    monkeypatch.setattr(ssh, "visit_all", visit_all)
    assert gather([Vm("a"), Vm("b")], {"a": [], "b": []}, ssh.Options(run_timeout=5), Slow(), Recorded())
    assert stored == ["a", "b"]
    assert threads["store"] != threads["loop"]


@pytest.mark.parametrize("reason", sorted(REFUSALS))
def test_a_shell_in_which_the_script_cannot_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reason: str) -> None:
    def answer(n: str) -> bytes:
        return f"\n{n} hello\n\n{n} {reason}\n\n{n} end\n".encode()

    evidence, _ = gathered(monkeypatch, tmp_path, answer, OK)
    assert evidence.session.outcome == "shell refused"
    assert (evidence.session.message, evidence.session.remedy) == REFUSALS[reason]
    assert evidence.results == {}
