"""Untrusted text is harmless in every output: markers in every field, and a search of every output.

The run is the lab's recorded one, with another profile. Markers are appended to, inserted into or prepended to the
output of VMs, the ends of sessions, Azure's answers, the runner's data, the fleet's tags, the profile and the folder's
name, for each VM in another way.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from markdown_it import MarkdownIt

from lab.odd_proxy import answers
from plugins.results.schema import VERSION
from tests.support.curls import run_with, serving
from tests.support.paths import ROOT
from tests.support.pytest_process import run_pytest
from tests.support.suite_probes import DECLARED
from tests.support.suite_rows import PROFILE, VM

RECORDED = ROOT / "lab" / "recorded"

MARKERS = (
    "\x1b[31mZ\x1b]0;T\x07\r\x00\x9b\u202e\u2066\u200b\u034f\ufe0f\u3164\U000e0041\ud800::error::Z\n::error file=x::Z\n"
    "##vso[task.setvariable]Z ##[error]Z [Z](http://evil.example/z) <img src=http://evil.example/z onerror=1> "
    "![z](http://evil.example/z.png) www.evil.example a@evil.example <script>Z</script> `Z` |Z| ~~Z~~ $(Z) `Z'\"\n"
    "section_start:1:Z\r\x1b[0K\n=HYPERLINK(1)\n@SUM(1)\n+1\n-1\n=cmd|' /C calc'!A0\n%0A::error::Z%0D\n${{ github.token }} ]]>"
    "<!-- --> &lt;b&gt; \x85\u2028\u2029\ufeff\U000e0020\n" + "Z" * 5_000 + "\n]]>"
)
LINE = " ".join(MARKERS.replace("Z" * 5_000, "").split("\n")).replace("\r", " ")

#: Where markers are inserted into a VM's text: at its end, at the end of each line, within each line.
SPOILT: list[Callable[[str], str]] = [
    lambda text: text.removesuffix("@end\n") + MARKERS + "\n@end\n" * text.endswith("@end\n"),
    lambda text: "\n".join(line + LINE if line.strip() and line[0] != "@" else line for line in text.split("\n")),
    lambda text: "\n".join(
        line if line == "@end" else line.replace("=", f"={LINE}").replace(": ", f": {LINE}")
        for line in text.split("\n")
    ),
]
#: Fields whose values select what is judged. They keep their values, so that the verdict is more than "not understood".
KEPT = {"status", "provisioningState", "powerState", "detailedStatus", "type", "registrationState", "principalId"}


def planted(value: Any, spoil: Callable[[str], str], name: str = "") -> Any:
    """`value` with markers in every text, except for ids and `KEPT`."""
    if isinstance(value, dict):
        return {key: planted(item, spoil, key) for key, item in value.items()}
    if isinstance(value, list):
        return [planted(item, spoil, name) for item in value]
    return spoil(value) if isinstance(value, str) and not value.startswith("/") and name not in KEPT else value


#: A possible name of a folder or a bundle: without a slash or a NUL, and at most 255 bytes.
NAME = re.sub("[/\0\ud800]", "", MARKERS.replace("Z" * 5_000, ""))[:120]
PLAIN = re.sub("[\ud800\U000e0000-\U000e0fff]", "", LINE)

#: A well-formed answer of a metadata service to a token request: the markers are only in its values.
SAID = base64.urlsafe_b64encode(json.dumps(dict.fromkeys(("iss", "aud", "oid", "appid", "xms_mirid"), LINE)).encode())
TOKEN = dict.fromkeys(("client_id", "expires_in", "expires_on", "not_before", "resource", "token_type"), PLAIN)
BODY = json.dumps({"access_token": f"e30.{SAID.decode().rstrip('=')}.c2ln"} | TOKEN, ensure_ascii=False).encode()
PROFILE_TEXT = f"""\
name = "lab\u3164\u115f"
base = "2510"
[declared]
management_bundle = "2602.1"
[no_proxy]
recommended = [{json.dumps(PLAIN)}]
[floors]
runtime_recommended = "99.0.0"
recommended_because = {json.dumps(PLAIN)}
[clouds.AzureCloud.endpoints."management.azure.com"]
purpose = {json.dumps(PLAIN)}
"""


def token_answer(folder: Path) -> dict[str, Any]:
    """The token probe's output on a VM whose metadata service sends the body above to a real curl."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    with serving({"imds": answers(head.encode() + BODY)}) as ports:
        limits = replace(PROFILE.timeouts, imds=30, total=60)
        profile = replace(PROFILE, imds=f"127.0.0.1:{ports['imds']}", timeouts=limits)
        planned = DECLARED["arm_token"].plan("arm_token", {"vm": VM, "profile": profile})
        done = run_with(shutil.which("curl") or "curl", folder, planned)
    assert "claims=eyJ" in done.stdout and "vso[task" in done.stdout, done
    return {"stdout": done.stdout, "stderr": done.stderr, "exit": done.exit}


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with markers in every field."""
    base = tmp_path_factory.mktemp("hostile")
    folder = base / NAME
    (folder / "evidence").mkdir(parents=True)
    run = json.loads((RECORDED / "run.json").read_text())
    run["fleet"] = [vm for vm in run["fleet"] if vm["name"] in ("vm1", "vm3", "vm5", "vm8")]
    for number, vm in enumerate(run["fleet"]):
        spoil = SPOILT[number % len(SPOILT)]
        vm["tags"] = {f"tag{LINE}": LINE} | dict.fromkeys(("wave", "site", "owner"), LINE)
        name = f"evidence/{vm['name']}.json"
        evidence = json.loads((RECORDED / name).read_text())
        for seen in evidence["seen"].values():
            seen |= {part: spoil(seen[part]) for part in ("stdout", "stderr")}
        if vm["name"] == "vm8":
            evidence["seen"]["arm_token"] |= token_answer(base)
        session = evidence["session"]
        session |= {part: session[part] + LINE for part in ("message", "remedy", "via", "address") if session[part]}
        (folder / name).write_text(json.dumps({**evidence, "vm": vm}))
    (folder / "run.json").write_text(json.dumps(run))
    (folder / "profile.toml").write_text(PROFILE_TEXT)
    azure = json.loads((RECORDED / "azure.json").read_text())
    for path, answer in azure["answers"].items():
        for part in answer.keys() & {"value", "unread"}:
            answer[part] = planted(answer[part], lambda text: text + MARKERS)
        if path.endswith("/virtualmachines/vm5"):  # its references are searched, and not found
            properties = answer["value"]["properties"]
            properties["clusterId"] += LINE
            properties["cloudServicesNetworkAttachment"]["attachedNetworkId"] += LINE
    (folder / "azure.json").write_text(json.dumps(azure))
    runner: dict[str, Any] = {"az_core": None, "extensions": {}, "error": MARKERS}
    (folder / "runner.json").write_text(json.dumps(runner))
    return folder


def ran(*arguments: str) -> str:
    """The output of pytest."""
    done = run_pytest("-p", "no:cacheprovider", *arguments, cwd=ROOT, env={**os.environ, "COLUMNS": "100"})
    return done.stdout + done.stderr


def invisible(text: str) -> Iterator[str]:
    """The characters that are invisible or that a terminal obeys, by Python's tables instead of the suite's."""
    for matches in re.finditer(r"[^\t\n\x20-\x7e]", text):
        if unicodedata.category(matches[0])[0] == "C" or matches[0] in "\u034f\u115f\u3164\ufe0f\u2028\u2029":
            yield repr(text[max(0, matches.start() - 60) : matches.end() + 20])


def commands(text: str) -> Iterator[str]:
    """Lines that GitHub or Azure Pipelines executes (GitLab's contain a carriage return and an escape)."""
    yield from (line[:200] for line in text.split("\n") if re.match(r"\s*::|.*##(?=\w*\[)", line))


def markup(text: str) -> Iterator[str]:
    """The markup that a Markdown reader finds in the markers."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    for token in (token for block in tokens for token in (block, *(block.children or ()))):
        if (
            token.type == "image"
            or "evil" in str(token.attrs)
            or (token.type.startswith("html") and "Z" in token.content)
        ):
            yield f"{token.type} {token.attrs} {token.content[:80]}"
        if token.type == "text" and re.search(r"www\.evil|\w@evil", token.content):  # GitHub makes links of these
            yield token.content[:80]


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text in JSON with the name of its field, and every name."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield "", key
            yield from texts(item, key)
    elif isinstance(value, list):
        for entry in value:
            yield from texts(entry, name)
    elif isinstance(value, str):
        yield name, value


def problems(file: Path) -> Iterator[str]:
    """The effects of the markers in one output."""
    text = file.read_bytes().decode("utf-8-sig", "surrogateescape")
    yield from invisible(text.replace("\r\n", "\n") if file.suffix == ".csv" else text)
    match file.suffix:
        case ".json" | ".sarif":
            for name, value in texts(json.loads(text)):
                yield from invisible(value)
                yield from markup(value) if name == "markdown" else ()
        case ".md":
            yield from markup(text)
            yield from commands(text)
        case ".csv":
            yield from commands(text)
            yield from (cell for row in csv.reader(io.StringIO(text)) for cell in row if cell[:1] in "=+-@\t" and cell)
        case ".xml":
            for element in ElementTree.fromstring(text).iter():
                yield from invisible("".join((element.text or "", *element.attrib.values())))
        case ".html":
            yield from (marker for marker in ("<img src=http://evil", "<script>Z") if marker in text)
        case ".sh" | ".txt" | ".log":
            yield from commands(text)


FILES = (
    "results.json report.html junit.xml ctrf.json results.sarif summary.md fixes.md fixes.sh ActionPlan.csv readiness.prom "
    "terminal.txt"
).split()


def earlier_run(folder: Path) -> Path:
    """As a stranger may have written it: compared with, and in the line over time."""
    earlier = folder / "20200101T000000Z-aaaa"
    earlier.mkdir()
    past = {"results": [], "readiness": "ready"}
    vms = [{"name": name, **past} for name in ("vm1", "vm3", f"gone{MARKERS}")]
    about = {
        "version": VERSION,
        "run_id": f"Z{LINE}",
        "started": "2020-01-01T00:00:00Z",
        "judged": {"complete": True},
        "vms": vms,
    }
    (earlier / "results.json").write_text(json.dumps(about))
    return earlier


def test_no_marker_acts_in_any_output_of_a_run(spoilt: Path, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    earlier = earlier_run(tmp_path)
    printed = ran(
        f"--evidence={spoilt}",
        f"--reports={tmp_path}",
        f"--against={earlier}",
        "--history=3",
        "--gate=50%",
        "--split-by=wave",
        "--bundle",
        "-vv",
        "-rA",
        f"--log-file={log}",
        "--log-file-level=DEBUG",
    )
    (tmp_path / "terminal.txt").write_bytes(printed.encode("utf-8", "surrogateescape"))
    (run,) = (path for path in tmp_path.iterdir() if path.is_dir() and not path.is_symlink() and path != earlier)
    outputs = [
        tmp_path / "terminal.txt",
        log,
        *(file for file in run.rglob("*") if file.is_file() and file.suffix != ".zip" and file.name[0] != "."),
    ]
    assert set(FILES) <= {file.name for file in outputs}
    rows = {file.name: problem for file in outputs if (problem := next(problems(file), None))}
    with ZipFile(next(run.glob("bundle/*.zip"))) as bundle:  # it keeps the original text, because it is judged again
        for name in bundle.namelist():
            if name.endswith((".txt", ".md", "results.json")):
                (tmp_path / Path(name).name).write_bytes(bundle.read(name))
                if problem := next(problems(tmp_path / Path(name).name), None):
                    rows[name] = problem
    assert rows == {}
    assert "Z" in printed and "evil.example" in printed, "the markers are there to be seen"
    results = json.loads((run / "results.json").read_text())
    vm8 = next(vm for vm in results["vms"] if vm["name"] == "vm8")
    assert any(result["id"].startswith("TOKEN") and "vso[task" in result["message"] for result in vm8["results"])
    assert "lab\\u3164\\u115f" in printed, "the profile's name"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--explain=ERROR AZCM0026 {0}",),
        ("--vm=a", "--plan", "--subscription={0}"),
        ("--evidence={0}",),
    ],
    ids=str,
)
def test_no_marker_acts_in_what_is_said_without_a_run(arguments: tuple[str, ...], tmp_path: Path) -> None:
    plain = re.sub("[\ud800\0]", "", MARKERS)  # an argument cannot contain these
    printed = ran(*(argument.format(plain) for argument in arguments))
    assert [*invisible(printed), *commands(printed)] == []


def test_there_is_one_way_to_the_terminal() -> None:
    direct = re.compile(
        r"(?<!``terminalreporter)\.write_line\(|_tw\.(?:write|line)\(|writer\(\)\.\w+\(|std(?:out|err)\.write\(|(?<![\w.])print\("
    )
    allowed = {"log_redaction.py", "configure.py"}  # the last line of a traceback; a constant
    assert [
        f"{path.name}: {line.strip()}"
        for path in sorted((ROOT / "plugins").rglob("*.py"))
        for line in path.read_text().split("\n")
        if direct.search(line) and path.name not in allowed and "say(" not in line
    ] == []
