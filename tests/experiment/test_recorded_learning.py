"""What routers have learnt where answers are recorded: shares of the table's own queries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulator.plan.router_knowledge import learned_statistics, prior_of, recorded_success
from simulator.quality.outcomes import outcome_table
from simulator.workload.demand import demand_of
from world_cases import FRONTIER, SMALL, scenario

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.scenario import Scenario

MODELS = ("llama-3.1-8b", "gpt-6.1-sol")
ANSWERS = (((1, 10), (1, 30)), ((0, 20), (1, 50)), ((0, 60), (1, 10)), ((0, 30), (0, 30)))
"""By query, of either model whether it is right, and its tokens."""
HARD = {right: math.log((2 - right + 0.5) / (right + 0.5)) for right in (0, 1, 2)}


@pytest.fixture
def recorded(tmp_path: Path) -> Scenario:
    """A fleet of both models, whose answers to four queries are recorded."""
    path = tmp_path / "answers.csv"
    rows = [
        f"{query},{model},{right},{tokens}"
        for query, answers in enumerate(ANSWERS)
        for model, (right, tokens) in zip(MODELS, answers, strict=True)
    ]
    path.write_text("\n".join(["query,model,correct,output_tokens", *rows]) + "\n", encoding="utf-8")
    return scenario(fleet=[SMALL, FRONTIER], quality={"outcomes": str(path), "difficulty_noise": 0.0})


def test_usual_answers_are_the_tables_mean(recorded: Scenario) -> None:
    """30 tokens of either model, by stream and by task."""
    for name in MODELS:
        found = learned_statistics(recorded, name, None)
        assert found.stream_output_tokens == {"chat": 30.0}
        assert found.task_output_tokens == {"support_chat": 30.0}


def test_difficulties_are_as_common_as_their_queries(recorded: Scenario) -> None:
    """One query that both answer, two that one does, one that nobody does."""
    prior = prior_of(recorded, demand_of(recorded, recorded.streams[0]))
    assert prior.difficulty.tolist() == pytest.approx([HARD[2], HARD[1], HARD[0]])
    assert prior.share.tolist() == [0.25, 0.5, 0.25]


@pytest.mark.parametrize(("name", "shares"), [(MODELS[0], [1.0, 0.0, 0.0]), (MODELS[1], [1.0, 1.0, 0.0])])
def test_curves_run_through_the_shares_of_right_answers(
    recorded: Scenario, name: str, shares: list[float]
) -> None:
    """At each difficulty that queries have, the share of them that the model answers right."""
    found = learned_statistics(recorded, name, None).success_curves["chat"]
    assert [found.at(HARD[right]) for right in (2, 1, 0)] == pytest.approx(shares)


def test_shares_are_of_the_queries_of_one_difficulty() -> None:
    """Of two queries that one model of two answers, each answers its own: a half of them each."""
    table = outcome_table(("a", "b"), np.array([[1, 0, 0], [0, 1, 0]]), np.full((2, 3), 5))
    assert np.unique(table.difficulty).tolist() == pytest.approx([HARD[1], HARD[0]])
    assert recorded_success(table, "a").tolist() == recorded_success(table, "b").tolist() == [0.5, 0.0]
