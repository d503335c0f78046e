"""Right answers and service levels, over the requests that arrived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.report.figures import Averaging, Better, Format, figure
from simulator.report.metrics import REQUESTS_SLO_MET, SLO_ATTAINMENT, SUCCESS
from simulator.report.totals import ratio
from simulator.world.journal import RequestState

if TYPE_CHECKING:
    from simulator.accounting.run import RunAccounts, RunSelection

MORE, MEASURED = Better.MORE, Averaging.MEASURED


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """Service level objectives."""

    attainment_ratio: float | None = figure(
        "Share of arrived requests that met all objectives.",
        Format.RATIO,
        title="SLO attainment",
        head="SLO met",
        better=MORE,
        interval=True,
        compared=7,
        averaging=MEASURED,
        metric=SLO_ATTAINMENT,
    )
    goodput_per_s: float | None = figure(
        "Requests a second that met all objectives.",
        Format.RATE,
        title="goodput",
        better=MORE,
        interval=True,
        metric=REQUESTS_SLO_MET,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Accuracy: right answers over arrived requests."""

    success_ratio: float | None = figure(
        "Share answered right.",
        Format.RATIO,
        title="accuracy",
        head="accuracy",
        better=MORE,
        interval=True,
        compared=4,
        averaging=MEASURED,
        metric=SUCCESS,
    )
    oracle_success_ratio: float | None = figure(
        "Share that some model of the fleet answers right: no router can have more.",
        Format.RATIO,
        interval=True,
        averaging=MEASURED,
        no_metric="known of the whole run only",
    )


def right_answers(run: RunAccounts, part: RunSelection) -> int | None:
    """How many answers are right; None where some model's success is not known."""
    outcomes, rows = run.outcomes, part.requests
    return int(outcomes.correct[rows].sum()) if outcomes.judged[rows].all() else None


def best_answers(run: RunAccounts, part: RunSelection) -> int | None:
    """How many requests some model answers right; None where some model's success is not known."""
    outcomes, rows = run.outcomes, part.requests
    return int(outcomes.oracle_correct[rows].sum()) if outcomes.oracle_judged[rows].all() else None


def completion_ratio(run: RunAccounts, part: RunSelection) -> float | None:
    """Share of arrived requests that were answered."""
    completed = (run.outcomes.state[part.requests] == RequestState.COMPLETED).sum()
    return ratio(completed, int(part.requests.sum()))


def slo_block(run: RunAccounts, part: RunSelection) -> Slo:
    """Service levels; arrived requests stand below every line."""
    met = int(run.outcomes.slo_met[part.requests].sum())
    return Slo(attainment_ratio=ratio(met, int(part.requests.sum())), goodput_per_s=ratio(met, run.window_s))


def quality_block(run: RunAccounts, part: RunSelection) -> Quality:
    """Shares of right answers; not known where some model's success is not."""
    arrived, correct, best = int(part.requests.sum()), right_answers(run, part), best_answers(run, part)
    return Quality(
        success_ratio=None if correct is None else ratio(correct, arrived),
        oracle_success_ratio=None if best is None else ratio(best, arrived),
    )
