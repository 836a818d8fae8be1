"""The provenance of a run: the files that decided its verdicts, every command it ran, every request it made to Azure.

All of it comes from recorded data, so a replayed run has the same provenance of the VMs.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from plugins.azure.snapshot import Call
from plugins.core.redaction import redact, redact_all
from plugins.model import Evidence

ROOT = Path(__file__).parents[2]
_DATA = ROOT / "plugins" / "requirements" / "data"

#: The suffixes of the suite's code: the scripts run on VMs.
_CODE = (".py", ".sh", ".ps1")

#: The states of a probe whose command started. Whether a "lost" one did is unknown.
_RAN = ("done", "timed out")


def hashes(profile: str | bytes, inventory: str | Path | None) -> dict[str, str]:
    """SHA-256 of the inputs of verdicts: the profile, the inventory, each data file, and the code of the suite.

    `profile` is a name or a file, as requested, or the bytes that were saved with the evidence. Two runs with equal
    hashes reach equal verdicts on equal evidence.
    """
    files = {} if inventory is None else {"inventory": Path(inventory)}
    if isinstance(profile, str):
        own = _DATA / f"profile-{profile}.toml"
        files = {"profile": own if own.is_file() else Path(profile), **files}
    files |= {path.relative_to(ROOT).as_posix(): path for path in sorted(_DATA.rglob("*.toml"))}
    digests = {} if isinstance(profile, str) else {"profile": f"sha256:{hashlib.sha256(profile).hexdigest()}"}
    digests |= {name: _of_files([path]) for name, path in files.items() if path.is_file()}
    return digests | {folder: _of_code(folder) for folder in ("suites", "plugins")}


@cache
def _of_code(folder: str) -> str:
    paths = [
        os.path.join(parent, name)
        for parent, _, names in os.walk(ROOT / folder)
        for name in names
        if name.endswith(_CODE)
    ]
    return _of_files(map(Path, sorted(paths)))


def _of_files(paths: Iterable[Path]) -> str:
    """One file's SHA-256, as `sha256sum` prints it; of several, that of their names and digests in order."""
    digests = {path: f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in paths}
    if len(digests) == 1:
        return digests.popitem()[1]
    lines = [f"{path.relative_to(ROOT).as_posix()} {digest}\n" for path, digest in digests.items()]
    return f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}"


class Provenance:
    """Collects the provenance of a run."""

    def __init__(self) -> None:
        self._ran: Counter[tuple[str, str]] = Counter()  # (probe key, command) -> VMs

    def add(self, evidence: Evidence) -> None:
        """One more VM."""
        self._ran.update((key, result.command) for key, result in evidence.results.items() if result.state in _RAN)

    def as_results(self, files: Mapping[str, str], calls: Sequence[Call]) -> dict[str, Any]:
        """The provenance as `results.json` has it. `files` is `hashes`, `calls` every request to Azure."""
        return {"hashes": dict(files), "commands": self._commands(), "requests": _requests(calls)}

    def _commands(self) -> list[dict[str, Any]]:
        """Each distinct command, its probe key, and on how many VMs it ran; what ran on most VMs first."""
        # The evidence also has answers of Azure: those are requests.
        commands = {pair: vms for pair, vms in self._ran.items() if pair[1] and not pair[1].startswith("GET ")}
        ran: Counter[tuple[str, str]] = Counter()
        for (key, _), command, vms in zip(
            commands, redact_all(command for _, command in commands), commands.values(), strict=True
        ):
            ran[key, command] += vms
        return [{"command": command, "key": key, "vms": count} for (key, command), count in ran.most_common()]


def _requests(calls: Sequence[Call]) -> list[dict[str, Any]]:
    """Each distinct request with the status of its answer, and how often it was made, retries included."""
    made = Counter((f"{call.method} {redact(call.url)}", call.status) for call in calls)
    return [{"request": request, "status": status, "times": times} for (request, status), times in made.items()]
