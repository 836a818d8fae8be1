"""Publishes `summary.md` on the page of a CI job in GitHub Actions and Azure Pipelines, without configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from plugins.core.sanitize import one_line

#: GitHub's size limit per step; it does not show larger summaries.
GITHUB_LIMIT = 1024 * 1024

_CUT = "\n… cut here: a job summary holds no more than 1 MiB. The whole text is in summary.md.\n"


def publish(summary: Path, environ: Mapping[str, str]) -> list[str]:
    """Pass the file `summary` to GitHub Actions, when `environ` shows it; returns sentences about errors."""
    if target := environ.get("GITHUB_STEP_SUMMARY"):
        return _append(summary.read_text(encoding="utf-8"), Path(target))
    return []


def upload(summary: Path, environ: Mapping[str, str]) -> str:
    """The command that passes the file to Azure Pipelines, when `environ` shows it; else ""."""
    return f"##vso[task.uploadsummary]{one_line(summary.absolute())}" if environ.get("TF_BUILD") == "True" else ""


def _append(text: str, target: Path) -> list[str]:
    """Append `text` to the step's earlier content in `target`, up to the limit."""
    try:
        taken = target.stat().st_size if target.exists() else 0
        data = f"\n{text}".encode() if taken else text.encode()
        room = GITHUB_LIMIT - taken
        if len(data) > room:
            # Complete lines only: after half a table row, the rest of the page would be part of the table.
            kept = data[: max(room - len(_CUT.encode()), 0)].rpartition(b"\n")[0]
            if not kept.strip():
                return ["The job summary is full: summary.md was not added to it."]
            data = kept + b"\n" + _CUT.encode()[1:]
        with target.open("ab") as file:
            file.write(data)
    except OSError as error:
        return [f"summary.md could not be added to the job summary: {error}."]
    return []
