"""What the simulator says of measured power: watts and joules per token of the same closed loop."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from simulator.calibration.predicted.closed_loop import loop_rows
from simulator.calibration.predicted.times import chip, spec_of
from simulator.serving.step_cost import step_joules

if TYPE_CHECKING:
    from catalogs import Catalog
    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.measured.energy_points import EnergyPoint
    from simulator.calibration.measured.points import Point
    from simulator.kernel.spec import BatchingSpec, StepCost
    from simulator.serving.hardware import Chip

PROFILE = "vllm-0.11"
LEAST_DECODE_RATIO = 0.2
"""Least share of a median step that is taken to be decoding, where prompts would explain more."""
BUNCHED_RATIO = 0.6
"""Prompts of a median step over those of a mean one: they come in bunches, as answers end together."""
DECODE_PARTS = ("base", "expert", "sequence", "context")
Times = Literal["own", "predicted"]
"""Whose step times power is predicted at: the run's own inter-token latency, where the file has it, or
the profile's."""


def predicted_power(
    point: EnergyPoint, catalog: Catalog, profile: ServingProfile, times: Times = "own"
) -> tuple[float, float]:
    """Watts of all accelerators, and joules per output token, of the point's loop; no host, no PUE."""
    return loop_power(point, powered_spec(point, catalog, profile, chip(point.point, catalog), times))


def powered_spec(
    point: EnergyPoint, catalog: Catalog, profile: ServingProfile, powers: Chip, times: Times = "own"
) -> BatchingSpec:
    """The replica behind a point, its steps costing what `powers` says.

    The batch is the measured one, so there was room for it, whatever start-up arithmetic says.
    """
    inner = point.point
    spec = spec_of(inner, catalog, profile)
    seconds, wait_s = paced(point, spec) if times == "own" else (spec.seconds, 0.0)
    joules = step_joules(inner.shape, powers, inner.layout, seconds, 0.0)
    wait_j = inner.layout.tensor_parallel * powers.wait_w * wait_s
    room = inner.batch * (inner.input_tokens + inner.output_tokens)
    return replace(
        spec,
        seconds=replace(seconds, base=seconds.base + wait_s),
        joules=replace(joules, base=joules.base + wait_j),
        kv_room_tokens=max(spec.kv_room_tokens, room),
        power_limit_w=inner.layout.tensor_parallel * powers.tdp_w,
    )


def paced(point: EnergyPoint, spec: BatchingSpec) -> tuple[StepCost, float]:
    """The step cost at the run's own time between tokens, and what of it the chip waits, seconds.

    A chip that could decode faster waits for its host the rest of the time; one that was faster than the
    profile says takes its decode steps in proportion. The time between tokens is a median step's, with
    the prompts that such a step carries.
    """
    seconds, step_s = spec.seconds, decode_step_s(point.point, spec)
    own_s = own_decode_s(point, seconds) if point.itl_s else step_s
    if own_s >= step_s:
        return seconds, own_s - step_s
    shorter = {name: getattr(seconds, name) * own_s / step_s for name in DECODE_PARTS}
    return replace(seconds, **shorter), 0.0


def own_decode_s(point: EnergyPoint, seconds: StepCost) -> float:
    """The run's median time between tokens without the prompts of a median step, seconds."""
    tokens = point.point.input_tokens
    prompt_s = seconds.prompt * tokens + seconds.attention * tokens * tokens / 2.0
    itl_s = point.itl_s or 0.0
    return max(itl_s - median_prompts(point.point) * prompt_s, LEAST_DECODE_RATIO * itl_s)


def median_prompts(point: Point) -> int:
    """Prompts in a median step of the loop, fewer than in a mean one."""
    return int(BUNCHED_RATIO * (point.batch - 1) / (point.output_tokens - 1))


def decode_step_s(point: Point, spec: BatchingSpec) -> float:
    """A decode step of the point's whole batch halfway through its answers, seconds."""
    seconds, batch = spec.seconds, point.batch
    context = batch * (point.input_tokens + point.output_tokens / 2.0)
    experts = seconds.expert * (1.0 - spec.expert_miss**batch) if point.shape.experts else 0.0
    return seconds.base + experts + seconds.sequence * batch + seconds.context * context


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
