"""The messages of rules for values at and beside each limit, compared with tests/data/rule-words.txt, for review.

`python -m tests.suites.test_rule_words` writes that file again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

import msgspec

from plugins import ProbeResult
from plugins.checks.check import CheckOutcome
from plugins.model import ProbeState
from suites.probes.azcmagent_config import _setting
from suites.probes.azcmagent_connect import AgentCommand, ArcMachine
from suites.probes.curl import CurlAnswer
from suites.probes.windows_guest import WindowsGuest
from suites.rules import certificate
from suites.rules.no_proxy import bypasses, misread
from suites.rules.tls import Tls
from suites.rules.windows_guest import windows_has_what_the_agent_needs
from tests.support.paths import ROOT
from tests.support.suite_rows import PROFILE, curl, seen

EXPECTED = ROOT / "tests/data/rule-words.txt"

NO_PROXY = (
    "", "*", "a,*", "*,a", " * ", "169.254.169.254", "169.254.169.254:80", "169.254.169.254:81", "http://169.254.169.254",
    ".169.254.169.254", "169.254.169.254.", "169.254", ".254", "254", "169.254.169.25", "169.254.*", "169.254.169.*",
    "169.254.0.0/16", "169.254.169.254/32", "169.254.169.254/33", "169.254.169.254/0", "0.0.0.0/0", "169.254.0.0/255.255.0.0",
    "10.0.0.0/8", "a 169.254.169.254", "a;169.254.169.254", "a,169.254.169.254", "a , 169.254.169.254", "169.254.169.254 b",
    "example.com", ".example.com", "www.example.com", "EXAMPLE.com", "ample.com", "*.example.com", "www.example.com:443",
    "www.example.com.", "[fd00::1]", "fd00::1", "fd00::/8", "fd00::/0", "[fd00::1]:80", "::1", "localhost", "/", "a/b", ",",
)  # fmt: skip
HOSTS = ("169.254.169.254", "www.example.com", "fd00::1", "localhost", "127.0.0.1")
CURLS = ((), (7, 29, 0), (7, 58, 0), (7, 59, 0), (7, 85, 0), (7, 86, 0), (8, 9, 0), (8, 20, 0), (8, 21, 0))

COMMANDS = (
    "@run\nINFO Connecting\nResource ID=/subscriptions/s/x\nResource Id: /subscriptions/s/y\n@exit 0\n",
    "@run\nERROR: AZCM0026 no.\nINFO bye.\n@exit 42\n", "@run\n@exit 0\n", "@run\n@exit 0\n\n@text\nAgent Status : Connected\n",
    "@already\nResource Id : /subscriptions/s/z\n", "@absent\n", "@no token 400\n", "@no key PKCS#8\n", "@run\n", "@exit 0\n",
    "words @run\n@exit 1", "@run\na\n@exit 1234\n",
)  # fmt: skip
MACHINES = (
    "null", '{"id": "/m", "properties": {"status": "Connected", "lastStatusChange": "t"}}', '{"properties": {}}', "{}", "[]",
    '{"properties": []}', "[" * 100_000,
)  # fmt: skip

GUEST = WindowsGuest((5, 1, 17763), 461814, True, "C:", 5_000_000)


def _said(ask: Callable[[], Any]) -> str:
    try:
        return f"{ask()}"
    except CheckOutcome as outcome:
        return f"{outcome.status}: {outcome.message} | {outcome.remedy} | {outcome.component} {outcome.fix}"
    except ValueError as error:
        return f"ValueError: {error}"


def _lines() -> Iterator[str]:
    for value in NO_PROXY:
        for host in HOSTS:
            tools = "".join(
                "+" if bypasses(tool, value, host, version) else "-"
                for tool, version in [
                    *(("curl", version) for version in CURLS),
                    ("azcmagent (Go)", ()),
                    ("az (Python)", ()),
                ]
            )
            says = dict.fromkeys(misread(value, host, version) for version in CURLS if host[0] in "1f")
            yield f"NO_PROXY={value!r} for {host}: {tools} {' / '.join(filter(None, says))}"
    answer = CurlAnswer.read(curl(0, exit=60))
    for kind in ("untrusted", "validity", "name", "revocation", "revoked"):
        for exit, issuer in ((60, ""), (60, "CN=Corp Proxy"), (77, "")):
            tls = replace(Tls.read(""), issuer=issuer)
            with patch.object(certificate, "certificate_fault", return_value=kind):
                outcome = certificate.certificate_problem(
                    msgspec.structs.replace(answer, exit=exit), tls, "a.example", PROFILE
                )
            yield f"certificate {kind}, exit {exit}, {issuer}: {outcome.status}: {outcome.message} | {outcome.remedy}"
    limit = 461_808  # .NET's
    fields: dict[str, list[Any]] = {
        "powershell": [(), (5, 0), (5, 1), (4, 0), (3, 0), (2, 0), (1, 0), (7, 4)],
        "dotnet": [None, 0, 393_294, 393_295, 393_296, limit],
        "tls12": [None, False],
        "free": [None, 0, 1024, 499 * 1024, 500 * 1024 - 1, 500 * 1024],
    }
    for name, values in fields.items():
        for value in values:
            guest = replace(GUEST, **{name: value})
            yield f"windows {name}={value}: {_said(partial(windows_has_what_the_agent_needs, guest, 500))}"
    nothing = WindowsGuest((), None, None, "C:", None)
    yield f"windows, nothing: {_said(lambda: windows_has_what_the_agent_needs(nothing, 500))}"
    for text in COMMANDS:
        yield f"enroll {text!r}: {_said(partial(_of_command, seen(text)))}"
    states: list[tuple[ProbeState, str]] = [("timed out", ""), ("lost", ""), ("lost", "It broke.\n")]
    for state, stderr in states:
        result = seen("", stderr, state=state)
        yield f"enroll, {state}: {AgentCommand.read(result).missing!r} {ArcMachine.read(result).missing!r}"
    for text in MACHINES:
        yield f"machine {text[:90]!r}: {_said(partial(ArcMachine.read, seen(text)))}"
    settings: list[tuple[dict[str, str], dict[str, str]]] = [
        ({}, {}), ({"p": ' "x" '}, {}), ({"p": ""}, {"p": "y"}), ({}, {"p": "nothing"}), ({}, {"p": "'y'"}),
        ({}, {"p": "p has not been set"}), ({}, {"p": "not set"}), ({}, {"p": "some words"}), ({}, {"p": "[a b]"}),
    ]  # fmt: skip
    for listed, got in settings:
        yield f"setting {listed} {got}: {_said(partial(_setting, 'p', listed, got))!r}"


def _of_command(result: ProbeResult) -> str:
    command = AgentCommand.read(result)
    return f"{command.exit} {command.lines} {command.why_not!r} {command.detail!r} {command.resource!r} {command.error!r} {command.after.status!r}"


def test_what_rules_say_is_what_was_reviewed() -> None:
    assert "\n".join(_lines()) + "\n" == EXPECTED.read_text("utf-8")


if __name__ == "__main__":
    EXPECTED.write_text("\n".join(_lines()) + "\n", "utf-8")
