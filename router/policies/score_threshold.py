"""Strong model above a score, weak model below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from router.parameters import check, parameter, ratio
from router.pipeline.sends import SendCache
from router.views.pair import WeakStrongPair

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreThresholdParameters:
    """The threshold and the two ends."""

    threshold: float = parameter(0.5, "router score, 0 to 1, from which on the strong target is used")
    weak: str | None = parameter(None, "target or deployment below it; the cheapest where omitted")
    strong: str | None = parameter(None, "target or deployment from it on; the strongest where omitted")
    score: str | None = parameter(
        None, "score by its column's name in the outcome table; router_score where omitted"
    )

    def __post_init__(self) -> None:
        """Holds only a score."""
        check(ratio("threshold", self.threshold))


class ScoreThreshold:
    """Sends to the strong target when the request's router score reaches the threshold, else weak.

    The score is the predicted need of a strong model: `router_score`, or with `score` the one of that name;
    `nan` counts as below.
    The ends are those named, else the cheapest and the strongest candidate; a named one
    that constraints exclude gives way to them. Replicas: the least outstanding, ties by lowest index.

    Errors: `UnknownTargetError` when an end names neither a target nor a deployment, `UnknownScoreError` when
    requests have no score of that name.

    Source: the rule of RouteLLM (Ong et al., arXiv 2406.18665): strong if win rate >= threshold.
    """

    name: ClassVar[str] = "score_threshold"
    source: ClassVar[str] = "RouteLLM, arXiv 2406.18665"

    def __init__(self, parameters: ScoreThresholdParameters | None = None) -> None:
        """Keeps the threshold and resolves the ends as requests come."""
        chosen = parameters or ScoreThresholdParameters()
        self._threshold, self._score = chosen.threshold, chosen.score
        self._pair = WeakStrongPair(chosen.weak, chosen.strong)
        self._weak = SendCache("score below threshold: weak")
        self._strong = SendCache("score from threshold on: strong")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the strong or the weak target."""
        if request.score(self._score) >= self._threshold:
            return self._strong.to(fleet, self._pair.strong(request, fleet))
        return self._weak.to(fleet, self._pair.weak(request, fleet))
