"""Quoting by construction: the one place from which text reaches a shell command."""

from __future__ import annotations

from shlex import quote

__all__ = ["quote"]
