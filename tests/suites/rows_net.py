"""DNS-001, NET-001..003: every outcome, most of them with what real programs printed, word for word."""

from __future__ import annotations

from dataclasses import replace

from plugins.model import ProbeResult, Status
from plugins.requirements.profile import Endpoint
from tests.support.suite_rows import PROFILE, VM, Row, captured, curl, seen

ROWS: dict[str, list[Row]] = {}

ENDPOINTS = {str(endpoint): endpoint for endpoint in PROFILE.endpoints(VM)}
ARM = ENDPOINTS["management.azure.com"]
HIS = ENDPOINTS["gbl.his.arc.azure.com"]
PACKAGES = ENDPOINTS["packages.microsoft.com"]
SAN_AF = ENDPOINTS["san-af-eastus-prod.azurewebsites.net"]
PROXY = "169.254.0.11"


FOR_ARM = "Needed for: Azure Resource Manager: creates and deletes the Arc resource."
READ_THE_PAGE = "Read the page: on the VM, curl -sS --proxytunnel --proxy http://169.254.0.11:3128 http://management.azure.com:443/ ; then allow management.azure.com:443 in the program that sends it, without TLS inspection."
CIPHERS = "On the VM, check the crypto policy (update-crypto-policies --show) and CipherString in openssl.cnf; Azure speaks TLS 1.2 with ECDHE and AES-GCM. If the policy allows these, something else answers in its place: exempt the endpoints from TLS inspection."
WHOSE = "Find out whose answer it is: check the VM's routes (ip route get 169.254.0.11) and at the proxies behind the cloud services network, and let management.azure.com:443 pass there. If it is the CSN proxy's own after all, the endpoint is not in its egress list (CSN-002)."


def reach(
    name: str, tunnel: ProbeResult, status: Status, message: str, remedy: str = "", endpoint: Endpoint = ARM
) -> Row:
    return Row(name, {"tunnel": tunnel}, status, message, remedy, {"endpoint": endpoint})


ROWS["NET-001"] = [
    reach(
        "reached",
        captured("openssl-3-accepted"),
        Status.PASS,
        "management.azure.com:443 answered HTTP 400 through 169.254.0.11:3128 in 0.08 s.",
    ),
    reach(
        "another 2xx opens a tunnel, too",
        curl(400, 201, PROXY),
        Status.PASS,
        "management.azure.com:443 answered HTTP 400 through 169.254.0.11:3128 in 3.00 s.",
    ),
    reach(
        "another 2xx, and no TLS",
        curl(0, 201, PROXY, 56, "Received HTTP code 201 from proxy after CONNECT"),
        Status.FAIL,
        f"169.254.0.11:3128 answered CONNECT to management.azure.com:443 with 201; expected 200. {FOR_ARM}",
        "Check the answer's headers in the evidence; the CSN proxy answers 200 (allowed) or 403 (not in the list).",
    ),
    reach(
        "an origin's 403 is an answer",
        curl(403, 200, PROXY),
        Status.PASS,
        "management.azure.com:443 answered HTTP 403 through 169.254.0.11:3128 in 3.00 s.",
    ),
    reach(
        "not in the egress list",
        captured("squid-403"),
        Status.FAIL,
        "169.254.0.11:3128 refuses management.azure.com:443: CONNECT was answered 403 (ERR_ACCESS_DENIED); expected 200. It is not in the egress list of the cloud services network. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        'Add it: az networkcloud cloudservicesnetwork update --name CSN --resource-group RG --additional-egress-endpoints \'[{"category":"azure-arc","endpoints":[{"domainName":"management.azure.com","port":443}]}]\' (the list replaces the present one: repeat its entries). A network that is created with --enable-default-egress-endpoints True has the hosts of Azure Arc from the start.',
    ),
    reach(
        "not in the egress list: a wildcard's host",
        captured("squid-403"),
        Status.FAIL,
        "169.254.0.11:3128 refuses gbl.his.arc.azure.com:443: CONNECT was answered 403 (ERR_ACCESS_DENIED); expected 200. It is not in the egress list of the cloud services network. Needed for: hybrid identity service of Azure Arc: certificate and metadata of the machine.",
        'Add it: az networkcloud cloudservicesnetwork update --name CSN --resource-group RG --additional-egress-endpoints \'[{"category":"azure-arc","endpoints":[{"domainName":".his.arc.azure.com","port":443}]}]\' (the list replaces the present one: repeat its entries). A network that is created with --enable-default-egress-endpoints True has the hosts of Azure Arc from the start.',
        HIS,
    ),
    reach(
        "another proxy requires a login",
        captured("squid-407"),
        Status.FAIL,
        "169.254.0.11:3128 requires a login: CONNECT to management.azure.com:443 was answered 407 (ERR_CACHE_ACCESS_DENIED); expected 200. The CSN proxy asks for none, so another proxy answers at its address. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "Find out what listens at 169.254.0.11:3128: check the VM's routes (ip route get 169.254.0.11) and at its attachment to the cloud services network.",
    ),
    reach(
        "the proxy cannot reach it",
        captured("squid-503"),
        Status.FAIL,
        "169.254.0.11:3128 allows gbl.his.arc.azure.com:443 but cannot reach it: CONNECT was answered 503 (ERR_CONNECT_FAIL 111); expected 200. The fault lies behind the proxy: name resolution or routing of the platform. Needed for: hybrid identity service of Azure Arc: certificate and metadata of the machine.",
        "Check in the cluster's network that gbl.his.arc.azure.com resolves and that its port 443 is open outbound (firewall, ExpressRoute, fabric); if other VMs of the cluster fail as well, ask Microsoft support.",
        HIS,
    ),
    reach(
        "502",
        curl(0, 502, PROXY, 56, "CONNECT tunnel failed, response 502"),
        Status.FAIL,
        "169.254.0.11:3128 allows management.azure.com:443 but cannot reach it: CONNECT was answered 502; expected 200. The fault lies behind the proxy: name resolution or routing of the platform. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "Check in the cluster's network that management.azure.com resolves and that its port 443 is open outbound (firewall, ExpressRoute, fabric); if other VMs of the cluster fail as well, ask Microsoft support.",
    ),
    reach(
        "504",
        curl(0, 504, PROXY, 56, "CONNECT tunnel failed, response 504"),
        Status.FAIL,
        "169.254.0.11:3128 allows management.azure.com:443 but cannot reach it: CONNECT was answered 504; expected 200. The fault lies behind the proxy: name resolution or routing of the platform. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "Check in the cluster's network that management.azure.com resolves and that its port 443 is open outbound (firewall, ExpressRoute, fabric); if other VMs of the cluster fail as well, ask Microsoft support.",
    ),
    reach(
        "the proxy does not resolve it",
        curl(0, 503, PROXY, 56, "Received HTTP code 503 from proxy after CONNECT", "X-Squid-Error: ERR_DNS_FAIL 0\n"),
        Status.FAIL,
        "169.254.0.11:3128 allows management.azure.com:443 but cannot reach it: CONNECT was answered 503 (ERR_DNS_FAIL); expected 200. The fault lies behind the proxy: name resolution or routing of the platform. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "Check in the cluster's network that management.azure.com resolves and that its port 443 is open outbound (firewall, ExpressRoute, fabric); if other VMs of the cluster fail as well, ask Microsoft support.",
    ),
    reach(
        "another status",
        curl(0, 400, PROXY, 56, "CONNECT tunnel failed, response 400"),
        Status.FAIL,
        "169.254.0.11:3128 answered CONNECT to management.azure.com:443 with 400; expected 200. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "Check the answer's headers in the evidence; the CSN proxy answers 200 (allowed) or 403 (not in the list).",
    ),
    reach(
        "the proxy refuses connections",
        captured("proxy-refused"),
        Status.FAIL,
        "management.azure.com:443 was not reached: no connection to the CSN proxy 169.254.0.11:3128, it refuses the connection or there is no route to it (Failed to connect to 169.254.0.11 port 3128 after 0 ms: Couldn't connect to server). Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "See PROXY-003: without 169.254.0.11:3128 no endpoint is reached.",
    ),
    reach(
        "the proxy drops connections",
        captured("proxy-dropped"),
        Status.FAIL,
        "management.azure.com:443 was not reached: no connection to the CSN proxy 169.254.0.11:3128, it did not accept the connection within 5 s (Failed to connect to 169.254.0.11 port 3128 after 5002 ms: Timeout was reached). Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "See PROXY-003: without 169.254.0.11:3128 no endpoint is reached.",
    ),
    reach(
        "the proxy's name",
        curl(exit=5, error="Could not resolve proxy: csn"),
        Status.FAIL,
        "management.azure.com:443 was not reached: no connection to the CSN proxy 169.254.0.11:3128, its name does not resolve (Could not resolve proxy: csn). Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "See PROXY-003: without 169.254.0.11:3128 no endpoint is reached.",
    ),
    Row(
        "the proxy's name is not resolved in time",
        {"tunnel": curl(exit=28, error="Resolving timed out after 5000 milliseconds")},
        Status.FAIL,
        "management.azure.com:443 was not reached: no connection to the CSN proxy csn.example:3128, its name was not resolved within 3 s (Resolving timed out after 5000 milliseconds). Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "See PROXY-003: without csn.example:3128 no endpoint is reached.",
        {"endpoint": ARM},
        profile=replace(PROFILE, proxy_url="http://csn.example:3128"),
    ),
    reach(
        "an exit that is not foreseen",
        curl(exit=45, error="bind failed"),
        Status.FAIL,
        "management.azure.com:443 was not reached: no connection to the CSN proxy 169.254.0.11:3128, curl exited with 45 (bind failed). Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "See PROXY-003: without 169.254.0.11:3128 no endpoint is reached.",
    ),
    reach(
        "the proxy is silent",
        captured("connect-silent"),
        Status.FAIL,
        "169.254.0.11:3128 accepted the connection but did not answer CONNECT to management.azure.com:443 within 1 s (Proxy CONNECT aborted due to timeout); expected 200. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "The proxy is there but does not serve: check the state of the cloud services network (CSN-003), or whether something else than the CSN proxy listens at 169.254.0.11:3128.",
    ),
    reach(
        "the proxy hangs up",
        captured("connect-hangup"),
        Status.FAIL,
        "169.254.0.11:3128 closed the connection instead of answering CONNECT to management.azure.com:443 (Proxy CONNECT aborted); expected 200. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "The proxy is there but does not serve: check the state of the cloud services network (CSN-003), or whether something else than the CSN proxy listens at 169.254.0.11:3128.",
    ),
    reach(
        "the proxy talks nonsense",
        curl(exit=1, ip=PROXY, error="Received HTTP/0.9"),
        Status.FAIL,
        "169.254.0.11:3128 answered CONNECT to management.azure.com:443 with something else than HTTP (Received HTTP/0.9); expected 200. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "The proxy is there but does not serve: check the state of the cloud services network (CSN-003), or whether something else than the CSN proxy listens at 169.254.0.11:3128.",
    ),
    reach(
        "the tunnel is silent",
        captured("tls-silent"),
        Status.FAIL,
        "169.254.0.11:3128 opened the tunnel to management.azure.com:443, but the TLS handshake was not done after 1 s. Small packets pass and large ones may not (MTU), or a firewall swallows them. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "On the VM, try: curl -v --proxy http://169.254.0.11:3128 https://management.azure.com:443/ ; then lower the MTU of the CSN interface (ip link set dev IFACE mtu 1400) to check whether it helps, and check the firewalls behind the proxy.",
    ),
    reach(
        "the handshake is cut",
        captured("tls-reset"),
        Status.FAIL,
        "169.254.0.11:3128 opened the tunnel to management.azure.com:443, but the TLS handshake broke off (Recv failure: Connection reset by peer). Something between proxy and endpoint cuts the connection, often a firewall that filters by name. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "Allow management.azure.com:443 in the firewalls behind the proxy, without TLS inspection.",
    ),
    reach(
        "no TLS in the tunnel",
        captured("tls-plain"),
        Status.FAIL,
        "169.254.0.11:3128 opened the tunnel to management.azure.com:443, but what came back is not TLS (OpenSSL/3.0.22: error:0A00010B:SSL routines::wrong version number): plain text, for example a page that reports the host as blocked. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        READ_THE_PAGE,
    ),
    *(
        reach(
            f"no TLS in the tunnel: {words[:40]}",
            curl(0, 200, PROXY, 35, words),
            Status.FAIL,
            f"169.254.0.11:3128 opened the tunnel to management.azure.com:443, but what came back is not TLS ({words.rstrip('.')}): plain text, for example a page that reports the host as blocked. {FOR_ARM}",
            READ_THE_PAGE,
        )
        for words in (
            "error:1408F10B:SSL routines:ssl3_get_record:wrong version number",
            "error:140770FC:SSL routines:SSL23_GET_SERVER_HELLO:unknown protocol",
            "error:0A0000C6:SSL routines::packet length too long",
            "gnutls_handshake() failed: An unexpected TLS packet was received.",
            "SSL received a record that exceeded the maximum permissible length.",
            "schannel: next InitializeSecurityContext failed: SEC_E_INVALID_TOKEN (0x80090308) - The token supplied to the function is invalid",
        )
    ),
    *(
        reach(
            f"no cipher in common: {words[:40]}",
            curl(0, 200, PROXY, 35, words),
            Status.FAIL,
            f"169.254.0.11:3128 opened the tunnel to management.azure.com:443, but the other side and the VM have no cipher in common ({words.rstrip('.')}). {FOR_ARM}",
            CIPHERS,
        )
        for words in (
            "Cannot communicate securely with peer: no common encryption algorithm(s).",
            "error:0A000410:SSL routines::sslv3 alert handshake failure",
            "error:14094410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure",
            "gnutls_handshake() failed: Handshake failed",
            "schannel: next InitializeSecurityContext failed: SEC_E_ALGORITHM_MISMATCH (0x80090331) - The client and server cannot communicate, because they do not possess a common algorithm.",
        )
    ),
    *(
        reach(
            f"no version in common: {words[:40]}",
            curl(0, 200, PROXY, 35, words),
            Status.PASS,
            "169.254.0.11:3128 opened the tunnel to management.azure.com:443, but no TLS version suits both sides: NET-003 judges that.",
        )
        for words in (
            "error:0A00042E:SSL routines::tlsv1 alert protocol version",
            "gnutls_handshake() failed: A packet with illegal or unsupported version was received.",
            "Peer using unsupported version of security protocol.",
            "NSS error -12190 (SSL_ERROR_PROTOCOL_VERSION_ALERT)",
        )
    ),
    *(
        reach(
            f"a 403 of another proxy: {words[:40]}",
            curl(0, 403, PROXY, 56, "CONNECT tunnel failed, response 403", headers),
            Status.FAIL,
            f"169.254.0.11:3128 refuses management.azure.com:443: CONNECT was answered 403 ({words}); expected 200. The CSN proxy is not known to answer so: another proxy may stand at its address or behind it. {FOR_ARM}",
            WHOSE,
        )
        for headers, words in (
            (
                "HTTP/1.1 403 URLBlocked\nVia: 1.1 10.0.0.15 (McAfee Web Gateway 7.8.2)\n",
                "URLBlocked; 1.1 10.0.0.15 (McAfee Web Gateway 7.8.2)",
            ),
            ("HTTP/1.1 403 Certificateincident\nProxy-Connection: Keep-Alive\n", "Certificateincident"),
            ("HTTP/1.1 403 Tunnel or SSL Forbidden\nVia: 1.1 WCG1\n", "Tunnel or SSL Forbidden; 1.1 WCG1"),
            ("HTTP/1.0 403 Forbidden\nServer: Zscaler/6.2\n", "Zscaler/6.2"),
        )
    ),
    reach(
        "a 403 without a name",
        curl(0, 403, PROXY, 56, "Received HTTP code 403 from proxy after CONNECT", "HTTP/1.1 403 Forbidden\n"),
        Status.FAIL,
        f"169.254.0.11:3128 refuses management.azure.com:443: CONNECT was answered 403; expected 200. The answer names no proxy. The CSN proxy answers so to a host that its egress list lacks. {FOR_ARM}",
        'If CSN-002 finds the host in the list, another proxy answered (ip route get 169.254.0.11). Otherwise: Add it: az networkcloud cloudservicesnetwork update --name CSN --resource-group RG --additional-egress-endpoints \'[{"category":"azure-arc","endpoints":[{"domainName":"management.azure.com","port":443}]}]\' (the list replaces the present one: repeat its entries). A network that is created with --enable-default-egress-endpoints True has the hosts of Azure Arc from the start.',
    ),
    *(
        reach(
            f"curl ends with {exit}: NET-003's",
            curl(0, 200, PROXY, exit, "SSL: it ends here"),
            Status.PASS,
            f"169.254.0.11:3128 opened the tunnel to management.azure.com:443, but {why}: NET-003 judges that.",
        )
        for exit, why in {
            51: "the certificate is for another name",
            77: "the VM's CA bundle could not be read",
            82: "the revocation list could not be read",
            83: "the issuer check failed",
            91: "the certificate status was invalid",
        }.items()
    ),
    reach(
        "TLS, then silence",
        curl(0, 200, PROXY, 28, "timed out", tls="0.2"),
        Status.FAIL,
        "management.azure.com:443 took the TLS connection through 169.254.0.11:3128 but answered nothing within 3 s. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "Run again; if it persists, check the firewalls behind the proxy and the Azure status page.",
    ),
    reach(
        "TLS, then broken",
        curl(0, 200, PROXY, 56, "Recv failure", tls="0.2"),
        Status.FAIL,
        "169.254.0.11:3128 opened the tunnel to management.azure.com:443, but it broke before an answer came: curl exited with 56 (Recv failure). Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
        "Allow management.azure.com:443 in the firewalls behind the proxy, without TLS inspection, and run again.",
    ),
    reach(
        "a bad certificate is NET-003's",
        captured("openssl-3-untrusted"),
        Status.PASS,
        "169.254.0.11:3128 opened the tunnel to management.azure.com:443, but the certificate was not accepted: NET-003 judges that.",
    ),
    reach(
        "an old TLS is NET-003's",
        captured("openssl-3-tls-1.1"),
        Status.PASS,
        "169.254.0.11:3128 opened the tunnel to management.azure.com:443, but no TLS version suits both sides: NET-003 judges that.",
    ),
    reach(
        "no curl",
        seen(stderr="curl", state="no tool"),
        Status.UNKNOWN,
        "curl is not installed on the VM, or not on its PATH, so this was not checked.",
        "Install curl on the VM, or judge this by hand.",
    ),
    reach(
        "garbage",
        seen("\x00\x01", "\x02"),
        Status.UNKNOWN,
        "The answer of the probe tunnel[management.azure.com] could not be read: curl exited with 0 but printed no @curl line: ?.",
        "Run the command shown below on the VM by hand and check its output.",
    ),
    reach(
        "lost",
        seen(state="lost"),
        Status.UNKNOWN,
        "The session ended before the probe tunnel[management.azure.com] had answered.",
        "See SSH-001 of this VM, then run again.",
    ),
]

ROWS["NET-002"] = [
    reach(
        "reached",
        curl(200, 200, PROXY),
        Status.PASS,
        "packages.microsoft.com:443 answered HTTP 200 through 169.254.0.11:3128 in 3.00 s.",
        endpoint=PACKAGES,
    ),
    reach(
        "needed to install: a warning",
        captured("squid-403"),
        Status.WARN,
        "169.254.0.11:3128 refuses packages.microsoft.com:443: CONNECT was answered 403 (ERR_ACCESS_DENIED); expected 200. It is not in the egress list of the cloud services network. Needed for: package repository of the agent for Linux.",
        'Add it: az networkcloud cloudservicesnetwork update --name CSN --resource-group RG --additional-egress-endpoints \'[{"category":"azure-arc","endpoints":[{"domainName":"packages.microsoft.com","port":443}]}]\' (the list replaces the present one: repeat its entries). A network that is created with --enable-default-egress-endpoints True has the hosts of Azure Arc from the start.',
        PACKAGES,
    ),
    reach(
        "obsolete and reached",
        curl(404, 200, PROXY),
        Status.PASS,
        "san-af-eastus-prod.azurewebsites.net:443 answered HTTP 404 through 169.254.0.11:3128 in 3.00 s.",
        endpoint=SAN_AF,
    ),
    reach(
        "obsolete and not reached: no matter",
        captured("squid-403"),
        Status.NOT_APPLICABLE,
        "Not reached, and not needed here: san-af-eastus-prod.azurewebsites.net serves Arc-enabled SQL Server extensions until 13 February 2024; replaced by *.<region>.arcdataservices.com. 169.254.0.11:3128 refuses san-af-eastus-prod.azurewebsites.net:443: CONNECT was answered 403 (ERR_ACCESS_DENIED); expected 200. It is not in the egress list of the cloud services network.",
        endpoint=SAN_AF,
    ),
]

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
        "Find out who answers: curl -vk --proxy ... https://management.azure.com/ on the VM shows the certificate. Take TLS inspection or the wrong name resolution behind the proxy off the path.",
    ),
    reach(
        "another name, old curl",
        curl(0, 200, PROXY, 51, "SSL: no match"),
        Status.FAIL,
        "The certificate is not for management.azure.com (SSL: no match). Another server answers in its place.",
        "Find out who answers: curl -vk --proxy ... https://management.azure.com/ on the VM shows the certificate. Take TLS inspection or the wrong name resolution behind the proxy off the path.",
    ),
    reach(
        "no CA bundle",
        captured("openssl-3-cabundle"),
        Status.FAIL,
        "The VM cannot read its own CA bundle (error setting certificate file: /nonexist), so it trusts no certificate, not that of management.azure.com either.",
        "Reinstall the CA certificates: apt-get install --reinstall ca-certificates && update-ca-certificates, or dnf reinstall ca-certificates && update-ca-trust. Check CURL_CA_BUNDLE and SSL_CERT_FILE, too.",
    ),
    reach(
        "TLS 1.1 at best",
        captured("openssl-3-tls-1.1"),
        Status.FAIL,
        "management.azure.com and the VM have no TLS version in common (OpenSSL/3.0.22: error:0A00014D:SSL routines::legacy sigalg disallowed or unsupported); expected TLS 1.2 or better. Azure speaks 1.2 and 1.3, so something else answers in its place, or the VM's policy is out of date.",
        "Take TLS inspection off the path; on the VM, check the crypto policy (update-crypto-policies --show) and MinProtocol and MaxProtocol in openssl.cnf.",
    ),
    reach(
        "an alert about the version",
        curl(0, 200, PROXY, 35, "error:1409442E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version"),
        Status.FAIL,
        "management.azure.com and the VM have no TLS version in common (error:1409442E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version); expected TLS 1.2 or better. Azure speaks 1.2 and 1.3, so something else answers in its place, or the VM's policy is out of date.",
        "Take TLS inspection off the path; on the VM, check the crypto policy (update-crypto-policies --show) and MinProtocol and MaxProtocol in openssl.cnf.",
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
        "management.azure.com was reached with TLS 1.1; expected 1.2 or better. Azure offers that, so something on the way or the VM's policy lowers it.",
        "Take TLS inspection off the path; on the VM, check the crypto policy (update-crypto-policies --show) and MinProtocol and MaxProtocol in openssl.cnf.",
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

GETENT = "198.51.100.10   STREAM management.azure.com\n198.51.100.10   DGRAM  \n198.51.100.10   RAW    \n"
NSLOOKUP = (
    "Server:\t\t169.254.0.10\nAddress:\t169.254.0.10#53\n\nNon-authoritative answer:\n"
    "Name:\tmanagement.azure.com\nAddress: 198.51.100.10\n\n"
)
BUSYBOX = (
    "Server:    169.254.0.10\nAddress 1: 169.254.0.10\n\n"
    "Name:      management.azure.com\nAddress 1: 198.51.100.10 arm.example\nAddress 2: 2001:db8::10\n"
)
NXDOMAIN = (
    "Server:\t\t169.254.0.10\nAddress:\t169.254.0.10#53\n\n** server can't find management.azure.com: NXDOMAIN\n\n"
)
REACHED = curl(400, 200, PROXY)
DENIED = curl(0, 403, PROXY, 56, "CONNECT tunnel failed, response 403")


def dns(
    name: str,
    resolved: ProbeResult,
    status: Status,
    message: str,
    remedy: str = "",
    tunnel: ProbeResult = REACHED,
    at: Endpoint = ARM,
) -> Row:
    return Row(name, {"resolved": resolved, "tunnel": tunnel}, status, message, remedy, {"endpoint": at})


ROWS["DNS-001"] = [
    dns("resolves", seen(GETENT), Status.PASS, "management.azure.com resolves to 198.51.100.10."),
    dns(
        "resolves, musl",
        seen("198.51.100.10     management.azure.com  management.azure.com\n"),
        Status.PASS,
        "management.azure.com resolves to 198.51.100.10.",
    ),
    dns("resolves, nslookup", seen(NSLOOKUP), Status.PASS, "management.azure.com resolves to 198.51.100.10."),
    dns(
        "resolves, nslookup of busybox",
        seen(BUSYBOX),
        Status.PASS,
        "management.azure.com resolves to 198.51.100.10, 2001:db8::10.",
    ),
    dns(
        "many addresses",
        seen("".join(f"203.0.113.{n} STREAM x\n" for n in range(1, 8))),
        Status.PASS,
        "management.azure.com resolves to 203.0.113.1, 203.0.113.2, 203.0.113.3, 203.0.113.4, ....",
    ),
    dns(
        "a test network is not private",
        seen("198.18.0.1 STREAM x\n"),
        Status.PASS,
        "management.azure.com resolves to 198.18.0.1.",
    ),
    dns(
        "resolves, no curl",
        seen(GETENT),
        Status.PASS,
        "management.azure.com resolves to 198.51.100.10.",
        tunnel=seen(stderr="curl", state="no tool"),
    ),
    dns(
        "no such name, but reached",
        seen(exit=2),
        Status.WARN,
        "management.azure.com does not resolve on the VM (its resolver has no address for it), but is reached through the proxy, which resolves it itself. The agent also resolves names itself, and may log errors.",
        "If the agent complains: give the VM a resolver that knows management.azure.com (/etc/resolv.conf, resolvectl).",
    ),
    dns(
        "no such name, nslookup",
        seen(NXDOMAIN, exit=1),
        Status.WARN,
        "management.azure.com does not resolve on the VM (its resolver has no address for it), but is reached through the proxy, which resolves it itself. The agent also resolves names itself, and may log errors.",
        "If the agent complains: give the VM a resolver that knows management.azure.com (/etc/resolv.conf, resolvectl).",
    ),
    dns(
        "no such name, not reached",
        seen(exit=2),
        Status.WARN,
        "management.azure.com does not resolve on the VM (its resolver has no address for it), and it is not known to be reached through the proxy either (NET-001).",
        "Fix NET-001 first. Then check the VM's resolver: cat /etc/resolv.conf; getent ahosts management.azure.com",
        tunnel=DENIED,
    ),
    dns(
        "no such name, no curl",
        seen(exit=2),
        Status.WARN,
        "management.azure.com does not resolve on the VM (its resolver has no address for it), and it is not known to be reached through the proxy either (NET-001).",
        "Fix NET-001 first. Then check the VM's resolver: cat /etc/resolv.conf; getent ahosts management.azure.com",
        tunnel=seen(stderr="curl", state="no tool"),
    ),
    dns(
        "the resolver is silent",
        seen(state="timed out"),
        Status.WARN,
        "management.azure.com does not resolve on the VM (the resolver did not answer in time), but is reached through the proxy, which resolves it itself. The agent also resolves names itself, and may log errors.",
        "If the agent complains: give the VM a resolver that knows management.azure.com (/etc/resolv.conf, resolvectl).",
    ),
    dns(
        "a private address, with Private Link",
        seen("10.1.2.3 STREAM x\n"),
        Status.WARN,
        "gbl.his.arc.azure.com resolves to 10.1.2.3 on the VM, a private address. That is right with an Azure Arc private link scope only; without one, connecting ends in AZCM0026.",
        "With an Azure Arc private link scope: make sure that the proxy and azcmagent connect know it, too (--private-link-scope for Arc). Without one: unlink the private DNS zone (privatelink...) from the VM's resolver.",
        at=HIS,
    ),
    dns(
        "a private address, Resource Manager",
        seen("fd00::1 STREAM x\n"),
        Status.WARN,
        "management.azure.com resolves to fd00::1 on the VM, a private address. That is right with a resource management private link only; without one, connecting ends in AZCM0026.",
        "With a resource management private link: make sure that the proxy and azcmagent connect know it, too (--private-link-scope for Arc). Without one: unlink the private DNS zone (privatelink...) from the VM's resolver.",
    ),
    *(
        dns(
            f"a private address in IPv6 clothes: {address}",
            seen(f"{address} STREAM x\n"),
            Status.WARN,
            f"packages.microsoft.com resolves to {address} on the VM, a private address. No private link leads to this name, so a private resolver answers in its place.",
            "Check the VM's resolver (/etc/resolv.conf, resolvectl) and its zone for packages.microsoft.com.",
            at=PACKAGES,
        )
        for address in ("::ffff:10.1.2.3", "::FFFF:a01:203", "64:ff9b::a01:203")
    ),
    dns(
        "a private address, without",
        seen("192.168.7.7 STREAM x\n"),
        Status.WARN,
        "packages.microsoft.com resolves to 192.168.7.7 on the VM, a private address. No private link leads to this name, so a private resolver answers in its place.",
        "Check the VM's resolver (/etc/resolv.conf, resolvectl) and its zone for packages.microsoft.com.",
        at=PACKAGES,
    ),
    dns(
        "a black hole",
        seen("0.0.0.0 STREAM x\n127.0.0.1 STREAM x\n"),
        Status.WARN,
        "management.azure.com resolves to 0.0.0.0, 127.0.0.1 on the VM, which leads nowhere. Programs that do not use the proxy, and the agent's own look-ups, do not reach the service.",
        "Remove management.azure.com from /etc/hosts on the VM, or from the block list of its resolver.",
    ),
    dns(
        "resolves, and curl prints garbage",
        seen(GETENT),
        Status.PASS,
        "management.azure.com resolves to 198.51.100.10.",
        tunnel=seen("\x00"),
    ),
    dns(
        "no tool",
        seen(stderr="sh: nslookup: not found", exit=127),
        Status.UNKNOWN,
        "management.azure.com could not be looked up: neither getent nor nslookup is installed on the VM.",
        "Install nslookup (bind9-dnsutils, bind-utils) on the VM, or judge by NET-001.",
    ),
]
