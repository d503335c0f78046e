"""How a provider counts a call's tokens: cached prefixes, limits, provisioned units."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from catalogs.units import SECONDS_PER_MINUTE, utc_day
from simulator.fleet.backends.api_prices import caches, rows_during, run_end, tariff_of, uncached_spans_s
from simulator.kernel.spec import RateLimits
from simulator.world.plan import Metering

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogs.offers import Offer, PrefixCache, Throughput
    from simulator.settings.fleet import Api, Deployment, ProvisionedThroughput
    from simulator.settings.scenario import Scenario


def prefix_cache_of(scenario: Scenario, api: Api, offer: Offer) -> PrefixCache | None:
    """The provider's rule for repeated prefixes; none where no row of the run has a price for them."""
    provider = scenario.catalog.providers.get(offer.provider)
    tariff = tariff_of(scenario, offer, api.plan)
    rows = rows_during(offer, scenario.start, run_end(scenario))
    if provider is None or not any(caches(tariff, row) for row in rows):
        return None
    rule = provider.prefix_cache
    least = offer.cache_minimum_tokens
    return rule.model_copy(update={"minimum_tokens": least}) if rule and least else rule


def metering_of(scenario: Scenario, deployment: Deployment, api: Api, offer: Offer) -> Metering | None:
    """What the provider counts, as plain numbers; None where it counts every token, and none is cached."""
    rule = prefix_cache_of(scenario, api, offer)
    throughput = throughput_of(api, offer)
    model = scenario.catalog.model(deployment.model)
    believed = deployment.context_window_tokens or model.context_window_tokens
    metering = Metering(
        minimum_tokens=rule.minimum_tokens if rule else 0,
        step_tokens=rule.step_tokens if rule else 1,
        lifetime_s=rule.lifetime_s if rule else 0.0,
        explicit=bool(rule and rule.explicit),
        kept_when_sent=bool(rule and api.plan == "batch"),
        uncached_s=uncached_spans_s(tariff_of(scenario, offer, api.plan), scenario) if rule else (),
        counts_cached=throughput is None and (rule is None or rule.counts_toward_limit),
        output_weight=throughput.output_weight if throughput else 0.0,
        window_tokens=model.context_window_tokens if believed > model.context_window_tokens else 0,
    )
    return None if metering == Metering() else metering


def throughput_of(api: Api, offer: Offer) -> Throughput | ProvisionedThroughput | None:
    """The provisioned throughput that the deployment buys, the scenario's own before the offer's."""
    return (api.throughput or offer.throughput) if api.plan == "provisioned" else None


def limits_of(api: Api, offer: Offer) -> RateLimits:
    """The scenario's limits, else the offer's, per second; of provisioned units what they take."""

    def per_s(own: float | None, usual: float | None) -> float:
        limit = own if own is not None else usual
        return np.inf if limit is None else limit / SECONDS_PER_MINUTE

    throughput = throughput_of(api, offer)
    if throughput is not None:
        units = api.units or 0
        return RateLimits(
            input_tokens_per_s=units * throughput.input_tokens_per_min_per_unit / SECONDS_PER_MINUTE
        )
    if api.plan == "batch":
        return RateLimits()
    return RateLimits(
        requests_per_s=per_s(api.requests_per_min, offer.requests_per_min),
        input_tokens_per_s=per_s(api.input_tokens_per_min, offer.input_tokens_per_min),
        output_tokens_per_s=per_s(api.output_tokens_per_min, offer.output_tokens_per_min),
    )


def plan_problems(scenario: Scenario, api: Api, offer: Offer) -> Iterator[tuple[str, str]]:
    """A plan that the offer is not sold on, or numbers that go with another plan."""
    if api.plan == "batch":
        yield from batch_problems(scenario, offer)
    elif api.plan == "provisioned":
        yield from unit_problems(api, offer)


def batch_problems(scenario: Scenario, offer: Offer) -> Iterator[tuple[str, str]]:
    """No batch price or window; no stream that may wait so long; a run that ends before the answers."""
    provider = scenario.catalog.providers.get(offer.provider)
    if provider is None or provider.batch is None:
        yield "api.plan", f"{offer.name!r} is not sold in batches; allowed: 'pay_as_you_go', 'provisioned'"
        return
    yield from batch_price_problems(scenario, offer)
    if not any(stream.deferrable for stream in scenario.streams):
        yield "api.plan", "no stream may wait for a batch; mark one with `deferrable: true`"
    window_h = provider.batch.window_h
    if scenario.settings.drain < window_h * 3_600.0:
        drain_s = scenario.settings.drain
        yield (
            "api.plan",
            f"drain {drain_s:g}s ends before a batch's {window_h:g} h; give drain: {window_h:g}h",
        )


def batch_price_problems(scenario: Scenario, offer: Offer) -> Iterator[tuple[str, str]]:
    """The first row, of those that hold while calls arrive, that has no batch price."""
    end = scenario.start + timedelta(seconds=scenario.duration_s)
    for row in rows_during(offer, scenario.start, end):
        if row.batch_input_usd_per_mtok is None:
            day = max(row.valid_from, utc_day(scenario.start))
            yield (
                "api.plan",
                f"{offer.name!r} is not sold in batches on {day}; allowed: 'pay_as_you_go', 'provisioned'",
            )
            return


def unit_problems(api: Api, offer: Offer) -> Iterator[tuple[str, str]]:
    """Units that are missing, or not sold in that number."""
    throughput = throughput_of(api, offer)
    if throughput is None:
        yield "api.throughput", f"no throughput of {offer.name!r} is known; give it here"
        return
    least, step = throughput.minimum_units, throughput.unit_step
    units = api.units or 0
    if units < least or (units - least) % step:
        yield "api.units", f"{units!r} units are not sold; allowed: {least} and more in steps of {step}"
