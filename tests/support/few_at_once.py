"""`pytest -p tests.support.few_at_once`: visit few VMs at a time, since all VMs of the lab have one machine's processors."""

from __future__ import annotations

from plugins.ssh import client

client._AT_ONCE = 8
