"""The least carbon, for what can wait also the cleanest hour."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING, ClassVar

from router.decision import Decision
from router.parameters import above, check, parameter
from router.pipeline.cleanest import CarbonParameters, cleanest, good_enough, marginal_gco2e
from router.pipeline.sends import SendCache

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from router.views.fleet import FleetView
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class CarbonDeferralParameters(CarbonParameters):
    """What an answer must promise and may cost, and how finely the time ahead is looked through."""

    step_s: float = parameter(900.0, "seconds between the instants that are looked at, above 0")

    def __post_init__(self) -> None:
        """Holds only a floor, a ceiling and a step that can be.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(*self.problems(), above("step_s", self.step_s, 0))


class CarbonDeferral:
    """Holds deferrable requests back until the grid is cleanest before their deadline; else as carbon_aware.

    For a request that may wait (`defer_deadline` of its stream) the forecast is looked through at the
    multiples of step_s from now to the deadline: it is sent at the first instant at which the cleanest of
    the candidates that are good enough emits least, and never later than the deadline. When its time comes
    the fleet is looked at again. Other requests, and those for which no later instant is cleaner than now,
    go at once: of the candidates that meet the floor (the likeliest where none does) and the ceiling on cost
    (the cheapest where none does), to the one with the fewest grams of CO2e, ties to the least
    outstanding, then to the lowest index.

    The forecast is exact in a simulation. All that waits for the same hour is sent at its beginning.
    """

    name: ClassVar[str] = "carbon_deferral"
    source: ClassVar[str] = (
        "temporal shifting: Wiesner et al., Let's Wait Awhile, Middleware 2021; Radovanovic et al. 2023"
    )

    def __init__(self, parameters: CarbonDeferralParameters | None = None) -> None:
        """Has made no decision."""
        self._given = parameters or CarbonDeferralParameters()
        self._sends = SendCache("least carbon")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the cleanest candidate, or a deferral to a cleaner instant."""
        members = good_enough(request, fleet, self._given)
        until_s = self._cleanest_s(request, fleet, members)
        if until_s > request.now_s:
            return Decision.defer(until_s, reason="held back for cleaner power")
        return self._sends.to(fleet, cleanest(request, fleet, members))

    def _cleanest_s(self, request: RequestView, fleet: FleetView, members: tuple[int, ...]) -> float:
        """The first of the instants from now to the deadline at which the least is emitted."""
        found_s, least = request.now_s, _least_gco2e(request, fleet, members, request.now_s)
        for at_s in self._instants(request.now_s, request.deferrable_until_s):
            grams = _least_gco2e(request, fleet, members, at_s)
            if grams < least:
                found_s, least = at_s, grams
        return found_s

    def _instants(self, now_s: float, deadline_s: float) -> Iterator[float]:
        """The multiples of the step after now, up to the deadline; none without one."""
        step_s = self._given.step_s
        number = floor(now_s / step_s) + 1
        while number * step_s <= deadline_s:
            yield number * step_s
            number += 1


def _least_gco2e(request: RequestView, fleet: FleetView, members: tuple[int, ...], at_s: float) -> float:
    """The fewest grams that any of the members would emit at an instant."""
    return min(marginal_gco2e(request, fleet, index, at_s) for index in members)
