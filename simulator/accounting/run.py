"""A settled run: its columns and books, and the parts of it that figures are computed over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from simulator.accounting.attempts import Attempts
    from simulator.accounting.costs import CapacityCosts, RunCosts
    from simulator.accounting.month import Month
    from simulator.accounting.outcomes import Outcomes
    from simulator.accounting.spans import WorkBySpan
    from simulator.accounting.terms import BillingTerms

    Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAccounts:
    """Everything the blocks are computed from; `window_s` is the billed span of the cohort.

    `processed` marks the attempts whose tokens count.
    """

    attempts: Attempts
    outcomes: Outcomes
    processed: Mask
    spans: WorkBySpan
    books: RunCosts
    capacity: CapacityCosts
    terms: Sequence[BillingTerms]
    routing_usd: NDArray[np.float64]
    water_l_per_kwh: NDArray[np.float64]
    water_site_l_per_kwh: NDArray[np.float64]
    window_s: float
    month: Month


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSelection:
    """A part of a run: which attempts, which requests, whose idle capacity, and routing or not.

    `attempts` are counted, with their tokens; `work` are those whose dollars, watt-hours and grams
    of the window belong to it, attempts for earlier requests included.
    """

    attempts: Mask
    work: Mask
    requests: Mask
    targets: Mask
    routing: Mask
