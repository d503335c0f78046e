"""The model with the best record, and now and then any."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, ClassVar

from router.learning.cells import SuccessCells
from router.learning.learner import FeedbackLearner, LearningParameters
from router.parameters import check, parameter, ratio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class EpsilonGreedyParameters(LearningParameters):
    """What weighs how much, and how often any model is tried."""

    epsilon: float = parameter(0.1, "share of requests that go to a model drawn at random")

    def __post_init__(self) -> None:
        """Holds only weights, a forgetting and a share that can be.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(*self.problems(), ratio("epsilon", self.epsilon))


class EpsilonGreedy(FeedbackLearner[str]):
    """Sends to the best by quality and cost, quality being the share of right answers at the task so far.

    Learns from feedback only (`quality.feedback`): of each model at each task the share of right answers
    it heard of, older ones multiplied by gamma with every new one of the task. A model without feedback
    goes first, those sent to least before others. With probability epsilon, one uniform draw a request, the
    model is drawn instead, all candidates' models equally likely (a second draw). Worth is quality_weight q +
    cost_weight (1 - expected cost / the dearest candidate's); ties go to the model sent to least, then to
    the least outstanding target, then to the lowest index.
    """

    name: ClassVar[str] = "epsilon_greedy"
    source: ClassVar[str] = "Sutton and Barto, Reinforcement Learning, 2nd edition, 2018, chapter 2"

    def __init__(self, parameters: EpsilonGreedyParameters | None = None) -> None:
        """Has heard of nothing."""
        given = parameters or EpsilonGreedyParameters()
        super().__init__(given, "epsilon greedy")
        self._epsilon = given.epsilon
        self._cells = SuccessCells(given.gamma)

    def seen(self, request: RequestView) -> str:
        """The request's task."""
        return request.task

    def qualities(self, seen: str, models: Sequence[str], rng: np.random.Generator) -> Mapping[str, float]:
        """Each model's share of right answers, or that of a drawn one alone."""
        if rng.random() < self._epsilon:
            return {models[int(rng.random() * len(models))]: 0.0}
        cells = {model: self._cells.of(seen, model) for model in models}
        return {model: cell.mean if cell.count else inf for model, cell in cells.items()}

    def learn(self, seen: str, model: str, reward: float) -> None:
        """Takes the answer down."""
        self._cells.learn(seen, model, reward)
