"""What an API's tokens cost over a run: prices by date, hour of day and plan, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from catalogs.units import TOKENS_PER_MTOK, utc_day
from simulator.accounting.terms import TokenRates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from decimal import Decimal

    from catalogs.offers import BatchCache, DailyPrice, Offer, Price
    from simulator.settings.fleet import Plan
    from simulator.settings.scenario import Scenario

    Prices = tuple[Decimal, Decimal, Decimal, Decimal]

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """On what plan an offer is bought, and what the provider makes of repeated prefixes in batches."""

    offer: Offer
    plan: Plan
    batch_cache: BatchCache = "none"


def tariff_of(scenario: Scenario, offer: Offer, plan: Plan) -> Tariff:
    """An offer on a plan; the offer's own rule for batches goes before its provider's."""
    provider = scenario.catalog.providers.get(offer.provider)
    rule = provider.batch.prefix_cache if provider and provider.batch else "none"
    return Tariff(offer=offer, plan=plan, batch_cache=offer.batch_prefix_cache or rule)


def token_rates(tariff: Tariff, scenario: Scenario) -> TokenRates:
    """All prices of the run as columns by the instant from which they hold, USD per token."""
    instants = list(changes(tariff.offer, scenario))
    priced = [prices_at(tariff, instant) for instant in instants]
    long = [tariff.offer.price_at(instant) for instant in instants]
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


def column(priced: list[Prices], part: Callable[[Prices], Decimal]) -> np.ndarray:
    """One kind of price over time, per token."""
    return np.array([float(part(prices)) for prices in priced]) / TOKENS_PER_MTOK


def run_end(scenario: Scenario) -> datetime:
    """When the drain of a run ends: nothing is bought later."""
    return scenario.start + timedelta(seconds=scenario.duration_s + scenario.settings.drain)


def changes(offer: Offer, scenario: Scenario) -> Iterator[datetime]:
    """The instants of the run at which some price may change, its beginning first, ascending."""
    begin, end = scenario.start, run_end(scenario)
    dated = {datetime.combine(price.valid_from, time(), UTC) for price in offer.prices}
    clock = {mark for price in offer.prices for part in price.daily for mark in (part.from_utc, part.to_utc)}
    day = datetime.combine(utc_day(begin), time(), UTC)
    while clock and day <= end:
        dated |= {datetime.combine(day, time.fromisoformat(mark), UTC) for mark in clock}
        day += DAY
    yield from sorted({begin} | {instant for instant in dated if begin < instant < end})


def rows_during(offer: Offer, begin: datetime, end: datetime) -> Iterable[Price]:
    """The rows that hold at some instant from `begin` to before `end`, the first one's first."""
    later = [row for row in offer.prices if utc_day(begin) < row.valid_from]
    inside = [row for row in later if datetime.combine(row.valid_from, time(), UTC) < end]
    return dict.fromkeys([offer.price_at(begin), *inside])


def prices_at(tariff: Tariff, instant: datetime) -> Prices:
    """USD per million tokens at an instant: input, cached input, cache write, output."""
    price = tariff.offer.price_at(instant)
    part = next((part for part in price.daily if part.holds(instant)), None)
    return prices_of(tariff, price, part)


def prices_of(tariff: Tariff, price: Price, part: DailyPrice | None = None) -> Prices:
    """USD per million tokens of a row on a plan, in one of its parts of the day where one is given.

    What a provider does not sell apart costs as much as input.
    """
    if tariff.plan == "batch" and price.batch_input_usd_per_mtok is not None:
        return batch_prices(tariff, price, price.batch_input_usd_per_mtok)
    now: Price | DailyPrice = part or price
    given, cached = now.input_usd_per_mtok, now.cached_input_usd_per_mtok
    write = price.cache_write_usd_per_mtok
    return (
        given,
        given if cached is None else cached,
        given if write is None else write,
        now.output_usd_per_mtok,
    )


def batch_prices(tariff: Tariff, price: Price, batch: Decimal) -> Prices:
    """USD per million tokens of a row in a batch whose fresh input costs `batch`."""
    cached, write = cached_in_batch(tariff, price), price.cache_write_usd_per_mtok
    answer = price.batch_output_usd_per_mtok
    stacked = tariff.batch_cache == "batch_price" and write is not None and price.input_usd_per_mtok
    return (
        batch,
        batch if cached is None else cached,
        write * batch / price.input_usd_per_mtok if write is not None and stacked else batch,
        price.output_usd_per_mtok if answer is None else answer,
    )


def cached_in_batch(tariff: Tariff, price: Price) -> Decimal | None:
    """What a million cached tokens cost in a batch; None where nothing is cached in batches."""
    cached, batch = price.cached_input_usd_per_mtok, price.batch_input_usd_per_mtok
    if price.batch_cached_input_usd_per_mtok is not None:
        return price.batch_cached_input_usd_per_mtok
    if cached is None or batch is None or tariff.batch_cache == "none":
        return None
    if tariff.batch_cache == "usual_price" or not price.input_usd_per_mtok:
        return min(cached, batch)
    return cached * batch / price.input_usd_per_mtok


def caches(tariff: Tariff, price: Price) -> bool:
    """Whether a row has a price of its own for repeated prefixes, on its plan."""
    if tariff.plan == "batch":
        return cached_in_batch(tariff, price) is not None
    return price.cached_input_usd_per_mtok is not None


def uncached_spans_s(tariff: Tariff, scenario: Scenario) -> tuple[tuple[float, float], ...]:
    """The parts of the run, in seconds, in which the row that holds has no cached price."""
    marks = [*changes(tariff.offer, scenario), run_end(scenario)]
    return tuple(
        ((begin - scenario.start).total_seconds(), (end - scenario.start).total_seconds())
        for begin, end in pairwise(marks)
        if not caches(tariff, tariff.offer.price_at(begin))
    )
