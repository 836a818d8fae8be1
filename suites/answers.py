"""What curl on the VM answered: the one way in which probes call curl, and what its answer says.

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

from plugins import ProbeResult, probe, quote
from plugins.checks.quoting import ps, tool
from plugins.requirements.profile import Endpoint, Profile

#: For ``curl -w``: nothing that curl 7.29 (RHEL 7) does not know.
WRITE = (
    r"\n@curl code=%{http_code} connect=%{http_connect} ip=%{remote_ip}"
    r" tls=%{time_appconnect} total=%{time_total}\n"
)

_NUMBERS = re.compile(
    r"^@curl code=(?P<code>\d+) connect=(?P<connect>\d+) ip=(?P<ip>\S*) tls=(?P<tls>[\d.,]+) total=(?P<total>[\d.,]+)$",
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
        found = list(_NUMBERS.finditer(seen.stdout.replace("\r", "")))
        if not found:
            raise ValueError(f"curl ended with {seen.exit} and without its line of numbers: {_tail(seen.stderr)}")
        numbers = found[-1]
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
        """What squid, which the CSN proxy is, wrote about itself into the answer; "" when it did not.

        ``Via: 1.1 csn (squid/5.7)``, ``X-Squid-Error: ERR_ACCESS_DENIED 0``. A Via of anything else says nothing: the
        sidecar may well be a reverse proxy itself.
        """
        via = self.header("Via")
        return self.header("X-Squid-Error").removesuffix(" 0") or (via if "squid" in via.lower() else "")


def _seconds(text: str) -> float:
    return float(text.replace(",", "."))  # some locales write 0,05


def _error(stderr: str) -> str:
    # curl: (7) Failed to connect to 169.254.0.11 port 3128 after 0 ms: Couldn't connect to server
    found = re.findall(r"^curl: \(\d+\) (.*)$", stderr.replace("\r", ""), re.M)
    return plain(found[-1].strip()) if found else ""


def _tail(text: str) -> str:
    lines = text.strip().splitlines()
    return plain(lines[-1]) if lines else "nothing was said"


def plain(text: str) -> str:
    """What a VM said, fit for a message: on one line, printable, and not endless."""
    text = "".join(each if each.isprintable() else "?" for each in text)
    return text if len(text) <= 300 else f"{text[:300]}..."


def sentence(text: str) -> str:
    """A program's words in brackets, to stand at the end of a clause; nothing when there are none."""
    return f" ({plain(text).rstrip('.')})" if text else ""


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


def _tunnel(endpoint: Endpoint, profile: Profile) -> str:
    limits = profile.timeouts
    # -I: no body travels. The proxy is named on the command line, and NO_PROXY emptied, so that what is looked at is
    # the path and not the VM's settings (PROXY-001 and PROXY-002 look at those).
    through = f"-I --proxy {quote(profile.proxy_url)} --connect-timeout {limits.connect}"
    rest = f"-o /dev/null {quote(endpoint.url)}"
    # A certificate that is not accepted hides who issued it: then, and only then, ask again without verification.
    return (
        f"export NO_PROXY= no_proxy=\n"
        f"curl -q -sS -v {through} --max-time {limits.total} -D - -w {quote(WRITE)} {rest}\n"
        f"e=$?\n"
        f"[ $e = 60 ] && curl -q -s -v -k {through} --max-time {limits.connect} {rest}\n"
        f"exit $e"
    )


# Windows' own curl uses Schannel, which says neither version nor issuer; so .NET looks at the same path once more, and
# says it in the words of curl. 0 is whatever the system allows; before .NET 4.7 that has to be TLS 1.2 by name (3072).
# Whether the certificate is accepted is curl's to say: here any is, to see who issued it.
_LOOK_AT_TLS = r"""
$status = $global:LASTEXITCODE
$accept = [Net.Security.RemoteCertificateValidationCallback]{ $true }
if ($status -eq 0 -or $status -eq 60) {
    foreach ($protocol in 0, 3072) {
        $client = [Net.Sockets.TcpClient]::new()
        try {
            $client.SendTimeout = 3000
            $client.ReceiveTimeout = 3000
            $client.Connect(@PROXY@, @PORT@)
            $stream = $client.GetStream()
            $ask = [Text.Encoding]::ASCII.GetBytes(@CONNECT@ + " HTTP/1.1`r`n`r`n")
            $stream.Write($ask, 0, $ask.Length)
            $head = ''
            while (-not $head.EndsWith("`r`n`r`n") -and $head.Length -lt 8192) {
                $byte = $stream.ReadByte()
                if ($byte -lt 0) { break }
                $head += [char]$byte
            }
            $tls = [Net.Security.SslStream]::new($stream, $false, $accept)
            $tls.AuthenticateAsClient(@HOST@, $null, [Security.Authentication.SslProtocols]$protocol, $false)
            $versions = @{ 192 = '1.0'; 768 = '1.1'; 3072 = '1.2'; 12288 = '1.3' }
            $version = $versions[[int]$tls.SslProtocol]
            Add-Said 'err' "* SSL connection using TLSv$version / $($tls.CipherAlgorithm)`n"
            Add-Said 'err' "*  issuer: $($tls.RemoteCertificate.Issuer)`n"
            break
        } catch { } finally { $client.Close() }
    }
}
$global:LASTEXITCODE = $status"""


def _tunnel_windows(endpoint: Endpoint, profile: Profile) -> str:
    # Schannel would look for revocation lists, over plain HTTP, which the CSN proxy does not serve.
    limits = profile.timeouts
    through = ["-I", "--ssl-no-revoke", "--proxy", profile.proxy_url, "--connect-timeout", str(limits.connect)]
    rest = ["--max-time", str(limits.total), "-D", "-", "-o", "NUL", "-w", WRITE, endpoint.url]
    filled = {
        "@PROXY@": ps(profile.proxy_host),
        "@PORT@": str(profile.proxy_port),
        "@CONNECT@": ps(f"CONNECT {endpoint.host}:{endpoint.port}"),
        "@HOST@": ps(endpoint.host),
    }
    look = re.sub("|".join(filled), lambda found: filled[found[0]], _LOOK_AT_TLS)
    return tool("curl.exe", "-q", "-sS", "-v", *through, *rest, without=["NO_PROXY"]) + look


#: One request per endpoint serves NET-001, NET-002, NET-003 and DNS-001.
tunnel = probe(_tunnel, windows=_tunnel_windows, timeout=17, needs=["curl"], read=CurlAnswer.read)


def _if_any(seen: ProbeResult) -> CurlAnswer | None:
    try:
        return CurlAnswer.read(seen) if seen.state == "done" else None
    except ValueError:  # garbage: NET-001 says so
        return None


#: The same request, for a check that only looks aside at it: None when there was none. To be called `tunnel` as well.
tunnel_if_any = probe(
    _tunnel,
    windows=_tunnel_windows,
    timeout=17,
    needs=["curl"],
    accept_states=("no tool", "timed out"),
    read=_if_any,
)


# ---------------------------------------------------------------------------------------------- through the proxy


@dataclass(frozen=True, slots=True)
class Path:
    """How far a request through the proxy got: `reached`, or what stopped it and what to do about it."""

    reached: bool
    message: str
    remedy: str = ""
    shared_cause: str = ""  # what stops every endpoint alike


#: curl's exit statuses that speak of the certificate, after the tunnel was open: NET-003 judges them.
CERTIFICATE = {
    51: "the certificate is for another name",  # curl before 7.62
    60: "the certificate was not accepted",
    77: "the VM's CA bundle could not be read",
    82: "the revocation list could not be read",
    83: "the issuer check failed",
    91: "the certificate status was invalid",
}

_OLD_TLS = re.compile(r"protocol version|unsupported protocol|no protocols available|version too low", re.I)

# Only what came IN as a handshake: curl labels its own first records TLSv1.0, whatever is spoken later.
_OLD_HANDSHAKE = re.compile(r"^\* (?:TLSv1(?:\.[01])?|SSLv3) \(IN\), TLS handshake", re.M)


def old_tls(answer: CurlAnswer) -> bool:
    """True when the handshake failed because the other side speaks no TLS version that the VM accepts.

    OpenSSL: ``error:1409442E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version``,
    ``error:0A000102:SSL routines::unsupported protocol``; or, with an error about a signature, a line of -v:
    ``* TLSv1.1 (IN), TLS handshake, Certificate (11):``
    """
    return answer.exit == 35 and bool(_OLD_TLS.search(answer.error) or _OLD_HANDSHAKE.search(answer.verbose))


def path(answer: CurlAnswer, endpoint: Endpoint, profile: Profile) -> Path:
    """Judge one request through the CSN proxy. Any answer that came from the endpoint itself proves the path."""
    host = f"{endpoint.host}:{endpoint.port}"
    proxy = f"{profile.proxy_host}:{profile.proxy_port}"
    if answer.code and answer.connect in (0, 200):
        return Path(True, f"{host} answered HTTP {answer.code} through {proxy} in {answer.seconds:.2f} s.")
    if answer.connect == 200 and (answer.exit in CERTIFICATE or old_tls(answer)):
        why = CERTIFICATE.get(answer.exit, "no TLS version suits both sides")
        return Path(True, f"{proxy} opened the tunnel to {host}, but {why}: NET-003 judges that.")
    if answer.connect and answer.connect != 200:
        return _refused(answer, endpoint, proxy)
    if not answer.peer:
        return _no_proxy_there(answer, host, proxy)
    if answer.connect == 200:
        return _broken_tunnel(answer, host, proxy)
    return _silent_proxy(answer, host, proxy)


def _refused(answer: CurlAnswer, endpoint: Endpoint, proxy: str) -> Path:
    """The proxy answered CONNECT with something else than 200."""
    host = f"{endpoint.host}:{endpoint.port}"
    status = answer.connect
    # squid says what it stumbled over: X-Squid-Error: ERR_DNS_FAIL 0
    detail = sentence(answer.header("X-Squid-Error").removesuffix(" 0"))
    if status == 403:
        entry = endpoint.wildcard.replace("*.", ".").lstrip("*") or endpoint.host
        return Path(
            False,
            f"{proxy} refuses {host}: CONNECT was answered 403{detail}; expected 200. It is not in the egress list of "
            "the cloud services network.",
            "Add it: az networkcloud cloudservicesnetwork update --name CSN --resource-group RG "
            "--additional-egress-endpoints "
            f"""'[{{"category":"azure-arc","endpoints":[{{"domainName":"{entry}","port":{endpoint.port}}}]}}]' """
            "(the list replaces the present one: repeat its entries). A network that is created with "
            "--enable-default-egress-endpoints True has the hosts of Azure Arc from the start.",
        )
    if status == 407:
        return Path(
            False,
            f"{proxy} wants a login: CONNECT to {host} was answered 407{detail}; expected 200. The CSN proxy asks for "
            "none, so another proxy answers at its address.",
            f"Find out what listens at {proxy}: look at the VM's routes (ip route get {proxy.partition(':')[0]}) and "
            "at its attachment to the cloud services network.",
            shared_cause="another proxy",
        )
    if status in (500, 502, 503, 504):
        return Path(
            False,
            f"{proxy} allows {host} but cannot reach it: CONNECT was answered {status}{detail}; expected 200. The "
            "fault lies behind the proxy: name resolution or routing of the platform.",
            f"Check in the cluster's network that {endpoint.host} resolves and that its port {endpoint.port} is open "
            "outbound (firewall, ExpressRoute, fabric); if other VMs of the cluster fail alike, ask Microsoft "
            "support.",
        )
    return Path(
        False,
        f"{proxy} answered CONNECT to {host} with {status}{detail}; expected 200.",
        "Look at the answer's headers in the evidence; the CSN proxy answers 200 (allowed) or 403 (not in the list).",
    )


def _no_proxy_there(answer: CurlAnswer, host: str, proxy: str) -> Path:
    """No TCP connection: to the proxy, since curl was told to use it."""
    why = {
        5: "its name does not resolve",
        6: "its name does not resolve",
        7: "it refuses the connection or there is no route to it",
        28: f"it did not accept the connection within {answer.seconds:.0f} s",
    }.get(answer.exit, f"curl ended with {answer.exit}")
    return Path(
        False,
        f"{host} was not reached: no connection to the CSN proxy {proxy}, {why}{sentence(answer.error)}.",
        f"See PROXY-003: without {proxy} no endpoint is reached.",
    )


def _silent_proxy(answer: CurlAnswer, host: str, proxy: str) -> Path:
    """Connected to the proxy, and no status for CONNECT came back."""
    if answer.exit == 28:
        what = f"{proxy} accepted the connection but did not answer CONNECT to {host} within {answer.seconds:.0f} s"
    elif answer.exit in (52, 56):
        what = f"{proxy} closed the connection instead of answering CONNECT to {host}"
    else:
        what = f"CONNECT to {host} through {proxy} failed, curl ended with {answer.exit}"
    return Path(
        False,
        f"{what}{sentence(answer.error)}; expected 200.",
        "The proxy is there but does not serve: check the state of the cloud services network (CSN-003), or whether "
        f"something else than the CSN proxy listens at {proxy}.",
    )


def _broken_tunnel(answer: CurlAnswer, host: str, proxy: str) -> Path:
    """CONNECT was answered 200; then it broke before the endpoint had answered."""
    if answer.exit == 35:
        return Path(
            False,
            f"{proxy} opened the tunnel to {host}, but the TLS handshake broke off{sentence(answer.error)}. Something "
            "between proxy and endpoint cuts the connection, often a firewall that filters by name.",
            f"Allow {host} in the firewalls behind the proxy, without TLS inspection.",
        )
    if answer.exit == 28 and not answer.handshake:
        return Path(
            False,
            f"{proxy} opened the tunnel to {host}, but the TLS handshake was not done after {answer.seconds:.0f} s. "
            "Small packets pass and large ones may not (MTU), or a firewall swallows them.",
            f"On the VM, try: curl -v --proxy http://{proxy} https://{host}/ ; then lower the MTU of the CSN interface "
            "(ip link set dev IFACE mtu 1400) to see whether it helps, and look at the firewalls behind the proxy.",
        )
    if answer.exit == 28:
        return Path(
            False,
            f"{host} took the TLS connection through {proxy} but answered nothing within {answer.seconds:.0f} s.",
            "Run again; if it stays so, look at the firewalls behind the proxy and at the Azure status page.",
        )
    return Path(
        False,
        f"{proxy} opened the tunnel to {host}, but it broke before an answer came: curl ended with "
        f"{answer.exit}{sentence(answer.error)}.",
        f"Allow {host} in the firewalls behind the proxy, without TLS inspection, and run again.",
    )
