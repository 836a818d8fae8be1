"""PLATFORM-004 and 005: the cluster's state and the resource providers; every outcome, word for word."""

from __future__ import annotations

from dataclasses import replace

from plugins.model import Status, Target
from tests.support.azure_rows import NOT_STATED, azure_row, common_azure_rows, props
from tests.support.fake_azure import FORBIDDEN, GONE, INVENTORY
from tests.support.suite_rows import Row

ROWS: dict[str, list[Row]] = {}

LOOK_LATER = "Check the cluster's Overview in the portal, and run again later."
WAIT = "Enroll when the cluster is Running again; checks that fail until then may have this cause."
RECONNECT = "Restore the connection between cluster and cluster manager (network fabric, ExpressRoute, proxy); VMs continue to run, but Azure can neither see nor change them."

ELSEWHERE_GROUP = "/subscriptions/22222222-2222-3333-4444-555555555555/resourceGroups/rg-arc"
ELSEWHERE = replace(INVENTORY, target=Target("22222222-2222-3333-4444-555555555555", "rg-arc", "eastus", "AzureCloud"))

ROWS["PLATFORM-004"] = [
    azure_row("running", Status.PASS, "Cluster cluster-1 is Running and Connected."),
    azure_row(
        "updating",
        Status.WARN,
        "Cluster cluster-1 is connected and has detailedStatus Updating; expected Running: Rack 2 of 4 is being upgraded.",
        WAIT,
        cluster=props(detailedStatus="Updating", detailedStatusMessage="Rack 2 of 4 is being upgraded."),
    ),
    azure_row(
        "update paused",
        Status.WARN,
        "Cluster cluster-1 is connected and has detailedStatus UpdatePaused; expected Running.",
        WAIT,
        cluster=props(detailedStatus="UpdatePaused"),
    ),
    azure_row(
        "degraded",
        Status.WARN,
        "Cluster cluster-1 is connected and has detailedStatus Degraded; expected Running: 2 bare metal machines are not ready.",
        WAIT,
        cluster=props(detailedStatus="Degraded", detailedStatusMessage="2 bare metal machines are not ready"),
    ),
    azure_row(
        "degraded and not connected",
        Status.FAIL,
        "Cluster cluster-1 has clusterConnectionStatus Timeout; expected Connected. Its detailedStatus is Degraded.",
        RECONNECT,
        cluster=props(detailedStatus="Degraded", clusterConnectionStatus="Timeout"),
    ),
    azure_row(
        "not connected",
        Status.FAIL,
        "Cluster cluster-1 has clusterConnectionStatus Disconnected; expected Connected. Its detailedStatus is Running.",
        RECONNECT,
        cluster=props(clusterConnectionStatus="Disconnected"),
    ),
    azure_row(
        "undefined: Azure does not know",
        Status.UNKNOWN,
        "Azure does not know how cluster cluster-1 is: clusterConnectionStatus Undefined; expected Connected.",
        LOOK_LATER,
        cluster=props(clusterConnectionStatus="Undefined"),
    ),
    azure_row(
        "undefined, and its status is not stated",
        Status.UNKNOWN,
        "Azure does not know how cluster cluster-1 is: clusterConnectionStatus Undefined; expected Connected.",
        LOOK_LATER,
        cluster=props(clusterConnectionStatus="Undefined", detailedStatus=GONE),
    ),
    azure_row(
        "undefined, and failed",
        Status.FAIL,
        "Cluster cluster-1 has detailedStatus Failed; expected Running.",
        "Restore the cluster first: portal, the cluster's Overview and Resource health; then a support request.",
        cluster=props(clusterConnectionStatus="Undefined", detailedStatus="Failed"),
    ),
    azure_row(
        "a status that Azure does not know",
        Status.UNKNOWN,
        "Azure does not know how cluster cluster-1 is: detailedStatus Unknown; expected Running: No report for an hour.",
        LOOK_LATER,
        cluster=props(detailedStatus="Unknown", detailedStatusMessage="No report for an hour."),
    ),
    azure_row(
        "the cluster manager does not reach it",
        Status.FAIL,
        "Cluster cluster-1 has clusterManagerConnectionStatus Unreachable; expected Connected. Its detailedStatus is Running.",
        RECONNECT,
        cluster=props(clusterManagerConnectionStatus="Unreachable"),
    ),
    azure_row(
        "the cluster manager's connection is undefined",
        Status.UNKNOWN,
        "Azure does not know how cluster cluster-1 is: clusterManagerConnectionStatus Undefined; expected Connected.",
        LOOK_LATER,
        cluster=props(clusterManagerConnectionStatus="Undefined"),
    ),
    azure_row(
        "the cluster manager's connection is not stated: older versions of the API do not know it",
        Status.PASS,
        "Cluster cluster-1 is Running and Connected.",
        cluster=props(clusterManagerConnectionStatus=None),
    ),
    azure_row(
        "failed",
        Status.FAIL,
        "Cluster cluster-1 has detailedStatus Failed; expected Running: Deployment failed: hardware validation.",
        "Restore the cluster first: portal, the cluster's Overview and Resource health; then a support request.",
        cluster=props(detailedStatus="Failed", detailedStatusMessage="Deployment failed: hardware validation"),
    ),
    azure_row(
        "still deploying, connection not stated",
        Status.FAIL,
        "Cluster cluster-1 has detailedStatus Deploying; expected Running.",
        cluster=props(detailedStatus="Deploying", clusterConnectionStatus=GONE),
    ),
    azure_row(
        "connection not stated",
        Status.UNKNOWN,
        "Azure does not state clusterConnectionStatus of cluster cluster-1.",
        NOT_STATED,
        cluster=props(clusterConnectionStatus=GONE),
    ),
    azure_row(
        "neither stated",
        Status.UNKNOWN,
        "Azure does not state detailedStatus and clusterConnectionStatus of cluster cluster-1.",
        NOT_STATED,
        cluster=props(clusterConnectionStatus=GONE, detailedStatus=GONE),
    ),
    azure_row(
        "deleted",
        Status.FAIL,
        "Azure has no cluster cluster-1, although the VM names it as its cluster.",
        "Restore the cluster, or correct resource_id in the inventory: it may be that of an earlier VM.",
        cluster=GONE,
    ),
    *common_azure_rows("cluster", "vm"),
]

ROWS["PLATFORM-005"] = [
    azure_row(
        "registered",
        Status.PASS,
        "Microsoft.HybridCompute is registered in subscription 11111111-2222-3333-4444-555555555555.",
        also={"namespace": "Microsoft.HybridCompute"},
    ),
    azure_row(
        "registering",
        Status.WARN,
        "Microsoft.GuestConfiguration is Registering in subscription 11111111-2222-3333-4444-555555555555; expected Registered. That takes some minutes.",
        "Wait and run again; if it persists: az provider register --namespace Microsoft.GuestConfiguration --subscription 11111111-2222-3333-4444-555555555555 --wait",
        also={"namespace": "Microsoft.GuestConfiguration"},
        providers={"Microsoft.GuestConfiguration": "Registering"},
    ),
    azure_row(
        "not registered",
        Status.FAIL,
        "Microsoft.HybridConnectivity is NotRegistered in subscription 11111111-2222-3333-4444-555555555555; expected Registered. azcmagent connect would stop with \"The subscription isn't registered to use namespace 'Microsoft.HybridConnectivity'\".",
        "az provider register --namespace Microsoft.HybridConnectivity --subscription 11111111-2222-3333-4444-555555555555 --wait",
        also={"namespace": "Microsoft.HybridConnectivity"},
        providers={"Microsoft.HybridConnectivity": "NotRegistered"},
    ),
    azure_row(
        "unregistered in another subscription than the VM's",
        Status.FAIL,
        "Microsoft.HybridCompute is Unregistered in subscription 22222222-2222-3333-4444-555555555555; expected Registered. azcmagent connect would stop with \"The subscription isn't registered to use namespace 'Microsoft.HybridCompute'\".",
        "az provider register --namespace Microsoft.HybridCompute --subscription 22222222-2222-3333-4444-555555555555 --wait",
        also={"namespace": "Microsoft.HybridCompute"},
        inventory=ELSEWHERE,
        scope=ELSEWHERE_GROUP,
        providers={"Microsoft.HybridCompute": "Unregistered"},
    ),
    azure_row(
        "not stated",
        Status.UNKNOWN,
        "Azure does not state registrationState of the resource provider Microsoft.HybridCompute in subscription 11111111-2222-3333-4444-555555555555.",
        NOT_STATED,
        also={"namespace": "Microsoft.HybridCompute"},
        providers={"Microsoft.HybridCompute": ""},
    ),
    azure_row(
        "Azure refused",
        Status.UNKNOWN,
        "Azure refused to show it (HTTP 403, AuthorizationFailed)",
        "Grant the runner Reader.",
        also={"namespace": "Microsoft.HybridCompute"},
        providers={"Microsoft.HybridCompute": FORBIDDEN},
    ),
]
