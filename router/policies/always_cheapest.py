"""The mandatory baseline at the cheap end."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.options import OptionTable, cheapest

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


class AlwaysCheapest:
    """Sends to the candidate with the lowest expected cost for the request, whatever it can do.

    Equal costs go to the lowest index; among targets with the same model, tier and prices the
    least outstanding is taken, ties by lowest index.
    """

    name: ClassVar[str] = "always_cheapest"
    source: ClassVar[str] = "baseline of routing benchmarks such as RouterBench"

    def __init__(self) -> None:
        """Prepares the table of options."""
        self._options = OptionTable()
        self._sends = SendCache("cheapest")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the cheapest candidate."""
        option = cheapest(self._options.of(fleet, request.task, request.stream), request)
        return self._sends.to(fleet, least_outstanding(fleet.outstanding, option.members))
