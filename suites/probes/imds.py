"""The metadata service: whether it answers ping, and its answers to curl."""

from __future__ import annotations

from plugins import Profile, probe, ps, quote, tool
from suites.probes.curl import EXITS, CurlAnswer, direct, direct_windows, metadata_arguments, metadata_request

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
    accept_exits=(0, 1, 2),  # answered; not answered; not sent
)


def healthz_url(profile: Profile) -> str:
    return f"http://{profile.imds}/healthz"


healthz = probe(
    lambda profile: direct(healthz_url(profile), profile.timeouts.imds),
    windows=lambda profile: direct_windows(healthz_url(profile), profile.timeouts.imds),
    timeout=7,
    needs=["curl"],
    accept_exits=EXITS,
    read=CurlAnswer.read,
)


def _as_is(profile: Profile) -> str:
    # Without -q and --noproxy: .curlrc and environment exactly as the VM has them. curl's errors may quote the proxy
    # setting, login and all (Unsupported proxy syntax in '"http://user:...), so what stands before an @ is cut off.
    return (
        f"{{ e=$(curl -sS {metadata_request(healthz_url(profile), profile.timeouts.imds)} 2>&1 >&4); s=$?; }} 4>&1\n"
        'case $e in *@*) e="curl: ($s) with the proxy setting ***@${e##*@}" ;; esac\n'
        '[ "$e" ] && printf \'%s\\n\' "$e" >&2\n'
        "exit $s"
    )


def _as_is_windows(profile: Profile) -> str:
    request = tool("curl.exe", "-sS", *metadata_arguments(healthz_url(profile), profile.timeouts.imds))
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
    accept_exits=EXITS,
    read=CurlAnswer.read,
)


def compute_url(profile: Profile) -> str:
    return f"http://{profile.imds}/metadata/instance/compute?api-version=2019-06-01"


imds_compute = probe(
    lambda profile: direct(compute_url(profile), profile.timeouts.imds),
    windows=lambda profile: direct_windows(compute_url(profile), profile.timeouts.imds),
    timeout=7,
    needs=["curl"],
    accept_exits=EXITS,
    read=CurlAnswer.read,
)
