"""The cheapest by list price, whatever the request needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from router.pipeline.sends import SendCache

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

CACHE_LIMIT = 4096


class LowestPrice:
    """Sends to the candidate with the lowest sum of the prices of a prompt and an answer token.

    Not weighted by lengths: `expected_cost` and `always_cheapest` do that. Equal prices go to the lowest
    index, whatever its load, so one target takes everything it can. Unknown prices are infinite here
    (LiteLLM takes 5 + 5 dollars a token): such a target comes last.
    """

    name: ClassVar[str] = "lowest_price"
    source: ClassVar[str] = "LiteLLM's cost-based-routing (1.80 to 1.109)"

    def __init__(self) -> None:
        """Has compared nothing yet."""
        self._sends = SendCache("lowest price")
        self._targets: tuple[Target, ...] = ()
        self._lowest: dict[tuple[int, ...], int] = {}

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the candidate of the lowest price."""
        if fleet.targets is not self._targets or len(self._lowest) > CACHE_LIMIT:
            self._targets, self._lowest = fleet.targets, {}
        index = self._lowest.get(fleet.candidates)
        if index is None:
            index = self._lowest[fleet.candidates] = min(fleet.candidate_targets(), key=price_usd).index
        return self._sends.to(fleet, index)


def price_usd(target: Target) -> float:
    """Dollars of a million prompt and a million answer tokens together."""
    return target.input_price_usd_per_mtok + target.output_price_usd_per_mtok
