"""ENROLL: whether a ready VM really connects. Only with ``--enroll``: these commands change things.

They are not part of the first gathering: `plugins.enrollment.runner` runs them, in their order, on the VMs that passed
all other required checks. A VM that is already connected is not changed.
"""

from __future__ import annotations

from typing import NoReturn

from plugins import Profile, Vm, check, fail, not_applicable, required, unknown
from plugins.requirements.agent_errors import exit_code, findings
from plugins.requirements.log_lines import line_findings
from suites.probes.azcmagent import AgentStatus
from suites.probes.azcmagent_connect import AgentCommand, ArcMachine
from suites.probes.azcmagent_output import AZCMAGENT

ARC = "https://learn.microsoft.com/azure/azure-arc/servers"


#: The problems of an Arc machine's private key, and the remedies. The agent takes PKCS#1 (docs/enroll.md).
_KEYS = {
    "file": (
        "is not a file that root can read",
        "Put the private key there (owner root, mode 0600), or correct target.private_key_file in the inventory.",
    ),
    "PKCS#8": (
        "is in PKCS#8; expected PKCS#1",
        "Convert it on the VM: openssl rsa -traditional -in FILE -out FILE.pkcs1 (before OpenSSL 3: without "
        "-traditional), and name that file.",
    ),
    "form": (
        "is not an RSA key in PKCS#1, as PEM or as the base64 of its DER",
        "Write the key that the Arc machine was made with to the file. An encrypted key must be decrypted first.",
    ),
}

_LOOK = (
    "Run 'azcmagent show' on the VM to check its state. If it is not connected and Azure has a resource of its "
    "name, delete that; then run again."
)


@check(
    "ENROLL-001",
    required,
    caused_by=[
        *("NET-001", "ROLES-001", "ROLES-002", "ROLES-003"),
        *("TOKEN-001", "TOKEN-002", "TOKEN-003", "TOKEN-004", "PLATFORM-005", "VM-006"),
        *("CSN-001", "CSN-002", "CSN-003"),
        *("PROXY-001", "PROXY-002", "PROXY-003", "PROXY-004", "PROXY-005", "PROXY-006"),
        *("AGENT-001", "AGENT-002", "AGENT-003", "AGENT-004", "AGENT-005", "AGENT-006", "AGENT-007"),
    ],
    problem="machine did not connect",
    action="Connect {vms} again",
    remedy=_LOOK,
    docs=f"{ARC}/azcmagent-connect",
    component="vm",
)
def test_the_machine_connects(enroll_connect: AgentCommand, profile: Profile, vm: Vm) -> str:
    """The machine connects with a token of its managed identity.

    With path: relay, it connects to its Arc machine with the private key that the machine was made with.

    Success: azcmagent connect ended with 0.
    Failure: it ended with another status, which the message explains; the agent is not installed; IMDS gave no token;
    or the private key is missing or in another form.
    Unknown: it did not end in time, the session was lost, or the target of the machine is not known.
    Not applicable: it was connected before this run, and was left as it is.
    """
    done = enroll_connect
    if done.missing:
        unknown(done.missing)
    match done.why_not:
        case "already":
            not_applicable(f"Connected before this run{f' as {done.resource}' if done.resource else ''}: not changed.")
        case "absent":
            fail(
                f"The agent is not installed ({AZCMAGENT} is not there), so there was nothing to connect with.",
                remedy=f"Install the agent through the proxy (curl -x {profile.proxy_url} -L "
                f"https://aka.ms/azcmagent -o install.sh; bash install.sh --proxy {profile.proxy_url}), and run again.",
            )
        case "no key":
            wrong, remedy = _KEYS.get(done.detail, _KEYS["form"])
            file = vm.target.private_key_file
            fail(f"The Arc machine's private key, {file}, {wrong}, so the machine was not connected.", remedy=remedy)
        case "no token":
            answered = "did not answer" if done.detail in ("", "000") else f"answered {done.detail}"
            fail(
                f"IMDS {answered} to the request for the connect token, so the machine was not connected.",
                remedy="It did issue one a moment ago (TOKEN-001): run again; if it persists, see TOKEN-001.",
            )
    relay = vm.path == "relay"
    if done.exit:
        _explain("connect existing" if relay else "connect", done)
    by = "its private key" if relay else "a token from IMDS"
    return f"Connected{f' as {done.resource}' if done.resource else ''} in {done.seconds:.0f} s, with {by}."


def _explain(verb: str, done: AgentCommand) -> NoReturn:
    """End the check with the meaning of an error of ``azcmagent connect`` or ``disconnect``."""
    assert done.exit is not None
    # A message with the cause is more specific than a code, and a code more than "connecting failed".
    explanations = [finding.explanation for finding in line_findings(done.lines)]
    specific = [meaning for meaning in explanations if not meaning.general]
    causes = [meaning for meaning in specific if not meaning.name.startswith("AZCM")]
    meaning = next(iter([*causes, *specific, *explanations]), None) or exit_code(done.exit)
    message = f"azcmagent {verb} exited with {done.exit}: {done.error}."
    if meaning is None:
        fail(message, remedy=f"Read /var/opt/azcmagent/log/azcmagent.log on the VM, and run azcmagent {verb} again.")
    fail(f"{message} {meaning.sentence}", remedy=meaning.advice)


@check(
    "ENROLL-002",
    required,
    requires=["ENROLL-001"],
    caused_by=["AGENT-003", "NET-001", "PROXY-004"],
    problem="machine is not connected in Azure",
    action="Bring the agent on {vms} back to Connected",
    remedy="On the VM: azcmagent show, systemctl status himdsd, and the end of /var/opt/azcmagent/log/himds.log. Azure "
    "follows the agent's heartbeat, which may take some minutes: check again after that.",
    docs=f"{ARC}/azcmagent-show",
    component="vm",
)
def test_both_sides_say_connected(enroll_show: AgentStatus, enroll_machine: ArcMachine) -> str:
    """The agent and Azure both say Connected.

    Success: azcmagent show reports Connected, and the Arc machine in Azure has the status Connected.
    Failure: one of them reports another status, or Azure has no such machine.
    Unknown: the agent or Azure did not answer. With --no-azure the agent's status decides, and the message states that.
    """
    if enroll_show.missing:
        unknown(f"azcmagent show did not answer after connecting: {enroll_show.missing}.")
    if not enroll_show.connected:
        error = " ".join(filter(None, (enroll_show.error_code, enroll_show.error_details))).rstrip(".")
        finding = next(findings([error]), None)
        fail(
            f"azcmagent show reports {enroll_show.status} after connecting; expected Connected."
            + (f" Its error: {error}." if error else "")
            + (f" {finding.explanation.sentence}" if finding else ""),
            remedy=finding.explanation.advice if finding else "",
        )
    if not enroll_machine.queried:
        return "azcmagent show reports Connected. Azure was not queried (--no-azure)."
    if enroll_machine.missing:
        unknown(
            f"azcmagent show reports Connected; its status in Azure is not known: {enroll_machine.missing}",
            remedy="Check the Arc machine in the portal, or give the runner Reader on its resource group.",
        )
    where = f" {enroll_show.resource}" if enroll_show.resource else " this machine"
    if not enroll_machine.id:
        fail(
            f"azcmagent show reports Connected, but Azure does not show{where}.",
            remedy="Compare the target in the inventory with what 'azcmagent show' names. If they are the same and the "
            "resource does not appear, run 'azcmagent disconnect --force-local-only' and connect again.",
        )
    if enroll_machine.status.lower() != "connected":
        since = f" since {enroll_machine.changed}" if enroll_machine.changed else ""
        fail(
            f"azcmagent show reports Connected, but Azure has {enroll_machine.id} as "
            f"{enroll_machine.status or 'without a status'}{since}; expected Connected."
        )
    return f"azcmagent show reports Connected, and so does Azure of {enroll_machine.id}."


@check(
    "ENROLL-003",
    required,
    requires=["ENROLL-001"],
    problem="machine is still connected",
    action="Remove the remains of the connection of {vms}",
    remedy="Delete the Arc machine in Azure if it still exists, then run 'azcmagent disconnect --force-local-only' "
    "on the VM.",
    docs=f"{ARC}/azcmagent-disconnect",
    component="vm",
)
def test_disconnecting_leaves_nothing(
    enroll_connect: AgentCommand, enroll_disconnect: AgentCommand, enroll_gone: ArcMachine
) -> str:
    """Disconnecting again leaves neither a resource nor local state.

    Success: azcmagent disconnect ended with 0, azcmagent show names no resource, and Azure has none.
    Failure: it ended with another status, or one of the two sides still has the machine.
    Unknown: it did not end in time, the session was lost, or Azure did not answer.
    Not applicable: the machine was connected before this run, so it was not disconnected.
    """
    if enroll_connect.why_not == "already":
        not_applicable("Connected before this run, so it was not disconnected.")
    done = enroll_disconnect
    if done.missing:
        unknown(f"{done.missing.rstrip('.')}. The machine may still be connected.")
    if done.why_not:
        state = "the agent is gone" if done.why_not == "absent" else "IMDS issued no token for it"
        fail(f"The machine is still connected: {state}.")
    if done.exit:
        _explain("disconnect", done)
    if done.after.missing:
        unknown(f"azcmagent disconnect ended with 0, but azcmagent show did not answer after it: {done.after.missing}.")
    if done.after.connected or done.after.resource:
        names = f" and names {done.after.resource}" if done.after.resource else ""
        fail(
            f"azcmagent disconnect ended with 0, but azcmagent show reports {done.after.status}{names}; expected "
            "Disconnected and no resource."
        )
    if enroll_gone.missing:
        unknown(
            f"Disconnected on the VM; whether Azure still has the resource is not known: {enroll_gone.missing}",
            remedy="Search for the Arc machine in the portal, and delete it if it exists.",
        )
    if not enroll_gone.queried:
        return "Disconnected: azcmagent show names no resource. Azure was not queried (--no-azure)."
    if enroll_gone.id:
        fail(f"Disconnected on the VM, but Azure still has {enroll_gone.id} ({enroll_gone.status or 'no status'}).")
    return "Disconnected: azcmagent show names no resource, and Azure has none."
