"""A saved run, and ways to damage it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from plugins.core.errors import InputError
from plugins.evidence.archive import Archive
from plugins.evidence.bundle_format import BundleError
from plugins.model import Evidence, ProbeResult, SshSession, Target, Vm

#: Values that are wrong for every field: of another type, too large for a time, not text.
WRONG: tuple[Any, ...] = (None, True, -1, 10**400, 1e300, 7.5, "", "22; touch X; :", [], [None], {}, {"a": {"a": []}})


VM = Vm(
    *("vm1", "10.0.0.4", "azureuser", 22, "jump.example", "/keys/id"),
    resource_id="/subscriptions/s/resourceGroups/r/providers/Microsoft.NetworkCloud/virtualMachines/vm1",
    identity="system",
    target=Target("s", "r", "eastus", tags={"a": "b"}),
    tags={"site": "berlin"},
)


EVIDENCE = Evidence(
    VM,
    SshSession("ok", address="vm1:22", seconds={"connect": 0.1, "login": 0.2}),
    {"word": ProbeResult("word", "cat /word", "done", 0, "right", seconds=0.5, received=1000.0)},
    1000.0,
)


Steps = tuple[str | int, ...]


def places(data: Any, here: Steps = ()) -> Iterator[Steps]:
    """Each place in a document, including the root."""
    yield here
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in items:
        yield from places(value, (*here, step))


def put(data: Any, place: Steps, value: Any) -> Any:
    """The document with another value in one place."""
    changed = {"": data}
    at: Any = changed
    for step in ("", *place)[:-1]:
        at = at[step]
    at[("", *place)[-1]] = value
    return changed[""]


def bent(data: Any) -> Iterator[tuple[Steps, str]]:
    """The document with a wrong or missing value at each place: the place, and the text."""
    for place in places(data):
        for wrong in WRONG:
            changed = copy.deepcopy({"": data})
            at: Any = changed
            for step in ("", *place)[:-1]:
                at = at[step]
            at[("", *place)[-1]] = wrong
            yield place, json.dumps(changed[""])
        if place and isinstance(place[-1], str):
            yield place, lacking(data, place)


def lacking(data: Any, place: Steps) -> str:
    """The document without one place."""
    changed = copy.deepcopy({"": data})
    at: Any = changed
    for step in ("", *place)[:-1]:
        at = at[step]
    del at[place[-1]]
    return json.dumps(changed[""])


RUN: dict[str, Any] = {
    "id": "20261121T221500Z-3f9a",
    "started": 1000.0,
    "suite": "1",
    "profile": "2510",
    "ssh_config": "/etc/ssh/x",
    "arguments": ["--vm=vm1"],
    "options": {"vm": ["vm1"]},
    "shard": {"number": 1, "of": 2, "vms": 2, "fleet": "d", "names": ["vm1", "vm2"]},
}


AZURE = {
    "version": 1,
    "answers": {
        "/x": {"request": "GET /x", "value": {"id": "/x"}},
        "/y": {"request": "GET /y", "unread": {"message": "No.", "remedy": "", "status": 403, "shared_cause": ""}},
    },
    "located": {"vm1": "/x", "vm2": {"request": "", "unread": {"message": "No."}}},
    "calls": [["GET", "https://x", 200]],
    "interrupted": False,
}


RESULTS = {
    "version": 2,
    "run_id": "r",
    "vms": [
        {
            "name": "vm1",
            "readiness": "ready",
            "results": [{"id": "VM-001", "parameter": "", "status": "pass", "root_cause": False}],
            "left_out": {"pass": ["VM-002"]},
        }
    ],
}


#: The places of the probe and the session in a VM's record.
PROBE, SESSION = ("seen", "word"), ("session",)


def refusal(read: Callable[[], object], where: str = "") -> str:
    """The error of an unreadable file, which names the file; "" if it can be read."""
    try:
        read()
    except (InputError, BundleError) as error:
        text = str(error)
    else:
        return ""
    assert text.startswith(where)
    assert "\n" not in text
    return text


def saved(folder: Path) -> Path:
    """A run of vm1 and vm2, each with evidence."""
    archive = Archive.create(folder, RUN, [VM, Vm("vm2")])
    archive.store(EVIDENCE)
    archive.store(Evidence(Vm("vm2"), EVIDENCE.session, EVIDENCE.results, 1000.0))
    return folder
