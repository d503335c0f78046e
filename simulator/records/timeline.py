"""The run over virtual time, at even steps: traffic, queues, spend, energy, grams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.world.journal import RequestState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.accounting.settlement import Settlement
    from simulator.world.telemetry import Samples

    Column = NDArray[np.float64]


def timeline(settlement: Settlement, telemetry: Samples) -> dict[str, Column]:
    """Columns by step (`t_s` is its beginning): counts and amounts within it, gauges at its
    beginning; `queue_length/<target>` and `running/<target>` for each target, and for each pool of
    one that splits.
    """
    edges = np.append(telemetry.t_s, telemetry.t_s[-1] + step_of(telemetry))
    columns = {"t_s": telemetry.t_s}
    columns |= traffic(settlement, edges)
    columns |= amounts(settlement, telemetry, edges)
    for gauge, name in (("queue_length", "waiting"), ("running", "running")):
        samples = telemetry.gauges[name].astype(np.float64)
        columns[gauge] = samples.sum(axis=1)
        for target, entry in enumerate(settlement.plan.targets):
            columns[f"{gauge}/{entry.name}"] = samples[:, target]
        for pool, name_of_pool in enumerate(telemetry.pool_names):
            columns[f"{gauge}/{name_of_pool}"] = telemetry.pools[name][:, pool].astype(np.float64)
    return columns | replica_columns(settlement, telemetry)


def replica_columns(settlement: Settlement, telemetry: Samples) -> dict[str, Column]:
    """Replicas by state of each target, where any ever started, stopped or broke."""
    columns: dict[str, Column] = {}
    for state, counts in telemetry.replicas.items():
        for target, entry in enumerate(settlement.plan.targets):
            ranks = settlement.plan.target_plans[target].rank_count
            columns[f"replicas_{state}/{entry.name}"] = counts[:, target] / ranks
    return columns


def step_of(telemetry: Samples) -> float:
    """Seconds between two samples."""
    return float(telemetry.t_s[1] - telemetry.t_s[0]) if len(telemetry.t_s) > 1 else 1.0


def counted(instants: Column, edges: Column) -> Column:
    """How many of the instants fall into each step; those past the end belong to the last."""
    known = np.minimum(instants[~np.isnan(instants)], np.nextafter(edges[-1], 0.0))
    return np.histogram(known, edges)[0].astype(np.float64)


def summed(instants: Column, weights: Column, edges: Column) -> Column:
    """Sums of weights by the step their instants fall into."""
    known = ~np.isnan(instants)
    clipped = np.minimum(instants[known], np.nextafter(edges[-1], 0.0))
    return np.histogram(clipped, edges, weights=weights[known])[0]


def traffic(settlement: Settlement, edges: Column) -> dict[str, Column]:
    """Arrivals, and ends by state."""
    outcomes = settlement.run.outcomes
    final = {
        "completed": RequestState.COMPLETED,
        "rejected": RequestState.REJECTED,
        "timed_out": RequestState.TIMED_OUT,
        "failed": RequestState.FAILED,
    }
    ends = {name: counted(outcomes.final_s[outcomes.state == state], edges) for name, state in final.items()}
    return {"arrivals": counted(outcomes.arrival_s, edges), **ends}


def amounts(settlement: Settlement, telemetry: Samples, edges: Column) -> dict[str, Column]:
    """Money, watt-hours and grams: of attempts where they finish, without the drain's, of idling
    spread over the time each target's capacity was there.
    """
    run = settlement.run
    whole, drain, finish_s = run.books.whole, run.books.drain, run.attempts.finish_s
    ours = ~whole.user_side
    drawn_wh = np.where(ours, whole.drawn_wh - drain.drawn_wh, 0.0)
    grams = np.where(ours, whole.emissions_gco2e - drain.emissions_gco2e, 0.0)
    shares = idle_shares(settlement, telemetry, edges)
    capacity = run.capacity
    idle_usd = capacity.idle_usd + capacity.idle_energy_usd
    return {
        "spend_usd": summed(finish_s, whole.cost_usd - drain.cost_usd, edges) + idle_usd @ shares,
        "energy_wh": summed(finish_s, drawn_wh, edges) + capacity.idle_wh @ shares,
        "emissions_gco2e": summed(finish_s, grams, edges) + capacity.idle_gco2e @ shares,
    }


def idle_shares(settlement: Settlement, telemetry: Samples, edges: Column) -> Column:
    """By target and step, the share of what was held in the billed window that falls into the step."""
    plan = settlement.plan
    inside = np.clip(edges, plan.warmup_s, plan.duration_s)
    held = [telemetry.presence.share_seconds(target, inside) for target in range(len(plan.targets))]
    shares = np.array(held)
    return np.asarray(shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12))
