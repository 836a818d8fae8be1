"""`fixes.sh`: the commands of the plan, in its order, to be read and copied. Nothing runs them, nor does the file.

::

    #!/bin/sh
    # What to fix, in this order. ...
    exit 64 # before step 1

    # Step 1: Add .his.arc.azure.com to the egress list of csn-a (CSN-002): 412 VMs become ready.
    # component: cloud services network csn-a (/subscriptions/...)
    # seen:  The cloud services network csn-a does not allow gbl.his.arc.azure.com:443.
    # do:    Add the endpoint to additionalEgressEndpoints.
    # helps 2 VMs: berlin-1, berlin-2
    az networkcloud cloudservicesnetwork update ...

    exit 64 # before step 2

A comment is always one line (`sanitize.one_line`); a command is quoted where it is made, and omitted here
when it is not one complete command (`fix_commands.whole`).
"""

from __future__ import annotations

from collections.abc import Iterator

from plugins.core.sanitize import Harmless, one_line, truncate
from plugins.core.wording import counted
from plugins.reports.fix_commands import NO_COMMAND, FixStep, fix_steps, helped, title, whole
from plugins.reports.queries import cause_subject, component
from plugins.reports.shell_layout import laid_out

_LONGEST = 1_000  # characters of a comment: a remedy may contain a command, which must be complete

# shellcheck's rules about single quotes do not apply: the quoted text is for another shell.
_HEAD = """\
#!/bin/sh
# {run}
# Verdict: {sentence}
#
# These commands have not been run. Read each one, and what it changes, before you run it.
# Running this file changes nothing: it stops at the first exit, and there is one before each step.
# Copy the commands of each step into a shell, in the order of the steps. Then run pytest again.
#
# shellcheck disable=SC1003,SC2016,SC2029,SC2317
"""


def render(results: Harmless) -> str:
    """`results` as a shell script that stops before it does anything."""
    run = f"What to fix, in this order: run {results['run_id']}, {results['started']}."
    parts = [_HEAD.format(run=_line(run), sentence=_line(results["sentence"]))]
    parts += ["\n".join(_step(entry)) for entry in fix_steps(results)]
    if len(parts) == 1:
        parts.append("# There is nothing to fix.\n")
    return "\n".join(parts)


def _step(entry: FixStep) -> Iterator[str]:
    cause = entry.cause
    if cause["fix"] or entry.number == 1:
        yield f"exit 64 # before {f'step {entry.number}' if entry.step else cause['id']}\n"
    yield f"# {_line(title(entry.step, cause, entry.number))}"
    for also in entry.also:
        yield f"# by the same commands: {_line(also)}"
    yield f"# component: {_line(component(cause) + (f' ({id})' if (id := cause['component']['id']) else ''))}"
    yield f"# check: {_line(cause_subject(cause))}"
    yield f"# seen:  {_line(cause['message'])}"
    if cause["fix"]:
        yield f"# do:    {_line(cause['remedy'])}"
    else:
        yield f"# on {counted(len(cause['vms']), 'VM')}: {helped(cause['vms'])}"
        yield f"# by hand: {_line(cause['remedy'])}\n"
    for fix in cause["fix"]:
        yield f"# helps {counted(len(fix['vms']), 'VM')}: {helped(fix['vms'])}"
        if whole(fix["command"]):
            yield f"{laid_out(fix['command'])}\n"
        else:
            yield f"# by hand: {NO_COMMAND}"
            yield f"# text: {_line(fix['command'].removeprefix('# '))}\n"


def _line(text: str) -> str:
    return truncate(one_line(text), _LONGEST)
