"""``--split-by``: the page of each VM, and its file name."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from plugins.core.errors import InputError
from plugins.core.sanitize import harmless
from plugins.model import Vm
from plugins.pytest_adapter import page_options
from plugins.reports.html.parts import file_name, folder, parts
from tests.support.report_builder import NASTY
from tests.support.report_fleet import rollout
from tests.support.report_page import core, write_page

HOSTILE = ["../../etc/passwd", "..", ".", "", " ", "a/b", "a\\b", "con", "NUL", "x\x00y", "\u202egnp", "\ud800", "é", "e", "E",
           "a" * 300, "-rf", "~", "owner.html", "a b", "a-b", NASTY]  # fmt: skip


def test_a_file_name_holds_letters_digits_and_dashes_and_no_two_values_share_one() -> None:
    names = [file_name(tag, value) for tag in ("owner", "../x", "Owner") for value in (*HOSTILE, None)]
    assert all(re.fullmatch(r"_?[a-z0-9][a-z0-9-]{0,160}\.html", name) for name in names), names
    assert len({name.lower() for name in names}) == len(names)
    assert file_name("owner", "alice") == "owner-alice.html" and folder("owner") == "by-owner"
    assert re.fullmatch(r"by-[a-z0-9-]+", folder("../../x"))


def test_each_vm_is_on_one_page_and_those_without_the_tag_are_on_the_last() -> None:
    vms = [{"name": name, "tags": tags} for name, tags in (("a", {"owner": "zoe"}), ("b", {}), ("c", {"owner": "al"}))]
    assert list(parts(vms, "owner").items()) == [("al", ["c"]), ("zoe", ["a"]), (None, ["b"])]


def test_one_page_for_each_value_of_the_tag_that_needs_nothing_else(tmp_path: Path) -> None:
    results = rollout(30)
    results["vms"][0]["tags"]["site"] = NASTY
    del results["vms"][1]["tags"]["site"]
    page = write_page(tmp_path, harmless(results), split_by="site")
    written = sorted(path.name for path in (tmp_path / "by-site").iterdir())
    expected = parts(results["vms"], "site")
    assert written == sorted(file_name("site", value) for value in expected) and len(written) == 7
    for value, names in expected.items():
        path = tmp_path / "by-site" / file_name("site", value)
        assert [name for name, *_ in core(path)["vms"]] == names
        text = path.read_text(encoding="utf-8")
        assert "Content-Security-Policy" in text
        assert f'<title id="head-title">{"without site" if value is None else "site "}' in text
        assert not any(vm["name"] in text for vm in results["vms"] if vm["name"] not in names)
    hrefs = re.findall(r'href="(by-site/[^"]+)"', page.read_text(encoding="utf-8"))
    assert sorted(href.removeprefix("by-site/") for href in hrefs) == written
    assert len(core(page)["vms"]) == 30


def tagged(*tags: dict[str, str]) -> list[Vm]:
    return [Vm(f"vm-{number}", tags=own) for number, own in enumerate(tags)]


def option(split_by: str | None = None, history: int | None = None) -> argparse.Namespace:
    return argparse.Namespace(split_by=split_by, history=history)


@pytest.mark.parametrize(
    ("asked", "vms", "message"),
    [
        (option("owner"), tagged({"site": "oslo"}, {"wave": "1"}), "--split-by owner: no VM of this run has this tag; they have site, wave"),
        (option("owner"), tagged({}), "--split-by owner: no VM of this run has this tag; they have no tags"),
        (option("n"), tagged(*({"n": str(n)} for n in range(501))), "--split-by n: 501 values; a run writes at most 500 pages"),
        (option(history=1), [], "--history 1: a line over time needs at least 2 runs"),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_met_is_refused_before_the_run(
    asked: argparse.Namespace, vms: list[Vm], message: str
) -> None:
    with pytest.raises(InputError) as refused:
        page_options.validate(asked, vms)
    assert str(refused.value) == message
    page_options.validate(option("site", 2), tagged({"site": "oslo"}))
    page_options.validate(option("n"), tagged(*({"n": str(n)} for n in range(500))))
