"""The forms of secrets and the ordinary lines of tests/data/secrets, as texts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from plugins.core.redaction import redact
from tests.support.paths import ROOT

FOLDER = ROOT / "tests/data/secrets"
_WRITTEN = str.maketrans({"·": "", "⏎": "\n", "␛": "\x1b", "␉": "\t"})


@dataclass(frozen=True)
class Form:
    """A text with secrets in it."""

    text: str
    secrets: tuple[str, ...]

    def left(self, shown: str) -> list[str]:
        """The remaining secrets in `shown`: complete ones, and words of them that are not elsewhere in the text."""
        around = self.text
        for secret in self.secrets:
            around = around.replace(secret, "")
        pieces = {piece for secret in self.secrets for piece in (secret, *re.findall(r"\w{4,}", secret))}
        return sorted(piece for piece in pieces if piece in shown and piece not in around)


def _lines(name: str) -> list[str]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line.translate(_WRITTEN) for line in lines if line and not line.startswith(("# ", "## "))]


def leaks() -> list[Form]:
    """Every form of leaks.txt."""
    return [
        Form(line.replace("«", "").replace("»", ""), tuple(re.findall("«(.*?)»", line, re.S)))
        for line in _lines("leaks.txt")
    ]


def ordinary() -> list[str]:
    """Every text of ordinary.txt."""
    return _lines("ordinary.txt")


def count() -> dict[str, int]:
    """The numbers of right and wrong ones, of both."""
    forms, lines = leaks(), ordinary()
    return {
        "forms": len(forms),
        "leaks": sum(bool(form.left(redact(form.text))) for form in forms),
        "lines": len(lines),
        "altered": sum(redact(line) != line for line in lines),
    }
