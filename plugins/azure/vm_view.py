"""Azure's data about one VM, as checks use it, by the names of the domain.

Every attribute is Azure's value, or None when Azure answered that it does not exist, or it raises the outcome
*unknown* with the reason when it could not be read. A check can use it without testing which.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NoReturn

from plugins.azure import answer_keys as paths
from plugins.azure import resource_ids as ids
from plugins.azure.normalize import lower, properties
from plugins.azure.roles import Access, access_at, assignments_of
from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError, shown
from plugins.checks.check import CheckOutcome, Component, blocked
from plugins.model import ProbeResult, Status, Target, Vm

_EXCERPT = 6000  # characters of an answer that a report shows
_STATE_THE_ID = (
    "State the VM's resource_id in the inventory, or state where to search for its name:"
    " --subscription=<id> --resource-group=<name>."
)


@dataclass(frozen=True, slots=True)
class Principal:
    """One managed identity of a VM."""

    kind: Literal["system", "user"]
    id: str  # ARM id: of the VM for its system-assigned identity, else of the user-assigned identity
    principal_id: str | None = None  # object id, lower case; None: it has none, or `unread` states why it is not known
    client_id: str | None = None  # never known for a system-assigned identity
    tenant_id: str | None = None
    unread: ReadError | None = None

    def __str__(self) -> str:
        return "the system-assigned identity" if self.kind == "system" else f"the user-assigned identity {self.id}"


class AzureVmView:
    """The facts of Azure about one VM. Make a new one for each check: `used` lists the answers that it read."""

    def __init__(self, vm: Vm, facts: AzureSnapshot) -> None:
        self._vm = vm
        self._facts = facts
        self.used: dict[str, ProbeResult] = {}  # by evidence key, "azure-vm", in the order of use

    # --- the Nexus resources

    @cached_property
    def resource_id(self) -> str:
        """The ARM id of the VM, from Azure when it was read, else from the inventory."""
        vm_id = self._facts.located.get(self._vm.name) or self._vm.resource_id
        if vm_id is None:
            _unknown(
                f"The resource id of {self._vm.name} is not stated, so Azure was not queried about it.",
                _STATE_THE_ID,
                action="State the resource_id of {vms} in the inventory",
            )
        if isinstance(vm_id, ReadError):
            self.used["azure-vm"] = ProbeResult("azure-vm", vm_id.request, "lost", stderr=vm_id.message)
            # A problem with its own action is the runner's: its login, its connection, its rights.
            component: Component | None = "runner" if vm_id.action else None
            correct = "Correct the resource_id of {vms} in the inventory"
            _unknown(vm_id.message, vm_id.remedy, component, vm_id.shared_cause, vm_id.action or correct)
        _parse(vm_id)
        answer = self._facts.answers.get(paths.resource(vm_id))
        if isinstance(answer, Answer) and isinstance(answer.value, dict):
            return str(answer.value.get("id") or vm_id)
        return vm_id

    @cached_property
    def vm(self) -> dict[str, Any] | None:
        """The VM resource, ``Microsoft.NetworkCloud/virtualMachines``."""
        return self._resource("azure-vm", self.resource_id)

    @property
    def cluster(self) -> dict[str, Any] | None:
        """The cluster of the VM. None: it was deleted."""
        return self._linked("azure-cluster", self._need_vm(), "clusterId", "the VM resource names no cluster")

    @property
    def cluster_manager(self) -> dict[str, Any] | None:
        """The cluster manager of the cluster."""
        cluster = self.cluster
        if cluster is None:
            _unknown("The cluster manager is not known: the VM's cluster does not exist.")
        return self._linked(
            "azure-cluster-manager", cluster, "clusterManagerId", "the cluster names no cluster manager"
        )

    @property
    def csn(self) -> dict[str, Any] | None:
        """The cloud services network of the VM. None: it has none, or a deleted one."""
        attachment = properties(self._need_vm()).get("cloudServicesNetworkAttachment") or {}
        id = attachment.get("attachedNetworkId")
        return self._resource("azure-csn", id) if id else None

    # --- where the Arc resource goes

    @cached_property
    def target(self) -> Target:
        """The target of the Arc resource: from the inventory, else that of the VM resource.

        Its location is None only when neither the inventory nor a readable VM resource states one.
        """
        stated = self._vm.target
        subscription, group, location = stated.subscription, stated.resource_group, stated.location
        if not (subscription and group):
            own = _parse(self.resource_id)
            subscription, group = subscription or own.subscription, group or own.resource_group
        if not location:
            location_id = self._facts.located.get(self._vm.name) or self._vm.resource_id
            path = paths.resource(location_id) if isinstance(location_id, str) else ""
            if isinstance(answer := self._facts.answers.get(path), Answer) and answer.value:
                self._read("azure-vm", path, kind=dict)
                location = answer.value.get("location")
        return replace(stated, subscription=subscription, resource_group=group, location=location)

    @property
    def target_scope(self) -> str:
        """The ARM id of the target resource group."""
        target = self.target
        assert target.subscription and target.resource_group
        return ids.group_scope(target.subscription, target.resource_group)

    @cached_property
    def arc_name(self) -> str:
        """The future name of the Arc machine: that of the VM resource, else of the VM in the inventory.

        *Unknown* when neither is a name: ``--vm=10.0.0.4`` gives only an address.
        """
        try:
            return _parse(self.resource_id).name
        except CheckOutcome as outcome:
            name = self._vm.name
            if not is_address(name) and (name != self._vm.host or "." not in name):
                return name
            raise CheckOutcome(
                Status.UNKNOWN,
                f"The name of the Arc machine is not known: {name} is an address, and the VM resource, whose name it "
                "would get, is not known.",
                outcome.remedy or _STATE_THE_ID,
                shared_cause=outcome.shared_cause,
            ) from None

    @property
    def arc_machine(self) -> dict[str, Any] | None:
        """The ``Microsoft.HybridCompute/machines`` with `arc_name` in the target resource group."""
        alone = paths.machine(self.target_scope, self.arc_name)
        if isinstance(self._facts.answers.get(alone), Answer):
            return self._resource("azure-arc-machine", alone)
        machines = self._read("azure-arc-machines", paths.machines(self.target_scope), self._only_arc_machine)
        if machines is None:
            self._no_target_group()
        only = self._only_arc_machine(machines)
        return only[0] if only else None

    def _only_arc_machine(self, machines: Any) -> list[dict[str, Any]]:
        return [machine for machine in machines or () if str(machine.get("name")).lower() == self.arc_name.lower()]

    def _no_target_group(self) -> NoReturn:
        raise CheckOutcome(
            Status.FAIL,
            f"According to Azure, the resource group the Arc resource is to go to does not exist: {self.target_scope}.",
            "Create it, or correct the target in the inventory.",
            component="resource group",
            action="Create {thing}, or correct the target in the inventory",
        )

    # --- providers

    def provider(self, namespace: str) -> dict[str, Any]:
        """A resource provider in the target subscription: registrationState, resourceTypes."""
        subscription = self.target.subscription
        assert subscription
        return self._provider(f"azure-provider[{namespace}]", subscription, namespace)

    @property
    def nexus_provider(self) -> dict[str, Any]:
        """Microsoft.NetworkCloud in the subscription of the VM."""
        return self._provider("azure-nexus-provider", _parse(self.resource_id).subscription, paths.NEXUS)

    def _provider(self, key: str, subscription: str, namespace: str) -> dict[str, Any]:
        provider = self._read(key, paths.provider(subscription, namespace), kind=dict)
        if provider is None:
            _unknown(
                f"Azure does not know the resource provider {namespace} in subscription {subscription}.",
                "Check that the subscription id is right and that the subscription is in this cloud.",
            )
        return dict(provider)

    # --- identities and roles

    @cached_property
    def identities(self) -> list[Principal]:
        """The managed identities of the VM resource, the system-assigned one first.

        Never unknown by itself: `unread` of an identity states why its principal could not be read.
        """
        vm = self._need_vm()
        identity = vm.get("identity") or {}
        kinds = {kind.strip().lower() for kind in str(identity.get("type") or "").split(",")}
        principals = []
        if "systemassigned" in kinds:
            principal_id, tenant_id = identity.get("principalId"), identity.get("tenantId")
            principals.append(Principal("system", self.resource_id, lower(principal_id), tenant_id=lower(tenant_id)))
        if "userassigned" in kinds:
            users: Mapping[str, Any] = identity.get("userAssignedIdentities") or {}
            principals += [self._user(id, users[id] or {}) for id in sorted(users, key=ids.key)]
        return principals

    def _user(self, id: str, stated: Mapping[str, Any]) -> Principal:
        """A user-assigned identity. The VM resource may map its id to an empty object: then ManagedIdentity has it."""
        if stated.get("principalId"):
            return Principal("user", id, lower(stated["principalId"]), lower(stated.get("clientId")))
        missing = "The VM resource does not state its principal, and ManagedIdentity was not queried."
        answer = self._answer(f"azure-identity[{ids.last(id)}]", paths.resource(id), None, missing)
        if isinstance(answer, ReadError):
            return Principal("user", id, unread=answer)
        fields = properties(answer.value or {})
        return Principal(
            "user", id, lower(fields.get("principalId")), lower(fields.get("clientId")), lower(fields.get("tenantId"))
        )

    @property
    def expected(self) -> Principal:
        """The identity to enroll with: from the inventory, else the default of IMDS.

        Ends the check with *fail* when the VM does not have it, or the choice is ambiguous, and with
        *unknown* when its principal could not be read. `principal_id` is None when the identity was deleted.
        """
        expected = self._expected(self.identities)
        if expected.unread:
            _unknown(
                f"The principal of {expected} is not known: {expected.unread.message}",
                expected.unread.remedy or "Grant the runner Microsoft.ManagedIdentity/userAssignedIdentities/read.",
                "runner",
                expected.unread.shared_cause,
                expected.unread.action or _UNREAD,
            )
        return expected

    def _expected(self, identities: list[Principal]) -> Principal:
        wanted = self._vm.identity
        has = "; ".join(str(identity) for identity in identities) or "no managed identity"
        if wanted == "system":
            hits = [identity for identity in identities if identity.kind == "system"]
        elif wanted:
            hits = [identity for identity in identities if identity.kind == "user" and ids.same(identity.id, wanted)]
        else:
            users = [identity for identity in identities if identity.kind == "user"]
            hits = [identity for identity in identities if identity.kind == "system"] or users
            if len(hits) > 1:  # IMDS cannot choose one either: enrolling needs a decision
                raise CheckOutcome(
                    Status.FAIL,
                    f"The VM has {len(users)} user-assigned identities and no system-assigned one, and the inventory"
                    f" does not state which to enroll with: {', '.join(user.id for user in users)}.",
                    "State it in the inventory: identity: <the ARM id of the user-assigned identity>.",
                    action="State the identity of {vms} in the inventory",
                )
        if hits:
            return hits[0]
        if wanted:
            meant = "the system-assigned identity" if wanted == "system" else f"the user-assigned identity {wanted}"
            message = f"The inventory expects {meant}. The VM has {has}."
        else:
            message = "The VM has no managed identity."
        raise CheckOutcome(
            Status.FAIL,
            message,
            "A managed identity works only when the VM was created with it: create the VM again with the identity,"
            " or correct the inventory.",
        )

    def access(self, principal_id: str) -> Access:
        """The assignments of a principal at the target resource group, also inherited and through groups.

        A role whose definition could not be read keeps its GUID and `unread`; so do the denies.
        """
        access = self._access(self.target_scope, principal_id, "azure")
        if access is None:
            self._no_target_group()
        return access

    def access_to_vm(self, principal_id: str) -> Access:
        """The same at the VM resource itself; read only for a VM of the private relay (``path: relay``)."""
        self._need_vm()
        access = self._access(self.resource_id, principal_id, "azure-vm")
        if access is None:
            _unknown(f"Azure has no role assignments of {self.resource_id}: it does not know the VM.")
        return access

    def _access(self, scope: str, principal_id: str, key: str) -> Access | None:
        """None: Azure does not know the scope."""
        given = self._read(f"{key}-role-assignments[{principal_id}]", paths.assignments(scope, principal_id))
        if given is None:
            return None
        given = [assignment for row in given for assignment in assignments_of(row, principal_id, self._role_definition)]
        missing = f"The deny assignments of {scope} were not requested."
        denies = self._answer(f"{key}-deny-assignments", paths.denies(scope), None, missing, kind=list)
        return access_at(scope, principal_id, given, denies)

    def _role_definition(self, role_id: str) -> Answer | ReadError:
        missing = f"The role {role_id} was not requested."
        return self._answer(f"azure-role[{role_id}]", paths.definition(role_id), None, missing)

    @property
    def fleet(self) -> AzureSnapshot:
        """The facts of the whole fleet."""
        return self._facts

    # --- reading

    def _need_vm(self) -> dict[str, Any]:
        vm = self.vm
        if vm is None:  # one finding, VM-001's; requests about the VM wait for it
            blocked(f"Not judged: VM-001, Azure has no VM resource {self.resource_id}.", by="VM-001")
        return vm

    def _linked(self, key: str, resource: Mapping[str, Any], field: str, missing: str) -> dict[str, Any] | None:
        id = properties(resource).get(field)
        if not id:
            _unknown(f"Not known: {missing} (properties.{field} is empty).")
        return self._resource(key, id)

    def _resource(self, key: str, id: str) -> dict[str, Any] | None:
        resource = self._read(key, paths.resource(id), kind=dict)
        return None if resource is None else dict(resource)

    def _read(self, key: str, path: str, part: Callable[[Any], Any] | None = None, kind: type = list) -> Any:
        """An answer's value, a resource or a list of them; `part` selects what concerns this VM."""
        missing = f"Azure was not queried for {path}."
        answer = self._answer(key, path, part, missing, "Run again without --evidence.", kind)
        if isinstance(answer, ReadError):
            _unknown(answer.message, answer.remedy, "runner", answer.shared_cause, answer.action or _UNREAD)
        return answer.value

    def _answer(
        self,
        key: str,
        path: str,
        part: Callable[[Any], Any] | None,
        missing: str,
        remedy: str = "",
        kind: type = dict,
    ) -> Answer | ReadError:
        """The answer of a path; its key is added to `used`."""
        answer = self._facts.answers.get(path) or ReadError(self._facts.unreadable or missing, remedy)
        if isinstance(answer, Answer) and not isinstance(answer.value, kind | None):
            answer = ReadError(
                f"Azure's answer about {path} is not understood.", "Gather the evidence again.", answer.request
            )
        if isinstance(answer, ReadError):
            self.used[key] = ProbeResult(key, answer.request, "lost", stderr=answer.message)
        else:
            text = shown(part(answer.value)) if part else self._facts.excerpt(path)
            cut = len(text) > _EXCERPT
            self.used[key] = ProbeResult(key, answer.request, "done", exit=0, stdout=text[:_EXCERPT], truncated=cut)
        return answer


#: The headline for an answer of Azure that could not be read.
_UNREAD = "Let the runner read the Azure resources of {vms}"


def is_address(name: str) -> bool:
    """True for an IP address, or an address with a user or a port: not the name of a machine."""
    if set("@:/[]") & set(name):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _unknown(
    message: str, remedy: str = "", component: Component | None = None, shared_cause: str = "", action: str = ""
) -> NoReturn:
    # Several checks miss the same answer, which is one cause.
    shared = shared_cause or message
    raise CheckOutcome(Status.UNKNOWN, message, remedy, shared_cause=shared, component=component, action=action)


def _parse(id: str) -> ids.ArmId:
    try:
        return ids.parse(id)
    except ValueError as error:
        _unknown(str(error), "Correct resource_id in the inventory.")
