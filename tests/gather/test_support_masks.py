"""Logs for ``--bundle`` are masked on the VM, by the runner's table of names."""

from __future__ import annotations

import re
import subprocess

from plugins.core.secret_names import LOGIN
from plugins.gather.support_logs import _PLAIN, probes
from plugins.model import Vm
from tests.support.secret_forms import leaks, ordinary


def masked(lines: list[str]) -> list[str]:
    done = subprocess.run(
        ["sh", "-c", _PLAIN], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


def test_sed_masks_what_it_can_tell() -> None:
    forms = [form for form in leaks() if "\n" not in form.text]
    shown = masked([form.text for form in forms])
    assert sum(not form.left(line) for form, line in zip(forms, shown, strict=True)) >= 100


def test_a_name_of_the_table_is_known_on_the_vm() -> None:
    lines = [
        f"{name}=hunter22" for name in "GITHUB_TOKEN DB_PASS clientSecret ansible_become_pass adminPassword".split()
    ]
    lines += ["x-functions-key: hunter22", '"dbPassword":"hunter22"', "signing_key: 'hunter22'", "psk=hunter22"]
    assert [line for line in masked(lines) if "hunter22" in line] == []


#: The output of awk, sed -E and .NET for a proxy's login, with any password.
LOGINS = [
    "http://user:qx ssw0rd@h:3128",
    'http://user:qx"ssw0rd@h:3128',
    "http://user:qx's @ssw0rd@h:3128",
    "http://user:12qx ssw0rd@h:3128",
    "http://user:12@ssw0rd@h:3128",
    "http://user@corp:qx@ssw0rd@h:3128",
]


def test_a_password_is_masked_with_any_characters() -> None:
    lines = [f"level=error msg='proxyconnect tcp: {login}: AZCM0026'" for login in LOGINS]
    expected = ["level=error msg='proxyconnect tcp: http://***@h:3128: AZCM0026'"] * len(LOGINS)
    assert masked(lines) == expected
    awk = "{ gsub(/" + LOGIN.replace("/", "\\/") + '/, "://***@"); print }'
    done = subprocess.run(["awk", awk], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == expected
    assert [re.sub(LOGIN, "://***@", line) for line in lines] == expected


#: A package's architecture and name, and a status: sed, which ignores the value, mistakes them for secrets.
_TAKEN = (
    *("passwd:amd64 (1:", "SEC_E_UNKNOWN_CREDENTIALS = 0x", "jsonwebtoken:jjwt-jackson", "PublicKeyToken=31bf"),
    "tokens: prompt=",
)


def test_sed_alters_no_ordinary_line_but_users_in_addresses() -> None:
    lines = [line for line in ordinary() if "\n" not in line and "\t" not in line]
    altered = [line for line, shown in zip(lines, masked(lines), strict=True) if line != shown]
    assert [line for line in altered if "://" not in line and not any(part in line for part in _TAKEN)] == []


def test_windows_masks_with_its_own_replaces() -> None:
    line = "a eyJhbGci.eyJzdWI.c2lnbmF0dXJl b http://alice:hunter22@proxy c http://hunter22@proxy d\r\0"
    for probe in probes(Vm("w", os="windows")):
        shown = line
        chain = re.search(r"\$text(?: -replace '[^']*', '[^']*')+", probe.command)
        for pattern, text in re.findall(r" -replace '([^']*)', '([^']*)'", chain[0] if chain else ""):
            shown = re.sub(pattern, text.replace("$1", r"\1"), shown)
        assert shown == "a eyJhbGci.eyJzdWI.<signature> b http://***@proxy c http://***@proxy d"
