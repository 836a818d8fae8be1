"""Entries of `results.json` for a shard of a fleet, and for a merge with missing evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugins.core.exit_codes import EXIT_UNKNOWN
from plugins.core.wording import counted
from plugins.evidence.merged import MissingEvidence


def about_part(
    results: Mapping[str, Any], shard: Mapping[str, Any] | None, vms: int, gaps: MissingEvidence | None
) -> dict[str, Any]:
    """The keys to add to `results`: its sentence, and ``shard`` and ``missing`` where they apply.

    `shard` is that of ``run.json`` (`plugins.inventory.shards`), `vms` the number of VMs in it.
    """
    record: dict[str, Any] = {}
    sentence = results["sentence"]
    if shard:
        number, of, total = (shard[key] for key in ("number", "of", "vms"))
        record["shard"] = {"number": number, "of": of, "fleet_vms": total}
        if not vms and results["judged"]["complete"]:  # a module that cannot be loaded is a problem of its own
            sentence, record["verdict"] = "This shard is empty: there are fewer VMs than shards.", "ready"
        sentence = f"Shard {number} of {of}, {vms} of {counted(total, 'VM')}: {sentence}"
    if gaps:
        record["missing"] = {"vms": gaps.vms, "shards": gaps.shards}
        sentence = f"{sentence} {gaps}"
    return {**record, "sentence": sentence}


def withhold_gate(gate: Mapping[str, Any], why: MissingEvidence | str) -> dict[str, Any]:
    """The ``gate`` of `results.json` when evidence is missing or checks were omitted: it never passes."""
    if not gate["passed"]:
        return dict(gate)
    would = "what was judged" if isinstance(why, str) else "the VMs with evidence"
    sentence = f"GATE NOT JUDGED ({gate['policy']}): {would} would pass it. {why}"
    return {**gate, "passed": False, "exit": EXIT_UNKNOWN, "sentence": sentence}
