"""The Connected Machine agent: its installation, its version, and the resource to which it is connected."""

from __future__ import annotations

import re

import msgspec

from plugins import ANY_ERROR, ProbeResult, probe
from suites.probes import azcmagent_windows
from suites.probes.azcmagent_output import AZCMAGENT, HIMDS, UNLESS_ABSENT, clean, first_object, last_line, not_answered
from suites.probes.no_answer import NoAnswer, Reason
from suites.probes.one_value import one_value_each
from suites.wording import plain

_VERSION = re.compile(r"\b(\d+)\.(\d+)\.(\d+)\.(\d+)\b")
_SINCE, _INSTANCE = re.compile(r"^@since (\d+)$", re.M), re.compile(r"^@instance (\d+)$", re.M)
_LEFT = re.compile(r"^@(?:left )?(service|marked|himds|product)$", re.M)


class Agent(msgspec.Struct, frozen=True):  # made in a tenth of a dataclass's time
    """Whether the agent is installed, and since when."""

    installed: bool = False
    himds: bool = False
    version: tuple[int, ...] = ()  # (1, 61, 3319, 2737); () = not installed, or not known
    output: str = ""  # of `azcmagent version`, when it is not a version
    baked: bool | None = None  # installed before this VM's first boot; None = not known
    looked: float = 0.0  # the runner's clock, seconds since the epoch; 0 = not known
    left: frozenset[str] = (
        frozenset()
    )  # Windows: what there is of it, or is left of it: service, marked, product, himds
    setup: bool = False  # Windows: the feature Azure Arc Setup, which installs the agent, is present

    @classmethod
    def read(cls, result: ProbeResult) -> Agent:
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
        text = clean(result.stdout)
        head, _, output = text.partition("@version\n")
        version = _VERSION.search(output)
        since = _SINCE.search(head)
        instance = list(map(int, _INSTANCE.findall(head)))
        return cls(
            installed=f"@has {AZCMAGENT}\n" in head,
            himds=f"@has {HIMDS}\n" in head,
            version=tuple(map(int, version.groups())) if version else (),
            output="" if version else last_line(output),
            baked=int(since[1]) < min(instance) if since and instance else None,
            looked=result.received,
            left=frozenset(_LEFT.findall(head)),
            setup="@setup\n" in head,
        )

    @property
    def build(self) -> str:
        """The whole version, as azcmagent prints it: 1.61.03319.2737."""
        return "{}.{}.{:05}.{}".format(*self.version) if self.version else ""

    @property
    def release(self) -> str:
        """The version as release notes name it: 1.61."""
        return ".".join(map(str, self.version[:2]))


# The change time of a file is the time when it came to this disk; cloud-init makes its marks at a VM's first boot.
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
echo @end""",
    windows=azcmagent_windows.present(AZCMAGENT, HIMDS),
    timeout=10,
    cap=8192,
    read=Agent.read,
)


_SHOWN = re.compile(r"^(\S[^:\n]*):(.*)$", re.M)


class AgentStatus(msgspec.Struct, frozen=True):
    """`azcmagent show`: the Arc resource of the machine, if connected. `missing`: why there is no answer."""

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
    gateway: bool | None = None  # an Arc gateway is set; None = the agent does not state
    missing: NoAnswer | None = None

    @classmethod
    def read(cls, result: ProbeResult) -> AgentStatus:
        """Read the JSON, and take missing values from the text, which may be in the system's language.

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
        if missing := not_answered(result):
            return cls(missing=missing)
        text = clean(result.stdout)
        first, _, second = text.partition("\n@text\n")
        values = first_object(first, ("status", "agentstatus"))
        shown = one_value_each((key.rstrip(), text.strip()) for key, text in _SHOWN.findall(second))

        def value(label: str, *keys: str) -> str:
            listed = next((str(values[key]) for key in keys if values.get(key)), "") or shown.get(label, "")
            return plain(listed.strip())

        status = cls(
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
            gateway=bool(value("Gateway URL", "gatewayurl"))
            if "Gateway URL" in shown or "gatewayurl" in values
            else None,
        )
        stated = {status.status.lower(), shown.get("Agent Status", "").lower()} & _STATUSES
        if len(stated) > 1:
            return cls(missing=NoAnswer(Reason.UNREADABLE, "azcmagent show printed two statuses that differ"))
        if stated == {"disconnected"} and not _STATES_ITS_RESOURCE & {*values, *shown}:
            return cls(missing=NoAnswer(Reason.UNREADABLE, "azcmagent show printed nothing about its resource"))
        if status.status:
            return status
        # On Windows its errors stay on stderr.
        printed = next((words for words in map(last_line, (text, result.stderr)) if words != "nothing"), "nothing")
        return cls(missing=NoAnswer(Reason.UNREADABLE, f"azcmagent show printed no status (output: {printed})"))

    @property
    def resource(self) -> str:
        """The Arc resource to which the machine is or was connected; "" = never connected."""
        if self.resource_id:
            return self.resource_id
        if not (self.name and self.subscription and self.resource_group):
            return self.name
        group = f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/Microsoft.HybridCompute/machines/{self.name}"

    @property
    def connected(self) -> bool:
        """True when the agent reports that it is connected."""
        return self.status.lower() == "connected"


#: The text may be in the system's language; the JSON is not.
_STATUSES = {"connected", "disconnected", "expired", "error"}

#: The keys of the Arc resource: without a value the machine was never connected; without one of them, who knows.
_STATES_ITS_RESOURCE = {"Resource Id", "Resource Name", "resourceid", "id", "resourcename"}


agent_show = probe(
    f"{UNLESS_ABSENT}{AZCMAGENT} show -j\necho\necho @text\n{AZCMAGENT} show && echo @end",
    windows=azcmagent_windows.SHOW,
    timeout=20,
    accept_states=("timed out",),
    accept_exits=ANY_ERROR,
    read=AgentStatus.read,
)
