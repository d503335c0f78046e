"""All series of a finished run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.series.columns import Axis, RunSeries
from simulator.series.distributions import distributions
from simulator.series.levels import GaugeReader, attained
from simulator.series.totals import CounterReader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulator.accounting.settlement import Settlement
    from simulator.series.columns import FigureSeries
    from simulator.world.telemetry import Samples


def run_series(settlement: Settlement, samples: Samples, edges: Mapping[str, Sequence[float]]) -> RunSeries:
    """The series of a settled run, a sample at each step of its telemetry until all is over.

    `edges` are the buckets of each distribution, by the name of what is observed.
    """
    axis = axis_of(settlement, samples)
    totals = CounterReader(settlement, samples, axis).measures()
    by_name = {measure.name: measure for measure in totals}
    levels = (
        *GaugeReader(settlement, samples, axis).measures(),
        attained("slo_attainment_ratio", by_name["requests_slo_met"], by_name["requests"]),
        judged(
            settlement, attained("quality_success_ratio", by_name["requests_correct"], by_name["requests"])
        ),
    )
    return RunSeries(
        t_s=axis.t_s,
        totals=totals,
        levels=levels,
        distributions=distributions(settlement, axis, edges),
    )


def judged(settlement: Settlement, ratios: FigureSeries) -> FigureSeries:
    """The ratios; nan where it is unknown whether some answer is right."""
    known = settlement.run.outcomes.judged[settlement.cohort.requests].all()
    return ratios if known else replace(ratios, values=np.full_like(ratios.values, np.nan))


def axis_of(settlement: Settlement, samples: Samples) -> Axis:
    """Even steps from 0 to the duration, and on until the cohort's last request is over."""
    run, cohort = settlement.run, settlement.cohort
    instants = (run.outcomes.final_s[cohort.requests], run.attempts.finish_s[cohort.attempts])
    ends = [float(np.nanmax(found)) for found in instants if np.isfinite(found).any()]
    last_s = max(settlement.plan.duration_s, *ends, 0.0)
    step_s = settlement.plan.telemetry_step_s
    count = max(len(samples.t_s), int(np.ceil(last_s / step_s)) + 1)
    return Axis(np.arange(count, dtype=np.float64) * step_s)
