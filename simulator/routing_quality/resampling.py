"""Intervals of figures over queries: what another sample of as many queries would have said.

Efron and Tibshirani, An Introduction to the Bootstrap, chapters 6 and 13: percentile intervals over
resamples of whole queries, so that all models' answers to one query stay together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    Column = NDArray[np.float64]

RESAMPLES = 400
"""Resamples of an interval: its ends then wobble by about a twentieth of its width."""
SEED = 20_260_101


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryInterval:
    """Percentile interval of one figure over resampled queries; None where it is undefined in most."""

    low: float | None
    high: float | None


def resampled_counts(query_count: int, resamples: int = RESAMPLES, seed: int = SEED) -> Iterator[Column]:
    """How often each query is in each resample with replacement: the same resamples for every figure."""
    rng = np.random.default_rng(seed)
    for _ in range(resamples):
        drawn = rng.integers(0, query_count, query_count)
        yield np.bincount(drawn, minlength=query_count).astype(np.float64)


def query_intervals(
    figures: Callable[[Column], Mapping[str, float | None]],
    query_count: int,
    confidence: float,
    resamples: int = RESAMPLES,
) -> dict[str, QueryInterval]:
    """Intervals of all figures; `figures` gives them for how often each query counts."""
    drawn = [figures(count) for count in resampled_counts(query_count, resamples)]
    return {name: percentile_interval([one[name] for one in drawn], confidence) for name in drawn[0]}


def percentile_interval(values: list[float | None], confidence: float) -> QueryInterval:
    """The middle `confidence` of the values that are defined; none where fewer than half of them are."""
    known = [value for value in values if value is not None]
    if 2 * len(known) < len(values):
        return QueryInterval(low=None, high=None)
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(np.array(known), [tail, 1.0 - tail]).tolist()
    return QueryInterval(low=low, high=high)
