"""NET on Windows: recorded output of curl.exe, and Schannel's messages from curl's sources and issues."""

from __future__ import annotations

from plugins.model import ProbeResult, Status
from tests.suites.rows_windows import REFUSED
from tests.support.powershell_grammar import ENDPOINT
from tests.support.suite_rows import Row, seen
from tests.support.windows_recording import recorded

ROWS: dict[str, list[Row]] = {}

SCHANNEL = """\
*   Trying 169.254.0.11:3128...
* Connected to 169.254.0.11 (169.254.0.11) port 3128
* CONNECT tunnel: HTTP/1.1 negotiated
* schannel: disabled automatic use of client certificate
< HTTP/1.1 200 Connection established
* SSL connection using TLSv1.3 / Aes256
*  issuer: CN=Microsoft Azure RSA TLS Issuing CA 04, O=Microsoft Corporation, C=US
"""


def tunnel(verbose: str, exit: int = 0, error: str = "") -> ProbeResult:
    line = "\n@curl code=400 connect=200 request=0 verify=0 total=0.201000\n"
    return seen(line, verbose + (f"curl: ({exit}) {error}\n" if error else ""), exit)


def row(name: str, answer: ProbeResult, status: Status, message: str, remedy: str = "") -> Row:
    return Row(name, {"tunnel": answer}, status, message, remedy, {"endpoint": ENDPOINT})


ROWS["NET-001"] = [
    row(
        "reached",
        recorded("tunnel, answered"),
        Status.PASS,
        "management.azure.com:443 answered HTTP 400 through 169.254.0.11:3128 in 0.00 s.",
    ),
    row(
        "no proxy there",
        recorded("tunnel"),
        Status.FAIL,
        f"management.azure.com:443 was not reached: no connection to the CSN proxy 169.254.0.11:3128, it refuses the connection or there is no route to it {REFUSED}. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "See PROXY-003: without 169.254.0.11:3128 no endpoint is reached.",
    ),
    row(
        "the VM's own TLS failed",
        seen(
            "HTTP/1.1 200 Connection established\n\n\n@curl code=000 connect=200 request=0 verify=0 total=0.2\n",
            "> CONNECT management.azure.com:443 HTTP/1.1\ncurl: (35) schannel: AcquireCredentialsHandle failed: SEC_E_NO_CREDENTIALS (0x8009030E) - x\n",
            35,
        ),
        Status.FAIL,
        "169.254.0.11:3128 opened the tunnel to management.azure.com:443, but the VM's own TLS failed (schannel: AcquireCredentialsHandle failed: SEC_E_NO_CREDENTIALS (0x8009030E) - x): whether the path is sound is not known. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "On the VM, find the reason in the System event log (source Schannel). Check that TLS 1.2 is not switched off (VM-005) and that memory is free, and restart the VM.",
    ),
]

ROWS["NET-003"] = [
    row(
        "sound, recorded",
        recorded("tunnel, answered"),
        Status.PASS,
        "TLS 1.3 to management.azure.com; certificate accepted, issued by Microsoft Corporation.",
    ),
    row(
        "sound",
        tunnel(SCHANNEL),
        Status.PASS,
        "TLS 1.3 to management.azure.com; certificate accepted, issued by Microsoft Corporation.",
    ),
    row(
        "a quoted organisation",
        tunnel('* SSL connection using TLSv1.2 / Aes256\n*  issuer: CN=a, O="DigiCert, Inc.", C=US\n'),
        Status.PASS,
        "TLS 1.2 to management.azure.com; certificate accepted, issued by DigiCert, Inc..",
    ),
    row(
        "another name",
        tunnel(
            "* SSL connection using TLSv1.3 / Aes256\n*  issuer: CN=Proxy CA, O=Contoso\n",
            60,
            "schannel: SNI or certificate check failed: SEC_E_WRONG_PRINCIPAL (0x80090322) - The target principal name is incorrect.",
        ),
        Status.FAIL,
        "The certificate is not for management.azure.com (schannel: SNI or certificate check failed: SEC_E_WRONG_PRINCIPAL (0x80090322) - The target principal name is incorrect). It was issued by CN=Proxy CA, O=Contoso. Another server answers in its place.",
        "Find out who answers: curl.exe -vk --proxy ... https://management.azure.com/ on the VM shows the certificate. Remove TLS inspection, or the wrong name resolution behind the proxy.",
    ),
    row(
        "untrusted: curl 7.56 to 7.79 end with 77",
        tunnel(
            "* SSL connection using TLSv1.2 / Aes256\n*  issuer: CN=Proxy CA, O=Contoso\n",
            77,
            "schannel: next InitializeSecurityContext failed: SEC_E_UNTRUSTED_ROOT (0x80090325) - Die Zertifikatkette",
        ),
        Status.FAIL,
        "The VM does not trust the certificate of management.azure.com (schannel: next InitializeSecurityContext failed: SEC_E_UNTRUSTED_ROOT (0x80090325) - Die Zertifikatkette). It was issued by CN=Proxy CA, O=Contoso. Either a proxy opens the connection with its own CA, or the VM's CA certificates are out of date.",
        "If the issuer is your own proxy: exempt management.azure.com from TLS inspection (Arc does not work well with it). If it is Microsoft or DigiCert: import the present root certificates (certutil -generateSSTFromWU roots.sst on a machine that reaches Windows Update).",
    ),
    row(
        "its own CA file",
        tunnel("", 77, "schannel: failed to open CA file 'C:\\ca.pem': No such file or directory"),
        Status.FAIL,
        "The VM cannot read its own CA bundle (schannel: failed to open CA file 'C:\\ca.pem': No such file or directory), so it trusts no certificate, including that of management.azure.com.",
        "Import the CA certificates into Cert:\\LocalMachine\\Root. Check CURL_CA_BUNDLE and SSL_CERT_FILE, too.",
    ),
    row(
        "expired",
        tunnel("", 60, "schannel: next InitializeSecurityContext failed: SEC_E_CERT_EXPIRED (0x80090328)"),
        Status.FAIL,
        "The certificate of management.azure.com is outside its time of validity (schannel: next InitializeSecurityContext failed: SEC_E_CERT_EXPIRED (0x80090328)). Azure's certificates are renewed in time, so the VM's clock is wrong (SSH-003), or another server answers.",
        "Set the VM's clock (SSH-003). If it is right, exempt the endpoints from TLS inspection.",
    ),
    row(
        "no revocation list",
        tunnel("", 35, "schannel: next InitializeSecurityContext failed: CRYPT_E_REVOCATION_OFFLINE (0x80092013)"),
        Status.UNKNOWN,
        "Whether the certificate of management.azure.com is revoked could not be checked (schannel: next InitializeSecurityContext failed: CRYPT_E_REVOCATION_OFFLINE (0x80092013)). Revocation lists come over plain HTTP, which the CSN proxy does not serve.",
        "On the VM, repeat the request without the revocation check: curl.exe -v --ssl-no-revoke --proxy http://169.254.0.11:3128 https://management.azure.com/",
    ),
    row(
        "revoked",
        tunnel("", 35, "schannel: next InitializeSecurityContext failed: CRYPT_E_REVOKED (0x80092010)"),
        Status.FAIL,
        "The certificate of management.azure.com is revoked (schannel: next InitializeSecurityContext failed: CRYPT_E_REVOKED (0x80092010)). Another server answers in its place.",
        "Find out who answers: curl.exe -vk --proxy ... https://management.azure.com/ on the VM shows the certificate. Remove TLS inspection from the path.",
    ),
    row(
        "not said",
        tunnel("* schannel: disabled automatic use of client certificate\n"),
        Status.UNKNOWN,
        "curl did not print which TLS version it spoke with management.azure.com.",
        "On the VM: curl.exe -v --proxy http://169.254.0.11:3128 https://management.azure.com:443/",
    ),
]
