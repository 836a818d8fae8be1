"""The files of a run and of a bundle as types, against which they are checked on reading (`plugins.core.strict_json`).

``run.json`` is a `RunRecord`, ``evidence/<vm>.json`` an `EvidenceRecord`, the ``manifest.json`` of a bundle a
`ManifestRecord`; ``azure.json`` is a `plugins.model.AzureRecord`, ``runner.json`` a `plugins.azure.az_cli.AzCli`. What
these leave open (`Any`) is checked entry by entry, so that one damaged entry costs only itself. A field that was added
later is `NotRequired`: older files lack it.
"""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict

from msgspec import Meta

from plugins.model import Time

_Count = Annotated[int, Meta(ge=0, le=10**9)]
_Number = Annotated[int, Meta(ge=1, le=10**9)]

#: It becomes the name of a file in the folder of bundles.
_RunId = Annotated[str, Meta(pattern=r"^[0-9A-Za-z][0-9A-Za-z.-]{0,99}$")]


class ShardRecord(TypedDict):
    """The part of a fleet that a run covers (`plugins.inventory.shards`)."""

    number: _Number
    of: _Number
    vms: _Count  # of the whole fleet
    fleet: str  # a digest of its names
    names: list[str]  # of the whole fleet


class RunRecord(TypedDict):
    """``run.json``. Each entry of `fleet` is a `plugins.model.Vm`, checked by itself."""

    version: int
    id: NotRequired[_RunId]
    started: NotRequired[Time]
    suite: NotRequired[str]
    profile: NotRequired[str]
    ssh_config: NotRequired[str | None]
    arguments: NotRequired[list[str]]
    options: NotRequired[dict[str, Any] | None]  # `plugins.pytest_adapter.saved_options`
    shard: NotRequired[ShardRecord]
    fleet: list[Any]


class EvidenceRecord(TypedDict):
    """``evidence/<vm>.json``: a `plugins.model.Vm`, its `SshSession`, and a `ProbeResult` by key."""

    version: int
    vm: dict[str, Any]
    started: Time
    session: dict[str, Any]
    seen: dict[str, Any]


class MemberRecord(TypedDict):
    """A file of a bundle."""

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    bytes: NotRequired[_Count]


class ManifestKind(TypedDict):
    """The fields of every ``manifest.json``, of any version."""

    format: str
    version: Any
    suite: NotRequired[Any]


class ManifestRecord(TypedDict):
    """``manifest.json`` of a bundle."""

    format: str
    version: int
    suite: NotRequired[str]
    kind: NotRequired[str]
    run: NotRequired[str]
    members: dict[str, MemberRecord]
