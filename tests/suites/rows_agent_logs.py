"""AGENT-006: the agent's logs; every outcome, word for word."""

from __future__ import annotations

from datetime import UTC, datetime

from plugins.model import ProbeResult, Status
from tests.suites.agent_evidence import SHOW_CONNECTED, SHOW_NEVER, installed, missing
from tests.support.suite_rows import NOW, Row, seen

ROWS: dict[str, list[Row]] = {}

NO_ERROR = "No AZCM code and no error of the last day in himds.log, azcmagent.log, cloud-init-output.log and journal."


def stamp(ago: int) -> str:
    return f"{datetime.fromtimestamp(NOW - ago, UTC):%Y-%m-%dT%H:%M:%SZ}"


def logs(*lines: str, cloud_init: str = "", journal: str = "") -> ProbeResult:
    """Lines of azcmagent.log (and others) in the probe's output; every log exists."""
    text = "".join(f"{line}\n" for line in lines)
    return seen(
        f"@now {NOW:.0f}\n@log /var/opt/azcmagent/log/himds.log\n@log /var/opt/azcmagent/log/azcmagent.log\n{text}"
        f"@log /var/log/cloud-init-output.log\n{cloud_init}@log journal\n{journal}"
    )


def logged(ago: int, message: str) -> str:
    return f'{stamp(ago)}\ttime="{stamp(ago)}" level=error msg="{message}"'


NETWORK = logged(3600, "AZCM0026: Network Error")

ROWS["AGENT-006"] = [
    Row(
        "nothing",
        installed(SHOW_NEVER, agent_logs=logs()),
        Status.PASS,
        NO_ERROR,
    ),
    Row(
        "not installed, cloud-init printed nothing of it",
        missing(agent_logs=seen(f"@now {NOW:.0f}\n@log /var/log/cloud-init-output.log\n")),
        Status.PASS,
        "No AZCM code and no error of the last day in cloud-init-output.log.",
    ),
    Row(
        "no logs at all",
        missing(agent_logs=seen(f"@now {NOW:.0f}\n")),
        Status.NOT_APPLICABLE,
        "The agent is not installed yet, and cloud-init has left no output.",
    ),
    Row(
        "a journal, but nothing of it",
        missing(agent_logs=seen(f"@now {NOW:.0f}\n@log journal\n")),
        Status.NOT_APPLICABLE,
        "The agent is not installed yet, and cloud-init has left no output.",
    ),
    Row(
        "installed, and no logs at all",
        installed(SHOW_NEVER, agent_logs=seen(f"@now {NOW:.0f}\n")),
        Status.UNKNOWN,
        "The agent is installed, but neither a log of its nor a journal was found.",
        "Check /var/opt/azcmagent/log on the VM: the folder must be there, and root may write to it.",
    ),
    Row(
        "the installation failed",
        missing(agent_logs=logs(cloud_init="\tThe agent cannot be installed (AZCM0141)\n")),
        Status.WARN,
        'cloud-init-output.log: "The agent cannot be installed (AZCM0141)". AZCM0141: The installation script takes the machine for an Azure virtual machine: the metadata address answered /metadata/instance/compute as an Azure VM\'s does.',
        "AZCM0141: On a Nexus VM that path must not answer 2xx: see IMDS-004, and open a support request for the platform. Do not set MSFT_ARC_TEST, it is for tests only. (IMDS-004)",
    ),
    Row(
        "a code",
        installed(SHOW_NEVER, agent_logs=logs(NETWORK)),
        Status.WARN,
        'azcmagent.log at 2026-11-21 21:45 UTC: "AZCM0026: Network Error". AZCM0026: The network does not meet the requirements of the agent, or a service that the agent requires is unavailable at the moment.',
        "AZCM0026: Run azcmagent check --location LOCATION on the VM and find out which endpoint is not reached: name resolution, the CSN proxy, its egress list. In a network with a private link scope, pass --private-link-scope. (NET-001, PROXY-004, PROXY-003, CSN-001, CSN-002, AGENT-004, DNS-001)",
    ),
    Row(
        "twice, and another",
        installed(
            SHOW_NEVER,
            agent_logs=logs(
                logged(7200, "AZCM0026: Network Error"), NETWORK, logged(60, "AZCM0042: Failed to Create Resource")
            ),
        ),
        Status.WARN,
        'azcmagent.log at 2026-11-21 22:44 UTC: "AZCM0042: Failed to Create Resource". AZCM0042: The Arc resource could not be created. azcmagent.log at 2026-11-21 21:45 UTC, 2 times: "AZCM0026: Network Error". AZCM0026: The network does not meet the requirements of the agent, or a service that the agent requires is unavailable at the moment.',
        "AZCM0042: Read the message beside the code: usually a role is missing, a resource provider is not registered, or the name is not allowed. (ROLES-001, ROLES-002, ROLES-003, PLATFORM-005, VM-006, NET-001) AZCM0026: Run azcmagent check --location LOCATION on the VM and find out which endpoint is not reached: name resolution, the CSN proxy, its egress list. In a network with a private link scope, pass --private-link-scope. (NET-001, PROXY-004, PROXY-003, CSN-001, CSN-002, AGENT-004, DNS-001)",
    ),
    Row(
        "lines that are not in the order of time",
        installed(SHOW_NEVER, agent_logs=logs(NETWORK, logged(7200, "AZCM0026: Network Error"))),
        Status.WARN,
        'azcmagent.log at 2026-11-21 21:45 UTC, 2 times: "AZCM0026: Network Error". AZCM0026: The network does not meet the requirements of the agent, or a service that the agent requires is unavailable at the moment.',
        "AZCM0026: Run azcmagent check --location LOCATION on the VM and find out which endpoint is not reached: name resolution, the CSN proxy, its egress list. In a network with a private link scope, pass --private-link-scope. (NET-001, PROXY-004, PROXY-003, CSN-001, CSN-002, AGENT-004, DNS-001)",
    ),
    Row(
        "a message with curly apostrophes",
        installed(
            SHOW_NEVER,
            agent_logs=logs(
                logged(
                    60, "The subscription isn\u2019t registered to use namespace \u2018Microsoft.HybridCompute\u2019"
                )
            ),
        ),
        Status.WARN,
        'azcmagent.log at 2026-11-21 22:44 UTC: "The subscription isn\u2019t registered to use namespace \u2018Microsoft.HybridCompute\u2019". Resource provider not registered: The subscription that the Arc resource goes to has not registered the resource provider.',
        "Resource provider not registered: Register it, as Contributor or Owner of the subscription: az provider register --namespace Microsoft.HybridCompute ; likewise Microsoft.GuestConfiguration and Microsoft.HybridConnectivity. (PLATFORM-005)",
    ),
    Row(
        "in the journal",
        installed(
            SHOW_NEVER,
            agent_logs=logs(
                journal=f"{stamp(90)}\t{stamp(90)} vm-a himdsd[812]: proxyconnect tcp: dial tcp 169.254.0.11:3128: connection refused\n"
            ),
        ),
        Status.WARN,
        'journal at 2026-11-21 22:44 UTC: "proxyconnect tcp: dial tcp 169.254.0.11:3128: connection refused". The proxy itself not reached: The agent has a proxy, but cannot connect to it: another address than the CSN proxy\'s, or the proxy does not listen.',
        "The proxy itself not reached: azcmagent config get proxy.url must print http://169.254.0.11:3128; if it does, see PROXY-003. (PROXY-004, PROXY-003, PROXY-006)",
    ),
    Row(
        "a code nobody lists",
        installed(SHOW_NEVER, agent_logs=logs(logged(60, "AZCM0999: new"))),
        Status.WARN,
        'azcmagent.log at 2026-11-21 22:44 UTC: "AZCM0999: new". AZCM0999: No article lists this code.',
        "AZCM0999: Read the message beside it; keep the agent's log, and open a support request if it persists.",
    ),
    Row(
        "success is no error",
        installed(SHOW_NEVER, agent_logs=logs(logged(60, "AZCM0000: success"))),
        Status.PASS,
        NO_ERROR,
    ),
    Row(
        "two days ago",
        installed(SHOW_NEVER, agent_logs=logs(logged(2 * 86_400, "AZCM0026: Network Error"))),
        Status.PASS,
        NO_ERROR,
    ),
    Row(
        "before a successful connect",
        installed(
            SHOW_CONNECTED,
            agent_logs=logs(NETWORK, logged(60, "Connected machine to Azure"), journal=f"{stamp(90)}\tAZCM0026\n"),
        ),
        Status.PASS,
        NO_ERROR,
    ),
    Row(
        "after a successful connect",
        installed(SHOW_CONNECTED, agent_logs=logs(logged(7200, "Connected machine to Azure"), NETWORK)),
        Status.WARN,
        'azcmagent.log at 2026-11-21 21:45 UTC: "AZCM0026: Network Error". AZCM0026: The network does not meet the requirements of the agent, or a service that the agent requires is unavailable at the moment.',
        "AZCM0026: Run azcmagent check --location LOCATION on the VM and find out which endpoint is not reached: name resolution, the CSN proxy, its egress list. In a network with a private link scope, pass --private-link-scope. (NET-001, PROXY-004, PROXY-003, CSN-001, CSN-002, AGENT-004, DNS-001)",
    ),
    Row(
        "what cloud-init tried, and it is connected now",
        installed(SHOW_CONNECTED, agent_logs=logs(cloud_init="\tERROR: Failed to connect to Azure Arc\n")),
        Status.PASS,
        NO_ERROR,
    ),
    Row(
        "no root",
        installed(SHOW_NEVER, agent_logs=seen(state="no root")),
        Status.UNKNOWN,
        "The content of the logs is not known: the command needs root, which the login does not have.",
        "Log in as root, or give the login user passwordless sudo (SSH-002).",
    ),
    Row(
        "no clock",
        installed(SHOW_NEVER, agent_logs=seen("")),
        Status.UNKNOWN,
        "The answer of the probe agent_logs could not be read: expected '@now' and the seconds since 1970, found 'nothing'.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
]
