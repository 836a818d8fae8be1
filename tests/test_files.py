"""Files that are always whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from plugins.files import write_json


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"a": 1, "vms": [{"name": "ä\ud800"}, [], None], "none": [], "b": {"c": [1, 2.5, True]}},
        [1, {"a": 2}],
        "text",
        {1: "a key that is no text"},
    ],
)
def test_json_is_the_same_in_pieces(tmp_path: Path, data: Any) -> None:
    write_json(tmp_path / "x.json", data)
    whole = json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"
    assert (tmp_path / "x.json").read_bytes() == whole.encode("utf-8", "backslashreplace")
