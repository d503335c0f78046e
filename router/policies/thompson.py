"""Chance by belief: each model as often as it may be the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from router.learning.cells import SuccessCells
from router.learning.learner import FeedbackLearner, LearningParameters
from router.parameters import above, check, parameter, ratio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from router.views.request import RequestView

LEAST_BELIEF = 1e-6
"""Answers that a belief of certainty still grants the other way: a Beta has no zeros."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThompsonParameters(LearningParameters):
    """What weighs how much, what is believed at first, and how much can be believed."""

    prior_mean: float = parameter(0.5, "share of right answers believed in before any feedback")
    prior_mass: float = parameter(10.0, "answers that the first belief counts as, above 0")
    cap: float = parameter(200.0, "most answers of a model and task that count, above 0; older ones fade")

    def __post_init__(self) -> None:
        """Holds only weights, a forgetting and a belief that can be.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(
            *self.problems(),
            ratio("prior_mean", self.prior_mean),
            above("prior_mass", self.prior_mass, 0),
            above("cap", self.cap, 0),
        )


class Thompson(FeedbackLearner[str]):
    """Sends to the best by quality and cost, quality being drawn from what is believed of each model.

    Learns from feedback only (`quality.feedback`). With s right ones among the n answers of a model at the
    task, q is drawn from Beta(prior_mass prior_mean + s, prior_mass (1 - prior_mean) + n - s), one draw for
    each model among the candidates, in the order of their first targets. n never exceeds the cap: beyond it
    both counts are scaled down, so that newer answers count more. With gamma below 1 all counts of the task
    are multiplied by it at each feedback. Worth is quality_weight q + cost_weight (1 - expected cost / the
    dearest candidate's); ties go to the model sent to least, then to the least outstanding target, then to
    the lowest index.

    LiteLLM's constants, which it calls unvalidated; its cells are of request types, ours of tasks.
    """

    name: ClassVar[str] = "thompson"
    source: ClassVar[str] = "LiteLLM's adaptive_router (1.109); Thompson, Biometrika 25, 1933"

    def __init__(self, parameters: ThompsonParameters | None = None) -> None:
        """Has heard of nothing."""
        given = parameters or ThompsonParameters()
        super().__init__(given, "Thompson sampling")
        self._right = max(given.prior_mass * given.prior_mean, LEAST_BELIEF)
        self._wrong = max(given.prior_mass * (1.0 - given.prior_mean), LEAST_BELIEF)
        self._cells = SuccessCells(given.gamma, given.cap)

    def seen(self, request: RequestView) -> str:
        """The request's task."""
        return request.task

    def qualities(self, seen: str, models: Sequence[str], rng: np.random.Generator) -> Mapping[str, float]:
        """A draw from what is believed of each model."""
        cells = {model: self._cells.of(seen, model) for model in models}
        return {
            model: float(rng.beta(self._right + cell.right, self._wrong + max(cell.count - cell.right, 0.0)))
            for model, cell in cells.items()
        }

    def learn(self, seen: str, model: str, reward: float) -> None:
        """Takes the answer down."""
        self._cells.learn(seen, model, reward)
