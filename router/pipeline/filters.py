"""Filters by what a request would find at a target now: success, load, cost, room, its session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from router.parameters import at_least, check, parameter, ratio, required
from router.pipeline.columns import CandidateCache, LoadColumns, cached, listed
from router.pipeline.facts import CostColumn, SuccessColumn
from router.pipeline.part import FilterPart
from router.pipeline.sessions import SessionMemory

if TYPE_CHECKING:
    from router.pipeline.part import Scores
    from router.views.fleet import FleetView
    from router.views.request import RequestView


def at_most(candidates: tuple[int, ...], values: Scores, ceiling: float) -> tuple[int, ...]:
    """The candidates whose value is no greater than the ceiling."""
    return tuple(i for i, value in zip(candidates, listed(values), strict=True) if value <= ceiling)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessFloor(FilterPart):
    """Keeps targets whose predicted success for the request is at least `floor`.

    Source: the filters before the scores of vLLM's semantic-router, multi-factor selection.
    """

    name: ClassVar[str] = "success_floor"

    floor: float = required("least predicted success, 0 to 1")
    _columns: CandidateCache[SuccessColumn] = cached(SuccessColumn)

    def __post_init__(self) -> None:
        """Holds only a probability."""
        check(ratio("floor", self.floor))

    def keep(self, request: RequestView, fleet: FleetView, candidates: tuple[int, ...]) -> tuple[int, ...]:
        """Candidates that are likely enough to be right."""
        column = self._columns.of(fleet, candidates, request.task, request.stream)
        likely = listed(column.at(request.estimated_difficulty))
        return tuple(i for i, chance in zip(candidates, likely, strict=True) if chance >= self.floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCeiling(FilterPart):
    """Keeps targets with at most `outstanding` attempts waiting and running per replica.

    Source: llm-d's concurrency saturation detector, `maxConcurrency`; vllm-sr-sim's spillover threshold.
    """

    name: ClassVar[str] = "load_ceiling"

    outstanding: float = required("most attempts waiting and running per replica")
    _columns: CandidateCache[LoadColumns] = cached(LoadColumns)

    def __post_init__(self) -> None:
        """Holds only a number of attempts."""
        check(at_least("outstanding", self.outstanding, 0))

    def keep(self, request: RequestView, fleet: FleetView, candidates: tuple[int, ...]) -> tuple[int, ...]:  # noqa: ARG002  (the protocol's signature)
        """Candidates that are not too busy."""
        loads = self._columns.of(fleet, candidates).per_replica(fleet.outstanding)
        return at_most(candidates, loads, self.outstanding)


@dataclass(frozen=True, slots=True, kw_only=True)
class KvCeiling(FilterPart):
    """Keeps targets whose KV cache is used to at most `usage_ratio`.

    Source: llm-d's utilization saturation detector.
    """

    name: ClassVar[str] = "kv_ceiling"

    usage_ratio: float = parameter(0.8, "greatest used share of the KV cache, 0 to 1")
    _columns: CandidateCache[LoadColumns] = cached(LoadColumns)

    def __post_init__(self) -> None:
        """Holds only a share."""
        check(ratio("usage_ratio", self.usage_ratio))

    def keep(self, request: RequestView, fleet: FleetView, candidates: tuple[int, ...]) -> tuple[int, ...]:  # noqa: ARG002  (the protocol's signature)
        """Candidates with room in their KV cache."""
        used = self._columns.of(fleet, candidates).of(fleet.kv_usage_ratio)
        return at_most(candidates, used, self.usage_ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCeiling(FilterPart):
    """Keeps targets whose expected cost of the request is at most `cost_usd`.

    The cost is that of the prompt and the stream's usual answer; where it is unknown, the target goes.

    Source: the filters before the scores of vLLM's semantic-router, multi-factor selection.
    """

    name: ClassVar[str] = "cost_ceiling"

    cost_usd: float = required("greatest expected cost of a request, USD")
    _columns: CandidateCache[CostColumn] = cached(CostColumn)

    def __post_init__(self) -> None:
        """Holds only a sum of money."""
        check(at_least("cost_usd", self.cost_usd, 0))

    def keep(self, request: RequestView, fleet: FleetView, candidates: tuple[int, ...]) -> tuple[int, ...]:
        """Candidates that are cheap enough."""
        column = self._columns.of(fleet, candidates, request.task, request.stream)
        return at_most(candidates, column.over(column.distinct_usd(request)), self.cost_usd)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRoom(FilterPart):
    """Keeps targets whose context window holds the prompt, the longest answer and `spare_tokens` more.

    The host has already left out those without room for prompt and answer; what is spare is for the turns
    that follow.

    Source: llm-d's router, `context-length-aware` scorer, as a filter.
    """

    name: ClassVar[str] = "context_room"

    spare_tokens: int = parameter(0, "tokens that must be left in the window beyond prompt and answer")

    def __post_init__(self) -> None:
        """Holds only a number of tokens."""
        check(at_least("spare_tokens", self.spare_tokens, 0))

    def keep(self, request: RequestView, fleet: FleetView, candidates: tuple[int, ...]) -> tuple[int, ...]:
        """Candidates with room for more."""
        wanted = request.prompt_token_count + request.max_output_token_count + self.spare_tokens
        return tuple(i for i in candidates if fleet.targets[i].context_window_tokens >= wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStickiness(FilterPart):
    """Keeps the target that the request's session was sent to last, while it is among the candidates.

    A target that cools down is no candidate: the session then goes elsewhere and stays there. A load or KV
    ceiling before this filter lets a session leave a busy target, one after it does not. Requests without a
    session, and sessions unheard of for `ttl_s`, pass.

    Source: LiteLLM's session affinity; the time is Plano's model affinity's (katanemo/plano#827, 600 s).
    """

    name: ClassVar[str] = "session_stickiness"

    ttl_s: float = parameter(600.0, "seconds after a session's last request until it is forgotten")
    _memory: SessionMemory = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Holds only a time that can pass."""
        check(at_least("ttl_s", self.ttl_s, 0))
        object.__setattr__(self, "_memory", SessionMemory(self.ttl_s))

    def keep(self, request: RequestView, fleet: FleetView, candidates: tuple[int, ...]) -> tuple[int, ...]:
        """The session's last target, or all candidates."""
        last = self._memory.last(request, fleet)
        return (last,) if last is not None and last in candidates else candidates

    def sent(self, request: RequestView, fleet: FleetView, index: int) -> None:
        """Remembers the session's target."""
        self._memory.note(request, fleet, index)
