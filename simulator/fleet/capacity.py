"""What own capacity costs by the second: rented by the chip-hour, or owned."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from catalogs.units import GRAMS_PER_KG, SECONDS_PER_HOUR, SECONDS_PER_YEAR
from simulator.fleet.ownership import lifetime_years, owned_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogs.records import Accelerator
    from simulator.settings.fleet import Deployment, Pricing
    from simulator.settings.scenario import Scenario

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
    """Dollars per chip and second: the rent of the run's first day / 3600, or what owning a host costs.

    nan where unknown: then no amount that it is part of is known either.
    """
    pricing = deployment.pricing
    if not is_price_known(deployment, accelerator):
        return nan
    if is_owned(deployment):
        edge = deployment.tier == "edge"
        return owned_host(scenario.catalog, pricing, accelerator, edge=edge).usd_per_chip_second
    if pricing is not None and pricing.usd_per_chip_hour is not None:
        return float(pricing.usd_per_chip_hour) / SECONDS_PER_HOUR
    rents = accelerator.rents_at(scenario.start)
    return float(rents[rent_kind(pricing, accelerator)]) / SECONDS_PER_HOUR


def is_price_known(deployment: Deployment, accelerator: Accelerator) -> bool:
    """Whether the scenario or the catalog says what the chips cost, in the way that they are held."""
    pricing = deployment.pricing
    if is_owned(deployment):
        given = pricing.purchase_usd_per_chip if pricing else None
        return given is not None or accelerator.purchase_usd is not None
    stated = pricing is not None and pricing.usd_per_chip_hour is not None
    return stated or bool(accelerator.rent_usd_per_hour)


def rent_kind(pricing: Pricing | None, accelerator: Accelerator) -> str:
    """The kind of rent that applies; empty where the catalog knows none."""
    if pricing is not None and pricing.rent is not None:
        return pricing.rent
    known = [kind for kind in RENT_ORDER if kind in accelerator.rent_usd_per_hour]
    return known[0] if known else next(iter(accelerator.rent_usd_per_hour), "")


def embodied_gco2e_per_s(deployment: Deployment, accelerator: Accelerator) -> float:
    """Grams per chip and second: what making it and its share of the host emitted, over their life.

    nan where the chip's are not known.
    """
    if accelerator.embodied_kgco2e is None:
        return nan
    lifetime_s = lifetime_years(deployment.pricing, accelerator) * SECONDS_PER_YEAR
    share = accelerator.host_embodied_kgco2e / accelerator.chips_per_host
    return (accelerator.embodied_kgco2e + share) * GRAMS_PER_KG / lifetime_s


def pricing_problems(deployment: Deployment, accelerator: Accelerator) -> Iterator[tuple[str, str]]:
    """What is wrong with the price of capacity; a rent that is not named may be unknown."""
    pricing = deployment.pricing
    if pricing is None or pricing.rent is None or pricing.rent in accelerator.rent_usd_per_hour:
        return
    known = ", ".join(map(repr, accelerator.rent_usd_per_hour))
    hint = f"known: {known}" if known else "give usd_per_chip_hour, or owned: true"
    yield "pricing.rent", f"no rent {pricing.rent!r} is known for {accelerator.name!r}; {hint}"


def unknown_notes(name: str, deployment: Deployment, accelerator: Accelerator) -> Iterator[str]:
    """What the report does not say of a deployment because the catalog does not know it of the chip."""
    chip = accelerator.name
    if not is_price_known(deployment, accelerator):
        what = "purchase price" if is_owned(deployment) else "rent"
        keys = "purchase_usd_per_chip" if is_owned(deployment) else "usd_per_chip_hour"
        yield f"{name}: no {what} of {chip!r} is known (pricing.{keys}): costs are unknown, not 0"
    if accelerator.embodied_kgco2e is None:
        yield f"{name}: embodied carbon of {chip!r} is not known: it is unknown, not 0"
