"""Independent replications of a queue, and what theory may differ from their mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from simulator.kernel import GroupSpec

    Column = NDArray[np.float64]

REPLICATIONS = 20
CUSTOMERS = 40_000
WARM_UP = 2_000
STANDARD_ERRORS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Attempts to one group, by column: when they come, and how much work they are."""

    ready_s: Column
    duration_s: Column | None = None
    prompt: NDArray[np.int64] | None = None
    output: NDArray[np.int64] | None = None


def serve(kernel: Kernel, demand: Demand) -> NDArray[np.void]:
    """Lets all attempts come to group 0, each at its instant, and drains; returns the ledger."""
    count = len(demand.ready_s)
    durations_s = [0.0] * count if demand.duration_s is None else demand.duration_s.tolist()
    prompts = [1] * count if demand.prompt is None else demand.prompt.tolist()
    outputs = [1] * count if demand.output is None else demand.output.tolist()
    advance, submit = kernel.advance, kernel.submit
    columns = (demand.ready_s.tolist(), prompts, outputs, durations_s)
    for number, (at_s, prompt, output, duration_s) in enumerate(zip(*columns, strict=True)):
        advance(at_s)
        submit(0, number, prompt, output, at_s, at_s, duration_s=duration_s)
    advance(math.inf)
    return kernel.ledger()


def generator(seed: int, replication: int) -> np.random.Generator:
    """The random numbers of one replication."""
    return np.random.default_rng([seed, replication])


def poisson_s(rng: np.random.Generator, rate_per_s: float, count: int = CUSTOMERS) -> Column:
    """Instants of a Poisson process."""
    return np.cumsum(rng.exponential(1.0 / rate_per_s, count))


def ledgers(
    group: GroupSpec, demand: Callable[[np.random.Generator], Demand], seed: int
) -> list[NDArray[np.void]]:
    """The ledgers of independent replications, each without its warm-up."""
    return [
        serve(Kernel([group]), demand(generator(seed, replication)))[WARM_UP:]
        for replication in range(REPLICATIONS)
    ]


def waits_s(rows: NDArray[np.void]) -> Column:
    """How long each attempt waited in line."""
    waits: Column = rows["admitted_s"] - rows["ready_s"]
    return waits


def assert_mean(samples: Sequence[float], theory: float, precision_ratio: float) -> None:
    """The mean lies within four standard errors of theory, and those are small enough to tell."""
    mean = float(np.mean(samples))
    error = float(np.std(samples, ddof=1)) / math.sqrt(len(samples))
    assert error <= precision_ratio * abs(theory), f"standard error {error} of {theory}"
    assert abs(mean - theory) <= STANDARD_ERRORS * error, f"{mean} +- {error}, theory {theory}"
