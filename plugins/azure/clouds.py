"""The Azure clouds: where each has its Resource Manager and its login."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from plugins.requirements.data_files import read_table

__all__ = ["Cloud", "clouds"]


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud. The names are those of `az cloud list`."""

    name: str
    manager: str  # Azure Resource Manager: "https://management.azure.com"
    authority: str  # Microsoft Entra ID: "https://login.microsoftonline.com"

    @property
    def scope(self) -> str:
        """What a token for Azure Resource Manager is asked for."""
        return f"{self.manager}/.default"


@cache
def clouds() -> Mapping[str, Cloud]:
    """The clouds of data/clouds.toml, by name."""
    data = read_table("clouds")
    return {row["name"]: Cloud(**row) for row in data["cloud"]}
