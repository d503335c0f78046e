"""The power limit: steps that would draw more draw the limit, and leaps over them are exact."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.doors import REPLICA, events_until, kernel_with, rows_after
from oracle.loads import KNEE, load_case
from oracle.loads import REPLICA as LOADED
from oracle.runs import assert_same, kernel_outcome, oracle_outcome
from simulator.kernel import StepCost

if TYPE_CHECKING:
    from simulator.kernel import BatchingSpec, Kernel

GROWING = replace(
    REPLICA,
    seconds=StepCost(base=1.0),
    joules=StepCost(base=80.0, context=1.0),
    power_limit_w=100.0,
    kv_room_tokens=10_000,
)
"""Steps of a second whose joules grow with the context: beyond 20 tokens they would pass the limit."""


def answered(spec: BatchingSpec, output: int, prompt: int = 1) -> Kernel:
    """A kernel after one request alone."""
    kernel = kernel_with(spec)
    kernel.submit(0, 0, prompt, output, 0.0, 0.0)
    events_until(kernel)
    return kernel


def test_a_prompt_beyond_the_limit_draws_the_limit() -> None:
    """A step takes its time whatever it would draw, and its joules are the limit's in that time."""
    spec = replace(GROWING, joules=StepCost(base=80.0, prompt=50.0))
    rows = rows_after(answered(spec, output=1, prompt=10))
    assert (rows["busy_s"].item(), rows["energy_j"].item()) == (1.0, 100.0)


def test_a_stretch_that_reaches_the_limit_is_cut_there() -> None:
    """Contexts 1 to 20 cost 80 J and one each, all later steps 100 J; two leaps do for a thousand steps."""
    kernel = answered(GROWING, output=1_001)
    rows = rows_after(kernel)
    below = sum(80.0 + context for context in range(1, 21))
    assert rows["energy_j"].item() == pytest.approx(80.0 + below + 100.0 * (1_000 - 20))
    assert kernel.queues["energy_j"][0] == pytest.approx(rows["energy_j"].item())
    assert kernel.leap_count == 2


def test_a_stretch_that_falls_below_the_limit_is_cut_there() -> None:
    """Where longer contexts take longer, the watts fall: 160 J in 1 s, then in 1.1 s and so on."""
    spec = replace(GROWING, seconds=StepCost(base=1.0, context=0.1), joules=StepCost(base=160.0))
    kernel = answered(spec, output=11)
    steps_s = [1.0 + 0.1 * context for context in range(1, 11)]
    expected = 100.0 + sum(min(160.0, 100.0 * seconds) for seconds in steps_s)
    assert rows_after(kernel)["energy_j"].item() == pytest.approx(expected)


def test_a_slowed_replica_keeps_the_limit_for_its_work_alone() -> None:
    """At half the pace a step has the limit's joules in its own time, and the idle draw in the rest."""
    kernel = kernel_with(replace(GROWING, joules=StepCost(base=500.0), stall_w=30.0))
    kernel.slow(0, 0.0, 2.0)
    kernel.submit(0, 0, 1, 3, 0.0, 0.0)
    rows = rows_after(kernel)
    assert (rows["busy_s"].item(), rows["energy_j"].item()) == pytest.approx((6.0, 3 * 130.0))


@pytest.mark.parametrize("limit_w", [200.0, 225.0, 250.0, 300.0])
@pytest.mark.parametrize("width", [1, 4])
def test_a_replica_at_its_limit_agrees_with_the_oracle(limit_w: float, width: int) -> None:
    """Under load, with steps on both sides of the limit, every attempt pays what it pays step by step."""
    replica = replace(LOADED, power_limit_w=limit_w, width=width, progress=1.0 if width == 1 else 2.3)
    case = load_case(KNEE, replica=replica)
    seen = kernel_outcome(case)
    assert_same(seen, oracle_outcome(case))
    busy_s, energy_j = seen.queues["busy_s"][0], seen.queues["energy_j"][0]
    assert energy_j <= limit_w * busy_s * (1.0 + 1e-12)
    np.testing.assert_allclose(seen.attempts["energy_j"].sum(), energy_j)
