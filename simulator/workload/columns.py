"""The workload: every request of a run as columns, decided before the run begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from simulator.traces.logged import LoggedCalls


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """All requests of one replication; row `i` is request `i`, in order of planned arrival.

    The first turn of a session, and every request outside sessions, has its arrival instant in
    `arrival_s` (ascending, seconds since the run began). A later turn has `nan` there: it
    arrives `think_s` after the turn before it became final. `next_request` links a turn to the
    next one (-1 at the end). The calls of an agent's task are the turns of its session, a tool's time
    their `think_s`. Code columns index the name tuples. `output_token_count` is the
    nominal answer length, `output_recorded` where a recording has it; where `output_exact` holds every
    model answers with it, elsewhere the model that answers scales it. `max_output_token_count` is what a
    request declares; a context window must have room for `window_output_token_count`: the same, or the
    recorded answer where no maximum is declared. Answers to streams of `task_length_streams` are as long as
    the model's on the task, where these were measured. `difficulty` is the latent shared difficulty in
    logits. `device` is the asker's own device number (for on-device tiers): the streams' devices follow
    one another, and `device_key` has a number for each that other streams do not move. Everything drawn
    for a request during a run is keyed by its `key`, likewise.
    The lower its `priority` number, the sooner a request is served where it has to wait.
    `prefix_offset`/`prefix_block` are ragged prefix-block hashes (rows i: offset[i]:offset[i+1]),
    of `prefix_tokens` tokens each: whole blocks of 16. `history_token_count` of a prompt's tokens
    repeat its conversation's earlier turns; -1 where prompts carry none. Where answers are recorded,
    `query_code` is the query asked, as the outcome table counts them, and `segment_code` its segment;
    None without a table, or without segments. `logged` is what the logs that are played say of each
    request, None where no stream plays one; `is_logged` marks the requests that stand in a log.
    """

    key: NDArray[np.int64]
    arrival_s: NDArray[np.float64]
    stream_code: NDArray[np.int16]
    task_code: NDArray[np.int16]
    tenant_code: NDArray[np.int16]
    region_code: NDArray[np.int16]
    input_token_count: NDArray[np.int32]
    output_token_count: NDArray[np.int32]
    max_output_token_count: NDArray[np.int32]
    window_output_token_count: NDArray[np.int32]
    output_recorded: NDArray[np.bool_]
    output_exact: NDArray[np.bool_]
    difficulty: NDArray[np.float64]
    device: NDArray[np.int32]
    priority: NDArray[np.int16]
    session: NDArray[np.int64]
    turn: NDArray[np.int16]
    next_request: NDArray[np.int64]
    think_s: NDArray[np.float64]
    prefix_offset: NDArray[np.int64]
    prefix_block: NDArray[np.int64]
    prefix_tokens: NDArray[np.int64]
    history_token_count: NDArray[np.int32]
    device_key: NDArray[np.int64]
    stream_names: tuple[str, ...]
    task_names: tuple[str, ...]
    tenant_names: tuple[str, ...]
    region_names: tuple[str, ...]
    task_length_streams: tuple[str, ...] = ()
    query_code: NDArray[np.int64] | None = None
    segment_names: tuple[str, ...] = ()
    segment_code: NDArray[np.int32] | None = None
    dropped_row_count: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    logged: LoggedCalls | None = None
    is_logged: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        """Number of requests, later session turns included."""
        return len(self.arrival_s)
