"""``--bundle``: one zip for each VM and one for the run, each of which a support request and ``--evidence`` can use.

::

    reports/<run-id>/bundle/<run-id>.zip          the whole run
    reports/<run-id>/bundle/<run-id>-<vm>.zip     one VM, and of Azure only what concerns it

Everything passes the redaction once more. `plugins.evidence.bundle_format` has the format.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from plugins.azure import answer_keys as paths
from plugins.azure.az_cli import AzCli
from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError
from plugins.azure.vm_view import AzureVmView
from plugins.checks.check import CheckOutcome
from plugins.core.files import make_directory
from plugins.core.redaction import clean, redact
from plugins.evidence.archive import Archive
from plugins.evidence.bundle_format import BundleFile, write_bundle
from plugins.evidence.codec import from_data, redacted, to_data
from plugins.evidence.layout import AZURE, PROFILE, RUNNER, evidence_path, file_name
from plugins.gather import support_logs as support
from plugins.model import Evidence, Verdict, Vm

__all__ = ["Contents", "concerning", "write"]

README = """\
What nexus-arc-readiness saw of {of}, for a support request.

{text}support/<vm>.txt   to read: cloud-init, agent, network, identity, proxy, error messages, with what was looked at
evidence/<vm>.json what each command printed on the VM
azure.json         what Azure Resource Manager answered
run.json           which VMs, which requirements, which options
manifest.json      the SHA-256 of every file

What looked like a secret was replaced by <secret:...>; the same one has the same mark. Names and addresses are in it.
To judge it again, with the same or with newer requirements, without any network:

    pytest --evidence=THIS.zip [--profile=NAME]
"""


@dataclass(slots=True)
class Contents:
    """What bundles are made of."""

    run_id: str
    suite: str
    archive: Archive
    vms: Sequence[Vm]
    facts: AzureSnapshot | None  # None: Azure was not asked
    az_cli: AzCli | None
    seen: Mapping[str, Evidence]  # by VM name, with what its checks looked at in Azure
    verdicts: Mapping[str, Sequence[Verdict]]  # by VM name
    readiness: Mapping[str, str]  # by VM name
    reports: Mapping[str, str] = field(default_factory=dict)  # of the whole run: file name -> text


def write(directory: Path, contents: Contents) -> Path:
    """Write all bundles of a run into `directory`. Raises OSError, and `BundleError` for a fleet that is too big."""
    make_directory(directory)
    run = directory / f"{contents.run_id}.zip"
    about = {"run_id": contents.run_id, "suite": contents.suite}
    write_bundle(run, kind="run", members=_members(contents), **about)
    BundleFile(run).close()  # what cannot be read again is better known now
    for vm in contents.vms:
        one = replace(contents, vms=[vm], facts=contents.facts and concerning(vm, contents.facts), reports={})
        path = directory / f"{contents.run_id}-{file_name(vm.name)}.zip"
        write_bundle(path, kind="vm", members=_members(one), **about)
    return directory


def _members(contents: Contents) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file, in the order in which one would read them."""
    of = f"the VM {contents.vms[0].name}" if len(contents.vms) == 1 else f"{len(contents.vms)} VMs"
    listed = "".join(f"{name:<19}the report of the run\n" for name in contents.reports)
    yield "README.txt", README.format(of=of, text=listed).encode()
    for name, text in contents.reports.items():
        yield name, text.encode("utf-8", "backslashreplace")
    run = contents.archive.read("run.json") or {}
    run["fleet"] = [clean(vm.as_dict()) for vm in contents.vms]
    run["arguments"] = [redact(str(each)) for each in run.get("arguments") or []]
    yield "run.json", _json(run)
    if (profile := contents.archive.source.read(PROFILE)) is not None:
        yield PROFILE, redact(profile.decode("utf-8", "replace")).encode()
    if contents.facts is not None:
        yield AZURE, _json(contents.facts.to_data())
    if contents.az_cli is not None:
        yield RUNNER, _json(clean(contents.az_cli.as_dict()))
    for vm in contents.vms:
        # As it was gathered: what checks looked at in Azure is in azure.json, and comes from there when judged again.
        if (data := contents.archive.read(evidence_path(vm.name))) is not None:
            yield evidence_path(vm.name), _json(to_data(redacted(from_data(data))))
    for vm in contents.vms:
        if vm.name in contents.seen:
            about = f"{vm.name}, run {contents.run_id}: {contents.readiness.get(vm.name, 'not judged')}"
            text = support.text(contents.seen[vm.name], contents.verdicts.get(vm.name, ()), about)
            yield f"support/{file_name(vm.name)}.txt", text.encode("utf-8", "backslashreplace")


def _json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace")


class _Noted(dict[str, Answer | ReadError]):
    """Answers that remember which of them somebody wanted to see."""

    def __init__(self, answers: Mapping[str, Answer | ReadError]) -> None:
        super().__init__(answers)
        self.wanted: dict[str, None] = {}

    def get(self, path: str, default: Any = None) -> Any:
        """As of a dict."""
        self.wanted[path] = None
        return super().get(path, default)

    def __getitem__(self, path: str) -> Answer | ReadError:
        self.wanted[path] = None
        return super().__getitem__(path)


def concerning(vm: Vm, facts: AzureSnapshot) -> AzureSnapshot:
    """Of what Azure said about a fleet, that which a check of this VM can look at."""
    noted = _Noted(facts.answers)
    view = AzureVmView(vm, AzureSnapshot(noted, facts.located))
    for name, attribute in vars(AzureVmView).items():
        if isinstance(attribute, property):
            with suppress(CheckOutcome):
                getattr(view, name)
    for namespace in paths.TARGET_PROVIDERS:
        with suppress(CheckOutcome):
            view.provider(namespace)
    with suppress(CheckOutcome):
        for identity in view.identities:
            if identity.principal_id:
                with suppress(CheckOutcome):
                    view.access(identity.principal_id)
    answers = {path: facts.answers[path] for path in noted.wanted if path in facts.answers}
    with suppress(CheckOutcome):
        _leave_out_others(answers, paths.machines(view.target_scope), view.arc_name)
    id = facts.located.get(vm.name)
    own = str(id).lower() if isinstance(id, str) else ""
    return AzureSnapshot(
        answers={
            path: Answer(each.request, _without_others(each.value, own)) if isinstance(each, Answer) else each
            for path, each in answers.items()
        },
        located={name: where for name, where in facts.located.items() if name == vm.name},
        interrupted=facts.interrupted,
    )


def _leave_out_others(answers: dict[str, Answer | ReadError], path: str, name: str) -> None:
    """Of the list of Arc machines, only the one with this name is the VM's affair."""
    answer = answers.get(path)
    if isinstance(answer, Answer) and answer.value:
        own = [each for each in answer.value if str(each.get("name")).lower() == name.lower()]
        answers[path] = Answer(answer.request, own)


def _without_others(value: Any, own: str) -> Any:
    """Clusters and networks list their VMs (``virtualMachinesAssociatedIds``): the others are nobody's affair here."""
    if isinstance(value, dict):
        return {name: _without_others(each, own) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_others(each, own) for each in value if not _is_another_vm(each, own)]
    return value


def _is_another_vm(value: Any, own: str) -> bool:
    return (
        isinstance(value, str) and f"/{paths.NEXUS}/virtualMachines/".lower() in value.lower() and value.lower() != own
    )
