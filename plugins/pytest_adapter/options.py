"""The options of the suite, and the usage that a command line without a VM prints."""

from __future__ import annotations

import argparse

import pytest

__all__ = ["NO_VM", "add_options", "asks_for_run"]

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


def asks_for_run(option: argparse.Namespace) -> bool:
    """True when the command line asks for a run: it names VMs, or evidence of them."""
    ways = ("vm", "inventory", "azure_fleet", "evidence", "resume", "retry_unknown")
    return any(getattr(option, way) for way in ways)


def add_options(parser: pytest.Parser) -> None:
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
        help="what is good enough for exit 0: all, 98%%, canary=all,rest=98%% (by tags), unknown=0, no-regressions, "
        "several with commas; or chosen: that the checks that ran passed; see docs/gates.md",
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
        metavar="[CLOUD:]SUBSCRIPTION[/GROUP]",
        help="the fleet is what Azure shows there, several places with commas between; with it, --inventory states "
        "what differs (docs/azure.md)",
    )
    group.addoption("--ssh-user", metavar="NAME", help="log in as this user, whatever inventory and Azure say")
    group.addoption(
        "--ssh-jump", metavar="HOST", help="reach every VM through this jump host, as for ssh -J: [user@]host[:port]"
    )
    group.addoption(
        "--enroll",
        nargs="?",
        const="connect",
        choices=["connect", "roundtrip"],
        help="WRITES: connect the VMs that are ready to Azure Arc; =roundtrip disconnects them again afterwards",
    )
    group.addoption("--reports", metavar="DIR", help="where run directories are made (default: reports/)")
    group.addoption(
        "--explain",
        action="append",
        default=[],
        metavar="X",
        help="say what X means and what to do, and look at no VM: an AZCM code, a check id, an exit status, "
        "a pasted error line, or the path of a log; may be repeated",
    )
