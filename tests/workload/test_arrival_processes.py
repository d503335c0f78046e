"""Arrival processes, each recomputed from its own draws."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from simulator.arrivals import registry
from simulator.arrivals.bursty import BurstyArrivals, gamma_renewal_s, piecewise_poisson_s
from simulator.arrivals.diurnal import DiurnalArrivals, local_seconds
from simulator.arrivals.pattern import Arrivals, ArrivalWindow
from simulator.arrivals.registry import ArrivalSettings, PlugInArrivals, arrival_pattern_names
from simulator.arrivals.renewal import renewal_instants_s
from simulator.arrivals.steady import SteadyArrivals, evenly_spaced_s, poisson_s
from simulator.traces.errors import ArrivalParameterError, UnknownArrivalPatternError

PATTERNS = TypeAdapter(ArrivalSettings)
START = datetime(2026, 11, 2, tzinfo=UTC)
Steady = partial(SteadyArrivals, pattern="steady")
Bursty = partial(BurstyArrivals, pattern="bursty")
Diurnal = partial(DiurnalArrivals, pattern="diurnal")


def window(duration_s: float, zone: object = UTC, start: datetime = START) -> ArrivalWindow:
    """A run's window."""
    return ArrivalWindow(start=start, duration_s=duration_s, zone=zone)


def rng(seed: int = 3) -> np.random.Generator:
    """A generator at its beginning."""
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    ("duration_s", "instants"),
    [(10.0, [1.5, 4.5, 7.5]), (10.5, [1.5, 4.5, 7.5]), (10.6, [1.5, 4.5, 7.5, 10.5]), (1.5, []), (1.0, [])],
)
def test_gaps_follow_each_other_to_before_the_end(duration_s: float, instants: list[float]) -> None:
    """The first where it is stated, then gap after gap; an instant at the end is beyond it."""
    found = renewal_instants_s(
        lambda count: np.full(count, 3.0), first_s=1.5, gap_mean_s=3.0, gap_cv=0.0, duration_s=duration_s
    )
    assert found.tolist() == instants


def test_gaps_are_drawn_in_chunks_until_they_reach_the_end() -> None:
    """Six standard deviations over the expected count and sixteen; again where that was too few."""
    asked: list[int] = []

    def draw(count: int) -> np.ndarray:
        asked.append(count)
        return np.full(count, 1.0)

    found = renewal_instants_s(draw, first_s=0.25, gap_mean_s=4.0, gap_cv=0.5, duration_s=400.0)
    assert asked == [100 + 30 + 16] * 3
    assert found.tolist() == [0.25 + i for i in range(400)]


@pytest.mark.parametrize(("rate", "duration_s", "count"), [(2.0, 10.0, 20), (0.3, 5.0, 1), (0.3, 5.5, 2)])
def test_even_arrivals_stand_in_the_middle_of_their_gaps(rate: float, duration_s: float, count: int) -> None:
    """(i + 1/2) / rate before the end."""
    expected = [(i + 0.5) / rate for i in range(count)]
    assert evenly_spaced_s(rate, duration_s).tolist() == pytest.approx(expected)
    steady = Steady(rate=rate, process="deterministic")
    assert steady.arrivals(window(duration_s), rng()).arrival_s.tolist() == pytest.approx(expected)


def test_poisson_arrivals_are_sums_of_exponential_gaps() -> None:
    """The first gap, then six deviations more than expected, each of mean 1 / rate; steady means Poisson."""
    draws, theirs = rng(), rng()
    gaps = np.concatenate([[draws.exponential(0.4)], draws.exponential(0.4, 100 + 60 + 16)])
    poisson_s(2.5, 40.0, theirs)
    assert theirs.random() == draws.random()
    expected = np.cumsum(gaps)
    expected = expected[expected < 40.0]
    np.testing.assert_allclose(poisson_s(2.5, 40.0, rng()), expected)
    np.testing.assert_allclose(Steady(rate=2.5).arrivals(window(40.0), rng()).arrival_s, expected)


def test_gamma_renewals_begin_with_what_is_left_of_a_gap() -> None:
    """A uniform share of a length-biased gap, then Gamma gaps of shape 1/cv^2 and mean 1/rate."""
    shape, scale = 1.0 / 9.0, 9.0 / 2.0
    draws = rng()
    first = draws.random() * draws.gamma(shape + 1.0, scale)
    chunk = 120 + int(np.ceil(18.0 * np.sqrt(120.0))) + 16
    expected = np.concatenate([[first], first + np.cumsum(draws.gamma(shape, scale, chunk))])
    expected, theirs = expected[expected < 60.0], rng()
    np.testing.assert_allclose(gamma_renewal_s(2.0, 3.0, 60.0, theirs), expected)
    assert theirs.random() == draws.random()
    bursty = Bursty(rate=2.0, cv=3.0)
    np.testing.assert_allclose(bursty.arrivals(window(60.0), rng()).arrival_s, expected)


def test_first_gaps_are_stationary() -> None:
    """The mean wait for the first arrival is (1 + cv^2) / 2 mean gaps, as at a random instant."""
    firsts = [gamma_renewal_s(1.0, 2.0, 200.0, rng(seed))[:1] for seed in range(1_500)]
    assert np.concatenate(firsts).mean() == pytest.approx(2.5, rel=0.12)


def test_piecewise_rates_are_a_unit_process_on_the_clock_of_expected_arrivals() -> None:
    """Half an arrival is expected in the first second, none in the next two, sixty in the last three."""
    edges, rates = np.array([0.0, 1.0, 3.0, 6.0]), np.array([0.5, 0.0, 20.0])
    unit = poisson_s(1.0, 60.5, rng())
    expected = [at / 0.5 if at < 0.5 else 3.0 + (at - 0.5) / 20.0 for at in unit.tolist()]
    assert piecewise_poisson_s(edges, rates, rng()).tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("pattern", "rates"),
    [
        (Bursty(rate=3.0, process="on_off", burst_share=0.25), (12.0, 0.0)),
        (
            Bursty(rate=3.0, process="mmpp", burst_share=0.25, burst_factor=5.0),
            (7.5, 1.5),
        ),
        (Bursty(rate=1.7, process="mmpp"), (8.0, 1.0)),
    ],
)
def test_rates_within_and_between_bursts_mean_the_stated_rate(
    pattern: BurstyArrivals, rates: tuple[float, float]
) -> None:
    """Share b + (1 - share) c = rate, with b = factor c, or c = 0."""
    assert pattern._state_rates_per_s() == pytest.approx(rates)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("duration_s", [7.0, 900.0])
def test_states_alternate_from_0_to_the_end(seed: int, duration_s: float) -> None:
    """The first is a burst with the share's chance; then states of exponential times of their own means."""
    pattern = Bursty(rate=1.0, process="on_off", burst_share=0.4, burst_duration=6.0)
    edges, bursting = pattern._states(duration_s, theirs := rng(seed))
    draws = rng(seed)
    starts = bool(draws.random() < 0.4)
    count = 2 * int(duration_s / 15.0 + 16)
    means = [6.0 if (i % 2 == 0) == starts else 9.0 for i in range(count)]
    expected = np.cumsum(draws.exponential(np.array(means)))
    assert theirs.random() == draws.random()
    inner = expected[expected < duration_s]
    np.testing.assert_allclose(edges, [0.0, *inner, duration_s])
    assert bursting.tolist() == [(i % 2 == 0) == starts for i in range(len(inner) + 1)]


def test_states_go_on_where_a_chunk_of_them_was_too_short() -> None:
    """Times far shorter than their means need further draws, and still alternate to the end."""

    class Short:
        """Draws a tenth of every mean."""

        def random(self) -> float:
            return 0.99

        def exponential(self, means: np.ndarray) -> np.ndarray:
            return means / 10.0

    pattern = Bursty(rate=1.0, process="on_off", burst_share=0.25, burst_duration=10.0)
    edges, bursting = pattern._states(1_000.0, Short())
    assert np.diff(edges).tolist() == pytest.approx([3.0, 1.0] * 250)
    assert bursting.tolist() == [False, True] * 250


def test_switching_arrivals_are_poisson_at_the_rates_of_their_states() -> None:
    """States first, then the unit process, from one generator."""
    for process in ("mmpp", "on_off"):
        pattern = Bursty(rate=4.0, process=process, burst_duration=5.0)
        draws = rng()
        edges, bursting = pattern._states(120.0, draws)
        high, low = pattern._state_rates_per_s()
        expected = piecewise_poisson_s(edges, np.where(bursting, high, low), draws)
        assert pattern.arrivals(window(120.0), rng()).arrival_s.tolist() == expected.tolist()
        assert high > low >= 0.0


@pytest.mark.parametrize(
    ("hour", "weekday", "factors", "relative"),
    [
        (14.0, 0, (1.0,) * 7, 1.5),
        (2.0, 3, (1.0,) * 7, 0.5),
        (8.0, 5, (1.0,) * 7, 1.0),
        (10.0, 6, (1.0,) * 7, 1.25),
        (14.0, 0, (3.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0), 4.5),
        (2.0, 4, (3.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0), 0.5),
        (14.0, 6, (3.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0), 0.0),
    ],
)
def test_the_daily_wave_has_its_peak_trough_and_weekdays(
    hour: float, weekday: int, factors: tuple[float, ...], relative: float
) -> None:
    """One and a cos, a half at a peak three times the trough, times the weekday's factor over their mean."""
    monday = (datetime(2026, 11, 2) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001  (local time)
    local_s = np.array([monday + weekday * 86_400.0 + hour * 3_600.0])
    pattern = Diurnal(rate=9.0, weekday_factors=factors)
    assert pattern.relative_rate(local_s)[0] == pytest.approx(relative, abs=1e-12)


def test_diurnal_arrivals_are_thinned_from_the_highest_rate() -> None:
    """Candidates at the peak of the busiest day, each kept where its draw is below its share of that."""
    factors = (2.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5)
    pattern = Diurnal(rate=0.05, peak_hour=9.0, peak_to_trough=4.0, weekday_factors=factors)
    zone = ZoneInfo("Asia/Tokyo")
    highest = 1.6 * 2.0
    draws = rng()
    at = poisson_s(0.05 * highest, 100_000.0, draws)
    kept = draws.random(len(at)) < pattern.relative_rate(local_seconds(START, at, zone)) / highest
    found = pattern.arrivals(window(100_000.0, zone), rng()).arrival_s
    assert found.tolist() == at[kept].tolist()
    assert 0 < len(found) < len(at)


@pytest.mark.parametrize(
    ("start", "zone"),
    [
        (datetime(2026, 3, 29, 0, 7, 30, tzinfo=UTC), "Europe/Amsterdam"),
        (datetime(2026, 10, 25, 0, 7, 30, tzinfo=UTC), "Europe/Amsterdam"),
        (datetime(2026, 11, 1, 5, 50, tzinfo=UTC), "America/New_York"),
        (datetime(2026, 4, 4, 14, 0, tzinfo=UTC), "Australia/Lord_Howe"),
        (datetime(2026, 6, 1, tzinfo=UTC), "Asia/Kathmandu"),
    ],
)
def test_local_seconds_follow_the_clock_on_the_wall(start: datetime, zone: str) -> None:
    """Every 97 s over three hours, across changes of the clock."""
    at = np.arange(0.0, 10_800.0, 97.0)
    walls = [(start + timedelta(seconds=second)).astimezone(ZoneInfo(zone)) for second in at.tolist()]
    naive = [
        (wall.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001  (local time)
        for wall in walls
    ]
    np.testing.assert_allclose(local_seconds(start, at, ZoneInfo(zone)), naive)
    assert local_seconds(start, np.zeros(0), ZoneInfo(zone)).tolist() == []


def test_patterns_are_made_by_name_with_their_parameters() -> None:
    """The four shipped ones first; an unknown name lists them."""
    assert arrival_pattern_names()[:4] == ("steady", "bursty", "diurnal", "trace")
    made = PATTERNS.validate_python({"pattern": "bursty", "rate": "120/min", "cv": 3.0})
    assert made == Bursty(rate=2.0, cv=3.0)
    with pytest.raises(ValidationError, match=r"unknown arrival pattern 'tidal'.*'steady'"):
        PATTERNS.validate_python({"pattern": "tidal"})


class Pulse:
    """A pattern of somebody else's."""

    def __init__(self, rate_per_s: float) -> None:
        self.rate_per_s = rate_per_s

    def arrivals(self, window: ArrivalWindow, rng: np.random.Generator) -> Arrivals:
        """Evenly spaced from 0."""
        del rng
        return Arrivals(arrival_s=np.arange(0.0, window.duration_s, 1.0 / self.rate_per_s))


def test_plugins_are_found_by_their_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the group `wayfare.arrivals`, by name after the shipped ones, whose names they cannot take."""
    points = [
        SimpleNamespace(name="pulse", load=lambda: Pulse),
        SimpleNamespace(name="odd", load=lambda: dict),
        SimpleNamespace(name="steady", load=lambda: Pulse),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points if group == "wayfare.arrivals" else [])
    registry.plug_ins.cache_clear()
    try:
        assert arrival_pattern_names() == ("steady", "bursty", "diurnal", "trace", "odd", "pulse")
        found = PlugInArrivals(pattern="pulse", rate="2/s").arrivals(window(1.5), rng())
        assert found.arrival_s.tolist() == [0.0, 0.5, 1.0]
        assert (found.recorded, found.dropped_row_count, found.notes) == (None, {}, ())
        assert isinstance(PATTERNS.validate_python({"pattern": "steady", "rate": "1/s"}), SteadyArrivals)
        with pytest.raises(ArrivalParameterError, match="'pulse' does not take these parameters") as raised:
            PlugInArrivals(pattern="pulse", speed=1).made()
        assert raised.value.parameter == ""
        with pytest.raises(UnknownArrivalPatternError, match="'odd' has no method arrivals"):
            PlugInArrivals(pattern="odd").made()
    finally:
        registry.plug_ins.cache_clear()


def test_a_wrong_parameter_is_known_beside_its_message() -> None:
    """The message is what is printed."""
    error = ArrivalParameterError("loop", "what is wrong")
    assert (str(error), error.parameter, error.args) == ("what is wrong", "loop", ("loop", "what is wrong"))
