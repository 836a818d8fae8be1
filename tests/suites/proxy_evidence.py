"""The proxy variables of a VM, for the rows of the proxy checks."""

from __future__ import annotations

from collections.abc import Mapping

from plugins.model import ProbeResult
from tests.support.suite_rows import seen

CSN = "http://169.254.0.11:3128"
ARTICLE = "localhost,127.0.0.1,::1,169.254.169.254"
FULL = {
    **dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), CSN),
    "NO_PROXY": ARTICLE,
    "no_proxy": ARTICLE,
}


def env(values: Mapping[str, str]) -> ProbeResult:
    return seen("".join(f"{name}={value}\n" for name, value in values.items()))


def vm(
    session: Mapping[str, str] = FULL,
    login: Mapping[str, str] | None = None,
    *,
    sudo: Mapping[str, str] | None = None,
    systemd: Mapping[str, str] | None = None,
    written: str = "",
    **states: ProbeResult,
) -> dict[str, ProbeResult]:
    """The environment probes of a VM: the login shell has the variables of the session, unless given."""
    login_lines = env(session if login is None else login).stdout
    return {
        "session_env": env(session),
        "login_env": seen(f"Welcome to the machine\n@login\n{login_lines}"),
        "sudo_env": env(session if sudo is None else sudo),
        "systemd_env": env(systemd or {}),
        "written": seen(written),
        **states,
    }


def but(**changes: str | None) -> dict[str, str]:
    """The article's variables, with some changed or removed."""
    return {name: value for name, value in {**FULL, **changes}.items() if value is not None}
