"""The path through the CSN proxy: its port, and the tunnel to one endpoint."""

from __future__ import annotations

import re

from plugins import Endpoint, ProbeResult, Profile, probe, ps, quote, tool
from suites.probes.curl import DIRECT, EXITS, WRITE, CurlAnswer, curl, curl_windows


def _tunnel(endpoint: Endpoint, profile: Profile) -> str:
    limits = profile.timeouts
    # -I: no body is sent. The proxy is named on the command line, and NO_PROXY is empty, so the request tests
    # the path and not the VM's settings (PROXY-001 and PROXY-002 test those).
    through = f"-I --proxy {quote(profile.proxy_url)} --connect-timeout {limits.connect}"
    rest = f"-o /dev/null {quote(endpoint.url)}"
    numbers = f"--max-time {limits.total} -D - -w {quote(WRITE)}"
    # For an endpoint that only some need, NET-002 only tests whether it is reached: no check judges its certificate.
    # Loading the authorities takes three quarters of the CPU of a request (OpenSSL 3.0: 28 of 38 ms).
    if not endpoint.required:
        return f"export NO_PROXY= no_proxy=\ncurl -q -sS -v -k {through} {numbers} {rest}"
    at = f"{endpoint.host}:{endpoint.port}"
    tls = f"-proxy {profile.proxy_host}:{profile.proxy_port} -connect {quote(at)} -servername {quote(endpoint.host)}"
    azures = " | ".join(f'*"issuer:"*{quote(name)}*' for name in profile.trusted_issuers)
    # The issuer of a certificate that is not accepted is not printed: only then, repeat the request without
    # verification. For an accepted certificate that is not Azure's, openssl prints the serial number: no curl before
    # 7.88 does. If openssl is missing or too old for -proxy (1.0.2), nothing is printed.
    return (
        f"export NO_PROXY= no_proxy=\n"
        f"{{ v=$(exec curl -q -sS -v {through} {numbers} {rest} 2>&1 >&4)\n"
        f"e=$?; }} 4>&1\n"
        f"printf '%s\\n' \"$v\" >&2\n"
        f"[ $e = 60 ] && curl -q -s -v -k {through} --max-time {limits.connect} {rest}\n"
        f"case $e$v in [!0]* | {azures}) exit $e ;; esac\n"
        f"timeout 3 openssl s_client {tls} </dev/null 2>/dev/null | openssl x509 -noout -serial >&2 2>/dev/null\n"
        f"exit $e"
    )


# Windows' own curl uses Schannel, which prints neither version nor issuer; so .NET connects over the same path again,
# and prints them in curl's format. 0 is the system's default; before .NET 4.7, TLS 1.2 has to be named (3072). curl
# decides whether the certificate is accepted: .NET accepts any, to read the issuer. It connects whenever the tunnel was
# open, within the remaining time of the probe, less a second: then the connection is closed under any waiting call, so
# that curl's answer counts.
_LOOK_AT_TLS = r"""
$status = $global:LASTEXITCODE
$accept = [Net.Security.RemoteCertificateValidationCallback]{ $true }
if ($slot.err.ToString() -match '(?m)^< HTTP/[\d.]+ 2') {
    foreach ($protocol in 0, 3072) {
        $left = @LIMIT@ - $since.ElapsedMilliseconds
        if ($left -lt 500) { break }
        $client = [Net.Sockets.TcpClient]::new()
        $end = [Threading.CancellationTokenSource]::new([int]($left / 2))
        [void]$end.Token.Register([Delegate]::CreateDelegate([Action], $client, 'Close'))
        try {
            $client.ConnectAsync(@PROXY@, @PORT@).Wait()
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
            Add-Output 'err' "* SSL connection using TLSv$version / $($tls.CipherAlgorithm)`n"
            Add-Output 'err' "*  issuer: $($tls.RemoteCertificate.Issuer)`n"
            $serial = [bigint]::new($tls.RemoteCertificate.GetSerialNumber())
            $sign = if ($serial -lt 0) { '-' }
            Add-Output 'err' "serial=$sign$([bigint]::Abs($serial).ToString('X').TrimStart('0'))`n"
            break
        } catch { } finally { $end.Dispose(); $client.Close() }
    }
}
$global:LASTEXITCODE = $status"""


def _tunnel_windows(endpoint: Endpoint, profile: Profile) -> str:
    # Schannel would request revocation lists over plain HTTP, which the CSN proxy does not serve.
    limits = profile.timeouts
    through = ["-I", "--ssl-no-revoke", "--proxy", profile.proxy_url, "--connect-timeout", str(limits.connect)]
    rest = ["--max-time", str(limits.total), "-D", "-", "-o", "NUL", "-w", WRITE, endpoint.url]
    filled = {
        "@PROXY@": ps(profile.proxy_host),
        "@PORT@": str(profile.proxy_port),
        "@CONNECT@": ps(f"CONNECT {endpoint.host}:{endpoint.port}"),
        "@HOST@": ps(endpoint.host),
        "@LIMIT@": str((_LIMIT - 1) * 1000),
    }
    look = re.sub("|".join(filled), lambda match: filled[match[0]], _LOOK_AT_TLS)
    ask = tool("curl.exe", "-q", "-sS", "-v", *through, *rest, without=["NO_PROXY"])
    return f"$since = [Diagnostics.Stopwatch]::StartNew()\n{ask}{look}"


_LIMIT = 17  # seconds


#: One request per endpoint serves NET-001, NET-002, NET-003 and DNS-001.
tunnel = probe(
    _tunnel, windows=_tunnel_windows, timeout=_LIMIT, needs=["curl"], accept_exits=EXITS, read=CurlAnswer.read
)


def _if_any(result: ProbeResult) -> CurlAnswer | None:
    try:
        return (
            CurlAnswer.read(result)
            if result.state == "done" and result.exit in EXITS and not result.truncated
            else None
        )
    except ValueError:  # garbage: NET-001 reports it
        return None


#: The same request, for a check that uses it only if it exists (else None). It must also be called `tunnel`.
tunnel_if_any = probe(
    _tunnel,
    windows=_tunnel_windows,
    timeout=_LIMIT,
    needs=["curl"],
    accept_states=("no tool", "timed out", "lost"),
    accept_exits=range(256),
    accept_truncated=True,
    read=_if_any,
)


def _to_port(profile: Profile) -> tuple[str, ...]:
    # A plain request: any answer of the proxy shows that it accepted the connection. No endpoint is involved.
    limit, url = str(profile.timeouts.connect), f"{profile.proxy_url}/"
    return *DIRECT, "--connect-timeout", limit, "--max-time", limit, "-o", "/dev/null", "-D", "-", "-w", WRITE, url


proxy_port = probe(
    lambda profile: curl(*_to_port(profile)),
    windows=lambda profile: curl_windows(*_to_port(profile)),
    timeout=10,
    needs=["curl"],
    accept_exits=EXITS,
    read=CurlAnswer.read,
)
