"""Damaged JSON: what is refused, and with which message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from plugins.core import strict_json
from plugins.core.strict_json import check_version, checked, parse, quick, whole


@dataclass
class Record:
    name: str
    port: int | None = 22


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"NaN", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"1e999", "the number 1e999 is too large"),
        (b"-1" + b"0" * 400 + b".0", "the number -1000000000000000000 is too large"),
        (b'{"a": 1, "b": 2, "a": 3}', "the key 'a' occurs twice"),
        (b'{"%s": 1, "%s": 3}' % (b"k" * 50, b"k" * 50), f"the key '{'k' * 40}' occurs twice"),
        (b"[" * 100_000, "it is nested too deeply"),
    ],
)
def test_what_is_not_strict_json_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        parse(raw)
    assert str(refused.value) == why


def test_a_text_may_have_as_many_values_as_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "_MOST_VALUES", 3)
    assert parse(b"[1,2,3]") == [1, 2, 3]
    with pytest.raises(ValueError, match=r"^it has more than 3 values$"):
        parse(b"[1,2,3,4]")
    assert parse(b"[1,2,3,4]", of_a_fleet=True) == [1, 2, 3, 4]
    monkeypatch.setattr(strict_json, "_MOST_VALUES", 1234)
    with pytest.raises(ValueError, match=r"^it has more than 1,234 values$"):
        parse(b"[" + b"1," * 2000 + b"1]")


@pytest.mark.parametrize(
    ("data", "place", "why"),
    [
        ({"name": 5}, "", "name: expected str, got int"),
        ({"name": 5}, "vm", "vm.name: expected str, got int"),
        ({"name": "a", "port": "x"}, "", "port: expected int or null, got str"),
        ([], "", "expected object, got array"),
        ([], "vm", "vm: expected object, got array"),
        ({}, "vm", "vm: object missing required field name"),
    ],
)
def test_a_value_of_another_type_names_its_place(data: Any, place: str, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        checked(data, Record, place)
    assert str(refused.value) == why
    assert checked({"name": "a", "more": 1}, Record) == Record("a")


@pytest.mark.parametrize(("place", "why"), [("", ""), ("vm", "vm: ")])
def test_a_field_that_is_missing_is_not_its_default(place: str, why: str) -> None:
    with pytest.raises(ValueError, match=rf"^{why}object missing required field port$"):
        whole({"name": "a"}, Record, place)
    assert whole({"name": "a", "port": None}, Record, place) == Record("a", None)


@pytest.mark.parametrize("version", [2, None, "1", True, 1.0])
def test_another_version_is_refused(version: Any) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        check_version({"version": version}, 1, 3)
    assert str(refused.value) == f"it has format {version!r}, this suite reads 1 and 3"
    check_version({"version": 3}, 1, 3)


def test_what_has_no_version_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^it has format None, this suite reads 1$"):
        check_version([], 1)
    with pytest.raises(ValueError, match=r"^object missing required field version$"):
        check_version({}, 1)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"name":"a","port":7}', Record("a", 7)),
        (b'{"name":"a"}\n', Record("a")),
        (b'{"name":"a", "port":7}', None),
        (b'{"name":"a","odd":7}', None),
        (b'{"name":"a","name":"b"}', None),
        (b'{"name":7}', None),
        (b"[", None),
        (b'{"name":"\xff"}', None),
        (b'{"name":' + b"[" * 100_000, None),
    ],
)
def test_a_large_object_is_read_quickly_only_as_it_is_written(raw: bytes, expected: Record | None) -> None:
    assert quick(raw, Record, ("name", "port")) == expected


def test_a_large_object_of_too_many_values_is_not_read_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = b'{"name":"a","port":7}'
    monkeypatch.setattr(strict_json, "_MOST_VALUES", 1 - len(raw) // 8)
    assert quick(raw, Record, ("name", "port")) == Record("a", 7)
    monkeypatch.setattr(strict_json, "_MOST_VALUES", -len(raw) // 8)
    assert quick(raw, Record, ("name", "port")) is None
