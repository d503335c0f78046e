"""Speculative decoding: tokens per step, and what drafts add to a step's cost.

Formulas and sources: docs/methodology/serving.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.serving.step_cost import all_reduce_s

if TYPE_CHECKING:
    from simulator.kernel.spec import StepCost
    from simulator.serving.hardware import Chip, Engine, Layout, Shape


def tokens_per_step(draft_tokens: int, acceptance_ratio: float) -> float:
    """1 + E[accepted] = 1 + a (1 - a^K) / (1 - a) (Leviathan, Kalman, Matias 2023, eq. 1)."""
    if acceptance_ratio == 1.0:
        return 1.0 + draft_tokens
    return (1.0 - acceptance_ratio ** (draft_tokens + 1)) / (1.0 - acceptance_ratio)


def with_draft_layers(shape: Shape, draft_layers: int) -> Shape:
    """The shape with further layers: weights, cache and work times (L + extra) / L."""
    ratio = (shape.layers + draft_layers) / shape.layers
    return replace(
        shape,
        layers=shape.layers + draft_layers,
        kv_layers=shape.kv_layers + draft_layers,
        total_params=shape.total_params * ratio,
        active_params=shape.active_params * ratio,
        expert_params=shape.expert_params * ratio,
    )


def wider_seconds(
    seconds: StepCost, shape: Shape, chip: Chip, engine: Engine, layout: Layout, width: int
) -> StepCost:
    """Seconds of a step that computes `width` tokens of every decoding sequence."""
    token_flops_s = 2.0 * shape.active_params / (layout.tensor_parallel * chip.flops)
    token_s = engine.decode_flops * token_flops_s + all_reduce_s(shape, chip, engine, layout)
    return replace(seconds, sequence=seconds.sequence + (width - 1) * engine.scale * token_s)


def wider_joules(joules: StepCost, shape: Shape, chip: Chip, width: int) -> StepCost:
    """Joules likewise: each further token its operations; the floor is in the seconds already."""
    token_j = chip.compute_w * 2.0 * shape.active_params / chip.flops
    return replace(joules, sequence=joules.sequence + (width - 1) * token_j)
