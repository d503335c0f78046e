"""What routers have learnt of the traffic: usual answers by stream, of every model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from router.views.request import RequestView
from simulator.plan.resolution import resolve
from world_cases import CHAT, FRONTIER, SMALL, scenario

if TYPE_CHECKING:
    from pathlib import Path

RATE = {"arrivals": {"pattern": "steady", "rate": 10.0}}
SHORT = {**CHAT, **RATE, "name": "short", "output_tokens": 20}
LONG = {
    **CHAT,
    **RATE,
    "name": "long",
    "output_tokens": {"median": 600, "p95": 3000},
    "max_output_tokens": 1500,
}
HARD = {**LONG, "name": "hard", "difficulty": {"mean": 2.0, "sd": 1.0}}


def test_usual_answers_are_the_means_of_each_streams_answers() -> None:
    """By stream and model, cuts at the limit and longer wrong answers included; by task their mean."""
    plan = resolve(scenario(duration="20min", workload={"streams": [SHORT, LONG, HARD]})).plan
    for target in plan.targets:
        lengths = plan.answers.output_token_count[plan.target_plans[target.index].model]
        for code, name in enumerate(plan.workload.stream_names):
            mine = lengths[plan.workload.stream_code == code]
            error = mine.std() / np.sqrt(len(mine)) + 0.012 * mine.mean()
            assert abs(target.usual_answer_tokens("support_chat", name) - mine.mean()) < 3.5 * error
        by_task = target.usual_answer_tokens("support_chat", "unheard of")
        assert by_task == pytest.approx(lengths.mean(), rel=0.03)
    assert plan.targets[0].usual_answer_tokens("extraction") is None


def test_a_requests_expected_cost_is_its_own_streams() -> None:
    """Two streams of one task cost a router what each of them usually answers."""
    plan = resolve(scenario(workload={"streams": [SHORT, LONG]}, fleet=[FRONTIER])).plan
    (target,) = plan.targets
    for code, name in enumerate(plan.workload.stream_names):
        view = RequestView(plan.requests, int(np.argmax(plan.workload.stream_code == code)))
        tokens_in = view.prompt_token_count * target.input_price_usd_per_mtok
        tokens_out = target.stream_output_tokens[name] * target.output_price_usd_per_mtok
        assert view.stream == name
        assert target.expected_cost_usd(view) == pytest.approx((tokens_in + tokens_out) / 1e6)


def test_a_recorded_traces_usual_answer_is_what_it_recorded(tmp_path: Path) -> None:
    """Whatever the task's catalog entry says, and for every model."""
    path = tmp_path / "trace.csv"
    path.write_text("arrival_s,input_tokens,output_tokens\n0,10,3\n1,10,5\n2,10,13\n", encoding="utf-8")
    trace = {**CHAT, "arrivals": {"pattern": "trace", "file": str(path)}}
    plan = resolve(scenario(workload={"streams": [trace]}, fleet=[SMALL, FRONTIER])).plan
    assert [target.stream_output_tokens["chat"] for target in plan.targets] == [7.0, 7.0]
