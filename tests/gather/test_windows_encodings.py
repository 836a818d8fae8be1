"""The engine for Windows VMs decodes output on a real PowerShell: with the OEM code page in the registry, and UTF-16
without a byte order mark."""

from __future__ import annotations

import re
from dataclasses import replace

from plugins.gather.windows_command import pack
from plugins.gather.windows_script import compile_script, source
from plugins.model import ProbeResult
from tests.gather.test_windows_engine import sh
from tests.support.powershell import Run, needs_pwsh, probe, run

pytestmark = needs_pwsh

#: OEMCP in the registry, what a program prints -> its text. The bytes are those of the code pages' tables
#: (https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/).
PAGES = {
    ("'437'", b"\x9b"): "¢",
    ("'850'", b"\x9b"): "ø",
    ("'866'", b"\x8f\xa0"): "Па",
    ("'932'", b"\x93\xfa\x96\x7b"): "日本",
    # The system's setting "Use Unicode UTF-8 for worldwide language support".
    ("'65001'", b"\x9b"): "\ufffd",
    ("'65001'", b"\xc3\xb8"): "ø",
    ("'850'", b"\xc3\xb8"): "ø",
    ("'no number'", b"\x9b"): "\ufffd",
}
WIDE = "An agent's line, größer: Привет\r\n"


def prints(data: bytes) -> str:
    return sh("printf '" + "".join(f"\\{byte:03o}" for byte in data) + "'")


def answers_where_the_registry_is_a_variable(texts: list[str]) -> dict[str, ProbeResult]:
    probes = [probe(text) for text in texts]
    call = re.escape("[Microsoft.Win32.Registry]::GetValue($key, 'OEMCP', $null)")
    text, calls = re.subn(call, "$global:registry", source(probes, "N0NCE"))
    assert calls == 1
    begun = Run(replace(compile_script(probes, nonce="N0NCE"), script=pack(text)))
    begun.read()
    assert begun.hang_up() == 0
    return begun.decoder.results


def test_the_code_page_is_the_system_s_and_not_that_of_the_user_s_culture() -> None:
    culture = "[Globalization.CultureInfo]::CurrentCulture = 'el-GR'"  # 737
    texts = {f"{culture}; $global:registry = {page}; {prints(data)}": text for (page, data), text in PAGES.items()}
    answers = answers_where_the_registry_is_a_variable(list(texts))
    assert {text: answers[text].stdout for text in texts} == {text: f"{line}\n" for text, line in texts.items()}


def test_utf_16_without_a_byte_order_mark() -> None:
    answers = run(
        probe(prints(WIDE.encode("utf-16-le")), key="little endian"),
        probe(prints(WIDE.encode("utf-16-be")), key="big endian"),
    )
    assert {answer.stdout for answer in answers.values()} == {WIDE.replace("\r\n", "\n")}
