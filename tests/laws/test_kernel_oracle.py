"""Leaps and steps tell the same story: the kernel against the step-by-step oracle."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings

from oracle.loads import KNEE, LOADS, OVERLOAD, REPLICA, Load, load_case
from oracle.runs import EXACT, INSTANTS, assert_same, kernel_outcome, oracle_outcome
from oracle.strategies import THOROUGH, cases, cramped_cases, repeating_cases

if TYPE_CHECKING:
    from oracle.cases import Case

CRAMPED = replace(REPLICA, kv_room_tokens=5200, token_budget=64, max_sequences=24)


@pytest.mark.slow
@THOROUGH
@given(cases())
def test_leaps_end_where_single_steps_end(case: Case) -> None:
    """Any queues under any traffic, cancels and outages: same endings, instants and bills."""
    assert_same(kernel_outcome(case), oracle_outcome(case))


@pytest.mark.slow
@THOROUGH
@given(cases(tied=True))
def test_instants_that_tie_are_ordered_alike(case: Case) -> None:
    """With costs exact in binary, arrivals and commands meet boundaries: instants are identical."""
    seen, expected = kernel_outcome(case), oracle_outcome(case)
    for name in INSTANTS:
        np.testing.assert_array_equal(seen.attempts[name], expected.attempts[name], name)
    assert_same(seen, expected)


@pytest.mark.slow
@THOROUGH
@given(cramped_cases())
def test_preempted_sequences_agree_with_the_oracle(case: Case) -> None:
    """Where KV room is always short, victims, order of return and waste are the same."""
    assert_same(kernel_outcome(case), oracle_outcome(case))


@pytest.mark.slow
@settings(THOROUGH, max_examples=1500)
@given(repeating_cases())
def test_prefixes_are_found_and_evicted_as_by_the_oracle(case: Case) -> None:
    """Hits, holders, evictions and the room they leave: the same tokens are cached, the same computed."""
    assert_same(kernel_outcome(case), oracle_outcome(case))


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.name)
def test_every_load_agrees_with_the_oracle(load: Load) -> None:
    """A replica at idle, medium, knee and overload agrees with the oracle, and is as full as said."""
    case = load_case(load)
    seen = kernel_outcome(case)
    assert_same(seen, oracle_outcome(case))
    low, high = load.busy_ratio_range
    assert low <= seen.queues["busy_s"][0] / np.nanmax(seen.attempts["finish_s"]) <= high


@pytest.mark.parametrize("load", [KNEE, OVERLOAD], ids=lambda load: load.name)
def test_preemption_agrees_with_the_oracle(load: Load) -> None:
    """With little KV room and a small token budget, preemptions and their waste are the same."""
    case = load_case(load, replica=CRAMPED)
    seen = kernel_outcome(case)
    assert_same(seen, oracle_outcome(case))
    assert seen.queues["preemption_count"][0] > 10
    assert seen.attempts["wasted_s"].sum() > 0.0


def test_a_bounded_line_refuses_the_same_attempts() -> None:
    """With a queue limit, overload is turned away at the same instants for the same reason."""
    case = load_case(OVERLOAD, replica=replace(REPLICA, queue_limit=3, max_sequences=8))
    seen = kernel_outcome(case)
    assert_same(seen, oracle_outcome(case))
    assert (seen.attempts["reason"] > 0).any()
    assert set(EXACT) <= set(seen.attempts)
