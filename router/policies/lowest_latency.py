"""The fastest by the latest answers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil, inf, isfinite
from typing import TYPE_CHECKING, ClassVar, Literal

from router.parameters import at_least, check, parameter
from router.pipeline.sends import SendCache
from router.views.records import TargetRecords, any_of

if TYPE_CHECKING:
    import numpy as np

    from router.decision import Decision
    from router.outcome import Outcome
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView

TIMEOUT_SAMPLE_S = 1_000.0
"""What an attempt that timed out counts as (LiteLLM)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LowestLatencyParameters:
    """What is measured, and how long it is believed."""

    measure: Literal["s_per_token", "ttft"] = parameter(
        "s_per_token", "seconds from sending to the end per answer token, or to the first token"
    )
    max_latency_list_size: int = parameter(10, "latest samples of a target that count")
    lowest_latency_buffer: float = parameter(0.0, "targets within (1 + this) of the best are drawn from")
    ttft_percentile: float | None = parameter(
        None, "percentile of the samples, above 0 up to 100, with measure: ttft; their mean where omitted"
    )
    ttl_s: float = parameter(3_600.0, "seconds after the latest sample of any target when all are forgotten")

    def __post_init__(self) -> None:
        """Holds only a list with room, a buffer, a percentile and a time.

        Raises:
            InvalidPolicyParameterError: lists what is none.
        """
        check(
            at_least("max_latency_list_size", self.max_latency_list_size, 1),
            at_least("lowest_latency_buffer", self.lowest_latency_buffer, 0),
            self._percentile_problem(),
            at_least("ttl_s", self.ttl_s, 0),
        )

    def _percentile_problem(self) -> tuple[str, str] | None:
        """The problem with the percentile, if any."""
        if self.ttft_percentile is None:
            return None
        if self.measure != "ttft":
            return "ttft_percentile", "goes with measure: ttft"
        good = 0.0 < self.ttft_percentile <= 100.0  # noqa: PLR2004  (a percentile)
        return None if good else ("ttft_percentile", f"{self.ttft_percentile!r} is not above 0, up to 100")


@dataclass(slots=True)
class _Latencies:
    """A target's latest samples, seconds, and what they come to."""

    samples: deque[float]
    level_s: float = 0.0


class LowestLatency:
    """Sends to the candidate whose latest answers were the fastest.

    Of each target the latest samples count, taken from its own attempts: seconds from sending to the end
    per answer token, or to the first token. A target without samples counts as 0 s and is tried first.
    An attempt that timed out counts as 1,000 s, other failures not at all. Any of the candidates within
    (1 + buffer) of the best is drawn, with one uniform draw where there are several.
    Once `ttl_s` have passed since the latest sample of any target, all samples are forgotten.

    LiteLLM 1.80 keeps the oldest samples of a full list and replaces the latest one only; here the
    latest count, as its documentation says.
    """

    name: ClassVar[str] = "lowest_latency"
    source: ClassVar[str] = "LiteLLM's latency-based-routing (1.80 to 1.109)"

    def __init__(self, parameters: LowestLatencyParameters | None = None) -> None:
        """Has no samples."""
        self._parameters = parameters or LowestLatencyParameters()
        self._sends = SendCache("lowest latency")
        self._records: TargetRecords[_Latencies] = TargetRecords(self._empty)
        self._forgotten_s = inf

    def route(self, request: RequestView, fleet: FleetView, rng: np.random.Generator) -> Decision:
        """A send to one of the fastest candidates."""
        if request.now_s >= self._forgotten_s:
            self._forget()
        records = self._records.of(fleet)
        levels_s = [records[index].level_s for index in fleet.candidates]
        limit_s = min(levels_s) * (1.0 + self._parameters.lowest_latency_buffer)
        near = [
            index for index, level_s in zip(fleet.candidates, levels_s, strict=True) if level_s <= limit_s
        ]
        return self._sends.to(fleet, any_of(near, rng))

    def observe(self, outcome: Outcome) -> None:
        """Takes the attempt's latency down, or that it timed out."""
        record, sample_s = self._records.named(outcome.target), self._sample_s(outcome)
        if record is None or not isfinite(sample_s):
            return
        if outcome.finished_s >= self._forgotten_s:
            self._forget()
        record.samples.append(sample_s)
        record.level_s = self._level_s(record.samples)
        self._forgotten_s = outcome.finished_s + self._parameters.ttl_s

    def _sample_s(self, outcome: Outcome) -> float:
        """The outcome's sample; `nan` where it has none."""
        if not outcome.completed:
            return TIMEOUT_SAMPLE_S if outcome.reason == "timed_out" else float("nan")
        if self._parameters.measure == "ttft":
            return outcome.attempt_ttft_s
        return outcome.attempt_s / max(outcome.output_token_count, 1)

    def _level_s(self, samples: deque[float]) -> float:
        """The samples' mean, or the least of them that the percentile's share does not exceed."""
        percentile = self._parameters.ttft_percentile
        if percentile is None:
            return sum(samples) / len(samples)
        return sorted(samples)[ceil(percentile / 100.0 * len(samples)) - 1]

    def _empty(self, target: Target) -> _Latencies:  # noqa: ARG002  (all targets begin alike)
        """A target without samples."""
        return _Latencies(deque(maxlen=self._parameters.max_latency_list_size))

    def _forget(self) -> None:
        """Lets go of all samples."""
        self._forgotten_s = inf
        for record in self._records.all():
            record.samples.clear()
            record.level_s = 0.0
