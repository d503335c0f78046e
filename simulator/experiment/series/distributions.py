"""Times of completed requests by bucket, as they are over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.experiment.series.columns import Distribution, accumulated
from simulator.experiment.series.labels import PLACE_AND_TASK, places_of, requests_by_place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulator.accounting.settlement import Settlement
    from simulator.experiment.series.columns import Axis


def distributions(
    settlement: Settlement, axis: Axis, edges_s: Mapping[str, Sequence[float]]
) -> tuple[Distribution, ...]:
    """The distribution of each named time of the outcomes (`ttft_s` ...), by place and task."""
    return tuple(distribution(settlement, axis, name, edges) for name, edges in edges_s.items())


def distribution(settlement: Settlement, axis: Axis, name: str, edges_s: Sequence[float]) -> Distribution:
    """One distribution; what is undefined is not observed."""
    outcomes = settlement.run.outcomes
    times_s = getattr(outcomes, name)
    rows = settlement.cohort.requests & outcomes.completed & ~np.isnan(times_s)
    groups = requests_by_place(settlement, places_of(settlement)).only(rows)
    steps, count = axis.steps(outcomes.final_s[rows]), len(groups.keys)
    buckets, width = np.searchsorted(edges_s, times_s[rows], side="left"), len(edges_s) + 1
    cells = (groups.codes * width + buckets) * len(axis) + steps
    counts = accumulated(cells, count * width, axis).reshape(count, width, len(axis))
    sums = accumulated(groups.codes * len(axis) + steps, count, axis, times_s[rows])
    return Distribution(
        name=name, labels=PLACE_AND_TASK, keys=groups.keys, edges=tuple(edges_s), counts=counts, sums=sums
    )
