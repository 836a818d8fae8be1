"""The Azure names of the lab, read from azure.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab import addresses

#: The region of the Arc resources of the lab's VMs.
REGION = "eastus"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One name (and, with `subdomains`, every name below it) that the lab's Azure answers for."""

    name: str
    key: str
    status: int
    subdomains: bool
    address: str
    need: str  # "required", "install" or ""
    hosts: tuple[str, ...]

    @property
    def domain(self) -> str:
        """The name as in squid's `dstdomain` and in a CSN: a leading dot includes the subdomains."""
        return f".{self.name}" if self.subdomains else self.name

    @property
    def certificate_names(self) -> list[str]:
        """The names in its certificate."""
        return [self.name, f"*.{self.name}"] if self.subdomains else [self.name]


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint, in the order of the file."""
    data = tomllib.loads(Path(__file__).with_name("azure.toml").read_text(encoding="utf-8"))
    return tuple(
        Endpoint(
            name=row["name"],
            key=row["key"],
            status=row["status"],
            subdomains=row.get("subdomains", False),
            address=addresses.origin(index),
            need=row.get("need", ""),
            hosts=tuple(row.get("hosts", [row["name"]])),
        )
        for index, row in enumerate(data["endpoint"])
    )


def endpoint(key: str) -> Endpoint:
    """The endpoint with this key."""
    return next(endpoint for endpoint in endpoints() if endpoint.key == key)
