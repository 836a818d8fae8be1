"""IMDS: the metadata service's sidecar, from which the VM gets its tokens."""

from __future__ import annotations

from plugins import ProbeResult, check, fail, probe, quote, recommended, required, unknown, warn
from plugins.checks.quoting import ps, tool
from plugins.model import Vm
from plugins.requirements.profile import Profile
from suites.answers import CurlAnswer, direct, direct_windows, metadata_arguments, metadata_request, sentence
from suites.arm import restart

ARTICLE = (
    "https://learn.microsoft.com/azure/operator-nexus/troubleshoot-virtual-machines-arc-enroll-with-managed-identities"
)


# The first packet is often enough; a second and third only when it got lost. No option that busybox does not know.
ping = probe(
    lambda profile: f"ping -c 1 -W 1 {quote(profile.imds)} || ping -c 2 -W 1 {quote(profile.imds)}",
    # ping.exe speaks the language of the system, and ends with 0 when a router says "unreachable".
    windows=lambda profile: (
        "$status = 'none'\n"
        "foreach ($try in 1, 2, 3) {\n"
        "    try {\n"
        f"        $status = [string][Net.NetworkInformation.Ping]::new().Send({ps(profile.imds)}, 1000).Status\n"
        "    } catch { $status = [string]$_ }\n"
        "    if ($status -eq 'Success') { break }\n"
        "}\n"
        "if ($status -eq 'Success') { '1 packets transmitted, 1 received' } else {\n"
        '    "3 packets transmitted, 0 received: $status"\n'
        "    $global:LASTEXITCODE = 1\n"
        "}"
    ),
    timeout=6,
    needs=["ping"],
)


@check(
    "IMDS-001",
    recommended,
    caused_by=["IMDS-002"],
    remedy="Nothing needs to be done as long as IMDS-002 passes; else look at the route: ip route get 169.254.169.254",
    docs=ARTICLE,
    component="vm",
)
def test_the_imds_address_answers_ping(ping: ProbeResult, profile: Profile) -> str:
    """The metadata address answers ping.

    Success: an echo came back.
    Failure: none did. ICMP is promised nowhere, so this only ever warns; IMDS-002 is what counts.
    Unknown: ping is missing, or the login user may not use it.
    """
    # 1 packets transmitted, 1 received, 0% packet loss     (iputils)
    # 1 packets transmitted, 1 packets received, 0% packet loss     (busybox)
    if ping.exit == 0:
        return f"{profile.imds} answers ping."
    if "transmitted" not in ping.stdout and "nreachable" not in ping.stderr:
        unknown(
            f"ping did not run{sentence(_last(ping.stderr))}.",
            remedy="Give the login user the right to ping (net.ipv4.ping_group_range), or judge by IMDS-002.",
        )
    why = sentence(_last(ping.stderr))
    fail(f"{profile.imds} did not answer 3 pings{why}. ICMP is not promised: IMDS-002 tells whether the service works.")


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].removeprefix("ping: ") if lines else ""


def _healthz(profile: Profile) -> str:
    return f"http://{profile.imds}/healthz"


healthz = probe(
    lambda profile: direct(_healthz(profile), profile.timeouts.imds),
    windows=lambda profile: direct_windows(_healthz(profile), profile.timeouts.imds),
    timeout=7,
    needs=["curl"],
    read=CurlAnswer.read,
)


@check(
    "IMDS-002",
    required,
    remedy="The sidecar belongs to the platform. Restart the VM through Azure (az networkcloud virtualmachine "
    "restart), and open a support request if it stays so.",
    docs=ARTICLE,
    component="vm",
)
def test_the_imds_sidecar_is_healthy(healthz: CurlAnswer, vm: Vm, profile: Profile) -> str:
    """GET /healthz on port 80 answers 200, directly, within 3 s.

    Success: HTTP 200, past every proxy.
    Failure: no connection, no answer in time, or another status. Another 2xx is a warning: the article only names 200.
    Unknown: curl is missing.
    """
    answer, url = healthz, _healthz(profile)
    if answer.proxied_by:
        fail(
            f"GET {url} was answered by a proxy ({answer.proxied_by}) with HTTP {answer.code}, though none was asked: "
            "something on the way intercepts port 80. Tokens would not come from this VM's sidecar.",
            remedy=f"Take {profile.imds} out of the interception (iptables -t nat -L, nft list ruleset on the VM).",
            component="guest",
        )
    if answer.code == 200 and answer.exit == 0:
        return f"GET {url} answered 200 in {answer.seconds:.2f} s."
    if 200 < answer.code < 300:
        warn(
            f"GET {url} answered {answer.code}; expected 200. The sidecar runs, but this answer is not described.",
            remedy="Nothing, as long as tokens are issued (TOKEN-001); tell Microsoft support if they are not.",
        )
    if answer.code == 404:
        fail(
            f"GET {url} answered 404; expected 200. Something listens on port 80 that knows no /healthz: not the Nexus "
            "sidecar.",
            remedy=f"Look at what the VM has at {profile.imds}: ip route get {profile.imds}; a local service or "
            "another platform's metadata service must not sit there.",
        )
    if answer.code >= 500:
        fail(f"GET {url} answered {answer.code}; expected 200. The sidecar runs but is not healthy.", fix=restart(vm))
    if answer.code:
        fail(f"GET {url} answered {answer.code}; expected 200.", fix=restart(vm))
    if answer.exit == 28:
        if answer.peer:
            fail(
                f"GET {url} was accepted but not answered within {answer.seconds:.0f} s; expected 200. The sidecar "
                "hangs.",
                fix=restart(vm),
            )
        fail(
            f"{profile.imds} port 80 did not accept a connection within {answer.seconds:.0f} s; expected 200 from "
            "/healthz. The way to the sidecar is cut, or a firewall on the VM drops it.",
            remedy=f"On the VM: ip route get {profile.imds}, and look for rules that drop it (nft list ruleset, "
            "iptables -L). If the way is right, restart the VM through Azure and open a support request if it stays "
            "so.",
        )
    if answer.exit == 7:
        fail(
            f"{profile.imds} port 80 refuses the connection or has no route{sentence(answer.error)}; expected 200 from "
            "/healthz. The sidecar does not listen.",
            remedy=f"On the VM: ip route get {profile.imds} must name the CSN interface. If it does, restart the VM "
            "through Azure, and open a support request if it stays so.",
        )
    fail(f"GET {url} failed, curl ended with {answer.exit}{sentence(answer.error)}; expected 200.", fix=restart(vm))


def _as_is(profile: Profile) -> str:
    # Without -q and --noproxy: .curlrc and environment exactly as the VM has them. curl's errors may quote the proxy
    # setting, login and all (Unsupported proxy syntax in '"http://user:...), so what stands before an @ is cut off.
    return (
        f"{{ e=$(curl -sS {metadata_request(_healthz(profile), profile.timeouts.imds)} 2>&1 >&4); s=$?; }} 4>&1\n"
        'case $e in *@*) e="curl: ($s) with the proxy setting ***@${e##*@}" ;; esac\n'
        '[ "$e" ] && printf \'%s\\n\' "$e" >&2\n'
        "exit $s"
    )


def _as_is_windows(profile: Profile) -> str:
    request = tool("curl.exe", "-sS", *metadata_arguments(_healthz(profile), profile.timeouts.imds))
    return (
        f"{request}\n"
        "$said = $slot.err.ToString()\n"
        "if ($said.Contains('@')) {\n"
        "    $rest = $said.Substring($said.LastIndexOf('@') + 1)\n"
        "    [void]$slot.err.Clear()\n"
        "    Add-Said 'err' \"curl: ($global:LASTEXITCODE) with the proxy setting ***@$rest\"\n"
        "}"
    )


healthz_as_is = probe(
    _as_is,
    windows=_as_is_windows,
    timeout=7,
    needs=["curl"],
    read=CurlAnswer.read,
)


@check(
    "IMDS-003",
    required,
    caused_by=["PROXY-002", "IMDS-002"],
    remedy="Put the metadata address into NO_PROXY and no_proxy, in /etc/environment: "
    "NO_PROXY=localhost,127.0.0.1,::1,169.254.169.254 ; then open a new session.",
    docs=ARTICLE,
    component="guest",
)
def test_imds_answers_with_the_vms_own_settings(healthz_as_is: CurlAnswer, profile: Profile) -> str:
    """The same request succeeds with the VM's environment as it is.

    Success: HTTP 200 (or another 2xx, which IMDS-002 comments on), from the metadata address itself.
    Failure: the request went to a proxy, or failed. A NO_PROXY that looks right and is not is found here.
    Unknown: curl is missing.
    """
    answer, url = healthz_as_is, _healthz(profile)
    peer = answer.peer or _told_to_connect(answer.error)
    if answer.proxied_by or (peer and peer != profile.imds):
        at = peer if peer != profile.imds else "a proxy on the way"
        got = f"HTTP {answer.code}" if answer.code else f"curl error {answer.exit}{sentence(answer.error)}"
        fail(
            f"With the session's own settings, GET {url} went to {at} and got {got}; expected 200 from {profile.imds} "
            "itself. Token requests go the same way, and az login --identity fails."
        )
    if answer.exit in (5, 97):
        fail(
            f"With the session's own settings, GET {url} was meant for a proxy that cannot be "
            f"used{sentence(answer.error)}; expected 200 from {profile.imds} itself. az login --identity fails alike."
        )
    if 200 <= answer.code < 300 and answer.exit == 0:
        return f"With the session's own settings, GET {url} answered {answer.code} from {profile.imds} itself."
    got = f"answered {answer.code}" if answer.code else f"failed, curl ended with {answer.exit}{sentence(answer.error)}"
    fail(
        f"With the session's own settings, GET {url} {got}; expected 200. It did not go through a proxy.",
        remedy="See IMDS-002: the service itself does not answer as it should. If IMDS-002 passes, look at ~/.curlrc.",
    )


def _told_to_connect(error: str) -> str:
    """The host that curl could not connect to.

    ``Failed to connect to 169.254.0.11 port 3128 after 0 ms: Couldn't connect to server``,
    ``Failed to connect to 169.254.0.11 port 3128: Connection refused`` (curl 7.68)
    """
    words = error.split()
    return words[4] if words[:4] == ["Failed", "to", "connect", "to"] and len(words) > 4 else ""


def _compute(profile: Profile) -> str:
    return f"http://{profile.imds}/metadata/instance/compute?api-version=2019-06-01"


imds_compute = probe(
    lambda profile: direct(_compute(profile), profile.timeouts.imds),
    windows=lambda profile: direct_windows(_compute(profile), profile.timeouts.imds),
    timeout=7,
    needs=["curl"],
    read=CurlAnswer.read,
)


@check(
    "IMDS-004",
    required,
    requires=["IMDS-002"],
    remedy="Open a support request for the platform: the sidecar must not serve /metadata/instance. Do not set "
    "MSFT_ARC_TEST: it is for tests only.",
    docs="https://learn.microsoft.com/azure/azure-arc/servers/troubleshoot-agent-onboard",
    component="cluster",
)
def test_the_vm_does_not_pass_for_an_azure_vm(imds_compute: CurlAnswer, profile: Profile) -> str:
    """The installer does not take the VM for an Azure VM.

    Success: GET /metadata/instance/compute, as the agent's installation script asks it, is not answered 2xx.
    Failure: it is: the script stops with AZCM0141, and the agent itself may refuse as well.
    Unknown: the request got no answer, though the service is healthy.
    """
    answer, url = imds_compute, _compute(profile)
    if 200 <= answer.code < 300:
        fail(
            f"GET {url} answered {answer.code}. That is how an Azure VM answers; expected 404. The installation script "
            "of the agent would stop with AZCM0141 (this is an Azure virtual machine)."
        )
    if not answer.code:
        unknown(
            f"GET {url} got no answer, curl ended with {answer.exit}{sentence(answer.error)}, though /healthz did.",
            remedy="Run again. The installation script would go on, but whether it does next time is open.",
        )
    return f"GET {url} answered {answer.code}: the installation script goes on."
