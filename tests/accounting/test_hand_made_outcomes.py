"""Paths, times, answers and objectives of a handful of attempts, worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from hand_made_attempts import CANCELLED, DONE, FAILED, NAN, attempts
from simulator.accounting.outcomes import (
    answers_given,
    best_possible,
    delivered_times,
    service_level,
    visible_times,
)
from simulator.accounting.paid import by_request
from simulator.accounting.paths import network_s, path_times, queue_s
from simulator.report.totals import distribution, ratio


def test_amounts_of_attempts_are_summed_by_request() -> None:
    """Requests that arrived stand in their order, without an attempt at 0; those of others are left out."""
    made = attempts(request=[4, 1, 4, 9, 1])
    amounts = np.array([1.0, 2.0, 4.0, 8.0, 16.0])

    def of(*arrived: int) -> list[float]:
        run = SimpleNamespace(attempts=made, outcomes=SimpleNamespace(request=np.array(arrived, np.int64)))
        return by_request(run, amounts).tolist()

    assert of(0, 1, 4) == [0.0, 18.0, 5.0]
    assert of(1, 9, 12) == [18.0, 8.0, 0.0]
    assert of() == []


def test_a_path_takes_one_attempt_of_those_under_way_at_once() -> None:
    """Request 0: a failure, then a race whose winner counts. Request 2: nobody wins, the last over counts.

    Queues: until admission, or until the end without one. Ways: there and back where the end was heard.
    """
    made = attempts(
        request=[0, 0, 0, 2, 2],
        ending=[FAILED, DONE, CANCELLED, FAILED, CANCELLED],
        submitted_s=[0.0, 5.0, 6.0, 1.0, 2.0],
        ready_s=[0.5, 5.5, 6.25, 1.5, 2.5],
        admitted_s=[1.5, 8.5, 20.0, NAN, NAN],
        finish_s=[4.0, 11.0, 11.5, 4.0, 6.5],
        return_s=[0.5, 0.75, 0.25, 0.5, 0.5],
        over_s=[4.5, 11.75, 11.75, 4.5, 7.0],
        won=[False, True, False, False, False],
    )
    assert queue_s(made).tolist() == [1.0, 3.0, 13.75, 2.5, 4.0]
    assert network_s(made).tolist() == [1.0, 1.5, 0.25, 1.0, 0.5]
    found = path_times(made, 4)
    assert found["queue_s"].tolist() == [4.0, 0.0, 4.0, 0.0]
    assert found["network_s"].tolist() == [2.5, 0.0, 0.5, 0.0]


def test_an_attempt_that_begins_as_another_ends_follows_it() -> None:
    """To a billionth of a second; a microsecond earlier the two are under way at once."""

    def waits(again_s: float) -> float:
        made = attempts(
            request=[0, 0],
            ending=[FAILED, DONE],
            submitted_s=[0.0, again_s],
            ready_s=[0.0, again_s],
            admitted_s=[1.0, again_s + 2.0],
            over_s=[5.0, 9.0],
            won=[False, True],
        )
        return float(path_times(made, 1)["queue_s"][0])

    assert waits(5.0) == waits(5.0 - 1e-10) == pytest.approx(3.0)
    assert waits(5.0 - 1e-6) == pytest.approx(2.0)


def test_a_request_waits_for_all_that_went_before_not_only_for_the_last() -> None:
    """The third begins after the second was over, but not the first: all three are under way at once."""
    made = attempts(
        request=[1, 1, 1],
        submitted_s=[0.0, 1.0, 3.0],
        ready_s=[0.0, 1.0, 3.0],
        admitted_s=[4.0, 2.5, 8.0],
        over_s=[9.0, 2.0, 10.0],
        won=[False, False, True],
    )
    assert path_times(made, 2)["queue_s"].tolist() == [0.0, 5.0]


def test_delivered_times_count_from_arrival_to_the_asker() -> None:
    """Tokens arrive 0.5 s after the target has them; TPOT is by gaps, of one token and of nobody nan."""
    made = attempts(
        request=[0, 1, 2],
        ending=[DONE, DONE, DONE],
        output=[5, 1, 3],
        first_s=[12.0, 22.0, 32.0],
        finish_s=[16.0, 22.0, 34.0],
        return_s=[0.5, 0.5, 0.5],
        submitted_s=[10.0, 20.0, 30.0],
        over_s=[16.5, 22.5, 34.5],
    )
    journal = SimpleNamespace(
        buffered=np.array([False, False, True, False]),
        final_s=np.array([NAN, NAN, 36.0, NAN]),
        arrival_s=np.array([10.0, 20.0, 30.0, 40.0]),
    )
    winner = np.array([0, 1, 2, -1])
    found = delivered_times(journal, made, np.arange(4), winner, journal.arrival_s)
    np.testing.assert_array_equal(found["ttft_s"], [2.5, 2.5, 6.0, NAN])
    np.testing.assert_array_equal(found["e2e_s"], [6.5, 2.5, 6.0, NAN])
    np.testing.assert_array_equal(found["tpot_s"], [1.0, NAN, NAN, NAN])
    np.testing.assert_array_equal(found["network_s"], [1.0, 1.0, 1.0, NAN])
    none = delivered_times(journal, attempts(request=[]), np.arange(4), winner, journal.arrival_s)
    assert set(none) == {"ttft_s", "tpot_s", "e2e_s", "queue_s", "network_s"}
    assert all(len(column) == 4 and np.isnan(column).all() for column in none.values())


def test_hidden_reasoning_delays_the_first_visible_token_at_the_answers_pace() -> None:
    """10 tokens at 0.1 s are a second more; a buffered, a one-token or no answer is not delayed."""
    times = {
        "ttft_s": np.full(5, 2.0),
        "tpot_s": np.array([0.1, 0.1, 0.1, NAN, 0.1]),
        "e2e_s": np.full(5, 9.0),
    }
    found = visible_times(
        times,
        np.array([0, 1, 2, 3, -1]),
        np.array([10, 0, 10, 10, 10], np.int32),
        np.array([False, False, True, False, False]),
    )
    assert found["ttft_s"].tolist() == [3.0, 2.0, 2.0, 2.0, 2.0]
    assert found["e2e_s"].tolist() == [9.0] * 5


def plan_of(**changes: object) -> SimpleNamespace:
    """Two models on three targets; four requests, of which the first two may go to target 0 only."""
    given = {
        "target_plans": [SimpleNamespace(model=model) for model in (0, 1, 1)],
        "answers": SimpleNamespace(
            correct=np.array([[True, False, False, True], [False, True, False, False]]),
            output_token_count=np.array([[10, 11, 12, 13], [20, 21, 22, 23]]),
        ),
        "reasoning_ratio": np.array([0.0, 0.5]),
        "candidate_sets": ((0,), (1, 2), ()),
        "set_code": np.array([0, 0, 1, 2]),
        "workload": range(4),
    }
    return SimpleNamespace(**{**given, **changes})


def test_answers_are_the_answering_models_and_reasoning_its_share_of_them() -> None:
    """Half of 21 tokens are 10 whole ones; without an answer nothing is right and nothing was thought."""
    correct, reasoning = answers_given(plan_of(), np.arange(4), np.array([0, 2, -1, 0], np.int32))
    assert correct.tolist() == [True, True, False, True]
    assert reasoning.tolist() == [0, 10, 0, 0]


def test_the_oracle_reaches_what_an_allowed_target_answers_right() -> None:
    """Not what only a forbidden one would, nor where none is allowed."""
    assert best_possible(plan_of()).tolist() == [True, False, False, False]
    assert best_possible(plan_of(set_code=np.array([1, 1, 1, 1]))).tolist() == [False, True, False, False]


def test_an_objective_is_missed_only_by_more_than_its_limit() -> None:
    """Exactly at the limit is met; no limit and no figure cannot be missed; who never ended misses all."""
    plan = SimpleNamespace(
        limits_s={
            "ttft_s": np.array([1.0, 1.0, NAN, 1.0, NAN, NAN]),
            "tpot_s": np.array([NAN, NAN, 0.1, 0.1, NAN, 0.1]),
            "e2e_s": np.array([NAN, NAN, NAN, NAN, 5.0, NAN]),
        }
    )
    times = {
        "ttft_s": np.array([1.0, 1.01, 9.0, 0.5, 1.0, 1.0]),
        "tpot_s": np.array([9.0, 0.1, 0.1, NAN, 0.1, 0.11]),
        "e2e_s": np.array([9.0, 1.0, 1.0, 1.0, 5.01, 1.0]),
    }
    everybody, nobody = np.ones(6, np.bool_), np.zeros(6, np.bool_)
    met = service_level(plan, np.arange(6), everybody, times)
    assert met.tolist() == [True, False, True, True, False, False]
    assert not service_level(plan, np.arange(6), nobody, times).any()


def test_a_distribution_leaves_out_what_is_not_known() -> None:
    """Of 0 to 100 the quantiles are their own numbers; between 1 and 2 they lie on the line."""
    found = distribution(np.array([NAN, *range(101)], np.float64))
    assert found == {"mean": 50.0, "p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "max": 100.0}
    two = distribution(np.array([1.0, 2.0]))
    assert two == pytest.approx({"mean": 1.5, "p50": 1.5, "p90": 1.9, "p95": 1.95, "p99": 1.99, "max": 2.0})
    none = distribution(np.array([NAN]))
    assert none == dict.fromkeys(("mean", "p50", "p90", "p95", "p99", "max"))
    assert (ratio(3, 4), ratio(3, 0), ratio(0, 4)) == (0.75, None, 0.0)
