"""Which generator draws each column of a workload, and the lengths it draws from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulator.arrivals.pattern import RecordedColumns
from simulator.arrivals.steady import poisson_s
from simulator.distributions import Empirical, Fixed, LogNormal, whole_draws
from simulator.streams import RandomStreams, request_keys
from simulator.workload import generate, requests
from simulator.workload.columns import Workload
from simulator.workload.demand import StreamDemand, demand_of, lengths_of
from simulator.workload.requests import stream_requests
from world_cases import AGENT, CHAT, scenario, with_stream

if TYPE_CHECKING:
    from simulator.settings.streams import LengthEffects

from stream_demands import INT, demand


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
    given: StreamDemand, answers: list[int], limits: list[int], windows: list[int]
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
