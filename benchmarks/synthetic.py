"""Synthetic fleets: a run directory with the evidence of any number of VMs, for `pytest --evidence`.

::

    python -m benchmarks.synthetic --vms 1000 DIR                     # a tenth of the VMs needs a fix
    python -m benchmarks.synthetic --vms 1000 --sick 0 DIR            # none has
    python -m benchmarks.synthetic --vms 5000 --first 5001 DIR        # vm5001 to vm10000: a shard of a larger fleet

Each VM is a clone of one in `lab/recorded`, with its own name, address, ARM id and managed identity, both in the VM's
answers (also in its token) and in Azure's. So every check reads as much as on a real fleet, and has the same verdict as
for the original. Every 500 VMs are a site: a subscription with its own cluster and networks. The same numbers give the
same fleet, byte for byte.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from lab.demo import PLANTED, RECORDED
from plugins.core.files import make_directory, write_json, write_text

#: A token's claims, in groups of four, because redaction would replace a whole JWT: "claims=eyJh dWQi ...".
_CLAIMS = re.compile(r"(?<=claims=)[\w-]+(?: [\w-]+)*")
_SUBSCRIPTION = "50000000-0000-4000-8000-000000000001"  # that of the recording
_SITE = 500  # VMs
_NAMESPACE = uuid.UUID("5f3c1c1e-0000-4000-8000-000000000000")


@dataclass(frozen=True, slots=True)
class Clone:
    """One VM of the synthetic fleet."""

    number: int

    @property
    def name(self) -> str:
        """vm1, vm2, ..., as in the lab."""
        return f"vm{self.number}"

    @property
    def address(self) -> str:
        """A private address, which no run visits."""
        return f"10.{self.number // 62500}.{self.number // 250 % 250}.{self.number % 250 + 1}"

    @property
    def site(self) -> int:
        """The number of its site, from 0."""
        return (self.number - 1) // _SITE

    @property
    def subscription(self) -> str:
        """The subscription of its site; the first site has that of the recording."""
        return f"{_SUBSCRIPTION[:-12]}{self.site + 1:012d}"

    def id(self, kind: str) -> str:
        """A GUID that is unique for the VM."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.name} {kind}"))


class _Form:
    """A JSON text with placeholders for a VM's own values: a NUL and a letter, as JSON contains no unescaped NUL."""

    def __init__(self, data: Any, own: Mapping[str, str]) -> None:
        """`own` maps the recorded VM's own values to the letters of their placeholders."""
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        claims = [_decoded(words) for words in _CLAIMS.findall(text)]
        self._text = _blanked(_CLAIMS.sub("\0c", text), own)
        self._claims = [_blanked(claim, own) for claim in claims]

    def text(self, clone: Clone) -> str:
        """The text for a VM."""
        text = _filled(self._text, clone)
        for claims in self._claims:
            text = text.replace("\0c", _encoded(_filled(claims, clone)), 1)
        return text

    def data(self, clone: Clone) -> Any:
        """The parsed JSON for a VM."""
        return json.loads(self.text(clone))


def _blanked(text: str, own: Mapping[str, str]) -> str:
    # Replace only whole words: clones of vm2 stay attached to the cloud services network vm2-csn.
    words = "|".join(map(re.escape, own))
    return re.sub(rf"(?<![\w.-])(?:{words})(?![\w-]|\.\w)", lambda match: f"\0{own[match[0]]}", text)


def _filled(text: str, clone: Clone) -> str:
    text = text.replace("\0n", clone.name).replace("\0a", clone.address)
    text = text.replace("\0p", clone.id("principal")).replace("\0i", clone.id("client"))
    return text.replace("\0s", clone.subscription)


def _decoded(words: str) -> str:
    packed = words.replace(" ", "")
    return base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()


def _encoded(claims: str) -> str:
    packed = base64.urlsafe_b64encode(claims.encode()).decode().rstrip("=")
    return " ".join(packed[at : at + 4] for at in range(0, len(packed), 4))


class _Original:
    """A recorded VM, as templates."""

    def __init__(self, name: str, run: Path, azure: Mapping[str, Any]) -> None:
        evidence = json.loads((run / "evidence" / f"{name}.json").read_bytes())
        self.resource_id: str = azure["located"][name]
        vm_answer = azure["answers"][self.resource_id.lower()]
        principal = vm_answer["value"]["identity"]["principalId"]
        own = {name: "n", principal: "p", _SUBSCRIPTION: "s"}
        if address := re.fullmatch(r".*@([\d.]+):\d+", evidence["session"]["address"]):
            own[address[1]] = "a"
        if client := re.search(r'"appid":"([\w-]+)"', "".join(map(_decoded, _CLAIMS.findall(json.dumps(evidence))))):
            own[client[1]] = "i"
        answers = {p: a for p, a in azure["answers"].items() if p == self.resource_id.lower() or p.endswith(principal)}
        self.evidence = _Form(evidence, own)
        self.entry = _Form(evidence["vm"], own)
        self.answers = _Form(answers, own)
        self.located = _Form(self.resource_id, own)

    def at(self, clone: Clone) -> str:
        """Its own resource id at the site of a clone."""
        return self.resource_id.replace(_SUBSCRIPTION, clone.subscription)


def write(directory: Path, vms: int, *, first: int = 1, sick: int = 10) -> None:
    """Make a run directory with the evidence of `vms` VMs, numbered from `first`.

    `sick` of each hundred are clones of the recorded VMs that need a fix, in turn; the others are clones of a healthy
    one.
    """
    recorded = json.loads((RECORDED / "azure.json").read_bytes())
    originals = {name: _Original(name, RECORDED, recorded) for name in PLANTED}
    healthy, unwell = ([name for name in PLANTED if bool(PLANTED[name]) is bad] for bad in (False, True))
    make_directory(directory / "evidence")
    own = {path for path in recorded["answers"] if _is_a_vms(path)}
    of_site = _Form({p: a for p, a in recorded["answers"].items() if p not in own}, {_SUBSCRIPTION: "s"})
    fleet: list[Any] = []
    answers: dict[str, Any] = {}
    located: dict[str, str] = {}
    for site, clones in groupby(map(Clone, range(first, first + vms)), key=lambda clone: clone.site):
        members: dict[str, list[str]] = {name: [] for name in PLANTED}  # resource ids of the clones of each original
        for clone in clones:
            before = (clone.number - 1) * sick // 100
            is_sick = clone.number * sick // 100 > before
            name = unwell[before % len(unwell)] if is_sick else healthy[clone.number % len(healthy)]
            original = originals[name]
            write_text(directory / "evidence" / f"{clone.name}.json", original.evidence.text(clone) + "\n")
            fleet.append(original.entry.data(clone))
            answers |= original.answers.data(clone)
            located[clone.name] = original.located.data(clone)
            members[name].append(located[clone.name])
        somebody = Clone(site * _SITE + 1)
        shared = of_site.data(somebody)
        for answer in shared.values():
            _attach(answer["value"], {originals[name].at(somebody): ids for name, ids in members.items()})
        answers |= shared
    write_json(directory / "azure.json", {**recorded, "answers": answers, "located": located})
    write_text(directory / "runner.json", (RECORDED / "runner.json").read_text("utf-8"))
    run = json.loads((RECORDED / "run.json").read_bytes())
    write_json(directory / "run.json", {**run, "id": f"synthetic-{first}-{vms}", "fleet": fleet})


def _is_a_vms(path: str) -> bool:
    """Whether an answer is about one VM of the recording."""
    return "/virtualmachines/" in path or "?assignedto=" in path


def _attach(value: Any, members: Mapping[str, list[str]]) -> None:
    """Replace each original by its clones in a cloud services network's list of VMs."""
    properties = value.get("properties") if isinstance(value, dict) else None
    if properties and "associatedResourceIds" in properties:
        attached = [members.get(id, [id]) for id in properties["associatedResourceIds"]]
        properties["associatedResourceIds"] = [id for ids in attached for id in ids]


def main(arguments: list[str] | None = None) -> int:
    """Write a synthetic run directory."""
    parser = argparse.ArgumentParser("python -m benchmarks.synthetic", description=main.__doc__)
    parser.add_argument(
        "directory", type=Path, metavar="DIR", help="the run directory to create; must not exist, or be empty"
    )
    parser.add_argument("--vms", type=int, required=True, metavar="N", help="number of VMs")
    parser.add_argument("--first", type=int, default=1, metavar="N", help="number of the first VM (default: 1)")
    parser.add_argument(
        "--sick", type=int, default=10, metavar="PERCENT", help="share of VMs with a fault (default: 10)"
    )
    options = parser.parse_args(arguments)
    if options.vms < 1 or options.first < 1 or not 0 <= options.sick <= 100:
        parser.error("--vms and --first are at least 1, --sick is between 0 and 100")
    if options.directory.exists() and any(options.directory.iterdir()):
        parser.error(f"{options.directory} is not empty: name a folder that does not exist yet")
    write(options.directory, options.vms, first=options.first, sick=options.sick)
    print(f"{options.vms} VMs in {options.directory}; judge them with: pytest --evidence={options.directory}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
