"""What Azure knows about one VM, and what the metadata service says for it: healthy until a fault changes it.

VMs share a cluster, a cloud services network and a subscription, as in a real site. A fault that changes one of them
gives its VM one of its own first (`edit` does), so that no fault reaches another VM. VMs that have their faults
together (`--fault vm1+vm2=NAME`) get it together: then the fault is that of what they share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

#: What can be edited: ARM resources of the VM, and what the subscriptions say about providers.
Kind = Literal[
    "vm", "csn", "cluster", "manager", "identity", "arc",
    "Microsoft.NetworkCloud",
    "Microsoft.HybridCompute", "Microsoft.GuestConfiguration", "Microsoft.HybridConnectivity",
]  # fmt: skip

#: Where a role is assigned or denied: the Arc resource's group, its subscription, the management group above that, the
#: VM's own group, a group whose name only begins like the right one's, or the VM itself.
Scope = Literal["target", "subscription", "management group", "vm group", "similar group", "vm"]

#: What a change of a kind must not share with other VMs. A cluster's change moves what refers to the cluster.
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
    """A deny assignment that names the VM's identities, or everybody."""

    actions: tuple[str, ...]
    scope: Scope = "target"
    everybody: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """ARM answers with an error where the path of a request has all of these words in it (in lower case).

    `{subscription}`, `{target}` and `{vm}` stand for this VM's own, so that no other VM is meant.
    """

    words: tuple[str, ...]
    status: Literal[403, 404, 429, 500, 503]
    times: int | None = None  # None = always
    retry_after: int = 1


@dataclass(slots=True)
class AzurePlan:
    """One VM in Azure. The fields say what a fault may change."""

    # identities and their roles
    system_identity: bool = True
    user_identities: list[str] = field(default_factory=list)  # names
    grants: list[Grant] = field(default_factory=lambda: [Grant("resource-manager"), Grant("list-access-details")])
    denies: list[Deny] = field(default_factory=list)

    # resources
    resource_name: str | None = None  # of the VM in Azure; None = as in the inventory
    own: set[str] = field(default_factory=set)  # what it shares with no other VM, or with those below: see _OWN
    together: int | None = None  # the number of the first VM of those that have their faults together
    edits: list[tuple[Kind, Callable[[dict[str, Any]], None]]] = field(default_factory=list)
    absent: set[Kind] = field(default_factory=set)
    enrolled: bool = False  # an Arc machine of its name exists
    awaited: bool = False  # likewise, and waits for its agent: private relay was prepared
    private_key: str = ""  # that machine was made with: base64 of PKCS#1
    troubles: list[Trouble] = field(default_factory=list)

    # what the inventory states
    path: str = "public"  # or "relay"
    private_key_file: str = ""  # in the guest: of the Arc machine that awaits the VM
    identity: str | None = "system"  # or the name of a user-assigned identity
    upper_case_ids: bool = False
    resource_id_stated: bool = True

    # the metadata service's tokens
    token_identities: list[str] | None = None  # "system" and names; None = those that ARM shows
    token_error: tuple[int, dict[str, str]] | None = None
    token_claims: dict[str, Any] = field(default_factory=dict)  # over the right ones
    token_answer: dict[str, Any] = field(default_factory=dict)  # likewise; None takes a field away
    token_age: float = 0.0  # seconds: the metadata service may hand out an old one

    def edit(self, kind: Kind, change: Callable[[dict[str, Any]], None]) -> None:
        """Change a resource of this VM and of no other."""
        self.own |= _OWN.get(kind, set())
        self.edits.append((kind, change))

    def set(self, kind: Kind, **properties: Any) -> None:
        """Set some of a resource's properties; None takes one away."""

        def change(document: dict[str, Any]) -> None:
            inside = document.get("properties", document)
            inside.update(properties)
            for name in [name for name, value in properties.items() if value is None]:
                del inside[name]

        self.edit(kind, change)
