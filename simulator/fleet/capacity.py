"""What own capacity costs by the second: rented by the chip-hour, or owned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fleet.ownership import SECONDS_PER_YEAR, lifetime_years, owned_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogs.records import Accelerator
    from simulator.scenario import Deployment, Scenario
    from simulator.scenario.fleet import Pricing

SECONDS_PER_HOUR = 3_600.0
GRAMS_PER_KG = 1_000.0
OWNED_TIERS = ("on_prem", "edge")
RENT_ORDER = ("on_demand", "neocloud", "hyperscaler", "reserved_1y", "spot")
"""Which rent is taken where a scenario names none: the first that the catalog knows."""


def is_owned(deployment: Deployment) -> bool:
    """Whether the operator owns the chips: said so, or by tier where nothing is said."""
    pricing = deployment.pricing
    if pricing is None or not (pricing.owned or pricing.rent or pricing.usd_per_chip_hour):
        return deployment.tier in OWNED_TIERS
    return pricing.owned


def chip_usd_per_s(scenario: Scenario, deployment: Deployment, accelerator: Accelerator) -> float:
    """Dollars per chip and second: the rent of the run's first day / 3600, or what owning a host costs."""
    pricing = deployment.pricing
    if is_owned(deployment):
        edge = deployment.tier == "edge"
        return owned_host(scenario.catalog, pricing, accelerator, edge=edge).usd_per_chip_second
    if pricing is not None and pricing.usd_per_chip_hour is not None:
        return float(pricing.usd_per_chip_hour) / SECONDS_PER_HOUR
    rents = accelerator.rents_at(scenario.start)
    return float(rents[rent_kind(pricing, accelerator)]) / SECONDS_PER_HOUR


def rent_kind(pricing: Pricing | None, accelerator: Accelerator) -> str:
    """The kind of rent that applies; empty where the catalog knows none."""
    if pricing is not None and pricing.rent is not None:
        return pricing.rent
    known = [kind for kind in RENT_ORDER if kind in accelerator.rent_usd_per_hour]
    return known[0] if known else next(iter(accelerator.rent_usd_per_hour), "")


def embodied_gco2e_per_s(deployment: Deployment, accelerator: Accelerator) -> float:
    """Grams per chip and second: what making it and its share of the host emitted, over their life."""
    lifetime_s = lifetime_years(deployment.pricing, accelerator) * SECONDS_PER_YEAR
    share = accelerator.host_embodied_kgco2e / accelerator.chips_per_host
    return (accelerator.embodied_kgco2e + share) * GRAMS_PER_KG / lifetime_s


def pricing_problems(deployment: Deployment, accelerator: Accelerator) -> Iterator[tuple[str, str]]:
    """What is wrong with the price of capacity."""
    pricing = deployment.pricing
    if is_owned(deployment):
        given = pricing.purchase_usd_per_chip if pricing else None
        if given is None and accelerator.purchase_usd is None:
            name = accelerator.name
            yield "pricing", f"{name!r} has no known purchase price; give purchase_usd_per_chip"
        return
    if pricing is not None and pricing.usd_per_chip_hour is not None:
        return
    known = ", ".join(map(repr, accelerator.rent_usd_per_hour))
    kind = rent_kind(pricing, accelerator)
    if kind not in accelerator.rent_usd_per_hour:
        asked = f"no rent {kind!r} is known" if kind else "no rent is known"
        hint = f"known: {known}" if known else "give usd_per_chip_hour, or owned: true"
        yield "pricing.rent", f"{asked} for {accelerator.name!r}; {hint}"
