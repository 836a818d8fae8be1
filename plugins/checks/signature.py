"""The parameters of a function: checks, probes and severities are called by the names of their arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a function's parameters; cached, because a fleet needs them many thousand times."""
    return tuple(inspect.signature(function).parameters)
