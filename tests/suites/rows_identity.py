"""IDENTITY-001 and IDENTITY-002: every outcome, word for word."""

from __future__ import annotations

from dataclasses import replace

from plugins.model import Status
from tests.support.azure_rows import azure_row, common_azure_rows
from tests.support.fake_azure import FORBIDDEN, GONE, INVENTORY, OTHER_ID, USER, USER_ID
from tests.support.suite_rows import Row

ROWS: dict[str, list[Row]] = {}

SYSTEM_WANTED = replace(INVENTORY, identity="system")
USER_WANTED = replace(INVENTORY, identity=USER_ID.upper())  # ids compare without case

KNOWN = {"principalId": USER.upper(), "clientId": "bbbbbbbb-0000-0000-0000-000000000002"}
ONE = {"type": "UserAssigned", "principalId": GONE, "userAssignedIdentities": {USER_ID: KNOWN}}
TWO = {"type": "UserAssigned", "principalId": GONE, "userAssignedIdentities": {USER_ID: KNOWN, OTHER_ID: {}}}
BOTH = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {USER_ID: KNOWN}}
EMPTY = {
    "type": "UserAssigned",
    "principalId": GONE,
    "userAssignedIdentities": {USER_ID: {}},
}  # the identity's own resource has it


ROWS["IDENTITY-001"] = [
    azure_row("system-assigned", Status.PASS, "VM vm-a has the system-assigned identity."),
    azure_row(
        "user-assigned",
        Status.PASS,
        "VM vm-a has the user-assigned identity /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-arc.",
        vm={"identity": ONE},
    ),
    azure_row(
        "both",
        Status.PASS,
        "VM vm-a has the system-assigned identity and the user-assigned identity /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-arc.",
        vm={"identity": BOTH},
    ),
    azure_row(
        "several",
        Status.PASS,
        "VM vm-a has the user-assigned identity /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-arc and the user-assigned identity /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-backup.",
        vm={"identity": TWO},
    ),
    azure_row(
        "an empty object: that is one, too",
        Status.PASS,
        "VM vm-a has the user-assigned identity /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-arc.",
        vm={"identity": EMPTY},
        identities={USER_ID: FORBIDDEN},
    ),
    azure_row(
        "absent",
        Status.FAIL,
        "VM vm-a has no managed identity (identity.type: absent); expected a system-assigned or a user-assigned one, given when the VM was created.",
        "Create the VM again with its identity (az networkcloud virtualmachine create ... --mi-system-assigned, or --mi-user-assigned ID). Adding one to the present VM does not help: Azure then shows it, and IMDS issues no token.",
        vm={"identity": GONE},
    ),
    azure_row(
        "null",
        Status.FAIL,
        "VM vm-a has no managed identity (identity.type: absent); expected a system-assigned or a user-assigned one, given when the VM was created.",
        vm={"identity": None},
    ),
    azure_row(
        "None",
        Status.FAIL,
        "VM vm-a has no managed identity (identity.type: None); expected a system-assigned or a user-assigned one, given when the VM was created.",
        vm={"identity": {"type": "None", "principalId": GONE}},
    ),
    *common_azure_rows("vm", "vm"),
]


ROWS["IDENTITY-002"] = [
    azure_row(
        "system-assigned, nothing said",
        Status.PASS,
        "The VM enrolls with the system-assigned identity, the one that IMDS takes when none is named; its principal is aaaaaaaa-0000-0000-0000-000000000001.",
    ),
    azure_row(
        "system-assigned, as expected",
        Status.PASS,
        "The VM enrolls with the system-assigned identity, the only one it has; its principal is aaaaaaaa-0000-0000-0000-000000000001.",
        inventory=SYSTEM_WANTED,
    ),
    azure_row(
        "the only user-assigned one",
        Status.PASS,
        "The VM enrolls with the user-assigned identity /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-arc, the one that IMDS takes when none is named; its principal is aaaaaaaa-0000-0000-0000-000000000002.",
        vm={"identity": ONE},
    ),
    azure_row(
        "user-assigned, as expected, in another case",
        Status.PASS,
        "The VM enrolls with the user-assigned identity /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-arc, as the inventory says; its principal is aaaaaaaa-0000-0000-0000-000000000002.",
        inventory=USER_WANTED,
        vm={"identity": TWO},
    ),
    azure_row(
        "both, and the user-assigned one is expected",
        Status.PASS,
        "The VM enrolls with the user-assigned identity /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-arc, as the inventory says; its principal is aaaaaaaa-0000-0000-0000-000000000002.",
        inventory=USER_WANTED,
        vm={"identity": BOTH},
    ),
    azure_row(
        "both, nothing said: the system-assigned one",
        Status.PASS,
        "The VM enrolls with the system-assigned identity, the one that IMDS takes when none is named; its principal is aaaaaaaa-0000-0000-0000-000000000001.",
        vm={"identity": BOTH},
    ),
    azure_row(
        "an empty object, and ManagedIdentity knows",
        Status.PASS,
        "The VM enrolls with the user-assigned identity /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-arc, the only one it has; its principal is aaaaaaaa-0000-0000-0000-000000000002.",
        inventory=USER_WANTED,
        vm={"identity": EMPTY},
        identities={USER_ID: {"properties": {"principalId": USER}}},
    ),
    azure_row(
        "system-assigned expected, user-assigned there",
        Status.FAIL,
        "The inventory expects the system-assigned identity. The VM has the user-assigned identity /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-arc.",
        "A managed identity works only when the VM was created with it: create the VM again with the identity, or correct the inventory.",
        inventory=SYSTEM_WANTED,
        vm={"identity": ONE},
    ),
    azure_row(
        "user-assigned expected, another one there",
        Status.FAIL,
        "The inventory expects the user-assigned identity /SUBSCRIPTIONS/11111111-2222-3333-4444-555555555555/RESOURCEGROUPS/RG-NEXUS/PROVIDERS/MICROSOFT.MANAGEDIDENTITY/USERASSIGNEDIDENTITIES/ID-ARC. The VM has the user-assigned identity /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-backup.",
        "A managed identity works only when the VM was created with it: create the VM again with the identity, or correct the inventory.",
        inventory=USER_WANTED,
        vm={"identity": {"type": "UserAssigned", "userAssignedIdentities": {OTHER_ID: KNOWN}}},
    ),
    azure_row(
        "user-assigned expected, system-assigned there",
        Status.FAIL,
        "The inventory expects the user-assigned identity /SUBSCRIPTIONS/11111111-2222-3333-4444-555555555555/RESOURCEGROUPS/RG-NEXUS/PROVIDERS/MICROSOFT.MANAGEDIDENTITY/USERASSIGNEDIDENTITIES/ID-ARC. The VM has the system-assigned identity.",
        "A managed identity works only when the VM was created with it: create the VM again with the identity, or correct the inventory.",
        inventory=USER_WANTED,
    ),
    azure_row(
        "deleted",
        Status.FAIL,
        "The VM names the user-assigned identity /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-arc, but Azure has no principal for it: the identity was deleted.",
        "Create the identity and its role assignments, and the VM again with it: a new identity of the same name is another principal.",
        inventory=USER_WANTED,
        vm={"identity": EMPTY},
        identities={USER_ID: GONE},
    ),
    azure_row(
        "several, and nothing says which",
        Status.FAIL,
        "The VM has 2 user-assigned identities and no system-assigned one, and the inventory does not state which to enroll with: /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-arc, /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-backup.",
        "State it in the inventory: identity: <the ARM id of the user-assigned identity>.",
        vm={"identity": TWO},
    ),
    azure_row(
        "an empty object, and ManagedIdentity refuses",
        Status.UNKNOWN,
        "The principal of the user-assigned identity /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-arc is not known: Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Grant the runner Reader.",
        vm={"identity": EMPTY},
        identities={USER_ID: FORBIDDEN},
    ),
    azure_row(
        "system-assigned, and its principal is not stated",
        Status.UNKNOWN,
        "The VM resource does not state the principal id of its system-assigned identity.",
        "Run again later. If it persists, create the VM again: its identity was not made.",
        vm={"identity": {"principalId": GONE}},
    ),
    *common_azure_rows("vm", "vm"),
]
