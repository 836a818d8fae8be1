"""Read the data that the checks need from Azure about a fleet: few requests, in parallel, each sent once.

Requests depend on earlier answers, so they are sent in rounds: the VMs; the resources that they name; those that
these name; the role definitions. `plugins.azure.request_plan` lists the requests in advance.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

from azure.core.credentials import TokenCredential

from plugins.azure import answer_keys as paths
from plugins.azure import resource_ids as ids
from plugins.azure.client import ArmClient, Kind
from plugins.azure.clouds import Cloud, clouds
from plugins.azure.credential import default_credential
from plugins.azure.discovery import addresses
from plugins.azure.roles import role
from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError
from plugins.azure.vm_view import AzureVmView
from plugins.checks.check import CheckOutcome
from plugins.core.worker_pool import WorkerPool
from plugins.model import Vm

#: Up to this many resources of a kind in a subscription are read one by one, more of them with the list.
FEW = 3

#: Answers to a list that single requests would get as well: not signed in, throttled.
_HOPELESS = (401, 407, 429)

#: Seconds after the time limit in which a question can still end by itself, and report what it waited for.
_SLACK = 3.0

#: The roles that the article names, by GUID.
_NAMED_ROLES = {role("resource-manager").id, role("list-access-details").id}

_VM_TYPE = f"{paths.NEXUS}/virtualMachines"


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How to read. `subscription` and `resource_group`: where to find VMs without a resource id, by name."""

    subscription: str | None = None
    resource_group: str | None = None
    workers: int = 8  # requests at a time
    seconds: float = 300.0  # for all requests together
    cancelled: Callable[[], bool] = lambda: False  # True: send no further request
    clouds: Mapping[str, Cloud] = field(default_factory=clouds)
    credential: Callable[[Cloud], TokenCredential] = default_credential

    @property
    def limit(self) -> float:
        """The seconds that `fetch` takes at most."""
        return self.seconds + _SLACK


_Tasks = dict[str, Callable[[], Answer | ReadError]]


def fetch(vms: Sequence[Vm], options: FetchOptions) -> AzureSnapshot:
    """Read Azure's data about these VMs. Never raises: data that could not be read is a `ReadError` in the snapshot."""
    return _fetched(vms, options, lambda rounds: rounds.run())


def fetch_vms(vms: Sequence[Vm], options: FetchOptions) -> AzureSnapshot:
    """The VM resources alone. Never raises for a failure of Azure."""
    return _fetched(vms, options, lambda rounds: rounds.vm_resources())


def _fetched(vms: Sequence[Vm], options: FetchOptions, rounds: Callable[[_Fetch], object]) -> AzureSnapshot:
    facts = AzureSnapshot()
    end = time.monotonic() + options.seconds
    by_cloud = sorted(vms, key=lambda vm: vm.target.cloud)
    for name, group in groupby(by_cloud, key=lambda vm: vm.target.cloud):
        seconds = end - time.monotonic() if facts.answers else options.seconds  # one limit for all clouds together
        team = WorkerPool(options.workers, seconds + _SLACK, options.cancelled)
        with ArmClient(
            options.clouds[name],
            options.credential,
            seconds=seconds,
            record=facts.calls.append,
            cancelled=options.cancelled,
        ) as arm:
            try:
                arm.sign_in(team)
                rounds(_Fetch(list(group), options, facts, arm, team))
            finally:
                team.close()
    facts.interrupted = options.cancelled()
    return facts


class _Fetch:
    """The rounds, for the VMs of one cloud."""

    def __init__(
        self, vms: list[Vm], options: FetchOptions, facts: AzureSnapshot, arm: ArmClient, team: WorkerPool
    ) -> None:
        self.vms = vms
        self.options = options
        self.facts = facts
        self.arm = arm
        self.team = team

    def run(self) -> None:
        """All rounds."""
        located = self.vm_resources()
        self._around_the_vms()
        self._resources("cluster_managers", self._links("clusterManagerId", self._links("clusterId", located)))
        self._roles()

    # --- rounds

    def vm_resources(self) -> list[str]:
        """The VM resources. Returns the ids of those that are stated or found."""
        self._locate()
        located = [id for vm in self.vms if isinstance(id := self.facts.located.get(vm.name), str)]
        self._resources("virtual_machines", located)
        return located

    def _locate(self) -> None:
        """The resource of each VM: stated, or found by name in the scope of the options."""
        nameless = []
        for vm in self.vms:
            if vm.resource_id is None:
                nameless.append(vm)
            else:
                self.facts.located[vm.name] = _checked(vm.resource_id)
        if not nameless or not self.options.subscription:
            return
        scope = self._place()
        answer = self._one(
            f"the VMs of {scope}",
            partial(self.arm.listed, "virtual_machines", self.options.subscription, self.options.resource_group),
        )
        for vm in nameless:
            self.facts.located[vm.name] = _named(vm, answer, scope)
        if isinstance(answer, Answer):
            for row in answer.value or []:
                if row.get("id") in self.facts.located.values():
                    self.facts.answers[paths.resource(row["id"])] = Answer(answer.request, row)

    def _place(self) -> str:
        group = f", resource group {self.options.resource_group}" if self.options.resource_group else ""
        return f"subscription {self.options.subscription}{group}"

    def _around_the_vms(self) -> None:
        """Read the resources that the VMs refer to, and those around the targets of their Arc resources."""
        tasks: _Tasks = {}
        for vm in self.vms:
            view = AzureVmView(vm, self.facts)
            if id := _known(view, "resource_id"):
                self._add_provider(tasks, ids.above(id), paths.NEXUS)
            if scope := _known(view, "target_scope"):
                for namespace in paths.TARGET_PROVIDERS:
                    self._add_provider(tasks, ids.above(scope), namespace)
                tasks.setdefault(paths.machines(scope), partial(self.arm.machines, scope))
                tasks.setdefault(paths.denies(scope), partial(self.arm.denies, scope))
            for user in _known(view, "identities") or []:
                if user.unread:
                    tasks.setdefault(paths.resource(user.id), partial(self.arm.identity, user.id))
        self._ask(tasks)
        self._machines_one_by_one()
        located = [vm_id for vm_id in self.facts.located.values() if isinstance(vm_id, str)]
        self._resources("clusters", self._links("clusterId", located))
        attachments = [self._properties(id).get("cloudServicesNetworkAttachment") or {} for id in located]
        self._resources(
            "cloud_services_networks", [attachment.get("attachedNetworkId") or "" for attachment in attachments]
        )

    def _machines_one_by_one(self) -> None:
        """Read each VM's own Arc machine when the list of its resource group failed."""
        tasks: _Tasks = {}
        for vm in self.vms:
            view = AzureVmView(vm, self.facts)
            scope, name = _known(view, "target_scope"), _known(view, "arc_name")
            if not (scope and name):
                continue
            listed = self.facts.answers.get(paths.machines(scope))
            if isinstance(listed, ReadError) and listed.status not in (*_HOPELESS, 403):
                tasks[paths.machine(scope, name)] = partial(self.arm.machine, scope, name)
        self._ask(tasks)

    def _add_provider(self, tasks: _Tasks, scope: str, namespace: str) -> None:
        subscription = ids.last(scope)
        tasks.setdefault(paths.provider(subscription, namespace), partial(self.arm.provider, subscription, namespace))

    def _roles(self) -> None:
        """The roles of the identity with which each VM is to enroll, then their definitions."""
        wanted: dict[str, set[str]] = defaultdict(set)
        tasks: _Tasks = {}
        for vm in self.vms:
            view = AzureVmView(vm, self.facts)
            expected, scope = _known(view, "expected"), _known(view, "target_scope")
            if not (expected and expected.principal_id):
                continue
            if scope:
                wanted[scope].add(expected.principal_id)
            if vm.path == "relay":  # the relay is assigned by an action on the VM itself
                own = view.resource_id
                wanted[own].add(expected.principal_id)
                tasks[paths.denies(own)] = partial(self.arm.denies, own)
        read = []
        for scope, principals in wanted.items():
            settled = self._given_directly(scope, principals) if len(principals) > FEW else set()
            read += [paths.assignments(scope, principal) for principal in settled]
            for principal in sorted(principals - settled):
                tasks[paths.assignments(scope, principal)] = partial(self.arm.assignments, scope, principal)
        self._ask(tasks)
        definitions: _Tasks = {}
        for path in (*read, *(path for path in tasks if "roleassignments" in path)):
            answer = self.facts.answers[path]
            for row in (answer.value if isinstance(answer, Answer) else None) or []:
                role_id = str((row.get("properties") or {}).get("roleDefinitionId") or "")
                definitions.setdefault(
                    paths.definition(role_id), partial(self.arm.definition, role_id, ids.above(path))
                )
        self._ask(definitions)

    def _given_directly(self, scope: str, principals: set[str]) -> set[str]:
        """Use one list of a scope for principals that hold both named roles directly and without a condition.

        For the others the list is not enough: one of their groups may hold a role, which only Azure can evaluate.
        """
        answer = self._one(f"the role assignments at {scope}", partial(self.arm.assignments, scope))
        if isinstance(answer, ReadError):
            return set()
        rows: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in answer.value or []:
            rows[str((row.get("properties") or {}).get("principalId")).lower()].append(row)
        settled = set()
        for principal in principals:
            given = [row.get("properties") or {} for row in rows[principal]]
            held = {
                ids.last(str(assignment.get("roleDefinitionId")))
                for assignment in given
                if not assignment.get("condition")
            }
            if held >= _NAMED_ROLES:
                self.facts.answers[paths.assignments(scope, principal)] = Answer(answer.request, rows[principal])
                settled.add(principal)
        return settled

    # --- resources of one kind

    def _resources(self, kind: Kind, wanted: Iterable[str]) -> None:
        """Read resources by id: a few one by one, many by the lists of their subscriptions."""
        missing = {ids.key(id): id for id in wanted if id and ids.key(id) not in self.facts.answers}
        subscriptions: dict[str, list[str]] = defaultdict(list)
        single: list[str] = []
        for id in missing.values():
            checked = _parsed(id)
            if isinstance(checked, ReadError):
                self.facts.answers[paths.resource(id)] = checked
            else:
                subscriptions[checked.subscription.lower()].append(id)
        for subscription, members in subscriptions.items():
            if len(members) > FEW:
                members = self._listed(kind, subscription, members)
            single += members
        self._ask({paths.resource(id): partial(self.arm.resource, kind, id) for id in single})

    def _listed(self, kind: Kind, subscription: str, wanted: list[str]) -> list[str]:
        """Read by list. Returns the ids to read one by one: only that shows whether they exist.

        A login with rights in some resource groups only may be refused the subscription's list; then theirs are read.
        """
        answer = self._one(
            f"the {kind.replace('_', ' ')} of subscription {subscription}",
            partial(self.arm.listed, kind, subscription),
        )
        if isinstance(answer, Answer):
            return self._take(answer, wanted)
        if answer.status != 403:
            return self._instead_of_a_list(kind, answer, wanted)
        rest = []
        groups: dict[str, list[str]] = defaultdict(list)
        for id in wanted:
            groups[ids.parse(id).resource_group.lower()].append(id)
        answers = self._several([(group, partial(self.arm.listed, kind, subscription, group)) for group in groups])
        for members, listed in zip(groups.values(), answers, strict=True):
            if isinstance(listed, Answer):
                rest += self._take(listed, members)
            else:
                rest += self._instead_of_a_list(kind, listed, members)
        return rest

    def _instead_of_a_list(self, kind: Kind, problem: ReadError, wanted: list[str]) -> list[str]:
        """Read a few resources of a failed list one by one. Returns the others, when at least one was answered.

        A nextLink to another host, or a damaged page, shows nothing about the resources. When none of the
        few is answered, the list's problem is that of all: a thousand more requests would not change it.
        """
        if problem.status in _HOPELESS:
            few, others = [], wanted
        else:
            few, others = wanted[:FEW], wanted[FEW:]
        self._ask({paths.resource(id): partial(self.arm.resource, kind, id) for id in few})
        if any(isinstance(self.facts.answers[paths.resource(id)], Answer) for id in few):
            return others
        self.facts.answers.update({paths.resource(id): problem for id in others})
        return []

    def _take(self, answer: Answer, wanted: list[str]) -> list[str]:
        rows = {ids.key(row["id"]): row for row in answer.value or [] if row.get("id")}
        for id in wanted:
            if ids.key(id) in rows:
                self.facts.answers[paths.resource(id)] = Answer(answer.request, rows[ids.key(id)])
        return [id for id in wanted if ids.key(id) not in rows]

    def _links(self, name: str, owners: Iterable[str]) -> list[str]:
        """The ids in a property of these resources, each once."""
        return list({ids.key(id): id for owner in owners if (id := self._properties(owner).get(name))}.values())

    def _properties(self, id: str) -> Mapping[str, Any]:
        answer = self.facts.answers.get(paths.resource(id))
        value = answer.value if isinstance(answer, Answer) else None
        return (value or {}).get("properties") or {}

    def _ask(self, tasks: _Tasks) -> None:
        """Send requests in parallel, except those that were answered before."""
        new = {path: task for path, task in tasks.items() if path not in self.facts.answers}
        self.facts.answers.update(zip(new, self._several(list(new.items())), strict=True))

    def _several(self, tasks: list[tuple[str, Callable[[], Answer | ReadError]]]) -> list[Answer | ReadError]:
        """The answers to questions, each with its subject; a late one is an error."""
        return self.team.ask([task for _, task in tasks], lambda number: self.arm.late(tasks[number][0]))

    def _one(self, subject: str, task: Callable[[], Answer | ReadError]) -> Answer | ReadError:
        return self._several([(subject, task)])[0]


def _parsed(id: str) -> ids.ArmId | ReadError:
    try:
        return ids.parse(id)
    except ValueError as error:
        return ReadError(str(error), "Correct the id.")


def _checked(id: str) -> str | ReadError:
    """A stated resource id, if it is one of a Nexus VM."""
    parsed = _parsed(id)
    if isinstance(parsed, ReadError):
        return ReadError(parsed.message, "Correct resource_id in the inventory.")
    if f"{parsed.provider}/{parsed.type}".lower() != _VM_TYPE.lower():
        return ReadError(
            f"The resource_id {id} names a {parsed.provider}/{parsed.type}. Expected a {_VM_TYPE}.",
            "Correct resource_id in the inventory.",
        )
    return id


def _named(vm: Vm, answer: Answer | ReadError, scope: str) -> str | ReadError:
    """The id of the one VM with this name, or with this address."""
    if isinstance(answer, ReadError):
        return answer
    rows: list[Mapping[str, Any]] = [item for item in answer.value or [] if item.get("id")]
    hits = [row for row in rows if str(row.get("name")).lower() == vm.name.lower()]
    hits = hits or [row for row in rows if vm.host in addresses(row)]
    if len(hits) == 1:
        return str(hits[0]["id"])
    if hits:
        return ReadError(
            f"{len(hits)} VMs of {scope} are called {vm.name}: {', '.join(str(item['id']) for item in hits)}.",
            "State which one: resource_id in the inventory, or --resource-group.",
            answer.request,
        )
    return ReadError(
        f"None of the {len(rows)} VMs in {scope} that the runner's login may see is called {vm.name} or has the"
        f" address {vm.host}.",
        "State the VM's resource_id in the inventory, or search elsewhere: --subscription, --resource-group.",
        answer.request,
    )


def _known(view: AzureVmView, name: str) -> Any:
    """The value of a view's property; None when it could not be read."""
    try:
        return getattr(view, name)
    except CheckOutcome:
        return None
