"""KV room: what memory, weights, activations and runtime leave, over the bytes of a token."""

from __future__ import annotations

import pytest

from catalogs import load_catalog
from simulator.experiment.resolution import resolve
from world_cases import SMALL, scenario

CATALOG = load_catalog()
GIB = 1024.0**3


@pytest.mark.parametrize(
    ("model", "precision", "weight_bytes", "activation_gib"),
    [("llama-3.1-8b", "bf16", 2.0, 5.5), ("gpt-oss-20b", "fp4", 0.5625, 8.0)],
)
def test_mixtures_of_experts_leave_more_to_activations(
    model: str, precision: str, weight_bytes: float, activation_gib: float
) -> None:
    """On one B200: 0.9 of its memory less weights, 5.5 GiB or with experts 8, and 0.15 GiB."""
    hardware = {"accelerator": "b200", "precision": precision}
    world = scenario(fleet=[{**SMALL, "model": model, "hardware": hardware}])
    shape, chip = CATALOG.model(model).architecture, CATALOG.accelerator("b200")
    assert shape is not None
    free = 0.9 * chip.memory_gb * 1e9 - shape.total_params_b * 1e9 * weight_bytes
    free -= (activation_gib + 0.15) * GIB
    token_bytes = 2.0 * (shape.kv_layers or shape.layers) * shape.kv_heads * shape.head_dim * 2.0
    (group,) = resolve(world).plan.groups
    assert group.queues.kv_room_tokens == pytest.approx(free / token_bytes, abs=1.5)
