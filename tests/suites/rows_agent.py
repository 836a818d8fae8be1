"""AGENT-001 and 002: the agent's release, and when it is installed; every outcome, word for word."""

from __future__ import annotations

from plugins.model import Status
from tests.suites.agent_evidence import (
    NOT_THERE,
    SHOW_CONNECTED,
    SHOW_EXPIRED,
    SHOW_NEVER,
    SHOW_NO_SERVICE,
    installed,
    missing,
    there,
)
from tests.support.suite_rows import NOW, Row, seen

ROWS: dict[str, list[Row]] = {}

ROWS["AGENT-001"] = [
    Row(
        "not installed",
        {"agent": NOT_THERE},
        Status.NOT_APPLICABLE,
        "The Connected Machine agent is not installed yet.",
    ),
    Row(
        "within the year",
        {"agent": there()},
        Status.PASS,
        "azcmagent 1.61 came out in February 2026 and is supported until 2027-02-28.",
    ),
    Row(
        "in its last days",
        {"agent": there("1.58.03228.700")},
        Status.PASS,
        "azcmagent 1.58 came out in November 2025 and is supported until 2026-11-30.",
    ),
    Row(
        "newer than any that is known",
        {"agent": there("1.68.1.1")},
        Status.PASS,
        "azcmagent 1.68 is newer than 1.67 (August 2026): it is supported.",
    ),
    Row(
        "a release ago too many",
        {"agent": there("1.57.1.1")},
        Status.WARN,
        "azcmagent 1.57 came out in October 2025 and is supported until 2026-10-31; the newest that this suite knows is 1.67 (August 2026).",
        "Update the agent with the VM's package manager: apt-get install --only-upgrade azcmagent, dnf upgrade azcmagent, or zypper update azcmagent.",
    ),
    Row(
        "older than the list",
        {"agent": there("1.34.02475.1319")},
        Status.WARN,
        "azcmagent 1.34 is older than 1.56 (September 2025); supported are versions of the last year.",
    ),
    Row(
        "so old a list that it says nothing",
        {"agent": there("1.80.1.1", received=NOW + 400 * 86_400)},
        Status.UNKNOWN,
        "azcmagent 1.80 is newer than any release this suite knows (1.67, August 2026), and that is more than a year ago.",
        "Look the version up in the release notes, and update this suite.",
    ),
    Row(
        "the last day of a release",
        {"agent": there("1.57.1.1", received=NOW - 21 * 86_400)},
        Status.PASS,
        "azcmagent 1.57 came out in October 2025 and is supported until 2026-10-31.",
    ),
    Row(
        "newer than the list, on the last day of its newest release",
        {"agent": there("1.68.1.1", received=NOW + 283 * 86_400)},
        Status.PASS,
        "azcmagent 1.68 is newer than 1.67 (August 2026): it is supported.",
    ),
    Row(
        "older than the list, on the last day of its oldest release",
        {"agent": there("1.50.1.1", received=NOW - 52 * 86_400)},
        Status.UNKNOWN,
        "azcmagent 1.50 is older than any release this suite knows (1.56, September 2025).",
        "Look the version up in the release notes.",
    ),
    Row(
        "before the list begins",
        {"agent": there("1.50.1.1", received=NOW - 300 * 86_400)},
        Status.UNKNOWN,
        "azcmagent 1.50 is older than any release this suite knows (1.56, September 2025).",
        "Look the version up in the release notes.",
    ),
    Row(
        "no version",
        {"agent": seen("@has /opt/azcmagent/bin/azcmagent\n@version\nsegmentation fault\n")},
        Status.UNKNOWN,
        "azcmagent version printed no version (output: segmentation fault).",
        "Run 'azcmagent version' on the VM by hand; reinstall the agent if it does not run.",
    ),
    Row(
        "not dated",
        {"agent": there(received=0.0)},
        Status.UNKNOWN,
        "This evidence does not state when it was gathered.",
        "Gather the evidence again.",
    ),
]

ROWS["AGENT-002"] = [
    Row(
        "not installed",
        missing(),
        Status.PASS,
        "The agent is not installed yet: az asks IMDS for tokens.",
    ),
    Row(
        "connected",
        installed(SHOW_CONNECTED),
        Status.PASS,
        "The agent is installed and was connected as vm-a: the identity steps are done.",
    ),
    Row(
        "expired: the steps are done all the same",
        installed(SHOW_EXPIRED),
        Status.PASS,
        "The agent is installed and was connected as vm-a: the identity steps are done.",
    ),
    Row(
        "installed too early",
        installed(SHOW_NEVER),
        Status.WARN,
        "The agent is installed (/opt/azcmagent/bin/himds) but was never connected. az login --identity now asks the agent on localhost:40342 instead of IMDS, and gets no token.",
        "Install the agent after the steps with the identity, never into the image: remove it (apt-get purge azcmagent, dnf remove azcmagent, or zypper remove azcmagent), get the token, then install and connect. Or get the token from IMDS with curl.",
    ),
    Row(
        "part of the image",
        installed(SHOW_NEVER, agent=there(since=1_795_000_000, boot=1_795_300_000)),
        Status.WARN,
        "The agent is installed (/opt/azcmagent/bin/himds) but was never connected. It was there before this VM's first boot: it is part of the image. az login --identity now asks the agent on localhost:40342 instead of IMDS, and gets no token.",
    ),
    Row(
        "installed on the VM",
        installed(SHOW_NEVER, agent=there(since=1_795_300_500, boot=1_795_300_000)),
        Status.WARN,
        "The agent is installed (/opt/azcmagent/bin/himds) but was never connected. It was installed on this VM. az login --identity now asks the agent on localhost:40342 instead of IMDS, and gets no token.",
    ),
    Row(
        "its service is down",
        installed(SHOW_NO_SERVICE),
        Status.UNKNOWN,
        "The agent is installed; whether it is connected is not known: azcmagent show printed no status (output: FATAL   AZCM0061: Unable to reach agent service).",
        "See AGENT-003 and AGENT-005.",
    ),
]
