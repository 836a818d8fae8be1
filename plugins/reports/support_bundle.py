"""``--bundle``: one zip of a run, ``reports/<run-id>/bundle/<run-id>.zip``, for a support request and ``--evidence``.

For one VM: ``pytest --evidence=RUN --vm=NAME --bundle``. Everything passes the redaction once more.
`plugins.evidence.bundle_format` has the format.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from plugins.azure.az_cli import AzCli
from plugins.azure.snapshot import AzureSnapshot
from plugins.core.files import make_directory
from plugins.core.redaction import clean, redact
from plugins.evidence.archive import Archive
from plugins.evidence.bundle_format import BundleFile, write_bundle
from plugins.evidence.codec import redacted, saved_vm, to_data
from plugins.evidence.layout import AZURE, PROFILE, RUNNER, evidence_path, file_name
from plugins.gather import support_logs as support
from plugins.model import Evidence, Verdict, Vm

README = """\
What nexus-arc-readiness recorded of {of}, for a support request.

{text}support/<vm>.txt   to read: cloud-init, agent, network, identity, proxy, error messages, with their evidence
evidence/<vm>.json the output of each command on the VM
azure.json         the answers of Azure Resource Manager
run.json           VMs, requirements, options
manifest.json      the SHA-256 of every file

Each secret was replaced by a mark, <secret:...>, the same one wherever it occurs. Names and addresses are included.
To judge it again without a network, with the same or with newer requirements:

    pytest --evidence=THIS.zip [--profile=NAME]
"""


@dataclass(slots=True)
class Contents:
    """The content of a bundle."""

    run_id: str
    suite: str
    archive: Archive
    vms: Sequence[Vm]
    facts: AzureSnapshot | None  # None: with --no-azure
    az_cli: AzCli | None
    evidence: Mapping[str, Evidence]  # by VM name, with the answers of Azure that its checks used
    verdicts: Mapping[str, Sequence[Verdict]]  # by VM name
    readiness: Mapping[str, str]  # by VM name
    reports: Mapping[str, str]  # file name -> text


def write(directory: Path, contents: Contents) -> None:
    """Write the bundle of a run into `directory`. Raises OSError, and `BundleError` for a fleet beyond the limits."""
    make_directory(directory)
    path = directory / f"{contents.run_id}.zip"
    write_bundle(path, kind="run", members=_members(contents), run_id=contents.run_id, suite=contents.suite)
    BundleFile(path).close()  # an unreadable bundle has to be detected now


def _members(contents: Contents) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file, in reading order."""
    of = f"the VM {contents.vms[0].name}" if len(contents.vms) == 1 else f"{len(contents.vms)} VMs"
    listed = "".join(f"{name:<19}the report of the run\n" for name in contents.reports)
    yield "README.txt", README.format(of=of, text=listed).encode()
    for name, text in contents.reports.items():
        yield name, text.encode("utf-8", "backslashreplace")
    run = contents.archive.read("run.json") or {}
    run["fleet"] = [saved_vm(vm) for vm in contents.vms]
    run["arguments"] = [redact(str(argument)) for argument in run.get("arguments") or []]
    yield "run.json", _json(run)
    if (profile := contents.archive.source.read(PROFILE)) is not None:
        yield PROFILE, redact(profile.decode("utf-8", "replace")).encode()
    if contents.facts is not None:
        yield AZURE, _json(contents.facts.to_data())
    if contents.az_cli is not None:
        yield RUNNER, _json(clean(asdict(contents.az_cli)))
    for vm in contents.vms:
        # As gathered: azure.json has the answers that checks used, and a rejudged run reads them from there.
        if (evidence := contents.archive.get(vm.name)) is not None:
            yield evidence_path(vm.name), _json(to_data(redacted(evidence)))
    for vm in contents.vms:
        if vm.name in contents.evidence:
            about = f"{vm.name}, run {contents.run_id}: {contents.readiness.get(vm.name, 'not judged')}"
            text = support.text(contents.evidence[vm.name], contents.verdicts.get(vm.name, ()), about)
            yield f"support/{file_name(vm.name)}.txt", text.encode("utf-8", "backslashreplace")


def _json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8", "backslashreplace")
