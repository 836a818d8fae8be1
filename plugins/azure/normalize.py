"""Converts Azure's JSON to its documented form: a value of another type counts as absent.

A preview API, a proxy that answers in Azure's place, or a damaged ``azure.json`` may have a text where an object
belongs. The checks then report that Azure does not state it, as for missing values, and none of them has to test
the type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugins.core.strict_json import encode

#: The fields that are read, by their type. Other fields may have any type: they are shown, never read.
_OBJECTS = frozenset(
    "properties identity extendedLocation clusterExtendedLocation cloudServicesNetworkAttachment networkProfile "
    "userAssignedIdentities tags".split()
)
_LISTS_OF_OBJECTS = frozenset(
    "networkAttachments networkInterfaces ipAddresses availableUpgradeVersions clusterVersions "
    "additionalEgressEndpoints enabledEgressEndpoints endpoints permissions principals excludePrincipals "
    "resourceTypes".split()
)
_LISTS_OF_TEXTS = frozenset("actions notActions apiVersions".split())
_TEXTS = frozenset(
    "id name type location clusterId clusterManagerId attachedNetworkId principalId clientId tenantId scope condition "
    "roleDefinitionId roleName denyAssignmentName updatedOn createdOn namespace registrationState resourceType status "
    "vmId detailedStatus detailedStatusMessage provisioningState powerState clusterConnectionStatus "
    "clusterManagerConnectionStatus clusterVersion "
    "supportExpiryDate targetClusterVersion domainName macAddress ipv4Address address lastStatusChange".split()
)


def in_shape(value: Any) -> Any:
    """A resource, or a list of them. Raises ValueError for anything else, and for a number that JSON does not allow."""
    encode(value)
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, list):
        return [_object(item) for item in value if isinstance(item, Mapping)]
    raise ValueError(f"expected a resource or a list of resources, found {type(value).__name__}")


def _object(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: shaped for name, field in value.items() if (shaped := _field(name, field)) is not ...}


def _field(name: str, value: Any) -> Any:
    """The value of a field; ``...`` when it has another type than documented."""
    if value is None:
        return None
    if name in _OBJECTS:
        if not isinstance(value, Mapping):
            return ...
        if name == "tags":  # of any type
            return value
        if name == "userAssignedIdentities":  # by id; the value of an identity may be null
            return {id: _object(item) if isinstance(item, Mapping) else {} for id, item in value.items()}
        return _object(value)
    if name in _LISTS_OF_OBJECTS:
        return [_object(item) for item in value if isinstance(item, Mapping)] if isinstance(value, list) else ...
    if name in _LISTS_OF_TEXTS:
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else ...
    if name in _TEXTS:
        return value if isinstance(value, str) else ...
    return value


def properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """The ``properties`` of a resource; empty where it has none."""
    return resource.get("properties") or {}


def lower(text: Any) -> str | None:
    """An object id for comparisons: lower case, None when absent or empty."""
    return str(text).lower() if text else None
