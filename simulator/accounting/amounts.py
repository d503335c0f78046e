"""What totals are made of: each part's amounts by attempt, by target and by request, stated once.

Reports sum them over a part of a run, series count them over time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from catalogs.units import WH_PER_KWH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.accounting.costs import AttemptCosts
    from simulator.accounting.run import Mask, RunAccounts, RunSelection

    Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """One part of a total, divided by `per`; None where it has nothing of the kind.

    `by_attempt` counts in the rows of `attempts` alone, where that is given; `by_target` is what held
    capacity took while idle; `by_request` goes by the requests that arrived.
    """

    by_attempt: Column | None = None
    attempts: Mask | None = None
    by_target: Column | None = None
    by_request: Column | None = None
    per: float = 1.0

    def sum_over(self, part: RunSelection) -> float:
        """The sum over a part of the run: its work, its idle targets, the routing of its requests."""
        work = part.work if self.attempts is None else part.work & self.attempts
        rows = ((self.by_attempt, work), (self.by_target, part.targets), (self.by_request, part.routing))
        return float(sum(column[mask].sum() / self.per for column, mask in rows if column is not None))

    def counted_by_attempt(self) -> Column:
        """What each attempt adds, before `per`; 0 for those that do not count."""
        if self.by_attempt is None:
            return np.zeros(0)
        return self.by_attempt if self.attempts is None else np.where(self.attempts, self.by_attempt, 0.0)

    def of_attempts(self) -> float:
        """The sum over all attempts that count, idling left out."""
        if self.by_attempt is None:
            return 0.0
        counted = self.by_attempt if self.attempts is None else self.by_attempt[self.attempts]
        return float(counted.sum() / self.per)


def spent(run: RunAccounts) -> dict[str, Amounts]:
    """USD by what they were spent on."""
    books, capacity = run.books.counted, run.capacity
    return {
        "api": Amounts(by_attempt=books.api_usd),
        "capacity_used": Amounts(by_attempt=books.capacity_usd),
        "capacity_idle": Amounts(by_target=capacity.idle_usd),
        "energy": Amounts(by_attempt=books.energy_usd, by_target=capacity.idle_energy_usd),
        "egress": Amounts(by_attempt=books.egress_usd),
        "routing": Amounts(by_request=run.routing_usd),
    }


def metered(run: RunAccounts) -> dict[str, Amounts]:
    """Watt-hours at the meter: work, idling, the estimate behind API calls; users' own apart."""
    books, ours = run.books.counted, ~run.books.counted.user_side
    return {
        "active": Amounts(by_attempt=books.facility_wh, attempts=ours),
        "idle": Amounts(by_target=run.capacity.idle_wh),
        "api_estimate": Amounts(by_attempt=books.estimate_wh, attempts=ours),
        "user_side": Amounts(by_attempt=books.facility_wh, attempts=books.user_side),
    }


def emitted(run: RunAccounts) -> dict[str, Amounts]:
    """Grams of CO2e of that energy: their `total`, its parts, users' devices, and making the machines."""
    books, idle = run.books.counted, run.capacity.idle_gco2e
    grams, ours, estimated = books.emissions_gco2e, ~books.user_side, books.estimate_wh > 0.0
    return {
        "total": Amounts(by_attempt=grams, attempts=ours, by_target=idle),
        "active": Amounts(by_attempt=grams, attempts=ours & ~estimated),
        "idle": Amounts(by_target=idle),
        "api_estimate": Amounts(by_attempt=grams, attempts=ours & estimated),
        "user_side": Amounts(by_attempt=grams, attempts=books.user_side),
        "embodied": Amounts(by_target=run.capacity.embodied_gco2e),
    }


def evaporated(run: RunAccounts) -> dict[str, Amounts]:
    """Litres behind our energy: their `total`, those on `site`, and those where electricity is made."""
    total, site = run.water_l_per_kwh, run.water_site_l_per_kwh
    rates = {"total": total, "site": site, "source": total - site}
    return {name: litres(run, run.books.counted, rate) for name, rate in rates.items()}


def litres(run: RunAccounts, books: AttemptCosts, l_per_kwh: Column) -> Amounts:
    """Litres of the energy in some books and of idling, at each target's litres per kWh."""
    return Amounts(
        by_attempt=books.drawn_wh * l_per_kwh[run.attempts.target],
        attempts=~books.user_side,
        by_target=run.capacity.idle_wh * l_per_kwh,
        per=WH_PER_KWH,
    )
