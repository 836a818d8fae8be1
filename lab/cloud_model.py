"""The lab's Azure as plain data: resources, roles and identities, made from the VMs' plans.

::

    management group lab-root
      └─ subscription            (a VM whose providers are changed has a separate one)
           ├─ nexus-platform-rg   cluster manager, cluster
           ├─ nexus-vms-rg        virtual machines, cloud services network, user-assigned identities
           └─ arc-servers-rg      the Arc resources
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from lab import addresses, role_docs
from lab import cloud_docs as docs
from lab.azure_plan import Kind, Scope
from lab.cloud_docs import Document
from lab.plan import VmPlan

#: The application that COMMAND signs in as; it has only the role Reader.
CLIENT_ID = "c0000000-0000-4000-8000-000000000001"
CLIENT_SECRET = "lab~no.secret-at-all"
CLIENT_PRINCIPAL = "b0000000-0000-4000-8000-000000000001"

_ARC_TYPES = {
    "Microsoft.HybridCompute": ["machines", "machines/extensions", "privateLinkScopes", "licenses"],
    "Microsoft.GuestConfiguration": ["guestConfigurationAssignments"],
    "Microsoft.HybridConnectivity": ["endpoints"],
}
_ARC_VERSIONS = ["2026-07-15", "2025-02-19-preview", "2025-01-13", "2024-07-10"]
_OTHER_TYPES = {
    "Microsoft.ManagedIdentity": ["userAssignedIdentities"],
    "Microsoft.Authorization": ["roleAssignments", "roleDefinitions", "denyAssignments"],
}


@dataclass(frozen=True, slots=True)
class Identity:
    """A managed identity of a VM."""

    name: str  # "system", or the user-assigned identity's name
    resource: str  # the xms_mirid of its tokens: the VM, or the user-assigned identity
    principal: str
    client: str


@dataclass(frozen=True, slots=True)
class Place:
    """The Azure names and ids of a VM and its resources."""

    vm: str
    subscription: str
    target_subscription: str
    vm_id: str
    csn_id: str
    cluster_id: str
    manager_id: str
    system: Identity
    users: tuple[Identity, ...]

    @classmethod
    def of(cls, plan: VmPlan) -> Place:
        """The place of one VM. A resource that only some VMs share is named after the first of them."""
        own = set(plan.azure.own)
        own_subscription = f"50000000-0000-4000-8000-1{plan.azure.together or plan.number:011d}"
        if plan.egress_lacks:
            own.add("csn")
        subscription = own_subscription if "subscription" in own else docs.SUBSCRIPTION
        target = own_subscription if {"subscription", "target"} & own else docs.SUBSCRIPTION

        def name(kind: str) -> str:
            return f"{plan.owner}-{kind}" if kind in own else f"lab-{kind}"

        def resource(group: str, kind: str, resource_name: str) -> str:
            return docs.resource_id(subscription, group, f"Microsoft.NetworkCloud/{kind}", resource_name)

        vm_id = resource(docs.VM_GROUP, "virtualMachines", plan.azure.resource_name or plan.name)
        return cls(
            vm=plan.name,
            subscription=subscription,
            target_subscription=target,
            vm_id=vm_id,
            csn_id=resource(docs.VM_GROUP, "cloudServicesNetworks", name("csn")),
            cluster_id=resource(docs.PLATFORM_GROUP, "clusters", name("cluster")),
            manager_id=resource(docs.PLATFORM_GROUP, "clusterManagers", name("manager")),
            system=_identity(plan.name, "system", vm_id),
            users=tuple(
                _identity(plan.owner, user, docs.identity_id(subscription, user)) for user in plan.azure.user_identities
            ),
        )

    @property
    def target(self) -> str:
        """The id of the resource group for the Arc resource."""
        return docs.group_id(self.target_subscription, docs.TARGET_GROUP)

    @property
    def arc_id(self) -> str:
        """The id of the VM's Arc machine."""
        return f"{self.target}/providers/Microsoft.HybridCompute/machines/{self.vm_id.split('/')[-1]}"

    def scope(self, word: Scope) -> str:
        """The id of a scope of a plan."""
        return {
            "target": self.target,
            "subscription": f"/subscriptions/{self.target_subscription}",
            "management group": docs.MANAGEMENT_GROUP,
            "vm group": docs.group_id(self.subscription, docs.VM_GROUP),
            "vm": self.vm_id,
            "similar group": docs.group_id(self.target_subscription, docs.SIMILAR_GROUP),
        }[word]

    def stated_identity(self, plan: VmPlan) -> str | None:
        """The VM's identity in the inventory."""
        name = plan.azure.identity
        return docs.identity_id(self.subscription, name) if name not in (None, "system") else name


def _identity(vm: str, name: str, resource: str) -> Identity:
    return Identity(name, resource, docs.made_up(vm, name, "principal"), docs.made_up(vm, name, "client"))


@dataclass(slots=True)
class Cloud:
    """The data of the stand-ins of ARM, Entra and the metadata service."""

    resources: dict[str, Document] = field(default_factory=dict)  # by id in lower case
    providers: dict[tuple[str, str], Document] = field(default_factory=dict)  # by subscription, namespace; lower case
    assignments: list[Document] = field(default_factory=list)
    denies: list[Document] = field(default_factory=list)
    groups: dict[str, set[str]] = field(default_factory=dict)  # principal -> its Entra groups
    places: dict[str, Place] = field(default_factory=dict)  # by VM
    keys: dict[str, str] = field(default_factory=dict)  # machine that waits for its agent -> SHA-256 of its private key

    @classmethod
    def of(cls, plans: Sequence[VmPlan]) -> Cloud:
        """The Azure of these VMs."""
        cloud = cls()
        cloud._assign("reader", docs.MANAGEMENT_GROUP, CLIENT_PRINCIPAL)
        for plan in plans:
            cloud._add(plan, Place.of(plan))
        return cloud

    # --- building

    def _add(self, plan: VmPlan, place: Place) -> None:
        azure = plan.azure
        self.places[plan.name] = place
        for subscription in (place.subscription, place.target_subscription):
            self._add_subscription(subscription)
        self._put(docs.manager(place.manager_id))
        self._put(docs.cluster(place.cluster_id, place.manager_id))
        self._put(docs.csn(place.csn_id, place.cluster_id, plan.egress_lacks))
        for user in place.users:
            self._put(docs.user_identity(user.resource, user.principal, user.client))
        vm = docs.virtual_machine(place.vm_id, plan.number, place.cluster_id, place.csn_id, _identities(plan, place))
        if plan.azure.together:
            vm["properties"]["vmImage"] = f"contoso.azurecr.io/{plan.owner}-image:1"
        if not plan.power:
            off = {"powerState": "Off", "detailedStatus": "Stopped", "detailedStatusMessage": "VM is powered off"}
            vm["properties"].update(off)
        self._put(vm)
        self.resources[place.csn_id.lower()]["properties"]["associatedResourceIds"].append(place.vm_id)
        if azure.enrolled:
            ip, mac = addresses.mgmt(plan.number), addresses.mgmt_mac(plan.number)
            self._put(docs.arc_machine(place.arc_id, docs.made_up(plan.name, "vmid"), ip, mac))
        if azure.awaited:
            self._put(docs.awaited_machine(place.arc_id, docs.made_up(plan.name, "vmid")))
            self.keys[place.arc_id.lower()] = sha256(azure.private_key.encode()).hexdigest()
        for kind, change in azure.edits:
            for document in self._documents(kind, place):
                change(document)
        for kind in azure.absent:
            for identifier in self._ids(kind, place):
                self.resources.pop(identifier.lower(), None)
        principals = [one.principal for one in ([place.system] if azure.system_identity else []) + list(place.users)]
        for principal in principals:
            for grant in azure.grants:
                holder, kind_of_holder = principal, "ServicePrincipal"
                if grant.through_group:
                    holder, kind_of_holder = docs.made_up(plan.name, "group"), "Group"
                    self.groups.setdefault(principal, set()).add(holder)
                scope = place.scope(grant.scope)
                self._assign(grant.role, scope, holder, kind_of_holder, grant.condition, grant.minutes_ago)
        for deny in azure.denies:
            scope = place.scope(deny.scope)
            self.denies.append(role_docs.deny_assignment(scope, [] if deny.everybody else principals, deny.actions))

    def _add_subscription(self, subscription: str) -> None:
        """Add a subscription's providers; the plan that owns it can change those of Operator Nexus and Arc."""
        if (subscription, "microsoft.networkcloud") in self.providers:
            return
        nexus = docs.provider("Microsoft.NetworkCloud", subscription, docs.NEXUS_TYPES, docs.API_VERSIONS)
        arc = [docs.provider(name, subscription, types, _ARC_VERSIONS) for name, types in _ARC_TYPES.items()]
        other = [docs.provider(name, subscription, types, ["2022-04-01"]) for name, types in _OTHER_TYPES.items()]
        for one in [nexus, *arc, *other]:
            self.providers[subscription, one["namespace"].lower()] = one

    def _put(self, document: Document) -> None:
        self.resources.setdefault(document["id"].lower(), document)

    def _ids(self, kind: Kind, place: Place) -> list[str]:
        users = [user.resource for user in place.users]
        return {
            "vm": [place.vm_id],
            "csn": [place.csn_id],
            "cluster": [place.cluster_id],
            "manager": [place.manager_id],
            "arc": [place.arc_id],
            "identity": users,
        }[kind]

    def _documents(self, kind: Kind, place: Place) -> list[Document]:
        if kind.startswith("Microsoft."):
            subscription = place.subscription if kind == "Microsoft.NetworkCloud" else place.target_subscription
            return [self.providers[subscription, kind.lower()]]
        return [self.resources[identifier.lower()] for identifier in self._ids(kind, place)]

    def _assign(
        self,
        role: str,
        scope: str,
        principal: str,
        kind: str = "ServicePrincipal",
        condition: str | None = None,
        minutes: float = 90 * 24 * 60,
    ) -> None:
        assignment = role_docs.role_assignment(role, scope, principal, kind, condition, minutes)
        if all(assignment["id"] != other["id"] for other in self.assignments):
            self.assignments.append(assignment)

    # --- asking

    def subscriptions(self) -> list[str]:
        """The ids of all subscriptions."""
        return list(dict.fromkeys(subscription for subscription, _ in self.providers))

    def subscriptions_of(self, principal: str) -> list[str]:
        """The subscriptions that a principal sees: those in which, above which or below which it has a role."""
        assigned = f"assignedTo('{principal}')"
        return [one for one in self.subscriptions() if self.at(self.assignments, f"/subscriptions/{one}", assigned)]

    def resource_groups(self, subscription: str) -> list[str]:
        """The names of a subscription's resource groups."""
        return [docs.PLATFORM_GROUP, docs.VM_GROUP, docs.TARGET_GROUP, docs.SIMILAR_GROUP]

    def below(self, scope: str, kind: str) -> list[Document]:
        """The resources of a type at or below a scope, in the order of their ids."""
        above = [r for i, r in self.resources.items() if is_at_or_above(scope, i) and r["type"].lower() == kind.lower()]
        return sorted(above, key=lambda resource: (len(resource["id"]), resource["id"]))

    def role_definition(self, guid: str, subscription: str) -> Document | None:
        """A role by its GUID."""
        for key, (known, *_) in role_docs.ROLES.items():
            if known == guid.lower():
                return role_docs.role_definition(key, subscription)
        return None

    def principals_of(self, principal: str) -> set[str]:
        """A principal and its groups."""
        return {principal} | self.groups.get(principal, set())

    def at(self, listed: Sequence[Document], scope: str, filtered: str) -> list[Document]:
        """Role or deny assignments as ARM lists them at a scope.

        `filtered` is OData: "atScope()" excludes scopes below; "assignedTo('...')" and "principalId eq '...'" select
        those of one principal, the former also those of its groups.
        """
        reaching = [one for one in listed if is_at_or_above(one["properties"]["scope"], scope, whole_tree=True)]
        if "atscope()" not in filtered.lower():
            reaching += [
                one for one in listed if one not in reaching and is_at_or_above(scope, one["properties"]["scope"])
            ]
        if match := re.search(r"assignedTo\('([^']*)'\)", filtered, re.IGNORECASE):
            reaching = [
                one for one in reaching if _holders(one) & (self.principals_of(match[1].lower()) | {_EVERYBODY})
            ]
        if match := re.search(r"principalId eq '([^']*)'", filtered, re.IGNORECASE):
            reaching = [one for one in reaching if match[1].lower() in _holders(one)]
        return reaching

    def may(self, principal: str, action: str, scope: str) -> bool:
        """Whether a role allows the action at this scope, and no deny assignment forbids it."""
        for_me = f"assignedTo('{principal}') and atScope()"
        granted = False
        for assignment in self.at(self.assignments, scope, for_me):
            properties = assignment["properties"]
            role = self.role_definition(properties["roleDefinitionId"].split("/")[-1], docs.SUBSCRIPTION)
            permissions = role["properties"]["permissions"] if role else []
            granted |= any(_covers(one, action) for one in permissions)
        denied = [p for deny in self.at(self.denies, scope, for_me) for p in deny["properties"]["permissions"]]
        return granted and not any(_covers(one, action) for one in denied)


_EVERYBODY = "00000000-0000-0000-0000-000000000000"


def _holders(assignment: Document) -> set[str]:
    properties = assignment["properties"]
    many: Iterator[str] = (one["id"] for one in properties.get("principals", ()))
    return {properties["principalId"]} if "principalId" in properties else set(many)


def _identities(plan: VmPlan, place: Place) -> Document | None:
    """A VM's `identity`. Only a system-assigned identity has a principalId beside the type."""
    kinds = ["SystemAssigned"] * plan.azure.system_identity + ["UserAssigned"] * bool(place.users)
    if not kinds:
        return None
    identity: Document = {"type": ",".join(kinds)}
    if plan.azure.system_identity:
        identity |= {"principalId": place.system.principal, "tenantId": docs.TENANT}
    if place.users:
        identity["userAssignedIdentities"] = {
            user.resource: {"principalId": user.principal, "clientId": user.client} for user in place.users
        }
    return identity


def is_at_or_above(scope: str, identifier: str, *, whole_tree: bool = False) -> bool:
    """Whether a scope is `identifier` or contains it, by whole segments: rg-a does not contain rg-ab.

    With `whole_tree`, management groups and the root contain every subscription: there is only one tree.
    """
    scope, identifier = scope.lower().rstrip("/"), identifier.lower().rstrip("/")
    if whole_tree and (not scope or scope == docs.MANAGEMENT_GROUP.lower()):
        return True
    return identifier == scope or identifier.startswith(f"{scope}/")


def _covers(permission: Document, action: str) -> bool:
    def listed(name: str) -> bool:
        return any(_matches(pattern, action) for pattern in permission.get(name) or ())

    return listed("actions") and not listed("notActions")


def _matches(pattern: str, action: str) -> bool:
    """Whether an action matches `Microsoft.HybridCompute/*/read`, in any case; `*` also matches slashes."""
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), action, re.IGNORECASE))
