"""A server that floods the runner is disconnected and loses only its own verdict; other VMs are visited."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import replace

import paramiko
import pytest

from plugins.model import Vm
from plugins.ssh import transport
from plugins.ssh.transport import _Packets
from tests.support import hostile_sshd as server_side
from tests.support.hostile_sshd import BANNERS, MISDEEDS, hostile_sshd
from tests.support.memory import MEGABYTE, most_memory
from tests.support.sshd import Client, Keys, Sshd, needs_sshd, vm

pytestmark = needs_sshd

DRIP = "a drip"


def test_honest_vms_beside_hostile_ones_are_all_visited(
    client: Client, server: Sshd, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging.getLogger("tests.hostile_sshd").disabled = True
    monkeypatch.setattr(server_side, "FLOOD", 30_000)
    monkeypatch.setattr(transport, "_MESSAGES", 3_000)
    monkeypatch.setattr(_Packets, "allowed", 3_000)
    client.knows(server)
    key = paramiko.Ed25519Key.from_private_key_file(str(keys.make("hostile")))
    with ExitStack() as stack:
        hostile = []
        for misdeed in [*MISDEEDS, BANNERS]:
            port = stack.enter_context(hostile_sshd(misdeed, key))
            hostile.append(replace(vm(server, keys, misdeed), port=port))
            with client.known.open("a") as known:
                known.write(f"[127.0.0.1]:{port} {' '.join(keys.public('hostile').split()[:2])}\n")
        honest = [vm(server, keys, f"honest-{number}") for number in range(6)]
        vms = [*hostile, *honest]
        running = {one.name for one in vms}

        def others_ended(ended: Vm) -> None:
            running.discard(ended.name)
            if running == {DRIP}:
                client.cancelled.set()

        with most_memory() as most:
            sessions = client.visit(*vms, script="sleep 0.3; echo DONE", workers=16, on_end=others_ended)
        (drip,) = (one for one in hostile if one.name == DRIP)
        client.cancelled.clear()
        (dripped,) = client.visit(drip, run_timeout=3)
    expected = {one.name: "too much output" for one in hostile} | {one.name: "ok" for one in honest}
    expected[DRIP] = "cancelled"  # it continues until its limit, and the others do not wait for it
    ends = {one.name: session.outcome for one, session in zip(vms, sessions, strict=True)}
    assert ends == expected, {session.message for session in sessions}
    assert dripped.outcome == "took too long"
    assert most[0] < 64 * MEGABYTE


def test_a_session_may_be_long(client: Client, server: Sshd, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits are far above a script's output: 40 answers of the maximum length."""
    heard = []
    read = _Packets.read_message

    def count(self: _Packets) -> object:
        reading = read(self)
        heard.append(self.heard)
        return reading

    monkeypatch.setattr(_Packets, "read_message", count)
    client.knows(server)
    (session,) = client.visit(
        vm(server, keys),
        script="for i in 1 2 3 4 5 6 7 8 9 0; do head -c 262144 /dev/zero | tr '\\0' x; done; echo DONE",
    )
    assert session.outcome == "ok"
    assert max(heard) < transport._MESSAGES / 20
