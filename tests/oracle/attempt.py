"""One attempt as the oracle sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.kernel.codes import Ending


@dataclass(slots=True, kw_only=True, eq=False)
class Attempt:
    """One attempt, and everything that happens to it."""

    number: int
    prompt: int
    output: int
    ready_s: float
    priority: int = 0
    first_delay_s: float = 0.0
    duration_s: float = 0.0
    session: int = -1
    history: int = -1
    segments: tuple[tuple[int, int], ...] = ()
    held: int = 0
    cached: int = 0
    prefill_target: int = 0
    generated: int = 0
    computed: int = 0
    lost: int = 0
    decoding: bool = False
    given_up: bool = False
    ending: int = 0
    reason: int = 0
    prefilled: int = 0
    recomputed: int = 0
    prefill_queue: int = -1
    admitted_s: float = math.nan
    first_s: float = math.nan
    lag_s: float = 0.0
    delivered_s: float = math.nan
    finish_s: float = math.nan
    busy_s: float = 0.0
    energy_j: float = 0.0
    wasted_s: float = 0.0
    wasted_j: float = 0.0

    def __post_init__(self) -> None:
        """The first prefill computes the whole prompt."""
        self.prefill_target = self.prompt

    @property
    def shared(self) -> int:
        """Tokens of the segments it holds together with others, or alone."""
        return sum(length for _key, length in self.segments[: self.held])

    @property
    def may_repeat(self) -> bool:
        """Whether a cache could know its prompt."""
        return bool(self.segments) or self.history >= 0

    def end(self, now_s: float, ending: Ending, reason: int = 0) -> None:
        """Notes how the attempt ended; one that was given up is cancelled, whatever else."""
        self.ending = int(Ending.CANCELLED if self.given_up else ending)
        self.reason = 0 if self.given_up else reason
        self.finish_s = now_s

    def pay(self, seconds: float, joules: float) -> None:
        """Charges the attempt."""
        self.busy_s += seconds
        self.energy_j += joules
