"""File descriptors of this process: how many there may be, and whether one is left."""

from __future__ import annotations

import errno
import os
import resource


def allow(wanted: int) -> int:
    """Raise the limit to `wanted`, or as far as it goes; returns the limit there is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted and soft != resource.RLIM_INFINITY:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else soft


def none_left() -> bool:
    """Whether no file can be opened now. A resolver without descriptors reports only that it does not know the name."""
    try:
        os.close(os.open("/", os.O_RDONLY))
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)
    return False
