"""The formulas of answers and looks, beside plain arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator.quality.outcomes import outcome_table
from simulator.quality.response_curve import ability_for, mean_success, separation_for
from simulator.quality.router_estimates import NormalPrior, router_score
from simulator.streams import keyed_normal


@pytest.mark.parametrize(("sd", "noise_sd", "kept"), [(0.0, 0.0, 1.0), (2.0, 0.0, 1.0), (1.0, 2.0, 0.2)])
def test_a_look_keeps_the_share_that_is_difficulty(sd: float, noise_sd: float, kept: float) -> None:
    """What is seen is trusted as far as it varies by difficulty; where nothing varies, wholly."""
    prior = NormalPrior(mean=0.5, sd=sd)
    assert prior.kept_ratio(noise_sd) == pytest.approx(kept)
    assert prior.expected(np.array([3.5]), noise_sd)[0] == pytest.approx(0.5 + 3.0 * kept)


def test_router_scores_are_the_logistic_of_a_binormal_draw() -> None:
    """1 / (1 + e^(d'/2 - x)), x the request's normal draw, moved by d' where it needs the strong model."""
    key, needs = np.arange(200), np.arange(200) % 3 == 0
    apart = separation_for(0.8)
    noise = keyed_normal(11, "router score", key)
    expected = [
        1.0 / (1.0 + math.exp(apart / 2.0 - (draw + (apart if need else 0.0))))
        for draw, need in zip(noise.tolist(), needs.tolist(), strict=True)
    ]
    assert router_score(needs, 0.8, 11, key).tolist() == pytest.approx(expected)


def test_a_recorded_querys_difficulty_is_the_log_odds_of_its_wrong_answers() -> None:
    """With half an answer added to either side: ln((wrong + 0.5) / (right + 0.5)); an answer has a token."""
    table = outcome_table(("a", "b"), np.array([[1, 1, 0], [1, 0, 0]]), np.array([[0, 0, 0], [7, 7, 7]]))
    expected = [math.log((2 - right + 0.5) / (right + 0.5)) for right in (2, 1, 0)]
    assert table.difficulty.tolist() == pytest.approx(expected)
    assert table.output_token_count.tolist() == [[1, 1, 1], [7, 7, 7]]
    assert table.correct.tolist() == [[1, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize("success", [0.0, 1e-9, 0.2, 0.5, 0.97, 1.0 - 1e-9, 1.0])
def test_the_ability_for_a_success_has_it(success: float) -> None:
    """Mean success at the ability that was found is what was asked for, at most a millionth from the ends."""
    found = mean_success(ability_for(success, 0.3, 1.2, 1.5), 0.3, 1.2, 1.5)
    wanted = min(max(success, 1e-6), 1.0 - 1e-6)
    assert found == pytest.approx(wanted, rel=1e-4)
    assert 1.0 - found == pytest.approx(1.0 - wanted, rel=1e-4)


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 0.0), (0.7, 1.5), (-2.0, 0.4)])
def test_mean_success_is_the_mean_over_difficulties(mean: float, sd: float) -> None:
    """The quadrature gives what adding up a fine grid of difficulties gives."""
    at = np.linspace(-9.0, 9.0, 40_001)
    weight = np.exp(-(at**2) / 2.0)
    right = 1.0 / (1.0 + np.exp(-1.3 * (0.4 - (mean + sd * at))))
    assert mean_success(0.4, mean, sd, 1.3) == pytest.approx(float(weight @ right / weight.sum()), rel=1e-8)
