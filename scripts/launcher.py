"""The program of `nexus-arc`: it runs pytest in the project's folder, with paths relative to the caller's folder.

pytest derives its root folder from paths among its arguments, also from the value of an option that it does not know
yet. So ``--inventory /elsewhere/fleet.yaml`` becomes ``--inventory=/elsewhere/fleet.yaml``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent

#: Options whose value is a path, relative to the caller's folder, or to the project's if it exists only there.
FILES = {"--inventory", "--waivers", "--reports", "--junitxml", "--junit-xml", "--html", "--log-file"}

#: Options whose value is a path if that exists, else a name, an address or a pasted text.
FILES_OR_NAMES = {"--evidence", "--resume", "--retry-unknown", "--against", "--profile", "--explain"}

#: Other options with a value.
WORDS = {
    "--vm", "--evidence-store", "--shard", "--check", "--host-keys", "--gate", "--subscription", "--resource-group",
    "--azure-fleet", "--ssh-user", "--ssh-jump", "--keep", "--split-by", "--history",
}  # fmt: skip

#: The option that takes every argument up to the next option.
SEVERAL = "--evidence"

#: Options of pytest whose value is the next argument, which is not a path.
_SHORT = {"-k", "-m", "-n", "-p", "-o", "-c", "-r", "-W"}


def arguments(words: Sequence[str], folder: Path, project: Path = TOP) -> Iterator[str]:
    """The arguments for pytest in `project`, from those that were given in `folder`."""
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "--":
            yield from (word, *left)
            return
        option, equals, value = word.partition("=")
        if option in FILES | FILES_OR_NAMES | WORDS:
            if not equals and not left:
                yield word  # pytest reports that its value is missing
                continue
            values = [value if equals else left.pop(0)]
            while option == SEVERAL and not equals and left and not left[0].startswith("-"):
                values.append(left.pop(0))
            for argument in values:
                yield f"{option}={_value(option, argument, folder, project)}"
        elif word in _SHORT:
            yield from (word, *left[:1])
            del left[:1]
        else:
            yield word if word.startswith("-") else _test(word, folder)


def _value(option: str, value: str, folder: Path, project: Path) -> str:
    here = folder / value
    if not value or value.startswith("~") or option in WORDS:
        return value
    try:
        meant = here.exists() or (option in FILES and not (project / value).exists())
    except OSError:  # a pasted line can be too long for a file name
        return value
    # --profile=2510 means the profile, even if a folder 2510 exists.
    if option == "--profile" and value.isalnum():
        return value
    return os.path.normpath(here) if meant else value


def _test(word: str, folder: Path) -> str:
    """``suites/test_imds.py::test_x``, with the absolute path if the caller's folder has the file."""
    path, colons, rest = word.partition("::")
    return os.path.normpath(folder / path) + colons + rest if path and (folder / path).exists() else word


def main(words: Sequence[str]) -> int:
    """Replace this process by pytest; return only for --completion."""
    if words and words[0].partition("=")[0] == "--completion":
        sys.path.insert(0, str(TOP))
        from scripts import completion  # here, because it imports pytest

        return completion.main([*words[0].split("=")[1:], *words[1:]])
    folder = Path.cwd()
    os.chdir(TOP)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments(words, folder)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
