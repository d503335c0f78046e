"""The fleet of a log: a target for each action, with what the log shows of it."""

from __future__ import annotations

from math import log as ln
from typing import TYPE_CHECKING, Final

import numpy as np

from catalogs.units import TOKENS_PER_MTOK
from router.views.fleet import FleetView, Target
from router.views.stated import StatedRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from simulator.offline.log import DecisionLog

WIDE_WINDOW_TOKENS: Final = 2**31 - 1


def targets_of(log: DecisionLog) -> tuple[Target, ...]:
    """A target for each action: its mean price per token and, by task, its usual answer and ability.

    Prompt and answer have one price, the mean cost of a token; a log without tokens counts an answer as one
    token. The ability is the logit of the share of right answers, half an answer added to either side.
    """
    return tuple(target_of(log, index, name) for index, name in enumerate(log.action_names))


def target_of(log: DecisionLog, index: int, name: str) -> Target:
    """The target of one action."""
    rows = log.action_code == index
    tokens = log.prompt_tokens + answer_tokens(log)
    cost_usd = log.rewards.get("cost_usd", np.full(len(log), np.inf))
    price = float(cost_usd[rows].sum() / max(tokens[rows].sum(), 1.0)) * TOKENS_PER_MTOK
    tasks = [(task, rows & (log.task_code == code)) for code, task in enumerate(log.task_names)]
    right = log.rewards.get("correct")
    return Target(
        index=index, name=name, deployment=name, tier="cloud", model=name, region="",
        context_window_tokens=WIDE_WINDOW_TOKENS,
        ability={task: logit_of(right[found]) for task, found in tasks if right is not None and found.any()},
        discrimination=1.0,
        input_price_usd_per_mtok=price, output_price_usd_per_mtok=price,
        expected_output_tokens={
            task: float(answer_tokens(log)[found].mean()) for task, found in tasks if found.any()
        },
    )  # fmt: skip


def answer_tokens(log: DecisionLog) -> NDArray[np.float64]:
    """Tokens of each answer; one each where the log has no tokens at all."""
    known = log.output_tokens.any() or log.prompt_tokens.any()
    return log.output_tokens if known else np.ones(len(log))


def logit_of(right: NDArray[np.float64]) -> float:
    """The logit of a share of right answers, half an answer added to either side."""
    share = (float(right.sum()) + 0.5) / (len(right) + 1.0)
    return ln(share / (1.0 - share))


def idle_fleet(targets: Sequence[Target]) -> FleetView:
    """A view of the targets without load: a log has none."""
    none = np.zeros(len(targets), np.int64)
    return FleetView(
        targets, outstanding=none, waiting=none, running=none, kv_usage_ratio=none.astype(np.float64)
    )


def stated_requests(log: DecisionLog) -> Iterator[StatedRequest]:
    """What the log says of each request; difficulty 0, at which abilities give the log's shares."""
    longest = max(int(answer_tokens(log).max()), 1)
    for row in range(len(log)):
        yield StatedRequest(
            index=row, now_s=float(row), task=log.task_names[log.task_code.item(row)],
            tenant=log.tenants[row], region="", prompt_token_count=int(log.prompt_tokens.item(row)),
            max_output_token_count=longest, estimated_difficulty=0.0,
            router_score=log.score.item(row), query=log.queries[row],
        )  # fmt: skip
