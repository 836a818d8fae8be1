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

from plugins.azure.facts import Call
from plugins.model import Evidence, Verdict
from plugins.redact import redact

__all__ = ["hashes", "manifest"]

ROOT = Path(__file__).parents[1]
_DATA = ROOT / "plugins" / "data"

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
    files |= {f"plugins/data/{path.name}": path for path in sorted(_DATA.glob("*.toml"))}
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


def manifest(
    files: Mapping[str, str],
    evidence: Mapping[str, Evidence],
    verdicts: Mapping[str, Iterable[Verdict]],
    calls: Sequence[Call],
) -> dict[str, Any]:
    """The manifest as `results.json` has it. `files` is `hashes`; `evidence` and `verdicts` are by VM name."""
    return {
        "hashes": dict(files),
        "commands": _commands(evidence.values()),
        "azure": _azure(calls),
        "slowest_vms": _slowest(
            ({"vm": name, "seconds": sum(each.session.seconds.values())} for name, each in evidence.items())
        ),
        "slowest_checks": _slowest(_checks(verdicts.values())),
    }


def _commands(evidence: Iterable[Evidence]) -> list[dict[str, Any]]:
    """Each distinct command, what it is called, and on how many VMs it ran; what ran on most VMs first."""
    raw: Counter[tuple[str, str]] = Counter()
    for each in evidence:
        # What a check read of Azure is kept beside what ran on the VM; its "command" is a request.
        raw.update(
            (key, seen.command)
            for key, seen in each.seen.items()
            if seen.state in _RAN and seen.command and not seen.command.startswith("GET ")
        )
    ran: Counter[tuple[str, str]] = Counter()
    for (key, command), count in raw.items():
        ran[key, redact(command)] += count
    return [{"command": command, "key": key, "vms": count} for (key, command), count in ran.most_common()]


def _azure(calls: Sequence[Call]) -> dict[str, Any]:
    """Every request, retries included, and each distinct one with its answer and how often it was made."""
    made = Counter((f"{call.method} {redact(call.url)}", call.status) for call in calls)
    return {
        "requests": len(calls),
        "calls": [{"request": request, "status": status, "times": times} for (request, status), times in made.items()],
    }


def _checks(verdicts: Iterable[Iterable[Verdict]]) -> Iterable[dict[str, Any]]:
    """The longest that each check, for each of its parameters, took on any VM."""
    longest: dict[tuple[str, str], float] = {}
    for of_vm in verdicts:
        for each in of_vm:
            key = each.id, each.parameter
            longest[key] = max(longest.get(key, 0.0), each.seconds)
    return ({"id": id, "parameter": parameter, "seconds": took} for (id, parameter), took in longest.items())


def _slowest(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    rounded = [{**entry, "seconds": round(entry["seconds"], 2)} for entry in entries]
    ranked = sorted(rounded, key=lambda entry: -entry["seconds"])
    return [entry for entry in ranked[:_SLOWEST] if entry["seconds"]]
