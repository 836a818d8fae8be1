"""The SSH login's root access, and the clock of the VM."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from plugins import ANY_ERROR, ProbeResult, Profile, Vm, probe
from suites.probes.curl import curl, curl_windows

# The engine starts it only in an elevated session of an Administrator: the counterpart of root.
root_id = probe("id -u", windows="'0'", timeout=5, root=True, accept_states=("no root",), accept_exits=ANY_ERROR)


@dataclass(frozen=True, slots=True)
class Clock:
    """The VM's clock, and the two clocks for comparison, in seconds since the epoch."""

    vm: int
    azure: int | None  # from the Date header of an HTTPS answer; None = no answer came
    runner: float

    @classmethod
    def read(cls, result: ProbeResult) -> Clock:
        r"""Read the headers of the answer, then the VM's own seconds.

        ::

            HTTP/1.1 200 Connection established

            HTTP/2 400
            date: Sat, 21 Nov 2026 22:45:58 GMT

            @clock 1795301158
        """
        own = re.search(r"^@clock (\d{9,11})\s*$", result.stdout, re.M)
        if not own:
            raise ValueError(f"expected '@clock' and the seconds since 1970, found {result.stdout[-60:]!r}")
        return cls(int(own[1]), _date(result.stdout), result.received)


def _date(headers: str) -> int | None:
    """The Date of the endpoint's own answer, which is the last one; a proxy's error page does not count."""
    blocks = re.split(r"^(?=HTTP/[\d.]+ \d{3})", headers.replace("\r", ""), flags=re.M)
    if len(blocks) < 3 or not re.match(r"HTTP/[\d.]+ 200", blocks[1]):  # earlier output; the answer to CONNECT; ours
        return None
    match = re.search(r"^date:[ \t]*(.+)$", blocks[-1], re.M | re.I)
    try:
        return int(parsedate_to_datetime(match[1].strip()).timestamp()) if match else None
    except ValueError:
        return None


def _request(vm: Vm, profile: Profile) -> list[str]:
    # -k: with a wrong clock every certificate is invalid, and this probe tests the clock.
    limits = "--connect-timeout", str(profile.timeouts.connect), "--max-time", str(profile.timeouts.total)
    rest = "-o", "/dev/null", "-D", "-", profile.resource_manager(vm).url
    return ["-q", "-sS", "-k", "-I", "--proxy", profile.proxy_url, *limits, *rest]


def _clock(vm: Vm, profile: Profile) -> str:
    return f"NO_PROXY= no_proxy= {curl(*_request(vm, profile))}\nexec date -u '+%n@clock %s'"


def _clock_windows(vm: Vm, profile: Profile) -> str:
    ask = curl_windows(*_request(vm, profile), without=["NO_PROXY"])
    # Without curl, or an answer to it, the runner's clock is compared: curl's status does not count.
    return (
        f"try {{\n{ask}\n}} catch {{ }}\n"
        "$global:LASTEXITCODE = 0\n"
        "'@clock ' + [long][Math]::Floor(([DateTime]::UtcNow - [DateTime]'1970-01-01').TotalSeconds)"
    )


clock = probe(_clock, windows=_clock_windows, timeout=15, read=Clock.read)
