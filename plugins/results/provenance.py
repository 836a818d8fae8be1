"""The manifest of a run: the files it judged by, every command it ran, what it asked Azure, and what took longest.

A reader of a report asks "by which rules?", "what did you do on my VMs?" and "why did it take so long?"; this answers
from what was recorded, so a replayed run answers the same about the VMs.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from plugins.azure.snapshot import Call
from plugins.core.redaction import redact
from plugins.model import Evidence, Verdict

__all__ = ["Manifest", "hashes"]

ROOT = Path(__file__).parents[2]
_DATA = ROOT / "plugins" / "requirements" / "data"

#: How many of the slowest are named.
_SLOWEST = 10

#: The ends that say a command was started. One that was "lost" may have been, or not: it is not claimed.
_RAN = ("done", "timed out")


def hashes(profile: str | bytes, inventory: str | Path | None) -> dict[str, str]:
    """SHA-256 of what decides a verdict: the profile, the inventory, each file of knowledge, and the suite's own code.

    `profile` is a name or a file, as asked for, or the bytes that were saved with the evidence. Two runs with equal
    hashes judge equal evidence alike.
    """
    files = {} if inventory is None else {"inventory": Path(inventory)}
    if isinstance(profile, str):
        own = _DATA / f"profile-{profile}.toml"
        files = {"profile": own if own.is_file() else Path(profile), **files}
    files |= {f"plugins/requirements/data/{path.name}": path for path in sorted(_DATA.glob("*.toml"))}
    found = {} if isinstance(profile, str) else {"profile": f"sha256:{hashlib.sha256(profile).hexdigest()}"}
    found |= {name: _of_files([path]) for name, path in files.items() if path.is_file()}
    for folder in ("suites", "plugins"):
        found[folder] = _of_files(sorted((ROOT / folder).rglob("*.py")))
    return found


def _of_files(paths: Sequence[Path]) -> str:
    """One file's SHA-256, as `sha256sum` prints it; of several, that of their names and digests in order."""
    if len(paths) == 1:
        return f"sha256:{hashlib.sha256(paths[0].read_bytes()).hexdigest()}"
    whole = hashlib.sha256()
    for path in paths:
        whole.update(f"{path.relative_to(ROOT).as_posix()} {_of_files([path])}\n".encode())
    return f"sha256:{whole.hexdigest()}"


class Manifest:
    """The manifest of a run, as it grows; of a VM it keeps its name and how long it took."""

    def __init__(self) -> None:
        self._ran: Counter[tuple[str, str]] = Counter()
        self._vms: dict[str, float] = {}
        self._checks: dict[tuple[str, str], float] = {}  # the longest that each took on any VM

    def add(self, evidence: Evidence, verdicts: Iterable[Verdict]) -> None:
        """One more VM."""
        self._ran.update((key, seen.command) for key, seen in evidence.seen.items() if seen.state in _RAN)
        self._vms[evidence.vm.name] = sum(evidence.session.seconds.values())
        for each in verdicts:
            key = each.id, each.parameter
            self._checks[key] = max(self._checks.get(key, 0.0), each.seconds)

    def as_results(self, files: Mapping[str, str], calls: Sequence[Call]) -> dict[str, Any]:
        """The manifest as `results.json` has it. `files` is `hashes`."""
        longest = self._checks.items()
        return {
            "hashes": dict(files),
            "commands": self._commands(),
            "azure": _azure(calls),
            "slowest_vms": _slowest({"vm": name, "seconds": took} for name, took in self._vms.items()),
            "slowest_checks": _slowest(
                {"id": id, "parameter": parameter, "seconds": took} for (id, parameter), took in longest
            ),
        }

    def _commands(self) -> list[dict[str, Any]]:
        """Each distinct command, what it is called, and on how many VMs it ran; what ran on most VMs first."""
        ran: Counter[tuple[str, str]] = Counter()
        for (key, command), count in self._ran.items():
            # What was read of Azure is no command, though a bundle may hold it beside them: it is a request.
            if command and not command.startswith("GET "):
                ran[key, redact(command)] += count
        return [{"command": command, "key": key, "vms": count} for (key, command), count in ran.most_common()]


def _azure(calls: Sequence[Call]) -> dict[str, Any]:
    """Every request, retries included, and each distinct one with its answer and how often it was made."""
    made = Counter((f"{call.method} {redact(call.url)}", call.status) for call in calls)
    return {
        "requests": len(calls),
        "calls": [{"request": request, "status": status, "times": times} for (request, status), times in made.items()],
    }


def _slowest(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    rounded = [{**entry, "seconds": round(entry["seconds"], 2)} for entry in entries]
    ranked = sorted(rounded, key=lambda entry: -entry["seconds"])
    return [entry for entry in ranked[:_SLOWEST] if entry["seconds"]]
