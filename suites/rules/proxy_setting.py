"""One proxy variable of a VM: its value in the two deciding places, and how to repair it.

On Linux the SSH session and the login shell decide: processes get their environment from one or the other. Windows has
one environment instead of Linux's dozen places: the Machine environment, which services and every new logon get.
A session there has the values from its start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plugins import CheckOutcome, Fix, Profile, Status, Vm
from suites.probes.no_answer import NoAnswer
from suites.probes.proxy_environment import Variables
from suites.rules import guest_fixes
from suites.rules.windows_proxy import MACHINE, NEW_SESSION, USER, drop_user, set_machine
from suites.wording import visible

SESSION = "the SSH session"
LOGIN = "the login shell"


@dataclass(frozen=True, slots=True)
class ProxySetting:
    """One variable of one VM."""

    variable: str
    expected: str  # the value that the article asks for
    places: Mapping[str, Variables]  # two, by name
    files: tuple[str, ...]  # files that assign the variable, if known; none on Windows
    windows: bool
    profile: Profile
    user: bool = False  # Windows: the User environment sets it

    @classmethod
    def of(
        cls,
        variable: str,
        expected: str,
        vm: Vm,
        profile: Profile,
        session: Variables,
        login: Variables,
        written: Mapping[str, list[str]],
    ) -> ProxySetting:
        """The setting, from the probes of `suites.probes.proxy_environment`."""
        if vm.os == "windows":  # where `login_env` prints the Machine environment
            user = USER in written.get(variable, [])
            return cls(variable, expected, {MACHINE: login, SESSION: session}, (), True, profile, user)
        files = tuple(written.get(variable, []))
        return cls(variable, expected, {SESSION: session, LOGIN: login}, files, False, profile)

    @property
    def values(self) -> dict[str, str]:
        """The value in each place, "" when not set."""
        return {place: variables.values.get(self.variable, "") for place, variables in self.places.items()}

    @property
    def unread(self) -> tuple[str, NoAnswer] | None:
        """A place that could not be read, and why."""
        return next(((place, variables.missing) for place, variables in self.places.items() if variables.missing), None)

    @property
    def pairs(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Each place, with the other one."""
        one, other = self.places
        return (one, other), (other, one)

    @property
    def both(self) -> str:
        """``in the SSH session and in the login shell``"""
        return " and ".join(f"in {place}" for place in self.places)

    @property
    def set_in(self) -> str:
        """The files that set it, in brackets, with a leading blank; "" when none does."""
        return f" (set in {', '.join(self.files)})" if self.files else ""

    @property
    def set_in_sentence(self) -> str:
        """The same as a sentence."""
        return f" It is set in {', '.join(self.files)}." if self.files else ""

    def wrong(
        self, status: Status, message: str, value: str = "", *, place: str = "", keep: Sequence[str] | None = None
    ) -> CheckOutcome:
        """An outcome whose remedy is to replace the present value of `place`; `value` is not `expected`.

        `keep`: the entries beyond the article's that NO_PROXY may keep; None = all.
        """
        if self.windows:
            return CheckOutcome(status, message, self._to_correct(place, value or self.expected))
        file = " and ".join(self.files) or guest_fixes.ENVIRONMENT
        fix: Fix = guest_fixes.environment(self.profile, keep=keep)
        if set(self.files) - {guest_fixes.ENVIRONMENT}:  # no command edits the operator's own files
            fix = ()
        remedy = f"Set {self.variable}={value or self.expected} in {file}, and open a new session."
        return CheckOutcome(status, message, remedy, fix=fix)

    def _to_correct(self, place: str, value: str) -> str:
        """The remedy on Windows. The Machine's value is judged first: when the session's is wrong, that one is not."""
        steps = []
        if place != SESSION or not self.values[MACHINE]:
            steps.append(set_machine(self.variable, value))
        if place == SESSION and self.user:
            steps.append(drop_user(self.variable))
        return " ".join(steps) or NEW_SESSION

    def absent(self, status: Status, message: str) -> CheckOutcome:
        """An outcome whose remedy is to set the variable, or to apply a file's setting to every session."""
        if self.windows:
            return CheckOutcome(status, message, set_machine(self.variable, self.expected))
        if guest_fixes.ENVIRONMENT in self.files:
            return CheckOutcome(
                status,
                message,
                "/etc/environment reaches a session through PAM only: set 'UsePAM yes' in /etc/ssh/sshd_config, make "
                "sure that /etc/pam.d/sshd has pam_env.so, restart sshd and open a new session.",
            )
        return CheckOutcome(status, message, self.to_add, fix=guest_fixes.environment(self.profile))

    @property
    def to_add(self) -> str:
        """The remedy that sets the variable."""
        if self.windows:
            return set_machine(self.variable, self.expected)
        if self.variable.upper() == "NO_PROXY":
            return f"Set {self.variable}={self.expected} in /etc/environment, and open a new session."
        return f"Add the line {self.variable}={self.expected} to /etc/environment, and open a new session."

    def not_read(self) -> CheckOutcome | None:
        """The outcome when one place could not be read and the other one does not decide."""
        if not self.unread:
            return None
        place, why = self.unread
        other, value = next((name, value) for name, value in self.values.items() if name != place)
        if not value:
            message = f"{self.variable} is not set in {other}, and {place} could not be read: {why}."
            return CheckOutcome(Status.UNKNOWN, message, self.to_add)
        remedy = "Log in to the VM by hand and find out what its profile scripts wait for; then run again."
        if self.windows:
            remedy = f"Read it on the VM: [Environment]::GetEnvironmentVariable('{self.variable}', 'Machine')"
        message = f"{self.variable} is {visible(value)} in {other}, but {place} could not be read: {why}."
        return CheckOutcome(Status.UNKNOWN, message, remedy)
