"""Small kernels to knock at: one group, plain costs, one line per verb."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.kernel import BatchingSpec, GroupSpec, Kernel, RateLimits, ServersSpec, StepCost

if TYPE_CHECKING:
    import numpy as np

FIRST_TOKEN, COMPLETED, FAILED = 1, 2, 4
STEP_S = 0.25
"""Every step of `REPLICA` lasts this long, whatever is in it; exact in binary."""

REPLICA = BatchingSpec(
    seconds=StepCost(base=STEP_S),
    joules=StepCost(base=8.0),
    max_sequences=4,
    token_budget=64,
    kv_room_tokens=100,
)
SERVER = ServersSpec(servers=1, power_w=2.0)


def kernel_with(
    queues: BatchingSpec | ServersSpec = SERVER,
    count: int = 1,
    balancing: int = 0,
    limits: RateLimits | None = None,
) -> Kernel:
    """A kernel of one group."""
    group = GroupSpec(queues=queues, count=count, balancing=balancing, limits=limits or RateLimits())
    return Kernel([group])


def events_until(kernel: Kernel, limit_s: float = math.inf) -> list[tuple[float, int, int, int, float, int]]:
    """Everything the kernel announces up to an instant."""
    events = []
    while count := kernel.advance(limit_s):
        events += kernel.events(count)
    return events


def rows_after(kernel: Kernel) -> np.ndarray:
    """The ledger of a drained kernel."""
    events_until(kernel)
    return kernel.ledger()
