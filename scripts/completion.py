"""`nexus-arc --completion SHELL`: a completion script for bash, zsh or fish, made from the suite's options."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from plugins.pytest_adapter.options import add_options
from scripts.launcher import FILES, FILES_OR_NAMES

CHECKS = Path(__file__).resolve().parent.parent / "docs/checks"


@dataclass(frozen=True)
class Option:
    """An option of the suite, with the fields that a completion needs."""

    flag: str
    help: str
    takes_value: bool
    choices: tuple[str, ...]
    metavar: str

    @property
    def takes_file(self) -> bool:
        """Whether its value may be the path of a file."""
        return self.flag in FILES | FILES_OR_NAMES


class _Recorder:
    """A stand-in for pytest's parser, which records the options."""

    def __init__(self) -> None:
        self.options: list[Option] = []

    def getgroup(self, *_: str) -> _Recorder:
        return self

    def addoption(self, flag: str, **settings: Any) -> None:
        choices = tuple(settings.get("choices") or ())
        if flag == "--check":
            choices = tuple(sorted(page.stem for page in CHECKS.glob("*-[0-9][0-9][0-9].md")))
        takes_value = not str(settings.get("action", "")).startswith("store_") and settings.get("nargs") != "?"
        text = settings["help"].replace("%%", "%")
        self.options.append(Option(flag, text, takes_value, choices, settings.get("metavar", "VALUE")))


def options() -> list[Option]:
    """The suite's options, in the order of its help."""
    recorder = _Recorder()
    add_options(cast(pytest.Parser, recorder))
    return recorder.options


def bash(suite_options: Iterable[Option]) -> str:
    """The script for ``source <(nexus-arc --completion bash)``."""
    valued = [option for option in suite_options if option.takes_value or option.choices]
    rows = [
        f"        {option.flag}) mapfile -t COMPREPLY < <(compgen -W {_sh(' '.join(option.choices))} "
        '-- "$word"); return ;;'
        for option in valued
        if option.choices and option.takes_value
    ]
    files = "|".join(option.flag for option in valued if option.takes_file)
    others = "|".join(
        option.flag for option in valued if option.takes_value and not option.choices and not option.takes_file
    )
    flags = " ".join(option.flag for option in suite_options)
    return "\n".join(
        [
            "_nexus_arc() {",
            '    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}',
            '    if [[ $word == = ]]; then word=; elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi',
            "    COMPREPLY=()",
            "    case $before in",
            *rows,
            f"        {files}) compopt -o default 2>/dev/null; return ;;",
            f"        {others}) return ;;",
            "    esac",
            '    if [[ $word == -* ]]; then',
            f"        mapfile -t COMPREPLY < <(compgen -W {_sh(flags)} -- \"$word\")",
            "    else",
            "        compopt -o default 2>/dev/null",
            "    fi",
            "}",
            "complete -F _nexus_arc nexus-arc",
            "",
        ]
    )  # fmt: skip


def zsh(suite_options: Iterable[Option]) -> str:
    """The script for ``source <(nexus-arc --completion zsh)``."""
    rows = []
    for option in suite_options:
        text = "".join("\\" + c if c in "[]:\\" else c for c in option.help)
        row = f"*{option.flag}{'=' if option.takes_value else ''}[{text}]"
        if option.takes_value:
            what = f"({' '.join(option.choices)})" if option.choices else "_files" if option.takes_file else " "
            row += f":{option.metavar.replace(':', ' ')}:{what}"
        rows.append(f"        {_sh(row)} \\")
    return "\n".join(
        [
            "_nexus_arc() {",
            "    _arguments -S \\",
            *rows,
            "        '*:path:_files'",
            "}",
            "compdef _nexus_arc nexus-arc",
            "",
        ]
    )


def fish(suite_options: Iterable[Option]) -> str:
    """The script for ``nexus-arc --completion fish | source``."""
    rows = []
    for option in suite_options:
        row = f"complete -c nexus-arc -l {option.flag.removeprefix('--')}"
        if option.takes_value:
            row += " -r -F" if option.takes_file else " -x"
        if option.choices and option.takes_value:
            row += f" -a {_fish(' '.join(option.choices))}"
        rows.append(f"{row} -d {_fish(option.help)}")
    return "\n".join([*rows, ""])


def _sh(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SHELLS: dict[str, Callable[[Iterable[Option]], str]] = {"bash": bash, "zsh": zsh, "fish": fish}


def main(words: Sequence[str]) -> int:
    """Print the script for a shell; return 4 for any other argument, like pytest for a usage error."""
    if len(words) != 1 or words[0] not in SHELLS:
        print(f"nexus-arc: --completion takes one of {', '.join(SHELLS)}", file=sys.stderr)
        return 4
    sys.stdout.write(SHELLS[words[0]](options()))
    return 0
