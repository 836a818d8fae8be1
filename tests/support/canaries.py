"""Search the files of a run for secrets, plain and in every encoding."""

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

_SHORTEST = 8  # minimum bytes of a form: a shorter one could occur by chance


def forms(secret: str) -> dict[str, bytes]:
    """The forms of a secret, by name; base64 in all three alignments."""
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
        # The first and last characters also depend on neighbouring bytes.
        inner = coded[(0, 2, 3)[at] : (len(raw) + at) // 3 * 4]
        rows[f"base64 at {at}"] = inner
        rows[f"base64 for URLs at {at}"] = inner.replace("+", "-").replace("/", "_")
    return {name: form.encode() for name, form in rows.items() if len(form) >= _SHORTEST}


def _lower(text: str) -> str:
    """The text with only its percent escapes in lower case."""
    parts = text.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


def found_in(data: bytes, secrets: Mapping[str, str]) -> list[str]:
    """The forms of these secrets in a text, such as ``cloud_init as URL``."""
    return [
        f"{name} as {form}" for name, secret in secrets.items() for form, text in forms(secret).items() if text in data
    ]


def leaks(folder: Path, secrets: Mapping[str, str]) -> list[str]:
    """Every secret below a folder, in files, archives and nested archives; one line each."""
    return [
        f"{where}: {what}"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
        for where, data in contents(str(path.relative_to(folder)), path.read_bytes())
        for what in found_in(data, secrets)
    ]


def contents(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """A file and, if it is an archive or compressed, its content."""
    yield name, data
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                yield f"{name}!{member.filename}", member.filename.encode() + member.comment
                yield from contents(f"{name}!{member.filename}", archive.read(member))
    elif data.startswith(b"\x1f\x8b"):
        yield from contents(f"{name}!gzip", zlib.decompress(data, wbits=31))
