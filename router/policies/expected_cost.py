"""The cheapest for what this request will probably use."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, ClassVar, Literal

from catalogs.units import TOKENS_PER_MTOK
from router.parameters import check, parameter, ratio
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

SESSION_LIMIT = 65_536
"""Sessions whose last target is remembered; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCostParameters:
    """How long answers are taken to be, and how much of a prompt is cached."""

    length: Literal["usual", "max"] = parameter(
        "usual", "answer tokens: the stream's or task's usual ones, or the request's declared most"
    )
    cached_ratio: float = parameter(0.0, "share of any prompt, 0 to 1, expected in a provider's prefix cache")
    session_cached_ratio: float = parameter(
        0.0, "the same, 0 to 1, of a later turn at the target that this router sent the turn before to"
    )

    def __post_init__(self) -> None:
        """Holds only shares."""
        check(
            ratio("cached_ratio", self.cached_ratio),
            ratio("session_cached_ratio", self.session_cached_ratio),
        )


class ExpectedCost:
    """Sends to the candidate with the lowest expected cost of prompt and answer, cached tokens cheaper.

    Cost = prompt x input price x (1 - share x discount) + answer x output price, where share is the
    expected cached share of the prompt and discount 1 - cached price / input price, 0 at targets without a
    cached price. Shares are the operator's guess: the router does not see what is cached. Equal costs go
    to the least outstanding, then to the lowest index; targets of unknown price come last.
    """

    name: ClassVar[str] = "expected_cost"
    source: ClassVar[str] = "OpenRouter's default order by price; CARROT (predicted cost, argmin)"

    def __init__(self, parameters: ExpectedCostParameters | None = None) -> None:
        """Remembers no session."""
        self._parameters = parameters or ExpectedCostParameters()
        self._sends = SendCache("lowest expected cost")
        self._last: dict[int, str] = {}

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the cheapest candidate."""
        costs_usd = self.costs_usd(request, fleet)
        least = min(costs_usd)
        tied = [index for index, cost in zip(fleet.candidates, costs_usd, strict=True) if cost == least]
        chosen = least_outstanding(fleet.outstanding, tied)
        self._remember(request.session, fleet.targets[chosen].name)
        return self._sends.to(fleet, chosen)

    def costs_usd(self, request: RequestView, fleet: FleetView) -> list[float]:
        """The expected cost at each candidate, in their order."""
        warm = self._last.get(request.session, "") if request.session >= 0 else ""
        prompt, longest = request.prompt_token_count, request.max_output_token_count
        task, stream, usual = request.task, request.stream, self._parameters.length == "usual"
        costs = []
        for target in fleet.candidate_targets():
            answer = target.usual_answer_tokens(task, stream) if usual else None
            price = input_price_usd_per_mtok(target, self._share_at(target, warm))
            costs.append(cost_usd(target, prompt * price, longest if answer is None else answer))
        return costs

    def _share_at(self, target: Target, warm: str) -> float:
        """The share of the prompt that is expected to be cached at a target."""
        cached = self._parameters.cached_ratio
        return max(cached, self._parameters.session_cached_ratio) if target.name == warm else cached

    def _remember(self, session: int, name: str) -> None:
        """Takes down where a session's turn went."""
        if session < 0 or not self._parameters.session_cached_ratio:
            return
        self._last.pop(session, None)
        self._last[session] = name
        if len(self._last) > SESSION_LIMIT:
            del self._last[next(iter(self._last))]


def input_price_usd_per_mtok(target: Target, cached_ratio: float) -> float:
    """The price of prompt tokens of which a share is cached: p (1 - share (1 - cached / p))."""
    price, cached = target.input_price_usd_per_mtok, target.cached_input_price_usd_per_mtok
    return price if cached is None else price + cached_ratio * (cached - price)


def cost_usd(target: Target, prompt_usd_mtok: float, answer_tokens: float) -> float:
    """Prompt and answer together; infinite where a price is unknown."""
    if not target.is_priced:
        return inf
    return (prompt_usd_mtok + answer_tokens * target.output_price_usd_per_mtok) / TOKENS_PER_MTOK
