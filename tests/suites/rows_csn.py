"""CSN-001 and 003: the default endpoints and the network's state; every outcome, word for word."""

from __future__ import annotations

from plugins.model import Status
from tests.support.azure_rows import NOT_STATED, azure_row, common_azure_rows, props
from tests.support.fake_azure import CLUSTER_ID, GONE, egress
from tests.support.suite_rows import Row

ROWS: dict[str, list[Row]] = {}

EVERYTHING = [".azure.com", ".microsoft.com", "login.microsoftonline.com", "pas.windows.net"]

ROWS["CSN-001"] = [
    azure_row("True", Status.PASS, 'The cloud services network csn-1 has enableDefaultEgressEndpoints "True".'),
    azure_row(
        "true, and the list is absent: CSN-002 says what is not known",
        Status.PASS,
        'The cloud services network csn-1 has enableDefaultEgressEndpoints "True".',
        csn=props(enableDefaultEgressEndpoints="true", enabledEgressEndpoints=GONE),
    ),
    azure_row(
        "JSON's true",
        Status.PASS,
        'The cloud services network csn-1 has enableDefaultEgressEndpoints "True".',
        csn=props(enableDefaultEgressEndpoints=True),
    ),
    azure_row(
        "False, and all is covered otherwise",
        Status.PASS,
        'The cloud services network csn-1 has enableDefaultEgressEndpoints "False", and its own list covers the 8 required endpoints.',
        csn=props(enableDefaultEgressEndpoints="False"),
    ),
    azure_row(
        "JSON's false, and all is covered otherwise",
        Status.PASS,
        'The cloud services network csn-1 has enableDefaultEgressEndpoints "False", and its own list covers the 8 required endpoints.',
        csn=props(enableDefaultEgressEndpoints=False),
    ),
    azure_row(
        "not stated, and all is covered otherwise",
        Status.PASS,
        "The cloud services network csn-1 has no enableDefaultEgressEndpoints, and its own list covers the 8 required endpoints.",
        csn=props(enableDefaultEgressEndpoints=GONE, enabledEgressEndpoints=egress(*EVERYTHING)),
    ),
    azure_row(
        "False, the list is absent, and what was asked for covers all",
        Status.PASS,
        'The cloud services network csn-1 has enableDefaultEgressEndpoints "False", and its own list covers the 8 required endpoints.',
        csn=props(
            enableDefaultEgressEndpoints="False",
            enabledEgressEndpoints=GONE,
            additionalEgressEndpoints=egress(*EVERYTHING),
        ),
    ),
    azure_row(
        "False, and one endpoint is missing",
        Status.FAIL,
        'The cloud services network csn-1 has enableDefaultEgressEndpoints "False"; expected "True", or each required endpoint in the list. 1 of 8 are missing: pas.windows.net.',
        "az networkcloud cloudservicesnetwork update --name csn-1 --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555 --enable-default-egress-endpoints True ; or add each endpoint that CSN-002 names.",
        csn=props(enableDefaultEgressEndpoints="False", enabledEgressEndpoints=egress(*EVERYTHING[:3])),
    ),
    azure_row(
        "False, and the list is empty",
        Status.FAIL,
        'The cloud services network csn-1 has enableDefaultEgressEndpoints "False"; expected "True", or each required endpoint in the list. 8 of 8 are missing: management.azure.com, login.microsoftonline.com, eastus.login.microsoft.com and 5 more.',
        "az networkcloud cloudservicesnetwork update --name csn-1 --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555 --enable-default-egress-endpoints True ; or add each endpoint that CSN-002 names.",
        csn=props(enableDefaultEgressEndpoints="False", enabledEgressEndpoints=[]),
    ),
    azure_row(
        "False, and the list is absent: not empty",
        Status.UNKNOWN,
        'The cloud services network csn-1 has enableDefaultEgressEndpoints "False", and Azure does not state its enabledEgressEndpoints; so it is not known whether management.azure.com, login.microsoftonline.com, eastus.login.microsoft.com and 5 more pass.',
        "NET-001 shows what passes. To be sure: az networkcloud cloudservicesnetwork update --name csn-1 --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555 --enable-default-egress-endpoints True ; or add each endpoint that CSN-002 names.",
        csn=props(enableDefaultEgressEndpoints="False", enabledEgressEndpoints=GONE),
    ),
    azure_row(
        "False, the list is absent, and one is missing in what was asked for",
        Status.UNKNOWN,
        'The cloud services network csn-1 has enableDefaultEgressEndpoints "False", and Azure does not state its enabledEgressEndpoints; so it is not known whether pas.windows.net passes.',
        "NET-001 shows what passes. To be sure: az networkcloud cloudservicesnetwork update --name csn-1 --resource-group rg-nexus --subscription 11111111-2222-3333-4444-555555555555 --enable-default-egress-endpoints True ; or add each endpoint that CSN-002 names.",
        csn=props(
            enableDefaultEgressEndpoints="False",
            enabledEgressEndpoints=GONE,
            additionalEgressEndpoints=egress(*EVERYTHING[:3]),
        ),
    ),
    *common_azure_rows("csn", "csn", "vm"),
]

ROWS["CSN-003"] = [
    azure_row(
        "available",
        Status.PASS,
        "The cloud services network csn-1 is provisioned, Available and on the VM's cluster cluster-1.",
    ),
    azure_row(
        "the cluster in another case",
        Status.PASS,
        "The cloud services network csn-1 is provisioned, Available and on the VM's cluster cluster-1.",
        csn=props(clusterId=CLUSTER_ID.upper()),
    ),
    azure_row(
        "failed",
        Status.FAIL,
        "The last operation on the cloud services network csn-1 did not succeed: provisioningState Failed; expected Succeeded: proxy update failed on 1 node.",
        "Read the message, repeat the operation, and open a support request if it persists.",
        csn=props(provisioningState="Failed", detailedStatusMessage="proxy update failed on 1 node."),
    ),
    azure_row(
        "being changed",
        Status.FAIL,
        "The cloud services network csn-1 is being changed: provisioningState Accepted; expected Succeeded.",
        "Wait until the operation has ended, and run again.",
        csn=props(provisioningState="Accepted", detailedStatusMessage=""),
    ),
    azure_row(
        "an error",
        Status.FAIL,
        "The cloud services network csn-1 has detailedStatus Error; expected Available: no address left.",
        "Check the network in the portal, and create it again if the state persists.",
        csn=props(detailedStatus="Error", detailedStatusMessage="no address left"),
    ),
    azure_row(
        "still being made",
        Status.FAIL,
        "The cloud services network csn-1 has detailedStatus Provisioning; expected Available.",
        "Wait until it is made, and run again.",
        csn=props(detailedStatus="Provisioning", detailedStatusMessage=GONE),
    ),
    azure_row(
        "of another cluster",
        Status.FAIL,
        "The cloud services network csn-1 belongs to cluster cluster-11; expected cluster-1, on which the VM runs.",
        "Create a cloud services network on the VM's cluster, and the VM again, attached to it.",
        csn=props(clusterId=CLUSTER_ID + "1"),
    ),
    azure_row(
        "its cluster is not stated",
        Status.UNKNOWN,
        "Azure does not state clusterId of the cloud services network csn-1.",
        NOT_STATED,
        csn=props(clusterId=GONE),
    ),
    azure_row(
        "the VM's cluster is not stated",
        Status.UNKNOWN,
        "Azure does not state clusterId of VM vm-a.",
        NOT_STATED,
        vm=props(clusterId=GONE),
    ),
    azure_row(
        "its status is not stated",
        Status.UNKNOWN,
        "Azure does not state detailedStatus of the cloud services network csn-1.",
        NOT_STATED,
        csn=props(detailedStatus=GONE),
    ),
    azure_row(
        "the network does not exist",
        Status.FAIL,
        "The VM is attached to the cloud services network /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-nexus/providers/Microsoft.NetworkCloud/cloudServicesNetworks/csn-1, which does not exist.",
        "Create the network, and the VM again, attached to it.",
        csn=GONE,
    ),
    *common_azure_rows("csn", "vm"),
]
