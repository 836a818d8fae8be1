"""Evidence in object storage, sent during the visits and judged from there: files, memory, and Azurite."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from plugins.core.errors import InputError
from plugins.evidence import object_store
from plugins.evidence.archive import Archive
from plugins.evidence.merged import open_all
from plugins.evidence.object_store import Store, _account
from tests.evidence.test_merged import FLEET, keep

if TYPE_CHECKING:
    from tests.support.fleet_project import Checkout

pytest_plugins = ("pytester", "tests.support.fleet_project", "tests.support.azurite_server")


def copy(directory: str, url: str) -> None:
    """Send a run directory's files."""
    store = Store(url).below(Path(directory).name)
    for path in Path(directory).rglob("*.json"):
        store.send(path.relative_to(directory).as_posix(), path.read_bytes())
    store.wait()
    assert store.problem is None


def test_a_store_gives_back_what_was_sent(tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}/store")
    store.send("evidence/vm1.json", b"{}")
    store.wait()
    assert store.problem is None
    assert store.read("evidence/vm1.json") == b"{}"
    assert (store.has("evidence/vm1.json"), store.has("evidence/vm2.json")) == (True, False)
    assert store.read("evidence/vm2.json") is None
    assert store.label("run.json") == f"file://{tmp_path}/store/run.json"


def test_a_slow_store_holds_up_names_and_not_evidence(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "run", {"id": "x"}, FLEET)
    queue: list[Path | bytes] = []
    archive.mirror = Queue(queue)
    archive.write("evidence/vm1.json", {"a": "x" * 1_000_000})
    assert queue == [tmp_path / "run/evidence/vm1.json"]
    archive.write("no-such-folder/vm2.json", {"a": 1})  # without a file, the data is in memory
    assert queue[1:] == [b'{"a":1}']
    store = Store(f"file://{tmp_path}/store")
    store.send("vm1.json", tmp_path / "run/evidence/vm1.json")
    store.wait()
    assert len(store.read("vm1.json") or b"") > 1_000_000


class Queue:
    """A store that sends nothing."""

    def __init__(self, queue: list[Path | bytes]) -> None:
        self.queue = queue

    def send(self, name: str, content: Path | bytes) -> None:
        self.queue.append(content)


@pytest.mark.parametrize("scheme", ["file", "memory"])
def test_one_run_or_all_below_are_judged(tmp_path: Path, scheme: str) -> None:
    url = f"{scheme}://{tmp_path}/store"
    for run in (keep(tmp_path / "a", FLEET[:2]), keep(tmp_path / "b", FLEET[2:])):
        copy(run, url)
    archive, _, vms = open_all([url])
    assert [vm.name for vm in vms] == [vm.name for vm in FLEET]
    assert archive["vm4"].results["word"].stdout == "right on vm4"
    assert [vm.name for vm in open_all([f"{url}/b"])[2]] == ["vm3", "vm4", "vm5"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "s3://bucket",
            "--evidence-store=s3://bucket: expected az://CONTAINER/PREFIX (or abfs://, abfss://, file://, memory://).",
        ),
        (
            "az://evidence/x",
            "--evidence-store=az://evidence/x: no storage account is named. Set AZURE_STORAGE_ACCOUNT_NAME (and log in with "
            "az login, or run with a managed or workload identity), or AZURE_STORAGE_CONNECTION_STRING.",
        ),
        (
            "az://evidence/x?sv=2026&sig=verysecret",
            "--evidence-store=az://evidence/x: the URL contains more than a location, perhaps a key or a SAS. "
            "Other users can see arguments: use an identity, or AZURE_STORAGE_CONNECTION_STRING.",
        ),
        (
            "az://user:verysecret@evidence/x",
            "--evidence-store=az://evidence/x: the URL contains more than a location, perhaps a key or a SAS. "
            "Other users can see arguments: use an identity, or AZURE_STORAGE_CONNECTION_STRING.",
        ),
    ],
)
def test_a_url_that_cannot_be_used(url: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(InputError) as caught:
        Store(url)
    assert str(caught.value) == message


def test_a_connection_string_comes_before_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", "UseDevelopmentStorage=true")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "another")
    assert _account("evidence", "", "") == {"connection_string": "UseDevelopmentStorage=true"}


@pytest.mark.parametrize(
    ("place", "account"), [("evidence", "of-the-variable"), ("evidence@store1.dfs.core.windows.net", "store1")]
)
def test_an_account_is_never_read_without_a_login(place: str, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "of-the-variable")
    assert _account(place, "", "") == {"account_name": account, "anon": False}


@pytest.mark.parametrize(("missing", "url"), [("adlfs", "az://evidence/x"), ("fsspec", "memory://x")])
def test_libraries_that_are_not_there(missing: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(InputError) as caught:
        Store(url)
    assert str(caught.value) == (
        f"--evidence-store={url}: {missing} is not installed. It comes with `make env`, or with pip install --group "
        "store (pip 25.1 or newer, in this folder)."
    )


class Broken:
    """A file system that raises the same error for every call."""

    protocol = "abfs"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        def refuse(*arguments: Any, **named: Any) -> Any:
            raise self.error

        return refuse


def test_what_a_library_raises_is_one_sentence_without_its_secrets() -> None:
    store = Store("az://c/x", "", (Broken(ValueError("no: http://anna:hunter22222@proxy\nTraceback")), "c/x"))
    for ask in (lambda: store.has("run.json"), lambda: store.read("run.json"), store.runs):
        with pytest.raises(
            OSError, match=r"^az://c/x: ValueError: no: http://<secret:\w+>@proxy\. Check the container"
        ):
            ask()
    store.send("run.json", b"")
    store.wait()
    assert str(store.problem).startswith("az://c/x: ValueError: no: http://<secret:")
    assert store.path == Path("az://c/x")


@pytest.mark.parametrize(("text", "shown"), [("x" * 201 + "\ny", "x" * 200), ("", "")])
def test_a_library_that_cannot_open_a_url_is_one_line(text: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsspec.core.url_to_fs", Broken(ValueError(text)).open)
    with pytest.raises(InputError) as caught:
        Store("memory://x", "--evidence")
    assert str(caught.value).startswith(f"--evidence=memory://x: ValueError: {shown}. Check the container")


def test_a_store_that_is_not_there_has_no_runs() -> None:
    assert Store("az://c/x", "", (Broken(FileNotFoundError()), "c/x")).runs() == []


def test_a_store_that_refuses_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "_connect", lambda url, option: (Broken(PermissionError("not yours")), "c/x"))
    with pytest.raises(InputError, match=r"^--evidence=az://c/x: PermissionError: not yours\. Check the container"):
        list(object_store.open_store("az://c/x"))


def test_a_file_of_any_size_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "_MOST_BYTES", 2**20)
    store = Store(f"file://{tmp_path}")
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 3 << 30)  # sparse
    with pytest.raises(OSError, match=r"it is longer than 2,147,483,648 bytes$"):
        store.read("large")
    os.mkfifo(tmp_path / "endless")
    with pytest.raises(OSError, match=r"it is not a regular file$"):
        store.read("endless")
    elsewhere = Store("memory://large")
    elsewhere._fs.pipe_file(f"{elsewhere._root}/large", bytes(2**20 + 1))
    with pytest.raises(OSError, match=r"^it is larger than 1 MiB$"):
        elsewhere.read("large")


def test_a_place_without_runs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        open_all([f"file://{tmp_path}/none"])
    assert str(caught.value) == f"--evidence=file://{tmp_path}/none: no run found, neither there nor directly below."


def test_a_run_whose_evidence_could_not_be_sent_says_so(checkout: Checkout) -> None:
    checkout.fleet(a=checkout.good)
    (checkout.path / "wall").write_text("a file where a folder should be")
    done = checkout.run("--vm=a", "--no-azure", f"--evidence-store=file://{checkout.path}/wall")
    assert done.ret == 3
    done.stdout.fnmatch_lines(
        [
            f"UPLOAD INCOMPLETE: some evidence is missing from the store (file://{checkout.path}/wall/*: NotADirectoryError: *"
        ]
    )


def _key(connection: str) -> str:
    return connection.partition("AccountKey=")[2].partition(";")[0]


def _shards_through(checkout: Checkout, url: str) -> str:
    """Run two shards that send their evidence, judge it from the store, and return the output."""
    checkout.fleet(**dict.fromkeys(("a", "b", "c"), checkout.good))
    (checkout.path / "fleet.yaml").write_text("vms: [a, b, c]\n")
    printed = ""
    for number in (1, 2):
        done = checkout.run(
            "--inventory=fleet.yaml", "--no-azure", f"--shard={number}/2", f"--evidence-store={url}", "--reports=parts"
        )
        assert done.ret == 0
        printed += done.stdout.str() + done.stderr.str()
    done = checkout.run(f"--evidence={url}")
    assert done.ret == 0
    done.stdout.fnmatch_lines(["nexus: merged from 2 sources: shards 1 and 2 of 2", "READY: All 3 VMs are ready."])
    return printed + done.stdout.str() + done.stderr.str()


def test_shards_meet_in_a_folder(checkout: Checkout) -> None:
    _shards_through(checkout, f"file://{checkout.path}/store")
    (run,) = (path for path in (checkout.path / "store").iterdir() if (path / "evidence/b.json").exists())
    assert sorted(path.relative_to(run).as_posix() for path in run.rglob("*.json")) == [
        "evidence/b.json",
        "run.json",
    ]


def test_shards_meet_in_azurite(checkout: Checkout, azurite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azurite)
    key = _key(azurite)
    printed = _shards_through(checkout, "az://evidence/night")
    assert key not in printed
    for path in checkout.path.rglob("*"):
        assert not path.is_file() or key.encode() not in path.read_bytes(), path


def test_a_refused_login_is_reported_without_the_key(
    checkout: Checkout,
    azurite: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = _key(azurite)
    wrong = "d3Jvbmc" + key[7:]
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azurite.replace(key, wrong))
    done = checkout.run("--evidence=az://evidence/night")
    assert done.ret == 4
    printed = done.stdout.str() + done.stderr.str()
    assert "ERROR: --evidence=az://evidence/night: " in printed
    assert "Check the container, the network, and the login" in printed
    assert wrong not in printed and "Traceback" not in printed
