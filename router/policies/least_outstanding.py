"""Sends to the candidate with the fewest outstanding attempts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from router.parameters import parameter
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastOutstandingParameters:
    """What happens on a tie."""

    ties: Literal["lowest_index", "random"] = parameter(
        "lowest_index", "which of several equally loaded targets is taken"
    )


class LeastOutstanding:
    """Sends to the candidate with the fewest outstanding attempts, waiting and running together.

    Counting only those that wait would see idle and busy targets alike and pack the first ones.
    Ties go to the lowest index, or by `ties: random` to any of them with one uniform draw; the
    latter matters when the view is stale, as all requests until its next refresh see one tie.
    """

    name: ClassVar[str] = "least_outstanding"
    source: ClassVar[str] = "LiteLLM's least-busy"

    def __init__(self, parameters: LeastOutstandingParameters | None = None) -> None:
        """Keeps nothing but the rule for ties."""
        self._ties_random = (parameters or LeastOutstandingParameters()).ties == "random"
        self._sends = SendCache("least outstanding")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the least loaded candidate."""
        if self._ties_random:
            return self._sends.to(fleet, _random_least(fleet, rng))
        return self._sends.to(fleet, least_outstanding(fleet.outstanding, fleet.candidates))


def _random_least(fleet: FleetView, rng: np.random.Generator) -> int:
    """Any of the least loaded candidates, all equally likely."""
    loads = fleet.outstanding.tolist()
    least = min(loads[index] for index in fleet.candidates)
    tied = [index for index in fleet.candidates if loads[index] == least]
    return tied[int(rng.random() * len(tied))]
