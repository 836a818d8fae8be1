"""Marks in the output of the enrollment's probes, shared by the suites and `plugins.enrollment`."""

from __future__ import annotations

#: The output of the connect command begins with it when the machine was connected before, and nothing was done.
ALREADY = "@already\n"

#: Stands in place of Azure's answer, with --no-azure.
NOT_ASKED = "@not asked\n"
