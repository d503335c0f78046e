"""The columns of a workload, piece by piece: small inputs, exact outputs."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from simulator.distributions import Exponential, Fixed, LogNormal, Uniform, whole_draws
from simulator.ragged import gather_ragged
from simulator.streams import RandomStreams, request_keys
from simulator.workload import generate
from simulator.workload.demand import demand_of
from simulator.workload.requests import Requests
from simulator.workload.sessions import (
    FollowUps,
    follow_ups,
    following,
    following_turns,
    single_turns,
    turn_counts,
    with_history,
)
from stream_demands import INT, demand
from world_cases import AGENT, scenario, with_stream


def ints(*values: int) -> np.ndarray:
    """Whole numbers."""
    return np.array(values, INT)


def plain_requests(prompts: list[int], **changes: object) -> Requests:
    """Requests a second apart, with answers of 20 tokens."""
    count = len(prompts)
    made = Requests(
        arrival_s=np.arange(count, dtype=np.float64),
        tenant=np.zeros(count, np.int16),
        input_token_count=np.array(prompts, np.int32),
        output_token_count=np.full(count, 20, np.int32),
        max_output_token_count=np.full(count, 100, np.int32),
        window_output_token_count=np.full(count, 60, np.int32),
        output_recorded=np.zeros(count, np.bool_),
        output_exact=np.zeros(count, np.bool_),
        difficulty=np.zeros(count),
        device=np.zeros(count, np.int32),
        recorded_session=np.full(count, -1, INT),
        prefix_offset=np.zeros(count + 1, INT),
        prefix_block=np.zeros(0, INT),
        prefix_block_tokens=0,
        dropped_row_count={},
        notes=(),
    )
    return replace(made, **changes)


def test_ragged_rows_are_laid_end_to_end() -> None:
    """Any rows in any order, empty ones too."""
    offset, value = gather_ragged(ints(10, 11, 12, 13, 14), ints(3, 0, 2, 1), ints(2, 0, 1, 3))
    assert (offset.tolist(), value.tolist()) == ([0, 2, 2, 3, 6], [13, 14, 12, 11, 12, 13])
    assert (offset.dtype, value.dtype) == (INT, INT)


def test_numbers_of_streams_are_apart_and_none_stays_none() -> None:
    """Each stream's numbers follow the highest of those before it; -1 stays."""
    given = ints(0, 2, -1, 0, 1, -1, 4, 0)
    found = generate.numbered_sessions(given, [3, 2, 1, 0, 2])
    assert found.tolist() == [0, 2, -1, 3, 4, -1, 9, 5]
    assert given.tolist() == [0, 2, -1, 0, 1, -1, 4, 0]


def test_block_hashes_become_numbers_and_other_sizes_other_blocks() -> None:
    """A prompt's last block, cut shorter, is not the whole block of the same hash."""
    found = generate.dense_blocks(ints(900, -5, 900, 900, -5), ints(512, 512, 16, 512, 512))
    assert found.tolist() == [2, 0, 1, 2, 0]
    assert generate.dense_blocks(ints(7, 8), ints(1, 0)).tolist() == [0, 1]
    assert generate.dense_blocks(ints(), ints()).tolist() == []


@pytest.mark.parametrize(
    ("prompt", "size", "tokens"),
    [
        (512, 512, [512, 0, 0]),
        (513, 512, [512, 0, 0]),
        (1_055, 512, [512, 512, 16]),
        (1_056, 512, [512, 512, 32]),
        (40, 24, [16, 16, 0]),
        (9_999, 16, [16, 16, 16]),
    ],
)
def test_a_prompts_last_block_is_cut_to_the_engines_blocks(prompt: int, size: int, tokens: list[int]) -> None:
    """Whole blocks of 16 of what the prompt has left, in its second row as in its first."""
    made = plain_requests(
        [prompt, 5, prompt], prefix_offset=ints(0, 3, 3, 6), prefix_block=np.arange(6, dtype=INT)
    )
    assert generate.block_tokens(made, size).tolist() == tokens * 2


def test_prefixes_are_whole_blocks_of_first_turns_and_none_of_conversations() -> None:
    """Blocks without a whole block of tokens are left out; offsets follow."""
    made = plain_requests(
        [1_055, 15, 512],
        prefix_offset=ints(0, 3, 4, 5),
        prefix_block=ints(70, 71, 72, 70, 70),
        prefix_block_tokens=512,
    )
    alone = scenario().streams[0]
    offset, block, tokens = generate.prefix_rows(alone, made, single_turns(made))
    assert offset.tolist() == [0, 3, 3, 4]
    assert block.tolist() == [0, 1, 2, 0]
    assert tokens.tolist() == [512, 512, 16, 512]
    talks = scenario(**with_stream(session={"turns": 2, "think_time": "1s"})).streams[0]
    offset, block, tokens = generate.prefix_rows(talks, made, single_turns(made))
    assert (offset.tolist(), block.tolist(), tokens.tolist()) == ([0, 0, 0, 0], [], [])


def test_columns_are_put_in_order_of_arrival_with_their_links_and_blocks() -> None:
    """Ties as they came, later turns at the end; a link follows the row it points at."""
    columns = {
        "arrival_s": np.array([5.0, np.nan, 1.0, 5.0, np.nan]),
        "next_request": ints(1, 4, 3, -1, -1),
        "prefix_length": ints(2, 0, 1, 0, 0),
        "prefix_block": ints(7, 8, 9),
        "prefix_tokens": ints(16, 32, 48),
        "turn": ints(0, 1, 0, 0, 2),
    }
    found = generate.in_order(dict(columns))
    np.testing.assert_array_equal(found["arrival_s"], [1.0, 5.0, 5.0, np.nan, np.nan])
    assert found["next_request"].tolist() == [2, 3, -1, 4, -1]
    assert found["turn"].tolist() == [0, 0, 0, 1, 2]
    assert found["prefix_offset"].tolist() == [0, 1, 3, 3, 3, 3]
    assert found["prefix_block"].tolist() == [9, 7, 8]
    assert found["prefix_tokens"].tolist() == [48, 16, 32]
    assert "prefix_length" not in found


def test_an_agents_calls_are_as_hard_as_their_task_by_the_share() -> None:
    """The mean, plus sqrt(share) of the task's distance from it, plus sqrt(1 - share) of the call's own."""
    common, own = np.array([3.0, -1.0]), np.array([0.0, 2.0])
    assert generate.around(1.0, common, own, 0.36).tolist() == pytest.approx(
        [1.0 + 1.2 - 0.8, 1.0 - 1.2 + 0.8]
    )
    assert generate.around(1.0, common, own, 0.0).tolist() == own.tolist()
    assert generate.around(1.0, common, own, 1.0).tolist() == common.tolist()


def test_devices_follow_one_another_by_the_streams_names() -> None:
    """Whatever the order in the scenario; each has a key of its own stream."""
    streams = [SimpleNamespace(name="b", devices=3), SimpleNamespace(name="a", devices=5)]
    assert generate.first_devices(streams) == {"a": 0, "b": 5}
    expected = request_keys("b's devices", np.arange(3), 0)
    assert generate.device_keys(streams[0]).tolist() == expected.tolist()
    assert generate.once(iter(["y", "x", "y", "z", "x"])) == ("y", "x", "z")


def test_rows_that_were_dropped_add_up_over_streams() -> None:
    """By reason."""
    tables = generate.Tables(scenario())
    tables.drop({"a": 2, "b": 1})
    tables.drop({"a": 3})
    assert tables.dropped == {"a": 5, "b": 1}


@pytest.mark.parametrize(("stated", "limits"), [(False, [100, 100, 100, 100]), (True, [100, 100, 100, 300])])
def test_later_turns_declare_what_the_first_does_or_what_is_stated(
    *, stated: bool, limits: list[int]
) -> None:
    """A stated answer of a later turn is not cut by the task's maximum; a drawn one is."""
    made = plain_requests([5, 6])
    turns = replace(
        single_turns(made),
        opening=ints(0, 1, 0, 1),
        turn=np.array([0, 0, 1, 1], np.int16),
        output_token_count=np.array([20, 20, 30, 300], np.int32),
    )
    assert generate.turn_limits(made, turns, demand(100, output_stated=stated)).tolist() == limits


def test_prompts_carry_all_that_was_said_and_answered_before() -> None:
    """Three turns of one session and two of another, laid out turn by turn; at most two million tokens."""
    opening, turn = ints(0, 1, 0, 1, 0), np.array([0, 0, 1, 1, 2], np.int16)
    said = np.array([100, 7, 30, 5, 1], np.int32)
    answer = np.array([10, 2, 20, 4, 9], np.int32)
    assert with_history(opening, turn, said, answer).tolist() == [100, 7, 140, 14, 161]
    long = np.array([1_500_000, 7, 600_000, 5, 1_999_999], np.int32)
    assert with_history(opening, turn, long, answer).tolist() == [1_500_000, 7, 2_000_000, 14, 2_000_000]
    assert following(opening, turn).tolist() == [2, 3, 4, -1, -1]


@pytest.mark.parametrize(
    ("turns", "counts"), [(Fixed(0.0), 1), (Fixed(1.0), 1), (Fixed(2.4), 2), (Fixed(5e6), 1_000)]
)
def test_sessions_have_one_turn_to_a_thousand(turns: Fixed, counts: int) -> None:
    """Whatever the distribution draws."""
    sequel = FollowUps(turns=turns, pause_s=Fixed(1.0), added_tokens=Fixed(1.0), history=True)
    assert turn_counts(sequel, np.random.default_rng(1), 3).tolist() == [counts] * 3


def test_a_request_alone_is_its_only_turn() -> None:
    """Nothing before it, nothing after it, no history."""
    made = single_turns(plain_requests([5, 6]))
    assert (made.opening.tolist(), made.turn.tolist(), made.next_turn.tolist()) == ([0, 1], [0, 0], [-1, -1])
    assert (made.think_s.tolist(), made.history_token_count.tolist()) == ([0.0, 0.0], [-1, -1])
    assert (made.input_token_count.tolist(), made.output_token_count.tolist()) == ([5, 6], [20, 20])


@pytest.mark.parametrize("history", [True, False])
def test_turns_are_drawn_from_generators_of_their_own(*, history: bool) -> None:
    """Counts, thoughts and later lengths by the stream's name; first turns keep theirs and do not wait."""
    stream = scenario(**with_stream(input_tokens={"uniform": [5, 50]}, output_tokens=30)).streams[0]
    demand = demand_of(scenario(), stream)
    streams = RandomStreams(9)
    made = plain_requests([100, 200, 300])
    sequel = FollowUps(
        turns=Uniform(1.0, 4.0), pause_s=Exponential(3.0), added_tokens=Uniform(5.0, 50.0), history=history
    )
    found = following_turns(made, sequel, demand, streams, "chat")
    turns = whole_draws(sequel.turns, streams["turns", "chat"], 3).astype(int).tolist()
    rows = [(k, i) for k in range(max(turns)) for i in range(3) if turns[i] > k]
    assert list(zip(found.turn.tolist(), found.opening.tolist(), strict=True)) == rows
    later = len(rows) - 3
    said = [100, 200, 300, *whole_draws(sequel.added_tokens, streams["later input tokens", "chat"], later)]
    assert found.output_token_count.tolist() == [20] * 3 + [30] * later
    think = streams["think time", "chat"].exponential(3.0, len(rows))
    assert found.think_s.tolist() == pytest.approx([0.0] * 3 + think[3:].tolist())
    before = dict.fromkeys(range(3), 0)
    for row, (turn, opening) in enumerate(rows):
        assert found.input_token_count[row] == said[row] + before[opening] * history
        assert found.history_token_count[row] == (before[opening] if history else -1)
        nexts = [at for at, key in enumerate(rows) if key == (turn + 1, opening)]
        assert found.next_turn[row] == (nexts[0] if nexts else -1)
        before[opening] += int(said[row]) + int(found.output_token_count[row])


def test_what_follows_a_request_is_what_its_stream_states() -> None:
    """A conversation says anew what opened it; an agent's calls add a tool's output, and keep history."""
    demand = demand_of(scenario(), scenario().streams[0])
    assert follow_ups(scenario().streams[0], demand) is None
    session = {"turns": 3, "think_time": "2s", "history": False}
    found = follow_ups(scenario(**with_stream(session=session)).streams[0], demand)
    assert found == FollowUps(
        turns=Fixed(3.0), pause_s=Fixed(2.0), added_tokens=demand.input_tokens, history=False
    )
    found = follow_ups(scenario(**with_stream(agent=AGENT)).streams[0], demand)
    assert found.turns == Uniform(2.0, 9.0)
    assert found.pause_s == Exponential(2.0)
    assert found.added_tokens == LogNormal.from_p95(300, 2000)
    assert found.history is True
