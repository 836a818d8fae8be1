"""What a hostile VM may print: real answers, bent. Shared by the tests here and by `make fuzz`."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace

from hypothesis import strategies as st

import suites
from plugins.checks import Check
from plugins.model import Seen, State
from plugins.probes import Probe, probe_of
from tests.suites.suite_rows import NOW, Row, seen
from tests.suites.test_catalogue import ALL, ROWS

#: Every probe of the suites, by the name that checks use; two of one name only where they are one probe.
PROBES: dict[str, Probe] = {}
for _module in pkgutil.iter_modules(suites.__path__, "suites."):
    for _name, _value in vars(importlib.import_module(_module.name)).items():
        if (_found := probe_of(_value)) is not None:
            PROBES.setdefault(_name, _found)

#: A real answer, or one written by hand after a real one, for each probe: what the tables of its checks hold.
ANSWERS: dict[str, list[Seen]] = {name: [seen("")] for name in PROBES}
for _rows in ROWS.values():
    for _row in _rows:
        for _name, _answer in _row.evidence.items():
            if _answer not in ANSWERS[_name]:
                ANSWERS[_name].append(_answer)

#: What a text may hold that is worth a try anywhere: markup, terminals, spreadsheets, XML, JSON, numbers, ends of lines.
NASTY = (
    *("\x1b[2J\x1b]0;pwned\x07", "\x9b31m", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u202e", "\x00", "\x7f"),
    *("<script>alert(1)</script>", "</textarea>", "]]>", "&#0;", "\ufffe", "\ud800", "\udcff", "\U0010ffff", "\ufeff"),
    *('=HYPERLINK("http://x")', "@SUM(1)", "-1+1", "|' /C calc'!A0", "::error::x", "##vso[task.complete]"),
    *("[" * 3000, '{"a":' * 3000, '"', "\\", '\\"', "{", "}", "[]", "null", "NaN", "1e999", "-0", "9" * 5000, "²", "٣"),
    *("\n", "\n\n", " " * 400, "\t", "@", "=", ":", "|", "%", "$(id)", "`id`", "';id;'", '"$(id)"', "../../etc/passwd"),
    *("31 Feb", "9999-99-99T99:99:99Z", "0000-00-00", "https://[", "http://a:b:c", "http://x:99999999", "fe80::1%x", "*"),
)

STATES: tuple[State, ...] = ("done", "timed out", "no tool", "no root", "lost")


@st.composite
def bent(draw: st.DrawFn, text: str, others: tuple[str, ...] = (), most: int = 6) -> str:
    """A text with a few changes: cut, doubled, spliced with another one, and nasty things put in."""
    for _ in range(draw(st.integers(0, most))):
        at, to = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        match draw(st.sampled_from("cut keep double splice nasty line".split())):
            case "cut":
                text = text[:at] + text[to:]
            case "keep":
                text = text[at:to]
            case "double":
                text = text[:to] + text[at:to] + text[to:]
            case "splice" if others:
                other = draw(st.sampled_from(others))
                text = text[:at] + other[draw(st.integers(0, len(other))) :]
            case "line":
                lines = text.split("\n")
                lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(NASTY)))
                text = "\n".join(lines)
            case _:
                text = text[:at] + draw(st.sampled_from(NASTY) | st.text(max_size=8)) + text[to:]
    return text


@st.composite
def answers(draw: st.DrawFn, name: str) -> Seen:
    """What a probe of that name saw on a hostile VM."""
    known, cap = ANSWERS[name], PROBES[name].cap
    texts = tuple(text for each in known for text in (each.stdout, each.stderr) if text)
    base = draw(st.sampled_from(known))
    state = draw(st.sampled_from((base.state, base.state, base.state, *STATES)))
    stdout = draw(bent(base.stdout, texts))[:cap]
    stderr = draw(bent(base.stderr, texts, most=3))[:cap]
    exits = st.sampled_from((base.exit, 0, 1, 2, 7, 28, 35, 56, 60, 127, 255, -1073741819))
    return replace(
        base,
        probe=name,
        state=state,
        exit=draw(exits) if state == "done" else None,
        stdout=stdout,
        stderr=stderr,
        truncated=draw(st.booleans()),
        seconds=draw(st.sampled_from((0.0, 0.25, 1e9))),
        received=draw(st.sampled_from((NOW, 0.0, 4e9))),
    )


def guest_checks() -> Iterator[tuple[Check, Callable[..., str]]]:
    """The checks that read what a VM said."""
    for check, function in ALL:
        if any(row.evidence for row in ROWS[check.id]) or set(inspect.signature(function).parameters) & set(PROBES):
            yield check, function


@st.composite
def bent_rows(draw: st.DrawFn, rows: list[Row]) -> Row:
    """A row of a table with the VM's answers bent."""
    row = draw(st.sampled_from(rows))
    return replace(row, evidence={name: draw(answers(name)) for name in row.evidence})
