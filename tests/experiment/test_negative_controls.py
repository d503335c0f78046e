"""Policies that are wrong on purpose are seen in the figures of their runs."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from simulator import RunResult, Scenario, compare, load_scenario, simulate
from world_cases import CHAT, SMALL, plain

PERIOD_S = 15.0
SIDES = {"first": "small", "second": "other", "period_s": PERIOD_S}
HOSTED = {**SMALL, "replicas": 3, "balancing": "router"}
OTHER = {**SMALL, "name": "other", "model": "qwen3-4b"}
SESSIONS = {
    **CHAT,
    "arrivals": {"pattern": "steady", "rate": 6.0},
    "session": {"turns": 4, "think_time": "8s"},
}


SHORT = plain(duration="60s", workload={"streams": [SESSIONS]}, fleet=[HOSTED, OTHER])


@cache
def busy() -> Scenario:
    """Sessions of four turns at three replicas of one model and one of another."""
    return load_scenario(
        plain(duration="2min", workload={"streams": [SESSIONS]}, fleet=[HOSTED, OTHER])
        | {"router": {"policy": "flapping", "parameters": SIDES}}
    )


@cache
def run_of(policy: str | None) -> RunResult:
    """The run under a policy; without a name, under the scenario's own."""
    return simulate(busy(), policy)


def jain_ratio(shares: np.ndarray) -> float:
    """(sum x)^2 / (n sum x^2): 1 where all have the same, 1 / n where one has everything."""
    return float(shares.sum() ** 2 / (len(shares) * (shares**2).sum()))


def switches_per_session(result: RunResult) -> float:
    """How often the model changes between two turns of a session, on average over sessions."""
    rows = zip(result.requests["session"], result.requests["turn"], result.requests["model"], strict=True)
    sessions: dict[int, list[tuple[int, str]]] = {}
    for session, turn, model in rows:
        sessions.setdefault(int(session), []).append((int(turn), str(model)))
    changes = 0
    for turns in sessions.values():
        models = [model for _turn, model in sorted(turns)]
        changes += sum(before != after for before, after in pairwise(models))
    return changes / len(sessions)


def loads_of(result: RunResult) -> np.ndarray:
    """Attempts by replica or deployment, of all four targets."""
    names, counts = np.unique(result.attempts["target"].astype(str), return_counts=True)
    assert len(names) <= 4
    return np.concatenate([counts, np.zeros(4 - len(names))])


def test_packing_the_busiest_shows_in_tails_queues_and_fairness() -> None:
    """Against two choices: several times the tail and the queue, and hardly any sharing."""
    good, bad = run_of("power_of_two"), run_of("always_busiest")
    for figure in ("latency.e2e_s.p95", "latency.queue_s.p95", "latency.ttft_s.p95"):
        assert bad.report.figure(figure) > 3.0 * good.report.figure(figure)
    assert jain_ratio(loads_of(good)) > 0.9
    assert jain_ratio(loads_of(bad)) < 0.5


def test_flapping_shows_in_switches_and_in_its_queues() -> None:
    """Nearly as many changes as turns lie across an edge of its periods; the packed side queues."""
    good, bad = run_of("always_cheapest"), run_of(None)
    assert switches_per_session(good) == 0.0
    assert switches_per_session(bad) > 0.5
    assert bad.report.figure("latency.queue_s.p95") > 3.0 * run_of("power_of_two").report.figure(
        "latency.queue_s.p95"
    )


def test_flapping_changes_sides_at_every_edge_of_its_periods() -> None:
    """What arrives in even periods is sent to one model, in odd ones to the other."""
    requests = run_of(None).requests
    sides = (requests["arrival_s"] // PERIOD_S % 2).astype(int)
    models = [set(np.unique(requests["model"].astype(str)[sides == side])) - {""} for side in (0, 1)]
    assert [len(found) for found in models] == [1, 1]
    assert models[0] != models[1]


def test_a_delay_for_nothing_is_in_every_latency() -> None:
    """Each first token comes two seconds later or more, whatever the load."""
    result = run_of("adversarial_delay")
    ttfts = result.requests["ttft_s"]
    assert float(np.nanmin(ttfts)) >= 2.0
    assert float(np.nanmin(run_of("least_outstanding").requests["ttft_s"])) < 1.0
    assert set(result.report.plain["decisions"]) == {"put off"}


def test_a_comparison_says_with_intervals_who_is_worse() -> None:
    """The paired difference of the tail between two choices and the busiest lies beyond 0."""
    short = load_scenario({**SHORT, "router": {"policy": "power_of_two"}})
    comparison = compare(short, ["power_of_two", "always_busiest"], replications=2)
    pair = {"power_of_two", "always_busiest"}
    rows = [row for row in comparison.to_dict()["differences"] if {row["a"], row["b"]} == pair]
    (tail,) = [row for row in rows if row["metric"] == "latency.e2e_s.p95"]
    assert (tail["a"], tail["b"]) == ("power_of_two", "always_busiest")
    assert tail["low"] > 0.0, "b less a: the busiest has the longer tail"


@pytest.mark.parametrize(("shares", "expected"), [([5, 5, 5, 5], 1.0), ([9, 0, 0, 0], 0.25), ([3, 1], 0.8)])
def test_fairness_is_jain_s(shares: list[int], expected: float) -> None:
    """Even shares come to 1, everything in one place to 1 / n, and 3 to 1 to 16 / 20."""
    assert jain_ratio(np.array(shares, dtype=float)) == pytest.approx(expected)
