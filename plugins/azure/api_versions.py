"""The API version of a request: the preferred one of data/api-versions.toml, or the next one that Azure supports."""

from __future__ import annotations

import threading
from collections.abc import Collection

from plugins.requirements.data_files import read_table


def _versions(namespace: str) -> list[str]:
    return list(read_table("api-versions")["provider"][namespace]["versions"])


def preferred(namespace: str) -> str:
    """The API version of a resource provider that is used first: "2025-09-01"."""
    return _versions(namespace)[0]


class ApiVersions:
    """The version in use, per resource provider and subscription: regions of one cloud differ. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: dict[tuple[str, str], list[str]] = {}
        self._current: dict[tuple[str, str], str] = {}

    def current(self, namespace: str, subscription: str) -> str:
        """The version for the next request."""
        with self._lock:
            return self._current.get((namespace, subscription.lower()), preferred(namespace))

    def refuse(self, namespace: str, subscription: str, version: str, supported: Collection[str]) -> bool:
        """Choose another version that Azure names after it refused `version`. False: none is left."""
        key = namespace, subscription.lower()
        with self._lock:
            if self._current.get(key, preferred(namespace)) != version:
                return True  # another thread has chosen one already
            refused = self._refused.setdefault(key, [])
            refused.append(version)
            left = [candidate for candidate in _versions(namespace) if candidate not in refused]
            if supported:
                left = [candidate for candidate in left if candidate in supported]
            if not left:
                refused.remove(version)
                return False
            self._current[key] = left[0]
            return True
