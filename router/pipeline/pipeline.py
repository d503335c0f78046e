"""Policies put together from parts: filters narrow, scorers weigh, a picker chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.decision import Decision
from router.pipeline.columns import weighted_sum
from router.pipeline.part import Remembering
from router.pipeline.sends import SendCache

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from router.pipeline.part import Filter, Picker, Scorer, Scores, WhenEmpty
    from router.views.fleet import FleetView
    from router.views.request import RequestView


class Pipeline:
    """Filters in order, then the weighted sum of the scores, then the picker.

    With `when_empty="skip"` a filter that would leave nothing is passed over; with `"reject"` the request is
    rejected and the reason names the filter. A filter's own `when_empty` goes first. A candidate that is left
    alone is sent to without scores. Without scorers all scores are 0.
    """

    def __init__(
        self,
        *,
        filters: Sequence[Filter] = (),
        scorers: Sequence[Scorer] = (),
        picker: Picker,
        reason: str,
        when_empty: WhenEmpty = "skip",
    ) -> None:
        """Puts the parts together; `reason` stands in every send. Scorers of weight 0 are left out."""
        self._filters = tuple((rule.keep, _refusal(rule, when_empty)) for rule in filters)
        counting = [scorer for scorer in scorers if _weight(scorer) != 0.0]
        self._scorers = tuple(scorer.scores for scorer in counting)
        self._weights = tuple(_weight(scorer) for scorer in counting)
        self._picker = picker
        parts = (*filters, *counting, picker)
        self._remembering = tuple(part for part in parts if isinstance(part, Remembering))
        self._sends = SendCache(reason)

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the candidate picked, or a rejection where a filter left none."""
        candidates = fleet.candidates
        for keep, refusal in self._filters:
            kept = keep(request, fleet, candidates)
            if not kept:
                if refusal is not None:
                    return refusal
            elif len(kept) < len(candidates):
                candidates = tuple(kept)
        index = candidates[0]
        if len(candidates) > 1:
            index = self._picker.pick(fleet, candidates, self._summed(request, fleet, candidates, rng), rng)
        for part in self._remembering:
            part.sent(request, fleet, index)
        return self._sends.to(fleet, index)

    def _summed(
        self, request: RequestView, fleet: FleetView, candidates: tuple[int, ...], rng: np.random.Generator
    ) -> Scores:
        """The weighted sum of all scores, by candidate."""
        columns = [scores(request, fleet, candidates, rng) for scores in self._scorers]
        return weighted_sum(self._weights, columns, len(candidates))


def part_name(part: object) -> str:
    """The part's own `name`, or its class's where it has none."""
    return str(getattr(part, "name", type(part).__name__))


def _weight(scorer: Scorer) -> float:
    """What the scorer counts for."""
    weight: float = getattr(scorer, "weight", 1.0)
    return weight


def _refusal(rule: Filter, when_empty: WhenEmpty) -> Decision | None:
    """The rejection where the filter leaves none; none where it is passed over then."""
    if (getattr(rule, "when_empty", None) or when_empty) == "skip":
        return None
    return Decision.reject(reason=f"no target passes {part_name(rule)}")
