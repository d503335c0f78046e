"""Signals that a scenario gives of its own: constants, hours of the local day, recorded files."""

from __future__ import annotations

import math
from datetime import UTC, timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

import numpy as np

from catalogs.errors import UnknownEntryError
from catalogs.units import instant
from simulator.signals import ConstantSignal, DailySteps, StepSignal, local_clock
from simulator.tables import InvalidTableError, open_table
from simulator.tables.values import MAX_SHOWN_PROBLEMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.settings.scenario import Scenario
    from simulator.signals import Signal

    Rows = list[tuple[int, str, str]]

UNITS: Final = {"carbon_intensity": "gco2e_per_kwh", "electricity_price": "usd_per_kwh"}
"""Each signal's unit: the second column of its files."""
MAY_BE_NEGATIVE: Final = ("usd_per_kwh",)
"""Units of what may fall below 0: prices, where more is fed in than anybody wants."""
MOST_ROWS: Final = 1_000_000


def given_signal(scenario: Scenario, kind: str, region: str) -> Signal | None:
    """The scenario's own signal of a kind for a region; None where it gives none."""
    given = getattr(scenario.settings.signals, kind).get(region)
    if given is None or isinstance(given, int | float):
        return None if given is None else ConstantSignal(float(given))
    if isinstance(given, str):
        return recorded_signal(scenario, given, region)
    return daily_signal(scenario, region, {hour_of(text): value for text, value in given.items()})


def hour_of(text: str) -> float:
    """Hours since midnight of `HH:MM`."""
    hours, minutes = text.split(":")
    return int(hours) + int(minutes) / 60.0


def daily_signal(scenario: Scenario, region: str, by_hour: dict[float, float]) -> Signal:
    """Values by the hour of the region's own clock."""
    span_s = scenario.duration_s + scenario.settings.drain
    hours = sorted(by_hour)
    return DailySteps(
        hours=np.array(hours),
        values=np.array([by_hour[hour] for hour in hours]),
        clock=local_clock(scenario.start, scenario.catalog.region(region).time_zone, span_s),
    )


def recorded_signal(scenario: Scenario, file: str, region: str) -> Signal:
    """A file's values; only called for files without problems."""
    (column, _unit), rows = table_of(file)
    if column == "hour":
        return daily_signal(scenario, region, {float(when): float(value) for _line, when, value in rows})
    instants = [(instant(when) - scenario.start).total_seconds() for _line, when, _value in rows]
    return StepSignal(from_s=np.array(instants), values=np.array([float(value) for *_, value in rows]))


def table_of(file: str) -> tuple[tuple[str, ...], Rows]:
    """The names of the columns, and (row, first, second) of every row, texts.

    Raises:
        InvalidTableError: the file is no readable table.
    """
    with open_table(file) as table:
        names = table.names
        if len(names) != len(("when", "value")):
            return names, []
        return names, [(number, row[names[0]], row[names[1]]) for number, row in table.records(names)]


def signal_problems(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Unknown regions, and every problem of every file with its line."""
    for kind in UNITS:
        for region, given in getattr(scenario.settings.signals, kind).items():
            path = f"signals.{kind}.{region}"
            if region not in scenario.catalog.regions:
                yield path, unknown_region(scenario, region)
            if isinstance(given, str):
                yield from ((path, what) for what in file_problems(scenario, given, UNITS[kind]))


def unknown_region(scenario: Scenario, region: str) -> str:
    """What the catalog says of a region that it does not have."""
    try:
        scenario.catalog.region(region)
    except UnknownEntryError as error:
        return str(error.args[0])
    return ""


def file_problems(scenario: Scenario, file: str, unit: str) -> Iterator[str]:
    """What is wrong with a file, row by row."""
    try:
        names, rows = table_of(file)
    except InvalidTableError as error:
        yield from map(str, error.problems)
        return
    if names not in (("time", unit), ("hour", unit)):
        yield f"{file}:1: columns {list(names)!r}; allowed: time,{unit} or hour,{unit}"
    elif not rows or len(rows) > MOST_ROWS:
        yield f"{file}: {len(rows)} rows; allowed: 1 to {MOST_ROWS}"
    else:
        row_errors = row_problems(scenario, file, names[0], rows)
        yield from capped(file, chain(row_errors, value_problems(file, rows, unit)))


def capped(file: str, problems: Iterator[str]) -> Iterator[str]:
    """The first problems, and how many more there are."""
    yield from islice(problems, MAX_SHOWN_PROBLEMS)
    more = sum(1 for _problem in problems)
    if more:
        yield f"{file}: and {more:,} more problems like these"


def row_problems(scenario: Scenario, file: str, column: str, rows: Rows) -> Iterator[str]:
    """Rows that say no instant, go back in time, or begin after the run does."""
    before = -math.inf
    for place, (line, when, _value) in enumerate(rows):
        at = place_of(scenario, column, when)
        if at is None:
            allowed = "an hour from 0 to below 24" if column == "hour" else "ISO 8601"
            yield f"{file}:{line}: {column} {when!r}; it should be {allowed}"
        elif at <= before:
            yield f"{file}:{line}: {column} {when!r} is not later than the row before"
        elif place == 0 and at > 0.0:
            first = "0" if column == "hour" else scenario.start.isoformat()
            yield f"{file}:{line}: begins at {when!r}; it must begin at {first} or before"
        before = before if at is None else max(at, before)
    yield from early_end(scenario, file, column, rows, before)


def value_problems(file: str, rows: Rows, unit: str) -> Iterator[str]:
    """Values that are no finite number, or below 0 where nothing can be."""
    least = -math.inf if unit in MAY_BE_NEGATIVE else 0.0
    allowed = "a number" if unit in MAY_BE_NEGATIVE else "a number, 0 or more"
    for line, _when, value in rows:
        if not is_number(value, least):
            yield f"{file}:{line}: value {value!r}; it should be {allowed}"


def early_end(scenario: Scenario, file: str, column: str, rows: Rows, last_s: float) -> Iterator[str]:
    """A record whose last value would have to hold for longer than the one before it did."""
    found = [place_of(scenario, column, when) for _line, when, _value in rows]
    places = [place for place in found if place is not None]
    if column == "hour" or len(places) < 2:  # noqa: PLR2004  (two rows make a step)
        return
    if last_s + (places[-1] - places[-2]) < scenario.duration_s:
        until = scenario.start.astimezone(UTC) + timedelta(seconds=scenario.duration_s)
        yield f"{file}:{rows[-1][0]}: ends at {rows[-1][1]!r}; the run goes on until {until.isoformat()}"


def place_of(scenario: Scenario, column: str, when: str) -> float | None:
    """Hour of the day, or seconds since the run began; None where the text says neither."""
    try:
        if column == "hour":
            hour = float(when)
            return hour if 0.0 <= hour < 24.0 else None  # noqa: PLR2004  (hours of a day)
        return (instant(when) - scenario.start).total_seconds()
    except ValueError:
        return None


def is_number(text: str, least: float) -> bool:
    """Whether a text is a finite number, and not below `least`."""
    try:
        return math.isfinite(float(text)) and float(text) >= least
    except ValueError:
        return False
