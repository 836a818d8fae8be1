"""Data for the page's script: one small JSON document, and packed chunks that are opened on demand.

A fleet of 1,000 VMs has 90,000 results and 80 MB of evidence; as table rows no browser can open that. So there is

* the **core**, plain JSON: the VMs that are drawn, their groups, and one text per VM with a letter for each result. All
  that the matrix needs, a few hundred bytes a VM;
* the **chunks**, deflated and in base64: the messages of each check and the output of each probe on every VM. Similar
  texts are together, so they compress well, and a click unpacks one or two of them. They have a budget: findings go
  first; the rest is omitted, with a note that results.json has it.

Every text is sanitized (`plugins.core.sanitize`) here. The script inserts it into the page as text, never as markup.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from plugins.core.component_names import short_names
from plugins.core.sanitize import Harmless, middle_cut, one_line, truncate
from plugins.reports.html.page import VmLists
from plugins.reports.queries import Json
from plugins.results.compact import left_out

#: One letter for each status in a VM's text; "-" for no result.
LETTERS = {
    "fail": "f",
    "unknown": "u",
    "warn": "w",
    "blocked": "b",
    "waived": "v",
    "pass": "p",
    "not applicable": "n",
}

#: Characters of all chunks together. With core and markup a page stays below 8 MB.
BUDGET = 5_000_000

# Characters of a stream that are kept. evidence/<vm>.json has the rest.
_KEEP_OF_A_PASS = 1_000
_KEEP = 6_000

_GOOD = ("pass", "not applicable")

# A probe key of up to this many VMs gets no separate chunk.
_FEW = 3

_MESSAGE = 2_000


class _Packer:
    """Turns rows into numbered chunks while the budget lasts."""

    def __init__(self, budget: int) -> None:
        self.left = budget
        self.chunks: list[str] = []

    def add(self, rows: Sequence[Sequence[Any]]) -> int | None:
        """The number of the new chunk with the first rows that fit. None: no row fits."""
        while rows:
            packed = base64.b64encode(zlib.compress(_interned(rows), 9)).decode("ascii")
            if len(packed) <= self.left:
                self.left -= len(packed)
                self.chunks.append(packed)
                return len(self.chunks) - 1
            rows = rows[: len(rows) // 2]
        return None


def _interned(rows: Iterable[Sequence[Any]]) -> bytes:
    """``{"s": [texts], "r": [rows]}``, each text of a row replaced by its number: ``["a", 1]`` is ``[["t", 0], 1]``.

    A text becomes ``-1 - number``, a number is unchanged and must not be negative; a list has only texts.
    """
    texts: dict[str, int] = {}

    def coded(text: str) -> int:
        return -1 - texts.setdefault(text, len(texts))

    coded_rows = [
        [
            coded(value) if isinstance(value, str) else [*map(coded, value)] if isinstance(value, list) else value
            for value in row
        ]
        for row in rows
    ]
    return json.dumps({"s": list(texts), "r": coded_rows}, separators=(",", ":"), allow_nan=False).encode("ascii")


def core_and_chunks(results: Harmless, lists: VmLists, budget: int = BUDGET) -> tuple[Json, list[str]]:
    """The core, and the chunks that it names by number. `lists` are the lists of VMs that the page shows in part."""
    data = _Page(results, lists, budget)
    return data.core(), data.packer.chunks


class _Page:
    def __init__(self, results: Json, lists: VmLists, budget: int) -> None:
        self.results = results
        self.lists = lists
        self.packer = _Packer(budget)
        self.vms = lists.drawn
        self.of_vm: list[list[Json]] = [vm["results"] for vm in self.vms]
        self.ready_after = {name: number for number, step in enumerate(results["plan"], 1) for name in step["unlocks"]}
        # Each check, for each parameter of any VM: a letter in every VM's text.
        parameters: dict[str, dict[str, None]] = {id: {} for id in results["checks"]}
        for number in range(len(self.vms)):
            for id, parameter, _ in self._statuses(number):
                parameters.setdefault(id, {})[parameter] = None
        self.checks = list(parameters)
        self.number = {id: number for number, id in enumerate(self.checks)}
        self.items: dict[tuple[str, str], int] = {}
        for id, own in parameters.items():
            for parameter in own:
                self.items[id, parameter] = len(self.items)

    def _statuses(self, number: int) -> Iterator[tuple[str, str, str]]:
        """(check id, parameter, status) of each result of a VM, including those listed by name only."""
        for result in self.of_vm[number]:
            yield result["id"], result["parameter"], result["status"]
        for status, names in left_out(self.vms[number]).items():
            for name in names:
                id, _, parameter = name.partition(" ")
                yield id, parameter, status

    def core(self) -> Json:
        """The data that the script reads when the page opens."""
        vm_chunk = self.packer.add([self._vm_row(number) for number in range(len(self.vms))])
        bad = self._results(good=False)
        bad_evidence = self._evidence(good=False)
        good, good_evidence = self._results(good=True), self._evidence(good=True)
        chunk_of_key: dict[str, list[int]] = {}
        for chunks in (bad_evidence, good_evidence):
            for key, chunk in chunks.items():
                chunk_of_key.setdefault(key, []).append(chunk)
        return {
            "letters": {letter: word for word, letter in LETTERS.items()},
            "checks": [
                {
                    "id": id,
                    "title": one_line(self.results["checks"].get(id, {}).get("title", "")),
                    "docs": self.results["checks"].get(id, {}).get("docs", ""),
                    "chunks": [chunks[id] for chunks in (bad, good) if id in chunks],
                }
                for id in self.checks
            ],
            "items": [[self.number[id], truncate(one_line(parameter), 200)] for id, parameter in self.items],
            "vms": [self._vm(number) for number in range(len(self.vms))],
            "groups": _groups(self.vms),
            "lists": self.lists.all,
            "left": self.lists.left,
            "causes": [
                {
                    "check": self.number.get(cause["id"], -1),
                    "list": self.lists.of_cause[cause["number"]],
                }
                for cause in self.results["causes"][: self.lists.caps.causes]
            ],
            "run": one_line(self.results["run_id"]),
            "steps": [
                {"cause": step["cause"], "what": truncate(one_line(step["what"]), 300)}
                for step in self.results["plan"][: self.lists.caps.causes]
            ],
            "planned": len(self.results["plan"]),
            "evidence": chunk_of_key,
            "vmChunk": vm_chunk,
        }

    def _vm(self, number: int) -> list[str | int]:
        """``[name, readiness, a letter for each item, the step of the plan that makes it ready (0: none)]``."""
        vm = self.vms[number]
        letters = ["-"] * len(self.items)
        for id, parameter, status in self._statuses(number):
            letters[self.items[id, parameter]] = LETTERS[status]
        return [
            truncate(one_line(vm["name"]), 300),
            vm["readiness"],
            "".join(letters),
            self.ready_after.get(vm["name"], 0),
        ]

    def _vm_row(self, number: int) -> list[Any]:
        """The data of a VM's own card: ``[VM, address, outcome, message, remedy, via, [facts]]``."""
        vm, session = self.vms[number], self.vms[number]["session"]
        fields = {**vm["tags"], **vm["components"], **vm["facts"]}
        seconds = ", ".join(f"{one_line(phase)} {took:.1f} s" for phase, took in session["seconds"].items())
        return [
            number,
            *(truncate(one_line(text), _MESSAGE) for text in (vm["address"], session["outcome"], session["message"])),
            *(truncate(one_line(text), _MESSAGE) for text in (session["remedy"], session["via"], seconds)),
            [truncate(one_line(text), 300) for pair in fields.items() for text in pair],
        ]

    def _results(self, *, good: bool) -> dict[str, int]:
        """Check id -> the chunk with its message on each VM, for either passing or other results."""
        rows: dict[str, list[list[Any]]] = {}
        for number, of_vm in enumerate(self.of_vm):
            for result in of_vm:
                if (result["status"] in _GOOD) is good:
                    rows.setdefault(result["id"], []).append(self._result_row(number, result))
        return self._pack(rows)

    def _result_row(self, vm: int, result: Json) -> list[Any]:
        return [
            vm,
            self.items[result["id"], result["parameter"]],
            int(result["severity"] == "required"),
            int(result["root_cause"]),
            truncate(one_line(result["message"]), _MESSAGE),
            truncate(one_line(result["remedy"]), _MESSAGE),
            truncate(one_line(result["nodeid"]), 500),
            list(result["caused_by"]),
            list(result["evidence"]),
            list(result["fix"]),
        ]

    def _evidence(self, *, good: bool) -> dict[str, int]:
        """Probe key -> the chunk with its output on each VM: either used by a check with a finding, or only by others.

        Keys of only a few VMs (an answer about one identity) share the chunk of their first word.
        """
        rows: dict[str, list[list[Any]]] = {}
        shown = _shortened()
        vms_with = Counter(key for vm in self.vms for key in vm["evidence"])
        for number, vm in enumerate(self.vms):
            used: dict[str, bool] = {}  # key -> whether only passing results use it
            for result in self.of_vm[number]:
                for key in result["evidence"]:
                    used[key] = used.get(key, True) and result["status"] in _GOOD
            for key, only_good in used.items():
                if only_good is good and key in vm["evidence"]:
                    name = key if vms_with[key] > _FEW else key.partition("[")[0]
                    row = [number, key, *_evidence_row(vm["evidence"][key], good, shown)]
                    rows.setdefault(name, []).append(row)
        return self._pack(rows)

    def _pack(self, rows: dict[Any, list[list[Any]]]) -> dict[Any, int]:
        packed = ((key, self.packer.add(of_key)) for key, of_key in rows.items())
        return {key: chunk for key, chunk in packed if chunk is not None}


def _shortened() -> Callable[[str, int], tuple[str, bool]]:
    """A function that returns a stream as shown, and whether it was cut. Cached: VMs often print the same text."""

    @cache
    def shorten(text: str, keep: int) -> tuple[str, bool]:
        kept, left_out = middle_cut(text, keep)
        return kept.rstrip("\n"), bool(left_out)

    return shorten


def _evidence_row(result: Json, good: bool, shorten: Callable[[str, int], tuple[str, bool]]) -> list[Any]:
    """``[command, state, exit, hundredths of a second, stdout, stderr, flags]``; flags: 1 shortened, 2 truncated."""
    keep = _KEEP_OF_A_PASS if good else _KEEP
    (command, a), (out, b), (err, c) = (shorten(result[name], keep) for name in ("command", "stdout", "stderr"))
    flags = int(a or b or c) + 2 * bool(result["truncated"])
    return [command, _ended(result), round(result["seconds"] * 100), out, err, flags]


def _ended(result: Json) -> str:
    """The end of a command, or of a request to Azure, which has no exit status."""
    exit, state = result["exit"], result["state"]
    if exit is None:
        return str(state)
    if result["command"].startswith("GET "):  # an answer of Azure without success has no exit status
        return "HTTP 404" if result["stdout"].startswith("404:") else "HTTP 200"
    return f"exit {exit}" if state == "done" else f"{state}, exit {exit}"


def _groups(vms: Sequence[Json]) -> list[Json]:
    """The groupings of VMs: ``{"of": "tags", "name": "site", "values": [...], "vm": [value of each VM, or -1]}``.

    A kind of component or fact with different values on all VMs cannot group them, and is omitted; so is one that no VM
    has.
    """
    groups = []
    for of in ("tags", "components", "facts"):
        for name in dict.fromkeys(name for vm in vms for name in vm[of]):
            values: dict[str, int] = {}
            labels: list[str] = []
            numbers = []
            for vm in vms:
                value = vm[of].get(name)
                if value is not None and value.lower() not in values:
                    values[value.lower()] = len(values)
                    labels.append(value)
                numbers.append(-1 if value is None else values[value.lower()])
            if of != "tags" and len(vms) > 1 and len(values) == sum(number >= 0 for number in numbers):
                continue
            shown = short_names(labels) if of == "components" else labels
            groups.append(
                {
                    "of": of,
                    "name": one_line(name),
                    "values": [truncate(one_line(value), 120) for value in shown],
                    "vm": numbers,
                }
            )
    return groups
