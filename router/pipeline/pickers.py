"""Pickers that ship with the pipeline."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from math import exp
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from router.parameters import at_least, check, parameter
from router.pipeline.columns import listed
from router.views.loads import least_outstanding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.pipeline.part import Scores
    from router.views.fleet import FleetView


@dataclass(frozen=True, slots=True, kw_only=True)
class BestScore:
    """Picks the greatest score; ties go to the least outstanding, then to the lowest index.

    Source: llm-d's router, `max-score` picker.
    """

    name: ClassVar[str] = "best_score"

    def pick(
        self,
        fleet: FleetView,
        candidates: tuple[int, ...],
        scores: Scores,
        rng: np.random.Generator,  # noqa: ARG002  (the protocol's signature)
    ) -> int:
        """The best candidate."""
        return best(fleet, candidates, scores)


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomByScore:
    """Draws a candidate with probability proportional to its score, negative ones counting as 0.

    All equally likely when no score is positive. One uniform draw.

    Source: llm-d's router, `weighted-random` picker.
    """

    name: ClassVar[str] = "random_by_score"

    def pick(
        self,
        fleet: FleetView,  # noqa: ARG002  (the protocol's signature)
        candidates: tuple[int, ...],
        scores: Scores,
        rng: np.random.Generator,
    ) -> int:
        """A candidate drawn by score."""
        return drawn(candidates, [max(score, 0.0) for score in listed(scores)], rng)


@dataclass(frozen=True, slots=True, kw_only=True)
class Softmax:
    """Draws a candidate with probability proportional to exp(score / temperature). One uniform draw.

    A temperature near 0 takes the best, a high one all alike; at 0 nothing is drawn and the best is taken, as
    `best_score` takes it.

    Source: NVIDIA Dynamo's KV router, `--router-temperature`; Luce, Individual Choice Behavior, 1959.
    """

    name: ClassVar[str] = "softmax"

    temperature: float = parameter(0.2, "how far below the best a score may lie and still be drawn often")

    def __post_init__(self) -> None:
        """Holds only a temperature from 0 on."""
        check(at_least("temperature", self.temperature, 0))

    def pick(
        self, fleet: FleetView, candidates: tuple[int, ...], scores: Scores, rng: np.random.Generator
    ) -> int:
        """A candidate drawn by the exponential of its score."""
        if self.temperature == 0.0:
            return best(fleet, candidates, scores)
        known = listed(scores)
        greatest = max(known)
        return drawn(candidates, [exp((score - greatest) / self.temperature) for score in known], rng)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastLoaded:
    """Ignores scores and picks the least outstanding candidate; ties go to the lowest index.

    Source: LiteLLM's router, `least-busy`.
    """

    name: ClassVar[str] = "least_loaded"

    def pick(
        self,
        fleet: FleetView,
        candidates: tuple[int, ...],
        scores: Scores,  # noqa: ARG002  (the protocol's signature)
        rng: np.random.Generator,  # noqa: ARG002  (the protocol's signature)
    ) -> int:
        """The least loaded candidate."""
        return least_outstanding(fleet.outstanding, candidates)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopKRandom:
    """Draws one of the `k` greatest scores, all equally likely.

    A tie for the last place goes to the least outstanding, then to the lowest index. With fewer candidates
    than `k` all of them are drawn from. One uniform draw.

    Source: chance among the best few keeps routers with stale views from herding, Mitzenmacher, How Useful Is
    Old Information?, IEEE TPDS 11(1), 2000.
    """

    name: ClassVar[str] = "top_k_random"

    k: int = parameter(2, "how many of the best scores are drawn from")

    def __post_init__(self) -> None:
        """Holds only a number that leaves one to take."""
        check(at_least("k", self.k, 1))

    def pick(
        self, fleet: FleetView, candidates: tuple[int, ...], scores: Scores, rng: np.random.Generator
    ) -> int:
        """One of the best."""
        load = fleet.outstanding.item
        ranked = sorted(zip(listed(scores), candidates, strict=True), key=lambda one: (-one[0], load(one[1])))
        return ranked[int(rng.random() * min(self.k, len(ranked)))][1]


def best(fleet: FleetView, candidates: tuple[int, ...], scores: Scores) -> int:
    """The candidate of the greatest score; ties go to the least outstanding, then to the lowest index."""
    if isinstance(scores, np.ndarray):
        tied = np.flatnonzero(scores == scores.max()).tolist()
        return least_outstanding(fleet.outstanding, [candidates[place] for place in tied])
    greatest = max(scores)
    if scores.count(greatest) == 1:
        return candidates[scores.index(greatest)]
    equals = [index for index, score in zip(candidates, scores, strict=True) if score == greatest]
    return least_outstanding(fleet.outstanding, equals)


def drawn(candidates: tuple[int, ...], shares: Sequence[float], rng: np.random.Generator) -> int:
    """A candidate with the probability of its share (>= 0); all alike when no share is positive. One draw."""
    bounds = list(accumulate(shares))
    if bounds[-1] <= 0.0:
        return candidates[int(rng.random() * len(candidates))]
    place = bisect_right(bounds, rng.random() * bounds[-1])
    return candidates[min(place, len(candidates) - 1)]
