"""A closed loop through the kernel itself: so many sequences always under way, on one replica."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from simulator.kernel import GroupSpec, Kernel
from simulator.kernel.codes import Ending

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from simulator.kernel.spec import BatchingSpec

COMPLETED = 2
NEVER_S = 1e15
LEAST_REQUESTS = 24
ROUNDS = 4
"""How often each place in the loop is filled; the first and the last round are no steady state."""
HARNESS_ROUNDS = 10
"""Prompts a serving benchmark sends per place of its loop (InferenceX: 10 x concurrency)."""
SPREAD_RATIO = 0.2
"""Width of the lengths a benchmark draws, over their mean (InferenceX: 0.8 to 1.0 of the longest)."""
GOLDEN_RATIO = 0.6180339887498949


def loop_rows(spec: BatchingSpec, concurrency: int, prompt: int, output: int) -> NDArray[np.void]:
    """Ledger rows of a closed loop: a sequence that ends is followed by the next at once.

    The first round ends staggered, its answers evenly cut short: sequences of one length would march
    in step for ever, as no real loop does.
    """
    total = max(ROUNDS * concurrency, LEAST_REQUESTS + 2 * concurrency)
    outputs = [max(output * (number + 1) // concurrency, 1) for number in range(concurrency)]
    outputs += [output] * (total - concurrency)
    return completed_rows(widened(spec, concurrency), concurrency, [prompt] * total, outputs)


def harness_rows(spec: BatchingSpec, concurrency: int, prompt: int, output: int) -> NDArray[np.void]:
    """Ledger rows of a benchmark's run: all places begin at once, lengths spread evenly around theirs.

    The common start is in a benchmark's mean, and lengths that differ dissolve it round by round. Places
    beyond the engine's sequences at once wait.
    """
    total = max(HARNESS_ROUNDS * concurrency, LEAST_REQUESTS)
    prompts = [spread(prompt, number * GOLDEN_RATIO) for number in range(total)]
    outputs = [spread(output, number * GOLDEN_RATIO**2 + 0.5) for number in range(total)]
    return completed_rows(spec, concurrency, prompts, outputs)


def widened(spec: BatchingSpec, concurrency: int) -> BatchingSpec:
    """The replica with sequences at once for the whole loop."""
    return replace(spec, max_sequences=max(spec.max_sequences, concurrency))


def spread(mean: int, place: float) -> int:
    """A length within `SPREAD_RATIO` around its mean, by the fraction of a place; 2 or more."""
    return max(int(mean * (1.0 + SPREAD_RATIO * (place % 1.0 - 0.5))), 2)


def completed_rows(
    spec: BatchingSpec, concurrency: int, prompts: Sequence[int], outputs: Sequence[int]
) -> NDArray[np.void]:
    """Ledger rows of these requests, so many at a time; the next begins when one ends."""
    kernel = Kernel([GroupSpec(queues=spec)])
    waiting = iter(range(len(prompts)))
    for number in islice(waiting, concurrency):
        kernel.submit(0, number, prompts[number], outputs[number], 0.0, 0.0, notify=COMPLETED)
    while count := kernel.advance(NEVER_S):
        for at_s, *_rest in kernel.events(count):
            for number in islice(waiting, 1):
                kernel.submit(0, number, prompts[number], outputs[number], at_s, at_s, notify=COMPLETED)
    rows = kernel.ledger()
    return rows[rows["ending"] == Ending.COMPLETED]


def steady_times(rows: NDArray[np.void], concurrency: int) -> tuple[float, float]:
    """Mean TTFT and TPOT, seconds, of the requests between the first and the last round."""
    return mean_times(rows[concurrency : len(rows) - concurrency])


def mean_times(rows: NDArray[np.void]) -> tuple[float, float]:
    """Mean TTFT and TPOT of requests of two tokens or more, seconds, as tokens leave the server."""
    ttft_s = float((rows["first_s"] + rows["lag_s"] - rows["ready_s"]).mean())
    tpot_s = float(((rows["finish_s"] - rows["first_s"]) / (rows["output"] - 1)).mean())
    return ttft_s, tpot_s
