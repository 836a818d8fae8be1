"""The gather stage: once the checks are selected, print the plan, or visit the VMs and enroll those that are ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from plugins.checks.probe import ProbeCommand
from plugins.core.redaction import redact
from plugins.core.wording import span
from plugins.enrollment.steps import is_step, refuse
from plugins.evidence.archive import Archive
from plugins.gather import support_logs
from plugins.gather.collector import gather, limits
from plugins.gather.dry_run import page
from plugins.gather.plan import merge
from plugins.judge.judge import Judge
from plugins.model import Vm
from plugins.pytest_adapter import control_plane
from plugins.pytest_adapter.enrollment import enroll_ready_vms, plan_page
from plugins.pytest_adapter.items import CheckItem, check_items
from plugins.pytest_adapter.output import say
from plugins.pytest_adapter.progress import show_progress
from plugins.pytest_adapter.run import Run
from plugins.pytest_adapter.stash import ACCUMULATOR, JUDGE, RUN
from plugins.requirements.profile import Profile
from plugins.results.accumulator import FleetAccumulator
from plugins.results.coverage import Coverage
from plugins.ssh import client as ssh

#: The commands of each VM, by its name.
Plans = Mapping[str, Sequence[ProbeCommand]]


def run(session: pytest.Session) -> None:
    """Make the judge; then gather the evidence, unless it is there already. Raises pytest.UsageError."""
    config = session.config
    run = config.stash.get(RUN, None)
    if run is None:
        return
    items = check_items(session.items) if run.state.selected else []  # pytest calls this even when --check was refused
    judge = _prepare_judge(config, run, items)
    if config.option.collectonly or session.testsfailed or run.kind == "replayed" or not items:
        return
    if config.option.enroll:
        _refuse_enrollment(run, items)
    commands = plans(items, run.scope.vms, run.rules.profile)
    if config.option.bundle:
        for vm in run.scope.vms:
            commands[vm.name] += support_logs.probes(vm)
    options = ssh.Options(
        config_file=run.scope.ssh_config,
        host_keys=config.option.host_keys,
        run_timeout=max((command.timeout for plan in commands.values() for command in plan), default=0.0) + 5.0,
    )
    if config.option.plan:
        _print_plan(config, run, items, commands, options)
    else:
        _visit(config, run, judge, items, commands, options)


def plans(items: Sequence[CheckItem], vms: Sequence[Vm], profile: Profile) -> dict[str, list[ProbeCommand]]:
    """The commands of each VM for the selected checks, by VM name; the steps of enrollment come later."""
    commands: dict[str, list[ProbeCommand]] = {vm.name: [] for vm in vms}
    for item in items:
        commands[item.vm.name] += [command for command in item.planned(profile) if not is_step(command.key)]
    return {name: merge(probes) for name, probes in commands.items()}


def _prepare_judge(config: pytest.Config, run: Run, items: Sequence[CheckItem]) -> Judge:
    scope, rules = run.scope, run.rules
    judge = config.stash[JUDGE] = Judge(
        items,
        vms=scope.vms,
        profile=rules.profile,
        archive=run.files.archive,
        waivers=rules.decisions.waivers,
        ssh_config=scope.ssh_config,
    )
    coverage = run.state.coverage or Coverage(scope.vms, rules.profile)
    config.stash[ACCUMULATOR] = FleetAccumulator(judge, scope.vms, items, coverage, keep=config.option.bundle)
    return judge


def _refuse_enrollment(run: Run, items: Sequence[CheckItem]) -> None:
    assert run.state.coverage is not None
    if problem := refuse(run.state.coverage.left_out(items), {item.check.id for item in items}):
        raise pytest.UsageError(problem)


def _print_plan(
    config: pytest.Config, run: Run, items: Sequence[CheckItem], commands: Plans, options: ssh.Options
) -> None:
    """Print every command and request, and the maximum duration of the run, without running any."""
    option, scope = config.option, run.scope
    line = config.get_terminal_writer().line
    options = limits(options, scope.pending)
    longest = max(ssh.time_limit(len(scope.pending), options), control_plane.time_limit(items, option))
    say(line, "\n" + page(commands, scope.pending, options).removesuffix("\n"))
    for sentence in (
        *control_plane.plan_lines(items, scope.vms, option),
        "",
        f"The run takes at most {span(longest)}: all of this runs in parallel.",
        *(plan_page(items, run.rules.profile, option.enroll) if option.enroll else ()),
    ):
        say(line, sentence)


def _visit(
    config: pytest.Config, run: Run, judge: Judge, items: Sequence[CheckItem], commands: Plans, options: ssh.Options
) -> None:
    """Visit the VMs, read Azure and the Azure CLI meanwhile, and enroll the ready VMs with ``--enroll``."""
    option, scope, archive = config.option, run.scope, run.files.archive
    assert archive is not None
    try:
        with (
            control_plane.reading(judge.context, items, scope.vms, option) as cancelled,
            show_progress(config, len(scope.pending), judge.fails_already) as progress,
        ):
            run.state.interrupted = not gather(scope.pending, commands, options, archive, progress)
            if run.state.interrupted:
                cancelled.set()
    except KeyboardInterrupt:  # while Azure is still read: judge and report the evidence so far
        run.state.interrupted = True
    if not option.no_azure and (line := judge.context.facts.nothing_read):
        say(config.pluginmanager.getplugin("terminalreporter").write_line, redact(line), yellow=True)
    if option.enroll and (archive.problem or not run.state.interrupted):
        _enroll(config, run, judge, items, options, archive)


def _enroll(
    config: pytest.Config, run: Run, judge: Judge, items: Sequence[CheckItem], options: ssh.Options, archive: Archive
) -> None:
    option = config.option
    reporter: pytest.TerminalReporter = config.pluginmanager.getplugin("terminalreporter")
    if archive.problem:
        say(
            reporter.write_line,
            "--enroll: no VM was connected, because the evidence could not be saved (see below).",
            red=True,
        )
        return
    from plugins.azure.fetch import FetchOptions  # the SDK takes a second to load

    run.state.interrupted = not enroll_ready_vms(
        items,
        run.scope.vms,
        judge,
        archive,
        profile=run.rules.profile,
        mode=option.enroll,
        options=options,
        azure=None if option.no_azure else FetchOptions(option.subscription, option.resource_group),
        progress=lambda total: show_progress(config, total, lambda vm: False),
        write_line=reporter.write_line,
    )
