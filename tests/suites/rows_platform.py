"""PLATFORM-001..006: every outcome, word for word."""

from __future__ import annotations

from dataclasses import replace

from plugins.model import Status, Target
from plugins.requirements.profile import Profile, load_profile
from tests.support.fake_azure import FORBIDDEN, GONE, INVENTORY, azure
from tests.support.suite_rows import PROFILE, Row

ROWS: dict[str, list[Row]] = {}

ELSEWHERE_GROUP = "/subscriptions/22222222-2222-3333-4444-555555555555/resourceGroups/rg-arc"
ELSEWHERE = replace(INVENTORY, target=Target("22222222-2222-3333-4444-555555555555", "rg-arc", "eastus", "AzureCloud"))
NEWER = load_profile("2602")


def declared(bundle: str) -> Profile:
    return replace(PROFILE, declared_bundle=bundle)


ROWS["PLATFORM-001"] = [
    Row(
        "at the floor",
        {},
        Status.PASS,
        "Cluster cluster-1 runs 4.7.0 (expected 4.7.0 or later).",
        parameters={"azure": azure()},
        vm=INVENTORY,
    ),
    Row(
        "the second part counts as a number",
        {},
        Status.PASS,
        "Cluster cluster-1 runs 4.10.0 (expected 4.9.0 or later).",
        parameters={"azure": azure(cluster={"properties": {"clusterVersion": "4.10.0"}})},
        vm=INVENTORY,
        profile=NEWER,
    ),
    Row(
        "below",
        {},
        Status.FAIL,
        "Cluster cluster-1 runs 4.6.2; expected 4.7.0 or later.",
        "Upgrade the cluster's runtime (it is offered 4.9.0, 4.10.0): az networkcloud cluster update-version --name cluster-1 --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555 --target-cluster-version 4.10.0",
        parameters={"azure": azure(cluster={"properties": {"clusterVersion": "4.6.2"}})},
        vm=INVENTORY,
    ),
    Row(
        "below, and no upgrade is offered",
        {},
        Status.FAIL,
        "Cluster cluster-1 runs 3.14.1; expected 4.7.0 or later.",
        "The cluster needs a newer runtime; it is offered none at",
        parameters={
            "azure": azure(cluster={"properties": {"clusterVersion": "3.14.1", "availableUpgradeVersions": []}})
        },
        vm=INVENTORY,
    ),
    Row(
        "enough for 2510, not for 2602",
        {},
        Status.FAIL,
        "Cluster cluster-1 runs 4.7.0; expected 4.9.0 or later.",
        "Upgrade the cluster's runtime (it is offered 4.9.0, 4.10.0): az networkcloud cluster update-version --name cluster-1 --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555 --target-cluster-version 4.10.0",
        parameters={"azure": azure()},
        vm=INVENTORY,
        profile=NEWER,
    ),
    Row(
        "what looks like a bundle is not compared",
        {},
        Status.UNKNOWN,
        "Cluster cluster-1 states clusterVersion '2507.1', which is no runtime version; expected 4.7.0 or later. It looks like a management bundle.",
        "Look up the runtime version: az networkcloud cluster show --name cluster-1 --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555 --query clusterVersion",
        parameters={"azure": azure(cluster={"properties": {"clusterVersion": "2507.1"}})},
        vm=INVENTORY,
    ),
    Row(
        "what looks like nothing",
        {},
        Status.UNKNOWN,
        "Cluster cluster-1 states clusterVersion 'latest', which is no runtime version; expected 4.7.0 or later.",
        "Look up the runtime version: az networkcloud cluster show --name cluster-1 --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555 --query clusterVersion",
        parameters={"azure": azure(cluster={"properties": {"clusterVersion": "latest"}})},
        vm=INVENTORY,
    ),
    Row(
        "not stated",
        {},
        Status.UNKNOWN,
        "Azure does not state clusterVersion of cluster cluster-1.",
        "Look at the resource in the portal (JSON view, newest API",
        parameters={"azure": azure(cluster={"properties": {"clusterVersion": GONE}})},
        vm=INVENTORY,
    ),
    Row(
        "the cluster does not exist",
        {},
        Status.UNKNOWN,
        "Azure has no cluster resource of the id that the VM names, so this could not be looked at.",
        "See PLATFORM-004.",
        parameters={"azure": azure(cluster=GONE)},
        vm=INVENTORY,
    ),
    Row(
        "the VM does not exist",
        {},
        Status.BLOCKED,
        "Not judged: VM-001, Azure has no VM resource of this id.",
        "See VM-001: correct resource_id in the inventory.",
        parameters={"azure": azure(vm=GONE)},
        vm=INVENTORY,
    ),
    Row(
        "Azure refused",
        {},
        Status.UNKNOWN,
        "Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Grant the runner Reader.",
        parameters={"azure": azure(cluster=FORBIDDEN)},
        vm=INVENTORY,
    ),
    Row(
        "flat, as az prints it",
        {},
        Status.PASS,
        "Cluster cluster-1 runs 4.8.1 (expected 4.7.0 or later).",
        parameters={"azure": azure(cluster={"properties": GONE, "clusterVersion": "4.8.1"})},
        vm=INVENTORY,
    ),
]


ROWS["PLATFORM-002"] = [
    Row(
        "declared",
        {},
        Status.PASS,
        "The operator declares management bundle 2510.1 (declared.management_bundle of profile 2510; expected 2510.1 or later).",
        parameters={"azure": azure()},
        vm=INVENTORY,
        profile=declared("2510.1"),
    ),
    Row(
        "declared, newer: the month counts before the number",
        {},
        Status.PASS,
        "The operator declares management bundle 2602.1 (declared.management_bundle of profile 2510; expected 2510.1 or later).",
        parameters={"azure": azure()},
        vm=INVENTORY,
        profile=declared("2602.1"),
    ),
    Row(
        "declared, and Azure cannot be read",
        {},
        Status.PASS,
        "The operator declares management bundle 2511.2 (declared.management_bundle of profile 2510; expected 2510.1 or later).",
        parameters={"azure": azure(vm=FORBIDDEN, cluster=FORBIDDEN)},
        vm=INVENTORY,
        profile=declared("2511.2"),
    ),
    Row(
        "declared, older",
        {},
        Status.FAIL,
        "The operator declares management bundle 2509.4 (declared.management_bundle of profile 2510); expected 2510.1 or later.",
        "Microsoft rolls management bundles out, region by region: ask",
        parameters={"azure": azure()},
        vm=INVENTORY,
        profile=declared("2509.4"),
    ),
    Row(
        "inferred: never a pass",
        {},
        Status.WARN,
        "No Azure API names the management bundle, and none is declared. It is inferred to be 2510.1 or later (newest runtime offered: 4.10.0, newest stable API version: 2025-09-01; 2510.1 came with runtime 4.7.0 and API 2025-09-01).",
        "Ask the operator of the instance for the management bundle,",
        parameters={"azure": azure()},
        vm=INVENTORY,
    ),
    Row(
        "inferred from the cluster manager",
        {},
        Status.WARN,
        "No Azure API names the management bundle, and none is declared. It is inferred to be 2510.1 or later (newest runtime offered: 4.10.0, newest stable API version: 2025-09-01; 2510.1 came with runtime 4.7.0 and API 2025-09-01).",
        "Ask the operator of the instance for the management bundle,",
        parameters={
            "azure": azure(cluster={"properties": {"clusterVersion": "4.5.0", "availableUpgradeVersions": []}})
        },
        vm=INVENTORY,
    ),
    Row(
        "inferred without the cluster manager",
        {},
        Status.WARN,
        "No Azure API names the management bundle, and none is declared. It is inferred to be 2510.1 or later (newest runtime offered: 4.10.0, newest stable API version: 2025-09-01; 2510.1 came with runtime 4.7.0 and API 2025-09-01).",
        "Ask the operator of the instance for the management bundle,",
        parameters={"azure": azure(manager=FORBIDDEN)},
        vm=INVENTORY,
    ),
    Row(
        "the runtimes are too old",
        {},
        Status.UNKNOWN,
        "No Azure API names the management bundle, none is declared, and nothing shows that it is 2510.1 or later (newest runtime offered: 4.5.0, newest stable API version: 2025-09-01; expected runtime 4.7.0 and API 2025-09-01).",
        "Ask the operator of the instance for the management bundle,",
        parameters={
            "azure": azure(
                cluster={"properties": {"clusterVersion": "4.5.0", "availableUpgradeVersions": []}},
                manager={"properties": {"clusterVersions": []}},
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "a version that looks like a bundle proves nothing",
        {},
        Status.UNKNOWN,
        "No Azure API names the management bundle, none is declared, and nothing shows that it is 2510.1 or later (newest runtime offered: not known, newest stable API version: 2025-09-01; expected runtime 4.7.0 and API 2025-09-01).",
        "Ask the operator of the instance for the management bundle,",
        parameters={
            "azure": azure(
                cluster={"properties": {"clusterVersion": "2602.1", "availableUpgradeVersions": []}}, manager=FORBIDDEN
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "the API is too old",
        {},
        Status.UNKNOWN,
        "No Azure API names the management bundle, none is declared, and nothing shows that it is 2510.1 or later (newest runtime offered: 4.10.0, newest stable API version: 2025-02-01; expected runtime 4.7.0 and API 2025-09-01).",
        "Ask the operator of the instance for the management bundle,",
        parameters={
            "azure": azure(
                nexus={
                    "resourceTypes": [
                        {"resourceType": "VirtualMachines", "apiVersions": ["2025-07-01-preview", "2025-02-01"]}
                    ]
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "nothing can be read",
        {},
        Status.UNKNOWN,
        "No Azure API names the management bundle, none is declared, and nothing shows that it is 2510.1 or later (newest runtime offered: not known, newest stable API version: not known; expected runtime 4.7.0 and API 2025-09-01).",
        "Ask the operator of the instance for the management bundle,",
        parameters={"azure": azure(cluster=FORBIDDEN, nexus=FORBIDDEN)},
        vm=INVENTORY,
    ),
]


ROWS["PLATFORM-003"] = [
    Row(
        "recommended",
        {},
        Status.PASS,
        "Microsoft.NetworkCloud offers virtual machines up to API version 2025-09-01 (expected 2025-09-01 or later).",
        parameters={"azure": azure()},
        vm=INVENTORY,
    ),
    Row(
        "exactly the floor",
        {},
        Status.WARN,
        "Microsoft.NetworkCloud offers virtual machines up to API version 2025-07-01-preview, and stable up to 2025-02-01; 2025-07-01-preview is enough, 2025-09-01 or later is recommended.",
        "Use 2025-07-01-preview until the stable version is offered,",
        parameters={
            "azure": azure(
                nexus={
                    "resourceTypes": [
                        {"resourceType": "VirtualMachines", "apiVersions": ["2025-07-01-preview", "2025-02-01"]}
                    ]
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "the stable version of the preview's date is newer",
        {},
        Status.WARN,
        "Microsoft.NetworkCloud offers virtual machines up to API version 2025-07-01, and stable up to 2025-07-01; 2025-07-01-preview is enough, 2025-09-01 or later is recommended.",
        "Use 2025-07-01 until the stable version is offered, and read",
        parameters={
            "azure": azure(
                nexus={
                    "resourceTypes": [
                        {"resourceType": "VirtualMachines", "apiVersions": ["2025-07-01", "2025-07-01-preview"]}
                    ]
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "a later preview is no stable version",
        {},
        Status.WARN,
        "Microsoft.NetworkCloud offers virtual machines up to API version 2026-01-01-preview, and stable up to 2025-02-01; 2025-09-01 is enough, 2025-09-01 or later is recommended.",
        "Use 2026-01-01-preview until the stable version is offered,",
        parameters={
            "azure": azure(
                nexus={
                    "resourceTypes": [
                        {"resourceType": "VirtualMachines", "apiVersions": ["2026-01-01-preview", "2025-02-01"]}
                    ]
                }
            )
        },
        vm=INVENTORY,
        profile=NEWER,
    ),
    Row(
        "the preview of the floor's date is older",
        {},
        Status.FAIL,
        "Microsoft.NetworkCloud offers virtual machines up to API version 2025-09-01-preview; expected 2025-09-01 or later: managed identities are not known below it.",
        "A management bundle brings new API versions: ask Microsoft",
        parameters={
            "azure": azure(
                nexus={"resourceTypes": [{"resourceType": "VirtualMachines", "apiVersions": ["2025-09-01-preview"]}]}
            )
        },
        vm=INVENTORY,
        profile=NEWER,
    ),
    Row(
        "too old",
        {},
        Status.FAIL,
        "Microsoft.NetworkCloud offers virtual machines up to API version 2025-02-01; expected 2025-07-01-preview or later: managed identities are not known below it.",
        "A management bundle brings new API versions: ask Microsoft",
        parameters={
            "azure": azure(
                nexus={
                    "resourceTypes": [
                        {"resourceType": "VirtualMachines", "apiVersions": ["2025-02-01", "2024-10-01-preview"]}
                    ]
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "the versions of another type do not count",
        {},
        Status.UNKNOWN,
        "Azure does not state the API versions of virtualMachines of the resource provider Microsoft.NetworkCloud.",
        "Look at the resource in the portal (JSON view, newest API",
        parameters={
            "azure": azure(nexus={"resourceTypes": [{"resourceType": "clusters", "apiVersions": ["2025-09-01"]}]})
        },
        vm=INVENTORY,
    ),
    Row(
        "Azure refused",
        {},
        Status.UNKNOWN,
        "Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Grant the runner Reader.",
        parameters={"azure": azure(nexus=FORBIDDEN)},
        vm=INVENTORY,
    ),
]


ROWS["PLATFORM-004"] = [
    Row(
        "running",
        {},
        Status.PASS,
        "Cluster cluster-1 is Running and Connected.",
        parameters={"azure": azure()},
        vm=INVENTORY,
    ),
    Row(
        "updating",
        {},
        Status.WARN,
        "Cluster cluster-1 is connected and has detailedStatus Updating; expected Running: Rack 2 of 4 is being upgraded.",
        "Enroll when the cluster is Running again; what fails",
        parameters={
            "azure": azure(
                cluster={
                    "properties": {
                        "detailedStatus": "Updating",
                        "detailedStatusMessage": "Rack 2 of 4 is being upgraded.",
                    }
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "update paused",
        {},
        Status.WARN,
        "Cluster cluster-1 is connected and has detailedStatus UpdatePaused; expected Running.",
        "Enroll when the cluster is Running again; what fails",
        parameters={"azure": azure(cluster={"properties": {"detailedStatus": "UpdatePaused"}})},
        vm=INVENTORY,
    ),
    Row(
        "degraded",
        {},
        Status.WARN,
        "Cluster cluster-1 is connected and has detailedStatus Degraded; expected Running: 2 bare metal machines are not ready.",
        "Enroll when the cluster is Running again; what fails",
        parameters={
            "azure": azure(
                cluster={
                    "properties": {
                        "detailedStatus": "Degraded",
                        "detailedStatusMessage": "2 bare metal machines are not ready",
                    }
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "degraded and not connected",
        {},
        Status.FAIL,
        "Cluster cluster-1 has clusterConnectionStatus Timeout; expected Connected. Its detailedStatus is Degraded.",
        "Restore the connection between cluster and cluster manager",
        parameters={
            "azure": azure(cluster={"properties": {"detailedStatus": "Degraded", "clusterConnectionStatus": "Timeout"}})
        },
        vm=INVENTORY,
    ),
    Row(
        "not connected",
        {},
        Status.FAIL,
        "Cluster cluster-1 has clusterConnectionStatus Disconnected; expected Connected. Its detailedStatus is Running.",
        "Restore the connection between cluster and cluster manager",
        parameters={"azure": azure(cluster={"properties": {"clusterConnectionStatus": "Disconnected"}})},
        vm=INVENTORY,
    ),
    Row(
        "never connected",
        {},
        Status.FAIL,
        "Cluster cluster-1 has clusterConnectionStatus Undefined; expected Connected. Its detailedStatus is not stated.",
        "Restore the connection between cluster and cluster manager",
        parameters={
            "azure": azure(cluster={"properties": {"clusterConnectionStatus": "Undefined", "detailedStatus": GONE}})
        },
        vm=INVENTORY,
    ),
    Row(
        "failed",
        {},
        Status.FAIL,
        "Cluster cluster-1 has detailedStatus Failed; expected Running: Deployment failed: hardware validation.",
        "Restore the cluster first: portal, the cluster's Overview and",
        parameters={
            "azure": azure(
                cluster={
                    "properties": {
                        "detailedStatus": "Failed",
                        "detailedStatusMessage": "Deployment failed: hardware validation",
                    }
                }
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "still deploying, connection not stated",
        {},
        Status.FAIL,
        "Cluster cluster-1 has detailedStatus Deploying; expected Running.",
        "Restore the cluster first: portal, the cluster's Overview and",
        parameters={
            "azure": azure(cluster={"properties": {"detailedStatus": "Deploying", "clusterConnectionStatus": GONE}})
        },
        vm=INVENTORY,
    ),
    Row(
        "connection not stated",
        {},
        Status.UNKNOWN,
        "Azure does not state clusterConnectionStatus of cluster cluster-1.",
        "Look at the resource in the portal (JSON view, newest API",
        parameters={"azure": azure(cluster={"properties": {"clusterConnectionStatus": GONE}})},
        vm=INVENTORY,
    ),
    Row(
        "neither stated",
        {},
        Status.UNKNOWN,
        "Azure does not state detailedStatus and clusterConnectionStatus of cluster cluster-1.",
        "Look at the resource in the portal (JSON view, newest API",
        parameters={"azure": azure(cluster={"properties": {"clusterConnectionStatus": GONE, "detailedStatus": GONE}})},
        vm=INVENTORY,
    ),
    Row(
        "deleted",
        {},
        Status.FAIL,
        "Azure has no cluster cluster-1, though the VM says that it runs there.",
        "Restore the cluster, or correct resource_id in the inventory:",
        parameters={"azure": azure(cluster=GONE)},
        vm=INVENTORY,
    ),
    Row(
        "the VM does not exist",
        {},
        Status.BLOCKED,
        "Not judged: VM-001, Azure has no VM resource of this id.",
        "See VM-001: correct resource_id in the inventory.",
        parameters={"azure": azure(vm=GONE)},
        vm=INVENTORY,
    ),
    Row(
        "Azure refused",
        {},
        Status.UNKNOWN,
        "Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Grant the runner Reader.",
        parameters={"azure": azure(cluster=FORBIDDEN)},
        vm=INVENTORY,
    ),
]


ROWS["PLATFORM-005"] = [
    Row(
        "registered",
        {},
        Status.PASS,
        "Microsoft.HybridCompute is registered in subscription 11111111-2222-3333-4444-555555555555.",
        parameters={"azure": azure(), "namespace": "Microsoft.HybridCompute"},
        vm=INVENTORY,
    ),
    Row(
        "registering",
        {},
        Status.WARN,
        "Microsoft.GuestConfiguration is Registering in subscription 11111111-2222-3333-4444-555555555555; expected Registered. That takes some minutes.",
        "Wait and run again; if it stays so: az provider register --namespace Microsoft.GuestConfiguration --subscription 11111111-2222-3333-4444-555555555555 --wait",
        parameters={
            "azure": azure(providers={"Microsoft.GuestConfiguration": "Registering"}),
            "namespace": "Microsoft.GuestConfiguration",
        },
        vm=INVENTORY,
    ),
    Row(
        "not registered",
        {},
        Status.FAIL,
        "Microsoft.HybridConnectivity is NotRegistered in subscription 11111111-2222-3333-4444-555555555555; expected Registered. azcmagent connect would stop with \"The subscription isn't registered to use namespace 'Microsoft.HybridConnectivity'\".",
        "az provider register --namespace Microsoft.HybridConnectivity --subscription 11111111-2222-3333-4444-555555555555 --wait",
        parameters={
            "azure": azure(providers={"Microsoft.HybridConnectivity": "NotRegistered"}),
            "namespace": "Microsoft.HybridConnectivity",
        },
        vm=INVENTORY,
    ),
    Row(
        "unregistered in another subscription than the VM's",
        {},
        Status.FAIL,
        "Microsoft.HybridCompute is Unregistered in subscription 22222222-2222-3333-4444-555555555555; expected Registered. azcmagent connect would stop with \"The subscription isn't registered to use namespace 'Microsoft.HybridCompute'\".",
        "az provider register --namespace Microsoft.HybridCompute --subscription 22222222-2222-3333-4444-555555555555 --wait",
        parameters={
            "azure": azure(
                inventory=ELSEWHERE, scope=ELSEWHERE_GROUP, providers={"Microsoft.HybridCompute": "Unregistered"}
            ),
            "namespace": "Microsoft.HybridCompute",
        },
        vm=ELSEWHERE,
    ),
    Row(
        "not stated",
        {},
        Status.UNKNOWN,
        "Azure does not state registrationState of the resource provider Microsoft.HybridCompute in subscription 11111111-2222-3333-4444-555555555555.",
        "Look at the resource in the portal (JSON view, newest API",
        parameters={"azure": azure(providers={"Microsoft.HybridCompute": ""}), "namespace": "Microsoft.HybridCompute"},
        vm=INVENTORY,
    ),
    Row(
        "Azure refused",
        {},
        Status.UNKNOWN,
        "Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Grant the runner Reader.",
        parameters={
            "azure": azure(providers={"Microsoft.HybridCompute": FORBIDDEN}),
            "namespace": "Microsoft.HybridCompute",
        },
        vm=INVENTORY,
    ),
]


ROWS["PLATFORM-006"] = [
    Row(
        "in the future",
        {},
        Status.PASS,
        "Runtime 4.7.0 of cluster cluster-1 is supported until 2027-02-28.",
        parameters={"azure": azure()},
        vm=INVENTORY,
    ),
    Row(
        "today is not too late",
        {},
        Status.PASS,
        "Runtime 4.7.0 of cluster cluster-1 is supported until 2026-11-21.",
        parameters={"azure": azure(cluster={"properties": {"supportExpiryDate": "2026-11-21"}})},
        vm=INVENTORY,
    ),
    Row(
        "over",
        {},
        Status.WARN,
        "Support for runtime 4.7.0 of cluster cluster-1 ended on 2026-10-31; expected a date in the future.",
        "Upgrade the cluster's runtime (it is offered 4.9.0, 4.10.0): az networkcloud cluster update-version --name cluster-1 --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555 --target-cluster-version 4.10.0",
        parameters={"azure": azure(cluster={"properties": {"supportExpiryDate": "2026-10-31"}})},
        vm=INVENTORY,
    ),
    Row(
        "with a time of day",
        {},
        Status.WARN,
        "Support for runtime of an unknown version of cluster cluster-1 ended on 2026-10-31; expected a date in the future.",
        "Upgrade the cluster's runtime (it is offered 4.9.0, 4.10.0): az networkcloud cluster update-version --name cluster-1 --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555 --target-cluster-version 4.10.0",
        parameters={
            "azure": azure(
                cluster={"properties": {"supportExpiryDate": "2026-10-31T00:00:00Z", "clusterVersion": GONE}}
            )
        },
        vm=INVENTORY,
    ),
    Row(
        "no date",
        {},
        Status.UNKNOWN,
        "Cluster cluster-1 states supportExpiryDate 'soon'; expected a date such as 2026-10-31.",
        "Look the runtime up in the table of supported versions of",
        parameters={"azure": azure(cluster={"properties": {"supportExpiryDate": "soon"}})},
        vm=INVENTORY,
    ),
    Row(
        "not stated",
        {},
        Status.UNKNOWN,
        "Azure does not state supportExpiryDate of cluster cluster-1.",
        "Look at the resource in the portal (JSON view, newest API",
        parameters={"azure": azure(cluster={"properties": {"supportExpiryDate": GONE}})},
        vm=INVENTORY,
    ),
    Row(
        "Azure refused",
        {},
        Status.UNKNOWN,
        "Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Grant the runner Reader.",
        parameters={"azure": azure(cluster=FORBIDDEN)},
        vm=INVENTORY,
    ),
]
