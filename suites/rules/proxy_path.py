"""The path of a request through the CSN proxy: how far it got, the failure, and the remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass

from plugins import Endpoint, Profile
from suites.probes.curl import NOT_HTTP, CurlAnswer
from suites.rules.tls import no_cipher, old_tls, own_failure, plain_text, refused_certificate
from suites.wording import sentence


@dataclass(frozen=True, slots=True)
class ProxyPath:
    """The path of a request through the proxy: `reached`, or the failure and the remedy."""

    message: str
    remedy: str = ""
    shared_cause: str = ""  # a cause that stops every endpoint
    reached: bool = False


def proxy_path(answer: CurlAnswer, endpoint: Endpoint, profile: Profile) -> ProxyPath:
    """Judge one request through the CSN proxy. Any answer of the endpoint itself proves the path."""
    host = f"{endpoint.host}:{endpoint.port}"
    proxy = f"{profile.proxy_host}:{profile.proxy_port}"
    if answer.code and (answer.tunnel or not answer.connect):
        return ProxyPath(f"{host} answered HTTP {answer.code} through {proxy} in {answer.seconds:.2f} s.", reached=True)
    refused = refused_certificate(answer)
    if answer.tunnel and (refused or old_tls(answer)):
        why = refused or "no TLS version suits both sides"
        return ProxyPath(f"{proxy} opened the tunnel to {host}, but {why}: NET-003 judges that.", reached=True)
    if answer.connect and not answer.tunnel:
        return _refused(answer, endpoint, proxy)
    if not answer.accepted:
        return _no_proxy_there(answer, host, proxy)
    if answer.tunnel:
        return _broken_tunnel(answer, host, proxy)
    return _silent_proxy(answer, host, proxy)


def _refused(answer: CurlAnswer, endpoint: Endpoint, proxy: str) -> ProxyPath:
    """The proxy answered CONNECT with another status than 200."""
    host = f"{endpoint.host}:{endpoint.port}"
    status = answer.connect
    # squid states the error: X-Squid-Error: ERR_DNS_FAIL 0
    detail = sentence(answer.header("X-Squid-Error").removesuffix(" 0"))
    if status == 403:
        return _forbidden(answer, endpoint, proxy, detail)
    if status == 407:
        return ProxyPath(
            f"{proxy} requires a login: CONNECT to {host} was answered 407{detail}; expected 200. The CSN proxy "
            "requires none, so another proxy answers at its address.",
            f"Find out what listens at {proxy}: check the VM's routes (ip route get {proxy.partition(':')[0]}) and "
            "at its attachment to the cloud services network.",
            shared_cause="another proxy",
        )
    if status in (500, 502, 503, 504):
        return ProxyPath(
            f"{proxy} allows {host} but cannot reach it: CONNECT was answered {status}{detail}; expected 200. The "
            "fault lies behind the proxy: name resolution or routing of the platform.",
            f"Check in the cluster's network that {endpoint.host} resolves and that its port {endpoint.port} is open "
            "outbound (firewall, ExpressRoute, fabric); if other VMs of the cluster fail as well, ask Microsoft "
            "support.",
        )
    return ProxyPath(
        f"{proxy} answered CONNECT to {host} with {status}{detail}; expected 200.",
        "Check the answer's headers in the evidence; the CSN proxy answers 200 (allowed) or 403 (not in the list).",
    )


def _forbidden(answer: CurlAnswer, endpoint: Endpoint, proxy: str, detail: str) -> ProxyPath:
    """The proxy answered CONNECT with 403."""
    host = f"{endpoint.host}:{endpoint.port}"
    if words := _not_the_csn_proxys(answer):
        return ProxyPath(
            f"{proxy} refuses {host}: CONNECT was answered 403{sentence(words)}; expected 200. The CSN proxy is not "
            "known to answer so: another proxy may stand at its address or behind it.",
            f"Find out which proxy answers: check the VM's routes (ip route get {proxy.partition(':')[0]}) and at the "
            f"proxies behind the cloud services network, and allow {host} there. If the CSN proxy itself answered "
            "after all, the endpoint is not in its egress list (CSN-002).",
        )
    entry = endpoint.wildcard.replace("*.", ".").lstrip("*") or endpoint.host
    why, unless = "It is not in the egress list of the cloud services network.", ""
    if not answer.proxied_by:
        why = "The answer names no proxy. The CSN proxy answers so to a host that its egress list lacks."
        unless = "If CSN-002 finds the host in the list, another proxy answered (ip route get "
        unless += f"{proxy.partition(':')[0]}). Otherwise: "
    return ProxyPath(
        f"{proxy} refuses {host}: CONNECT was answered 403{detail}; expected 200. {why}",
        f"{unless}Add it: az networkcloud cloudservicesnetwork update --name CSN --resource-group RG "
        "--additional-egress-endpoints "
        f"""'[{{"category":"azure-arc","endpoints":[{{"domainName":"{entry}","port":{endpoint.port}}}]}}]' """
        "(the list replaces the present one: repeat its entries). A network that is created with "
        "--enable-default-egress-endpoints True has the hosts of Azure Arc from the start.",
    )


def _not_the_csn_proxys(answer: CurlAnswer) -> str:
    """The text of a 403 from another proxy than squid; "" when it may be squid's.

    ``HTTP/1.1 403 URLBlocked``, ``Via: 1.1 10.0.0.15 (McAfee Web Gateway 7.8.2)``, ``Server: Zscaler/6.2``
    """
    names = ("Via", "Server", "Proxy-Agent", "X-Squid-Error", "X-Cache")
    headers = {name: value for name in names if (value := answer.header(name))}
    if headers.get("X-Squid-Error") or any("squid" in value.lower() for value in headers.values()):
        return ""
    line = re.search(r"^HTTP/[\d.]+ 403[ \t]*(.*?)[ \t]*$", answer.headers, re.M)
    reason = line[1] if line else ""
    agents = [headers[name] for name in ("Via", "Server", "Proxy-Agent") if name in headers]
    foreign = reason.lower() not in ("", "forbidden")
    return "; ".join(([reason] if foreign else []) + agents)


def _no_proxy_there(answer: CurlAnswer, host: str, proxy: str) -> ProxyPath:
    """There was no TCP connection to the proxy."""
    why = {
        5: "its name does not resolve",
        6: "its name does not resolve",
        7: "it refuses the connection or there is no route to it",
    }.get(answer.exit, f"curl exited with {answer.exit}")
    if answer.timed_out:
        why = f"it did not accept the connection within {answer.seconds:.0f} s"
        named = not re.fullmatch(r"[\d.]+|.*:.*", proxy.rpartition(":")[0])
        if named and not re.search(r"^\* +Trying ", answer.verbose, re.M):
            why = f"its name was not resolved within {answer.seconds:.0f} s"
    return ProxyPath(
        f"{host} was not reached: no connection to the CSN proxy {proxy}, {why}{sentence(answer.error)}.",
        f"See PROXY-003: without {proxy} no endpoint is reached.",
    )


def _silent_proxy(answer: CurlAnswer, host: str, proxy: str) -> ProxyPath:
    """Connected to the proxy, without a status for CONNECT."""
    if answer.timed_out:
        problem = f"{proxy} accepted the connection but did not answer CONNECT to {host} within {answer.seconds:.0f} s"
    elif answer.exit in (52, 55, 56):
        problem = f"{proxy} closed the connection instead of answering CONNECT to {host}"
    elif answer.exit in NOT_HTTP:
        problem = f"{proxy} answered CONNECT to {host} with something else than HTTP"
    else:
        problem = f"CONNECT to {host} through {proxy} failed, curl exited with {answer.exit}"
    return ProxyPath(
        f"{problem}{sentence(answer.error)}; expected 200.",
        "The proxy is there but does not serve: check the state of the cloud services network (CSN-003), or whether "
        f"something else than the CSN proxy listens at {proxy}.",
    )


def _broken_tunnel(answer: CurlAnswer, host: str, proxy: str) -> ProxyPath:
    """CONNECT was answered 200; then the connection broke before the endpoint answered."""
    opened, error = f"{proxy} opened the tunnel to {host}, but", sentence(answer.error)
    allow = f"Allow {host} in the firewalls behind the proxy, without TLS inspection"
    if plain_text(answer):
        return ProxyPath(
            f"{opened} what came back is not TLS{error}: plain text, for example a page that reports the host as "
            "blocked.",
            f"Read the page: on the VM, curl -sS --proxytunnel --proxy http://{proxy} http://{host}/ ; then allow "
            f"{host} in the program that sends it, without TLS inspection.",
        )
    if no_cipher(answer):
        return ProxyPath(
            f"{opened} the other side and the VM have no cipher in common{error}.",
            "On the VM, check the crypto policy (update-crypto-policies --show) and CipherString in openssl.cnf; "
            "Azure speaks TLS 1.2 with ECDHE and AES-GCM. If the policy allows these, something else answers in its "
            "place: exempt the endpoints from TLS inspection.",
        )
    if own_failure(answer):
        return ProxyPath(
            f"{opened} the VM's own TLS failed{error}: whether the path is sound is not known.",
            "On the VM, find the reason in the System event log (source Schannel). Check that TLS 1.2 is not switched "
            "off (VM-005) and that memory is free, and restart the VM.",
            shared_cause="TLS of the VM",
        )
    if answer.exit in (35, 60):
        return ProxyPath(
            f"{opened} the TLS handshake broke off{error}. Something between proxy and endpoint cuts the connection, "
            "often a firewall that filters by name.",
            f"{allow}.",
        )
    if answer.timed_out and not answer.handshake:
        return ProxyPath(
            f"{opened} the TLS handshake was not done after {answer.seconds:.0f} s. Small packets pass and large ones "
            "may not (MTU), or a firewall swallows them.",
            f"On the VM, try: curl -v --proxy http://{proxy} https://{host}/ ; then lower the MTU of the CSN interface "
            "(ip link set dev IFACE mtu 1400) to check whether it helps, and check the firewalls behind the proxy.",
        )
    if answer.timed_out:
        return ProxyPath(
            f"{host} took the TLS connection through {proxy} but answered nothing within {answer.seconds:.0f} s.",
            "Run again; if it persists, check the firewalls behind the proxy and the Azure status page.",
        )
    return ProxyPath(f"{opened} it broke before an answer came: {answer.ending}.", f"{allow}, and run again.")
