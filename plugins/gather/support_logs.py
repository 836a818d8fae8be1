"""Logs and text for a support request about one VM, as listed in Microsoft's article.

The article requests the cloud-init output log, the agent's logs and journal, the results of the network checks, the
configuration of the VM, its identity and its cloud services network, the proxy settings in use, and the exact error
messages of login and connect. Most of it is already evidence of the checks. Complete logs are not: ``--bundle``
reads their ends with the probes below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from plugins.checks.agent_log_paths import WINDOWS_AGENT, WINDOWS_INSTALLATION, log_ends
from plugins.checks.areas import area_of
from plugins.checks.probe import ProbeCommand
from plugins.checks.quoting import quote
from plugins.core.sanitize import terminal_text
from plugins.core.secret_names import LOGIN, sed_mask
from plugins.model import Evidence, ProbeResult, Status, Verdict, Vm

_CAP = 65_536  # bytes of each log

#: On the VM, a token loses its signature, a proxy URL its login, and a secret's name its value, by the table that
#: `plugins.core.redaction` uses. It redacts the rest later.
_PLAIN = (
    "tr -d '\\000\\r' | sed"
    " -e 's/\\(eyJ[A-Za-z0-9_-]*\\.[A-Za-z0-9_-]*\\)\\.[A-Za-z0-9_-]*/\\1.<signature>/g'"
    f" | sed -E -e 's#{LOGIN}#://***@#g' -e '{sed_mask()}'"
)

_CLOUD_INIT = "/var/log/cloud-init-output.log"
_AGENT = ("/var/opt/azcmagent/log/azcmagent.log", "/var/opt/azcmagent/log/himds.log")
_UNITS = ("himdsd", "gcad", "extd", "arcproxyd")


def _ends(files: Sequence[str]) -> str:
    """The ends of some logs, together no longer than the cap."""
    share = (_CAP - 1024) // len(files)
    names = " ".join(map(quote, files))
    return (
        f"for f in {names}; do\n"
        '  [ -e "$f" ] || { echo "$f: there is no such file"; continue; }\n'
        f'  echo "$f, its last {share} bytes:"\n'
        f'  tail -c {share} "$f" | {_PLAIN}\n'
        "done"
    )


_JOURNAL = (
    f"journalctl -q --no-pager -o short-iso -n 400 {' '.join(f'-u {unit}' for unit in _UNITS)} |"
    f" tail -c {_CAP - 1024} | {_PLAIN}"
)

_PROBES = (
    ProbeCommand("support_cloud_init_log", _ends([_CLOUD_INIT]), 10, True, (), _CAP),
    ProbeCommand("support_agent_logs", _ends(_AGENT), 10, True, (), _CAP),
    ProbeCommand("support_agent_journal", _JOURNAL, 10, True, ("journalctl",), _CAP),
)


def _windows_ends(paths: Sequence[str]) -> str:
    """The ends of some logs of Windows, together no longer than the cap."""
    share = (_CAP - 2048) // len(paths)
    show = (
        f'"$path, its last {share} bytes:"\n'
        r"    $text -replace '\r|\x00', ''"
        r" -replace '(eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*)\.[A-Za-z0-9_-]*', '$1.<signature>'"
        f" -replace '{LOGIN}', '://***@'"
    )
    return log_ends(paths, share, show, missing='"${path}: there is no such file"')


_WINDOWS_PROBES = (
    ProbeCommand("support_agent_logs", _windows_ends(WINDOWS_AGENT), 10, True, (), _CAP),
    ProbeCommand("support_installation_log", _windows_ends(WINDOWS_INSTALLATION), 10, True, (), _CAP),
)


def probes(vm: Vm) -> tuple[ProbeCommand, ...]:
    """The probes that ``--bundle`` adds on a VM."""
    return _WINDOWS_PROBES if vm.os == "windows" else _PROBES


#: In the article's order: heading, the areas of its checks, and the matching probes of those above.
_SECTIONS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("Cloud-init", ("CLOUDINIT",), ("support_cloud_init_log",)),
    (
        "The agent, its logs and its journal",
        ("AGENT",),
        ("support_agent_logs", "support_agent_journal", "support_installation_log"),
    ),
    ("Network checks", ("NET", "DNS", "IMDS"), ()),
    ("The VM and its identity", ("VM", "IDENTITY", "ROLES", "RELAY"), ()),
    ("The cloud services network and the cluster", ("CSN", "PLATFORM"), ()),
    ("Proxy settings in use", ("PROXY",), ()),
    ("Login and connect: the exact messages", ("TOKEN", "ENROLL", "CLI"), ()),
)
_REST = "The session, and everything else"


def text(evidence: Evidence, verdicts: Sequence[Verdict], about: str) -> str:
    """The whole text for one VM; `about` is its first line. It is sanitized for a terminal."""
    known = {area for _, areas, _ in _SECTIONS for area in areas}
    parts = [about, "", *_session(evidence)]
    shown: set[str] = set()
    for heading, areas, own in _SECTIONS:
        parts += _section(
            heading, [verdict for verdict in verdicts if area_of(verdict.id) in areas], own, evidence, shown
        )
    parts += _section(_REST, [verdict for verdict in verdicts if area_of(verdict.id) not in known], (), evidence, shown)
    return terminal_text("\n".join(parts)) + "\n"


def _session(evidence: Evidence) -> Iterable[str]:
    session = evidence.session
    via = f" via {session.via}" if session.via else ""
    message = f". {session.message}" if session.message else ""
    yield f"The SSH session to {session.address or evidence.vm.name}{via}: {session.outcome}{message}"


def _section(
    heading: str, verdicts: Sequence[Verdict], own: Sequence[str], evidence: Evidence, shown: set[str]
) -> list[str]:
    """A heading, the checks' messages and their evidence; each probe once in the whole text."""
    lines = ["", "", heading, "=" * len(heading), ""]
    for verdict in verdicts:
        lines.append(
            f"{verdict.id}{f' ({verdict.parameter})' if verdict.parameter else ''}: {verdict.status}. {verdict.message}"
        )
        if verdict.remedy and verdict.status is not Status.PASS:
            lines.append(f"    To do: {verdict.remedy}")
    if not verdicts:
        lines.append("No check of this run covers it.")
    keys = [*own, *dict.fromkeys(key for case in verdicts for key in case.probes)]
    for key in keys:
        if key in shown:
            continue
        shown.add(key)
        lines += _excerpt(key, evidence.results)
    return lines


def _excerpt(key: str, results: Mapping[str, ProbeResult]) -> list[str]:
    if key not in results:
        return ["", f"--- {key}: not gathered (a run with --bundle reads it)"] if key.startswith("support_") else []
    result = results[key]
    how = f"exit status {result.exit}" if result.state == "done" else result.state
    lines = ["", f"--- {key} ({how}{', cut' if result.truncated else ''})"]
    lines += [f"    $ {line}" for line in result.command.strip().splitlines()]
    lines += result.stdout.rstrip("\n").splitlines()
    lines += [f"stderr: {line}" for line in result.stderr.rstrip("\n").splitlines()]
    return lines
