"""Proxy variables on Windows: the deciding place, and how to set a variable there."""

from __future__ import annotations

from plugins import not_applicable

MACHINE = "the Machine environment"
USER = "the User environment"

NEW_SESSION = "On the VM: Restart-Service sshd ; then open a new session."


def set_machine(variable: str, value: str) -> str:
    """The steps to set a variable for every process, and the services to restart."""
    return (
        f"In an elevated PowerShell: [Environment]::SetEnvironmentVariable('{variable}', '{value}', 'Machine') ; then "
        "Restart-Service sshd, and open a new session. Restart the agent's services (himds, GCArcService, "
        "ExtensionService), too, where it is installed."
    )


def drop_user(variable: str) -> str:
    """How to remove a variable of the login user, which replaces the Machine's in every session of this user."""
    return (
        f"As the login user: [Environment]::SetEnvironmentVariable('{variable}', $null, 'User') ; then open a new "
        "session. The User environment replaces the Machine's."
    )


def one_spelling(variable: str) -> None:
    """End the check with *not applicable* for the lower-case spelling: Windows ignores the case of names."""
    if variable.islower():
        not_applicable(f"Windows takes {variable} and {variable.upper()} for the same variable.")
