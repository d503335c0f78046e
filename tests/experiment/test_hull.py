"""The hull of costs and successes is what no mix of two policies beats."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.routing_quality.hulls import average_improvement, hull


def height(points: list[tuple[float, float]], cost: float) -> float:
    """The best success that some policy, or a mix of two, reaches at most at this cost."""
    best = max(quality for price, quality in points if price <= cost)
    for low, first in points:
        for high, second in points:
            if low <= cost <= high and high > low:
                best = max(best, first + (second - first) * (cost - low) / (high - low))
    return best


@pytest.mark.parametrize("seed", range(12))
def test_the_hull_is_the_best_mix_at_every_cost(seed: int) -> None:
    """Between its corners the hull lies where the best mix of two of all points does; AIQ is its mean."""
    rng = np.random.default_rng(seed)
    points = [(float(cost), float(quality)) for cost, quality in rng.uniform(0.1, 1.0, (9, 2))]
    costs, heights = zip(*hull(points), strict=True)
    dearest = max(cost for cost, _quality in points)
    grid = np.linspace(costs[0], dearest, 4_001)
    best = np.array([height(points, cost) for cost in grid[::100]])
    assert np.interp(grid[::100], costs, heights) == pytest.approx(best, abs=1e-9)
    mean = np.trapezoid(np.interp(grid, costs, heights), grid) / (dearest - costs[0])
    assert average_improvement(points) == pytest.approx(float(mean), rel=1e-5)


def test_of_one_cost_the_best_success_is_on_the_hull() -> None:
    """Whichever stands first; what is dearer and no better is not on it, nor is what lies below a mix."""
    points = [(2.0, 0.9), (1.0, 0.5), (1.0, 0.7), (2.0, 0.8), (1.5, 0.75), (3.0, 0.9)]
    assert hull(points) == hull(points[::-1]) == [(1.0, 0.7), (2.0, 0.9)]
    assert average_improvement(points) == pytest.approx((0.8 + 0.9) / 2.0)


def test_points_of_one_cost_have_no_mean_height() -> None:
    """Without two costs there is nothing to average over."""
    assert average_improvement([]) is None
    assert average_improvement([(1.0, 0.5)]) is None
    assert average_improvement([(1.0, 0.5), (1.0, 0.7)]) is None
