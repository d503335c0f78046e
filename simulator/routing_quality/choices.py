"""Policies of a comparison judged as choices: against single models, their mixes, and those who know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.routing_quality.arena import arena_score
from simulator.routing_quality.hulls import cost_at_quality, hull, known_points, quality_at_cost

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from simulator.report.figures import Json
    from simulator.routing_quality.hulls import Point

QUERIES = 1_000
"""Queries that costs are stated for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixComparison:
    """A policy beside what random mixes of single models reach.

    `usd_per_request_of_mix` buys the policy's quality from a mix, `quality_of_mix` is what its cost buys;
    None where no mix has that quality, or none is so cheap. `saving_ratio` is 1 - cost / cost of mix.
    """

    usd_per_request_of_mix: float | None
    saving_ratio: float | None
    quality_of_mix: float | None
    quality_gain: float | None

    def to_dict(self) -> dict[str, Json]:
        """As plain data."""
        return {
            "usd_per_request_of_mix": self.usd_per_request_of_mix,
            "saving_ratio": self.saving_ratio,
            "quality_of_mix": self.quality_of_mix,
            "quality_gain": self.quality_gain,
        }


def against_mixes(point: Point, singles: Sequence[Point]) -> MixComparison:
    """A policy's cost and quality beside the hull of single models."""
    chain, (cost, quality) = hull(singles), point
    same_quality, same_cost = cost_at_quality(chain, quality), quality_at_cost(chain, cost)
    return MixComparison(
        usd_per_request_of_mix=same_quality,
        saving_ratio=1.0 - cost / same_quality if same_quality else None,
        quality_of_mix=same_cost,
        quality_gain=None if same_cost is None else quality - same_cost,
    )


def best_single(singles: Iterable[Point]) -> Point | None:
    """The single model of the highest quality, the cheapest of several."""
    return max(singles, key=lambda point: (point[1], -point[0]), default=None)


def arena_scores(points: Mapping[str, tuple[float | None, float | None]]) -> dict[str, Json]:
    """RouterArena's score of each policy; None where a cost or a quality is not known."""
    return {
        name: arena_score(known[0][1], known[0][0] * QUERIES) if (known := known_points([point])) else None
        for name, point in points.items()
    }
