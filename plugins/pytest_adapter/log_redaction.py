"""Redaction of output by pytest and the libraries: log records, and tracebacks of internal errors.

Reports are rendered from data that was redacted when it was recorded. Records of libraries at DEBUG, and the
local variables in a traceback (``--showlocals``), were not: they pass the same redaction here.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

import pytest

from plugins.core.redaction import remember_environment
from plugins.core.sanitize import terminal_text
from plugins.pytest_adapter.options import asks_for_run

_Factory = Callable[..., logging.LogRecord]
_FACTORY = pytest.StashKey[_Factory]()
_UMASK = pytest.StashKey[int]()


def start(config: pytest.Config) -> None:
    """From the start of a run: redact log records, and make new files readable only by their owner."""
    if not asks_for_run(config.option):
        return
    # For all files: pytest-html's, a log, a cache. Another umask would give too many rights, or none.
    config.stash[_UMASK] = os.umask(0o077)
    remember_environment(os.environ)
    config.stash[_FACTORY] = before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(_redacting(before))
    # Not reverted: pytest may report an error after this.
    sys.excepthook = _last_words


def stop(config: pytest.Config) -> None:
    """Restore logging, and the mode of new files."""
    if (before := config.stash.get(_FACTORY, None)) is not None:
        logging.setLogRecordFactory(before)
        os.umask(config.stash[_UMASK])


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(terminal_text("".join(traceback.format_exception(kind, error, trace))))


def _redacting(make: _Factory) -> _Factory:
    def record(*arguments: Any, **named: Any) -> logging.LogRecord:
        made = make(*arguments, **named)
        try:
            text = made.getMessage()
        except (TypeError, ValueError, KeyError):  # arguments that do not fit: logging itself reports it
            return made
        if (clean := terminal_text(text)) != text:
            made.msg, made.args = clean, None
        if made.exc_info and made.exc_info[1] is not None:
            made.exc_text = terminal_text(logging.Formatter().formatException(made.exc_info))
        return made

    return record


def clean_traceback(excrepr: Any) -> None:
    """Take secrets out of the traceback of an internal error."""
    for trace, crash, _ in getattr(excrepr, "chain", [(excrepr.reprtraceback, excrepr.reprcrash, None)]):
        for entry in trace.reprentries:
            _clean(entry.lines)
            for part in (getattr(entry, "reprlocals", None), getattr(entry, "reprfuncargs", None)):
                if part is not None and hasattr(part, "lines"):
                    _clean(part.lines)
                elif part is not None:
                    part.args[:] = [(name, terminal_text(value)) for name, value in part.args]
        if crash is not None:
            crash.message = terminal_text(crash.message)


def _clean(lines: list[str]) -> None:
    lines[:] = terminal_text("\n".join(lines)).split("\n")
