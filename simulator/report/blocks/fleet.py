"""What happened to the fleet: the timeline of events, availability, and replicas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.accounting.spans import WindowReadings
from simulator.report.figures import Format, block, figure
from simulator.report.metrics import REPLICAS
from simulator.world.fleet.held_capacity import HeldCapacity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.world.fleet.events import FleetEvent
    from simulator.world.fleet.levels import CountOverTime
    from simulator.world.fleet.replicas import Replicas
    from simulator.world.plan import RunPlan
    from simulator.world.telemetry import Telemetry

REPORTED = ("held", "starting", "ready", "draining")


def held_capacity(plan: RunPlan, replicas: Replicas) -> HeldCapacity:
    """Which of the queues were there to be paid for."""
    return HeldCapacity(
        counts=[entry.queue_count for entry in plan.target_plans], held=replicas.levels["held"]
    )


def edges_of(plan: RunPlan, telemetry: Telemetry) -> WindowReadings:
    """The billed window, and what was read at its ends."""
    return WindowReadings(
        from_s=plan.warmup_s,
        to_s=plan.duration_s,
        read_from=telemetry.read_from,
        read_to=telemetry.read_to,
        busy_s=telemetry.window_busy_s(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """One thing that happened to the fleet."""

    t_s: float = figure("Seconds since the run began.", Format.SECONDS, no_metric="an instant, not an amount")
    kind: str = figure("What kind of event.")
    target: str = figure("Which deployment, replica, provider or region.")
    what: str = figure("What happened, in words.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happened to the fleet, in order of time."""

    events: list[TimelineEvent] = block("The events; of the first replication where there are several.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaCounts:
    """Replicas of a deployment that scales: mean counts in the window, by what they do."""

    held: float = figure("Paid for.", Format.MEAN_COUNT, metric=REPLICAS, part="held")
    starting: float = figure("Starting up.", Format.MEAN_COUNT, metric=REPLICAS, part="starting")
    ready: float = figure("Taking work.", Format.MEAN_COUNT, metric=REPLICAS, part="ready")
    draining: float = figure("Finishing their work.", Format.MEAN_COUNT, metric=REPLICAS, part="draining")


def timeline_block(plan: RunPlan, happenings: Sequence[FleetEvent]) -> Timeline:
    """What happened from the run's first to its last second."""
    return Timeline(
        events=[
            TimelineEvent(t_s=event.t_s, kind=event.kind, target=event.target, what=event.what)
            for event in happenings
            if event.t_s <= plan.duration_s
        ]
    )


def availability(plan: RunPlan, replicas: Replicas) -> dict[str, float | None]:
    """Share of each deployment's wanted replica-seconds in the window that no fault kept from serving."""
    down, wanted = (by_deployment(plan, replicas.levels[name]) for name in ("down", "wanted"))
    return {name: 1.0 - down[name] / count if count else None for name, count in wanted.items()}


def by_deployment(plan: RunPlan, levels: Sequence[CountOverTime]) -> dict[str, float]:
    """Mean counts within the billed window, summed over each deployment's targets."""
    found: dict[str, float] = {}
    for target, level in zip(plan.targets, levels, strict=True):
        mean = level.mean(plan.warmup_s, plan.duration_s)
        found[target.deployment] = found.get(target.deployment, 0.0) + mean
    return found


def replica_counts(plan: RunPlan, replicas: Replicas) -> dict[str, ReplicaCounts]:
    """By deployment that scales: its replicas' mean count in the window, by what they do."""
    names = [scaling.label for scaling in plan.scalings]
    states = {state: by_deployment(plan, replicas.levels[state]) for state in REPORTED}
    return {name: ReplicaCounts(**{state: found[name] for state, found in states.items()}) for name in names}
