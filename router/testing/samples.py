"""Small fleets and requests to try policies on without a simulator."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from router.views.fleet import FleetView, Target, Tier
from router.views.replay import ReplayRequestView
from router.views.request import AnswerTable, OracleRequestView, RequestTable, RequestView

if TYPE_CHECKING:
    from collections.abc import Sequence

TASK = "support_chat"

# model, tier, region, ability in logits, dollars per million prompt and answer tokens
LADDER: tuple[tuple[str, Tier, str, float, float, float], ...] = (
    ("small", "edge", "home", -0.5, 0.0, 0.0),
    ("medium", "on_prem", "home", 0.5, 0.1, 0.2),
    ("large", "dedicated", "near", 1.5, 0.5, 1.5),
    ("frontier", "cloud", "far", 3.0, 3.0, 15.0),
)


def sample_targets(replicas: Sequence[int] = (1, 1, 1, 1)) -> tuple[Target, ...]:
    """Targets from an edge model to a frontier API; `replicas[k]` of the ladder's k-th model.

    Names are the model's, or `model/0`, `model/1` ... where a deployment has several replicas.
    """
    targets: list[Target] = []
    for rung, count in enumerate(replicas):
        for number in range(count):
            name = LADDER[rung][0] if count == 1 else f"{LADDER[rung][0]}/{number}"
            targets.append(_target(len(targets), rung, name))
    return tuple(targets)


def _target(index: int, rung: int, name: str) -> Target:
    """One target of the ladder."""
    model, tier, region, ability, input_usd, output_usd = LADDER[rung]
    return Target(
        index=index,
        name=name,
        deployment=model,
        tier=tier,
        model=model,
        region=region,
        context_window_tokens=8192 * 4**rung,
        ability=MappingProxyType({TASK: ability}),
        discrimination=1.7,
        input_price_usd_per_mtok=input_usd,
        output_price_usd_per_mtok=output_usd,
        expected_output_tokens=MappingProxyType({TASK: 200.0}),
    )


def sample_fleet(targets: Sequence[Target], outstanding: Sequence[int] | None = None) -> FleetView:
    """A view of these targets, idle or with the given loads; its arrays cannot be written to.

    Of a target's outstanding attempts at most 8 run, the others wait.
    """
    loads = np.array(outstanding if outstanding is not None else [0] * len(targets), dtype=np.int64)
    running = np.minimum(loads, 8)
    view = FleetView(
        targets,
        outstanding=loads,
        waiting=loads - running,
        running=running,
        kv_usage_ratio=running / 8.0,
    )
    for column in (view.outstanding, view.waiting, view.running, view.kv_usage_ratio):
        column.flags.writeable = False
    return view


def sample_requests(count: int, seed: int = 1) -> RequestTable:
    """Requests of one task with varied prompts, difficulties and scores; no limits are set."""
    draw = np.random.default_rng(seed)
    zeros = np.zeros(count, dtype=np.int16)
    difficulty = draw.normal(0.0, 1.5, count)
    table = RequestTable(
        task_names=(TASK,),
        tenant_names=("acme",),
        region_names=("home",),
        task_code=zeros,
        tenant_code=zeros,
        region_code=zeros,
        prompt_token_count=draw.integers(1, 2000, count).astype(np.int32),
        max_output_token_count=np.full(count, 1024, dtype=np.int32),
        estimated_difficulty=difficulty,
        router_score=1.0 / (1.0 + np.exp(-difficulty)),
        session=np.full(count, -1, dtype=np.int64),
        turn=zeros,
        ttft_limit_s=np.full(count, np.nan),
        e2e_limit_s=np.full(count, np.nan),
        recorded_code=np.arange(count) % 3 - 1,
    )
    _lock(table)
    return table


def sample_view(
    table: RequestTable,
    targets: Sequence[Target],
    *,
    oracle: bool = False,
    replays: bool = False,
    now_s: float = 10.0,
) -> RequestView:
    """A view of the first request; an oracle's shows answers that are right where ability suffices.

    A replay's shows that the first or the last deployment served it, or that nothing is known.
    """
    if replays:
        return ReplayRequestView(_served_by(table, targets), 0, now_s)
    if not oracle:
        return RequestView(table, 0, now_s)
    ability = np.array([target.ability[TASK] for target in targets])
    correct = ability[:, None] > table.estimated_difficulty[None, :]
    answers = AnswerTable(correct=correct, output_token_count=np.full(correct.shape, 200, dtype=np.int32))
    answers.correct.flags.writeable = False
    return OracleRequestView(table, answers, 0, now_s)


def _served_by(table: RequestTable, targets: Sequence[Target]) -> RequestTable:
    """The requests, of which the first and the last of the targets' deployments served those in a log."""
    return replace(table, recorded_names=((targets[0].deployment,), (targets[-1].deployment,)))


def _lock(table: RequestTable) -> None:
    """Makes the table's columns read-only."""
    for name in RequestTable.__dataclass_fields__:
        column = getattr(table, name)
        if isinstance(column, np.ndarray):
            column.flags.writeable = False
