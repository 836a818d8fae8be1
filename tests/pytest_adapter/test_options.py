"""Every option of the suite: its name, its values and its line in `pytest --help`."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.pytest_adapter.options import add_options

OPTIONS: dict[str, dict[str, Any]] = {
    "--vm": {
        "action": "append",
        "default": [],
        "metavar": "NAME",
        "help": (
            "a VM to check: an SSH alias or user@host:port, or with --inventory a name or a glob; may be repeated"
        ),
    },
    "--inventory": {
        "metavar": "FILE",
        "help": "the fleet: a YAML file, see docs/inventory.md",
    },
    "--evidence": {
        "action": "extend",
        "nargs": "+",
        "default": [],
        "metavar": "PATH",
        "help": (
            "judge saved runs again, without network access: run directories, bundles, a store; several are merged"
        ),
    },
    "--evidence-store": {
        "metavar": "URL",
        "help": "upload the evidence during the run: az://CONTAINER/PREFIX (docs/fleets.md)",
    },
    "--shard": {
        "metavar": "I/N|auto",
        "help": (
            "only part I of N of the fleet; auto: read I and N from the variables of the CI system (docs/fleets.md)"
        ),
    },
    "--bundle": {
        "action": "store_true",
        "help": "also read the VMs' logs, and pack a redacted zip for a support request",
    },
    "--resume": {
        "metavar": "RUN",
        "help": "resume an interrupted run: visit the remaining VMs",
    },
    "--retry-unknown": {
        "metavar": "RUN",
        "help": "resume a run, and revisit the VMs that could not be judged",
    },
    "--check": {
        "action": "append",
        "default": [],
        "metavar": "ID",
        "help": "only the checks with this id (IMDS-002) or glob ('PROXY-*'); may be repeated",
    },
    "--profile": {
        "metavar": "NAME",
        "help": "the requirements to judge by: 2510 (default), 2602, or your own file",
    },
    "--plan": {
        "action": "store_true",
        "help": "print every command that would run on the VMs, and run none of them",
    },
    "--host-keys": {
        "choices": ["strict", "accept-new", "off"],
        "default": "strict",
        "help": "SSH host keys: refuse unknown ones (strict, the default), accept and save them, or do not check",
    },
    "--gate": {
        "metavar": "POLICY",
        "help": (
            "the condition for exit code 0: all, 98%%, canary=all,rest=98%% (by tags), unknown=0, "
            "no-regressions, separated by commas; or chosen: the checks that ran passed; see docs/gates.md"
        ),
    },
    "--against": {
        "metavar": "RUN",
        "help": "list the changes since an earlier run: its directory, its results.json, or latest",
    },
    "--waivers": {
        "metavar": "FILE",
        "help": "dated exceptions, see docs/gates.md (default: waivers.yaml beside the inventory, if it exists)",
    },
    "--no-azure": {
        "action": "store_true",
        "help": "judge the guests only; send no request to Azure",
    },
    "--subscription": {
        "metavar": "ID",
        "help": "the subscription in which to find VMs without a resource_id, by name",
    },
    "--resource-group": {
        "metavar": "NAME",
        "help": "the same, in this resource group only",
    },
    "--azure-fleet": {
        "metavar": "[CLOUD:]SUBSCRIPTION[/GROUP]",
        "help": (
            "take the fleet from Azure; separate several scopes by commas; --inventory then overrides single "
            "settings (docs/azure.md)"
        ),
    },
    "--ssh-user": {
        "metavar": "NAME",
        "help": "log in as this user; overrides inventory and Azure",
    },
    "--ssh-jump": {
        "metavar": "HOST",
        "help": "reach every VM through this jump host, as for ssh -J: [user@]host[:port]",
    },
    "--enroll": {
        "nargs": "?",
        "const": "connect",
        "choices": ["connect", "roundtrip"],
        "help": ("WRITES: connect the VMs that are ready to Azure Arc; =roundtrip disconnects them again afterwards"),
    },
    "--split-by": {
        "metavar": "TAG",
        "help": ("also write one page for each value of a tag, an owner's or a site's: by-TAG/ in the run directory"),
    },
    "--history": {
        "type": "int",
        "metavar": "N",
        "help": "show the ready VMs of the last N runs over time in the HTML report",
    },
    "--reports": {
        "metavar": "DIR",
        "help": "create run directories here (default: reports/)",
    },
    "--keep": {
        "type": "_count",
        "metavar": "N",
        "help": "afterwards remove all but the newest N runs; never the one that latest or --against names",
    },
    "--explain": {
        "action": "append",
        "default": [],
        "metavar": "X",
        "help": (
            "print cause and remedy of X, without visiting a VM: an AZCM code, a check id, an exit status, a "
            "pasted error line, or the path of a log; may be repeated"
        ),
    },
}


class Group:
    """Stands in for pytest's."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def addoption(self, name: str, **settings: Any) -> None:
        """Note it; a function by its name."""
        self.rows[name] = {key: getattr(value, "__name__", value) for key, value in settings.items()}


class Parser:
    """Stands in for pytest's."""

    def __init__(self) -> None:
        self.groups: dict[tuple[str, str], Group] = {}

    def getgroup(self, name: str, description: str) -> Group:
        """Note it."""
        return self.groups.setdefault((name, description), Group())


def test_every_option_is_as_documented() -> None:
    parser: Any = Parser()
    add_options(parser)
    [(title, group)] = parser.groups.items()
    assert title == ("nexus", "Arc readiness of Azure Operator Nexus VMs")
    assert group.rows == OPTIONS


@pytest.mark.parametrize("name", OPTIONS)
def test_a_line_of_the_help_can_be_printed(name: str) -> None:
    assert OPTIONS[name]["help"] % {}
