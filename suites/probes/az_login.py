"""`az login --identity` on the VM: the commands, and what az printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from plugins import ProbeResult, Profile, Vm, probe, quote
from suites.probes import imds_token
from suites.probes.az_version import AZ_ON_LINUX
from suites.probes.azcmagent_output import HIMDS
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


class KnownMessage(NamedTuple):
    """A message of az, its meaning and the remedy."""

    pattern: str
    meaning: str
    remedy: str


#: In the order to try. Measured with az 2.91 (`make az`), but for "unrecognized arguments".
KNOWN_MESSAGES = [
    KnownMessage(
        # 2.91: No access was configured for the managed identity, hence no subscriptions were found. If this is ...
        r"No subscriptions? (were )?found",
        "It has a token, but the identity sees no subscription: it has no role anywhere yet.",
        "Assign the roles (ROLES-001, ROLES-002), then log in again.",
    ),
    KnownMessage(
        r"X-Forwarded-For|metadata header not specified|bad_request_102",
        "The request to IMDS went through a proxy, which IMDS refuses.",
        "Put the metadata address into NO_PROXY and no_proxy (PROXY-002, IMDS-003).",
    ),
    KnownMessage(
        r"Multiple user[ -]assigned|specify the client ?id",
        "The VM has several identities, and az named none.",
        "State the identity to use in the inventory (identity: its ARM id, or system): see IDENTITY-002 and TOKEN-001.",
    ),
    KnownMessage(
        r"JSONDecodeError|Expecting value",
        "Something else than IMDS answered: the request went to the proxy, as it does without NO_PROXY.",
        "Put the metadata address into NO_PROXY and no_proxy (PROXY-002, IMDS-003).",
    ),
    KnownMessage(
        r"CERTIFICATE_VERIFY_FAILED|SSLError|certificate verify failed",
        "az does not trust the certificate of Resource Manager: it has its own CA bundle.",
        "See NET-003. If a proxy inspects TLS, exempt Azure from it; else set REQUESTS_CA_BUNDLE to the VM's bundle.",
    ),
    KnownMessage(
        # HTTPConnectionPool(host='169.254.169.254', port=80): Max retries exceeded ... [Errno 111] Connection refused
        r"host='169\.254\.169\.254'.*(Max retries exceeded|Failed to establish)",
        "It did not reach IMDS.",
        "See IMDS-002 and TOKEN-001: that check requests a token without az.",
    ),
    KnownMessage(
        # ('Unable to connect to proxy', OSError('Tunnel connection failed: 403 Forbidden'))
        r"Tunnel connection failed: \d+",
        "The proxy refused its connection to Resource Manager.",
        "See NET-001 for the proxy's answer, and CSN-002: the cloud services network must allow Resource Manager.",
    ),
    KnownMessage(
        r"Network is unreachable|ProxyError|Max retries exceeded",
        "It did not reach IMDS or Resource Manager with the proxy settings of the environment.",
        "See PROXY-001, PROXY-002, IMDS-003 and NET-001.",
    ),
    KnownMessage(
        r"unrecognized arguments",
        "This az knows none of the options for a user-assigned identity.",
        "Bring az up to date (CLI-001).",
    ),
    KnownMessage(
        r"Identity not found|Failed to connect to MSI|retrieve_token_from_imds|MSI: Failed|"
        r"ManagedIdentity[A-Za-z]*Error|Failed to (get|acquire|obtain) (a )?token|"
        r"invalid_(scope|request|resource)|msrestazure|managed_identity\.py",
        "az got no token from IMDS.",
        "See TOKEN-001: that check requests a token without az, and quotes the answer.",
    ),
]
