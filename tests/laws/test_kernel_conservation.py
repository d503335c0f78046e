"""Nothing is lost and nothing is made up: attempts, tokens, seconds and joules."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from oracle.account import Account, account_of
from oracle.cases import Case
from oracle.strategies import cramped_cases, fleet_cases, repeating_cases
from simulator.kernel import GroupSpec
from simulator.kernel.codes import BATCHING, Ending, Reason

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.slow
RELATIVE = 1e-9
THOROUGH = settings(
    max_examples=200,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
Fleet = tuple[tuple[GroupSpec, ...], Case]
fleets_under_traffic = fleet_cases() | (cramped_cases() | repeating_cases()).map(
    lambda case: (tuple(GroupSpec(queues=spec) for spec in case.queues), case)
)


def paid_by_queue(seen: Account, name: str) -> NDArray[np.float64]:
    """What the attempts of each queue were charged."""
    rows = seen.rows[seen.rows["queue"] >= 0]
    return np.bincount(rows["queue"], rows[name], len(seen.queues))


@THOROUGH
@given(fleets_under_traffic)
def test_every_attempt_ends_exactly_once(fleet: Fleet) -> None:
    """Each submitted attempt has one ledger row, with an ending and a reason that belong together."""
    groups, case = fleet
    rows = account_of(groups, case).rows
    np.testing.assert_array_equal(rows["number"], np.arange(len(case.arrivals)))
    np.testing.assert_array_equal(rows["request"], rows["number"])
    assert np.isin(rows["ending"], [Ending.COMPLETED, Ending.CANCELLED, Ending.FAILED]).all()
    np.testing.assert_array_equal(rows["ending"] == Ending.FAILED, rows["reason"] != Reason.NONE)


@THOROUGH
@given(fleets_under_traffic)
def test_a_drained_fleet_is_empty(fleet: Fleet) -> None:
    """When everything has ended, every counter of queues and groups is back at zero."""
    groups, case = fleet
    seen = account_of(groups, case)
    for name in ("waiting", "running", "outstanding", "kv_used"):
        assert not seen.queues[name].any(), name
        assert not seen.groups[name].any(), name
    for name in ("decoding", "context", "prefilling", "preparing", "cancelling", "heap_count"):
        assert not seen.queues[name].any(), name


@THOROUGH
@given(fleets_under_traffic)
def test_attempts_pay_for_every_busy_second_and_joule(fleet: Fleet) -> None:
    """What the attempts of a queue were charged is what the queue was busy and what it drew."""
    groups, case = fleet
    seen = account_of(groups, case)
    for name in ("busy_s", "energy_j"):
        np.testing.assert_allclose(
            paid_by_queue(seen, name), seen.queues[name], rtol=RELATIVE, atol=1e-12, err_msg=name
        )


@THOROUGH
@given(fleets_under_traffic)
def test_waste_is_part_of_what_was_paid(fleet: Fleet) -> None:
    """Only tokens computed again are waste, and waste never exceeds the bill."""
    groups, case = fleet
    rows = account_of(groups, case).rows
    for wasted, paid in (("wasted_s", "busy_s"), ("wasted_j", "energy_j")):
        assert (rows[wasted] >= 0.0).all()
        assert (rows[wasted] <= rows[paid] * (1.0 + RELATIVE)).all()
    np.testing.assert_array_equal(rows["wasted_s"] > 0.0, rows["recomputed"] > 0)


@THOROUGH
@given(fleets_under_traffic)
def test_answers_have_the_tokens_asked_for(fleet: Fleet) -> None:
    """A completed answer is exactly as long as asked, any other at most; refused ones are empty."""
    groups, case = fleet
    rows = account_of(groups, case).rows
    asked = np.array([arrival.output for arrival in case.arrivals])
    completed = rows["ending"] == Ending.COMPLETED
    assert (rows["output"] <= asked).all()
    np.testing.assert_array_equal(rows["output"][completed], asked[completed])
    refused = np.isnan(rows["admitted_s"])
    for name in ("output", "prefilled", "busy_s", "energy_j"):
        assert not rows[name][refused].any(), name


@THOROUGH
@given(fleets_under_traffic)
def test_prompts_are_computed_once_and_again_only_after_a_preemption(fleet: Fleet) -> None:
    """Computed and cached tokens make up a completed prompt, plus what preemptions made it compute again."""
    groups, case = fleet
    seen = account_of(groups, case)
    rows = seen.rows[seen.rows["ending"] == Ending.COMPLETED]
    fresh = rows["prefilled"] + rows["cached"] - rows["recomputed"]
    assert (fresh >= rows["prompt"]).all()
    untouched = rows["recomputed"] == 0
    np.testing.assert_array_equal(fresh[untouched], rows["prompt"][untouched])
    preemptions = seen.queues["preemption_count"].sum()
    assert (fresh - rows["prompt"]).sum() <= preemptions


@THOROUGH
@given(fleets_under_traffic)
def test_a_token_at_least_is_computed_of_every_prompt(fleet: Fleet) -> None:
    """Cached tokens are whole blocks of the prompt, never all of it, and none of what never ran."""
    groups, case = fleet
    rows = account_of(groups, case).rows
    assert (rows["cached"] >= 0).all()
    assert (rows["cached"] < rows["prompt"]).all()
    assert not rows["cached"][np.isnan(rows["admitted_s"])].any()


@THOROUGH
@given(fleets_under_traffic)
def test_causes_come_before_effects(fleet: Fleet) -> None:
    """Submitted, ready, admitted, first token, end: never in another order, never half of it."""
    groups, case = fleet
    rows = account_of(groups, case).rows
    reached = rows[rows["finish_s"] >= rows["ready_s"]]
    order = ("submitted_s", "ready_s", "admitted_s", "first_s", "finish_s")
    known = [np.nan_to_num(reached[name], nan=-np.inf) for name in order]
    for before, after in itertools.pairwise(known):
        assert (before <= np.where(np.isinf(after), np.inf, after)).all()
    completed = rows["ending"] == Ending.COMPLETED
    for name in order:
        assert not np.isnan(rows[name][completed]).any(), name


@THOROUGH
@given(fleets_under_traffic)
def test_a_queue_is_busy_no_longer_than_it_exists(fleet: Fleet) -> None:
    """A replica is never busier than the time that passed, c servers never more than c times it."""
    groups, case = fleet
    seen = account_of(groups, case)
    end_s = seen.rows["finish_s"].max()
    servers = np.where(seen.queues["kind"] == BATCHING, 1, seen.queues["capacity"])
    assert (seen.queues["busy_s"] <= servers * end_s * (1.0 + RELATIVE) + 1e-12).all()
