"""Grid carbon and electricity prices over a run, integrated exactly: docs/methodology/accounting.md.

A signal is a list of pieces: (from_s, kind, numbers). Between two edges a piece is a constant or a
cosine of the hour of a local day.
"""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

HOUR_S = 3_600.0
DAY_H = 24.0
OMEGA_PER_S = 2.0 * math.pi / (DAY_H * HOUR_S)


class Flat:
    """The same value always."""

    def __init__(self, value):
        self.value = float(value)

    def mean(self, _from_s, _to_s):
        """The value."""
        return self.value

    @property
    def constant(self):
        """Never changes."""
        return True


class Pieces:
    """Constant values from instants on; the first also before, the last for ever."""

    constant = False

    def __init__(self, instants, values):
        self.instants, self.values = list(instants), list(values)

    def at(self, t_s):
        """The value that holds at an instant."""
        return self.values[max(bisect_right(self.instants, t_s) - 1, 0)]

    def mean(self, from_s, to_s):
        """The exact mean between two instants; the value there where they are one."""
        if to_s <= from_s:
            return self.at(from_s)
        edges = [from_s, *(t for t in self.instants if from_s < t < to_s), to_s]
        spans = pairwise(edges)
        return math.fsum(self.at(a) * (b - a) for a, b in spans) / (to_s - from_s)


class Wave:
    """Mean (1 + a cos(2 pi (hour - peak) / 24)) on a zone's clock, a = (r - 1) / (r + 1)."""

    constant = False

    def __init__(self, region, start):
        ratio = region.carbon_peak_to_trough
        self.level = region.carbon_gco2e_per_kwh
        self.amplitude = (ratio - 1.0) / (ratio + 1.0)
        self.peak_h = region.carbon_peak_hour
        self.start, self.zone = start, ZoneInfo(region.time_zone)

    def shift_h(self, t_s):
        """Local hour at an instant less t / 3600: jumps where the clock is put forward or back."""
        utc = (self.start + timedelta(seconds=t_s)).astimezone(UTC)
        local = utc.astimezone(self.zone)
        offset_h = local.utcoffset().total_seconds() / HOUR_S
        begin = self.start.astimezone(UTC)
        midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
        return (begin - midnight).total_seconds() / HOUR_S + offset_h

    def edges(self, from_s, to_s):
        """The interval's ends and the full UTC hours within at which the clock was changed."""
        begin = self.start.astimezone(UTC)
        into_hour_s = begin.minute * 60.0 + begin.second + begin.microsecond / 1e6
        first = math.floor((from_s + into_hour_s) / HOUR_S) + 1
        last = math.ceil((to_s + into_hour_s) / HOUR_S)
        hours = [number * HOUR_S - into_hour_s for number in range(first, last)]
        changed = [t for t in hours if self.shift_h(t) != self.shift_h(t - 1.0)]
        return [from_s, *changed, to_s]

    def phase(self, t_s, shift_h):
        """Angle of the day."""
        return OMEGA_PER_S * (t_s + (shift_h - self.peak_h) * HOUR_S)

    def mean(self, from_s, to_s):
        """The exact mean: the cosine's integral is a difference of sines."""
        if to_s - from_s < 1e-3:
            return self.level * (1.0 + self.amplitude * math.cos(self.phase(from_s, self.shift_h(from_s))))
        total = 0.0
        edges = self.edges(from_s, to_s)
        for a, b in pairwise(edges):
            shift_h = self.shift_h(a)
            waves = math.sin(self.phase(b, shift_h)) - math.sin(self.phase(a, shift_h))
            total += (b - a) + self.amplitude * waves / OMEGA_PER_S
        return self.level * total / (to_s - from_s)


def daily(by_hour, region, start, until_s):
    """Values by local hour as constant pieces over the run."""
    zone, hours = ZoneInfo(region.time_zone), sorted(by_hour)
    instants, values = [], []
    begin = start.astimezone(UTC)
    clock = begin.replace(minute=0, second=0, microsecond=0) - timedelta(hours=25)
    marks = sorted({hour % 1.0 for hour in hours} | {0.0})
    while clock < begin + timedelta(seconds=until_s + HOUR_S):
        for mark in marks:
            instant = clock + timedelta(hours=mark)
            local = instant.astimezone(zone)
            hour = local.hour + local.minute / 60.0 + local.second / HOUR_S
            place = bisect_right(hours, hour + 1e-9) - 1
            instants.append((instant - begin).total_seconds())
            values.append(by_hour[hours[place]])
        clock += timedelta(hours=1)
    return Pieces(instants, values)


def hours_of(text):
    """Hours of `HH:MM`, or of a number."""
    hours, _, minutes = str(text).partition(":")
    return float(hours) + float(minutes or 0.0) / 60.0


def recorded(file, region, start, until_s):
    """A file's values by instant, or by hour of the local day."""
    with Path(file).open(encoding="utf-8-sig", newline="") as text:
        header, *rows = [row for row in csv.reader(text) if row]
    if header[0].strip() == "hour":
        return daily({hours_of(when): float(value) for when, value in rows}, region, start, until_s)
    instants = [datetime.fromisoformat(when.strip()) for when, _value in rows]
    aware = [at if at.tzinfo else at.replace(tzinfo=UTC) for at in instants]
    return Pieces([(at - start).total_seconds() for at in aware], [float(value) for _when, value in rows])


def given(scenario, kind, name):
    """The scenario's own signal of a region, None where it gives none."""
    value = getattr(scenario.settings.signals, kind).get(name)
    region = scenario.catalog.region(name)
    until_s = scenario.settings.duration + scenario.settings.drain
    if value is None:
        return None
    if isinstance(value, str):
        return recorded(value, region, scenario.start, until_s)
    if isinstance(value, dict):
        by_hour = {hours_of(hour): amount for hour, amount in value.items()}
        return daily(by_hour, region, scenario.start, until_s)
    return Flat(value)


def carbon(scenario, name):
    """Grams per kWh of a region's grid: the scenario's, else the catalog's daily shape."""
    own, region = given(scenario, "carbon_intensity", name), scenario.catalog.region(name)
    if own is not None:
        return own
    flat = region.carbon_peak_to_trough == 1.0
    return Flat(region.carbon_gco2e_per_kwh) if flat else Wave(region, scenario.start)


def tariff(scenario, name):
    """USD per kWh in a region: the scenario's, else the catalog's price by date (UTC)."""
    own, region = given(scenario, "electricity_price", name), scenario.catalog.region(name)
    if own is not None or not region.electricity_before:
        return own or Flat(float(region.electricity_usd_per_kwh))
    ends = [datetime.combine(row.until, datetime.min.time(), UTC) for row in region.electricity_before]
    instants = [-math.inf, *((end - scenario.start).total_seconds() for end in ends)]
    earlier = [float(row.usd_per_kwh) for row in region.electricity_before]
    return Pieces(instants, [*earlier, float(region.electricity_usd_per_kwh)])
