"""Endpoints that the egress list of a cloud services network allows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class EgressEntry:
    """One endpoint of the list. A leading dot stands for any subdomain."""

    text: str  # as written: "https://storageaccountex.blob.core.windows.net"
    host: str  # lower case, without scheme, path and dots at its ends
    subdomains: bool
    port: int | None  # None: not stated

    def covers(self, host: str, port: int) -> bool:
        """True when the entry allows a host on a port.

        ``.contoso.com`` is taken to allow ``contoso.com`` as well, as in squid's ``dstdomain``. The documents
        only state "any subdomain" (recalled, not verified); NET-001 shows the result.
        """
        return self.port in (None, port) and self.names(host)

    def names(self, host: str) -> bool:
        """The same, for any port."""
        host = host.lower().rstrip(".")
        return host == self.host or (self.subdomains and host.endswith(f".{self.host}"))

    def covers_all(self, wildcard: str, port: int) -> bool:
        """True when the entry allows everything below a wildcard such as ``*.his.arc.azure.com``."""
        return self.subdomains and self.covers(wildcard, port)  # "*.x" ends with what every name below x ends with

    def __str__(self) -> str:
        return self.text + ("" if self.port is None else f" port {self.port}")


def read_egress_list(categories: Any) -> list[EgressEntry] | None:
    """The entries of a list as Azure returns it; None when the list is absent, which differs from empty.

    ::

        [{"category": "azure-resource-management",
          "endpoints": [{"domainName": "https://storageaccountex.blob.core.windows.net", "port": 443},
                        {"domainName": ".his.arc.azure.com"}]}]
    """
    if not isinstance(categories, list):
        return None
    rows = [row for category in categories for row in category.get("endpoints") or []]
    names = ((str(row.get("domainName") or "").strip(), str(row.get("port") or "")) for row in rows)
    return [_entry(name, port) for name, port in names if name]


@lru_cache(1024)  # a fleet's VMs are attached to few networks
def _entry(text: str, port: str) -> EgressEntry:
    # https://Contoso.com:443/path
    authority = re.sub(r"^[a-z][a-z0-9+.-]*://", "", text.lower())
    host, _, inline = re.split(r"[/?#]", authority)[0].partition(":")
    host = host.rstrip(".")
    # ".contoso.com" is the documented form; "*.contoso.com" is commonly used for the same.
    subdomains = host.startswith((".", "*."))
    stated = port or inline
    number = int(stated) if re.fullmatch(r"\d{1,5}", stated) else None
    return EgressEntry(text, host.lstrip("*").lstrip("."), subdomains, number)


def covering(entries: Iterable[EgressEntry], host: str, port: int) -> EgressEntry | None:
    """The entry that allows a host; the widest one first, because it may allow other hosts of a wildcard as well."""
    matching = [entry for entry in entries if entry.covers(host, port)]
    return min(matching, key=lambda entry: (not entry.subdomains, len(entry.host)), default=None)
