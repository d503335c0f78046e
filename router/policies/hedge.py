"""A second copy for those that wait too long."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan
from typing import TYPE_CHECKING, ClassVar

from router.decision import Decision
from router.decision import Hedge as HedgeDecision
from router.parameters import at_least, check, parameter, ratio
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.records import LatestValues, TargetRecords

if TYPE_CHECKING:
    import numpy as np

    from router.outcome import Outcome
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

LATEST_COUNT = 100
"""Latest first tokens of a target that its percentile is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeParameters:
    """When, and for how many, a second attempt is made."""

    after_s: float = parameter(1.0, "seconds without a first token after which the backup starts")
    share_ratio: float = parameter(1.0, "share of requests, drawn at random, that may be hedged")
    delay_percentile: float | None = parameter(
        None, "wait for this percentile, above 0 up to 100, of the target's own TTFT; after_s where omitted"
    )
    slo_headroom_gate: bool = parameter(
        False,  # noqa: FBT003  (a default)
        "hedge only where the target's mean TTFT misses the request's limit",
    )

    def __post_init__(self) -> None:
        """Holds only a wait, a share and a percentile."""
        percent = self.delay_percentile
        good = percent is None or 0.0 < percent <= 100.0  # noqa: PLR2004  (a percentile)
        check(
            at_least("after_s", self.after_s, 0),
            ratio("share_ratio", self.share_ratio),
            None if good else ("delay_percentile", f"{percent!r} is not above 0, up to 100"),
        )


class Hedge:
    """Sends to the least outstanding candidate, with the second least as a late backup.

    The backup starts when no first token came in time; the loser is cancelled at the winner's
    first token. Ties go to the lowest index. A single candidate is a plain send. One uniform draw
    per decision when only a share of the requests is hedged, else none. What a cancelled copy did until
    then is billed and counted as waste.

    With `delay_percentile` the wait is that percentile of the target's latest 100 times from sending to the
    first token, as this router saw them. With `slo_headroom_gate` a request is hedged only where their mean
    is above its TTFT limit; one without a limit is not hedged. Until a target was seen, the wait is
    `after_s` and the gate open.

    Source: Dean and Barroso, The Tail at Scale, CACM 56(2), 2013 (hedged requests).
    """

    name: ClassVar[str] = "hedge"
    source: ClassVar[str] = "Dean and Barroso, CACM 56(2), 2013"

    def __init__(self, parameters: HedgeParameters | None = None) -> None:
        """Keeps the wait and the share."""
        self._parameters = parameters or HedgeParameters()
        self._sends = SendCache("not hedged")
        self._targets: tuple[Target, ...] = ()
        self._hedges: dict[tuple[int, int], HedgeDecision] = {}
        self._ttfts: TargetRecords[LatestValues] = TargetRecords(_unseen)

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A hedge between the two least loaded candidates, or a send to the least loaded."""
        first = least_outstanding(fleet.outstanding, fleet.candidates)
        share = self._parameters.share_ratio
        hedged = share >= 1.0 or rng.random() < share
        if not hedged or len(fleet.candidates) == 1 or not self._gate_opens(request, fleet, first):
            return self._sends.to(fleet, first)
        others = [index for index in fleet.candidates if index != first]
        return self._between(fleet, first, least_outstanding(fleet.outstanding, others))

    def observe(self, outcome: Outcome) -> None:
        """Takes the time to the first token of a completed attempt down."""
        ttfts = self._ttfts.named(outcome.target)
        if ttfts is not None and outcome.completed:
            ttfts.add(outcome.attempt_ttft_s)

    def _gate_opens(self, request: RequestView, fleet: FleetView, first: int) -> bool:
        """Whether the target is expected to miss the request's limit, or nothing is known of it."""
        if not self._parameters.slo_headroom_gate:
            return True
        mean_s = self._ttfts.of(fleet)[first].mean
        return isnan(mean_s) or mean_s > request.ttft_limit_s

    def _wait_s(self, fleet: FleetView, first: int) -> float:
        """The percentile of the target's own times, or the stated wait."""
        percent = self._parameters.delay_percentile
        found_s = nan if percent is None else self._ttfts.of(fleet)[first].percentile(percent)
        return self._parameters.after_s if isnan(found_s) else max(found_s, 0.0)

    def _between(self, fleet: FleetView, first: int, second: int) -> HedgeDecision:
        """The hedge from one target to the other, made once where the wait is stated."""
        if self._parameters.delay_percentile is not None:
            names = fleet.targets[first].name, fleet.targets[second].name
            return HedgeDecision("hedged", *names, self._wait_s(fleet, first))
        if fleet.targets is not self._targets:
            self._targets, self._hedges = fleet.targets, {}
        found = self._hedges.get((first, second))
        if found is None:
            names = fleet.targets[first].name, fleet.targets[second].name
            found = HedgeDecision("hedged", *names, self._parameters.after_s)
            self._hedges[first, second] = found
        return found


def _unseen(target: Target) -> LatestValues:  # noqa: ARG001  (all targets begin alike)
    """A target without answers."""
    return LatestValues(LATEST_COUNT)
