"""Recorded answers as columns: which model was asked which query, and how it answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from router.views.request import AnswerTable
from simulator.quality.outcomes.borrowing import donors
from simulator.streams import keyed_uniform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Column = NDArray[np.float64]

UNKNOWN_LENGTH = -1
"""Tokens of an answer whose length the table does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeCoverage:
    """What became of the queries of a table of recorded answers.

    `asked_count` and `borrowed_count` are by model of the fleet: the used queries that it was asked, and
    those whose answers are borrowed from its other ones. `gap_count` are the queries that a model was
    not asked, and `only_gap_count` those of them that all other models of the fleet were asked.
    `excluded_count` are rows that the table itself leaves out, by why.
    """

    mode: str
    query_count: int
    used_count: int
    asked_count: Mapping[str, int]
    borrowed_count: Mapping[str, int]
    gap_count: Mapping[str, int]
    only_gap_count: Mapping[str, int]
    excluded_count: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeTable:
    """Answers by model and query: `asked`, `correct`, `output_token_count`, `cost_usd` are models x queries.

    `models` are named as the fleet does. Where a model was not asked, `correct` is false. Tokens are -1
    and costs nan where they are not known. `difficulty` is a query's in logits: -logit of the share of
    the asked models that were right, half an answer added to either side. `prompt_token_count`,
    `segment` (category, domain or task) and `scores` of routers by name are by query; those that the
    table lacks are None, a score that it lacks of one query is nan. `score` names the scores that
    stand for the router's; None where there are none. `unused_columns` are in the file and play no role.
    """

    models: tuple[str, ...]
    queries: NDArray[np.object_]
    asked: NDArray[np.bool_]
    correct: NDArray[np.bool_]
    output_token_count: NDArray[np.int32]
    cost_usd: Column
    difficulty: Column
    prompt_token_count: NDArray[np.int32] | None = None
    segment: NDArray[np.object_] | None = None
    scores: Mapping[str, Column] = field(default_factory=dict)
    score: str | None = None
    coverage: OutcomeCoverage | None = None
    unused_columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def success(self, model: str) -> float:
        """The model's share of right answers among the queries that it was asked."""
        row = self.models.index(model)
        return float(self.correct[row][self.asked[row]].mean())

    def mean_output_tokens(self, model: str) -> float | None:
        """Mean tokens of the model's answers to what it was asked; None where lengths are not known."""
        row = self.models.index(model)
        tokens = self.output_token_count[row][self.asked[row]]
        return None if (tokens < 0).any() else float(tokens.mean())

    @property
    def lengths_known(self) -> bool:
        """Whether the table has the length of every answer."""
        return bool((self.output_token_count[self.asked] >= 0).all())

    def asked_queries(self, count: int, seed: int, stream: str) -> NDArray[np.int64]:
        """The query that each of a stream's requests asks, in their order: all once in each round.

        A round is a new order of all queries, drawn by seed, stream and round; the last one is cut
        short. So a model that gets whole rounds is right as often as in the table, exactly.
        """
        size = len(self.queries)
        rounds = range(-(-count // size))
        orders = [
            np.argsort(keyed_uniform(seed, f"query/{stream}", number, np.arange(size))) for number in rounds
        ]
        return np.concatenate([np.zeros(0, np.int64), *orders])[:count]

    def answers(self, models: Sequence[str], query: NDArray[np.int64], seed: int) -> AnswerTable:
        """Every model's answer to every request; borrowed where it was not asked, -1 tokens where unknown."""
        correct = np.empty((len(models), len(query)), np.bool_)
        tokens = np.empty((len(models), len(query)), np.int32)
        for place, model in enumerate(models):
            row = self.models.index(model)
            answered = donors(self, row, seed)[query]
            correct[place] = self.correct[row, answered]
            tokens[place] = self.output_token_count[row, answered]
        return AnswerTable(correct=correct, output_token_count=tokens)


def difficulty_of(asked: NDArray[np.bool_], correct: NDArray[np.bool_]) -> Column:
    """-logit((right + 1/2) / (asked + 1)) of each query, by models x queries."""
    share = ((asked & correct).sum(axis=0) + 0.5) / (asked.sum(axis=0) + 1.0)
    return np.asarray(np.log(1.0 - share) - np.log(share))


def outcome_table(
    models: tuple[str, ...], correct: NDArray[np.bool_], output_token_count: NDArray[np.int32]
) -> OutcomeTable:
    """A table of queries that all models were asked, of nothing but answers and their tokens."""
    asked = np.ones(correct.shape, np.bool_)
    return OutcomeTable(
        models=models,
        queries=np.arange(correct.shape[1]).astype(str).astype(object),
        asked=asked,
        correct=correct.astype(np.bool_),
        output_token_count=np.maximum(output_token_count, 1),
        cost_usd=np.full(correct.shape, np.nan),
        difficulty=difficulty_of(asked, correct.astype(np.bool_)),
    )
