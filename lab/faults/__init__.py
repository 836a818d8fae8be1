"""The catalogue of faults, each with the verdicts that it must cause.

A fault is a function that changes a `VmPlan`. Its docstring is its story; `expects` has exactly the verdicts that
differ from those of a healthy VM, which are `pass` and `not applicable`::

    @fault("imds-down", roots=("IMDS-002",), expects={"IMDS-002": "fail", "IMDS-003": "fail"})
    def imds_down(vm: VmPlan) -> None:
        \"\"\"The metadata service refuses connections.\"\"\"
        vm.from_csn(IMDS, "tcp dport 80 reject with tcp reset")

`lab.expectations` documents the keys. `run_fault` does the same for COMMAND's machine: it changes a `RunPlan`, and its
expectations apply to every VM.
"""

from __future__ import annotations

from lab.faults import agent, cloud, cloud_access, guest, host, hostile, imds, net, proxy, relay, run
from lab.faults.registry import FAULTS, RUN_FAULTS, Fault, Need, fault, run_fault

__all__ = [
    "FAULTS",
    "RUN_FAULTS",
    "Fault",
    "Need",
    "agent",
    "cloud",
    "cloud_access",
    "fault",
    "guest",
    "host",
    "hostile",
    "imds",
    "net",
    "proxy",
    "relay",
    "run",
    "run_fault",
]
