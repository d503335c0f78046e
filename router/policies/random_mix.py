"""A random mix of deployments: what a router that knows nothing can do."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping  # noqa: TC003  (parameters' types are read at runtime)
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

from router.decision import Decision
from router.parameters import check, parameter, weights
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding

if TYPE_CHECKING:
    import numpy as np

    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

CACHE_LIMIT = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomMixParameters:
    """The shares of the mix."""

    weights: Mapping[str, float] | None = parameter(
        None, "target or deployment to its share; equal shares of all deployments where omitted"
    )

    def __post_init__(self) -> None:
        """Holds only weights one can draw by."""
        check(weights("weights", self.weights))


class RandomMix:
    """Draws a deployment by weight, independently for each request: the mandatory null.

    Weights are renormalised over the candidates; what has no weight gets nothing, and a request
    for which nothing has is rejected. Among a drawn deployment's replicas the least outstanding is
    chosen, ties by lowest index. One uniform draw per decision.

    Errors: `UnknownTargetError` when a weight names neither a target nor a deployment.
    """

    name: ClassVar[str] = "random_mix"
    source: ClassVar[str] = "RouteLLM's random router, arXiv 2406.18665"

    def __init__(self, parameters: RandomMixParameters | None = None) -> None:
        """Mixes by the parameters' weights."""
        self._weights = (parameters or RandomMixParameters()).weights
        self._sends = SendCache("random mix")
        self._targets: tuple[Target, ...] = ()
        self._mixes: dict[tuple[int, ...], tuple[list[float], list[tuple[int, ...]]]] = {}

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to a deployment drawn by weight, or a rejection where nothing has a weight."""
        bounds, members = self._mix(fleet)
        if not bounds:
            return Decision.reject(reason="no weighted target permitted")
        position = bisect_right(bounds, rng.random() * bounds[-1])
        chosen = members[min(position, len(members) - 1)]
        return self._sends.to(fleet, least_outstanding(fleet.outstanding, chosen))

    def _mix(self, fleet: FleetView) -> tuple[list[float], list[tuple[int, ...]]]:
        """Running sums of the weights, and the targets behind each, for these candidates."""
        if fleet.targets is not self._targets or len(self._mixes) > CACHE_LIMIT:
            self._targets, self._mixes = fleet.targets, {}
        mix = self._mixes.get(fleet.candidates)
        if mix is None:
            mix = self._mixes[fleet.candidates] = self._mixed(fleet)
        return mix

    def _mixed(self, fleet: FleetView) -> tuple[list[float], list[tuple[int, ...]]]:
        """The mix of these candidates, worked out."""
        shares = self._weights or dict.fromkeys(fleet.by_deployment, 1.0)
        present = set(fleet.candidates)
        members = {name: tuple(i for i in fleet.members(name) if i in present) for name in shares}
        drawn = [name for name in shares if members[name] and shares[name] > 0.0]
        return list(accumulate(shares[name] for name in drawn)), [members[name] for name in drawn]
