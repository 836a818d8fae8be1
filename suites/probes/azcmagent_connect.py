"""`azcmagent connect` and `disconnect`: the only commands of the suites that change anything (``--enroll``).

The credentials of azcmagent stay on the VM: the token, which the VM requests from the metadata service, or with path:
relay the private key that the Arc machine was made with, from the file that the inventory names. It is in the shell's
memory, and in a file of root's (0600) in the run's private folder, which azcmagent reads (``--config``, as all its
commands can) and which is removed at once. It is in no argument list and in nothing that is sent back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from plugins import ANY_ERROR, ProbeResult, Profile, Vm, probe, quote
from plugins.checks.enrollment_marks import ALREADY, NOT_QUERIED
from plugins.requirements.log_grammar import Level, read_line
from suites.probes import imds_token
from suites.probes.azcmagent import AgentStatus
from suites.probes.azcmagent_output import AZCMAGENT
from suites.wording import plain

#: Seconds: azcmagent gives up after ten minutes; disconnecting takes less.
LIMIT, DISCONNECT_LIMIT, SHOW_LIMIT = 660, 300, 30

_LEAVE_ALONE = r"""
shown=$(@AGENT@ show 2>/dev/null) || {
  status=$?
  [ $status -lt 126 ] || exit $status
}
if printf '%s\n' "$shown" | grep -q '^Agent Status *: *Connected'; then
  echo @already
  printf '%s\n' "$shown" | grep '^Resource Id '
  exit 0
fi
"""

#: Only builtins touch the token, except base64, which gets only its claims: they name the tenant.
_TOKEN = r"""
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
secret=\"access-token\":\"$token\"
claims=${token#*.}
claims=${claims%%.*}
tenant=$(printf '%s===' "$claims" | tr '_-' '/+' | base64 -d 2>/dev/null |
  sed -n 's/.*"tid" *: *"\([0-9A-Fa-f-]*\)".*/\1/p')
tenant=@TENANT@
"""

#: A key in PEM is base64 between two lines. The agent takes PKCS#1 (docs/enroll.md): its DER begins with a sequence
#: (30 82 and the length), version 0 (02 01 00) and the modulus (02 82 or 02 81); PKCS#8 has an algorithm there (30 0d).
_KEY = r"""
tenant=
[ -f @KEY@ ] && [ -r @KEY@ ] || {
  echo "@no key file"
  exit 1
}
token=$(head -c 16384 @KEY@ | sed '/^-----[A-Z ]*PRIVATE KEY-----/d' | tr -d '\r\n ')
case $token in
*[!A-Za-z0-9+/=]*) code=form ;;
MII?????AAK[BC]*) code= ;;
MII?????ADA*) code=PKCS#8 ;;
*) code=form ;;
esac
[ -z "$code" ] || {
  echo "@no key $code"
  exit 1
}
secret=\"private-key\":\"$token\"
"""

#: Removes the secret, tokens and the progress bar from azcmagent's output.
_CONNECT = r"""
[ -x @AGENT@ ] || {
  echo @absent
  exit 1
}
@FIRST@
@SECRET@
file=${room:?}/azcmagent.json
umask 077
printf '%s%s%s}' @SETTINGS@ "$tenant" "$secret" >"$file"
secret=
echo @run
output=$(@AGENT@ @VERB@ --config "$file" 2>&1)
status=$?
rm -f "$file"
while :; do
  case $output in
  *"$token"*) output=${output%%"$token"*}'(cut)'${output#*"$token"} ;;
  *) break ;;
  esac
done
token=
printf '%s\n' "$output" | tr '\r' '\n' |
  sed 's/eyJ[A-Za-z0-9_.=%-]*/(cut)/g; s/ZXlK[A-Za-z0-9+\/_=-]*/(cut)/g; /%  *\[/d' |
  tail -n 40 | tail -c 8000
echo "@exit $status"
@LAST@
exit $status
"""


def _script(verb: str, settings: Mapping[str, str], vm: Vm, profile: Profile, first: str = "", last: str = "") -> str:
    existing = verb == "connect" and vm.path == "relay"
    head = json.dumps(settings, separators=(",", ":"))
    filled = {
        "@AGENT@": AZCMAGENT,
        "@FIRST@": first.strip().replace("@AGENT@", AZCMAGENT),
        "@KEY@": quote(vm.target.private_key_file or "<private_key_file of the VM>"),
        "@LAST@": last.replace("@AGENT@", AZCMAGENT),
        "@TENANT@": '${tenant:+"\\"tenant-id\\":\\"$tenant\\","}' if verb == "connect" else "",
        "@SETTINGS@": quote(f"{head[:-1]}," if settings else "{"),
        "@SECONDS@": str(profile.timeouts.total),
        "@URL@": quote(imds_token.url(vm, profile)),
        "@VERB@": f"{verb} existing" if existing else verb,
    }
    whole = _CONNECT.replace("@SECRET@", _KEY if existing else _TOKEN)
    script = re.sub("|".join(filled), lambda match: filled[match[0]], whole).strip()
    return re.sub(r"\n{2,}", "\n", script)


def _tag(text: str) -> str:
    """``Owner='Shared Services'``: azcmagent requires quotes around values with a space."""
    return f"'{text}'" if " " in text else text


def settings(vm: Vm) -> dict[str, str]:
    """The options of azcmagent, by name. Values not known yet are in angle brackets (--plan)."""
    target = vm.target
    options = {
        "subscription-id": target.subscription or "<subscription of the VM>",
        "resource-group": target.resource_group or "<resource group of the VM>",
        "location": target.location or "<location of the VM>",
        "resource-name": (vm.resource_id or vm.name).rstrip("/").rpartition("/")[2],
    }
    if vm.path == "relay":  # the machine already has its tags; these two are read from Azure (plugins.enrollment)
        options["vmid"] = target.vm_id or "<vmId of the Arc machine>"
        options["tenant-id"] = target.tenant or "<tenant of the Arc machine>"
    elif target.tags:
        options["tags"] = ",".join(f"{_tag(name)}={_tag(value)}" for name, value in target.tags.items())
    if target.cloud != "AzureCloud":
        options["cloud"] = target.cloud
    return options


def _connect(vm: Vm, profile: Profile) -> str:
    return _script("connect", settings(vm), vm, profile, first=_LEAVE_ALONE)


def _disconnect(vm: Vm, profile: Profile) -> str:
    return _script("disconnect", {}, vm, profile, last="echo @text\n@AGENT@ show")


_EXIT = re.compile(r"^@exit (\d{1,3})$", re.M)

_REASONS: tuple[Literal["absent", "no token", "no key"], ...] = ("absent", "no token", "no key")


@dataclass(frozen=True, slots=True)
class AgentCommand:
    """The result of ``azcmagent connect`` or ``disconnect``. `missing`: why it is not known."""

    exit: int | None = None  # None: it did not run
    lines: tuple[str, ...] = ()  # its output
    why_not: Literal["", "already", "absent", "no token", "no key"] = ""
    detail: str = ""  # the HTTP status of IMDS; the problem of the key: "file", "form", "PKCS#8"
    resource: str = ""  # the id that it named
    after: AgentStatus = field(default_factory=AgentStatus)  # azcmagent show afterwards, of `disconnect`
    missing: str = ""
    seconds: float = 0.0

    @classmethod
    def read(cls, result: ProbeResult) -> AgentCommand:
        """Read the answer.

        ::

            @run
            INFO    Connecting machine to Azure... This might take a few minutes.
            INFO    Creating resource in Azure...  Correlation ID=6a... Resource ID=/subscriptions/.../machines/vm-a
            INFO    Connected machine to Azure
            @exit 0

        or one line with the reason why azcmagent did not run: ``@absent``, ``@no token 400``, ``@no key PKCS#8``,
        ``@already``; after the last one follows ``Resource Id    : /subscriptions/...``.
        """
        if result.state == "timed out":
            return cls(missing="It did not finish in time and was stopped; how far it got is not known.")
        if result.state != "done":
            return cls(missing=result.stderr.strip() or "The session ended while it ran.")
        text, mark, after = result.stdout.rpartition("\n@text\n")
        text = text if mark else result.stdout
        resource = re.findall(r"Resource I[dD] *[=:] *(/[^\s\"]+)", text)
        named = plain(resource[-1]) if resource else ""
        if text.startswith(ALREADY):
            return cls(why_not="already", resource=named)
        for reason in _REASONS:
            if text.startswith(f"@{reason}"):
                return cls(why_not=reason, detail=plain(text[len(reason) + 1 :].strip()))
        begin = re.search(r"^@run\n", text, re.M)
        # The last one is the command's own: azcmagent may print anything before it.
        match = [*_EXIT.finditer(text, begin.end())][-1:] if begin else []
        if not begin or not match:
            raise ValueError(f"expected @run and @exit, found {plain(text.strip())[:80]!r}")
        if result.exit and int(match[0][1]) != result.exit:
            raise ValueError(f"expected one exit status, found {match[0][1]} and {result.exit}")
        lines = tuple(plain(line.strip()) for line in text[begin.end() : match[0].start()].splitlines() if line.strip())
        shown = (
            AgentStatus.read(replace(result, stdout=f"\n@text\n{after}", truncated=False)) if after else AgentStatus()
        )
        return cls(int(match[0][1]), lines, resource=named, after=shown, seconds=result.seconds)

    @property
    def error(self) -> str:
        """The last line with an error, else the last line."""
        bad = [line for line in self.lines if read_line(line).level is Level.CERTAIN]
        return (bad or list(self.lines) or ["nothing"])[-1].rstrip(".")


@dataclass(frozen=True, slots=True)
class ArcMachine:
    """The Arc machine in Azure. With neither an id nor `missing`, it does not exist, if Azure was `queried`."""

    queried: bool = True
    missing: str = ""
    id: str = ""
    status: str = ""
    changed: str = ""

    @classmethod
    def read(cls, result: ProbeResult) -> ArcMachine:
        """Read the enrollment's evidence: the resource, ``null`` without one, or why it is not known."""
        if result.state != "done":
            return cls(missing=result.stderr.strip() or "it was not queried")
        if result.stdout == NOT_QUERIED:
            return cls(queried=False)
        try:
            machine: Any = json.loads(result.stdout)
        except RecursionError:
            raise ValueError("expected a resource, found JSON that is nested too deep") from None
        if machine is None:
            return cls()
        if not isinstance(machine, dict) or not isinstance(machine.get("properties"), dict):
            raise ValueError("expected a resource")
        properties = machine["properties"]
        return cls(
            id=plain(str(machine.get("id") or "")),
            status=plain(str(properties.get("status") or "")),
            changed=plain(str(properties.get("lastStatusChange") or "")),
        )


_LINUX = "--enroll does not connect Windows VMs."

_agent_command = partial(
    probe,
    linux_only=_LINUX,
    root=True,
    needs=["curl"],
    accept_states=("lost", "timed out"),
    accept_exits=ANY_ERROR,
    read=AgentCommand.read,
)

enroll_connect = _agent_command(_connect, timeout=LIMIT)
enroll_disconnect = _agent_command(_disconnect, timeout=DISCONNECT_LIMIT)

enroll_show = probe(
    f"{AZCMAGENT} show -j\necho\necho @text\n{AZCMAGENT} show && echo @end",
    timeout=SHOW_LIMIT,
    linux_only=_LINUX,
    accept_states=("lost", "timed out"),
    accept_exits=ANY_ERROR,
    read=AgentStatus.read,
)

# Azure answers these two, not the VM: see `plugins.enrollment.runner`.
enroll_machine = probe("GET the Arc machine", timeout=60, accept_states=("lost",), read=ArcMachine.read)

enroll_gone = probe("GET the Arc machine", timeout=60, accept_states=("lost",), read=ArcMachine.read)
