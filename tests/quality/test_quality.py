"""Answers: the curve, what it implies for pairs of models, lengths, and what a router can guess."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import simulate
from simulator.quality.answers import AnsweringModel, TaskDifficulty, answer_table
from simulator.quality.outcomes import InvalidOutcomesError, OutcomeTable, read_outcomes
from simulator.quality.response_curve import (
    NODES,
    WEIGHTS,
    ability_for,
    mean_success,
    success_probability,
)
from simulator.quality.router_estimates import noisy_difficulty, router_score
from simulator.streams import RandomStreams, keyed_normal, keyed_uniform, keyed_uniform_scalar
from simulator.workload.generate import generate_workload
from world_cases import FRONTIER, SMALL, scenario, with_stream


@given(
    success=st.floats(0.001, 0.999),
    sd=st.floats(0.2, 3.0),
    sharpness=st.floats(0.5, 3.0),
)
def test_ability_gives_back_the_success_it_was_solved_for(
    success: float, sd: float, sharpness: float
) -> None:
    """Mean success at the solved ability is the ratio asked for."""
    ability = ability_for(success, 0.0, sd, sharpness)
    assert mean_success(ability, 0.0, sd, sharpness) == pytest.approx(success, abs=1e-6)


def pair(weak: float, strong: float, sharpness: float) -> tuple[float, float]:
    """Correlation of two models' answers, and P(strong right | weak wrong), by quadrature."""
    chances = [
        success_probability(ability_for(success, 0.0, 1.0, sharpness), NODES, sharpness)
        for success in (weak, strong)
    ]
    both = float(WEIGHTS @ (chances[0] * chances[1]))
    spread = np.sqrt(weak * (1 - weak) * strong * (1 - strong))
    return (both - weak * strong) / spread, (strong - both) / (1 - weak)


@pytest.mark.parametrize(
    ("weak", "strong", "sharpness", "phi", "rescued"),
    [(0.688, 0.821, 2.5, 0.42, 0.58), (0.638, 0.857, 1.0, 0.12, 0.80)],
    ids=["MMLU", "GSM8K"],
)
def test_pairs_of_models_err_together_as_measured(
    weak: float, strong: float, sharpness: float, phi: float, rescued: float
) -> None:
    """Mixtral and GPT-4 (RouteLLM's data): the curve meets both sets within 0.02, each at its sharpness."""
    found = pair(weak, strong, sharpness)
    assert found == pytest.approx((phi, rescued), abs=0.02)


def test_default_sharpness_lies_between_the_measured_sets() -> None:
    """The default stands between arithmetic's loose and knowledge's tight coupling."""
    assert 1.0 < scenario().settings.quality.discrimination < 2.5


def answers(wrong_length_ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """Right or not, and lengths, of one model's answers to many requests."""
    world = scenario(
        duration="1h",
        **with_stream(arrivals={"pattern": "steady", "rate": 10.0}, output_tokens=200, length_effects="all"),
    )
    workload = generate_workload(world, RandomStreams(3))
    model = AnsweringModel(name="m", success={"support_chat": 0.6}, wrong_length_ratio=wrong_length_ratio)
    table = answer_table(workload, [model], {"support_chat": TaskDifficulty()}, 1.7, seed=3)
    return table.correct[0], table.output_token_count[0]


def test_success_ratio_is_met_over_the_requests() -> None:
    """The share of right answers is the catalog's."""
    correct, _lengths = answers(1.0)
    error = np.sqrt(0.6 * 0.4 / len(correct))
    assert abs(correct.mean() - 0.6) < 4 * error


def test_wrong_answers_are_longer_and_the_mean_stays() -> None:
    """Lengths depend on correctness by the stated ratio; their mean is the task's."""
    correct, lengths = answers(3.0)
    assert lengths[~correct].mean() / lengths[correct].mean() == pytest.approx(3.0, rel=0.02)
    assert lengths.mean() == pytest.approx(200.0, rel=0.02)


def test_router_scores_have_the_stated_area() -> None:
    """The area under the ROC curve is the scenario's AUC."""
    needs = np.random.default_rng(1).random(40_000) < 0.3
    for auc in (0.5, 0.75, 0.9):
        score = router_score(needs, auc, 2, np.arange(len(needs)))
        ranks = score.argsort().argsort()
        positives, negatives = needs.sum(), (~needs).sum()
        area = (ranks[needs].sum() - positives * (positives - 1) / 2) / (positives * negatives)
        assert area == pytest.approx(auc, abs=0.01)


def test_looks_at_difficulty_scatter_as_stated() -> None:
    """Noise of the given standard deviation; none at 0."""
    truth, key = np.zeros(50_000), np.arange(50_000)
    assert noisy_difficulty(truth, 0.8, 1, key).std() == pytest.approx(0.8, rel=0.02)
    np.testing.assert_array_equal(noisy_difficulty(truth, 0.0, 1, key), truth)


@given(seed=st.integers(0, 2**62), key=st.integers(0, 2**62), other=st.integers(0, 1000))
def test_keyed_draws_are_the_same_one_by_one_and_in_columns(seed: int, key: int, other: int) -> None:
    """The scalar and the array function agree bit by bit."""
    column = keyed_uniform(seed, "x", np.array([key, key + 1]), other)
    assert column[0] == keyed_uniform_scalar(seed, "x", key, other)
    assert 0.0 < column[0] < 1.0


def test_keyed_draws_are_uniform_normal_and_independent() -> None:
    """Moments and correlations of a hundred thousand draws are those of the distributions."""
    number = np.arange(100_000)
    uniform = keyed_uniform(7, "u", number)
    normal = keyed_normal(7, "n", number)
    assert uniform.mean() == pytest.approx(0.5, abs=0.005)
    assert uniform.var() == pytest.approx(1 / 12, rel=0.02)
    assert normal.mean() == pytest.approx(0.0, abs=0.015)
    assert normal.var() == pytest.approx(1.0, rel=0.02)
    assert abs(np.corrcoef(normal[:-1], normal[1:])[0, 1]) < 0.015
    assert abs(np.corrcoef(uniform, normal)[0, 1]) < 0.015


ANSWERS = "query,model,correct,output_tokens\n"


def graded(tmp_path: Path, text: str, name: str = "graded.csv") -> OutcomeTable:
    """The answers of models `a` and `b` in a file of that text."""
    path = tmp_path / name
    path.write_bytes(text.encode())
    return read_outcomes(str(path), ("a", "b"))


@pytest.mark.parametrize(
    "text",
    [
        ANSWERS + "q,a,1,50\nq,b,0,80\n",
        "\ufeff query , model ,correct,output_tokens\r\nq , a,true,50.0\r\nq,b,FALSE,8e1\r\n",
        "query;model;correct;output_tokens\nq;a;1;50\nq;b;0.0;80\n",
        json.dumps(
            [
                {"query": "q", "model": "a", "correct": True, "output_tokens": 50},
                {"query": "q", "model": "b", "correct": 0, "output_tokens": 80.0},
            ]
        ),
    ],
)
def test_graded_answers_are_read_in_every_dialect(tmp_path: Path, text: str) -> None:
    """Byte-order marks, spaces, 50.0 and JSON say the same as plain CSV."""
    table = graded(tmp_path, text)
    assert table.correct.tolist() == [[True], [False]]
    assert table.output_token_count.tolist() == [[50], [80]]


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ("q,a,1,50\nq,b,0,99999999999\n", "row 3: output_tokens is '99999999999'"),
        ("q,a,1,²\nq,b,0,80\n", "row 2: output_tokens is '²'"),
        ("q,a,1,50\nq,b,0.5,80\n", "row 3: correct is '0.5'"),
        ("q,a,1,50\nq,a,0,80\nq,b,1,1\n", "row 3: 'a' has answered 'q' in a row above"),
        ("q,,1,50\n", "row 2: query and model must be given"),
        ("q,a,1\n", "row 2: output_tokens is ''"),
        ("q,a,1,50,9\n", "row 2: has more fields than the header"),
    ],
)
def test_wrong_graded_answers_name_their_row(tmp_path: Path, rows: str, what: str) -> None:
    """Impossible numbers, repeated answers and absent values are one line each."""
    with pytest.raises(InvalidOutcomesError) as raised:
        graded(tmp_path, ANSWERS + rows)
    (fault,) = raised.value.problems
    assert what in str(fault)


def test_columns_of_graded_answers_without_a_role_are_told(tmp_path: Path) -> None:
    """A remark beside the answers is not used, and the report's warnings say so."""
    table = graded(tmp_path, ANSWERS.replace("\n", ",remark\n") + "q,a,1,50,0.7\nq,b,0,80,0.1\n")
    assert table.unused_columns == ("remark",)
    path = tmp_path / "fleet.csv"
    models = [entry["model"] for entry in (SMALL, FRONTIER)]
    rows = "".join(f"q,{model},1,50,0.7\n" for model in models)
    path.write_text(ANSWERS.replace("\n", ",remark\n") + rows, encoding="utf-8")
    warnings = simulate(scenario(duration="10s", quality={"outcomes": str(path)})).report.plain["warnings"]
    assert "quality.outcomes: columns that are not used: 'remark'" in warnings
