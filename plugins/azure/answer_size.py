"""Limits on the size of answers of Azure, or of a server in its place. Read in pieces, so no zip bomb is unpacked.

The limits are far above the size of Azure's answers: a page holds some hundred resources of a few kilobytes.
"""

from __future__ import annotations

import threading
from typing import Any

import requests

from plugins.azure.errors import NotAllowedError

_MEGABYTE = 1 << 20
_ANSWER = 8 * _MEGABYTE  # bytes of one answer, decompressed
_QUESTION = 32 * _MEGABYTE  # of all pages of one question
_VALUES = 500_000  # JSON values of one question: each takes 50 to 100 bytes of memory, however short it is
_PIECE = 16_384


class AnswerSize:
    """Counts the size of the answers to one question; each thread sends one question at a time."""

    def __init__(self) -> None:
        """Each thread begins its own count with `begin`."""
        self._question = threading.local()

    def begin(self) -> None:
        """Start the count of a new question in this thread."""
        self._question.bytes = self._question.values = 0

    def read(self, response: requests.Response, **_: Any) -> requests.Response:
        """A hook of `requests`: read the answer, and raise `NotAllowedError` when it goes beyond a limit."""
        pieces, size = [], 0
        for piece in response.iter_content(_PIECE):
            size += len(piece)
            if size > _ANSWER or self._question.bytes + size > _QUESTION:
                response.close()
                raise _too_large(f"{(_ANSWER if size > _ANSWER else _QUESTION) // _MEGABYTE} MB")
            pieces.append(piece)
        response._content = content = b"".join(pieces)
        self._question.bytes += size
        self._question.values += sum(map(content.count, (b",", b"[", b"{")))
        if self._question.values > _VALUES:
            raise _too_large(f"{_VALUES:,} values")
        return response


def _too_large(limit: str) -> NotAllowedError:
    return NotAllowedError(f"the answer is longer than {limit}, which Azure Resource Manager never sends.")
