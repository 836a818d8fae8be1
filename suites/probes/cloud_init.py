"""cloud-init: its status, with the errors of the last boot."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from plugins import ProbeResult, probe
from suites.wording import plain

#: Before 22.3 `status` has no --format, and fails with the exit status that since 23.4 means a recoverable error.
#: The files add details to it; that of the last boot remains after cloud-init was disabled.
_STATUS = r"""
output=$(cloud-init status --format json 2>&1)
status=$?
case $output in *'"status"'*) ;; *)
  output=$(cloud-init status --long 2>&1)
  status=$?
  ;;
esac
printf '@status\n%s\n@exit %s\n' "$output" "$status"
[ -s /var/lib/cloud/instance/user-data.txt ] && echo @userdata
for file in /run/cloud-init/result.json /var/lib/cloud/data/result.json; do
  [ -r "$file" ] || continue
  echo @result
  while IFS= read -r line || [ "$line" ]; do printf '%s\n' "$line"; done <"$file"
  break
done
echo @end
"""


_BEGIN, _EXIT = re.compile(r"^@status\n", re.M), re.compile(r"^@exit (\d{1,3})$", re.M)
_USER_DATA, _RESULT = re.compile(r"^@userdata$", re.M), re.compile(r"^@result\n(.*)", re.M | re.S)


class CloudInit(msgspec.Struct, frozen=True):  # made in a tenth of a dataclass's time
    """cloud-init's status of this boot."""

    installed: bool
    status: str = ""  # "done", "running", "not started", "not run", "error", "disabled"
    extended: str = ""  # "degraded done" and the like, since 23.4
    exit: int = 0
    errors: tuple[str, ...] = ()
    recoverable: tuple[str, ...] = ()  # "WARNING: Failure when attempting to ..."
    stage: str = ""  # while it runs
    detail: str = ""
    boot_status: str = ""  # "enabled-by-generator", "disabled-by-marker-file", "unknown", ...; since 22.4
    skipped: tuple[str, ...] = ()  # stages that never began, though a later one did
    datasource: str = ""
    user_data: bool = False
    result: tuple[str, ...] | None = None  # the errors in result.json, None = there is no such file

    @classmethod
    def read(cls, probe_result: ProbeResult) -> CloudInit:
        """Read the probe.

        ::

            @status
            {"status": "done", "extended_status": "degraded done", "errors": [],
             "recoverable_errors": {"WARNING": [...]}, "detail": "DataSourceNoCloud [seed=/dev/sr0]",
             "datasource": "nocloud", "stage": null, ...}
            @exit 2
            @userdata
            @result
            {"v1": {"datasource": "DataSourceNoCloud [seed=/dev/sr0]", "errors": []}}

        or, of an older version, lines as in ``status: done``.
        """
        if probe_result.state == "no tool":
            return cls(installed=False)
        text = probe_result.stdout.replace("\r", "")
        begin = _BEGIN.search(text)
        end = _EXIT.search(text, begin.end()) if begin else None
        if not begin or not end:
            raise ValueError(f"expected '@status' and the output of cloud-init, found {text[-60:]!r}")
        output, exit, rest = text[begin.end() : end.start()], int(end[1]), text[end.end() :]
        if exit >= 126:
            raise ValueError(f"expected all that cloud-init status prints; it ended with exit status {exit}")
        if len(_MARK.findall(text)) > 2:
            raise ValueError("expected one answer of cloud-init, found several")
        result = _RESULT.search(rest)
        return cls(
            installed=True,
            exit=exit,
            user_data=bool(_USER_DATA.search(rest)),
            result=_result(result[1]) if result else None,
            **_status(output),
        )

    @property
    def never_begins(self) -> bool:
        """True when nothing will start it in this boot: its services are disabled, or not known to be enabled."""
        return self.status in ("not run", "not started") and self.boot_status == "unknown"

    @property
    def ended(self) -> bool:
        """True when cloud-init reports that it has finished this boot."""
        return self.status in ("done", "error") and "running" not in self.extended


#: The lines around the status, each of which the probe prints once.
_MARK = re.compile(r"^@(?:status|exit \d{1,3})$", re.M)

#: The stages in their order, as the status names them.
_STAGES = ("init-local", "init", "modules-config", "modules-final")

#: The names that begin a line of `status --long`; a line with another word and a colon belongs to the value before it.
_FIELDS = (
    "status|extended_status|boot_status_code|last_update|time|detail|datasource|errors|recoverable_errors|stage|schemas"
)


def _skipped(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The stages that never began, though a later one did.

    ``"init": {"errors": [], "finished": null, "start": null}, "modules-final": {"finished": 1716042086.0, ...}``
    """
    stages = [(name, stage) for name in _STAGES if isinstance(stage := data.get(name), dict) and "start" in stage]
    begun = [at for at, (_, stage) in enumerate(stages) if stage["start"] is not None]
    return tuple(name for name, stage in stages[: max(begun, default=0)] if stage["start"] is None)


def _status(output: str) -> dict[str, Any]:
    """The output of `cloud-init status`, in either form."""
    data = _json(output)
    if "status" in data:
        if not isinstance(data.get("errors", []), list):
            raise ValueError("expected a list of errors from cloud-init, found something else")
        recoverable = data.get("recoverable_errors")
        return {
            "status": plain(str(data.get("status", ""))),
            "extended": plain(str(data.get("extended_status") or "")),
            "errors": _texts(data.get("errors")),
            "recoverable": tuple(
                f"{level}: {text}"
                for level, texts in (recoverable.items() if isinstance(recoverable, dict) else ())
                for text in _texts(texts)
            ),
            "stage": plain(str(data.get("stage") or "")),
            "detail": _one_line(str(data.get("detail") or "")),
            "boot_status": plain(str(data.get("boot_status_code") or "")),
            "skipped": _skipped(data),
            "datasource": plain(str(data.get("datasource") or "")),
        }
    lines = dict(re.findall(rf"^({_FIELDS}):[ \t]*(.*(?:\n(?!(?:{_FIELDS}):).+)*)", output, re.M))
    if "status" not in lines:
        raise ValueError(f"expected a status from cloud-init, found {plain(output[-80:])!r}")
    detail = _one_line(lines.get("detail", ""))
    status = lines["status"].strip()
    return {
        "status": plain(status),
        "extended": plain(lines.get("extended_status", "").strip()),
        "errors": (detail,) if status == "error" and detail else (),
        "detail": detail,
        "boot_status": plain(lines.get("boot_status_code", "").strip()),
    }


def _one_line(text: str) -> str:
    return plain(" ".join(text.split()))


def _json(text: str) -> Mapping[str, Any]:
    """The object in a text that may begin with warnings; {} when there is none."""
    start = text.find("{")
    try:
        data, _ = json.JSONDecoder().raw_decode(text[start:]) if start >= 0 else ({}, 0)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _result(text: str) -> tuple[str, ...]:
    version = _json(text).get("v1")
    if not isinstance(version, dict) or not isinstance(version.get("errors"), list):
        raise ValueError(f"expected the errors in result.json, found {plain(text[:80])!r}")
    return _texts(version["errors"])


def _texts(value: object) -> tuple[str, ...]:
    """A list of texts, each once, because cloud-init repeats them in each stage."""
    return tuple(dict.fromkeys(_one_line(str(item)) for item in value)) if isinstance(value, list) else ()


cloudinit = probe(
    _STATUS.strip(),
    timeout=15,
    needs=["cloud-init"],
    accept_states=("no tool",),
    linux_only="Windows has no cloud-init.",
    read=CloudInit.read,
)
