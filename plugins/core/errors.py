"""The error of every package for mistakes that the operator has to correct."""

from __future__ import annotations


class InputError(Exception):
    """An option, or a file that an option names, cannot be used. The text names it, the reason and the remedy.

    `plugins.pytest_adapter.plugin` turns it into pytest's usage error, exit code 4.
    """
