"""Every complete command for a VM: any change shows in tests/data/probe-commands.txt, for review.

`python -m tests.suites.test_probe_commands` writes that file again.
"""

from __future__ import annotations

from dataclasses import replace

from plugins.checks.probe import LINUX_ONLY
from plugins.gather import support_logs
from plugins.model import Vm
from tests.support.paths import ROOT
from tests.support.suite_probes import DECLARED
from tests.support.suite_rows import PROFILE, VM

COMMANDS = ROOT / "tests/data/probe-commands.txt"


#: The VM of the checks' rows, one without settings, and one with another path, cloud and identity.
VMS = {
    "vm-a": VM,
    "bare": Vm("bare"),
    "relay": replace(
        VM,
        path="relay",
        identity="/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me",
        target=replace(VM.target, cloud="AzureUSGovernment", private_key_file="/root/key", tags={"Site": "NY 3"}),
    ),
}


def commands() -> str:
    """Each probe's settings and command on Linux and Windows, and for the other VMs if they differ."""
    parts = []
    for name, probe in sorted(DECLARED.items()):
        for system in ("linux", "windows"):
            seen = set[str]()
            for label, vm in VMS.items():
                vm = replace(vm, os=system)
                if not probe.fits(vm):
                    text = f"=== {name}, {system}: {probe.linux_only or LINUX_ONLY}\n"
                else:
                    plan = probe.plan(name, {"vm": vm, "profile": PROFILE, "endpoint": PROFILE.endpoints(vm)[0]})
                    settings = f"{plan.timeout:g} s, {plan.cap} bytes{', root' * plan.root}"
                    needs = f", needs {' '.join(plan.needs)}" if plan.needs else ""
                    text = f"=== {plan.key}, {system}: {settings}{needs}\n{plan.command}\n"
                if text not in seen:
                    parts.append(text.replace("===", f"=== {label}:", 1))
                    seen.add(text)
    for system in ("linux", "windows"):
        for plan in support_logs.probes(replace(VM, os=system)):
            parts.append(f"=== --bundle: {plan.key}, {system}: {plan.timeout:g} s, {plan.cap} bytes\n{plan.command}\n")
    return "\n".join(parts)


def test_every_command_is_the_one_that_was_reviewed() -> None:
    assert commands() == COMMANDS.read_text("utf-8")


if __name__ == "__main__":
    COMMANDS.write_text(commands(), "utf-8")
