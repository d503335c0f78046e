"""Queries of a table are a sample: intervals hold what another sample would have said."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from scipy import stats

from simulator import compare
from simulator.experiment.query_sampling import QuerySums, query_residuals
from simulator.statistics import NOTHING_SHARED, SharedVariance, paired_interval, student_interval
from world_cases import scenario as scenario_with

T95 = {1: 12.706205}
QUERIES = 60


def asked(tmp_path, rng, duration):
    """A scenario whose two models answer sixty queries as a table has it, and the table by model."""
    right = {"llama-3.1-8b": rng.random(QUERIES) < 0.5, "gpt-6.1-sol": rng.random(QUERIES) < 0.8}
    path = tmp_path / "answers.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["query", "model", "correct", "output_tokens"])
        for model, column in right.items():
            writer.writerows([f"q{number}", model, int(ok), 40] for number, ok in enumerate(column))
    return scenario_with(duration=duration, quality={"outcomes": str(path)}), right


def test_a_spread_over_queries_is_that_of_a_ratio_over_clusters() -> None:
    """By Cochran's formula, recomputed query by query; replications are pooled."""
    rng = np.random.default_rng(2)
    below = [rng.integers(0, 4, 9).astype(float) for _ in range(3)]
    above = [rng.random(9) * part for part in below]
    pooled = [QuerySums(above=one, below=other) for one, other in zip(above, below, strict=True)]
    found = query_residuals([{"f": sums} for sums in pooled])
    y, n = sum(above), sum(below)
    ratio = y.sum() / n.sum()
    expected = sum((y[j] - ratio * n[j]) ** 2 for j in range(9)) * 9 / 8 / n.sum() ** 2
    assert found.variance("f").variance == pytest.approx(expected)
    assert found.variance("f").freedom == 8
    assert found.variance("another") == NOTHING_SHARED
    assert found.variance_beyond(found, "f").variance == 0.0
    assert found.variance_beyond(found, "f", 0.5).variance == pytest.approx(expected / 4.0)


def test_what_replications_share_does_not_shrink() -> None:
    """The half-width is t sqrt(s^2 / n + v), with Welch's degrees of freedom; of paired differences too."""
    values, common = [1.0, 3.0], SharedVariance(variance=0.25, freedom=8)
    plain, shared = student_interval(values, 0.95), student_interval(values, 0.95, common)
    assert plain.high - plain.value == pytest.approx(T95[1] * 1.0)
    freedom = (1.0 + 0.25) ** 2 / (1.0**2 / 1 + 0.25**2 / 8)
    assert shared.high - shared.value == pytest.approx(stats.t.ppf(0.975, freedom) * (1.0 + 0.25) ** 0.5)
    same = student_interval([2.0, 2.0], 0.95, common)
    assert same.high - same.value == pytest.approx(stats.t.ppf(0.975, 8) * 0.5)
    paired = paired_interval([0.0, 0.0], values, 0.95, common)
    assert (paired.low, paired.high) == pytest.approx((shared.low, shared.high))


@pytest.mark.parametrize("duration", ["10min", "40min"])
def test_sixty_queries_leave_the_accuracy_open(tmp_path, duration: str) -> None:
    """However many requests ask them, intervals stay as wide as sixty answers make them."""
    scenario, right = asked(tmp_path, np.random.default_rng(5), duration)
    found = compare(scenario, ["always_cheapest", "always_strongest"], replications=3)
    reports = {report.policy: report for report in found.reports}
    for policy, model in (("always_cheapest", "llama-3.1-8b"), ("always_strongest", "gpt-6.1-sol")):
        interval = reports[policy].intervals["quality.success_ratio"]
        share = right[model].mean()
        expected = stats.t.ppf(0.975, QUERIES - 1) * (share * (1 - share) / (QUERIES - 1)) ** 0.5
        assert (interval.high - interval.low) / 2.0 == pytest.approx(expected, rel=0.05)
    gaps = right["gpt-6.1-sol"].astype(float) - right["llama-3.1-8b"]
    told = next(
        entry
        for entry in found.differences
        if (entry.a, entry.b) == ("always_cheapest", "always_strongest")
        and entry.metric == "quality.success_ratio"
    )
    expected = stats.t.ppf(0.975, QUERIES - 1) * gaps.std(ddof=1) / QUERIES**0.5
    assert (told.high - told.low) / 2.0 == pytest.approx(expected, rel=0.05)
