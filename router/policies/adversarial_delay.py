"""A policy that is wrong on purpose: it lets everybody wait for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from router.decision import Decision
from router.parameters import above, check, parameter
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding

if TYPE_CHECKING:
    import numpy as np

    from router.views.fleet import FleetView
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class AdversarialDelayParameters:
    """How long everybody waits."""

    delay_s: float = parameter(2.0, "seconds for which each request is put off, once")

    def __post_init__(self) -> None:
        """Holds only a time that passes."""
        check(above("delay_s", self.delay_s, 0))


class AdversarialDelay:
    """Puts each request off once, then sends it to the least outstanding candidate: a negative control.

    Every latency from arrival grows by `delay_s`, whatever the load. Ties go to the lowest index.
    """

    name: ClassVar[str] = "adversarial_delay"
    source: ClassVar[str] = "a negative control beside BLIS's always-busiest"

    def __init__(self, parameters: AdversarialDelayParameters | None = None) -> None:
        """Has put nobody off."""
        self._delay_s = (parameters or AdversarialDelayParameters()).delay_s
        self._waiting: set[int] = set()
        self._sends = SendCache("after its delay")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A deferral, or a send where the request was put off before."""
        if request.index not in self._waiting:
            self._waiting.add(request.index)
            return Decision.defer(request.now_s + self._delay_s, reason="put off")
        self._waiting.discard(request.index)
        return self._sends.to(fleet, least_outstanding(fleet.outstanding, fleet.candidates))
