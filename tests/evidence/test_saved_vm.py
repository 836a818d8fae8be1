"""A VM in run.json: without secrets, but with all values that ``--resume`` needs to log in again."""

from __future__ import annotations

import pytest

from plugins.core import redaction
from plugins.evidence.codec import saved_vm
from plugins.model import Vm


def test_a_resume_gets_the_jump_host_and_the_key_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_remembered", [])
    redaction.remember_environment({"FLEET_SSH_KEY": "fleet-key-1", "API_TOKEN": "root-of-all"})
    vm = Vm("vm1", jump="ssh://root@vm1:2222", user="root-of-all", identity_file="/keys/fleet-key-1")
    data = saved_vm(vm)
    assert Vm.from_dict(data) == vm


def test_a_password_in_a_jump_host_and_a_secret_tag_are_not_kept() -> None:
    data = saved_vm(Vm("vm1", jump="ssh://root:hunter22@vm2", tags={"adminPassword": "hunter23"}))
    assert "hunter" not in str(data)
