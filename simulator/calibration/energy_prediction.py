"""What the simulator says of measured power: watts and joules per token of the same closed loop."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.calibration.closed_loop import loop_rows
from simulator.calibration.prediction import chip, spec_of
from simulator.serving.step_cost import step_joules

if TYPE_CHECKING:
    from catalogs import Catalog
    from catalogs.records import ServingProfile
    from simulator.calibration.energy_points import EnergyPoint
    from simulator.kernel.spec import BatchingSpec
    from simulator.serving.hardware import Chip

PROFILE = "vllm-0.11"


def predicted_power(point: EnergyPoint, catalog: Catalog, profile: ServingProfile) -> tuple[float, float]:
    """Watts of all accelerators, and joules per output token, of the point's loop; no host, no PUE."""
    return loop_power(point, powered_spec(point, catalog, profile, chip(point.point, catalog)))


def powered_spec(point: EnergyPoint, catalog: Catalog, profile: ServingProfile, powers: Chip) -> BatchingSpec:
    """The replica behind a point, its steps costing what `powers` says.

    The batch is the measured one, so there was room for it, whatever start-up arithmetic says.
    """
    inner = point.point
    spec = spec_of(inner, catalog, profile)
    joules = step_joules(inner.shape, powers, inner.layout, spec.seconds, 0.0)
    room = inner.batch * (inner.input_tokens + inner.output_tokens)
    return replace(spec, joules=joules, kv_room_tokens=max(spec.kv_room_tokens, room))


def loop_power(point: EnergyPoint, spec: BatchingSpec) -> tuple[float, float]:
    """Watts and joules per output token of the requests between the loop's first and last round.

    A request's energy over its share of the steps' time is the power while they run, and the loop
    never rests. Every attention rank runs such a loop.
    """
    batch = point.point.batch
    rows = loop_rows(spec, batch, point.point.input_tokens, point.point.output_tokens)
    steady = rows[batch : len(rows) - batch]
    joules = float(steady["energy_j"].sum())
    watts = joules / float(steady["busy_s"].sum())
    return watts * point.point.ranks, joules / float(steady["output"].sum())
