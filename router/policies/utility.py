"""What a right answer is worth, less what it costs and how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING, ClassVar

from router.parameters import at_least, check, parameter
from router.pipeline.columns import CandidateCache, listed
from router.pipeline.facts import CostColumn, SuccessColumn
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.records import LatestValues, TargetRecords

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from router.decision import Decision
    from router.outcome import Outcome
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilityParameters:
    """What a right answer and a second are worth, and how latency is known."""

    willingness_to_pay_usd: float = parameter(0.01, "lambda: dollars that one right answer is worth")
    usd_per_s: float = parameter(0.0, "mu: dollars that one second until the answer's end costs")
    max_latency_list_size: int = parameter(10, "latest attempts of a target whose latency counts")
    ttl_s: float = parameter(3_600.0, "seconds after a target's latest attempt when its latency is forgotten")

    def __post_init__(self) -> None:
        """Holds only worths, a list with room and a time.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(
            at_least("willingness_to_pay_usd", self.willingness_to_pay_usd, 0),
            at_least("usd_per_s", self.usd_per_s, 0),
            at_least("max_latency_list_size", self.max_latency_list_size, 1),
            at_least("ttl_s", self.ttl_s, 0),
        )


@dataclass(slots=True)
class _Latency:
    """A target's latest seconds from sending to the end, and until when they count."""

    seconds: LatestValues
    mean_s: float = 0.0
    forgotten_s: float = inf


class Utility:
    """Sends to the candidate with the greatest lambda x success - expected cost - mu x latency, in dollars.

    Success is the predicted one, cost that of the prompt and the stream's usual answer. Latency is what this
    router has seen itself: the mean over a target's latest attempts, of any task, of the seconds from sending
    to the end. An attempt that timed out counts with the time it took, other failures not at all. A target
    without attempts, or with none since `ttl_s`, counts as 0 s, so that it is tried.

    A success that cannot be predicted counts as 0. A target of unknown price comes after all others; where
    no price is known, cost is left out. Ties go to the least outstanding, then to the lowest index.
    """

    name: ClassVar[str] = "utility"
    source: ClassVar[str] = "RouterBench, arXiv 2403.12031 (lambda P - cost); CARROT, arXiv 2502.03261"

    def __init__(self, parameters: UtilityParameters | None = None) -> None:
        """Has seen no latency."""
        self._parameters = parameters or UtilityParameters()
        self._sends = SendCache("greatest utility")
        self._success = CandidateCache(SuccessColumn)
        self._cost = CandidateCache(CostColumn)
        self._records: TargetRecords[_Latency] = TargetRecords(self._unseen)

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the candidate of the greatest utility."""
        utilities = self._utilities(request, fleet)
        greatest = max(utilities)
        tied = [index for index, one in zip(fleet.candidates, utilities, strict=True) if one == greatest]
        return self._sends.to(fleet, least_outstanding(fleet.outstanding, tied))

    def observe(self, outcome: Outcome) -> None:
        """Takes the attempt's latency down."""
        record = self._records.named(outcome.target)
        if record is None or not (outcome.completed or outcome.reason == "timed_out"):
            return
        if outcome.finished_s >= record.forgotten_s:
            record.seconds = LatestValues(self._parameters.max_latency_list_size)
        record.seconds.add(outcome.attempt_s)
        if isfinite(record.seconds.mean):
            record.mean_s = record.seconds.mean
            record.forgotten_s = outcome.finished_s + self._parameters.ttl_s

    def _utilities(self, request: RequestView, fleet: FleetView) -> list[float]:
        """The utility of each candidate, dollars."""
        worth_usd = self._parameters.willingness_to_pay_usd
        successes, costs_usd = self._successes(request, fleet), self._costs_usd(request, fleet)
        if not self._parameters.usd_per_s:
            pairs = zip(successes, costs_usd, strict=True)
            return [worth_usd * success - cost_usd for success, cost_usd in pairs]
        delays_usd = self._delays_usd(request.now_s, fleet)
        rows = zip(successes, costs_usd, delays_usd, strict=True)
        return [worth_usd * success - cost_usd - delay_usd for success, cost_usd, delay_usd in rows]

    def _successes(self, request: RequestView, fleet: FleetView) -> Sequence[float]:
        """Predicted success of each candidate, 0 where there is no prediction."""
        column = self._success.of(fleet, fleet.candidates, request.task, request.stream)
        successes = listed(column.at(request.estimated_difficulty))
        if isfinite(sum(successes)):
            return successes
        return [one if isfinite(one) else 0.0 for one in successes]

    def _costs_usd(self, request: RequestView, fleet: FleetView) -> Sequence[float]:
        """Expected cost at each candidate, infinite where unknown; all 0 where none is known."""
        column = self._cost.of(fleet, fleet.candidates, request.task, request.stream)
        distinct = column.distinct_usd(request)
        if isfinite(sum(distinct)):
            return listed(column.over(distinct))
        known = [cost if isfinite(cost) else inf for cost in distinct]
        return listed(column.over(known if min(known) < inf else [0.0] * len(known)))

    def _delays_usd(self, now_s: float, fleet: FleetView) -> list[float]:
        """What each candidate's latency costs."""
        records, usd_per_s = self._records.of(fleet), self._parameters.usd_per_s
        found = [records[index] for index in fleet.candidates]
        return [usd_per_s * one.mean_s if now_s < one.forgotten_s else 0.0 for one in found]

    def _unseen(self, target: Target) -> _Latency:  # noqa: ARG002  (all targets begin alike)
        """A target without attempts."""
        return _Latency(LatestValues(self._parameters.max_latency_list_size))
