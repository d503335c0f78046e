"""A second copy for those that wait too long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from router.decision import Decision
from router.decision import Hedge as HedgeDecision
from router.parameters import at_least, check, parameter, ratio
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding

if TYPE_CHECKING:
    import numpy as np

    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeParameters:
    """When, and for how many, a second attempt is made."""

    after_s: float = parameter(1.0, "seconds without a first token after which the backup starts")
    share_ratio: float = parameter(1.0, "share of requests, drawn at random, that may be hedged")

    def __post_init__(self) -> None:
        """Holds only a wait and a share."""
        check(at_least("after_s", self.after_s, 0), ratio("share_ratio", self.share_ratio))


class Hedge:
    """Sends to the least outstanding candidate, with the second least as a late backup.

    The backup starts when no first token came in time; the loser is cancelled at the winner's
    first token. Ties go to the lowest index. A single candidate is a plain send. One uniform draw
    per decision when only a share of the requests is hedged, else none.

    Source: Dean and Barroso, The Tail at Scale, CACM 56(2), 2013 (hedged requests).
    """

    name: ClassVar[str] = "hedge"
    source: ClassVar[str] = "Dean and Barroso, CACM 56(2), 2013"

    def __init__(self, parameters: HedgeParameters | None = None) -> None:
        """Keeps the wait and the share."""
        self._parameters = parameters or HedgeParameters()
        self._sends = SendCache("not hedged")
        self._targets: tuple[Target, ...] = ()
        self._hedges: dict[tuple[int, int], HedgeDecision] = {}

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A hedge between the two least loaded candidates, or a send to the least loaded."""
        first = least_outstanding(fleet.outstanding, fleet.candidates)
        share = self._parameters.share_ratio
        hedged = share >= 1.0 or rng.random() < share
        if not hedged or len(fleet.candidates) == 1:
            return self._sends.to(fleet, first)
        others = [index for index in fleet.candidates if index != first]
        return self._between(fleet, first, least_outstanding(fleet.outstanding, others))

    def _between(self, fleet: FleetView, first: int, second: int) -> HedgeDecision:
        """The hedge from one target to the other, made once."""
        if fleet.targets is not self._targets:
            self._targets, self._hedges = fleet.targets, {}
        found = self._hedges.get((first, second))
        if found is None:
            names = fleet.targets[first].name, fleet.targets[second].name
            found = HedgeDecision("hedged", *names, self._parameters.after_s)
            self._hedges[first, second] = found
        return found
