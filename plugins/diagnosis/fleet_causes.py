"""Root causes over the fleet: one component to fix is one cause, for any number of VMs and parameters.

::

    root causes of the VMs                                   causes of the fleet
    vm-a  CSN-002 [gbl.his.arc.azure.com]   component csn-a  ┐
    vm-a  CSN-002 [pas.windows.net]         component csn-a  ├──> CSN-002, csn-a: 2 endpoints, 2 VMs
    vm-b  CSN-002 [gbl.his.arc.azure.com]   component csn-a  ┘
    vm-a  PROXY-002 [NO_PROXY], [no_proxy]  guest        ┐
    vm-c  PROXY-002 [NO_PROXY], [no_proxy]  guest        ├──> PROXY-002, image ubuntu-22.04 when all its VMs have it;
                                                         ┘    otherwise the same fix on each of vm-a and vm-c
    vm-a  PROXY-003                         path         ───> csn-a, when no VM that is on it gets through; else vm-a
    vm-a  ROLES-001                         role         ───> its identity, when VMs can share it; else the group that
                                                              the Arc resources go to: there roles are assigned

Works on the plain data of `results.json`, so live and replayed runs give the same causes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from plugins.checks.areas import REACHED, order
from plugins.diagnosis.headline import ACTION, headline, question
from plugins.judge.readiness import NEEDS_ATTENTION, NOT_JUDGED, prevents_ready

Json = Mapping[str, Any]


#: Kinds that exist once, or once for each VM; `vm["components"]` may have the ids of the others.
_WITHOUT_ID = ("guest", "vm", "instance", "runner")

_NOTHING: Mapping[Any, Any] = MappingProxyType({})

_MESSAGES = 5  # different messages of one cause that are kept


@dataclass(slots=True)
class Cause:
    """One component to fix. `vms` are in the fleet's order; it keeps those in `blocks_readiness` from being ready."""

    id: str
    status: str
    severity: str
    kind: str  # of `plugins.checks.check.Component`, "jump host" or "image"; "path" and "role" are resolved before
    component: str  # its id; "" for a kind that has none
    docs: str
    parameters: list[str] = field(default_factory=list)
    vms: dict[str, None] = field(default_factory=dict)
    blocks_readiness: dict[str, None] = field(default_factory=dict)
    messages: Counter[str] = field(default_factory=Counter)
    remedies: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)  # templates of headlines
    items: dict[str, None] = field(default_factory=dict)  # the missing or wrong items, by name
    fix: dict[str, dict[str, None]] = field(default_factory=dict)  # command -> the VMs it helps
    judged: int = 0  # of its VMs, those on which the check was judged

    @property
    def name(self) -> str:
        """The last word of the component's id."""
        return self.component.rstrip("/").rpartition("/")[2]

    @property
    def action(self) -> str:
        """The template of the headline."""
        return self.actions.most_common(1)[0][0] if self.actions else ACTION

    @property
    def headline(self) -> str:
        """The headline of a fix: ``Start 13 VMs that are powered off``."""
        return headline(self.action, self.kind, self.name, list(self.vms), list(self.items))

    @property
    def changes(self) -> int:
        """The number of changes of the fix: one for a shared component, else one for each VM."""
        return len(self.vms) if self.kind in ("guest", "vm", "image") else 1

    def as_dict(self, number: int) -> dict[str, Any]:
        """The cause as `results.json` has it; `number` is its place in the list, from 1."""
        return {
            "number": number,
            "id": self.id,
            "parameters": self.parameters,
            "status": self.status,
            "severity": self.severity,
            "component": {"kind": self.kind, "id": self.component, "name": self.name},
            "headline": self.headline,
            "action": self.action,
            "items": list(self.items),
            "changes": self.changes,
            "message": self.messages.most_common(1)[0][0],
            "messages": [
                {"message": message, "count": count} for message, count in self.messages.most_common(_MESSAGES)
            ],
            "remedy": self.remedies.most_common(1)[0][0],
            "docs": self.docs,
            "vms": list(self.vms),
            "blocks_readiness": list(self.blocks_readiness),
            "fix": [{"command": command, "vms": list(vms)} for command, vms in self.fix.items()],
        }


class CauseFinder:
    """Finds the causes of a fleet, VM by VM; it keeps the name and the causes of each VM."""

    def __init__(
        self,
        components: Mapping[str, str],
        actions: Mapping[str, str] = _NOTHING,
        problems: Mapping[str, str] = _NOTHING,
    ) -> None:
        """Each argument maps check ids to declarations: `components` to the kind of component to fix.

        See `plugins.checks.check`. A result may name its own component and action.
        """
        self._components, self._actions, self._problems = components, actions, problems
        self._causes: dict[tuple[str, ...], Cause] = {}
        self._image_of: dict[str, str] = {}  # VM -> image
        self._judged: Counter[tuple[str, str]] = Counter()  # (image, check id) -> VMs on which it was judged
        self._well: set[tuple[str, str, str]] = set()  # (network, check id, parameter) that pass on some VM

    def add(self, vm: Json, actions: Mapping[tuple[str, str], tuple[str, str]] = _NOTHING) -> None:
        """One more VM, as `results.json` has it, with all of its results.

        `actions` are those that results name: (check id, parameter) -> (action, item); "" for what the check declares.
        """
        of_result: dict[tuple[str, str], Cause] = {}  # (check id, parameter) -> its cause
        name, network = vm["name"], vm["components"].get("csn", "").lower()
        judged = {entry["id"] for entry in vm["results"] if entry["status"] not in NOT_JUDGED}
        for result in vm["results"]:
            if result["root_cause"]:
                cause = of_result[result["id"], result["parameter"]] = self._cause(vm, result)
                if name not in cause.vms:
                    cause.judged += result["id"] in judged
                _add(cause, name, result)
                self._word(cause, result, *actions.get((result["id"], result["parameter"]), ("", "")))
            elif result["status"] == "pass":
                self._well.add((network, result["id"], result["parameter"]))
        for result in _blocking(vm):
            of_result[result["id"], result["parameter"]].blocks_readiness[name] = None
        if image := vm["components"].get("image"):
            self._image_of[name] = image
            self._judged.update((image.lower(), id) for id in judged)

    def _word(self, cause: Cause, result: Json, action: str, item: str) -> None:
        id = result["id"]
        if not action and result["status"] in NOT_JUDGED and id != REACHED:
            action = question(self._problems.get(id, ""))
        cause.actions[action or self._actions.get(id, ACTION)] += 1
        if item or result["parameter"]:
            cause.items[item or result["parameter"]] = None

    def _cause(self, vm: Json, result: Json) -> Cause:
        kind, component, key = _key(vm, result, result.get("component") or self._components.get(result["id"], "guest"))
        if key not in self._causes:
            self._causes[key] = Cause(
                result["id"], result["status"], result["severity"], kind, component, result["docs"]
            )
        return self._causes[key]

    def causes(self) -> list[Cause]:
        """The causes: those that keep most VMs from being ready first, warnings last."""
        self._blame_images()
        self._clear_networks()
        return sorted(
            self._causes.values(),
            key=lambda cause: (
                not cause.blocks_readiness,
                -len(cause.blocks_readiness),
                cause.status != "fail",
                -len(cause.vms),
                order(cause.id),
                cause.component,
            ),
        )

    def _blame_images(self) -> None:
        """A problem in guests belongs to the image when several VMs use it and all judged ones have the problem."""
        for cause in self._causes.values():
            images = {self._image_of.get(name, "").lower() for name in cause.vms}
            image = images.pop() if len(images) == 1 else ""
            if cause.kind == "guest" and image and len(cause.vms) > 1 and self._judged[image, cause.id] == cause.judged:
                cause.kind, cause.component = "image", self._image_of[next(iter(cause.vms))]

    def _clear_networks(self) -> None:
        """A broken path belongs to the network, unless another VM on it gets through: then it belongs to each VM."""
        for cause in self._causes.values():
            if cause.kind == "path":
                network = cause.component.lower()
                cleared = any((network, cause.id, parameter) in self._well for parameter in cause.parameters or [""])
                cause.kind, cause.component = ("vm", "") if cleared else ("csn", cause.component)


def _add(cause: Cause, vm: str, result: Json) -> None:
    cause.vms[vm] = None
    if result["parameter"] and result["parameter"] not in cause.parameters:
        cause.parameters.append(result["parameter"])
    cause.messages[result["message"]] += 1
    cause.remedies[result["remedy"]] += 1
    for command in result["fix"]:
        cause.fix.setdefault(command, {})[vm] = None


def _key(vm: Json, result: Json, kind: str) -> tuple[str, str, tuple[str, ...]]:
    """Kind and id of the component to fix, and the key under which results with the same component meet."""
    session = vm["session"]
    if result["id"] == REACHED and session["outcome"] == "jump host failed" and session["via"]:
        kind, component = "jump host", session["via"]
    else:
        if kind == "role":
            kind = "identity" if "identity" in vm["components"] else "resource group"
        component = vm["components"].get("csn" if kind == "path" else kind, "") if kind not in ("guest", "vm") else ""
        if not component and kind not in _WITHOUT_ID:
            kind = "vm"  # the component is not known: only the remedy can be compared
    # A path can break in several ways at once; a component has each problem once.
    same = "" if component and kind != "path" else normalized(result["remedy"] or result["message"], vm, result)
    return kind, component, (result["id"], result["status"], kind, component.lower(), same)


_VARIES = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|/subscriptions/\S+|\d+(?:\.\d+)*", re.IGNORECASE
)


def normalized(text: str, vm: Json, result: Json) -> str:
    """A remedy without the parts that differ between VMs and parameters: names, addresses, ids, numbers."""
    host = vm["address"].rpartition("@")[2].rpartition(":")[0]
    for varies in sorted({vm["name"], host, result["parameter"]} - {""}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(varies)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return _VARIES.sub("…", text)


def _blocking(vm: Json) -> Iterable[Json]:
    """The root causes that keep a VM from being ready, each once: behind every required check that did not pass."""
    if vm["readiness"] == "ready":
        return ()
    by_id: dict[str, list[Json]] = {}
    for result in vm["results"]:
        by_id.setdefault(result["id"], []).append(result)
    groups: dict[tuple[str, str], Json] = {}
    walked: set[tuple[str, str]] = set()

    def walk(result: Json) -> None:
        key = result["id"], result["parameter"]
        if key in walked:
            return
        walked.add(key)
        if result["root_cause"]:
            groups[key] = result
            return
        for cause in result["caused_by"]:
            for other in _matching(by_id.get(cause, ()), result["parameter"]):
                if other["status"] in NEEDS_ATTENTION:
                    walk(other)

    for result in vm["results"]:
        if prevents_ready(result["severity"], result["status"]):
            walk(result)
    return groups.values()


def _matching(candidates: Sequence[Json], parameter: str) -> Sequence[Json]:
    """Of another check's results, those about the same parameter; all of them when it has other parameters."""
    return [candidate for candidate in candidates if parameter and candidate["parameter"] == parameter] or candidates
