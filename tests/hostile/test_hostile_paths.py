"""The cost of a file: every path in an option must be a regular file of limited size, or is refused."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from plugins.core.errors import InputError
from plugins.core.yaml_config import ConfigErrors
from plugins.evidence.archive import Archive, read_object
from plugins.gates.baseline import load
from plugins.inventory.file import read as read_inventory
from plugins.judge import waivers
from plugins.judge.context import CheckContext
from plugins.model import Evidence, SshSession, Vm
from plugins.pytest_adapter.log_file import UnreadableLog, read_logs
from plugins.requirements.profile import ProfileError
from plugins.requirements.profile_file import load_profile, saved_profile
from plugins.ssh import keys, known_hosts
from tests.support.counted import bytes_read, counted_calls
from tests.support.memory import MEGABYTE, most_memory
from tests.support.paths import ROOT


def read_waivers(path: Path) -> object:
    return waivers.load(path, 1.8e9)


#: The function that reads the path of each option.
READERS: dict[str, Callable[[Path], object]] = {
    "--inventory": read_inventory,
    "--waivers": read_waivers,
    "--profile": load_profile,
    "--evidence FILE": Archive.open,
    "--evidence DIR": lambda path: Archive.open(path.parent),
    "--against FILE": lambda path: load(str(path), path.parent),
    "--explain": lambda path: read_logs(path, "log"),
}


def fifo(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 3 << 30)  # sparse


@pytest.mark.parametrize("make", [fifo, endless, folder, huge])
@pytest.mark.parametrize("option", READERS)
def test_what_is_not_a_file_of_bearable_size_is_refused(
    option: str, make: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "run.json"
    make(path)
    before = bytes_read()
    with most_memory() as most, pytest.raises((InputError, ConfigErrors, ProfileError, UnreadableLog, OSError)):
        READERS[option](path)
    assert most[0] < 64 * MEGABYTE
    assert bytes_read() - before < 64 * MEGABYTE


def chain(links: int) -> str:
    return "x0: &x0 []\n" + "".join(f"x{n}: &x{n} [*x{n - 1}]\n" for n in range(1, links)) + f"vms: *x{links - 1}\n"


NINE, FOUR = range(1, 10), range(1, 5)
#: 20 to 30 MB when their aliases are expanded: too much, but still quick to read without a limit.
TOO_MUCH = {
    "lists": f"x0: &x0 {'a' * 2_000}\n"
    + "".join(f"x{n}: &x{n} [{','.join([f'*x{n - 1}'] * 10)}]\n" for n in FOUR)
    + "vms: *x4\n",
    "mappings": f"x0: &x0 {{a: {'b' * 3_000}}}\n"
    + "".join(f"x{n}: &x{n} {{{','.join(f'k{key}: *x{n - 1}' for key in NINE)}}}\n" for n in FOUR)
    + "vms: *x4\n",
    "texts": f"x: &x {'a' * 100_000}\nvms:\n" + "- {name: *x}\n" * 300,
}
BOMBS = TOO_MUCH | {
    "itself": "vms: &x\n- *x\n",
    "merges": "x0: &x0 {host: x}\n"
    + "".join(f"x{n}: &x{n}\n  <<: [{','.join([f'*x{n - 1}'] * 10)}]\n" for n in NINE)
    + "vms:\n- *x9\n",
    "a chain": chain(500),
    "depth": f"vms: {'[' * 300}{']' * 300}\n",
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("read", [read_inventory, read_waivers])
def test_aliases_and_depth_cost_no_more_than_they_are_long(
    bomb: str, read: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(BOMBS[bomb])
    output = ""
    # The parser's cost per level grows with the number of levels, up to its limit.
    calls = 1_000_000 if bomb == "depth" else 30_000 + 250 * len(BOMBS[bomb])
    with most_memory() as most, counted_calls(calls):
        try:
            reading = read(path)
        except ConfigErrors as error:
            output = str(error)
        else:  # the other kind of file reports its errors later
            assert read is read_waivers and isinstance(reading, waivers.Waivers) and reading.problems
    if bomb in TOO_MUCH:
        assert output == f"{path}: its aliases expand to too much text. Write their text instead."
    assert most[0] < 64 * MEGABYTE
    assert len(output) < 1_000_000


def test_a_chain_of_aliases_costs_as_much_as_it_has_links(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    costs = []
    for links in (250, 500):
        path.write_text(chain(links))
        with counted_calls(8_000_000) as calls, suppress(ConfigErrors):
            read_inventory(path)
        costs.append(calls[0])
    assert costs[1] < 2.2 * costs[0]


_BASE = "base = '2510'\n"
TOML = {
    "lists": f"a = {'[' * 9_000}{']' * 9_000}",
    "tables": f"a = {'{a=' * 9_000}1{'}' * 9_000}",
    "a key": f"{_BASE}{'a.' * 32_000}a = 1",
    "keys": f"{_BASE}{('a.' * 40 + 'a = 1' + chr(10)) * 700}",
    "a header": f"{_BASE}[{'a.' * 32_000}a]",
    "unknown keys": _BASE + "".join(f"k{number:x}=1\n" for number in range(4_000)),
    "unknown hosts": f"{_BASE}[clouds.AzureCloud.endpoints]\n" + "".join(f"x{n:x}={{}}\n" for n in range(3_000)),
    "wrong values": f"{_BASE}asked = [{'1,' * 16_000}]",
    "blanks": f"{_BASE}x = '''\na{' ' * 60_000}x\n'''",
    "a number": f"a = {'1' * 5_000}",
    "length": f"#{' ' * 100_000}\n{_BASE}",
    "UTF-16": "\ufeffb\0a\0",
}


@pytest.mark.parametrize("bomb", TOML)
def test_a_profile_costs_no_more_than_it_is_long(bomb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(TOML[bomb])
    parsed: list[str] = []
    parse = tomllib.loads

    def noted(text: str) -> dict[str, object]:
        parsed.append(text)
        return parse(text)

    monkeypatch.setattr(tomllib, "loads", noted)
    for read in (load_profile, lambda path: saved_profile(path.read_bytes(), "profile.toml of a bundle")):
        with most_memory() as most, counted_calls(50_000 + 50 * len(TOML[bomb])), pytest.raises(ProfileError) as caught:
            read(path)
        assert most[0] < 64 * MEGABYTE
        assert len(str(caught.value)) < 1_000_000
    # The cost of a key is quadratic in its dots, in copies, which are not calls.
    assert sum(line.count(".") ** 2 for text in parsed for line in text.splitlines()) < 100_000_000


#: A profile of a given size, the limit, and the end of the error beyond it.
LIMITS: dict[str, tuple[Callable[[int], str], int, str]] = {
    "bytes": (lambda most: f"{_BASE}#".ljust(most), 64 * 1024, "it is longer than 65,536 bytes"),
    "levels": (lambda most: f"a = {'[' * (most - 1)}{']' * (most - 1)}", 20, "it is nested too deep"),
    "dots": (lambda most: f"{_BASE}#{'.' * most}", 1_000, "a line has more than 1,000 dots"),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_a_profile_has_no_more_than_docs_say(limit: str) -> None:
    text, most, error = LIMITS[limit]
    for size, refused in ((most, False), (most + 1, True)):
        message = ""
        try:
            saved_profile(text(size).encode(), "p.toml")
        except ProfileError as problem:
            message = str(problem)
        assert message.endswith(error) is refused, message


def test_an_inventory_may_share_settings(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yaml"
    path.write_text(
        "vms:\n- &a {name: a, tags: &tags {site: ny, ring: canary}}\n- {<<: *a, name: b}\n- {name: c, tags: *tags}\n"
    )
    vms, _ = read_inventory(path)
    assert [dict(vm["tags"]) for vm in vms] == [{"site": "ny", "ring": "canary"}] * 3


def test_read_object_is_one_of_them(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "results.json")
    with pytest.raises(InputError, match="it is not a regular file"):
        read_object(tmp_path / "results.json")


def test_a_key_or_certificate_file_that_never_ends_is_none(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(
        Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    )
    huge(tmp_path / "key-cert.pub")
    for make in (fifo, endless, folder, huge):
        path = tmp_path / make.__name__
        make(path)
        with most_memory() as most:
            reading = keys._read(path)
            assert known_hosts._parse(path).plain == {}
            beside = keys._read(tmp_path / "key")
            assert beside.key and not beside.certificate
            problems: list[str] = []
            assert keys._certified(tmp_path / "key", path, problems) is None
        assert problems[0].startswith(f"{path} is not a certificate for {tmp_path}/key (")
        assert (reading.key, "cannot be read" in reading.problem) == (None, True)
        assert most[0] < 64 * MEGABYTE


#: Modules that read without a limit of their own, by the kind of input.
OURS = "core/schema_errors core/version gather/script reports/html/csp reports/html/plugin requirements/data_files"
OWN = f"{OURS} results/schema pytest_adapter/configure pytest_adapter/explain"  # files of this project
WRITTEN = "evidence/object_store pytest_adapter/listener reports/ci_summary"  # written by this run
CHECKED = "requirements/profile_file results/provenance"  # read with a limit before
#: The operator's programs, which have a time limit, and SSH settings, which OpenSSH reads in the same way.
OPERATORS = "azure/az_cli ssh/openssh ssh/host_keys ssh/config_reader ssh/known_hosts"
UNBOUNDED = re.compile(
    r"\.(?:read|readlines?|recv)\(\)|\.read_(?:bytes|text)\(|\.communicate\(|capture_output=True|check_output\("
    r"|\.load_certificate\((?!Message)|from_private_key_file\("
)
#: Functions that unpack or expand, and the only place that limits each.
EXPANDS = {
    r"\bYAML\(": {"core/yaml_config"},
    r"\bZipFile\([^)]*[^\"w)]\)": {"evidence/bundle_format", "pytest_adapter/log_file"},
    r"\bdecompress(?:obj)?\(": set(),
    r"\bGzipFile\((?!.*\"wb\")": {"pytest_adapter/log_file"},
    r"\bjson\.loads?\(|\.json\(\)": set(
        "core/strict_json core/schema_errors results/schema evidence/retention azure/az_cli azure/client azure/errors azure/credential".split()
    ),
}


def modules_with(pattern: str) -> set[str]:
    plugins = ROOT / "plugins"
    paths = {str(path.relative_to(plugins).with_suffix("")): path.read_text() for path in plugins.rglob("*.py")}
    return {name for name, text in paths.items() if re.search(pattern, text)}


def test_what_is_read_without_a_bound_is_known() -> None:
    """Only these modules read a file, a socket or a process to its end; others use `read_regular`."""
    assert modules_with(UNBOUNDED.pattern) == set(f"{OWN} {WRITTEN} {CHECKED} {OPERATORS}".split())


@pytest.mark.parametrize("pattern", EXPANDS)
def test_what_unpacks_or_parses_is_known(pattern: str) -> None:
    assert modules_with(pattern) == EXPANDS[pattern]


@pytest.mark.parametrize("make", [fifo, endless, folder, huge])
@pytest.mark.parametrize("name", ["evidence/a.json", "azure.json", "runner.json", "profile.toml", "results.json"])
def test_a_file_of_a_run_that_never_ends_costs_itself(name: str, make: Callable[[Path], None], tmp_path: Path) -> None:
    run = tmp_path / "20261121T221500Z-3f9a"
    archive = Archive.create(run, {"id": "x", "profile": "2510", "arguments": []}, [Vm("a"), Vm("b")])
    for vm in (Vm("a"), Vm("b")):
        archive.store(Evidence(vm, SshSession("ok"), {}, 1000.0))
    (run / name).unlink(missing_ok=True)
    make(run / name)
    with most_memory() as most:
        actual, _, vms = Archive.open(run)
        actual.load(vms)
        context = CheckContext(actual, lambda: ())
        assert isinstance(context.facts.unreadable, str)
        assert isinstance(context.az_cli.error, str)
        with suppress(OSError):
            actual.source.read(name)
        with suppress(InputError):
            actual.profile()
        with suppress(InputError):
            load(str(run), tmp_path)
    assert actual.get("b") is not None
    assert (actual.get("a") is None) == (name == "evidence/a.json")
    assert most[0] < 64 * MEGABYTE
