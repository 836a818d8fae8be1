"""The metadata service, requested with the session's own settings: the route of that request.

curl's ``-v`` prints the addresses that it tried and the form of the request; its other lines may contain a login
(``Proxy auth using Basic with user``), so the VM prints only these, on stderr::

    @tried 169.254.0.11:3128          one line for each address; before curl 7.70 without the port
    @proxied                          the request, or a CONNECT, was one for an HTTP proxy
    @set X                            XDG_CONFIG_HOME is set; C: CURL_HOME
    @rc H proxy /root/.curlrc         a possible configuration file of curl, and whether it names a proxy
    curl: (7) Failed to connect ...   curl's message, unless it may contain a login
"""

from __future__ import annotations

import re
from functools import cache

import msgspec

from plugins import ProbeResult, Profile, probe
from suites.probes.curl import EXITS, CurlAnswer, curl, curl_windows, to_metadata
from suites.probes.imds import healthz_url
from suites.wording import plain

#: Without -q and --noproxy: with the VM's curlrc and environment. A message of curl may quote the
#: proxy, or a part of a password as a host: it is withheld when the proxy that curl may have used has a login.
_AS_IS = r"""
{ e=$(exec @CURL@ 2>&1 >&4); s=$?; } 4>&1
[ "$CURL_HOME" ] && echo '@set C' >&2
[ "$XDG_CONFIG_HOME" ] && echo '@set X' >&2
login=$http_proxy$all_proxy$ALL_PROXY
for f in "C ${CURL_HOME:-/dev/null}/.curlrc" "x ${XDG_CONFIG_HOME:-/dev/null}/.curlrc" \
  "X ${XDG_CONFIG_HOME:-/dev/null}/curlrc" "H $HOME/.curlrc" "h $HOME/.config/curlrc"; do
  [ -r "${f#* }" ] || continue
  case $f in
  *[!A-Za-z0-9\ ._/@+-]*) continue ;;
  esac
  lines=$(grep -isE '^[[:space:]]*(-x|-*(proxy|preproxy|socks|noproxy|connect-to|unix-socket|abstract-unix))' "${f#* }")
  printf '@rc %s %s %s\n' "${f%% *}" "${lines:+proxy}" "${f#* }" >&2
  login=$login$lines
done
set -f
IFS='
'
error=
for line in $e; do
  rest=${line#\* }
  rest=${rest#"${rest%%[! ]*}"}
  word=${line#? }
  word=${word%% *}
  case $line in
  ?' CONNECT '*) echo @proxied >&2 ;;
  '* '*) case $rest in 'Trying '*...*) rest=${rest%...*} && printf '@tried %s\n' "${rest#Trying }" >&2 ;; esac ;;
  ?" $word http://"*) case $word in *[!A-Z]*) ;; *) echo @proxied >&2 ;; esac ;;
  'curl: '*) error=$line ;;
  esac
done
e=$error
case $e$login in
*@* | *[Pp][Rr][Oo][Xx][Yy]-[Uu]*) [ "$e" ] && e="curl: ($s) its sentence is withheld: the proxy has a login" ;;
esac
[ "$e" ] && printf '%s\n' "$e" >&2
exit $s
"""


def _request(profile: Profile) -> tuple[str, ...]:
    return "-sS", "-v", *to_metadata(healthz_url(profile), profile.timeouts.imds)


def _as_is(profile: Profile) -> str:
    return _AS_IS.replace("@CURL@", curl(*_request(profile))).strip()


_FILTER = r"""
$lines = $slot.err.ToString() -split "`n"
[void]$slot.err.Clear()
$login = "$env:http_proxy$env:all_proxy"
foreach ($line in $lines) {
    if ($line -match '^\*\s+Trying (.+)\.\.\.') { Add-Output 'err' "@tried $($Matches[1])`n" }
    elseif ($line -match '^> ([A-Z]+ http://|CONNECT )') { Add-Output 'err' "@proxied`n" }
    elseif ($line -match '^curl: \(' -and -not "$line$login".Contains('@')) { Add-Output 'err' "$line`n" }
    elseif ($line -match '^curl: \(\d+\)') {
        Add-Output 'err' "$($Matches[0]) its sentence is withheld: the proxy has a login`n"
    }
}"""


def _as_is_windows(profile: Profile) -> str:
    return curl_windows(*_request(profile)) + _FILTER


_TRIED, _PROXIED = re.compile(r"^@tried (.*)$", re.M), re.compile(r"^@proxied$", re.M)
_SET = re.compile(r"^@set ([CX])$", re.M)
_FILE = re.compile(r"^@rc ([CxXHh]) (proxy|) ([\w ./@+-]{1,300})$", re.M)


@cache
def _address_of(host: str) -> re.Pattern[str]:
    return re.compile(rf"\[?{re.escape(host)}\]?(?::\d+)?")


class OwnSettings(msgspec.Struct, frozen=True):
    """The answer, and the route of the request."""

    answer: CurlAnswer
    tried: str  # the last address that curl tried, as curl wrote it; "" = none
    proxied: bool  # the request had the form for an HTTP proxy
    homes: frozenset[str]  # "C", "X": which of CURL_HOME and XDG_CONFIG_HOME are set
    files: tuple[tuple[str, bool, str], ...]  # kind, whether it names a proxy, path: the existing configuration files

    @classmethod
    def read(cls, result: ProbeResult) -> OwnSettings:
        """Read what the probe printed; see the top of this module."""
        answer = CurlAnswer.read(result)
        tried = _TRIED.findall(answer.verbose)
        return cls(
            answer,
            plain(tried[-1].strip()) if tried else "",
            bool(_PROXIED.search(answer.verbose)),
            frozenset(_SET.findall(answer.verbose)),
            tuple([(kind, bool(proxy), path) for kind, proxy, path in _FILE.findall(answer.verbose)]),
        )

    def goes_to(self, host: str) -> bool:
        """True when the last address is that host's, and the request was sent to it as a server, not as a proxy."""
        return not self.proxied and bool(_address_of(host).fullmatch(self.tried))

    def curlrc(self, version: tuple[int, ...]) -> str:
        """The configuration file that this curl reads, if it names a proxy; else "".

        curl's own search, from its source: CURL_HOME (before 7.81 it alone, when set), XDG_CONFIG_HOME since 7.73 with
        a dot, since 8.10 without, HOME; since 7.83 .config of HOME where XDG_CONFIG_HOME is not set.
        """
        order = "CXHh" if version >= (8, 10) else "CxHh" if version >= (7, 83) else "CxH"
        if version < (7, 73):
            order = "CH"
        if version < (7, 81) and "C" in self.homes:
            order = "C"
        if "X" in self.homes or ("X" in order and any(kind == "X" for kind, _, _ in self.files)):
            order = order.replace("h", "")
        first = next((file for kind in order for file in self.files if file[0] == kind), None)
        return first[2] if first and first[1] else ""


healthz_as_is = probe(
    _as_is, windows=_as_is_windows, timeout=10, needs=["curl"], accept_exits=EXITS, read=OwnSettings.read
)
