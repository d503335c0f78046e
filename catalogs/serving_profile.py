"""What a catalog says of a serving engine: its coefficients, its memory, and what they were fitted to."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from catalogs.measured_groups import MeasuredGroup  # noqa: TC001  (a field's type, which Pydantic reads)
from catalogs.records import Count, Entry, NonNegative, Positive, Ratio, Record

CountSpan = tuple[Count, Count]
Nearness = Literal["calibrated", "recipe", "group", "model", "accelerator"]
"""How near a configuration is to what was measured, nearest first: see `ErrorsByNearness`."""


class Domain(Record):
    """The box of the points that a profile was fitted to, ends included; absent sides are unknown.

    `params_b` is the models' total size in billions, `chips` the width of a replica, `batch` the
    sequences on it at once.
    """

    accelerators: tuple[str, ...] = ()
    params_b: tuple[Positive, Positive] | None = None
    chips: CountSpan | None = None
    input_tokens: CountSpan | None = None
    output_tokens: CountSpan | None = None
    batch: CountSpan | None = None


class TimeError(Record):
    """Absolute relative errors of predicted times over so many measured points."""

    tpot_median: NonNegative
    tpot_mean: NonNegative
    ttft_median: NonNegative | None = None
    points: Count


class ErrorsByNearness(Record):
    """What to expect of configurations, by how near they are to what was measured; None where unknown.

    `recipe`: of the configurations in the fit, in sample. `group`: model and accelerator in the fit, the
    configuration held out. `model` and `accelerator`: the model, or the accelerator, held out whole.
    `calibrated`: of groups held out, after a calibration on a few points of each.
    """

    recipe: TimeError | None = None
    group: TimeError | None = None
    model: TimeError | None = None
    accelerator: TimeError | None = None
    calibrated: TimeError | None = None


class ProfileErrors(Record):
    """Errors of a profile's times, of dense models and of mixtures of experts."""

    dense: ErrorsByNearness
    mixture: ErrorsByNearness


class ServingProfile(Entry):
    """Coefficients of the additive roofline of one serving engine (docs/methodology/serving.md).

    All times are multiplied by `scale`, and by what measured runs of a recipe ("version accelerator
    layers x hidden x experts") deviate from the engine's physics (`recipes`). `expert_token_s` is by
    decoding sequence, chosen expert and layer of a mixture (routing, sorting and adding up).
    `expert_read` is as `weight_read` where it is not given, other widths (`expert_read_8bit`,
    `expert_read_4bit`, `weight_read_4bit`: kernels of their own) as the usual one, and
    `moe_prefill_flops` (prompts of mixtures of experts) as `prefill_flops`. `prompt_s` is what a
    prompt adds to its step whatever its length (measured loops only).

    The engine's host (`simulator.kernel.spec.HostSpec`): a request takes `request_s` and `input_token_s` per
    prompt token of it before it stands in line, and `answer_token_s` per answer token that later requests
    wait for; tokens leave it `output_s` and `first_steps` decode steps behind the engine, or
    `first_steps_of` where that names the version and accelerator ("0.19.0 b200"): how often the scheduler
    polls and how many tokens a chunk of the stream holds.

    Memory (simulator/serving/kv_room.py): the ratio is of the `total` of a chip or of what weights leave
    `free`; `sampler_bytes` per sequence and entry of the vocabulary at start-up, `context_gib` of every
    chip, `collective_gib` where chips work together, `graph_gib_per_layer` where CUDA graphs are counted.
    `token_budget` tokens of a step and `max_sequences` at once are the engine's own defaults on the chip
    where they are not given. `activation_gib`, `moe_activation_gib` and `non_torch_gib` replace what the
    formula says, over all chips.

    `errors` are those of its times (closed-loop points, `simulator/calibration/published_errors.py`);
    `measured` are the configurations that `wayfare calibrate` adapted it to, beside those it began with.
    """

    engine: str
    version: str
    weight_read: Positive
    kv_read: Positive
    prefill_flops: Positive
    decode_flops: NonNegative
    layer_s: NonNegative
    layer_tp_s: NonNegative
    sequence_s: NonNegative
    step_s: NonNegative
    all_reduce: NonNegative
    moe_layer_s: NonNegative = 0.0
    expert_token_s: NonNegative = 0.0
    expert_read: Positive | None = None
    expert_read_8bit: Positive | None = None
    expert_read_4bit: Positive | None = None
    weight_read_4bit: Positive | None = None
    moe_prefill_flops: Positive | None = None
    scale: Positive = 1.0
    recipes: dict[str, Positive] = Field(default_factory=dict)
    request_s: NonNegative = 0.0
    input_token_s: NonNegative = 0.0
    answer_token_s: NonNegative = 0.0
    output_s: NonNegative = 0.0
    first_steps: NonNegative = 0.0
    prompt_s: NonNegative = 0.0
    first_steps_of: dict[str, NonNegative] = Field(default_factory=dict)
    memory_utilization_ratio: Ratio = 0.9
    memory_ratio_of: Literal["total", "free"] = "total"
    sampler_bytes: NonNegative = 16.0
    graph_gib_per_layer: NonNegative = 0.0
    context_gib: NonNegative = 0.09
    collective_gib: NonNegative = 1.3
    activation_gib: NonNegative | None = None
    moe_activation_gib: NonNegative | None = None
    non_torch_gib: NonNegative | None = None
    token_budget: Count | None = None
    max_sequences: Count | None = None
    domain: Domain | None = None
    errors: ProfileErrors | None = None
    measured: tuple[MeasuredGroup, ...] = ()
