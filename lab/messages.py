"""HTTP messages of the stand-ins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request to a stand-in."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """A stand-in's answer."""

    status: int
    body: Mapping[str, Any]
    delay: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
