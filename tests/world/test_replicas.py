"""What keeps queues from work and what autoscalers ask for, against a kernel that writes down its calls."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from simulator.kernel.codes import NONE, Reason
from simulator.world.clock import Clock
from simulator.world.fleet.autoscaler import Autoscaler
from simulator.world.fleet.autoscaling_load import AutoscalingLoad
from simulator.world.fleet.events import FleetEvent
from simulator.world.fleet.replicas import DRAINING, READY, STARTING, STOPPED, Replicas
from simulator.world.plan import Scaling

OUTAGE = int(Reason.OUTAGE)
QUEUES = np.dtype([(name, np.int64) for name in ("group", "up", "outstanding", "kv_used", "kv_room")])
GROUPS = np.dtype([(name, np.int64) for name in ("outstanding", "waiting")])


class Recorder:
    """A kernel that only writes down what it is told, with queues of two targets."""

    def __init__(self, groups: tuple[int, ...]) -> None:
        """All queues are up and empty."""
        self.queues = np.zeros(len(groups), QUEUES)
        self.queues["group"], self.queues["up"], self.queues["kv_room"] = groups, 1, 1000
        self.groups = np.zeros(max(groups) + 1, GROUPS)
        self.busy = np.zeros(len(groups))
        self.calls: list[tuple[object, ...]] = []

    def fail(self, queue: int, now_s: float, reason: int) -> None:
        """Everybody fails and nobody gets in."""
        self.calls.append(("fail", queue, now_s, reason))
        self.queues["up"][queue] = 0
        self.queues["outstanding"][queue] = 0

    def open(self, queue: int, now_s: float) -> None:
        """Takes work."""
        self.calls.append(("open", queue, now_s))
        self.queues["up"][queue] = 1

    def drain(self, queue: int) -> None:
        """Takes no work."""
        self.calls.append(("drain", queue))
        self.queues["up"][queue] = 0

    def slow(self, queue: int, now_s: float, factor: float) -> None:
        """Another pace."""
        self.calls.append(("slow", queue, now_s, factor))

    def let_wait(self, target: int, queue: int) -> None:
        """Another waiting room."""
        self.calls.append(("let_wait", target, queue))

    def scale_limits(self, target: int, now_s: float, factor: float) -> None:
        """Other limits."""
        self.calls.append(("scale_limits", target, now_s, factor))

    def busy_s(self, _now_s: float) -> np.ndarray:
        """What the test has put there."""
        return self.busy

    def taken(self) -> list[tuple[object, ...]]:
        """What was called since it was last asked."""
        calls, self.calls = self.calls, []
        return calls


def fleet(*groups: int) -> tuple[Recorder, Clock, Replicas]:
    """Replicas of targets over a recording kernel."""
    kernel, clock = Recorder(groups), Clock()
    plans = [SimpleNamespace(queue_count=groups.count(number)) for number in range(max(groups) + 1)]
    return kernel, clock, Replicas(SimpleNamespace(target_plans=plans), kernel, clock)


def levels(replicas: Replicas, target: int = 0, at_s: float = 1e9) -> dict[str, float]:
    """The counts of a target at an instant; at the end of time unless said."""
    return {name: float(found[target].at(np.array([at_s]))[0]) for name, found in replicas.levels.items()}


def counts(**changed: float) -> dict[str, float]:
    """Those of a target of which nothing is there but what is said."""
    names = ("wanted", "held", "down", "starting", "ready", "draining")
    return {name: float(changed.get(name, 0)) for name in names}


def test_all_replicas_are_wanted_held_and_ready_at_first() -> None:
    """By target, and none is down, starting or draining; nothing is said to the kernel."""
    kernel, _clock, replicas = fleet(0, 0, 0, 1)
    assert levels(replicas) == counts(wanted=3, held=3, ready=3)
    assert levels(replicas, 1) == counts(wanted=1, held=1, ready=1)
    assert [replicas.state(queue) for queue in range(4)] == [READY] * 4
    assert not kernel.calls


def test_a_queue_that_breaks_twice_fails_once_and_works_after_the_last_mending() -> None:
    """And is counted as down from the first instant to the last, in its own target."""
    kernel, clock, replicas = fleet(0, 0, 1)
    clock.jump(5.0)
    replicas.fail(2)
    clock.jump(6.0)
    replicas.fail(2)
    assert kernel.taken() == [("fail", 2, 5.0, OUTAGE)]
    replicas.mend(2)
    assert not kernel.taken()
    assert levels(replicas, 1) == counts(wanted=1, held=1, ready=1, down=1)
    clock.jump(8.0)
    replicas.mend(2)
    assert kernel.taken() == [("open", 2, 8.0)]
    assert levels(replicas, 1) == counts(wanted=1, held=1, ready=1)
    assert [levels(replicas, 1, at_s)["down"] for at_s in (4.9, 5.0, 7.9, 8.0)] == [0, 1, 1, 0]
    assert replicas.levels["down"][0].constant
    replicas.fail(2)
    assert kernel.taken() == [("fail", 2, 8.0, OUTAGE)]


def test_a_closed_queue_drains_until_every_notice_is_withdrawn() -> None:
    """It is not down, but as good as lost."""
    kernel, clock, replicas = fleet(0, 0)
    clock.jump(3.0)
    replicas.close(1)
    replicas.close(1)
    assert kernel.taken() == [("drain", 1)]
    assert [replicas.lost(queue) for queue in (0, 1)] == [False, True]
    replicas.reopen(1)
    assert not kernel.taken()
    assert replicas.lost(1)
    replicas.reopen(1)
    assert kernel.taken() == [("open", 1, 3.0)]
    assert not replicas.lost(1)
    assert levels(replicas) == counts(wanted=2, held=2, ready=2)


def test_a_machine_that_was_taken_away_is_wanted_but_not_held() -> None:
    """It is down, nobody pays for it, and it is lost until it is given back."""
    kernel, clock, replicas = fleet(0, 0)
    clock.jump(2.0)
    replicas.take_away(0)
    assert kernel.taken() == [("fail", 0, 2.0, OUTAGE)]
    assert replicas.lost(0)
    assert levels(replicas) == counts(wanted=2, held=1, ready=1, down=1)
    replicas.give_back(0)
    assert kernel.taken() == [("open", 0, 2.0)]
    assert not replicas.lost(0)
    assert levels(replicas) == counts(wanted=2, held=2, ready=2)


def test_factors_of_pace_multiply_and_undo_each_other() -> None:
    """Each queue has its own."""
    kernel, clock, replicas = fleet(0, 0)
    clock.jump(1.0)
    for factor in (2.0, 3.0, 0.5):
        replicas.slow(1, factor)
    replicas.slow(0, 4.0)
    assert kernel.taken() == [
        ("slow", 1, 1.0, 2.0),
        ("slow", 1, 1.0, 6.0),
        ("slow", 1, 1.0, 3.0),
        ("slow", 0, 1.0, 4.0),
    ]


def test_only_ready_queues_that_nothing_breaks_or_closes_take_work() -> None:
    """Starting and draining ones are counted as such, and a broken one stays shut when it is ready."""
    kernel, clock, replicas = fleet(0, 0, 0)
    replicas.put(0, STOPPED)
    replicas.put(1, STARTING)
    replicas.put(2, DRAINING)
    assert kernel.taken() == [("drain", 0), ("drain", 1), ("drain", 2)]
    assert [replicas.state(queue) for queue in range(3)] == [STOPPED, STARTING, DRAINING]
    assert levels(replicas) == counts(wanted=2, held=2, starting=1, draining=1)
    replicas.fail(0)
    assert levels(replicas)["down"] == 0
    kernel.taken()
    replicas.put(0, READY)
    assert not kernel.taken()
    assert levels(replicas) == counts(wanted=3, held=3, starting=1, ready=1, draining=1, down=1)
    replicas.mend(0)
    clock.jump(4.0)
    replicas.put(1, READY)
    assert kernel.taken() == [("open", 0, 0.0), ("open", 1, 4.0)]
    replicas.take_away(2)
    assert levels(replicas) == counts(wanted=3, held=2, ready=2, down=1)


def test_a_waiting_room_is_a_queue_or_none() -> None:
    """As the kernel writes it."""
    kernel, _clock, replicas = fleet(0, 0)
    replicas.let_wait(0, 1)
    replicas.let_wait(0, 0)
    replicas.let_wait(0, None)
    assert kernel.taken() == [("let_wait", 0, 1), ("let_wait", 0, 0), ("let_wait", 0, NONE)]


def scaling(**changes: object) -> Scaling:
    """Queues 1 to 4 of target 1, at least one of them, two attempts each, looked at every 10 s."""
    base: dict[str, object] = {
        "target": 1,
        "label": "small",
        "queues": (1, 2, 3, 4),
        "least": 1,
        "metric": "outstanding",
        "target_load": 2.0,
        "interval_s": 10.0,
        "cold_start_s": 15.0,
        "scale_in_delay_s": 30.0,
        "to_zero": False,
    }
    return Scaling(**{**base, **changes})


@pytest.mark.parametrize(
    ("metric", "asked"), [("outstanding", 3.5), ("waiting", 1.5), ("kv_usage", 0.4), ("utilization", 0.0)]
)
def test_demands_are_loads_over_the_target_of_one_replica(metric: str, asked: float) -> None:
    """Seven attempts of which three wait, caches full by 0.2 and 0.6, and no time that has passed."""
    kernel, _clock, _replicas = fleet(0, 1, 1, 1, 1)
    kernel.groups["outstanding"], kernel.groups["waiting"] = (100, 7), (100, 3)
    kernel.queues["kv_used"] = 900, 200, 0, 600, 0
    demand = AutoscalingLoad(scaling(metric=metric), kernel)
    assert demand.replicas(0.0) == pytest.approx(asked)
    assert not demand.nothing
    kernel.groups["outstanding"] = 100, 0
    assert demand.nothing


def test_utilization_is_that_since_the_last_look() -> None:
    """Busy seconds of the target's own queues over the seconds since, not since the beginning."""
    kernel, _clock, _replicas = fleet(0, 1, 1, 1, 1)
    demand = AutoscalingLoad(scaling(metric="utilization", target_load=0.5), kernel)
    kernel.busy = np.array([99.0, 5.0, 5.0, 0.0, 2.0])
    assert demand.replicas(10.0) == pytest.approx(1.2 / 0.5)
    kernel.busy = kernel.busy + np.array([50.0, 5.0, 0.0, 1.0, 0.0])
    assert demand.replicas(30.0) == pytest.approx(6.0 / 20.0 / 0.5)
    assert demand.replicas(30.0) == 0.0
    kernel.busy = kernel.busy + np.array([0.0, 0.25, 0.0, 0.0, 0.0])
    assert demand.replicas(30.5) == pytest.approx(0.25 / 0.5 / 0.5)


class Scaled:
    """An autoscaler over a recording kernel, with a load that the test sets."""

    def __init__(self, **changes: object) -> None:
        """Starts at 0 s."""
        self.kernel, self.clock, self.replicas = fleet(0, 1, 1, 1, 1)
        self.told: list[FleetEvent] = []
        self.scaler = Autoscaler(scaling(**changes), self.kernel, self.clock, self.replicas, self.told)

    def states(self, until_s: float, load: int | None = None) -> list[int]:
        """The queues' states at an instant, after the load has been so high from now on."""
        if load is not None:
            self.kernel.groups["outstanding"][1] = load
        self.clock.run(until_s)
        return [self.replicas.state(queue) for queue in (1, 2, 3, 4)]

    def words(self) -> list[tuple[float, str]]:
        """What was told, and when."""
        assert {(event.kind, event.target) for event in self.told} <= {("autoscaling", "small")}
        return [(event.t_s, event.what) for event in self.told]


def test_replicas_beyond_the_least_are_stopped_at_first() -> None:
    """Only those of the target; the others are ready."""
    for least, expected in ((1, [READY, *[STOPPED] * 3]), (3, [READY] * 3 + [STOPPED])):
        scaled = Scaled(least=least)
        assert scaled.states(1.0) == expected
        assert scaled.kernel.taken() == [("drain", queue) for queue in range(1 + least, 5)]
        assert scaled.replicas.state(0) == READY


def test_more_load_starts_replicas_that_are_ready_after_their_cold_start() -> None:
    """Five attempts at two each: three replicas, asked for at the look at 10 s, there at 25 s."""
    scaled = Scaled()
    assert scaled.states(9.9, 5) == [READY, STOPPED, STOPPED, STOPPED]
    assert scaled.states(10.1) == [READY, STARTING, STARTING, STOPPED]
    assert scaled.states(24.9) == [READY, STARTING, STARTING, STOPPED]
    assert scaled.states(25.1) == [READY, READY, READY, STOPPED]
    assert scaled.states(100.0, 100) == [READY] * 4
    assert scaled.words() == [
        (10.0, "2 more requested, 3 in all"),
        (30.0, "1 more requested, 4 in all"),
    ]
    assert not [call for call in scaled.kernel.calls if call[0] == "let_wait"]


def test_less_load_stops_replicas_only_after_the_delay() -> None:
    """What was wanted at 10 s still counts at 40 s and no longer at 50 s; highest numbers go first."""
    scaled = Scaled()
    scaled.states(15.0, 5)
    assert scaled.states(40.1, 1) == [READY, READY, READY, STOPPED]
    assert scaled.states(50.1) == [READY, STOPPED, STOPPED, STOPPED]
    assert scaled.words()[1:] == [(50.0, "2 fewer, 1 in all")]
    assert levels(scaled.replicas, 1) == counts(wanted=1, held=1, ready=1)


def test_replicas_with_work_drain_before_they_stop() -> None:
    """Those with the least work go first, and each stops at the look after its work is done."""
    scaled = Scaled(scale_in_delay_s=0.0)
    assert scaled.states(26.0, 5) == [READY, READY, READY, STOPPED]
    scaled.kernel.queues["outstanding"][1:4] = 2, 5, 3
    assert scaled.states(30.1, 2) == [DRAINING, READY, DRAINING, STOPPED]
    scaled.kernel.queues["outstanding"][1] = 0
    assert scaled.states(39.0) == [DRAINING, READY, DRAINING, STOPPED]
    assert scaled.states(40.1) == [STOPPED, READY, DRAINING, STOPPED]
    assert scaled.words()[1:] == [(30.0, "2 fewer, 1 in all")]


def test_starting_replicas_are_given_up_first() -> None:
    """Unless attempts wait for them; one given up and asked for again starts from the beginning."""
    scaled = Scaled(scale_in_delay_s=0.0, cold_start_s=25.0)
    assert scaled.states(11.0, 5) == [READY, STARTING, STARTING, STOPPED]
    scaled.kernel.queues["outstanding"][2] = 1
    assert scaled.states(20.1, 1) == [READY, STARTING, STOPPED, STOPPED]
    assert scaled.states(30.1, 5) == [READY, STARTING, STARTING, STOPPED]
    assert scaled.states(35.5) == [READY, READY, STARTING, STOPPED]
    assert scaled.states(54.9) == [READY, READY, STARTING, STOPPED]
    assert scaled.states(55.1) == [READY, READY, READY, STOPPED]


def test_lost_replicas_are_replaced_and_counted_as_absent() -> None:
    """One whose machine is gone is stopped, and another takes its place."""
    scaled = Scaled(least=2)
    scaled.states(5.0, 4)
    scaled.replicas.take_away(1)
    assert scaled.states(10.1) == [STOPPED, READY, STARTING, STOPPED]
    assert scaled.words() == [(10.0, "1 more requested, 2 in all")]
    scaled.replicas.close(2)
    scaled.kernel.queues["outstanding"][2] = 1
    assert scaled.states(20.1) == [STOPPED, READY, STARTING, STARTING]
    scaled.kernel.queues["outstanding"][2] = 0
    assert scaled.states(30.1) == [STOPPED, STOPPED, READY, STARTING]


def test_a_target_that_scales_to_zero_waits_where_the_first_will_be_ready() -> None:
    """None is ready: attempts wait at the first to come; one is: they wait nowhere in particular."""
    scaled = Scaled(to_zero=True, least=0, scale_in_delay_s=0.0)
    assert scaled.states(10.1, 0) == [STOPPED] * 4
    assert scaled.kernel.taken()[4:] == [("let_wait", 1, 1)]
    scaled.replicas.close(1)
    assert scaled.states(20.1, 1) == [STOPPED, STARTING, STOPPED, STOPPED]
    assert scaled.kernel.taken() == [("let_wait", 1, 2)]
    assert scaled.states(35.1) == [STOPPED, READY, STOPPED, STOPPED]
    assert scaled.kernel.taken()[-1] == ("let_wait", 1, NONE)
    assert scaled.states(40.1, 0) == [STOPPED] * 4
    assert scaled.kernel.taken()[-1] == ("let_wait", 1, 2)


def test_a_target_that_scales_to_zero_keeps_its_least_while_anybody_is_there() -> None:
    """One attempt of a metric that sees none of it."""
    scaled = Scaled(to_zero=True, least=1, metric="waiting", scale_in_delay_s=0.0)
    assert scaled.states(10.1, 1) == [READY, STOPPED, STOPPED, STOPPED]
    assert scaled.states(20.1, 0) == [STOPPED] * 4
