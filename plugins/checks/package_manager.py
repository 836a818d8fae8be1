"""Package managers: one command for guests of Debian's, Red Hat's and SUSE's families."""

from __future__ import annotations

from typing import Literal

from plugins.checks.check import OnVm, on_vm
from plugins.checks.command import first_installed, sh

Verb = Literal["install", "upgrade", "reinstall", "remove"]

#: In the order of the search. None of them prompts, because no user can answer.
_TOOLS: dict[str, dict[Verb, str]] = {
    "apt-get": {
        "install": "install -y",
        "upgrade": "install --only-upgrade -y",
        "reinstall": "install --reinstall -y",
        "remove": "purge -y",
    },
    "dnf": {"install": "install -y", "upgrade": "upgrade -y", "reinstall": "reinstall -y", "remove": "remove -y"},
    "zypper": {
        "install": "install -y",
        "upgrade": "update -y",
        "reinstall": "install --force -y",
        "remove": "remove -y",
    },
}


def words(verb: Verb, package: str) -> str:
    """For a remedy: ``apt-get purge azcmagent, dnf remove azcmagent, or zypper remove azcmagent``."""
    *most, last = (f"{tool} {verbs[verb].removesuffix(' -y')} {package}" for tool, verbs in _TOOLS.items())
    return f"{', '.join(most)}, or {last}"


def command(verb: Verb, package: str, proxy: str = "") -> OnVm:
    """The same as a command for the guest.

    `proxy` is for packages of Microsoft's repository, which only the CSN proxy reaches: sudo would drop the
    variable of the session. A distribution's own mirrors may be anywhere, so the guest's setting stays.
    """
    sudo = sh("sudo env {}", f"https_proxy={proxy}") if proxy else sh("sudo")
    commands = {tool: sh("{} {} {} {}", sudo, tool, verbs[verb].split(), package) for tool, verbs in _TOOLS.items()}
    if verb != "remove":
        commands["apt-get"] = sh("{} apt-get update; {}", sudo, commands["apt-get"])
    return on_vm(first_installed(commands))
