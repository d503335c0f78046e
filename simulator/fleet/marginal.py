"""What a token on own capacity costs and draws at the load one plans with: what a router compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.units import TOKENS_PER_MTOK

if TYPE_CHECKING:
    from simulator.kernel.spec import BatchingSpec, DecodePool, StepCost

PLANNED_BATCH = 32
PLANNED_CONTEXT_TOKENS = 1_000
"""The batch and context at which tokens are priced; a middling load of a chat deployment."""


def marginal_usd_per_mtok(
    spec: BatchingSpec, usd_per_s: float, utilization_ratio: float
) -> tuple[float, float]:
    """USD per million prompt and answer tokens of a replica paid `usd_per_s`.

    Both tokens (`marginal_token`) are paid at the planned utilisation, so that they carry the idle time
    that one plans with.
    Unknown dollars are infinite to a router: it never takes for cheap what is unknown.
    """
    prompt_s, answer_s = marginal_token(spec.seconds, spec)
    paid = usd_per_s / utilization_ratio * TOKENS_PER_MTOK
    return paid * prompt_s, paid * answer_s


def marginal_energy_j(spec: BatchingSpec, decode: DecodePool | None) -> tuple[float, float]:
    """Joules of a prompt and of an answer token, before PUE; answers come from the decode pool's replicas."""
    answering = spec if decode is None else decode.queues
    return marginal_token(spec.joules, spec)[0], marginal_token(answering.joules, answering)[1]


def marginal_token(cost: StepCost, spec: BatchingSpec) -> tuple[float, float]:
    """Seconds or joules, as the cost is in, of a prompt token and of an answer token.

    A prompt token takes its share of prefill, an answer token T(B, C) / (B g) of a decode step that
    yields g tokens (1 without drafts), with B = min(32, max sequences) and contexts of 1,000 tokens.
    """
    batch = min(PLANNED_BATCH, spec.max_sequences)
    touched = 1.0 - spec.expert_miss ** (batch * spec.width) if spec.expert_miss else 0.0
    step = cost.base + cost.expert * touched
    step += batch * (cost.sequence + cost.context * PLANNED_CONTEXT_TOKENS)
    prompt = cost.prompt + cost.attention * PLANNED_CONTEXT_TOKENS / 2.0
    return prompt, step / (batch * spec.progress)
