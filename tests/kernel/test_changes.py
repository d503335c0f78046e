"""A queue that changes while it works: slowed, drained, opened, and waited at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracle.doors import REPLICA, SERVER, events_until, kernel_with, rows_after
from simulator.kernel.codes import Ending, Reason


def finish_of(factor: float, at_s: float) -> tuple[float, float, float]:
    """Finish, busy seconds and joules of a lone attempt that is slowed at an instant."""
    kernel = kernel_with(replace(REPLICA, stall_w=10.0))
    kernel.submit(0, 0, 4, 5, 0.0, 0.0)
    events_until(kernel, at_s)
    kernel.slow(0, at_s, factor)
    (row,) = rows_after(kernel)
    return row["finish_s"], row["busy_s"], row["energy_j"]


def test_a_slowed_batch_takes_longer_from_its_next_boundary_on() -> None:
    """The step under way keeps its length; each one after it takes twice as long."""
    usual_s, busy_s, usual_j = finish_of(1.0, 0.1)
    assert usual_s == busy_s
    step_s = usual_s / 5
    slow_s, _busy_s, slow_j = finish_of(2.0, 1.5 * step_s)
    assert slow_s == pytest.approx(2 * step_s + 3 * 2 * step_s)
    assert slow_j - usual_j == pytest.approx(10.0 * (slow_s - usual_s))


def test_a_slowed_server_keeps_the_pace_of_what_it_began() -> None:
    """Only services that begin later take longer."""
    kernel = kernel_with(SERVER)
    for number in range(2):
        kernel.submit(0, number, 1, 1, 0.0, 0.0, duration_s=2.0)
    events_until(kernel, 1.0)
    kernel.slow(0, 1.0, 3.0)
    assert rows_after(kernel)["finish_s"].tolist() == [2.0, 8.0]


@pytest.mark.parametrize("queues", [REPLICA, SERVER], ids=["batching", "servers"])
def test_a_drained_queue_serves_those_it_has(queues: object) -> None:
    """Running and waiting attempts finish; who comes later is refused until it is open again."""
    lone = replace(queues, max_sequences=1) if queues is REPLICA else queues
    kernel = kernel_with(lone)
    for number, ready_s in enumerate((0.0, 0.0, 1.0, 50.0)):
        kernel.submit(0, number, 4, 4, 0.0, ready_s, duration_s=1.5)
    events_until(kernel, 0.5)
    kernel.drain(0)
    events_until(kernel, 40.0)
    kernel.open(0, 40.0)
    rows = rows_after(kernel)
    assert rows["reason"].tolist() == [0, 0, Reason.OUTAGE, 0]


def test_attempts_wait_at_a_queue_that_is_not_up_yet() -> None:
    """At a group's waiting room nothing is done until it opens; then all of it is."""
    kernel = kernel_with(REPLICA, count=2)
    for queue in (0, 1):
        kernel.fail(queue, 0.0, Reason.OUTAGE)
    kernel.let_wait(0, 1)
    for number in range(3):
        kernel.submit(0, number, 4, 4, 0.0, 1.0 + number)
    assert events_until(kernel, 10.0) == []
    assert kernel.groups["waiting"][0] == 3
    kernel.let_wait(0, -1)
    kernel.open(1, 10.0)
    rows = rows_after(kernel)
    assert (rows["ending"] == Ending.COMPLETED).all()
    assert (rows["admitted_s"] >= 10.0).all()
    assert set(rows["queue"].tolist()) == {1}
    assert kernel.groups["waiting"][0] == 0


def test_scaled_limits_come_back_to_what_they_were() -> None:
    """Shrunken buckets hold and refill less; scaled back they do as before."""
    from simulator.kernel import GroupSpec, Kernel, RateLimits

    limits = RateLimits(requests_per_s=2.0, burst_s=4.0)
    kernel = Kernel([GroupSpec(queues=SERVER, limits=limits)])
    kernel.scale_limits(0, 1.0, 0.25)
    row = kernel.groups[0]
    assert (row["request_rate"], row["request_size"], row["request_level"]) == (0.5, 2.0, 2.0)
    assert np.isinf(row["input_level"])
    kernel.scale_limits(0, 3.0, 4.0)
    row = kernel.groups[0]
    assert (row["request_rate"], row["request_size"], row["request_level"]) == (2.0, 8.0, 2.0)
