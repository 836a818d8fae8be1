"""Output of the agent's probes, for the rows of its checks."""

from __future__ import annotations

from plugins.model import ProbeResult
from tests.support.suite_rows import NOW, captured, seen

ABSENT = seen("@absent\n")
NOT_THERE = seen("")
SHOW_CONNECTED = captured("azcmagent/show-1.58-connected")
SHOW_NEVER = captured("azcmagent/show-1.64-never-connected")
SHOW_EXPIRED = captured("azcmagent/show-1.58-expired")
SHOW_NO_SERVICE = captured("azcmagent/show-no-service")


def there(version: str = "1.61.03319.2737", *, since: int = 0, boot: int = 0, received: float = NOW) -> ProbeResult:
    """The answer of the probe `agent` with the agent installed."""
    times = f"@since {since}\n@instance {boot + 9}\n@instance {boot}\n" if since else ""
    return seen(
        "@has /opt/azcmagent/bin/azcmagent\n@has /opt/azcmagent/bin/himds\n"
        f"{times}@version\nazcmagent version {version}\n",
        received=received,
    )


def installed(show: ProbeResult, agent: ProbeResult | None = None, **more: ProbeResult) -> dict[str, ProbeResult]:
    """The evidence of a VM with the agent: `show` is the output of `azcmagent show`, `more` the other probes."""
    return {"agent": agent or there(), "agent_show": show, **more}


def missing(**more: ProbeResult) -> dict[str, ProbeResult]:
    """The evidence of a VM without the agent."""
    return {"agent": NOT_THERE, "agent_show": ABSENT, **more}
