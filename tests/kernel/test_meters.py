"""Live readings: busy seconds, counts, leaps; and the warm-up that compiles them all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracle.doors import REPLICA, SERVER, events_until, kernel_with
from simulator.kernel import ServersSpec
from simulator.kernel.machine_code.warm import warm_kernel


def test_busy_seconds_include_the_work_under_way() -> None:
    """Read in the middle of a stretch, a replica has been busy since the stretch began."""
    kernel = kernel_with(REPLICA)
    kernel.submit(0, 0, 4, 20, 0.0, 1.0)
    events_until(kernel, 2.1)
    assert kernel.busy_s(2.1).tolist() == pytest.approx([1.1])
    events_until(kernel)
    assert kernel.busy_s(100.0).tolist() == [5.0]


def test_busy_seconds_add_up_over_servers() -> None:
    """Two of three servers at work count twice."""
    kernel = kernel_with(ServersSpec(servers=3))
    for number in range(2):
        kernel.submit(0, number, 1, 1, 0.0, float(number), duration_s=10.0)
    events_until(kernel, 4.0)
    assert kernel.busy_s(4.0).tolist() == [7.0]


def test_counters_follow_an_attempt_on_its_way() -> None:
    """Outstanding from submission, waiting and running in the queue, nothing at the end."""
    kernel = kernel_with(SERVER)
    for number in range(2):
        kernel.submit(0, number, 1, 1, 0.0, 1.0, duration_s=2.0)
    seen = []
    for at_s in (0.5, 1.5, 3.5, 9.0):
        events_until(kernel, at_s)
        group = kernel.groups[0]
        seen.append(tuple(int(group[name]) for name in ("outstanding", "waiting", "running")))
    assert seen == [(2, 0, 0), (2, 1, 1), (1, 0, 1), (0, 0, 0)]


def test_kv_usage_follows_the_batch() -> None:
    """A replica's KV tokens are the prompts and tokens in it, those of the step under way included."""
    kernel = kernel_with(replace(REPLICA, kv_room_tokens=50))
    kernel.submit(0, 0, 10, 3, 0.0, 0.0)
    events_until(kernel, 0.1)
    assert (kernel.groups["kv_used"][0], kernel.groups["kv_usage_ratio"][0]) == (10, 0.2)
    events_until(kernel)
    assert (kernel.groups["kv_used"][0], kernel.groups["kv_usage_ratio"][0]) == (0, 0.0)


def test_a_long_answer_is_one_leap() -> None:
    """A lone sequence costs one event for its prompt and one for all its tokens."""
    kernel = kernel_with(replace(REPLICA, kv_room_tokens=10_000))
    kernel.submit(0, 0, 4, 5000, 0.0, 0.0)
    events_until(kernel)
    assert kernel.leap_count == 1
    assert kernel.queues["step_count"][0] == 5000


def test_warming_runs_every_door() -> None:
    """The warm-up runs through and says how long it took."""
    assert warm_kernel() >= 0.0


@pytest.mark.parametrize("at_s", [0.4, 1.1, 2.1, 3.05, 4.6])
def test_readings_add_up_to_the_busy_seconds(at_s: float) -> None:
    """At any instant, what attempts have paid so far is what their queue was busy; nothing changes by it."""
    ledgers = []
    for looks in (False, True):
        kernel = kernel_with(replace(REPLICA, max_sequences=3))
        for number in range(5):
            kernel.submit(0, number, 4 + number, 6 + number, 0.0, 0.3 * number)
        events_until(kernel, at_s)
        if looks:
            alive, ended = kernel.readings(at_s), kernel.ledger()
            paid_s = alive["busy_s"].sum() + ended["busy_s"].sum()
            assert paid_s == pytest.approx(kernel.busy_s(at_s).sum(), rel=1e-12)
            assert sorted([*alive["number"], *ended["number"]]) == list(range(5))
            assert (alive["energy_j"] >= 0.0).all()
        events_until(kernel)
        ledgers.append(kernel.ledger())
    for name in ledgers[0].dtype.names:
        np.testing.assert_array_equal(ledgers[0][name], ledgers[1][name], name)
