"""Who would serve a request with the least carbon, among those good and cheap enough."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING

from catalogs.units import JOULES_PER_WH, WH_PER_KWH
from router.parameters import above, check, parameter, ratio

if TYPE_CHECKING:
    from router.views.fleet import FleetView
    from router.views.request import RequestView

JOULES_PER_KWH = JOULES_PER_WH * WH_PER_KWH


@dataclass(frozen=True, slots=True, kw_only=True)
class CarbonParameters:
    """What an answer must promise, and what it may cost."""

    floor: float = parameter(0.7, "least predicted success")
    cost_ceiling_usd: float | None = parameter(None, "most expected cost; no limit where omitted")

    def __post_init__(self) -> None:
        """Holds only a floor and a ceiling that can be.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(*self.problems())

    def problems(self) -> tuple[tuple[str, str] | None, ...]:
        """What is wrong with each parameter, if anything."""
        ceiling = self.cost_ceiling_usd
        return (
            ratio("floor", self.floor),
            None if ceiling is None else above("cost_ceiling_usd", ceiling, 0),
        )


def good_enough(request: RequestView, fleet: FleetView, given: CarbonParameters) -> tuple[int, ...]:
    """Candidates that meet the floor, or the likeliest where none does; of them those under the ceiling, or
    the cheapest where none is.

    A success that cannot be predicted counts as 0, a cost as infinite.
    """
    success = {index: fleet.targets[index].predicted_success(request) for index in fleet.candidates}
    success = {index: value if isfinite(value) else 0.0 for index, value in success.items()}
    least = min(given.floor, max(success.values()))
    likely = [index for index, value in success.items() if value >= least]
    if given.cost_ceiling_usd is None:
        return tuple(likely)
    costs_usd = {index: _expected_usd(request, fleet, index) for index in likely}
    most_usd = max(given.cost_ceiling_usd, min(costs_usd.values()))
    return tuple(index for index, cost_usd in costs_usd.items() if cost_usd <= most_usd)


def marginal_gco2e(request: RequestView, fleet: FleetView, index: int, at_s: float) -> float:
    """Grams of the target's marginal joules at an instant's grid; infinite where either is unknown."""
    energy_j = fleet.targets[index].marginal_energy_j(request)
    intensity = fleet.intensity_gco2e_per_kwh(index, at_s)
    grams = energy_j / JOULES_PER_KWH * intensity
    return grams if isfinite(grams) else inf


def cleanest(request: RequestView, fleet: FleetView, members: tuple[int, ...]) -> int:
    """The member with the least carbon now; ties to the least outstanding, then to the lowest index."""
    load, now_s = fleet.outstanding.item, request.now_s
    return min((marginal_gco2e(request, fleet, index, now_s), load(index), index) for index in members)[-1]


def _expected_usd(request: RequestView, fleet: FleetView, index: int) -> float:
    """The expected cost of a request at a target; infinite where its price is unknown."""
    target = fleet.targets[index]
    return target.expected_cost_usd(request) if target.is_priced else inf
