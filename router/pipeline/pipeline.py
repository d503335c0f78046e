"""Policies put together from parts: filters narrow, scorers weigh, a picker chooses."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Literal, Protocol

from router.decision import Decision
from router.pipeline.sends import SendCache

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from router.views.fleet import FleetView
    from router.views.request import RequestView


class Filter(Protocol):
    """Takes candidates out by a rule of the policy's own (hard constraints are the host's)."""

    def keep(self, request: RequestView, fleet: FleetView, candidates: Sequence[int]) -> Sequence[int]:
        """Those of the candidates that stay, in the same order; may be none. Pure."""
        ...


class Scorer(Protocol):
    """Says how good each candidate is under one aspect."""

    def scores(self, request: RequestView, fleet: FleetView, candidates: Sequence[int]) -> Sequence[float]:
        """A score for each candidate, 0 (worst) to 1 (best). Pure. `nan` counts as 0."""
        ...


class Picker(Protocol):
    """Chooses among scored candidates."""

    def pick(
        self, fleet: FleetView, candidates: Sequence[int], scores: Sequence[float], rng: np.random.Generator
    ) -> int:
        """One of the candidates (at least one); the docstring of the class says how ties go."""
        ...


@dataclass(frozen=True, slots=True)
class Weighted:
    """A scorer and what its score counts for; a negative weight makes the worst the best."""

    scorer: Scorer
    weight: float = 1.0


class Pipeline:
    """Filters in order, then the weighted sum of the scores, then the picker.

    With `when_empty="skip"` a filter that would leave nothing is passed over; with `"reject"` the
    request is rejected and the reason names the filter. Without scorers all scores are 0.
    """

    def __init__(
        self,
        *,
        filters: Sequence[Filter] = (),
        scorers: Sequence[Weighted] = (),
        picker: Picker,
        reason: str,
        when_empty: Literal["skip", "reject"] = "skip",
    ) -> None:
        """Puts the parts together; `reason` stands in every send."""
        self._filters = tuple(filters)
        self._scorers = tuple(scorers)
        self._picker = picker
        self._sends = SendCache(reason)
        self._rejects = when_empty == "reject"

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the candidate picked, or a rejection where a filter left none."""
        candidates: Sequence[int] = fleet.candidates
        for rule in self._filters:
            kept = rule.keep(request, fleet, candidates)
            if kept:
                candidates = kept
            elif self._rejects:
                return Decision.reject(reason=f"no target passes {type(rule).__name__}")
        scores = self._summed(request, fleet, candidates)
        return self._sends.to(fleet, self._picker.pick(fleet, candidates, scores, rng))

    def _summed(self, request: RequestView, fleet: FleetView, candidates: Sequence[int]) -> list[float]:
        """The weighted sum of all scores, by candidate."""
        total = [0.0] * len(candidates)
        for weighted in self._scorers:
            for place, score in enumerate(weighted.scorer.scores(request, fleet, candidates)):
                total[place] += weighted.weight * (score if isfinite(score) else 0.0)
        return total
