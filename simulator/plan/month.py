"""What a month is beside the window: each stream's traffic on a mean day of a whole week."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from catalogs.units import DAYS_PER_WEEK, SECONDS_PER_DAY, SECONDS_PER_HOUR
from simulator.accounting.month import Month
from simulator.arrivals.diurnal import DiurnalArrivals, local_seconds

if TYPE_CHECKING:
    from simulator.settings.scenario import Scenario
    from simulator.settings.streams import Stream
    from simulator.workload.columns import Workload

SECONDS_PER_WEEK = DAYS_PER_WEEK * SECONDS_PER_DAY
CELL_S = 60.0
"""Rates are averaged by the midpoint rule over cells of at most a minute."""
SAME = 1e-9
UNITS = ((SECONDS_PER_DAY, "days", "day"), (SECONDS_PER_HOUR, "h", "hour"), (60.0, "min", "minute"))


def month_of(scenario: Scenario, workload: Workload) -> Month:
    """What a month is made of, for the requests of one replication."""
    factors = [traffic_factor(scenario, stream) for stream in scenario.streams]
    return Month(
        factor_of_request=np.array(factors)[workload.stream_code],
        basis=basis(scenario, factors),
    )


def traffic_factor(scenario: Scenario, stream: Stream) -> float:
    """Mean rate over a whole week over the mean rate in the billed window, on the users' clock.

    1 for what has no week: steady, bursty and recorded streams; and for one without any requests.
    """
    if not isinstance(stream.arrivals, DiurnalArrivals):
        return 1.0
    window_s = scenario.duration_s - scenario.warmup_s
    count = max(int(np.ceil(window_s / CELL_S)), 1)
    middles_s = scenario.warmup_s + (np.arange(count, dtype=np.float64) + 0.5) * (window_s / count)
    local_s = local_seconds(scenario.start, middles_s, zone_of(scenario, stream))
    mean = float(stream.arrivals.relative_rate(local_s).mean())
    return 1.0 / mean if mean > 0.0 else 1.0


def zone_of(scenario: Scenario, stream: Stream) -> ZoneInfo:
    """The clock of the stream's users."""
    return ZoneInfo(scenario.catalog.region(stream.region).time_zone)


def basis(scenario: Scenario, factors: list[float]) -> str:
    """What the month's traffic is taken to be, as a phrase."""
    window_s = scenario.duration_s - scenario.warmup_s
    weeks = window_s / SECONDS_PER_WEEK
    if weeks >= 1.0 and weeks.is_integer():
        return "one whole week" if weeks == 1.0 else f"{weeks:.0f} whole weeks"
    scaled = [
        has_week(stream) or abs(factor - 1.0) > SAME
        for stream, factor in zip(scenario.streams, factors, strict=True)
    ]
    if not any(scaled):
        return f"at {window_name(window_s)}"
    by = "weekday factors" if window_s % SECONDS_PER_DAY == 0.0 else "the streams' daily and weekly pattern"
    text = f"{day_name(scenario, scaled) or window_name(window_s).partition(',')[0]} scaled by {by}"
    return text if all(scaled) else f"{text}, other streams' as it is"


def has_week(stream: Stream) -> bool:
    """Whether the stream's weekdays differ."""
    arrivals = stream.arrivals
    return isinstance(arrivals, DiurnalArrivals) and len(set(arrivals.weekday_factors)) > 1


def window_name(window_s: float) -> str:
    """The window's traffic, and how often a month has it."""
    for unit_s, units, unit in UNITS:
        if window_s == unit_s:
            return f"this {unit}'s traffic, every {unit} of the month"
        if window_s >= unit_s:
            return f"the traffic of these {window_s / unit_s:.4g} {units}, all month"
    return f"the traffic of these {window_s:.4g} s, all month"


def day_name(scenario: Scenario, scaled: list[bool]) -> str:
    """Whose traffic it is where the window is one day: `Monday's traffic`; nothing elsewhere."""
    if scenario.duration_s - scenario.warmup_s != SECONDS_PER_DAY:
        return ""
    first = scenario.streams[scaled.index(True)]
    noon = scenario.start + timedelta(seconds=scenario.warmup_s + SECONDS_PER_DAY / 2.0)
    return f"{noon.astimezone(zone_of(scenario, first)):%A}'s traffic"
