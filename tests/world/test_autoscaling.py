"""Autoscaling: replicas follow the work, start cold, drain, and are billed for as long as they are there."""

from __future__ import annotations

import numpy as np
import pytest

from simulator import InvalidScenarioError, simulate
from simulator.kernel.codes import Ending
from world_cases import SMALL, scenario, with_stream

SCALING = {"min": 1, "max": 4, "target": 2, "interval": "10s", "cold_start": "30s", "scale_in_delay": "60s"}
BURST = with_stream(
    arrivals={"pattern": "bursty", "rate": 4.0, "process": "on_off", "burst_duration": "120s"},
    output_tokens=300,
)
ROUND = {"policy": "round_robin"}


def world(scaling: dict[str, object] | None = None, **changes: object) -> object:
    """A model that scales, under bursts with silence between."""
    fleet = [{**SMALL, "autoscaling": {**SCALING, **(scaling or {})}}]
    return scenario(**{"fleet": fleet, "router": ROUND, "duration": "40min", **BURST, **changes})


def test_billed_replica_seconds_are_the_integral_of_the_replicas() -> None:
    """Held seconds equal the sum over a fine timeline; dollars are those seconds at the rent."""
    result = simulate(world(telemetry={"step": "1s"}))
    columns = result.timeline
    inside = columns["t_s"] < 2400.0
    held = columns["replicas_held/small"][inside]
    capacity = result.settlement.run.capacity
    assert held.min() == 1
    assert held.max() > 2
    assert capacity.held_s[0] == pytest.approx(held.sum(), rel=1e-3)
    rate = result.settlement.run.terms[0].capacity_usd_per_s
    np.testing.assert_allclose(capacity.idle_usd, (capacity.held_s - capacity.busy_s) * rate)
    states = sum(columns[f"replicas_{state}/small"] for state in ("starting", "ready", "draining"))
    np.testing.assert_array_equal(states, columns["replicas_held/small"])


def test_nobody_is_lost_when_replicas_come_and_go() -> None:
    """Draining replicas finish their work: every request is answered."""
    report = simulate(world()).report
    assert report.figure("requests.arrived") == report.figure("requests.completed")


def test_a_replica_serves_only_after_its_cold_start() -> None:
    """Work of any replica but the first begins at least a cold start after the first look."""
    attempts = simulate(world({"cold_start": "100s"})).settlement.run.attempts
    assert attempts.admitted_s[attempts.queue > 0].min() >= 110.0


def test_what_arrives_at_zero_waits_for_the_cold_start() -> None:
    """After a silence nothing is held; the next request waits and is answered."""
    stream = with_stream(arrivals={"pattern": "steady", "rate": "1/h", "process": "deterministic"})
    sleepy = {"scale_to_zero": True, "scale_in_delay": "2min"}
    result = simulate(world(sleepy, duration="6h", telemetry={"step": "10s"}, **stream))
    attempts = result.settlement.run.attempts
    assert len(attempts) >= 5
    assert (attempts.ending == Ending.COMPLETED).all()
    waited_s = (attempts.admitted_s - attempts.ready_s)[1:]
    assert (waited_s >= 30.0).all()
    assert (waited_s <= 41.0).all()
    assert result.timeline["replicas_held/small"].min() == 0
    assert result.settlement.run.capacity.held_s[0] < 0.1 * 6 * 3600


def test_lost_spot_replicas_are_replaced() -> None:
    """From the notice on the autoscaler requests others, and ends with as many as it wants."""
    loss = {"kind": "spot_loss", "target": "small/0", "at": "10min", "duration": "20min"}
    result = simulate(world({"min": 2}, faults=[loss], telemetry={"step": "1s"}))
    ready = result.timeline["replicas_ready/small"]
    assert ready[800:1700].min() >= 2
    queues = result.settlement.run.attempts.queue
    at_s = result.settlement.run.attempts.ready_s
    assert (queues[(at_s > 600.0) & (at_s < 1919.0)] != 0).all()


def test_the_cold_start_follows_from_the_weights() -> None:
    """16 GB of weights from a volume and the engine's own start take 82 seconds; from a faster disk less."""
    plan = simulate(world({"cold_start": None}, duration="1min")).settlement.plan
    assert plan.scalings[0].cold_start_s == pytest.approx(82.0, abs=0.5)
    fast = simulate(world({"cold_start": None, "load_gb_per_s": 8}, duration="1min")).settlement.plan
    assert fast.scalings[0].cold_start_s == pytest.approx(64.0 + 16.06 / 8.0, abs=0.01)


def test_the_same_seed_scales_the_same_way() -> None:
    """Two runs have the same events and the same digest."""
    assert simulate(world()).report.digest == simulate(world()).report.digest


def test_autoscaling_that_means_nothing_is_refused() -> None:
    """Bounds that cross, two counts at once, and replicas that the router balances."""
    for changes, told in (
        ({"autoscaling": {**SCALING, "load_gb_per_s": 2}}, "give cold_start, or load_gb_per_s"),
        ({"autoscaling": {**SCALING, "min": 5}}, "max 4 lies below min 5"),
        ({"autoscaling": SCALING, "replicas": 2}, "give replicas, or autoscaling"),
        ({"autoscaling": SCALING, "balancing": "router"}, "balances itself"),
    ):
        with pytest.raises(InvalidScenarioError, match=told):
            scenario(fleet=[{**SMALL, **changes}])


@pytest.mark.parametrize(
    ("metric", "target"), [("outstanding", 2), ("waiting", 1), ("utilization", 0.6), ("kv_usage", 0.002)]
)
def test_every_metric_follows_the_work_and_loses_nobody(metric: str, target: float) -> None:
    """By any metric there are more replicas in bursts, one in silence, and everybody is answered."""
    engine = {"max_sequences": 4}
    fleet = [{**SMALL, "engine": engine, "autoscaling": {**SCALING, "metric": metric, "target": target}}]
    result = simulate(world(fleet=fleet, telemetry={"step": "10s"}))
    held = result.timeline["replicas_held/small"]
    assert held.min() == 1
    assert held.max() > 1
    counts = result.report.plain["requests"]
    assert counts["arrived"] == counts["completed"]


def test_utilization_asks_for_what_was_busy_over_the_target() -> None:
    """At each look the replicas wanted are those busy since the last one over the target, rounded up,
    or what was wanted a look before if that was more.
    """
    scaling = {"metric": "utilization", "target": 0.4, "interval": "60s"}
    fleet = [{**SMALL, "engine": {"max_sequences": 1}, "autoscaling": {**SCALING, **scaling}}]
    bursty = with_stream(arrivals={"pattern": "bursty", "rate": 0.4, "cv": 3}, output_tokens=300)
    result = simulate(world(fleet=fleet, telemetry={"step": "30s"}, **bursty))
    busy = np.diff(result.samples.busy_s[::2, 0]) / 60.0
    desired = np.clip(np.ceil(busy / 0.4), 1, 4)
    wanted = np.maximum(desired, np.append(desired[0], desired[:-1]))
    columns = result.timeline
    there = columns["replicas_ready/small"] + columns["replicas_starting/small"]
    np.testing.assert_array_equal(there[3::2], wanted[: len(there[3::2])])
    assert len(set(wanted)) > 2


def test_shares_above_one_are_refused() -> None:
    """A target of a share is at most 1; 80 % is written 0.8."""
    for metric in ("utilization", "kv_usage"):
        with pytest.raises(InvalidScenarioError, match="is a share"):
            scenario(fleet=[{**SMALL, "autoscaling": {"max": 2, "metric": metric, "target": 80}}])
