"""HTTP messages, as the stand-ins see and say them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, as the stand-ins see it."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a stand-in says to a request."""

    status: int
    body: Mapping[str, Any]
    delay: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
