"""RouterArena's score of accuracy and cost in one number."""

from __future__ import annotations

from math import log2

DEAREST_USD, CHEAPEST_USD = 200.0, 0.0044
"""Dollars per 1,000 queries that count as 0 and as 1 (RouterArena's c_max and c_min)."""
BETA = 0.1
"""How much less than accuracy a low cost counts."""


def arena_score(accuracy: float, usd_per_1000: float) -> float:
    """S = (1 + b) A C / (b A + C), C = log2(200 / c) / log2(200 / 0.0044) clipped to [0, 1]; 0 to 1.

    Source: RouterArena (Lu et al. 2025, arXiv 2510.00202), with the constants its board has used
    since July 2026 (RouteWorks/RouterArena#165). 0 where accuracy or the cost's worth is 0.
    """
    if usd_per_1000 <= 0.0:
        worth = 1.0
    else:
        worth = log2(DEAREST_USD / usd_per_1000) / log2(DEAREST_USD / CHEAPEST_USD)
    worth = min(max(worth, 0.0), 1.0)
    below = BETA * accuracy + worth
    return (1.0 + BETA) * accuracy * worth / below if below else 0.0
