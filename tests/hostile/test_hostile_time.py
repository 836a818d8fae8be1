"""Every reader takes linear time: texts 8 times as long as the limit for a VM are read within a limit.

A child process reads them all, with a limit on its CPU time, which does not depend on other processes. A pattern that
backtracks (such as ``^\\s*[{]`` over empty lines) would need minutes for one text.
"""

from __future__ import annotations

import os
import resource
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from plugins.checks.probe import ProbeCommand
from plugins.core.redaction import redact
from plugins.core.sanitize import message_text
from plugins.gather.frames import FrameDecoder
from plugins.gather.script import compile_script
from plugins.requirements.known_messages import explanations, messages
from tests.support.vm_text import ANSWERS, PROBES, pumps

#: CPU seconds. A whole test takes a tenth of this; one pattern that is not linear takes minutes.
LIMIT = 60


def in_time(work: Callable[[], object]) -> None:
    """Do `work` in a child with a CPU limit; its last line of output names the text that it was reading."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def at(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def test_every_reader_is_linear(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        for name, probe in PROBES.items():
            if probe.read is None:
                continue
            for pump in pumps(name):
                at(f"{name}: {pump!r}")
                size = 8 * probe.cap
                text = (ANSWERS[name][-1].stdout[:60] + pump * (size // len(pump) + 1))[:size]
                with suppress(ValueError):
                    probe.read(replace(ANSWERS[name][-1], state="done", exit=0, stdout=text, stderr=text))

    in_time(work)


def test_every_known_message_is_looked_for_in_linear_time() -> None:
    """Half of a sample, then repetitions of the sample or of one of its words."""

    def work() -> None:
        for message in messages():
            at(message.name)
            words = message.sample.split()
            for pump in (
                message.sample,
                *(f"{word} " for word in dict.fromkeys((words[0], words[len(words) // 2], words[-1]))),
            ):
                text = message.sample[: len(message.sample) // 2] + pump * (20_000 // len(pump))
                for piece in (text[start : start + 8192] for start in range(0, len(text), 8192)):
                    message.match(piece)
            explanations(message.sample[:-3] * (20_000 // len(message.sample)))

    in_time(work)


REDACTED = (
    *(
        "://",
        "://:",
        "://a:",
        "a@",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----\n",
        "A" * 40 + "\n",
        "eyJ",
    ),
    *("password", "password=", "password='", "--secret ", "az login ", "sig=", "authorization:", "bearer ", "token: "),
    *("://@", "://a:b@", "@", "a:b@", "http://a%3A", "//a", "-----END PRIVATE KEY-----\nA" * 2, "%40", "proxy:a:b"),
    *("token=", "token=,a", "token=;a=", "token: a ", "pass:\n", "pass: |\n a\n", "name=pass value=", "name:pass,"),
    *(
        "<password>",
        "<password a",
        "--password ",
        "curl -u ",
        "curl -u\\\n",
        "az login -p ",
        "echo a | ",
        "-p ",
        "net user a ",
    ),
    *(
        "chpasswd:\n",
        "passwords\na:b\n",
        "a:b",
        "eyJabcdefgh\n",
        "eyJabcdefgh." * 8,
        "LS0tLS1CRUdJTi",
        "LS0tLS1CRUdJTi\n",
    ),
    *(
        "Private-Lines: 1\n",
        "a" * 20 + "\n",
        "auth=",
        "machine a login ",
        "\0",
        "a\0",
        "\\\n",
        "x\\\npass=",
        "Credential('a', ",
    ),
    *(
        "ghp_",
        "xoxb-",
        "sk_live_",
        "AKIA",
        "JQQJ99",
        "12345678:AA",
        "-us1",
        "password\x1b[1m",
        "<<<",
        'send "',
        "\u0130=pass",
    ),
    *("key-", "a.b.c.password", "user a password ", "SecureString ", "[password]", "map[Password:[", "'password', "),
    *(
        "enable secret ",
        "snmp-server host a 1 ",
        "password 7 ",
        "set a psk ",
        " auth sha a priv aes ",
        "neighbor a key ",
    ),
    *(
        "code=",
        "Signature=",
        "response=",
        "secret_",
        "password: 'a\n ",
        "- name: pass\n  value: >\n   ",
        "password for a:\n",
    ),
    *(
        "pass={value=",
        "<a name='pass' ",
        "MIIa0bIBADANBgkq",
        "pass=<<E\n",
        "password vnc ",
        "<(echo ",
        ":5432:a:b:",
        "-----\n",
    ),
    *(
        "password=$(",
        "pass=a.b(",
        "http://u:1 a",
        "identified by ",
        "createUser a SHA b AES ",
        "$pass:$",
        "%22pass%22%3A",
    ),
    *("contraseña a ", "user a ", "a * ", "user a on >", "auth a", "set a secret ", "://a:80 a", "http://a:1 a1 "),
    *(
        "kind: secret\n---\n",
        "kind: secret\ndata:\n  a: b\n",
        '["password"]=>\n',
        "secret:\n- a1\n",
        '"a" == ',
        "bearer a1",
        "password changed from ",
    ),
    *("sk_", "AKC", "EAAA", "s.", "A3-", "AP0", f"MT{22 * 'a'}.", "ewog", "ZXlK", "PASSWORD_A=", "a_key=a1", "live_"),
    *("$6$", "a8Q~", "==", "_key", "%3a%2f%2f", "<secret:", "\\", '"', " ", "\n"),
)


def test_redaction_is_linear() -> None:
    def work() -> None:
        for pump in REDACTED:
            at(repr(pump))
            message_text(pump * (60_000 // len(pump)))
            redact(pump * (60_000 // len(pump)))

    in_time(work)


@pytest.mark.parametrize("size", [1, 7, 32_768])
def test_the_decoder_is_linear_whatever_the_pieces(size: int) -> None:
    batch = compile_script([ProbeCommand("a", "true", 1, False, (), 16)], nonce="N0NCE")
    hello = b"\nN0NCE hello\n"
    streams = [
        b"x" * 200_000,
        hello + b"\n" * 200_000,
        hello + b"\nN0NCE " + b"9" * 200_000,  # a marker line that never ends
        hello + b"\nN0NCE o 1\n" * 20_000,
        hello + b"\nN0NCE" * 30_000,
        hello + b"\nN0NCE o 1\n\nN0NCE e 1 e 0 1.00 1.00\n" * 10_000,
    ]

    def work() -> None:
        for number, stream in enumerate(streams):
            at(str(number))
            decoder = FrameDecoder(batch)
            for start in range(0, len(stream), size):
                decoder.feed(stream[start : start + size])

    in_time(work)
