"""`plugins.evidence.layout`: the file name of a VM."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.evidence.layout import file_name


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("vm-a_1.x", "vm-a_1.x"),
        ("a/b", "a%2Fb"),
        ("..", "%2E."),
        (".ssh", "%2Essh"),
        ("", "%"),
        ("ä b", "%C3%A4%20b"),
        ("a%2Fb", "a%252Fb"),
    ],
)
def test_file_names(name: str, file: str) -> None:
    assert file_name(name) == file


@given(st.text(max_size=300), st.text(max_size=300))
def test_file_names_are_safe_and_differ(one: str, other: str) -> None:
    safe = file_name(one)
    assert 1 <= len(safe) <= 120
    assert not safe.startswith(".")
    assert set(safe) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-%~")
    assert (file_name(other) == safe) == (one == other)


def test_long_names_differ_by_their_hash() -> None:
    assert file_name("x" * 200) != file_name("x" * 201)
