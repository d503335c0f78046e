"""Several at once; the first token wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from router.decision import Decision
from router.parameters import at_least, check, parameter, ratio
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.options import OptionTable, capable, cheapest, strongest

if TYPE_CHECKING:
    import numpy as np

    from router.views.fleet import FleetView
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceParameters:
    """Who runs."""

    targets: tuple[str, ...] = parameter(
        (), "targets or deployments that run; the cheapest capable ones where omitted"
    )
    count: int = parameter(2, "how many run where none is named")
    floor: float = parameter(0.7, "least predicted success, 0 to 1, of those that run where none is named")

    def __post_init__(self) -> None:
        """Holds only a race that somebody can win."""
        check(
            at_least("count", self.count, 1),
            ratio("floor", self.floor),
            ("targets", f"a target is named twice in {list(self.targets)!r}")
            if len(set(self.targets)) < len(self.targets)
            else None,
        )


class Race:
    """Starts on several targets at once; the first token wins, the others are cancelled.

    What the losers did until then is billed and counted as waste. Those named run where constraints let
    them; otherwise, or where none is named, the `count` cheapest kinds of candidates whose predicted success
    meets the floor, else the strongest alone. Equal costs go to the lowest index. Of a deployment, and of
    targets with the same model, tier and price, the least outstanding runs, ties by lowest index. A single
    runner is a plain send.

    Errors: `UnknownTargetError` when a name is neither a target nor a deployment.
    """

    name: ClassVar[str] = "race"
    source: ClassVar[str] = "LiteLLM's abatch_completion_fastest_response"

    def __init__(self, parameters: RaceParameters | None = None) -> None:
        """Prepares the table of options."""
        self._parameters = parameters or RaceParameters()
        self._options = OptionTable(self._parameters.floor)
        self._single = SendCache("single runner")

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A race between those named or the cheapest capable, or a send where one is left."""
        runners = self._named(fleet) or self._capable(request, fleet)
        if len(runners) == 1:
            return self._single.to(fleet, runners[0])
        return Decision.race(tuple(fleet.targets[index].name for index in runners), reason="race")

    def _named(self, fleet: FleetView) -> list[int]:
        """Those named that are candidates, each once."""
        found: list[int] = []
        for name in self._parameters.targets:
            members = [index for index in fleet.members(name) if index in fleet.candidates]
            free = [index for index in members if index not in found]
            found += [least_outstanding(fleet.outstanding, free)] if free else []
        return found

    def _capable(self, request: RequestView, fleet: FleetView) -> list[int]:
        """The cheapest capable, from the cheapest on, or the strongest."""
        options = self._options.of(fleet, request.task, request.stream)
        able = list(capable(options, request.estimated_difficulty))
        if not able:
            return [least_outstanding(fleet.outstanding, strongest(options, request).members)]
        found: list[int] = []
        while able and len(found) < self._parameters.count:
            option = cheapest(able, request)
            able.remove(option)
            found.append(least_outstanding(fleet.outstanding, option.members))
        return found
