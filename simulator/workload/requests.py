"""One stream's requests: arrivals, then what each asks for; the first turns of sessions only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from simulator.arrivals import ArrivalWindow
from simulator.distributions import whole_draws

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from simulator.arrivals.pattern import Arrivals, RecordedColumns
    from simulator.settings.scenario import Scenario
    from simulator.settings.streams import Stream
    from simulator.streams import RandomStreams
    from simulator.traces.logged import LoggedCalls
    from simulator.workload.demand import StreamDemand

    Draws = Callable[[str], np.random.Generator]

MOST_TOKENS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """Columns of one stream, in order of arrival; as in `Workload`. `tenant` numbers its `tenant_names`.

    `carries_history`: whether the prompts of recorded sessions begin with those before them.
    """

    arrival_s: NDArray[np.float64]
    tenant: NDArray[np.int16]
    input_token_count: NDArray[np.int32]
    output_token_count: NDArray[np.int32]
    max_output_token_count: NDArray[np.int32]
    window_output_token_count: NDArray[np.int32]
    output_recorded: NDArray[np.bool_]
    output_exact: NDArray[np.bool_]
    difficulty: NDArray[np.float64]
    device: NDArray[np.int32]
    recorded_session: NDArray[np.int64]
    prefix_offset: NDArray[np.int64]
    prefix_block: NDArray[np.int64]
    prefix_block_tokens: int
    dropped_row_count: dict[str, int]
    notes: tuple[str, ...]
    carries_history: bool = False
    logged: LoggedCalls | None = None
    tenant_names: tuple[str, ...] = ()


def stream_requests(
    scenario: Scenario, stream: Stream, demand: StreamDemand, streams: RandomStreams
) -> Requests:
    """The requests of a stream; every column has a generator of its own."""

    def draws(column: str) -> np.random.Generator:
        return streams[column, stream.name]

    arrivals = arrivals_of(scenario, stream, draws("arrivals"))
    count = len(arrivals.arrival_s)
    recorded = arrivals.recorded is not None
    nominal = (
        recorded_lengths(arrivals.recorded) if arrivals.recorded else drawn_lengths(demand, draws, count)
    )
    limits = output_limits(arrivals.recorded, demand, nominal["output_token_count"])
    answer = demand.cut(nominal["output_token_count"], limits, recorded=recorded)
    offset, block = prefixes(arrivals.recorded, count)
    logged = arrivals.recorded.logged if arrivals.recorded else None
    names, tenant = logged_tenants(stream, logged) or (
        tuple(stream.tenants),
        tenants(stream, draws("tenant"), count),
    )
    session = arrivals.recorded.session if arrivals.recorded else np.full(count, -1)
    return Requests(
        arrival_s=arrivals.arrival_s,
        tenant=tenant,
        input_token_count=nominal["input_token_count"],
        output_token_count=answer,
        max_output_token_count=limits,
        window_output_token_count=window_outputs(arrivals.recorded, demand, answer, limits),
        output_recorded=np.full(count, recorded),
        output_exact=np.full(count, demand.exact(recorded=recorded)),
        difficulty=draws("difficulty").normal(demand.difficulty_mean, demand.difficulty_sd, count),
        device=draws("device").integers(0, stream.devices, count, dtype=np.int32),
        recorded_session=np.asarray(session, np.int64),
        prefix_offset=offset,
        prefix_block=block,
        prefix_block_tokens=arrivals.recorded.prefix_block_tokens if arrivals.recorded else 0,
        carries_history=arrivals.recorded.carries_history if arrivals.recorded else False,
        logged=logged,
        tenant_names=names,
        dropped_row_count=arrivals.dropped_row_count,
        notes=arrivals.notes,
    )


def arrivals_of(scenario: Scenario, stream: Stream, rng: np.random.Generator) -> Arrivals:
    """The stream's arrivals over the whole run, on the clock of its region."""
    zone = ZoneInfo(scenario.catalog.region(stream.region).time_zone)
    window = ArrivalWindow(start=scenario.start, duration_s=scenario.duration_s, zone=zone)
    return stream.arrivals.arrivals(window, rng)


def token_counts(values: NDArray[np.float64]) -> NDArray[np.int32]:
    """Whole token counts, at least 1."""
    return np.clip(np.rint(values), 1, MOST_TOKENS).astype(np.int32)


def drawn_lengths(demand: StreamDemand, draws: Draws, count: int) -> dict[str, NDArray[np.int32]]:
    """Prompt and nominal answer lengths from the stream's distributions."""
    prompt = whole_draws(demand.input_tokens, draws("input tokens"), count)
    answer = whole_draws(demand.output_tokens, draws("output tokens"), count)
    return {"input_token_count": token_counts(prompt), "output_token_count": token_counts(answer)}


def recorded_lengths(recorded: RecordedColumns) -> dict[str, NDArray[np.int32]]:
    """Prompt and answer lengths as recorded."""
    return {
        "input_token_count": recorded.input_token_count,
        "output_token_count": recorded.output_token_count,
    }


def output_limits(
    recorded: RecordedColumns | None, demand: StreamDemand, answer: NDArray[np.int32]
) -> NDArray[np.int32]:
    """What each request declares as its longest answer; no stated or recorded answer is longer.

    A recording's own maximum stands, but for the stream's; where there is neither, the task's.
    """
    if recorded is None:
        return demand.output_limits(answer)
    usual, known = demand.max_output_tokens, recorded.max_output_token_count
    declared = np.minimum(known, usual) if demand.output_capped else known
    return demand.with_room(np.where(known > 0, declared, usual), answer)


def window_outputs(
    recorded: RecordedColumns | None,
    demand: StreamDemand,
    answer: NDArray[np.int32],
    limits: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Answer tokens that a context window must have room for: the declared maximum.

    Where neither a recording nor the stream declares one, what was answered had room, unless models
    make it longer.
    """
    if recorded is None or demand.output_capped or not demand.exact(recorded=True):
        return limits
    declared = recorded.max_output_token_count > 0
    return np.where(declared, limits, answer).astype(np.int32)


def tenants(stream: Stream, rng: np.random.Generator, count: int) -> NDArray[np.int16]:
    """Each request's tenant, by the stream's shares."""
    shares = np.array(list(stream.tenants.values()))
    edges = np.cumsum(shares) / shares.sum()
    found = np.searchsorted(edges, rng.random(count), side="right")
    return np.minimum(found, len(shares) - 1).astype(np.int16)


def logged_tenants(
    stream: Stream, logged: LoggedCalls | None
) -> tuple[tuple[str, ...], NDArray[np.int16]] | None:
    """Names of a log's tenants and each request's; None where it names none, or the stream states its own.

    Requests of nobody belong to the tenant that a stream has where it states none.
    """
    if logged is None or "tenants" in stream.model_fields_set or not (logged.tenant != "").any():
        return None
    nobody = next(iter(stream.tenants))
    names, code = np.unique(
        np.where(logged.tenant == "", nobody, logged.tenant).astype(str), return_inverse=True
    )
    return tuple(names.tolist()), code.astype(np.int16)


def prefixes(recorded: RecordedColumns | None, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ragged prefix-block hashes; none where nothing was recorded."""
    if recorded is None:
        return np.zeros(count + 1, np.int64), np.zeros(0, np.int64)
    return recorded.prefix_offset, recorded.prefix_block
