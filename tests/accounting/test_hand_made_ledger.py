"""The ledger's rows as columns of attempts: who won, when an end was known, which tokens were counted."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from hand_made_attempts import CANCELLED, DONE, FAILED, NAN, UNFINISHED
from simulator.accounting.attempts import Attempts, attempt_columns
from simulator.accounting.outcomes import final_states
from simulator.world.journal import RequestState

COUNT = 6
WHOLE = ("number", "request", "group", "queue", "prefill_queue", "ending", "reason", "output", "prefilled")
COUNTED = ("recomputed", "prompt", "cached")
TIMES = ("submitted_s", "ready_s", "admitted_s", "first_s", "delivered_s", "finish_s", "return_s")
LAG = ("lag_s",)
METERS = ("busy_s", "energy_j", "wasted_s", "wasted_j")
ROW = np.dtype(
    [(name, np.int32) for name in (*WHOLE, *COUNTED)]
    + [(name, np.float64) for name in (*TIMES, *METERS, *LAG)]
)


def ledger() -> np.ndarray:
    """Six attempts for three requests at three targets; every column has values of its own."""
    rows = np.zeros(COUNT, ROW)
    for place, name in enumerate(ROW.names):
        rows[name] = np.arange(COUNT) + 10 * place
    rows["number"] = np.arange(COUNT)
    rows["request"] = [0, 0, 1, 2, 2, 1]
    rows["group"] = [0, 1, 2, 1, 1, 2]
    rows["ending"] = [FAILED, DONE, DONE, CANCELLED, UNFINISHED, DONE]
    rows["finish_s"] = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
    rows["return_s"] = 0.5
    rows["admitted_s"] = [1.0, 1.0, 1.0, 1.0, NAN, NAN]
    rows["lag_s"] = 0.0
    rows["prompt"] = [100, 999, 300, 999, 999, 300]
    rows["cached"] = [5, 0, 6, 0, 0, 7]
    return rows


def journal() -> SimpleNamespace:
    """Requests 0 and 1 follow attempts 1 and 2; the client of 1 had hung up; 3 and 5 were given up."""
    return SimpleNamespace(
        winner=np.array([1, 2, 4]),
        state=np.array([RequestState.PENDING, RequestState.TIMED_OUT, RequestState.PENDING], np.int8),
        attempt_kinds=[0, 1, 2, 3, 0, 1],
        given_up_s={3: 39.0, 5: 99.0},
        cached_token_count={1: 64, 4: 32},
    )


def plan(*, explicit: bool = True, repeats: bool = True) -> SimpleNamespace:
    """Target 1 is an API that counts tokens, from 150 on explicitly cached; prompts have 150 to 250."""
    rule = SimpleNamespace(explicit=explicit, minimum_tokens=150)
    metered = [SimpleNamespace(metering=found) for found in (None, rule, None)]
    return SimpleNamespace(
        target_plans=metered,
        workload=SimpleNamespace(input_token_count=np.array([150, 200, 250])),
        repeats_prefix=np.array([True, True, repeats]),
    )


@pytest.fixture
def columns() -> Attempts:
    """The ledger as columns."""
    return attempt_columns(ledger(), journal(), plan())


def test_columns_are_the_ledgers(columns: Attempts) -> None:
    """Each under its name; targets are the kernel's groups, kinds the journal's."""
    rows = ledger()
    for name in (*WHOLE[1:2], *WHOLE[3:], "recomputed", *TIMES, *METERS):
        np.testing.assert_array_equal(getattr(columns, name), rows[name])
    assert columns.target.tolist() == [0, 1, 2, 1, 1, 2]
    assert columns.kind.tolist() == [0, 1, 2, 3, 0, 1]
    assert len(columns) == COUNT
    assert columns.completed.tolist() == [False, True, True, False, False, True]


def test_an_attempt_wins_when_its_answer_reaches_somebody(columns: Attempts) -> None:
    """Request 0 got attempt 1's; 1 had hung up before attempt 2's came; 2 follows one that is not over."""
    assert columns.won.tolist() == [False, True, False, False, False, False]
    assert columns.wasted.tolist() == [True, False, True, True, True, True]
    answered = SimpleNamespace(**{**vars(journal()), "state": np.full(3, RequestState.COMPLETED, np.int8)})
    found = attempt_columns(ledger(), answered, plan())
    assert found.won.tolist() == [False, True, True, False, False, False]


def test_an_end_is_known_when_it_has_come_back_or_was_given_up(columns: Attempts) -> None:
    """Half a second after answers and errors, at once else; 3 was given up at 39 s, 5 after its end."""
    assert columns.over_s.tolist() == [10.5, 20.5, 30.5, 39.0, 50.0, 60.5]


def test_answers_leave_the_target_after_its_engine() -> None:
    """Half a second behind it: an answer's tokens, also to who waits for its end; errors and work do not.

    What ended otherwise has a first token only if that had left: 0 had half a second for it, 3 less.
    """
    rows = ledger()
    rows["lag_s"] = 0.5
    rows["first_s"] = [9.5, 12.0, 29.75, 39.75, NAN, NAN]
    found = attempt_columns(rows, journal(), plan())
    np.testing.assert_array_equal(found.first_s, [10.0, 12.5, 30.25, NAN, NAN, NAN])
    assert found.left_s.tolist() == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
    assert found.finish_s.tolist() == [10.0, 20.5, 30.5, 40.0, 50.0, 60.5]
    assert found.over_s.tolist() == [10.5, 21.0, 31.0, 39.0, 50.0, 61.0]


def test_an_api_counts_the_requests_own_prompt_and_its_caches_tokens(columns: Attempts) -> None:
    """Its ledger rows hold counted tokens only; replicas' hold prompts; what never began found nothing."""
    assert columns.prompt.tolist() == [100, 150, 300, 250, 250, 300]
    assert columns.cached.tolist() == [5, 64, 6, 0, 0, 0]


def test_an_explicit_cache_is_written_with_what_it_did_not_hold(columns: Attempts) -> None:
    """From the least prompt on, by clients that repeat themselves, once work began; nothing else is."""
    assert columns.cache_written.tolist() == [0, 86, 0, 250, 0, 0]
    once = attempt_columns(ledger(), journal(), plan(repeats=False))
    assert once.cache_written.tolist() == [0, 86, 0, 0, 0, 0]
    implicit = attempt_columns(ledger(), journal(), plan(explicit=False))
    assert not implicit.cache_written.any()
    short = plan()
    short.workload.input_token_count[0] = 149
    assert attempt_columns(ledger(), journal(), short).cache_written.tolist() == [0, 0, 0, 250, 0, 0]


def test_a_pending_request_ends_as_the_attempt_it_follows() -> None:
    """Completed with it, unfinished without its end or without an attempt; states that are settled stay."""
    made = journal()
    made.state = np.array(
        [RequestState.PENDING, RequestState.TIMED_OUT, RequestState.PENDING, RequestState.PENDING], np.int8
    )
    made.winner = np.array([1, 2, 4, -1])
    found = final_states(made, attempt_columns(ledger(), journal(), plan()))
    assert found.tolist() == [
        RequestState.COMPLETED,
        RequestState.TIMED_OUT,
        RequestState.UNFINISHED,
        RequestState.UNFINISHED,
    ]
    assert made.state[0] == RequestState.PENDING
