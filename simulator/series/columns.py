"""What series are made of: an axis, measures with labels, distributions with buckets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Column = NDArray[np.float64]
    Key = tuple[str, ...]

UNALLOCATED = "unallocated"
"""The label of what belongs to no deployment or no task, as in the report's breakdowns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSeries:
    """One figure over time: `values[i]` (by step) belongs to `keys[i]`, the values of `labels`.

    A value that is nan does not exist.
    """

    name: str
    labels: Key
    keys: Sequence[Key]
    values: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramSeries:
    """Observations so far by bucket: `counts[i, j]` of those in (edge j-1, edge j], the last ones
    above every edge; `sums[i]` of their values.
    """

    name: str
    labels: Key
    keys: Sequence[Key]
    edges: Sequence[float]
    counts: Column
    sums: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSeries:
    """A run by step: totals count from 0 and never fall, levels are what they are at the instant.

    Amounts are in the report's units: USD, watt-hours, grams, seconds, tokens.
    """

    t_s: Column
    totals: Sequence[FigureSeries]
    levels: Sequence[FigureSeries]
    distributions: Sequence[HistogramSeries]


@dataclass(frozen=True, slots=True)
class Axis:
    """The instants of the samples, from 0 on, at even steps."""

    t_s: Column

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.t_s)

    def steps(self, instants_s: Column) -> NDArray[np.intp]:
        """The first sample at or after each instant, never the one at 0; nan belongs to the last."""
        return np.clip(np.searchsorted(self.t_s, instants_s, side="left"), 1, len(self) - 1)


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows by key: row i belongs to `keys[codes[i]]`."""

    keys: Sequence[Key]
    codes: NDArray[np.intp]

    def only(self, rows: NDArray[np.bool_]) -> Groups:
        """The selected rows, and the keys that any of them has."""
        codes = self.codes[rows]
        present = np.flatnonzero(np.bincount(codes, minlength=len(self.keys)))
        place = np.zeros(len(self.keys), np.intp)
        place[present] = np.arange(len(present))
        return Groups([self.keys[code] for code in present.tolist()], place[codes])


def crossed(*parts: Groups) -> Groups:
    """The rows by the keys of all parts together."""
    keys: Sequence[Key] = [()]
    codes: NDArray[np.intp] = np.zeros(len(parts[0].codes), np.intp)
    for part in parts:
        keys = [(*key, *more) for key in keys for more in part.keys]
        codes = codes * len(part.keys) + part.codes
    return Groups(keys, codes)


def accumulated(cells: NDArray[np.intp], rows: int, axis: Axis, weights: Column | None = None) -> Column:
    """Sums so far, shape rows x steps, of what stands in `cells` (row x steps + step)."""
    found = np.bincount(cells, weights=weights, minlength=rows * len(axis))
    return np.cumsum(found.reshape(rows, len(axis)), axis=1, dtype=np.float64)


def counted(
    name: str,
    labels: Key,
    groups: Groups,
    steps: NDArray[np.intp],
    axis: Axis,
    weights: Column | None = None,
) -> FigureSeries:
    """Rows so far by key, each counting once or by its weight."""
    cells = groups.codes * len(axis) + steps
    values = accumulated(cells, len(groups.keys), axis, weights)
    return FigureSeries(name=name, labels=labels, keys=groups.keys, values=values)


def observed_so_far(
    name: str,
    labels: Key,
    groups: Groups,
    steps: NDArray[np.intp],
    axis: Axis,
    values: Column,
    edges: Sequence[float],
) -> HistogramSeries:
    """Values so far by key and bucket."""
    count, width = len(groups.keys), len(edges) + 1
    cells = (groups.codes * width + np.searchsorted(edges, values, side="left")) * len(axis) + steps
    return HistogramSeries(
        name=name,
        labels=labels,
        keys=groups.keys,
        edges=tuple(edges),
        counts=accumulated(cells, count * width, axis).reshape(count, width, len(axis)),
        sums=accumulated(groups.codes * len(axis) + steps, count, axis, values),
    )


def stacked(measures: Sequence[FigureSeries]) -> FigureSeries:
    """Measures of one name and the same labels as one; equal keys are added up."""
    rows: dict[Key, int] = {}
    for measure in measures:
        for key in measure.keys:
            rows.setdefault(key, len(rows))
    values = np.zeros((len(rows), measures[0].values.shape[1]))
    for measure in measures:
        for key, value in zip(measure.keys, measure.values, strict=True):
            values[rows[key]] += value
    return FigureSeries(name=measures[0].name, labels=measures[0].labels, keys=list(rows), values=values)
