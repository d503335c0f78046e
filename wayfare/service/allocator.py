"""What the C library's allocator may keep of memory that is free again."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

ARENA_MAX, TRIM_THRESHOLD, MMAP_THRESHOLD = -8, -1, -3
"""Parameters of glibc's `mallopt` (man 3 mallopt)."""
ARENAS = 2
LARGE_BYTES = 1024 * 1024


def bound_allocator() -> None:
    """Lets this process and those it starts give large pieces back when they are free.

    By default glibc keeps up to eight arenas a core and raises its thresholds with what was freed, so that a
    service that once read large messages stays large. Other C libraries have no such parameters.
    """
    os.environ.setdefault("MALLOC_ARENA_MAX", str(ARENAS))
    os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(LARGE_BYTES))
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in (
            (ARENA_MAX, ARENAS),
            (TRIM_THRESHOLD, LARGE_BYTES),
            (MMAP_THRESHOLD, LARGE_BYTES),
        ):
            mallopt(parameter, value)
