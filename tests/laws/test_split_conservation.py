"""Nothing is lost between prefill and decode: attempts, tokens, seconds and joules."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings

from oracle.account import Account, assert_state_holds
from oracle.account import account as account_now
from oracle.runs import drive
from oracle.split import SplitCase, split_kernel, split_kernel_outcome
from oracle.strategies import Traffic, split_case_of, split_cases
from simulator.kernel import BatchingSpec, DecodePool, GroupSpec, StepCost
from simulator.kernel.codes import Ending, Reason

THOROUGH = settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def account_of(case: SplitCase) -> Account:
    """Drives a case through the kernel, looking at its state before every command."""
    kernel = split_kernel(case)
    drive(kernel, case, check=assert_state_holds)
    assert_state_holds(kernel)
    return account_now(kernel)


@THOROUGH
@given(split_cases())
def test_both_pools_together_are_paid_for(case: SplitCase) -> None:
    """What attempts were charged is what the replicas of both pools were busy and drew, together."""
    seen = account_of(case)
    for name in ("busy_s", "energy_j"):
        np.testing.assert_allclose(seen.rows[name].sum(), seen.queues[name].sum(), rtol=1e-9, atol=1e-12)


@THOROUGH
@given(split_cases())
def test_a_drained_split_is_empty(case: SplitCase) -> None:
    """When everything has ended, no replica holds a context, and none is on its way."""
    seen = account_of(case)
    assert len(seen.rows) == len(case.arrivals)
    for name in (
        "waiting",
        "running",
        "outstanding",
        "kv_used",
        "decoding",
        "prefilling",
        "cancelling",
        "preparing",
    ):
        assert not seen.queues[name].any(), name
    for name in ("moving_head", "preparing_head", "preparing_tail"):
        assert (seen.queues[name] == -1).all(), name


@THOROUGH
@given(split_cases())
def test_tokens_are_computed_once(case: SplitCase) -> None:
    """A completed prompt is computed or cached once, plus what preemptions made it compute again."""
    seen = account_of(case)
    rows = seen.rows[seen.rows["ending"] == Ending.COMPLETED]
    fresh = rows["prefilled"] + rows["cached"] - rows["recomputed"]
    assert (fresh >= rows["prompt"]).all()
    untouched = rows["recomputed"] == 0
    np.testing.assert_array_equal(fresh[untouched], rows["prompt"][untouched])


@THOROUGH
@given(split_cases())
def test_prompts_stay_in_one_pool_and_answers_in_the_other(case: SplitCase) -> None:
    """Longer answers end in the decode pool, after their first token and their context's way."""
    rows = account_of(case).rows
    done = rows[rows["ending"] == Ending.COMPLETED]
    handed = done["prefill_queue"] >= 0
    np.testing.assert_array_equal(handed, done["output"] > 1)
    np.testing.assert_array_equal(handed, done["queue"] >= case.group.count)
    assert (done["prefill_queue"] < case.group.count).all()
    assert (done["first_s"][handed] <= done["delivered_s"][handed]).all()
    assert (done["delivered_s"][handed] <= done["finish_s"][handed]).all()


def test_the_compared_cases_are_not_trivial() -> None:
    """A case of the same strategies holds all that can befall a context, so that laws speak of it."""
    cost = StepCost(base=0.01, context=1e-5, prompt=1e-4)
    spec = BatchingSpec(seconds=cost, max_sequences=5, token_budget=64, kv_room_tokens=110)
    pool = DecodePool(queues=spec, count=2, transfer_s=3.3e-3)
    traffic = Traffic(
        seed=4,
        count=200,
        rate_per_s=30.0,
        longest=38,
        priorities=2,
        cancels=60,
        outages=6,
        tied=False,
        repeats=True,
    )
    case = split_case_of(GroupSpec(queues=spec, count=2, decode=pool), traffic)
    seen = split_kernel_outcome(case)
    rows = {name: seen.attempts[name] for name in seen.attempts}
    on_the_way = ~np.isnan(rows["first_s"]) & np.isnan(rows["delivered_s"]) & (rows["prefill_queue"] >= 0)
    assert (on_the_way & (rows["ending"] == Ending.CANCELLED)).any()
    assert (on_the_way & (rows["reason"] == Reason.OUTAGE)).any()
    assert seen.queues["preemption_count"][2:].sum() > 0
    assert rows["cached"].sum() > 0
