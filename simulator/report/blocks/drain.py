"""What work on held machines took after the billed window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.accounting.amounts import litres
from simulator.report.figures import Averaging, Format, block, figure

if TYPE_CHECKING:
    from simulator.accounting.run import RunAccounts

AFTER = "after the window, which the series of a run end with"
USD = Format.USD


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainCost:
    """Dollars of work on held machines after the window: total = capacity_used + energy."""

    total: float | None = figure("Both.", USD, averaging=Averaging.COMPLETE, no_metric=AFTER)
    capacity_used: float | None = figure("Machines.", USD, averaging=Averaging.COMPLETE, no_metric=AFTER)
    energy: float | None = figure("Metered electricity.", USD, no_metric=AFTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """What work on held machines took after the billed window; in no total."""

    seconds: float | None = figure(
        "From the window's end until the last attempt was over.", Format.SECONDS, no_metric=AFTER
    )
    cost_usd: DrainCost = block("Dollars.")
    energy_wh: float | None = figure("Watt-hours.", Format.WATT_HOURS, no_metric=AFTER)
    emissions_gco2e: float | None = figure("Grams.", Format.GRAMS, no_metric=AFTER)
    water_l: float | None = figure("Litres.", Format.LITRES, no_metric=AFTER)


def drain_block(run: RunAccounts, to_s: float) -> Drain:
    """What was taken after the window, which ended at `to_s`; 0 seconds where all were in time."""
    books = run.books.drain
    used, metered = float(books.capacity_usd.sum()), float(books.energy_usd.sum())
    water = litres(run, books, run.water_l_per_kwh)
    return Drain(
        seconds=max(float(run.attempts.finish_s.max(initial=to_s)) - to_s, 0.0),
        cost_usd=DrainCost(total=used + metered, capacity_used=used, energy=metered),
        energy_wh=float(books.facility_wh.sum()),
        emissions_gco2e=float(books.emissions_gco2e.sum()),
        water_l=water.of_attempts(),
    )
