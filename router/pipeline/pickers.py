"""Pickers that ship with the pipeline."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from router.views.loads import least_outstanding

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from router.views.fleet import FleetView


class BestScore:
    """Picks the greatest score; ties go to the least outstanding, then to the lowest index."""

    def pick(
        self,
        fleet: FleetView,
        candidates: Sequence[int],
        scores: Sequence[float],
        rng: np.random.Generator,  # noqa: ARG002  (the protocol's signature)
    ) -> int:
        """The best candidate."""
        best = max(scores)
        tied = [index for index, score in zip(candidates, scores, strict=True) if score == best]
        return least_outstanding(fleet.outstanding, tied)


class RandomByScore:
    """Draws a candidate with probability proportional to its score, negative ones counting as 0.

    All equally likely when no score is positive. One uniform draw.
    """

    def pick(
        self,
        fleet: FleetView,  # noqa: ARG002  (the protocol's signature)
        candidates: Sequence[int],
        scores: Sequence[float],
        rng: np.random.Generator,
    ) -> int:
        """A candidate drawn by score."""
        bounds = list(accumulate(max(score, 0.0) for score in scores))
        if bounds[-1] <= 0.0:
            return candidates[int(rng.random() * len(candidates))]
        place = bisect_right(bounds, rng.random() * bounds[-1])
        return candidates[min(place, len(candidates) - 1)]


class LeastLoaded:
    """Ignores scores and picks the least outstanding candidate; ties go to the lowest index."""

    def pick(
        self,
        fleet: FleetView,
        candidates: Sequence[int],
        scores: Sequence[float],  # noqa: ARG002  (the protocol's signature)
        rng: np.random.Generator,  # noqa: ARG002  (the protocol's signature)
    ) -> int:
        """The least loaded candidate."""
        return least_outstanding(fleet.outstanding, candidates)
