"""What befell the fleet: the report's timeline of events, and how much of it was up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.world.presence import Presence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.report import Json
    from simulator.world.faults import Happening
    from simulator.world.plan import RunPlan
    from simulator.world.replicas import Replicas


def presence_of(plan: RunPlan, replicas: Replicas) -> Presence:
    """Which of the queues were there to be paid for."""
    return Presence(counts=[entry.queue_count for entry in plan.target_plans], held=replicas.held)


def fleet_blocks(plan: RunPlan, replicas: Replicas, happenings: Sequence[Happening]) -> dict[str, Json]:
    """The `timeline` of the run's first to last second, and `availability` by deployment."""
    within = [told for told in happenings if told.t_s <= plan.duration_s]
    events: list[Json] = [
        {"t_s": told.t_s, "kind": told.kind, "target": told.target, "what": told.what} for told in within
    ]
    return {"timeline": {"events": events}, "availability": availability(plan, replicas)}


def availability(plan: RunPlan, replicas: Replicas) -> dict[str, Json]:
    """Share of each deployment's replica-seconds in the window that no fault kept from serving."""
    down: dict[str, float] = {}
    count: dict[str, int] = {}
    for target, entry, level in zip(plan.targets, plan.target_plans, replicas.down, strict=True):
        name = target.deployment
        down[name] = down.get(name, 0.0) + level.mean(plan.warmup_s, plan.duration_s)
        count[name] = count.get(name, 0) + entry.queue_count
    return {name: 1.0 - down[name] / count[name] for name in down}
