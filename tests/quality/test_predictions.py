"""What a policy reads of a request is what answers follow, in the mean over requests that look alike."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import SuccessCurve
from router.views.request import RequestView
from simulator.plan.resolution import resolve
from world_cases import CHAT, FRONTIER, SMALL, scenario

if TYPE_CHECKING:
    from pathlib import Path

    from router.views.fleet import Target
    from simulator import Scenario
    from simulator.world.plan import RunPlan

STANDARD_ERRORS = 4.5
HARD = {**CHAT, "name": "hard", "task": "code_completion", "difficulty": {"mean": 1.2, "sd": 0.6}}
STREAMS = [
    {**stream, "arrivals": {"pattern": "steady", "rate": 8.0}}
    for stream in (CHAT, HARD, {**CHAT, "name": "mixed", "difficulty": {"mean": -0.5, "sd": 2.0}})
]
QWEN = {**SMALL, "name": "qwen", "model": "qwen3-32b", "hardware": {"accelerator": "h100"}}


def world(noise: float, **quality: object) -> Scenario:
    """Three streams of unlike difficulty before three models."""
    return scenario(
        duration="50min",
        workload={"streams": STREAMS},
        fleet=[SMALL, QWEN, FRONTIER],
        quality={"difficulty_noise": noise, **quality},
    )


def predictions(plan: RunPlan, target: Target, rows: np.ndarray) -> np.ndarray:
    """What a policy reads of these requests' success at a target."""
    views = [RequestView(plan.requests, int(row)) for row in rows]
    return np.array([target.predicted_success(view) for view in views])


def assert_reliable(plan: RunPlan, stream: int) -> None:
    """In each tenth of a stream's requests by prediction, as many answers are right as predicted."""
    rows = np.flatnonzero(plan.workload.stream_code == stream)
    for target in plan.targets:
        right = plan.answers.correct[plan.target_plans[target.index].model, rows]
        predicted = predictions(plan, target, rows)
        order = np.argsort(predicted, kind="stable")
        for bin_rows in np.array_split(order, 10):
            expected = predicted[bin_rows]
            error = np.sqrt((expected * (1.0 - expected)).sum() + 1.0)
            assert abs(right[bin_rows].sum() - expected.sum()) < STANDARD_ERRORS * error, target.name


@pytest.mark.parametrize("noise", [0.0, 0.8, 2.5])
def test_predicted_success_is_what_answers_follow(noise: float) -> None:
    """However noisy the look, of requests predicted right so often that share is right."""
    plan = resolve(world(noise)).plan
    for stream in range(len(STREAMS)):
        assert_reliable(plan, stream)


@pytest.mark.parametrize("noise", [0.0, 0.8, 2.5])
def test_expected_difficulty_is_the_mean_of_what_looks_alike(noise: float) -> None:
    """Requests of one expected difficulty are as difficult in the mean, however noisy the look."""
    plan = resolve(world(noise)).plan
    for stream in range(len(STREAMS)):
        rows = plan.workload.stream_code == stream
        expected, truth = plan.requests.estimated_difficulty[rows], plan.workload.difficulty[rows]
        for part in np.array_split(np.argsort(expected), 8):
            error = truth[part].std() / np.sqrt(len(part)) + 1e-9
            assert abs(truth[part].mean() - expected[part].mean()) < STANDARD_ERRORS * error


def recorded_table(path: Path) -> str:
    """Recorded answers of three models, whose errors are joint: half of the queries are easy for all."""
    rng = np.random.default_rng(4)
    shares = {"llama-3.1-8b": (0.9, 0.25), "qwen3-32b": (0.95, 0.5), "gpt-6.1-sol": (0.97, 0.8)}
    with path.open("w", encoding="ascii") as file:
        rows = csv.writer(file)
        rows.writerow(["query", "model", "correct", "output_tokens"])
        for query in range(600):
            for number, (name, share) in enumerate(shares.items()):
                rows.writerow([query, name, int(rng.random() < share[query % 2]), 50 + 100 * number])
    return str(path)


@pytest.mark.parametrize("noise", [0.0, 0.8])
def test_predictions_follow_recorded_answers_too(noise: float, tmp_path: Path) -> None:
    """With a table of answers the predictions are those of its queries, whatever the catalog says."""
    outcomes = recorded_table(tmp_path / "outcomes.csv")
    plan = resolve(world(noise, outcomes=outcomes)).plan
    assert_reliable(plan, 0)
    usual = [target.usual_answer_tokens("support_chat", "chat") for target in plan.targets]
    assert usual == [50.0, 150.0, 250.0]


@given(
    rises=st.lists(st.floats(0.01, 2.0), min_size=2, max_size=8),
    falls=st.lists(st.floats(0.0, 0.2), min_size=8, max_size=8),
    floor=st.floats(0.0, 1.0),
)
def test_a_curves_reach_is_the_last_difficulty_that_meets_the_floor(
    rises: list[float], falls: list[float], floor: float
) -> None:
    """At the reach the floor is met, beyond it no more."""
    success = np.maximum(1.0 - np.cumsum(falls[: len(rises)]), 0.0)
    curve = SuccessCurve(difficulties=tuple(np.cumsum(rises).tolist()), success=tuple(success.tolist()))
    reach = curve.reach(floor)
    if np.isfinite(reach):
        assert curve.at(reach) == pytest.approx(floor, abs=1e-9)
        assert curve.at(reach + 0.1) < floor + 1e-9
    else:
        assert (curve.at(1e9) >= floor) == (reach > 0)


def test_an_unknown_difficulty_has_no_prediction() -> None:
    """Without an estimate the curve answers nan, as the item response does."""
    assert np.isnan(SuccessCurve(difficulties=(0.0, 1.0), success=(0.9, 0.1)).at(float("nan")))
