"""What providers sell by the token, and on what terms. Money is `Decimal`, USD."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from catalogs.records import Count, Entry, LognormalFigures, Money, Positive, Record, Sourced
from catalogs.units import utc_day

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
BatchCache = Literal["none", "usual_price", "batch_price"]
ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class DailyPrice(Record):
    """Prices in a part of the day, `from_utc` (included) to `to_utc`; it may pass midnight.

    It recurs every day, or on the `weekdays` (UTC, as the hours) on which it begins. From a time to
    the same is 24 hours.
    """

    from_utc: ClockTime
    to_utc: ClockTime
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)] = WEEKDAYS
    input_usd_per_mtok: Money
    output_usd_per_mtok: Money
    cached_input_usd_per_mtok: Money | None = None

    def holds(self, at: datetime) -> bool:
        """Whether an instant lies in these hours, of a day on which they recur."""
        begins = datetime.combine(utc_day(at), time_of(self.from_utc), UTC)
        if begins > at:
            begins -= timedelta(days=1)
        ends = datetime.combine(begins.date(), time_of(self.to_utc), UTC)
        ends += timedelta(days=1) if ends <= begins else timedelta()
        return at < ends and WEEKDAYS[begins.weekday()] in self.weekdays


def time_of(clock: str) -> time:
    """`HH:MM` as a time of day."""
    return time.fromisoformat(clock)


class Price(Sourced):
    """Prices of one offer from a date (UTC) on, USD per million tokens.

    Prompts longer than `long_prompt_tokens` pay the long factors times the price. `daily` names
    the hours (UTC) in which tokens have another price. `batch_cached_input_usd_per_mtok` replaces
    what the provider's rule makes of the cached price in a batch.
    """

    valid_from: date
    input_usd_per_mtok: Money
    output_usd_per_mtok: Money
    cached_input_usd_per_mtok: Money | None = None
    cache_write_usd_per_mtok: Money | None = None
    batch_input_usd_per_mtok: Money | None = None
    batch_output_usd_per_mtok: Money | None = None
    batch_cached_input_usd_per_mtok: Money | None = None
    long_prompt_tokens: Count | None = None
    long_input_factor: Positive = 1.0
    long_output_factor: Positive = 1.0
    daily: tuple[DailyPrice, ...] = ()
    retrieved: date


class Throughput(Sourced):
    """A model's provisioned throughput: what a unit costs by the hour and takes by the minute.

    An answer token counts as `output_weight` input tokens. Units are sold from `minimum_units`
    on in steps of `unit_step`; nothing is known of days before `valid_from`.
    """

    usd_per_unit_hour: Money
    input_tokens_per_min_per_unit: Positive
    output_weight: Positive
    minimum_units: Count = 1
    unit_step: Count = 1
    valid_from: date | None = None


class PrefixCache(Record):
    """When a provider takes a repeated prefix from its cache.

    Prompts of `minimum_tokens` and more are kept in steps of `step_tokens` for `lifetime_s` after
    their last use. `explicit`: only what the client marks is kept, and writing is billed.
    `counts_toward_limit`: whether cached tokens count toward input tokens per minute.
    """

    minimum_tokens: Count
    step_tokens: Count = 1
    lifetime_s: Positive
    explicit: bool = False
    counts_toward_limit: bool = True


class Batch(Record):
    """Answers within `window_h` hours at the batch price; how long they usually take.

    `prefix_cache`: what a repeated prefix costs in a batch. `none`: it is not cached; `usual_price`:
    the cached price, as outside batches; `batch_price`: both discounts, the cached price times batch
    input over input.
    """

    window_h: Positive
    turnaround_s: LognormalFigures
    prefix_cache: BatchCache = "none"


class Provider(Entry):
    """What holds for all that a provider sells by the token."""

    prefix_cache: PrefixCache | None = None
    batch: Batch | None = None


class Offer(Entry):
    """A model sold by the token: `name` is `provider/model`. Prices ascend by date.

    `cache_minimum_tokens` replaces the provider's shortest prompt that is cached,
    `batch_prefix_cache` its rule for prefixes in batches. From the day it is `retired` on (UTC) it
    is not sold.
    """

    provider: str
    model: str
    prices: tuple[Price, ...] = Field(min_length=1)
    ttft_s: LognormalFigures
    output_tokens_per_s: LognormalFigures
    requests_per_min: Positive | None = None
    input_tokens_per_min: Positive | None = None
    output_tokens_per_min: Positive | None = None
    cache_minimum_tokens: Count | None = None
    batch_prefix_cache: BatchCache | None = None
    throughput: Throughput | None = None
    retired: date | None = None

    @model_validator(mode="after")
    def _ascending(self) -> Offer:
        """Prices stand in order of their dates, each date once."""
        dates = [price.valid_from for price in self.prices]
        if dates != sorted(set(dates)):
            message = "prices must ascend by valid_from, each date once"
            raise ValueError(message)
        return self

    def price_at(self, at: datetime) -> Price:
        """The row of an instant's day in UTC; before the first row, the first."""
        day = utc_day(at)
        return [self.prices[0], *(price for price in self.prices if price.valid_from <= day)][-1]
