"""ENROLL-001..003: every outcome, word for word."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from plugins.model import ProbeResult, Status
from plugins.requirements import agent_errors as knowledge
from plugins.requirements.known_messages import Explanation
from tests.support.suite_rows import VM, Row, seen

ROWS: dict[str, list[Row]] = {}

RELAY = replace(VM, path="relay", target=replace(VM.target, private_key_file="/root/arc.pem"))

ID = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/arc-rg/providers/Microsoft.HybridCompute/machines/vm-a"

# Agent 1.58, without its progress bar.
CONNECTED = f"""\
@run
INFO    Connecting machine to Azure... This might take a few minutes.
INFO    Cloud: AzureCloud
INFO    Testing connectivity to endpoints that are needed to connect to Azure... This might take a few minutes.
INFO    Creating resource in Azure...  Correlation ID=9c6b1f3e-9f11-4b0e-8f2f-0c8f0f6a1a11 Resource ID={ID}
INFO    Connected machine to Azure
INFO    Machine overview page: https://portal.azure.com/
@exit 0
"""
SHOW = f"""\

@text
Resource Name                           : vm-a
Resource Id                             : {ID}
Agent Status                            : Connected
"""
UNCONNECTED = """\
Resource Name                           :
Resource Id                             :
Agent Status                            : Disconnected
"""
DISCONNECTED = f"@run\nINFO    Disconnected machine from Azure\n@exit 0\n\n@text\n{UNCONNECTED}"
ALREADY = seen(f"@already\nResource Id                             : {ID}\n")
LOST = seen(stderr="The session ended while this ran: The session on vm-a ended after 3.0 s.", state="lost")


def azcm(number: int) -> Explanation:
    entry = knowledge.azcm(number)
    assert entry
    return entry


def exit_status(number: int) -> Explanation:
    entry = knowledge.exit_code(number)
    assert entry
    return entry


def ended(status: int, *lines: str) -> ProbeResult:
    return seen("\n".join(["@run", *lines, f"@exit {status}", ""]), exit=status)


def machine(status: str = "Connected", **more: Any) -> ProbeResult:
    return seen(json.dumps({"id": ID, "location": "eastus", "properties": {"status": status, **more}}))


NO_MACHINE = seen("null\n")
NOT_QUERIED = seen("@not asked\n")
UNREAD = seen(stderr="Azure refused to show it (HTTP 403, AuthorizationFailed).", state="lost")

ROWS["ENROLL-001"] = [
    Row(
        "connected",
        {"enroll_connect": seen(CONNECTED)},
        Status.PASS,
        f"Connected as {ID} in 0 s, with a token from IMDS.",
    ),
    Row(
        "connected, in the words of older agents",
        {
            "enroll_connect": ended(
                0, f'time="2026-11-21T22:45:58Z" level=info msg="Creating resource... Resource ID={ID}"'
            )
        },
        Status.PASS,
        f"Connected as {ID} in 0 s, with a token from IMDS.",
    ),
    Row(
        "connected, and the output names no resource",
        {"enroll_connect": ended(0, "INFO    Connected machine to Azure")},
        Status.PASS,
        "Connected in 0 s, with a token from IMDS.",
    ),
    Row(
        "connected before",
        {"enroll_connect": ALREADY},
        Status.NOT_APPLICABLE,
        f"Connected before this run as {ID}: not changed.",
    ),
    Row(
        "connected before, as nobody knows what",
        {"enroll_connect": seen("@already\n")},
        Status.NOT_APPLICABLE,
        "Connected before this run: not changed.",
    ),
    Row(
        "no agent",
        {"enroll_connect": seen("@absent\n", exit=1)},
        Status.FAIL,
        "The agent is not installed (/opt/azcmagent/bin/azcmagent is not there), so there was nothing to connect with.",
        "Install the agent through the proxy (curl -x http://169.254.0.11:3128 -L https://aka.ms/azcmagent -o install.sh; bash install.sh --proxy http://169.254.0.11:3128), and run again.",
    ),
    Row(
        "no token",
        {"enroll_connect": seen("@no token 400\n", exit=1)},
        Status.FAIL,
        "IMDS answered 400 to the request for the connect token, so the machine was not connected.",
        "It did issue one a moment ago (TOKEN-001): run again; if it persists, see TOKEN-001.",
    ),
    Row(
        "no answer of IMDS",
        {"enroll_connect": seen("@no token 000\n", exit=1)},
        Status.FAIL,
        "IMDS did not answer to the request for the connect token, so the machine was not connected.",
        "It did issue one a moment ago (TOKEN-001): run again; if it persists, see TOKEN-001.",
    ),
    *(
        Row(
            f"private relay: {name}",
            {"enroll_connect": seen(f"@no key {detail}\n", exit=1)},
            Status.FAIL,
            f"The Arc machine's private key, /root/arc.pem, {wrong}, so the machine was not connected.",
            remedy,
            vm=RELAY,
        )
        for name, detail, wrong, remedy in (
            (
                "no key",
                "file",
                "is not a file that root can read",
                "Put the private key there (owner root, mode 0600), or correct target.private_key_file in the inventory.",
            ),
            (
                "another form",
                "PKCS#8",
                "is in PKCS#8; expected PKCS#1",
                "Convert it on the VM: openssl rsa -traditional -in FILE -out FILE.pkcs1 (before OpenSSL 3: without -traditional), and name that file.",
            ),
            (
                "no key in it",
                "form",
                "is not an RSA key in PKCS#1, as PEM or as the base64 of its DER",
                "Write the key that the Arc machine was made with to the file. An encrypted key must be decrypted first.",
            ),
        )
    ),
    Row(
        "private relay: connected",
        {"enroll_connect": seen(CONNECTED)},
        Status.PASS,
        f"Connected as {ID} in 0 s, with its private key.",
        vm=RELAY,
    ),
    Row(
        "private relay: refused",
        {"enroll_connect": ended(44, "FATAL   AZCM0044: The resource exists.")},
        Status.FAIL,
        f"azcmagent connect existing exited with 44: FATAL   AZCM0044: The resource exists. {azcm(44).sentence}",
        azcm(44).advice,
        vm=RELAY,
    ),
    Row(
        "a code, and a message that says more",
        {
            "enroll_connect": ended(
                42,
                "FATAL   AZCM0042: Failed to create the resource",
                "RESPONSE 403: The client 'a' with object id 'b' does not have authorization to perform",
                "action 'Microsoft.HybridCompute/privateLinkScopes/read' over scope '/subscriptions/s'",
                "ERROR: Failed to connect to Azure Arc",
            )
        },
        Status.FAIL,
        "azcmagent connect exited with 42: ERROR: Failed to connect to Azure Arc. No right to the action: The identity has no right to the private link scope (Microsoft.HybridCompute/privateLinkScopes/read), which is often in another resource group than the machine.",
        "Give it a role that holds Microsoft.HybridCompute/privateLinkScopes/read on the private link scope (Reader suffices for read), or connect without --private-link-scope. (ROLES-003, TOKEN-003)",
    ),
    Row(
        "an AZCM code",
        {
            "enroll_connect": ended(
                44, "INFO    Creating resource in Azure...", "FATAL   AZCM0044: The resource exists."
            )
        },
        Status.FAIL,
        f"azcmagent connect exited with 44: FATAL   AZCM0044: The resource exists. {azcm(44).sentence}",
        azcm(44).advice,
    ),
    Row(
        "an exit status alone",
        {"enroll_connect": ended(26, "something else")},
        Status.FAIL,
        f"azcmagent connect exited with 26: something else. {exit_status(26).sentence}",
        exit_status(26).advice,
    ),
    Row(
        "an exit status that nobody knows",
        {"enroll_connect": ended(99)},
        Status.FAIL,
        "azcmagent connect exited with 99: nothing.",
        "Read /var/opt/azcmagent/log/azcmagent.log on the VM, and run azcmagent connect again.",
    ),
    Row(
        "took too long",
        {"enroll_connect": seen(state="timed out")},
        Status.UNKNOWN,
        "It did not finish in time and was stopped; how far it got is not known.",
        "Run 'azcmagent show' on the VM to check its state. If it is not connected and Azure has a resource of its name, delete that; then run again.",
    ),
    Row(
        "the session was lost",
        {"enroll_connect": LOST},
        Status.UNKNOWN,
        "The session ended while this ran: The session on vm-a ended after 3.0 s.",
    ),
    Row(
        "nobody knows where to",
        {"enroll_connect": seen(stderr="Not connected, because the target is not known: no location.", state="lost")},
        Status.UNKNOWN,
        "Not connected, because the target is not known: no location.",
    ),
    Row(
        "no root",
        {"enroll_connect": seen(stderr="sudo: a password is required", state="no root")},
        Status.UNKNOWN,
        "This needs root on the VM, which the login does not have (sudo -n printed: sudo: a password is required).",
        "Log in as root, or give the login user passwordless sudo (SSH-002).",
    ),
    Row(
        "garbage",
        {"enroll_connect": seen("Segmentation fault", exit=1)},
        Status.UNKNOWN,
        "The answer of the probe enroll_connect could not be read: expected @run and @exit, found 'Segmentation fault'.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
    Row(
        "killed",
        {"enroll_connect": seen("@run\n", exit=139)},
        Status.UNKNOWN,
        "The answer of the probe enroll_connect is incomplete: its command was killed by SIGSEGV (exit status 139).",
        "Run the command shown below on the VM by hand and check how it ends.",
    ),
]

ROWS["ENROLL-002"] = [
    Row(
        "both",
        {"enroll_show": seen(SHOW), "enroll_machine": machine()},
        Status.PASS,
        f"azcmagent show reports Connected, and so does Azure of {ID}.",
    ),
    Row(
        "Azure was not queried",
        {"enroll_show": seen(SHOW), "enroll_machine": NOT_QUERIED},
        Status.PASS,
        "azcmagent show reports Connected. Azure was not queried (--no-azure).",
    ),
    Row(
        "the agent says Error, and why",
        {
            "enroll_show": seen(
                "\n@text\nAgent Status                            : Error\n"
                "Agent Error Code                        : AZCM0026\n"
                "Agent Error Details                     : no network\n"
            ),
            "enroll_machine": machine(),
        },
        Status.FAIL,
        f"azcmagent show reports Error after connecting; expected Connected. Its error: AZCM0026 no network. {azcm(26).sentence}",
        azcm(26).advice,
    ),
    Row(
        "the agent says Disconnected",
        {"enroll_show": seen(f"\n@text\n{UNCONNECTED}"), "enroll_machine": NO_MACHINE},
        Status.FAIL,
        "azcmagent show reports Disconnected after connecting; expected Connected.",
        "On the VM: azcmagent show, systemctl status himdsd, and the end of /var/opt/azcmagent/log/himds.log. Azure follows the agent's heartbeat, which may take some minutes: check again after that.",
    ),
    Row(
        "Azure does not have it",
        {"enroll_show": seen(SHOW), "enroll_machine": NO_MACHINE},
        Status.FAIL,
        f"azcmagent show reports Connected, but Azure does not show {ID}.",
        "Compare the target in the inventory with what 'azcmagent show' names. If they are the same and the resource does not appear, run 'azcmagent disconnect --force-local-only' and connect again.",
    ),
    Row(
        "Azure says Disconnected",
        {"enroll_show": seen(SHOW), "enroll_machine": machine("Disconnected", lastStatusChange="2026-11-21T22:45:58Z")},
        Status.FAIL,
        f"azcmagent show reports Connected, but Azure has {ID} as Disconnected since 2026-11-21T22:45:58Z; expected Connected.",
    ),
    Row(
        "Azure gives no status",
        {"enroll_show": seen(SHOW), "enroll_machine": machine("")},
        Status.FAIL,
        f"azcmagent show reports Connected, but Azure has {ID} as without a status; expected Connected.",
    ),
    Row(
        "Azure could not be read",
        {"enroll_show": seen(SHOW), "enroll_machine": UNREAD},
        Status.UNKNOWN,
        "azcmagent show reports Connected; its status in Azure is not known: Azure refused to show it (HTTP 403, AuthorizationFailed).",
        "Check the Arc machine in the portal, or give the runner Reader on its resource group.",
    ),
    Row(
        "the agent could not be asked",
        {"enroll_show": seen(state="timed out"), "enroll_machine": machine()},
        Status.UNKNOWN,
        "azcmagent show did not answer after connecting: the command did not answer in time.",
    ),
    Row(
        "Azure's answer is garbage",
        {"enroll_show": seen(SHOW), "enroll_machine": seen("[]")},
        Status.UNKNOWN,
        "The answer of the probe enroll_machine could not be read: expected a resource.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
]


def back(disconnect: ProbeResult, gone: ProbeResult, connect: ProbeResult | None = None) -> dict[str, ProbeResult]:
    return {"enroll_connect": connect or seen(CONNECTED), "enroll_disconnect": disconnect, "enroll_gone": gone}


ROWS["ENROLL-003"] = [
    Row(
        "nothing is left",
        back(seen(DISCONNECTED), NO_MACHINE),
        Status.PASS,
        "Disconnected: azcmagent show names no resource, and Azure has none.",
    ),
    Row(
        "Azure was not queried",
        back(seen(DISCONNECTED), NOT_QUERIED),
        Status.PASS,
        "Disconnected: azcmagent show names no resource. Azure was not queried (--no-azure).",
    ),
    Row(
        "connected before",
        back(seen(state="lost"), seen(state="lost"), ALREADY),
        Status.NOT_APPLICABLE,
        "Connected before this run, so it was not disconnected.",
    ),
    Row(
        "not allowed to delete",
        back(ended(43, "FATAL   AZCM0043: Failed to delete the resource."), machine()),
        Status.FAIL,
        f"azcmagent disconnect exited with 43: FATAL   AZCM0043: Failed to delete the resource. {azcm(43).sentence}",
        azcm(43).advice,
    ),
    Row(
        "no token this time",
        back(seen("@no token 500\n", exit=1), machine()),
        Status.FAIL,
        "The machine is still connected: IMDS issued no token for it.",
        "Delete the Arc machine in Azure if it still exists, then run 'azcmagent disconnect --force-local-only' on the VM.",
    ),
    Row(
        "local state is left",
        back(seen(f"@run\n@exit 0\n{SHOW}"), NO_MACHINE),
        Status.FAIL,
        f"azcmagent disconnect ended with 0, but azcmagent show reports Connected and names {ID}; expected Disconnected and no resource.",
    ),
    Row(
        "the resource is left",
        back(seen(DISCONNECTED), machine("Disconnected")),
        Status.FAIL,
        f"Disconnected on the VM, but Azure still has {ID} (Disconnected).",
    ),
    Row(
        "Azure could not be read",
        back(seen(DISCONNECTED), UNREAD),
        Status.UNKNOWN,
        "Disconnected on the VM; whether Azure still has the resource is not known: Azure refused to show it (HTTP 403, AuthorizationFailed).",
        "Search for the Arc machine in the portal, and delete it if it exists.",
    ),
    Row(
        "took too long",
        back(seen(state="timed out"), machine()),
        Status.UNKNOWN,
        "It did not finish in time and was stopped; how far it got is not known. The machine may still be connected.",
    ),
    Row(
        "azcmagent show did not answer",
        back(seen("@run\n@exit 0\n\n@text\noops\n"), NO_MACHINE),
        Status.UNKNOWN,
        "azcmagent disconnect ended with 0, but azcmagent show did not answer after it: azcmagent show printed no status (output: oops).",
    ),
]
