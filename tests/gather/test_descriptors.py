"""With few file descriptors, fewer VMs are visited in parallel, and failures name the cause."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.support.paths import ROOT

START = """
import json, os, resource, sys
from plugins.core.errors import InputError
from plugins.gather.collector import limits
from plugins.ssh.client import Options
from plugins.ssh.dial import resolve_now
from plugins.ssh.errors import NO_DESCRIPTORS, SshError
"""


def answers(code: str, *limits: tuple[int, int]) -> list[Any]:
    """The output of Python code for each soft and hard limit of open files."""
    each = f"""
for limit in {limits!r}:
    if not os.fork():
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
        break
    assert os.wait()[1] == 0
else:
    sys.exit()
"""
    done = subprocess.run(
        [sys.executable, "-c", START + each + code], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    return list(map(json.loads, done.stdout.splitlines()))


def test_the_limit_is_raised_or_fewer_vms_are_visited_at_a_time() -> None:
    code = """
workers = limits(Options(run_timeout=1), []).workers
print(json.dumps([workers, resource.getrlimit(resource.RLIMIT_NOFILE)[0]]))
"""
    limits = {(64, 64): [4, 64], (64, 4096): [24, 184], (1024, 1024): [24, 1024], (46, 46): [1, 46]}
    assert answers(code, *limits) == list(limits.values())


def test_too_few_for_one_visit_is_one_clear_error() -> None:
    code = """
try:
    limits(Options(run_timeout=1), [])
except InputError as error:
    print(json.dumps(str(error)))
"""
    (error,) = answers(code, (40, 40))
    assert error.endswith("expected 46 or more. Raise the limit and run again: ulimit -n 4096")


def test_a_resolver_without_descriptors_is_not_an_unknown_name() -> None:
    code = """
taken = []
try:
    while True:
        taken.append(os.open("/", os.O_RDONLY))
except OSError:
    pass
try:
    resolve_now("no-such-host.invalid", 22)
except SshError as error:
    found = (error.outcome, error.message, error.remedy) == NO_DESCRIPTORS
os.close(taken.pop())
print(json.dumps(found))
"""
    assert answers(code, (64, 64)) == [True]
