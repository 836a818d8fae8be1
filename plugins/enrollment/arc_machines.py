"""Reads from Azure the Arc machines that an enrollment creates or deletes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from plugins.azure.snapshot import Answer, ReadError
from plugins.checks.enrollment_marks import NOT_QUERIED
from plugins.enrollment.request import EnrollmentRequest
from plugins.enrollment.steps import not_done
from plugins.model import ProbeResult

if TYPE_CHECKING:  # the Azure SDK takes a second to load
    from plugins.azure.client import ArmClient
    from plugins.azure.fetch import FetchOptions

#: Seconds for Azure to show the result of azcmagent, and between two requests. [I] How long it takes is not
#: documented; the agent itself waits for the resource, so it usually exists at once.
PATIENCE, PAUSE = 60.0, 5.0

#: (cloud, resource group's id) -> the Arc machines in it.
ListMachines = Callable[[str, str], Answer | ReadError]


def status(machine: Any) -> str:
    """The status of an Arc machine in lower case: ``connected``; "" when it has none."""
    return str(((machine or {}).get("properties") or {}).get("status") or "").lower()


def wait_for_machines(
    chosen: Sequence[EnrollmentRequest], list_machines: ListMachines | None, key: str, until: Callable[[Any], bool]
) -> dict[str, ProbeResult]:
    """The Arc machine of each VM as evidence, once `until` accepts it or the time limit is reached."""
    if list_machines is None:
        return {item.vm.name: ProbeResult(key, "", "done", exit=0, stdout=NOT_QUERIED) for item in chosen}
    results: dict[str, ProbeResult] = {}
    waiting = list(chosen)
    deadline = time.monotonic() + PATIENCE
    while waiting:
        groups = {(item.vm.target.cloud, item.group) for item in waiting}
        answers = {group: list_machines(*group) for group in groups}
        later = []
        for request in waiting:
            answer = answers[request.vm.target.cloud, request.group]
            machine = _named(answer, request.name)
            results[request.vm.name] = _probe_result(key, answer, machine)
            if isinstance(answer, Answer) and not until(machine):
                later.append(request)
        waiting = later if time.monotonic() + PAUSE < deadline else []
        if waiting:
            time.sleep(PAUSE)
    return results


def _named(answer: Answer | ReadError, name: str) -> Any:
    listed = answer.value or () if isinstance(answer, Answer) else ()
    return next((machine for machine in listed if str(machine.get("name")).lower() == name.lower()), None)


def _probe_result(key: str, answer: Answer | ReadError, machine: Any) -> ProbeResult:
    if isinstance(answer, ReadError):
        return not_done(key, answer.message, answer.request)
    # Only the fields that the check or a reader needs: the whole resource is long.
    properties = (machine or {}).get("properties") or {}
    names = ("status", "lastStatusChange", "errorDetails", "agentVersion", "vmId")
    shown = machine and {
        "id": machine.get("id"),
        "location": machine.get("location"),
        "tags": machine.get("tags") or {},
        "properties": {name: properties[name] for name in names if name in properties},
    }
    return ProbeResult(key, answer.request, "done", exit=0, stdout=json.dumps(shown, indent=1) + "\n")


@contextmanager
def machine_lister(options: FetchOptions) -> Iterator[ListMachines]:
    """A function that reads the Arc machines of a resource group from Azure, for the time of the block."""
    from plugins.azure.client import ArmClient  # the SDK takes a second to load
    from plugins.core.worker_pool import WorkerPool

    with ExitStack() as stack:
        arms: dict[str, ArmClient] = {}

        def list_machines(cloud: str, group: str) -> Answer | ReadError:
            team = stack.enter_context(closing(WorkerPool(1, PATIENCE)))
            if cloud not in arms:
                made = ArmClient(options.clouds[cloud], options.credential, seconds=3600.0, record=lambda call: None)
                arms[cloud] = stack.enter_context(made)
                made.sign_in(team)
            arm = arms[cloud]
            (answer,) = team.ask(
                [partial(arm.machines, group)], lambda number: arm.late(f"the Arc machines of {group}")
            )
            return answer

        yield list_machines
