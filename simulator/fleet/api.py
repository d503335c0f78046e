"""Back-end `api`: a provider's model by the token, with its limits and its pace."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

import numpy as np

from catalogs.errors import UnknownEntryError
from simulator.accounting.terms import TokenRates
from simulator.distributions import Distribution, Fixed, LogNormal
from simulator.fleet.backend import Service
from simulator.kernel.spec import RateLimits, ServersSpec
from simulator.world.plan import Timings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogs.records import Offer, Price
    from simulator.fleet.backend import Work
    from simulator.scenario import Deployment, Scenario
    from simulator.scenario.fleet import Api
    from simulator.streams import RandomStreams

TOKENS_PER_MTOK = 1e6
SECONDS_PER_MINUTE = 60.0


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
        day, first = scenario.start.date(), offer.prices[0].valid_from
        if day < first:
            yield "api.offer", f"{offer.name!r} has no price on {day}; its first holds from {first}"
        if offer.retired is not None and day >= offer.retired:
            yield "api.offer", f"{offer.name!r} was retired on {offer.retired}; the run is on {day}"

    def service(self, scenario: Scenario, deployment: Deployment) -> Service:
        """Calls in parallel up to the cap; more are refused, as are those above the limits."""
        api = api_of(deployment)
        offer = scenario.catalog.offer(api.offer)
        model = scenario.catalog.model(deployment.model)
        price = price_on(offer, scenario)
        return Service(
            queues=ServersSpec(servers=api.concurrency, queue_limit=0),
            unit_count=api.concurrency,
            limits=limits_of(api, offer),
            failure_ratio=api.failure_ratio,
            context_window_tokens=deployment.context_window_tokens or model.context_window_tokens,
            input_usd_per_mtok=float(price.input_usd_per_mtok),
            output_usd_per_mtok=float(price.output_usd_per_mtok),
            rates=token_rates(offer, scenario),
            api_wh_per_input_token=model.api_wh_per_input_token,
            api_wh_per_output_token=model.api_wh_per_output_token,
        )

    def timings(
        self, scenario: Scenario, deployment: Deployment, work: Work, streams: RandomStreams
    ) -> Timings:
        """TTFT and pace of every call, drawn independently of one another and of the lengths."""
        api = api_of(deployment)
        offer = scenario.catalog.offer(api.offer)
        count = len(work.prompt)
        first = ttft_s(api, offer).sample(streams["ttft", deployment.name], count)
        speed = tokens_per_s(api, offer).sample(streams["speed", deployment.name], count)
        return Timings(first_s=first, gap_s=1.0 / speed, redraw=True)


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


def limits_of(api: Api, offer: Offer) -> RateLimits:
    """The scenario's limits, else the offer's; per second."""

    def per_s(own: float | None, usual: float | None) -> float:
        limit = own if own is not None else usual
        return np.inf if limit is None else limit / SECONDS_PER_MINUTE

    return RateLimits(
        requests_per_s=per_s(api.requests_per_min, offer.requests_per_min),
        input_tokens_per_s=per_s(api.input_tokens_per_min, offer.input_tokens_per_min),
        output_tokens_per_s=per_s(api.output_tokens_per_min, offer.output_tokens_per_min),
    )


def price_on(offer: Offer, scenario: Scenario) -> Price:
    """The price that holds when the run begins."""
    day = scenario.start.date()
    return [price for price in offer.prices if price.valid_from <= day][-1]


def token_rates(offer: Offer, scenario: Scenario) -> TokenRates:
    """All prices as columns by the instant from which they hold (UTC midnight), USD per token."""
    prices = offer.prices
    cached = [price.cached_input_usd_per_mtok for price in prices]
    current = price_on(offer, scenario)
    return TokenRates(
        from_s=np.array([seconds_until(scenario, price) for price in prices]),
        input_usd=per_token([float(price.input_usd_per_mtok) for price in prices]),
        cached_input_usd=per_token(
            [
                float(price.input_usd_per_mtok if part is None else part)
                for price, part in zip(prices, cached, strict=True)
            ]
        ),
        output_usd=per_token([float(price.output_usd_per_mtok) for price in prices]),
        long_prompt_tokens=current.long_prompt_tokens or np.inf,
        long_input_factor=current.long_input_factor,
        long_output_factor=current.long_output_factor,
    )


def per_token(usd_per_mtok: list[float]) -> np.ndarray:
    """Prices per million tokens as prices per token."""
    return np.array(usd_per_mtok) / TOKENS_PER_MTOK


def seconds_until(scenario: Scenario, price: Price) -> float:
    """Seconds from the run's beginning to the day a price begins; negative for past ones."""
    midnight = datetime.combine(price.valid_from, time(), UTC)
    return (midnight - scenario.start).total_seconds()
