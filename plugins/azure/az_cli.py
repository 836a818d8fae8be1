"""The versions of the Azure CLI on the runner. The suite itself does not use it; the operators do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Neither sends a request to Azure. Not `az networkcloud`, which may install the extension.
VERSION = ("az", "version", "-o", "json")
EXTENSIONS = ("az", "extension", "list", "-o", "json")

#: Seconds for both commands, which run in parallel. az takes one or two, and ten on a cold disk.
LIMIT = 30.0


@dataclass(frozen=True, slots=True)
class AzCli:
    """The versions that `az` reports. No version and no error: az is not installed."""

    az_core: str | None = None  # "2.76.0"
    extensions: Mapping[str, str] = field(default_factory=dict, hash=False)  # {"networkcloud": "4.0.0"}
    error: str = ""  # why it is not known


def read_versions(limit: float = LIMIT) -> AzCli:
    """Read the versions of the runner's az. Takes at most `limit` seconds, and never raises."""
    if shutil.which("az") is None:
        return AzCli()
    started: list[subprocess.Popen[bytes]] = []
    deadline = time.monotonic() + limit
    try:
        for command in (VERSION, EXTENSIONS):
            started.append(_start(command))
        version, listed = (_answer(process, deadline) for process in started)
        return AzCli(_core(version), _extensions(listed))
    except subprocess.TimeoutExpired:
        return AzCli(error=f"az did not answer within {limit:g} s")
    except OSError as error:
        return AzCli(error=f"az could not be started ({error.strerror or error})")
    except ValueError as error:
        return AzCli(error=str(error))
    finally:
        for process in started:
            _end(process)


def _start(command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    quiet = {
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "AZURE_CORE_ONLY_SHOW_ERRORS": "yes",
        "AZURE_CORE_NO_COLOR": "yes",
        "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
    }
    return subprocess.Popen(
        command,
        env=os.environ | quiet,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # az is a script that starts Python: both end together
    )


def _answer(process: subprocess.Popen[bytes], deadline: float) -> Any:
    """The JSON that a command printed. Raises ValueError on anything else."""
    words = " ".join(map(str, process.args))  # type: ignore[arg-type]
    out, err = process.communicate(timeout=max(0.0, deadline - time.monotonic()))
    if process.returncode:
        lines = err.decode(errors="replace").strip().splitlines()
        raise ValueError(f"{words} ended with {process.returncode}" + (f": {lines[-1][:200]}" if lines else ""))
    try:
        return json.loads(out)
    except ValueError:
        raise ValueError(f"{words} did not print JSON") from None


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, 9)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()


def _core(answer: Any) -> str:
    """``{"azure-cli": "2.76.0", "azure-cli-core": "2.76.0", "azure-cli-telemetry": "1.1.0", "extensions": {}}``"""
    version = answer.get("azure-cli-core") if isinstance(answer, dict) else None
    if not isinstance(version, str):
        raise ValueError("az version does not state azure-cli-core")
    return version


def _extensions(answer: Any) -> dict[str, str]:
    """``[{"extensionType": "whl", "name": "networkcloud", "version": "4.0.0"}]``, with more keys in newer versions."""
    if not isinstance(answer, list):
        raise ValueError("az extension list did not print a list")
    return {
        str(extension["name"]): str(extension.get("version") or "")
        for extension in answer
        if isinstance(extension, dict) and "name" in extension
    }
