"""The ARM paths that are the keys of `AzureSnapshot.answers`: one key for each request."""

from __future__ import annotations

from plugins.azure import resource_ids as ids

NEXUS = "Microsoft.NetworkCloud"
#: The resource providers that an Arc resource requires in its subscription.
TARGET_PROVIDERS = ("Microsoft.HybridCompute", "Microsoft.GuestConfiguration", "Microsoft.HybridConnectivity")


def resource(id: str) -> str:
    """One resource: a VM, a cluster, a network, an identity."""
    return ids.key(id)


def provider(subscription: str, namespace: str) -> str:
    """The registration of a resource provider in a subscription."""
    return ids.key(f"{ids.subscription_scope(subscription)}/providers/{namespace}")


def machines(group: str) -> str:
    """The Arc machines of a resource group."""
    return ids.key(f"{group}/providers/Microsoft.HybridCompute/machines")


def machine(group: str, name: str) -> str:
    """One Arc machine of a resource group: read when the list of machines could not be read."""
    return f"{machines(group)}/{name.lower()}"


def assignments(scope: str, principal: str) -> str:
    """The assignments of a principal at a scope and above, also through groups."""
    return ids.key(f"{scope}/providers/Microsoft.Authorization/roleAssignments?assignedTo={principal}")


def denies(scope: str) -> str:
    """The deny assignments at a scope and above."""
    return ids.key(f"{scope}/providers/Microsoft.Authorization/denyAssignments")


def definition(role_id: str) -> str:
    """A role definition; its GUID is the same in every subscription."""
    return f"/providers/microsoft.authorization/roledefinitions/{ids.last(role_id)}"
