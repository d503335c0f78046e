"""Users' devices and capacity in records, series and report: a few rows worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from hand_made_attempts import CANCELLED, DONE, NAN, attempts, terms
from simulator.accounting.attempts import Attempts
from simulator.kernel.spec import GroupSpec, ServersSpec
from simulator.records.capacity import edges_of, replicas_in, totals
from simulator.records.requests import (
    back_ends,
    client_left,
    deployments_of,
    heat_columns,
    named,
    replica_of,
    right_models,
)
from simulator.report.blocks.devices import cold_s, device_block, mean_slowdown, wh_per_device_day
from simulator.report.figures import plain
from simulator.series.levels import STATES, GaugeReader, fault_key, faults_active
from simulator.world.fleet.held_capacity import HeldCapacity
from simulator.world.fleet.levels import CountOverTime
from simulator.world.plan import Incident, Timings

if TYPE_CHECKING:
    from simulator.accounting.settlement import Settlement

DAY_S = 86_400.0
COLD = Timings(first_s=np.array([1.0, 2.0, 3.0]), gap_s=np.array([0.5, 0.25, 1.0]), redraw=False)


def tries() -> Attempts:
    """On phones (target 0), tablets without a battery (1) and a server (2); the third was given up."""
    return attempts(
        request=[0, 1, 2, 1, 0],
        target=[0, 0, 0, 1, 2],
        queue=[4, 6, -1, 7, 0],
        ending=[DONE, DONE, CANCELLED, DONE, DONE],
        output=[3, 5, 2, 1, 9],
        busy_s=[3.0, 6.0, 1.0, 5.0, 7.0],
        energy_j=[3_600.0, 7_200.0, 1_800.0, 900.0, 100.0],
    )


def settlement(*, counted: list[bool] | None = None) -> Settlement:
    """Four phones from queue 3 on, a tablet after them, and a server; a window of half a day."""
    own = [
        terms(deployment="phone", user_side=True, battery_wh=8.0, queue_count=4),
        terms(deployment="tablet", user_side=True),
        terms(deployment="server"),
    ]
    plans = [
        SimpleNamespace(timings=COLD, first_queue=3, queue_count=4, rank_count=1),
        SimpleNamespace(timings=None, first_queue=7, queue_count=1, rank_count=1),
        SimpleNamespace(timings=COLD, first_queue=0, queue_count=3, rank_count=3),
    ]
    targets = [SimpleNamespace(deployment=term.deployment) for term in own]
    return SimpleNamespace(
        plan=SimpleNamespace(target_plans=plans, targets=targets),
        run=SimpleNamespace(attempts=tries(), terms=own, window_s=DAY_S / 2.0),
        cohort=SimpleNamespace(attempts=np.array(counted or [True] * 5)),
        journal=SimpleNamespace(hung_up_on=[2, 4]),
    )


def test_a_cold_device_takes_its_first_token_and_the_gaps_after_it() -> None:
    """1 + 2 x 0.5 and 2 + 4 x 0.25 s; of one token there are no gaps."""
    assert cold_s(COLD, tries(), np.array([0, 1, 3])).tolist() == [2.0, 3.0, 2.0]


def test_heat_shows_in_the_time_and_charge_of_completed_attempts_on_devices() -> None:
    """3 s instead of 2, 6 instead of 3; 1 and 2 Wh of 8; a battery nobody knows has no share."""
    found = heat_columns(settlement())
    np.testing.assert_array_equal(found["slowdown_ratio"], [1.5, 2.0, NAN, NAN, NAN])
    np.testing.assert_array_equal(found["charge_ratio"], [0.125, 0.25, NAN, NAN, NAN])


def test_the_report_has_each_devices_day() -> None:
    """Phones 1 and 3 draw 1 and 2 Wh in half a day, 2 and 4 in a day; who never reached one draws nothing."""
    absences = SimpleNamespace(asked={0: 8}, missed={0: 2})
    assert wh_per_device_day(settlement(), 0).tolist() == [0.0, 2.0, 0.0, 4.0]
    found = plain(device_block(settlement(), absences, 0))
    assert (found["count"], found["offline_ratio"]) == (4, 0.25)
    assert found["wh_per_device_day"]["mean"] == 1.5
    assert found["charge_ratio_per_day"]["max"] == 0.5
    assert found["slowdown"] == 9.0 / 5.0
    tablet = plain(device_block(settlement(), absences, 1))
    assert (tablet["count"], tablet["charge_ratio_per_day"], tablet["slowdown"]) == (1, None, None)
    assert tablet["offline_ratio"] == 0.0


def test_the_reports_slowdown_is_of_what_it_counts() -> None:
    """Of the second attempt alone it is 2; of none that completed there is none."""
    only = [False, True, True, True, True]
    assert mean_slowdown(settlement(counted=only), 0) == 2.0
    assert mean_slowdown(settlement(counted=[False, False, True, True, True]), 0) is None


def test_replicas_are_counted_within_their_target() -> None:
    """Three attention ranks are one replica; devices are one each; no queue is no replica."""
    made = settlement()
    queue, target = np.array([4, 6, -1, 7, 2], np.int32), tries().target
    assert replica_of(queue, target, made.plan).tolist() == [1, 3, -1, 0, 0]


def test_names_stand_for_codes_and_nobody_for_none() -> None:
    """A negative code has an empty name."""
    assert named(("a", "b"), np.array([1, -1, 0])).tolist() == ["b", "", "a"]


def test_back_ends_are_told_from_terms_and_timings() -> None:
    """API, batching replicas, users' devices, servers."""
    plain = SimpleNamespace(timings=None)
    made = SimpleNamespace(
        run=SimpleNamespace(
            terms=[
                terms(rates=object()),
                terms(provisioned=object()),
                terms(user_side=True),
                terms(),
                terms(),
            ]
        ),
        plan=SimpleNamespace(target_plans=[plain, plain, plain, plain, SimpleNamespace(timings=COLD)]),
    )
    assert back_ends(made) == ["api", "api", "device", "hardware", "server"]


def test_clients_that_left_are_marked() -> None:
    """The attempts that the journal names, and no others."""
    assert client_left(settlement()).tolist() == [False, False, True, False, True]


def test_right_models_are_all_that_answer_right_in_the_fleets_order() -> None:
    """Every combination of three models over eight requests, in any order of rows."""
    correct = np.array([[bool(number >> model & 1) for number in range(8)] for model in range(3)])
    plan = SimpleNamespace(model_names=("a", "b", "c"), answers=SimpleNamespace(correct=correct))
    found = right_models(plan, np.array([7, 0, 1, 2, 3, 4, 5, 6]))
    assert found.tolist() == ["a,b,c", "", "a", "b", "a,b", "c", "a,c", "b,c"]
    fleet = SimpleNamespace(targets=[SimpleNamespace(deployment=name) for name in ("x", "x", "y")])
    assert deployments_of(fleet, (0, 1, 2)) == "x,y"
    assert deployments_of(fleet, (2,)) == "y"
    assert deployments_of(fleet, ()) == ""


def level(start: float, *changes: tuple[float, float]) -> CountOverTime:
    """A count that changes at instants."""
    made = CountOverTime(start)
    for at_s, by in changes:
        made.change(at_s, by)
    return made


def world() -> SimpleNamespace:
    """Two targets from 10 to 100 s: the first has two ranks a replica and loses one replica at 40 s."""
    names = ("wanted", "held", "down", "starting", "ready", "draining")
    levels = {name: [level(4.0, (5.0, -2.0), (40.0, 2.0), (100.0, 2.0)), level(1.0)] for name in names}
    levels["down"] = [level(0.0, (40.0, 2.0), (60.0, -2.0), (10.0, 0.0)), level(0.0)]
    plans = [
        SimpleNamespace(rank_count=2, first_queue=0, queue_count=4, decode_count=0),
        SimpleNamespace(rank_count=1, first_queue=4, queue_count=3, decode_count=2),
    ]
    return SimpleNamespace(
        plan=SimpleNamespace(warmup_s=10.0, duration_s=100.0, target_plans=plans),
        replicas=SimpleNamespace(levels=levels),
        telemetry=SimpleNamespace(
            busy_from_s=np.arange(7.0),
            busy_to_s=np.arange(7.0) + np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]),
            window_busy_s=lambda: np.array([15.0, 112.0]),
        ),
        absences=SimpleNamespace(asked={1: 5}, missed={1: 2}),
    )


def test_capacity_changes_at_instants_within_the_window_only() -> None:
    """Not at its ends, nor before or after; each instant once."""
    assert edges_of(world(), 0).tolist() == [10.0, 40.0, 60.0, 100.0]
    assert edges_of(world(), 1).tolist() == [10.0, 100.0]


def test_replicas_are_queues_over_ranks() -> None:
    """Two queues are one replica of two ranks, from the instant of a change on."""
    edges = [edges_of(world(), target) for target in range(2)]
    assert replicas_in(world(), "held", edges).tolist() == [1.0, 2.0, 2.0, 1.0]
    assert replicas_in(world(), "down", edges).tolist() == [0.0, 1.0, 0.0, 0.0]


def test_busy_time_is_the_windows_and_decoding_that_of_the_last_queues() -> None:
    """Of queues 4, 5 and 6 the last two decode, 32 and 64 s; who asked for a device stands by target."""
    found = totals(world())
    assert found["busy_s"].tolist() == [15.0, 112.0]
    assert found["decode_busy_s"].tolist() == [0.0, 96.0]
    assert found["asked_count"].tolist() == [0, 5]
    assert found["off_count"].tolist() == [0, 2]


def incident(kind: str, label: str, at_s: float, duration_s: float, notice_s: float = 0.0) -> Incident:
    """A fault."""
    return Incident(
        kind=kind, label=label, at_s=at_s, duration_s=duration_s, notice_s=notice_s, begins="", ends=""
    )


def test_faults_count_at_samples_that_they_reach() -> None:
    """From the first sample at or after their beginning, notice over, to the first at or after their end."""
    t_s = np.array([0.0, 10.0, 20.0, 30.0, 40.0])
    found = faults_active(
        [
            incident("outage", "a", 10.0, 10.0),
            incident("outage", "a", 11.0, 1.0),
            incident("spot_loss", "a", 5.0, 3.0, 12.0),
            incident("random_outage", "a/0", 0.0, 1.0),
            incident("random_outage", "a/1", 39.0, 99.0),
        ],
        t_s,
        6,
    )
    assert found.keys == [("outage", "a"), ("spot_loss", "a"), ("random_outage", "a")]
    np.testing.assert_array_equal(
        found.values, [[0, 1, 2, 0, 0, NAN], [0, 0, 1, 0, 0, NAN], [1, 1, 0, 0, 1, NAN]]
    )
    assert fault_key(incident("outage", "a/1", 0.0, 1.0)) == ("outage", "a/1")


def levels() -> dict[str, Any]:
    """Levels of a deployment of two targets of 2 and 1 machines, and of an API, over three samples."""
    place = {"tier": "cloud", "model": "m"}
    served = GroupSpec(queues=ServersSpec(servers=1), count=1)
    made = SimpleNamespace(
        run=SimpleNamespace(
            terms=[
                terms(deployment="own", queue_count=2, **place),
                terms(deployment="own", queue_count=1, **place),
                terms(deployment="api", rates=object(), **place),
            ]
        ),
        plan=SimpleNamespace(groups=[served] * 3, incidents=()),
    )
    held = [level(2.0), level(1.0), level(1.0)]
    samples = SimpleNamespace(
        t_s=np.array([0.0, 10.0, 20.0]),
        gauges={
            "waiting": np.array([[1, 2, 4], [0, 3, 0], [5, 5, 5]]),
            "running": np.array([[8, 0, 1], [8, 1, 1], [8, 2, 1]]),
            "kv_used": np.zeros((3, 3)),
        },
        busy_s=np.array([[0.0, 0.0, 0.0], [15.0, 6.0, 3.0], [20.0, 31.0, 4.0]]),
        presence=HeldCapacity(counts=[2, 1, 1], held=held),
        replicas={"down": np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])},
    )
    axis = type("FourSteps", (), {"__len__": lambda _self: 4})()
    return {measure.name: measure for measure in GaugeReader(made, samples, axis).measures()}


def test_levels_are_sums_over_a_deployments_targets() -> None:
    """21 of 30 and 30 of 30 queue-seconds are busy; APIs have no utilization, replicas or cache."""
    found = levels()
    own, api = ("cloud", "own", "m"), ("cloud", "api", "m")
    assert found["queue_length"].keys == found["running_requests"].keys == [own, api]
    np.testing.assert_array_equal(found["queue_length"].values, [[3, 3, 10, NAN], [4, 0, 5, NAN]])
    np.testing.assert_array_equal(found["running_requests"].values, [[8, 9, 10, NAN], [1, 1, 1, NAN]])
    assert found["utilization_ratio"].keys == [own]
    np.testing.assert_allclose(found["utilization_ratio"].values, [[0.0, 0.7, 1.0, NAN]])
    assert found["kv_cache_usage_ratio"].keys == []
    replicas = dict(zip(found["replicas"].keys, found["replicas"].values.tolist(), strict=True))
    assert list(replicas) == [(*own, state) for state in STATES]
    assert replicas[*own, "held"][:3] == replicas[*own, "ready"][:3] == [3.0, 3.0, 3.0]
    assert replicas[*own, "starting"][:3] == replicas[*own, "draining"][:3] == [0.0, 0.0, 0.0]
    assert replicas[*own, "down"][:3] == [0.0, 2.0, 1.0]
