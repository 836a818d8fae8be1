"""Forty small commands (`echo` and `cat`) in the form that each contestant needs, judged in the same way."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

COUNT = 40
ROOT = Path(__file__).resolve().parents[1]


def _command(number: int) -> str:
    return f"echo check_{number}; cat /etc/hostname"


#: The script of the commands prints this at its end.
DONE = "all forty done"
SCRIPT = "\n".join([*map(_command, range(COUNT)), f"echo {DONE}", ""])

TESTINFRA = f"""\
import pytest


@pytest.mark.parametrize("number", range({COUNT}))
def test_the_command_answers(host, number):
    done = host.run(f"echo check_{{number}}; cat /etc/hostname")
    assert done.rc == 0 and done.stdout.startswith(f"check_{{number}}\\n")
"""

_HEAD = """\
from plugins import check, fail, probe, required

DOCS = "https://example.org/"
"""
_CHECK = '''

answer_{number} = probe({command!r}, timeout=30)


@check("FORTY-{number:03}", required, remedy="Look at the VM.", docs=DOCS)
def test_the_command_answers_{number}(answer_{number}):
    """Command {number} answers."""
    if answer_{number}.exit or not answer_{number}.stdout.startswith("check_{number}\\n"):
        fail(f"It said {{answer_{number}.stdout!r}}; expected check_{number}.")
    return "It does."
'''


def project(folder: Path) -> Path:
    """Make a checkout with the suite's plugins and forty checks in `folder`, and return it."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "suites").mkdir(parents=True)
    settings = f'[tool.pytest.ini_options]\ntestpaths = ["suites"]\npythonpath = ["{ROOT}"]\n'
    (folder / "pyproject.toml").write_text(settings, "utf-8")
    shutil.copy(ROOT / "conftest.py", folder)
    checks = (_CHECK.format(number=number, command=_command(number)) for number in range(COUNT))
    (folder / "suites/test_forty.py").write_text(_HEAD + "".join(checks), "utf-8")
    return folder


def passed(output: str) -> int:
    """The number of passed tests in pytest's output: "4000 passed in 206.12s"."""
    matches = re.findall(r"\b(\d+) passed\b", output)
    return int(matches[-1]) if matches else 0
