"""The answers of Azure: one per ARM path, read once for the whole fleet and saved as ``azure.json``.

::

    {"version": 1,
     "answers": {"/subscriptions/…/virtualmachines/web1": {"request": "GET https://…", "value": {…}},
                 "/subscriptions/…/virtualmachines/web2": {"request": "GET https://…", "value": null},
                 "/subscriptions/…/providers/…": {"request": "GET https://…", "unread": {"message": …, "remedy": …}}},
     "located": {"web1": "/subscriptions/…/virtualMachines/web1"},
     "calls": [["GET", "https://management.azure.com/…", 200]],
     "interrupted": false}

``value: null`` means that Azure answered "not found". An answer that could not be read is ``unread``, never ``null``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NotRequired, TypedDict

from msgspec import Meta

from plugins.azure.normalize import in_shape
from plugins.core.redaction import clean, redact
from plugins.core.strict_json import check_version, checked
from plugins.model import AzureRecord

VERSION = 1

#: Parts of a VM resource with the owner's data for cloud-init or the image registry: not evidence.
_SECRET_FIELDS = frozenset(
    name.lower()
    for name in ("userData", "userDataContent", "networkData", "networkDataContent", "vmImageRepositoryCredentials")
)


HttpStatus = Annotated[int, Meta(ge=0, le=999)]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of Azure. `value` is its JSON; None: the resource does not exist."""

    request: str  # "GET https://management.azure.com/subscriptions/…?api-version=…"
    value: Any


@dataclass(frozen=True, slots=True)
class ReadError:
    """Why something could not be read, and the remedy. It does not show whether it exists."""

    message: str
    remedy: str = ""
    request: str = ""
    status: HttpStatus | None = None  # of Azure's answer, if there was one
    shared_cause: str = ""  # the cause that other missing answers share; "": none
    action: str = ""  # the headline of the remedy; "": that of all unread answers


@dataclass(frozen=True, slots=True)
class Call:
    """One request to Azure. `status` is None in a plan, and when no answer came."""

    method: str
    url: str
    status: int | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.url}" + (f" -> {self.status}" if self.status is not None else "")


_IDS = 5  # resource ids that a report shows of a longer list
_EXCERPTS = 1_000


@dataclass(slots=True)
class AzureSnapshot:
    """All answers of Azure about a fleet: `plugins.azure.fetch` fills it, `plugins.azure.vm_view` reads it."""

    answers: dict[str, Answer | ReadError] = field(default_factory=dict)  # by ARM path; see `plugins.azure.answer_keys`
    located: dict[str, str | ReadError] = field(default_factory=dict)  # VM name -> the id of its resource
    calls: list[Call] = field(default_factory=list)  # all requests in the order of completion, retries included
    interrupted: bool = False  # the run was stopped before all requests were sent
    unreadable: str = ""  # why azure.json could not be read: the reason for every missing answer
    _excerpts: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def complete(self) -> bool:
        """True when every request was answered."""
        answers = (*self.answers.values(), *self.located.values())
        return not (self.interrupted or self.unreadable) and not any(
            isinstance(answer, ReadError) for answer in answers
        )

    @property
    def nothing_read(self) -> str:
        """Why Azure gave no answer, and the remedy, when all requests have one problem; else ""."""
        answers = (*self.answers.values(), *self.located.values())
        problems = {f"{answer.message} {answer.remedy}".strip() for answer in answers if isinstance(answer, ReadError)}
        # An id in `located` may come from the inventory: only an answer shows that Azure was read.
        if len(problems) != 1 or any(isinstance(answer, Answer) for answer in self.answers.values()):
            return ""
        return problems.pop()

    def excerpt(self, path: str) -> str:
        """The answer of a path as a report shows it. Rendered once: the VMs of a fleet share most answers."""
        if path not in self._excerpts:
            answer = self.answers[path]
            assert isinstance(answer, Answer)
            if len(self._excerpts) >= _EXCERPTS:
                self._excerpts.clear()  # entries of judged VMs; shared ones are soon rendered again
            self._excerpts[path] = shown(answer.value)
        return self._excerpts[path]

    def to_data(self) -> dict[str, Any]:
        """The facts as plain JSON, redacted."""
        return {
            "version": VERSION,
            "answers": {path: _to_data(answer) for path, answer in self.answers.items()},
            "located": {name: at if isinstance(at, str) else _to_data(at) for name, at in self.located.items()},
            "calls": [[call.method, redact(call.url), call.status] for call in self.calls],
            "interrupted": self.interrupted,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> AzureSnapshot:
        """The inverse of `to_data`; a damaged answer becomes a `ReadError`. Raises ValueError (place, problem)."""
        check_version(data, VERSION)
        record = checked(data, AzureRecord)
        return cls(
            answers={path: _from_data(answer, f'answers["{path}"]') for path, answer in record["answers"].items()},
            located={
                name: at if isinstance(at, str) else _unread(at, f'located["{name}"]')
                for name, at in record["located"].items()
            },
            calls=[Call(*call) for call in record["calls"]],
            interrupted=record.get("interrupted", False),
            unreadable=record.get("unreadable", ""),
        )


def shown(value: Any) -> str:
    """JSON as a report shows it, not yet cut."""
    return "404: it does not exist" if value is None else json.dumps(_with_few_ids(value), indent=1)


def _with_few_ids(value: Any) -> Any:
    """The same with few of many ids: the answer about a network lists its VMs before the fields that are judged."""
    if isinstance(value, dict):
        return {key: _with_few_ids(member) for key, member in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) > _IDS and all(str(member).startswith("/subscriptions/") for member in value):
        return [*value[:_IDS], f"... and {len(value) - _IDS} more"]
    return [_with_few_ids(member) for member in value]


def _to_data(answer: Answer | ReadError) -> dict[str, Any]:
    if isinstance(answer, Answer):
        return {"request": redact(answer.request), "value": without_secrets(answer.value)}
    return {
        "request": redact(answer.request),
        "unread": {
            "message": redact(answer.message),
            "remedy": redact(answer.remedy),
            "status": answer.status,
            "shared_cause": redact(answer.shared_cause),
            "action": answer.action,
        },
    }


class _AnswerRecord(TypedDict):
    request: str
    value: Any


class _ProblemRecord(TypedDict):
    message: str
    remedy: NotRequired[str]
    status: NotRequired[HttpStatus | None]
    shared_cause: NotRequired[str]
    action: NotRequired[str]


class _UnreadRecord(TypedDict):
    request: str
    unread: _ProblemRecord


def _from_data(data: Any, place: str) -> Answer | ReadError:
    if isinstance(data, Mapping) and "unread" in data:
        return _unread(data, place)
    try:
        answer = checked(data, _AnswerRecord, place)
    except ValueError as error:
        return _damaged(error)
    try:
        return Answer(answer["request"], None if answer["value"] is None else in_shape(answer["value"]))
    except (ValueError, RecursionError) as error:
        return _damaged(f"{place}.value: {error}")


def _unread(data: Any, place: str) -> ReadError:
    try:
        record = checked(data, _UnreadRecord, place)
    except ValueError as error:
        return _damaged(error)
    return ReadError(request=record["request"], **record["unread"])


def _damaged(error: object) -> ReadError:
    return ReadError(f"azure.json is damaged: {error}.", "Remove the file and gather again.")


def without_secrets(value: Any) -> Any:
    """ARM JSON without user data and the like, the rest redacted."""
    return clean(_without_fields(value))


def _without_fields(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_fields(item) for name, item in value.items() if name.lower() not in _SECRET_FIELDS}
    return [_without_fields(item) for item in value] if isinstance(value, list | tuple) else value
