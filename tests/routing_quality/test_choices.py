"""Choices beside single models and their mixes, and scores in one number."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from simulator.routing_quality.arena import arena_score
from simulator.routing_quality.choices import against_mixes, best_single
from simulator.routing_quality.hulls import (
    cost_at_quality,
    hull,
    known_points,
    quality_at_cost,
    routerbench_improvement,
)
from simulator.routing_quality.hypervolume import covered_ratio, hypervolume


@pytest.mark.parametrize(
    ("accuracy", "usd", "published"),
    [(0.7518957671, 8.5434721952, 0.6586468316), (0.7632, 0.9442, 0.7282), (0.7554, 0.9976, 0.7208)],
)
def test_arena_scores_are_those_of_its_board(accuracy: float, usd: float, published: float) -> None:
    """Entries of which RouterArena published the costs unrounded: #181, #119 and #108."""
    digits = 1e-9 if usd > 8 else 1e-4
    assert arena_score(accuracy, usd) == pytest.approx(published, abs=digits)


@pytest.mark.parametrize(("accuracy", "usd", "published"), [(0.7814, 0.30, 0.7612), (0.7059, 0.10, 0.7061)])
def test_arena_scores_of_rounded_costs(accuracy: float, usd: float, published: float) -> None:
    """Of RouterArena#165 costs are known to a cent: the published score is among those they leave."""
    dearest, cheapest = arena_score(accuracy, usd + 0.005), arena_score(accuracy, usd - 0.005)
    assert dearest - 5e-5 <= published <= cheapest + 5e-5
    assert cheapest - dearest < 0.004


def test_what_costs_nothing_or_too_much_is_clipped() -> None:
    """Beyond RouterArena's range a cost counts as its end; without a right answer the score is 0."""
    assert arena_score(0.8, 0.0) == arena_score(0.8, 0.001) > arena_score(0.8, 0.01)
    assert arena_score(0.8, 500.0) == arena_score(0.0, 1.0) == 0.0


def test_a_mix_of_two_is_what_a_policy_must_beat() -> None:
    """Between (1, 0.5) and (5, 0.9) a mix of quality 0.7 costs 3; what costs 2 has 0.6 by mixing."""
    singles = [(1.0, 0.5), (5.0, 0.9), (6.0, 0.4)]
    found = against_mixes((2.0, 0.7), singles)
    assert found.usd_per_request_of_mix == pytest.approx(3.0)
    assert found.saving_ratio == pytest.approx(1.0 / 3.0)
    assert found.quality_of_mix == pytest.approx(0.6)
    assert found.quality_gain == pytest.approx(0.1)
    better = against_mixes((0.5, 0.95), singles)
    assert (better.usd_per_request_of_mix, better.quality_of_mix) == (None, None)
    assert best_single(singles) == (5.0, 0.9)
    assert best_single([(3.0, 0.9), *singles]) == (3.0, 0.9)


@pytest.mark.parametrize("seed", range(6))
def test_costs_and_qualities_of_a_hull_are_each_others_inverse(seed: int) -> None:
    """Along the rising part, the least cost of a quality has that quality."""
    rng = np.random.default_rng(seed)
    chain = hull([(float(c), float(q)) for c, q in rng.random((8, 2))])
    for quality in np.linspace(chain[0][1], chain[-1][1], 9):
        cost = cost_at_quality(chain, float(quality))
        assert quality_at_cost(chain, cost) == pytest.approx(quality)


def test_routerbenchs_area_counts_from_nothing() -> None:
    """Half the range is below the cheapest: (0.5 x 0 + trapezoid 0.5 x 0.7) / 1; a wider range is flat."""
    points = [(0.5, 0.6), (1.0, 0.8)]
    assert routerbench_improvement(points) == pytest.approx(0.35)
    assert routerbench_improvement(points, dearest=2.0) == pytest.approx((0.35 + 0.8) / 2.0)
    assert known_points([*points, (None, 0.3), (1.0, float("nan"))]) == points


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("objectives", [1, 2, 3, 4])
def test_a_hypervolume_is_what_boxes_cover(seed: int, objectives: int) -> None:
    """Recomputed by inclusion and exclusion over all sets of points."""
    rng = np.random.default_rng(seed)
    points = [tuple(row) for row in rng.random((5, objectives)) * 1.2]
    end = (1.0,) * objectives
    volume = 0.0
    for size in range(1, 6):
        for some in itertools.combinations(points, size):
            corner = np.max(some, axis=0)
            volume -= (-1) ** size * np.prod(np.clip(1.0 - corner, 0.0, None))
    assert hypervolume(points, end) == pytest.approx(volume)


def test_a_better_set_of_policies_covers_more() -> None:
    """What is worse in everything adds nothing, and one point alone covers nothing."""
    ends = [(0.0, 1.0), (1.0, 0.0)]
    assert covered_ratio([*ends, (0.2, 0.2)]) > covered_ratio([*ends, (0.4, 0.4)]) > covered_ratio(ends) > 0.0
    assert covered_ratio([*ends, (1.0, 1.0)]) == pytest.approx(covered_ratio(ends))
    assert covered_ratio([(0.3, 0.4)]) is None
