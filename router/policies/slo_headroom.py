"""By how far predicted latencies stay below a request's limits."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, isnan, nan
from typing import TYPE_CHECKING, ClassVar, Literal

from router.parameters import at_least, check, parameter, ratio
from router.pipeline.columns import CandidateCache, LoadColumns, listed
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.records import LatestValues, TargetRecords

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np

    from router.decision import Decision
    from router.outcome import Outcome
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

    Headroom: TypeAlias = tuple[int, float, float]
    """A target's index, and how far it stays below the limits of TTFT and TPOT; below 0 where it misses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SloHeadroomParameters:
    """What headroom is made of, and which is preferred."""

    ttft_weight: float = parameter(0.8, "weight of the headroom of first tokens")
    tpot_weight: float = parameter(0.2, "weight of the headroom of the answer tokens after it")
    headroom: Literal["least", "most"] = parameter(
        "least", "of targets within the limits: the fullest, or the emptiest"
    )
    epsilon_explore: float = parameter(0.01, "share of requests sent beyond the limits where some are within")
    max_latency_list_size: int = parameter(10, "latest answers of a target that predictions are made of")

    def __post_init__(self) -> None:
        """Holds only weights, a share and a list with room.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(
            at_least("ttft_weight", self.ttft_weight, 0),
            at_least("tpot_weight", self.tpot_weight, 0),
            ratio("epsilon_explore", self.epsilon_explore),
            at_least("max_latency_list_size", self.max_latency_list_size, 1),
        )


@dataclass(slots=True)
class _Observed:
    """A target's latest latencies, and its loads when requests were sent to it."""

    ttfts: LatestValues
    tpots: LatestValues
    loads: LatestValues
    ttft_s: float = nan
    tpot_s: float = 0.0
    per_load: float = 1.0


class HeadroomColumns:
    """What is fixed of candidates: how their loads are read, and the usual answers; 0 where none is usual."""

    __slots__ = ("answer_counts", "loads")

    def __init__(self, fleet: FleetView, candidates: tuple[int, ...], task: str, stream: str) -> None:
        """Of these candidates for the stream's task."""
        self.loads = LoadColumns(fleet, candidates, task, stream)
        usual = [fleet.targets[index].usual_answer_tokens(task, stream) for index in candidates]
        self.answer_counts = [0.0 if count is None else max(count, 1.0) for count in usual]


class SloHeadroom:
    """Sends to a candidate whose predicted latencies are within the request's limits, the fullest of them.

    Predicted TTFT and TPOT are the means of what this router saw of the target's latest answers, times
    (1 + load now) / (1 + mean load at its latest sends), load being attempts outstanding per replica. That
    latency grows in proportion to load is a rough rule. Headroom is limit less prediction; the limit of TPOT
    is what the request's E2E limit leaves after its predicted first token, per usual answer token.

    Within both limits: headrooms are stretched from 0 to 1 over the targets there, summed by their weights,
    and the least (or most) is taken. Beyond: an idle target first, then one that misses TPOT only, then TTFT
    only, then both; among equals the least weighed miss, stretched likewise. Where there are both, a share
    of `epsilon_explore` goes beyond, by one uniform draw. A limit that is not stated is not missed; where
    neither is stated, both are taken as 0, so that the fastest is chosen. Targets without an answer so far
    come before all others. Ties go to the least outstanding, then to the lowest index.

    Prefix affinity, which llm-d's scorer looks at first, is not part of it.
    """

    name: ClassVar[str] = "slo_headroom"
    source: ClassVar[str] = "llm-d router's latency-scorer and SLO filter"

    def __init__(self, parameters: SloHeadroomParameters | None = None) -> None:
        """Has seen no answer."""
        self._parameters = parameters or SloHeadroomParameters()
        self._first, self._within = SendCache("not seen yet"), SendCache("within the limits")
        self._beyond = SendCache("beyond the limits")
        self._columns = CandidateCache(HeadroomColumns)
        self._records: TargetRecords[_Observed] = TargetRecords(self._unseen)

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to a target not seen yet, within the limits, or beyond them."""
        records = self._records.of(fleet)
        found = [records[index] for index in fleet.candidates]
        if isnan(sum([one.ttft_s for one in found])):
            unseen = [index for index in fleet.candidates if isnan(records[index].ttft_s)]
            return self._sent(self._first, fleet, least_outstanding(fleet.outstanding, unseen))
        headrooms = self._headrooms(request, fleet, found)
        within = [one for one in headrooms if one[1] >= 0.0 and one[2] >= 0.0]
        beyond = [one for one in headrooms if one[1] < 0.0 or one[2] < 0.0]
        explores = bool(within and beyond) and rng.random() < self._parameters.epsilon_explore
        if within and not explores:
            return self._sent(self._within, fleet, self._fitting(within, fleet))
        return self._sent(self._beyond, fleet, self._missing(beyond, fleet))

    def observe(self, outcome: Outcome) -> None:
        """Takes the latencies of a completed attempt down."""
        record, ttft_s = self._records.named(outcome.target), outcome.attempt_ttft_s
        if record is None or not outcome.completed or not isfinite(ttft_s):
            return
        later = outcome.output_token_count - 1
        record.ttfts.add(ttft_s)
        record.tpots.add((outcome.attempt_s - ttft_s) / later if later > 0 else nan)
        record.ttft_s, record.tpot_s = record.ttfts.mean, zero_if_nan(record.tpots.mean)

    def _headrooms(self, request: RequestView, fleet: FleetView, found: list[_Observed]) -> list[Headroom]:
        """Every candidate's headroom at its load now."""
        columns = self._columns.of(fleet, fleet.candidates, request.task, request.stream)
        loads = listed(columns.loads.per_replica(fleet.outstanding))
        rows = zip(fleet.candidates, found, loads, strict=True)
        predicted = [
            (index, one.ttft_s * (1.0 + load) * one.per_load, one.tpot_s * (1.0 + load) * one.per_load)
            for index, one, load in rows
        ]
        ttft_limit_s, e2e_limit_s = request.ttft_limit_s, request.e2e_limit_s
        if isnan(e2e_limit_s):
            if isnan(ttft_limit_s):
                return [(index, -ttft_s, -tpot_s) for index, ttft_s, tpot_s in predicted]
            return [(index, ttft_limit_s - ttft_s, 0.0) for index, ttft_s, _tpot_s in predicted]
        longest, counts = request.max_output_token_count, columns.answer_counts
        known = not isnan(ttft_limit_s)
        return [
            (
                index,
                ttft_limit_s - ttft_s if known else 0.0,
                (e2e_limit_s - ttft_s) / (count or max(longest, 1)) - tpot_s,
            )
            for (index, ttft_s, tpot_s), count in zip(predicted, counts, strict=True)
        ]

    def _fitting(self, within: list[Headroom], fleet: FleetView) -> int:
        """Of those within the limits, the one with the least or the most headroom."""
        sign = 1.0 if self._parameters.headroom == "least" else -1.0
        return least_by([sign * one for one in self._blended(within)], within, fleet)

    def _missing(self, beyond: list[Headroom], fleet: FleetView) -> int:
        """Of those beyond the limits, an idle one, or whichever misses least."""
        loads = fleet.outstanding.tolist()
        left = [one for one in beyond if loads[one[0]] == 0] or beyond
        ranks = [2 * (ttft_s < 0.0) + (tpot_s < 0.0) for _index, ttft_s, tpot_s in left]
        least = min(ranks)
        misses = [
            (one[0], max(-one[1], 0.0), max(-one[2], 0.0))
            for one, rank in zip(left, ranks, strict=True)
            if rank == least
        ]
        return least_by(self._blended(misses), misses, fleet)

    def _blended(self, headrooms: list[Headroom]) -> list[float]:
        """Both dimensions, each from 0 (least) to 1 (greatest), summed by their weights."""
        ttfts, tpots = [one[1] for one in headrooms], [one[2] for one in headrooms]
        (low, first), (down, second) = span_of(ttfts), span_of(tpots)
        first, second = self._parameters.ttft_weight / first, self._parameters.tpot_weight / second
        pairs = zip(ttfts, tpots, strict=True)
        return [first * (ttft_s - low) + second * (tpot_s - down) for ttft_s, tpot_s in pairs]

    def _sent(self, sends: SendCache, fleet: FleetView, index: int) -> Decision:
        """A send; the load at which it was made is remembered."""
        record = self._records.of(fleet)[index]
        record.loads.add(load_of(fleet, index))
        record.per_load = 1.0 / (1.0 + record.loads.mean)
        return sends.to(fleet, index)

    def _unseen(self, target: Target) -> _Observed:  # noqa: ARG002  (all targets begin alike)
        """A target without answers."""
        size = self._parameters.max_latency_list_size
        return _Observed(LatestValues(size), LatestValues(size), LatestValues(size))


def load_of(fleet: FleetView, index: int) -> float:
    """Attempts outstanding per replica."""
    return fleet.outstanding.item(index) / fleet.targets[index].replica_count


def span_of(values: list[float]) -> tuple[float, float]:
    """The least of the values, and how far it is to the greatest; 1 where that is nowhere."""
    least = min(values)
    return least, (max(values) - least) or 1.0


def least_by(values: list[float], headrooms: list[Headroom], fleet: FleetView) -> int:
    """The target of the least value; ties to the least outstanding, then to the lowest index."""
    least = min(values)
    tied = [one[0] for one, value in zip(headrooms, values, strict=True) if value == least]
    return least_outstanding(fleet.outstanding, tied)


def zero_if_nan(value: float) -> float:
    """The value, 0 where it is not known."""
    return 0.0 if isnan(value) else value
