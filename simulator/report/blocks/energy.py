"""Watt-hours, grams of CO2e and litres of water."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.accounting.amounts import emitted, evaporated, metered
from simulator.report.figures import RATIO, Averaging, Better, Format, figure
from simulator.report.metrics import EMISSIONS, ENERGY, WATER
from simulator.report.totals import ratio

if TYPE_CHECKING:
    from simulator.accounting.run import RunAccounts, RunSelection

WH, GRAMS, LITRES, LESS = Format.WATT_HOURS, Format.GRAMS, Format.LITRES, Better.LESS
COMPLETE, MEASURED = Averaging.COMPLETE, Averaging.MEASURED


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """Watt-hours."""

    total: float | None = figure(
        "At the meter, and the estimate behind API calls; users' own devices apart.",
        WH,
        title="energy",
        better=LESS,
        interval=True,
        compared=9,
        averaging=COMPLETE,
        metric=ENERGY,
    )
    active: float | None = figure("Of machines that worked.", WH, metric=ENERGY, part="active")
    idle: float | None = figure("Of held machines that did not.", WH, metric=ENERGY, part="idle")
    api_estimate: float | None = figure("Estimated for API calls.", WH, metric=ENERGY, part="api_estimate")
    user_side: float | None = figure(
        "Of users' own devices; not in the total.", WH, metric=ENERGY, part="user_side"
    )
    per_request: float | None = figure(
        "Total per request that arrived.",
        WH,
        head="Wh per request",
        better=LESS,
        interval=True,
        compared=10,
        averaging=MEASURED,
        of_total=True,
        no_metric=RATIO,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Emissions:
    """Grams of CO2 equivalent."""

    total: float | None = figure(
        "Of the energy total, at the grid's intensity of the hour.",
        GRAMS,
        title="CO2e",
        better=LESS,
        interval=True,
        compared=11,
        averaging=COMPLETE,
        metric=EMISSIONS,
    )
    embodied: float | None = figure(
        "Of making the machines, by the time they were held; not in the total.",
        GRAMS,
        averaging=COMPLETE,
        metric=EMISSIONS,
        part="embodied",
    )
    user_side: float | None = figure(
        "Of users' own devices; not in the total.", GRAMS, metric=EMISSIONS, part="user_side"
    )
    per_request: float | None = figure(
        "Total per request that arrived.",
        GRAMS,
        better=LESS,
        interval=True,
        averaging=MEASURED,
        of_total=True,
        no_metric=RATIO,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Water:
    """Litres."""

    total: float | None = figure(
        "Evaporated, all of it.", LITRES, title="water", better=LESS, averaging=COMPLETE, metric=WATER
    )
    site: float | None = figure("Where the machines are.", LITRES, metric=WATER, part="site")
    source: float | None = figure("Where their electricity is made.", LITRES, metric=WATER, part="source")


def energy_block(run: RunAccounts, part: RunSelection) -> Energy:
    """Watt-hours at the meter: work, idling, the estimate behind API calls; users' own apart."""
    kinds = {name: amounts.sum_over(part) for name, amounts in metered(run).items()}
    total = kinds["active"] + kinds["idle"] + kinds["api_estimate"]
    return Energy(total=total, **kinds, per_request=ratio(total, int(part.requests.sum())))


def emissions_block(run: RunAccounts, part: RunSelection) -> Emissions:
    """Grams of CO2e of the energy total; embodied carbon and the users' devices apart."""
    kinds = emitted(run)
    total = kinds["total"].sum_over(part)
    return Emissions(
        total=total,
        embodied=kinds["embodied"].sum_over(part),
        user_side=kinds["user_side"].sum_over(part),
        per_request=ratio(total, int(part.requests.sum())),
    )


def water_block(run: RunAccounts, part: RunSelection) -> Water:
    """Litres behind our energy: evaporated on site, and where the electricity was made (`source`)."""
    kinds = evaporated(run)
    total, site = kinds["total"].sum_over(part), kinds["site"].sum_over(part)
    return Water(total=total, site=site, source=total - site)
