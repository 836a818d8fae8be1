"""Every parser of an untrusted file, with damaged files: it returns, or raises only its documented exceptions."""

from __future__ import annotations

import json
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.azure import az_cli as runner
from plugins.azure.clouds import clouds
from plugins.azure.discovery import FleetError, from_resources
from plugins.azure.normalize import in_shape
from plugins.azure.snapshot import AzureSnapshot
from plugins.core.errors import InputError
from plugins.core.redaction import clean, redact
from plugins.core.sanitize import message_text
from plugins.evidence.archive import Archive
from plugins.evidence.layout import file_name
from plugins.inventory.file import InventoryError
from plugins.inventory.selection import load, parse_address
from plugins.model import Vm
from plugins.pytest_adapter.explain import explain
from plugins.requirements import agent_errors as knowledge
from plugins.ssh.config import SshConfig
from plugins.ssh.errors import SshError
from plugins.ssh.known_hosts import KnownHosts, _parse, host_name
from tests.support import azure_site as site
from tests.support.paths import ROOT
from tests.support.vm_text import NASTY, bent, bent_json, budget


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


KNOWN_HOSTS = """\
vm-a,10.0.0.4 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGhvc3Rob3N0aG9zdGhvc3Rob3N0aG9zdGhvc3Rob3N0
[10.0.0.5]:2222 ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAI
|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGhv
@revoked * ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7
@cert-authority *.example.com,!bad.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGhv
# a comment
"""


def test_known_hosts(folder: Path) -> None:
    path = folder / "known_hosts"

    @budget
    @given(bent(KNOWN_HOSTS))
    def holds(text: str) -> None:
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        _parse(path)
        for name in ("vm-a", "bad.example.com", host_name("10.0.0.5", 2222)):
            KnownHosts().find([path], name)

    holds()


SSH_CONFIG = """\
Host vm-a vm-*
    HostName 10.0.0.4
    User "azure user"
    Port 2222
    IdentityFile ~/.ssh/%r@%h
    ProxyJump jump1,user@jump2:2200
Match originalhost vm-b user root
    ConnectTimeout 5
    HostKeyAlias x
Match all
    IdentitiesOnly yes
    UserKnownHostsFile ~/.ssh/known_hosts /etc/ssh/known_hosts
"""


def test_ssh_config(folder: Path) -> None:
    path = folder / "config"

    @budget
    @given(bent(SSH_CONFIG).filter(lambda text: "exec" not in text.lower() and "include" not in text.lower()))
    def holds(text: str) -> None:
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        with suppress(SshError):
            config = SshConfig([path], required=True)
            for name in ("vm-a", "vm-b", "other"):
                config.route(Vm(name))

    holds()


FLEET = """\
defaults: &d
  user: azureuser
  target: {subscription: 00000000-0000-0000-0000-000000000000, resource_group: arc-rg, location: eastus}
vms:
  - vm-a
  - name: vm-b
    host: 10.0.0.4
    port: 22
    resource_id: /subscriptions/s/resourceGroups/r/providers/Microsoft.NetworkCloud/virtualMachines/vm-b
    tags: {site: berlin}
  - {name: vm-c, identity: system, os: windows}
profile: own.toml
"""


@pytest.mark.filterwarnings("ignore::ruamel.yaml.error.ReusedAnchorWarning")
def test_a_fleet_file(folder: Path) -> None:
    path = folder / "fleet.yaml"

    @budget
    @given(bent(FLEET))
    def holds(text: str) -> None:
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        with suppress(InventoryError):
            load(path)

    holds()


def test_an_address_or_a_name() -> None:
    @budget
    @given(bent("azureuser@[fd00::4]:2222"))
    def holds(text: str) -> None:
        with suppress(ValueError):
            parse_address(text)
        assert "/" not in file_name(text)
        assert file_name(text) not in ("", ".", "..")
        assert len(file_name(text)) <= 120

    holds()


LOG = """\
time="2026-11-21T20:15:01Z" level=error msg="AZCM0026: Network Error" Error="Get \\"https://x/\\": proxyconnect tcp"
2026-11-21T20:15:01+0000 vm-a himdsd[812]: dial tcp 20.190.1.1:443: connect: network is unreachable
FATAL   AZCM0042: Failed to Create Resource: does not have authorization Status Code=403
"""


def test_explaining_a_line_or_a_log(folder: Path) -> None:
    log = folder / "azcmagent.log"
    pages = ROOT / "docs" / "checks"

    @budget
    @given(bent(LOG))
    def holds(text: str) -> None:
        log.write_text(text, encoding="utf-8", errors="surrogatepass")
        explain("azcmagent.log", pages, folder)
        answer = explain(text, pages, folder)
        assert "\x1b" not in answer.text
        list(knowledge.findings(text.split("\n")))

    holds()


def test_any_json_of_the_runners_az_is_read_or_refused() -> None:
    @budget
    @given(bent_json([{"extensionType": "whl", "name": "networkcloud", "version": "4.0.0"}]))
    def holds(value: Any) -> None:
        with suppress(ValueError):
            runner._extensions(value)
        with suppress(ValueError):
            runner._core({"azure-cli-core": value})

    holds()


SAVED: list[tuple[str, Path, Callable[[Path], object]]] = [
    ("run.json", ROOT / "lab/recorded/run.json", lambda folder: Archive.open(folder)),
    ("evidence/vm1.json", ROOT / "lab/recorded/evidence/vm1.json", lambda folder: Archive(folder).get("vm1")),
]


@pytest.mark.parametrize(("name", "source", "read"), SAVED, ids=[name for name, *_ in SAVED])
def test_a_saved_run(tmp_path: Path, name: str, source: Path, read: Callable[[Path], object]) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    saved = json.loads(source.read_bytes())
    if "seen" in saved:
        saved["seen"] = dict(list(saved["seen"].items())[:3])

    @budget
    @given(bent_json(saved) | bent(json.dumps(saved)))
    def holds(value: Any) -> None:
        text = value if isinstance(value, str) else json.dumps(value)
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        with suppress(InputError):
            read(tmp_path)

    holds()


def test_azures_saved_answers() -> None:
    answers = {
        "/x": {"request": "GET /x", "value": site.vm(1)},
        "/y": {"request": "GET /y", "unread": {"message": "m"}},
    }

    @budget
    @given(bent_json({"version": 1, "answers": answers, "located": {"vm1": "/x"}, "calls": [["GET", "u", 200]]}))
    def holds(value: Any) -> None:
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            AzureSnapshot.from_data(value)

    holds()


def test_azures_list_of_vms_as_a_fleet() -> None:
    @budget
    @given(bent_json([site.vm(1), site.vm(2)]))
    def holds(value: Any) -> None:
        listed = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
        try:
            shaped = in_shape(listed)
        except ValueError:  # a number that JSON cannot represent: the client refuses such an answer
            return
        with suppress(FleetError):
            from_resources([(clouds()["AzureCloud"], resource) for resource in shaped])

    holds()


#: Controls, formats, surrogates, separators of lines; of the formats, Arabic and its relatives have visible ones.
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_ARABIC = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"


def test_redaction_and_messages_take_any_text() -> None:
    @budget
    @given(st.lists(st.sampled_from(NASTY) | st.text(), max_size=12).map(" ".join))
    def holds(text: str) -> None:
        once = redact(text)
        assert redact(once) == once
        shown = message_text(text)
        assert len(shown) <= 4000
        assert not [
            character for character in shown if unicodedata.category(character) in _UNSEEN and character not in _ARABIC
        ]
        assert not shown.startswith("::")
        assert "##vso[" not in shown
        clean({text: [text, {"password": text}]})

    holds()
