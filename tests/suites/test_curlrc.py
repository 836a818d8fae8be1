"""The configuration file that a curl reads, by its version and the variables."""

from __future__ import annotations

import pytest

from suites.probes.imds_as_is import OwnSettings
from tests.support.suite_rows import seen

LINES = {kind: f"@rc {kind} proxy /{kind}\n" for kind in "CxXHh"}
NUMBERS = "\n@curl code=000 connect=000 request=0 verify=0 total=0.1\n"


@pytest.mark.parametrize(
    ("version", "files", "set_", "expected"),
    [
        ((7, 29, 0), "Hh", "", "/H"),
        ((7, 29, 0), "h", "", ""),
        ((7, 61, 1), "xXH", "X", "/H"),
        ((7, 61, 1), "H", "C", ""),  # only CURL_HOME counts if it is set
        ((7, 76, 1), "xH", "X", "/x"),
        ((7, 76, 1), "H", "C", ""),
        ((7, 81, 0), "H", "C", "/H"),
        ((7, 88, 1), "h", "", "/h"),
        ((7, 88, 1), "Xh", "X", ""),
        ((8, 9, 0), "xX", "X", "/x"),
        ((8, 10, 0), "xX", "X", "/X"),
        ((8, 14, 1), "Hh", "", "/H"),
        ((7, 73, 0), "xH", "", "/x"),
        ((7, 72, 0), "xH", "", "/H"),
        ((7, 72, 0), "CH", "C", "/C"),
        ((7, 80, 0), "CxH", "C", "/C"),
        ((7, 80, 0), "xH", "C", ""),
        ((7, 81, 0), "xH", "C", "/x"),
        ((7, 82, 0), "h", "", ""),
        ((7, 83, 0), "h", "", "/h"),
        ((8, 9, 9), "X", "", ""),
        ((8, 10, 0), "Xh", "", "/X"),
        ((8, 14, 1), "h", "X", ""),
    ],
)
def test_the_file_that_this_curl_reads(version: tuple[int, ...], files: str, set_: str, expected: str) -> None:
    lines = "".join(LINES[kind] for kind in files) + "".join(f"@set {option}\n" for option in set_)
    assert OwnSettings.read(seen(NUMBERS, lines, 7)).curlrc(version) == expected


def test_a_file_without_a_proxy_hides_the_next_one() -> None:
    way = OwnSettings.read(seen(NUMBERS, "@rc H  /H\n@rc h proxy /h\n", 7))
    assert way.curlrc((8, 14, 1)) == ""
