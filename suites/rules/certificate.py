"""NET-003: why a certificate was not accepted, and the remedy."""

from __future__ import annotations

from collections.abc import Mapping

from plugins import CheckOutcome, Profile, Status, first_installed, on_vm, sh
from suites.probes.curl import CurlAnswer
from suites.rules.tls import Tls, certificate_fault, schannel
from suites.wording import sentence

#: For Debian's family and for Red Hat's.
_CA = (
    ("apt-get", "apt-get install --reinstall -y ca-certificates", "update-ca-certificates"),
    ("dnf", "dnf reinstall -y ca-certificates", "update-ca-trust"),
)
_CA_WORDS = ", or ".join(f"{again.replace(' -y', '')} && {then}" for _, again, then in _CA)
REINSTALL_CA = on_vm(
    first_installed({tool: sh("sudo {} && sudo {}", again.split(), then) for tool, again, then in _CA})
)


_WHO_ANSWERS = "Find out who answers: curl -vk --proxy ... https://{name}/ on the VM shows the certificate. "

#: Each fault of `certificate_fault`: message and remedy.
_FAULTS: Mapping[str, tuple[str, str]] = {
    "validity": (
        "The certificate of {name} is outside its time of validity{error}.{issued} Azure's certificates are renewed in "
        "time, so the VM's clock is wrong (SSH-003), or another server answers.",
        "Set the VM's clock (SSH-003). If it is right, exempt the endpoints from TLS inspection.",
    ),
    "name": (
        "The certificate is not for {name}{error}.{issued} Another server answers in its place.",
        _WHO_ANSWERS + "Remove TLS inspection, or the wrong name resolution behind the proxy.",
    ),
    "revocation": (
        "Whether the certificate of {name} is revoked could not be checked{error}.{issued} Revocation lists come over "
        "plain HTTP, which the CSN proxy does not serve.",
        "On the VM, repeat the request without the revocation check: curl.exe -v --ssl-no-revoke --proxy {proxy} "
        "https://{name}/",
    ),
    "revoked": (
        "The certificate of {name} is revoked{error}.{issued} Another server answers in its place.",
        _WHO_ANSWERS + "Remove TLS inspection from the path.",
    ),
    "untrusted": (
        "The VM does not trust the certificate of {name}{error}.{issued} Either a proxy opens the connection with its "
        "own CA, or the VM's CA certificates are out of date.",
        "If the issuer is your own proxy: exempt {name} from TLS inspection (Arc does not work well with it). If it is "
        "Microsoft or DigiCert: install ca-certificates again (update-ca-certificates or update-ca-trust).",
    ),
}


def certificate_problem(tunnel: CurlAnswer, tls: Tls, name: str, profile: Profile) -> CheckOutcome:
    """The outcome for a certificate that was not accepted: the reason and the remedy."""
    error = sentence(tunnel.error)
    if tunnel.exit == 77 and not schannel(tunnel):
        return CheckOutcome(
            Status.FAIL,
            f"The VM cannot read its own CA bundle{error}, so it trusts no certificate, including that of {name}.",
            remedy=f"Reinstall the CA certificates: {_CA_WORDS}. Check CURL_CA_BUNDLE and SSL_CERT_FILE, too.",
            fix=REINSTALL_CA,
            component="guest",
        )
    fault = certificate_fault(tunnel)
    values = {
        "name": name,
        "error": error,
        "issued": f" It was issued by {tls.issuer}." if tls.issuer else "",
        "proxy": profile.proxy_url,
    }
    message, remedy = (text.format_map(values) for text in _FAULTS[fault])
    own_store = fault == "untrusted" and tls.organisation.startswith(profile.trusted_issuers)
    return CheckOutcome(
        Status.UNKNOWN if fault == "revocation" else Status.FAIL,
        message,
        remedy=remedy,
        fix=REINSTALL_CA if own_store else (),
        component="guest" if own_store or fault in ("validity", "revocation") else None,
    )
