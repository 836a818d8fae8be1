"""What the Connected Machine agent says about itself: probes that ask it, and what reads its answers.

Before the agent is installed there is nothing to ask: every probe then prints ``@absent``, and what it reads says so.
The agent's commands need root, but for `version` and `show`; they print everything, errors too, to stdout.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from plugins import ProbeResult, not_applicable, probe, quote, unknown
from plugins.model import Vm
from plugins.requirements.agent_errors import Explanation, findings, needles
from suites import agent_windows
from suites.answers import plain

AZCMAGENT = "/opt/azcmagent/bin/azcmagent"
HIMDS = "/opt/azcmagent/bin/himds"  # whose presence turns `az login --identity` away from the metadata service

#: Longer ago than this, a line of a log is history (seconds).
RECENT = 86_400

_ABSENT = f"[ -x {AZCMAGENT} ] || {{ echo @absent; exit 0; }}\n"


def _missing(seen: ProbeResult) -> str:
    """Why a probe has no answer to read, "" when it has one."""
    return {
        "done": "",
        "timed out": "the command did not answer in time",
        "no tool": f"{seen.stderr.strip() or 'the program'} is not installed",
        "no root": "the command needs root, and there is none",
    }.get(seen.state, "the session was lost")


def _clean(text: str) -> str:
    r"""Text without colours and without what a progress bar has overwritten: ``" 20% [==>  ]\r 40% [===>]\rdone"``."""
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("@")]
    return plain(lines[-1].strip()) if lines else "nothing"


# ------------------------------------------------------------------------------------------------- is it there?


@dataclass(frozen=True, slots=True)
class Agent:
    """Whether the agent is installed, and since when."""

    installed: bool = False
    himds: bool = False
    version: tuple[int, ...] = ()  # (1, 61, 3319, 2737); () = not installed, or not to be had
    said: str = ""  # what `azcmagent version` printed, when it was no version
    baked: bool | None = None  # installed before this VM's first boot; None = not known
    looked: float = 0.0  # the runner's clock, seconds since the epoch; 0 = not known

    @classmethod
    def read(cls, seen: ProbeResult) -> Agent:
        """Read what the probe `agent` printed.

        ::

            @has /opt/azcmagent/bin/azcmagent
            @has /opt/azcmagent/bin/himds
            @since 1795200000
            @instance 1795300000
            @instance 1795300009
            @version
            azcmagent version 1.61.03319.2737
        """
        text = _clean(seen.stdout)
        head, _, said = text.partition("@version\n")
        found = re.search(r"\b(\d+)\.(\d+)\.(\d+)\.(\d+)\b", said)
        since = re.search(r"^@since (\d+)$", head, re.M)
        instance = [int(each) for each in re.findall(r"^@instance (\d+)$", head, re.M)]
        return cls(
            installed=f"@has {AZCMAGENT}\n" in head,
            himds=f"@has {HIMDS}\n" in head,
            version=tuple(map(int, found.groups())) if found else (),
            said="" if found else _last(said),
            baked=int(since[1]) < min(instance) if since and instance else None,
            looked=seen.received,
        )

    def must_be_installed(self) -> None:
        """Stop with *not applicable* before the installation."""
        if not self.installed:
            not_applicable("The Connected Machine agent is not installed yet.")

    @property
    def build(self) -> str:
        """The whole version, as azcmagent prints it: 1.61.03319.2737."""
        return "{}.{}.{:05}.{}".format(*self.version) if self.version else ""

    @property
    def release(self) -> str:
        """The version as release notes name it: 1.61."""
        return ".".join(map(str, self.version[:2]))


# The change time of a file is when it came to this disk, and cloud-init's marks are made at a VM's first boot.
agent = probe(
    f"""\
for f in {AZCMAGENT} {HIMDS}; do [ -e $f ] && echo "@has $f"; done
[ -e {HIMDS} ] && {{
  stat -c '@since %Z' {HIMDS}
  stat -c '@instance %Z' /var/lib/cloud/instance/sem/config_* 2>/dev/null
}}
[ -x {AZCMAGENT} ] && {{
  echo @version
  {AZCMAGENT} version
}}
exit 0""",
    windows=agent_windows.present(AZCMAGENT, HIMDS),
    timeout=10,
    cap=8192,
    read=Agent.read,
)


# ------------------------------------------------------------------------------------------------- azcmagent show


@dataclass(frozen=True, slots=True)
class Show:
    """`azcmagent show`: as what the machine is connected, if it is. `missing` says why there is no answer."""

    status: str = ""  # Connected, Disconnected, Expired, Error
    resource_id: str = ""
    name: str = ""
    resource_group: str = ""
    subscription: str = ""
    location: str = ""
    vm_id: str = ""
    heartbeat: str = ""
    error_code: str = ""
    error_details: str = ""
    error_time: str = ""
    missing: str = ""

    @classmethod
    def read(cls, seen: ProbeResult) -> Show:
        """Read the text, and fill in from the JSON what it lacks.

        Agent 1.58 on Linux, connected (and much more)::

            Resource Name                           : vm-a
            Resource Id                             : /subscriptions/.../Microsoft.HybridCompute/machines/vm-a
            VM ID                                   : 5a1c5a66-6c3c-4d1e-9d4e-0f1f8a2d7c11
            Agent Status                            : Connected
            Agent Error Code                        :
            Dependent Service Status
              Agent Service (himdsd)                : active

        Never connected: the same keys without values, and ``Agent Status : Disconnected``. JSON keys differ between
        versions: ``{"status": "Connected", "resourceName": "vm-a", "resourceGroup": ..., "lastHeartbeat": ...}``.
        """
        if missing := _missing(seen):
            return cls(missing=missing)
        text = _clean(seen.stdout)
        if "@absent" in text.splitlines():
            return cls(missing="the agent is not installed")
        first, _, second = text.partition("\n@text\n")
        values = _first_object(first)
        shown = {key.rstrip(): text.strip() for key, text in re.findall(r"^(\S[^:\n]*):(.*)$", second, re.M)}

        def value(label: str, *keys: str) -> str:
            told = shown.get(label, "") or next((str(values[key]) for key in keys if values.get(key)), "")
            return plain(told.strip())

        found = cls(
            status=value("Agent Status", "status", "agentstatus"),
            resource_id=value("Resource Id", "resourceid", "id"),
            name=value("Resource Name", "resourcename"),
            resource_group=value("Resource Group Name", "resourcegroup", "resourcegroupname"),
            subscription=value("Subscription ID", "subscriptionid"),
            location=value("Location", "location"),
            vm_id=value("VM ID", "vmid"),
            heartbeat=value("Agent Last Heartbeat", "lastheartbeat"),
            error_code=value("Agent Error Code", "agenterrorcode", "errorcode"),
            error_details=value("Agent Error Details", "agenterrordetails", "errordetails"),
            error_time=value("Agent Error Timestamp", "agenterrortimestamp", "errortimestamp"),
        )
        return found if found.status else cls(missing=f"azcmagent show tells no status (it said: {_last(text)})")

    @property
    def resource(self) -> str:
        """The Arc resource that the machine is, or was, connected as; "" = never connected."""
        if self.resource_id:
            return self.resource_id
        if not (self.name and self.subscription and self.resource_group):
            return self.name
        group = f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/Microsoft.HybridCompute/machines/{self.name}"

    @property
    def connected(self) -> bool:
        """True when the agent says that it is connected."""
        return self.status.lower() == "connected"


def _first_object(text: str) -> Mapping[str, Any]:
    """The first JSON object in a text (log lines may stand before it), keys in lower case; {} when there is none."""
    found = _first_json(text)
    return {str(key).lower(): value for key, value in found.items()} if isinstance(found, dict) else {}


def _first_json(text: str) -> Any:
    for start in re.finditer(r"^[ \t]*[\[{]", text, re.M):
        try:
            return json.JSONDecoder().raw_decode(text[start.end() - 1 :])[0]
        except (ValueError, RecursionError):
            continue
    return None


agent_show = probe(
    f"{_ABSENT}{AZCMAGENT} show -j\necho\necho @text\n{AZCMAGENT} show",
    windows=agent_windows.SHOW,
    timeout=20,
    accept_states=("timed out",),
    read=Show.read,
)


# ----------------------------------------------------------------------------------------------- azcmagent config


@dataclass(frozen=True, slots=True)
class Config:
    """`azcmagent config`: the proxy settings. `missing` says why there is no answer."""

    url: str = ""  # "" = not set
    bypass: tuple[str, ...] = ()  # names of services: AAD, ARM, AMA, Arc, ArcData
    mode: str = ""  # config.mode: full, monitor; "" = it does not say
    missing: str = ""

    @classmethod
    def read(cls, seen: ProbeResult) -> Config:
        """Read `config list`, and `config get` for what the list does not have.

        ::

            @list
            Local Configuration Settings
              connection.type (preview)                          : default
              proxy.url                                          : http://169.254.0.11:3128
              proxy.bypass                                       : []
              config.mode                                        : full
            @get proxy.url
            http://169.254.0.11:3128
            @get proxy.bypass
            proxy.bypass has not been set

        An unset property is an empty value in the list and a sentence in `get`.
        """
        if missing := _missing(seen):
            return cls(missing=missing)
        text = _clean(seen.stdout)
        if "@absent" in text.splitlines():
            return cls(missing="the agent is not installed")
        head, *gets = re.split(r"^@get ", text, flags=re.M)
        listed = dict(re.findall(r"^ *([a-z][A-Za-z.]+)(?: \(preview\))? *:(.*)$", head, re.M))
        got = {name: _last(rest) for name, _, rest in (each.partition("\n") for each in gets)}
        url, bypass = (_setting(name, listed, got) for name in ("proxy.url", "proxy.bypass"))
        if url and not _is_url(url):
            raise ValueError(f"expected an address as proxy.url, found {plain(url)!r}")
        return cls(plain(url), tuple(re.findall(r"[A-Za-z]+", bypass)), plain(listed.get("config.mode", "").strip()))


def _setting(name: str, listed: Mapping[str, str], got: Mapping[str, str]) -> str:
    """The value of one property; "" = not set."""
    answer = got.get(name, "nothing")
    if name in listed:
        return listed[name].strip().strip("\"'")
    if answer == "nothing" or re.search(r"\bnot (?:been )?set\b", answer):
        return ""
    if " " in answer and not answer.startswith("["):
        raise ValueError(f"expected the value of {name}, found {answer!r}")
    return answer.strip("\"'")


def _is_url(text: str) -> bool:
    return bool(re.fullmatch(r"https?://[^\s/]+/?", text, re.I))


def same_proxy(value: str, expected: str) -> bool:
    """True when two addresses of a proxy mean the same: a trailing slash and upper case make no difference."""
    try:
        one, other = (urlsplit(each if "://" in each else f"http://{each}") for each in (value, expected))
        return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port) and not one.username
    except ValueError:  # a port that is none
        return False


# What stands before an @ is a login.
_CUT = "sed 's#://[^/@]*@#://***@#g'"

agent_config = probe(
    f"""\
{_ABSENT}{{
  echo @list
  {AZCMAGENT} config list
  for p in proxy.url proxy.bypass; do
    echo "@get $p"
    {AZCMAGENT} config get $p
  done
}} 2>&1 | {_CUT}""",
    windows=agent_windows.CONFIG,
    timeout=20,
    root=True,
    accept_states=("no root", "timed out"),
    read=Config.read,
)


# ------------------------------------------------------------------------------------------------ azcmagent check


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One line of `azcmagent check`."""

    url: str
    reachable: bool | None  # None = the agent does not say
    proxy: str = ""
    tls: str = ""
    required: bool = True

    @property
    def host(self) -> str:
        """The host name."""
        return urlsplit(self.url).hostname or self.url


@dataclass(frozen=True, slots=True)
class Reached:
    """`azcmagent check`: what the agent itself reaches. `missing` says why there is no answer."""

    endpoints: tuple[Endpoint, ...] = ()
    location: str = ""
    errors: tuple[str, ...] = ()  # the log lines that name an error
    missing: str = ""

    @classmethod
    def read(cls, seen: ProbeResult) -> Reached:
        """Read the table, its columns by name, or the JSON in either of its shapes.

        Agent 1.34::

            time="2023-09-21T07:15:57Z" level=error msg="Regional Service Discovery" Error="Get ...: proxyconnect ..."
            ENDPOINT                                              |REACHABLE  |PRIVATE  |TLS      |PROXY
            https://gbl.his.arc.azure.com                         |false      |unknown  |unknown  |set

        Newer agents print ``INFO    ...`` lines before it, and more columns. JSON is a list of objects with the columns
        as keys, or an object of such objects by endpoint.
        """
        if missing := _missing(seen):
            return cls(missing=missing)
        text = _clean(seen.stdout)
        if "@absent" in text.splitlines():
            return cls(missing="the agent is not installed")
        if "@nowhere" in text.splitlines():
            return cls(missing="no location is known to check for")
        location = re.search(r"^@check (.*)$", text, re.M)
        body = text[location.end() :] if location else text
        rows = _table(body) or _json_rows(body)
        endpoints = tuple(each for each in map(_endpoint, rows) if each is not None)
        if not endpoints:
            raise ValueError(f"expected a table with the columns ENDPOINT and REACHABLE, found {_last(body)!r}")
        errors = [line for line in body.splitlines() if re.search(r"level=error|^\s*(?:ERROR|FATAL)\b|AZCM\d{4}", line)]
        return cls(endpoints, location[1] if location else "", tuple(map(plain, errors)))


def _table(text: str) -> list[dict[str, str]]:
    """The rows below the header line, by its column names in lower case."""
    header: list[str] = []
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        names = [cell.lower() for cell in cells]
        if any(name.startswith("endpoint") for name in names) and "reachable" in names:
            header = ["endpoint" if name.startswith("endpoint") else name for name in names]
        elif header and len(cells) == len(header):
            rows.append(dict(zip(header, cells, strict=True)))
    return rows


def _json_rows(text: str) -> list[dict[str, str]]:
    """The rows of ``[{"endpoint": ..., "reachable": true}]`` or ``{"https://...": {"reachable": "true", ...}}``."""
    found = _first_json(text)
    if isinstance(found, dict):
        found = [{"endpoint": key, **value} for key, value in found.items() if isinstance(value, dict)]
    if not isinstance(found, list):
        return []
    return [{str(key).lower(): str(value) for key, value in row.items()} for row in found if isinstance(row, dict)]


def _endpoint(row: Mapping[str, str]) -> Endpoint | None:
    url = plain(row.get("endpoint") or row.get("url", ""))
    if not re.match(r"(?:https?://)?[\w.*-]+\.[\w-]+", url):
        return None  # a rule of dashes under the header, or a footnote
    return Endpoint(
        url=url if "://" in url else f"https://{url}",
        reachable={"true": True, "yes": True, "false": False, "no": False}.get(row.get("reachable", "").lower()),
        proxy=plain(row.get("proxy") or row.get("proxystatus", "")),
        tls=plain(row.get("tls", "")),
        required=row.get("required", "true").lower() not in ("false", "no"),
    )


def _location(vm: Vm) -> str:
    """Without a location the agent leaves out the endpoints of the region; one that is connected knows its own."""
    return re.sub(r"\s", "", vm.target.location or "").lower()


def _check(vm: Vm) -> str:
    location = _location(vm)
    cloud = f" --cloud {quote(vm.target.cloud)}" if vm.target.cloud != "AzureCloud" else ""
    return (
        f"{_ABSENT}l={quote(location)}\n"
        f"[ \"$l\" ] || l=$({AZCMAGENT} show | sed -n 's/^Location *: *//p')\n"
        '[ "$l" ] || { echo @nowhere; exit 0; }\n'
        'echo "@check $l"\n'
        f'{AZCMAGENT} check --location "$l"{cloud}'
    )


def _check_windows(vm: Vm) -> str:
    return agent_windows.check(_location(vm), vm.target.cloud if vm.target.cloud != "AzureCloud" else "")


#: The agent tries every endpoint in turn, and waits for those that do not answer.
agent_check = probe(
    _check, windows=_check_windows, timeout=120, root=True, accept_states=("no root",), read=Reached.read
)


# ------------------------------------------------------------------------------------------------------- services


@dataclass(frozen=True, slots=True)
class Unit:
    """One service, as systemd sees it."""

    name: str  # himdsd
    loaded: bool
    state: str  # active, inactive, failed, activating
    detail: str = ""  # running, dead, auto-restart; and why it ended, when it did so badly
    environment: Mapping[str, str] = field(default_factory=dict)  # its proxy variables

    @property
    def runs(self) -> bool:
        """True when it is up."""
        return self.state == "active"


@dataclass(frozen=True, slots=True)
class Services:
    """The agent's services, by name. `missing` says why there is no answer."""

    units: Mapping[str, Unit] = field(default_factory=dict)
    missing: str = ""

    @classmethod
    def read(cls, seen: ProbeResult) -> Services:
        """Read ``systemctl show``: a block for each unit.

        ::

            Result=success
            Environment=HTTPS_PROXY=http://169.254.0.11:3128
            Id=himdsd.service
            LoadState=loaded
            ActiveState=active
            SubState=running
        """
        if missing := _missing(seen):
            return cls(missing=missing)
        units = {}
        for block in re.split(r"\n\s*\n", seen.stdout.replace("\r", "")):
            pairs = re.findall(r"^(\w+)=(.*)$", block, re.M)
            values = dict(pairs)
            name = values.get("Id", "").removesuffix(".service")
            if not name:
                continue
            set_here = dict(each.strip('"').partition("=")[::2] for key, each in pairs if key == "Environment" and each)
            result = values.get("Result", "success")
            sub = values.get("SubState", "")
            told = [sub if sub != values.get("ActiveState") else "", result if result != "success" else ""]
            units[name] = Unit(
                plain(name),
                values.get("LoadState") == "loaded",
                plain(values.get("ActiveState", "")),
                plain(", ".join(filter(None, told))),
                {key: plain(value) for key, value in set_here.items()},
            )
        if not units:
            return cls(missing=f"systemd does not answer ({_last(seen.stderr)})")
        return cls(units)


#: himdsd keeps the connection and the identity, gcad applies machine configuration, extd runs extensions, arcproxyd
#: collects the traffic.
UNITS = ("himdsd", "gcad", "extd", "arcproxyd")

# Of a service's environment nothing but proxy variables leaves the VM, and of those no login.
agent_services = probe(
    f"""\
systemctl show -p Id -p LoadState -p ActiveState -p SubState -p Result -p Environment {" ".join(UNITS)} | awk '
!/^Environment=/ {{ print; next }}
{{
  sub(/^Environment=/, "")
  n = split($0, w, " ")
  for (i = 1; i <= n; i++)
    if (w[i] ~ /^"?[A-Za-z]+_[Pp][Rr][Oo][Xx][Yy]=/) {{
      sub(/:\\/\\/[^\\/@]*@/, "://***@", w[i])
      print "Environment=" w[i]
    }}
}}'""",
    windows=agent_windows.SERVICES,
    timeout=10,
    needs=["systemctl", "awk"],
    cap=8192,
    accept_states=("no tool", "timed out"),
    read=Services.read,
)


# ----------------------------------------------------------------------------------------------------------- logs


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log that holds something known."""

    log: str  # "azcmagent.log", "journal"
    time: float  # seconds since the epoch; 0 = not known
    text: str

    @property
    def said(self) -> str:
        """What it says, without what stands around it.

        ``time="..." level=error msg="Regional Service Discovery" Error="Get \\"https://...\\": ..."`` (logfmt),
        ``2026-11-21T20:15:01+0000 vm-a himdsd[812]: ...`` (journal, which may hold the former), or plain text.
        """
        text = re.sub(r"^\d{4}-\d\d-\d\dT\S+ \S+ [\w@.-]+\[\d+\]: ", "", self.text)
        values = dict(re.findall(r'\b(msg|error)="((?:\\.|[^"\\])*)', text, re.I))
        parts = [value.replace('\\"', '"') for key, value in values.items() if value]
        return plain((": ".join(parts) if parts and text.startswith("time=") else text).strip())

    @property
    def when(self) -> str:
        """``" at 2026-11-21 20:15 UTC"``, or nothing."""
        return f" at {datetime.fromtimestamp(self.time, UTC):%Y-%m-%d %H:%M} UTC" if self.time else ""


@dataclass(frozen=True, slots=True)
class Logs:
    """What the logs hold that is known to mean trouble, and still counts. `missing` says why they were not read."""

    read_logs: tuple[str, ...] = ()
    found: tuple[tuple[Line, Explanation], ...] = ()
    missing: str = ""

    @classmethod
    def read(cls, seen: ProbeResult) -> Logs:
        """Read the lines that were picked on the VM, each after the last time that stood before it and a tab.

        ::

            @now 1795301158
            @log /var/opt/azcmagent/log/azcmagent.log
            2026-11-21T20:15:01Z	time="2026-11-21T20:15:01Z" level=error msg="AZCM0026: Network Error"
            @log journal
            2026-11-21T20:15:01+0000	2026-11-21T20:15:01+0000 vm-a himdsd[812]: ...
            @log /var/log/cloud-init-output.log
                FATAL   AZCM0042: Failed to Create Resource

        A line older than a day does not count, nor one that a successful connect came after.
        """
        if missing := _missing(seen):
            return cls(missing=missing)
        now = re.search(r"^@now (\d+)$", seen.stdout, re.M)
        if not now:
            raise ValueError(f"expected '@now' and the seconds since 1970, found {_last(seen.stdout)!r}")
        logs: list[str] = []
        lines: list[Line] = []
        connected = 0.0
        for each in seen.stdout[now.end() :].splitlines():
            stamp, tab, text = each.partition("\t")
            if each.startswith("@log "):
                logs.append(each.rpartition("/")[2].removeprefix("@log "))
            elif tab and logs:
                line = Line(logs[-1], _seconds(stamp), text)
                if CONNECTED in text:
                    connected = max(connected, line.time)
                    lines = [other for other in lines if other.log != line.log]
                else:
                    lines.append(line)
        oldest = max(int(now[1]) - RECENT, connected)
        counting = [line for line in lines if not line.time or line.time >= oldest]
        found = [(line, each.explanation) for line in counting for each in findings([line.text])]
        return cls(tuple(logs), tuple(found))


def _seconds(stamp: str) -> float:
    """``2026-11-21T20:15:01Z``, ``...01.123+02:00``, ``...01+0000``; 0 when it is no time."""
    found = re.match(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?", stamp)
    try:
        when = datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or 'Z'}") if found else None
        return when.astimezone(UTC).timestamp() if when else 0.0
    except (ValueError, OverflowError):  # the 31st of February; the last day of the year 9999, west of Greenwich
        return 0.0


#: What azcmagent prints when connecting went well: what stands before it in the log is history.
CONNECTED = "Connected machine to Azure"

# Only lines with something known leave the VM, the last 20 of each log, cut, and without tokens and logins. cloud-init
# writes one log for all boots: what was before the last one does not count.
_PICK = """\
awk -v needles={needles} '
BEGIN {{ n = split(needles, needle, "|") }}
{{ sub(/\\r$/, ""); sub(/.*\\r/, "") }}
/^Cloud-init v\\. .* running .init-local/ {{ c = 0 }}
match($0, /[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T ][0-9][0-9]:[0-9][0-9]:[0-9][0-9]/) && RSTART < 12 {{
  t = substr($0, RSTART, 35); sub(/[" \\t].*/, "", t)
}}
{{
  for (i = 1; i <= n; i++) if (index($0, needle[i])) {{
    gsub(/eyJ[A-Za-z0-9_.-]+/, "<token>")
    gsub(/:\\/\\/[^\\/@ "]*@/, "://***@")
    gsub(/--[a-z-]*(secret|token)[ =][^ ]+/, "<secret>")
    gsub(/\\t/, " ")
    b[++c] = t "\\t" substr($0, 1, 500)
    break
  }}
}}
END {{ for (i = c > 20 ? c - 19 : 1; i <= c; i++) print b[i] }}'"""

_LOGS = "/var/opt/azcmagent/log/himds.log /var/opt/azcmagent/log/azcmagent.log /var/log/cloud-init-output.log"

agent_logs = probe(
    f"""\
pick() {{
  {_PICK.format(needles=quote("|".join([*needles(), CONNECTED])))}
}}
date -u '+@now %s'
for f in {_LOGS}; do
  [ -s $f ] && {{
    echo "@log $f"
    tail -c 300000 $f | pick
  }}
done
command -v journalctl >/dev/null && {{
  echo '@log journal'
  journalctl -q --no-pager -o short-iso -n 2000 --since -1d {" ".join(f"-u {unit}" for unit in UNITS)} | pick
}}
exit 0""",
    timeout=20,
    root=True,
    needs=["awk", "tail"],
    cap=49_152,
    accept_states=("no root",),
    read=Logs.read,
)


def must_be_known(missing: str, what: str) -> None:
    """Stop with *unknown* when an answer is missing."""
    if missing:
        unknown(
            f"{what} is not known: {missing}.", remedy=remedy_of(missing), shared_cause="SSH-002" * ("root" in missing)
        )


def remedy_of(missing: str) -> str:
    """What to do about a missing answer of the agent."""
    if "root" in missing:
        return "Log in as root, or give the login user passwordless sudo (SSH-002)."
    if "location" in missing:
        return "Say in the inventory where the Arc resource goes: target: {location: eastus}."
    return "Run the command shown below on the VM by hand, and look at the agent's service: systemctl status himdsd."
