"""Scorers that ship with the pipeline; each gives 0 (worst) to 1 (best)."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.views.fleet import FleetView
    from router.views.request import RequestView


def lower_is_better(values: Sequence[float]) -> list[float]:
    """Values stretched so that the least scores 1 and the greatest 0; all 1 when all are equal.

    Infinite ones (of unknown cost) score 0 beside any finite one.
    """
    known = [value for value in values if value != inf]
    if len(known) < len(values):
        scores = iter(lower_is_better(known) if known else [])
        return [0.0 if value == inf and known else next(scores, 1.0) for value in values]
    least, greatest = min(values), max(values)
    if not greatest > least:
        return [1.0] * len(values)
    return [(greatest - value) / (greatest - least) for value in values]


class LoadScore:
    """Fewer attempts outstanding per replica are better, relative to the other candidates."""

    def scores(self, request: RequestView, fleet: FleetView, candidates: Sequence[int]) -> list[float]:  # noqa: ARG002  (the protocol's signature)
        """1 for the least loaded candidate, 0 for the most loaded."""
        loads, targets = fleet.outstanding, fleet.targets
        return lower_is_better([loads.item(i) / targets[i].replica_count for i in candidates])


class CostScore:
    """A lower expected cost is better, relative to the other candidates."""

    def scores(self, request: RequestView, fleet: FleetView, candidates: Sequence[int]) -> list[float]:
        """1 for the cheapest candidate, 0 for the dearest."""
        targets, task, stream = fleet.targets, request.task, request.stream
        prompt, longest = request.prompt_token_count, request.max_output_token_count
        return lower_is_better([targets[i].cost_of_usd(task, prompt, longest, stream) for i in candidates])


class SuccessScore:
    """A higher predicted success is better; the probability itself is the score."""

    def scores(self, request: RequestView, fleet: FleetView, candidates: Sequence[int]) -> list[float]:
        """Predicted success of each candidate."""
        targets, task, difficulty = fleet.targets, request.task, request.estimated_difficulty
        stream = request.stream
        return [targets[i].success_at(task, difficulty, stream) for i in candidates]


class KvRoomScore:
    """More room left in the KV cache is better; the free share is the score."""

    def scores(self, request: RequestView, fleet: FleetView, candidates: Sequence[int]) -> list[float]:  # noqa: ARG002  (the protocol's signature)
        """Free share of each candidate's KV cache."""
        return [1.0 - fleet.kv_usage_ratio.item(i) for i in candidates]
