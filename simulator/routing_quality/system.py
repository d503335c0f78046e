"""What routing does to a run beyond accuracy and cost: goodput, waste, switches, fairness, violations.

Everything here is of one finished run's records, over the requests of the report's window.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from router.steps import AttemptKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from simulator.accounting.settlement import Settlement
    from simulator.report.figures import Json

    Column = NDArray[np.float64]
    Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentAccuracy:
    """Requests of one segment of a table of recorded answers, and the share answered right."""

    requests: int
    success_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingEffects:
    """Effects of one policy's routing; None where nothing stands below the line.

    Attributes:
        good_answers_per_s: right answers within all objectives, by second of the window.
        good_answers_per_usd: the same by attempt dollars, idle capacity left out.
        attempts_per_request: retry amplification: attempts over arrived requests.
        fallback_depth_mean: fallback attempts of requests that had any, on average.
        fallback_depth_max: the most of one request.
        hedge_waste_usd: dollars of attempts that lost to, or as, a hedge.
        cascade_waste_usd: dollars of stages whose answers were refused.
        model_switches_per_session: turns answered by another model than the turn before, over sessions
            with two answered turns.
        tenant_fairness: Jain's index of SLO attainment over tenants, 1 / tenants to 1.
        constraint_violations: attempts at targets that hard constraints rule out; must be 0.
        routing_usd_per_request: what deciding costs.
        segments: accuracy by segment, where the table of recorded answers has them.
    """

    good_answers_per_s: float | None
    good_answers_per_usd: float | None
    attempts_per_request: float | None
    fallback_depth_mean: float | None
    fallback_depth_max: int
    hedge_waste_usd: float
    cascade_waste_usd: float
    model_switches_per_session: float | None
    tenant_fairness: float | None
    constraint_violations: int
    routing_usd_per_request: float | None
    segments: Mapping[str, SegmentAccuracy]

    def to_dict(self) -> dict[str, Json]:
        """The effects as plain data."""
        return {**asdict(self)}


def routing_effects(settlement: Settlement) -> RoutingEffects:
    """The effects of a finished run."""
    run, part = settlement.run, settlement.cohort
    outcomes, attempts = run.outcomes, run.attempts
    rows, made = part.requests, part.attempts
    arrived = int(rows.sum())
    usd = run.books.counted.cost_usd
    good = float((outcomes.correct & outcomes.slo_met)[rows].sum())
    depth = per_request(settlement, made & (attempts.kind == AttemptKind.FALLBACK))
    fallen = depth[depth > 0]
    return RoutingEffects(
        good_answers_per_s=over(good, run.window_s),
        good_answers_per_usd=over(good, float(usd[part.work].sum())),
        attempts_per_request=over(float(made.sum()), arrived),
        fallback_depth_mean=over(float(fallen.sum()), len(fallen)),
        fallback_depth_max=int(fallen.max(initial=0)),
        hedge_waste_usd=waste_usd(settlement, AttemptKind.HEDGE),
        cascade_waste_usd=waste_usd(settlement, AttemptKind.ESCALATION),
        model_switches_per_session=switches_per_session(settlement),
        tenant_fairness=fairness(settlement),
        constraint_violations=violations(settlement),
        routing_usd_per_request=over(float(run.routing_usd[rows].sum()), arrived),
        segments=segment_accuracy(settlement),
    )


def over(above: float, below: float) -> float | None:
    """A ratio; None over nothing."""
    return above / below if below else None


def per_request(settlement: Settlement, chosen: Mask) -> NDArray[np.int64]:
    """How many of the chosen attempts each request of the plan had."""
    requests = settlement.run.attempts.request[chosen]
    return np.bincount(requests, minlength=len(settlement.plan.workload))


def waste_usd(settlement: Settlement, kind: AttemptKind) -> float:
    """Dollars of attempts that did not win, of requests that had an attempt of this kind."""
    run, part = settlement.run, settlement.cohort
    attempts = run.attempts
    had = per_request(settlement, attempts.kind == kind) > 0
    lost = part.work & had[attempts.request] & ~attempts.won
    return float(run.books.counted.cost_usd[lost].sum())


def switches_per_session(settlement: Settlement) -> float | None:
    """Changes of the answering model from one answered turn to the next, by session with two of them."""
    plan, outcomes = settlement.plan, settlement.run.outcomes
    answered = settlement.cohort.requests & outcomes.completed
    request = outcomes.request[answered]
    session, turn = plan.workload.session[request], plan.workload.turn[request]
    model = np.array([target.model for target in plan.target_plans])[outcomes.target[answered]]
    inside = session >= 0
    order = np.lexsort((turn[inside], session[inside]))
    session, model = session[inside][order], model[inside][order]
    same = session[1:] == session[:-1]
    sessions = len(np.unique(session[1:][same]))
    return over(float((same & (model[1:] != model[:-1])).sum()), sessions)


def fairness(settlement: Settlement) -> float | None:
    """Jain's index (sum x)^2 / (n sum x^2) of SLO attainment over tenants; None for fewer than two.

    Jain, Chiu and Hawe 1984, DEC research report TR-301.
    """
    plan, outcomes, rows = settlement.plan, settlement.run.outcomes, settlement.cohort.requests
    tenant = plan.workload.tenant_code[outcomes.request[rows]]
    asked = np.bincount(tenant)
    met = np.bincount(tenant, weights=outcomes.slo_met[rows])[asked > 0] / asked[asked > 0]
    if len(met) < 2:  # noqa: PLR2004  (a share needs somebody else)
        return None
    return over(float(met.sum()) ** 2, len(met) * float(np.square(met).sum()))


def violations(settlement: Settlement) -> int:
    """Attempts at targets that are not among their request's candidates."""
    plan, attempts = settlement.plan, settlement.run.attempts
    allowed = np.zeros((len(plan.candidate_sets), len(plan.targets)), np.bool_)
    for number, candidates in enumerate(plan.candidate_sets):
        allowed[number, list(candidates)] = True
    return int((~allowed[plan.set_code[attempts.request], attempts.target]).sum())


def segment_accuracy(settlement: Settlement) -> dict[str, SegmentAccuracy]:
    """Accuracy by segment; empty where requests have none."""
    workload, outcomes, rows = settlement.plan.workload, settlement.run.outcomes, settlement.cohort.requests
    if workload.segment_code is None:
        return {}
    code = workload.segment_code[outcomes.request[rows]]
    asked = np.bincount(code, minlength=len(workload.segment_names))
    right = np.bincount(code, weights=outcomes.correct[rows], minlength=len(workload.segment_names))
    return {
        name: SegmentAccuracy(requests=int(count), success_ratio=float(correct / count))
        for name, count, correct in zip(workload.segment_names, asked, right, strict=True)
        if count
    }
