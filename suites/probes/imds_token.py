"""Tokens of the metadata service: the VM's request for one, and the parts that leave the VM.

A token is a secret because of its signature; its claims are not. So the VM itself splits it, in its shell's own memory:
the signature (and the header, and a refresh token) are dropped, the claims are sent as base64, in groups of four, which
is not redacted as a token and cannot be used as one. A probe's stdout::

    claims=eyJh dWQi OiJo dHRw czov L21h bmFn ZW1l bnQu YXp1 cmUu Y29t ...
    client_id="cccccccc-0000-4000-8000-000000000001"
    expires_on="1795387558"
    resource="https://management.azure.com/"
    @tries 1
    @curl code=200 connect=000 request=301 verify=0 total=0.034211

and when there is none::

    body={"error":"invalid_request","error_description":"Identity not found"}
    @tries 1
    @curl code=400 connect=000 request=301 verify=0 total=0.003211
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote as url_quote

import msgspec

from plugins import ProbeResult, Profile, Vm, probe, quote, tool
from plugins.requirements.data_files import read_as
from suites.probes.curl import EXITS, WRITE, CurlAnswer
from suites.wording import plain


@dataclass(frozen=True, slots=True)
class KnownRefusal:
    """The meaning of an error of the metadata service, or of az."""

    pattern: str
    meaning: str
    remedy: str  # "" when the VM has to be created again
    create_again: bool = False
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenRules:
    """data/token.toml."""

    audiences: Mapping[str, tuple[str, ...]]  # by cloud
    identity_options: tuple[str, ...]  # of az login, in the order to try
    backdated: int
    nearly_expired: int
    refusals: tuple[KnownRefusal, ...]
    az_refusals: tuple[KnownRefusal, ...]  # in the order to try


@cache
def token_rules() -> TokenRules:
    """Requirements on tokens, from the data file."""
    return read_as("token", TokenRules)


def resource(vm: Vm, profile: Profile) -> str:
    """The audience of the token: ``https://management.azure.com/``, in the VM's cloud."""
    return profile.resource_manager(vm).url


def user_assigned(vm: Vm) -> str:
    """The ARM id of the user-assigned identity that the inventory expects, "" for the system-assigned or none."""
    return vm.identity if vm.identity and vm.identity.lower() != "system" else ""


def url(vm: Vm, profile: Profile) -> str:
    """The request for a token of the identity that the inventory expects."""
    selector = f"&msi_res_id={url_quote(user_assigned(vm), safe='')}" if user_assigned(vm) else ""
    return (
        f"http://{profile.imds}/metadata/identity/oauth2/token?api-version=2018-02-01"
        f"&resource={url_quote(resource(vm, profile), safe='')}{selector}"
    )


#: Statuses for which Microsoft recommends a retry: not found yet, being updated, throttled, and its own failure.
_AGAIN = "code=404\\ * | code=410\\ * | code=429\\ * | code=5*"

#: Only builtins touch the token: no part of it is in an argument list or a file. An answer that ends before curl's
#: own line is dropped completely. An answer without a token is quoted only when nothing in it looks like one.
_ASK = r"""
ask() {
  answer=$(curl -q -sS --noproxy '*' --connect-timeout @CONNECT@ --max-time @LIMIT@ -H Metadata:true -w @WRITE@ @URL@)
  status=$?
  case $answer in *'@curl code='*) ;; *) answer= ;; esac
  numbers=${answer##*@curl }
  body=${answer%@curl *}
}
tries=1
ask
case $numbers in @AGAIN@)
  tries=2
  sleep 2
  ask
  ;;
esac
token= claims=
key='"access_token"'
case $body in *"$key"*)
  token=${body#*"$key"}
  token=${token#*\"}
  token=${token%%\"*}
  ;;
esac
case $token in
*.*.*.*) ;;
?*.?*.*)
  claims=${token#*.}
  claims=${claims%%.*}
  ;;
esac
case $claims in *[!A-Za-z0-9_-]*) claims= ;; esac
if [ "$token" ]; then
  printf '%s\n' "$claims" | sed 's/..../& /g; s/^/claims=/'
  for key in client_id expires_in expires_on not_before resource token_type; do
    case $body in *"\"$key\""*) ;; *) continue ;; esac
    value=${body#*"\"$key\""}
    value=${value#*:}
    value=${value%%[,\}]*}
    case $value in
    *eyJ*) ;;
    *) printf '%s=%.120s\n' "$key" "$value" ;;
    esac
  done
else
  case $numbers$body in
  *_token* | *eyJ*) echo 'body=(withheld: a token may be in it)' ;;
  code=2*) ;;
  *) printf 'body=%.600s\n' "$body" ;;
  esac
fi
printf '@tries %s\n@curl %s\n' "$tries" "$numbers"
exit $status
"""


def _command(vm: Vm, profile: Profile) -> str:
    # The sidecar forwards the request to the platform, so it gets more time than /healthz.
    filled = {
        "@CONNECT@": str(profile.timeouts.imds),
        "@LIMIT@": str(profile.timeouts.total),
        "@WRITE@": quote(WRITE),
        "@URL@": quote(url(vm, profile)),
        "@AGAIN@": _AGAIN,
    }
    return re.sub("|".join(filled), lambda match: filled[match[0]], _ASK).strip()


# The same in PowerShell: the matches of -match also stay in the memory of one process.
_ASK_WINDOWS = r"""
$tries = 0
do {
    if ($tries) { [Threading.Thread]::Sleep(2000) }
    $tries += 1
    $numbers = ''
    $body = ''
    $answer = [string](@CURL@)
    $status = $global:LASTEXITCODE
    $at = $answer.LastIndexOf('@curl code=')
    if ($at -ge 0) {
        $numbers = $answer.Substring($at + 6).Trim()
        $body = $answer.Substring(0, $at)
    }
} while ($tries -lt 2 -and $numbers -match '^code=(404|410|429|5\d\d) ')
$token = if ($body -match '"access_token"\s*:\s*"([^"]*)"') { $Matches[1] } else { '' }
if ($token) {
    $parts = $token.Split('.')
    $claims = if ($parts.Count -eq 3 -and $parts[1] -match '^[A-Za-z0-9_-]+$') { $parts[1] } else { '' }
    'claims=' + ($claims -replace '(.{4})', '$1 ').Trim()
    foreach ($key in 'client_id', 'expires_in', 'expires_on', 'not_before', 'resource', 'token_type') {
        if ($body -match "`"$key`"\s*:\s*(`"[^`"]{0,120}|[^,}]{0,120})" -and $Matches[1] -notmatch 'eyJ') {
            "$key=" + $Matches[1]
        }
    }
} elseif ("$numbers$body" -match '_token|eyJ') {
    'body=(withheld: a token may be in it)'
} elseif ($numbers -notmatch '^code=2') {
    'body=' + $body.Substring(0, [Math]::Min(600, $body.Length))
}
"@tries $tries"
"@curl $numbers"
$global:LASTEXITCODE = $status
"""


def _command_windows(vm: Vm, profile: Profile) -> str:
    limits = ["--max-time", str(profile.timeouts.total), "-H", "Metadata:true"]
    ask = tool("curl.exe", "-q", "-sS", "--noproxy", "*", *limits, "-w", WRITE, url(vm, profile))
    return _ASK_WINDOWS.replace("@CURL@", ask).strip()


# They begin with the end of the line before, not with ^: the search for a text is ten times as fast.
_CLAIMS, _BODY = re.compile(r"\nclaims=([A-Za-z0-9_ -]*)$", re.M), re.compile(r"\nbody=")
_TRIES = re.compile(r"\n@tries (\d{1,3})$", re.M)
_FIELD = re.compile(r'^([a-z_]+)=[ \t]*"?([^"\n]*)', re.M)
_PAGE = re.compile(r"<(!doctype +)?html\b", re.I)


class TokenAnswer(msgspec.Struct, frozen=True):  # made in a tenth of a dataclass's time
    """The metadata service's answer to the request for a token."""

    curl: CurlAnswer
    issued: bool  # it had an access_token
    claims: Mapping[str, Any] | None  # None: no token, or its claims could not be read
    fields: Mapping[str, str]  # the fields beside it: client_id, expires_on, ...
    error: str  # "invalid_request: Identity not found", or the text of a page or of XML
    tries: int
    page: bool = False  # the answer is HTML
    received: float = 0.0  # the runner's clock, 0 = not recorded

    @classmethod
    def read(cls, result: ProbeResult) -> TokenAnswer:
        """Read what the probe printed; see the top of this module."""
        curl = CurlAnswer.read(result)
        text = result.stdout.replace("\r", "")
        lines = f"\n{text}"
        claims, tries, begin = _CLAIMS.search(lines), _TRIES.search(lines), _BODY.search(lines)
        body = lines[begin.end() : tries.start() + 1] if begin and tries else ""
        return cls(
            curl,
            issued=claims is not None,
            claims=_claims(claims[1]) if claims else None,
            fields=dict(_FIELD.findall(text.replace("\\/", "/"))) if claims else {},
            error=_error(body.strip()) if body else "",
            tries=int(tries[1]) if tries else 1,
            page=bool(_PAGE.search(body)),
            received=result.received,
        )

    def claim(self, name: str) -> str:
        """A claim as text, "" when it is absent."""
        value = (self.claims or {}).get(name)
        return plain(value) if isinstance(value, str) else ""

    def time(self, name: str) -> int | None:
        """A claim that is a time, in seconds since 1970; some stacks write numbers as text. None: it is absent."""
        value = (self.claims or {}).get(name)
        try:
            seconds = int(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else -1
        except (ValueError, OverflowError):
            return None
        return seconds if 0 <= seconds <= _LAST_SECOND else None


#: The end of the year 9999, the limit of clocks.
_LAST_SECOND = 253_402_300_799


def _claims(groups: str) -> Mapping[str, Any] | None:
    payload = groups.replace(" ", "")
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def _error(body: str) -> str:
    """``{"error":"invalid_request","error_description":"Identity not found"}``, or any other text."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict):
        words = [answer.get("error"), answer.get("error_description")]
        if isinstance(words[0], dict):  # {"error": {"code": "...", "message": "..."}}, as ARM writes it
            words = [words[0].get("code"), words[0].get("message")]
        parts = [str(word).strip() for word in words if word]
        if parts:
            return plain(": ".join(parts))
    # <Error xmlns:i="..."><Details>Header contains 'X-Forwarded-For' are not supported.</Details></Error>, or a page
    text = re.sub(r"(?is)<(head|style|script)\b.*?(</\1>|\Z)|<[^<>]*>", " ", body)
    return plain(" ".join(text.split()) or " ".join(body.split()))


#: One request serves TOKEN-001, TOKEN-002 and TOKEN-003.
arm_token = probe(
    _command, windows=_command_windows, timeout=27, needs=["curl"], accept_exits=EXITS, read=TokenAnswer.read
)
