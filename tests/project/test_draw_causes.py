"""docs/diagnosis.md shows exactly the causes that the checks declare."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from scripts import draw_causes
from tests.suites.test_facts import FACTS
from tests.support.catalogue import CHECKS

KNOWN = draw_causes.checks()


def test_the_page_is_what_the_checks_declare() -> None:
    text = draw_causes.PAGE.read_text(encoding="utf-8")
    assert text == draw_causes.page(text, KNOWN), "run: python -m scripts.draw_causes"
    assert set(KNOWN) == set(CHECKS)
    assert draw_causes.unknown_things(KNOWN.values()) == set()


def test_a_new_edge_or_another_thing_changes_the_page() -> None:
    text = draw_causes.PAGE.read_text(encoding="utf-8")
    names = KNOWN["DNS-001"]
    for changed in (replace(names, caused_by=("SSH-003",)), replace(names, component="csn")):
        assert draw_causes.page(text, {**KNOWN, "DNS-001": changed}) != text


def test_no_edge_is_lost_by_leaving_out_arrows() -> None:
    arrows = re.findall(r"^    (\S+) --> (\S+)$", draw_causes.drawing(KNOWN), re.M)
    drawn: dict[str, set[str]] = {}
    for cause, consequence in arrows:
        drawn.setdefault(cause, set()).add(consequence)
    declared = draw_causes.edges(KNOWN)
    for cause, consequences in declared.items():
        assert consequences <= draw_causes.behind(cause, drawn)
    assert all(consequence in declared[cause] for cause, consequence in arrows)


def test_no_check_explains_itself() -> None:
    explains = draw_causes.edges(KNOWN)
    assert [id for id in KNOWN if id in draw_causes.behind(id, explains)] == []


def test_a_page_without_the_marker_lines_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"diagnosis\.md lacks the lines '<!-- drawing"):
        draw_causes.page("nothing", KNOWN)


def test_the_page_lists_every_fact() -> None:
    text = draw_causes.PAGE.read_text(encoding="utf-8")
    rows = text.partition("| fact | recorded by |")[2].splitlines()[2:]
    listed = {name.strip() for row in rows if row.startswith("|") for name in row.split("|")[1].split(",")}
    assert listed == FACTS
