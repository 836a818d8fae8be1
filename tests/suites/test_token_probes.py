"""No token leaves the VM: the commands of TOKEN-001 and TOKEN-004 with stand-ins for IMDS and the Azure CLI."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from plugins.checks.probe import Probe
from plugins.evidence.codec import redacted
from plugins.model import Evidence, ProbeResult
from suites.probes import imds_token
from suites.probes.az_login import AzLogin
from suites.probes.imds_token import TokenAnswer
from tests.suites.token_evidence import CLAIMS, CLIENT, IMDS, SYSTEM_VM, USER, USER_VM
from tests.support.shells import SHELLS
from tests.support.suite_probes import DECLARED
from tests.support.suite_rows import NOW, PROFILE, SESSION, VM, seen

# ---------------------------------------------------------------------------------- the output that leaves the VM


def the_probe(name: str) -> Probe:
    return DECLARED[name]


def run(shell: list[str], command: str, room: Path, **variables: str) -> ProbeResult:
    """Run it like the engine: a function in a subshell with stdin closed."""
    result = subprocess.run(
        [*shell, "-c", f'room="$1"\np1() {{\n{command}\n}}\n( p1 )', "sh", str(room)],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return ProbeResult("arm_token", command, "done", result.returncode, result.stdout, result.stderr, received=NOW)


def signed(claims: Mapping[str, Any]) -> str:
    """A JWT with a valid signature."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"typ": "JWT", "alg": "RS256", "kid": "a-key"}, claims)
    ]
    signature = key.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    return ".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=").decode()])


TOKEN = signed(CLAIMS)


class Imds(ThreadingHTTPServer):
    """Sends the given answers in turn, and repeats the last one."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes, int]] = []  # status, body, bytes by which Content-Length is too large
        self.asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            server: Imds

            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing."""

            def do_GET(self) -> None:
                self.server.asked.append(self.path)
                assert self.headers["Metadata"] == "true"
                status, body, more = self.server.answers[0]
                if len(self.server.answers) > 1:
                    self.server.answers.pop(0)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) + more))
                self.end_headers()
                self.wfile.write(body)

        super().__init__(("127.0.0.1", 0), Handler)

    def say(self, status: int, body: str | Mapping[str, Any], more: int = 0) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.answers.append((status, text.encode(), more))


@pytest.fixture
def imds() -> Iterator[Imds]:
    server = Imds()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def ask(imds: Imds, shell: list[str], tmp_path: Path, vm: Any = VM) -> ProbeResult:
    command = the_probe("arm_token").plan("arm_token", {"vm": vm, "profile": PROFILE}).command
    assert f"http://{IMDS}/" in command
    # Like a secret in the environment: a proxy that must not be used.
    local = command.replace(f"http://{IMDS}/", f"http://127.0.0.1:{imds.server_address[1]}/").replace("sleep 2", "true")
    return run(shell, local, tmp_path, http_proxy="http://127.0.0.1:1")


def _saved(seen: ProbeResult) -> ProbeResult:
    """The answer after it was saved and loaded."""
    return redacted(Evidence(VM, SESSION, {"arm_token": seen})).results["arm_token"]


def assert_no_token(text: str, token: str = TOKEN) -> None:
    header, payload, signature = token.split(".")
    squeezed = "".join(text.split())
    assert signature[:12] not in squeezed and signature[-12:] not in squeezed
    assert header not in squeezed
    assert payload not in text


BODY = {
    "access_token": TOKEN,
    "client_id": CLIENT,
    "expires_in": "86399",
    "expires_on": str(CLAIMS["exp"]),
    "not_before": CLAIMS["nbf"],
    "refresh_token": "0.AXoA-refresh-me",
    "resource": "https://management.azure.com/",
    "token_type": "Bearer",
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(json.dumps(BODY), id="compact"),
        pytest.param(json.dumps(BODY, indent=2), id="on many lines"),
        pytest.param(json.dumps(BODY).replace("/", "\\/"), id="slashes escaped"),
        pytest.param(json.dumps(dict(reversed(BODY.items()))), id="the token last"),
    ],
)
def test_only_the_claims_leave_the_vm(imds: Imds, shell: list[str], body: str, tmp_path: Path) -> None:
    imds.say(200, body)
    answer = ask(imds, shell, tmp_path)
    assert (answer.exit, answer.stderr) == (0, "")
    assert_no_token(answer.stdout)
    assert "refresh" not in answer.stdout
    kept = _saved(answer)
    assert kept.stdout == answer.stdout, "the redaction found something to take out"
    read = TokenAnswer.read(kept)
    assert read.claims == CLAIMS
    assert read.fields["client_id"] == CLIENT
    assert read.fields["resource"] == "https://management.azure.com/"
    assert read.fields["not_before"] == str(CLAIMS["nbf"])
    assert "access_token" not in read.fields


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "claims", [{"a": "ü" * length, "exp": 1} for length in range(4)] + [{"x": "~?>" * 40}, {"big": ["g"] * 900}]
)
def test_claims_arrive_whole_whatever_their_length(
    imds: Imds, shell: list[str], claims: dict[str, Any], tmp_path: Path
) -> None:
    imds.say(200, BODY | {"access_token": signed(claims)})
    assert TokenAnswer.read(_saved(ask(imds, shell, tmp_path))).claims == claims


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("status", "body", "more"),
    [
        pytest.param(200, f'{{"access_token":"{TOKEN[:-40]}', 100, id="cut in the signature"),
        pytest.param(200, {"token": TOKEN}, 0, id="under another name"),
        pytest.param(200, {"access_token": {"value": TOKEN}}, 0, id="deeper"),
        pytest.param(200, {"access_token": None, "id_token": TOKEN}, 0, id="none, and another"),
        pytest.param(200, {"access_token": f"{TOKEN}.{TOKEN}"}, 0, id="of more parts"),
        pytest.param(200, {"access_token": "opaque-" + TOKEN.rpartition(".")[2]}, 0, id="opaque"),
        pytest.param(200, TOKEN, 0, id="bare"),
        pytest.param(200, "opaque-" + TOKEN.rpartition(".")[2], 0, id="bare and opaque"),
        pytest.param(400, {"error": "x", "error_description": f"bad {TOKEN}"}, 0, id="in an error"),
        pytest.param(503, {"refresh_token": "opaque-" + TOKEN.rpartition(".")[2]}, 0, id="in a 503"),
    ],
)
def test_no_answer_brings_a_token_with_it(
    imds: Imds, shell: list[str], status: int, body: Any, more: int, tmp_path: Path
) -> None:
    imds.say(status, body, more)
    answer = ask(imds, shell, tmp_path)
    assert_no_token(answer.stdout + answer.stderr)
    assert TokenAnswer.read(answer).curl.code == status


@pytest.mark.parametrize("shell", SHELLS)
def test_an_error_is_quoted(imds: Imds, shell: list[str], tmp_path: Path) -> None:
    imds.say(400, {"error": "invalid_request", "error_description": "Identity not found"})
    read = TokenAnswer.read(_saved(ask(imds, shell, tmp_path)))
    assert (read.issued, read.error, read.tries) == (False, "invalid_request: Identity not found", 1)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("status", [404, 410, 429, 500, 503])
def test_what_may_pass_is_asked_again(imds: Imds, shell: list[str], status: int, tmp_path: Path) -> None:
    imds.say(status, {"error": "later"})
    imds.say(200, BODY)
    read = TokenAnswer.read(ask(imds, shell, tmp_path))
    assert (read.issued, read.tries, len(imds.asked)) == (True, 2, 2)


def test_the_identity_is_named(imds: Imds, tmp_path: Path) -> None:
    imds.say(200, BODY)
    vm = replace(VM, identity=USER + "-ö &x=1'")
    ask(imds, ["sh"], tmp_path, vm)
    query = parse_qs(urlsplit(imds.asked[0]).query)
    assert query == {
        "api-version": ["2018-02-01"],
        "resource": ["https://management.azure.com/"],
        "msi_res_id": [vm.identity],
    }
    ask(imds, ["sh"], tmp_path, SYSTEM_VM)
    assert "msi_res_id" not in imds.asked[1]


FAKE_AZ = """\
#!/bin/sh
echo "$@" >>"$LOG"
[ "$AZURE_CONFIG_DIR" ] && mkdir -p "$AZURE_CONFIG_DIR" && touch "$AZURE_CONFIG_DIR/profile.json"
case "$*" in
*--resource-id*) echo "ERROR: unrecognized arguments: --resource-id x" >&2; exit 2 ;;
*get-access-token*) echo "2026-11-22 22:45:58.000000"; echo "DEBUG: Bearer $TOKEN" >&2 ;;
esac
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_az_keeps_to_its_room_and_says_no_token(shell: list[str], tmp_path: Path) -> None:
    room, home, tools = tmp_path / "room", tmp_path / "home", tmp_path / "tools"
    for folder in (room, home, tools):
        folder.mkdir()
    (tools / "az").write_text(FAKE_AZ)
    (tools / "az").chmod(0o755)
    command = the_probe("az_login").plan("az_login", {"vm": USER_VM, "profile": PROFILE}).command
    answer = run(
        shell, command, room, PATH=f"{tools}:/usr/bin:/bin", HOME=str(home), LOG=str(tmp_path / "log"), TOKEN=TOKEN
    )
    if Path("/opt/azcmagent/bin/himds").exists():
        pytest.skip("the agent is installed on this machine")
    assert_no_token(answer.stdout + answer.stderr)
    assert "Bearer (cut)" in answer.stdout
    assert not list(home.iterdir())
    assert (room / "az" / "profile.json").exists()
    calls = (tmp_path / "log").read_text().splitlines()
    assert calls == [
        f"login --identity --resource-id {USER} -o none",
        f"login --identity --username {USER} -o none",
        "account get-access-token --resource https://management.azure.com/ --query expiresOn -o tsv",
    ]
    read = AzLogin.read(answer)
    assert read.login is not None and read.token is not None
    assert (read.login[0], read.token[0]) == (0, 0)


@pytest.mark.parametrize("name", ["arm_token", "az_login"])
def test_the_limit_is_longer_than_what_it_limits(name: str) -> None:
    actual = the_probe(name)
    command = actual.plan(name, {"vm": USER_VM, "profile": PROFILE}).command
    assert "--msi-resource-id" not in command
    if name == "arm_token":
        assert actual.timeout > 2 * PROFILE.timeouts.total + 2


@pytest.mark.parametrize("refusal", imds_token.token_rules().refusals, ids=lambda refusal: refusal.meaning[:40])
def test_a_sample_of_a_refusal_is_explained_by_its_own_entry(refusal: imds_token.KnownRefusal) -> None:
    for sample in refusal.samples:
        fits = [known for known in imds_token.token_rules().refusals if re.search(known.pattern, sample, re.I)]
        assert fits[0] == refusal
    assert refusal.create_again is not bool(refusal.remedy)


def test_an_empty_claim_does_not_swallow_the_next_line() -> None:
    answer = TokenAnswer.read(
        seen(
            'claims=e30\nclient_id=\nexpires_on="1795387558"\nresource= \n@tries 1\n'
            "@curl code=200 connect=000 request=301 verify=0 total=0.1\n"
        )
    )
    assert answer.fields == {"claims": "e30", "client_id": "", "expires_on": "1795387558", "resource": ""}


def test_a_token_is_read_from_lines_that_end_as_windows_ends_them() -> None:
    text = "claims=e30\nexpires_in=86399\n@tries 2\n@curl code=200 connect=000 request=301 verify=0 total=0.1\n"
    assert TokenAnswer.read(seen(text.replace("\n", "\r\n"))) == TokenAnswer.read(seen(text))
