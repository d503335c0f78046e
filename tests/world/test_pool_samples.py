"""Samples of two pools and of replicas that change, in a scripted world of two queues."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest

from router.steps import Await, Fail
from scripted_worlds import COUNT, PATIENT, World, only, start, world_of
from simulator.world.fleet.pools import Pool
from simulator.world.plan import Patience, TargetPlan


def split() -> World:
    """Both queues taken for pools of the first target: 4 s of work at one, 2 s at the other from 1 s on."""
    plans = world_of(only(-1)).plan.target_plans
    names = [name for name in TargetPlan.__slots__ if name not in {"queue_count", "decode_count"}]
    slow = TargetPlan(**{name: getattr(plans[0], name) for name in names}, queue_count=2, decode_count=1)
    return world_of(
        lambda index: only(index, start(index, follow=True))(index),
        load={"arrival_s": np.array([0.0, 1.0, nan, nan, nan, nan])},
        target_plans=(slow, plans[1]),
        warmup_s=2.5,
        duration_s=4.0,
        telemetry_step_s=0.75,
    )


def test_pools_are_sampled_and_used_in_the_window() -> None:
    """Of 1.5 s the first is busy all the time and the second half a second."""
    world = split()
    telemetry = world.telemetry
    pools = [Pool(name="slow/prefill", first=0, end=1), Pool(name="slow/decode", first=1, end=2)]
    assert telemetry.pools == pools
    np.testing.assert_array_equal(telemetry.t_s, 0.75 * np.arange(6))
    assert telemetry.pool_gauges["running"].tolist() == [[0, 0], [1, 0], [1, 1], [1, 1], [1, 0], [1, 0]]
    assert set(telemetry.pool_gauges) == {"waiting", "running", "kv_used"}
    found = telemetry.pool_utilizations()
    assert found == pytest.approx({"slow/prefill": 1.0, "slow/decode": 0.5 / 1.5})
    samples = telemetry.samples("presence", world.replicas)
    assert samples.pool_names == ("slow/prefill", "slow/decode")
    assert samples.pools is telemetry.pool_gauges
    assert samples.gauges is telemetry.gauges
    assert (samples.t_s is telemetry.t_s, samples.busy_s is telemetry.busy_s) == (True, True)


def test_most_running_is_per_ready_replica() -> None:
    """Half as many where two were ready, and as many as ran where none was."""
    world = split()
    assert world.telemetry.most_running(world.replicas).tolist() == [0.5, 1.0]
    world.replicas.levels["ready"][0].change(0.0, -2.0)
    assert world.telemetry.most_running(world.replicas).tolist() == [1.0, 1.0]


def test_replicas_are_sampled_by_state_where_any_changed() -> None:
    """By step and target; states that no target ever changed are left out."""
    world = split()
    world.replicas.levels["down"][1].change(1.5, 1.0)
    changed = world.telemetry.samples("presence", world.replicas).replicas
    assert set(changed) == {"down"}
    assert changed["down"].tolist() == [[0, 0], [0, 0], [0, 1], [0, 1], [0, 1], [0, 1]]


def test_timers_events_concern_no_attempt() -> None:
    """Their handle is -1."""
    steps = (start(0), lambda made: Await((made[0],), until_s=11.0), lambda _made: Fail("late"))
    world = world_of(only(1, *steps), patience=(PATIENT, Patience(timeout_s=9.0)))
    event = world._hosts[0].replies[-1][1]
    assert (event.handle, event.reason, event.first_token_seen) == (-1, "", False)
    assert np.isnan(event.retry_after_s)
    assert len(world.journal.attempt_kinds) == COUNT
