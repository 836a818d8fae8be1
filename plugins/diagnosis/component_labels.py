"""The names of component kinds in sentences (`plugins.azure.components` finds the components of a VM)."""

from __future__ import annotations

_LABELS = {"csn": "cloud services network", "runner": "the runner", "instance": "the Operator Nexus instance"}


def component_label(kind: str, name: str) -> str:
    """``cloud services network csn-a``, ``image ubuntu:22.04``; ``the runner`` for a kind that exists once."""
    return f"{_LABELS.get(kind, kind)} {name}".strip()
