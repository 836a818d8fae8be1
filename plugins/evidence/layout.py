"""Where a run directory and a bundle keep what: the names of their files."""

from __future__ import annotations

import hashlib
import re

__all__ = ["AZURE", "PROFILE", "RUNNER", "file_name"]

#: The operator's own profile, as it was when the run was made.
PROFILE = "profile.toml"

#: What Azure answered, and the Azure CLI of the machine that the suite ran on.
AZURE, RUNNER = "azure.json", "runner.json"

_LONGEST = 120  # leaves room for a suffix in the 255 bytes that file systems allow


def file_name(name: str) -> str:
    """A file name for a VM's name: readable, safe, and different for different names.

    All but letters, digits, ``.``, ``_`` and ``-`` is percent-encoded, and so is a leading dot. Too long a result
    is cut and gets a hash behind a ``~``, which occurs in no other result.
    """
    raw = name.encode("utf-8", "surrogatepass")
    safe = "".join(c if re.fullmatch(r"[A-Za-z0-9._-]", c := chr(byte)) else f"%{byte:02X}" for byte in raw)
    if safe.startswith("."):
        safe = "%2E" + safe[1:]
    if len(safe) > _LONGEST:
        return f"{safe[: _LONGEST - 33]}~{hashlib.sha256(raw).hexdigest()[:32]}"
    return safe or "%"
