"""One after the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping  # noqa: TC003  (parameters' types are read at runtime)
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from router.decision import Decision
from router.parameters import check, parameter, weights
from router.pipeline.sends import SendCache

if TYPE_CHECKING:
    import numpy as np

    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRobinParameters:
    """How often each target comes around."""

    weights: Mapping[str, float] | None = parameter(
        None, "target or deployment to its weight, shared by a deployment's replicas; all equal where omitted"
    )

    def __post_init__(self) -> None:
        """Holds only weights one can take turns by."""
        check(weights("weights", self.weights))


class RoundRobin:
    """Takes the candidates in turn, replicas as targets of their own; ignores load.

    Plain: the candidate after the last one sent to, by index. Weighted: smooth round robin, that
    is, each candidate gains its weight, the greatest credit is served (ties by lowest index) and
    pays the sum of the weights. What has no weight gets nothing; a request for which nothing has
    is rejected.

    Errors: `UnknownTargetError` when a weight names neither a target nor a deployment.
    """

    name: ClassVar[str] = "round_robin"
    source: ClassVar[str] = "nginx's smooth weighted round robin"

    def __init__(self, parameters: RoundRobinParameters | None = None) -> None:
        """Starts before the first target."""
        self._weights = (parameters or RoundRobinParameters()).weights
        self._sends = SendCache("round robin")
        self._targets: tuple[Target, ...] = ()
        self._shares: list[float] = []
        self._credits: list[float] = []
        self._last = -1

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the candidate whose turn it is, or a rejection where nothing has a weight."""
        if self._weights is not None:
            return self._weighted(fleet, self._weights)
        candidates = fleet.candidates
        position = bisect_right(candidates, self._last)
        self._last = candidates[position] if position < len(candidates) else candidates[0]
        return self._sends.to(fleet, self._last)

    def _weighted(self, fleet: FleetView, weights: Mapping[str, float]) -> Decision:
        """The next turn of smooth weighted round robin."""
        if fleet.targets is not self._targets:
            self._start(fleet, weights)
        entitled = [index for index in fleet.candidates if self._shares[index] > 0.0]
        if not entitled:
            return Decision.reject(reason="no weighted target permitted")
        for index in entitled:
            self._credits[index] += self._shares[index]
        chosen = max(entitled, key=self._credits.__getitem__)
        self._credits[chosen] -= sum(self._shares[index] for index in entitled)
        return self._sends.to(fleet, chosen)

    def _start(self, fleet: FleetView, weights: Mapping[str, float]) -> None:
        """Shares each weight out over the targets it names; none has credit yet."""
        self._targets = fleet.targets
        self._shares = [0.0] * len(fleet.targets)
        self._credits = [0.0] * len(fleet.targets)
        for name, weight in weights.items():
            members = fleet.members(name)
            for index in members:
                self._shares[index] += weight / len(members)
