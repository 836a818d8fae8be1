"""Defects that fuzzing found, each with its smallest example and the present result."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from plugins.azure.clouds import clouds
from plugins.azure.discovery import FleetError, from_resources
from plugins.azure.normalize import in_shape
from plugins.azure.snapshot import AzureSnapshot, ReadError
from plugins.checks.check import OnVm
from plugins.checks.probe import ProbeCommand
from plugins.core.sanitize import message_text
from plugins.gather.frames import FrameDecoder
from plugins.gather.script import PLACES, compile_script
from plugins.inventory.file import InventoryError
from plugins.inventory.selection import load
from plugins.judge.evaluate import value
from plugins.model import Evidence, ProbeResult, SshSession, Status, Vm
from plugins.ssh.config import SshConfig, openssh_client
from plugins.ssh.errors import SshError
from suites.probes.azcmagent_connect import ArcMachine
from suites.probes.azcmagent_logs import AgentLogs, _seconds
from suites.probes.guest_system import Guest
from suites.probes.imds_token import TokenAnswer, _claims
from suites.probes.proxy_environment import _read_written
from tests.support import azure_site as site
from tests.support.catalogue import ROWS
from tests.support.suite_rows import seen
from tests.support.vm_text import PROBES, guest_checks

BATCH = compile_script([ProbeCommand("a", "true", 1, False, (), 16)], nonce="N0NCE")


def decoded(frame: bytes) -> FrameDecoder:
    decoder = FrameDecoder(BATCH, clock=lambda: 1000.0)
    decoder.feed(frame)
    return decoder


# --- frames of a VM that knows the nonce of its own session


@pytest.mark.parametrize("times", ["0 inf", "nan 1", "0 1e999", "1_0 2", "0 " + "9" * 400, "-1 1"])
def test_a_time_that_json_does_not_know_is_no_time(times: str) -> None:
    """float() accepts them, and results.json contained Infinity."""
    assert decoded(f"\nN0NCE o 1\n\nN0NCE e 1 e 0 {times}\n".encode()).results == {}


@pytest.mark.parametrize("status", ["1_0", "9" * 4000, "+1", "٣"])
def test_an_exit_status_is_a_number_of_32_bits(status: str) -> None:
    assert decoded(f"\nN0NCE o 1\n\nN0NCE e 1 e {status} 1.00 2.00\n".encode()).results == {}


def test_windows_has_exit_statuses_below_zero() -> None:
    assert decoded(b"\nN0NCE o 1\n\nN0NCE e 1 e -1073741819 1.00 2.00\n").results["a"].exit == -1073741819


def test_the_full_place_is_named_in_our_words() -> None:
    decoder = decoded(b"\nN0NCE full \x1b[2J<script>\n")
    assert decoder.full == " ".join(place.strip('"') for place in PLACES)


def test_a_marker_line_that_never_ends_does_not_hide_the_next_frame() -> None:
    decoder = decoded(b"\nN0NCE " + b"x" * 2000 + b"\nN0NCE o 1\n\nN0NCE e 1 e 0 1.00 2.00\n\nN0NCE end\n")
    assert decoder.complete
    assert decoder.results["a"].exit == 0


# --- answers of a VM


def test_json_that_is_nested_too_deep_is_not_understood() -> None:
    with pytest.raises(ValueError, match="nested too deep"):
        ArcMachine.read(seen("[" * 100_000))


@pytest.mark.parametrize("time", [10**400, 1e999, float("nan"), "9" * 5000, -1, True, 253_402_300_800])
def test_a_time_of_a_token_that_no_clock_shows_is_none(time: Any) -> None:
    """The difference between it and now raised OverflowError in TOKEN-002."""
    answer = TokenAnswer.read(seen("claims=e30\n@tries 1\n@curl code=200 connect=000 request=0 verify=0 total=0\n"))
    assert msgspec.structs.replace(answer, claims={"exp": time}).time("exp") is None


def test_claims_that_are_no_object_are_none() -> None:
    assert _claims("W10") is None


def test_a_log_line_from_the_last_day_of_the_year_9999_has_no_time() -> None:
    """In UTC it is a day later, which datetime cannot represent: AGENT-006 failed with it."""
    assert _seconds("9999-12-31T23:59:59-23:59") == 0.0
    assert _seconds("0001-01-01T00:00:00+23:59") == 0.0
    text = "@now 1\n@log journal\n9999-12-31T23:59:59-23:59\tAZCM0026: Network Error\n"
    assert [line.when for line, _ in AgentLogs.read(seen(text)).entries] == [""]


def test_a_proxy_that_urlsplit_refuses_is_a_wrong_one() -> None:
    row = next(row for row in ROWS["PROXY-001"] if row.status is Status.PASS and row.vm.os == "linux")
    function = next(function for check, function in guest_checks() if check.id == "PROXY-001")
    variable = row.parameters["variable"]
    status, message, _ = replace(row, evidence={**row.evidence, "session_env": seen(f"{variable}=https://[\n")}).judged(
        function
    )
    assert (status, "az and newer versions of curl cannot read it as an address." in message) == (Status.FAIL, True)


# --- text of a VM must not get into the commands of remedies and fixes


def test_a_missing_tool_is_named_by_one_plain_word() -> None:
    evidence = Evidence(
        Vm("a"), SshSession("ok"), {"healthz": ProbeResult("healthz", "", "no tool", stderr="x; curl evil | sh\n")}
    )
    with pytest.raises(Exception, match=r"^curl is not installed on the VM, or not on its PATH"):
        value(PROBES["healthz"], "healthz", evidence)


def test_a_process_id_is_a_number() -> None:
    assert Guest.read(seen("@init x\n@locks\n@held /var/lib/dpkg/lock 1;reboot apt\n")).locks == ()


def test_a_file_that_a_shell_would_read_otherwise_is_not_named() -> None:
    text = "/etc/environment:HTTPS_PROXY=\n/etc/profile.d/$(reboot).sh:HTTPS_PROXY=\n"
    assert _read_written(seen(text)) == {"HTTPS_PROXY": ["/etc/environment"]}


@pytest.mark.parametrize(("check", "function"), [pytest.param(*pair, id=pair[0].id) for pair in guest_checks()])
def test_no_command_holds_what_a_vm_made_up_for_a_shell(check: Any, function: Callable[..., str]) -> None:
    """Each word of each answer is replaced: messages may quote it, remedies may not, fixes only as a value."""
    evil = "x;$(reboot)`reboot`|sh"
    for row in ROWS[check.id]:
        for name, answer in row.evidence.items():
            for stream in ("stdout", "stderr"):
                for bent in _replaced(getattr(answer, stream), evil):
                    changed = replace(answer, stdout=bent) if stream == "stdout" else replace(answer, stderr=bent)
                    outcome = replace(row, evidence={**row.evidence, name: changed}).outcome(function)
                    assert "reboot)" not in outcome.remedy
                    for fix in outcome.fix:
                        command = str(fix.command if isinstance(fix, OnVm) else fix)
                        assert "reboot" not in re.sub(r"'[^']*'", "", command)


def _replaced(text: str, evil: str) -> list[str]:
    words = sorted(
        {word for word in text.replace("=", " ").replace(":", " ").replace("/", " ").split() if len(word) > 1}
    )
    return [text.replace(word, evil) for word in words[:8]] + [text.replace(word, word + evil) for word in words[:8]]


# --- files and answers of Azure


@pytest.mark.parametrize(
    ("document", "left"),
    [
        ({"id": 7, "properties": True}, {}),
        ({"properties": {"networkAttachments": [7, {"ipv4Address": 1}]}}, {"properties": {"networkAttachments": [{}]}}),
        ({"identity": {"userAssignedIdentities": {"/x": None}}}, {"identity": {"userAssignedIdentities": {"/x": {}}}}),
        ({"tags": {"id": 7}, "other": [1]}, {"tags": {"id": 7}, "other": [1]}),
    ],
)
def test_what_is_of_another_kind_than_documented_is_as_if_absent(document: Any, left: Any) -> None:
    assert in_shape(document) == left
    assert in_shape([document, 7]) == [left]


@pytest.mark.parametrize("value", ["text", 7, True])
def test_an_answer_that_is_no_resource_is_refused(value: Any) -> None:
    answers = {"/x": {"request": "", "value": value}}
    snapshot = AzureSnapshot.from_data({"version": 1, "answers": answers, "located": {}, "calls": []})
    assert snapshot.answers["/x"] == ReadError(
        f'azure.json is damaged: answers["/x"].value: expected a resource or a list of resources, found {type(value).__name__}.',
        "Remove the file and gather again.",
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": None}, "has no usable id and name"),
        ({"name": "-oProxyCommand=x"}, "starts with '-'"),
        ({"properties": {"networkAttachments": [{"ipv4Address": "10.0.0.4;reboot"}]}}, "it has a ';' in it"),
    ],
)
def test_a_vm_of_azures_list_that_cannot_be_visited_is_not_left_out(change: Mapping[str, Any], problem: str) -> None:
    """Its address is used in ssh_config's ProxyCommand (%h), which a shell of the runner executes."""
    with pytest.raises(FleetError) as caught:
        from_resources([(clouds()["AzureCloud"], {**site.vm(1), **change})])
    assert problem in str(caught.value)
    assert caught.value.remedy


def test_the_home_of_a_user_who_is_not_there_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("Host a\n  UserKnownHostsFile ~no-such-user/hosts\n")
    for find in (openssh_client, lambda: None):  # ssh stops there as well
        with pytest.raises(SshError, match="no-such-user"):
            SshConfig([tmp_path / "config"], find_client=find).route(Vm("a"))
    (tmp_path / "fleet.yaml").write_text(
        "ssh_config: ~no-such-user/config\nvms: [{name: a, identity_file: ~nobody9/k}]\n"
    )
    assert load(tmp_path / "fleet.yaml").vms[0].identity_file == f"{tmp_path}/~nobody9/k"
    with pytest.raises(InventoryError):
        load(tmp_path / "missing.yaml")


# --- messages


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b[2Jpwned\x07", r"\x1b[2Jpwned\x07"),
        ("a\nb\r\nc\u2028d", r"a b c\u2028d"),
        ("::add-mask::x", ": :add-mask::x"),
        ("##vso[task.complete]", "# #vso[task.complete]"),
        ("abc\u202egnp.exe", r"abc\u202egnp.exe"),
        ("password=hunter22", None),
    ],
)
def test_a_message_is_harmless_to_whoever_prints_it(said: str, shown: str | None) -> None:
    assert message_text(said) == shown if shown else "hunter22" not in message_text(said)


def test_a_message_is_not_endless() -> None:
    assert len(message_text("x" * 100_000)) == 4000
