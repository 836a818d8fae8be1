"""Output of cloud-init, for the rows of its checks."""

from __future__ import annotations

import json
from typing import Any

from plugins.model import ProbeResult
from tests.support.suite_rows import captured, seen

WAIT = "On the VM: cloud-init status --wait, then run again."
NO_CLOUD_INIT = seen(stderr="cloud-init", state="no tool")
DONE = captured("cloudinit/25.1.4-ok-status")


def status(
    word: str, exit: int = 0, user_data: bool = True, result: list[str] | None = None, **more: Any
) -> ProbeResult:
    """Output of cloud-init, written from its documentation, for versions and states without a recording."""
    text = f"@status\n{json.dumps({'status': word, **more}, indent=1)}\n@exit {exit}\n"
    text += "@userdata\n" if user_data else ""
    text += f"@result\n{json.dumps({'v1': {'datasource': 'x', 'errors': result}})}\n" if result is not None else ""
    return seen(text)
