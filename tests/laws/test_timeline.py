"""The timeline is what the records come to, step by step."""

from __future__ import annotations

import bisect
from itertools import pairwise

import pytest

from oracle.accountant.records import records_of
from simulator import load_scenario, simulate
from world_cases import CHAT, FRONTIER, SMALL, plain

HASTY = {**CHAT, "client": {"timeout": "3s"}, "arrivals": {"pattern": "bursty", "rate": 3.0, "cv": 4.0}}
WEAK = {**SMALL, "engine": {"max_sequences": 2, "queue_limit": 3}}
SHAKY = {**FRONTIER, "api": {"offer": "openai/gpt-6.1-sol", "failure_ratio": 0.3, "requests_per_min": 20}}
STATES = ("completed", "rejected", "timed_out", "failed")
WORLDS = {
    "lines": {"fleet": [WEAK, SHAKY], "router": {"policy": "round_robin"}},
    "devices": {
        "fleet": [
            {**SMALL, "name": "phone", "tier": "edge", "model": "llama-3.2-3b"}
            | {"device": {"device": "iphone-14-pro-max", "offline": {"share": 0.6}}}
        ]
    },
}
for _device in WORLDS["devices"]["fleet"]:
    del _device["hardware"]


def steps_of(instants: list[float], edges: list[float]) -> list[int]:
    """How many instants fall into each step; later ones into the last."""
    found = [0] * len(edges)
    for instant in instants:
        found[bisect.bisect_right(edges, instant) - 1] += 1
    return found


@pytest.fixture(scope="module", params=WORLDS)
def result(request: pytest.FixtureRequest):
    """A run in which requests end in every way that its fleet knows."""
    changes = {"duration": "90s", "drain": "5min", "workload": {"streams": [HASTY]}, **WORLDS[request.param]}
    return simulate(load_scenario(plain(**changes)))


def test_traffic_of_each_step_is_counted_from_the_records(result) -> None:
    """Arrivals, and ends by state, of each step are those that its records have in it."""
    rows, line = records_of(result).requests, result.timeline
    edges = line["t_s"].tolist()
    assert line["arrivals"].tolist() == steps_of([row["arrival_s"] for row in rows], edges)
    for state in STATES:
        ends = [row["final_s"] for row in rows if row["state"] == state]
        assert line[state].tolist() == steps_of(ends, edges), state
    assert sum(1 for state in STATES if line[state].sum()) > 1


def test_gauges_are_what_stands_in_line_and_in_work(result) -> None:
    """At each step's beginning so many attempts wait and run as the records say, in all and by target."""
    attempts, line = records_of(result).attempts, result.timeline
    waits = [column.removeprefix("queue_length/") for column in line if column.startswith("queue_length/")]
    for step, at_s in enumerate(line["t_s"].tolist()):
        for target in waits:
            mine = [row for row in attempts if row["target"] == target]
            running = sum(row["admitted_s"] < at_s < row["over_s"] for row in mine)
            assert abs(line[f"running/{target}"][step] - running) <= 1, (target, at_s)
    for gauge in ("queue_length", "running"):
        parts = sum(line[f"{gauge}/{target}"] for target in waits)
        assert line[gauge].tolist() == parts.tolist()


def test_steps_are_even_and_cover_the_run(result) -> None:
    """The timeline begins with the run and goes on in steps of one length."""
    steps = {round(after - before, 6) for before, after in pairwise(result.timeline["t_s"].tolist())}
    assert result.timeline["t_s"][0] == 0.0
    assert len(steps) == 1
    last_s, window_s = float(result.timeline["t_s"][-1]), result.settlement.plan.duration_s
    assert last_s <= window_s < last_s + steps.pop()
