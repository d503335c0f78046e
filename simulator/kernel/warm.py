"""Loads the kernel, or compiles it once, so that no later run pays for it."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path

import numpy as np

from simulator.kernel import entry
from simulator.kernel.jit import COMPILED
from simulator.kernel.kernel import Kernel
from simulator.kernel.spec import BatchingSpec, GroupSpec, Repeats, ServersSpec, StepCost

NEVER_S = 1e18


def nothing_repeated(count: int) -> Repeats:
    """Requests of one conversation each, without segments."""
    none = np.zeros(0, np.int64)
    offset = np.zeros(count + 1, np.int64)
    return Repeats(
        session=np.arange(count), history=np.zeros(count, np.int64), offset=offset, key=none, tokens=none
    )


def is_warm() -> bool:
    """Whether this machine holds the kernel compiled from these very sources."""
    return not COMPILED or any(cache_of(entry.advance).glob("*advance*.nbi"))


def cache_of(door: object) -> Path:
    """The folder that holds a compiled function's machine code."""
    return Path(str(getattr(door, "stats").cache_path))  # noqa: B009  (known to Numba's own type only)


@lru_cache(maxsize=1)
def warm_kernel() -> float:
    """Runs every door of the kernel once in this process; returns the seconds that took.

    The machine code is loaded, or made first where this machine has none of these sources.
    """
    began_s = time.perf_counter()
    batching = GroupSpec(queues=BatchingSpec(seconds=StepCost(base=0.01, context=1e-9)))
    kernel = Kernel([batching, GroupSpec(queues=ServersSpec(servers=1))], nothing_repeated(3))
    first = kernel.submit(0, 0, 10, 5, 0.0, 0.0)
    kernel.submit(1, 1, 10, 5, 0.0, 0.0, duration_s=1.0)
    kernel.is_live(first)
    kernel.cancel(first, 0.0)
    kernel.advance(NEVER_S)
    kernel.fail(0, 1.0, 1)
    kernel.drain(0)
    kernel.slow(0, 1.0, 1.0)
    kernel.scale_limits(1, 1.0, 1.0)
    kernel.open(0, 1.0)
    kernel.restore(0)
    kernel.submit(0, 2, 10, 5, 2.0, 3.0)
    kernel.close(2.0)
    kernel.ledger()
    return time.perf_counter() - began_s
