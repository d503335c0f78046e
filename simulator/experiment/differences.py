"""Paired differences between policies, replication by replication."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from simulator.report.report import COMPARED
from simulator.statistics import NOTHING_SHARED, paired_interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from simulator.experiment.query_sampling import QueryResiduals
    from simulator.report.figures import Json
    from simulator.report.report import Report
    from simulator.statistics import ConfidenceInterval, SharedVariance

NO_SAMPLING: Mapping[str, QueryResiduals] = {}
"""Of policies that no recorded answers were asked of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The mean of b - a in one figure, with its interval (None with a single replication)."""

    a: str
    b: str
    metric: str
    mean: float
    low: float | None
    high: float | None
    replications: int

    @property
    def significant(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low is not None and self.high is not None and not self.low <= 0.0 <= self.high

    def to_dict(self) -> dict[str, Json]:
        """The difference as plain data."""
        return {
            "a": self.a,
            "b": self.b,
            "metric": self.metric,
            "mean": self.mean,
            "low": self.low,
            "high": self.high,
            "replications": self.replications,
        }


def differences(
    reports: Mapping[str, Sequence[Report]],
    confidence: float,
    sampling: Mapping[str, QueryResiduals] = NO_SAMPLING,
) -> Iterator[Difference]:
    """Every pair of policies in every metric that is defined in all replications of both.

    `sampling` has the residuals by query of policies that recorded answers were asked of.
    """
    for a, b in combinations(reports, 2):
        for metric in COMPARED:
            pairs = zip(reports[a], reports[b], strict=True)
            values = [(one.figure(metric), other.figure(metric)) for one, other in pairs]
            first = [value for value, _other in values if value is not None]
            second = [value for _one, value in values if value is not None]
            if len(first) == len(second) == len(values):
                shared = variance_between(sampling, a, b, metric)
                interval = paired_interval(first, second, confidence, shared)
                yield difference(a, b, metric, interval, len(first))


def variance_between(sampling: Mapping[str, QueryResiduals], a: str, b: str, metric: str) -> SharedVariance:
    """What the sample of queries adds to the variance of a difference."""
    return sampling[a].variance_beyond(sampling[b], metric) if a in sampling else NOTHING_SHARED


def difference(a: str, b: str, metric: str, interval: ConfidenceInterval, replications: int) -> Difference:
    """The paired difference of one metric."""
    return Difference(
        a=a,
        b=b,
        metric=metric,
        mean=interval.value,
        low=interval.low,
        high=interval.high,
        replications=replications,
    )
