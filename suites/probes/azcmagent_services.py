"""The agent's services, as systemd or Windows sees them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from plugins import ANY_ERROR, ProbeResult, probe
from suites.probes import azcmagent_windows
from suites.probes.azcmagent_output import last_line
from suites.probes.no_answer import NoAnswer, Reason, no_answer
from suites.probes.one_value import one_value_each
from suites.wording import plain

#: What Windows' registry has of a service beside its state.
DISABLED, MARKED = azcmagent_windows.DISABLED, azcmagent_windows.MARKED


@dataclass(frozen=True, slots=True)
class AgentService:
    """One service, as systemd sees it."""

    name: str  # himdsd
    loaded: bool
    state: str  # active, inactive, failed, activating
    detail: str = ""  # running, dead, auto-restart, and why it ended, when it did so badly; Windows: DISABLED, MARKED
    environment: Mapping[str, str] = field(default_factory=dict)  # its proxy variables

    @property
    def runs(self) -> bool:
        """True when the service is up."""
        return self.state == "active"


@dataclass(frozen=True, slots=True)
class AgentServices:
    """The agent's services, by name. `missing`: why there is no answer."""

    units: Mapping[str, AgentService] = field(default_factory=dict)
    missing: NoAnswer | None = None

    @classmethod
    def read(cls, probe_result: ProbeResult) -> AgentServices:
        """Read ``systemctl show``: a block for each unit.

        ::

            Result=success
            Environment=HTTPS_PROXY=http://169.254.0.11:3128
            Id=himdsd.service
            LoadState=loaded
            ActiveState=active
            SubState=running
        """
        if missing := no_answer(probe_result):
            return cls(missing=missing)
        units = {}
        for block in re.split(r"\n\s*\n", probe_result.stdout.replace("\r", "")):
            pairs = re.findall(r"^(\w+)=(.*)$", block, re.M)
            values = one_value_each((key, value) for key, value in pairs if key != "Environment")
            name = values.get("Id", "").removesuffix(".service")
            if not name:
                continue
            if name in units:
                raise ValueError(f"expected one block of {plain(name)}, found several")
            assignments = [value.strip('"') for key, value in pairs if key == "Environment" and value]
            variables = dict(assignment.partition("=")[::2] for assignment in assignments)
            result = values.get("Result", "success")
            sub = values.get("SubState", "")
            details = [sub if sub != values.get("ActiveState") else "", result if result != "success" else ""]
            units[name] = AgentService(
                plain(name),
                values.get("LoadState") == "loaded",
                plain(values.get("ActiveState", "")),
                plain(", ".join(filter(None, details))),
                {key: plain(value) for key, value in variables.items()},
            )
        if not units:
            return cls(
                missing=NoAnswer(
                    Reason.UNREADABLE, f"the service manager does not answer ({last_line(probe_result.stderr)})"
                )
            )
        return cls(units)


#: himdsd keeps the connection and the identity, gcad applies machine configuration, extd runs extensions, arcproxyd
#: collects the traffic.
UNITS = ("himdsd", "gcad", "extd", "arcproxyd")

# Of a service's environment only proxy variables leave the VM, without logins. Old systems print a value
# with a blank without quotes: a login (not NO_PROXY's IPv6 addresses) continues up to the @.
agent_services = probe(
    f"""\
v=$(systemctl show -p Id -p LoadState -p ActiveState -p SubState -p Result -p Environment {" ".join(UNITS)}) || {{
  e=$?
  [ $e -lt 126 ] || exit $e
}}
case $v in
*Environment=[!'
']*) printf '%s\n' "$v" | awk '
!/^Environment=/ {{ print; next }}
{{
  sub(/^Environment=/, "")
  n = split($0, w, " ")
  for (i = 1; i <= n; i++) {{
    login = w[i] ~ /^"?[A-MO-Za-mo-z][A-Za-z]*_[Pp][Rr][Oo][Xx][Yy]=[^@]*$/ &&
      w[i] ~ /=([A-Za-z0-9+.-]*:\\/\\/[^\\/:[]*:[^0-9]|[^\\/:[]*:[^0-9\\/])/
    if ((login || w[i] ~ /^"/ && w[i] !~ /[^\\\\]"$/) && i < n) {{ w[i + 1] = w[i] " " w[i + 1]; continue }}
    if (w[i] !~ /^"?[A-Za-z]+_[Pp][Rr][Oo][Xx][Yy]=/) continue
    if (login || w[i] ~ /@/) {{
      match(w[i], /=([A-Za-z0-9+.-]*:\\/\\/)?/)
      head = substr(w[i], 1, RSTART + RLENGTH - 1)
      if (!sub(/.*@/, "", w[i])) w[i] = ""
      w[i] = head "***@" w[i]
    }}
    print "Environment=" w[i]
  }}
}}' ;;
*) printf '%s\n' "$v" ;;
esac && echo @end""",
    windows=azcmagent_windows.SERVICES,
    timeout=10,
    needs=["systemctl", "awk"],
    cap=8192,
    accept_states=("no tool", "timed out"),
    accept_exits=ANY_ERROR,
    read=AgentServices.read,
)
