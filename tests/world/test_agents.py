"""Agents: tasks of dependent calls with tools between them and a growing context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from simulator import compare, simulate
from simulator.streams import RandomStreams
from simulator.workload.generate import generate_workload
from world_cases import AGENT, CHAT, FRONTIER, SMALL, scenario

if TYPE_CHECKING:
    from simulator import Scenario
    from simulator.experiment.simulation import RunResult
    from simulator.workload.columns import Workload

STREAM = {**CHAT, "name": "agents", "arrivals": {"pattern": "steady", "rate": 0.5}, "agent": AGENT}


def world(
    agent: dict[str, Any] | None = None, stream: dict[str, Any] | None = None, **changes: Any
) -> Scenario:
    """A small scenario of agents."""
    made = {**STREAM, **(stream or {}), "agent": {**AGENT, **(agent or {})}}
    return scenario(**{"duration": "10min", "workload": {"streams": [made]}, **changes})


def planned(agent: dict[str, Any] | None = None, **stream: Any) -> Workload:
    """The workload of a scenario of agents."""
    made = world(agent, stream, duration="4h")
    return generate_workload(made, RandomStreams(made.seed))


def tasks(result: RunResult) -> dict[str, Any]:
    """The report's block of tasks."""
    return result.report.plain["tasks"]


def test_a_prompt_carries_the_whole_context() -> None:
    """Call k is given the first prompt, k answers and k tool outputs; all but the newest is repeated."""
    calls = planned(
        {"calls": 5, "tool_output_tokens": 70, "tool_time": "3s"}, input_tokens=1_000, output_tokens=20
    )
    call = calls.turn.astype(np.int64)
    np.testing.assert_array_equal(calls.input_token_count, 1_000 + call * (20 + 70))
    np.testing.assert_array_equal(calls.history_token_count, np.where(call > 0, call * 90 + 930, 0))
    np.testing.assert_array_equal(calls.think_s, np.where(call > 0, 3.0, 0.0))
    assert len(calls) == 5 * (calls.turn == 0).sum()


def test_calls_are_as_many_as_stated() -> None:
    """Five to fifty calls a task, 27.5 on average."""
    calls = planned({"calls": {"uniform": [5, 50]}})
    number = np.bincount(calls.session)
    assert (number.min(), number.max()) == (5, 50)
    assert number.mean() == pytest.approx(27.5, abs=4 * 13.1 / np.sqrt(len(number)))


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_difficulty_is_shared_within_a_task_as_stated(share: float) -> None:
    """Two calls of a task correlate by the share; the spread over all calls stays the stream's."""
    calls = planned(
        {"calls": 2, "shared_difficulty": share},
        difficulty={"mean": 0.7, "sd": 1.3},
        arrivals={"pattern": "steady", "rate": 2.0},
    )
    first = np.flatnonzero(calls.turn == 0)
    pair = calls.difficulty[first], calls.difficulty[calls.next_request[first]]
    assert np.corrcoef(*pair)[0, 1] == pytest.approx(share, abs=4 / np.sqrt(len(first)))
    for half in pair:
        assert half.mean() == pytest.approx(0.7, abs=4 * 1.3 / np.sqrt(len(first)))
        assert half.std() == pytest.approx(1.3, rel=0.03)


def test_agents_do_not_move_other_streams() -> None:
    """Another stream's requests are the same with and without agents beside it."""
    made = [scenario(workload={"streams": streams}) for streams in ([CHAT], [CHAT, STREAM])]
    alone, beside = (generate_workload(one, RandomStreams(one.seed)) for one in made)
    mine = beside.stream_code == 0
    for name in ("arrival_s", "input_token_count", "output_token_count", "difficulty"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(beside, name)[mine])


def test_policies_meet_the_same_tasks() -> None:
    """Calls, tools' times, lengths and difficulties do not depend on who answers, or when."""
    one, other = (simulate(world(), name).settlement.plan for name in ("always_cheapest", "random_mix"))
    for name in ("next_request", "think_s", "input_token_count", "output_token_count", "difficulty"):
        np.testing.assert_array_equal(getattr(one.workload, name), getattr(other.workload, name))
    np.testing.assert_array_equal(one.answers.correct, other.answers.correct)


def test_same_call_of_two_policies_gets_the_same_answer() -> None:
    """Where both sent a call to the same model, it is right or wrong in both, at other instants."""
    one, other = (simulate(world(), name).requests for name in ("always_cheapest", "random_mix"))
    shared, here, there = np.intersect1d(one["request"], other["request"], return_indices=True)
    same = one["model"][here] == other["model"][there]
    assert 100 < same.sum() < len(shared)
    np.testing.assert_array_equal(one["correct"][here][same], other["correct"][there][same])
    assert (one["arrival_s"][here] != other["arrival_s"][there]).any()


def test_a_task_succeeds_by_the_rule_of_its_stream() -> None:
    """The last answer, or all answers: counted anew from the requests."""
    for rule in ("last", "all"):
        result = simulate(world({"success": rule, "calls": 4}))
        requests = result.requests
        done = requests["agent_task"][(requests["call"] == 4) & (requests["state"] == "completed")]
        right = [requests["correct"][requests["agent_task"] == task] for task in done]
        last = requests["call"][requests["agent_task"] == done[0]].argmax()
        good = sum(bool(answers[last] if rule == "last" else answers.all()) for answers in right)
        assert tasks(result)["completed"] == len(done)
        assert tasks(result)["success_ratio"] == pytest.approx(good / tasks(result)["arrived"])


def test_success_of_every_call_is_the_harder_rule() -> None:
    """Of the same tasks fewer succeed where every call must be right."""
    last, strict = (tasks(simulate(world({"success": rule}))) for rule in ("last", "all"))
    assert 0.0 < strict["success_ratio"] < last["success_ratio"] < 1.0
    assert strict["completed"] == last["completed"]
    assert strict["cost_usd"]["per_success"] > last["cost_usd"]["per_success"]


def test_latency_of_a_task_is_its_calls_and_its_tools() -> None:
    """From the first call to the last answer: all calls' times, and the tools' between them."""
    result = simulate(world({"calls": 3, "tool_time": "10s"}))
    requests = result.requests
    whole = requests["agent_task"][(requests["call"] == 3) & (requests["state"] == "completed")]
    latency_s = [requests["e2e_s"][requests["agent_task"] == task].sum() + 20.0 for task in whole]
    figures = tasks(result)["latency_s"]
    assert figures["mean"] == pytest.approx(np.mean(latency_s), rel=1e-9)
    assert figures["max"] == pytest.approx(max(latency_s), rel=1e-9)


def test_a_call_that_does_not_complete_ends_its_task() -> None:
    """An agent whose first call times out, after its retries, makes no other; its task has failed."""
    client = {"timeout": "1ms", "retries": 2}
    result = simulate(world(stream={"client": client}))
    found = tasks(result)
    assert found["failed"] == found["arrived"] == result.report.figure("requests.timed_out") > 0
    assert found["calls"] == {"mean": 1.0, "max": 1}
    assert found["latency_s"]["mean"] is None
    assert found["cost_usd"]["per_success"] is None
    assert result.report.figure("attempts.total") == 3 * found["arrived"]


def test_an_outage_ends_the_tasks_that_call_during_it() -> None:
    """Tasks under way when everything is down fail; those that call before or after do not."""
    fault = {"kind": "outage", "target": "small", "at": "300s", "duration": "20s"}
    result = simulate(world(fleet=[SMALL], faults=[fault], router={"policy": "round_robin"}))
    requests = result.requests
    lost = requests["final_s"][requests["state"] == "failed"]
    assert tasks(result)["failed"] == len(lost) > 3
    assert ((lost >= 300.0) & (lost <= 320.0)).all()


def test_a_context_beyond_every_window_is_rejected_and_ends_the_task() -> None:
    """Prompts grow until no model takes them: rejected with that reason, and nothing follows."""
    result = simulate(world({"calls": 20, "tool_output_tokens": 40_000, "tool_time": 0}, fleet=[SMALL]))
    requests, found = result.requests, tasks(result)
    turned_away = requests["state"] == "rejected"
    assert found["failed"] == turned_away.sum() > 0
    assert found["completed"] == 0
    assert set(requests["reason"][turned_away]) == {"no target permitted: context_window"}
    assert (requests["input_token_count"][turned_away] + 1_024 > 131_072).all()


def test_tasks_that_the_run_cuts_off_are_unfinished() -> None:
    """No call arrives after the duration: what is not done by then stays unfinished."""
    result = simulate(world({"calls": 9, "tool_time": "60s"}))
    found = tasks(result)
    assert found["unfinished"] > 0.5 * found["arrived"]
    assert found["completed"] > 0
    assert result.requests["arrival_s"].max() < 600.0


def test_tasks_count_from_the_end_of_the_warm_up() -> None:
    """A task that began before is not in the report, nor is its cost, though its later calls are requests."""
    result = simulate(world(warmup="3min"))
    requests = result.requests
    opened = requests["arrival_s"][requests["call"] == 1]
    assert tasks(result)["arrived"] == (opened >= 180.0).sum() < len(opened)


def test_calls_find_their_context_where_the_last_one_left_it() -> None:
    """Sticky balancing serves nearly all of the context from the cache, random balancing less."""
    cached = []
    for balancing in ("session_affinity", "random"):
        small = {**SMALL, "replicas": 4, "balancing": balancing}
        report = simulate(world(fleet=[small], router={"policy": "round_robin"})).report
        cached.append(report.figure("tokens.cached_input") / report.figure("tokens.input"))
    assert cached[0] > 0.6
    assert cached[0] > 1.5 * cached[1] > 0.0


def test_streams_of_agents_stand_apart_and_add_up() -> None:
    """Each stream has its own row; a stream without agents has none."""
    streams = [CHAT, STREAM, {**STREAM, "name": "others", "agent": {**AGENT, "calls": 2}}]
    found = tasks(simulate(scenario(workload={"streams": streams})))
    assert set(found["by_stream"]) == {"agents", "others"}
    assert found["by_stream"]["others"]["calls"]["max"] == 2
    assert found["arrived"] == sum(block["arrived"] for block in found["by_stream"].values())


def test_without_agents_there_are_no_tasks() -> None:
    """The block is there, and says so."""
    result = simulate(scenario())
    assert tasks(result)["arrived"] == 0
    assert tasks(result)["by_stream"] == {}
    assert tasks(result)["success_ratio"] is None
    assert set(result.requests["agent_task"]) == {-1}
    assert set(result.requests["call"]) == {0}


def test_a_comparison_is_sure_of_its_tasks() -> None:
    """Replications give intervals of the tasks' figures and paired differences of success and cost."""
    made = world(duration="5min", fleet=[SMALL, FRONTIER])
    found = compare(made, ["always_cheapest", "always_strongest"], replications=3)
    report = found.reports[0]
    interval = report.plain["intervals"]["tasks"]["success_ratio"]
    assert interval["low"] < interval["value"] < interval["high"]
    assert interval["value"] == pytest.approx(report.figure("tasks.success_ratio"))
    better = [entry for entry in found.differences if entry.metric == "tasks.success_ratio"]
    assert better[0].mean > 0.0
