"""A policy that is wrong on purpose: it cannot make up its mind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from router.parameters import above, check, parameter
from router.pipeline.sends import SendCache
from router.views.pair import WeakStrongPair

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class FlappingParameters:
    """Between which two, and how often."""

    first: str | None = parameter(
        None, "target or deployment of the first period; the cheapest where omitted"
    )
    second: str | None = parameter(
        None, "target or deployment of the second period; the strongest where omitted"
    )
    period_s: float = parameter(30.0, "seconds after which all traffic changes sides")

    def __post_init__(self) -> None:
        """Holds only a time that passes."""
        check(above("period_s", self.period_s, 0))


class Flapping:
    """Sends everything to one target for a period, to another for the next, and so on: a negative control.

    It shows what sessions, prefix caches and queues suffer when routes flap. Periods begin at whole
    multiples of `period_s` of virtual time. A named target that constraints exclude gives way to the
    cheapest or the strongest candidate. Replicas: the least outstanding, ties by lowest index.

    Errors: `UnknownTargetError` when a name is neither a target nor a deployment.
    """

    name: ClassVar[str] = "flapping"
    source: ClassVar[str] = "a negative control beside BLIS's always-busiest; route flapping of RFC 2439"

    def __init__(self, parameters: FlappingParameters | None = None) -> None:
        """Keeps both sides."""
        chosen = parameters or FlappingParameters()
        self._period_s = chosen.period_s
        self._pair = WeakStrongPair(chosen.first, chosen.second)
        self._first, self._second = SendCache("first side"), SendCache("second side")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the side whose period it is."""
        if request.now_s // self._period_s % 2.0:
            return self._second.to(fleet, self._pair.strong(request, fleet))
        return self._first.to(fleet, self._pair.weak(request, fleet))
