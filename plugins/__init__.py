"""The pipeline behind the checks, one module per step. Suite authors import all they need from here."""

from plugins.checks.check import check, fail, not_applicable, on_vm, recommended, record_fact, required, unknown, warn
from plugins.checks.probe import probe, quote
from plugins.model import ProbeResult, SshSession

__all__ = [
    "ProbeResult",
    "SshSession",
    "check",
    "fail",
    "not_applicable",
    "on_vm",
    "probe",
    "quote",
    "recommended",
    "record_fact",
    "required",
    "unknown",
    "warn",
]
