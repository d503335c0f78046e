"""How good the routing itself is, apart from load: RouteLLM's and RouterBench's measures.

PGR, APGR and CPT after RouteLLM (Ong et al. 2024, arXiv 2406.18665): performance gap recovered
between the weak and the strong model as the share of strong calls grows. AIQ after RouterBench
(Hu et al. 2024): area under the convex hull of quality over cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.report.figures import Json

    Column = NDArray[np.float64]


def gap_recovered(quality: float | None, weak: float | None, strong: float | None) -> float | None:
    """PGR = (quality - weak) / (strong - weak); None when the two are alike, or one is not known."""
    if quality is None or weak is None or strong is None:
        return None
    return (quality - weak) / (strong - weak) if strong != weak else None


def threshold_curve(
    score: Column, weak: NDArray[np.bool_], strong: NDArray[np.bool_]
) -> tuple[Column, Column]:
    """Share of strong calls, and quality, as the threshold on `score` falls: all n+1 points."""
    order = np.argsort(-score, kind="stable")
    gain = strong[order].astype(np.float64) - weak[order]
    quality = (weak.sum() + np.concatenate([[0.0], np.cumsum(gain)])) / len(score)
    return np.arange(len(score) + 1) / len(score), quality


def threshold_measures(score: Column, weak: NDArray[np.bool_], strong: NDArray[np.bool_]) -> dict[str, Json]:
    """APGR by the exact curve (trapezoid), CPT50 and CPT80: least strong share with that PGR."""
    none: dict[str, Json] = dict.fromkeys(("apgr", "cpt50", "cpt80"))
    if not len(score) or weak.mean() == strong.mean():
        return none
    share, quality = threshold_curve(score, weak, strong)
    recovered = (quality - weak.mean()) / (strong.mean() - weak.mean())
    return {
        "apgr": float(np.trapezoid(recovered, share)),
        "cpt50": least_share(share, recovered, 0.5),
        "cpt80": least_share(share, recovered, 0.8),
    }


def least_share(share: Column, recovered: Column, wanted: float) -> float | None:
    """The smallest share of strong calls whose recovered gap reaches `wanted`."""
    reached = np.flatnonzero(recovered >= wanted)
    return float(share[reached[0]]) if len(reached) else None


def hull(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Upper concave, non-decreasing hull of (cost, quality), by cost."""
    chain: list[tuple[float, float]] = []
    for cost, quality in sorted(points, key=lambda point: (point[0], -point[1])):
        if chain and quality <= chain[-1][1]:
            continue
        while len(chain) > 1 and not turns_right(chain[-2], chain[-1], (cost, quality)):
            chain.pop()
        chain.append((cost, quality))
    return chain


def turns_right(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    """Whether b lies above the line from a to c."""
    return (b[0] - a[0]) * (c[1] - a[1]) < (b[1] - a[1]) * (c[0] - a[0])


def average_improvement(points: Sequence[tuple[float | None, float | None]]) -> float | None:
    """AIQ: mean height of the hull from the cheapest cost to the dearest, flat at its end.

    None where a cost or a quality is not known.
    """
    known = [(cost, quality) for cost, quality in points if cost is not None and quality is not None]
    if len(known) < len(points):
        return None
    chain = hull(known)
    dearest = max((cost for cost, _quality in known), default=0.0)
    if not chain or dearest <= chain[0][0]:
        return None
    cost = np.array([point[0] for point in chain] + [dearest])
    quality = np.array([point[1] for point in chain] + [chain[-1][1]])
    return float(np.trapezoid(quality, cost) / (dearest - chain[0][0]))
