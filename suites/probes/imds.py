"""The metadata service: whether it answers ping, and its answers to curl."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plugins import Profile, probe, ps, quote
from suites.probes.curl import DIRECT, EXITS, CurlAnswer, curl, curl_windows, to_metadata

# The first packet is often enough; a second and third only when it was lost. Only options that busybox knows.
ping = probe(
    lambda profile: f"ping -c 1 -W 1 {quote(profile.imds)} || exec ping -c 2 -W 1 {quote(profile.imds)}",
    # ping.exe prints the language of the system, and exits with 0 when a router answers "unreachable".
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


def compute_url(profile: Profile) -> str:
    return f"http://{profile.imds}/metadata/instance/compute?api-version=2019-06-01"


def _answer_of(url: Callable[[Profile], str]) -> Any:
    return probe(
        lambda profile: curl(*DIRECT, *to_metadata(url(profile), profile.timeouts.imds)),
        windows=lambda profile: curl_windows(*DIRECT, *to_metadata(url(profile), profile.timeouts.imds)),
        timeout=10,
        needs=["curl"],
        accept_exits=EXITS,
        read=CurlAnswer.read,
    )


healthz = _answer_of(healthz_url)
imds_compute = _answer_of(compute_url)
