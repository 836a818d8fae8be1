"""Whether a release of the agent is within the year for which Microsoft supports it."""

from __future__ import annotations

from datetime import UTC, datetime

from plugins import Profile, Vm, fail, unknown
from plugins.checks import package_manager as packages
from plugins.requirements.agent_releases import releases
from suites.probes.azcmagent import Agent

#: The agent's package, as Microsoft's repositories call it.
PACKAGE = "azcmagent"


def in_its_window(agent: Agent, vm: Vm, profile: Profile) -> str:
    """The message of a pass; otherwise ends the check with *fail* or *unknown*. Compares with the day of the visit."""
    today = datetime.fromtimestamp(agent.looked, UTC).date()
    update = "Update the agent by Microsoft Update, or with its current installer." if vm.os == "windows" else ""
    published = releases()
    oldest, newest = published[0], published[-1]
    version, fix = agent.version[:2], packages.command("upgrade", PACKAGE, profile.proxy_url)
    if version > newest.version:
        if today <= newest.supported_until:
            return f"azcmagent {agent.release} is newer than {newest.name} ({newest.month}): it is supported."
        unknown(
            f"azcmagent {agent.release} is newer than any release this suite knows ({newest.name}, {newest.month}), "
            "and that is more than a year ago.",
            remedy="Look the version up in the release notes, and update this suite.",
        )
    if version < oldest.version:
        if today > oldest.supported_until:
            fail(
                f"azcmagent {agent.release} is older than {oldest.name} ({oldest.month}); supported are versions of "
                "the last year.",
                remedy=update,
                fix=fix,
            )
        unknown(
            f"azcmagent {agent.release} is older than any release this suite knows ({oldest.name}, {oldest.month}).",
            remedy="Look the version up in the release notes.",
        )
    release = next((other for other in published if other.version == version), newest)
    if today > release.supported_until:
        fail(
            f"azcmagent {agent.release} came out in {release.month} and is supported until {release.supported_until}; "
            f"the newest that this suite knows is {newest.name} ({newest.month}).",
            remedy=update,
            fix=fix,
        )
    return f"azcmagent {agent.release} came out in {release.month} and is supported until {release.supported_until}."
