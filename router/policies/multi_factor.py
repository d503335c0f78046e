"""Quality, latency, cost and load in one score, under ceilings."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import TYPE_CHECKING, ClassVar, Literal

from catalogs.units import MS_PER_S, TOKENS_PER_MTOK
from router.decision import Decision
from router.parameters import above, at_least, check, parameter
from router.pipeline.columns import CandidateCache, LoadColumns, listed
from router.pipeline.facts import CostColumn, SuccessColumn
from router.pipeline.sends import SendCache
from router.views.loads import least_outstanding
from router.views.records import LatestValues, TargetRecords

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from router.outcome import Outcome
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

NONE_WITHIN = "no candidate within the ceilings"


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiFactorParameters:
    """What each factor counts for, and what no candidate may exceed."""

    quality_weight: float = parameter(0.25, "weight of the predicted success")
    latency_weight: float = parameter(0.25, "weight of the latency seen")
    cost_weight: float = parameter(0.25, "weight of the expected cost")
    load_weight: float = parameter(0.25, "weight of the attempts outstanding")
    latency_metric: Literal["tpot", "ttft"] = parameter(
        "tpot", "which latency is scored: per answer token after the first, or until the first token"
    )
    latency_percentile: float = parameter(95.0, "percentile of latencies, above 0 up to 100")
    max_latency_list_size: int = parameter(100, "latest answers of a target whose latencies count")
    ttl_s: float = parameter(
        3_600.0, "seconds after a target's latest answer when its latencies are forgotten"
    )
    max_tpot_ms: float | None = parameter(None, "ceiling on the percentile of TPOT; none where omitted")
    max_ttft_ms: float | None = parameter(None, "ceiling on the percentile of TTFT; none where omitted")
    max_cost_per_1m: float | None = parameter(
        None, "ceiling on the request's dollars per million of its tokens; none where omitted"
    )
    max_inflight: int | None = parameter(
        None, "most attempts outstanding at a target; unlimited where omitted"
    )
    on_no_candidates: Literal["cheapest", "first", "fail"] = parameter(
        "cheapest", "where all exceed a ceiling: the cheapest, the lowest index, or a rejection"
    )

    def __post_init__(self) -> None:
        """Holds only weights with a sum, a percentile, a list with room and ceilings.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        names = ("quality_weight", "latency_weight", "cost_weight", "load_weight")
        ceilings = ("max_tpot_ms", "max_ttft_ms", "max_cost_per_1m", "max_inflight")
        given = {name: getattr(self, name) for name in ceilings if getattr(self, name) is not None}
        percent = self.latency_percentile
        good = 0.0 < percent <= 100.0  # noqa: PLR2004  (a percentile)
        check(
            *(at_least(name, getattr(self, name), 0) for name in names),
            None if any(getattr(self, name) for name in names) else (names[0], "all weights are 0"),
            None if good else ("latency_percentile", f"{percent!r} is not above 0, up to 100"),
            at_least("max_latency_list_size", self.max_latency_list_size, 1),
            at_least("ttl_s", self.ttl_s, 0),
            *(above(name, value, 0) for name, value in given.items()),
        )


@dataclass(slots=True)
class _Latencies:
    """A target's latest latencies, their percentiles in seconds, and until when they count."""

    tpots: LatestValues
    ttfts: LatestValues
    tpot_s: float = nan
    ttft_s: float = nan
    forgotten_s: float = inf


class MultiFactor:
    """Sends to the candidate with the greatest weighted mean of quality, latency, cost and load.

    score = (wQ Q + wL (1 - T) + wC (1 - C) + wload (1 - N)) / (wQ + wL + wC + wload). Q is the predicted
    success, T the percentile of the latest latencies that this router saw of the target, C the expected
    cost, N the attempts outstanding; each stretched so that the least of the candidates within the ceilings
    is 0 and the greatest 1, all 0.5 where they are equal. What is not known of a candidate is left out of
    its mean: latencies before its first answer, and once `ttl_s` have passed since its latest; an unknown
    price; a success that cannot be predicted.

    Candidates above a ceiling are left out first; what is unknown exceeds none. A target kept out by its
    latencies is tried again after `ttl_s`. Where all are left out, `on_no_candidates` decides; the cheapest
    is by expected cost. Ties go to the least outstanding, then to the lowest index.
    """

    name: ClassVar[str] = "multi_factor"
    source: ClassVar[str] = "vLLM semantic-router's multi_factor selection"

    def __init__(self, parameters: MultiFactorParameters | None = None) -> None:
        """Has seen no latency."""
        self._parameters = given = parameters or MultiFactorParameters()
        ceilings = (given.max_tpot_ms, given.max_ttft_ms, given.max_cost_per_1m, given.max_inflight)
        self._has_ceilings = any(ceiling is not None for ceiling in ceilings)
        self._best, self._outside = SendCache("greatest score"), SendCache("none within the ceilings")
        self._weights = (given.quality_weight, given.latency_weight, given.cost_weight, given.load_weight)
        self._columns = CandidateCache(columns_of)
        self._records: TargetRecords[_Latencies] = TargetRecords(self._unseen)

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:  # noqa: ARG002  (the protocol's signature)
        """A send to the candidate of the greatest score, or what is left where all exceed a ceiling."""
        within = self._within(request, fleet) if self._has_ceilings else fleet.candidates
        if not within:
            return self._without_candidates(request, fleet)
        scores = self._scores(request, fleet, within)
        greatest = max(scores)
        if scores.count(greatest) == 1:
            return self._best.to(fleet, within[scores.index(greatest)])
        tied = [index for index, score in zip(within, scores, strict=True) if score == greatest]
        return self._best.to(fleet, least_outstanding(fleet.outstanding, tied))

    def observe(self, outcome: Outcome) -> None:
        """Takes the latencies of a completed attempt down."""
        record, ttft_s = self._records.named(outcome.target), outcome.attempt_ttft_s
        if record is None or not outcome.completed or not isfinite(ttft_s):
            return
        if outcome.finished_s >= record.forgotten_s:
            size = self._parameters.max_latency_list_size
            record.tpots, record.ttfts = LatestValues(size), LatestValues(size)
        record.ttfts.add(ttft_s)
        later = outcome.output_token_count - 1
        record.tpots.add((outcome.attempt_s - ttft_s) / later if later > 0 else nan)
        percent = self._parameters.latency_percentile
        record.tpot_s, record.ttft_s = record.tpots.percentile(percent), record.ttfts.percentile(percent)
        record.forgotten_s = outcome.finished_s + self._parameters.ttl_s

    def _scores(self, request: RequestView, fleet: FleetView, within: tuple[int, ...]) -> list[float]:
        """The score of each of these candidates."""
        success, cost, loads = self._columns.of(fleet, within, request.task, request.stream)
        columns = (
            listed(success.over(stretched(success.distinct(request.estimated_difficulty)))),
            stretched(self._latencies_s(request.now_s, fleet, within), falls=True),
            listed(cost.over(stretched(cost.distinct_usd(request), falls=True))),
            stretched(listed(loads.of(fleet.outstanding)), falls=True),
        )
        return ratings(self._weights, columns)

    def _latencies_s(self, now_s: float, fleet: FleetView, within: tuple[int, ...]) -> list[float]:
        """The latency scored of each of these candidates, seconds; `nan` where none is known."""
        records = self._records.of(fleet)
        found = [records[index] for index in within]
        if self._parameters.latency_metric == "ttft":
            return [one.ttft_s if now_s < one.forgotten_s else nan for one in found]
        return [one.tpot_s if now_s < one.forgotten_s else nan for one in found]

    def _within(self, request: RequestView, fleet: FleetView) -> tuple[int, ...]:
        """The candidates that exceed no ceiling."""
        records, now_s = self._records.of(fleet), request.now_s
        return tuple(
            index
            for index in fleet.candidates
            if not self._is_slow(records[index], now_s)
            and not self._is_dear(fleet.targets[index], request)
            and not exceeds(fleet.outstanding.item(index), self._parameters.max_inflight)
        )

    def _is_slow(self, record: _Latencies, now_s: float) -> bool:
        """Whether latencies that still count exceed a ceiling."""
        given = self._parameters
        return now_s < record.forgotten_s and (
            exceeds(record.tpot_s * MS_PER_S, given.max_tpot_ms)
            or exceeds(record.ttft_s * MS_PER_S, given.max_ttft_ms)
        )

    def _is_dear(self, target: Target, request: RequestView) -> bool:
        """Whether the request's tokens cost more a million than the ceiling."""
        if self._parameters.max_cost_per_1m is None or not target.is_priced:
            return False
        usual = target.usual_answer_tokens(request.task, request.stream)
        answer = request.max_output_token_count if usual is None else usual
        count = max(request.prompt_token_count + answer, 1)
        per_mtok = target.expected_cost_usd(request) / count * TOKENS_PER_MTOK
        return exceeds(per_mtok, self._parameters.max_cost_per_1m)

    def _without_candidates(self, request: RequestView, fleet: FleetView) -> Decision:
        """What is decided where all candidates exceed a ceiling."""
        if self._parameters.on_no_candidates == "fail":
            return Decision.reject(reason=NONE_WITHIN)
        if self._parameters.on_no_candidates == "first":
            return self._outside.to(fleet, fleet.candidates[0])
        _success, column, _loads = self._columns.of(fleet, fleet.candidates, request.task, request.stream)
        costs_usd = [
            one if isfinite(one) else inf for one in listed(column.over(column.distinct_usd(request)))
        ]
        least_usd = min(costs_usd)
        cheapest = [i for i, cost in zip(fleet.candidates, costs_usd, strict=True) if cost == least_usd]
        return self._outside.to(fleet, least_outstanding(fleet.outstanding, cheapest))

    def _unseen(self, target: Target) -> _Latencies:  # noqa: ARG002  (all targets begin alike)
        """A target without answers."""
        size = self._parameters.max_latency_list_size
        return _Latencies(LatestValues(size), LatestValues(size))


def exceeds(value: float, ceiling: float | None) -> bool:
    """Whether there is a ceiling and the value is above it; what is unknown (`nan`) is not."""
    return ceiling is not None and value > ceiling


def columns_of(
    fleet: FleetView, candidates: tuple[int, ...], task: str, stream: str
) -> tuple[SuccessColumn, CostColumn, LoadColumns]:
    """Success, cost and load of candidates."""
    return (
        SuccessColumn(fleet, candidates, task, stream),
        CostColumn(fleet, candidates, task, stream),
        LoadColumns(fleet, candidates, task, stream),
    )


def stretched(values: Sequence[float], *, falls: bool = False) -> list[float]:
    """Values from 0 (worst) to 1 (best), the greatest best unless it falls; 0.5 where all are equal.

    What is not finite is `nan`, and the others are stretched without it.
    """
    if not isfinite(sum(values)):
        known = iter(stretched([one for one in values if isfinite(one)], falls=falls))
        return [next(known) if isfinite(one) else nan for one in values]
    if not values:
        return []
    least, greatest = min(values), max(values)
    if least == greatest:
        return [0.5] * len(values)
    width = greatest - least
    if falls:
        return [(greatest - one) / width for one in values]
    return [(one - least) / width for one in values]


def ratings(weights: Sequence[float], columns: Sequence[Sequence[float]]) -> list[float]:
    """The weighted mean of each row over what is known (not `nan`) of it; 0 where nothing is.

    A column that nothing is known of, or that has no weight, is left out first. Where all else is known,
    the weighted sums are given in place of the means: they rank alike, and are quicker.
    """
    nothing = (0.0, [0.0] * len(columns[0]))
    pairs = zip(weights, columns, strict=True)
    used = [(weight, column) if counts(weight, column) else nothing for weight, column in pairs]
    (w1, first), (w2, second), (w3, third), (w4, fourth) = used
    rows = zip(first, second, third, fourth, strict=True)
    sums = [w1 * a + w2 * b + w3 * c + w4 * d for a, b, c, d in rows]
    if isfinite(sum(sums)):
        return sums
    return [weighted_mean(weights, row) for row in zip(*columns, strict=True)]


def counts(weight: float, column: Sequence[float]) -> bool:
    """Whether a factor has a weight and is known of any candidate."""
    return weight > 0.0 and (isfinite(column[0]) or any(isfinite(one) for one in column))


def weighted_mean(weights: Sequence[float], values: Sequence[float]) -> float:
    """The weighted mean of what is known (not `nan`); 0 where nothing with a weight is."""
    known = [(weight, one) for weight, one in zip(weights, values, strict=True) if weight and isfinite(one)]
    total = sum(weight for weight, _one in known)
    return sum(weight * one for weight, one in known) / total if total else 0.0
