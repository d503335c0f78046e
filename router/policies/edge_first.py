"""The local tier first, the cloud for what is too much or too hard for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from router.parameters import at_least, check, parameter, ratio
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.options import Option, OptionTable, capable, cheapest, strongest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFirstParameters:
    """What stays local."""

    local_tier: Literal["edge", "on_prem", "dedicated", "cloud"] = parameter("edge", "the tier tried first")
    overflow_outstanding: float = parameter(
        2.0, "most attempts outstanding per local replica or device at which it takes another"
    )
    floor: float = parameter(0.6, "least predicted success, 0 to 1, at which a request stays local")

    def __post_init__(self) -> None:
        """Holds only a load and a probability."""
        check(at_least("overflow_outstanding", self.overflow_outstanding, 0), ratio("floor", self.floor))


class EdgeFirst:
    """Keeps a request local while the local tier has room and is likely to be right.

    Local options are tried cheapest first; each must meet the floor at the estimated difficulty,
    and its least outstanding target be within the overflow limit. Otherwise the request goes to
    the cheapest candidate elsewhere that meets the floor, else to the strongest elsewhere; where
    only local candidates are permitted, to the strongest of them. Ties by lowest index.
    """

    name: ClassVar[str] = "edge_first"
    source: ClassVar[str] = ""

    def __init__(self, parameters: EdgeFirstParameters | None = None) -> None:
        """Keeps the limits and prepares the table of options."""
        self._parameters = parameters or EdgeFirstParameters()
        self._options = OptionTable(self._parameters.floor)
        self._local = SendCache("local")
        self._only_local = SendCache("only local permitted")
        self._hard = SendCache("too hard for local")
        self._overflow = SendCache("local overflow")
        self._no_local = SendCache("no local permitted")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to a local target with room that is likely to be right, else elsewhere."""
        options = self._options.of(fleet, request.task, request.stream)
        local = [option for option in options if option.tier == self._parameters.local_tier]
        able = capable(local, request.estimated_difficulty)
        index = self._with_room(able, request, fleet)
        if index is not None:
            return self._local.to(fleet, index)
        elsewhere = [option for option in options if option.tier != self._parameters.local_tier]
        if not elsewhere:
            members = strongest(local, request).members
            return self._only_local.to(fleet, least_outstanding(fleet.outstanding, members))
        sends = self._overflow if able else self._hard if local else self._no_local
        return sends.to(fleet, _elsewhere(elsewhere, request, fleet))

    def _with_room(self, able: list[Option], request: RequestView, fleet: FleetView) -> int | None:
        """The least outstanding target of the cheapest local option that has room, if any."""
        left = able
        while left:
            option = cheapest(left, request)
            index = least_outstanding(fleet.outstanding, option.members)
            room = self._parameters.overflow_outstanding * fleet.targets[index].replica_count
            if fleet.outstanding.item(index) <= room:
                return index
            left = [other for other in left if other is not option]
        return None


def _elsewhere(options: Sequence[Option], request: RequestView, fleet: FleetView) -> int:
    """The cheapest capable target among these options, else the strongest."""
    able = capable(options, request.estimated_difficulty)
    option = cheapest(able, request) if able else strongest(options, request)
    return least_outstanding(fleet.outstanding, option.members)
