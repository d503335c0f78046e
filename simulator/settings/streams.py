"""The workload part of a scenario: streams of requests, who asks and what they expect."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from catalogs.near_names import unknown_name
from catalogs.units import rate_per_s
from router.views.fleet import Tier
from simulator.arrivals import arrival_pattern_names
from simulator.quantities import (
    Count,
    Duration,
    Name,
    NonNegative,
    Part,
    Positive,
    Rate,
    Ratio,
    Seconds,
    Span,
    Tokens,
)

SHIPPED = ("steady", "bursty", "diurnal", "trace")
WEEK = (1.0,) * 7
LengthEffects = Literal["task", "all", "none"]


class SteadyArrivals(Part):
    """The same rate throughout: a Poisson process, or evenly spaced."""

    pattern: Literal["steady"]
    rate: Rate
    process: Literal["poisson", "deterministic"] = "poisson"

    def parameters(self) -> dict[str, object]:
        """What makes the pattern."""
        return {"rate_per_s": self.rate, "process": self.process}


class BurstyArrivals(Part):
    """Clustered arrivals: Gamma gaps, a rate that switches, or bursts with silence between."""

    pattern: Literal["bursty"]
    rate: Rate
    process: Literal["gamma", "mmpp", "on_off"] = "gamma"
    cv: Positive = 2.0
    burst_factor: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 8.0
    burst_share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    burst_duration: Span = 30.0

    def parameters(self) -> dict[str, object]:
        """What makes the pattern."""
        return {
            "rate_per_s": self.rate,
            "process": self.process,
            "cv": self.cv,
            "burst_factor": self.burst_factor,
            "burst_share": self.burst_share,
            "burst_duration_s": self.burst_duration,
        }


class DiurnalArrivals(Part):
    """A daily wave on the users' local clock; `rate` is the mean over a day."""

    pattern: Literal["diurnal"]
    rate: Rate
    peak_hour: Annotated[float, Field(ge=0, lt=24)] = 14.0
    peak_to_trough: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 3.0
    weekday_factors: tuple[NonNegative, ...] = WEEK

    @field_validator("weekday_factors")
    @classmethod
    def _a_week(cls, factors: tuple[float, ...]) -> tuple[float, ...]:
        """Seven factors, Monday first, of which one is positive."""
        if len(factors) != len(WEEK) or sum(factors) <= 0.0:
            message = "give seven factors, Monday first, at least one above 0"
            raise ValueError(message)
        return factors

    def parameters(self) -> dict[str, object]:
        """What makes the pattern."""
        return {
            "rate_per_s": self.rate,
            "peak_hour": self.peak_hour,
            "peak_to_trough": self.peak_to_trough,
            "weekday_factors": self.weekday_factors,
        }


class TraceArrivals(Part):
    """A recorded trace played back; the format is detected where none is named.

    Where it names the blocks of its prompts, each has `prefix_block_tokens`, a prompt's last fewer; as
    the format says where it is left out. `time_unit` is that of the file's numbers; where it is left
    out, instants since 1970 are told by their size.
    """

    pattern: Literal["trace"]
    file: str
    format: (
        Literal["azure", "bailian", "mooncake", "burstgpt", "litellm", "wayfare", "csv", "jsonl", "parquet"]
        | None
    ) = None
    columns: dict[str, str] | None = None
    rate_scale: Positive = 1.0
    time_scale: Positive = 1.0
    window: tuple[Duration, Duration] | None = None
    loop: bool = False
    prefix_block_tokens: Annotated[int, Field(ge=16, le=65_536, multiple_of=16)] | None = None
    time_unit: Literal["s", "ms", "us", "ns"] | None = None

    @field_validator("window")
    @classmethod
    def _forward(cls, window: tuple[float, float] | None) -> tuple[float, float] | None:
        """A window ends after it begins."""
        if window is not None and window[1] <= window[0]:
            message = f"window {window!r} does not end after it begins"
            raise ValueError(message)
        return window

    def parameters(self) -> dict[str, object]:
        """What makes the pattern."""
        return {
            "file": self.file,
            "format": self.format,
            "columns": self.columns,
            "rate_scale": self.rate_scale,
            "time_scale": self.time_scale,
            "window_s": self.window,
            "loop": self.loop,
            "time_unit": self.time_unit,
            "prefix_block_tokens": self.prefix_block_tokens,
        }


class PlugInArrivals(Part):
    """A pattern of an installed plug-in; its parameters are its own."""

    model_config = ConfigDict(frozen=True, extra="allow")

    pattern: str

    @field_validator("pattern")
    @classmethod
    def _known(cls, pattern: str) -> str:
        """Somebody registered the pattern."""
        if pattern not in arrival_pattern_names():
            message = unknown_name("arrival pattern", pattern, arrival_pattern_names())
            raise ValueError(message)
        return pattern

    def parameters(self) -> dict[str, object]:
        """What makes the pattern: `rate` arrives per second, the rest as written."""
        given = dict(self.model_extra or {})
        rate = {"rate_per_s": rate_per_s(given.pop("rate"))} if "rate" in given else {}
        return {**rate, **given}


def pattern_of(value: object) -> str:
    """Which of the arrival classes a value is meant for."""
    pattern = value.get("pattern") if isinstance(value, dict) else getattr(value, "pattern", "")
    return str(pattern) if pattern in SHIPPED else "plug-in"


Arrivals = Annotated[
    Annotated[SteadyArrivals, Tag("steady")]
    | Annotated[BurstyArrivals, Tag("bursty")]
    | Annotated[DiurnalArrivals, Tag("diurnal")]
    | Annotated[TraceArrivals, Tag("trace")]
    | Annotated[PlugInArrivals, Tag("plug-in")],
    Discriminator(pattern_of),
]


class Difficulty(Part):
    """Difficulty of a stream's requests in logits: normal."""

    mean: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    sd: Positive = 1.0


class Objectives(Part):
    """Service level objectives; those absent are not set."""

    ttft: Span | None = None
    tpot: Span | None = None
    e2e: Span | None = None


class Client(Part):
    """An impatient client: waits `timeout`, then asks again up to `retries` times."""

    timeout: Span | None = None
    retries: Annotated[int, Field(ge=0, le=20)] = 0
    backoff: Duration = 0.0


class Session(Part):
    """Conversations: turns, thought between them; with `history` prompts carry what was said."""

    turns: Tokens
    think_time: Seconds
    history: bool = True


class Agent(Part):
    """Tasks of dependent calls: the next one is made when the tool that the last one asked for is done.

    Every prompt carries the whole context: what the first call was given, all answers and all tool
    output. `shared_difficulty` is the share of the difficulty's variance that a task's calls have in
    common. A task succeeds when all calls complete and the `last` one, or `all`, are answered right.
    """

    calls: Tokens
    tool_time: Seconds
    tool_output_tokens: Tokens
    shared_difficulty: Ratio = 0.5
    success: Literal["last", "all"] = "last"


class Stream(Part):
    """Requests of one kind. What is left out comes from the task's catalog entry.

    Where a back-end has a queue, the lower `priority` number is served first.
    `deferrable` requests may wait for a batch, and have only the objectives stated here.
    Lengths that are stated here or recorded are totals and hold exactly, whichever model answers;
    `length_effects` says whether verbosity, wrong answers and reasoning change others (`task`: those
    drawn from the task), `all` lengths, or `none`.
    """

    name: Name
    task: str
    region: str
    arrivals: Arrivals
    input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    max_output_tokens: Count | None = None
    length_effects: LengthEffects = "task"
    difficulty: Difficulty | None = None
    tenants: dict[Name, Positive] = Field(default_factory=lambda: {"default": 1.0}, min_length=1)
    slo: Objectives | None = None
    residency: tuple[str, ...] | None = None
    banned_tiers: tuple[Tier, ...] = ()
    capability_floor: Ratio = 0.0
    deferrable: bool = False
    client: Client = Client()
    session: Session | None = None
    agent: Agent | None = None
    devices: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    priority: Annotated[int, Field(ge=-1_000, le=1_000)] = 0

    @model_validator(mode="after")
    def _one_kind_of_sequel(self) -> Stream:
        """Conversations or agent tasks, not both."""
        if self.session is not None and self.agent is not None:
            message = "give session or agent, not both: a stream is of people or of agents"
            raise ValueError(message)
        return self


class WorkloadSettings(Part):
    """All streams of a scenario."""

    streams: Annotated[tuple[Stream, ...], Field(min_length=1)]
