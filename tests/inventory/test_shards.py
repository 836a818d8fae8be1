"""The shards of a fleet."""

from __future__ import annotations

import pytest

from plugins.inventory.shards import Shard, ShardError, parse
from plugins.model import Vm

FLEET = [Vm(f"vm{number}") for number in range(1, 24)]


def place(text: str) -> tuple[int, int]:
    shard = parse(text)
    assert shard
    return shard.number, shard.of


def test_every_vm_is_in_exactly_one_shard_and_shards_are_even() -> None:
    parts = [Shard(number, 5).part(FLEET) for number in range(1, 6)]
    assert sorted(vm.name for part in parts for vm in part) == sorted(vm.name for vm in FLEET)
    assert {len(part) for part in parts} == {4, 5}


def test_a_shard_may_be_empty() -> None:
    assert Shard(30, 30).part(FLEET) == []


def test_parts_of_one_fleet_are_known_from_those_of_another() -> None:
    first, second = Shard(1, 2).record(FLEET), Shard(2, 2).record(FLEET)
    assert (first["vms"], first["fleet"]) == (second["vms"], second["fleet"])
    assert Shard(1, 2).record(FLEET[1:])["fleet"] != first["fleet"]


def test_the_command_line() -> None:
    assert place("3/20") == (3, 20)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3", "--shard=3: expected I/N, for example 3/20, or auto."),
        ("a/b", "--shard=a/b: expected I/N, for example 3/20, or auto."),
        ("0/4", "--shard=0/4: there is no part 0 of 4. Parts are counted from 1 to 4."),
        ("5/4", "--shard=5/4: there is no part 5 of 4. Parts are counted from 1 to 4."),
        ("1/0", "--shard=1/0: there is no part 1 of 0. Parts are counted from 1 to 1."),
    ],
)
def test_a_shard_that_makes_no_sense(text: str, message: str) -> None:
    with pytest.raises(ShardError) as caught:
        parse(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SYSTEM_JOBPOSITIONINPHASE": "3", "SYSTEM_TOTALJOBSINPHASE": "20"}, (3, 20)),
        ({"SYSTEM_JOBPOSITIONINPHASE": "1", "SYSTEM_TOTALJOBSINPHASE": "1"}, None),
        ({"JOB_COMPLETION_INDEX": "2", "JOB_COMPLETIONS": "20"}, (3, 20)),
        ({"STRATEGY_JOB_INDEX": "0", "STRATEGY_JOB_TOTAL": "4"}, (1, 4)),
    ],
)
def test_the_shard_is_read_from_the_ci_systems_environment(
    environment: dict[str, str], expected: tuple[int, int] | None
) -> None:
    shard = parse("auto", environment)
    assert (shard and (shard.number, shard.of)) == expected


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"JOB_COMPLETION_INDEX": "4", "JOB_COMPLETIONS": "4"},
            "--shard=auto: JOB_COMPLETION_INDEX=4, JOB_COMPLETIONS=4 (Kubernetes): there is no part 5 of 4. "
            "Parts are counted from 1 to 4.",
        ),
        (
            {"STRATEGY_JOB_INDEX": "", "STRATEGY_JOB_TOTAL": "4"},
            "--shard=auto: STRATEGY_JOB_INDEX=, STRATEGY_JOB_TOTAL=4 (GitHub Actions): expected two whole numbers.",
        ),
    ],
)
def test_an_environment_that_makes_no_sense(environment: dict[str, str], message: str) -> None:
    with pytest.raises(ShardError) as caught:
        parse("auto", environment)
    assert str(caught.value) == message


@pytest.mark.parametrize("environment", [{}, {"JOB_COMPLETION_INDEX": "2"}])
def test_auto_without_a_statement_is_an_error_and_never_the_whole_fleet(environment: dict[str, str]) -> None:
    with pytest.raises(ShardError) as caught:
        parse("auto", environment)
    assert str(caught.value) == (
        "--shard=auto: this environment does not state a shard. Expected one of these pairs: SYSTEM_JOBPOSITIONINPHASE "
        "and SYSTEM_TOTALJOBSINPHASE (Azure Pipelines); JOB_COMPLETION_INDEX and JOB_COMPLETIONS (Kubernetes); "
        "STRATEGY_JOB_INDEX and STRATEGY_JOB_TOTAL (GitHub Actions). Set them, or give --shard=I/N."
    )


def test_the_header_names_the_ci_system() -> None:
    shard = parse("auto", {"JOB_COMPLETION_INDEX": "2", "JOB_COMPLETIONS": "20"})
    assert shard
    assert shard.header(FLEET) == "shard 3 of 20 (Kubernetes): 2 of 23 VMs"
    assert Shard(3, 20).header(FLEET) == "shard 3 of 20: 2 of 23 VMs"
