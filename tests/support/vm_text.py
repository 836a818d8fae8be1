"""Answers of a hostile VM and of a faulty Azure: mutated real answers, for the tests and `make fuzz`."""

from __future__ import annotations

import base64
import inspect
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from plugins.azure.snapshot import AzureSnapshot
from plugins.azure.vm_view import AzureVmView
from plugins.checks.check import Check
from plugins.checks.probe import Probe
from plugins.model import ProbeResult, ProbeState
from tests.support.catalogue import CHECKS, FUNCTIONS, ROWS
from tests.support.suite_probes import DECLARED
from tests.support.suite_rows import NOW, Row, seen

#: Examples of each property. The gate tries a few, always the same ones; `make fuzz` tries many other ones.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "12"))
budget = settings(
    max_examples=EXAMPLES,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

#: Every probe of the suites, by the name that checks use.
PROBES: dict[str, Probe] = DECLARED

#: Answers of each probe, real or written like real ones, from the tables of its checks.
ANSWERS: dict[str, list[ProbeResult]] = {name: [seen("")] for name in PROBES}
for _rows in ROWS.values():
    for _row in _rows:
        for _name, _answer in _row.evidence.items():
            if _answer not in ANSWERS[_name]:
                ANSWERS[_name].append(_answer)

#: Parts for any text: for terminals, lines, invisible characters, markup, spreadsheets, CI servers, shells, JSON,
#: dates.
NASTY = (
    *("\x1b[2J\x1b]0;pwned\x07", "\x9b31m", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u202e", "\x00"),
    *("<script>alert(1)</script>", "</textarea>", "]]>", "&#0;", "\ufffe", "\ud800", "\U0010ffff", "\ufeff", "\x7f"),
    *('=HYPERLINK("http://x")', "@SUM(1)", "-1+1", "|' /C calc'!A0", "::error::x", "##vso[task.complete]"),
    *("[" * 1500, '{"a":' * 1500, '"', "\\", '\\"', "{", "}", "[]", "null", "NaN", "1e999", "-0", "9" * 5000, "²", "٣"),
    *("\n", "\n\n", " " * 400, "\t", "@", "=", ":", "|", "%", "$(id)", "`id`", "';id;'", '"$(id)"', "../../etc/passwd"),
    *("31 Feb", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "0000-00-00", "99999999999999", "-1", "0"),
    *("https://[", "http://a:b:c", "http://x:99999999", "fe80::1%x", "*", "é" * 300, "1." * 300),
)

#: Values for any place in a JSON document.
NASTY_JSON: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1e308, float("inf"), float("nan"), 10**400, "", " ", "x" * 5000, [], {}, [None], [[]]),
    *({"": {}}, {"id": 7}, [1], ["x"], "31 Feb", "9999-12-31T23:59:59-23:59", "/subscriptions/x", "\x1b[2J", "\ud800"),
)

STATES: tuple[ProbeState, ...] = ("done", "timed out", "no tool", "no root", "lost")


# --- text


@st.composite
def bent(draw: st.DrawFn, text: str, others: tuple[str, ...] = (), most: int = 5) -> str:
    """A text with a few mutations: cut, doubled, spliced, with hostile parts, or with changed JSON."""
    for _ in range(draw(st.integers(0, most))):
        at, to = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        match draw(st.sampled_from("cut keep double splice nasty word line json".split())):
            case "cut":
                text = text[:at] + text[to:]
            case "keep":
                text = text[at:to]
            case "double":
                text = text[:to] + text[at:to] + text[to:]
            case "splice" if others:
                other = draw(st.sampled_from(others))
                text = text[:at] + other[draw(st.integers(0, len(other))) :]
            case "word" if words := list(re.finditer(r"[\w.:/+-]+", text)):
                word = draw(st.sampled_from(words))
                text = text[: word.start()] + draw(st.sampled_from(NASTY)) + text[word.end() :]
            case "line":
                lines = text.split("\n")
                lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(NASTY)))
                text = "\n".join(lines)
            case "json":
                text = draw(bent_json_in(text))
            case _:
                text = text[:at] + draw(st.sampled_from(NASTY) | st.text(max_size=8)) + text[to:]
    return text


@st.composite
def bent_json_in(draw: st.DrawFn, text: str) -> str:
    """A text with mutations in its first JSON document, also in a token's claims (`suites.probes.imds_token`)."""
    if claims := re.search(r"^claims=([\w -]+)$", text, re.M):
        payload = claims[1].replace(" ", "")
        try:
            value = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except ValueError:
            return text
        coded = base64.urlsafe_b64encode(json.dumps(draw(bent_json(value))).encode()).decode().rstrip("=")
        return text[: claims.start(1)] + " ".join(re.findall(".{1,4}", coded)) + text[claims.end(1) :]
    for start in islice(re.finditer(r"[\[{]", text), 12):
        try:
            value, end = json.JSONDecoder().raw_decode(text, start.start())
        except (ValueError, RecursionError):
            continue
        return text[: start.start()] + json.dumps(draw(bent_json(value))) + text[end:]
    return text


# --- JSON


def places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to every value of a JSON document."""
    yield here
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*here, key))


def planted(value: Any, path: tuple[Any, ...], what: Any) -> Any:
    """The document with `what` at a path; ``...`` removes it."""
    if not path:
        return None if what is ... else what
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1 and what is ...:
        del copy[path[0]]
    else:
        copy[path[0]] = planted(copy[path[0]], path[1:], what)
    return copy


@st.composite
def bent_json(draw: st.DrawFn, value: Any, most: int = 3) -> Any:
    """A JSON document with a few values changed or removed."""
    for _ in range(draw(st.integers(1, most))):
        path = draw(st.sampled_from(list(places(value))))
        value = planted(value, path, draw(st.sampled_from((..., *NASTY_JSON))))
    return value


# --- arguments of checks


@st.composite
def answers(draw: st.DrawFn, name: str, known: tuple[ProbeResult, ...] = ()) -> ProbeResult:
    """An answer of this probe on a hostile VM: a mutation of one of `known`, or of any known answer."""
    everything, cap = ANSWERS[name], PROBES[name].cap
    texts = tuple(text for result in everything for text in (result.stdout, result.stderr) if text)
    base = draw(st.sampled_from(known or everything))
    state = draw(st.sampled_from((*[base.state] * 5, *STATES)))
    exits = st.sampled_from((base.exit, base.exit, 0, 1, 2, 7, 28, 35, 56, 60, 127, 255, -1073741819))
    return replace(
        base,
        probe=name,
        state=state,
        exit=draw(exits) if state == "done" else None,
        stdout=draw(bent(base.stdout, texts))[:cap],
        stderr=draw(bent(base.stderr, texts, most=3))[:cap],
        truncated=draw(st.booleans()),
        seconds=draw(st.sampled_from((0.0, 0.25, 1e9))),
        received=draw(st.sampled_from((NOW, 0.0, 4e9))),
    )


def guest_checks() -> list[tuple[Check, Callable[..., str]]]:
    """The checks that read answers of a VM."""
    return [
        (check, FUNCTIONS[check.id])
        for check in CHECKS.values()
        if any(row.evidence for row in ROWS[check.id])
        or set(inspect.signature(FUNCTIONS[check.id]).parameters) & set(PROBES)
    ]


def azure_checks() -> list[tuple[Check, Callable[..., str]]]:
    """The checks that read answers of Azure."""
    return [
        (check, FUNCTIONS[check.id])
        for check in CHECKS.values()
        if any(isinstance(row.parameters.get("azure"), AzureVmView) for row in ROWS[check.id])
    ]


@st.composite
def bent_rows(draw: st.DrawFn, check: Check) -> Row:
    """A row of a check's table with mutations of the VM's answers."""
    row = draw(st.sampled_from([row for row in ROWS[check.id] if row.evidence]))
    return replace(row, evidence={name: draw(answers(name, (result,))) for name, result in row.evidence.items()})


@st.composite
def bent_azure_rows(draw: st.DrawFn, check: Check) -> Row:
    """A row with mutations of one or two of Azure's answers."""
    row = draw(st.sampled_from([row for row in ROWS[check.id] if isinstance(row.parameters.get("azure"), AzureVmView)]))
    view: AzureVmView = row.parameters["azure"]
    data = view.fleet.to_data()
    bendable = [path for path, answer in data["answers"].items() if answer.get("value") is not None]
    for path in draw(st.lists(st.sampled_from(bendable), min_size=1, max_size=2)):
        data["answers"][path]["value"] = draw(bent_json(data["answers"][path]["value"]))
    try:
        facts = AzureSnapshot.from_data(data)
    except ValueError:  # not a resource: the client refuses such an answer
        facts = view.fleet
    return replace(row, parameters={**row.parameters, "azure": AzureVmView(view._vm, facts)})


# --- texts that are slow to read for a pattern that backtracks

_PUMPS = (
    "\n",
    " ",
    "\t",
    "a",
    "0",
    "@",
    "[",
    "{",
    '"',
    "\\",
    "=",
    ":",
    "|",
    "\x1b[",
    "a=",
    "x: ",
    "1.",
    "/",
    " \n",
    "\n\t",
)


def pumps(name: str) -> list[str]:
    """Parts to repeat: the separators in a probe's answer, and single characters."""
    marks = {
        mark
        for result in ANSWERS[name]
        for text in (result.stdout, result.stderr)
        for line in text.split("\n")[:200]
        for mark in re.findall(r"^@\w+ ?|^[a-z_]+=|^[\w ]+:", line)
    }
    lines = [f"{mark}\n" for mark in sorted(marks)[:8]]
    return [*_PUMPS, *lines] if EXAMPLES > 12 else [*_PUMPS[:8], *lines]
