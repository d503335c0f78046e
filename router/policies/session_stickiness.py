"""Sessions stay where they are."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, ClassVar, Literal

from router.learning.routed import RoutedRequests
from router.parameters import at_least, check, parameter
from router.pipeline.sends import SendCache
from router.pipeline.sessions import NO_SESSION, SessionMemory

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.outcome import Outcome
    from router.views.fleet import FleetView
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStickinessParameters:
    """How long a session stays, and where it goes at first."""

    ttl_s: float = parameter(600.0, "seconds after a session's latest request when its target is forgotten")
    inner: Literal["least_outstanding", "cheapest"] = parameter(
        "least_outstanding", "who serves a session at first, and what belongs to none"
    )

    def __post_init__(self) -> None:
        """Holds only a time that can pass.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(at_least("ttl_s", self.ttl_s, 0))


class SessionStickiness:
    """Sends each request of a session where the one before was sent.

    Until ttl_s have passed since; the target must be a candidate, and none of the session's attempts must
    have failed there since, else the session is placed anew: with the least outstanding candidate, or
    the one with the lowest expected cost (unknown prices last), ties to the least outstanding, then to the
    lowest index. So is what belongs to no session. A session stays whatever the load of its target.
    """

    name: ClassVar[str] = "session_stickiness"
    source: ClassVar[str] = (
        "Plano's model affinity (katanemo/plano#827, TTL 600 s); LiteLLM's session affinity"
    )

    def __init__(self, parameters: SessionStickinessParameters | None = None) -> None:
        """Knows no session."""
        given = parameters or SessionStickinessParameters()
        self._by_cost = given.inner == "cheapest"
        self._sessions = SessionMemory(given.ttl_s)
        self._routed: RoutedRequests[tuple[int, str]] = RoutedRequests()
        self._stays, self._placed = SendCache("same as its session"), SendCache("placed anew")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the session's target, or to a new one."""
        last = self._sessions.last(request, fleet) if request.session != NO_SESSION else None
        stays = last is not None and last in fleet.candidates
        index = last if stays and last is not None else self._best(request, fleet)
        self._sessions.note(request, fleet, index)
        if request.session != NO_SESSION:
            self._routed.note(request.index, (request.session, fleet.targets[index].name))
        return (self._stays if stays else self._placed).to(fleet, index)

    def observe(self, outcome: Outcome) -> None:
        """Lets a session go whose attempt failed where it stayed."""
        found = self._routed.take(outcome.request_index)
        if found is not None and not outcome.completed and found[1] == outcome.target:
            self._sessions.forget(found[0])

    def _best(self, request: RequestView, fleet: FleetView) -> int:
        """Index of the candidate that serves what has no place."""
        load = fleet.outstanding.item
        return min((self._cost_usd(request, fleet, index), load(index), index) for index in fleet.candidates)[
            -1
        ]

    def _cost_usd(self, request: RequestView, fleet: FleetView, index: int) -> float:
        """Expected cost where that counts; infinite where the price is unknown."""
        target = fleet.targets[index]
        if not self._by_cost:
            return 0.0
        return target.expected_cost_usd(request) if target.is_priced else inf
