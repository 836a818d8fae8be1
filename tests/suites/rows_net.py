"""NET-001 and 002: the path to each endpoint; every outcome, word for word."""

from __future__ import annotations

from dataclasses import replace

from plugins.model import Status
from tests.suites.tunnel_evidence import ARM, ENDPOINTS, HIS, PACKAGES, PROXY, reach
from tests.support.suite_rows import PROFILE, Row, captured, curl, seen

ROWS: dict[str, list[Row]] = {}

SAN_AF = ENDPOINTS["san-af-eastus-prod.azurewebsites.net"]
FOR_ARM = "Needed for: Azure Resource Manager: creates and deletes the Arc resource."
READ_THE_PAGE = "Read the page: on the VM, curl -sS --proxytunnel --proxy http://169.254.0.11:3128 http://management.azure.com:443/ ; then allow management.azure.com:443 in the program that sends it, without TLS inspection."
CIPHERS = "On the VM, check the crypto policy (update-crypto-policies --show) and CipherString in openssl.cnf; Azure speaks TLS 1.2 with ECDHE and AES-GCM. If the policy allows these, something else answers in its place: exempt the endpoints from TLS inspection."
WHOSE = "Find out which proxy answers: check the VM's routes (ip route get 169.254.0.11) and at the proxies behind the cloud services network, and allow management.azure.com:443 there. If the CSN proxy itself answered after all, the endpoint is not in its egress list (CSN-002)."

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
        "169.254.0.11:3128 requires a login: CONNECT to management.azure.com:443 was answered 407 (ERR_CACHE_ACCESS_DENIED); expected 200. The CSN proxy requires none, so another proxy answers at its address. Needed for: Azure Resource Manager: creates and deletes the Arc resource.",
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
        "Install curl on the VM, or check this by hand.",
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
