"""Success and cost of candidates, from facts that are gathered once for each task and stream."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import exp, inf
from typing import TYPE_CHECKING

from catalogs.units import TOKENS_PER_MTOK
from router.pipeline.columns import Spread
from router.views.fleet import LOGIT_LIMIT
from router.views.success_curve import SuccessCurve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.pipeline.part import Scores
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True)
class ItemResponse:
    """How likely a model is right by its ability (logits) and discrimination alone."""

    ability: float
    discrimination: float

    def at(self, difficulty: float) -> float:
        """sigma(a (ability - difficulty)): the two-parameter item response model, as `Target.success_at`."""
        odds = -self.discrimination * (self.ability - difficulty)
        return 1.0 / (1.0 + exp(min(odds, LOGIT_LIMIT)))


class SuccessColumn:
    """Predicted success of candidates by expected difficulty: what `Target.success_at` gives for each.

    The curves of a stream stand over the same difficulties, so that one search serves all of them.
    """

    __slots__ = ("_difficulties", "_rows", "_spread")

    def __init__(self, fleet: FleetView, candidates: tuple[int, ...], task: str, stream: str) -> None:
        """Of these candidates at the stream's task."""
        self._spread = Spread([_answering(fleet.targets[index], task, stream) for index in candidates])
        self._difficulties, self._rows = _grid(self._spread.facts)

    def at(self, difficulty: float) -> Scores:
        """The success of each candidate."""
        return self._spread.over(self.distinct(difficulty))

    def over(self, values: Sequence[float]) -> Scores:
        """Values by distinct fact as a column of the candidates."""
        return self._spread.over(values)

    def distinct(self, difficulty: float) -> Sequence[float]:
        """The success by distinct fact."""
        if not self._rows or difficulty != difficulty:  # noqa: PLR0124  (nan: a call would cost more)
            return [fact.at(difficulty) for fact in self._spread.facts]
        place = bisect_right(self._difficulties, difficulty)
        if place in (0, len(self._difficulties)):
            return self._rows[max(place - 1, 0)]
        left, right = self._difficulties[place - 1], self._difficulties[place]
        share = (difficulty - left) / (right - left)
        low, high = self._rows[place - 1], self._rows[place]
        return [before + share * (after - before) for before, after in zip(low, high, strict=True)]


def _answering(target: Target, task: str, stream: str) -> SuccessCurve | ItemResponse:
    """How likely the target's model is right: by the stream's curve, else by the item response."""
    curve = target.success_curves.get(stream)
    return ItemResponse(target.ability.get(task, -inf), target.discrimination) if curve is None else curve


def _grid(facts: Sequence[SuccessCurve | ItemResponse]) -> tuple[tuple[float, ...], list[tuple[float, ...]]]:
    """The difficulties that all curves share and a row of successes at each; no rows where they do not."""
    curves = [fact for fact in facts if isinstance(fact, SuccessCurve)]
    grid = curves[0].difficulties if curves else ()
    if len(curves) < len(facts) or any(curve.difficulties != grid for curve in curves):
        return (), []
    return grid, list(zip(*(curve.success for curve in curves), strict=True))


class CostColumn:
    """Expected cost of candidates: what `Target.cost_of_usd` gives for each."""

    __slots__ = ("_spread",)

    def __init__(self, fleet: FleetView, candidates: tuple[int, ...], task: str, stream: str) -> None:
        """Of these candidates for the stream's task."""
        self._spread = Spread([_prices(fleet.targets[index], task, stream) for index in candidates])

    def distinct_usd(self, request: RequestView) -> list[float]:
        """The cost of the prompt and the usual answer, else the longest, by distinct price."""
        prompt, longest = request.prompt_token_count, request.max_output_token_count
        return [
            (prompt * usd_in + (longest if answer is None else answer) * usd_out) / TOKENS_PER_MTOK
            for usd_in, usd_out, answer in self._spread.facts
        ]

    def over(self, values: Sequence[float]) -> Scores:
        """Values by distinct price as a column of the candidates."""
        return self._spread.over(values)


def _prices(target: Target, task: str, stream: str) -> tuple[float, float, float | None]:
    """Prices of prompt and answer tokens, USD per million, and the usual answer."""
    usual = target.usual_answer_tokens(task, stream)
    return target.input_price_usd_per_mtok, target.output_price_usd_per_mtok, usual
