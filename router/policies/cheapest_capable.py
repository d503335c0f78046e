"""The cheapest model that is likely to be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from router.parameters import check, parameter, ratio
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.options import OptionTable, capable, cheapest, strongest

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class CheapestCapableParameters:
    """What counts as capable."""

    floor: float = parameter(0.7, "least predicted success, 0 to 1, for the task at the estimated difficulty")

    def __post_init__(self) -> None:
        """Holds only a probability."""
        check(ratio("floor", self.floor))


class CheapestCapable:
    """Sends to the cheapest candidate whose predicted success meets the floor, else the strongest.

    Predicted success is the item response at the request's task and estimated difficulty, cost is
    the expected cost of prompt and usual answer. Equal costs go to the lowest index; among the
    strongest, the cheaper first. Targets with the same model, tier and prices are one choice,
    and the least outstanding of them is taken, ties by lowest index. A target whose ability at
    the task is unknown meets no floor but 0; at a difficulty of `nan` no target does.
    """

    name: ClassVar[str] = "cheapest_capable"
    source: ClassVar[str] = ""

    def __init__(self, parameters: CheapestCapableParameters | None = None) -> None:
        """Prepares the table of options for the floor."""
        self._options = OptionTable((parameters or CheapestCapableParameters()).floor)
        self._capable = SendCache("cheapest capable")
        self._strongest = SendCache("none capable: strongest")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the cheapest capable candidate, or to the strongest where none is capable."""
        options = self._options.of(fleet, request.task, request.stream)
        able = capable(options, request.estimated_difficulty)
        option, sends = (
            (cheapest(able, request), self._capable)
            if able
            else (strongest(options, request), self._strongest)
        )
        return sends.to(fleet, least_outstanding(fleet.outstanding, option.members))
