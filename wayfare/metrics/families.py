"""Metric families: a name, a kind, and rows of labels with a value at each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.report.metrics import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Key = tuple[str, ...]
    Label = tuple[str, str]

ABOVE_ALL = "+Inf"


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """One series: the name of its samples, and its labels."""

    name: str
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFamily:
    """Series of one name over time. `keys` are the values of `labels`; nan is no sample.

    `values` has the shape keys x points x steps: one point for counters and gauges; of a histogram
    a count for each edge and one above all, the sum and the number of observations.
    """

    name: str
    kind: Kind
    text: str
    labels: Key
    keys: Sequence[Key]
    edges: Sequence[float] = ()
    values: Column

    def rows_of(self, key: int) -> list[SeriesKey]:
        """The series of one key, a point each."""
        labels = tuple(zip(self.labels, self.keys[key], strict=True))
        return [SeriesKey(self.name + suffix, (*labels, *more)) for suffix, more in self._points()]

    def _points(self) -> list[tuple[str, tuple[Label, ...]]]:
        """Name suffix and further labels of each point."""
        if self.kind is not Kind.HISTOGRAM:
            return [("", ())]
        edges = [*map(repr, map(float, self.edges)), ABOVE_ALL]
        buckets: list[tuple[str, tuple[Label, ...]]] = [("_bucket", (("le", edge),)) for edge in edges]
        return [*buckets, ("_sum", ()), ("_count", ())]


def histogram_points(counts: Column, sums: Column) -> Column:
    """Counts by bucket (keys x buckets x steps) and sums (keys x steps) as a histogram's points."""
    so_far = np.cumsum(counts, axis=1)
    return np.concatenate([so_far, sums[:, None], so_far[:, -1:]], axis=1)
