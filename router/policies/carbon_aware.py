"""The least carbon among those that are good enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from router.pipeline.cleanest import CarbonParameters, cleanest, good_enough
from router.pipeline.sends import SendCache

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


class CarbonAware:
    """Sends to the candidate with the least carbon now: marginal joules times its grid's intensity.

    Of the candidates that meet the floor on predicted success (the likeliest where none does) and, where
    there is a ceiling, cost no more than it (the cheapest where none does), the one with the fewest grams
    of CO2e for the prompt and the usual answer. One whose energy or grid nobody knows comes last. Ties go
    to the least outstanding, then to the lowest index. Where requests may be served at all is the host's to
    say: hard constraints are met before.
    """

    name: ClassVar[str] = "carbon_aware"
    source: ClassVar[str] = "green-aware routing (zeph#4086, agentskit#831); floor and ceiling are ours"

    def __init__(self, parameters: CarbonParameters | None = None) -> None:
        """Has made no decision."""
        self._given = parameters or CarbonParameters()
        self._sends = SendCache("least carbon")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the cleanest candidate that is good enough."""
        return self._sends.to(fleet, cleanest(request, fleet, good_enough(request, fleet, self._given)))
