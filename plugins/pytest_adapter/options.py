"""The command line: what may be asked of the suite, and what it says when nothing was asked."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

import pytest

from plugins.checks.areas import AREAS
from plugins.model import Severity
from plugins.pytest_adapter.resume import resume
from plugins.pytest_adapter.run import begin, wanted
from plugins.pytest_adapter.stash import RUN
from plugins.pytest_adapter.watch import watch

__all__: list[str] = []

NO_VM = """\
Which VMs? Name them, and this suite says which are ready to enroll in Azure Arc, and what to fix on the others.

  pytest --vm=myvm                       one VM: anything `ssh myvm` can reach; repeat --vm for more
  pytest --inventory=fleet.yaml          every VM of a fleet file (docs/inventory.md)
  pytest --inventory=fleet.yaml --vm='web*'
  pytest --azure-fleet=SUBSCRIPTION      every VM that Azure shows there (SUBSCRIPTION/GROUP: in a resource group)
  pytest --evidence=reports/latest       judge an earlier run again, or a bundle of it, without any network
  pytest --resume=RUN                    go on with a run that was cut short

Worth knowing:

  --plan            print every command that would run on a VM, and run none
  --check=IMDS-002  only this check (repeat it; globs such as 'PROXY-*' work); -k and -m work as ever
  --collect-only    list the checks
  --profile=2602    judge by newer requirements
  --no-azure        judge the guests alone
  --gate=98%        what is good enough to go ahead, for the exit code (docs/gates.md)

  --explain=AZCM0042  what a code, an exit status or an error line means; needs no VM

A run changes nothing on any VM. `make demo` shows one, with VMs of its own.
"""


#: The run was asked to use several processes.
_ALONE = pytest.StashKey[bool]()
ALONE = (
    "-n is left aside: the VMs are visited side by side from one process anyway, and judging them in several takes"
    " longer (docs/performance.md)"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our options, in a group of their own in `pytest --help`."""
    group = parser.getgroup("nexus", "Arc readiness of Azure Operator Nexus VMs")
    group.addoption(
        "--vm",
        action="append",
        default=[],
        metavar="NAME",
        help="a VM to examine: an SSH alias or user@host:port, or with --inventory a name or a glob; may be repeated",
    )
    group.addoption("--inventory", metavar="FILE", help="the fleet: a YAML file, see docs/inventory.md")
    group.addoption(
        "--evidence",
        action="extend",
        nargs="+",
        default=[],
        metavar="PATH",
        help="judge saved runs again, without any network: run directories, bundles, a store; several become one",
    )
    group.addoption(
        "--evidence-store",
        metavar="URL",
        help="send the evidence there as well while it is gathered: az://CONTAINER/PREFIX (docs/fleets.md)",
    )
    group.addoption(
        "--shard",
        metavar="I/N|auto",
        help="only part I of N of the fleet; auto: the part that the CI system states (docs/fleets.md)",
    )
    group.addoption(
        "--bundle", action="store_true", help="read the VMs' logs too, and pack what a support request needs, redacted"
    )
    group.addoption(
        "--resume", metavar="RUN", help="go on with a run that was cut short: visit the VMs that it had not visited"
    )
    group.addoption(
        "--retry-unknown", metavar="RUN", help="go on with a run: visit again the VMs that it could not judge"
    )
    group.addoption(
        "--check",
        action="append",
        default=[],
        metavar="ID",
        help="only the checks with this id (IMDS-002) or glob ('PROXY-*'); may be repeated",
    )
    group.addoption(
        "--profile", metavar="NAME", help="the requirements to judge by: 2510 (default), 2602, or a file of your own"
    )
    group.addoption(
        "--plan", action="store_true", help="print every command that would run on the VMs, and run none of them"
    )
    group.addoption(
        "--host-keys",
        choices=["strict", "accept-new", "off"],
        default="strict",
        help="what to do about SSH host keys: refuse unknown ones (strict, the default), record them, or do not check",
    )
    group.addoption(
        "--gate",
        metavar="POLICY",
        help="what is good enough for exit 0: all, 98%%, canary=all,rest=98%% (by tags), unknown=0, no-regressions; "
        "several with commas, see docs/gates.md",
    )
    group.addoption(
        "--against",
        metavar="RUN",
        help="say what changed since an earlier run: its directory, its results.json, or the word latest",
    )
    group.addoption(
        "--waivers",
        metavar="FILE",
        help="dated exceptions, see docs/gates.md (default: waivers.yaml beside the inventory, if it is there)",
    )
    group.addoption("--no-azure", action="store_true", help="judge the guests alone: ask Azure for nothing")
    group.addoption(
        "--subscription", metavar="ID", help="where VMs without a resource_id are looked for in Azure, by their name"
    )
    group.addoption("--resource-group", metavar="NAME", help="the same, in this resource group only")
    group.addoption(
        "--azure-fleet",
        metavar="SUBSCRIPTION[/GROUP]",
        help="the fleet is what Azure shows there; SSH addresses come from the VMs' network attachments",
    )
    group.addoption(
        "--enroll",
        nargs="?",
        const="connect",
        choices=["connect", "roundtrip"],
        help="WRITES: connect the VMs that are ready to Azure Arc; =roundtrip disconnects them again afterwards",
    )
    group.addoption(
        "--watch", metavar="TIME", help="run again each 15m (90s, 1h), and say only what changed, until Ctrl-C"
    )
    # The name of the run directory, chosen by the process that watches: see plugins/pytest_adapter/watch.py.
    group.addoption("--run-id", type=_run_id, help=argparse.SUPPRESS)
    group.addoption("--reports", metavar="DIR", help="where run directories are made (default: reports/)")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Say how to name a VM when checks were asked for and none was named."""
    option = config.option
    if wanted(config):
        # pytest-xdist reads the same options right after this. A worker would cost more than what it judges.
        if getattr(option, "numprocesses", None) or getattr(option, "tx", None):
            config.stash[_ALONE] = True
        option.numprocesses, option.dist, option.distload, option.tx = None, "no", False, []
    elif not (option.collectonly or option.help or option.version):
        return _which_vms(config)
    return watch(config, _say) if option.watch and not option.run_id and not option.help else None


def _which_vms(config: pytest.Config) -> int | None:
    option = config.option
    if not _asks_for_checks(config) or option.showfixtures or option.show_fixtures_per_test or option.markers:
        return None
    sys.stdout.write(NO_VM)  # pytest has no terminal reporter yet
    return int(pytest.ExitCode.USAGE_ERROR)


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _run_id(text: str) -> str:
    if not re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{4}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a run, such as 20261121T221500Z-3f9a")
    return text


def _asks_for_checks(config: pytest.Config) -> bool:
    suites = config.rootpath / "suites"
    places = (config.invocation_params.dir / arg.partition("::")[0] for arg in config.args)
    return any(place == suites or suites in place.parents or place in suites.parents for place in map(_plain, places))


def _plain(path: Path) -> Path:
    return Path(os.path.normpath(path))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Begin the run, and ask pytest-html for its report unless the command line already does."""
    for word in (*AREAS, *Severity):
        config.addinivalue_line("markers", f"{word.lower()}: every {word} check")
    run = None if hasattr(config, "workerinput") else resume(config) or begin(config)
    if run is None:
        return
    config.stash[RUN] = run
    if _ALONE in config.stash:
        run.notes = (*run.notes, ALONE)
    option = config.option
    # It loads all of Hypothesis, for half a second, to say that it has nothing to say.
    if (hypothesis := config.pluginmanager.get_plugin("hypothesispytest")) is not None:
        config.pluginmanager.unregister(hypothesis)
    # A failed check's message is its report: no traceback, and our own summary instead of pytest's.
    if option.tbstyle == "auto":
        option.tbstyle = "no"
    if option.reportchars == "fE":
        option.reportchars = ""
    if run.directory:
        if getattr(option, "htmlpath", None) is None:
            option.htmlpath = str(run.directory / "report.html")
        option.self_contained_html = True  # one file to send; its policy lets no other in


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the run directory to whoever wants it next."""
    if (run := config.stash.get(RUN, None)) is not None:
        run.let_go()
