"""The readers of a VM's proxy variables: `suites.probes.proxy_environment`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plugins.model import ProbeResult, ProbeState
from suites.probes.proxy_environment import Variables, _read_version, _read_written
from tests.support.suite_rows import seen


@pytest.mark.parametrize(
    ("stdout", "values"),
    [
        ("", {}),
        ("HTTPS_PROXY=http://a:1\nno_proxy=x\n@end\n", {"HTTPS_PROXY": "http://a:1", "no_proxy": "x"}),
        ("HTTPS_PROXY=a\nb\nhttp_proxy=\n", {"HTTPS_PROXY": "a\nb", "http_proxy": ""}),
        ("HTTPS_PROXY=a\r\n", {"HTTPS_PROXY": "a\r"}),
        ("words\nHTTPS_PROXY=a\n", {"HTTPS_PROXY": "a"}),
        ("A_PROXY_B=a\n", {}),
        ("HTTPS_PROXY=a\nHTTPS_PROXY=a\n", {"HTTPS_PROXY": "a"}),
    ],
)
def test_the_variables_of_a_session(stdout: str, values: dict[str, str]) -> None:
    assert Variables.read(seen(stdout)).values == values


@pytest.mark.parametrize(
    ("stdout", "values"),
    [
        ("https_proxy=of the greeting\n@login\nHTTPS_PROXY=a\n@end\n", {"HTTPS_PROXY": "a"}),
        ("@login\n@end\n", {}),
    ],
)
def test_of_a_login_shell_what_stands_behind_the_mark_counts(stdout: str, values: dict[str, str]) -> None:
    assert Variables.read_login(seen(stdout)).values == values


@pytest.mark.parametrize(
    ("stdout", "state", "missing"),
    [
        ("HTTPS_PROXY=a\n", "done", "it ran no command"),
        ("say @login\n", "done", "it ran no command"),
        ("", "timed out", "it did not answer in time"),
    ],
)
def test_a_login_shell_that_says_nothing(stdout: str, state: ProbeState, missing: str) -> None:
    assert str(Variables.read_login(seen(stdout, state=state)).missing) == missing


@pytest.mark.parametrize(
    ("stdout", "stderr", "values", "missing"),
    [
        ("HTTPS_PROXY=$'a b'\n", "", {"HTTPS_PROXY": "a b"}, "None"),
        ("HTTPS_PROXY=$'a\nb'\nno_proxy='x'\n", "", {"HTTPS_PROXY": "a\nb", "no_proxy": "'x'"}, "None"),
        ("@end\n", "", {}, "None"),
        ("@end\n", "Failed to connect to bus", {}, "systemd does not run"),
        ("", "Failed to connect to bus", {}, "systemd does not run"),
        ("HTTPS_PROXY=a\n", "a warning", {"HTTPS_PROXY": "a"}, "None"),
    ],
)
def test_the_variables_of_services(stdout: str, stderr: str, values: dict[str, str], missing: str) -> None:
    read = Variables.read_systemd(seen(stdout, stderr))
    assert (read.values, str(read.missing)) == (values, missing)


@pytest.mark.parametrize(
    ("values", "expected"),
    [({}, False), ({"no_proxy": "x"}, False), ({"https_proxy": ""}, False), ({"https_proxy": "a"}, True)],
)
def test_whether_programs_use_a_proxy(values: dict[str, str], expected: bool) -> None:
    assert Variables(values).any_proxy is expected


def test_which_files_assign_which_variable() -> None:
    lines = (
        "/etc/environment:HTTPS_PROXY=\n/etc/environment:HTTPS_PROXY=\n/etc/profile.d/a b.sh:export https_proxy=\n"
        "/etc/csh.login:setenv HTTPS_PROXY\n/etc/x:unset https_proxy no_proxy\n/etc/;rm:HTTPS_PROXY=\nwords\n"
        "/etc/y:A_PROXY_B=\n"
    )
    assert _read_written(seen(lines)) == {
        "HTTPS_PROXY": ["/etc/environment", "/etc/csh.login"],
        "https_proxy": ["/etc/profile.d/a b.sh", "/etc/x"],
        "no_proxy": ["/etc/x"],
    }


@pytest.mark.parametrize(
    ("stdout", "state", "version"),
    [
        ("curl 7.88.1 (x86_64) libcurl/7.88.0 OpenSSL/3.0.22", "done", (7, 88, 0)),
        ("curl 7.88.1", "done", ()),
        ("curl 7.88.1 libcurl/7.88.0", "timed out", ()),
        ("", "no tool", ()),
    ],
)
def test_the_version_of_curls_library(stdout: str, state: ProbeState, version: tuple[int, ...]) -> None:
    assert _read_version(seen(stdout, state=state)) == version


@pytest.mark.parametrize(
    ("read", "stdout"),
    [
        (Variables.read, "HTTPS_PROXY=a\nHTTPS_PROXY=b\n@end\n"),
        (Variables.read, "NO_PROXY=a\nHTTPS_PROXY=a\nNO_PROXY=\n@end\n"),
        (Variables.read_login, "@login\nhttps_proxy=first\n@login\nHTTPS_PROXY=a\n@end\n"),
    ],
)
def test_two_values_of_a_variable_are_none(read: Callable[[ProbeResult], Variables], stdout: str) -> None:
    with pytest.raises(ValueError, match="expected one "):
        read(seen(stdout))
