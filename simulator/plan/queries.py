"""Requests that ask recorded queries: as hard, as long and of the segment that each query is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simulator.arrivals import PlugInArrivals, TraceArrivals
from simulator.quality.answers import output_tokens
from simulator.scenario.recorded_answers import recorded_answers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from router.views.request import AnswerTable
    from simulator.quality.answers import AnsweringModel
    from simulator.quality.outcomes import OutcomeTable
    from simulator.settings.scenario import Scenario
    from simulator.settings.streams import Stream
    from simulator.workload.columns import Workload


def queries_asked(table: OutcomeTable, workload: Workload, seed: int) -> NDArray[np.int64]:
    """The query of the table that each request asks, stream by stream."""
    query = np.zeros(len(workload), np.int64)
    for code, name in enumerate(workload.stream_names):
        rows = np.flatnonzero(workload.stream_code == code)
        query[rows] = table.asked_queries(len(rows), seed, name)
    return query


def asking(scenario: Scenario, workload: Workload, table: OutcomeTable, query: NDArray[np.int64]) -> Workload:
    """The workload whose requests ask these queries of the table."""
    names, code = segment_codes(table, query)
    return replace(
        workload,
        difficulty=table.difficulty[query],
        input_token_count=prompt_lengths(scenario, workload, table, query),
        query_code=query,
        segment_names=names,
        segment_code=code,
    )


def query_ids(scenario: Scenario, workload: Workload) -> tuple[str, ...]:
    """Ids of the queries that `query_code` counts; none where answers are drawn."""
    table = None if workload.query_code is None else recorded_answers(scenario.settings)
    return () if table is None else tuple(map(str, table.queries.tolist()))


def segment_codes(
    table: OutcomeTable, query: NDArray[np.int64]
) -> tuple[tuple[str, ...], NDArray[np.int32] | None]:
    """Names of the table's segments, and that of each query that is asked; none where the table has none."""
    if table.segment is None:
        return (), None
    words = np.array(["" if name is None else name for name in table.segment.tolist()], np.str_)
    names, code = np.unique(words, return_inverse=True)
    return tuple(names.tolist()), code[query].astype(np.int32)


def prompt_lengths(
    scenario: Scenario, workload: Workload, table: OutcomeTable, query: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Tokens of every prompt: its query's where the stream leaves them open and the table knows them."""
    if table.prompt_token_count is None:
        return workload.input_token_count
    free = np.array([leaves_prompts_open(stream) for stream in scenario.streams], np.bool_)
    tokens = table.prompt_token_count[query]
    return np.where(
        free[workload.stream_code] & (tokens >= 0), np.maximum(tokens, 1), workload.input_token_count
    )


def leaves_prompts_open(stream: Stream) -> bool:
    """Whether the stream neither states nor records nor accumulates the lengths of its prompts."""
    follows = stream.session is not None or stream.agent is not None
    given = isinstance(stream.arrivals, TraceArrivals | PlugInArrivals)
    return stream.input_tokens is None and not follows and not given


def with_lengths(
    workload: Workload, answerers: Sequence[AnsweringModel], answers: AnswerTable, seed: int
) -> AnswerTable:
    """The answers, those of unknown length as long as the task makes the model's, right or wrong."""
    tokens = answers.output_token_count
    if (tokens >= 0).all():
        return answers
    usual = np.array(
        [output_tokens(workload, model, answers.correct[row], seed) for row, model in enumerate(answerers)]
    )
    return replace(answers, output_token_count=np.where(tokens < 0, usual, tokens).astype(np.int32))
