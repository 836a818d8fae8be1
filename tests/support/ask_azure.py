"""Runs in the lab for test_lab_software.py: the real SDKs' answers, with only the environment as configuration."""

from __future__ import annotations

import sys

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest
from azure.identity import EnvironmentCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.hybridcompute import HybridComputeManagementClient
from azure.mgmt.networkcloud import NetworkCloudMgmtClient

from lab import cloud_docs as docs


def main() -> None:
    credential = EnvironmentCredential()
    nexus = NetworkCloudMgmtClient(credential, docs.SUBSCRIPTION)
    vms = list(nexus.virtual_machines.list_by_subscription())
    csn = nexus.cloud_services_networks.get(docs.VM_GROUP, "lab-csn")
    managers = [manager.name or "" for manager in nexus.cluster_managers.list_by_resource_group(docs.PLATFORM_GROUP)]
    cluster = nexus.clusters.get(docs.PLATFORM_GROUP, "lab-cluster")
    output = [" ".join(vm.name or "" for vm in vms)]
    output.append(f"{cluster.cluster_version} {' '.join(managers)} {csn.enable_default_egress_endpoints}")
    roles = AuthorizationManagementClient(credential, docs.SUBSCRIPTION)
    scope = docs.group_id(docs.SUBSCRIPTION, docs.TARGET_GROUP)
    oid = vms[0].identity.principal_id if vms[0].identity else ""
    for one in roles.role_assignments.list_for_scope(scope, filter=f"atScope() and assignedTo('{oid}')"):
        output.append(roles.role_definitions.get_by_id(one.role_definition_id).role_name)
    denied = list(roles.deny_assignments.list_for_scope(scope, filter="atScope()"))
    machines = HybridComputeManagementClient(credential, docs.SUBSCRIPTION).machines
    output.append(f"{len(denied)} denied, {len(list(machines.list_by_resource_group(docs.TARGET_GROUP)))} enrolled")
    try:
        machines.get(docs.TARGET_GROUP, "vm1")
    except HttpResponseError as error:
        output.append(str(error.error and error.error.code))
    other = "50000000-0000-4000-8000-100000000003"
    url = f"https://management.azure.com/subscriptions/{other}/providers/Microsoft.HybridCompute?api-version=2021-04-01"
    output.append(nexus.send_request(HttpRequest("GET", url)).json()["error"]["code"])
    sys.stdout.write("\n".join(output) + "\n")


if __name__ == "__main__":
    main()
