"""The data plane: queues, batches and KV caches between two instants of the world's clock.

Small functions over structured arrays, compiled with Numba; uncompiled (`NUMBA_DISABLE_JIT=1`)
the same code is plain Python. Knows tokens, seconds, bytes and joules; no dollars, no tiers.
"""

from simulator.kernel.kernel import Kernel
from simulator.kernel.spec import (
    BatchingSpec,
    DecodePool,
    GroupSpec,
    HostSpec,
    RateLimits,
    Repeats,
    ServersSpec,
    StepCost,
)

__all__ = [
    "BatchingSpec",
    "DecodePool",
    "GroupSpec",
    "HostSpec",
    "Kernel",
    "RateLimits",
    "Repeats",
    "ServersSpec",
    "StepCost",
]
