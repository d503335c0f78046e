"""The frame of policies that learn from feedback which model to send to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Generic, TypeVar

from router.learning.routed import RoutedRequests
from router.parameters import above, at_least, check, parameter, ratio
from router.pipeline.sends import SendCache
from router.views.records import TargetRecords

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from router.decision import Decision
    from router.outcome import Feedback
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

C = TypeVar("C")


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningParameters:
    """What quality and cost weigh, and how fast old feedback is forgotten."""

    quality_weight: float = parameter(0.7, "weight of the learnt quality, above 0")
    cost_weight: float = parameter(0.3, "weight of cheapness: 1 - expected cost / the dearest candidate's")
    gamma: float = parameter(1.0, "what older feedback is multiplied by with each new one; 1 forgets nothing")

    def __post_init__(self) -> None:
        """Holds only weights and a forgetting that can be.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(*self.problems())

    def problems(self) -> tuple[tuple[str, str] | None, ...]:
        """What is wrong with each parameter, if anything."""
        return (
            above("quality_weight", self.quality_weight, 0),
            at_least("cost_weight", self.cost_weight, 0),
            above("gamma", self.gamma, 0) or ratio("gamma", self.gamma),
        )


class FeedbackLearner(ABC, Generic[C]):
    """Sends to the candidate with the greatest quality_weight q + cost_weight (1 - relative cost).

    q is what the policy makes of a model by feedback; a model is learnt of as one, whichever target runs it.
    Cost is expected cost over that of the dearest candidate with a known price; an unknown price counts as
    the dearest. Ties go to the model sent to least, then to the least outstanding target, then to the
    lowest index. Each policy says what it remembers of a request, what q is, and what it learns.
    """

    def __init__(self, parameters: LearningParameters, reason: str) -> None:
        """Has heard of nothing; decisions give the reason."""
        self._weights = parameters
        self._reason = reason
        self._sends = SendCache(reason)
        self._targets: TargetRecords[Target] = TargetRecords(_itself)
        self._routed: RoutedRequests[C] = RoutedRequests()
        self._sent: dict[str, int] = {}
        self._heard = False

    @abstractmethod
    def seen(self, request: RequestView) -> C:
        """What is remembered of a request until feedback comes."""

    @abstractmethod
    def qualities(self, seen: C, models: Sequence[str], rng: np.random.Generator) -> Mapping[str, float]:
        """What each of the models, or some of them, is taken to be worth for the request; may be infinite."""

    @abstractmethod
    def learn(self, seen: C, model: str, reward: float) -> None:
        """Takes note of a model's answer to a request: 1 if it was right, else 0."""

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the candidate that is worth most."""
        targets = self._targets.of(fleet)
        seen, models = self.seen(request), {targets[index].model: None for index in fleet.candidates}
        index = self._best(request, fleet, self.qualities(seen, tuple(models), rng))
        self._routed.note(request.index, seen)
        model = targets[index].model
        self._sent[model] = self._sent.get(model, 0) + 1
        return self._sends.to(fleet, index)

    def observe_feedback(self, feedback: Feedback) -> None:
        """Learns from an answer whose request it remembers."""
        target = self._targets.named(feedback.target)
        seen = self._routed.take(feedback.request_index)
        if seen is not None and target is not None:
            self._heard = True
            self.learn(seen, target.model, float(feedback.correct))

    def finish(self) -> tuple[str, ...]:
        """A warning where there was nothing to learn from."""
        if self._heard or not self._sent:
            return ()
        return (f"{self._reason}: no feedback came, so nothing was learnt; see quality.feedback",)

    def _best(self, request: RequestView, fleet: FleetView, qualities: Mapping[str, float]) -> int:
        """Index of the candidate that is worth most."""
        targets, load, given = self._targets.of(fleet), fleet.outstanding.item, self._weights
        costs_usd = {index: _expected_usd(targets[index], request) for index in fleet.candidates}
        dearest_usd = max((cost for cost in costs_usd.values() if isfinite(cost)), default=0.0)
        ranked = []
        for index, cost_usd in costs_usd.items():
            model = targets[index].model
            if model in qualities:
                cheapness = 1.0 - relative_cost(cost_usd, dearest_usd)
                worth = given.quality_weight * qualities[model] + given.cost_weight * cheapness
                ranked.append((-worth, self._sent.get(model, 0), load(index), index))
        return min(ranked)[-1]


def relative_cost(cost_usd: float, dearest_usd: float) -> float:
    """A cost as a share of the dearest, 0 to 1; 1 where it is unknown, 0 where nothing costs anything."""
    if not isfinite(cost_usd):
        return 1.0
    return cost_usd / dearest_usd if dearest_usd > 0.0 else 0.0


def _expected_usd(target: Target, request: RequestView) -> float:
    """The expected cost of a request at a target; infinite where its price is unknown."""
    return target.expected_cost_usd(request) if target.is_priced else float("inf")


def _itself(target: Target) -> Target:
    """A target is its own record."""
    return target
