"""Scorers that ship with the pipeline; each gives 0 (worst) to 1 (best)."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from router.parameters import at_least, check, parameter, ratio
from router.pipeline.columns import CandidateCache, LoadColumns, cached, listed, lower_is_better
from router.pipeline.facts import CostColumn, SuccessColumn
from router.pipeline.part import ScorerPart, Scores
from router.pipeline.sessions import SessionMemory

if TYPE_CHECKING:
    from router.views.fleet import FleetView, Target
    from router.views.request import RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessScore(ScorerPart):
    """A higher predicted success is better; the probability itself is the score.

    Source: the quality term of a router's utility, Hu et al., RouterBench, arXiv 2403.12031.
    """

    name: ClassVar[str] = "success"

    _columns: CandidateCache[SuccessColumn] = cached(SuccessColumn)

    def scores(
        self,
        request: RequestView,
        fleet: FleetView,
        candidates: tuple[int, ...],
        rng: np.random.Generator,  # noqa: ARG002  (the protocol's signature)
    ) -> Scores:
        """Predicted success of each candidate."""
        column = self._columns.of(fleet, candidates, request.task, request.stream)
        return column.at(request.estimated_difficulty)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostScore(ScorerPart):
    """A lower expected cost is better: 1 for the cheapest candidate, 0 for the dearest.

    The cost is that of the prompt and the stream's usual answer. Where it is unknown, it scores 0.

    Source: the cost term of a router's utility, Hu et al., RouterBench, arXiv 2403.12031.
    """

    name: ClassVar[str] = "cost"

    _columns: CandidateCache[CostColumn] = cached(CostColumn)

    def scores(
        self,
        request: RequestView,
        fleet: FleetView,
        candidates: tuple[int, ...],
        rng: np.random.Generator,  # noqa: ARG002  (the protocol's signature)
    ) -> Scores:
        """Cheapness of each candidate beside the others."""
        column = self._columns.of(fleet, candidates, request.task, request.stream)
        return column.over(listed(lower_is_better(column.distinct_usd(request))))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadScore(ScorerPart):
    """Fewer attempts waiting and running per replica are better: 1 for the idlest, 0 for the busiest.

    Source: llm-d's router, the measure of its `active-request-scorer`, stretched as in its `queue-scorer`.
    """

    name: ClassVar[str] = "load"

    _columns: CandidateCache[LoadColumns] = cached(LoadColumns)

    def scores(
        self,
        request: RequestView,  # noqa: ARG002  (the protocol's signature)
        fleet: FleetView,
        candidates: tuple[int, ...],
        rng: np.random.Generator,  # noqa: ARG002  (the protocol's signature)
    ) -> Scores:
        """Idleness of each candidate beside the others."""
        return lower_is_better(self._columns.of(fleet, candidates).per_replica(fleet.outstanding))


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueScore(ScorerPart):
    """Fewer attempts waiting per replica are better: 1 for the shortest queue, 0 for the longest.

    What runs does not count, so idle and busy candidates without a queue score alike.

    Source: llm-d's router, `queue-scorer`.
    """

    name: ClassVar[str] = "queue"

    _columns: CandidateCache[LoadColumns] = cached(LoadColumns)

    def scores(
        self,
        request: RequestView,  # noqa: ARG002  (the protocol's signature)
        fleet: FleetView,
        candidates: tuple[int, ...],
        rng: np.random.Generator,  # noqa: ARG002  (the protocol's signature)
    ) -> Scores:
        """Shortness of each candidate's queue beside the others'."""
        return lower_is_better(self._columns.of(fleet, candidates).per_replica(fleet.waiting))


@dataclass(frozen=True, slots=True, kw_only=True)
class KvRoomScore(ScorerPart):
    """More room left in the KV cache is better; the free share is the score.

    Source: llm-d's router, `kv-cache-utilization-scorer`.
    """

    name: ClassVar[str] = "kv_room"

    _columns: CandidateCache[LoadColumns] = cached(LoadColumns)

    def scores(
        self,
        request: RequestView,  # noqa: ARG002  (the protocol's signature)
        fleet: FleetView,
        candidates: tuple[int, ...],
        rng: np.random.Generator,  # noqa: ARG002  (the protocol's signature)
    ) -> Scores:
        """Free share of each candidate's KV cache."""
        used = self._columns.of(fleet, candidates).of(fleet.kv_usage_ratio)
        return 1.0 - used if isinstance(used, np.ndarray) else [1.0 - share for share in used]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAffinity(ScorerPart):
    """The target that the request's session was sent to last is better: 1, all others 0.

    Source: llm-d's router, `session-affinity-scorer`; the time after which a session is forgotten is that of
    Plano's model affinity (katanemo/plano#827, 600 s).
    """

    name: ClassVar[str] = "session_affinity"

    ttl_s: float = parameter(600.0, "seconds after a session's last request until it is forgotten")
    _memory: SessionMemory = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Holds only a time that can pass."""
        ScorerPart.__post_init__(self)
        check(at_least("ttl_s", self.ttl_s, 0))
        object.__setattr__(self, "_memory", SessionMemory(self.ttl_s))

    def scores(
        self,
        request: RequestView,
        fleet: FleetView,
        candidates: tuple[int, ...],
        rng: np.random.Generator,  # noqa: ARG002  (the protocol's signature)
    ) -> Scores:
        """1 for the session's last target."""
        last = self._memory.last(request, fleet)
        return [1.0 if index == last else 0.0 for index in candidates]

    def sent(self, request: RequestView, fleet: FleetView, index: int) -> None:
        """Remembers the session's target."""
        self._memory.note(request, fleet, index)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceScore(ScorerPart):
    """A lower list price is better, whatever the request's lengths: 1 for the cheapest, 0 for the dearest.

    The price is that of a million tokens of which `output_share_ratio` are answers.

    Source: the blend of three prompt tokens to one answer token is Artificial Analysis' "blended price".
    """

    name: ClassVar[str] = "price"

    output_share_ratio: float = parameter(0.25, "share of answer tokens among the tokens priced, 0 to 1")
    _columns: CandidateCache[Scores] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Holds only a share."""
        ScorerPart.__post_init__(self)
        check(ratio("output_share_ratio", self.output_share_ratio))
        object.__setattr__(self, "_columns", CandidateCache(self._column))

    def scores(
        self,
        request: RequestView,  # noqa: ARG002  (the protocol's signature)
        fleet: FleetView,
        candidates: tuple[int, ...],
        rng: np.random.Generator,  # noqa: ARG002  (the protocol's signature)
    ) -> Scores:
        """Cheapness of each candidate's list price beside the others'."""
        return self._columns.of(fleet, candidates)

    def _column(self, fleet: FleetView, candidates: tuple[int, ...], _task: str, _stream: str) -> Scores:
        """The scores, which no request changes."""
        return lower_is_better([self._price_usd_per_mtok(fleet.targets[index]) for index in candidates])

    def _price_usd_per_mtok(self, target: Target) -> float:
        """The blended price; infinite where a price is unknown."""
        prices = (target.input_price_usd_per_mtok, target.output_price_usd_per_mtok)
        if inf in prices:
            return inf
        share = self.output_share_ratio
        return (1.0 - share) * prices[0] + share * prices[1]


def strength_column(fleet: FleetView, candidates: tuple[int, ...], task: str, _stream: str) -> Scores:
    """Abilities at the task, stretched so that the greatest is 1 and the least 0; 1 when all are equal."""
    return lower_is_better([-fleet.targets[index].ability.get(task, -inf) for index in candidates])


@dataclass(frozen=True, slots=True, kw_only=True)
class StrengthScore(ScorerPart):
    """A greater ability at the task is better: 1 for the strongest candidate, 0 for the weakest or unknown.

    Source: the static rank of models by quality that routers fall back on, RouteLLM's strong and weak model
    (arXiv 2406.18665) for any number of models.
    """

    name: ClassVar[str] = "strength"

    _columns: CandidateCache[Scores] = cached(strength_column)

    def scores(
        self,
        request: RequestView,
        fleet: FleetView,
        candidates: tuple[int, ...],
        rng: np.random.Generator,  # noqa: ARG002  (the protocol's signature)
    ) -> Scores:
        """Strength of each candidate beside the others."""
        return self._columns.of(fleet, candidates, request.task)


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomScore(ScorerPart):
    """A uniform number from 0 to 1 for each candidate: noise against herds, or a null to compare with.

    Source: llm-d's router, `random` picker, as a score.
    """

    name: ClassVar[str] = "random"

    def scores(
        self,
        request: RequestView,  # noqa: ARG002  (the protocol's signature)
        fleet: FleetView,  # noqa: ARG002  (the protocol's signature)
        candidates: tuple[int, ...],
        rng: np.random.Generator,
    ) -> Scores:
        """One uniform draw for each candidate."""
        drawn: list[float] = rng.random(len(candidates)).tolist()
        return drawn
