"""What it cost that conversations changed deployments: prefixes that were cached elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from simulator.accounting.cache_regret import switches
from simulator.report.figures import Averaging, Format, figure

if TYPE_CHECKING:
    from simulator.accounting.settlement import Settlement

OF_SESSIONS = "of a session's turns together, which no series follows"


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheRegret:
    """What switching deployments within sessions cost."""

    sessions: float = figure(
        "Sessions with an answered turn in the window whose prompts carry their history.",
        Format.COUNT,
        no_metric=OF_SESSIONS,
    )
    switches: float = figure(
        "Turns that another deployment answered than their session's answered turn before.",
        Format.COUNT,
        no_metric=OF_SESSIONS,
    )
    switches_per_session: float | None = figure(
        "Switches by session.", Format.MEAN_COUNT, averaging=Averaging.MEASURED, no_metric=OF_SESSIONS
    )
    tokens: float = figure(
        "Prompt tokens that the deployment of the turn before would have had cached, and this one had not.",
        Format.COUNT,
        no_metric=OF_SESSIONS,
    )
    usd: float = figure(
        "What those tokens cost beyond the cached price of the deployment of the turn before.",
        Format.USD,
        no_metric=OF_SESSIONS,
    )


def cache_regret(settlement: Settlement) -> CacheRegret | None:
    """The figures of the window; None where no session has an answered turn in it."""
    plan, run, cohort = settlement.plan, settlement.run, settlement.cohort
    load, outcomes = plan.workload, run.outcomes
    rows = cohort.requests & outcomes.completed
    carries = (load.session >= 0) & (load.history_token_count >= 0)
    rows &= carries[outcomes.request]
    sessions = len(np.unique(load.session[outcomes.request[rows]]))
    if sessions == 0:
        return None
    counted = [switch for switch in switches(plan, run) if cohort.requests[switch.row]]
    return CacheRegret(
        sessions=sessions,
        switches=len(counted),
        switches_per_session=len(counted) / sessions,
        tokens=sum(switch.tokens for switch in counted),
        usd=fsum(switch.usd for switch in counted),
    )
