"""Answers and what can be guessed of them, each recomputed beside the product with plain arithmetic."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulator.quality.answers import (
    AnsweringModel,
    TaskDifficulty,
    abilities,
    answer_table,
    length_factors,
    output_tokens,
)
from simulator.quality.outcomes import InvalidOutcomesError, OutcomeTable, outcome_table, read_outcomes
from simulator.quality.response_curve import (
    NODES,
    WEIGHTS,
    ability_for,
    mean_success,
    separation_for,
    success_probability,
)
from simulator.quality.router_estimates import NormalPrior, RecordedPrior, noisy_difficulty
from simulator.streams import RandomStreams, keyed_normal, keyed_uniform
from simulator.workload.generate import generate_workload
from world_cases import CHAT, scenario

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.workload.columns import Workload

HEADER = "query,model,correct,output_tokens\n"


def logistic(x: float) -> float:
    """sigma(x)."""
    return 1.0 / (1.0 + math.exp(-x))


def two_tasks() -> Workload:
    """A minute of requests of two tasks."""
    other = {**CHAT, "name": "other", "task": "extraction"}
    return generate_workload(scenario(duration="1min", workload={"streams": [CHAT, other]}), RandomStreams(5))


def test_the_curve_is_the_logistic_of_ability_over_difficulty() -> None:
    """sigma(a (ability - difficulty)), difficulty by difficulty."""
    found = success_probability(0.7, np.array([-1.0, 0.7, 2.0]), 1.6)
    assert found.tolist() == pytest.approx([logistic(1.6 * 1.7), 0.5, logistic(-1.6 * 1.3)])


def test_the_quadrature_has_a_normals_moments() -> None:
    """Weights sum to 1; second, fourth and tenth moment are 1, 3 and 945; there are 61 nodes."""
    assert len(NODES) == 61
    assert float(WEIGHTS.sum()) == pytest.approx(1.0, abs=1e-14)
    for power, moment in ((1, 0.0), (2, 1.0), (4, 3.0), (10, 945.0)):
        assert float(WEIGHTS @ NODES**power) == pytest.approx(moment, abs=1e-9)


@pytest.mark.parametrize("mean", [-29.0, -4.0, 0.0, 3.0, 40.0])
def test_the_ability_for_half_is_the_mean_difficulty(mean: float) -> None:
    """By symmetry, wherever the task lies; a billionth of a logit is close enough."""
    assert ability_for(0.5, mean, 1.3, 1.7) == pytest.approx(mean, abs=3e-8)
    assert ability_for(0.9, mean, 0.0, 2.0) == pytest.approx(mean + math.log(9.0) / 2.0, abs=3e-8)


def test_abilities_reach_thirty_logits_and_no_further() -> None:
    """A curve too flat for its success ends at thirty logits from the mean."""
    assert ability_for(1.0, 2.0, 0.0, 0.1) == pytest.approx(32.0, abs=1e-6)
    assert ability_for(0.0, 2.0, 0.0, 0.1) == pytest.approx(-28.0, abs=1e-6)


@pytest.mark.parametrize(("auc", "apart"), [(0.5, 0.0), (0.76024993890652, 1.0), (0.92135039647486, 2.0)])
def test_a_separation_gives_its_area(auc: float, apart: float) -> None:
    """Phi(d' / sqrt(2)) is the area: 0.7602 at one standard deviation, 0.9214 at two."""
    assert separation_for(auc) == pytest.approx(apart, abs=1e-9)


def test_abilities_are_those_of_the_tasks_that_have_a_success() -> None:
    """Each task at its own difficulty and success; a task without a success has no ability."""
    tasks = {"x": TaskDifficulty(), "y": TaskDifficulty(mean=2.0, sd=0.5), "z": TaskDifficulty()}
    found = abilities(AnsweringModel(name="m", success={"x": 0.3, "y": 0.8}), tasks, 1.4)
    assert found == {"x": ability_for(0.3, 0.0, 1.0, 1.4), "y": ability_for(0.8, 2.0, 0.5, 1.4)}


def test_every_answer_is_right_where_its_draw_is_below_its_chance() -> None:
    """By seed, model and request: the model's ability at the request's task; without one never right."""
    workload = two_tasks()
    models = [
        AnsweringModel(name="a", success={"support_chat": 0.7, "extraction": 0.4}, verbosity=1.5),
        AnsweringModel(name="b", success={"extraction": 0.9}),
    ]
    tasks = {"support_chat": TaskDifficulty(mean=0.4), "extraction": TaskDifficulty(sd=0.6)}
    table = answer_table(workload, models, tasks, 1.7, seed=8)
    assert table.output_token_count.dtype == np.int32
    for row, model in enumerate(models):
        theta = {
            name: ability_for(share, tasks[name].mean, tasks[name].sd, 1.7)
            for name, share in model.success.items()
        }
        draw = keyed_uniform(8, f"answer/{model.name}", workload.key)
        right = [
            draw[i] < logistic(1.7 * (theta[task] - workload.difficulty[i])) if task in theta else False
            for i, task in enumerate(workload.task_names[code] for code in workload.task_code)
        ]
        assert table.correct[row].tolist() == right
        expected = output_tokens(workload, model, np.array(right), seed=8)
        assert table.output_token_count[row].tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("answerer", "factors"),
    [
        (AnsweringModel(name="m", success={"t": 0.6}), (1.0, 1.0)),
        (AnsweringModel(name="m", success={"t": 0.6}, verbosity=1.4), (1.4, 1.4)),
        (AnsweringModel(name="m", success={"t": 0.6}, wrong_length_ratio=2.0), (1 / 1.4, 2 / 1.4)),
        (AnsweringModel(name="m", success={"t": 0.6}, reasoning_ratio=0.75), (4.0, 4.0)),
        (AnsweringModel(name="m", success={}, wrong_length_ratio=2.0, verbosity=3.0), (1.5, 3.0)),
        (
            AnsweringModel(
                name="m", success={"t": 0.5}, verbosity=2.0, wrong_length_ratio=3.0, reasoning_ratio=0.5
            ),
            (2.0, 6.0),
        ),
    ],
)
def test_length_factors_are_plain_arithmetic(answerer: AnsweringModel, factors: tuple[float, float]) -> None:
    """Verbosity over the mean of both kinds of answers, over what is not hidden reasoning."""
    assert length_factors(answerer, "t") == pytest.approx(factors)


def test_answers_lie_between_one_token_and_their_limit_and_exact_ones_stand() -> None:
    """Drawn lengths are scaled, rounded and cut; an exact one is what it is, whatever the limit."""
    workload = two_tasks()
    count = len(workload)
    nominal = np.resize(np.array([1, 10, 101, 5_000]), count)
    exact = np.arange(count) >= count - 8
    short = replace(
        workload,
        output_token_count=nominal.astype(np.int32),
        output_exact=exact,
        max_output_token_count=np.full(count, 120, np.int32),
    )
    found = output_tokens(
        short, AnsweringModel(name="m", success={}, verbosity=0.26), np.ones(count, np.bool_), seed=1
    )
    scaled = {1: 1, 10: 3, 101: 26, 5_000: 120}
    assert found.tolist() == [
        int(n) if known else scaled[int(n)] for n, known in zip(nominal, exact, strict=True)
    ]
    assert found.dtype == np.int32
    none = replace(short, max_output_token_count=np.zeros(count, np.int32))
    least = output_tokens(none, AnsweringModel(name="m", success={}), exact, seed=1)
    assert set(least[~exact].tolist()) == {1}


def test_looks_are_the_truth_and_a_keyed_draw() -> None:
    """Difficulty plus noise times the request's normal draw of its own stream."""
    truth, key = np.linspace(-2.0, 2.0, 9), np.arange(9) * 7
    expected = truth + 0.8 * keyed_normal(4, "estimated difficulty", key)
    assert noisy_difficulty(truth, 0.8, 4, key).tolist() == expected.tolist()


@pytest.mark.parametrize(("sd", "noise", "reach"), [(0.4, 0.3, 6.0), (2.0, 1.0, 16.0 * math.sqrt(0.8))])
def test_a_streams_curve_is_the_mean_over_what_an_expectation_leaves_open(
    sd: float, noise: float, reach: float
) -> None:
    """Points a twentieth of a logit apart to eight standard deviations, six logits at least; each the mean
    success over N(m, v), v = noise^2 sd^2 / (noise^2 + sd^2).
    """
    curve = NormalPrior(mean=0.5, sd=sd).success_curve(0.9, 1.7, noise)
    assert curve.difficulties[0] == pytest.approx(0.5 - reach)
    assert curve.difficulties[-1] == pytest.approx(0.5 + reach)
    assert len(curve.difficulties) == 2 * math.ceil(reach / 0.05) + 1
    assert np.diff(curve.difficulties) == pytest.approx(np.full(len(curve.success) - 1, 0.05), abs=1e-3)
    left = noise * sd / math.hypot(noise, sd)
    for place in (0, 40, len(curve.success) // 2, -30):
        at = curve.difficulties[place]
        assert curve.success[place] == pytest.approx(mean_success(0.9, at, left, 1.7), rel=1e-9)


def test_recorded_queries_behind_a_look_are_weighed_by_bayes() -> None:
    """Share times the normal density of the distance, normalised; without noise a look is believed."""
    prior = RecordedPrior(difficulty=np.array([-1.0, 0.5, 2.0]), share=np.array([0.2, 0.5, 0.3]))
    seen = np.array([-3.0, 0.0, 1.4, 9.0])
    for row, look in enumerate(seen.tolist()):
        likely = [
            share * math.exp(-(((look - at) / 0.9) ** 2) / 2.0)
            for at, share in ((-1.0, 0.2), (0.5, 0.5), (2.0, 0.3))
        ]
        weights = [one / sum(likely) for one in likely]
        mean = -1.0 * weights[0] + 0.5 * weights[1] + 2.0 * weights[2]
        assert prior.weights(seen, 0.9)[row].tolist() == pytest.approx(weights)
        assert prior.expected(seen, 0.9)[row] == pytest.approx(mean)
    assert prior.expected(seen, 0.0).tolist() == seen.tolist()
    assert prior.expected(np.array([-90.0, 90.0]), 0.9).tolist() == pytest.approx([-1.0, 2.0])


@pytest.mark.parametrize(("noise", "step"), [(0.9, 0.05), (0.2, 0.02)])
def test_a_recorded_curve_runs_through_looks_from_end_to_end(noise: float, step: float) -> None:
    """Looks eight deviations beyond the queries, a tenth of one apart; each point what its look expects."""
    at, share, success = np.array([-1.0, 2.0]), np.array([0.25, 0.75]), np.array([0.9, 0.2])
    prior = RecordedPrior(difficulty=at, share=share)
    curve = prior.success_curve(success, noise)
    low, high = -1.0 - 8.0 * noise, 2.0 + 8.0 * noise
    looks = np.linspace(low, high, math.ceil((high - low) / step) + 1)
    weights = prior.weights(looks, noise)
    expected, place = np.unique(weights @ at, return_index=True)
    assert curve.difficulties == tuple(expected.tolist())
    assert curve.success == tuple((weights @ success)[place].tolist())
    exact = prior.success_curve(success, 0.0)
    assert (exact.difficulties, exact.success) == ((-1.0, 2.0), (0.9, 0.2))


def outcomes() -> OutcomeTable:
    """Two models, four queries."""
    return outcome_table(
        ("a", "b"),
        np.array([[1, 1, 0, 1], [0, 1, 0, 0]], np.bool_),
        np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.int32),
    )


def test_recorded_answers_are_those_of_the_query_asked() -> None:
    """By model in any order and query in any order; a model's success is its share over the queries."""
    table = outcomes()
    found = table.answers(["b", "a", "b"], np.array([3, 0, 1]), seed=1)
    assert found.correct.tolist() == [[0, 0, 1], [1, 1, 1], [0, 0, 1]]
    assert found.output_token_count.tolist() == [[8, 5, 6], [4, 1, 2], [8, 5, 6]]
    assert (table.success("a"), table.success("b")) == (0.75, 0.25)
    assert table.unused_columns == ()


def test_every_round_asks_all_queries_once() -> None:
    """In an order of its own by stream, round and seed; the last round is cut short."""
    found = outcomes().asked_queries(4_002, 6, "chat")
    rounds = found[:4_000].reshape(-1, 4)
    assert (np.sort(rounds, axis=1) == [0, 1, 2, 3]).all()
    assert len(set(map(tuple, rounds.tolist()))) == 24
    first = np.bincount(rounds[:, 0], minlength=4)
    assert (abs(first - 250) < 60).all()
    others = [outcomes().asked_queries(40, seed, name) for seed, name in ((7, "chat"), (6, "agents"))]
    assert all((other != found[:40]).any() for other in others)
    assert outcomes().asked_queries(0, 6, "chat").tolist() == []


def refused(path: Path, text: str | None, models: tuple[str, ...] = ("a", "b")) -> str:
    """What is said against a table of answers."""
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidOutcomesError) as raised:
        read_outcomes(str(path), models)
    return "; ".join(map(str, raised.value.problems))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "file: cannot be read: No such file or directory"),
        (HEADER + "q,a,1,5\nq,c,1,5\n", "model: no answers of 'b'; found: 'a', 'c'"),
        (HEADER + "q,c,1,5\n", "model: no answers of 'a', 'b'; found: 'c'"),
        (HEADER + "q,a,1,5\nr,b,1,5\n", "query: no query was answered by all models"),
        ("query,model\nq,a\n", "row 1: no layout of recorded answers has the columns 'query', 'model'; "),
    ],
)
def test_unusable_tables_of_answers_say_what_they_lack(tmp_path: Path, text: str | None, what: str) -> None:
    """A missing file, model, column, or a query that all models answered."""
    assert re.search(re.escape(what), refused(tmp_path / "t.csv", text))


@pytest.mark.parametrize("row", ["q,a,1,", "q,a,,5", ",a,1,5", "q,,1,5", "q,a,1,-1", "q,a,2,5", "q,a,1,0.5"])
def test_a_row_without_an_answer_is_a_fault_of_its_own(tmp_path: Path, row: str) -> None:
    """Among good rows, it alone is named."""
    path = tmp_path / "t.csv"
    path.write_text(HEADER + "p,a,1,5\n" + row + "\np,b,0,5\n", encoding="utf-8")
    with pytest.raises(InvalidOutcomesError) as raised:
        read_outcomes(str(path), ("a", "b"))
    assert [fault.path for fault in raised.value.problems] == ["row 3"]


def test_queries_that_not_all_answered_are_left_out_and_changed_files_read_anew(tmp_path: Path) -> None:
    """What is left are the common ones in file order; a file that grew is another table."""
    path = tmp_path / "t.csv"
    path.write_text(HEADER + "q,a,true,5\nr,a,0.0,7\nr,b,1.0,0\ns,b,1,5\n", encoding="utf-8")
    table = read_outcomes(str(path), ("b", "a"))
    assert (table.models, table.correct.tolist()) == (("b", "a"), [[True], [False]])
    assert table.output_token_count.tolist() == [[1], [7]]
    assert read_outcomes(str(path), ("b", "a")) is table
    path.write_text(path.read_text(encoding="utf-8") + "q,b,FALSE,2147483647\n", encoding="utf-8")
    more = read_outcomes(str(path), ("b", "a"))
    assert more.correct.tolist() == [[False, True], [True, False]]
    assert more.output_token_count.tolist() == [[2**31 - 1, 1], [5, 7]]
