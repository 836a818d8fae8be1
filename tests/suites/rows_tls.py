"""NET-003: TLS and certificates; every outcome, word for word."""

from __future__ import annotations

from plugins.model import Status
from tests.suites.tunnel_evidence import PROXY, reach
from tests.support.suite_rows import Row, captured, curl, seen

ROWS: dict[str, list[Row]] = {}

ROWS["NET-003"] = [
    reach(
        "OpenSSL",
        captured("openssl-3-accepted"),
        Status.PASS,
        "TLS 1.3 to management.azure.com; certificate accepted, issued by Microsoft Corporation.",
    ),
    reach(
        "GnuTLS",
        captured("gnutls-accepted"),
        Status.PASS,
        "TLS 1.3 to management.azure.com; certificate accepted, issued by Microsoft Corporation (lab stand-in).",
    ),
    reach(
        "NSS",
        captured("nss-accepted"),
        Status.PASS,
        "TLS 1.3 to management.azure.com; certificate accepted, issued by Microsoft Corporation (lab stand-in).",
    ),
    reach(
        "intercepted, and trusted",
        captured("openssl-3-intercepted"),
        Status.WARN,
        "The certificate of management.azure.com is accepted, but was issued by O=Zscaler Inc.; CN=Zscaler Intermediate Root CA (zscaler.net) (lab stand-in); expected Microsoft Corporation, DigiCert, Baltimore, GlobalSign or Entrust. The connection may be intercepted: a proxy reads what the agent sends, and breaks what pins certificates.",
        "Exempt management.azure.com from TLS inspection. If this issuer is right, add its organisation to [tls.trusted_issuers] in a profile of your own (--profile=FILE).",
    ),
    reach(
        "an unknown issuer",
        captured("openssl-3-untrusted"),
        Status.FAIL,
        "The VM does not trust the certificate of management.azure.com (SSL certificate problem: unable to get local issuer certificate). It was issued by O=Microsoft Corporation; CN=Microsoft Azure RSA TLS Issuing CA 04 (lab stand-in). Either a proxy opens the connection with its own CA, or the VM's CA certificates are out of date.",
        "If the issuer is your own proxy: exempt management.azure.com from TLS inspection (Arc does not work well with it). If it is Microsoft or DigiCert: install ca-certificates again (update-ca-certificates or update-ca-trust).",
    ),
    reach(
        "an unknown issuer, GnuTLS",
        captured("gnutls-untrusted"),
        Status.FAIL,
        "The VM does not trust the certificate of management.azure.com (server certificate verification failed. CAfile: /etc/ssl/certs/ca-certificates.crt CRLfile: none). Either a proxy opens the connection with its own CA, or the VM's CA certificates are out of date.",
        "If the issuer is your own proxy: exempt management.azure.com from TLS inspection (Arc does not work well with it). If it is Microsoft or DigiCert: install ca-certificates again (update-ca-certificates or update-ca-trust).",
    ),
    reach(
        "an unknown issuer, NSS",
        captured("nss-untrusted"),
        Status.FAIL,
        "The VM does not trust the certificate of management.azure.com (Peer's certificate issuer has been marked as not trusted by the user). It was issued by CN=Lab TLS CA,O=Microsoft Corporation (lab stand-in). Either a proxy opens the connection with its own CA, or the VM's CA certificates are out of date.",
        "If the issuer is your own proxy: exempt management.azure.com from TLS inspection (Arc does not work well with it). If it is Microsoft or DigiCert: install ca-certificates again (update-ca-certificates or update-ca-trust).",
    ),
    reach(
        "expired",
        captured("openssl-3-expired"),
        Status.FAIL,
        "The certificate of management.azure.com is outside its time of validity (SSL certificate problem: certificate has expired). It was issued by O=Microsoft Corporation (lab stand-in); CN=Lab TLS CA. Azure's certificates are renewed in time, so the VM's clock is wrong (SSH-003), or another server answers.",
        "Set the VM's clock (SSH-003). If it is right, exempt the endpoints from TLS inspection.",
    ),
    reach(
        "not yet valid",
        captured("openssl-3-future"),
        Status.FAIL,
        "The certificate of management.azure.com is outside its time of validity (SSL certificate problem: certificate is not yet valid). It was issued by O=Microsoft Corporation (lab stand-in); CN=Lab TLS CA. Azure's certificates are renewed in time, so the VM's clock is wrong (SSH-003), or another server answers.",
        "Set the VM's clock (SSH-003). If it is right, exempt the endpoints from TLS inspection.",
    ),
    reach(
        "another name",
        captured("openssl-3-name-mismatch"),
        Status.FAIL,
        "The certificate is not for management.azure.com (SSL: no alternative certificate subject name matches target host name 'refused.example.test'). Another server answers in its place.",
        "Find out who answers: curl -vk --proxy ... https://management.azure.com/ on the VM shows the certificate. Remove TLS inspection, or the wrong name resolution behind the proxy.",
    ),
    reach(
        "another name, old curl",
        curl(0, 200, PROXY, 51, "SSL: no match"),
        Status.FAIL,
        "The certificate is not for management.azure.com (SSL: no match). Another server answers in its place.",
        "Find out who answers: curl -vk --proxy ... https://management.azure.com/ on the VM shows the certificate. Remove TLS inspection, or the wrong name resolution behind the proxy.",
    ),
    reach(
        "no CA bundle",
        captured("openssl-3-cabundle"),
        Status.FAIL,
        "The VM cannot read its own CA bundle (error setting certificate file: /nonexist), so it trusts no certificate, including that of management.azure.com.",
        "Reinstall the CA certificates: apt-get install --reinstall ca-certificates && update-ca-certificates, or dnf reinstall ca-certificates && update-ca-trust. Check CURL_CA_BUNDLE and SSL_CERT_FILE, too.",
    ),
    reach(
        "TLS 1.1 at best",
        captured("openssl-3-tls-1.1"),
        Status.FAIL,
        "management.azure.com and the VM have no TLS version in common (OpenSSL/3.0.22: error:0A00014D:SSL routines::legacy sigalg disallowed or unsupported); expected TLS 1.2 or better. Azure speaks 1.2 and 1.3, so something else answers in its place, or the VM's policy is out of date.",
        "Remove TLS inspection from the path; on the VM, check the crypto policy (update-crypto-policies --show) and MinProtocol and MaxProtocol in openssl.cnf.",
    ),
    reach(
        "an alert about the version",
        curl(0, 200, PROXY, 35, "error:1409442E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version"),
        Status.FAIL,
        "management.azure.com and the VM have no TLS version in common (error:1409442E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version); expected TLS 1.2 or better. Azure speaks 1.2 and 1.3, so something else answers in its place, or the VM's policy is out of date.",
        "Remove TLS inspection from the path; on the VM, check the crypto policy (update-crypto-policies --show) and MinProtocol and MaxProtocol in openssl.cnf.",
    ),
]

ACCEPTED = captured("openssl-3-accepted")
TLS_1_1 = ACCEPTED.stderr.replace("SSL connection using TLSv1.3", "SSL connection using TLSv1.1")
MUTE = ACCEPTED.stderr.replace("SSL connection using", "secured by")
NO_ISSUER = "\n".join(line for line in ACCEPTED.stderr.splitlines() if "issuer:" not in line)

ROWS["NET-003"] += [
    reach(
        "reached with TLS 1.1",
        seen(ACCEPTED.stdout, TLS_1_1),
        Status.FAIL,
        "management.azure.com was reached with TLS 1.1; expected 1.2 or better. Azure offers that, so a device on the path or the VM's policy lowers it.",
        "Remove TLS inspection from the path; on the VM, check the crypto policy (update-crypto-policies --show) and MinProtocol and MaxProtocol in openssl.cnf.",
    ),
    reach(
        "another back end, which says nothing",
        seen(ACCEPTED.stdout, MUTE),
        Status.UNKNOWN,
        "curl did not print which TLS version it spoke with management.azure.com.",
        "On the VM: openssl s_client -proxy 169.254.0.11:3128 -connect management.azure.com:443 </dev/null",
    ),
    reach(
        "a negative serial number",
        seen(captured("openssl-3-intercepted").stdout, captured("openssl-3-intercepted").stderr + "serial=-0A1B\n"),
        Status.WARN,
        "The certificate of management.azure.com is accepted, but has the negative serial number -0A1B, and was issued by O=Zscaler Inc.; CN=Zscaler Intermediate Root CA (zscaler.net) (lab stand-in). The agent refuses such certificates from February 2027.",
        "Exempt management.azure.com from TLS inspection, or let the inspecting proxy issue certificates with positive serial numbers (RFC 5280).",
    ),
    reach(
        "no issuer named",
        seen(ACCEPTED.stdout, NO_ISSUER),
        Status.UNKNOWN,
        "TLS 1.3 to management.azure.com stands and its certificate was accepted, but curl did not name the issuer.",
        "On the VM: openssl s_client -proxy 169.254.0.11:3128 -connect management.azure.com:443 </dev/null",
    ),
]
