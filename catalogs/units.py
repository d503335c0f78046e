"""Durations, rates and instants as people write them, to floats in base units; factors between units."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

SECONDS_PER_MS: Final = 1e-3
SECONDS_PER_MINUTE: Final = 60.0
SECONDS_PER_HOUR: Final = 3_600.0
SECONDS_PER_DAY: Final = 86_400.0
MINUTES_PER_HOUR: Final = 60.0
HOURS_PER_DAY: Final = 24.0
DAYS_PER_WEEK: Final = 7
MONTHS_PER_YEAR: Final = 12.0
SECONDS_PER_YEAR: Final = 365.25 * SECONDS_PER_DAY
SECONDS_PER_MONTH: Final = SECONDS_PER_YEAR / MONTHS_PER_YEAR
MS_PER_S: Final = 1e3
NS_PER_S: Final = 1e9
JOULES_PER_WH: Final = 3_600.0
WH_PER_KWH: Final = 1e3
WATTS_PER_KW: Final = 1e3
GRAMS_PER_KG: Final = 1e3
BYTES_PER_GB: Final = 1e9
TOKENS_PER_MTOK: Final = 1e6

SECONDS: Final = {
    "ms": 1e-3, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0,
}  # fmt: skip
"""Seconds in each unit of time that a duration or rate may name."""

MOST_CHARACTERS: Final = 100
"""Characters of a quantity that are read: longer ones are not quantities, and matching them takes long."""

NUMBER: Final = r"(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)"
DURATION: Final = re.compile(rf"{NUMBER}\s*(ms|min|s|m|h|d|w)")
PACE: Final = re.compile(rf"{NUMBER}\s*x")
RATE: Final = re.compile(rf"{NUMBER}\s*/\s*(s|min|m|h|d)")


def duration_s(value: object) -> float:
    """Seconds of `1h30m`, `250ms`, `2d` or a plain number of seconds.

    Raises:
        ValueError: the value is neither; the message says what is allowed.
    """
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return finite(float(value))
    text = short_text(value)
    parts = DURATION.findall(text)
    if not parts or DURATION.sub("", text).strip():
        message = f"{value!r} is no duration; write e.g. 30s, 5m, 1h30m, 24h, 7d or seconds"
        raise ValueError(message)
    return finite(sum(float(number) * SECONDS[unit] for number, unit in parts))


def rate_per_s(value: object) -> float:
    """Events per second of `12/s`, `90/min`, `4000/h`, `1e6/d` or a plain number per second.

    Raises:
        ValueError: the value is neither; the message says what is allowed.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return finite(float(value))
    found = RATE.fullmatch(short_text(value))
    if not found:
        message = f"{value!r} is no rate; write e.g. 12/s, 90/min, 4000/h, 1e6/d or a number per s"
        raise ValueError(message)
    return finite(float(found[1]) / SECONDS[found[2]])


def pace_ratio(value: object) -> float:
    """Simulated seconds for each second on the wall: of `60x`, or a plain number.

    Raises:
        ValueError: the value is neither; the message says what is allowed.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return finite(float(value))
    found = PACE.fullmatch(short_text(value))
    if not found:
        message = f"{value!r} is no pace; write e.g. 60x, or simulated seconds for each second"
        raise ValueError(message)
    return finite(float(found[1]))


def instant(value: object) -> datetime:
    """An aware instant of an ISO 8601 date or date and time; without a zone it is UTC.

    Raises:
        ValueError: the value is neither; the message says what is allowed.
    """
    found = value if isinstance(value, date) else parsed_instant(short_text(value))
    if not isinstance(found, datetime):
        found = datetime(found.year, found.month, found.day, tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def utc_day(at: datetime) -> date:
    """The day of an instant in UTC: the one whose prices hold, however the instant is written."""
    return at.astimezone(UTC).date()


def parsed_instant(text: str) -> datetime:
    """The text as an instant.

    Raises:
        ValueError: it is none.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no date; write e.g. 2026-11-23 or 2026-11-23T08:00:00+01:00"
        raise ValueError(message) from None


def short_text(value: object) -> str:
    """The value as text, without spaces around it.

    Raises:
        ValueError: it is longer than any quantity.
    """
    text = str(value).strip()
    if len(text) > MOST_CHARACTERS:
        message = f"a quantity of {len(text):,} characters; at most {MOST_CHARACTERS} are read"
        raise ValueError(message)
    return text


def finite(number: float) -> float:
    """The number itself.

    Raises:
        ValueError: it is infinite or no number.
    """
    if not math.isfinite(number):
        message = f"{number!r} is not a finite number"
        raise ValueError(message)
    return number
