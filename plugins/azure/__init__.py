"""The control plane: Azure Resource Manager's answers about the VMs, read once per run and judged like evidence.

::

    discovery.fleet_from_azure ─> VMs ─> fetch.fetch ─> AzureSnapshot (azure.json) ─> vm_view.AzureVmView ─> checks
                                         request_plan.planned_calls: the same requests, before any is sent

`client` sends requests through the SDKs, `errors` explains missing answers, `roles` decides the rights of a principal.
Importing `fetch` loads the SDKs' core; a rejudged run imports only `snapshot`, `vm_view` and `roles`.
"""
