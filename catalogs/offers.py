"""What providers sell by the token, and on what terms. Money is `Decimal`, USD."""

from __future__ import annotations

from datetime import date  # noqa: TC003  (pydantic reads annotations)
from typing import Annotated

from pydantic import Field, model_validator

from catalogs.records import Count, Entry, Money, Positive, Record, Sourced, Spread

ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class DailyPrice(Record):
    """Prices in a part of every day, `from_utc` (included) to `to_utc`; it may pass midnight."""

    from_utc: ClockTime
    to_utc: ClockTime
    input_usd_per_mtok: Money
    output_usd_per_mtok: Money
    cached_input_usd_per_mtok: Money | None = None


class Price(Sourced):
    """Prices of one offer from a date on, USD per million tokens.

    Prompts longer than `long_prompt_tokens` pay the long factors times the price. `daily` names
    the hours (UTC) in which tokens have another price.
    """

    valid_from: date
    input_usd_per_mtok: Money
    output_usd_per_mtok: Money
    cached_input_usd_per_mtok: Money | None = None
    cache_write_usd_per_mtok: Money | None = None
    batch_input_usd_per_mtok: Money | None = None
    batch_output_usd_per_mtok: Money | None = None
    long_prompt_tokens: Count | None = None
    long_input_factor: Positive = 1.0
    long_output_factor: Positive = 1.0
    daily: tuple[DailyPrice, ...] = ()
    retrieved: date


class Throughput(Sourced):
    """A model's provisioned throughput: what a unit costs by the hour and takes by the minute.

    An answer token counts as `output_weight` input tokens. Units are sold from `minimum_units`
    on in steps of `unit_step`.
    """

    usd_per_unit_hour: Money
    input_tokens_per_min_per_unit: Positive
    output_weight: Positive
    minimum_units: Count = 1
    unit_step: Count = 1


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
    """Answers within `window_h` hours at the batch price; how long they usually take."""

    window_h: Positive
    turnaround_s: Spread


class Provider(Entry):
    """What holds for all that a provider sells by the token."""

    prefix_cache: PrefixCache | None = None
    batch: Batch | None = None


class Offer(Entry):
    """A model sold by the token: `name` is `provider/model`. Prices ascend by date.

    `cache_minimum_tokens` replaces the provider's shortest prompt that is cached.
    """

    provider: str
    model: str
    prices: tuple[Price, ...] = Field(min_length=1)
    ttft_s: Spread
    output_tokens_per_s: Spread
    requests_per_min: Positive | None = None
    input_tokens_per_min: Positive | None = None
    output_tokens_per_min: Positive | None = None
    cache_minimum_tokens: Count | None = None
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
