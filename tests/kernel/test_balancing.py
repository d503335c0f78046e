"""Which replica of a group takes an attempt."""

from __future__ import annotations

import numpy as np
import pytest

from oracle.doors import kernel_with, rows_after
from simulator.kernel import Kernel
from simulator.kernel.codes import LEAST_OUTSTANDING, NONE, RANDOM, ROUND_ROBIN, Ending, Reason

BALANCINGS = (LEAST_OUTSTANDING, ROUND_ROBIN, RANDOM)


def send(kernel: Kernel, count: int, duration_s: float = 1.0) -> None:
    """Attempts one after the other, a tenth of a second apart."""
    for number in range(count):
        at_s = 0.1 * number
        kernel.advance(at_s)
        kernel.submit(0, number, 1, 1, at_s, at_s, duration_s=duration_s)


def test_round_robin_takes_turns() -> None:
    """Replicas take attempts in order, round and round, however busy they are."""
    kernel = kernel_with(count=3, balancing=ROUND_ROBIN)
    send(kernel, 7)
    assert rows_after(kernel)["queue"].tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_least_outstanding_fills_the_emptiest() -> None:
    """A replica that is busy longer is passed over; ties go round from the last one taken."""
    kernel = kernel_with(count=3, balancing=LEAST_OUTSTANDING)
    for number, duration_s in enumerate((9.0, 0.5, 9.0, 9.0)):
        at_s = float(number)
        kernel.advance(at_s)
        kernel.submit(0, number, 1, 1, at_s, at_s, duration_s=duration_s)
    assert rows_after(kernel)["queue"].tolist() == [0, 1, 2, 1]


def test_least_outstanding_counts_those_on_their_way_to_a_named_queue() -> None:
    """An attempt addressed to one replica counts there from the moment it is sent."""
    kernel = kernel_with(count=2, balancing=LEAST_OUTSTANDING)
    kernel.submit(0, 0, 1, 1, 0.0, 5.0, duration_s=1.0, queue=0)
    kernel.submit(0, 1, 1, 1, 0.0, 1.0, duration_s=1.0)
    assert rows_after(kernel)["queue"].tolist() == [0, 1]


def test_random_balancing_is_even_and_repeatable() -> None:
    """Each replica takes its share, the same one in every run."""
    kernels = [kernel_with(count=4, balancing=RANDOM) for _ in range(2)]
    for kernel in kernels:
        send(kernel, 4000, duration_s=0.0)
    chosen, again = (rows_after(kernel)["queue"] for kernel in kernels)
    np.testing.assert_array_equal(chosen, again)
    shares = np.bincount(chosen) / 4000.0
    assert np.abs(shares - 0.25).max() < 4.0 * np.sqrt(0.25 * 0.75 / 4000.0)


@pytest.mark.parametrize("balancing", BALANCINGS)
def test_broken_replicas_are_passed_over(balancing: int) -> None:
    """While a replica is down the others take everything; restored, it works again."""
    kernel = kernel_with(count=3, balancing=balancing)
    kernel.fail(1, 0.0, Reason.OUTAGE)
    send(kernel, 30, duration_s=0.01)
    assert set(rows_after(kernel)["queue"]) == {0, 2}
    kernel.restore(1)
    for number in range(30):
        kernel.submit(0, number, 1, 1, 10.0, 10.0 + number, duration_s=0.01)
    assert set(rows_after(kernel)["queue"]) == {0, 1, 2}


@pytest.mark.parametrize("balancing", BALANCINGS)
def test_with_all_replicas_down_attempts_fail_as_an_outage(balancing: int) -> None:
    """A group without a working replica refuses, and the row names no queue."""
    kernel = kernel_with(count=2, balancing=balancing)
    kernel.fail(0, 0.0, Reason.OUTAGE)
    kernel.fail(1, 0.0, Reason.OUTAGE)
    kernel.submit(0, 0, 1, 1, 0.0, 1.0, duration_s=1.0)
    (row,) = rows_after(kernel)
    assert (row["ending"], row["reason"], row["queue"]) == (Ending.FAILED, Reason.OUTAGE, NONE)


def test_a_named_queue_is_kept_even_when_another_is_free() -> None:
    """Whoever names a queue stands there: people's own devices are not shared."""
    kernel = kernel_with(count=2)
    for number in range(2):
        kernel.submit(0, number, 1, 1, 0.0, 0.0, duration_s=1.0, queue=1)
    rows = rows_after(kernel)
    assert rows["queue"].tolist() == [1, 1]
    assert rows["finish_s"].tolist() == [1.0, 2.0]
