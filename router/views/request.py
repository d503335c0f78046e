"""What a production router would know of a request, as columns and as a view of one row."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan
from typing import TYPE_CHECKING

from router.errors import UnknownScoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTable:
    """The visible columns of all requests; row `i` belongs to request `i`.

    Code columns (`task_code`, `tenant_code`, `region_code`) index the name tuples.
    `session` is -1 where a request belongs to none. Limits are `nan` where unset. `stream_code`
    indexes `stream_names`; without it the stream of every request is `""`. `router_scores` are all scores
    that routers gave, by name; `router_score` is one of them, or another where there are none.
    `defer_deadline_s` is how long after its arrival a request may wait to be sent, `nan` where it may not.
    `prefix_block[prefix_offset[i]:prefix_offset[i + 1]]` name the blocks that prompt i begins with, equal
    names meaning equal prompts up to there. `history_token_count` of its tokens repeat its session's
    earlier turns, -1 where none can. Where a log is replayed, `recorded_code` indexes `recorded_names`, what
    the log calls what served the request; -1 where it says nothing. `query_code` indexes `query_names`,
    the ids of recorded queries; without it every request's is `""`. What is absent is unknown of all.
    """

    task_names: tuple[str, ...]
    tenant_names: tuple[str, ...]
    region_names: tuple[str, ...]
    task_code: NDArray[np.int16]
    tenant_code: NDArray[np.int16]
    region_code: NDArray[np.int16]
    prompt_token_count: NDArray[np.int32]
    max_output_token_count: NDArray[np.int32]
    estimated_difficulty: NDArray[np.float64]
    router_score: NDArray[np.float64]
    session: NDArray[np.int64]
    turn: NDArray[np.int16]
    ttft_limit_s: NDArray[np.float64]
    e2e_limit_s: NDArray[np.float64]
    stream_names: tuple[str, ...] = ()
    stream_code: NDArray[np.int16] | None = None
    router_scores: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    defer_deadline_s: NDArray[np.float64] | None = None
    prefix_offset: NDArray[np.int64] | None = None
    prefix_block: NDArray[np.int64] | None = None
    history_token_count: NDArray[np.int32] | None = None
    recorded_names: tuple[tuple[str, ...], ...] = ()
    recorded_code: NDArray[np.int64] | None = None
    query_names: tuple[str, ...] = ()
    query_code: NDArray[np.int64] | None = None


class RequestView:
    """One request as the router sees it; valid only while the policy decides.

    Never shows the true output length, difficulty or outcome. `estimated_difficulty` is what the
    router expects after a noisy look, on the logit scale of abilities; `router_score` in [0, 1] is the
    predicted need of a strong model (RouteLLM's strong win rate), noisy as the scenario states.
    """

    __slots__ = ("_arrival_s", "_table", "index", "now_s")

    def __init__(
        self,
        table: RequestTable,
        index: int = 0,
        now_s: float = 0.0,
        arrival_s: NDArray[np.float64] | None = None,
    ) -> None:
        """Looks at row `index` of `table` at virtual time `now_s`; `arrival_s` has when requests came."""
        self._table = table
        self._arrival_s = arrival_s
        self.index = index
        self.now_s = now_s

    @property
    def task(self) -> str:
        """Name of the request's task class."""
        return self._table.task_names[self._table.task_code.item(self.index)]

    @property
    def stream(self) -> str:
        """Name of the traffic stream, as a gateway knows it by route or API key; "" where unknown."""
        code = self._table.stream_code
        return "" if code is None else self._table.stream_names[code.item(self.index)]

    @property
    def query(self) -> str:
        """Id of the recorded query that it asks, as the table of answers names it; "" without one."""
        code = self._table.query_code
        return "" if code is None else self._table.query_names[code.item(self.index)]

    @property
    def tenant(self) -> str:
        """Name of the tenant that asks."""
        return self._table.tenant_names[self._table.tenant_code.item(self.index)]

    @property
    def region(self) -> str:
        """Region the request comes from."""
        return self._table.region_names[self._table.region_code.item(self.index)]

    @property
    def prompt_token_count(self) -> int:
        """Tokens of the prompt."""
        return self._table.prompt_token_count.item(self.index)

    @property
    def max_output_token_count(self) -> int:
        """Declared limit on output tokens."""
        return self._table.max_output_token_count.item(self.index)

    @property
    def estimated_difficulty(self) -> float:
        """Expected difficulty, logits: its noise is in `Target.predicted_success`, not in `ability`."""
        return self._table.estimated_difficulty.item(self.index)

    @property
    def router_score(self) -> float:
        """Predicted need of a strong model, 0 to 1."""
        return self._table.router_score.item(self.index)

    def score(self, name: str | None = None) -> float:
        """The score of that name, of the several that routers gave; `router_score` without a name.

        Raises:
            UnknownScoreError: no score of that name is known of requests.
        """
        if name is None:
            return self.router_score
        scores = self._table.router_scores
        if name not in scores:
            known = ", ".join(map(repr, scores)) or "none but router_score"
            raise UnknownScoreError(f"no router score {name!r}; known: {known}")
        return scores[name].item(self.index)

    @property
    def session(self) -> int:
        """Session number, -1 when the request stands alone."""
        return self._table.session.item(self.index)

    @property
    def turn(self) -> int:
        """Turn within the session, from 0."""
        return self._table.turn.item(self.index)

    @property
    def recorded_names(self) -> tuple[str, ...]:
        """What a log calls what served the request, the most exact first; shown to replays alone."""
        return ()

    @property
    def recorded_target(self) -> str:
        """The most exact of `recorded_names`, "" where there are none."""
        return self.recorded_names[0] if self.recorded_names else ""

    @property
    def ttft_limit_s(self) -> float:
        """Time-to-first-token objective in seconds, `nan` when unset."""
        return self._table.ttft_limit_s.item(self.index)

    @property
    def e2e_limit_s(self) -> float:
        """End-to-end objective in seconds, `nan` when unset."""
        return self._table.e2e_limit_s.item(self.index)

    @property
    def deferrable_until_s(self) -> float:
        """Instant of virtual time until which it may wait to be sent; `nan` where it may not wait."""
        deadlines_s, arrival_s = self._table.defer_deadline_s, self._arrival_s
        if deadlines_s is None or arrival_s is None:
            return nan
        return arrival_s.item(self.index) + deadlines_s.item(self.index)

    @property
    def prefix_blocks(self) -> tuple[int, ...]:
        """Names of the blocks that the prompt begins with; equal names mean equal prompts up to there."""
        offset, block = self._table.prefix_offset, self._table.prefix_block
        if offset is None or block is None:
            return ()
        return tuple(block[offset.item(self.index) : offset.item(self.index + 1)].tolist())

    @property
    def history_token_count(self) -> int:
        """Tokens of the prompt that repeat the session's earlier turns."""
        counts = self._table.history_token_count
        return 0 if counts is None else max(counts.item(self.index), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTable:
    """The truth that only a declared oracle may see: columns by request, one row per target."""

    correct: NDArray[np.bool_]
    output_token_count: NDArray[np.int32]


class OracleRequestView(RequestView):
    """A request together with every target's true answer; only for policies with `oracle = True`."""

    __slots__ = ("_answers",)

    def __init__(
        self,
        table: RequestTable,
        answers: AnswerTable,
        index: int = 0,
        now_s: float = 0.0,
        arrival_s: NDArray[np.float64] | None = None,
    ) -> None:
        """Looks at row `index` of `table` and column `index` of `answers`."""
        super().__init__(table, index, now_s, arrival_s)
        self._answers = answers

    @property
    def all_requests(self) -> RequestTable:
        """Every request of the run, those to come included; not to be written to."""
        return self._table

    @property
    def all_answers(self) -> AnswerTable:
        """Every target's true answer to every request of the run; not to be written to."""
        return self._answers

    def correct(self, target_index: int) -> bool:
        """Whether the target's answer to this request is right."""
        return self._answers.correct.item(target_index, self.index)

    def output_token_count(self, target_index: int) -> int:
        """Output tokens the target's answer to this request has."""
        return self._answers.output_token_count.item(target_index, self.index)
