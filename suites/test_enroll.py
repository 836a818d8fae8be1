"""ENROLL: does a VM that is ready really connect? Only when asked for, with ``--enroll``: these commands change things.

They are not part of the first gathering: `plugins.enrollment.enroll` runs them, in their order, on the VMs that passed
all else. A VM that is connected already is left as it is.

The token of the connecting is asked from the metadata service by the VM itself and stays there: in the shell's memory,
and in a file of root's (0600) in the run's private folder, which azcmagent reads (``--config``) and which is removed at
once. It is in no argument list and in nothing that is sent back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn
from urllib.parse import quote as url_quote

from plugins import ProbeResult, check, fail, not_applicable, probe, quote, required, unknown
from plugins.enrollment.enroll import ALREADY, NOT_ASKED
from plugins.model import Vm
from plugins.requirements.agent_errors import exit_code, findings
from plugins.requirements.profile import Profile
from suites import tokens
from suites.agent import AZCMAGENT, Show
from suites.answers import plain

ARC = "https://learn.microsoft.com/azure/azure-arc/servers"

#: Seconds: azcmagent gives up by itself after ten minutes; disconnecting has less to wait for.
LIMIT, DISCONNECT_LIMIT, SHOW_LIMIT = 660, 300, 30

# ------------------------------------------------------------------------------------------------------- the commands

_LEAVE_ALONE = r"""
if @AGENT@ show 2>/dev/null | grep -q '^Agent Status *: *Connected'; then
  echo @already
  @AGENT@ show 2>/dev/null | grep '^Resource Id '
  exit 0
fi
"""

#: Only builtins touch the token, but for base64, which gets its claims alone: they say which tenant it belongs to.
#: What azcmagent prints loses whatever looks like a token, and the progress bar.
_WITH_TOKEN = r"""
[ -x @AGENT@ ] || {
  echo @absent
  exit 1
}
@FIRST@
answer=$(curl -q -sS --noproxy '*' --max-time @SECONDS@ -H Metadata:true -w '@code %{http_code}' @URL@)
code=${answer##*@code }
token= tenant=
case $answer in *'"access_token"'*)
  token=${answer#*'"access_token"'}
  token=${token#*\"}
  token=${token%%\"*}
  ;;
esac
answer=
case $token in
*[!A-Za-z0-9._-]*) token= ;;
eyJ*.?*.?*) ;;
*) token= ;;
esac
[ "$token" ] || {
  echo "@no token $code"
  exit 1
}
claims=${token#*.}
claims=${claims%%.*}
tenant=$(printf '%s===' "$claims" | tr '_-' '/+' | base64 -d 2>/dev/null |
  sed -n 's/.*"tid" *: *"\([0-9A-Fa-f-]*\)".*/\1/p')
tenant=@TENANT@
file=${room:?}/azcmagent.json
umask 077
printf '%s%s"access-token":"%s"}' @SETTINGS@ "$tenant" "$token" >"$file"
token=
echo @run
said=$(@AGENT@ @VERB@ --config "$file" 2>&1)
status=$?
rm -f "$file"
printf '%s\n' "$said" | tr '\r' '\n' | sed 's/eyJ[A-Za-z0-9_.=-]*/(cut)/g; /%  *\[/d' | tail -n 40
echo "@exit $status"
@LAST@
exit $status
"""


def _script(verb: str, settings: Mapping[str, str], vm: Vm, profile: Profile, first: str = "", last: str = "") -> str:
    user = tokens.user_assigned(vm)
    selector = f"&msi_res_id={url_quote(user, safe='')}" if user else ""
    url = (
        f"http://{profile.imds}/metadata/identity/oauth2/token?api-version=2018-02-01"
        f"&resource={url_quote(tokens.resource(vm, profile), safe='')}{selector}"
    )
    head = json.dumps(settings, separators=(",", ":"))
    filled = {
        "@AGENT@": AZCMAGENT,
        "@FIRST@": first.strip().replace("@AGENT@", AZCMAGENT),
        "@LAST@": last.replace("@AGENT@", AZCMAGENT),
        "@TENANT@": '${tenant:+"\\"tenant-id\\":\\"$tenant\\","}' if verb == "connect" else "",
        "@SETTINGS@": quote(f"{head[:-1]}," if settings else "{"),
        "@SECONDS@": str(profile.timeouts.total),
        "@URL@": quote(url),
        "@VERB@": verb,
    }
    script = re.sub("|".join(filled), lambda found: filled[found[0]], _WITH_TOKEN).strip()
    return re.sub(r"\n{2,}", "\n", script)


def _tag(text: str) -> str:
    """``Owner='Shared Services'``: azcmagent wants quotes around what holds a space."""
    return f"'{text}'" if " " in text else text


def settings(vm: Vm) -> dict[str, str]:
    """What azcmagent is told, by the names of its options. What is not known yet stands in angle brackets (--plan)."""
    target = vm.target
    found = {
        "subscription-id": target.subscription or "<subscription of the VM>",
        "resource-group": target.resource_group or "<resource group of the VM>",
        "location": target.location or "<location of the VM>",
        "resource-name": (vm.resource_id or vm.name).rstrip("/").rpartition("/")[2],
    }
    if target.tags:
        found["tags"] = ",".join(f"{_tag(name)}={_tag(value)}" for name, value in target.tags.items())
    if target.cloud != "AzureCloud":
        found["cloud"] = target.cloud
    return found


def _connect(vm: Vm, profile: Profile) -> str:
    return _script("connect", settings(vm), vm, profile, first=_LEAVE_ALONE)


def _disconnect(vm: Vm, profile: Profile) -> str:
    return _script("disconnect", {}, vm, profile, last="echo @text\n@AGENT@ show")


# -------------------------------------------------------------------------------------------------------- the answers


@dataclass(frozen=True, slots=True)
class Command:
    """How ``azcmagent connect`` or ``disconnect`` went. `missing` says why there is nothing to know."""

    exit: int | None = None  # None: it was not run
    said: tuple[str, ...] = ()  # its lines
    why_not: str = ""  # "absent", "no token 400", "already"
    resource: str = ""  # the id that it named
    after: Show = field(default_factory=Show)  # azcmagent show afterwards, of `disconnect`
    missing: str = ""
    seconds: float = 0.0

    @classmethod
    def read(cls, seen: ProbeResult) -> Command:
        """Read the answer.

        ::

            @run
            INFO    Connecting machine to Azure... This might take a few minutes.
            INFO    Creating resource in Azure...  Correlation ID=6a... Resource ID=/subscriptions/.../machines/vm-a
            INFO    Connected machine to Azure
            @exit 0

        or one line that says why azcmagent was not asked: ``@absent``, ``@no token 400``, ``@already``; behind the
        last one stands ``Resource Id    : /subscriptions/...``.
        """
        if seen.state == "timed out":
            return cls(missing="It did not end in time and was stopped; what it had done by then is not known.")
        if seen.state != "done":
            return cls(missing=seen.stderr.strip() or "The session ended while it ran.")
        text, _, after = seen.stdout.partition("\n@text\n")
        resource = re.findall(r"Resource I[dD] *[=:] *(/[^\s\"]+)", text)
        named = plain(resource[-1]) if resource else ""
        if text.startswith(ALREADY):
            return cls(why_not="already", resource=named)
        if found := re.match(r"@(absent|no token \d*)", text):
            return cls(why_not=found[1])
        begin = re.search(r"^@run\n", text, re.M)
        found = re.compile(r"^@exit (\d{1,3})$", re.M).search(text, begin.end()) if begin else None
        if not begin or not found:
            raise ValueError(f"expected @run and @exit, found {plain(text.strip())[:80]!r}")
        lines = tuple(plain(line.strip()) for line in text[begin.end() : found.start()].splitlines() if line.strip())
        shown = Show.read(replace(seen, stdout=f"\n@text\n{after}", truncated=False)) if after else Show()
        return cls(int(found[1]), lines, resource=named, after=shown, seconds=seen.seconds)

    @property
    def words(self) -> str:
        """The last line that says what is wrong, else the last one at all."""
        bad = [line for line in self.said if re.match(r"(?:FATAL|ERROR)\b|.*AZCM\d{4}|.*level=(?:fatal|error)", line)]
        return (bad or list(self.said) or ["nothing"])[-1].rstrip(".")

    def explain(self, verb: str) -> NoReturn:
        """Stop with what its error means."""
        assert self.exit is not None
        found = next(findings(self.said), None)
        meaning = found.explanation if found else exit_code(self.exit)
        said = f"azcmagent {verb} ended with {self.exit} and said: {self.words}."
        if meaning is None:
            fail(
                said, remedy=f"Look at /var/opt/azcmagent/log/azcmagent.log on the VM, and run azcmagent {verb} again."
            )
        fail(f"{said} {meaning.sentence}", remedy=meaning.advice)


@dataclass(frozen=True, slots=True)
class Machine:
    """The Arc machine as Azure has it. Neither asked nor missing, and without an id: it does not exist."""

    asked: bool = True
    missing: str = ""
    id: str = ""
    status: str = ""
    changed: str = ""

    @classmethod
    def read(cls, seen: ProbeResult) -> Machine:
        """Read what the enrollment noted: the resource, ``null`` when there is none, or why it is not known."""
        if seen.state != "done":
            return cls(missing=seen.stderr.strip() or "it was not asked")
        if seen.stdout == NOT_ASKED:
            return cls(asked=False)
        try:
            found: Any = json.loads(seen.stdout)
        except RecursionError:
            raise ValueError("expected a resource, found JSON that is nested too deep") from None
        if found is None:
            return cls()
        if not isinstance(found, dict) or not isinstance(found.get("properties"), dict):
            raise ValueError("expected a resource")
        told = found["properties"]
        return cls(
            id=plain(str(found.get("id") or "")),
            status=plain(str(told.get("status") or "")),
            changed=plain(str(told.get("lastStatusChange") or "")),
        )


enroll_connect = probe(
    _connect, timeout=LIMIT, root=True, needs=["curl"], accept_states=("lost", "timed out"), read=Command.read
)
enroll_show = probe(
    f"{AZCMAGENT} show -j\necho\necho @text\n{AZCMAGENT} show",
    timeout=SHOW_LIMIT,
    accept_states=("lost", "timed out"),
    read=Show.read,
)
enroll_disconnect = probe(
    _disconnect,
    timeout=DISCONNECT_LIMIT,
    root=True,
    needs=["curl"],
    accept_states=("lost", "timed out"),
    read=Command.read,
)
# These two are answered by Azure, not by the VM: see `plugins.enrollment.enroll`.
enroll_machine = probe("GET the Arc machine", timeout=60, accept_states=("lost",), read=Machine.read)
enroll_gone = probe("GET the Arc machine", timeout=60, accept_states=("lost",), read=Machine.read)

_LOOK = (
    "Run 'azcmagent show' on the VM to see what became of it. If it is not connected and Azure has a resource of its "
    "name, delete that; then run again."
)


# --------------------------------------------------------------------------------------------------------- the checks


@check(
    "ENROLL-001",
    required,
    caused_by=[
        "NET-001",
        "ROLES-001",
        "ROLES-002",
        "ROLES-003",
        "TOKEN-001",
        "TOKEN-002",
        "TOKEN-003",
        "TOKEN-004",
        "PLATFORM-005",
        "VM-006",
        "CSN-001",
        "CSN-002",
        "CSN-003",
        "PROXY-001",
        "PROXY-002",
        "PROXY-003",
        "PROXY-004",
        "PROXY-005",
        "PROXY-006",
        "AGENT-001",
        "AGENT-002",
        "AGENT-003",
        "AGENT-004",
        "AGENT-005",
        "AGENT-006",
        "AGENT-007",
    ],
    remedy=_LOOK,
    docs=f"{ARC}/azcmagent-connect",
    component="vm",
)
def test_the_machine_connects(enroll_connect: Command) -> str:
    """The machine connects with a token of its managed identity.

    Success: azcmagent connect ended with 0.
    Failure: it ended with something else, which is explained; the agent is not installed; or IMDS gave no token.
    Unknown: it did not end in time, the session was lost, or it is not known where the machine should go.
    Not applicable: it was connected before this run, and was left as it is.
    """
    done = enroll_connect
    if done.missing:
        unknown(done.missing)
    match done.why_not.partition(" ")[0]:
        case "already":
            not_applicable(
                f"Connected before this run{f' as {done.resource}' if done.resource else ''}: left as it is."
            )
        case "absent":
            fail(
                f"The agent is not installed ({AZCMAGENT} is not there), so there was nothing to connect with.",
                remedy="Install the agent (curl -L https://aka.ms/azcmagent -o install.sh; bash install.sh), set its "
                "proxy (azcmagent config set proxy.url), and run again.",
            )
        case "no":
            code = done.why_not.rpartition(" ")[2]
            answered = "did not answer" if code in ("", "000") else f"answered {code}"
            fail(
                f"IMDS {answered} when the token for the connecting was asked for, so nothing was connected.",
                remedy="It did issue one a moment ago (TOKEN-001): run again; if it stays so, see TOKEN-001.",
            )
    if done.exit:
        done.explain("connect")
    return (
        f"Connected{f' as {done.resource}' if done.resource else ''} in {done.seconds:.0f} s, with a token from IMDS."
    )


@check(
    "ENROLL-002",
    required,
    requires=["ENROLL-001"],
    caused_by=["AGENT-003", "NET-001", "PROXY-004"],
    remedy="On the VM: azcmagent show, systemctl status himdsd, and the end of /var/opt/azcmagent/log/himds.log. Azure "
    "follows the agent's heartbeat, which may take some minutes: look again after that.",
    docs=f"{ARC}/azcmagent-show",
    component="vm",
)
def test_both_sides_say_connected(enroll_show: Show, enroll_machine: Machine) -> str:
    """The agent and Azure both say Connected.

    Success: azcmagent show says Connected, and the Arc machine in Azure has the status Connected.
    Failure: one of them says something else, or Azure has no such machine.
    Unknown: the agent or Azure could not be asked. With --no-azure, the agent's word is enough, and that is said.
    """
    if enroll_show.missing:
        unknown(f"azcmagent show has no answer after the connecting: {enroll_show.missing}.")
    if not enroll_show.connected:
        told = " ".join(filter(None, (enroll_show.error_code, enroll_show.error_details))).rstrip(".")
        known = next(findings([told]), None)
        fail(
            f"azcmagent show says {enroll_show.status} after the connecting; expected Connected."
            + (f" Its error: {told}." if told else "")
            + (f" {known.explanation.sentence}" if known else ""),
            remedy=known.explanation.advice if known else "",
        )
    if not enroll_machine.asked:
        return "azcmagent show says Connected. Azure was not asked (--no-azure)."
    if enroll_machine.missing:
        unknown(
            f"azcmagent show says Connected; what Azure says is not known: {enroll_machine.missing}",
            remedy="Look at the Arc machine in the portal, or give the runner Reader on its resource group.",
        )
    where = f" {enroll_show.resource}" if enroll_show.resource else " this machine"
    if not enroll_machine.id:
        fail(
            f"azcmagent show says Connected, but Azure does not show{where}.",
            remedy="Compare the target in the inventory with what 'azcmagent show' names. If they are the same and the "
            "resource stays away, run 'azcmagent disconnect --force-local-only' and connect again.",
        )
    if enroll_machine.status.lower() != "connected":
        since = f" since {enroll_machine.changed}" if enroll_machine.changed else ""
        fail(
            f"azcmagent show says Connected, but Azure has {enroll_machine.id} as "
            f"{enroll_machine.status or 'without a status'}{since}; expected Connected."
        )
    return f"azcmagent show says Connected, and so does Azure of {enroll_machine.id}."


@check(
    "ENROLL-003",
    required,
    requires=["ENROLL-001"],
    remedy="Delete the Arc machine in Azure if it is still there, then run 'azcmagent disconnect --force-local-only' "
    "on the VM.",
    docs=f"{ARC}/azcmagent-disconnect",
    component="vm",
)
def test_disconnecting_leaves_nothing(enroll_connect: Command, enroll_disconnect: Command, enroll_gone: Machine) -> str:
    """Disconnecting again leaves neither a resource nor local state.

    Success: azcmagent disconnect ended with 0, azcmagent show names no resource, and Azure has none.
    Failure: it ended with something else, or something was left on one of the two sides.
    Unknown: it did not end in time, the session was lost, or Azure could not be asked.
    Not applicable: the machine was connected before this run, so it was not disconnected.
    """
    if enroll_connect.why_not == "already":
        not_applicable("Connected before this run, so it was not disconnected.")
    done = enroll_disconnect
    if done.missing:
        unknown(f"{done.missing.rstrip('.')}. The machine may still be connected.")
    if done.why_not:
        what = "the agent is gone" if done.why_not == "absent" else "IMDS issued no token for it"
        fail(f"The machine is still connected: {what}.")
    if done.exit:
        done.explain("disconnect")
    if done.after.missing:
        unknown(f"azcmagent disconnect ended with 0, but azcmagent show has no answer after it: {done.after.missing}.")
    if done.after.connected or done.after.resource:
        names = f" and names {done.after.resource}" if done.after.resource else ""
        fail(
            f"azcmagent disconnect ended with 0, but azcmagent show says {done.after.status}{names}; expected "
            "Disconnected and no resource."
        )
    if enroll_gone.missing:
        unknown(
            f"Disconnected on the VM; whether Azure still has the resource is not known: {enroll_gone.missing}",
            remedy="Look for the Arc machine in the portal, and delete it if it is there.",
        )
    if not enroll_gone.asked:
        return "Disconnected: azcmagent show names no resource. Azure was not asked (--no-azure)."
    if enroll_gone.id:
        fail(f"Disconnected on the VM, but Azure still has {enroll_gone.id} ({enroll_gone.status or 'no status'}).")
    return "Disconnected: azcmagent show names no resource, and Azure has none."
