"""curl on the VM: the command line that all probes share, and the reader of its output.

A probe's stdout has the output of ``-D -`` and `WRITE`: the headers of every answer (the proxy's to CONNECT first),
then one line of numbers::

    HTTP/1.1 200 Connection established

    HTTP/1.1 400 Bad Request
    Date: Sat, 21 Nov 2026 22:45:58 GMT

    @curl code=400 connect=200 request=79 verify=0 total=0.050096

A guest's curl is as old or new as its distribution. The reader uses only signals that were measured to mean the
same in curl 7.29 (NSS, GnuTLS), 7.52, 7.61, 7.76, 7.88, 8.5, 8.12, 8.14 and 8.21; the third column shows where other
signals differ:

======================  ====================================  ========================================================
fact                    signal                                not used, because
======================  ====================================  ========================================================
a proxy accepted TCP    the line ``> CONNECT `` of ``-v``     ``remote_ip``: 7.29 sets it for refused connections, 8.x
                                                              not before the tunnel stands; ``size_request``: 0 in 8.x;
                                                              ``time_connect``: 0 with a proxy; ``Connected to``: 8.x
                                                              prints it at other times
a service accepted TCP  ``size_request``, for plain requests  ``remote_ip``: as above
CONNECT was answered    ``http_connect``                      exit status: 56; for garbage also 43 (8.14), 8 (8.21)
TLS stood               the line ``> HEAD `` of ``-v``, or
                        ``* SSL connection using``
time ran out            exit 28; in 7.29 also 56 and 7 with   the sentence: it differs in nearly every version
                        one sentence each (`_TIMED_OUT`)
not HTTP                no status, though accepted            exit status: 0 in 7.61 (HTTP/0.9), 1 in 7.76
all of an answer        exit 0, and an empty line after the   exit status: 0 for headers that broke off
                        headers, which begin with its status
where it went           the last line ``*   Trying`` of       the sentence: 7.29 and 8.21 name the origin, and 8.21
                        ``-v``                                the proxy behind it
certificate             exit 51 (before 7.62), 60, 77, 83,    the sentence: it differs between TLS libraries
                        ``ssl_verify_result``
======================  ====================================  ========================================================
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import msgspec

from plugins import ProbeResult, quote, tool
from suites.wording import last_line, plain, sentence

#: curl's own exit statuses.
EXITS = range(100)

#: For ``curl -w``: nothing that curl 7.29 (RHEL 7) does not know.
WRITE = (
    r"\n@curl code=%{http_code} connect=%{http_connect} request=%{size_request}"
    r" verify=%{ssl_verify_result} total=%{time_total}\n"
)

#: Of ``-v``: a request went out, or TLS stood.
_CONNECTED = re.compile(r"^> CONNECT ", re.M)
_SECURED = re.compile(r"^(?:> HEAD |\* SSL connection using )", re.M)
_STATUS = re.compile(r"^HTTP/[\d.]+ (\d+)", re.M)
# curl: (7) Failed to connect to 169.254.0.11 port 3128 after 0 ms: Couldn't connect to server
_ERROR = re.compile(r"^curl: \(\d+\) (.*)$", re.M)

_INTEGER, _DECIMAL = re.compile(r"-?\d{1,12}"), re.compile(r"\d+(?:[.,]\d*)?")

# It begins with the end of the line before, not with ^, which would be tried at each character.
_NUMBERS = re.compile(r"\n@curl (?=code=\d)(?P<pairs>[a-z]+=\S*(?: [a-z]+=\S*)*)(?=\n)")
_PAIR = re.compile(r"([a-z]+)=(\S*)")

#: Exit statuses of an open connection without an HTTP status: HTTP/0.9 (0 and 1), and unreadable headers.
NOT_HTTP = (0, 1, 8, 43)

#: curl 7.29's errors for a time-out without exit 28: waiting for an answer to CONNECT, and for a connection.
_TIMED_OUT = {56: "Proxy CONNECT aborted due to timeout", 7: "connect() timed out!"}


class CurlAnswer(msgspec.Struct, frozen=True):  # made in a tenth of a dataclass's time, and a VM has twenty
    """One request: curl's exit status, its error, and the answer."""

    exit: int
    code: int  # the HTTP status of the origin, 0 = none
    connect: int  # the HTTP status of the proxy's answer to CONNECT, 0 = none
    accepted: bool  # a TCP connection was open: to the proxy, when one is used
    handshake: bool  # TLS was established
    seconds: float
    headers: str  # all header lines, unchanged
    error: str  # curl's own message, without "curl: (7) "
    verbose: str  # the output of -v
    verify: int = 0  # the TLS library's own number for a certificate that is not accepted, 0 = accepted, or none
    whole_head: bool = True  # the headers ended with an empty line: curl accepts incomplete headers, with exit 0

    @classmethod
    def read(cls, result: ProbeResult) -> CurlAnswer:
        """Read a probe that called curl with ``-sS -D - -o /dev/null -w WRITE``.

        Raises ValueError when curl printed no line of numbers, or several.
        """
        stdout, verbose = result.stdout.replace("\r", ""), result.stderr.replace("\r", "")
        matches = list(_NUMBERS.finditer(f"\n{stdout}"))
        if not matches:
            raise ValueError(
                f"curl exited with {result.exit} but printed no @curl line: {last_line(result.stderr) or 'no output'}"
            )
        if len(matches) > 1:
            raise ValueError(f"expected one @curl line, found {len(matches)}")
        numbers = dict(_PAIR.findall(matches[-1]["pairs"]))
        head = stdout[: matches[-1].start()]
        code, connect = _number(numbers.get("code", "")), _number(numbers.get("connect", ""))
        return cls(
            exit=result.exit or 0,
            code=code,
            connect=connect,
            accepted=bool(code or connect or _number(numbers.get("request", "")) or _CONNECTED.search(verbose)),
            handshake=bool(code or _SECURED.search(verbose)),
            seconds=_seconds(numbers.get("total", "")),
            headers=head.strip(),
            error=_error(verbose),
            verbose=verbose,
            verify=_number(numbers.get("verify", "")),
            whole_head=_whole(head, code),
        )

    @property
    def tunnel(self) -> bool:
        """True when the proxy opened the tunnel: any 2xx does (RFC 9110, 9.3.6), though not for curl 7.52."""
        return self.connect == 200 or (self.connect // 100 == 2 and self.handshake)

    @property
    def timed_out(self) -> bool:
        """True when curl stopped at its time limit."""
        return self.exit == 28 or self.error == _TIMED_OUT.get(self.exit)

    @property
    def broke_off(self) -> bool:
        """True when a part of the answer is missing."""
        return bool(self.exit) or not self.whole_head

    @property
    def ending(self) -> str:
        """A clause for a message: curl's exit, with its own message; exit 0 without a status is not a success."""
        if self.code and not self.exit:
            return "its headers are not complete"
        if self.accepted and not self.code and self.exit in NOT_HTTP:
            return f"what came back is not HTTP{sentence(self.error)}"
        return f"curl exited with {self.exit}{sentence(self.error)}"

    def header(self, name: str) -> str:
        """The value of the last header of that name, "" when there is none."""
        values = _header(name).findall(self.headers)
        return values[-1] if values else ""

    @property
    def proxied_by(self) -> str:
        """The error page header of squid, the CSN proxy; "" when the answer has none.

        ``Via: 1.1 csn (squid/5.7)``, ``X-Squid-Error: ERR_ACCESS_DENIED 0``. Any other Via does not count: the
        sidecar may be a reverse proxy itself.
        """
        if "squid" not in self.headers.lower():
            return ""
        via = self.header("Via")
        return self.header("X-Squid-Error").removesuffix(" 0") or (via if "squid" in via.lower() else "")


@cache
def _header(name: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(name)}:[ \t]*(.*?)[ \t]*$", re.M | re.I)


def _whole(head: str, code: int) -> bool:
    """True when no part of the headers is missing: the status that curl names, and an empty line at the end."""
    statuses = _STATUS.findall(head)
    return (not statuses or head.endswith("\n\n\n")) and (not code or statuses[-1:] == [f"{code:03}"])


def _number(text: str) -> int:
    return int(text) if _INTEGER.fullmatch(text) else 0


def _seconds(text: str) -> float:
    return float(text.replace(",", ".")) if _DECIMAL.fullmatch(text) else 0.0  # some locales write 0,05


def _error(stderr: str) -> str:
    errors = _ERROR.findall(stderr) if "curl: (" in stderr else []  # a look at each line takes ten times as long
    return plain(errors[-1].strip()) if errors else ""


#: The options of a request that ignores all proxy settings of the VM.
DIRECT = ("-q", "-sS", "--noproxy", "*")


def to_metadata(url: str, limit: int) -> tuple[str, ...]:
    """The arguments of a request to the metadata service, after those about a proxy."""
    return "--max-time", str(limit), "-H", "Metadata:true", "-o", "/dev/null", "-D", "-", "-w", WRITE, url


def curl(*arguments: str) -> str:
    """The command that runs curl."""
    return f"curl {' '.join(map(quote, arguments))}"


def curl_windows(*arguments: str, without: Sequence[str] = ()) -> str:
    """The same, for a Windows VM, without some environment variables."""
    return tool("curl.exe", *("NUL" if word == "/dev/null" else word for word in arguments), without=without)
