"""The better of a few chosen at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from router.parameters import at_least, check, parameter
from router.pipeline.sends import SendCache

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.views.fleet import FleetView
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerOfTwoParameters:
    """How many are looked at."""

    choices: int = parameter(2, "distinct candidates drawn for each decision")

    def __post_init__(self) -> None:
        """Holds only a number of choices that leaves one to take."""
        check(at_least("choices", self.choices, 1))


class PowerOfTwo:
    """Draws two distinct candidates and sends to the one with fewer outstanding attempts.

    The one drawn first wins a tie, so ties do not pack the first target. With one candidate
    nothing is drawn; otherwise one uniform draw per choice.

    Source: Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, IEEE TPDS 12(10), 2001.
    """

    name: ClassVar[str] = "power_of_two"
    source: ClassVar[str] = "Mitzenmacher, IEEE TPDS 12(10), 2001"

    def __init__(self, parameters: PowerOfTwoParameters | None = None) -> None:
        """Draws as many candidates as the parameters say."""
        self._choices = (parameters or PowerOfTwoParameters()).choices
        self._sends = SendCache("power of two choices")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the less loaded of the drawn candidates."""
        candidates = fleet.candidates
        count = len(candidates)
        if self._choices != 2 or count < 2:  # noqa: PLR2004  (the usual two are drawn without a loop)
            return self._sends.to(fleet, self._best_of(fleet, rng))
        one = int(rng.random() * count)
        other = int(rng.random() * (count - 1))
        first, second = candidates[one], candidates[other + (other >= one)]
        load = fleet.outstanding.item
        return self._sends.to(fleet, second if load(second) < load(first) else first)

    def _best_of(self, fleet: FleetView, rng: np.random.Generator) -> int:
        """The least loaded of any number of distinct candidates; the first drawn wins a tie."""
        left = list(fleet.candidates)
        if len(left) == 1:
            return left[0]
        count = min(self._choices, len(left))
        drawn = [left.pop(int(rng.random() * len(left))) for _ in range(count)]
        return min(drawn, key=fleet.outstanding.item)
