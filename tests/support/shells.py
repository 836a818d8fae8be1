"""The shells that a VM's sh may be."""

from __future__ import annotations

import shutil

import pytest

#: Parameters of a test: the words that start each POSIX shell.
SHELLS = [
    pytest.param(words, id=words[0], marks=pytest.mark.skipif(not shutil.which(words[0]), reason=f"no {words[0]} here"))
    for words in (["dash"], ["bash", "--posix"], ["busybox", "sh"])
]
