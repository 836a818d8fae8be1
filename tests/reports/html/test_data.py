"""The data for the page's script: the core, the packed chunks, and the limits."""

from __future__ import annotations

import os
from typing import Any

import pytest

from plugins.core.sanitize import harmless
from plugins.reports.html import data as page_data
from plugins.reports.html.page import CAPS, Caps, VmLists, overview
from tests.support.report_builder import Json, run, saved, vm
from tests.support.report_fleet import rollout
from tests.support.report_page import unpacked


def packed(results: Json, budget: int = page_data.BUDGET, caps: Caps = CAPS) -> tuple[Json, list[list[list[Any]]]]:
    lists = VmLists(results, caps)
    overview(results, lists)
    core, chunks = page_data.core_and_chunks(harmless(results), lists, budget)
    return core, [unpacked(chunk) for chunk in chunks]


def results_of(core: Json, chunks: list[list[list[Any]]], id: str) -> list[list[Any]]:
    check = next(check for check in core["checks"] if check["id"] == id)
    return [row for chunk in check["chunks"] for row in chunks[chunk]]


def test_every_result_has_a_letter_in_its_vms_text() -> None:
    results = saved("six-vms")
    core, _ = packed(results)
    for machine, (name, readiness, letters, _) in zip(results["vms"], core["vms"], strict=True):
        assert (name, readiness) == (machine["name"], machine["readiness"])
        words = {
            (core["checks"][check]["id"], parameter): core["letters"][letter]
            for (check, parameter), letter in zip(core["items"], letters, strict=True)
        }
        assert words == {(r["id"], r["parameter"]): r["status"] for r in machine["results"]}


def test_a_vms_card_says_how_long_each_part_of_the_visit_took() -> None:
    _, chunks = packed(saved("six-vms"))
    assert [row[6] for chunk in chunks for row in chunk if row[1:2] == ["azureuser@10.5.0.11:22"]] == [
        "connect 0.0 s, login 0.3 s, probes 4.2 s"
    ]


def test_a_check_that_a_vm_was_not_judged_by_is_a_dash() -> None:
    results = saved("six-vms")
    results["vms"][0]["results"] = [r for r in results["vms"][0]["results"] if r["id"] != "IMDS-002"]
    core, _ = packed(results)
    item = core["items"].index([[check["id"] for check in core["checks"]].index("IMDS-002"), ""])
    assert [letters[item] for _, _, letters, _ in core["vms"]] == ["-", "p", "p", "b", "p", "p"]


def test_the_words_to_every_result_are_in_the_chunks_of_its_check() -> None:
    results = saved("six-vms")
    core, chunks = packed(results)
    lines = {
        (core["vms"][row[0]][0], check["id"], core["items"][row[1]][1]): row[4]
        for check in core["checks"]
        for row in results_of(core, chunks, check["id"])
    }
    assert lines == {
        (machine["name"], r["id"], r["parameter"]): r["message"]
        for machine in results["vms"]
        for r in machine["results"]
    }


def test_alike_evidence_of_many_vms_shares_a_chunk_and_rare_keys_share_one_too() -> None:
    results = rollout(30)
    for number, machine in enumerate(results["vms"]):  # a different key for each VM, like an answer about its identity
        machine["evidence"][f"roles[{number}]"] = next(iter(machine["evidence"].values()), None) or {
            "command": "x", "state": "done", "exit": 0, "stdout": "", "stderr": "", "truncated": False, "seconds": 0}  # fmt: skip
        machine["results"][-1]["evidence"] = [f"roles[{number}]"]
    core, chunks = packed(results)
    assert len(core["evidence"]["imds_002"]) <= 2
    own = [row[1] for chunk in core["evidence"]["roles"] for row in chunks[chunk]]
    assert sorted(own) == sorted(f"roles[{number}]" for number in range(30))
    assert len(core["evidence"]["roles"]) == 2  # of the findings, and of the rest


def test_a_card_has_the_session_with_the_seconds_of_each_phase_and_what_the_vm_shares() -> None:
    results = saved("six-vms")
    core, chunks = packed(results)
    first = results["vms"][0]
    row = next(row for row in chunks[core["vmChunk"]] if row[0] == 0)
    assert row[1:7] == [first["address"], "ok", "", "", "jump.edge-01", "connect 0.0 s, login 0.3 s, probes 4.2 s"]
    shared = {**first["tags"], **first["components"], **first["facts"]}
    assert dict(zip(row[7][::2], row[7][1::2], strict=True)) == shared


def test_long_evidence_is_shortened_and_says_so() -> None:
    results = saved("six-vms")
    web_02 = results["vms"][1]
    web_02["evidence"]["proxy_002"] |= {"state": "no root", "exit": 1}
    web_02["evidence"]["proxy_002"]["stdout"] = "begin" + "x" * 500_000 + "end"
    core, chunks = packed(results)
    rows = {
        key: next(row for chunk in core["evidence"][key] for row in chunks[chunk] if row[0] == vm)
        for key, vm in (("proxy_002", 1), ("agent_006", 2))
    }
    shown = rows["proxy_002"][5]
    assert shown.startswith("begin") and shown.endswith("end") and len(shown) < 7_000
    assert rows["proxy_002"][3] == "no root, exit 1"
    assert rows["proxy_002"][7] == 1  # shortened for the page
    assert rows["agent_006"][7] == 2  # truncated on the VM


def test_what_is_not_as_it_should_be_goes_in_first_when_there_is_little_room() -> None:
    results = rollout(60)
    core, chunks = packed(results, budget=11_000)
    bad = {
        (r["id"], machine["name"]) for machine in results["vms"] for r in machine["results"] if r["status"] == "fail"
    }
    calls = {
        (check["id"], core["vms"][row[0]][0])
        for check in core["checks"]
        for row in results_of(core, chunks, check["id"])
    }
    assert bad <= calls
    assert not any(check["id"] == "PLATFORM-001" and check["chunks"] for check in core["checks"])
    assert [name for name, *_ in core["vms"]] == [machine["name"] for machine in results["vms"]]


def test_a_fleet_that_prints_only_noise_stays_below_its_budget() -> None:
    machines = []
    for number in range(40):
        machine = vm(f"noisy-{number}", {"IMDS-002": ("fail", os.urandom(900).hex())}, number)
        for seen in machine["evidence"].values():
            seen["stdout"] = os.urandom(3_000).hex()
        machines.append(machine)
    lists = VmLists(results := run(machines))
    overview(results, lists)
    _, chunks = page_data.core_and_chunks(harmless(results), lists, 200_000)
    assert 100_000 < sum(map(len, chunks)) <= 200_000


def test_groups_are_the_tags_things_and_facts_that_vms_share() -> None:
    core, _ = packed(rollout(30))
    groups = {group["name"]: group for group in core["groups"]}
    assert list(groups) == ["site", "wave", "cluster", "csn", "image", "identity", "resource group", "subscription", "operating system", "agent version"]  # fmt: skip
    assert groups["site"]["values"] == ["berlin", "madrid", "oslo", "turin", "lyon"]
    assert groups["csn"]["values"][:2] == ["csn-berlin-b", "csn-madrid-a"]
    assert groups["csn"]["vm"][:6] == [0, 1, 2, 3, 4, 5]
    assert groups["resource group"]["values"] == [
        "arc-rg (11111111-2222-3333-4444-555555555555)",
        "arc-rg (99999999-8888-7777-6666-555555555555)",
    ]


def test_things_compare_without_case_and_a_kind_that_all_differ_in_is_no_group() -> None:
    machines = [vm(f"web-{number}", {}, 1) for number in range(3)]
    machines[1]["components"]["cluster"] = machines[1]["components"]["cluster"].upper()
    core, _ = packed(run(machines))
    groups = {group["name"]: group for group in core["groups"]}
    assert groups["cluster"]["vm"] == [0, 0, 0] and groups["cluster"]["values"] == ["Berlin"]
    assert "vm" not in groups


def test_a_tag_that_each_vm_has_for_itself_can_be_asked_for_all_the_same() -> None:
    machines = [vm(f"web-{number}", {}, 1, {"owner": owner}) for number, owner in enumerate(("alice", "bob"))]
    core, _ = packed(run(machines))
    assert next(group for group in core["groups"] if group["name"] == "owner")["values"] == ["alice", "bob"]


def test_a_vm_knows_the_step_after_which_it_is_ready() -> None:
    results = saved("six-vms")
    core, _ = packed(results)
    for name, readiness, _, step in core["vms"]:
        assert step == next((n for n, own in enumerate(results["plan"], 1) if name in own["unlocks"]), 0)
        assert step == 0 or readiness == "not ready"


TEN_DRAWN = Caps(vms=10)


def test_of_a_huge_fleet_the_matrix_has_what_needs_attention_in_the_order_of_the_inventory() -> None:
    names = {"fail": ("fail", "No."), "unknown": ("unknown", "No."), "warn": ("warn", "No.")}
    kinds = ["ready"] * 6 + ["warn"] * 4 + ["unknown"] * 3 + ["fail"] * 5
    checks = {"fail": "PROXY-002", "unknown": "SSH-002", "warn": "SSH-003"}
    results = run(
        [vm(f"{kind}-{n:02}", {checks[kind]: names[kind]} if kind in names else {}) for n, kind in enumerate(kinds)]
    )
    core, chunks = packed(results, caps=TEN_DRAWN)
    assert [name for name, *_ in core["vms"]] == [
        "warn-06", "warn-07",
        "unknown-10", "unknown-11", "unknown-12",
        "fail-13", "fail-14", "fail-15", "fail-16", "fail-17",
    ]  # fmt: skip
    assert {row[0] for row in chunks[core["vmChunk"]]} == set(range(10))
    (warned,) = [cause for cause in core["causes"] if core["checks"][cause["check"]]["id"] == "SSH-003"]
    # A VM of the matrix by its number there, the others by their names.
    assert core["lists"][warned["list"]] == [0, 1, "warn-08", "warn-09"] and core["left"] == {}


def test_a_list_names_some_of_the_vms_that_are_not_drawn_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    results = run([vm(f"vm-{n:03}", {"PROXY-002": ("fail", "No.")}) for n in range(400)])
    lists = VmLists(results, TEN_DRAWN)
    names = [vm["name"] for vm in reversed(results["vms"])]
    listed = lists.add(names)
    assert (listed.number, listed.count) == (0, 400)
    assert listed.first == [(n, f"vm-{n:03}") for n in range(9, 1, -1)]  # of the VMs with a card
    assert lists.all[0] == [*range(9, -1, -1), *names[:300]] and lists.left == {0: 90}
    lists.add(names, 20)
    assert lists.all[1] == [*range(9, -1, -1), *names[:20]] and lists.left[1] == 370
    monkeypatch.setattr(lists, "_room", 5)
    lists.add(names)
    assert len(lists.all[2]) == 15 and lists.left[2] == 385
    assert lists.add(["gone\x1b", "vm-000"]).first == [(0, "vm-000")] and lists.left[3] == 1


def test_the_lists_of_a_fleet_with_endless_causes_stay_small() -> None:
    results = run([vm("vm-a", {"PROXY-002": ("fail", "No.")})])
    cause, step = results["causes"][0], results["plan"][0]
    cause["fix"] = [{"command": f"true {n}", "vms": ["vm-a"]} for n in range(600)]
    results["causes"] = [cause, *({**cause, "number": n + 1, "fix": cause["fix"][:1]} for n in range(1, 3000))]
    results["plan"] = [{**step, "cause": n + 1} for n in range(3000)]
    core, _ = packed(results)
    assert len(core["causes"]) == 2000 and len(core["steps"]) == 2000 and core["planned"] == 3000


@pytest.mark.parametrize(
    ("changed", "ended"),
    [
        ({"command": "GET https://management.azure.com/x", "stdout": '{"id": 1}', "exit": 0}, "HTTP 200"),
        ({"command": "GET https://management.azure.com/x", "stdout": "404: it does not exist", "exit": 0}, "HTTP 404"),
        ({"command": "GET https://management.azure.com/x", "stdout": "", "state": "lost"}, "lost"),
        ({"exit": 22}, "exit 22"),
        ({"state": "timeout", "exit": 137}, "timeout, exit 137"),
    ],
)
def test_a_request_has_a_status_and_no_exit(changed: Json, ended: str) -> None:
    assert page_data._ended({"command": "GET_x", "state": "done", "exit": None, "stdout": "", **changed}) == ended
