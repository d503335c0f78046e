"""The report's breakdowns: by tier, model, deployment, region, task and tenant. Each adds up to the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.accounting.run import Selection
from simulator.report.blocks import short_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulator.accounting.run import Run
    from simulator.workload.columns import Workload

UNALLOCATED = "unallocated"
"""Row for what belongs to no name: idle capacity, routing, requests without an answer."""


def by_target(run: Run, whole: Selection, label: str) -> dict[str, dict[str, object]]:
    """Rows by a label of the targets (tier, model, deployment); requests go to who answered."""
    labels = np.array([getattr(term, label) for term in run.terms])
    found: dict[str, dict[str, object]] = {}
    for name in dict.fromkeys(labels.tolist()):
        targets = labels == name
        part = Selection(
            attempts=whole.attempts & targets[run.attempts.target],
            work=whole.work & targets[run.attempts.target],
            requests=whole.requests & answered_by(run, targets),
            targets=whole.targets & targets,
            routing=np.zeros_like(whole.routing),
        )
        found[name] = short_blocks(run, part)
    nobody = whole.requests & (run.outcomes.target < 0)
    return with_rest(run, found, rest_of(run, whole, requests=nobody))


def answered_by(run: Run, targets: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which requests got their answer from one of the targets."""
    return (run.outcomes.target >= 0) & targets[run.outcomes.target]


def by_request(
    run: Run, whole: Selection, codes: NDArray[np.int16], names: tuple[str, ...]
) -> dict[str, dict[str, object]]:
    """Rows by a label of the requests (task, tenant); idle capacity belongs to none of them, nor does
    work on requests that arrived before the window.
    """
    code_of_arrived = codes[run.outcomes.request]
    found: dict[str, dict[str, object]] = {}
    for code, name in enumerate(names):
        mine = whole.requests & (code_of_arrived == code)
        tried = whole.attempts & (codes[run.attempts.request] == code)
        part = Selection(
            attempts=tried,
            work=tried,
            requests=mine,
            targets=np.zeros_like(whole.targets),
            routing=whole.routing & mine,
        )
        if mine.any():
            found[name] = short_blocks(run, part)
    idle = Selection(
        attempts=np.zeros_like(whole.attempts),
        work=whole.work & ~whole.attempts,
        requests=np.zeros_like(whole.requests),
        targets=whole.targets,
        routing=np.zeros_like(whole.routing),
    )
    return with_rest(run, found, idle)


def rest_of(run: Run, whole: Selection, *, requests: NDArray[np.bool_]) -> Selection:
    """What no target carries: requests nobody answered, and all routing."""
    return Selection(
        attempts=np.zeros_like(whole.attempts),
        work=np.zeros_like(whole.work),
        requests=requests,
        targets=np.zeros(len(run.terms), np.bool_),
        routing=whole.routing,
    )


def with_rest(run: Run, found: dict[str, dict[str, object]], rest: Selection) -> dict[str, dict[str, object]]:
    """The rows, with an `unallocated` one if anything is left for it."""
    anything = rest.requests.any() or rest.targets.any() or run.routing_usd[rest.routing].any()
    return {**found, UNALLOCATED: short_blocks(run, rest)} if anything else found


def breakdowns(run: Run, whole: Selection, workload: Workload) -> dict[str, dict[str, dict[str, object]]]:
    """All six breakdowns."""
    return {
        "tier": by_target(run, whole, "tier"),
        "model": by_target(run, whole, "model"),
        "deployment": by_target(run, whole, "deployment"),
        "region": by_target(run, whole, "region"),
        "task": by_request(run, whole, workload.task_code, workload.task_names),
        "tenant": by_request(run, whole, workload.tenant_code, workload.tenant_names),
    }
