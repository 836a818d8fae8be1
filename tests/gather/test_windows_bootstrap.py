"""The bootstrap for Windows with damaged scripts: its text, in one PowerShell for all inputs.
tests/gather/test_windows_engine.py tests its exit status and stdin."""

from __future__ import annotations

import base64
import subprocess

import pytest

from plugins.gather.windows_command import INCOMPLETE, encoded, pack
from tests.gather.test_windows_script import BOOTSTRAP
from tests.support.powershell import PWSH, needs_pwsh

pytestmark = needs_pwsh

#: One line of base64, and three.
SHORT, LONG = pack("'ran'"), pack(f"'ran' #{'x' * 7000}")
BODY, _, END = SHORT.partition(b". ")
ROWS = LONG.splitlines(keepends=True)
_, LENGTH, SUM = SHORT.splitlines()[1].split(b" ")
RAN = "ran"

#: Stdin -> a part of the error, or RAN if the complete script ran once.
CASES: dict[str, tuple[bytes, str]] = {
    "as sent": (LONG, RAN),
    "nothing": (b"", "0 lines came"),
    "an empty line": (b"\n", "1 lines came"),
    "no last line": (BODY, "1 lines came"),
    "the last line only": (b". " + END, "another length: 0 bytes"),
    "the length only": (BODY + b". " + LENGTH + b"\n", "2 lines came"),
    "the hash only": (BODY + b". " + SUM + b"\n", "2 lines came"),
    "the mark only": (BODY + b".\n", "2 lines came"),
    "half the hash": (BODY + b". " + LENGTH + b" " + SUM[:32] + b"\n", "another SHA-256"),
    "half a line": (b"".join(ROWS[:1]) + ROWS[1][:2000], "2 lines came"),
    "half a line and the last one": (ROWS[0] + ROWS[1][:2000] + b"\n" + ROWS[-1], "another length"),
    "first line gone": (b"".join(ROWS[1:]), "another length"),
    "a line in the middle gone": (ROWS[0] + b"".join(ROWS[2:]), "another length"),
    "a line twice": (ROWS[0] + LONG, "another length"),
    "lines in another order": (ROWS[1] + ROWS[0] + b"".join(ROWS[2:]), "another SHA-256"),
    "words before": (b"Welcome to this server\n" + SHORT, "not base64"),
    "base64 before": (b"YWJj\n" + SHORT, "another length"),
    "PowerShell before": (b"'x'\n" + SHORT, "not base64"),
    "another script's last line before": (pack("'x'").partition(b"\n")[2] + SHORT, "another length: 0 bytes"),
    "another script's last line": (BODY + pack("'x'").partition(b"\n")[2], "another length"),
    "another script": (pack("'x'").partition(b"\n")[0] + b"\n. " + END, "another length"),
    "a mark inside": (ROWS[0] + b". \n" + b"".join(ROWS[1:]), "2 lines came"),
    "a last line inside": (ROWS[0] + ROWS[-1] + b"".join(ROWS[1:]), "another length"),
    "a mark within a line": (SHORT[:4] + b"." + SHORT[4:], "not base64"),
    "the last line not on its own": (SHORT.replace(b"\n.", b"."), "1 lines came"),
    "all in one line": (SHORT.replace(b"\n", b" "), "1 lines came"),
    "a wrong length": (SHORT.replace(b". ", b". 1"), "another length"),
    "a wrong hash": (BODY + b". " + LENGTH + b" " + SUM[::-1] + b"\n", "another SHA-256"),
    "length and hash in turn": (BODY + b". " + SUM + b" " + LENGTH + b"\n", "another length"),
    "the length in hexadecimal": (SHORT.replace(b". ", b". 0x"), "another length"),
    "the length with a zero before": (SHORT.replace(b". ", b". 0"), "another length"),
    "the hash in lower case": (BODY + (b". " + END).lower(), "another SHA-256"),
    "one word more": (SHORT[:-1] + b" 1\n", "2 lines came"),
    "a byte order mark": (b"\xef\xbb\xbf" + SHORT, "not base64"),
    "a byte order mark before the last line": (BODY + b"\xef\xbb\xbf. " + END, "2 lines came"),
    "UTF-16": (SHORT.decode().encode("utf-16"), "lines came"),
    "NUL": (SHORT[:4] + b"\0" + SHORT[4:], "not base64"),
    "NUL at the end": (SHORT[:-1] + b"\0\n", "another SHA-256"),
    "NUL in the length": (BODY + b". \0" + LENGTH + b" " + SUM + b"\n", "another length"),
    "a soft hyphen in the hash": (BODY + b". " + LENGTH + b" \xc2\xad" + SUM + b"\n", "another SHA-256"),
    "NUL for a letter": (b"\0" + SHORT[1:], "not base64"),
    "NULs": (b"\0" * 4096, "1 lines came"),
    "as PowerShell writes objects": (b"#< CLIXML\n" + SHORT, "not base64"),
    # Other line ends and white space do not change a script, and text after it is not read.
    "CRLF": (LONG.replace(b"\n", b"\r\n"), RAN),
    "CR": (LONG.replace(b"\n", b"\r"), RAN),
    "an empty line before": (b"\n" + LONG, RAN),
    "no line end": (LONG[:-1], RAN),
    "a line after": (LONG + b"'x'\n", RAN),
    "sent twice": (LONG + LONG, RAN),
    "another one after": (LONG + pack("'x'"), RAN),
    **{f"first {cut} bytes gone": (SHORT[cut:], "on stdin") for cut in range(1, len(SHORT))},
    # Without only its line end, it is complete.
    **{f"last {cut} bytes gone": (SHORT[:-cut], "on stdin") for cut in range(2, len(SHORT))},
    **{
        f"byte {at} xor {bit}": (SHORT[:at] + bytes([SHORT[at] ^ bit]) + SHORT[at + 1 :], "on stdin")
        for at in range(len(SHORT))
        for bit in (1, 32, 128)
    },
}

_DRIVER = """
$text = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('BOOTSTRAP'))
foreach ($encoded in @($input)) {
    $global:said = [IO.MemoryStream]::new()
    $feed = [IO.MemoryStream]::new([Convert]::FromBase64String($encoded))
    $reader = [IO.StreamReader]::new($feed, [Text.UTF8Encoding]::new($false), $false)
    $lines = while ($null -ne ($line = $reader.ReadLine())) { $line }
    $output = $lines | & ([ScriptBlock]::Create($text))
    $bytes = [Text.Encoding]::UTF8.GetBytes("$output")
    'case ' + [Convert]::ToBase64String($global:said.ToArray()) + ' ' + [Convert]::ToBase64String($bytes)
}
"""


@pytest.fixture(scope="module")
def answers() -> dict[str, tuple[str, str]]:
    """For each case the error and the exit status, or the script's output."""
    text = BOOTSTRAP
    for whole_process, here in (
        ("[Console]::OpenStandardOutput()", "$global:said"),
        (f"[Environment]::Exit({INCOMPLETE})", f"return {INCOMPLETE}"),
    ):
        assert text.count(whole_process) == 1
        text = text.replace(whole_process, here)
    driver = _DRIVER.replace("BOOTSTRAP", base64.b64encode(text.encode()).decode())
    done = subprocess.run(
        [PWSH, "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded(driver)],
        input=b"\n".join(base64.b64encode(feed) for feed, _ in CASES.values()),
        capture_output=True,
        timeout=300,
        check=True,
    )
    # A PowerShell without its modules prints an additional line.
    rows = [line.split(" ") for line in done.stdout.decode().splitlines() if line.startswith("case ")]
    both = [(base64.b64decode(said).decode(), base64.b64decode(output).decode()) for _, said, output in rows]
    return dict(zip(CASES, both, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_only_the_script_that_was_sent_is_run(answers: dict[str, tuple[str, str]], name: str) -> None:
    said, output = answers[name]
    _, words = CASES[name]
    if words == RAN:
        assert (said, output) == ("", RAN)
    else:
        assert output == str(INCOMPLETE)
        assert said.startswith("PowerShell did not get the script as it was sent, and ran none of it: ")
        assert words in said and said.isprintable()
