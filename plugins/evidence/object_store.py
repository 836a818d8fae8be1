"""``--evidence-store URL``: the evidence of runs in object storage, where shards put it and the merge finds it.

::

    az://container/prefix/20261121T221500Z-3f9a/run.json          a run directory, file by file
                                               /evidence/vm1.json  there as soon as the VM is done

A few threads send files while VMs are visited; a run that dies has already sent the evidence until then.
`plugins.evidence.merged` reads one run, or every run below a prefix. The login is an Azure identity (azure-identity's
DefaultAzureCredential: a managed or workload identity, or `az login`), or the connection string in
AZURE_STORAGE_CONNECTION_STRING. Neither is ever an argument, and a URL with a secret is refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from plugins.core.errors import InputError
from plugins.core.redaction import redact
from plugins.evidence.source import Folder, Source

_AZURE = ("az", "abfs", "abfss")
_SCHEMES = (*_AZURE, "file", "memory")
_THREADS = 4
_MOST_BYTES = 64 * 1024 * 1024  # of one file; a VM's evidence has about 60 kB


def is_url(place: str) -> bool:
    """Whether this names a store, not a path."""
    return "://" in place


class Store:
    """The files below a URL (`plugins.evidence.source.Source`)."""

    def __init__(self, url: str, option: str = "--evidence-store", opened: tuple[Any, str] | None = None) -> None:
        """Raises InputError for an unusable URL. `opened`: its file system and path."""
        self._url, self._option = url.rstrip("/"), option
        self._fs, self._root = opened or _connect(self._url, option)
        self._pool: ThreadPoolExecutor | None = None
        self._sent: list[Future[None]] = []
        self.problem: OSError | None = None  # the first error of sending

    def __str__(self) -> str:
        return self._url

    @property
    def _local(self) -> bool:
        return "file" in self._fs.protocol  # a name, or names

    @property
    def path(self) -> Path:
        """The URL, to show."""
        return Path(self._url)

    def below(self, name: str) -> Store:
        """The store below `name`."""
        return Store(f"{self._url}/{name}", self._option, (self._fs, f"{self._root}/{name}"))

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        try:
            return bool(self._fs.isfile(f"{self._root}/{name}"))
        except Exception as error:
            raise self._failed(error) from None

    def read(self, name: str) -> bytes | None:
        """A file's bytes, None when there is none. Raises OSError."""
        if self._local:
            return Folder(Path(self._root)).read(name)
        try:
            with self._fs.open(f"{self._root}/{name}", "rb") as file:
                data: bytes = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._failed(error) from None
        if len(data) > _MOST_BYTES:
            raise OSError(f"it is larger than {_MOST_BYTES // 2**20} MiB")
        return data

    def label(self, name: str) -> str:
        """Its URL."""
        return f"{self._url}/{name}"

    def runs(self) -> list[str]:
        """The names of the runs directly below. Raises OSError."""
        try:
            if not self._fs.isdir(self._root):
                return []
            names = sorted(str(path).rstrip("/").rpartition("/")[2] for path in self._fs.ls(self._root, detail=False))
        except FileNotFoundError:
            return []
        except Exception as error:
            raise self._failed(error) from None
        return [name for name in names if self.has(f"{name}/run.json")]

    def send(self, name: str, content: Path | bytes) -> None:
        """Send a file in the background, with its content at that time; `wait` reports errors."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="store")
        self._sent.append(self._pool.submit(self._put, name, content))

    def wait(self) -> None:
        """Wait until everything has been sent, or has failed; see `problem`."""
        for upload in self._sent:
            if (error := upload.exception()) is not None and self.problem is None:
                self.problem = error if isinstance(error, OSError) else OSError(str(error))
        self._sent.clear()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _put(self, name: str, content: Path | bytes) -> None:
        path = f"{self._root}/{name}"
        try:
            data = content.read_bytes() if isinstance(content, Path) else content
            if self._local:
                self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._fs.pipe_file(path, data)
        except Exception as error:
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> OSError:
        """The message for an error of any library; it must not contain a key."""
        return OSError(f"{self._url}: {_problem(error)}")


def _problem(error: Exception) -> str:
    reason = (str(error).strip().splitlines() or [""])[0][:200]
    return f"{type(error).__name__}: {redact(reason)}. {_REMEDY}"


_REMEDY = (
    "Check the container, the network, and the login: an identity with the role Storage Blob Data Contributor, or "
    "AZURE_STORAGE_CONNECTION_STRING."
)


def open_store(url: str) -> Iterator[tuple[str, Source]]:
    """The runs at a URL: that run, or every run below. Raises InputError."""
    store = Store(url, "--evidence")
    try:
        if store.has("run.json"):
            yield url, store
            return
        names = store.runs()
    except OSError as error:
        raise InputError(f"--evidence={error}") from None
    if not names:
        raise InputError(f"--evidence={url}: no run found, neither there nor directly below.")
    for name in names:
        yield f"{store}/{name}", store.below(name)


def _connect(url: str, option: str) -> tuple[Any, str]:
    parts = urlsplit(url)
    if ("@" in parts.netloc and ":" in parts.netloc.partition("@")[0]) or parts.query or parts.fragment:
        prefix = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        raise InputError(
            f"{option}={prefix}: the URL contains more than a location, perhaps a key or a SAS. Other users can see "
            "arguments: use an identity, or AZURE_STORAGE_CONNECTION_STRING."
        )
    if parts.scheme not in _SCHEMES:
        raise InputError(
            f"{option}={url}: expected az://CONTAINER/PREFIX (or {', '.join(f'{kind}://' for kind in _SCHEMES[1:])})."
        )
    try:
        import fsspec

        if parts.scheme in _AZURE:
            import adlfs  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"{option}={url}: {error.name} is not installed. It comes with `make env`, or with "
            "pip install --group store (pip 25.1 or newer, in this folder)."
        ) from None
    options: dict[str, Any] = _account(parts.netloc, option, url) if parts.scheme in _AZURE else {}
    try:
        system, root = fsspec.core.url_to_fs(url, **options)
    except Exception as error:
        raise InputError(f"{option}={url}: {_problem(error)}") from None
    return system, str(root)


def _account(netloc: str, option: str, url: str) -> dict[str, Any]:
    """The login of adlfs; keys in other variables are ignored."""
    if connection := os.environ.get("AZURE_STORAGE_CONNECTION_STRING"):
        return {"connection_string": connection}
    name = os.environ.get("AZURE_STORAGE_ACCOUNT_NAME", "")
    if at := re.fullmatch(r"[^@]+@([a-z0-9]+)\..+", netloc):
        name = at[1]
    if not name:
        raise InputError(
            f"{option}={url}: no storage account is named. Set AZURE_STORAGE_ACCOUNT_NAME (and log in with az login, "
            "or run with a managed or workload identity), or AZURE_STORAGE_CONNECTION_STRING."
        )
    return {"account_name": name, "anon": False}  # not anonymous: DefaultAzureCredential
