"""The shells that may be a VM's sh."""

from __future__ import annotations

import shutil

import pytest

#: Parameters of a test: the command of each POSIX shell.
SHELLS = [
    pytest.param(words, id=words[0], marks=pytest.mark.skipif(not shutil.which(words[0]), reason=f"no {words[0]} here"))
    for words in (["dash"], ["bash", "--posix"], ["busybox", "sh"])
]
