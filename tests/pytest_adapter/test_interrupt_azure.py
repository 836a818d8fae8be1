"""One Ctrl-C while Azure is read, after the visits: a complete report, as during the visits."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from tests.support.fleet_project import Checkout, checkout

__all__ = ["checkout"]

pytest_plugins = "pytester"

#: Azure does not answer for an hour, and one check needs it. The file "waiting" appears when all VMs were visited.
HANGS = """
import pathlib, threading, time, types
from plugins.pytest_adapter import control_plane

class Waited(threading.Thread):
    def join(self, timeout=None):
        pathlib.Path("waiting").touch()
        super().join(timeout)

control_plane.threading = types.SimpleNamespace(Thread=Waited, Event=threading.Event)
control_plane._ask_azure = lambda *asked: time.sleep(3600)
"""
ASKS = '''

@check("PLATFORM-001", required, remedy="Start it.", docs=docs)
def test_runs(azure):
    """Azure says that it runs."""
    return str(azure.vm)
'''


def test_ctrl_c_while_azure_is_asked_reports_what_was_gathered(checkout: Checkout) -> None:
    conftest, suite = checkout.path / "conftest.py", checkout.path / "suites/test_small.py"
    conftest.write_text(conftest.read_text() + HANGS)
    suite.write_text(suite.read_text() + ASKS)
    checkout.fleet(a=checkout.good, b=checkout.good)
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "--vm=a", "--vm=b", "-p", "no:cacheprovider"],
        cwd=checkout.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 300
    while not (checkout.path / "waiting").exists() and run.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=500)
    assert run.returncode == pytest.ExitCode.INTERRUPTED, output
    results = checkout.results()
    by_id = {result["id"]: result["status"] for result in results["vms"][0]["results"]}
    assert (by_id["SSH-001"], by_id["VM-001"], by_id["PLATFORM-001"]) == ("pass", "pass", "unknown")
    assert "interrupted" in results["judged"]["why"]
    assert (checkout.directory / "report.html").is_file()
    assert [line for line in output.splitlines() if line][-1] == f"pytest --resume={results['run_id']}"
