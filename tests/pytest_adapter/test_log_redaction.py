"""Logs and final tracebacks do not contain secrets."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from plugins.pytest_adapter import log_redaction

SECRET = "Authorization: Bearer abcdef0123456789"
MARK = "Authorization: Bearer <secret:"


def _record(message: object, *arguments: object, error: BaseException | None = None) -> logging.LogRecord:
    make = log_redaction._redacting(logging.LogRecord)
    about = None if error is None else (type(error), error, error.__traceback__)
    return make("name", logging.INFO, "path", 1, message, arguments, about)


def test_a_record_is_redacted_with_its_arguments_and_its_error() -> None:
    record = _record("sent %s\x1b[2J", SECRET, error=ValueError(SECRET))
    assert record.getMessage().startswith(f"sent {MARK}")
    assert record.getMessage().endswith(">")
    assert record.exc_text is not None
    assert record.exc_text.startswith(f"ValueError: {MARK}")


def test_a_record_without_a_secret_keeps_its_arguments() -> None:
    record = _record("%s of %s", 1, 2)
    assert (record.msg, record.args, record.exc_text) == ("%s of %s", (1, 2), None)


@pytest.mark.parametrize("arguments", [(1, 2), ("x",)])
def test_arguments_that_do_not_fit_are_left_to_logging(arguments: tuple[object, ...]) -> None:
    assert _record("%d", *arguments).args == arguments


def test_the_last_words_are_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    nowhere: Any = None
    log_redaction._last_words(ValueError, ValueError(SECRET), nowhere)
    assert capsys.readouterr().err.startswith(f"ValueError: {MARK}")


@pytest.mark.parametrize("style", ["long", "short", "native"])
def test_a_traceback_is_redacted_in_all_its_parts(style: Any) -> None:
    def fail(token: str) -> None:
        inner = [token]
        raise ValueError(inner[0])

    def fail_again() -> None:
        try:
            fail(SECRET)
        except ValueError as error:
            raise KeyError(SECRET) from error

    with pytest.raises(KeyError) as caught:
        fail_again()
    shown = caught.getrepr(style=style, showlocals=True, funcargs=True)
    assert "abcdef0123456789" in str(shown)
    log_redaction.clean_traceback(shown)
    assert shown.reprcrash is None or "abcdef0123456789" not in shown.reprcrash.message
    assert "abcdef0123456789" not in str(shown) and MARK in str(shown)
