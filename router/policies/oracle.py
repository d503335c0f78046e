"""What a router could do that knew the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.options import Option, OptionTable, cheapest
from router.views.request import OracleRequestView

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


class Oracle:
    """Sends to the cheapest candidate whose answer is right, else to the cheapest: the ceiling.

    Clairvoyant about correctness only: costs are the expected ones and load is as seen. Equal
    costs go to the lowest index; among the right targets of one model, tier and price the least
    outstanding is taken, ties by lowest index.

    Errors: `TypeError` when the host's surroundings give it a request without the answers.
    """

    name: ClassVar[str] = "oracle"
    source: ClassVar[str] = "RouterBench's oracle"
    oracle: ClassVar[bool] = True

    def __init__(self) -> None:
        """Prepares the table of options."""
        self._options = OptionTable()
        self._right = SendCache("cheapest right")
        self._wrong = SendCache("none right: cheapest")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the cheapest right candidate, or to the cheapest where none is right."""
        if not isinstance(request, OracleRequestView):
            message = f"an oracle needs an OracleRequestView, got {type(request).__name__}"
            raise TypeError(message)
        options = self._options.of(fleet, request.task, request.stream)
        right = [option for option in options if _right_members(option, request)]
        if not right:
            chosen = cheapest(options, request).members
            return self._wrong.to(fleet, least_outstanding(fleet.outstanding, chosen))
        members = _right_members(cheapest(right, request), request)
        return self._right.to(fleet, least_outstanding(fleet.outstanding, members))


def _right_members(option: Option, request: OracleRequestView) -> list[int]:
    """The option's targets whose answer to the request is right."""
    return [index for index in option.members if request.correct(index)]
