"""A draw by the weights or the limits that the fleet states."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

from router.pipeline.sends import SendCache

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

CACHE_LIMIT = 4096
SHARES = ("weight", "requests_per_minute", "tokens_per_minute")
"""Facts of a target that are drawn by, the first that any candidate states."""


class WeightedShuffle:
    """Draws a candidate by weight, else by its requests a minute, else by its tokens a minute.

    The first of the three that any candidate states above 0 counts; candidates that do not state it
    get nothing. Where none states any, all are equally likely. One uniform draw per decision, no ties.
    Weights are the fleet's (`fleet[].weight`), shared by a deployment's replicas.
    """

    name: ClassVar[str] = "weighted_shuffle"
    source: ClassVar[str] = "LiteLLM's simple-shuffle (1.80 to 1.109)"

    def __init__(self) -> None:
        """Has drawn nothing yet."""
        self._sends = SendCache("weighted shuffle")
        self._targets: tuple[Target, ...] = ()
        self._bounds: dict[tuple[int, ...], list[float]] = {}

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to a candidate drawn by its share."""
        candidates, bounds = fleet.candidates, self._shares(fleet)
        place = bisect_right(bounds, rng.random() * bounds[-1], 0, len(bounds) - 1)
        return self._sends.to(fleet, candidates[place])

    def _shares(self, fleet: FleetView) -> list[float]:
        """Running sums of the candidates' shares, up to the last one that has any."""
        if fleet.targets is not self._targets or len(self._bounds) > CACHE_LIMIT:
            self._targets, self._bounds = fleet.targets, {}
        bounds = self._bounds.get(fleet.candidates)
        if bounds is None:
            shares = shares_of(fleet.candidate_targets())
            while not shares[-1]:
                shares.pop()
            bounds = self._bounds[fleet.candidates] = list(accumulate(shares))
        return bounds


def shares_of(targets: list[Target]) -> list[float]:
    """The targets' shares by the first fact that any of them states above 0; equal ones without any."""
    for fact in SHARES:
        shares = [float(getattr(target, fact) or 0.0) for target in targets]
        if any(shares):
            return shares
    return [1.0] * len(targets)
