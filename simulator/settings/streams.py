"""The workload part of a scenario: streams of requests, who asks and what they expect."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from router.views.fleet import Tier
from simulator.arrivals.registry import ArrivalSettings
from simulator.quantities import (
    Count,
    Duration,
    Name,
    Part,
    Positive,
    Ratio,
    Seconds,
    Span,
    Tokens,
)

LengthEffects = Literal["task", "all", "none"]


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
    `deferrable` requests may wait for a batch, and have only the objectives stated here; with a
    `defer_deadline` a router may hold them back so long.
    Lengths that are stated here or recorded are totals and hold exactly, whichever model answers;
    `length_effects` says whether verbosity, wrong answers and reasoning change others (`task`: those
    drawn from the task), `all` lengths, or `none`.
    """

    name: Name
    task: str
    region: str
    arrivals: ArrivalSettings
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
    defer_deadline: Span | None = None
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

    @model_validator(mode="after")
    def _deadline_of_what_may_wait(self) -> Stream:
        """A deadline belongs to requests that may wait."""
        if self.defer_deadline is not None and not self.deferrable:
            message = "defer_deadline goes with deferrable: true"
            raise ValueError(message)
        return self


class WorkloadSettings(Part):
    """All streams of a scenario."""

    streams: Annotated[tuple[Stream, ...], Field(min_length=1)]
