"""A pytest plugin that replaces SSH by a fleet in ``fleet.json``, which has the answers of each VM.

::

    {"a": {"cat /word": "right", ...},       the VM answers each command; those that are not listed are lost
     "b": "refused",                         it ends with this outcome, before the login
     "c": "hang"}                            it never ends

``visits.log`` has a line for each VM that was visited.
"""

from __future__ import annotations

import json
import re
import shlex
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from plugins.model import SshSession, Vm
from plugins.ssh import client as ssh


def visit_all(
    vms: Sequence[Vm],
    program_for: Callable[[Vm], ssh.Program],
    sink_for: Callable[[Vm], ssh.Sink],
    options: ssh.Options,
    on_end: Callable[[Vm, SshSession], None],
    cancelled: threading.Event,
) -> None:
    for vm in vms:
        says = json.loads(Path("fleet.json").read_text())[vm.name]
        with Path("visits.log").open("a") as log:
            log.write(f"{vm.name}\n")
        if says == "hang":
            time.sleep(600)
        if isinstance(says, str):
            on_end(vm, SshSession(says, f"It is {says}.", "Mend it."))
            continue
        script = program_for(vm).script.decode()
        nonce = script.partition("\nN=")[2].partition(" ")[0]
        answer = f"\n{nonce} hello 0\n"
        whole = True
        for part in re.findall(r"^rooted_part=((?:'[^']*'|\"'\")+)", script, re.M):  # the part for sudo
            script += "\n".join(shlex.split(part))
        for index, quoted in re.findall(r"^c(\d+)=((?:'[^']*'|\"'\"|[^\s'\"])+) l\d", script, re.M):
            command = shlex.split(quoted)[0].removeprefix("exec ")
            if "\n" in command:  # of --bundle
                continue
            if command in says or "journalctl" in command:  # the only single-line command of --bundle
                answer += f"{says.get(command, '')}\n{nonce} o {index}\n\n{nonce} e {index} e 0 1.00 1.50\n"
            else:
                whole = False
        if sink_for(vm).feed(f"{answer}\n{nonce} end\n".encode()) and whole:
            on_end(vm, SshSession("ok", seconds={"login": 0.1}))
        else:
            on_end(vm, SshSession("connection lost", "The session ended after 2 s.", "Look.", seconds={"login": 0.1}))


ssh.visit_all = visit_all
