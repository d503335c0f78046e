"""What oracles see, when devices are off by their draws, and the order of instants on the clock."""

from __future__ import annotations

from math import inf, log
from types import SimpleNamespace

import numpy as np
import pytest

from router.views.request import OracleRequestView, RequestView
from simulator.kernel.codes import NO_ROOM
from simulator.streams import keyed_uniform_scalar
from simulator.world.clock import LAST, Clock, InstantSequence, run_clock
from simulator.world.fleet.heat import busy_time_s, cooled, heated, work_done_s
from simulator.world.fleet.offline_devices import DeviceAvailability, OfflineDevices
from simulator.world.plan import OfflineSchedule, Throttling
from simulator.world.requests.views import request_view


def test_only_a_declared_oracle_sees_the_answers_of_each_target() -> None:
    """By target, from the row of its model."""
    answers = SimpleNamespace(
        correct=np.array([[True, False], [False, False]]), output_token_count=np.array([[5, 6], [7, 8]])
    )
    plans = [SimpleNamespace(model=model) for model in (1, 0, 1)]
    plan = SimpleNamespace(requests="table", target_plans=plans, answers=answers)
    assert type(request_view(plan, np.zeros(1), oracle=False)) is RequestView
    view = request_view(plan, np.zeros(1), oracle=True)
    assert isinstance(view, OracleRequestView)
    assert [view.correct(target) for target in range(3)] == [False, True, False]
    view.index = 1
    assert [view.output_token_count(target) for target in range(3)] == [8, 6, 8]


@pytest.mark.parametrize("share", [0.25, 0.8])
def test_devices_turn_on_and_off_after_drawn_lengths(share: float) -> None:
    """Exponential in turn with means of 60 s off and 60 (1 - share) / share s on, by the device's key."""
    absence = OfflineSchedule(label="phone", share=share, mean_s=60.0, from_s=(), to_s=())
    keys = np.array([40, 41, 42, 43, 44, 45])
    presences = DeviceAvailability(absence, 9, keys)
    for device, key in enumerate(keys.tolist()):
        draws = [keyed_uniform_scalar(9, "offline of phone", key, number) for number in range(8)]
        is_off, at_s = draws[0] < share, 0.0
        assert presences.off(device, 0.0) is is_off
        for draw in draws[1:]:
            at_s += -log(draw) * (60.0 if is_off else 60.0 * (1.0 - share) / share)
            assert presences.off(device, at_s - 1e-6) is is_off
            is_off = not is_off
            assert presences.off(device, at_s) is is_off


def test_hours_of_the_day_begin_and_end_sharply() -> None:
    """Off from an interval's first instant on, on from its last; nobody is off before the first."""
    absence = OfflineSchedule(label="phone", share=0.0, mean_s=60.0, from_s=(10.0, 30.0), to_s=(20.0, 40.0))
    presences = DeviceAvailability(absence, 9, np.array([1]))
    instants = (0.0, 9.99, 10.0, 19.99, 20.0, 29.0, 30.0, 39.0, 40.0, 99.0)
    found = [presences.off(0, at_s) for at_s in instants]
    assert found == [False, False, True, True, False, False, True, True, False, False]


def test_absences_count_from_the_warm_up_on() -> None:
    """Requests that might have gone to their own device, and those whose device was off, by target."""
    absence = OfflineSchedule(label="phone", share=0.0, mean_s=60.0, from_s=(10.0,), to_s=(20.0,))
    by_chance = OfflineSchedule(label="watch", share=0.5, mean_s=1e9, from_s=(), to_s=())
    plans = [
        SimpleNamespace(absence=None, queue_count=1),
        SimpleNamespace(absence=absence, queue_count=2),
        SimpleNamespace(absence=by_chance, queue_count=3),
    ]
    keys = np.arange(3)
    workload = SimpleNamespace(device=np.array([0, 1, 2, 7]), device_key=keys)
    absences = OfflineDevices(SimpleNamespace(seed=2, target_plans=plans, workload=workload, warmup_s=12.0))
    assert absences.any
    assert absences.left(0, (0, 1), 11.0) == (0,)
    assert (absences.asked, absences.missed) == ({1: 0, 2: 0}, {1: 0, 2: 0})
    assert absences.left(0, (0, 1), 12.0) == (0,)
    assert absences.left(0, (0,), 13.0) == (0,)
    assert absences.left(0, (1, 0), 20.0) == (1, 0)
    assert (absences.asked, absences.missed) == ({1: 2, 2: 0}, {1: 1, 2: 0})
    off = [keyed_uniform_scalar(2, "offline of watch", key, 0) < 0.5 for key in range(3)]
    left = [absences.left(request, (0, 2), 30.0) for request in range(4)]
    assert left == [(0,) if off[device] else (0, 2) for device in (0, 1, 2, 1)]
    assert absences.asked[2] == 4
    assert absences.missed[2] == sum(off) + off[1]
    assert not OfflineDevices(
        SimpleNamespace(seed=2, target_plans=plans[:1], workload=workload, warmup_s=0.0)
    ).any


def test_instants_of_a_stream_come_after_timers_of_the_same_instant() -> None:
    """Each in turn, several at one instant too, and none of an empty column."""
    clock, seen = Clock(), []
    InstantSequence(clock, [1.0, 2.0, 2.0, 5.0], lambda place: seen.append((clock.now, place)))
    InstantSequence(clock, [], lambda place: seen.append((clock.now, place)))
    clock.at(2.0, lambda: seen.append((clock.now, "timer")))
    clock.at(2.0, lambda: seen.append((clock.now, "second")))
    clock.run(10.0)
    assert seen == [(1.0, 0), (2.0, "timer"), (2.0, "second"), (2.0, 1), (2.0, 2), (5.0, 3)]
    assert LAST > 1


def test_what_should_have_been_is_done_now() -> None:
    """A timer for an instant that has passed."""
    clock, seen = Clock(), []
    assert clock.now == 0.0
    clock.jump(7.0)
    clock.at(3.0, lambda: seen.append(clock.now))
    clock.at(7.5, lambda: seen.append(clock.now))
    clock.run(8.0)
    assert seen == [7.0, 7.5]


def test_kernel_and_clock_take_turns_up_to_the_end() -> None:
    """The kernel goes first up to the next timer or the end, and is given room where it has none."""
    clock, seen, answers = Clock(), [], iter([2, NO_ROOM, 0, 0, 3, 0])

    def advance(door: object, limit_s: float) -> int:
        assert door == "door"
        seen.append(("advance", limit_s))
        return next(answers)

    kernel = SimpleNamespace(
        doors=SimpleNamespace(advance=advance), door="door", make_room=lambda: seen.append("room")
    )
    for at_s in (1.0, 5.0, 5.5):
        clock.at(at_s, lambda at_s=at_s: seen.append(("timer", at_s)))
    run_clock(clock, kernel, lambda count: seen.append(("deliver", count)), 5.0)
    assert seen == [
        ("advance", 1.0),
        ("deliver", 2),
        ("advance", 1.0),
        "room",
        ("advance", 1.0),
        ("timer", 1.0),
        ("advance", 5.0),
        ("timer", 5.0),
        ("advance", 5.0),
        ("deliver", 3),
        ("advance", 5.0),
    ]
    empty = SimpleNamespace(doors=SimpleNamespace(advance=lambda _door, limit_s: int(limit_s == inf)), door=0)
    run_clock(Clock(), empty, lambda _count: pytest.fail("beyond the end"), 5.0)


def test_heat_follows_its_equation() -> None:
    """Exact values: half of the heat after tau ln 2 of rest, half of what is missing after as much work."""
    half_s = 20.0 * log(2.0)
    assert cooled(0.8, half_s, 20.0) == pytest.approx(0.4)
    assert heated(0.8, half_s, 20.0) == pytest.approx(0.9)
    throttling = Throttling(sustained_ratio=0.25, heating_s=20.0)
    done_s = 0.25 * half_s + 0.75 * 0.6 * 20.0 * 0.5
    assert work_done_s(half_s, 0.4, throttling) == pytest.approx(done_s)
    assert busy_time_s(done_s, 0.4, throttling) == pytest.approx(half_s, rel=1e-10)
    assert busy_time_s(10.0, 1.0, throttling) == pytest.approx(40.0, rel=1e-10)
    assert busy_time_s(0.0, 0.5, throttling) == 0.0
