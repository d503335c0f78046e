"""Hosts routers that say how likely the strong model's answer wins, as RouteLLM's do."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Protocol

from router.adapters.prompt import prompt_of
from router.errors import InvalidDecisionError
from router.parameters import check, parameter, ratio
from router.pipeline.sends import SendCache
from router.views.pair import WeakStrongPair

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


class WinRateRouter(Protocol):
    """What RouteLLM calls a `Router`."""

    def calculate_strong_win_rate(self, prompt: str) -> float:
        """How likely the strong model's answer is the better one, 0 to 1."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WinRateParameters:
    """The threshold and the two ends."""

    threshold: float = parameter(0.5, "win rate, 0 to 1, from which on the strong target is used")
    weak: str | None = parameter(None, "target or deployment below it; the cheapest where omitted")
    strong: str | None = parameter(None, "target or deployment from it on; the strongest where omitted")

    def __post_init__(self) -> None:
        """Holds only a rate."""
        check(ratio("threshold", self.threshold))


class WinRatePolicy:
    """Hosts `calculate_strong_win_rate(prompt)`: the strong target from the threshold on, else the weak.

    The prompt is the query's id or a description (`router/adapters/prompt.py`). `nan` counts as below; the
    ends are those of `score_threshold`.

    Source: RouteLLM (Ong et al., arXiv 2406.18665; routellm 0.2.0, `routers/routers.py`).
    """

    def __init__(self, hosted: WinRateRouter, parameters: WinRateParameters) -> None:
        """Keeps the router, the threshold and the ends."""
        self.name = type(hosted).__name__
        self._rate_of = hosted.calculate_strong_win_rate
        self._threshold = parameters.threshold
        self._pair = WeakStrongPair(parameters.weak, parameters.strong)
        self._weak = SendCache("win rate below threshold: weak")
        self._strong = SendCache("win rate from threshold on: strong")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the strong or the weak target.

        Raises:
            InvalidDecisionError: the router's answer is no rate.
        """
        rate = float(self._rate_of(prompt_of(request)))
        if not (0.0 <= rate <= 1.0 or isnan(rate)):
            raise InvalidDecisionError(f"calculate_strong_win_rate gave {rate!r}, which is not in [0, 1]")
        if rate >= self._threshold:
            return self._strong.to(fleet, self._pair.strong(request, fleet))
        return self._weak.to(fleet, self._pair.weak(request, fleet))
