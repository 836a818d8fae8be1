"""`az login --identity` on the VM: the commands, and what az printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from plugins import ProbeResult, Profile, Vm, probe, quote
from suites.probes import imds_token
from suites.probes.az_version import AZ_ON_LINUX
from suites.probes.azcmagent_output import HIMDS
from suites.probes.one_value import must_be_once
from suites.wording import plain

#: In the private folder of this run ($room), which is removed with its content. az's own Python must not leave
#: compiled files when the login is root. Text that looks like a token is removed from az's output, which comes
#: after the status: a traceback of az has 7 KB and more, and long output is cut at its end.
_AZ = r"""
if [ -e @HIMDS@ ]; then
  echo @himds
  azcmagent show 2>/dev/null | grep '^Agent Status '
  exit 0
fi
export AZURE_CONFIG_DIR="${room:?}/az" AZURE_CORE_COLLECT_TELEMETRY=no AZURE_CORE_NO_COLOR=yes
export AZURE_CORE_ONLY_SHOW_ERRORS=yes AZURE_CORE_LOGIN_EXPERIENCE_V2=off PYTHONDONTWRITEBYTECODE=1
say() { printf '%s\n' "$output" | sed 's/eyJ[A-Za-z0-9_.=-]*/(cut)/g'; }
echo @login
output=$(az login --identity @FIRST@ -o none 2>&1)
status=$?
@SECOND@
echo "@exit $status"
say
[ $status = 0 ] || exit 0
echo @token
output=$(az account get-access-token --resource @RESOURCE@ --query expiresOn -o tsv 2>&1)
echo "@exit $?"
say
"""

_OTHERWISE = r"""
case $status$output in 0*) ;; *'unrecognized arguments'*)
  output=$(az login --identity @OPTION@ -o none 2>&1)
  status=$?
  ;;
esac
"""


def _az(vm: Vm, profile: Profile) -> str:
    user = imds_token.user_assigned(vm)
    options = [f"{option} {quote(user)}" for option in imds_token.token_rules().identity_options] if user else [""]
    filled = {
        "@HIMDS@": HIMDS,
        "@FIRST@ ": f"{options[0]} " if user else "",
        "@SECOND@": "\n".join(_OTHERWISE.replace("@OPTION@", option).strip() for option in options[1:]),
        "@RESOURCE@": quote(imds_token.resource(vm, profile)),
    }
    return re.sub("|".join(filled), lambda match: filled[match[0]], _AZ).strip()


class Step(NamedTuple):
    """One command of az."""

    exit: int | None  # None: it did not end
    output: str


@dataclass(frozen=True, slots=True)
class AzLogin:
    """The steps of az on the VM and their outcome."""

    installed: bool
    agent: str | None = None  # the agent is installed; its status ("" = not known)
    login: Step | None = None
    token: Step | None = None
    seconds: float = 0.0

    @classmethod
    def read(cls, result: ProbeResult) -> AzLogin:
        """Read the steps.

        ::

            @login
            @exit 0
            @token
            @exit 0
            2026-11-22 22:45:58.000000
        """
        if result.state == "no tool":
            return cls(installed=False)
        text = result.stdout.replace("\r", "")
        if re.search(r"^@himds$", text, re.M):
            status = re.search(r"^Agent Status\s*:[ \t]*(.*?)[ \t]*$", text, re.M)
            return cls(installed=True, agent=plain(status[1]) if status else "")
        must_be_once("@login", text)
        must_be_once("@token", text)
        steps: dict[str, Step] = {}
        for name, exit, output in re.findall(
            r"^@(login|token)\n(?:@exit (\d+)\n)?(.*?)(?=^@(?:login|token)$|\Z)", text, re.M | re.S
        ):
            steps[name] = Step(int(exit) if exit else None, output.strip())
        if "login" not in steps:
            raise ValueError(f"expected '@login' and what az printed, found {text[-60:]!r}")
        return cls(True, None, steps["login"], steps.get("token"), result.seconds)


az_login = probe(
    _az,
    timeout=45,
    needs=["az"],
    cap=8192,
    accept_states=("no tool", "timed out"),
    linux_only=AZ_ON_LINUX,
    read=AzLogin.read,
)
