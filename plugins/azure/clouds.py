"""The Azure clouds: the addresses of Resource Manager and login of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, urlsplit

from plugins.requirements.data_files import read_table


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud. The names are those of `az cloud list`."""

    name: str
    manager: str  # Azure Resource Manager: "https://management.azure.com"
    authority: str  # Microsoft Entra ID: "https://login.microsoftonline.com"

    @property
    def scope(self) -> str:
        """The scope of a token for Azure Resource Manager."""
        return f"{self.manager}/.default"

    def serves(self, url: str) -> bool:
        """True when a URL leads to this Resource Manager over TLS.

        Azure's own ``nextLink`` may write the port (``:443``) and the host in any case; hosts compare without case.
        """
        try:
            parts, own = urlsplit(url), urlsplit(self.manager)
            return parts.scheme == "https" and parts.username is None and _address(parts) == _address(own)
        except ValueError:  # a port that is not a number
            return False


def _address(parts: SplitResult) -> tuple[str, int]:
    return (parts.hostname or ""), (443 if parts.port is None else parts.port)


@cache
def clouds() -> Mapping[str, Cloud]:
    """The clouds of data/clouds.toml, by name."""
    return {row["name"]: Cloud(**row) for row in read_table("clouds")["cloud"]}
