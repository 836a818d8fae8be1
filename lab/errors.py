"""The one exception of the lab."""

from __future__ import annotations


class LabError(Exception):
    """The lab cannot do what it was asked for; the text says why, in words for the person who asked."""
