"""What a table's queries, as a sample of what might be asked, add to the intervals of figures.

More replications ask the same queries again: their spread does not hold what another table of as many
queries would have said. That is the spread of a ratio over clusters, a query and all its requests being
one (Cochran, Sampling Techniques, 1977, section 6.4): of y_j over n_j, R = sum y / sum n, the variance
is Q / (Q - 1) sum (y_j - R n_j)^2 / (sum n)^2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.statistics import NOTHING_SHARED, SharedVariance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulator.accounting.settlement import Settlement

    Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySums:
    """Of one figure that is a ratio, by query of the table: what stands above the line, and below it."""

    above: Column
    below: Column


def query_sums(settlement: Settlement, query: NDArray[np.int64], query_count: int) -> dict[str, QuerySums]:
    """The sums of a run by figure; `query` is that of each request of the workload."""
    outcomes, part = settlement.run.outcomes, settlement.cohort
    rows = part.requests
    asked = query[outcomes.request[rows]]

    def by_query(values: NDArray[np.generic]) -> Column:
        return summed(asked, values.astype(np.float64), query_count)

    completed = outcomes.completed[rows]
    by_request = {
        "quality.success_ratio": by_query(outcomes.correct[rows]),
        "quality.oracle_success_ratio": by_query(outcomes.oracle_correct[rows]),
        "cost_usd.per_request": attempt_usd(settlement, query, query_count),
    }
    by_answer = {
        f"latency.{name}.mean": by_query(np.where(completed, getattr(outcomes, name)[rows], 0.0))
        for name in ("ttft_s", "e2e_s")
    }
    arrived, answered = by_query(np.ones(len(asked))), by_query(completed)
    return {
        **{figure: QuerySums(above=above, below=arrived) for figure, above in by_request.items()},
        **{figure: QuerySums(above=above, below=answered) for figure, above in by_answer.items()},
    }


def summed(query: NDArray[np.int64], values: Column, query_count: int) -> Column:
    """The values' sum by query."""
    return np.bincount(query, weights=values, minlength=query_count).astype(np.float64)


def attempt_usd(settlement: Settlement, query: NDArray[np.int64], query_count: int) -> Column:
    """What the attempts for each query cost in the window; idle capacity is nobody's."""
    run, rows = settlement.run, settlement.cohort.work
    spent = run.books.counted.cost_usd[rows]
    return summed(query[run.attempts.request[rows]], spent, query_count)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryResiduals:
    """One policy's residuals by figure and query, over all replications: (y_j - R n_j) / sum n."""

    by_figure: Mapping[str, Column]

    def variance(self, figure: str) -> SharedVariance:
        """What the sample of queries adds to a figure's variance; nothing to what is no ratio."""
        return spread(self.by_figure.get(figure))

    def variance_beyond(self, other: QueryResiduals, figure: str, factor: float = 1.0) -> SharedVariance:
        """The same of the figure less `factor` times another policy's, of the same queries."""
        own, others = self.by_figure.get(figure), other.by_figure.get(figure)
        return spread(own if own is None or others is None else own - factor * others)


NO_QUERIES = QueryResiduals(by_figure={})
"""Of answers that no table recorded."""


def query_residuals(replications: Sequence[Mapping[str, QuerySums] | None]) -> QueryResiduals:
    """The residuals of a policy's replications; none where no table was asked."""
    known = [sums for sums in replications if sums is not None]
    if not known:
        return NO_QUERIES
    return QueryResiduals(by_figure={name: residuals([sums[name] for sums in known]) for name in known[0]})


def residuals(sums: Sequence[QuerySums]) -> Column:
    """(y_j - R n_j) / sum n of one figure; 0 where nothing stands below the line."""
    above = np.sum([one.above for one in sums], axis=0)
    below = np.sum([one.below for one in sums], axis=0)
    total = float(below.sum())
    if total == 0.0:
        return np.zeros_like(above)
    return np.asarray((above - above.sum() / total * below) / total)


def spread(residual: Column | None) -> SharedVariance:
    """Q / (Q - 1) times the sum of squares, with Q - 1 degrees of freedom; infinite for a single query."""
    if residual is None or len(residual) == 0:
        return NOTHING_SHARED
    count = len(residual)
    if count == 1:
        return SharedVariance(variance=float("inf"))
    squares = float(np.square(residual).sum())
    return SharedVariance(variance=count / (count - 1) * squares, freedom=count - 1)
