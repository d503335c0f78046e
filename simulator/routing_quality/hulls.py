"""What single models and random mixes of them reach: hulls in cost and quality, and heights over them.

AIQ and the zero router after RouterBench (Hu et al. 2024, arXiv 2403.12031): a router is worth what
it stands above the hull of single models, since mixing two of them at random costs no insight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Point: TypeAlias = tuple[float, float]
"""Cost and quality of one choice."""


def hull(points: Sequence[Point]) -> list[Point]:
    """Upper concave, non-decreasing hull of (cost, quality), by cost."""
    chain: list[Point] = []
    for cost, quality in sorted(points, key=lambda point: (point[0], -point[1])):
        if chain and quality <= chain[-1][1]:
            continue
        while len(chain) > 1 and not turns_right(chain[-2], chain[-1], (cost, quality)):
            chain.pop()
        chain.append((cost, quality))
    return chain


def turns_right(a: Point, b: Point, c: Point) -> bool:
    """Whether b lies above the line from a to c."""
    return (b[0] - a[0]) * (c[1] - a[1]) < (b[1] - a[1]) * (c[0] - a[0])


def known_points(points: Iterable[tuple[float | None, float | None]]) -> list[Point]:
    """The points of which both cost and quality are known."""
    return [
        (cost, quality)
        for cost, quality in points
        if cost is not None and quality is not None and np.isfinite(cost) and np.isfinite(quality)
    ]


def quality_at_cost(chain: Sequence[Point], cost: float) -> float | None:
    """Height of the hull at a cost; flat beyond its end, None before its beginning."""
    if not chain or cost < chain[0][0]:
        return None
    costs, qualities = zip(*chain, strict=True)
    return float(np.interp(cost, costs, qualities))


def cost_at_quality(chain: Sequence[Point], quality: float) -> float | None:
    """The least cost at which the hull has a quality; None above its highest point."""
    if not chain or quality > chain[-1][1]:
        return None
    costs, qualities = zip(*chain, strict=True)
    return float(np.interp(quality, qualities, costs))


def area_under(chain: Sequence[Point], dearest: float) -> float:
    """Area under the hull up to a cost, flat beyond its end."""
    cost = np.array([point[0] for point in chain] + [dearest])
    quality = np.array([point[1] for point in chain] + [chain[-1][1]])
    return float(np.trapezoid(quality, cost))


def average_improvement(points: Sequence[tuple[float | None, float | None]]) -> float | None:
    """AIQ: mean height of the hull from the cheapest cost to the dearest, flat at its end.

    None where a cost or a quality is not known.
    """
    known = known_points(points)
    if len(known) < len(points) or not known:
        return None
    chain, dearest = hull(known), max(cost for cost, _quality in known)
    if dearest <= chain[0][0]:
        return None
    return area_under(chain, dearest) / (dearest - chain[0][0])


def routerbench_improvement(points: Sequence[Point], dearest: float | None = None) -> float | None:
    """AIQ as RouterBench's own code takes it: the area divided by the greatest cost of all choices.

    What lies below the cheapest cost counts as 0. `dearest` widens the range to what others cost.
    """
    if not points:
        return None
    end = max([cost for cost, _quality in points] + ([] if dearest is None else [dearest]))
    return area_under(hull(points), end) / end if end > 0.0 else None
