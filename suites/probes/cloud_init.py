"""cloud-init: how the first boot went, and which lines of its output speak of a failure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from plugins import ProbeResult, probe, quote
from plugins.requirements.data_files import read_table
from suites.wording import plain

#: Before 22.3 `status` knows no --format, and says so with the exit status that since 23.4 means a recoverable error.
#: The files stand in for it where it says little; that of the last boot outlives a cloud-init that was disabled since.
_STATUS = r"""
said=$(cloud-init status --format json 2>&1)
status=$?
case $said in *'"status"'*) ;; *)
  said=$(cloud-init status --long 2>&1)
  status=$?
  ;;
esac
printf '@status\n%s\n@exit %s\n' "$said" "$status"
[ -s /var/lib/cloud/instance/user-data.txt ] && echo @userdata
for file in /run/cloud-init/result.json /var/lib/cloud/data/result.json; do
  [ -r "$file" ] && { echo @result; cat "$file"; exit 0; }
done
exit 0
"""


@dataclass(frozen=True, slots=True)
class CloudInit:
    """What cloud-init says about this boot."""

    installed: bool
    status: str = ""  # "done", "running", "not started", "not run", "error", "disabled"
    extended: str = ""  # "degraded done" and the like, since 23.4
    exit: int = 0
    errors: tuple[str, ...] = ()
    recoverable: tuple[str, ...] = ()  # "WARNING: Failure when attempting to ..."
    stage: str = ""  # while it runs
    detail: str = ""
    datasource: str = ""
    user_data: bool = False
    result: tuple[str, ...] | None = None  # the errors in result.json, None = there is no such file

    @classmethod
    def read(cls, seen: ProbeResult) -> CloudInit:
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
        if seen.state == "no tool":
            return cls(installed=False)
        text = seen.stdout.replace("\r", "")
        begin = re.search(r"^@status\n", text, re.M)
        end = re.compile(r"^@exit (\d{1,3})$", re.M).search(text, begin.end()) if begin else None
        if not begin or not end:
            raise ValueError(f"expected '@status' and what cloud-init said, found {text[-60:]!r}")
        said, exit, rest = text[begin.end() : end.start()], int(end[1]), text[end.end() :]
        result = re.search(r"^@result\n(.*)", rest, re.M | re.S)
        return cls(
            installed=True,
            exit=exit,
            user_data=bool(re.search(r"^@userdata$", rest, re.M)),
            result=_result(result[1]) if result else None,
            **_status(said),
        )

    @property
    def ended(self) -> bool:
        """True when it says that it is through with this boot."""
        return self.status in ("done", "error") and "running" not in self.extended


def _status(output: str) -> dict[str, Any]:
    """What `cloud-init status` said, in either form."""
    data = _json(output)
    if "status" in data:
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
            "detail": plain(str(data.get("detail") or "")),
            "datasource": plain(str(data.get("datasource") or "")),
        }
    lines = dict(re.findall(r"^(status|extended_status|detail):[ \t]*(.*(?:\n(?![\w-]+:).+)*)", output, re.M))
    if "status" not in lines:
        raise ValueError(f"expected a status from cloud-init, found {plain(output[-80:])!r}")
    detail = " ".join(lines.get("detail", "").split())
    status = lines["status"].strip()
    return {
        "status": plain(status),
        "extended": plain(lines.get("extended_status", "").strip()),
        "errors": (plain(detail),) if status == "error" and detail else (),
        "detail": plain(detail),
    }


def _json(text: str) -> Mapping[str, Any]:
    """The object in a text that may begin with warnings; {} when there is none."""
    start = text.find("{")
    try:
        data, _ = json.JSONDecoder().raw_decode(text[start:]) if start >= 0 else ({}, 0)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _result(text: str) -> tuple[str, ...] | None:
    version = _json(text).get("v1")
    return _texts(version.get("errors")) if isinstance(version, dict) else None


def _texts(value: object) -> tuple[str, ...]:
    """A list of texts, each once, as cloud-init repeats itself from stage to stage."""
    return tuple(dict.fromkeys(plain(str(item)) for item in value)) if isinstance(value, list) else ()


cloudinit = probe(_STATUS.strip(), timeout=15, needs=["cloud-init"], accept_states=("no tool",), read=CloudInit.read)


@dataclass(frozen=True, slots=True)
class FailurePattern:
    """One kind of line that speaks of a failure."""

    pattern: str
    meaning: str
    exception: str = ""


@dataclass(frozen=True, slots=True)
class LogRules:
    """data/cloudinit.toml."""

    log: str
    begins: tuple[str, ...]
    lines: int
    width: int
    failures: tuple[FailurePattern, ...]


@cache
def log_rules() -> LogRules:
    """What a failure looks like, from the data file."""
    table = read_table("cloudinit")
    output = table["output"]
    return LogRules(
        log=output["log"],
        begins=(output["begin"], output["begin_otherwise"]),
        lines=output["lines"],
        width=output["width"],
        failures=tuple(
            FailurePattern(row["pattern"], row["meaning"], row.get("except", "")) for row in table["failure"]
        ),
    )


def _output_command(log: str) -> str:
    """Find where the last boot begins, and print what fails from there on, with line numbers.

    NUL bytes are taken out, since grep would say no more than that a binary file matches.
    """
    known = log_rules()
    patterns = " ".join(f"-e {quote(failure.pattern)}" for failure in known.failures)
    tries = "\n".join(
        f"""[ "$from" ] || from=$(tr -d '\\000' <{quote(log)} | grep -n {quote(begin)} | tail -n 1)"""
        for begin in known.begins
    )
    return (
        f"[ -e {quote(log)} ] || {{ echo @absent; exit 0; }}\n"
        "from=\n"
        f"{tries}\n"
        'echo "@from ${from:-?}"\n'
        "from=${from%%:*}\n"
        f"tail -n +\"${{from:-1}}\" {quote(log)} | tr -d '\\000\\r' | grep -En {patterns} |\n"
        f"  head -n {known.lines} | cut -c1-{known.width}\n"
        "echo @end"
    )


@dataclass(frozen=True, slots=True)
class BootOutput:
    """The failure lines of the last boot, with their numbers in the log."""

    exists: bool
    boot: str = ""  # when it began, as cloud-init wrote it; "" = no beginning was found
    lines: tuple[tuple[int, str], ...] = field(default=())
    complete: bool = True  # False: it stopped at a limit
    version: str = ""  # of the cloud-init that ran then

    @classmethod
    def read(cls, seen: ProbeResult) -> BootOutput:
        """Read the probe.

        ::

            @from 212:Cloud-init v. 25.1.4 running 'init-local' at Sun, 22 Nov 2026 00:02:39 +0000. Up 5.85 seconds.
            22:E: Unable to locate package azure-cli
            @end
        """
        text = seen.stdout
        if re.search(r"^@absent$", text, re.M):
            return cls(exists=False)
        begin = re.match(r"@from (?:(\d+):(.*)|\?)\n", text)
        if not begin:
            raise ValueError(f"expected '@from' and where the last boot begins, found {text[:60]!r}")
        first = int(begin[1] or 1)
        boot = re.search(r" at (.+?)\. Up ", begin[2] or "")
        version = re.match(r"Cloud-init v\. (\S+) ", begin[2] or "")
        rows = [
            (first + int(number) - 1, plain(line.strip()))
            for number, line in re.findall(r"^(\d+):(.*)$", text[begin.end() :], re.M)
        ]
        complete = len(rows) < log_rules().lines and "\n@end" in text and not seen.truncated
        shown = plain(boot[1]) if boot else ""
        return cls(True, shown, tuple(rows), complete, plain(version[1]) if version else "")


cloudinit_output = probe(_output_command(log_rules().log), timeout=10, root=True, read=BootOutput.read)


def meaning_of(line: str) -> str:
    """What a line means, "" when it is an exception after all."""
    for failure in log_rules().failures:
        if re.search(failure.pattern, line) and not (failure.exception and re.search(failure.exception, line)):
            return failure.meaning
    return ""
