"""The catalogue of faults: what can go wrong with a VM, and which verdicts each must cause.

A fault is a function that changes a `VmPlan`. Its docstring is its story; `expects` is exactly what differs from a
healthy VM's run, which has only `pass` and `not applicable`::

    @fault("imds-down", roots=("IMDS-002",), expects={"IMDS-002": "fail", "IMDS-003": "fail"})
    def imds_down(vm: VmPlan) -> None:
        \"\"\"The metadata service refuses connections.\"\"\"
        vm.from_csn(IMDS, "tcp dport 80 reject with tcp reset")

`lab.expectations` says how the keys are read. `run_fault` is the same for what is beside the VMs: it changes a
`RunPlan`, and what it expects is expected of every VM.
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
