"""Optimism: the model that may be the best, as far as is known."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, sqrt
from typing import TYPE_CHECKING, ClassVar

from router.learning.cells import SuccessCells
from router.learning.learner import FeedbackLearner, LearningParameters
from router.parameters import at_least, check, parameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class UcbParameters(LearningParameters):
    """What weighs how much, and how far optimism goes."""

    exploration: float = parameter(sqrt(2.0), "what sqrt(ln N / n) is multiplied by; sqrt(2) is UCB1")

    def __post_init__(self) -> None:
        """Holds only weights, a forgetting and an optimism that can be.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(*self.problems(), at_least("exploration", self.exploration, 0))


class Ucb(FeedbackLearner[str]):
    """Sends to the best by quality and cost, quality being an upper confidence bound on right answers.

    Learns from feedback only (`quality.feedback`). Of the n answers of a model at the task, a share m was
    right; with N the answers of all models at the task, q = m + exploration sqrt(ln N / n). A model without
    feedback goes first, those sent to least before others. With gamma below 1 all counts of the task are
    multiplied by it at each feedback (discounted UCB), so that the bound follows changes. Nothing is drawn.
    Worth is quality_weight q + cost_weight (1 - expected cost / the dearest candidate's); ties go to the
    model sent to least, then to the least outstanding target, then to the lowest index.

    Counts are of answers heard of, not sent: what is under way says nothing yet (Joulani, Gyorgy and
    Szepesvari, "Online learning under delayed feedback", ICML 2013).
    """

    name: ClassVar[str] = "ucb"
    source: ClassVar[str] = (
        "Auer, Cesa-Bianchi and Fischer, Machine Learning 47, 2002 (UCB1); Garivier and Moulines, ALT 2011"
    )

    def __init__(self, parameters: UcbParameters | None = None) -> None:
        """Has heard of nothing."""
        given = parameters or UcbParameters()
        super().__init__(given, "upper confidence bound")
        self._exploration = given.exploration
        self._cells = SuccessCells(given.gamma)

    def seen(self, request: RequestView) -> str:
        """The request's task."""
        return request.task

    def qualities(self, seen: str, models: Sequence[str], rng: np.random.Generator) -> Mapping[str, float]:  # noqa: ARG002  (the frame's signature)
        """Each model's upper confidence bound."""
        spread = sqrt(max(log(max(self._cells.total(seen), 1.0)), 0.0))
        cells = {model: self._cells.of(seen, model) for model in models}
        return {
            model: cell.mean + self._exploration * spread / sqrt(cell.count) if cell.count else inf
            for model, cell in cells.items()
        }

    def learn(self, seen: str, model: str, reward: float) -> None:
        """Takes the answer down."""
        self._cells.learn(seen, model, reward)
