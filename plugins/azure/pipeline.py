"""The policies of every request to Azure: read only, a few retries, recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import ContentDecodePolicy, HTTPPolicy, RetryPolicy, SansIOHTTPPolicy

from plugins.azure.clouds import Cloud
from plugins.azure.errors import NotAllowedError
from plugins.azure.snapshot import Call
from plugins.core.redaction import redact

_TRIES = 4  # after the first
_LONGEST_PAUSE = 20  # seconds between tries, when Azure does not state how long


class ReadOnlyPolicy(SansIOHTTPPolicy[Any, Any]):
    """Only GET, only to this cloud's Resource Manager: a run changes nothing, and the token reaches no other host.

    The SDKs would register a missing resource provider, and follow a nextLink to any host.
    """

    def __init__(self, cloud: Cloud, on_request: Callable[[str], None]) -> None:
        self._cloud = cloud
        self._on_request = on_request

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Let it pass. Raises `NotAllowedError`."""
        method, url = request.http_request.method, request.http_request.url
        if method != "GET" or not self._cloud.serves(url):
            raise NotAllowedError(f"this suite only sends GET to {self._cloud.manager}, not {method} {readable(url)}.")
        self._on_request(url)


class WholePagesPolicy(SansIOHTTPPolicy[Any, Any]):
    """Each page of a list has one: the SDKs take a page without it for an empty one, and nothing for all of Azure.

    ``{"value": [{"id": "/subscriptions/..."}], "nextLink": "https://..."}``
    """

    def __init__(self, is_list: Callable[[], bool]) -> None:
        self._is_list = is_list

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        """Let it pass. Raises ValueError."""
        if response.http_response.status_code != 200 or not self._is_list():
            return
        page = response.context.get(ContentDecodePolicy.CONTEXT_NAME)
        rows, link = (page.get("value"), page.get("nextLink")) if isinstance(page, Mapping) else (None, None)
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) and row.get("id") for row in rows):
            raise ValueError("expected a list of resources in 'value', each with its id")
        if not isinstance(link, str | None):
            raise ValueError("expected the address of the next page in 'nextLink'")


class RetriesInTime(RetryPolicy[Any, Any]):
    """The SDK's retries, without waiting for a Retry-After beyond the remaining time."""

    def __init__(self) -> None:
        super().__init__(
            retry_total=_TRIES,
            retry_status=_TRIES,
            retry_connect=2,
            retry_read=2,
            retry_backoff_max=_LONGEST_PAUSE,
        )

    def get_retry_after(self, response: PipelineResponse[Any, Any]) -> float | None:
        """The seconds of the answer's Retry-After; None when it has none that can be parsed."""
        try:
            return super().get_retry_after(response)
        except Exception:  # the header may come from any server, with any content
            return None

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """Whether to try again: as the SDK decides, unless the wait would be longer than the time left."""
        wait = self.get_retry_after(response)
        return not (wait and wait > settings["timeout"]) and bool(super().is_retry(settings, response))


class RecordPolicy(HTTPPolicy[Any, Any]):
    """Records each request that leaves, retries included."""

    def __init__(self, record: Callable[[Call], None]) -> None:
        super().__init__()
        self._record = record

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send on, and record how it ended."""
        status = None
        try:
            response = self.next.send(request)
            status = response.http_response.status_code
            return response
        finally:
            self._record(Call(request.http_request.method, readable(request.http_request.url), status))


def readable(url: str) -> str:
    """A URL for people: ``$filter=atScope() and …`` without percent signs, and nothing secret in it."""
    return redact(unquote(url))
