"""A VM's report never affects another VM: ids in every spelling, and the verdict and commands of each VM in a clash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from plugins.azure import answer_keys as paths
from plugins.azure.snapshot import Answer, AzureSnapshot
from plugins.judge.context import CheckContext
from plugins.model import Evidence, SshSession, Status, Vm
from suites.probes.azcmagent import AgentStatus
from tests.support.catalogue import FUNCTIONS
from tests.support.suite_probes import SHARED
from tests.support.suite_rows import Row, seen

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
ELSEWHERE = GROUP.replace("001/", "002/")
NEXUS, ARC = "/providers/Microsoft.NetworkCloud/virtualMachines/", "/providers/Microsoft.HybridCompute/machines/"
X, Y = "5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11", "0b4c1f1e-6f0e-4a3c-8c7e-2f6d1a9b7e55"
INSTALLED = seen("@has /opt/azcmagent/bin/azcmagent\n@version\nazcmagent version 1.61.03319.2737\n")

#: An agent's report: its VM ID, and the name of its resource if it differs.
Report = tuple[str, str]


def judged(
    agents: Mapping[str, Report], azure: Mapping[str, str | None] | None, ids: Mapping[str, str]
) -> dict[str, tuple[str, bool]]:
    """VM -> its status, and whether it gets a command. `azure`: Arc machine -> vmId; None: Azure was not queried."""
    vms = [Vm(name, resource_id=ids.get(name, f"{GROUP}{NEXUS}{name}")) for name in agents]
    context = CheckContext(None, lambda: [Evidence(vm, SshSession("ok")) for vm in vms])
    if azure is not None:
        machines = [{"name": name, "properties": {"vmId": vm_id}} for name, vm_id in azure.items()]
        context.facts = AzureSnapshot({paths.machines(GROUP): Answer("GET", machines)})
    shown = {
        name: seen(
            f"\n@text\nResource Name : {own}\nResource Id : {GROUP}{ARC}{own}\nVM ID : {vm_id}\nAgent Status : Connected\n"
        )
        for name, (vm_id, own) in agents.items()
    }
    results = {}
    for vm in vms:
        parameters = {
            **context.arguments(FUNCTIONS["AGENT-007"], {"agent_show": SHARED["agent_show"]}, vm),
            "fleet_agent_show": {name: AgentStatus.read(text) for name, text in shown.items()},
        }
        evidence = {"agent": INSTALLED, "agent_show": shown[vm.name]}
        row = Row("", evidence, Status.FAIL, "", parameters=parameters, vm=vm)
        outcome = row.outcome(FUNCTIONS["AGENT-007"])
        results[vm.name] = outcome.status.value, bool(outcome.fix)
    return results


def pair(first: str, second: str, **owns: str) -> dict[str, Report]:
    return {"a": (first, owns.get("a", "a")), "b": (second, owns.get("b", "b"))}


PASS, COPY, OPEN = ("pass", False), ("fail", True), ("unknown", False)
SPELLINGS = (X, X.upper(), f"{{{X}}}", f"{{{X.upper()}}}", f"  {X}  ", f"{{ {X} }}")


@pytest.mark.parametrize(
    ("agents", "azure", "ids", "expected"),
    [
        # Azure has this id for a and another one for b: only b is a copy; in every spelling.
        *((pair(spelling, X), {"a": X, "b": Y}, {}, (PASS, COPY)) for spelling in SPELLINGS),
        *((pair(X, spelling), {"a": X, "b": Y}, {}, (PASS, COPY)) for spelling in SPELLINGS),
        *((pair(X, X), {"A": spelling, "B": Y}, {}, (PASS, COPY)) for spelling in SPELLINGS),
        # Azure has no machine for b: it is a copy only if its agent also reports another machine.
        (pair(X, X, b="a"), {"a": X}, {}, (PASS, COPY)),
        (pair(X, X), {"a": X}, {}, (PASS, OPEN)),
        # b's Arc machine was made with the id of a, which is connected with another name that is not listed.
        (pair(X, X, a="a-1"), {"b": X}, {}, (OPEN, PASS)),
        (pair(X, X, a="c"), {"b": X, "c": Y}, {}, (OPEN, PASS)),
        (pair(X, X), {"a": X, "b": None}, {}, (PASS, OPEN)),
        # An Arc machine b was made with the id of a, which has no Arc machine, or one elsewhere.
        (pair(X, Y), {"b": X}, {}, (PASS, PASS)),
        (pair(X, X), {"b": X}, {}, (OPEN, PASS)),
        (pair(X, X), {"b": X}, {"a": f"{ELSEWHERE}{NEXUS}a"}, (OPEN, PASS)),
        # Azure's answer is missing, empty, names a third machine, both, or other ids.
        (pair(X, X), None, {}, (OPEN, OPEN)),
        (pair(X, X), {}, {}, (OPEN, OPEN)),
        (pair(X, X), {"c": X}, {}, (OPEN, OPEN)),
        (pair(X, X), {"a": Y, "b": Y, "c": X}, {}, (OPEN, OPEN)),
        (pair(X, X), {"a": X, "b": X}, {}, (OPEN, OPEN)),
        (pair(X, X), {"a": "", "b": ""}, {}, (OPEN, OPEN)),
        # b claims a's resource or has a's resource id in the inventory: this only affects b.
        (pair(X, Y, b="a"), {"a": X, "b": Y}, {}, (PASS, PASS)),
        (pair(X, X, b="a"), {"a": X, "b": X}, {}, (OPEN, OPEN)),
        *(
            (pair(X, X), {"a": X}, {"b": spelling}, (OPEN, OPEN))
            for own in (f"{GROUP}{NEXUS}a",)
            for spelling in (own, own.replace("Microsoft", "MICROSOFT"), f"{own}/", f" {own} ", f"{own}/ ")
        ),
        # The same name in another subscription is another VM; Azure was not queried there.
        (pair(X, X), {"a": X}, {"b": f"{ELSEWHERE}{NEXUS}a"}, (PASS, OPEN)),
        # With similar characters it is not a GUID, which cannot be compared, or another name.
        (pair(X, X.replace("a", "\u0430")), {"a": X}, {}, (PASS, OPEN)),
        (pair(X, X), {"\u0430": X}, {}, (OPEN, OPEN)),
        (pair(X, X), {"a ": X, "a/": X}, {}, (OPEN, OPEN)),
    ],
)
def test_each_vm_answers_for_itself(
    agents: Mapping[str, Report],
    azure: Mapping[str, str | None] | None,
    ids: Mapping[str, str],
    expected: Sequence[tuple[str, bool]],
) -> None:
    assert judged(agents, azure, ids) == dict(zip(agents, expected, strict=True))


def test_thirty_vms_of_a_cloned_image() -> None:
    """Of thirty VMs with one id, Azure has the original; some of the copies have their own machine."""
    names = [f"vm-{number}" for number in range(30)]
    agents = {name: (X, "vm-7" if number % 2 else name) for number, name in enumerate(names)}
    machines = {"vm-7": X, **dict.fromkeys(names[20:], Y)}
    copies = {name for name in names if name != "vm-7" and (name in machines or agents[name][1] == "vm-7")}
    expected = {name: COPY if name in copies else PASS if name == "vm-7" else OPEN for name in names}
    assert judged(agents, machines, {}) == expected
    assert judged(agents, None, {}) == dict.fromkeys(names, OPEN)
