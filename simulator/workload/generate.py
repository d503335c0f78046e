"""From a scenario to its workload: every stream's requests and turns, merged by arrival."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.ragged import gather_ragged
from simulator.streams import request_keys
from simulator.traces.logged import LoggedCalls, no_log
from simulator.workload.columns import Workload
from simulator.workload.demand import demand_of, draws_task_lengths
from simulator.workload.requests import stream_requests
from simulator.workload.sessions import follow_ups, following_turns, single_turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from simulator.settings.scenario import Scenario
    from simulator.settings.streams import Stream
    from simulator.streams import RandomStreams
    from simulator.workload.demand import StreamDemand
    from simulator.workload.requests import Requests
    from simulator.workload.sessions import TurnColumns

    Columns = dict[str, NDArray[Any]]
    Ints = NDArray[np.int64]

LOG = "log_"
"""What the names of a log's columns begin with, among a stream's own."""
ENGINE_BLOCK_TOKENS = 16
"""Tokens of a block of KV cache (vLLM's default); only whole ones are found again."""


def generate_workload(scenario: Scenario, streams: RandomStreams) -> Workload:
    """The workload of one replication: the same for every policy.

    Streams are laid out by name, so that their order in the scenario changes nothing.
    """
    tables = Tables(scenario)
    named = sorted(scenario.streams, key=lambda stream: stream.name)
    parts = all_logged([stream_part(scenario, stream, tables, streams) for stream in named])
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    first_row = np.concatenate([[0], np.cumsum([len(part["turn"]) for part in parts])])
    shift = np.repeat(first_row[:-1], [len(part["turn"]) for part in parts])
    columns["next_request"] = np.where(columns["next_request"] < 0, -1, columns["next_request"] + shift)
    columns["session"] = numbered_sessions(columns["session"], [len(part["turn"]) for part in parts])
    columns["prefix_block"] = numbered_sessions(
        columns["prefix_block"], [len(part["prefix_block"]) for part in parts]
    )
    return Workload(
        **with_log(in_order(columns)),
        device_key=np.concatenate([device_keys(stream) for stream in named]),
        stream_names=tuple(stream.name for stream in scenario.streams),
        task_names=tables.tasks,
        tenant_names=tables.tenants,
        region_names=tables.regions,
        task_length_streams=tuple(s.name for s in scenario.streams if draws_task_lengths(s)),
        query_code=None,
        segment_names=(),
        segment_code=None,
        dropped_row_count=tables.dropped,
        notes=tuple(tables.notes),
    )


class Tables:
    """The names behind the code columns, and the count of unusable trace rows by reason."""

    def __init__(self, scenario: Scenario) -> None:
        """Collects the names of all streams, each once, in order."""
        self.tasks = once(stream.task for stream in scenario.streams)
        self.tenants = once(name for stream in scenario.streams for name in stream.tenants)
        self.regions = once(stream.region for stream in scenario.streams)
        self.stream = {stream.name: code for code, stream in enumerate(scenario.streams)}
        self.first_device = first_devices(scenario.streams)
        self.dropped: dict[str, int] = {}
        self.notes: list[str] = []

    def drop(self, counts: dict[str, int]) -> None:
        """Adds the rows a stream could not use."""
        for reason, count in counts.items():
            self.dropped[reason] = self.dropped.get(reason, 0) + count

    def tenant_codes(self, names: Iterable[str]) -> NDArray[np.int16]:
        """The codes of these tenants; a log's own come to those that streams state."""
        self.tenants = once((*self.tenants, *names))
        return np.array([self.tenants.index(name) for name in names], np.int16)


def first_devices(streams: Iterable[Stream]) -> dict[str, int]:
    """The number of each stream's first device: one stream's after the other's, by name."""
    found, following = {}, 0
    for stream in sorted(streams, key=lambda stream: stream.name):
        found[stream.name] = following
        following += stream.devices
    return found


def device_keys(stream: Stream) -> Ints:
    """What draws for the stream's devices are keyed by."""
    return request_keys(f"{stream.name}'s devices", np.arange(stream.devices), 0)


def once(names: Iterable[str]) -> tuple[str, ...]:
    """The names in order, each once."""
    return tuple(dict.fromkeys(names))


def stream_part(scenario: Scenario, stream: Stream, tables: Tables, streams: RandomStreams) -> Columns:
    """One stream's columns, all turns included; links and sessions count within the stream."""
    demand = demand_of(scenario, stream)
    requests = stream_requests(scenario, stream, demand, streams)
    turns = turns_of(stream, requests, demand, streams)
    tables.drop(requests.dropped_row_count)
    tables.notes += [f"stream {stream.name!r}: {note}" for note in requests.notes]
    opening, limits = turns.opening, turn_limits(requests, turns, demand)
    offset, block, tokens = prefix_rows(stream, requests, turns)
    tenant_code = tables.tenant_codes(requests.tenant_names or tuple(stream.tenants))
    return {
        **log_columns(requests, turns),
        "key": request_keys(stream.name, opening, turns.turn),
        "arrival_s": np.where(turns.turn == 0, requests.arrival_s[opening], np.nan),
        "stream_code": np.full(len(opening), tables.stream[stream.name], np.int16),
        "task_code": np.full(len(opening), tables.tasks.index(stream.task), np.int16),
        "tenant_code": tenant_code[requests.tenant[opening]],
        "region_code": np.full(len(opening), tables.regions.index(stream.region), np.int16),
        "input_token_count": turns.input_token_count,
        "output_token_count": turns.output_token_count,
        "max_output_token_count": limits,
        "window_output_token_count": np.where(
            turns.turn == 0, requests.window_output_token_count[opening], limits
        ),
        "output_recorded": requests.output_recorded[opening] & (turns.turn == 0),
        "output_exact": np.where(
            turns.turn == 0, requests.output_exact[opening], demand.exact(recorded=False)
        ),
        "difficulty": difficulties(requests, turns, demand, streams, stream),
        "device": tables.first_device[stream.name] + requests.device[opening],
        "priority": np.full(len(opening), stream.priority, np.int16),
        "session": opening if follows(stream) else requests.recorded_session[opening],
        "turn": turns.turn,
        "next_request": turns.next_turn,
        "think_s": turns.think_s,
        "prefix_length": np.diff(offset),
        "prefix_block": block,
        "prefix_tokens": tokens,
        "history_token_count": turns.history_token_count,
    }


def log_columns(requests: Requests, turns: TurnColumns) -> Columns:
    """What a log says of each of a stream's requests, of later turns nothing; none where none is played."""
    if requests.logged is None:
        return {}
    first = turns.turn == 0
    kept, empty = requests.logged.at(turns.opening).columns(), no_log(1).columns()
    columns = {f"{LOG}{name}": np.where(first, column, empty[name]) for name, column in kept.items()}
    return {**columns, f"{LOG}is_logged": first}


def all_logged(parts: list[Columns]) -> list[Columns]:
    """The parts, of which all have a log's columns where one has them."""
    if not any(f"{LOG}is_logged" in part for part in parts):
        return parts
    return [{**blank_log(len(part["turn"])), **part} for part in parts]


def blank_log(count: int) -> Columns:
    """The log's columns of requests that stand in none."""
    blank = {f"{LOG}{name}": column for name, column in no_log(count).columns().items()}
    return {**blank, f"{LOG}is_logged": np.zeros(count, np.bool_)}


def with_log(columns: Columns) -> dict[str, Any]:
    """The columns with those of a log as one, where there are any."""
    logged = {name[len(LOG) :]: column for name, column in columns.items() if name.startswith(LOG)}
    if not logged:
        return {**columns}
    others = {name: column for name, column in columns.items() if not name.startswith(LOG)}
    return {**others, "is_logged": logged.pop("is_logged"), "logged": LoggedCalls(**logged)}


def turn_limits(requests: Requests, turns: TurnColumns, demand: StreamDemand) -> NDArray[np.int32]:
    """What each turn declares as its longest answer: what its session's first one does, or what is stated."""
    limit = requests.max_output_token_count[turns.opening]
    later = demand.with_room(limit, turns.output_token_count) if demand.output_stated else limit
    return np.where(turns.turn == 0, limit, later)


def turns_of(stream: Stream, requests: Requests, demand: StreamDemand, streams: RandomStreams) -> TurnColumns:
    """The stream's turns: one each, or conversations, or an agent's calls."""
    following = follow_ups(stream, demand)
    if following is None:
        return single_turns(requests)
    return following_turns(requests, following, demand, streams, stream.name)


def follows(stream: Stream) -> bool:
    """Whether the stream's requests follow one another."""
    return stream.session is not None or stream.agent is not None


def difficulties(
    requests: Requests, turns: TurnColumns, demand: StreamDemand, streams: RandomStreams, stream: Stream
) -> NDArray[np.float64]:
    """Difficulty of every turn; later turns are drawn again, an agent's calls around their task's."""
    mean, sd = demand.difficulty_mean, demand.difficulty_sd
    later = len(turns.turn) - len(requests.arrival_s)
    drawn = streams["later difficulty", stream.name].normal(mean, sd, later)
    own = np.concatenate([requests.difficulty, drawn])
    if stream.agent is None:
        return own
    common = streams["task difficulty", stream.name].normal(mean, sd, len(requests.arrival_s))
    return around(mean, common[turns.opening], own, stream.agent.shared_difficulty)


def around(
    mean: float, common: NDArray[np.float64], own: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    """Difficulty mean + sqrt(share) (common - mean) + sqrt(1 - share) (own - mean).

    As spread as either, and correlated by `share` where `common` is the same.
    """
    return mean + np.sqrt(share) * (common - mean) + np.sqrt(1.0 - share) * (own - mean)


def prefix_rows(stream: Stream, requests: Requests, turns: TurnColumns) -> tuple[Ints, Ints, Ints]:
    """Offsets, prefix blocks and their tokens: recorded ones for first turns, none for others.

    Streams of conversations and agents have none: their turns are found by session.
    """
    if follows(stream):
        nothing = np.zeros(0, np.int64)
        return np.zeros(len(turns.turn) + 1, np.int64), nothing, nothing
    tokens = block_tokens(requests, requests.prefix_block_tokens)
    kept = tokens > 0
    count = np.concatenate([[0], np.cumsum(kept)])
    block = dense_blocks(requests.prefix_block[kept], tokens[kept])
    return count[requests.prefix_offset], block, tokens[kept]


def block_tokens(requests: Requests, size: int) -> Ints:
    """Tokens of every prefix block: all alike, a prompt's last cut to whole blocks of the engine."""
    lengths = np.diff(requests.prefix_offset)
    place = np.arange(len(requests.prefix_block)) - np.repeat(requests.prefix_offset[:-1], lengths)
    left = np.repeat(requests.input_token_count.astype(np.int64), lengths) - place * size
    tokens = np.clip(left, 0, size)
    return np.asarray(tokens - tokens % ENGINE_BLOCK_TOKENS)


def dense_blocks(block: Ints, tokens: Ints) -> Ints:
    """Block hashes as numbers from 0; a hash with other tokens is another block."""
    if len(block) == 0:
        return block
    number = np.unique(block, return_inverse=True)[1].astype(np.int64)
    pair = number * (int(tokens.max()) + 1) + tokens
    return np.unique(pair, return_inverse=True)[1].astype(np.int64)


def numbered_sessions(session: NDArray[np.int64], counts: Sequence[int]) -> NDArray[np.int64]:
    """Numbers (of sessions, of prefix blocks) that no two streams share; -1 stays."""
    numbered = session.astype(np.int64)
    begin, following = 0, 0
    for count in counts:
        mine = numbered[begin : begin + count]
        highest = int(mine.max(initial=-1))
        mine[mine >= 0] += following
        following += highest + 1
        begin += count
    return numbered


def in_order(columns: Columns) -> Columns:
    """The columns by arrival, later turns at the end; ties stay in the order of the streams' names."""
    order = np.argsort(columns["arrival_s"], kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    lengths = columns.pop("prefix_length").astype(np.int64)
    blocks, tokens = columns.pop("prefix_block"), columns.pop("prefix_tokens")
    starts = np.cumsum(lengths) - lengths
    offset, block = gather_ragged(blocks, starts[order], lengths[order])
    block_length = gather_ragged(tokens, starts[order], lengths[order])[1]
    sorted_columns = {name: column[order] for name, column in columns.items()}
    following = sorted_columns["next_request"]
    sorted_columns["next_request"] = np.where(following < 0, -1, place[following])
    return {**sorted_columns, "prefix_offset": offset, "prefix_block": block, "prefix_tokens": block_length}
