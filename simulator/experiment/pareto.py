"""Which policies are beaten: by one that is no dearer, no slower and no worse, beyond chance."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulator.experiment.differences import NO_SAMPLING, variance_between
from simulator.report.mean_report import nothing_shared
from simulator.statistics import NOTHING_SHARED, paired_interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from simulator.experiment.query_sampling import QueryResiduals
    from simulator.report.report import Report
    from simulator.statistics import SharedByFigure, SharedVariance

OBJECTIVES = {
    "cost_usd.total": 1.0,
    "quality.success_ratio": -1.0,
    "latency.e2e_s.p95": 1.0,
}
"""What is weighed, by path in the report: 1 where less is better, -1 where more is."""
BETTER, TIE, WORSE = 1, 0, -1
MAY_BE_UNKNOWN = frozenset({"cost_usd.total", "quality.success_ratio"})
"""Figures that a run lacks only where a price or a success is unknown: nothing follows from that."""


def verdict(
    a: Sequence[float | None],
    b: Sequence[float | None],
    sign: float,
    confidence: float,
    shared: SharedVariance = NOTHING_SHARED,
) -> int:
    """Whether `a` is better than `b` in one objective, worse, or as good for all that is known.

    Values by replication, paired; better by `sign` as in `OBJECTIVES`. The interval of the paired
    difference decides: with 0 in it, it is a tie. A single replication has none: its values decide. Who
    never has a value is worse than who always has one; where only some are known, those pairs count.
    """
    pairs = [(x, y) for x, y in zip(a, b, strict=True) if x is not None and y is not None]
    if not pairs:
        return one_sided(a, b)
    first, second = ([sign * pair[place] for pair in pairs] for place in (0, 1))
    found = paired_interval(first, second, confidence, shared)
    if found.low is None or found.high is None:
        low = high = found.value if len(a) == 1 else 0.0
    else:
        low, high = found.low, found.high
    if low > 0.0:
        return BETTER
    return WORSE if high < 0.0 else TIE


def one_sided(a: Sequence[float | None], b: Sequence[float | None]) -> int:
    """The verdict where no pair is known: whose values are all there is better."""
    a_known, b_known = (all(value is not None for value in values) for values in (a, b))
    return (BETTER if a_known else TIE) if a_known >= b_known else WORSE


def verdicts(
    a: Sequence[Report],
    b: Sequence[Report],
    confidence: float,
    shared_variance: SharedByFigure,
) -> Iterator[int]:
    """The verdict on each objective, of reports by replication; worse where it may be for all one knows."""
    for path, sign in OBJECTIVES.items():
        first, second = ([report.figure(path) for report in reports] for reports in (a, b))
        known = None not in first and None not in second
        decided = known or path not in MAY_BE_UNKNOWN
        yield verdict(first, second, sign, confidence, shared_variance(path)) if decided else WORSE


def dominates(
    a: Sequence[Report],
    b: Sequence[Report],
    confidence: float,
    shared_variance: SharedByFigure = nothing_shared,
) -> bool:
    """Whether `a` is worse than `b` in nothing and better in something."""
    found = list(verdicts(a, b, confidence, shared_variance))
    return WORSE not in found and BETTER in found


def pareto_front(
    reports: Mapping[str, Sequence[Report]],
    confidence: float,
    sampling: Mapping[str, QueryResiduals] = NO_SAMPLING,
) -> tuple[str, ...]:
    """Names of the policies that no other beats in cost, quality and p95 latency.

    `reports` by policy and replication, `sampling` as in `differences`. Oracles are no choice that
    anybody has: they neither stand in the front nor beat anybody.
    """
    known = {name: runs for name, runs in reports.items() if not runs[0].oracle}

    def beats(other: str, name: str) -> bool:
        shared_variance = partial(variance_between, sampling, other, name)
        return dominates(known[other], known[name], confidence, shared_variance)

    return tuple(name for name in known if not any(beats(other, name) for other in known if other != name))
