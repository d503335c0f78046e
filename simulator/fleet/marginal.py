"""What a token on own capacity costs at the utilisation one plans with: the router's price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.units import TOKENS_PER_MTOK

if TYPE_CHECKING:
    from simulator.kernel.spec import BatchingSpec

PLANNED_BATCH = 32
PLANNED_CONTEXT_TOKENS = 1_000
"""The batch and context at which tokens are priced; a middling load of a chat deployment."""


def marginal_usd_per_mtok(
    spec: BatchingSpec, usd_per_s: float, utilization_ratio: float
) -> tuple[float, float]:
    """USD per million prompt and answer tokens of a replica paid `usd_per_s`.

    A prompt token takes its share of prefill, an answer token T(B, C) / (B g) of a decode step that
    yields g tokens (1 without drafts), with B = min(32, max sequences) and contexts of 1,000 tokens;
    both are paid at the planned utilisation, so that they carry the idle time that one plans with.
    Unknown dollars are infinite to a router: it never takes for cheap what is unknown.
    """
    cost = spec.seconds
    batch = min(PLANNED_BATCH, spec.max_sequences)
    touched = 1.0 - spec.expert_miss ** (batch * spec.width) if spec.expert_miss else 0.0
    step_s = cost.base + cost.expert * touched
    step_s += batch * (cost.sequence + cost.context * PLANNED_CONTEXT_TOKENS)
    prompt_s = cost.prompt + cost.attention * PLANNED_CONTEXT_TOKENS / 2.0
    paid = usd_per_s / utilization_ratio * TOKENS_PER_MTOK
    return paid * prompt_s, paid * step_s / (batch * spec.progress)
