"""How long a replica takes from its request to its first work. Formula: docs/methodology/autoscaling.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.fleet.backends.hardware import GIGA, hardware_of, shape_in
from simulator.fleet.layouts import layout_of

if TYPE_CHECKING:
    from simulator.settings.fleet import Deployment
    from simulator.settings.scenario import Scenario

ENGINE_START_S = 64.0
"""vLLM's start with its caches filled: imports and engine 34 s, compilation 10 + 13 s, graphs 7 s
(Llama 3.1 8B on an L40S; tensorfuse.io, "Reducing GPU cold start time", 2025-09-01)."""
LOAD_BYTES_PER_S = 16.06e9 / 18.0
"""Weights from a volume into memory: 16.06 GB in 18 s (same source)."""


def cold_start_s(scenario: Scenario, deployment: Deployment) -> float:
    """Weight bytes / load rate + engine start, unless the scenario says how long."""
    scaling = deployment.autoscaling
    if scaling is not None and scaling.cold_start is not None:
        return scaling.cold_start
    given = scaling.load_gb_per_s if scaling is not None else None
    rate_bytes_per_s = LOAD_BYTES_PER_S if given is None else given * GIGA
    weights = shape_in(scenario, deployment).total_params * layout_of(hardware_of(deployment)).weight_bytes
    return weights / rate_bytes_per_s + ENGINE_START_S
