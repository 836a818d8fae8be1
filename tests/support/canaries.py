"""Looking for secrets in whatever a run leaves: as they are, and in every form that a program may write them in."""

from __future__ import annotations

import base64
import html
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

_SHORTEST = 8  # bytes of a form: what is shorter proves nothing


def forms(secret: str) -> dict[str, bytes]:
    """The forms of a secret, by name; base64 in all three places that it can have in a longer text."""
    raw = secret.encode()
    rows = {
        "plain": secret,
        "JSON": json.dumps(secret)[1:-1],
        "JSON, ASCII": json.dumps(secret, ensure_ascii=True)[1:-1],
        "HTML": html.escape(secret),
        "repr": repr(secret)[1:-1],
        "URL": quote(secret, safe=""),
        "URL, lower case": _lower(quote(secret, safe="")),
        "URL, slashes": quote(secret),
        "URL, form": quote_plus(secret),
        "URL, twice": quote(quote(secret, safe=""), safe=""),
        "hex": raw.hex(),
        "HEX": raw.hex().upper(),
    }
    for at in range(3):
        coded = base64.b64encode(b"\0" * at + raw).decode()
        # The first characters are the neighbour's as well, and so are the last.
        inner = coded[(0, 2, 3)[at] : (len(raw) + at) // 3 * 4]
        rows[f"base64 at {at}"] = inner
        rows[f"base64 for URLs at {at}"] = inner.replace("+", "-").replace("/", "_")
    return {name: form.encode() for name, form in rows.items() if len(form) >= _SHORTEST}


def _lower(text: str) -> str:
    """Percent signs with their digits in lower case, and nothing else."""
    parts = text.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


def found_in(data: bytes, secrets: Mapping[str, str]) -> list[str]:
    """``cloud_init as URL``: what is there of these secrets."""
    return [
        f"{name} as {form}" for name, secret in secrets.items() for form, text in forms(secret).items() if text in data
    ]


def leaks(folder: Path, secrets: Mapping[str, str]) -> list[str]:
    """Every secret below a folder, in files, in archives and in archives within them; one line each."""
    return [
        f"{where}: {what}"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
        for where, data in contents(str(path.relative_to(folder)), path.read_bytes())
        for what in found_in(data, secrets)
    ]


def contents(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """A file and, when it is an archive or compressed, all that is in it."""
    yield name, data
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                yield f"{name}!{member.filename}", member.filename.encode() + member.comment
                yield from contents(f"{name}!{member.filename}", archive.read(member))
    elif data.startswith(b"\x1f\x8b"):
        yield from contents(f"{name}!gzip", zlib.decompress(data, wbits=31))
