"""The columns of a workload, piece by piece: small inputs, exact outputs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulator.arrivals.pattern import RecordedColumns
from simulator.arrivals.steady import poisson_s
from simulator.distributions import Empirical, Exponential, Fixed, LogNormal, Uniform, whole_draws
from simulator.ragged import gather_ragged
from simulator.streams import RandomStreams, request_keys
from simulator.workload import generate, requests
from simulator.workload.columns import Workload
from simulator.workload.demand import Demand, demand_of, lengths_of
from simulator.workload.requests import Requests, stream_requests
from simulator.workload.sessions import (
    Sequel,
    following,
    following_turns,
    sequel_of,
    single_turns,
    turn_counts,
    with_history,
)
from world_cases import AGENT, CHAT, scenario, with_stream

if TYPE_CHECKING:
    from simulator.settings.streams import LengthEffects

INT = np.int64


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
    sequel = Sequel(turns=turns, pause_s=Fixed(1.0), added_tokens=Fixed(1.0), history=True)
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
    sequel = Sequel(
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
    assert sequel_of(scenario().streams[0], demand) is None
    session = {"turns": 3, "think_time": "2s", "history": False}
    found = sequel_of(scenario(**with_stream(session=session)).streams[0], demand)
    assert found == Sequel(
        turns=Fixed(3.0), pause_s=Fixed(2.0), added_tokens=demand.input_tokens, history=False
    )
    found = sequel_of(scenario(**with_stream(agent=AGENT)).streams[0], demand)
    assert found.turns == Uniform(2.0, 9.0)
    assert found.pause_s == Exponential(2.0)
    assert found.added_tokens == LogNormal.from_p95(300, 2000)
    assert found.history is True


def test_drawn_columns_come_from_generators_named_after_them() -> None:
    """Every column of a stream's requests is the draw of its own name; common random numbers rest on it."""
    stated = with_stream(
        input_tokens={"uniform": [5, 50]}, output_tokens={"exponential": 40}, tenants={"a": 3, "b": 1}
    )
    world = scenario(duration="2min", **stated)
    stream, streams = world.streams[0], RandomStreams(12)
    demand = demand_of(world, stream)
    found = stream_requests(world, stream, demand, streams)
    at = poisson_s(2.0, 120.0, streams["arrivals", "chat"])
    count = len(at)
    assert found.arrival_s.tolist() == at.tolist()
    prompt = whole_draws(demand.input_tokens, streams["input tokens", "chat"], count)
    answer = whole_draws(demand.output_tokens, streams["output tokens", "chat"], count)
    assert found.input_token_count.tolist() == prompt.tolist()
    assert found.output_token_count.tolist() == np.clip(answer, 1, 2_000_000).tolist()
    task = world.catalog.task("support_chat")
    hard = streams["difficulty", "chat"].normal(task.difficulty_mean, task.difficulty_sd, count)
    assert found.difficulty.tolist() == hard.tolist()
    assert found.device.tolist() == streams["device", "chat"].integers(0, 50, count, dtype=np.int32).tolist()
    tenant = np.where(streams["tenant", "chat"].random(count) < 0.75, 0, 1)
    assert found.tenant.tolist() == tenant.tolist()
    assert set(found.recorded_session.tolist()) == {-1}
    assert not found.output_recorded.any()
    assert found.prefix_offset.tolist() == [0] * (count + 1)
    assert (found.prefix_block.tolist(), found.prefix_block_tokens) == ([], 0)
    assert set(found.max_output_token_count.tolist()) == {task.max_output_tokens}
    assert found.window_output_token_count.tolist() == found.max_output_token_count.tolist()
    dtypes = [found.tenant.dtype, found.device.dtype, found.recorded_session.dtype]
    assert dtypes == [np.int16, np.int32, np.int64]


def test_token_counts_are_whole_and_between_one_and_two_million() -> None:
    """Rounded to the nearest."""
    found = requests.token_counts(np.array([-3.0, 0.0, 0.4, 1.6, 7.0, 3e6]))
    assert found.tolist() == [1, 1, 1, 2, 7, 2_000_000]
    assert found.dtype == np.int32


def test_tenants_are_picked_by_their_shares() -> None:
    """A draw falls into the interval of its tenant, lower end included; none beyond the last."""
    draws = SimpleNamespace(random=lambda count: np.array([0.0, 0.2, 0.49, 0.5, 0.99, 1.0])[:count])
    stream = SimpleNamespace(tenants={"a": 2.0, "b": 3.0, "c": 5.0})
    assert requests.tenants(stream, draws, 6).tolist() == [0, 1, 1, 2, 2, 2]


def recorded(limits: list[int], answers: list[int]) -> RecordedColumns:
    """A recording's columns."""
    count = len(limits)
    return RecordedColumns(
        input_token_count=np.full(count, 9, np.int32),
        output_token_count=np.array(answers, np.int32),
        max_output_token_count=np.array(limits, np.int32),
        session=np.full(count, -1, INT),
        prefix_offset=np.zeros(count + 1, INT),
        prefix_block=np.zeros(0, INT),
    )


def demand(limit: int, **changes: object) -> Demand:
    """What a stream of support chat demands, with a longest answer."""
    return replace(demand_of(scenario(), scenario().streams[0]), max_output_tokens=limit, **changes)


@pytest.mark.parametrize(
    ("given", "answers", "limits", "windows"),
    [
        (demand(100), [5, 500, 20, 1, 70], [100, 500, 50, 1, 70], [5, 500, 50, 1, 70]),
        (demand(30, output_capped=True), [5, 30, 20, 1, 30], [30] * 3 + [1, 30], [30] * 3 + [1, 30]),
        (demand(100, length_effects="none"), [5, 500, 20, 1, 70], [100, 500, 50, 1, 70], [5, 500, 50, 1, 70]),
        (
            demand(100, length_effects="all"),
            [5, 500, 20, 1, 70],
            [100, 500, 50, 1, 70],
            [100, 500, 50, 1, 70],
        ),
        (
            demand(30, output_capped=True, length_effects="all"),
            [5, 500, 20, 1, 70],
            [30] * 3 + [1, 30],
            [30] * 3 + [1, 30],
        ),
    ],
)
def test_recorded_answers_limits_and_windows(
    given: Demand, answers: list[int], limits: list[int], windows: list[int]
) -> None:
    """A recorded maximum stands but for the stream's, else the task's, which no recorded answer is above.

    What was answered had room without a declared maximum, but not what models make of it.
    """
    trace = recorded([0, 0, 50, 1, 60], [5, 500, 20, 1, 70])
    nominal = requests.recorded_lengths(trace)
    assert nominal["input_token_count"].tolist() == [9] * 5
    found = requests.output_limits(trace, given, nominal["output_token_count"])
    kept = given.cut(nominal["output_token_count"], found, recorded=True)
    assert (kept.tolist(), found.tolist()) == (answers, limits)
    assert requests.window_outputs(trace, given, kept, found).tolist() == windows
    assert {column.dtype for column in (found, kept, *nominal.values())} == {np.dtype(np.int32)}


@pytest.mark.parametrize(
    ("stated", "capped", "effects", "answers", "limits"),
    [
        (False, False, "task", [5, 500], [100, 100]),
        (False, False, "none", [5, 100], [100, 100]),
        (True, False, "task", [5, 500], [100, 500]),
        (True, True, "task", [5, 100], [100, 100]),
        (True, False, "all", [5, 500], [100, 500]),
        (True, True, "all", [5, 500], [100, 100]),
    ],
)
def test_a_limit_that_nobody_stated_cuts_no_stated_length(
    *, stated: bool, capped: bool, effects: LengthEffects, answers: list[int], limits: list[int]
) -> None:
    """The task's maximum does not cut a stream's own lengths, its own does; others are cut when scaled."""
    given = demand(100, output_stated=stated, output_capped=capped, length_effects=effects)
    nominal = np.array([5, 500], np.int32)
    limit = requests.output_limits(None, given, nominal)
    assert limit.tolist() == limits
    assert given.cut(nominal, limit, recorded=False).tolist() == answers
    assert requests.window_outputs(None, given, nominal, limit).tolist() == limits
    assert (limit.dtype, given.cut(nominal, limit, recorded=False).dtype) == (np.int32, np.int32)


@pytest.mark.parametrize(
    ("zone", "hour"),
    [("UTC", 21 + 30 / 60 + 36 / 3_600), ("Asia/Kolkata", 3 + 36 / 3_600), ("America/New_York", 16.51)],
)
def test_a_run_begins_at_an_hour_of_each_zone(zone: str, hour: float) -> None:
    """Hours, minutes and seconds on the zone's clock."""
    world = SimpleNamespace(start=datetime(2026, 11, 2, 21, 30, 36, tzinfo=UTC))
    assert requests.local_start_hour(world, zone) == pytest.approx(hour)


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ({"fixed": 7}, Fixed(7.0)),
        ({"median": 100.0, "p95": 900.0}, LogNormal.from_p95(100.0, 900.0)),
        ({"quantiles": {1.0: 90.0, 0.0: 3.0, 0.5: 40.0}}, Empirical((0.0, 0.5, 1.0), (3.0, 40.0, 90.0))),
    ],
)
def test_a_catalogs_lengths_are_the_distribution_they_state(lengths: dict, expected: object) -> None:
    """A number, a median with a 95th percentile, or quantiles in any order."""
    fields = {"fixed": None, "median": None, "p95": None, "quantiles": None} | lengths
    assert lengths_of(SimpleNamespace(**fields)) == expected


def test_a_streams_own_words_come_before_its_tasks() -> None:
    """Lengths, limit, difficulty; of objectives all where one is stated."""
    task = scenario().catalog.task("support_chat")
    usual = demand_of(scenario(), scenario().streams[0])
    assert usual.input_tokens == lengths_of(task.input_tokens)
    assert usual.output_tokens == lengths_of(task.output_tokens)
    assert (usual.max_output_tokens, usual.difficulty_mean, usual.difficulty_sd) == (
        task.max_output_tokens,
        task.difficulty_mean,
        task.difficulty_sd,
    )
    limits = {"ttft_s": task.slo.ttft_s, "tpot_s": task.slo.tpot_s, "e2e_s": task.slo.e2e_s}
    assert usual.limits_s == pytest.approx(
        {name: np.nan if limit is None else limit for name, limit in limits.items()}, nan_ok=True
    )
    own = {
        "input_tokens": 11,
        "output_tokens": 12,
        "max_output_tokens": 13,
        "difficulty": {"mean": 0.5, "sd": 2.0},
        "slo": {"ttft": "3s"},
    }
    world = scenario(**with_stream(**own))
    stated = demand_of(world, world.streams[0])
    assert (stated.input_tokens, stated.output_tokens) == (Fixed(11.0), Fixed(12.0))
    assert (stated.max_output_tokens, stated.difficulty_mean, stated.difficulty_sd) == (13, 0.5, 2.0)
    assert stated.limits_s == pytest.approx({"ttft_s": 3.0, "tpot_s": np.nan, "e2e_s": np.nan}, nan_ok=True)


def test_a_workload_is_its_streams_merged() -> None:
    """Laid out by name, codes by the scenario's order; keys, sessions, devices and links of each its own."""
    talk = {**CHAT, "name": "b", "session": {"turns": 2, "think_time": "1s"}, "priority": 3, "devices": 4}
    agent = {**CHAT, "name": "a", "agent": AGENT, "region": "japan", "task": "extraction", "devices": 2}
    world = scenario(workload={"streams": [talk, agent, {**CHAT, "name": "c", "tenants": {"x": 1, "y": 1}}]})
    found = generate.generate_workload(world, RandomStreams(4))
    assert found.stream_names == ("b", "a", "c")
    assert found.task_names == ("support_chat", "extraction")
    assert found.region_names == ("us-virginia", "japan")
    assert found.tenant_names[-2:] == ("x", "y")
    assert len(found.device_key) == 2 + 4 + 50
    assert (found.dropped_row_count, found.notes) == ({}, ())
    first = found.turn == 0
    assert np.isnan(found.arrival_s).tolist() == (~first).tolist()
    assert (np.diff(found.arrival_s[first]) >= 0).all()
    seen: set[int] = set()
    for code, (name, low, high) in enumerate((("b", 2, 6), ("a", 0, 2), ("c", 6, 56))):
        mine = found.stream_code == code
        assert set(found.device[mine].tolist()) <= set(range(low, high))
        assert set(found.priority[mine].tolist()) == {3 if name == "b" else world.streams[code].priority}
        assert set(found.region_code[mine].tolist()) == {int(name == "a")}
        assert set(found.task_code[mine].tolist()) == {int(name == "a")}
        numbers = set(found.session[mine].tolist()) - {-1}
        assert not seen & numbers
        seen |= numbers
        assert (found.history_token_count[mine] == -1).all() == (name == "c")
        opening = np.arange(int((mine & first).sum()))
        assert found.key[mine & first].tolist() == request_keys(name, opening, 0).tolist()
    assert set(found.session[found.stream_code == 2].tolist()) == {-1}
    for row in np.flatnonzero(found.next_request >= 0).tolist():
        after = found.next_request[row]
        assert found.session[after] == found.session[row]
        assert found.turn[after] == found.turn[row] + 1
        assert found.stream_code[after] == found.stream_code[row]
    assert isinstance(found, Workload)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_difficulties_of_later_turns_are_drawn_anew(share: float) -> None:
    """From generators of their own; an agent's around its task's."""
    world = scenario(**with_stream(agent={**AGENT, "shared_difficulty": share}))
    stream, streams = world.streams[0], RandomStreams(6)
    demand = demand_of(world, stream)
    made = stream_requests(world, stream, demand, streams)
    turns = generate.turns_of(stream, made, demand, streams)
    mean, sd = demand.difficulty_mean, demand.difficulty_sd
    later = streams["later difficulty", "chat"].normal(mean, sd, len(turns.turn) - len(made.arrival_s))
    own = np.concatenate([made.difficulty, later])
    common = streams["task difficulty", "chat"].normal(mean, sd, len(made.arrival_s))[turns.opening]
    expected = mean + np.sqrt(share) * (common - mean) + np.sqrt(1.0 - share) * (own - mean)
    found = generate.difficulties(made, turns, demand, streams, stream)
    assert found.tolist() == expected.tolist()
