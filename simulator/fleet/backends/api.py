"""Back-end `api`: a provider's model by the token, with its limits and its pace."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from catalogs.errors import UnknownEntryError
from catalogs.units import MINUTES_PER_HOUR, SECONDS_PER_HOUR, TOKENS_PER_MTOK, utc_day
from simulator.accounting.terms import Provisioned, TokenRates
from simulator.distributions import Distribution, Fixed, LogNormal
from simulator.fleet.backend import Service
from simulator.fleet.backends.api_metering import limits_of, metering_of, plan_problems, throughput_of
from simulator.fleet.backends.api_prices import caches, prices_of, tariff_of, token_rates
from simulator.kernel.spec import ServersSpec
from simulator.world.plan import OverloadCurve, Timings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from catalogs.offers import Offer, Throughput
    from simulator.fleet.backend import Work
    from simulator.settings.fleet import Api, Deployment, ProvisionedThroughput
    from simulator.settings.scenario import Scenario
    from simulator.streams import RandomStreams

BATCH_PLACES = 1_000_000_000
"""Batches wait side by side: a batch is queued, not refused."""


class ApiBackend:
    """A provider's API: so many calls at once, limits per minute, times drawn per call."""

    def problems(self, scenario: Scenario, deployment: Deployment) -> Iterator[tuple[str, str]]:
        """An offer that does not exist, sells another model, or sells nothing on that day."""
        api = api_of(deployment)
        try:
            offer = scenario.catalog.offer(api.offer)
        except UnknownEntryError as error:
            yield "api.offer", str(error.args[0])
            return
        if offer.model != deployment.model:
            yield "api.offer", f"{offer.name!r} sells {offer.model!r}, not {deployment.model!r}"
        day, first = utc_day(scenario.start), offer.prices[0].valid_from
        if day < first:
            yield "api.offer", f"{offer.name!r} has no price on {day}; its first holds from {first}"
        if offer.retired is not None and day >= offer.retired:
            yield "api.offer", f"{offer.name!r} was retired on {offer.retired}; the run begins on {day}"
        yield from plan_problems(scenario, api, offer)

    def service(self, scenario: Scenario, deployment: Deployment) -> Service:
        """Calls in parallel up to the cap; more are refused, as are those above the limits."""
        api = api_of(deployment)
        offer = scenario.catalog.offer(api.offer)
        model = scenario.catalog.model(deployment.model)
        places = BATCH_PLACES if api.plan == "batch" else api.concurrency
        return Service(
            queues=ServersSpec(servers=places, queue_limit=0),
            limits=limits_of(api, offer),
            provider=offer.provider,
            failure_ratio=api.failure_ratio,
            context_window_tokens=deployment.context_window_tokens or model.context_window_tokens,
            metering=metering_of(scenario, deployment, api, offer),
            batch=api.plan == "batch",
            warnings=date_warnings(scenario, deployment.name, api, offer),
            api_wh_per_input_token=model.api_wh_per_input_token,
            api_wh_per_output_token=model.api_wh_per_output_token,
            **price_terms(scenario, api, offer),
        )

    def timings(
        self, scenario: Scenario, deployment: Deployment, work: Work, streams: RandomStreams
    ) -> Timings:
        """TTFT and pace of every call, drawn independently of one another and of the lengths."""
        api = api_of(deployment)
        offer = scenario.catalog.offer(api.offer)
        count = len(work.prompt)
        if api.plan == "batch":
            done_s = turnaround_s(scenario, offer, streams["batch", deployment.name], count)
            return Timings(first_s=done_s, gap_s=np.zeros(count), redraw=True)
        first = ttft_s(api, offer).sample(streams["ttft", deployment.name], count)
        speed = tokens_per_s(api, offer).sample(streams["speed", deployment.name], count)
        return Timings(first_s=first, gap_s=1.0 / speed, redraw=True, crowding=crowding_of(api))


def date_warnings(scenario: Scenario, name: str, api: Api, offer: Offer) -> tuple[str, ...]:
    """That an offer is retired while calls arrive, or that the units' price is of a later day."""
    found = []
    last = scenario.start + timedelta(seconds=scenario.duration_s)
    if offer.retired is not None and datetime.combine(offer.retired, time(), UTC) < last:
        what = f"{name}: {offer.name!r} is retired on {offer.retired}, during the run"
        found.append(f"{what}; calls from that day on are answered and billed as if it were still sold")
    units = offer.throughput if api.plan == "provisioned" and api.throughput is None else None
    if units is not None and units.valid_from and utc_day(scenario.start) < units.valid_from:
        what = f"{name}: the price of provisioned units of {offer.name!r} is known from {units.valid_from} on"
        found.append(f"{what}; the run begins before and is billed by it")
    return tuple(found)


def crowding_of(api: Api) -> OverloadCurve | None:
    """How calls slow down as the provider's places fill up; None where nothing is said."""
    if api.overload is None:
        return None
    from_ratio, slowdown = api.overload.from_ratio, api.overload.slowdown
    return OverloadCurve(places=api.concurrency, from_ratio=from_ratio, slowdown=slowdown)


def api_of(deployment: Deployment) -> Api:
    """The deployment's API settings; only called where there are some."""
    if deployment.api is None:
        message = f"deployment {deployment.name!r} has no api"
        raise TypeError(message)
    return deployment.api


def ttft_s(api: Api, offer: Offer) -> Distribution:
    """Time to the first token at the provider's door, seconds."""
    if api.ttft is not None:
        return api.ttft.distribution()
    return LogNormal.from_p95(offer.ttft_s.median, offer.ttft_s.p95)


def tokens_per_s(api: Api, offer: Offer) -> Distribution:
    """Answer tokens per second of one call."""
    if api.output_tokens_per_s is not None:
        return Fixed(api.output_tokens_per_s)
    return LogNormal.from_p95(offer.output_tokens_per_s.median, offer.output_tokens_per_s.p95)


def turnaround_s(
    scenario: Scenario, offer: Offer, rng: np.random.Generator, count: int
) -> NDArray[np.float64]:
    """Seconds until batched calls are answered, all tokens at once; never more than the window."""
    batch = scenario.catalog.providers[offer.provider].batch
    if batch is None:
        message = f"{offer.provider!r} sells no batches"
        raise TypeError(message)
    usual = LogNormal.from_p95(batch.turnaround_s.median, batch.turnaround_s.p95)
    return np.minimum(usual.sample(rng, count), batch.window_h * SECONDS_PER_HOUR)


class PriceTerms(TypedDict, total=False):
    """The money part of a `Service`."""

    input_usd_per_mtok: float
    cached_input_usd_per_mtok: float | None
    output_usd_per_mtok: float
    rates: TokenRates
    unit_count: int
    capacity_usd_per_s: float
    provisioned: Provisioned


def price_terms(scenario: Scenario, api: Api, offer: Offer) -> PriceTerms:
    """By the token, or by the unit and hour; a router compares list prices, not those of an hour."""
    throughput = throughput_of(api, offer)
    if throughput is not None:
        return unit_terms(api, throughput)
    tariff = tariff_of(scenario, offer, api.plan)
    row = offer.price_at(scenario.start)
    given, cached, _write, answer = prices_of(tariff, row)
    return PriceTerms(
        input_usd_per_mtok=float(given),
        cached_input_usd_per_mtok=float(cached) if caches(tariff, row) else None,
        output_usd_per_mtok=float(answer),
        rates=token_rates(tariff, scenario),
    )


def unit_terms(api: Api, throughput: Throughput | ProvisionedThroughput) -> PriceTerms:
    """Units are held like machines; the router's price is the unit's at the planned utilisation."""
    usd_per_hour = float(throughput.usd_per_unit_hour)
    per_min = throughput.input_tokens_per_min_per_unit
    usd_per_mtok = usd_per_hour / (per_min * MINUTES_PER_HOUR) * TOKENS_PER_MTOK / api.utilization_ratio
    return PriceTerms(
        input_usd_per_mtok=usd_per_mtok,
        output_usd_per_mtok=usd_per_mtok * throughput.output_weight,
        unit_count=api.units or 0,
        capacity_usd_per_s=usd_per_hour / SECONDS_PER_HOUR,
        provisioned=Provisioned(
            tokens_per_s_per_unit=per_min / MINUTES_PER_HOUR, output_weight=throughput.output_weight
        ),
    )
