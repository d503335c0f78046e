"""Loads the kernel, or compiles it once, so that no later run pays for it."""

from __future__ import annotations

import time
from functools import lru_cache

from simulator.kernel.machine_code.doors import doors
from simulator.kernel.machine_code.jit import COMPILED


def is_warm() -> bool:
    """Whether this machine holds the kernel compiled from these very sources."""
    if not COMPILED:
        return True
    from simulator.kernel.machine_code.store import kept_file

    return kept_file() is not None


@lru_cache(maxsize=1)
def warm_kernel() -> float:
    """Loads the kernel's machine code, compiled first where need be; returns the seconds that took."""
    began_s = time.perf_counter()
    doors()
    return time.perf_counter() - began_s


def cache_location() -> str:
    """Where the machine code is kept, in words, when it is not beside the sources as usual."""
    from simulator.kernel.machine_code.store import SOURCES, kept_file

    found = kept_file()
    if found is None:
        return "; no folder can keep it, so the next process compiles again (NUMBA_CACHE_DIR names one)"
    return "" if found.parent.parent == SOURCES else f"; kept as {found}"
