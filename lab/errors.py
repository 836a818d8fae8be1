"""The one exception of the lab."""

from __future__ import annotations


class LabError(Exception):
    """The lab cannot do what the user requested; the text is the message for the user."""
