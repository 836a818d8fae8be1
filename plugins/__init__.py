"""The pipeline behind the checks, a package for each stage. The author of a check imports all of it from here.

Facts about one topic stay in their modules: `plugins.requirements` (data files, agent errors, log lines, codes of
Windows), `plugins.azure.roles`, `plugins.azure.resource_ids`, `plugins.checks.package_manager`,
`plugins.checks.agent_log_paths`, `plugins.core.secret_names` (the patterns by which probes mask).
"""

from plugins.azure.vm_view import AzureVmView, Principal
from plugins.checks.check import (
    CheckOutcome,
    Fix,
    OnVm,
    blocked,
    check,
    fail,
    not_applicable,
    on_vm,
    recommended,
    record_fact,
    required,
    unknown,
    warn,
)
from plugins.checks.command import Command, first_installed, script, sh
from plugins.checks.probe import ANY_ERROR, END, probe
from plugins.checks.quoting import ps, quote, tool
from plugins.model import ProbeResult, Severity, SshSession, Status, Vm
from plugins.requirements.profile import EGRESS_ONLY, REQUIRED_NEEDS, Endpoint, Profile

__all__ = [
    "ANY_ERROR",
    "EGRESS_ONLY",
    "END",
    "REQUIRED_NEEDS",
    "AzureVmView",
    "CheckOutcome",
    "Command",
    "Endpoint",
    "Fix",
    "OnVm",
    "Principal",
    "ProbeResult",
    "Profile",
    "Severity",
    "SshSession",
    "Status",
    "Vm",
    "blocked",
    "check",
    "fail",
    "first_installed",
    "not_applicable",
    "on_vm",
    "probe",
    "ps",
    "quote",
    "recommended",
    "record_fact",
    "required",
    "script",
    "sh",
    "tool",
    "unknown",
    "warn",
]
