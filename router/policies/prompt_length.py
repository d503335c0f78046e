"""Long prompts to the strong model: the trivial baseline that every learned router must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from router.parameters import at_least, check, parameter
from router.pipeline.sends import SendCache
from router.views.pair import WeakStrongPair

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptLengthParameters:
    """The length and the two ends."""

    threshold_token_count: int = parameter(500, "prompt tokens from which on the strong target is used")
    weak: str | None = parameter(None, "target or deployment below it; the cheapest where omitted")
    strong: str | None = parameter(None, "target or deployment from it on; the strongest where omitted")

    def __post_init__(self) -> None:
        """Holds only a count."""
        check(at_least("threshold_token_count", self.threshold_token_count, 0))


class PromptLength:
    """Sends to the strong target when the prompt is long enough, else to the weak one.

    The ends are those named, else the cheapest and the strongest candidate; a named one that
    constraints exclude gives way to them. Replicas: the least outstanding, ties by lowest index.

    Errors: `UnknownTargetError` when an end names neither a target nor a deployment.
    """

    name: ClassVar[str] = "prompt_length"
    source: ClassVar[str] = "vllm-sr-sim's LengthRouter, without the true output length"

    def __init__(self, parameters: PromptLengthParameters | None = None) -> None:
        """Keeps the length and resolves the ends as requests come."""
        chosen = parameters or PromptLengthParameters()
        self._threshold_token_count = chosen.threshold_token_count
        self._pair = WeakStrongPair(chosen.weak, chosen.strong)
        self._weak = SendCache("short prompt: weak")
        self._strong = SendCache("long prompt: strong")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the strong or the weak target."""
        if request.prompt_token_count >= self._threshold_token_count:
            return self._strong.to(fleet, self._pair.strong(request, fleet))
        return self._weak.to(fleet, self._pair.weak(request, fleet))
