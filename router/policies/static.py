"""Everything to one target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from router.decision import Decision
from router.parameters import parameter
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding

if TYPE_CHECKING:
    import numpy as np

    from router.views.fleet import FleetView
    from router.views.request import RequestView

NOT_PERMITTED = "fixed target not permitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticParameters:
    """Where everything goes."""

    target: str | None = parameter(None, "target or deployment; the fleet's first deployment where omitted")


class Static:
    """Sends every request to one deployment: the null of every comparison.

    Among a deployment's replicas the least outstanding is chosen, ties by lowest index. A request
    that hard constraints keep from the target is rejected, not sent elsewhere.

    Errors: `UnknownTargetError` when the fleet has no such target.
    """

    name: ClassVar[str] = "static"
    source: ClassVar[str] = ""

    def __init__(self, parameters: StaticParameters | None = None) -> None:
        """Sends to the parameters' target."""
        self._parameters = parameters or StaticParameters()
        self._sends = SendCache("fixed target")
        self._reject = Decision.reject(reason=NOT_PERMITTED)

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the fixed target, or a rejection where constraints forbid it."""
        members = fleet.members(self._parameters.target or fleet.targets[0].deployment)
        usable = [index for index in members if index in fleet.candidates]
        usable = usable or [index for index in members if fleet.permits(index)]
        if not usable:
            return self._reject
        return self._sends.to(fleet, least_outstanding(fleet.outstanding, usable))
