"""The requirement profile in TOML: a profile of the project (``--profile=2510``) or a file of the operator's own.

A file names a profile of the project as its `base` and states the differences: tables are merged key by key, everything
else is replaced. `profile.schema.json` has the keys and their values (docs/profiles.md); it is applied to the merged
profile, and every error is reported with its file, line and key.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from plugins.core.files import is_file, read_regular
from plugins.core.schema_errors import Kind, Where, explain, name_of
from plugins.core.wording import did_you_mean
from plugins.requirements.data_files import FOLDER
from plugins.requirements.profile import DEFAULT, Cloud, Endpoint, Floors, Profile, ProfileError, Timeouts

KIND = Kind("a profile", "docs/profiles.md", Path(__file__).with_name("profile.schema.json"))

#: Bytes of a profile (ours have 20 kB), its depth, and dots of a line: the time for a key grows with their square.
_LONGEST, _DEPTH, _DOTS = 64 * 2**10, 20, 1_000

Place = tuple[str, int]  # file and line


class _Readable(Protocol):
    """The part of a path's interface that the profile reader uses."""

    def read_text(self, encoding: str) -> str: ...


@dataclass(frozen=True, slots=True)
class _Saved:
    """The bytes of a profile: of a file, or saved with a run."""

    text: bytes
    label: str

    def read_text(self, encoding: str) -> str:
        if len(self.text) > _LONGEST:
            raise ValueError(f"it is longer than {_LONGEST:,} bytes")
        return self.text.decode(encoding)

    def __str__(self) -> str:
        return self.label


def load_profile(name_or_path: str | Path = DEFAULT) -> Profile:
    """The profile of that name, or in that TOML file. Raises `ProfileError`: file, line and key of each error."""
    name = str(name_or_path)
    bundled = sorted(path.name[8:-5] for path in FOLDER.glob("profile-*.toml"))
    if name in bundled:
        return _profile(FOLDER / f"profile-{name}.toml")
    path = Path(name)
    if not is_file(path):
        raise ProfileError(
            f"--profile={name}: neither a profile of this project ({', '.join(bundled)}) nor a file. "
            f"{did_you_mean(name, bundled)}".rstrip()
        )
    return _profile(_Saved(_content(path), name))


def _content(path: Path) -> bytes:
    try:
        return read_regular(path, _LONGEST)
    except OSError as error:
        raise ProfileError(f"{path}: cannot be read: {error.strerror}") from None


def own_profile(name: str) -> str:
    """The text of the file that `load_profile` reads for this name; "" for a profile of this project."""
    return "" if (FOLDER / f"profile-{name}.toml").is_file() else _content(Path(name)).decode()


def saved_profile(text: bytes, label: str) -> Profile:
    """The profile with this text; messages call it `label`. Raises `ProfileError`."""
    return _profile(_Saved(text, label))


@dataclass(frozen=True, slots=True)
class _Layer:
    """One of the files that make up a profile."""

    file: str
    text: str
    data: Mapping[str, Any]

    def line(self, where: Where) -> int:
        """The line of the value at `where`, 1-based; of the nearest table or key that encloses it."""
        lines = _lines(self.text)
        return next((lines[where[:end]] for end in range(len(where), 0, -1) if where[:end] in lines), 1)


@lru_cache(8)
def _lines(text: str) -> dict[Where, int]:
    return {path: number for number, path in _keys(text)}


def _keys(text: str) -> Iterator[tuple[int, Where]]:
    """The line and the path of every key and table header that has a line of its own. tomllib keeps no positions."""
    table: Where = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[?(.+?)\]\]?\s*(#.*)?$", line):
            table = _path(header[1])
            yield number, table
        elif key := re.match(r"""((?:[\w.\s-]|"[^"]*"|'[^']*')++)=""", line):
            yield number, table + _path(key[1].strip())


def _path(key: str) -> Where:
    """``clouds."a.b".port`` -> ("clouds", "a.b", "port"); () for text that is not a key."""
    try:
        node: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    path = []
    while isinstance(node, dict):
        (name, node), *_ = node.items()
        path.append(name)
    return tuple(path)


def _profile(file: _Readable) -> Profile:
    layers = _layers(file)
    document: Any = {}
    for layer in reversed(layers):
        document = _merged(document, layer.data)

    def place(where: Where, key: bool = False) -> Place:
        return layers[0].file, layers[0].line(where)  # the others are the project's own, which are complete

    if errors := {*explain(document, KIND, place), *_own_rules(document, place)}:
        raise ProfileError("\n".join(f"{file}:{line}: {text}" for (file, line), text in sorted(errors)))
    return _from_data(document)


def _merged(low: Any, high: Any) -> Any:
    """Tables merged key by key; everything else replaced."""
    if not (isinstance(low, Mapping) and isinstance(high, Mapping)):
        return high
    return {**low, **{key: _merged(low.get(key), value) for key, value in high.items()}}


def _layers(file: _Readable) -> list[_Layer]:
    """The file and its bases, from the top to the bottom. Raises `ProfileError`."""
    layers: list[_Layer] = []
    while True:
        label = str(file)
        if label in (layer.file for layer in layers):
            chain = " <- ".join(layer.file for layer in layers)
            raise ProfileError(f"{label}: base: the profile is its own base ({chain})")
        try:
            text = file.read_text(encoding="utf-8")
            if any(line.count(".") > _DOTS for line in text.split("\n")):
                raise ValueError(f"a line has more than {_DOTS:,} dots")
            data = _without_dates(tomllib.loads(text))
        except RecursionError:
            raise ProfileError(f"{label}: cannot be read: it is nested too deep") from None
        except (OSError, ValueError) as error:  # no UTF-8, no TOML, a number of 5,000 digits
            raise ProfileError(f"{label}: cannot be read: {error}") from None
        base = data.pop("base", None)
        layers.append(_Layer(label, text, data))
        if base is None:
            return layers
        where = f"{label}:{layers[-1].line(('base',))}: base"
        if not isinstance(base, str) or not re.fullmatch(r"[\w-]{1,60}", base):
            raise ProfileError(f"{where}: expected the name of a profile of this project, found {base!r:.80}.")
        file = FOLDER / (f"{base}.toml" if base == "endpoints" else f"profile-{base}.toml")
        if not is_file(Path(str(file))):
            names = ["endpoints", *sorted(path.name[8:-5] for path in FOLDER.glob("profile-*.toml"))]
            raise ProfileError(
                f"{where}: there is no profile {base!r} in this project (it has {', '.join(names)}). "
                f"{did_you_mean(base, names)}".rstrip()
            )


def _without_dates(value: Any, depth: int = _DEPTH) -> Any:
    """TOML's dates as text, which is what a JSON schema knows. Raises RecursionError for more than `depth` levels."""
    if isinstance(value, dict | list) and not depth:
        raise RecursionError
    if isinstance(value, dict):
        return {key: _without_dates(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_dates(item, depth - 1) for item in value]
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else value


def _own_rules(document: Any, place: Callable[[Where], Place]) -> Iterator[tuple[Place, str]]:
    """Rules beyond the JSON schema: each cloud has an endpoint for Azure Resource Manager."""
    clouds = document.get("clouds")
    for name, cloud in clouds.items() if isinstance(clouds, Mapping) else ():
        rows = cloud.get("endpoints") if isinstance(cloud, Mapping) else None
        if isinstance(rows, Mapping) and not any(
            isinstance(row, Mapping) and row.get("need") == "connect" and "{region}" not in host
            for host, row in rows.items()
        ):
            where = ("clouds", name, "endpoints")
            yield place(where), f'{name_of(where)}: no endpoint has need = "connect" (Azure Resource Manager).'


def _from_data(data: Mapping[str, Any]) -> Profile:
    """The profile in data that the schema accepts."""
    timeouts = {key: int(value) for key, value in data["timeouts"].items()}
    return Profile(
        name=data["name"],
        source=data["source"],
        date=datetime.date.fromisoformat(data["date"]),
        asked=tuple(data["asked"]),
        proxy_url=data["proxy"]["url"],
        imds=data["imds"]["address"],
        no_proxy_required=tuple(data["no_proxy"]["required"]),
        no_proxy_recommended=tuple(data["no_proxy"]["recommended"]),
        clock_limit=int(data["clock"]["limit"]),
        timeouts=Timeouts(**timeouts),
        floors=_floors(data["floors"]),
        declared_bundle=data.get("declared", {}).get("management_bundle"),
        tls_minimum=data["tls"]["minimum"],
        trusted_issuers=tuple(data["tls"]["trusted_issuers"]),
        clouds={name: _cloud(name, cloud) for name, cloud in data["clouds"].items()},
    )


def _cloud(name: str, data: Mapping[str, Any]) -> Cloud:
    return Cloud(
        name,
        tuple(
            Endpoint(
                host=host.lower(),
                need=row["need"],
                purpose=row["purpose"],
                port=int(row.get("port", 443)),
                wildcard=row.get("wildcard", ""),
                source=row.get("source", data["source"]),
                date=datetime.date.fromisoformat(row.get("date", data["date"])),
                os=row.get("os", ""),
            )
            for host, row in data["endpoints"].items()
        ),
    )


def _floors(data: Mapping[str, str]) -> Floors:
    """The floors; a recommendation defaults to its floor."""
    names = ("runtime", "management_bundle")
    newer = {f"{name}_recommended": data[name] for name in names} | {"recommended_because": ""}
    return Floors(**(newer | dict(data)))
