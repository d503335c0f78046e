"""What was held and how busy it was, as named columns: what idle capacity is billed by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.world.fleet.replicas import STATES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.world.fleet.levels import CountOverTime
    from simulator.world.world import World

    Columns = dict[str, NDArray[np.generic]]


def capacity_columns(world: World) -> Columns:
    """One row for each target and span of the billed window in which its replicas did not change.

    Replicas by state (`wanted`, `held`, `down`, `starting`, `ready`, `draining`; servers of an API or
    endpoint are one, a device is one). On a target's first row, 0 on the others: `busy_s` of the whole
    window, counted by queue (a server, a device, an attention rank), `decode_busy_s` the part of it in a
    pool that only decodes; requests that might have gone to their asker's own device (`asked_count`) and
    those of them whose device was off (`off_count`).
    """
    plan = world.plan
    edges = [edges_of(world, target) for target in range(len(plan.targets))]
    target = np.repeat(np.arange(len(edges)), [len(found) - 1 for found in edges])
    names = np.array([entry.name for entry in plan.targets], np.object_)
    deployments = np.array([entry.deployment for entry in plan.targets], np.object_)
    first = np.diff(target, prepend=-1) > 0
    return {
        "target": names[target],
        "deployment": deployments[target],
        "from_s": np.concatenate([found[:-1] for found in edges]),
        "to_s": np.concatenate([found[1:] for found in edges]),
        **{state: replicas_in(world, state, edges) for state in STATES},
        **{name: np.where(first, column[target], 0) for name, column in totals(world).items()},
    }


def edges_of(world: World, target: int) -> NDArray[np.float64]:
    """The window's ends and the instants within at which some level of a target changed."""
    from_s, to_s = world.plan.warmup_s, world.plan.duration_s
    instants = [world.replicas.levels[state][target].instants for state in STATES]
    inside = {at_s for found in instants for at_s in found if from_s < at_s < to_s}
    return np.array([from_s, *sorted(inside), to_s])


def replicas_in(world: World, state: str, edges: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Replicas in a state by row: a replica has as many queues as attention ranks."""
    levels: list[CountOverTime] = world.replicas.levels[state]
    plans = world.plan.target_plans
    counts = [level.at(found[:-1]) for level, found in zip(levels, edges, strict=True)]
    return np.concatenate([count / entry.rank_count for count, entry in zip(counts, plans, strict=True)])


def totals(world: World) -> dict[str, NDArray[np.generic]]:
    """What is counted by target over the whole window."""
    busy_s = world.telemetry.busy_to_s - world.telemetry.busy_from_s
    ends = [entry.first_queue + entry.queue_count for entry in world.plan.target_plans]
    decoding = [
        busy_s[end - entry.decode_count : end].sum()
        for end, entry in zip(ends, world.plan.target_plans, strict=True)
    ]
    absences, targets = world.absences, range(len(ends))
    return {
        "busy_s": world.telemetry.window_busy_s(),
        "decode_busy_s": np.array(decoding),
        "asked_count": np.array([absences.asked.get(target, 0) for target in targets]),
        "off_count": np.array([absences.missed.get(target, 0) for target in targets]),
    }
