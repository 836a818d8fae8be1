"""All answers of Azure: complete or not, common errors, and damaged ones."""

from __future__ import annotations

import pytest

from plugins.azure import snapshot
from plugins.azure.snapshot import Answer, AzureSnapshot, ReadError

UNREAD = ReadError("Azure was not queried: no login.", "Sign in.")


@pytest.mark.parametrize(
    ("facts", "complete"),
    [
        (AzureSnapshot(), True),
        (AzureSnapshot({"a": Answer("GET a", None)}, {"vm": "/id"}), True),
        (AzureSnapshot({"a": UNREAD}), False),
        (AzureSnapshot(located={"vm": UNREAD}), False),
        (AzureSnapshot(interrupted=True), False),
        (AzureSnapshot(unreadable="It is no JSON."), False),
    ],
)
def test_it_is_complete_when_every_request_was_answered(facts: AzureSnapshot, complete: bool) -> None:
    assert facts.complete is complete


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        (AzureSnapshot({"a": UNREAD, "b": UNREAD}, {"vm": "/id"}), "Azure was not queried: no login. Sign in."),
        (AzureSnapshot(located={"vm": ReadError("It is off.")}), "It is off."),
        (AzureSnapshot({"a": UNREAD, "b": Answer("GET b", None)}), ""),
        (AzureSnapshot({"a": UNREAD, "b": ReadError("Another.")}), ""),
        (AzureSnapshot(), ""),
    ],
)
def test_one_problem_of_all_requests_is_named(facts: AzureSnapshot, problem: str) -> None:
    assert facts.nothing_read == problem


def test_few_excerpts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "_EXCERPTS", 2)
    facts = AzureSnapshot({name: Answer("GET", {"is": name}) for name in "abcd"})
    assert [facts.excerpt(name) for name in "abca"] == [f'{{\n "is": "{name}"\n}}' for name in "abca"]
    assert set(facts._excerpts) == {"c", "a"}


def test_what_could_not_be_read_is_the_same_when_it_was_saved() -> None:
    unread = ReadError("Azure refused it.", "Ask.", "GET a", 403, "no right on a", "Give the right")
    facts = AzureSnapshot({"a": unread}, {"vm": unread})
    assert AzureSnapshot.from_data(facts.to_data()) == facts


def test_a_damaged_answer_is_one_that_could_not_be_read() -> None:
    facts = AzureSnapshot.from_data(
        {"version": 1, "answers": {"a": {"request": 7}}, "located": {"vm": {"unread": 7}}, "calls": []}
    )
    problems = facts.answers["a"], facts.located["vm"]
    assert [(problem.message, problem.remedy) for problem in problems if isinstance(problem, ReadError)] == [
        (f"azure.json is damaged: {problem}.", "Remove the file and gather again.")
        for problem in ('answers["a"].request: expected str, got int', 'located["vm"].unread: expected object, got int')
    ]
