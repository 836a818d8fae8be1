"""Every complete answer of `--explain`, compared with tests/data/explanations.txt, for review.

`python -m tests.requirements.test_explanations` writes that file again.
"""

from __future__ import annotations

import tempfile
from itertools import groupby
from pathlib import Path

from plugins.pytest_adapter.explain import explain
from plugins.requirements.agent_errors import azcm_codes, exit_codes
from plugins.requirements.known_messages import messages
from tests.support.paths import ROOT

EXPECTED = ROOT / "tests/data/explanations.txt"

LOG = """\
time="2026-11-21T20:15:01Z" level=info msg="starting"
time="2026-11-21T20:15:02Z" level=error msg="AZCM0026: Network Error"
time="2026-11-21T20:15:03Z" level=error msg="AZCM0012: no"
time="2026-11-21T20:15:04Z" level=error msg="AZCM0026: Network Error"
time="2026-11-21T20:15:05Z" level=info msg="Connected machine to Azure"
curl: (6) Could not resolve host: aka.ms
level=fatal msg="the moon is full"
"""
LINES = (
    "AZCM0040", "7", "99999", "IMDS-03", "it does not work", "FATAL AZCM0026: Network Error: connection refused",
    "curl: (6) Could not resolve host: aka.ms", "exit status 26", "E: Unable to locate package azure-cli", "error 1603",
    "a.log", "b.log", "c.log", "none.log",
)  # fmt: skip


def explanations() -> str:
    """Each query, and its answer."""
    queries = [f"AZCM{code:04}" for code in sorted(azcm_codes())] + [str(code) for code in exit_codes()] + [*LINES]
    # Messages with several explanations, and some of each family.
    for of_family in (list(group) for _, group in groupby(messages(), key=lambda message: message.family)):
        queries += [message.sample for at, message in enumerate(of_family) if message.cases or at < 3]
    with tempfile.TemporaryDirectory() as name:
        here = Path(name)
        for log, text in (("a.log", LOG), ("b.log", "all is well\n"), ("c.log", 'level=error msg="x"\n' * 2)):
            (here / log).write_text(text)
        answers = [(query, explain(query, ROOT / "docs/checks", here)) for query in dict.fromkeys(queries)]
    return "\n\n".join(f"=== {query}\n{answer.text}\n{answer.known}" for query, answer in answers) + "\n"


def test_every_explanation_is_the_one_that_was_reviewed() -> None:
    assert explanations() == EXPECTED.read_text("utf-8")


if __name__ == "__main__":
    EXPECTED.write_text(explanations(), "utf-8")
