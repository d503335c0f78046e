"""Signals: clocks, files and means; what they make of energy that is used at one hour or another."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator import InvalidScenarioError, load_scenario, simulate
from simulator.fleet.site import intensity_gco2e_per_kwh
from simulator.signals import ConstantSignal, DailyShape, DailySteps, StepSignal, local_clock, weighted_mean
from world_cases import FRONTIER, SMALL, plain, scenario, with_stream

if TYPE_CHECKING:
    from pathlib import Path

HOUR_S = 3_600.0
OWNED = {**SMALL, "pricing": {"owned": True}}


def test_clocks_follow_summer_time() -> None:
    """In the night of 2026-10-25 Amsterdam's clock shows two o'clock twice; the sun does not wait."""
    clock = local_clock(datetime(2026, 10, 24, 23, 30, tzinfo=UTC), "Europe/Amsterdam", 6 * HOUR_S)
    hours = clock.hour(np.array([0.0, 1.0, 1.5, 2.0, 3.0]) * HOUR_S)
    np.testing.assert_allclose(hours, [1.5, 2.5, 2.0, 2.5, 3.5])


def test_clocks_of_half_hours_are_right() -> None:
    """Mumbai is five and a half hours ahead, all year."""
    clock = local_clock(datetime(2026, 3, 28, 20, 15, tzinfo=UTC), "Asia/Kolkata", 48 * HOUR_S)
    assert clock.hour(np.array([0.0, 24 * HOUR_S])).tolist() == [1.75, 1.75]


def signals() -> list[Any]:
    """One signal of every kind."""
    clock = local_clock(datetime(2026, 3, 28, 6, 0, tzinfo=UTC), "Europe/Berlin", 72 * HOUR_S)
    return [
        ConstantSignal(3.7),
        DailyShape(mean=300.0, peak_to_trough=1.5, peak_hour=19.0, clock=clock),
        DailySteps(hours=np.array([6.0, 22.5]), values=np.array([0.3, 0.1]), clock=clock),
        StepSignal(from_s=np.array([-600.0, 5_000.0, 9_000.0]), values=np.array([1.0, 9.0, 4.0])),
    ]


def marks_of(signal: Any, from_s: float, to_s: float) -> list[float]:
    """The interval's ends and every instant in it at which a signal may jump: half hours, and records."""
    recorded = signal.from_s.tolist() if isinstance(signal, StepSignal) else []
    halves = np.arange(np.floor(from_s / 1_800.0), to_s / 1_800.0 + 1.0) * 1_800.0
    return sorted({from_s, to_s, *(mark for mark in (*recorded, *halves) if from_s < mark < to_s)})


def integral(signal: Any, from_s: float, to_s: float) -> float:
    """The signal's integral: between jumps by Gauss's rule of eight points, exact for what is smooth."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    marks = marks_of(signal, from_s, to_s)
    parts = pairwise(marks)
    return sum(
        float(weights @ signal.at((begin + end) / 2.0 + (end - begin) / 2.0 * nodes)) * (end - begin) / 2.0
        for begin, end in parts
    )


@given(st.floats(0, 2 * 86_400), st.floats(1e-3, 86_400))
@example(68_400.0 - 30.0, 60.0)
@example(4_999.5, 1.0)
@example(0.0, 86_400.0)
def test_means_are_the_integral_over_the_interval(from_s: float, span_s: float) -> None:
    """Every signal's mean is its integral over the length, to rounding, whatever the interval."""
    for signal in signals():
        to_s = from_s + span_s
        mean = signal.means(np.array([from_s]), np.array([to_s]))[0]
        length_s = to_s - from_s
        assert mean == pytest.approx(integral(signal, from_s, to_s) / length_s, rel=1e-6, abs=1e-9)


@given(st.floats(0, 3 * 86_400))
def test_a_mean_over_no_time_is_the_value_of_the_instant(at_s: float) -> None:
    """What takes no time is paid at the value of its instant."""
    for signal in signals():
        at = np.array([at_s])
        assert signal.means(at, at)[0] == pytest.approx(signal.at(at)[0], rel=1e-12)


def test_a_mean_within_one_step_is_its_value_and_nothing_of_the_next() -> None:
    """An interval that ends where the price jumps pays the old price, to the last bit."""
    tariff = StepSignal(from_s=np.array([0.0, HOUR_S]), values=np.array([0.1, 9.0]))
    ends_s = np.array([HOUR_S, HOUR_S - 1e-6])
    assert tariff.means(np.array([HOUR_S - 600.0, 0.0]), ends_s).tolist() == pytest.approx(
        [0.1, 0.1], rel=1e-15
    )
    clock = local_clock(datetime(2026, 11, 3, tzinfo=UTC), "UTC", 24 * HOUR_S)
    hours = DailySteps(hours=np.array([0.0, 1.0]), values=np.array([0.1, 9.0]), clock=clock)
    assert hours.means(np.array([0.0, 0.0]), ends_s).tolist() == pytest.approx([0.1, 0.1], rel=1e-15)


def test_a_day_of_the_daily_shape_has_its_mean() -> None:
    """A whole day averages to the mean, the half about the peak to mean (1 + 2 a / pi)."""
    clock = local_clock(datetime(2026, 11, 3, tzinfo=UTC), "UTC", 48 * HOUR_S)
    shape = DailyShape(mean=300.0, peak_to_trough=1.5, peak_hour=19.0, clock=clock)
    found = shape.means(np.array([5.0, 13.0]) * HOUR_S, np.array([29.0, 25.0]) * HOUR_S)
    assert found.tolist() == pytest.approx([300.0, 300.0 * (1.0 + 0.2 * 2.0 / np.pi)], rel=1e-12)


def test_every_regions_grid_has_its_daily_shape() -> None:
    """Without a signal of one's own, carbon swings around the region's mean as its catalog entry says."""
    world = scenario(duration="24h", start="2026-11-03", drain="0s")
    hours = np.arange(0.0, 24.0, 0.25)
    for region in world.catalog.regions.values():
        grams = intensity_gco2e_per_kwh(world, region.name).at(hours * HOUR_S)
        assert grams.mean() == pytest.approx(region.carbon_gco2e_per_kwh)
        assert grams.max() / grams.min() == pytest.approx(region.carbon_peak_to_trough, rel=0.01)
        if region.carbon_peak_to_trough > 1.0:
            local = local_clock(world.start, region.time_zone, 24 * HOUR_S).hour(hours * HOUR_S)
            away = abs(local[grams.argmax()] - region.carbon_peak_hour) % 24.0
            assert min(away, 24.0 - away) <= 0.25
            assert region.origin_of("carbon_peak_to_trough").source


def test_a_mean_by_weights_follows_the_weights() -> None:
    """All weight in the second hour gives that hour's value; none gives the plain mean."""
    signal = StepSignal(from_s=np.array([0.0, HOUR_S]), values=np.array([1.0, 3.0]))
    edges = np.array([0.0, HOUR_S, 2 * HOUR_S])
    assert weighted_mean(signal, edges, np.array([0.0, 5.0])) == 3.0
    assert weighted_mean(signal, edges, np.zeros(2)) == 2.0


def test_a_constant_signal_gives_energy_times_the_constant_exactly() -> None:
    """Grams are watt-hours x the constant, dollars watt-hours x the price, used and idle."""
    own = {"carbon_intensity": {"us-virginia": 250.0}, "electricity_price": {"us-virginia": 0.125}}
    report = simulate(scenario(fleet=[OWNED], router={"policy": "round_robin"}, signals=own)).report
    kwh = report.figure("energy_wh.total") / 1_000.0
    assert report.figure("energy_wh.idle") > 0.0
    assert report.figure("emissions_gco2e.total") == pytest.approx(kwh * 250.0, rel=1e-14)
    assert report.figure("cost_usd.energy") == pytest.approx(kwh * 0.125, rel=1e-14)


def recorded(tmp_path: Path, name: str, *lines: str) -> str:
    """A file of the given lines."""
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def test_a_file_of_one_value_equals_the_constant(tmp_path: Path) -> None:
    """Recorded or said, the same value gives the same grams to the last bit."""
    file = recorded(tmp_path, "c.csv", "time,gco2e_per_kwh", "2026-11-01,250")
    world = {"fleet": [OWNED], "router": {"policy": "round_robin"}}
    one = simulate(scenario(**world, signals={"carbon_intensity": {"us-virginia": file}}))
    other = simulate(scenario(**world, signals={"carbon_intensity": {"us-virginia": 250}}))
    path = "emissions_gco2e.total"
    assert one.report.figure(path) == pytest.approx(other.report.figure(path), rel=1e-14)


def test_shifting_work_in_the_day_changes_emissions_as_the_integral_says(tmp_path: Path) -> None:
    """The same work in a dirty and in a clean hour: used grams in the ratio of the hours."""
    file = recorded(
        tmp_path, "day.csv", "time,gco2e_per_kwh", "2026-11-02T00:00Z,100", "2026-11-02T12:00Z,400"
    )
    grams, drawn = [], []
    for start in ("2026-11-02T03:00:00Z", "2026-11-02T15:00:00Z"):
        run = simulate(
            scenario(
                start=start,
                fleet=[OWNED],
                router={"policy": "round_robin"},
                signals={"carbon_intensity": {"us-virginia": file}},
            )
        ).settlement.run
        grams.append(run.books.whole.emissions_gco2e.sum() + run.capacity.idle_gco2e.sum())
        drawn.append(run.books.whole.facility_wh.sum() + run.capacity.idle_wh.sum())
    assert drawn[0] == pytest.approx(drawn[1])
    assert grams[1] == pytest.approx(4.0 * grams[0])
    assert grams[0] == pytest.approx(drawn[0] / 1_000.0 * 100.0)


def test_idle_energy_is_emitted_when_capacity_idles(tmp_path: Path) -> None:
    """A machine that works in the first hour and rests in the second idles on the second's grid."""
    file = recorded(
        tmp_path, "two.csv", "time,gco2e_per_kwh", "2026-11-02T00:00Z,100", "2026-11-02T01:00Z,900"
    )
    trace = recorded(
        tmp_path, "trace.csv", "timestamp,input_tokens,output_tokens", *(f"{i},500,300" for i in range(3_500))
    )
    columns = {name: name for name in ("timestamp", "input_tokens", "output_tokens")}
    stream = with_stream(arrivals={"pattern": "trace", "file": trace, "format": "csv", "columns": columns})
    world = scenario(
        duration="2h",
        fleet=[OWNED],
        router={"policy": "round_robin"},
        signals={"carbon_intensity": {"us-virginia": file}},
        **stream,
    )
    capacity = simulate(world).settlement.run.capacity
    idle = capacity.idle_gco2e[0] / capacity.idle_wh[0] * 1_000.0
    assert idle > 850.0, "idling is nearly all in the second hour"


def test_electricity_may_cost_less_than_nothing(tmp_path: Path) -> None:
    """Four hours of a negative price lower the bill by their kilowatt-hours, as a file, constant or hours."""
    rows = ["2026-11-02T00:00Z,0.10", "2026-11-02T00:01Z,-0.05", "2026-11-02T00:02Z,0.10", "2026-11-04,0.1"]
    file = recorded(tmp_path, "spot.csv", "time,usd_per_kwh", *rows)
    for price, paid in ((file, 0.05), (-0.05, -0.05), ({"00:00": -0.05}, -0.05)):
        own = {"electricity_price": {"us-virginia": price}}
        none = with_stream(arrivals={"pattern": "steady", "rate": 1e-9})
        report = simulate(
            scenario(fleet=[OWNED], router={"policy": "round_robin"}, signals=own, drain="0s", **none)
        ).report
        kwh = report.figure("energy_wh.total") / 1_000.0
        assert report.figure("cost_usd.energy") == pytest.approx(kwh * paid)


def test_the_grids_carbon_is_never_negative(tmp_path: Path) -> None:
    """Only prices may fall below 0; a file of carbon that does is refused with its line."""
    file = recorded(tmp_path, "c.csv", "time,gco2e_per_kwh", "2026-11-01,-5")
    with pytest.raises(InvalidScenarioError, match=r"c.csv:2: value '-5'; it should be a number, 0 or more"):
        scenario(signals={"carbon_intensity": {"us-virginia": file}})


def test_tariffs_by_hour_follow_the_regions_own_clock() -> None:
    """Noon to one in Virginia is 17:00 to 18:00 UTC in November."""
    prices = {"00:00": 0.1, "12:00": 0.5, "13:00": 0.1}
    paid = []
    for start in ("2026-11-02T17:00:00Z", "2026-11-02T12:00:00Z"):
        world = scenario(
            start=start,
            fleet=[OWNED],
            router={"policy": "round_robin"},
            signals={"electricity_price": {"us-virginia": prices}},
        )
        report = simulate(world).report
        paid.append(report.figure("cost_usd.energy") / report.figure("energy_wh.total") * 1_000.0)
    assert paid == pytest.approx([0.5, 0.1])


def test_hours_of_a_file_are_those_of_the_local_day(tmp_path: Path) -> None:
    """A file by `hour` says the same as a table of hours."""
    file = recorded(tmp_path, "t.csv", "hour,usd_per_kwh", "0,0.1", "12,0.5", "13,0.1")
    world = {"start": "2026-11-02T17:00:00Z", "fleet": [OWNED], "router": {"policy": "round_robin"}}
    report = simulate(scenario(**world, signals={"electricity_price": {"us-virginia": file}})).report
    per_kwh = report.figure("cost_usd.energy") / report.figure("energy_wh.total") * 1_000.0
    assert per_kwh == pytest.approx(0.5)


def test_faults_of_a_file_are_told_all_at_once_with_their_lines(tmp_path: Path) -> None:
    """Numbers, instants, order, beginning and end; unknown regions; files that are not there."""
    bad = recorded(
        tmp_path,
        "bad.csv",
        "time,gco2e_per_kwh",
        "2026-11-02T00:01Z,100",
        "2026-11-02T00:00Z,-4",
        "yesterday,7",
        "2026-11-02T00:02Z,much",
    )
    head = recorded(tmp_path, "head.csv", "when,grams", "1,2")
    own = {
        "carbon_intensity": {"us-virginia": bad, "atlantis": 3.0, "us-texas": head},
        "electricity_price": {"us-virginia": str(tmp_path / "none.csv")},
    }
    with pytest.raises(InvalidScenarioError) as caught:
        scenario(signals=own, duration="1h")
    told = str(caught.value)
    lines = ("2: begins", "3: time", "3: value '-4'", "4: time 'yesterday'", "5: value 'much'", "5: ends at")
    for part in (*(f"bad.csv:{line}" for line in lines), "'atlantis'", "head.csv:1: columns", "none.csv"):
        assert part in told


def test_files_are_found_beside_the_scenario_and_count_in_its_digest(tmp_path: Path) -> None:
    """A relative file is the scenario's; other values are another scenario."""
    import yaml

    digests = []
    for value in (100, 200):
        recorded(tmp_path, "c.csv", "hour,gco2e_per_kwh", f"0,{value}")
        data = plain(signals={"carbon_intensity": {"us-virginia": "c.csv"}})
        (tmp_path / "s.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
        digests.append(load_scenario(tmp_path / "s.yaml").digest)
    assert digests[0] != digests[1]


def test_regions_are_told_apart() -> None:
    """The breakdown by region adds up; a region's grams are those of its own grid."""
    far = {**FRONTIER, "name": "far", "region": "eu-nordics"}
    report = simulate(scenario(fleet=[FRONTIER, far], router={"policy": "round_robin"})).report
    by = report.plain["by"]["region"]
    assert set(by) == {"us-virginia", "eu-nordics"}
    per_wh = [part["emissions_gco2e"]["total"] / part["energy_wh"]["total"] for part in by.values()]
    assert per_wh[0] > 5 * per_wh[1]


def test_files_of_signals_are_read_in_every_dialect(tmp_path: Path) -> None:
    """A packed export with semicolons, a byte-order mark and spaces says what a plain file says."""
    rows = ["time;gco2e_per_kwh", "2026-11-02T00:00Z; 100 ", "", "2026-11-02T00:02Z;900"]
    packed = tmp_path / "export.csv"
    packed.write_bytes(gzip.compress("\r\n".join(rows).encode("utf-8-sig")))
    bare = [row.replace(";", ",").replace(" ", "") for row in rows if row]
    worlds = [
        {"fleet": [OWNED], "signals": {"carbon_intensity": {"us-virginia": str(file)}}}
        for file in (packed, recorded(tmp_path, "plain.csv", *bare))
    ]
    grams = [
        simulate(scenario(router={"policy": "round_robin"}, **world)).report.figure("emissions_gco2e.total")
        for world in worlds
    ]
    assert grams[0] == grams[1]
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(InvalidScenarioError, match="export.csv: file: is damaged"):
        scenario(signals={"carbon_intensity": {"us-virginia": str(packed)}})


def test_a_signal_file_full_of_faults_is_told_in_a_few_lines(tmp_path: Path) -> None:
    """Twenty problems are listed, the others counted."""
    file = recorded(tmp_path, "bad.csv", "time,gco2e_per_kwh", *("never,-" for _ in range(500)))
    with pytest.raises(InvalidScenarioError) as raised:
        scenario(signals={"carbon_intensity": {"us-virginia": file}})
    assert len(raised.value.problems) == 21
    assert "and 980 more problems" in str(raised.value)
