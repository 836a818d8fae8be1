"""The pipeline behind the checks, one module per step. Suite authors import all they need from here."""

from plugins.checks.check import check, fail, not_applicable, note, on_vm, recommended, required, unknown, warn
from plugins.checks.probe import probe, quote
from plugins.model import Seen, Session

__all__ = [
    "Seen",
    "Session",
    "check",
    "fail",
    "not_applicable",
    "note",
    "on_vm",
    "probe",
    "quote",
    "recommended",
    "required",
    "unknown",
    "warn",
]
