"""A pipeline as plainly as it can be said: each candidate by itself, nothing kept between requests."""

from __future__ import annotations

from itertools import pairwise
from math import exp, inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from router import FleetView, RequestView, Target


def falling(values: Sequence[float]) -> list[float]:
    """1 for the least, 0 for the greatest; unknown ones 0 beside known ones; all 1 when all are equal."""
    known = [value for value in values if value != inf]
    if not known or (max(known) == min(known) and len(known) == len(values)):
        return [1.0] * len(values)
    top, low = max(known), min(known)
    return [0.0 if v == inf else 1.0 if top == low else (top - v) / (top - low) for v in values]


def success(target: Target, request: RequestView) -> float:
    """The stream's curve at the expected difficulty, else the item response."""
    curve = target.success_curves.get(request.stream)
    seen = request.estimated_difficulty
    if curve is None:
        return 1.0 / (1.0 + exp(-target.discrimination * (target.ability[request.task] - seen)))
    points = list(zip(curve.difficulties, curve.success, strict=True))
    if seen <= points[0][0] or seen >= points[-1][0]:
        return points[0][1] if seen <= points[0][0] else points[-1][1]
    (x, y), (right, above) = next(
        (one, other) for one, other in pairwise(points) if one[0] <= seen < other[0]
    )
    return y + (seen - x) / (right - x) * (above - y)


def cost_usd(target: Target, request: RequestView) -> float:
    """Prompt and usual answer at list prices; the longest answer where none is usual."""
    answer = target.expected_output_tokens.get(request.task, request.max_output_token_count)
    answer = target.stream_output_tokens.get(request.stream, answer)
    prompt_usd = request.prompt_token_count * target.input_price_usd_per_mtok
    return (prompt_usd + answer * target.output_price_usd_per_mtok) / 1e6


def load(fleet: FleetView, index: int) -> float:
    """Attempts outstanding per replica."""
    return int(fleet.outstanding[index]) / fleet.targets[index].replica_count


SCORES: Mapping[str, Callable[[RequestView, FleetView, Sequence[int]], list[float]]] = {
    "success": lambda request, fleet, at: [success(fleet.targets[i], request) for i in at],
    "cost": lambda request, fleet, at: falling([cost_usd(fleet.targets[i], request) for i in at]),
    "load": lambda _, fleet, at: falling([load(fleet, i) for i in at]),
    "queue": lambda _, fleet, at: falling(
        [int(fleet.waiting[i]) / fleet.targets[i].replica_count for i in at]
    ),
    "kv_room": lambda _, fleet, at: [1.0 - float(fleet.kv_usage_ratio[i]) for i in at],
    "price": lambda _, fleet, at: falling(
        [
            0.75 * fleet.targets[i].input_price_usd_per_mtok
            + 0.25 * fleet.targets[i].output_price_usd_per_mtok
            for i in at
        ]
    ),
    "strength": lambda request, fleet, at: falling([-fleet.targets[i].ability[request.task] for i in at]),
}


def decided(
    request: RequestView,
    fleet: FleetView,
    weights: Mapping[str, float],
    *,
    floor: float = 0.0,
    ceiling: float = inf,
) -> int:
    """Index of the best candidate; a floor or a ceiling that leaves none is passed over."""
    left = list(fleet.candidates)
    likely = [i for i in left if success(fleet.targets[i], request) >= floor]
    left = likely or left
    left = [i for i in left if load(fleet, i) <= ceiling] or left
    columns = [(weight, SCORES[name](request, fleet, left)) for name, weight in weights.items()]
    sums = [sum((weight * column[n] for weight, column in columns), 0.0) for n in range(len(left))]
    ranked = [(-score, int(fleet.outstanding[i]), i) for score, i in zip(sums, left, strict=True)]
    return min(ranked)[2]
