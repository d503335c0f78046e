"""The least energy."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from router.pipeline.sends import SendCache

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


class MarginalEnergy:
    """Sends to the candidate that the request draws the fewest joules more from.

    Prompt tokens and the stream's usual answer, or the longest where none is usual, at the target's marginal
    joules a token (`Target.energy_j_per_*_token`). What idles draws its power anyway and does not count.
    A target whose energy nobody knows comes last. Ties go to the least outstanding, then to the lowest index.
    """

    name: ClassVar[str] = "marginal_energy"
    source: ClassVar[str] = "vllm-sr-sim's tokens per watt; marginal in place of mean energy is ours"

    def __init__(self) -> None:
        """Has made no decision."""
        self._sends = SendCache("least energy")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the candidate with the fewest marginal joules."""
        targets, load = fleet.targets, fleet.outstanding.item
        ranked = [
            (targets[index].marginal_energy_j(request), load(index), index) for index in fleet.candidates
        ]
        return self._sends.to(fleet, min(ranked)[-1])
