"""A price on cost that rises while more is spent than was meant, and falls while less is."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, ClassVar, Literal

from router.parameters import above, at_least, check, parameter, ratio
from router.pipeline.sends import SendCache
from router.views.records import TargetRecords

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.outcome import Outcome
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPacingParameters:
    """What a request is to cost on average, and how fast the price of cost follows."""

    target_usd_per_request: float = parameter(0.001, "mean list cost that completed attempts are to have")
    mode: Literal["soft", "hard"] = parameter(
        "soft", "cost weighed against success, or a ceiling on cost under which success alone counts"
    )
    lr: float = parameter(0.05, "step of lambda for a mean cost of twice the target")
    ema_alpha: float = parameter(0.05, "weight of the latest cost in the moving mean, above 0 up to 1")
    lambda_max: float = parameter(5.0, "greatest lambda")

    def __post_init__(self) -> None:
        """Holds only a target and steps that move.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(
            above("target_usd_per_request", self.target_usd_per_request, 0),
            above("lr", self.lr, 0),
            above("ema_alpha", self.ema_alpha, 0) or ratio("ema_alpha", self.ema_alpha),
            at_least("lambda_max", self.lambda_max, 0),
        )


class BudgetPacing:
    """Sends to the candidate with the greatest predicted success less lambda times its expected cost.

    Expected cost is counted in those of the dearest candidate with a known price, so from 0 to 1. After each
    completed attempt, cost being its tokens at list price:
    ema <- (1 - alpha) ema + alpha cost, lambda <- clip(lambda + lr (ema / target - 1), 0, lambda_max),
    from ema = target and lambda = 0 on. `mode: hard`: of the candidates whose expected cost is at most the
    dearest's / (1 + lambda) the one with the greatest predicted success, else the cheapest. Ties go to the
    lower expected cost, then to the least outstanding, then to the lowest index. A success that cannot be
    predicted counts as 0; a target of unknown price as the dearest, and its attempts move nothing.

    The mean cost comes to the target where the fleet can be dearer and cheaper than it; a target below the
    cheapest answer ends with lambda_max, one above the dearest choice with 0. Many requests under way delay
    what is observed: lambda then swings, is cut at 0, and less than the target is spent; a smaller lr helps
    in soft mode only, as any lambda above 0 shuts the dearest candidate out in hard mode.
    """

    name: ClassVar[str] = "budget_pacing"
    source: ClassVar[str] = (
        "ParetoBandit's BudgetPacer (paretobandit 0.1.1); Agrawal and Devanur 2014; Balseiro and Gur 2019"
    )

    def __init__(self, parameters: BudgetPacingParameters | None = None) -> None:
        """Has seen no cost."""
        self._parameters = parameters or BudgetPacingParameters()
        self._sends = SendCache("paced by budget")
        self._targets: TargetRecords[Target] = TargetRecords(_itself)
        self._ema_usd = self._parameters.target_usd_per_request
        self.cost_weight = 0.0

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the best candidate at the present price of cost."""
        targets, load = self._targets.of(fleet), fleet.outstanding.item
        costs_usd = [expected_usd(targets[index], request) for index in fleet.candidates]
        dearest_usd = max((cost for cost in costs_usd if isfinite(cost)), default=0.0)
        ranked = [
            (-self._worth(targets[index], request, cost, dearest_usd), cost, load(index), index)
            for index, cost in zip(fleet.candidates, costs_usd, strict=True)
        ]
        return self._sends.to(fleet, min(ranked)[-1])

    def observe(self, outcome: Outcome) -> None:
        """Moves the mean cost and the price of cost by a completed attempt."""
        target = self._targets.named(outcome.target)
        if target is None or not outcome.completed or not target.is_priced:
            return
        given, alpha = self._parameters, self._parameters.ema_alpha
        cost_usd = target.list_cost_usd(outcome.prompt_token_count, outcome.output_token_count)
        self._ema_usd += alpha * (cost_usd - self._ema_usd)
        step = given.lr * (self._ema_usd / given.target_usd_per_request - 1.0)
        self.cost_weight = min(max(self.cost_weight + step, 0.0), given.lambda_max)

    def _worth(self, target: Target, request: RequestView, cost_usd: float, dearest_usd: float) -> float:
        """What a candidate is worth: success less weighed cost, or success under the ceiling."""
        relative = min(cost_usd / dearest_usd, 1.0) if dearest_usd > 0.0 else 0.0
        success = target.predicted_success(request)
        success = success if isfinite(success) else 0.0
        if self._parameters.mode == "soft":
            return success - self.cost_weight * relative
        return success if relative * (1.0 + self.cost_weight) <= 1.0 else -relative


def expected_usd(target: Target, request: RequestView) -> float:
    """The expected cost of a request at a target; infinite where its price is unknown."""
    return target.expected_cost_usd(request) if target.is_priced else float("inf")


def _itself(target: Target) -> Target:
    """A target is its own record."""
    return target
