"""A run as metric families over simulated time, as run folders keep it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from catalogs.units import MS_PER_S
from simulator.report.metrics import METRICS, Kind
from simulator.series import run_series
from simulator.workload.demand import demand_of
from wayfare.metrics.buckets import EDGES
from wayfare.metrics.families import MetricFamily, histogram_points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from simulator import RunResult, Scenario
    from simulator.series import FigureSeries, HistogramSeries, RunSeries

    Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsRecording:
    """What a run's series say, not yet at any instant: see `wayfare.metrics.time_axis`.

    `start` is the scenario's, `epoch` what its telemetry states; `pace_ratio` is how many
    simulated seconds a second shows, None for all at once.
    """

    policy: str
    start: datetime
    epoch: datetime | None
    pace_ratio: float | None
    t_s: Column
    families: Sequence[MetricFamily]


def recorded(scenario: Scenario, result: RunResult) -> MetricsRecording:
    """The recording of a finished run."""
    series = run_series(result.settlement, result.samples, EDGES)
    telemetry = scenario.settings.telemetry
    return MetricsRecording(
        policy=result.report.policy,
        start=scenario.start,
        epoch=telemetry.epoch,
        pace_ratio=telemetry.pace,
        t_s=series.t_s,
        families=tuple(families_of(scenario, result, series)),
    )


def families_of(scenario: Scenario, result: RunResult, series: RunSeries) -> Iterator[MetricFamily]:
    """All families of a run."""
    yield info(result, len(series.t_s))
    yield plain("simulated_time_s", (), [()], series.t_s[None, :])
    yield from limits(scenario, len(series.t_s))
    for measure in (*series.totals, *series.levels):
        if measure.keys:
            yield family(measure)
    for distribution in series.distributions:
        if distribution.keys:
            yield histogram(distribution)


def info(result: RunResult, count: int) -> MetricFamily:
    """What the run is of, as labels of a constant 1."""
    report = result.report
    labels = {
        "scenario": report.scenario.name,
        "seed": str(report.seed),
        "digest": report.digest,
        "version": report.version,
    }
    return plain("run", tuple(labels), [tuple(labels.values())], np.ones((1, count)))


def limits(scenario: Scenario, count: int) -> Iterator[MetricFamily]:
    """The objectives of every stream, constant; no family where none is stated."""
    stated = {
        (stream.name, stream.task, key.removesuffix("_s")): limit_s
        for stream in scenario.streams
        for key, limit_s in demand_of(scenario, stream).limits_s.items()
        if not np.isnan(limit_s)
    }
    if stated:
        values = np.repeat(np.array(list(stated.values()))[:, None], count, axis=1)
        yield plain("slo_limit_s", ("stream", "task", "objective"), list(stated), values)


def bounds(t_ms: NDArray[np.int64]) -> tuple[MetricFamily, MetricFamily]:
    """Where a run begins and ends on the axis of its samples, as constants."""
    ends_s = t_ms[[0, -1]] / MS_PER_S
    begin, end = (np.full((1, len(t_ms)), instant_s) for instant_s in ends_s.tolist())
    return plain("run_begin_s", (), [()], begin), plain("run_end_s", (), [()], end)


def plain(
    figure: str, labels: tuple[str, ...], keys: Sequence[tuple[str, ...]], values: Column
) -> MetricFamily:
    """A counter or gauge; values by key and step, in the simulator's unit."""
    named = METRICS[figure]
    points = (values * named.factor)[:, None, :]
    return MetricFamily(
        name=named.name, kind=named.kind, text=named.text, labels=labels, keys=keys, values=points
    )


def family(measure: FigureSeries) -> MetricFamily:
    """A measure under its name."""
    return plain(measure.name, measure.labels, measure.keys, measure.values)


def histogram(distribution: HistogramSeries) -> MetricFamily:
    """A distribution under its name."""
    named = METRICS[distribution.name]
    return MetricFamily(
        name=named.name,
        kind=Kind.HISTOGRAM,
        text=named.text,
        labels=distribution.labels,
        keys=distribution.keys,
        edges=distribution.edges,
        values=histogram_points(distribution.counts, distribution.sums),
    )
