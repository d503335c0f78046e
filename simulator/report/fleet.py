"""What befell the fleet: the report's timeline of events, and how much of it was up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.accounting.spans import Edges
from simulator.world.fleet.presence import Presence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.report.report import Json
    from simulator.world.fleet.events import Happening
    from simulator.world.fleet.levels import Level
    from simulator.world.fleet.replicas import Replicas
    from simulator.world.plan import RunPlan
    from simulator.world.telemetry import Telemetry

REPORTED = ("held", "starting", "ready", "draining")


def presence_of(plan: RunPlan, replicas: Replicas) -> Presence:
    """Which of the queues were there to be paid for."""
    return Presence(counts=[entry.queue_count for entry in plan.target_plans], held=replicas.levels["held"])


def edges_of(plan: RunPlan, telemetry: Telemetry) -> Edges:
    """The billed window, and what was read at its ends."""
    return Edges(
        from_s=plan.warmup_s,
        to_s=plan.duration_s,
        read_from=telemetry.read_from,
        read_to=telemetry.read_to,
        busy_s=telemetry.window_busy_s(),
    )


def fleet_blocks(plan: RunPlan, replicas: Replicas, happenings: Sequence[Happening]) -> dict[str, Json]:
    """The `timeline` of the run's first to last second, and `availability` by deployment."""
    within = [told for told in happenings if told.t_s <= plan.duration_s]
    events: list[Json] = [
        {"t_s": told.t_s, "kind": told.kind, "target": told.target, "what": told.what} for told in within
    ]
    return {
        "timeline": {"events": events},
        "availability": availability(plan, replicas),
        "replicas": replica_counts(plan, replicas),
    }


def availability(plan: RunPlan, replicas: Replicas) -> dict[str, Json]:
    """Share of each deployment's wanted replica-seconds in the window that no fault kept from serving."""
    down, wanted = (by_deployment(plan, replicas.levels[name]) for name in ("down", "wanted"))
    return {name: 1.0 - down[name] / count if count else None for name, count in wanted.items()}


def by_deployment(plan: RunPlan, levels: Sequence[Level]) -> dict[str, float]:
    """Mean counts within the billed window, summed over each deployment's targets."""
    found: dict[str, float] = {}
    for target, level in zip(plan.targets, levels, strict=True):
        mean = level.mean(plan.warmup_s, plan.duration_s)
        found[target.deployment] = found.get(target.deployment, 0.0) + mean
    return found


def replica_counts(plan: RunPlan, replicas: Replicas) -> dict[str, Json]:
    """By deployment that scales: its replicas' mean count in the window, by what they do."""
    names = [scaling.label for scaling in plan.scalings]
    states = {state: by_deployment(plan, replicas.levels[state]) for state in REPORTED}
    return {name: {state: found[name] for state, found in states.items()} for name in names}
