"""A closed loop through the kernel itself: so many sequences always under way, on one replica."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.kernel import GroupSpec, Kernel
from simulator.kernel.codes import Ending

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from simulator.kernel.spec import BatchingSpec

COMPLETED = 2
NEVER_S = 1e15
LEAST_REQUESTS = 24
ROUNDS = 4
"""How often each place in the loop is filled; the first and the last round are no steady state."""


def loop_rows(spec: BatchingSpec, concurrency: int, prompt: int, output: int) -> NDArray[np.void]:
    """Ledger rows of a closed loop: a sequence that ends is followed by the next at once.

    The first round ends staggered, its answers evenly cut short: sequences of one length would march
    in step for ever, as no real loop does.
    """
    kernel = Kernel([GroupSpec(queues=replace(spec, max_sequences=max(spec.max_sequences, concurrency)))])
    total = max(ROUNDS * concurrency, LEAST_REQUESTS + 2 * concurrency)
    for number in range(concurrency):
        first = max(output * (number + 1) // concurrency, 1)
        kernel.submit(0, number, prompt, first, 0.0, 0.0, notify=COMPLETED)
    sent = concurrency
    while count := kernel.advance(NEVER_S):
        for at_s, *_rest in kernel.events(count):
            if sent < total:
                kernel.submit(0, sent, prompt, output, at_s, at_s, notify=COMPLETED)
                sent += 1
    rows = kernel.ledger()
    return rows[rows["ending"] == Ending.COMPLETED]


def steady_times(rows: NDArray[np.void], concurrency: int, output: int) -> tuple[float, float]:
    """Mean TTFT and TPOT, seconds, of the requests between the first and the last round."""
    steady = rows[concurrency : len(rows) - concurrency]
    ttft_s = float((steady["first_s"] - steady["ready_s"]).mean())
    tpot_s = float(((steady["finish_s"] - steady["first_s"]) / (output - 1)).mean())
    return ttft_s, tpot_s
