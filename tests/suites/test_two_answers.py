"""Two answers in one are none: a check does not pass on the better half of an answer that contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from plugins.checks.probe import END
from plugins.model import ProbeResult, Severity, Status
from tests.support.catalogue import CHECKS, FUNCTIONS, ROWS, WINDOWS_ROWS
from tests.support.suite_rows import Row, seen

#: Answers whose second half adds to the first, or that begin where the last one begins.
ADDED = {
    ("AGENT-004", "agent_check"): "rows of two tables are all judged",
    ("AGENT-003", "agent"): "what is there is there; only the first version counts",
    ("CLI-001", "az_version"): "warnings may precede the JSON, and follow it",
    ("PROXY-002", "curl_version"): "the version is in the first line",
    ("PROXY-002", "session_env"): "no line of one contradicts a line of the other",
    ("ENROLL-001", "enroll_connect"): "the status of azcmagent ends the answer",
    ("ENROLL-003", "enroll_disconnect"): "the status of azcmagent ends the answer",
    # The keys of JSON stand before those of the text in every answer of `azcmagent show`.
    ("AGENT-003", "agent_show"): "one half is JSON, the other text without the status",
    ("AGENT-005", "agent_show"): "one half is JSON, the other text without the status",
}


def glued(first: ProbeResult, second: ProbeResult, command: str) -> ProbeResult:
    head = first.stdout.removesuffix(f"{END}\n")
    return replace(first, command=command, stdout=head + second.stdout, stderr=first.stderr + second.stderr, exit=0)


def pairs() -> Iterator[tuple[str, str, Row, ProbeResult]]:
    """A row on which a required check passes, with the answer of a probe with which the check would fail."""
    for id, rows in (*ROWS.items(), *WINDOWS_ROWS.items()):
        if CHECKS[id].base_severity is not Severity.REQUIRED:
            continue
        whole = [row.with_ends(FUNCTIONS[id]) for row in rows]
        for row in [row for row in whole if row.status is Status.PASS][:3]:
            for bad in [row for row in whole if row.status is Status.FAIL]:
                for name in row.evidence.keys() & bad.evidence.keys():
                    good, other = row.evidence[name], bad.evidence[name]
                    if good.state == other.state == "done" and good.stdout != other.stdout:
                        yield id, name, row, other


def judged(id: str, name: str, row: Row, answer: ProbeResult) -> Status:
    return replace(row, evidence={**row.evidence, name: answer}).judged(FUNCTIONS[id])[0]


def test_no_required_check_passes_on_two_answers_in_one() -> None:
    passed, tried = set(), 0
    for id, name, row, other in pairs():
        good = row.evidence[name]
        if judged(id, name, row, replace(other, command=good.command)) is Status.FAIL:
            for first, second in ((good, other), (other, good)):
                tried += 1
                if judged(id, name, row, glued(first, second, good.command)) is Status.PASS:
                    passed.add((id, name))
    assert passed == ADDED.keys()
    assert tried > 500


@pytest.mark.parametrize(
    ("id", "name", "text"),
    [
        # azcmagent config was killed before the second property, in both of its commands
        (
            "PROXY-005",
            "agent_config",
            "@list\n  proxy.url : http://169.254.0.11:3128\n@get proxy.url\n@get proxy.bypass\n",
        ),
        ("PROXY-005", "agent_config", "@list\n  proxy.bypass : [\n@get proxy.url\n@get proxy.bypass\n[]\n"),
        ("PROXY-005", "agent_config", "@list\n  proxy.bypass : []\n@get proxy.url\n@get proxy.bypass\n[Arc]\n"),
        (
            "PROXY-005",
            "agent_config",
            "@list\n  proxy.bypass : []\n\n@exit 137\n@get proxy.url\n@get proxy.bypass\n[]\n",
        ),
        # no line about a resource is no line that says "never connected"
        ("AGENT-005", "agent_show", '{"status":"Disconnected"}\n\n@text\n'),
        ("AGENT-005", "agent_show", '{"status":"Disconnected","resourceName":""}\n\n@text\nAgent Status : Connected\n'),
        ("AGENT-005", "agent_show", '{"status":"Connected","resourceName":"vm-a"}\n\n@text\nAgent Status : Expired\n'),
        ("CLOUDINIT-001", "cloudinit", '@status\n{"status":"done"}\n@exit 0\n@result\n{"v1": {"errors": ["boo\n'),
        ("CLOUDINIT-001", "cloudinit", '@status\n{"status":"done"}\n@exit 0\n@result\n{"v1": {}}\n'),
        ("CLOUDINIT-001", "cloudinit", '@status\n{"status":"done","errors":"x"}\n@exit 0\n'),
        ("CLOUDINIT-001", "cloudinit", "@status\nstatus: disabled\n@exit 137\n"),
    ],
)
def test_an_answer_without_what_is_needed_is_unknown(id: str, name: str, text: str) -> None:
    row = next(row for row in ROWS[id] if row.status is Status.PASS)
    row = replace(row, evidence={**row.evidence, name: seen(text)}).with_ends(FUNCTIONS[id])
    assert row.judged(FUNCTIONS[id])[0] is Status.UNKNOWN


@pytest.mark.parametrize("headers", ["", "HTTP/1.1 403 Forbidden\n\n", "HTTP/1.1 200 OK\n\nHTTP/1.1 503 Down\n\n"])
def test_headers_that_do_not_end_with_the_status_are_not_all_of_them(headers: str) -> None:
    row = next(row for row in ROWS["IMDS-002"] if row.status is Status.PASS)
    numbers = "\n@curl code=200 connect=000 request=79 verify=0 total=0.01\n"
    row = replace(row, evidence={"healthz": seen(headers + numbers)})
    assert row.judged(FUNCTIONS["IMDS-002"])[0] is Status.FAIL
