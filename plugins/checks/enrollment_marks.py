"""Marks in the output of the enrollment's probes, shared by the suites and `plugins.enrollment`."""

from __future__ import annotations

#: Begins the output of the connect command when the machine was already connected, and nothing was done.
ALREADY = "@already\n"

#: Stands in place of Azure's answer, with --no-azure.
NOT_QUERIED = "@not asked\n"
