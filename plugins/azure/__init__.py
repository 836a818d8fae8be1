"""The control plane: what Azure Resource Manager says about the VMs, read once per run and judged like evidence.

::

    fleet.fleet_from_azure ─> VMs ─> fetch.fetch ─> CloudFacts (azure.json) ─> view.AzureView ─> checks
                                     plan.planned_calls: the same, before it happens

`arm` asks by the SDKs, `problems` says why an answer could not be had, `roles` decides what a principal may do.
Importing `fetch` loads the SDKs' core; a run from saved evidence needs `facts`, `view` and `roles` only.
"""
