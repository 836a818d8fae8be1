"""`python -m lab up | faults | doctor | demo`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lab import demo, doctor, holder, spec, wire
from lab.errors import LabError
from lab.faults import FAULTS, RUN_FAULTS

#: Exit statuses of `up` that are not COMMAND's.
USAGE, CANNOT_RUN = 2, 3

_UP = "python -m lab up --vms N [--fault VM[+VM...]=NAME[,NAME...]]... [--az] [--delay MS] -- COMMAND..."


def main(arguments: Sequence[str]) -> int:
    """Run one of the lab's commands, and return its exit status."""
    arguments, command = _split(list(arguments))
    parser = _parser()
    options = parser.parse_args(arguments)
    if command and options.action != "up":
        parser.error(f"{options.action} takes no command")
    match options.action:
        case "up":
            return _up(options, command)
        case "faults":
            return _faults()
        case "doctor":
            return _doctor()
        case _:
            return demo.run(record=options.record)


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    cut = arguments.index("--")
    return arguments[:cut], arguments[cut + 1 :]


def _parser() -> argparse.ArgumentParser:
    description = "A small Operator Nexus on one machine, with faults to plant."
    parser = argparse.ArgumentParser("python -m lab", description=description, allow_abbrev=False)
    actions = parser.add_subparsers(dest="action", required=True, metavar="up|faults|doctor|demo")
    up = actions.add_parser("up", help="start N VMs, run a command, and stop them", usage=_UP, allow_abbrev=False)
    up.add_argument("--vms", type=int, required=True, metavar="N", help="number of VMs: vm1 to vmN")
    up.add_argument("--delay", type=float, default=0.0, metavar="MS", help="milliseconds of delay to the VMs, each way")
    up.add_argument("--fault", action="append", default=[], metavar="VM=NAME", help="plant a fault (see `faults`)")
    up.add_argument("--az", action="store_true", help="use the real Azure CLI on the VMs (`make az` builds it)")
    up.add_argument("--curl", default="", metavar="FILE", help="use this curl on every VM, for example an older one")
    actions.add_parser("faults", help="list the faults and the results that each causes")
    actions.add_parser("doctor", help="list what is missing on this machine; exit status 3 if anything is")
    show = actions.add_parser("demo", help="judge ten VMs, eight with faults, and compare the results with the faults")
    show.add_argument("--record", action="store_true", help="save the run for machines that cannot run the lab")
    return parser


def _up(options: argparse.Namespace, command: list[str]) -> int:
    try:
        plan = spec.parse(
            options.vms, options.fault, command, real_az=options.az, delay=options.delay, curl=options.curl
        )
    except LabError as error:
        return _say(error, USAGE)
    if not command:
        return _say(f"no command; {_UP}", USAGE)
    needed = (name for vm, names in plan.faults.items() if vm != spec.RUN for name in names)
    if why := doctor.trouble() or doctor.missing_for(needed) or (plan.real_az and doctor.without_az()):
        return _say(f"cannot run here: {why}", CANNOT_RUN)
    if plan.delay and (why := wire.trouble()):
        return _say(f"cannot run here: {why}", CANNOT_RUN)
    return holder.up(plan)


def _say(text: object, status: int) -> int:
    print(f"lab: {text}", file=sys.stderr)
    return status


def _faults() -> int:
    for fault in [*FAULTS.values(), *RUN_FAULTS.values()]:
        print(f"{fault.name}\n    {fault.story}")
        if fault.name in RUN_FAULTS:
            print(f"    of the run: --fault run={fault.name}")
        words = ", ".join(f"{key} {status.replace('|', ' or ')}" for key, status in fault.expects.items())
        print(f"    must cause: {words or 'nothing'}")
        for need in fault.needs:
            print(f"    needs: {need.package} ({need.path})")
    return 0


def _doctor() -> int:
    if why := doctor.trouble():
        print(f"lab: cannot run here: {why}")
        return CANNOT_RUN
    print("; ".join(["lab: can run here", *doctor.remarks()]))
    return 0
