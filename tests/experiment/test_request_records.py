"""A request's row in the records, of four requests whose every column is worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from hand_made_attempts import NAN, attempts, terms
from simulator.records.requests import (
    cost_columns,
    decision_columns,
    delivery_columns,
    request_input_columns,
    step_columns,
    task_columns,
)
from simulator.world.journal import STATE_NAMES, RequestState


def settlement() -> SimpleNamespace:
    """Of requests 0 to 4 all but 1 arrived; 0, 1 and 2 are an agent's calls, task 0 and task 1."""
    workload = SimpleNamespace(
        stream_names=("agent", "plain"),
        task_names=("chat", "code"),
        tenant_names=("a", "b"),
        region_names=("x", "y"),
        stream_code=np.array([0, 0, 0, 1, 1]),
        task_code=np.array([0, 1, 1, 0, 1]),
        tenant_code=np.array([1, 0, 0, 1, 0]),
        region_code=np.array([0, 1, 1, 0, 0]),
        priority=np.array([0, 1, 2, 3, 4]),
        session=np.array([0, 0, 1, 9, -1]),
        turn=np.array([0, 1, 0, 5, 0]),
        input_token_count=np.array([10, 20, 30, 40, 50]),
        max_output_token_count=np.array([11, 21, 31, 41, 51]),
        difficulty=np.array([0.0, 0.1, 0.2, 0.3, 0.4]),
        segment_code=None,
        segment_names=(),
    )
    targets = [SimpleNamespace(name=f"{name}/0", deployment=name) for name in ("one", "two", "two")]
    plan = SimpleNamespace(
        workload=workload,
        task_rules=(SimpleNamespace(every_call=True), None),
        requests=SimpleNamespace(
            estimated_difficulty=np.array([1.0, 1.1, 1.2, 1.3, 1.4]),
            router_score=np.array([2.0, 2.1, 2.2, 2.3, 2.4]),
        ),
        candidate_sets=((0, 1, 2), (1, 2), ()),
        set_code=np.array([0, 0, 1, 2, 0]),
        targets=targets,
        model_names=("m", "n"),
        answers=SimpleNamespace(correct=np.array([[1, 0, 0, 1, 0], [1, 0, 1, 0, 0]], np.bool_)),
        warmup_s=5.0,
    )
    journal = SimpleNamespace(
        reason_names=lambda: ["why", "outage"],
        reason=np.array([0, 0, 0, 1, -1]),
        failure=np.array([-1, 0, -1, 1, -1]),
        off_count=np.array([1, 0, 0, 0, 2]),
        decision_target=np.array([2, 0, 1, -1, 0]),
        buffered=np.array([False, True, True, False, False]),
        steps=SimpleNamespace(
            request=[0, 2],
            at_s=[1.5, 2.5],
            step=[0, 1],
            attempt=[3, -1],
            until_s=[2.0, NAN],
            cost_usd=[0.5, 0.0],
        ),
    )
    seconds = np.array([1.0, 2.0, NAN, NAN])
    outcomes = SimpleNamespace(
        request=np.array([0, 2, 3, 4]),
        arrival_s=np.array([4.0, 5.0, 6.0, 7.0]),
        state=np.array(
            [RequestState.COMPLETED, RequestState.COMPLETED, RequestState.FAILED, RequestState.UNFINISHED]
        ),
        attempt_count=np.array([1, 2, 3, 0]),
        winner=np.array([2, 0, -1, -1]),
        target=np.array([0, 1, -1, -1]),
        reasoning_tokens=np.array([4, 0, 0, 0]),
        final_s=seconds + 10.0,
        ttft_s=seconds,
        tpot_s=seconds * 2.0,
        e2e_s=seconds * 3.0,
        queue_s=seconds * 4.0,
        network_s=seconds * 5.0,
        correct=np.array([True, False, False, False]),
        judged=np.array([True, False, True, True]),
        slo_met=np.array([True, True, False, False]),
    )
    amounts = np.array([1.0, 2.0, 4.0, 8.0])
    books = [
        SimpleNamespace(
            cost_usd=amounts * k, drawn_wh=amounts * k * 10.0, emissions_gco2e=amounts * k * 100.0
        )
        for k in (1.0, 0.5)
    ]
    own = [
        terms(deployment="one", model="m", tier="cloud"),
        terms(deployment="two", model="n", tier="edge"),
        terms(deployment="two", model="n", tier="edge"),
    ]
    run = SimpleNamespace(
        outcomes=outcomes,
        attempts=attempts(request=[2, 3, 0, 2], output=[7, 8, 9, 6]),
        terms=own,
        routing_usd=np.array([0.25, 0.5, 0.0, 0.125]),
        books=SimpleNamespace(whole=books[0], counted=books[1]),
    )
    return SimpleNamespace(plan=plan, journal=journal, run=run)


def test_what_was_asked_is_the_workloads() -> None:
    """By the numbers of the requests that arrived."""
    found = {name: column.tolist() for name, column in request_input_columns(settlement()).items()}
    assert found == {
        "request": [0, 2, 3, 4],
        "arrival_s": [4.0, 5.0, 6.0, 7.0],
        "stream": ["agent", "agent", "plain", "plain"],
        "task": ["chat", "code", "chat", "code"],
        "tenant": ["b", "a", "b", "a"],
        "region": ["x", "y", "x", "x"],
        "priority": [0, 2, 3, 4],
        "session": [0, 1, 9, -1],
        "turn": [0, 0, 5, 0],
        "input_token_count": [10, 30, 40, 50],
        "max_output_token_count": [11, 31, 41, 51],
        "segment": ["", "", "", ""],
        "difficulty": [0.0, 0.2, 0.3, 0.4],
        "estimated_difficulty": [1.0, 1.2, 1.3, 1.4],
        "router_score": [2.0, 2.2, 2.3, 2.4],
    }


def test_an_agents_calls_are_numbered_from_one_and_others_are_none() -> None:
    """Of task 0 two calls were planned though one arrived; sessions of other streams are no tasks."""
    found = {name: column.tolist() for name, column in task_columns(settlement()).items()}
    assert found == {
        "agent_task": [0, 1, -1, -1],
        "call": [1, 1, 0, 0],
        "planned_call_count": [2, 1, 0, 0],
    }
    later = settlement()
    later.run.outcomes.request = np.array([1, 2, 3, 4])
    assert task_columns(later)["call"].tolist() == [2, 1, 0, 0]


def test_what_was_decided_is_the_journals() -> None:
    """State, reason and failure by name, the deployments that were left, and those of them that were on."""
    found = {name: column.tolist() for name, column in decision_columns(settlement()).items()}
    assert found == {
        "state": [STATE_NAMES[RequestState.COMPLETED]] * 2
        + [STATE_NAMES[RequestState.FAILED], STATE_NAMES[RequestState.UNFINISHED]],
        "reason": ["why", "why", "outage", ""],
        "failure": ["", "", "outage", ""],
        "candidates": ["one,two", "two", "", "one,two"],
        "candidate_count": [2, 2, 0, 1],
        "policy_target": ["two/0", "two/0", "", "one/0"],
        "attempt_count": [1, 2, 3, 0],
    }


def test_what_was_delivered_is_the_winners() -> None:
    """Its tokens, and who answered; where nobody did there are none."""
    found = {name: column.tolist() for name, column in delivery_columns(settlement()).items()}
    assert found["output_token_count"] == [9, 7, 0, 0]
    assert found["reasoning_token_count"] == [4, 0, 0, 0]
    assert found["deployment"] == ["one", "two", "", ""]
    assert found["model"] == ["m", "n", "", ""]
    assert found["tier"] == ["cloud", "edge", "", ""]
    assert found["verified"] == [False, True, False, False]
    assert found["right_models"] == ["m,n", "n", "m", ""]
    assert found["correct"] == [True, False, False, False]
    assert found["judged"] == [True, False, True, True]
    assert found["slo_met"] == [True, True, False, False]
    times = ("ttft_s", "tpot_s", "e2e_s", "queue_s", "network_s")
    assert [found[name][1] for name in times] == [2.0, 4.0, 6.0, 8.0, 10.0]
    assert found["final_s"][:2] == [11.0, 12.0]
    nothing = settlement()
    nothing.run.attempts = attempts(request=[])
    nothing.run.outcomes.winner[:] = -1
    assert delivery_columns(nothing)["output_token_count"].tolist() == [0, 0, 0, 0]


def test_what_was_paid_is_the_sum_of_attempts_and_routing() -> None:
    """Half of the attempts' count; routing does where the request arrived in the window, from 5 s on."""
    found = {name: column.tolist() for name, column in cost_columns(settlement()).items()}
    assert found == {
        "routing_usd": [0.25, 0.5, 0.0, 0.125],
        "cost_usd": [4.25, 9.5, 2.0, 0.125],
        "energy_wh": [40.0, 90.0, 20.0, 0.0],
        "emissions_gco2e": [400.0, 900.0, 200.0, 0.0],
        "counted_cost_usd": [2.0, 5.0, 1.0, 0.125],
        "counted_energy_wh": [20.0, 45.0, 10.0, 0.0],
        "counted_emissions_gco2e": [200.0, 450.0, 100.0, 0.0],
    }


def test_steps_are_the_logs() -> None:
    """One row each, by name."""
    found = step_columns(settlement())
    assert found["request"].tolist() == [0, 2]
    assert found["at_s"].tolist() == [1.5, 2.5]
    assert found["attempt"].tolist() == [3, -1]
    np.testing.assert_array_equal(found["until_s"], [2.0, NAN])
    assert found["cost_usd"].tolist() == [0.5, 0.0]
    assert len(set(found["step"].tolist())) == 2
