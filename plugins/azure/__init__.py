"""The control plane: Azure Resource Manager's answers about the VMs, read once per run and judged like evidence.

::

    discovery.fleet_from_azure ─> VMs ─> fetch.fetch ─> AzureSnapshot (azure.json) ─> vm_view.AzureVmView ─> checks
                                         request_plan.planned_calls: the same requests, before any is sent

`client` asks through the SDKs, `errors` explains an answer that is missing, `roles` decides what a principal may do.
Importing `fetch` loads the SDKs' core; a run from saved evidence needs `snapshot`, `vm_view` and `roles` only.
"""
