"""Files that are always whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plugins.core.files import write_json, write_large_json


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"a": 1, "vms": [{"name": "ä\ud800"}, [], None], "none": [], "b": {"c": [1, 2.5, True]}},
    ],
)
@pytest.mark.parametrize("write", [write_json, write_large_json])
def test_json_is_the_same_in_pieces(tmp_path: Path, data: Any, write: Callable[[Path, Any], None]) -> None:
    write(tmp_path / "x.json", data)
    whole = json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"
    assert (tmp_path / "x.json").read_bytes() == whole.encode("utf-8", "backslashreplace")
