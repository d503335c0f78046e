"""The facts a catalog holds, one class for each kind of thing; an entry that exists is valid.

Money is `Decimal`. Every entry says where its figures come from (`source`, `retrieved`), figures
with another origin than the rest stand in `sources` by their path, guesses are marked `estimate`.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from catalogs.units import utc_day

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Money = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Precision = Literal["bf16", "fp16", "fp8", "int8", "fp4", "int4"]
ServingCoefficient = Literal[
    "weight_read", "kv_read", "prefill_flops", "moe_prefill_flops", "decode_flops", "layer_s",
    "sequence_s", "expert_token_s", "step_s", "all_reduce",
]  # fmt: skip
DeviceKind = Literal["phone", "laptop", "mini_pc", "edge_box"]


class Record(BaseModel):
    """Any part of an entry: immutable, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Sourced(Record):
    """A part of an entry that says for itself where its figures come from."""

    source: str
    retrieved: date | None = None
    estimate: bool = False


class Origin(Sourced):
    """Where one figure comes from, when not from the entry's own source."""


class Entry(Record):
    """A named thing with its sources; `estimate` marks an entry whose figures are all guesses.

    `retrieved` is None where a user's own entry says no day.
    """

    name: str
    source: str
    retrieved: date | None
    valid_from: date | None = None
    estimate: bool = False
    sources: dict[str, Origin] = Field(default_factory=dict)
    note: str = ""

    def origin_of(self, path: str) -> Origin:
        """Where the figure at a dotted path comes from: said nearest to it, else by the entry.

        Both the keys of `sources` and a `source` inside the entry (a price's, a device speed's) count;
        the one with the longer path wins.
        """
        stated = {"": Origin(source=self.source, retrieved=self.retrieved, estimate=self.estimate)}
        stated |= inner_origins(self, path, "")
        stated |= {key: origin for key, origin in self.sources.items() if f"{path}.".startswith(f"{key}.")}
        return stated[max(stated, key=len)]


def inner_origins(value: object, path: str, walked: str) -> dict[str, Origin]:
    """Origins that records inside state for themselves on the way down a path, by the path to each.

    Keys may hold dots themselves (`speeds.llama-3.1-8b.weight_gb`).
    """
    for key, below in parts_of(value).items():
        if f"{path}.".startswith(f"{key}."):
            here = f"{walked}.{key}" if walked else key
            found = {here: own} if (own := own_origin(below)) else {}
            return found | inner_origins(below, path[len(key) + 1 :], here)
    return {}


def parts_of(value: object) -> dict[str, object]:
    """What a record, map or list holds, by name or number."""
    if isinstance(value, Record):
        return {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {str(key): below for key, below in value.items()}
    return {str(number): below for number, below in enumerate(value)} if isinstance(value, tuple) else {}


def own_origin(value: object) -> Origin | None:
    """The origin that a record inside an entry states for itself, if it does."""
    if not isinstance(value, Sourced):
        return None
    return Origin(source=value.source, retrieved=value.retrieved, estimate=value.estimate)


class Architecture(Record):
    """A transformer's shape. Parameters in billions; zeros where a part does not exist.

    `kv_layers` keep keys and values of the whole context, all layers where it is absent; the others
    see `sliding_window` tokens, or none (linear attention) where that is 0. `state_mb` is the
    recurrent state of a sequence, which every step reads and writes. What an engine's start-up needs
    beside: the `vocabulary`, the inner width of a dense layer (`ffn_hidden`) and of one expert
    (`expert_hidden`), and whether one table reads and writes tokens (`tied_embeddings`). Sparse attention
    reads `index_topk` tokens of the context, chosen by an indexer of `index_heads` heads of `index_head_dim`
    in each of `index_layers`, which keeps one key of that width per token.
    """

    layers: Count
    hidden: Count
    heads: Count
    kv_heads: Count
    head_dim: Count
    mla_rank: int = Field(0, ge=0)
    mla_rope: int = Field(0, ge=0)
    experts: int = Field(0, ge=0)
    experts_per_token: int = Field(0, ge=0)
    sliding_window: int = Field(0, ge=0)
    kv_layers: Count | None = None
    state_mb: NonNegative = 0.0
    total_params_b: Positive
    active_params_b: Positive
    expert_params_b: NonNegative = 0.0
    vocabulary: Count | None = None
    ffn_hidden: Count | None = None
    expert_hidden: Count | None = None
    tied_embeddings: bool = False
    index_topk: int = Field(0, ge=0)
    index_heads: int = Field(0, ge=0)
    index_head_dim: int = Field(0, ge=0)
    index_layers: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _adds_up(self) -> Architecture:
        """Active and expert parameters are parts of the total; experts come with a choice."""
        if max(self.active_params_b, self.expert_params_b) > self.total_params_b:
            message = "active_params_b and expert_params_b cannot exceed total_params_b"
            raise ValueError(message)
        if (self.experts > 0) != (self.experts_per_token > 0):
            message = "experts and experts_per_token go together"
            raise ValueError(message)
        return self


class QuantileTable(Record):
    """Token counts by their quantiles, from the least (0) to the most (1)."""

    quantiles: dict[Ratio, Positive]

    @model_validator(mode="after")
    def _whole_and_rising(self) -> QuantileTable:
        """Both ends are there, and no quantile lies below a lower one."""
        values = [value for _share, value in sorted(self.quantiles.items())]
        if not {0.0, 1.0} <= set(self.quantiles) or values != sorted(values):
            message = "quantiles must not fall, and need their ends 0 and 1"
            raise ValueError(message)
        return self


class AnswerLengths(Record):
    """Lengths of a model's right and wrong answers to a task, tokens, as measured."""

    right: QuantileTable
    wrong: QuantileTable


class Model(Entry):
    """What answers. `success` is the mean share of right answers by task class; unknown where it has none.

    `answer_lengths` are measured lengths by task; elsewhere `verbosity` scales a task's nominal answer
    length, and wrong answers are `wrong_length_ratio` times as long as right ones. `reasoning_ratio` of
    the output is hidden reasoning. Energy per token is an estimate of what a provider's hardware draws,
    a PUE of `api_pue` included, Wh.
    """

    developer: str
    open_weights: bool = False
    released: date | None = None
    context_window_tokens: Count
    max_output_tokens: Count | None = None
    architecture: Architecture | None = None
    success: dict[str, Ratio]
    answer_lengths: dict[str, AnswerLengths] = Field(default_factory=dict)
    verbosity: Positive = 1.0
    wrong_length_ratio: Positive = 1.0
    reasoning_ratio: Annotated[float, Field(ge=0, lt=1)] = 0.0
    api_wh_per_input_token: NonNegative = 0.0
    api_wh_per_output_token: NonNegative = 0.0
    api_pue: Annotated[float, Field(ge=1)] = 1.2


class LognormalFigures(Record):
    """A positive quantity by its median and 95th percentile (lognormal between)."""

    median: Positive
    p95: Positive

    @model_validator(mode="after")
    def _ordered(self) -> LognormalFigures:
        """The 95th percentile does not lie below the median."""
        if self.p95 < self.median:
            message = f"p95 {self.p95!r} lies below the median {self.median!r}"
            raise ValueError(message)
        return self


class RentsBefore(Sourced):
    """Rents of a chip before a day (UTC), USD per chip-hour by kind of contract."""

    until: date
    usd_per_hour: dict[str, Money]


class ElectricityBefore(Sourced):
    """What a kilowatt-hour cost before a day (UTC)."""

    until: date
    usd_per_kwh: Money


class Assumption(Entry):
    """A figure that a plan has to assume, with the range in which it was seen."""

    value: NonNegative
    low: NonNegative
    high: NonNegative
    unit: str


class Accelerator(Entry):
    """A chip. Dense tera-operations per second by precision; missing where the chip lacks it.

    Running power is `floor_w + memory_w * memory utilisation + compute_w * compute utilisation`
    up to `tdp_w`; `idle_w` without work, `wait_w` while a running engine waits for its host (as
    `idle_w` where it is not known); `host_w` is the host's share per chip. Rents are USD
    per chip-hour by kind of contract (`on_demand`, `neocloud`, `spot`, `reserved_1y`), those of
    earlier days in `rents_before`, ascending. `purchase_usd` and `embodied_kgco2e` are the chip's alone,
    `host_purchase_usd` and `host_embodied_kgco2e` those of a server for `chips_per_host` of them, which
    draws at most `host_nameplate_kw` with them (where nothing is known, TDP and host watts). `factors`
    multiply a serving profile's coefficients where the chip achieves another share of its data sheet, or
    another host launches its kernels, than those that profiles are fitted on. Rents, the
    purchase price and embodied carbon are unknown where they are not given: no figure is made of them.
    """

    vendor: str
    tflops: dict[Precision, Positive]
    memory_gb: Positive
    bandwidth_gb_per_s: Positive
    link_gb_per_s: Positive
    chips_per_host: Count = 8
    tdp_w: Positive
    idle_w: NonNegative
    wait_w: NonNegative | None = None
    floor_w: NonNegative
    memory_w: NonNegative
    compute_w: NonNegative
    host_w: NonNegative
    host_nameplate_kw: Positive | None = None
    rent_usd_per_hour: dict[str, Money] = Field(default_factory=dict)
    rents_before: tuple[RentsBefore, ...] = ()
    purchase_usd: Money | None = None
    host_purchase_usd: Money = Decimal(0)
    embodied_kgco2e: NonNegative | None
    host_embodied_kgco2e: NonNegative = 0.0
    lifetime_years: Positive = 4.0
    tokens_per_s_70b: Positive | None = None
    factors: dict[ServingCoefficient, Positive] = Field(default_factory=dict)
    regions: tuple[str, ...] | None = None
    banned_regions: tuple[str, ...] = ()

    @field_validator("tflops")
    @classmethod
    def _multiplies_16_bits(cls, tflops: dict[str, float]) -> dict[str, float]:
        """Attention is computed at 16 bits, whatever the weights are."""
        if "bf16" not in tflops:
            message = "bf16 is needed: attention is computed at 16 bits"
            raise ValueError(message)
        return tflops

    def rents_at(self, at: datetime) -> dict[str, Decimal]:
        """USD per chip-hour by kind of contract, of an instant's day in UTC."""
        day, rents = utc_day(at), dict(self.rent_usd_per_hour)
        for earlier in reversed(self.rents_before):
            rents |= earlier.usd_per_hour if day < earlier.until else {}
        return rents


class DeviceSpeed(Sourced):
    """How fast a device runs a model, one stream at a time; sustained once it is as hot as it gets."""

    precision: Precision
    decode_tokens_per_s: Positive
    prefill_tokens_per_s: Positive
    sustained_decode_tokens_per_s: Positive | None = None
    weight_gb: Positive


class Device(Entry):
    """An edge machine; `speeds` by model name. `usable_memory_ratio` of memory is for a model.

    `heating_s` is the time constant with which it heats up while busy and cools while idle; absent
    where nothing is known: such a machine does not slow down. `battery_wh` is a full charge.
    """

    kind: DeviceKind
    memory_gb: Positive
    usable_memory_ratio: Ratio = 0.6
    active_w: Positive
    idle_w: NonNegative = 0.0
    heating_s: Positive | None = None
    battery_wh: Positive | None = None
    purchase_usd: Money | None = None
    lifetime_years: Positive = 3.0
    embodied_kgco2e: NonNegative = 0.0
    speeds: dict[str, DeviceSpeed] = Field(min_length=1)


class Region(Entry):
    """A place: power, water, carbon and clock. The daily shape is of the local clock.

    Water is litres per kWh: `wue_l_per_kwh` evaporates on site, by IT energy; `wue_source_l_per_kwh`
    where the electricity is made, by all energy (where nothing is said, the world's mean).
    `electricity_before` are prices of earlier days, ascending; `provider_regions` what providers
    call the place.
    """

    title: str
    iso3: str
    time_zone: str
    provider_regions: tuple[str, ...] = ()
    electricity_usd_per_kwh: Money
    electricity_before: tuple[ElectricityBefore, ...] = ()
    pue: Annotated[float, Field(ge=1)]
    wue_l_per_kwh: NonNegative
    wue_source_l_per_kwh: NonNegative = 3.91
    carbon_gco2e_per_kwh: NonNegative
    carbon_peak_to_trough: Annotated[float, Field(ge=1)] = 1.0
    carbon_peak_hour: Annotated[float, Field(ge=0, lt=24)] = 19.0
    renewable_ratio: Ratio | None = None
    ai_power_gw: Positive | None = None
    ai_power_gw_2030: Positive | None = None
    rtt_ms: dict[str, Positive]


class Lengths(Record):
    """Token counts: `fixed`, or a lognormal by median and p95, or quantiles of an empirical one."""

    fixed: Count | None = None
    median: Positive | None = None
    p95: Positive | None = None
    quantiles: dict[Ratio, Positive] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Lengths:
        """Exactly one way of saying it."""
        kinds = [
            self.fixed is not None,
            self.median is not None and self.p95 is not None,
            self.quantiles is not None,
        ]
        halves = (self.median is None) != (self.p95 is None)
        if sum(kinds) != 1 or halves:
            message = "give `fixed`, or `median` and `p95`, or `quantiles`"
            raise ValueError(message)
        return self


class TaskObjectives(Record):
    """Service level objectives in seconds; absent ones are not set."""

    ttft_s: Positive | None = None
    tpot_s: Positive | None = None
    e2e_s: Positive | None = None


class Task(Entry):
    """A class of requests: lengths, difficulty in logits (normal) and what users expect."""

    title: str
    input_tokens: Lengths
    output_tokens: Lengths
    max_output_tokens: Count
    difficulty_mean: float = 0.0
    difficulty_sd: Positive = 1.0
    slo: TaskObjectives = TaskObjectives()
