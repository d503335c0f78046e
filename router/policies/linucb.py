"""Optimism with a straight line for each model: quality by what a request looks like."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, log1p, sqrt
from typing import TYPE_CHECKING, ClassVar

from router.learning.learner import FeedbackLearner, LearningParameters
from router.learning.lines import DiscountedRidge, TaskColumns
from router.parameters import above, at_least, check, parameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from router.views.request import RequestView

PROMPT_SCALE = 10.0
"""ln(1 + tokens) is divided by this, so that prompts of up to 22,000 tokens stay within 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinUcbParameters(LearningParameters):
    """What weighs how much, how far optimism goes, and how stiff the lines are."""

    alpha: float = parameter(0.5, "what the width of the estimate is multiplied by")
    ridge: float = parameter(1.0, "weight of the first belief that nothing matters, above 0")

    def __post_init__(self) -> None:
        """Holds only weights, a forgetting, an optimism and a ridge that can be.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(*self.problems(), at_least("alpha", self.alpha, 0), above("ridge", self.ridge, 0))


class LinUcb(FeedbackLearner["NDArray[np.float64]"]):
    """Sends to the best by quality and cost, quality being an upper bound on a line in the request's looks.

    Learns from feedback only (`quality.feedback`). A request is x = (1, expected difficulty or 0 where it
    is unknown, ln(1 + prompt tokens) / 10, one column for each task seen so far). Of each model
    A = ridge I + sum of x x' and b = sum of r x over its answers heard of, r 1 for right ones, and
    q = x' A^-1 b + alpha sqrt(x' A^-1 x). With each feedback on a model its sums are first multiplied by
    gamma. Nothing is drawn. Worth is quality_weight q + cost_weight (1 - expected cost / the dearest
    candidate's); ties go to the model sent to least, then to the least outstanding target, then to the lowest
    index.
    """

    name: ClassVar[str] = "linucb"
    source: ClassVar[str] = (
        "Li, Chu, Langford and Schapire, WWW 2010 (disjoint LinUCB); forgetting as ParetoBandit 0.1.1"
    )

    def __init__(self, parameters: LinUcbParameters | None = None) -> None:
        """Has heard of nothing."""
        self._given = parameters or LinUcbParameters()
        super().__init__(self._given, "LinUCB")
        self._columns = TaskColumns()
        self._lines: dict[str, DiscountedRidge] = {}

    def seen(self, request: RequestView) -> NDArray[np.float64]:
        """The request as a vector."""
        difficulty = request.estimated_difficulty
        looks = (
            1.0,
            difficulty if isfinite(difficulty) else 0.0,
            log1p(request.prompt_token_count) / PROMPT_SCALE,
        )
        return self._columns.vector(looks, request.task)

    def qualities(
        self,
        seen: NDArray[np.float64],
        models: Sequence[str],
        rng: np.random.Generator,  # noqa: ARG002  (the frame's signature)
    ) -> Mapping[str, float]:
        """Each model's upper bound at the request."""
        bounds = {}
        for model in models:
            mean, variance = self._line(model).at(seen)
            bounds[model] = mean + self._given.alpha * sqrt(variance)
        return bounds

    def learn(self, seen: NDArray[np.float64], model: str, reward: float) -> None:
        """Takes the answer into the model's line."""
        self._line(model).learn(seen, reward)

    def _line(self, model: str) -> DiscountedRidge:
        """The model's line."""
        line = self._lines.get(model)
        if line is None:
            line = self._lines[model] = DiscountedRidge(self._given.ridge, self._given.gamma)
        return line
