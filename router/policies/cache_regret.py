"""A session moves only if that pays for reading its prompt anew."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING, ClassVar

from catalogs.units import TOKENS_PER_MTOK
from router.parameters import above, at_least, check, parameter, ratio
from router.pipeline.sends import SendCache
from router.pipeline.sessions import NO_SESSION, SessionMemory

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheRegretParameters:
    """What an answer must promise, how far ahead a move must pay, and how long prompts stay warm."""

    floor: float = parameter(0.7, "least predicted success")
    horizon: float = parameter(4.0, "turns over which a move must pay for itself, above 0")
    ttl_s: float = parameter(300.0, "seconds after a session's latest request when its prompt is cold")

    def __post_init__(self) -> None:
        """Holds only a floor, a horizon and a time that can be.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(
            ratio("floor", self.floor),
            above("horizon", self.horizon, 0),
            at_least("ttl_s", self.ttl_s, 0),
        )


class CacheRegret:
    """Sends to the cheapest that meets the floor, but keeps a session where it is warm until a move pays.

    A turn costs at a target (prompt - history) in + history cached + answer out: the prompt's new tokens at
    its price, the history at its cached price (as dear as others where it has none), and the usual answer.
    The session's history is warm where its latest request went, for ttl_s. It moves to the cheapest other
    candidate that meets the floor only if horizon times what a turn is cheaper there exceeds the cost of
    reading the history once uncached there, history (in - cached). Where its target meets the floor no
    more, or may not be used, where nothing is warm, and without a session, the cheapest turn decides
    among the candidates that meet the floor, or the likeliest where none does. Ties go to the least
    outstanding, then to the lowest index; an unknown price comes last.
    """

    name: ClassVar[str] = "cache_regret"
    source: ClassVar[str] = (
        "Plano's cache-regret cost gate (katanemo/plano#982); LiteLLM's cache_aware_routing"
    )

    def __init__(self, parameters: CacheRegretParameters | None = None) -> None:
        """Knows no session."""
        self._given = parameters or CacheRegretParameters()
        self._sessions = SessionMemory(self._given.ttl_s)
        self._stays, self._best = SendCache("stays where it is warm"), SendCache("cheapest turn")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to where the session is warm, or to where a turn is cheapest."""
        members, load = self._good_enough(request, fleet), fleet.outstanding.item
        best = min((turn_usd(fleet.targets[i], request), load(i), i) for i in members)[-1]
        warm = self._sessions.last(request, fleet) if request.session != NO_SESSION else None
        stays = warm in members and warm is not None and not self._pays(request, fleet, warm, best)
        index = warm if stays and warm is not None else best
        self._sessions.note(request, fleet, index)
        return (self._stays if stays else self._best).to(fleet, index)

    def _pays(self, request: RequestView, fleet: FleetView, warm: int, best: int) -> bool:
        """Whether moving there saves more than reading the history anew costs."""
        here_usd, there_usd = (turn_usd(fleet.targets[index], request) for index in (warm, best))
        if not isfinite(here_usd):
            return isfinite(there_usd)
        return self._given.horizon * (here_usd - there_usd) > cold_usd(fleet.targets[best], request)

    def _good_enough(self, request: RequestView, fleet: FleetView) -> list[int]:
        """Candidates that meet the floor, or the likeliest; a success that is unknown counts as 0."""
        success = {index: fleet.targets[index].predicted_success(request) for index in fleet.candidates}
        success = {index: value if isfinite(value) else 0.0 for index, value in success.items()}
        least = min(self._given.floor, max(success.values()))
        return [index for index, value in success.items() if value >= least]


def turn_usd(target: Target, request: RequestView) -> float:
    """A turn with the history warm; infinite where a price is unknown."""
    if not target.is_priced:
        return inf
    return target.expected_cost_usd(request) - cold_usd(target, request)


def cold_usd(target: Target, request: RequestView) -> float:
    """What reading the history uncached costs more than finding it in the cache."""
    cached = target.cached_input_price_usd_per_mtok
    if cached is None or not target.is_priced:
        return 0.0
    return request.history_token_count * (target.input_price_usd_per_mtok - cached) / TOKENS_PER_MTOK
