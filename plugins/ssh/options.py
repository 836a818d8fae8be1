"""The options of visits, and the maximum duration of a visit and a whole run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from plugins.ssh.host_keys import HostKeys

#: Seconds after the script: to close the connection, and to test whether the jump host still answers.
AFTER = 5.0


@dataclass(frozen=True, slots=True)
class Options:
    """The options of visits. All times in seconds."""

    run_timeout: float  # for the whole script
    config_file: Path | None = None  # instead of ~/.ssh/config and /etc/ssh/ssh_config
    host_keys: HostKeys = "strict"  # strict | accept-new | off
    connect_timeout: float = 10.0  # name resolution and TCP, each; ConnectTimeout of the configuration wins
    login_timeout: float = 15.0  # the banner; then key exchange and login; then the shell, each
    reach_timeout: float = 45.0  # all of these together, with retries and jump hosts
    max_bytes: int = 4 * 1024 * 1024  # of stdout and stderr, per VM
    # VMs logged in at the same time. They share a proxy and often hosts: with 64 at once, a lab of 100 VMs
    # made its own proxy time out, and visiting 100 VMs was never faster than with 24.
    workers: int = 24


def visit_limit(options: Options) -> float:
    """The maximum duration of one visit in seconds, without the wait for its turn."""
    return options.reach_timeout + options.run_timeout + AFTER


def time_limit(vms: int, options: Options) -> float:
    """The maximum duration of visiting this many VMs, in seconds.

    A VM waits only while all workers use up their time for other VMs. So the last one has
    waited no longer than the time of all the others, divided by the number of workers.
    """
    waiting = (vms - 1) / options.workers if vms > options.workers else 0.0
    return visit_limit(options) * (1 + waiting)
