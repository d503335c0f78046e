"""The two pools of targets whose prompts are computed apart, looked at one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from simulator.world.plan import RunPlan, TargetPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Kernel queues `first` to `end - 1` of a target, which all prefill or all decode."""

    name: str
    first: int
    end: int

    def total(self, by_queue: NDArray[Any]) -> float:
        """A column of all queues summed over the pool."""
        return by_queue[self.first : self.end].sum()


def pools_of(plan: RunPlan) -> list[Pool]:
    """Both pools of every target that has two."""
    named = zip(plan.targets, plan.target_plans, strict=True)
    return [pool for target, entry in named if entry.decode_count for pool in both(target.name, entry)]


def both(name: str, entry: TargetPlan) -> Iterator[Pool]:
    """The pool that computes prompts, and the one that decodes."""
    first, end = entry.first_queue, entry.first_queue + entry.queue_count
    middle = end - entry.decode_count
    yield Pool(name=f"{name}/prefill", first=first, end=middle)
    yield Pool(name=f"{name}/decode", first=middle, end=end)


def pool_utilizations(pools: Sequence[Pool], busy_s: NDArray[Any], window_s: float) -> dict[str, float]:
    """By pool, busy over all its queue-seconds of the window."""
    return {pool.name: float(pool.total(busy_s)) / (window_s * (pool.end - pool.first)) for pool in pools}
