"""The effects of the enrollment's commands, run on this machine with stand-ins."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from plugins.model import ProbeResult, Target, Vm
from suites.probes.azcmagent_connect import AgentCommand
from tests.enrollment.sites import GROUP, ID, PROBES, RELAY, SUB, VM_A
from tests.support.suite_rows import PROFILE, seen

CLAIMS = {"aud": "https://management.azure.com/", "tid": "99999999-0000-0000-0000-000000000000"}


TOKEN = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"RS256"}', json.dumps(CLAIMS).encode(), b"signature that stays on the VM")
)


AGENT = r"""#!/bin/sh
case $1 in
show) cat "$AGENT_HOME/show" 2>/dev/null; [ ! -e "$AGENT_HOME/killed" ] || kill -9 $$; exit 0 ;;
esac
printf '%s\n' "$@" >>"$AGENT_HOME/arguments"
tr '\0' '\n' </proc/$$/environ >"$AGENT_HOME/environment"
for file; do :; done
stat -c %a "$file" >"$AGENT_HOME/mode"
cat "$file" >"$AGENT_HOME/config"
[ ! -e "$AGENT_HOME/said" ] || . "$AGENT_HOME/said"
printf ' 20%% [==>  ]\r 40%% [===> ]\rINFO    Connected machine to Azure\n'
printf 'debug: token %s\n' "$(sed 's/.*"[a-z]*-[a-z]*":"\([^"]*\)"}$/\1/' "$file")"
exit "$(cat "$AGENT_HOME/status" 2>/dev/null || echo 0)"
"""


CURL = r"""#!/bin/sh
printf '%s\n' "$@" >"$AGENT_HOME/curl"
cat "$AGENT_HOME/answer"
printf '@code 200'
"""


class Ran:
    """One of the suite's commands, run by a shell of this machine with stand-ins for the agent and curl."""

    def __init__(self, shell: str, folder: Path, command: str, **files: str) -> None:
        self.home, self.room = folder / "home", folder / "room"
        for directory in (self.home, self.room, folder / "bin"):
            directory.mkdir()
        for name, text in (("azcmagent", AGENT), ("curl", CURL)):
            (folder / "bin" / name).write_text(text)
            (folder / "bin" / name).chmod(0o755)
        for name, text in {"answer": json.dumps({"access_token": TOKEN, "expires_in": "86400"}), **files}.items():
            (self.home / name).write_text(text)
        command = command.replace("/opt/azcmagent/bin/azcmagent", str(folder / "bin" / "azcmagent"))
        env = os.environ | {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "AGENT_HOME": str(self.home),
            "room": str(self.room),
        }
        done = subprocess.run([shell, "-c", command], env=env, capture_output=True, text=True, timeout=100, check=False)
        self.stdout, self.stderr, self.exit = done.stdout, done.stderr, done.returncode

    def text(self, name: str) -> str:
        path = self.home / name
        return path.read_text() if path.exists() else ""


@pytest.fixture(params=["dash", "bash"])
def shell(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if not any((Path(place) / name).exists() for place in ("/bin", "/usr/bin")):
        pytest.skip(f"there is no {name} here")
    return name


def _command(name: str, vm: Vm = VM_A) -> str:
    return PROBES[name].plan(name, {"vm": vm, "profile": PROFILE}).command


def test_connect_hands_the_token_over_in_a_file_only(shell: str, tmp_path: Path) -> None:
    ran = Ran(shell, tmp_path, _command("enroll_connect"))
    assert (ran.exit, ran.stderr) == (0, "")
    assert json.loads(ran.text("config")) == {
        "subscription-id": SUB,
        "resource-group": "arc-rg",
        "location": "eastus",
        "resource-name": "web-a",
        "tags": "Site='NY 3',app=web",
        "tenant-id": "99999999-0000-0000-0000-000000000000",
        "access-token": TOKEN,
    }
    assert ran.text("mode") == "600\n"
    assert ran.text("arguments") == f"connect\n--config\n{ran.room}/azcmagent.json\n"
    assert not list(ran.room.iterdir())
    for part in TOKEN.split("."):
        assert part not in ran.stdout + ran.stderr + ran.text("arguments") + ran.text("environment")
    assert ran.stdout == "@run\nINFO    Connected machine to Azure\ndebug: token (cut)\n@exit 0\n"
    assert ran.text("curl").startswith("-q\n-sS\n--noproxy\n*\n")


def test_connect_leaves_a_connected_machine_alone(shell: str, tmp_path: Path) -> None:
    shown = f"Resource Id          : {ID}\nAgent Status         : Connected\n"
    ran = Ran(shell, tmp_path, _command("enroll_connect"), show=shown)
    assert ran.exit == 0
    assert ran.stdout == f"@already\nResource Id          : {ID}\n"
    assert not ran.text("arguments")
    assert not ran.text("curl")


@pytest.mark.parametrize("shown", ["", "Resource Id          : /subscriptions/x\n"])
def test_an_agent_whose_answer_was_cut_off_is_left_alone(shell: str, tmp_path: Path, shown: str) -> None:
    ran = Ran(shell, tmp_path, _command("enroll_connect"), show=shown, killed="")
    assert ran.exit == 137
    assert "@run" not in ran.stdout
    assert not ran.text("arguments")
    assert not ran.text("curl")


@pytest.mark.parametrize(
    "spelled", ["$t", "$(printf %s $t | sed 's/[.]/%2E/g')", "$(printf %s $t | base64 -w 0)", "x${t}y"], ids=range(4)
)
def test_a_token_in_the_agents_output_is_removed_in_every_spelling(shell: str, tmp_path: Path, spelled: str) -> None:
    said = f"""t=$(sed 's/.*"access-token":"//; s/".*//' "$file"); echo "debug: {spelled}"\n"""
    ran = Ran(shell, tmp_path, _command("enroll_connect"), said=said)
    assert "debug: " in ran.stdout
    for part in TOKEN.split("."):
        assert part not in ran.stdout
    assert "ZXlK" not in ran.stdout


@pytest.mark.parametrize("said", ["head -c 12000 /dev/zero | tr '\\0' x", "yes INFO | head -n 3000"])
def test_the_status_follows_however_much_the_agent_prints(shell: str, tmp_path: Path, said: str) -> None:
    ran = Ran(shell, tmp_path, _command("enroll_connect"), said=said, status="44")
    assert ran.stdout.endswith("\n@exit 44\n")
    assert len(ran.stdout) < 9000


def test_a_status_that_the_agent_prints_is_not_its_status(shell: str, tmp_path: Path) -> None:
    said = "printf '@exit 0\\n@text\\nAgent Status : Connected\\n@run\\n@exit 0\\n'"
    ran = Ran(shell, tmp_path, _command("enroll_connect"), said=said, status="44")
    with contextlib.suppress(ValueError):
        assert AgentCommand.read(seen(ran.stdout, exit=44)).exit == 44


def test_connect_passes_the_exit_status_on_and_removes_the_file(shell: str, tmp_path: Path) -> None:
    ran = Ran(shell, tmp_path, _command("enroll_connect"), status="44", show="Agent Status : Disconnected\n")
    assert ran.exit == 44
    assert ran.stdout.endswith("@exit 44\n")
    assert not list(ran.room.iterdir())


@pytest.mark.parametrize(
    "answer",
    [
        '{"error":"invalid_request","error_description":"Identity not found"}',
        '{"access_token": "eyJ$(touch pwned).b.c"}',
        '{"access_token": "opaque"}',
        '{"access_token": ""}',
        "",
    ],
)
def test_without_a_token_nothing_is_connected(shell: str, tmp_path: Path, answer: str) -> None:
    ran = Ran(shell, tmp_path, _command("enroll_connect"), answer=answer)
    assert (ran.exit, ran.stdout) == (1, "@no token 200\n")
    assert not ran.text("arguments")
    assert not list(ran.room.iterdir())


def rsa_key(format: PrivateFormat) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return key.private_bytes(Encoding.PEM, format, NoEncryption()).decode()


PKCS1, PKCS8 = rsa_key(PrivateFormat.TraditionalOpenSSL), rsa_key(PrivateFormat.PKCS8)


BASE64 = "".join(PKCS1.splitlines()[1:-1])


def existing(shell: str, folder: Path, key: str | None, **files: str) -> Ran:
    """`connect existing` with this key in the file."""
    file = folder / "the key's file"
    if key is not None:
        file.write_bytes(key.encode())
    vm = replace(RELAY, target=replace(RELAY.target, private_key_file=str(file), vm_id="v-1", tenant="t-1"))
    return Ran(shell, folder, _command("enroll_connect", vm), **files)


@pytest.mark.parametrize(
    "key",
    [PKCS1, PKCS1.replace("\n", "\r\n"), BASE64, f"{BASE64}\n", rsa_key(PrivateFormat.TraditionalOpenSSL)],
    ids=["PEM", "CR LF", "base64", "a line", "another"],
)
def test_connect_existing_hands_the_key_over_in_a_file_only(shell: str, tmp_path: Path, key: str) -> None:
    secret = "".join(line for line in key.split() if len(line) > 20)
    # An agent that prints its arguments.
    ran = existing(shell, tmp_path, key)
    assert (ran.exit, ran.stderr) == (0, "")
    config = json.loads(ran.text("config"))
    assert (config["private-key"], config["vmid"], config["tenant-id"]) == (secret, "v-1", "t-1")
    assert ran.text("mode") == "600\n"
    assert ran.text("arguments") == f"connect\nexisting\n--config\n{ran.room}/azcmagent.json\n"
    assert not ran.text("curl")  # no token is needed
    assert not list(ran.room.iterdir())
    assert secret in ran.text("config")
    for place in (ran.stdout, ran.stderr, ran.text("arguments"), ran.text("environment")):
        assert secret[:40] not in place
    assert ran.stdout.endswith("@exit 0\n")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (None, "file"),
        ("", "form"),
        (PKCS8, "PKCS#8"),
        ("".join(PKCS8.splitlines()[1:-1]), "PKCS#8"),
        (PKCS1.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n", 1), "form"),
        (f'{BASE64}"; touch pwned; "', "form"),
        ("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBkg4LVWM9nuwNSk3yByxZpYRTBnVJk5\n", "form"),
    ],
    ids=["no file", "empty", "PKCS#8", "base64 of it", "encrypted", "hostile", "EC"],
)
def test_another_key_connects_nothing(shell: str, tmp_path: Path, key: str | None, why: str) -> None:
    ran = existing(shell, tmp_path, key)
    assert (ran.exit, ran.stdout) == (1, f"@no key {why}\n")
    assert not ran.text("arguments")
    assert not list(ran.room.iterdir())
    read = AgentCommand.read(ProbeResult("enroll_connect", "", "done", 1, ran.stdout))
    assert (read.why_not, read.detail) == ("no key", why)


def test_a_user_assigned_identity_is_named(shell: str, tmp_path: Path) -> None:
    user = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id arc"
    ran = Ran(shell, tmp_path, _command("enroll_connect", replace(VM_A, identity=user)))
    assert "&msi_res_id=%2Fsubscriptions%2F" in ran.text("curl")
    assert ran.text("curl").endswith("id%20arc\n")


def test_what_an_inventory_says_is_never_run(shell: str, tmp_path: Path) -> None:
    nasty = Target(SUB, "rg'$(touch pwned)`touch pwned`", 'east"us', tags={"a": "$(touch pwned)"})
    ran = Ran(shell, tmp_path, _command("enroll_connect", replace(VM_A, target=nasty)))
    assert json.loads(ran.text("config"))["resource-group"] == nasty.resource_group
    assert json.loads(ran.text("config"))["location"] == 'east"us'
    assert not list(tmp_path.rglob("pwned"))
    assert not Path("pwned").exists()


def test_disconnect_then_show(shell: str, tmp_path: Path) -> None:
    shown = "Resource Id          :\nAgent Status         : Disconnected\n"
    ran = Ran(shell, tmp_path, _command("enroll_disconnect"), show=shown)
    assert ran.exit == 0
    assert json.loads(ran.text("config")) == {"access-token": TOKEN}
    assert ran.text("arguments").startswith("disconnect\n--config\n")
    assert not list(ran.room.iterdir())
    read = AgentCommand.read(ProbeResult("enroll_disconnect", "", "done", 0, ran.stdout))
    assert (read.exit, read.after.status, read.after.resource) == (0, "Disconnected", "")
    assert TOKEN not in ran.stdout


def test_no_agent(shell: str, tmp_path: Path) -> None:
    ran = Ran(shell, tmp_path, _command("enroll_connect").replace("/opt/azcmagent/bin/azcmagent", "/nonexistent"))
    assert (ran.exit, ran.stdout) == (1, "@absent\n")


def test_a_plan_can_be_printed_before_anything_is_known() -> None:
    command = _command("enroll_connect", Vm("c"))
    assert '"location":"<location of the VM>"' in command
    assert '"resource-name":"c"' in command
