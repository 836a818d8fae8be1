"""PROXY-001: one proxy variable, judged step by step. A step returns None without a finding."""

from __future__ import annotations

from collections.abc import Mapping

from plugins import CheckOutcome, Status
from suites.probes.proxy_environment import MARK, Variables
from suites.rules.proxy_address import proxy_problem
from suites.rules.proxy_setting import SESSION, ProxySetting
from suites.rules.windows_proxy import MACHINE, NEW_SESSION
from suites.wording import visible


def wrong_value(setting: ProxySetting) -> CheckOutcome | None:
    """A value that does not lead to the CSN proxy, in either place."""
    for place, value in setting.values.items():
        if value and (problem := proxy_problem(value, setting.profile)):
            return setting.wrong(
                Status.FAIL,
                f"{setting.variable} is {visible(value)} in {place}; expected {setting.expected}. "
                f"{problem}{setting.set_in_sentence}",
                place=place,
            )
    return None


def nowhere(
    setting: ProxySetting, sudo: Variables, systemd: Variables, written: Mapping[str, list[str]]
) -> CheckOutcome | None:
    """Set in neither place; the message names other places that have it."""
    if any(setting.values.values()):
        return None
    one, other = setting.places
    elsewhere = "" if setting.windows else _elsewhere(setting, sudo, systemd, written)
    return setting.absent(
        Status.FAIL,
        f"{setting.variable} is set neither in {one} nor in {other}; expected {setting.expected}.{elsewhere} "
        f"{_consequence(setting)}",
    )


def _elsewhere(setting: ProxySetting, sudo: Variables, systemd: Variables, written: Mapping[str, list[str]]) -> str:
    """Sentences with a leading blank."""
    name = setting.variable
    twin = name.upper() if name.islower() else name.lower()
    sentences = []
    if setting.files:
        sentences.append(f"It is written in {', '.join(setting.files)}, but does not arrive.")
    for place, variables in (("sudo", sudo), ("systemd", systemd)):
        if value := variables.values.get(name):
            sentences.append(f"Under {place} it is {visible(value)}.")
    if not sentences and written.get(twin):
        sentences.append(f"{', '.join(written[twin])} sets {twin} only.")
    return "".join(f" {sentence}" for sentence in sentences)


def _consequence(setting: ProxySetting) -> str:
    match setting.variable:
        case "HTTP_PROXY":
            return "Programs other than curl read it for http:// addresses."
        case "http_proxy":
            return "curl reads only this one for http:// addresses."
        case _:
            return "A Nexus VM reaches Azure only through this proxy; programs that read this variable would not."


def in_one_place(setting: ProxySetting) -> CheckOutcome | None:
    """Right in one place and not set in the other."""
    values = setting.values
    for place, other in setting.pairs:
        if values[place]:
            continue
        if place == MACHINE:
            return setting.absent(
                Status.FAIL,
                f"{setting.variable} is {visible(values[other])} in {other} only; expected it in {MACHINE}, the only "
                "environment of the agent's services.",
            )
        if setting.windows:
            return CheckOutcome(
                Status.WARN,
                f"{setting.variable} is {visible(values[other])} in {other}, but has not arrived in {place}.",
                NEW_SESSION,
            )
        without = "Ansible, cron and scripts over SSH" if place == SESSION else "Login sessions"
        return setting.absent(
            Status.WARN,
            f"{setting.variable} is {visible(values[other])} in {other}{setting.set_in}, but not set in {place}. "
            f"{without} would not use the proxy.",
        )
    return None


def has_login(setting: ProxySetting) -> CheckOutcome | None:
    """A login in the value, which the probe has removed."""
    value = next((value for value in setting.values.values() if MARK in value), "")
    if not value:
        return None
    return setting.wrong(
        Status.WARN,
        f"{setting.variable} carries a login for the proxy ({visible(value)}). The CSN proxy requires none, and the "
        "agent's extension manager is known to fail with one.",
    )


def wrong_under_sudo(setting: ProxySetting, sudo: Variables) -> CheckOutcome | None:
    """Right in both places, and another proxy under sudo."""
    value = sudo.values.get(setting.variable, "")
    if setting.windows or not value or not proxy_problem(value, setting.profile):
        return None
    return CheckOutcome(
        Status.WARN,
        f"{setting.variable} is right in {' and '.join(setting.places)}, but {visible(value)} under sudo; expected "
        f"{setting.expected}.",
        "Correct it where sudo gets it from: /etc/sudoers, /etc/sudoers.d (env_file, setenv) or root's PAM; expected "
        f"{setting.expected}.",
    )
