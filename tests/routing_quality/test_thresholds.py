"""What a score is worth, against a recomputation threshold by threshold and published figures."""

from __future__ import annotations

import csv
import gzip
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from simulator.routing_quality.pair import pair_summary, score_measures
from simulator.routing_quality.resampling import percentile_interval
from simulator.routing_quality.thresholds import (
    RankedAnswers,
    best_order,
    exact_measures,
    routellm_curve,
    routellm_measures,
    threshold_curve,
)

MMLU = Path(__file__).resolve().parents[3] / "shared" / "data" / "routing" / "routellm_mmlu_scores.csv.gz"


def mixed(score, weak, strong, calls):
    """Quality with so many strong calls, greatest scores first, those of one score mixed at random."""
    gained, left = 0.0, calls
    for value in sorted(set(score.tolist()), reverse=True):
        group = score == value
        taken = min(left, int(group.sum()))
        gained += taken * float((strong[group] - weak[group]).mean())
        left -= taken
    return (weak.sum() + gained) / len(score)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("levels", [3, 7, 1000])
def test_measures_are_those_of_trying_every_number_of_calls(seed: int, levels: int) -> None:
    """Of scores with few and with many values, for two models of which the better is not always right."""
    rng = np.random.default_rng(seed)
    count = 60
    weak, strong = (rng.random(count) < chance for chance in (0.4, 0.8))
    score = rng.integers(0, levels, count) / levels
    low, high = weak.astype(float), strong.astype(float)
    qualities = [mixed(score, low, high, calls) for calls in range(count + 1)]
    gaps = [(quality - low.mean()) / (high.mean() - low.mean()) for quality in qualities]
    found = exact_measures(threshold_curve(score, weak, strong))
    area = sum((one + other) / 2 for one, other in pairwise(gaps)) / count
    assert found.apgr == pytest.approx(area)
    for told, wanted in ((found.cpt50, 0.5), (found.cpt80, 0.8)):
        first = next(calls for calls, gap in enumerate(gaps) if gap >= wanted - 1e-12)
        assert told == pytest.approx(first / count)


@pytest.mark.parametrize("seed", range(4))
def test_queries_that_count_twice_are_as_good_as_two(seed: int) -> None:
    """A curve of weighted queries is the curve of a table in which each stands so many times."""
    rng = np.random.default_rng(seed)
    weak, strong, score = rng.random(40) < 0.5, rng.random(40) < 0.7, rng.integers(0, 9, 40) / 9.0
    count = rng.integers(0, 3, 40)
    weighted = RankedAnswers(score, weak, strong).curve(count.astype(np.float64))
    repeated = threshold_curve(*(np.repeat(column, count) for column in (score, weak, strong)))
    places = np.linspace(0.0, 1.0, 50)
    heights = [np.interp(places, curve.share, curve.quality) for curve in (weighted, repeated)]
    assert heights[0] == pytest.approx(heights[1])
    assert weighted.queries == repeated.queries == count.sum()


def test_a_random_score_recovers_as_much_as_it_calls() -> None:
    """The gap recovered is the share of strong calls: APGR 1/2, CPT(50 %) a half."""
    rng = np.random.default_rng(7)
    weak, strong = rng.random(200_000) < 0.6, rng.random(200_000) < 0.8
    found = exact_measures(threshold_curve(rng.random(200_000), weak, strong))
    assert (found.apgr, found.cpt50, found.cpt80) == pytest.approx((0.5, 0.5, 0.8), abs=0.02)


def test_intervals_hold_what_other_samples_say() -> None:
    """Of 40 samples most 90 % intervals hold the population's APGR, and are as wide as samples vary."""
    rng = np.random.default_rng(3)

    def sample(count):
        hard = rng.random(count)
        weak, strong = rng.random(count) > hard, rng.random(count) > 0.5 * hard
        return hard + 0.5 * rng.standard_normal(count), weak, strong

    truth = exact_measures(threshold_curve(*sample(400_000))).apgr
    intervals = [score_measures(*sample(300), 0.9, sampled=True).intervals["apgr"] for _ in range(40)]
    assert 30 <= sum(one.low <= truth <= one.high for one in intervals) <= 40
    spread = np.std([exact_measures(threshold_curve(*sample(300))).apgr for _ in range(200)])
    widths = [one.high - one.low for one in intervals]
    assert np.median(widths) == pytest.approx(2 * 1.645 * spread, rel=0.3)


def test_queries_without_a_score_are_counted_and_left_out() -> None:
    """Their answers play no role."""
    weak, strong = np.array([False, False, True, True]), np.array([True, True, True, False])
    score = np.array([0.9, 0.1, np.nan, np.nan])
    found = score_measures(score, weak, strong, 0.95, sampled=False)
    assert (found.queries, found.without_score) == (2, 2)
    assert found.exact == exact_measures(threshold_curve(score[:2], weak[:2], strong[:2]))


@pytest.fixture(scope="module")
def mmlu():
    """RouteLLM's pairs on MMLU, decontaminated, with a score that never saw them."""
    if not MMLU.exists():
        pytest.skip("../shared/data/routing/routellm_mmlu_scores.csv.gz is not here")
    with gzip.open(MMLU, "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["contaminated"] == "0"]
    weak, strong = (
        np.array([row[name] == "1" for row in rows]) for name in ("weak_correct", "strong_correct")
    )
    return np.array([float(row["oof_score_tfidf_lr"]) for row in rows]), weak, strong


def test_mixtral_and_gpt4_on_mmlu(mmlu) -> None:
    """Published of RouteLLM's files: shares right, who is right alone, the best router's calls."""
    _score, weak, strong = mmlu
    found = pair_summary(("mixtral", "gpt-4"), weak, strong)
    assert found.queries == 14_037
    assert found.counts == {"both": 8816, "weak_only": 742, "strong_only": 2496, "neither": 1983}
    shares = (found.weak_success_ratio, found.strong_success_ratio, found.either_success_ratio)
    assert [f"{100 * share:.4f}" for share in shares] == ["68.0915", "80.5870", "85.8730"]
    assert (f"{100 * found.best.cpt50:.2f}", f"{100 * found.best.cpt80:.2f}") == ("6.25", "10.00")
    rise, flat, fall = 2496, 8816 + 1983, 742
    area = rise**2 / 2 + flat * rise + fall * rise - fall**2 / 2
    assert found.best.apgr == pytest.approx(area / (14_037 * (rise - fall)))


def test_a_text_score_on_mmlu_as_routellm_measures_it(mmlu) -> None:
    """CPT(50 %) 25.9, CPT(80 %) 59.7 and APGR 0.667 by RouteLLM's ten bins; the exact ones are near."""
    found = routellm_measures(*mmlu)
    assert [round(100 * found.cpt50, 1), round(100 * found.cpt80, 1)] == [25.9, 59.7]
    assert found.apgr == pytest.approx(0.667, abs=0.0005)
    exact = exact_measures(threshold_curve(*mmlu))
    assert exact.apgr == pytest.approx(found.apgr, abs=0.02)


def test_routellms_thresholds_take_who_stands_at_them() -> None:
    """Ten scores of three values: cuts at 1, 2 and 3 call 10, 7 and 4 strong, and above 3 none."""
    score = np.array([1.0] * 3 + [2.0] * 3 + [3.0] * 4)
    weak = np.zeros(10, np.bool_)
    strong = np.array([1, 0, 0, 1, 1, 0, 1, 1, 1, 1], np.bool_)
    curve = routellm_curve(score, weak, strong)
    assert {round(10 * share) for share in curve.share.tolist()} >= {0, 4, 7, 10}
    for share, quality in zip(curve.share.tolist(), curve.quality.tolist(), strict=True):
        called = round(10 * share)
        assert quality == pytest.approx(strong[10 - called :].sum() / 10.0)
    assert 0.5 < routellm_measures(score, weak, strong).apgr < 1.0


def test_an_interval_leaves_out_half_of_the_rest_on_either_side() -> None:
    """Of 0 to 100, the middle 90 % are 5 to 95; undefined values are left out, many make it undefined."""
    values = [float(number) for number in range(101)]
    found = percentile_interval([*values, None], 0.9)
    assert (found.low, found.high) == pytest.approx((5.0, 95.0))
    nothing = percentile_interval([1.0, None, None], 0.9)
    assert (nothing.low, nothing.high) == (None, None)


def test_ten_bins_make_the_best_router_look_worse() -> None:
    """RouteLLM's measure of a router that knows misses what happens between two of its thresholds."""
    rng = np.random.default_rng(1)
    weak, strong = rng.random(2_000) < 0.6, rng.random(2_000) < 0.8
    score = best_order(weak, strong) + 0.1 * rng.random(2_000)
    binned, exact = (
        routellm_measures(score, weak, strong),
        exact_measures(threshold_curve(score, weak, strong)),
    )
    assert binned.apgr < exact.apgr
