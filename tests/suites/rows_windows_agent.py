"""AGENT and PROXY-004..006 on Windows. The agent's output is captured. That of our own commands is recorded for the
healthy case (tests/support/windows_recording.py), and made up otherwise."""

from __future__ import annotations

from plugins.model import ProbeResult, Status
from suites.probes import azcmagent_windows
from suites.probes.azcmagent_output import AZCMAGENT, HIMDS
from tests.support.suite_rows import NOW, Row, seen
from tests.support.windows_recording import recorded

ROWS: dict[str, list[Row]] = {}

CSN = "http://169.254.0.11:3128"


def installed(version: str = "1.64.03414.2961") -> ProbeResult:
    text = f"@has {AZCMAGENT}\n@has {HIMDS}\n@version\nazcmagent version {version}\n"
    return seen(text)


def services(**states: str) -> ProbeResult:
    """In the format of azcmagent_windows.SERVICES; services that are not named do not exist."""
    blocks = []
    for name in azcmagent_windows.NAMES:
        state = states.get(name, "")
        blocks.append(f"Id={name}\nLoadState={'loaded' if state else 'not-found'}\nActiveState={state}\n")
    return seen("\n".join(blocks))


NEVER = recorded("agent_show")


CONNECTED = recorded("agent_show, connected")


EVERYTHING = dict.fromkeys(azcmagent_windows.NAMES, "active")


def config(url: str = CSN, bypass: str = "[]") -> ProbeResult:
    return seen(f"@list\nLocal Configuration Settings\n  proxy.url : {url}\n  proxy.bypass : {bypass}\n")


def machine(proxy: str = "") -> ProbeResult:
    return seen(f"HTTPS_PROXY={proxy}\nhttps_proxy={proxy}\n" if proxy else "")


ROWS["AGENT-001"] = [
    Row(
        "too old",
        {"agent": installed("1.42.02676.1509")},
        Status.WARN,
        "azcmagent 1.42 is older than 1.56 (September 2025); supported are versions of the last year.",
        "Update the agent by Microsoft Update, or with its current installer.",
    ),
]


ROWS["AGENT-002"] = [
    Row(
        "never connected",
        {"agent": installed(), "agent_show": NEVER},
        Status.WARN,
        r"The agent is installed (%ProgramFiles%\AzureConnectedMachineAgent\himds.exe) but was never connected. az login --identity now asks the agent on localhost:40342 instead of IMDS, and gets no token.",
        "Install the agent after the steps with the identity, never into the image: uninstall Azure Connected Machine Agent, get the token, then install and connect. Or get the token from IMDS with curl.",
    ),
]

ROWS["AGENT-005"] = [
    Row(
        "never connected",
        {"agent": recorded("agent"), "agent_show": NEVER},
        Status.PASS,
        "The agent is installed and was never connected: ready to connect.",
    ),
]


ROWS["AGENT-003"] = [
    Row(
        "before it is connected",
        {"agent": recorded("agent"), "agent_show": NEVER, "agent_services": recorded("agent_services")},
        Status.PASS,
        "himds runs. The machine is not connected; the other services are required once it is.",
    ),
    Row(
        "connected",
        {"agent": recorded("agent"), "agent_show": CONNECTED, "agent_services": recorded("agent_services, connected")},
        Status.PASS,
        "himds, GCArcService, ExtensionService and arcproxy run. The machine is connected.",
    ),
    Row(
        "stopped, and not there",
        {
            "agent": installed(),
            "agent_show": CONNECTED,
            "agent_services": services(**{**EVERYTHING, "gcad": "stopped", "extd": ""}),
        },
        Status.FAIL,
        "GCArcService (stopped) and ExtensionService (Windows does not know it) do not run; expected running. The machine is connected.",
        "Install the agent again with its current installer.",
    ),
    Row(
        "disabled",
        {"agent": installed(), "agent_show": NEVER, "agent_services": recorded("agent_services, disabled")},
        Status.FAIL,
        "himds (stopped, disabled) does not run; expected running.",
        "In an elevated PowerShell on the VM: Set-Service himds -StartupType Automatic ; Start-Service himds ; %ProgramData%\\AzureConnectedMachineAgent\\Log\\himds.log shows why one ends.",
    ),
    Row(
        "marked for deletion",
        {"agent": installed(), "agent_show": NEVER, "agent_services": recorded("agent_services, marked")},
        Status.FAIL,
        "himds (start pending, marked for deletion) does not run; expected running.",
        "Restart the VM, which ends the removal of the service. Then install the agent again with its current installer.",
    ),
    Row(
        "no gateway: arcproxy need not run",
        {
            "agent": installed(),
            "agent_show": CONNECTED,
            "agent_services": services(**{**EVERYTHING, "arcproxyd": "stopped"}),
        },
        Status.PASS,
        "himds, GCArcService and ExtensionService run. The machine is connected.",
    ),
    Row(
        "a gateway: arcproxy has to run",
        {
            "agent": installed(),
            "agent_show": seen('{"status": "Connected", "gatewayUrl": "https://a.gw.arc.azure.com"}\n\n@text\n'),
            "agent_services": services(**{**EVERYTHING, "arcproxyd": "stopped"}),
        },
        Status.FAIL,
        "arcproxy (stopped) does not run; expected running. The machine is connected.",
        "In an elevated PowerShell on the VM: Start-Service himds, GCArcService, ExtensionService, arcproxy ; %ProgramData%\\AzureConnectedMachineAgent\\Log\\himds.log shows why one ends.",
    ),
    Row(
        "no answer of show",
        {
            "agent": installed(),
            "agent_show": seen(state="timed out"),
            "agent_services": services(himdsd="active"),
        },
        Status.UNKNOWN,
        "himds runs; whether GCArcService, ExtensionService and arcproxy are required is not known, because azcmagent show did not answer: the command did not answer in time.",
        "See AGENT-005.",
    ),
]


ROWS["AGENT-004"] = [
    Row(
        "all reached",
        {"agent": recorded("agent"), "agent_check": recorded("agent_check")},
        Status.PASS,
        "azcmagent check --location eastus reaches all 8 required endpoints.",
    ),
]

SETTINGS = ("agent", "agent_config", "agent_services", "systemd_env")

ROWS["PROXY-004"] = [
    Row(
        "set",
        {name: recorded(name) for name in SETTINGS},
        Status.PASS,
        "The agent's proxy.url is http://169.254.0.11:3128.",
    ),
    Row(
        "from the Machine environment",
        {
            "agent": installed(),
            "agent_config": config(url=""),
            "agent_services": services(himdsd="active"),
            "systemd_env": machine(CSN),
        },
        Status.WARN,
        "The agent's proxy.url is not set; expected http://169.254.0.11:3128. Its services get that from the Machine environment, so it works.",
        "On the VM: azcmagent config set proxy.url http://169.254.0.11:3128",
    ),
    Row(
        "another one",
        {
            "agent": installed(),
            "agent_config": config(url=""),
            "agent_services": services(himdsd="active"),
            "systemd_env": machine("http://10.0.0.9:3128"),
        },
        Status.FAIL,
        "The agent's proxy.url is not set; expected http://169.254.0.11:3128. Its services get http://10.0.0.9:3128 from the Machine environment.",
        "On the VM: azcmagent config set proxy.url http://169.254.0.11:3128",
    ),
]


ROWS["PROXY-006"] = [
    Row(
        "no other",
        {name: recorded(name) for name in SETTINGS},
        Status.PASS,
        "The Machine environment gives the agent's services http://169.254.0.11:3128, the same as proxy.url.",
    ),
    Row(
        "another one",
        {
            "agent": installed(),
            "agent_config": config(),
            "agent_services": services(himdsd="active"),
            "systemd_env": machine("http://10.0.0.9:3128"),
        },
        Status.WARN,
        "The Machine environment gives himds the proxy http://10.0.0.9:3128; proxy.url is http://169.254.0.11:3128. Extensions may take the former.",
        "In an elevated PowerShell: [Environment]::SetEnvironmentVariable('HTTPS_PROXY', 'http://169.254.0.11:3128', 'Machine') ; then Restart-Service sshd, and open a new session. Restart the agent's services (himds, GCArcService, ExtensionService), too, where it is installed.",
    ),
]


def logs(*rows: str) -> ProbeResult:
    """In the format of azcmagent_windows.logs."""
    return seen("".join(f"{row}\n" for row in (f"@now {NOW:.0f}", *rows)))


FATAL = 'time="2026-11-21T21:45:58+01:00" level=fatal msg="AZCM0044: Resource Already Exists"'
STARTED = "2026-11-21T21:45:58+01:00"
LOCALIZED = f'time="{STARTED}" level=error msg="dial tcp 20.1.2.3:443: connectex: Es konnte keine Verbindung hergestellt werden."'

ROWS["AGENT-006"] = [
    Row(
        "nothing",
        {name: recorded(name) for name in ("agent", "agent_show", "agent_logs")},
        Status.PASS,
        "No AZCM code and no error of the last day in himds.log and azcmagent.log.",
    ),
    Row(
        "a code",
        {
            "agent": installed(),
            "agent_show": NEVER,
            "agent_logs": logs("@log himds.log", "@log azcmagent.log", f"{STARTED}\t{FATAL}"),
        },
        Status.WARN,
        'azcmagent.log at 2026-11-21 20:45 UTC: "AZCM0044: Resource Already Exists". AZCM0044: An Arc resource of this name already exists in the resource group.',
        "AZCM0044: Choose another name with --resource-name, or delete the resource in Azure if it is a leftover. (VM-006)",
    ),
    Row(
        "an error in the system's language",
        {
            "agent": installed(),
            "agent_show": NEVER,
            "agent_logs": logs("@log himds.log", f"{STARTED}\t{LOCALIZED}"),
        },
        Status.WARN,
        "himds.log at 2026-11-21 20:45 UTC: \"dial tcp 20.1.2.3:443: connectex: Es konnte keine Verbindung hergestellt werden.\". Windows: no connection: The agent's connection was not set up, or was cut. Windows prints the reason in the system's language, without a number.",
        "Windows: no connection: Check whether the agent uses the CSN proxy (PROXY-004), then see NET-001. (PROXY-004, PROXY-003, NET-001)",
    ),
    Row(
        "a command without an Administrator's rights",
        {
            "agent": installed(),
            "agent_show": NEVER,
            "agent_logs": logs("@log azcmagent.log", f'{STARTED}\ttime="{STARTED}" level=fatal msg="AZCM0018: x"'),
        },
        Status.WARN,
        'azcmagent.log at 2026-11-21 20:45 UTC: "AZCM0018: x". AZCM0018: The command was not run as root (on Windows: as an administrator).',
        "AZCM0018: Run it in an elevated PowerShell. (SSH-002)",
    ),
    Row(
        "the installation failed",
        {
            "agent": seen(""),
            "agent_show": seen("@absent\n"),
            "agent_logs": logs("@log installationlog.txt", "\tAction ended 12:03:11: InstallFinalize. Return value 3."),
        },
        Status.WARN,
        'installationlog.txt: "Action ended 12:03:11: InstallFinalize. Return value 3.". A custom action of the installer failed: Windows: an action of the agent\'s installer failed; the lines before this one in the installation log show why.',
        "A custom action of the installer failed: Read the lines before it in installationlog.txt. Often a service could not be started (AGENT-003), or a policy forbids the account of the service. (AGENT-003, VM-005)",
    ),
    Row(
        "the installation failed once, and it is connected now",
        {
            "agent": installed(),
            "agent_show": CONNECTED,
            "agent_logs": logs(
                "@log himds.log", "@log installationlog.txt", "\tAction ended 12:03:11: X. Return value 3."
            ),
        },
        Status.PASS,
        "No AZCM code and no error of the last day in himds.log and installationlog.txt.",
    ),
    Row(
        "several hosts",
        {
            "agent": installed(),
            "agent_show": NEVER,
            "agent_logs": logs(
                "@log himds.log",
                f'{STARTED}\tGet "https://gbl.his.arc.azure.com/": Forbidden',
                f'{STARTED}\tGet "https://pas.windows.net/": Forbidden',
            ),
        },
        Status.WARN,
        'himds.log at 2026-11-21 20:45 UTC, 2 times: "Get "https://pas.windows.net/": Forbidden". Forbidden by the proxy: The proxy refuses pas.windows.net: the host is not in the egress list of the cloud services network. In all it is about gbl.his.arc.azure.com and pas.windows.net.',
        "Forbidden by the proxy: Put pas.windows.net into the egress list of the cloud services network, or create the network with --enable-default-egress-endpoints True; then azcmagent check --location LOCATION. (CSN-002, CSN-001, NET-001, PROXY-004, AGENT-004)",
    ),
    Row(
        "not installed",
        {"agent": seen(""), "agent_show": seen("@absent\n"), "agent_logs": logs()},
        Status.NOT_APPLICABLE,
        "The agent is not installed yet, and no installation has left a log.",
    ),
    Row(
        "installed, and no log",
        {"agent": installed(), "agent_show": NEVER, "agent_logs": logs()},
        Status.UNKNOWN,
        "The agent is installed, but no log of it was found.",
        "Check %ProgramData%\\AzureConnectedMachineAgent\\Log on the VM: the folder must be there.",
    ),
    Row(
        "a log that cannot be read",
        {
            "agent": installed(),
            "agent_show": NEVER,
            "agent_logs": logs(r"@unread C:\ProgramData\AzureConnectedMachineAgent\Log\himds.log"),
        },
        Status.UNKNOWN,
        "The content of the logs is not known: C:\\ProgramData\\AzureConnectedMachineAgent\\Log\\himds.log cannot be read.",
        "Read the log on the VM by hand, as an administrator.",
    ),
]
