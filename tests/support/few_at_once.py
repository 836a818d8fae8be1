"""`pytest -p tests.support.few_at_once`: visit few VMs in parallel, because the lab's VMs share one machine."""

from __future__ import annotations

from plugins.ssh import client

client._AT_ONCE = 8
