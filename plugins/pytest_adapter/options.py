"""The options of the suite, and the usage that a command line without a VM prints."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import pytest

NO_VM = """\
Select VMs. The suite reports which are ready to enroll in Azure Arc, and what to fix on the others.

  pytest --vm=myvm                       one VM, as in `ssh myvm`; repeat --vm for more
  pytest --inventory=fleet.yaml          every VM of a fleet file (docs/inventory.md)
  pytest --inventory=fleet.yaml --vm='web*'
  pytest --azure-fleet=SUBSCRIPTION      every VM of a subscription (or SUBSCRIPTION/GROUP)
  pytest --evidence=reports/latest       judge an earlier run or its bundle again, without network access
  pytest --resume=RUN                    resume an interrupted run

Common options:

  --plan            print every command that would run on a VM, and run none
  --check=IMDS-002  only this check; repeat it for more; globs such as 'PROXY-*' work, and so do -k and -m
  --collect-only    list the checks
  --profile=2602    judge by newer requirements
  --no-azure        judge the guests only; send no request to Azure
  --gate=98%        exit with 0 when 98 % of the VMs are ready (docs/gates.md)

  --explain=AZCM0042  explain a code, an exit status or an error line; needs no VM

A run changes nothing on any VM. Try `make demo`, which starts its own VMs.
"""


#: `addoption` of a group of options.
Add = Callable[..., None]


def asks_for_run(option: argparse.Namespace) -> bool:
    """True when the command line requests a run: it names VMs, or evidence of VMs."""
    ways = ("vm", "inventory", "azure_fleet", "evidence", "resume", "retry_unknown")
    return any(getattr(option, way) for way in ways)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of runs; expected 1 or more")
    return int(text)


def add_options(parser: pytest.Parser) -> None:
    """Add the suite's options, as a group in `pytest --help`."""
    group = parser.getgroup("nexus", "Arc readiness of Azure Operator Nexus VMs")
    for add in (_vms, _checks, _gates, _azure, _ssh, _reports):
        add(group.addoption)


def _vms(add: Add) -> None:
    """Which VMs, or the evidence of which."""
    add(
        "--vm",
        action="append",
        default=[],
        metavar="NAME",
        help="a VM to check: an SSH alias or user@host:port, or with --inventory a name or a glob; may be repeated",
    )
    add("--inventory", metavar="FILE", help="the fleet: a YAML file, see docs/inventory.md")
    add(
        "--evidence",
        action="extend",
        nargs="+",
        default=[],
        metavar="PATH",
        help="judge saved runs again, without network access: run directories, bundles, a store; several are merged",
    )
    add(
        "--evidence-store",
        metavar="URL",
        help="upload the evidence during the run: az://CONTAINER/PREFIX (docs/fleets.md)",
    )
    add(
        "--shard",
        metavar="I/N|auto",
        help="only part I of N of the fleet; auto: read I and N from the variables of the CI system (docs/fleets.md)",
    )
    add("--bundle", action="store_true", help="also read the VMs' logs, and pack a redacted zip for a support request")
    add("--resume", metavar="RUN", help="resume an interrupted run: visit the remaining VMs")
    add("--retry-unknown", metavar="RUN", help="resume a run, and revisit the VMs that could not be judged")


def _checks(add: Add) -> None:
    """Options for the checks and their commands."""
    add(
        "--check",
        action="append",
        default=[],
        metavar="ID",
        help="only the checks with this id (IMDS-002) or glob ('PROXY-*'); may be repeated",
    )
    add("--profile", metavar="NAME", help="the requirements to judge by: 2510 (default), 2602, or your own file")
    add("--plan", action="store_true", help="print every command that would run on the VMs, and run none of them")
    add(
        "--host-keys",
        choices=["strict", "accept-new", "off"],
        default="strict",
        help="SSH host keys: refuse unknown ones (strict, the default), accept and save them, or do not check",
    )


def _gates(add: Add) -> None:
    """Options for the exit code."""
    add(
        "--gate",
        metavar="POLICY",
        help="the condition for exit code 0: all, 98%%, canary=all,rest=98%% (by tags), unknown=0, no-regressions, "
        "separated by commas; or chosen: the checks that ran passed; see docs/gates.md",
    )
    add(
        "--against",
        metavar="RUN",
        help="list the changes since an earlier run: its directory, its results.json, or latest",
    )
    add(
        "--waivers",
        metavar="FILE",
        help="dated exceptions, see docs/gates.md (default: waivers.yaml beside the inventory, if it exists)",
    )


def _azure(add: Add) -> None:
    """Options for requests to Azure."""
    add("--no-azure", action="store_true", help="judge the guests only; send no request to Azure")
    add("--subscription", metavar="ID", help="the subscription in which to find VMs without a resource_id, by name")
    add("--resource-group", metavar="NAME", help="the same, in this resource group only")
    add(
        "--azure-fleet",
        metavar="[CLOUD:]SUBSCRIPTION[/GROUP]",
        help="take the fleet from Azure; separate several scopes by commas; --inventory then overrides single settings "
        "(docs/azure.md)",
    )


def _ssh(add: Add) -> None:
    """Options for SSH and for enrollment."""
    add("--ssh-user", metavar="NAME", help="log in as this user; overrides inventory and Azure")
    add("--ssh-jump", metavar="HOST", help="reach every VM through this jump host, as for ssh -J: [user@]host[:port]")
    add(
        "--enroll",
        nargs="?",
        const="connect",
        choices=["connect", "roundtrip"],
        help="WRITES: connect the VMs that are ready to Azure Arc; =roundtrip disconnects them again afterwards",
    )


def _reports(add: Add) -> None:
    """Options for reports and `--explain`."""
    add(
        "--split-by",
        metavar="TAG",
        help="also write one page for each value of a tag, an owner's or a site's: by-TAG/ in the run directory",
    )
    add("--history", type=int, metavar="N", help="show the ready VMs of the last N runs over time in the HTML report")
    add("--reports", metavar="DIR", help="create run directories here (default: reports/)")
    add(
        "--keep",
        type=_count,
        metavar="N",
        help="afterwards remove all but the newest N runs; never the one that latest or --against names",
    )
    add(
        "--explain",
        action="append",
        default=[],
        metavar="X",
        help="print cause and remedy of X, without visiting a VM: an AZCM code, a check id, an exit status, "
        "a pasted error line, or the path of a log; may be repeated",
    )
