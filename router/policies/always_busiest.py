"""A policy that is wrong on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from router.pipeline.sends import SendCache

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


class AlwaysBusiest:
    """Sends to the candidate with the most outstanding attempts: proves that detectors work.

    Ties go to the lowest index, so an idle fleet is packed onto its first target.
    """

    name: ClassVar[str] = "always_busiest"
    source: ClassVar[str] = "BLIS's always-busiest policy"

    def __init__(self) -> None:
        """Keeps nothing but its decisions."""
        self._sends = SendCache("busiest")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the most loaded candidate."""
        return self._sends.to(fleet, max(fleet.candidates, key=fleet.outstanding.item))
