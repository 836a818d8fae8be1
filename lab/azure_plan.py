"""The plan of one VM in Azure and in its metadata service: healthy until a fault changes it.

VMs share a cluster, a cloud services network and a subscription, as in a real site. A fault that changes one of them
gives its VM a separate copy first (see `edit`), so that it does not affect other VMs. VMs with a common fault
(`--fault vm1+vm2=NAME`) share one copy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

#: What can be edited: ARM resources of the VM, and the registration of the subscriptions' providers.
Kind = Literal[
    "vm", "csn", "cluster", "manager", "identity", "arc",
    "Microsoft.NetworkCloud",
    "Microsoft.HybridCompute", "Microsoft.GuestConfiguration", "Microsoft.HybridConnectivity",
]  # fmt: skip

#: Where a role is assigned or denied: the Arc resource's group, its subscription, the management group above that, the
#: VM's own group, a group whose name only begins like the right one's, or the VM itself.
Scope = Literal["target", "subscription", "management group", "vm group", "similar group", "vm"]

#: The resources that a VM must not share if a kind is changed: also those that refer to the changed one.
_OWN: dict[Kind, set[str]] = {
    "csn": {"csn"},
    "cluster": {"cluster", "csn"},
    "manager": {"manager", "cluster", "csn"},
    "Microsoft.NetworkCloud": {"subscription"},
    "Microsoft.HybridCompute": {"target"},
    "Microsoft.GuestConfiguration": {"target"},
    "Microsoft.HybridConnectivity": {"target"},
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role assignment for the VM's identities. `role` is a key of `lab.role_docs.ROLES`."""

    role: str
    scope: Scope = "target"
    through_group: bool = False
    condition: str | None = None
    minutes_ago: float = 30 * 24 * 60  # its last change


@dataclass(frozen=True, slots=True)
class Deny:
    """A deny assignment for the VM's identities, or for every principal."""

    actions: tuple[str, ...]
    scope: Scope = "target"
    everybody: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """ARM answers with an error if the path of a request contains all of these words (in lower case).

    `{subscription}`, `{target}` and `{vm}` are replaced by this VM's, so that other VMs are not affected.
    """

    words: tuple[str, ...]
    status: Literal[403, 404, 429, 500, 503]
    times: int | None = None  # None = always
    retry_after: int = 1


@dataclass(slots=True)
class AzurePlan:
    """One VM in Azure; a fault may change every field."""

    # identities and their roles
    system_identity: bool = True
    user_identities: list[str] = field(default_factory=list)  # names
    grants: list[Grant] = field(default_factory=lambda: [Grant("resource-manager"), Grant("list-access-details")])
    denies: list[Deny] = field(default_factory=list)

    # resources
    resource_name: str | None = None  # of the VM in Azure; None = as in the inventory
    own: set[str] = field(default_factory=set)  # resources of which it has a separate copy, see _OWN
    together: int | None = None  # the number of the first of the VMs that share these copies
    edits: list[tuple[Kind, Callable[[dict[str, Any]], None]]] = field(default_factory=list)
    absent: set[Kind] = field(default_factory=set)
    enrolled: bool = False  # an Arc machine with its name exists
    awaited: bool = False  # the same, and it waits for its agent: the private relay was prepared
    private_key: str = ""  # of that machine: base64 of PKCS#1
    troubles: list[Trouble] = field(default_factory=list)

    # what the inventory states
    path: str = "public"  # or "relay"
    private_key_file: str = ""  # in the guest: the key of that machine
    identity: str | None = "system"  # or the name of a user-assigned identity
    upper_case_ids: bool = False
    resource_id_stated: bool = True

    # the metadata service's tokens
    token_identities: list[str] | None = None  # "system" and names; None = those in ARM
    token_error: tuple[int, dict[str, str]] | None = None
    token_claims: dict[str, Any] = field(default_factory=dict)  # these replace the right ones
    token_answer: dict[str, Any] = field(default_factory=dict)  # likewise, of the answer; None removes a field
    token_age: float = 0.0  # in seconds: the metadata service caches tokens

    def edit(self, kind: Kind, change: Callable[[dict[str, Any]], None]) -> None:
        """Change a resource of this VM, but not of other VMs."""
        self.own |= _OWN.get(kind, set())
        self.edits.append((kind, change))

    def set(self, kind: Kind, **properties: Any) -> None:
        """Set some of a resource's properties; None removes one."""

        def change(document: dict[str, Any]) -> None:
            inside = document.get("properties", document)
            inside.update(properties)
            for name in [name for name, value in properties.items() if value is None]:
                del inside[name]

        self.edit(kind, change)
