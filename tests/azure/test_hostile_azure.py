"""Answers of Azure are inactive in every output: markers in error bodies, headers, values and notes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from plugins.azure.fetch import fetch
from plugins.core.files import write_json
from plugins.evidence.archive import Archive
from tests.hostile.test_hostile_servers import MARK
from tests.hostile.test_hostile_text import problems
from tests.support.arm_server import Arm, Trouble
from tests.support.azure_site import options, populate
from tests.support.newest_run import newest_run
from tests.support.paths import ROOT
from tests.support.pytest_process import run_pytest

pytest_plugins = "pytester"

#: The marker without characters that a header cannot contain.
HEADER = MARK.replace("\x07", "").encode().decode("latin-1")
HEADERS = dict.fromkeys(
    (
        *("x-ms-request-id", "x-ms-correlation-request-id", "x-ms-routing-request-id", "x-ms-failure-cause", "Via"),
        *("x-ms-error-code", "Content-Language", "X-Cache", "Server-Timing"),
    ),
    HEADER,
)
ERROR = {"error": {"code": MARK, "message": f"{MARK}\n::error::Z\n", "details": [{"code": MARK, "message": MARK}]}}
#: The answers, for one VM after the other, and then for all of its neighbours.
ANSWERS: list[Trouble] = [
    (400, HEADERS, ERROR),
    (401, HEADERS | {"WWW-Authenticate": f'Bearer error="{HEADER}"'}, ERROR),
    (403, HEADERS, ERROR),
    (404, HEADERS, ERROR),
    (404, HEADERS, {"error": {"code": "ResourceNotFound", "message": MARK}}),
    (409, HEADERS, f"<html>{MARK}</html>".encode()),
    (200, HEADERS, MARK.encode()),
    (200, HEADERS, {MARK: MARK, "properties": {MARK: MARK, "powerState": MARK, "provisioningState": MARK}}),
    (302, {"Location": f"https://evil.example/{HEADER}"}, ERROR),
]


#: Each requested kind of resource.
KINDS = (
    *("virtualmachines/vm1", "/clusters/", "cloudservicesnetworks/", "hybridcompute/machines", "roleassignments"),
    *(
        "providers/microsoft.networkcloud?",
        "providers/microsoft.hybridcompute?",
        "customlocations/",
        "clustermanagers/",
    ),
)


@pytest.mark.parametrize("turn", [0, 2, 8])
def test_no_marker_of_azure_acts(arm: Arm, turn: int, tmp_path: Path) -> None:
    """Each kind of resource gets one of these answers, and a different one in each round."""
    vms = populate(arm, 1)
    for number, kind in enumerate(KINDS):
        arm.trouble(kind, ANSWERS[(number + turn) % len(ANSWERS)])
    archive = Archive.create(tmp_path / "earlier", {"id": "earlier", "profile": "2510", "arguments": []}, vms)
    write_json(archive.directory / "azure.json", fetch(vms, options(arm)).to_data())
    reports, log = tmp_path / "reports", tmp_path / "run.log"
    done = run_pytest(
        *(
            "-p",
            "no:cacheprovider",
            f"--evidence={archive.directory}",
            f"--reports={reports}",
            "-vv",
            "-rA",
            "--bundle",
        ),
        *(f"--log-file={log}", "--log-file-level=DEBUG"),
        cwd=ROOT,
    )
    printed = tmp_path / "terminal.txt"
    printed.write_text(done.stdout + done.stderr, "utf-8", "surrogateescape")
    run = newest_run(reports)
    assert "vso[task" in (run / "results.json").read_text(), "the markers are there to be seen"
    outputs = [printed, log, *(file for file in run.rglob("*") if file.is_file() and file.suffix != ".zip")]
    outputs = [file for file in outputs if file.name[0] != "."]
    seen = {file.name: [problem for problem in problems(file) if "\u26a0\ufe0f" not in problem] for file in outputs}
    assert {name: actual[0] for name, actual in seen.items() if actual} == {}


def test_no_marker_of_a_fleet_of_azure_acts_in_its_notes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        hostile_fleet=f"""
        from plugins.azure import discovery
        from plugins.model import Vm
        mark = {MARK!r}
        vms = [Vm("a", host="10.0.0.4", user="azureuser", tags={{mark: mark}})]
        discovery.fleet_from_azure = lambda places: discovery.Discovery(vms, [f"a: {{mark}}\\n::error::Z", mark])
        """
    )
    done = run_pytest(
        *("-p", "no:cacheprovider", "-p", "hostile_fleet", "--azure-fleet=s", "--plan", "-vv", "--no-azure"),
        *(f"--reports={pytester.path}", str(ROOT / "suites")),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(pytester.path)},
    )
    printed = pytester.path / "terminal.txt"
    printed.write_text(done.stdout + done.stderr)
    assert "evil.example" in printed.read_text(), printed.read_text()[:2000]
    assert list(problems(printed)) == []
