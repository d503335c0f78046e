"""Dollars, watt-hours and grams of a handful of attempts, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hand_made_attempts import CANCELLED, DONE, FAILED, NAN, READING, UNFINISHED, attempts, rates, terms, work
from simulator.accounting.attempts import Attempts, work_began_s
from simulator.accounting.costs import capacity_costs, run_costs, wasted_ratio
from simulator.accounting.energy import api_estimate_wh, emissions_gco2e, facility_wh
from simulator.accounting.idling import idle_by_bucket, ramps
from simulator.accounting.money import (
    api_usd,
    billed,
    egress_usd,
    energy_usd,
    processed,
    token_usd,
)
from simulator.accounting.provisioned import with_units_used
from simulator.accounting.spans import WindowReadings, WorkBySpan, spans_of, still_to_come
from simulator.accounting.terms import Provisioned
from simulator.signals import StepSignal
from simulator.world.fleet.held_capacity import HeldCapacity
from simulator.world.fleet.levels import CountOverTime


def test_tokens_are_paid_at_the_prices_of_their_admission() -> None:
    """A prompt as long as the limit is not yet long; the price changes at its instant, not after."""
    made = attempts(
        admitted_s=[-1.0, 99.9, 100.0, 100.0, 150.0],
        prompt=[10, 50, 50, 80, 81],
        cached=[0, 20, 20, 0, 1],
        cache_written=[0, 10, 10, 0, 0],
        output=[3, 2, 2, 1, 4],
    )
    expected = [
        10 * 1.0 + 3 * 10.0,
        20 * 1.0 + 20 * 0.25 + 10 * 1.25 + 2 * 10.0,
        20 * 2.0 + 20 * 0.5 + 10 * 2.5 + 2 * 20.0,
        80 * 2.0 + 20.0,
        (80 * 2.0 + 0.5) * 3.0 + 4 * 20.0 * 1.25,
    ]
    found = token_usd(made, np.ones(5, np.bool_), rates())
    assert found == pytest.approx(expected, rel=1e-12)


MIXED = {
    "target": [0, 0, 0, 0, 0, 1, 1],
    "ending": [DONE, FAILED, CANCELLED, UNFINISHED, CANCELLED, DONE, FAILED],
    "admitted_s": [1.0, 1.0, 1.0, 1.0, NAN, 1.0, 1.0],
    "finish_s": [5.0, 5.0, 5.0, 5.0, 7.0, 5.0, 5.0],
    "prompt": [10] * 7,
    "output": [2] * 7,
}


def test_an_api_bills_what_began_and_did_not_fail() -> None:
    """Answers, calls given up and those still under way; fees by call and tokens add up, and so do watts."""
    made = attempts(**MIXED)
    paid = [
        terms(rates=rates(), usd_per_request=0.5, api_wh_per_input_token=2.0, api_wh_per_output_token=7.0),
        terms(queue_count=3),
    ]
    once = 10 * 1.0 + 2 * 10.0 + 0.5
    assert billed(made).tolist() == [True, False, True, True, False, True, False]
    assert processed(made, paid).tolist() == [True, False, True, True, False, True, True]
    assert api_usd(made, paid).tolist() == [once, 0.0, once, once, 0.0, 0.0, 0.0]
    assert api_estimate_wh(made, paid).tolist() == [34.0, 0.0, 34.0, 34.0, 0.0, 0.0, 0.0]
    assert work_began_s(made).tolist() == [1.0, 1.0, 1.0, 1.0, 7.0, 1.0, 1.0]
    units = [terms(provisioned=Provisioned(tokens_per_s_per_unit=1.0, output_weight=1.0)), terms()]
    assert processed(made, units).tolist() == [True, False, True, True, False, True, True]
    assert egress_usd(made, [terms(egress_usd_per_token=0.25), terms()]).tolist() == [0.5] * 5 + [0.0] * 2


def test_energy_is_paid_and_emitted_at_the_means_of_its_time_and_place() -> None:
    """7,200 J at a PUE of 1.5 are 3 Wh; half of their time at 0.10, half at 0.30 USD per kWh."""
    price = StepSignal(from_s=np.array([0.0, 10.0]), values=np.array([0.1, 0.3]))
    grams = StepSignal(from_s=np.array([0.0, 10.0]), values=np.array([100.0, 500.0]))
    places = [terms(pue=1.5, meter_usd_per_kwh=price, intensity_gco2e_per_kwh=grams), terms()]
    done = work(energy_j=[7_200.0, 3_600.0, 0.0], from_s=[5.0, 5.0, 0.0], to_s=[15.0, 15.0, 1.0])
    target = np.array([0, 1, 0], np.int32)
    drawn_wh = facility_wh(done, target, places)
    assert drawn_wh.tolist() == [3.0, 1.0, 0.0]
    assert energy_usd(done, target, places, drawn_wh) == pytest.approx([0.003 * 0.2, 0.0, 0.0])
    emitted = emissions_gco2e(done.from_s, done.to_s, target, places, drawn_wh)
    assert emitted == pytest.approx([0.003 * 300.0, 0.0, 0.0])


def test_what_was_computed_again_is_a_share_of_the_work_up_to_all_of_it() -> None:
    """1 of 4 seconds is a quarter; more than all is all; losers' work is wasted whole, be it none."""
    found = wasted_ratio(
        np.array([1.0, 5.0, 4.0, 0.0, 0.0, 0.0]),
        np.array([4.0, 4.0, 4.0, 0.0, 0.5, 0.0]),
        np.array([True, True, True, True, True, False]),
    )
    assert found.tolist() == [0.25, 1.0, 1.0, 0.0, 0.0, 1.0]


def test_what_was_read_too_high_is_made_up_for_by_the_others_of_its_target() -> None:
    """Target 0 owes 6 - 2 = 4 over rises of 6: two thirds each. Target 1 owes nothing, target 2 less."""
    rises = np.array([4.0, -2.0, 2.0, 5.0, -1.0])
    target = np.array([0, 0, 0, 1, 2], np.int32)
    found = still_to_come(rises, target)
    assert found == pytest.approx([8.0 / 3.0, 0.0, 4.0 / 3.0, 5.0, 0.0], rel=1e-12)
    assert still_to_come(np.array([4.0, 0.0]), target[:2]).tolist() == [4.0, 0.0]
    assert still_to_come(np.array([1.0, -3.0]), target[:2]).tolist() == [0.0, 0.0]


def test_meters_are_cut_at_the_windows_edges() -> None:
    """Up to 10 s, up to 20 s and after: who ended counts whole, who was alive as read, others not yet."""
    made = attempts(
        admitted_s=[2.0, 8.0, 12.0, 15.0, 21.0, NAN],
        finish_s=[10.0, 18.0, 20.0, 30.0, 40.0, 19.0],
        busy_s=[8.0, 10.0, 8.0, 12.0, 6.0, 0.0],
        energy_j=[80.0, 100.0, 80.0, 120.0, 60.0, 0.0],
        wasted_s=[0.0, 4.0, 0.0, 2.0, 0.0, 0.0],
    )
    began = np.array([(1, 2.0, 20.0, 1.0)], READING)
    ended = np.array([(3, 5.0, 50.0, 2.0)], READING)
    edges = WindowReadings(from_s=10.0, to_s=20.0, read_from=began, read_to=ended, busy_s=np.zeros(1))
    found = spans_of(made, edges)
    assert found.before.busy_s.tolist() == [8.0, 2.0, 0.0, 0.0, 0.0, 0.0]
    assert found.window.busy_s.tolist() == [0.0, 8.0, 8.0, 5.0, 0.0, 0.0]
    assert found.after.busy_s.tolist() == [0.0, 0.0, 0.0, 7.0, 6.0, 0.0]
    assert found.before.energy_j.tolist() == [80.0, 20.0, 0.0, 0.0, 0.0, 0.0]
    assert found.window.energy_j.tolist() == [0.0, 80.0, 80.0, 50.0, 0.0, 0.0]
    assert found.after.energy_j.tolist() == [0.0, 0.0, 0.0, 70.0, 60.0, 0.0]
    assert found.window.wasted_s.tolist() == [0.0, 3.0, 0.0, 2.0, 0.0, 0.0]
    assert found.after.wasted_s.tolist() == [0.0] * 6
    assert found.before.from_s.tolist() == [2.0, 8.0, 10.0, 10.0, 10.0, 10.0]
    assert found.before.to_s.tolist() == [10.0] * 6
    assert found.window.from_s.tolist() == [10.0, 10.0, 12.0, 15.0, 20.0, 19.0]
    assert found.window.to_s.tolist() == [10.0, 18.0, 20.0, 20.0, 20.0, 19.0]
    assert found.after.from_s.tolist() == [20.0, 20.0, 20.0, 20.0, 21.0, 20.0]
    assert found.after.to_s.tolist() == [20.0, 20.0, 20.0, 30.0, 40.0, 20.0]


def test_work_ends_when_the_engine_is_done_though_its_host_answers_later() -> None:
    """Done by 20 s and answered at 21: all of it is the window's, and none is after."""
    made = attempts(admitted_s=[12.0], left_s=[20.0], finish_s=[21.0], busy_s=[8.0])
    nobody = np.zeros(0, READING)
    edges = WindowReadings(from_s=10.0, to_s=20.0, read_from=nobody, read_to=nobody, busy_s=np.zeros(1))
    found = spans_of(made, edges)
    assert (found.window.busy_s[0], found.after.busy_s[0]) == (8.0, 0.0)
    assert (found.window.to_s[0], found.after.to_s[0]) == (20.0, 20.0)


def test_ramps_rise_from_their_beginnings() -> None:
    """2 per second from 1 s and 3 per second from 4 s are 0, 0, 6, 8 + 3 at 0, 1, 4 and 5 s."""
    found = ramps(np.array([4.0, 1.0]), np.array([3.0, 2.0]), np.array([0.0, 1.0, 4.0, 5.0]))
    assert found.tolist() == [0.0, 0.0, 6.0, 11.0]


def test_idle_time_is_what_is_held_less_the_work_spread_evenly() -> None:
    """6 busy seconds from 5 to 15 s are 3 in either bucket of 10 s; 20 in 10 leave nothing, not less."""
    done = work(busy_s=[6.0, 20.0, 5.0, 0.0], from_s=[5.0, 20.0, 0.0, 0.0], to_s=[15.0, 30.0, 30.0, 9.0])
    mine, edges = np.array([True, True, False, True]), np.array([0.0, 10.0, 20.0, 30.0])
    found = idle_by_bucket(done, mine, np.full(3, 10.0), edges)
    assert found == pytest.approx([7.0, 7.0, 0.0])


def test_capacity_is_held_by_the_hour_and_idles_where_it_is_not_busy() -> None:
    """Two queues over 100 s, one of them half the time: 150 held, 30 busy, 120 idle; APIs hold nothing."""
    half = CountOverTime(2.0)
    half.change(60.0, -1.0)
    places = [
        terms(
            queue_count=2,
            capacity_usd_per_s=0.5,
            idle_w=36.0,
            pue=1.5,
            embodied_gco2e_per_s=0.25,
            meter_usd_per_kwh=StepSignal(from_s=np.zeros(1), values=np.array([0.2])),
            intensity_gco2e_per_kwh=StepSignal(from_s=np.zeros(1), values=np.array([400.0])),
        ),
        terms(rates=rates(), queue_count=1),
    ]
    presence = HeldCapacity(counts=[2, 1], held=[half, CountOverTime(1.0)])
    nothing = np.zeros(0, READING)
    edges = WindowReadings(
        from_s=10.0, to_s=110.0, read_from=nothing, read_to=nothing, busy_s=np.array([30.0, 50.0])
    )
    done = work(busy_s=[30.0], from_s=[10.0], to_s=[110.0])
    found = capacity_costs(done, attempts(target=[0]), places, presence, edges)
    assert found.held_s.tolist() == [150.0, 0.0]
    assert found.busy_s.tolist() == [30.0, 50.0]
    assert found.idle_s.tolist() == [120.0, 0.0]
    assert found.idle_usd.tolist() == [60.0, 0.0]
    assert found.idle_wh == pytest.approx([120.0 * 36.0 * 1.5 / 3_600.0, 0.0])
    assert found.idle_energy_usd == pytest.approx([0.0018 * 0.2, 0.0])
    assert found.idle_gco2e == pytest.approx([0.0018 * 400.0, 0.0])
    assert found.embodied_gco2e.tolist() == [37.5, 0.0]


def test_machines_count_by_the_clock_and_calls_by_their_requests() -> None:
    """Target 0 is held, target 1 an API, target 2 a user's own device; attempts are early, inside and late.

    Held work of the window counts whoever asked; a device's counts whole where the request arrived in it.
    """
    made = attempts(
        target=[0, 0, 1, 1, 2, 2],
        ending=[DONE] * 6,
        admitted_s=[0.0] * 6,
        finish_s=[1.0] * 6,
        prompt=[10] * 6,
        busy_s=[6.0, 8.0, 1.0, 1.0, 4.0, 4.0],
        wasted_s=[3.0, 4.0, 0.0, 0.0, 1.0, 1.0],
        won=[True, True, True, False, True, True],
    )
    arrived = np.array([False, True, True, False, True, False])
    spans = WorkBySpan(
        before=work(busy_s=[2.0, 0.0, 0.0, 0.0, 1.0, 1.0], energy_j=[3_600.0] * 6),
        window=work(
            busy_s=[3.0, 5.0, 1.0, 1.0, 2.0, 2.0],
            energy_j=[7_200.0] * 6,
            wasted_s=[3.0, 1.0, 0.0, 0.0, 1.0, 1.0],
        ),
        after=work(busy_s=[1.0, 3.0, 0.0, 0.0, 1.0, 1.0], energy_j=[14_400.0] * 6),
    )
    places = [
        terms(capacity_usd_per_s=2.0),
        terms(rates=rates()),
        terms(user_side=True, capacity_usd_per_s=0.0),
    ]
    books = run_costs(made, places, spans, arrived)
    assert books.whole.capacity_usd.tolist() == [12.0, 16.0, 0.0, 0.0, 0.0, 0.0]
    assert books.counted.capacity_usd.tolist() == [6.0, 10.0, 0.0, 0.0, 0.0, 0.0]
    assert books.drain.capacity_usd.tolist() == [2.0, 6.0, 0.0, 0.0, 0.0, 0.0]
    assert books.whole.facility_wh.tolist() == [7.0] * 6
    assert books.counted.facility_wh.tolist() == [2.0, 2.0, 7.0, 0.0, 7.0, 0.0]
    assert books.drain.facility_wh.tolist() == [4.0, 4.0, 0.0, 0.0, 0.0, 0.0]
    assert books.whole.api_usd.tolist() == [0.0, 0.0, 10.0, 10.0, 0.0, 0.0]
    assert books.counted.api_usd.tolist() == [0.0, 0.0, 10.0, 0.0, 0.0, 0.0]
    assert not books.drain.api_usd.any()
    assert books.whole.wasted_ratio.tolist() == [0.5, 0.5, 0.0, 1.0, 0.25, 0.25]
    assert books.counted.wasted_ratio.tolist() == [1.0, 0.2, 0.0, 1.0, 0.25, 0.25]
    assert not books.drain.wasted_ratio.any()
    assert books.counted.user_side.tolist() == [False] * 4 + [True] * 2


UNIT = Provisioned(tokens_per_s_per_unit=10.0, output_weight=4.0)


def units_of(asked: float) -> tuple[Attempts, WorkBySpan, np.ndarray]:
    """2 provisioned units from 10 to 20 s beside a machine: calls early, inside, late, refused, failed."""
    made = attempts(
        target=[0, 0, 0, 0, 0, 1],
        ending=[DONE, DONE, DONE, CANCELLED, FAILED, DONE],
        admitted_s=[9.0, 10.0, 20.0, NAN, 15.0, 12.0],
        prompt=[60, int(asked), 60, 60, 60, 60],
        cached=[20, 0, 0, 0, 0, 0],
        output=[5, 5, 5, 0, 5, 5],
        busy_s=[1.0, 1.0, 1.0, 1.0, 1.0, 3.0],
    )
    nothing = np.zeros(0, READING)
    edges = WindowReadings(
        from_s=10.0, to_s=20.0, read_from=nothing, read_to=nothing, busy_s=np.array([7.0, 3.0])
    )
    spans = WorkBySpan(
        before=work(busy_s=[1.0] * 6), window=work(busy_s=[2.0] * 6), after=work(busy_s=[3.0] * 6)
    )
    places = [terms(provisioned=UNIT, queue_count=2), terms()]
    return with_units_used(made, spans, edges, places)


def test_units_are_used_at_the_instant_of_admission() -> None:
    """(60 - 20 + 4 x 5) / 10 = 6 unit-seconds before, 8 inside, 8 after; who failed or was refused none."""
    made, spans, busy_s = units_of(60.0)
    assert made.busy_s.tolist() == [6.0, 8.0, 8.0, 0.0, 0.0, 3.0]
    assert spans.before.busy_s.tolist() == [6.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    assert spans.window.busy_s.tolist() == [0.0, 8.0, 0.0, 0.0, 0.0, 2.0]
    assert spans.after.busy_s.tolist() == [0.0, 0.0, 8.0, 0.0, 0.0, 3.0]
    assert busy_s.tolist() == [8.0, 3.0]


def test_no_more_units_are_used_than_are_held() -> None:
    """42 asked of 2 units x 10 s are scaled down to 20; those outside of the window are as they were."""
    made, spans, busy_s = units_of(400.0)
    assert made.busy_s == pytest.approx([6.0, 20.0, 8.0, 0.0, 0.0, 3.0])
    assert spans.window.busy_s == pytest.approx([0.0, 20.0, 0.0, 0.0, 0.0, 2.0])
    assert busy_s.tolist() == [20.0, 3.0]
