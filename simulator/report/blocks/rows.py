"""The report's breakdowns: by tier, model, deployment, region, task and tenant. Each adds up to the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.accounting.run import RunSelection
from simulator.report.blocks.cost import Cost, cost_block
from simulator.report.blocks.counts import (
    RequestCounts,
    RowAttempts,
    TokenCounts,
    request_counts,
    row_attempts,
    token_counts,
)
from simulator.report.blocks.energy import Emissions, Energy, emissions_block, energy_block
from simulator.report.blocks.latency import RowLatency, row_latency
from simulator.report.blocks.quality import (
    Quality,
    Slo,
    completion_ratio,
    quality_block,
    slo_block,
)
from simulator.report.figures import Averaging, Format, block, figure
from simulator.report.totals import ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.accounting.run import Mask, RunAccounts
    from simulator.workload.columns import Workload

UNALLOCATED = "unallocated"
"""Row for what belongs to no name: idle capacity, routing, requests without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The figures of one part of a report."""

    replications: int = figure("Replications that have this part.", Format.COUNT, averaging=Averaging.ADDED)
    requests: RequestCounts = block("Requests by how they ended.")
    attempts: RowAttempts = block("Attempts.")
    tokens: TokenCounts = block("Tokens by kind.")
    cost_usd: Cost = block("Dollars.")
    energy_wh: Energy = block("Watt-hours.")
    emissions_gco2e: Emissions = block("Grams.")
    latency: RowLatency = block("Seconds.")
    completion_ratio: float | None = figure(
        "Share of arrived requests completed.", Format.RATIO, averaging=Averaging.MEASURED
    )
    slo: Slo = block("Service level objectives.")
    quality: Quality = block("Right answers.")
    utilization: float | None = figure(
        "Busy share of held capacity.", Format.RATIO, averaging=Averaging.MEASURED
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """Blocks by name."""

    tier: dict[str, Block] = block("By tier.")
    model: dict[str, Block] = block("By model.")
    deployment: dict[str, Block] = block("By deployment.")
    region: dict[str, Block] = block("By region.")
    task: dict[str, Block] = block("By task.")
    tenant: dict[str, Block] = block("By tenant.")


def row_block(run: RunAccounts, part: RunSelection) -> Block:
    """The figures of one row."""
    return Block(
        replications=1,
        requests=request_counts(run, part),
        attempts=row_attempts(part),
        tokens=token_counts(run, part),
        cost_usd=cost_block(run, part),
        energy_wh=energy_block(run, part),
        emissions_gco2e=emissions_block(run, part),
        latency=row_latency(run, part),
        completion_ratio=completion_ratio(run, part),
        slo=slo_block(run, part),
        quality=quality_block(run, part),
        utilization=utilization(run, part.targets),
    )


def utilization(run: RunAccounts, targets: Mask) -> float | None:
    """Busy over held queue-seconds of the selected targets; None where nothing is held."""
    rows = targets & (run.capacity.held_s > 0.0)
    return ratio(run.capacity.busy_s[rows].sum(), run.capacity.held_s[rows].sum())


def by_target(run: RunAccounts, whole: RunSelection, label: str) -> dict[str, Block]:
    """Rows by a label of the targets (tier, model, deployment); requests go to who answered."""
    labels = np.array([getattr(term, label) for term in run.terms])
    found: dict[str, Block] = {}
    for name in dict.fromkeys(labels.tolist()):
        targets = labels == name
        part = RunSelection(
            attempts=whole.attempts & targets[run.attempts.target],
            work=whole.work & targets[run.attempts.target],
            requests=whole.requests & answered_by(run, targets),
            targets=whole.targets & targets,
            routing=np.zeros_like(whole.routing),
        )
        found[name] = row_block(run, part)
    nobody = whole.requests & (run.outcomes.target < 0)
    return with_rest(run, found, rest_of(run, whole, requests=nobody))


def answered_by(run: RunAccounts, targets: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which requests got their answer from one of the targets."""
    return (run.outcomes.target >= 0) & targets[run.outcomes.target]


def by_request(
    run: RunAccounts, whole: RunSelection, codes: NDArray[np.int16], names: tuple[str, ...]
) -> dict[str, Block]:
    """Rows by a label of the requests (task, tenant); idle capacity belongs to none of them, nor does
    work on requests that arrived before the window.
    """
    code_of_arrived = codes[run.outcomes.request]
    found: dict[str, Block] = {}
    for code, name in enumerate(names):
        mine = whole.requests & (code_of_arrived == code)
        tried = whole.attempts & (codes[run.attempts.request] == code)
        part = RunSelection(
            attempts=tried,
            work=tried,
            requests=mine,
            targets=np.zeros_like(whole.targets),
            routing=whole.routing & mine,
        )
        if mine.any():
            found[name] = row_block(run, part)
    idle = RunSelection(
        attempts=np.zeros_like(whole.attempts),
        work=whole.work & ~whole.attempts,
        requests=np.zeros_like(whole.requests),
        targets=whole.targets,
        routing=np.zeros_like(whole.routing),
    )
    return with_rest(run, found, idle)


def rest_of(run: RunAccounts, whole: RunSelection, *, requests: NDArray[np.bool_]) -> RunSelection:
    """What no target carries: requests nobody answered, and all routing."""
    return RunSelection(
        attempts=np.zeros_like(whole.attempts),
        work=np.zeros_like(whole.work),
        requests=requests,
        targets=np.zeros(len(run.terms), np.bool_),
        routing=whole.routing,
    )


def with_rest(run: RunAccounts, found: dict[str, Block], rest: RunSelection) -> dict[str, Block]:
    """The rows, with an `unallocated` one if anything is left for it."""
    anything = rest.requests.any() or rest.targets.any() or run.routing_usd[rest.routing].any()
    return {**found, UNALLOCATED: row_block(run, rest)} if anything else found


def breakdowns(run: RunAccounts, whole: RunSelection, workload: Workload) -> Breakdown:
    """All six breakdowns."""
    return Breakdown(
        tier=by_target(run, whole, "tier"),
        model=by_target(run, whole, "model"),
        deployment=by_target(run, whole, "deployment"),
        region=by_target(run, whole, "region"),
        task=by_request(run, whole, workload.task_code, workload.task_names),
        tenant=by_request(run, whole, workload.tenant_code, workload.tenant_names),
    )
