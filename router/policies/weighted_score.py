"""Quality, cost and load weighed against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from router.parameters import at_least, check, parameter, ratio
from router.pipeline.declared import pipeline_of

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedScoreParameters:
    """What each aspect counts for."""

    success_weight: float = parameter(1.0, "weight of the predicted success")
    cost_weight: float = parameter(0.5, "weight of the expected cost, relative to the other candidates")
    load_weight: float = parameter(0.5, "weight of the load per replica, relative to the other candidates")
    floor: float = parameter(0.0, "least predicted success, 0 to 1; passed over where no candidate has it")

    def __post_init__(self) -> None:
        """Holds only weights and a probability."""
        check(
            at_least("success_weight", self.success_weight, 0),
            at_least("cost_weight", self.cost_weight, 0),
            at_least("load_weight", self.load_weight, 0),
            ratio("floor", self.floor),
        )


class WeightedScore:
    """Sends to the candidate with the greatest weighted sum of success, cheapness and idleness.

    Predicted success counts as it is; cost and load are stretched over the candidates, the best
    of them 1 and the worst 0. Ties go to the least outstanding, then to the lowest index.
    """

    name: ClassVar[str] = "weighted_score"
    source: ClassVar[str] = "shape of llm-d's inference scheduler"

    def __init__(self, parameters: WeightedScoreParameters | None = None) -> None:
        """Puts the pipeline together."""
        chosen = parameters or WeightedScoreParameters()
        self._pipeline = pipeline_of(
            filters=[{"success_floor": {"floor": chosen.floor}}] if chosen.floor > 0.0 else [],
            scorers=[
                {"success": {"weight": chosen.success_weight}},
                {"cost": {"weight": chosen.cost_weight}},
                {"load": {"weight": chosen.load_weight}},
            ],
            reason="weighted score",
        )

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to the best candidate."""
        return self._pipeline.route(request, fleet, rng)
