"""What a router's scores of requests are: a table's own columns, or one of stated strength."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from simulator.quality.router_estimates import router_score
from simulator.scenario.recorded_answers import recorded_answers

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from simulator.settings.scenario import Scenario
    from simulator.workload.columns import Workload

    Column = NDArray[np.float64]


class RequestScores(TypedDict):
    """Columns of a request table: the score, and all scores by name."""

    router_score: Column
    router_scores: Mapping[str, Column]


def router_scores(
    scenario: Scenario, needs_strong: NDArray[np.bool_], workload: Workload, seed: int
) -> RequestScores:
    """The scores of every request: its query's, else drawn with the ROC area `quality.router_auc`."""
    table, query = recorded_answers(scenario.settings), workload.query_code
    if table is None or table.score is None or query is None:
        auc = scenario.settings.quality.router_auc
        return {
            "router_score": router_score(needs_strong, auc, seed, workload.key),
            "router_scores": {},
        }
    asked = {name: column[query] for name, column in table.scores.items()}
    return {"router_score": asked[table.score], "router_scores": asked}
