"""curl on the VM: the command line that all probes share, and the reader of its output.

A probe's stdout is what ``-D -`` and `WRITE` print: the headers of every answer (the proxy's to CONNECT first), then
one line of numbers::

    HTTP/1.1 200 Connection established

    HTTP/1.1 400 Bad Request
    Date: Sat, 21 Nov 2026 22:45:58 GMT

    @curl code=400 connect=200 ip=169.254.0.11 tls=0.017010 total=0.050096

Measured: with a proxy, ``%{time_connect}`` is 0 in every failure after the TCP connection, so ``ip`` (the peer that
curl was connected to) is what tells "nobody accepted the connection" from "somebody did, and then it failed".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from plugins import ProbeResult, quote, tool
from suites.wording import plain

#: curl's own exit statuses.
EXITS = range(100)

#: For ``curl -w``: nothing that curl 7.29 (RHEL 7) does not know.
WRITE = (
    r"\n@curl code=%{http_code} connect=%{http_connect} ip=%{remote_ip}"
    r" tls=%{time_appconnect} total=%{time_total}\n"
)

_NUMBERS = re.compile(
    r"^@curl code=(?P<code>\d+) connect=(?P<connect>\d+) ip=(?P<ip>\S*)"
    r" tls=(?P<tls>[\d.,]+) total=(?P<total>[\d.,]+)\n",
    re.M,
)


@dataclass(frozen=True, slots=True)
class CurlAnswer:
    """One request: curl's exit status, its error, and what came back."""

    exit: int
    code: int  # the HTTP status of the origin, 0 = none
    connect: int  # the HTTP status of the proxy's answer to CONNECT, 0 = none
    peer: str  # the address that curl was connected to (the proxy's, when one is used), "" = no connection
    handshake: float  # seconds until TLS stood, 0 = it never did
    seconds: float
    headers: str  # all header lines, as they came
    error: str  # curl's own sentence, without "curl: (7) "
    verbose: str  # what -v said

    @classmethod
    def read(cls, seen: ProbeResult) -> CurlAnswer:
        """Read a probe that called curl with ``-sS -D - -o /dev/null -w WRITE``."""
        matches = list(_NUMBERS.finditer(seen.stdout.replace("\r", "")))
        if not matches:
            raise ValueError(f"curl exited with {seen.exit} but printed no @curl line: {_tail(seen.stderr)}")
        numbers = matches[-1]
        return cls(
            exit=seen.exit or 0,
            code=int(numbers["code"]),
            connect=int(numbers["connect"]),
            peer=numbers["ip"],
            handshake=_seconds(numbers["tls"]),
            seconds=_seconds(numbers["total"]),
            headers=seen.stdout.replace("\r", "")[: numbers.start()].strip(),
            error=_error(seen.stderr),
            verbose=seen.stderr.replace("\r", ""),
        )

    def header(self, name: str) -> str:
        """The value of the last header of that name, "" when there is none."""
        values = re.findall(rf"^{re.escape(name)}:[ \t]*(.*?)[ \t]*$", self.headers, re.M | re.I)
        return values[-1] if values else ""

    @property
    def proxied_by(self) -> str:
        """The error page header of squid, the CSN proxy; "" when the answer has none.

        ``Via: 1.1 csn (squid/5.7)``, ``X-Squid-Error: ERR_ACCESS_DENIED 0``. A Via of anything else says nothing: the
        sidecar may well be a reverse proxy itself.
        """
        via = self.header("Via")
        return self.header("X-Squid-Error").removesuffix(" 0") or (via if "squid" in via.lower() else "")


def _seconds(text: str) -> float:
    return float(text.replace(",", "."))  # some locales write 0,05


def _error(stderr: str) -> str:
    # curl: (7) Failed to connect to 169.254.0.11 port 3128 after 0 ms: Couldn't connect to server
    errors = re.findall(r"^curl: \(\d+\) (.*)$", stderr.replace("\r", ""), re.M)
    return plain(errors[-1].strip()) if errors else ""


def _tail(text: str) -> str:
    lines = text.strip().splitlines()
    return plain(lines[-1]) if lines else "no output"


def direct(url: str, limit: int) -> str:
    """The command that asks the metadata service, past every proxy setting of the VM."""
    return f"curl -q -sS --noproxy '*' {metadata_request(url, limit)}"


def metadata_request(url: str, limit: int) -> str:
    """The part of the command after curl's proxy options."""
    return f"--max-time {limit} -H Metadata:true -o /dev/null -D - -w {quote(WRITE)} {quote(url)}"


def direct_windows(url: str, limit: int) -> str:
    """The same, for a Windows VM."""
    return tool("curl.exe", "-q", "-sS", "--noproxy", "*", *metadata_arguments(url, limit))


def metadata_arguments(url: str, limit: int) -> list[str]:
    """`metadata_request`, word by word, for a Windows VM."""
    return ["--max-time", str(limit), "-H", "Metadata:true", "-o", "NUL", "-D", "-", "-w", WRITE, url]
