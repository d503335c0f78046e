"""Users' own devices: they slow down as they heat, drain their battery, and are off at times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import InvalidScenarioError, simulate
from simulator.world.fleet.heat import DeviceHeat, busy_time_s, cooled, heated, work_done_s
from simulator.world.fleet.offline_devices import ALL_DEVICES_OFFLINE, DeviceAvailability
from simulator.world.plan import OfflineSchedule, Throttling
from world_cases import CHAT, FRONTIER, PHONE, scenario, with_stream

HOT_PHONE = {**PHONE, "model": "qwen3-4b"}
SHORT, SUSTAINED, HEATING_S = 21.0, 10.15, 62.0
ROUND = {"policy": "round_robin"}
OFFLINE = {"device": "iphone-14-pro-max"}
throttlings = st.builds(Throttling, sustained_ratio=st.floats(0.2, 0.95), heating_s=st.floats(5.0, 600.0))
heats = st.floats(0.0, 1.0)


def one_phone(rate: float, output_tokens: int, **changes: object) -> object:
    """A single phone that gets requests of one length at even intervals."""
    arrivals = {"pattern": "steady", "rate": rate, "process": "deterministic"}
    stream = with_stream(arrivals=arrivals, devices=1, input_tokens=10, output_tokens=output_tokens)
    return scenario(**{"fleet": [HOT_PHONE], "router": ROUND, "duration": "30min", **stream, **changes})


@pytest.mark.parametrize(
    ("ratio", "heating_s", "points"),
    [(0.48, 61.0, {13.0: 0.90, 40.0: 0.75}), (0.67, 265.0, {93.0: 0.90, 390.0: 0.75})],
    ids=["GPU", "neural engine"],
)
def test_speed_falls_as_was_measured(ratio: float, heating_s: float, points: dict[float, float]) -> None:
    """The model of two numbers meets the published decay of an iPhone 17 Pro within 0.02."""
    throttling = Throttling(sustained_ratio=ratio, heating_s=heating_s)
    for at_s, left in points.items():
        speed = (work_done_s(at_s + 0.5, 0.0, throttling) - work_done_s(at_s - 0.5, 0.0, throttling)) / 1.0
        assert speed == pytest.approx(left, abs=0.02)


@given(throttling=throttlings, heat=heats, work_s=st.floats(0.001, 2_000.0))
def test_time_for_work_inverts_work_done(throttling: Throttling, heat: float, work_s: float) -> None:
    """The time that work takes is that in which it is done, between the cold and the hot machine's."""
    time_s = busy_time_s(work_s, heat, throttling)
    assert work_done_s(time_s, heat, throttling) == pytest.approx(work_s, rel=1e-9)
    assert work_s * (1 - 1e-9) <= time_s <= work_s / throttling.sustained_ratio * (1 + 1e-9)


@given(throttling=throttlings, heat=heats, parts=st.lists(st.floats(0.01, 100.0), min_size=2, max_size=6))
def test_work_in_pieces_takes_as_long_as_in_one(
    throttling: Throttling, heat: float, parts: list[float]
) -> None:
    """Pieces one after the other take as long as the whole, and leave the same heat."""
    whole_s, pieces_s, now = busy_time_s(sum(parts), heat, throttling), 0.0, heat
    for part in parts:
        piece_s = busy_time_s(part, now, throttling)
        now = heated(now, piece_s, throttling.heating_s)
        pieces_s += piece_s
    assert pieces_s == pytest.approx(whole_s, rel=1e-8)
    assert now == pytest.approx(heated(heat, whole_s, throttling.heating_s), abs=1e-8)


def test_rest_lets_a_device_cool() -> None:
    """After one time constant 37 % of the heat is left, and the next answer is faster for it."""
    assert cooled(1.0, 62.0, 62.0) == pytest.approx(0.3679, abs=1e-4)
    throttling = Throttling(sustained_ratio=0.5, heating_s=62.0)
    busy, rested = DeviceHeat(throttling, 1), DeviceHeat(throttling, 1)
    for heat in (busy, rested):
        heat.taken(0, 0.0, 1.0, 300.0, idle=True)
    at_once = busy.taken(0, 0.0, 1.0, 20.0, idle=False)[1]
    later = rested.taken(0, 3_000.0, 1.0, 20.0, idle=True)[1]
    assert at_once == pytest.approx(20.0 / 0.5, rel=0.01)
    assert later < 0.6 * at_once


def test_a_device_found_idle_is_not_as_hot_as_was_feared() -> None:
    """Work that was given up does not heat: the next begins now, and no hotter than work up to now."""
    throttling = Throttling(sustained_ratio=0.5, heating_s=60.0)
    heat = DeviceHeat(throttling, 1)
    heat.taken(0, 0.0, 1.0, 600.0, idle=True)
    next_s = heat.taken(0, 6.0, 1.0, 30.0, idle=True)[1]
    assert next_s == pytest.approx(busy_time_s(30.0, heated(0.0, 6.0, 60.0), throttling))


def test_busy_phones_end_up_at_their_sustained_speed() -> None:
    """Back-to-back answers come at the measured sustained speed, rare ones at the short one."""
    gaps = {}
    for name, rate in (("busy", 0.5), ("rare", 1 / 600)):
        run = simulate(one_phone(rate, 100, drain="12h")).settlement.run
        gaps[name] = np.nanmean(run.outcomes.tpot_s[-3:])
    assert 1 / gaps["busy"] == pytest.approx(SUSTAINED, rel=0.001)
    assert SUSTAINED < 1 / gaps["rare"] < SHORT
    assert 1 / gaps["rare"] == pytest.approx(SHORT, rel=0.05)


def test_the_kernel_serves_the_times_that_heat_makes() -> None:
    """In the ledger each answer takes as long as a recursion over the line before it says."""
    run = simulate(one_phone(0.1, 120)).settlement.run
    attempts, heat, free_s = run.attempts, 0.0, 0.0
    throttling = Throttling(sustained_ratio=SUSTAINED / SHORT, heating_s=HEATING_S)
    done = attempts.completed
    assert done.sum() > 100
    columns = (attempts.ready_s, attempts.admitted_s, attempts.busy_s, attempts.output)
    for ready_s, admitted_s, busy_s, output in zip(*(column[done] for column in columns), strict=True):
        begin_s = max(ready_s, free_s)
        heat = cooled(heat, begin_s - free_s, HEATING_S)
        taken_s = busy_time_s(10 / 62.0 + output / SHORT, heat, throttling)
        assert admitted_s == pytest.approx(begin_s, abs=1e-6)
        assert busy_s == pytest.approx(taken_s, rel=1e-9)
        heat, free_s = heated(heat, taken_s, HEATING_S), begin_s + taken_s


def test_throttling_can_be_switched_off_or_taken_for_granted() -> None:
    """Without throttling every answer has the short speed, `sustained` gives all the hot one."""
    for settings, speed in (({"throttling": False}, SHORT), ({"sustained": True}, SUSTAINED)):
        fleet = [{**HOT_PHONE, "device": {"device": "iphone-14-pro-max", **settings}}]
        run = simulate(one_phone(0.5, 100, fleet=fleet)).settlement.run
        np.testing.assert_allclose(1 / run.outcomes.tpot_s[run.outcomes.completed], speed)


def test_charge_is_energy_over_the_battery() -> None:
    """A device's drain is its watts times its busy time a day, over 16.7 Wh; the fleet pays none of it."""
    result = simulate(one_phone(0.01, 100))
    block = result.report.plain["devices"]["phone"]
    drawn_wh = result.settlement.run.attempts.busy_s.sum() * 6.0 / 3600.0
    assert block["wh_per_device_day"]["mean"] == pytest.approx(drawn_wh * 48.0)
    assert block["charge_ratio_per_day"]["max"] == pytest.approx(drawn_wh * 48.0 / 16.7)
    assert result.report.figure("energy_wh.user_side") == pytest.approx(drawn_wh)
    assert result.report.figure("cost_usd.total") == 0.0
    assert block["slowdown"] > 1.0


def test_devices_are_off_their_share_of_the_time_by_key() -> None:
    """Over many devices and hours the share is met, and asking more often changes nothing."""
    absence = OfflineSchedule(label="phone", share=0.3, mean_s=600.0, from_s=(), to_s=())
    keys = np.arange(200) * 17
    often, seldom = DeviceAvailability(absence, 7, keys), DeviceAvailability(absence, 7, keys)
    states = [[often.off(device, 300.0 * step) for step in range(240)] for device in range(200)]
    assert np.mean(states) == pytest.approx(0.3, abs=0.02)
    assert [seldom.off(device, 300.0 * 239) for device in range(200)] == [row[239] for row in states]


def test_every_streams_users_have_devices_of_their_own() -> None:
    """Two streams share no phone, every phone is somebody's, and each stream has as many as it says."""
    streams = [{**CHAT, "name": name, "devices": count} for name, count in (("two", 30), ("one", 50))]
    world = scenario(fleet=[PHONE], duration="20min", router=ROUND, workload={"streams": streams})
    result = simulate(world)
    stream = dict(zip(result.requests["request"], result.requests["stream"], strict=True))
    used: dict[str, set[int]] = {"one": set(), "two": set()}
    for request, device in zip(result.attempts["request"], result.attempts["replica"], strict=True):
        used[stream[request]].add(int(device))
    assert used == {"one": set(range(50)), "two": set(range(50, 80))}
    assert result.report.plain["devices"]["phone"]["count"] == 80


def test_requests_of_an_offline_device_go_elsewhere_or_nowhere() -> None:
    """The target is no candidate: others answer, and where there are none the reason says why."""
    phone = {**PHONE, "device": {**OFFLINE, "offline": {"share": 0.5, "duration": "1min"}}}
    policy = {"policy": "static", "parameters": {"target": "phone"}}
    alone = simulate(scenario(fleet=[phone], router=policy)).report
    rejected = alone.plain["requests"]["rejected"]
    assert alone.plain["decisions"][ALL_DEVICES_OFFLINE] == rejected
    assert rejected / alone.plain["requests"]["arrived"] == pytest.approx(0.5, abs=0.1)
    assert alone.plain["devices"]["phone"]["offline_ratio"] == pytest.approx(
        rejected / alone.plain["requests"]["arrived"]
    )
    both = simulate(scenario(fleet=[phone, FRONTIER], router={"policy": "edge_first"}))
    assert both.report.plain["requests"]["rejected"] == 0
    lacking = both.requests["candidate_count"] == 1
    assert set(both.requests["deployment"][lacking]) == {"frontier"}
    assert lacking.sum() == rejected


def test_daily_hours_follow_the_regions_clock() -> None:
    """Devices off from 22:00 to 23:30 in Virginia answer nothing then, and everything else."""
    phone = {**PHONE, "device": {**OFFLINE, "offline": {"daily": ["22:00", "23:30"]}}}
    stream = with_stream(arrivals={"pattern": "steady", "rate": 0.05}, devices=2_000)
    result = simulate(scenario(fleet=[phone], duration="24h", router=ROUND, **stream))
    hour = (result.requests["arrival_s"] / 3600.0 - 5.0) % 24.0
    off = (hour >= 22.0) & (hour < 23.5)
    np.testing.assert_array_equal(result.requests["reason"] == ALL_DEVICES_OFFLINE, off)
    assert off.sum() > 100


def test_a_client_that_asks_again_of_an_offline_device_is_turned_away() -> None:
    """A retry after the device went off is rejected with that reason; nothing is lost."""
    phone = {**HOT_PHONE, "device": {**OFFLINE, "offline": {"share": 0.5, "duration": "20s"}}}
    stream = with_stream(client={"timeout": "3s", "retries": 3, "backoff": "10s"}, output_tokens=200)
    counts = simulate(scenario(fleet=[phone], router=ROUND, **stream)).report.plain["requests"]
    assert counts["arrived"] == sum(counts[state] for state in counts if state != "arrived")
    assert counts["rejected"] > 0
    assert counts["timed_out"] > 0


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ({"offline": {}}, "give share, or daily"),
        ({"offline": {"share": 1.0}}, "less than 1"),
        ({"offline": {"daily": ["07:00", "07:00"]}}, "begins and ends at the same time"),
        ({"offline": {"share": 0.1}, "per_user": False}, "offline goes with `per_user: true`"),
    ],
)
def test_absences_that_mean_nothing_are_refused(device: dict[str, object], said: str) -> None:
    """Devices that are never off, always off, or not anybody's own."""
    with pytest.raises(InvalidScenarioError, match=said):
        scenario(fleet=[{**PHONE, "device": {"device": "iphone-14-pro-max", **device}}])
