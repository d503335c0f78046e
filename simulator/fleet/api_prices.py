"""What an API's tokens cost over a run: prices by date, hour of day and plan, as columns."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from simulator.accounting.terms import TokenRates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from decimal import Decimal

    from catalogs.offers import DailyPrice, Offer, Price
    from simulator.scenario import Scenario
    from simulator.scenario.fleet import Plan

TOKENS_PER_MTOK = 1e6
DAY = timedelta(days=1)


def price_at(offer: Offer, instant: datetime) -> Price:
    """The price of an instant's day (UTC); before the first one, the first."""
    day = instant.astimezone(UTC).date()
    return [offer.prices[0], *(price for price in offer.prices if price.valid_from <= day)][-1]


def token_rates(offer: Offer, scenario: Scenario, plan: Plan) -> TokenRates:
    """All prices of the run as columns by the instant from which they hold, USD per token."""
    instants = list(changes(offer, scenario))
    priced = [prices_at(offer, instant, plan) for instant in instants]
    long = [price_at(offer, instant) for instant in instants]
    return TokenRates(
        from_s=np.array([(instant - scenario.start).total_seconds() for instant in instants]),
        input_usd=column(priced, lambda prices: prices[0]),
        cached_input_usd=column(priced, lambda prices: prices[1]),
        cache_write_usd=column(priced, lambda prices: prices[2]),
        output_usd=column(priced, lambda prices: prices[3]),
        long_prompt_tokens=np.array([price.long_prompt_tokens or np.inf for price in long]),
        long_input_factor=np.array([price.long_input_factor for price in long]),
        long_output_factor=np.array([price.long_output_factor for price in long]),
    )


def column(priced: list[tuple[Decimal, ...]], part: Callable[[tuple[Decimal, ...]], Decimal]) -> np.ndarray:
    """One kind of price over time, per token."""
    return np.array([float(part(prices)) for prices in priced]) / TOKENS_PER_MTOK


def changes(offer: Offer, scenario: Scenario) -> Iterator[datetime]:
    """The instants of the run at which some price may change, its beginning first, ascending."""
    begin = scenario.start
    end = begin + timedelta(seconds=scenario.duration_s + scenario.settings.drain)
    dated = {datetime.combine(price.valid_from, time(), UTC) for price in offer.prices}
    clock = {mark for price in offer.prices for part in price.daily for mark in (part.from_utc, part.to_utc)}
    day = datetime.combine(begin.astimezone(UTC).date(), time(), UTC)
    while clock and day <= end:
        dated |= {datetime.combine(day, time.fromisoformat(mark), UTC) for mark in clock}
        day += DAY
    yield from sorted({begin} | {instant for instant in dated if begin < instant < end})


def prices_at(offer: Offer, instant: datetime, plan: Plan) -> tuple[Decimal, ...]:
    """USD per million tokens at an instant: input, cached input, cache write, output.

    What a provider does not sell apart costs as much as input.
    """
    price = price_at(offer, instant)
    part = next((part for part in price.daily if holds(part, instant)), None)
    return prices_of(price, plan, part)


def prices_of(price: Price, plan: Plan, part: DailyPrice | None = None) -> tuple[Decimal, ...]:
    """USD per million tokens of a row on a plan, in one of its parts of the day where one is given."""
    if plan == "batch" and price.batch_input_usd_per_mtok is not None:
        batch = price.batch_input_usd_per_mtok
        return batch, batch, batch, price.batch_output_usd_per_mtok or price.output_usd_per_mtok
    now: Price | DailyPrice = part or price
    given, cached = now.input_usd_per_mtok, now.cached_input_usd_per_mtok
    write = price.cache_write_usd_per_mtok
    return (
        given,
        given if cached is None else cached,
        given if write is None else write,
        now.output_usd_per_mtok,
    )


def holds(part: DailyPrice, instant: datetime) -> bool:
    """Whether an instant lies in the hours of a daily price, which may pass midnight."""
    now, begin, end = instant.astimezone(UTC).strftime("%H:%M"), part.from_utc, part.to_utc
    return begin <= now < end if begin < end else now >= begin or now < end
